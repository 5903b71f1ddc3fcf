import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { init as initZstd, decompress as unzstd } from '@bokuweb/zstd-wasm';
import { DuckDBInstance } from '@duckdb/node-api';
import {
  type Data,
  DateDay,
  Decimal,
  DenseUnion,
  DurationMillisecond,
  Field,
  Float32,
  Float64,
  Int32,
  Int64,
  IntervalMonthDayNano,
  List,
  makeData,
  type RecordBatch,
  Schema,
  Struct,
  TimestampMicrosecond,
  TimestampNanosecond,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeBatch } from '../../../src/columns/batch.ts';
import { checkOutput, createAssembler, createEncoder } from '../../../src/formats/encoders.ts';
import type { Compression } from '../../../src/formats/format.ts';
import { allTypesBatch, ROWS, textAt, textBatch, writeAll } from '../written-batches.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-jsonl-'));
beforeAll(() => initZstd());
afterAll(() => rmSync(folder, { recursive: true }));

async function write(
  batches: readonly RecordBatch[],
  compression: Compression = 'none',
): Promise<Uint8Array> {
  const output = { format: 'jsonl', compression } as const;
  const { schema } = batches[0]!;
  return writeAll(await createEncoder(output, schema), createAssembler(output, schema, 'file'), batches);
}

async function textOf(batches: readonly RecordBatch[]): Promise<string> {
  return Buffer.from(await write(batches)).toString();
}

async function rowsOf(batches: readonly RecordBatch[]): Promise<Record<string, unknown>[]> {
  const text = await textOf(batches);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function one(data: Data, name = 'c'): RecordBatch {
  return makeBatch(new Schema([new Field(name, data.type, true)]), data.length, [data]);
}

test('writes every type in its place, null as null', async () => {
  const rows = await rowsOf([allTypesBatch()]);
  expect(rows).toHaveLength(ROWS);
  expect(Object.values(rows[1]!).filter((value) => value !== null)).toEqual([
    -3.7655,
    expect.any(Number),
    expect.any(String),
    expect.any(String),
    expect.any(String),
    expect.any(String),
    1,
  ]);
  expect(rows[3]).toMatchObject({
    int8: -3,
    float32: 0.3,
    float64: 3 / 7 - 1,
    bool: false,
    utf8: textAt(3),
    largeUtf8: textAt(3),
    utf8View: textAt(3),
    binary: Buffer.from([3, 255, 0]).toString('base64'),
    fixed: Buffer.from([3, 1, 2]).toString('base64'),
    decimal: -1.2965,
    date: '1969-12-28',
    dateMs: '2020-02-28',
    timeS: '03:00:03',
    timeNs: '03:00:00.370370367',
    stampS: '1970-01-01T00:00:00',
    stampMs: '1970-01-01T00:00:00.000Z',
    duration: 'PT4.500000S',
    nothing: null,
    list: [textAt(0), null, textAt(2)],
    listOfLists: [],
    pair: [3, 3.5],
    struct: { n: 3, tags: [textAt(3)] },
    map: {},
    intMap: [{ key: 3, value: 'v' }],
  });
});

test('writes a slice as the rows it shows', async () => {
  const whole = await textOf([allTypesBatch()]);
  const lines = whole.split('\n').slice(3, 10);
  expect(await textOf([allTypesBatch().slice(3, 10)])).toBe(`${lines.join('\n')}\n`);
});

test('writes 64-bit integers in bare digits beyond what a double holds', async () => {
  const values = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n, -(2n ** 53n) - 1n, 0n, 9_999_999_999n, -7n];
  const data = makeData({
    type: new Int64(),
    length: values.length,
    nullCount: 0,
    data: BigInt64Array.from(values),
  });
  expect(await textOf([one(data)])).toBe(values.map((value) => `{"c":${value}}\n`).join(''));
});

test('writes doubles that read back to the bit, NaN and infinity as null', async () => {
  const values = [0, -0, 1, 1e21, -1e-7, 5e-324, 1.7976931348623157e308, 0.1];
  const data = makeData({
    type: new Float64(),
    length: values.length,
    nullCount: 0,
    data: Float64Array.from(values),
  });
  const rows = await rowsOf([one(data)]);
  expect(rows.every((row, i) => Object.is(row['c'], values[i]))).toBe(true);
  const odd = makeData({
    type: new Float64(),
    length: 3,
    nullCount: 0,
    data: Float64Array.of(Number.NaN, Infinity, -Infinity),
  });
  expect(await textOf([one(odd)])).toBe('{"c":null}\n{"c":null}\n{"c":null}\n');
});

test('writes 32-bit floats in the digits they need', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }),
      async (values) => {
        const data = makeData({
          type: new Float32(),
          length: values.length,
          nullCount: 0,
          data: Float32Array.from(values),
        });
        const rows = await rowsOf([one(data)]);
        expect(rows.every((row, i) => Object.is(Math.fround(row['c'] as number), values[i]))).toBe(true);
      },
    ),
    { numRuns: 50 },
  );
  const tenth = makeData({
    type: new Float32(),
    length: 2,
    nullCount: 0,
    data: Float32Array.of(0.1, 16_777_216),
  });
  expect(await textOf([one(tenth)])).toBe('{"c":0.1}\n{"c":16777216.0}\n');
});

