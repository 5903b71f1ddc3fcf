import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type Json } from '@duckdb/node-api';
import {
  type DataType,
  Field,
  Float64,
  Int32,
  Interval,
  IntervalUnit,
  List,
  makeData,
  type RecordBatch,
  Schema,
  Struct,
  tableFromIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { readParquet } from 'parquet-wasm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeBatch } from '../../../src/columns/batch.ts';
import { checkOutput, createAssembler, createEncoder } from '../../../src/formats/encoders.ts';
import type { Compression } from '../../../src/formats/format.ts';
import { allTypesBatch, ROWS, textAt, textBatch, writeAll } from '../written-batches.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-parquet-'));
let instance: DuckDBInstance;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '1' });
});
afterAll(() => {
  instance.closeSync();
  rmSync(folder, { recursive: true });
});

async function write(
  batches: readonly RecordBatch[],
  compression: Compression = 'zstd',
  schema: Schema = batches[0]!.schema,
): Promise<Uint8Array<ArrayBuffer>> {
  const output = { format: 'parquet', compression } as const;
  return writeAll(await createEncoder(output, schema), createAssembler(output, schema, 'file'), batches);
}

async function duckdb(bytes: Uint8Array, select: string): Promise<Json[][]> {
  const path = join(folder, 'file.parquet');
  writeFileSync(path, bytes);
  const connection = await instance.connect();
  try {
    const result = await connection.runAndReadAll(select.replace('FILE', `read_parquet('${path}')`));
    return result.getRowsJson();
  } finally {
    connection.closeSync();
  }
}

function parquetWasm(bytes: Uint8Array): RecordBatch[] {
  return tableFromIPC(readParquet(bytes).intoIPCStream()).batches;
}

/** Rows as JSON lines: one text for all types, so that two tables compare in full. */
async function linesOf(batches: readonly RecordBatch[]): Promise<string> {
  const output = { format: 'jsonl', compression: 'none' } as const;
  const { schema } = batches[0]!;
  const encode = await createEncoder(output, schema);
  return Buffer.from(writeAll(encode, createAssembler(output, schema, 'file'), batches)).toString();
}

function columnOf(type: DataType, values: readonly unknown[], isNullable = true): RecordBatch {
  const data = vectorFromArray([...values], type).data[0]!;
  return makeBatch(new Schema([new Field('c', type, isNullable)]), values.length, [data]);
}

// parquet-wasm gives these back in the type they are stored in, which prints otherwise.
const RESTORED_OTHERWISE = new Set(['timeS', 'stampS', 'duration']);

describe.each(['none', 'snappy', 'gzip', 'zstd'] as const)(
  'a Parquet file with compression %s',
  (compression) => {
    test('gives every type back in parquet-wasm, slices and empty batches too', async () => {
      const keep = (name: string): boolean => !RESTORED_OTHERWISE.has(name);
      const batches = [
        allTypesBatch(keep),
        allTypesBatch(keep).slice(0, 0),
        allTypesBatch(keep).slice(3, 10),
      ];
      expect(await linesOf(parquetWasm(await write(batches, compression)))).toBe(await linesOf(batches));
    });

    test('gives flat and nested columns back in DuckDB', async () => {
      const bytes = await write([allTypesBatch(), allTypesBatch().slice(3, 10)], compression);
      const rows = await duckdb(
        bytes,
        'select int32, int64, uint64, float64, bool, utf8, decimal, date, "list", listOfLists, pair, struct, map, required from FILE',
      );
      expect(rows).toHaveLength(ROWS + 7);
      expect(rows[1]!.slice(0, 6)).toEqual([null, null, null, null, null, null]);
      expect(rows[1]![6]).toBe('-3.7655');
      expect(rows[3]).toEqual([
        -300_000_000,
        String(2n ** 62n - 3n),
        String(2n ** 64n - 4n),
        3 / 7 - 1,
        false,
        textAt(3),
        '-1.2965',
        '1969-12-28',
        [textAt(0), null, textAt(2)],
        [],
        [3, 3.5],
        { n: 3, tags: [textAt(3)] },
        [],
        3,
      ]);
      expect(rows.slice(ROWS)).toEqual(rows.slice(3, 10));
    });
  },
);

test('gives seconds back as the milliseconds that Parquet has', async () => {
  const bytes = await write([allTypesBatch((name) => name === 'timeS' || name === 'stampS')]);
  expect((await duckdb(bytes, 'select * from FILE limit 1 offset 3'))[0]).toEqual([
    '03:00:03',
    '1970-01-01 00:00:00',
  ]);
});

