import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parquetWriteFile } from 'hyparquet-writer';
import { afterAll, describe, expect, test } from 'vitest';
import { openParquet } from '../../../src/formats/parquet/source.ts';
import { duck, expectSame, makeFolder, readDuck, readOurs } from './read-support/readers.ts';

const folder = makeFolder();
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** Every type DuckDB writes, with nulls, empty and nested values; more rows than one page of levels is decoded at once. */
const TABLE = `
  SELECT CASE WHEN i % 7 = 0 THEN NULL ELSE i % 2 = 0 END AS flag, i::TINYINT AS i8, (i * 7)::SMALLINT AS i16, i * 1000 AS i32,
    i::BIGINT * 5000000000 - 7 AS i64, (i % 256)::UTINYINT AS u8, i::USMALLINT AS u16, (4294967295 - i)::UINTEGER AS u32,
    (18446744073709551615 - i)::UBIGINT AS u64, i / 3.0::FLOAT AS f32, CASE i WHEN 1 THEN 'nan'::DOUBLE WHEN 2 THEN '-inf'::DOUBLE ELSE i / 7.0 END AS f64,
    CASE WHEN i % 5 = 0 THEN NULL ELSE 'text ' || i || repeat('é', i % 40) END AS text, 'same' || i % 3 AS coded,
    encode('bytes' || i) AS bytes, uuid_value AS id, (i * 11 - 500)::DECIMAL(4, 1) AS d4, i::DECIMAL(18, 3) AS d18, (i * -12345678901234567890)::DECIMAL(38, 10) AS d38,
    DATE '1969-12-01' + i AS day, TIME '00:00:01' + to_microseconds(i * 1001) AS time, TIMESTAMP '1960-01-01 00:00:00.000001' + to_days(i) AS us,
    (TIMESTAMP '2020-01-01' + to_seconds(i))::TIMESTAMP_NS AS ns, (TIMESTAMP '2020-01-01' + to_seconds(i))::TIMESTAMP_MS AS ms,
    (TIMESTAMP '2020-01-01' + to_seconds(i))::TIMESTAMPTZ AS utc,
    CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN [] ELSE [i, NULL, i + 1] END AS list,
    CASE i % 5 WHEN 0 THEN NULL ELSE [[], NULL, ['a', NULL, 'b' || i]] END AS lists,
    CASE i % 6 WHEN 0 THEN NULL ELSE {'a': i, 'b': CASE i % 3 WHEN 0 THEN NULL ELSE {'c': 'x' || i} END} END AS struct,
    [{'k': 'k' || i, 'tags': [i % 3, NULL], 'm': MAP {i: 'v'}}] AS deep,
    CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN MAP {} ELSE MAP {i % 9: 'one', 100 + i: NULL} END AS map
  FROM (SELECT i::INTEGER AS i, md5(i::VARCHAR)::UUID AS uuid_value FROM range(start_, end_) t(i))`;

async function write(name: string, options: string, start = 0, end = 60): Promise<string> {
  const file = path.join(folder, name);
  const connection = await duck();
  const query = TABLE.replace('start_', String(start)).replace('end_', String(end));
  await connection.run(`COPY (${query}) TO '${file}' (FORMAT parquet, ${options})`);
  connection.closeSync();
  return file;
}

