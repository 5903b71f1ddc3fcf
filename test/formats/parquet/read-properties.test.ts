import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  duck,
  expectSame,
  makeFolder,
  parquetFiles,
  type Read,
  readOurs,
  sharedParquet,
} from './read-support/readers.ts';

const folder = makeFolder();
afterAll(() => fs.rmSync(folder, { recursive: true }));

const files: string[] = [];

beforeAll(async () => {
  const connection = await duck();
  for (const version of ['V1', 'V2']) {
    const file = path.join(folder, `${version}.parquet`);
    await connection.run(
      `COPY (SELECT i, 'text ' || i || repeat('y', i % 100) AS t, i % 7 AS c, CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN [] ELSE range(i % 11) END AS l,
         {'a': i, 'b': [{'x': i::VARCHAR, 'y': [i, NULL]}]} AS s FROM range(500) t(i))
       TO '${file}' (FORMAT parquet, CODEC zstd, PARQUET_VERSION ${version}, ROW_GROUP_SIZE 2048)`,
    );
    files.push(file);
  }
  connection.closeSync();
  const shared = sharedParquet();
  if (shared === undefined) return;
  const wanted = [
    'nested_lists.snappy',
    'repeated_no_annotation',
    'delta_length_byte_array',
    'continued_page',
    'struct_offset_index',
    'language-lang_id-python-input-test_01',
  ];
  files.push(...parquetFiles(shared).filter((file) => wanted.includes(path.basename(file, '.parquet'))));
});

test('the rows do not depend on where morsels are cut or what limit a batch has', async () => {
  const whole = new Map<string, Read>();
  for (const file of files) whole.set(file, await readOurs(file));
  await fc.assert(
    fc.asyncProperty(
      fc.nat(files.length - 1),
      fc.integer({ min: 0, max: 16 }),
      fc.integer({ min: 5, max: 20 }),
      async (index, morselBits, limitBits) => {
        const file = files[index]!;
        const { columns } = await readOurs(file, { morselBytes: 2 ** morselBits, byteLimit: 2 ** limitBits });
        expectSame(columns, whole.get(file)!.columns);
      },
    ),
    { numRuns: 25, seed: 20_261_122 },
  );
});

test('a row larger than the limit comes alone', async () => {
  const { batches, rowCount, largest } = await readOurs(files[0]!, { byteLimit: 1 });
  expect({ batches, rowCount, largest }).toEqual({ batches: 500, rowCount: 500, largest: 1 });
});

test('morsels are small whatever they stand for', async () => {
  const { openParquet } = await import('../../../src/formats/parquet/source.ts');
  for await (const morsel of (await openParquet(files[0]!)).morsels({ morselBytes: 1000 })) {
    expect(JSON.stringify(morsel).length).toBeLessThan(8000);
  }
});
