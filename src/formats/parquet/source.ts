import fs from 'node:fs';
import { Schema } from 'apache-arrow';
import { CurationError } from '../../errors.ts';
import type { MorselOptions, Source } from '../format.ts';
import { restoreSchema } from './embedded-schema.ts';
import { takeFile } from './files.ts';
import { readFooter } from './footer.ts';
import { arrowField } from './leaf-type.ts';
import type { ParquetMorsel } from './morsel.ts';
import { checkRowGroups, cutGroup, type PlannedFile, selectColumns } from './plan.ts';
import { readSchema } from './schema.ts';

/**
 * Opens a Parquet file: reads its footer, not its pages. Rows are counted over the row groups, because the count for the
 * whole file is wrong in files that are otherwise sound.
 */
export async function openParquet(path: string): Promise<Source> {
  const file = planFile(path);
  const rowCount = checkRowGroups(file);
  return {
    path,
    format: 'parquet',
    schema: new Schema(file.schema.columns.map(arrowField), new Map(file.schema.metadata)),
    rowCount,
    isRowCountExact: true,
    byteLength: file.identity.byteLength,
    morsels: (options) => planMorsels(file, options),
  };
}

function planFile(path: string): PlannedFile {
  let stat: fs.Stats;
  try {
    stat = fs.statSync(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CurationError('BAD_INPUT', `${path}: cannot be opened (${reason})`, { cause });
  }
  if (!stat.isFile()) throw new CurationError('BAD_INPUT', `${path}: expected a file, found something else`);
  const identity = { byteLength: stat.size, modifiedMs: stat.mtimeMs };
  const { fd } = takeFile(path, identity);
  const { metadata, start } = readFooter(fd, path, stat.size);
  const schema = restoreSchema(readSchema(metadata.schema, path), metadata, path);
  return { path, identity, metadata, footerStart: start, schema };
}

async function* planMorsels(file: PlannedFile, options: MorselOptions): AsyncGenerator<ParquetMorsel> {
  const shapes = selectColumns(file, options.columns);
  for (const [index, group] of file.metadata.row_groups.entries()) {
    options.signal?.throwIfAborted();
    if (Number(group.num_rows) === 0) continue;
    yield* cutGroup(file, takeFile(file.path, file.identity), index, shapes, options);
  }
}