test('gives plain and nested columns back in hyparquet', async () => {
  const names = ['int32', 'utf8', 'required', 'listOfLists', 'float64'];
  const bytes = await write([allTypesBatch((name) => names.includes(name))], 'snappy');
  const rows = await parquetReadObjects({ file: bytes.buffer });
  expect(rows).toHaveLength(ROWS);
  // hyparquet gives a null list as undefined.
  expect(rows[5]).toEqual({
    int32: -100_000_000,
    utf8: textAt(5),
    float64: 5 / 7 - 1,
    listOfLists: [[0], undefined],
    required: 5,
  });
  expect(rows[4]).toEqual({ int32: null, utf8: null, float64: null, listOfLists: undefined, required: 4 });
});

test('names itself, keeps the schema metadata and describes types in both the old and the new way', async () => {
  const bytes = await write([allTypesBatch()]);
  const { created_by, key_value_metadata, schema } = parquetMetadata(bytes.buffer);
  expect(created_by).toBe('sluice');
  expect(key_value_metadata?.map(({ key }) => key)).toEqual(['origin', 'ARROW:schema']);
  const element = (name: string) => schema.find((one) => one.name === name)!;
  expect(element('utf8')).toMatchObject({ converted_type: 'UTF8', logical_type: { type: 'STRING' } });
  expect(element('uint8')).toMatchObject({
    converted_type: 'UINT_8',
    logical_type: { type: 'INTEGER', bitWidth: 8, isSigned: false },
  });
  expect(element('stampMs')).toMatchObject({
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { isAdjustedToUTC: true, unit: 'MILLIS' },
  });
  expect(element('required').repetition_type).toBe('REQUIRED');
});

test('writes a dictionary where values repeat and none where they do not, each its own row group', async () => {
  const tags = Array.from({ length: 3000 }, (_, i) => (i % 7 === 3 ? null : `tag ${i % 5}`));
  const unique = Array.from({ length: 3000 }, (_, i) => `value ${i}`);
  const repeated = await write([textBatch(tags), textBatch(tags), textBatch(tags.slice(0, 40))]);
  const plain = await write([textBatch(unique), textBatch(unique)]);
  const groups = parquetMetadata(repeated.buffer).row_groups;
  expect(groups.map((group) => Number(group.num_rows))).toEqual([3000, 3040]);
  expect(groups[0]!.columns[0]!.meta_data!.encodings).toContain('RLE_DICTIONARY');
  expect(groups[0]!.columns[0]!.meta_data!.dictionary_page_offset).toBe(4n);
  const [group, ...others] = parquetMetadata(plain.buffer).row_groups;
  expect(others).toEqual([]);
  expect(group!.columns[0]!.meta_data!.encodings).toEqual(['RLE', 'PLAIN']);
  expect(repeated.length).toBeLessThan(plain.length / 4);
  const read = (await duckdb(repeated, 'select text from FILE')).map(([text]) => text);
  expect(read).toEqual([...tags, ...tags, ...tags.slice(0, 40)]);
  expect(
    (await parquetReadObjects({ file: (await write([textBatch(tags)], 'none')).buffer })).map(
      (row) => row['text'],
    ),
  ).toEqual(tags);
});

test('writes dictionaries of numbers', async () => {
  const values = Array.from({ length: 5000 }, (_, i) => (i % 300) / 3);
  const bytes = await write([columnOf(new Float64(), values)], 'none');
  expect(bytes.length).toBeLessThan(5000 * 3);
  expect((await duckdb(bytes, 'select c from FILE')).flat()).toEqual(values);
  expect((await parquetReadObjects({ file: bytes.buffer })).map((row) => row['c'])).toEqual(values);
});

test('writes bounds that hold every value, cut and marked where text is long', async () => {
  const long = 'm'.repeat(200);
  const bytes = await write([
    textBatch(['b', null, long, 'c']),
    textBatch([null]),
    textBatch(['a\u0000', 'zé'.repeat(60)]),
  ]);
  const statistics = parquetMetadata(bytes.buffer).row_groups[0]!.columns[0]!.meta_data!.statistics!;
  expect(statistics.null_count).toBe(2n);
  expect(statistics.min_value).toBe('a\u0000');
  expect(statistics.is_min_value_exact).toBe(true);
  expect(statistics.is_max_value_exact).toBe(false);
  expect(statistics.max_value! > 'zé'.repeat(60)).toBe(true);
  expect((await duckdb(bytes, `select count(*)::int from FILE where text = '${long}'`))[0]).toEqual([1]);
  expect((await duckdb(bytes, `select count(*)::int from FILE where text > 'zé'`))[0]).toEqual([1]);
});

test('writes no bounds where a NaN is among the numbers, and both zeros where one is', async () => {
  const withNaN = await write([columnOf(new Float64(), [1, Number.NaN, 3])]);
  expect(
    parquetMetadata(withNaN.buffer).row_groups[0]!.columns[0]!.meta_data!.statistics!.min_value,
  ).toBeUndefined();
  const zeros = await write([columnOf(new Float64(), [0, 0])]);
  const { min_value, max_value } = parquetMetadata(zeros.buffer).row_groups[0]!.columns[0]!.meta_data!
    .statistics!;
  expect([Object.is(min_value, -0), Object.is(max_value, 0)]).toEqual([true, true]);
});