test('writes decimals in plain notation', async () => {
  const words = Uint32Array.of(5, 0, 0, 0, 0xfffffffb, 0xffffffff, 0xffffffff, 0xffffffff, 0, 0, 0, 0);
  const fraction = makeData({ type: new Decimal(3, 20, 128), length: 3, nullCount: 0, data: words });
  expect(await textOf([one(fraction)])).toBe('{"c":0.005}\n{"c":-0.005}\n{"c":0.000}\n');
  const whole = makeData({ type: new Decimal(-2, 20, 128), length: 3, nullCount: 0, data: words });
  expect(await textOf([one(whole)])).toBe('{"c":500}\n{"c":-500}\n{"c":0}\n');
});

test('writes days and times as Date does, far from 1970 and before it', async () => {
  const day = fc.integer({ min: -719_528, max: 2_932_896 });
  await fc.assert(
    fc.asyncProperty(fc.array(day, { minLength: 1 }), fc.nat(86_399_999), async (days, ms) => {
      const dates = makeData({
        type: new DateDay(),
        length: days.length,
        nullCount: 0,
        data: Int32Array.from(days),
      });
      const iso = (at: number): string => new Date(at).toISOString();
      expect((await rowsOf([one(dates)])).map((row) => row['c'])).toEqual(
        days.map((at) => iso(at * 86_400_000).slice(0, 10)),
      );
      const moments = days.map((at) => at * 86_400_000 + ms);
      const data = BigInt64Array.from(moments, (at) => BigInt(at) * 1000n);
      const stamps = makeData({
        type: new TimestampMicrosecond('UTC'),
        length: days.length,
        nullCount: 0,
        data,
      });
      expect((await rowsOf([one(stamps)])).map((row) => row['c'])).toEqual(
        moments.map((at) => iso(at).replace('Z', '000Z')),
      );
    }),
    { numRuns: 40 },
  );
  const extremes = BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n);
  const stamps = makeData({ type: new TimestampNanosecond(), length: 2, nullCount: 0, data: extremes });
  expect((await rowsOf([one(stamps)])).map((row) => row['c'])).toEqual([
    '1677-09-21T00:12:43.145224192',
    '2262-04-11T23:47:16.854775807',
  ]);
});

test('writes durations, intervals and unions', async () => {
  const durations = makeData({
    type: new DurationMillisecond(),
    length: 2,
    nullCount: 0,
    data: BigInt64Array.of(-1500n, 61_000n),
  });
  expect(await textOf([one(durations)])).toBe('{"c":"-PT1.500S"}\n{"c":"PT61.000S"}\n');
  const parts = Int32Array.of(14, -3, 5, 0, 0, 0, 0, 0);
  const intervals = makeData({ type: new IntervalMonthDayNano(), length: 2, nullCount: 0, data: parts });
  expect(await textOf([one(intervals)])).toBe('{"c":"P14M-3DT0.000000005S"}\n{"c":"PT0S"}\n');
  const type = new DenseUnion([5, 7], [new Field('n', new Int32(), true), new Field('s', new Utf8(), true)]);
  const children = [
    vectorFromArray([1, 2], new Int32()).data[0]!,
    vectorFromArray(['x'], new Utf8()).data[0]!,
  ];
  const union = makeData({
    type,
    length: 3,
    typeIds: Int8Array.of(5, 7, 5),
    valueOffsets: Int32Array.of(0, 0, 1),
    children,
  });
  expect(await textOf([one(union)])).toBe('{"c":1}\n{"c":"x"}\n{"c":2}\n');
});

test('escapes exactly as JSON.stringify does', async () => {
  const controls = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).join('');
  expect(await textOf([textBatch([controls])])).toBe(`{"text":${JSON.stringify(controls)}}\n`);
  const texts = fc.array(fc.option(fc.string({ unit: 'binary', maxLength: 20 })), {
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(texts, async (rows) => {
      const expected = rows.map((text) => `{"text":${JSON.stringify(text)}}\n`).join('');
      expect(await textOf([textBatch(rows)])).toBe(expected);
    }),
    { numRuns: 50 },
  );
  const long = 'a"\\\u0001'.repeat(50_000);
  expect(await textOf([textBatch([long])])).toBe(`{"text":${JSON.stringify(long)}}\n`);
});

test('writes odd names of columns as JSON strings', async () => {
  expect(await textOf([one(vectorFromArray([1], new Int32()).data[0]!, 'a "b"\n')])).toBe(
    '{"a \\"b\\"\\n":1}\n',
  );
});

