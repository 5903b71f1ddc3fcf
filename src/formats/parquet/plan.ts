import type { FileMetaData, RowGroup } from 'hyparquet';
import { CurationError } from '../../errors.ts';
import type { PageCodec } from '../decompress.ts';
import type { MorselOptions } from '../format.ts';
import { ColumnCursor } from './cursor.ts';
import type { RestoredSchema } from './embedded-schema.ts';
import type { FileIdentity, OpenFile } from './files.ts';
import type { ChunkPlan, ParquetMorsel } from './morsel.ts';
import { leavesOf, type Shape } from './shape.ts';

/** A file as the planner sees it. */
export interface PlannedFile {
  readonly path: string;
  readonly identity: FileIdentity;
  readonly metadata: FileMetaData;
  readonly footerStart: number;
  readonly schema: RestoredSchema;
}

const CODECS: Readonly<Record<string, PageCodec>> = {
  UNCOMPRESSED: 'none',
  SNAPPY: 'snappy',
  GZIP: 'gzip',
  BROTLI: 'brotli',
  LZ4: 'lz4_hadoop',
  LZ4_RAW: 'lz4_raw',
  ZSTD: 'zstd',
};

/** Checks every row group once, so that what no worker can read is said before the first row. */
export function checkRowGroups(file: PlannedFile): number {
  let rows = 0;
  const all = file.schema.columns;
  for (let i = 0; i < file.metadata.row_groups.length; i++) rows += wholeGroup(file, i, all).rowCount;
  return rows;
}

/** The columns named, in the schema's order; all of them if none are named. */
export function selectColumns(file: PlannedFile, names: readonly string[] | undefined): readonly Shape[] {
  const { columns } = file.schema;
  if (names === undefined) return columns;
  for (const name of names) {
    if (!columns.some((column) => column.name === name)) {
      const known = columns.map((column) => JSON.stringify(column.name)).join(', ');
      throw new CurationError('USAGE', `${file.path}: expected a column "${name}", found ${known || 'none'}`);
    }
  }
  return columns.filter((column) => names.includes(column.name));
}

/** A row group as one morsel. */
function wholeGroup(file: PlannedFile, index: number, shapes: readonly Shape[]): ParquetMorsel {
  const group = file.metadata.row_groups[index]!;
  const where = `${file.path}: row group ${index}`;
  const rowCount = safeNumber(group.num_rows, `${where}: rows`);
  if (group.columns.length !== file.schema.leaves.length) {
    throw new CurationError(
      'BAD_INPUT',
      `${where}: expected ${file.schema.leaves.length} column chunks, found ${group.columns.length}`,
    );
  }
  const chunks = shapes.flatMap(leavesOf).map(({ leaf }) => planChunk(file, group, leaf, where, rowCount));
  return {
    format: 'parquet',
    path: file.path,
    identity: file.identity,
    footerStart: file.footerStart,
    rowGroup: index,
    rowGroupRows: rowCount,
    rowStart: 0,
    rowCount,
    shapes,
    chunks,
  };
}

function planChunk(
  file: PlannedFile,
  group: RowGroup,
  leaf: number,
  where: string,
  rowCount: number,
): ChunkPlan {
  const column = file.schema.leaves[leaf]!;
  const at = `${where}, column "${column.path}"`;
  const meta = group.columns[leaf]!.meta_data!;
  const codec = CODECS[meta.codec];
  if (codec === undefined) {
    throw new CurationError(
      'UNSUPPORTED',
      `${at}: expected a codec in use today, found ${meta.codec}; rewrite the file with zstd`,
    );
  }
  if (meta.type !== column.physical) {
    throw new CurationError(
      'BAD_INPUT',
      `${at}: expected ${column.physical} as in the schema, found ${meta.type}`,
    );
  }
  const entryCount = safeNumber(meta.num_values, `${at}: values`);
  if (entryCount < rowCount || (column.maxRepetition === 0 && entryCount !== rowCount)) {
    throw new CurationError('BAD_INPUT', `${at}: expected values of ${rowCount} rows, found ${entryCount}`);
  }
  const data = safeNumber(meta.data_page_offset, `${at}: offset`);
  const dictionary = safeNumber(meta.dictionary_page_offset ?? 0n, `${at}: dictionary offset`);
  // Some writers say 0, or nothing and let the data offset point at the dictionary; either way it comes first.
  const offset = dictionary > 0 && dictionary < data ? dictionary : data;
  if (rowCount > 0 && (offset < 4 || offset >= file.footerStart)) {
    throw new CurationError(
      'BAD_INPUT',
      `${at}: expected pages before byte ${file.footerStart}, found them at ${offset}`,
    );
  }
  return { column, codec, entryCount, start: { offset, row: 0, entry: 0 }, dictionaryOffset: undefined };
}

function safeNumber(value: bigint | number | undefined, what: string): number {
  const number = Number(value ?? -1);
  if (!(number >= 0 && number <= Number.MAX_SAFE_INTEGER)) {
    throw new CurationError('BAD_INPUT', `${what}: expected a count or an offset, found ${value}`);
  }
  return number;
}

/**
 * Cuts a row group into morsels of about `morselBytes` at the page boundaries of its largest column. Only page headers
 * are read, but for pages of a repeated column, whose rows only their levels tell. Where a header cannot be
 * read the rest of the row group becomes one morsel: the worker that decodes it says what is wrong.
 */
export function* cutGroup(
  file: PlannedFile,
  open: OpenFile,
  index: number,
  shapes: readonly Shape[],
  options: MorselOptions,
): Generator<ParquetMorsel> {
  const whole = wholeGroup(file, index, shapes);
  const metas = whole.chunks.map((chunk) => {
    const leaf = file.schema.leaves.indexOf(chunk.column);
    return Number(file.metadata.row_groups[index]!.columns[leaf]!.meta_data!.total_uncompressed_size);
  });
  const total = metas.reduce((sum, size) => sum + size, 0);
  if (!(total > options.morselBytes * 1.5) || whole.rowCount < 2) {
    yield whole;
    return;
  }
  const cursors = whole.chunks.map((chunk) => new ColumnCursor(open, whole, chunk));
  const largest = metas.indexOf(Math.max(...metas));
  // Bytes of the largest column that stand for `morselBytes` of all of them.
  const share = (options.morselBytes * metas[largest]!) / total;
  let rowStart = 0;
  try {
    while (rowStart < whole.rowCount) {
      options.signal?.throwIfAborted();
      const starts = cursors.map((cursor) => cursor.placeOf(rowStart));
      const chunks = whole.chunks.map((chunk, i) => ({
        ...chunk,
        start: starts[i]!,
        dictionaryOffset: cursors[i]!.dictionaryOffset,
      }));
      const rowEnd = cursors[largest]!.rowAfter(share, rowStart + 1);
      const morsel = { ...whole, chunks, rowStart, rowCount: rowEnd - rowStart };
      yield morsel;
      rowStart = rowEnd;
    }
  } catch (error) {
    if (!(error instanceof CurationError)) throw error;
    yield { ...whole, rowStart, rowCount: whole.rowCount - rowStart };
  }
}