describe('files of DuckDB', () => {
  for (const [codec, version] of [
    ['uncompressed', 'V1'],
    ['snappy', 'V1'],
    ['snappy', 'V2'],
    ['gzip', 'V1'],
    ['zstd', 'V2'],
    ['brotli', 'V1'],
    ['lz4_raw', 'V2'],
  ]) {
    test(`every type reads back from ${codec}, ${version}`, async () => {
      const file = await write(`${codec}-${version}.parquet`, `CODEC ${codec}, PARQUET_VERSION ${version}`);
      expectSame((await readOurs(file)).columns, await readDuck(file));
    });
  }

  test('the schema says what the columns hold', async () => {
    const { schema, rowCount, isRowCountExact } = await openParquet(
      await write('schema.parquet', 'CODEC zstd'),
    );
    const types = Object.fromEntries(schema.fields.map(({ name, type }) => [name, String(type)]));
    expect({ rowCount, isRowCountExact }).toEqual({ rowCount: 60, isRowCountExact: true });
    expect(types).toMatchObject({
      flag: 'Bool',
      i8: 'Int8',
      u16: 'Uint16',
      u64: 'Uint64',
      f64: 'Float64',
      text: 'Utf8',
      bytes: 'Binary',
      id: 'FixedSizeBinary[16]',
      d38: 'Decimal[38e+10]',
      day: 'Date32<DAY>',
      time: 'Time64<MICROSECOND>',
      us: 'Timestamp<MICROSECOND>',
      utc: 'Timestamp<MICROSECOND, UTC>',
      list: 'List<Int32>',
      map: 'Map<{key:Int32, value:Utf8}>',
    });
  });

  test('only the columns asked for are decoded, in the order of the file', async () => {
    const file = await write('projection.parquet', 'CODEC zstd');
    const { columns, rowCount } = await readOurs(file, { columns: ['map', 'text'] });
    const theirs = await readDuck(file);
    expect(Object.keys(columns)).toEqual(['text', 'map']);
    expect(columns).toEqual({ text: theirs['text'], map: theirs['map'] });
    expect((await readOurs(file, { columns: [] })).rowCount).toBe(rowCount);
    await expect(readOurs(file, { columns: ['nope'] })).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('no rows are no morsels and still a schema', async () => {
    const file = await write('empty.parquet', 'CODEC zstd', 0, 0);
    expect((await openParquet(file)).schema.fields).toHaveLength(29);
    expect((await readOurs(file)).rowCount).toBe(0);
  });

  test('a few bytes of dictionary indices that stand for 150 MB come in batches below the limit', async () => {
    const file = path.join(folder, 'bomb.parquet');
    const connection = await duck();
    await connection.run(
      `COPY (SELECT repeat('x', 100000) AS t FROM range(1500)) TO '${file}' (FORMAT parquet, CODEC zstd)`,
    );
    connection.closeSync();
    const { rowCount, largest, batches } = await readOurs(file, { byteLimit: 2 << 20 });
    expect(fs.statSync(file).size).toBeLessThan(200_000);
    expect(rowCount).toBe(1500);
    expect(largest).toBeLessThanOrEqual(Math.floor((2 << 20) / 100_000));
    expect(batches).toBeLessThan(150);
  });
});

test('files of hyparquet-writer read back', async () => {
  const file = path.join(folder, 'hyparquet.parquet');
  const texts = Array.from({ length: 300 }, (_, i) => (i % 4 === 0 ? null : `text ${i % 50}`));
  const numbers = Array.from({ length: 300 }, (_, i) => i * 0.5);
  parquetWriteFile({
    filename: file,
    columnData: [
      { name: 'text', data: texts, type: 'STRING' },
      { name: 'number', data: numbers, type: 'DOUBLE' },
      { name: 'whole', data: numbers.map((x) => BigInt(Math.floor(x))), type: 'INT64' },
    ],
    rowGroupSize: 110,
  });
  const { columns } = await readOurs(file);
  expect(columns).toEqual({ text: texts, number: numbers, whole: numbers.map((x) => String(Math.floor(x))) });
});

interface ParquetJs {
  ParquetSchema: new (fields: object) => object;
  ParquetWriter: {
    openFile(
      schema: object,
      file: string,
    ): Promise<{ appendRow(row: object): Promise<void>; close(): Promise<void> }>;
  };
}

test('files of parquetjs-lite read back', async () => {
  const { ParquetSchema, ParquetWriter } = createRequire(import.meta.url)('parquetjs-lite') as ParquetJs;
  const file = path.join(folder, 'parquetjs.parquet');
  const schema = new ParquetSchema({
    text: { type: 'UTF8', optional: true, compression: 'SNAPPY' },
    count: { type: 'INT32', compression: 'GZIP' },
    tags: { type: 'UTF8', repeated: true },
    flag: { type: 'BOOLEAN' },
  });
  const writer = await ParquetWriter.openFile(schema, file);
  const rows = Array.from({ length: 100 }, (_, i) => ({
    ...(i % 3 === 0 ? {} : { text: `text ${i}` }),
    count: i - 50,
    tags: Array.from({ length: i % 4 }, (__, k) => `tag ${k}`),
    flag: i % 2 === 0,
  }));
  for (const row of rows) await writer.appendRow(row);
  await writer.close();
  const { columns } = await readOurs(file);
  expect(columns).toEqual({
    text: rows.map(({ text }) => text ?? null),
    count: rows.map(({ count }) => count),
    tags: rows.map(({ tags }) => tags),
    flag: rows.map(({ flag }) => flag),
  });
});