test('puts raw members back into the object they came from', async () => {
  const raw = ['{"x":1,"y":[true,null]}', null, '{}', ' {\n "z" : "a\\nb" \r\n} ', '{"w":9007199254740993}'];
  const marked = new Field('_rest', new Utf8(), true, new Map([['sluice:json', 'true']]));
  const numbers = vectorFromArray([1, 2, 3, 4, 5], new Int32()).data[0]!;
  const rest = vectorFromArray(raw, new Utf8()).data[0]!;
  const after = makeBatch(new Schema([new Field('n', new Int32(), true), marked]), 5, [numbers, rest]);
  expect(await textOf([after])).toBe(
    '{"n":1,"x":1,"y":[true,null]}\n{"n":2}\n{"n":3}\n{"n":4,"z" : "a\\nb"}\n{"n":5,"w":9007199254740993}\n',
  );
  const before = makeBatch(new Schema([marked, new Field('n', new Int32(), true)]), 5, [rest, numbers]);
  expect((await textOf([before])).split('\n').slice(0, 2)).toEqual([
    '{"x":1,"y":[true,null],"n":1}',
    '{"n":2}',
  ]);
  const plain = makeBatch(new Schema([new Field('_rest', new Utf8(), true)]), 5, [rest]);
  expect((await rowsOf([plain]))[0]).toEqual({ _rest: raw[0] });
});

test('leaves a null column out where the raw members bear its name', async () => {
  const raw = [
    '{"n":"one","m":{"k":2}}',
    '{"x":{"n":1,"k":[{"n":2}]},"y":"a,\\"n\\":"}',
    '{"\\u006e":false}',
    '{"k":1}',
    '{}',
  ];
  const marked = new Field('_rest', new Utf8(), true, new Map([['sluice:json', 'true']]));
  const numbers = vectorFromArray([null, null, null, 4, null], new Int32()).data[0]!;
  const rest = vectorFromArray(raw, new Utf8()).data[0]!;
  const schema = new Schema([new Field('n', new Int32(), true), new Field('k', new Int32(), true), marked]);
  const nulls = vectorFromArray([7, null, null, null, 5], new Int32()).data[0]!;
  expect(await textOf([makeBatch(schema, 5, [numbers, nulls, rest])])).toBe(
    [
      '{"k":7,"n":"one","m":{"k":2}}',
      '{"n":null,"k":null,"x":{"n":1,"k":[{"n":2}]},"y":"a,\\"n\\":"}',
      '{"k":null,"\\u006e":false}',
      '{"n":4,"k":1}',
      '{"n":null,"k":5}\n',
    ].join('\n'),
  );
});

test('refuses raw members that are no object', async () => {
  const marked = new Field('_rest', new Utf8(), true, new Map([['sluice:json', 'true']]));
  const data = vectorFromArray(['[1]'], new Utf8()).data[0]!;
  await expect(write([makeBatch(new Schema([marked]), 1, [data])])).rejects.toMatchObject({
    code: 'BAD_INPUT',
  });
});

test('refuses two columns of one name, wherever they lie', async () => {
  const twice = new Schema([new Field('a', new Int32(), true), new Field('a', new Utf8(), true)]);
  const output = { format: 'jsonl', compression: 'none' } as const;
  expect(() => checkOutput(output, twice)).toThrow(/column "a"/);
  const inList = new List(new Field('item', new Struct(twice.fields), true));
  expect(() => checkOutput(output, new Schema([new Field('l', inList, true)]))).toThrow(
    /column "l\.item\.a"/,
  );
  expect(() => checkOutput({ format: 'arrow', compression: 'none' }, twice)).not.toThrow();
});

test('writes nothing for no rows and empty objects for no columns', async () => {
  expect(await textOf([textBatch([])])).toBe('');
  expect(await textOf([makeBatch(new Schema([]), 3, [])])).toBe('{}\n{}\n{}\n');
});

test('packs each batch on its own, and what comes of it opens as one file', async () => {
  const batches = [textBatch(['a', 'b']), textBatch([]), textBatch(['c'.repeat(1000)])];
  const plain = await textOf(batches);
  expect(gunzipSync(await write(batches, 'gzip')).toString()).toBe(plain);
  const output = { format: 'jsonl', compression: 'zstd' } as const;
  const encode = await createEncoder(output, batches[0]!.schema);
  const frames = batches.flatMap((batch) => encode(batch).chunks);
  expect(Buffer.concat(frames.map((frame) => Buffer.from(unzstd(frame)))).toString()).toBe(plain);
});

test('gives rows that DuckDB reads', async () => {
  const path = join(folder, 'rows.jsonl');
  writeFileSync(path, await write([allTypesBatch(), allTypesBatch().slice(3, 10)]));
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const select = `select int32, utf8, date::varchar, struct.n, len("list") from read_json('${path}') where required = 3`;
  const rows = (await connection.runAndReadAll(select)).getRowsJson();
  connection.closeSync();
  instance.closeSync();
  const row = ['-300000000', textAt(3), '1969-12-28', '3', '3'];
  expect(rows.map((values) => values.map(String))).toEqual([row, row]);
});
