import fs from 'node:fs';
import path from 'node:path';
import { parquetMetadata } from 'hyparquet';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { decompress } from '../../../src/formats/decompress.ts';
import { openParquet } from '../../../src/formats/parquet/source.ts';
import { duck, expectSame, makeFolder, readDuck, readOurs } from './read-support/readers.ts';

vi.mock(import('../../../src/formats/decompress.ts'), async (original) => {
  const module = await original();
  return { ...module, decompress: vi.fn(module.decompress) };
});

const folder = makeFolder();
afterAll(() => fs.rmSync(folder, { recursive: true }));
beforeEach(() => {
  vi.mocked(decompress).mockClear();
});

/** DuckDB writes one page a column chunk until that is very large; texts are unique, so that no dictionary holds them. */
async function writeHugePages(name: string, columns: string, rows: number, options: string): Promise<string> {
  const file = path.join(folder, name);
  const connection = await duck();
  await connection.run(
    `COPY (SELECT ${columns} FROM range(${rows}) t(i)) TO '${file}' (FORMAT parquet, ${options})`,
  );
  connection.closeSync();
  return file;
}

function chunkCount(file: string): number {
  const bytes = fs.readFileSync(file);
  const { buffer, byteOffset, byteLength } = bytes;
  const { row_groups: groups } = parquetMetadata(buffer.slice(byteOffset, byteOffset + byteLength));
  return groups.reduce((sum, group) => sum + group.columns.length, 0);
}

const TEXT = `repeat(md5(i::VARCHAR), 1 + (i * 7919) % 160)`;

test('a page is decompressed once though it is handed out in many batches', async () => {
  const columns = `'doc ' || i AS id, ${TEXT} AS text, CASE WHEN i % 3 = 0 THEN NULL ELSE ${TEXT} END AS other`;
  for (const options of ['CODEC zstd', 'CODEC snappy', 'CODEC snappy, PARQUET_VERSION V2']) {
    const file = await writeHugePages('huge.parquet', columns, 6000, `${options}, ROW_GROUP_SIZE 4096`);
    const theirs = await readDuck(file);
    for (const morselBytes of [1 << 16, 6 << 20]) {
      for (const byteLimit of [1 << 17, 1 << 20, 9 << 20]) {
        vi.mocked(decompress).mockClear();
        const { columns: ours, batches } = await readOurs(file, { morselBytes, byteLimit });
        expectSame(ours, theirs);
        // Values of 18 MB and more.
        expect(batches).toBeGreaterThan((18 << 20) / byteLimit - 1);
        expect(batches).toBeLessThan((40 << 20) / byteLimit + 4);
        expect(decompress).toHaveBeenCalledTimes(chunkCount(file));
      }
    }
  }
});

test('a page of lists is decompressed once though it is handed out in many batches', async () => {
  const file = await writeHugePages(
    'lists.parquet',
    `i, [${TEXT}, NULL, 'x' || i] AS texts`,
    2000,
    'CODEC zstd',
  );
  const { columns, batches } = await readOurs(file, { morselBytes: 64 << 20, byteLimit: 1 << 20 });
  expectSame(columns, await readDuck(file));
  expect(batches).toBeGreaterThan(4);
  vi.mocked(decompress).mockClear();
  await readOurs(file, { morselBytes: 64 << 20, byteLimit: 1 << 20 });
  expect(decompress).toHaveBeenCalledTimes(chunkCount(file));
});

test('rows that cannot be read cost no page a second time', async () => {
  const file = path.join(folder, 'damaged.parquet');
  const whole = await writeHugePages(
    'whole.parquet',
    `${TEXT} || 'é' AS text, i`,
    1000,
    'CODEC uncompressed',
  );
  const bytes = fs.readFileSync(whole);
  for (let at = bytes.indexOf('é', 40_000), i = 0; i < 20; i++, at = bytes.indexOf('é', at + 30_000)) {
    bytes[at] = 0xff;
  }
  fs.writeFileSync(file, bytes);
  const { rejects, rowCount } = await readOurs(file, { byteLimit: 1 << 18, onError: 'skip' });
  expect(rejects.map((reject) => reject.rowCount)).toEqual(Array(20).fill(1));
  expect(rowCount).toBe(980);
  expect(decompress).toHaveBeenCalledTimes(chunkCount(file));
});

test('a page larger than a morsel is a morsel by itself', async () => {
  const file = await writeHugePages(
    'whole.parquet',
    `${TEXT} AS text, i`,
    5000,
    'CODEC zstd, ROW_GROUP_SIZE 2048',
  );
  const rows: unknown[] = [];
  for await (const morsel of (await openParquet(file)).morsels({ morselBytes: 1 << 16 })) {
    const { rowGroup, rowStart, rowCount } = morsel as unknown as Record<string, number>;
    rows.push({ rowGroup, rowStart, rowCount });
  }
  expect(rows).toEqual([
    { rowGroup: 0, rowStart: 0, rowCount: 2048 },
    { rowGroup: 1, rowStart: 0, rowCount: 2048 },
    { rowGroup: 2, rowStart: 0, rowCount: 904 },
  ]);
});
