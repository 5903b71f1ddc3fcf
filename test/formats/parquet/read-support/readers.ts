import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'vitest';
import { decodeParquet } from '../../../../src/formats/parquet/decode.ts';
import type { ParquetMorsel } from '../../../../src/formats/parquet/morsel.ts';
import { openParquet } from '../../../../src/formats/parquet/source.ts';
import { fromArrow, fromDuck, type Plain } from './values.ts';

export interface ReadOptions {
  readonly morselBytes?: number;
  readonly byteLimit?: number;
  readonly columns?: readonly string[];
  readonly onError?: 'fail' | 'skip';
}

export interface Read {
  /** By column name. */
  readonly columns: Readonly<Record<string, Plain[]>>;
  readonly rowCount: number;
  /** Rejects, `before` counted from the start of the file, adjacent ones joined. */
  readonly rejects: { before: number; rowCount: number; message: string }[];
  readonly batches: number;
  readonly largest: number;
}

/** Reads a file as the engine does: morsels cross by structured clone, and `rest` is followed. */
export async function readOurs(file: string, options: ReadOptions = {}): Promise<Read> {
  const { morselBytes = 8 << 20, byteLimit = 16 << 20, columns: names, onError = 'fail' } = options;
  const source = await openParquet(file);
  const fields = source.schema.fields.filter(({ name }) => names === undefined || names.includes(name));
  const columns: Record<string, Plain[]> = Object.fromEntries(fields.map(({ name }) => [name, []]));
  const rejects: Read['rejects'] = [];
  let rowCount = 0;
  let batches = 0;
  let largest = 0;
  for await (const planned of source.morsels({ morselBytes, ...(names && { columns: names }) })) {
    let morsel: ParquetMorsel | undefined = structuredClone(planned) as ParquetMorsel;
    while (morsel !== undefined) {
      const decoded = await decodeParquet(morsel, { byteLimit, onError });
      for (const { before, rowCount: count, message } of decoded.rejects) {
        const last = rejects.at(-1);
        if (last?.before === rowCount + before) last.rowCount += count;
        else rejects.push({ before: rowCount + before, rowCount: count, message });
      }
      const { batch } = decoded;
      for (const [i, field] of batch.schema.fields.entries()) {
        for (const value of fromArrow(batch.data.children[i]!)) columns[field.name]!.push(value);
      }
      rowCount += batch.numRows;
      batches++;
      largest = Math.max(largest, batch.numRows);
      morsel = structuredClone(decoded.rest) as ParquetMorsel | undefined;
    }
  }
  return { columns, rowCount, rejects, batches, largest };
}

let instance: DuckDBInstance | undefined;

/** A connection to one DuckDB in memory, with UTC as its time zone. */
export async function duck(): Promise<DuckDBConnection> {
  instance ??= await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  await connection.run("SET TimeZone='UTC'");
  return connection;
}

/** Reads a file with DuckDB. */
export async function readDuck(file: string): Promise<Record<string, Plain[]>> {
  const connection = await duck();
  try {
    const reader = await connection.runAndReadAll(
      `SELECT * FROM read_parquet('${file.replaceAll("'", "''")}')`,
    );
    const names = reader.columnNames();
    const columns = reader.getColumns();
    return Object.fromEntries(names.map((name, i) => [name, (columns[i] ?? []).map(fromDuck)]));
  } finally {
    connection.closeSync();
  }
}

/** Asserts that columns hold the same values; the difference is worked out only if there is one. */
export function expectSame(
  ours: Readonly<Record<string, Plain[]>>,
  theirs: Readonly<Record<string, Plain[]>>,
): void {
  expect(Object.keys(ours)).toEqual(Object.keys(theirs));
  for (const [column, values] of Object.entries(theirs)) {
    if (!isDeepStrictEqual(ours[column], values))
      expect({ column, values: ours[column] }).toEqual({ column, values });
  }
}

/** A folder of its own for the files of one test file. */
export function makeFolder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-parquet-'));
}

/** The folder of real Parquet files beside the checkout; undefined, with a line that says so, where it is absent. */
export function sharedParquet(): string | undefined {
  const folder = path.resolve(import.meta.dirname, '../../../../../shared/data/parquet');
  if (fs.existsSync(folder)) return folder;
  process.stdout.write(`skipped: no real Parquet files, because ${folder} is absent\n`);
  return undefined;
}

/** Every Parquet file below a folder. */
export function parquetFiles(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.parquet'))
    .sort()
    .map((name) => path.join(folder, name));
}