test('cuts pages at rows after about 1 MiB and gives texts longer than a page back', async () => {
  const texts = Array.from({ length: 40 }, (_, i) =>
    i === 7 ? 'x'.repeat(3_000_000) : i % 9 === 2 ? null : `${i}`.repeat(60_000),
  );
  const bytes = await write([textBatch(texts)], 'snappy');
  const read = await duckdb(bytes, 'select text from FILE');
  expect(read.map(([text]) => text)).toEqual(texts);
  const lists = Array.from({ length: 30 }, (_, i) =>
    Array.from({ length: 5 }, (_, k) => `${i}${k}`.repeat(10_000)),
  );
  const nested = await write([columnOf(new List(new Field('item', new Utf8(), true)), lists)], 'zstd');
  expect((await duckdb(nested, 'select c from FILE')).map(([list]) => list)).toEqual(lists);
});

test('writes files of no batch, of no row and of no column', async () => {
  const { schema } = textBatch(['a']);
  const empty = await write([], 'zstd', schema);
  expect(await duckdb(empty, 'select * from FILE')).toEqual([]);
  expect(parquetMetadata((await write([textBatch([])])).buffer).row_groups).toEqual([]);
  const bare = await write([makeBatch(new Schema([]), 5, [])]);
  expect(parquetMetadata(bare.buffer).num_rows).toBe(5n);
});

test('gathers batches to row groups of at most 131,072 rows', async () => {
  const rowCount = 50_000;
  const data = makeData({
    type: new Int32(),
    length: rowCount,
    nullCount: 0,
    data: new Int32Array(rowCount).map((_, i) => i * 7919),
  });
  const batch = makeBatch(new Schema([new Field('n', new Int32(), false)]), rowCount, [data]);
  const bytes = await write([batch, batch, batch, batch, batch]);
  expect(parquetMetadata(bytes.buffer).row_groups.map((group) => Number(group.num_rows))).toEqual([
    100_000, 100_000, 50_000,
  ]);
  expect((await duckdb(bytes, 'select count(*)::int, sum(n)::varchar from FILE'))[0]).toEqual([
    250_000,
    String(5n * Array.from(data.values as Int32Array).reduce((sum, n) => sum + BigInt(n), 0n)),
  ]);
});

test('refuses, before any row, what Parquet cannot hold, and says which column', () => {
  const interval = new Interval(IntervalUnit.YEAR_MONTH);
  const nested = new Struct([new Field('deep', interval, true)]);
  const output = { format: 'parquet', compression: 'zstd' } as const;
  expect(() => checkOutput(output, new Schema([new Field('when', nested, true)]))).toThrow(
    /column "when\.deep"/,
  );
  expect(() => checkOutput(output, new Schema([new Field('bare', new Struct([]), true)]))).toThrow(
    /column "bare"/,
  );
  expect(() => checkOutput({ format: 'parquet', compression: 'lz4' }, new Schema([]))).toThrow(
    expect.objectContaining({ code: 'USAGE' }) as Error,
  );
  expect(() =>
    checkOutput({ format: 'arrow', compression: 'none' }, new Schema([new Field('when', nested, true)])),
  ).not.toThrow();
});

test('refuses a null in a column that promises none', async () => {
  await expect(write([columnOf(new Int32(), [1, null, 3], false)])).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: expect.stringContaining('column "c"') as string,
  });
});

test('gives any nested lists back through any slice, nulls and empty lists kept apart', async () => {
  const innermost = fc.array(fc.option(fc.string({ unit: 'grapheme', maxLength: 8 }), { freq: 4 }), {
    maxLength: 4,
  });
  const rows = fc.array(
    fc.option(fc.array(fc.option(innermost, { freq: 4 }), { maxLength: 4 }), { freq: 4 }),
    { minLength: 1, maxLength: 30 },
  );
  const type = new List(new Field('item', new List(new Field('item', new Utf8(), true)), true));
  const compression = fc.constantFrom<Compression>('none', 'snappy', 'gzip', 'zstd');
  await fc.assert(
    fc.asyncProperty(rows, fc.nat(29), fc.nat(29), compression, async (values, a, b, packing) => {
      const start = Math.min(a, b, values.length - 1);
      const end = Math.max(start + 1, Math.min(Math.max(a, b), values.length));
      const cut = columnOf(type, values).slice(start, end);
      const bytes = await write([cut], packing);
      const read = (await linesOf(parquetWasm(bytes))).trimEnd().split('\n');
      expect(read.map((line) => (JSON.parse(line) as { c: unknown }).c)).toEqual(values.slice(start, end));
      expect(Buffer.compare(bytes, await write([columnOf(type, values.slice(start, end))], packing))).toBe(0);
    }),
    { numRuns: 80 },
  );
});
