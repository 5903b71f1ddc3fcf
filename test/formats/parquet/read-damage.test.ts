import fs from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CurationError } from '../../../src/errors.ts';
import { duck, makeFolder, parquetFiles, readOurs, sharedParquet } from './read-support/readers.ts';

const folder = makeFolder();
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** A generator of 32-bit numbers with a fixed seed (Marsaglia's xorshift). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

let files: string[] = [];
let count = 0;

beforeAll(async () => {
  const connection = await duck();
  for (const [codec, version] of [
    ['zstd', 'V1'],
    ['snappy', 'V2'],
    ['uncompressed', 'V2'],
    ['gzip', 'V1'],
  ]) {
    const file = path.join(folder, `${codec}.parquet`);
    await connection.run(
      `COPY (SELECT i, 'text ' || i AS t, i % 7 AS c, [i, NULL, 1] AS l, {'a': i::DOUBLE, 'b': [i::VARCHAR]} AS s FROM range(300) t(i))
       TO '${file}' (FORMAT parquet, CODEC ${codec}, PARQUET_VERSION ${version})`,
    );
    files.push(file);
  }
  connection.closeSync();
  const shared = sharedParquet();
  if (shared === undefined) return;
  const wanted = [
    'delta_byte_array',
    'nested_maps.snappy',
    'datapage_v1-snappy-compressed-checksum',
    'byte_stream_split_v2',
    'lz4_raw_compressed',
  ];
  files = files.concat(
    parquetFiles(shared).filter((file) => wanted.includes(path.basename(file, '.parquet'))),
  );
});

/** Reads damaged bytes; whatever happens must be rows or a CurationError that names the file. */
async function read(bytes: Uint8Array, onError: 'fail' | 'skip'): Promise<string> {
  const file = path.join(folder, `damaged-${count++}.parquet`);
  fs.writeFileSync(file, bytes);
  try {
    const { rowCount, rejects } = await readOurs(file, { onError });
    return `rows ${rowCount + rejects.reduce((sum, reject) => sum + reject.rowCount, 0)}`;
  } catch (error) {
    if (!(error instanceof CurationError)) throw error;
    expect(error.message).toContain(file);
    return error.code;
  } finally {
    fs.rmSync(file);
  }
}

describe('damaged files', () => {
  test('a file cut short anywhere is an error that names it', async () => {
    for (const file of files) {
      const bytes = fs.readFileSync(file);
      for (let i = 0; i < 25; i++) {
        const length = Math.floor((bytes.length * i) / 25);
        expect(await read(bytes.subarray(0, length), 'fail')).toBe('BAD_INPUT');
      }
    }
  });

  for (const onError of ['fail', 'skip'] as const) {
    test(`a flipped byte gives rows or a CurationError and nothing else, on ${onError}`, async () => {
      const seed = 20_261_122;
      const random = generator(seed);
      for (const file of files) {
        const original = fs.readFileSync(file);
        for (let i = 0; i < 40; i++) {
          const bytes = Uint8Array.from(original);
          const at = random() % bytes.length;
          bytes[at]! ^= 1 << (random() % 8);
          const outcome = await read(bytes, onError);
          expect(outcome, `${file}: byte ${at}, seed ${seed}`).toMatch(/^(rows \d+|BAD_INPUT|UNSUPPORTED)$/);
        }
      }
    });
  }

  test('a page whose checksum is wrong is named with row group, column and page', async () => {
    const shared = sharedParquet();
    const source =
      shared && path.join(shared, 'parquet-testing/datapage_v1-snappy-compressed-checksum.parquet');
    if (source === undefined) return expect(source).toBeUndefined();
    const bytes = fs.readFileSync(source);
    bytes[200]! ^= 1;
    const file = path.join(folder, 'checksum.parquet');
    fs.writeFileSync(file, bytes);
    await expect(readOurs(file)).rejects.toThrow(/row group 0, column "\w+", page at byte \d+: expected CRC/);
    const whole = await readOurs(source);
    const { rowCount, rejects } = await readOurs(file, { onError: 'skip' });
    const lost = rejects.reduce((sum, reject) => sum + reject.rowCount, 0);
    expect(lost).toBeGreaterThan(0);
    expect(rowCount + lost).toBe(whole.rowCount);
    return undefined;
  });

  test('text that is not UTF-8 costs its own row, whatever the cut points', async () => {
    const file = path.join(folder, 'utf8.parquet');
    const connection = await duck();
    await connection.run(
      `COPY (SELECT 'text number ' || i AS t, i FROM range(3000) t(i)) TO '${file}' (FORMAT parquet, CODEC uncompressed)`,
    );
    connection.closeSync();
    const bytes = fs.readFileSync(file);
    for (const row of [0, 17, 18, 2999]) bytes[bytes.indexOf(`text number ${row}`) + 5] = 0xff;
    fs.writeFileSync(file, bytes);
    await expect(readOurs(file)).rejects.toThrow(/column "t", page at byte \d+: expected UTF-8 text/);
    for (const byteLimit of [1 << 24, 20_000, 300]) {
      const { columns, rowCount, rejects } = await readOurs(file, { onError: 'skip', byteLimit });
      expect(rowCount).toBe(2996);
      expect(columns['i']!.slice(0, 18).at(-1)).toBe('20');
      expect(rejects.map(({ before, rowCount: lost }) => [before, lost])).toEqual([
        [0, 1],
        [16, 2],
        [2996, 1],
      ]);
    }
  });

  test('which rows are lost does not depend on where morsels are cut or what limit a batch has', async () => {
    const seed = 7;
    const random = generator(seed);
    const file = path.join(folder, 'cut.parquet');
    let lost = 0;
    for (const original of files) {
      for (let i = 0; i < 8; i++) {
        const bytes = Uint8Array.from(fs.readFileSync(original));
        const at = random() % Math.floor(bytes.length * 0.7);
        bytes[at]! ^= 1 << (random() % 8);
        fs.writeFileSync(file, bytes);
        const outcomes = [];
        for (const [morselBytes, byteLimit] of [
          [1 << 23, 1 << 24],
          [500, 1 << 24],
          [1 << 23, 700],
        ] as const) {
          try {
            const { columns, rejects } = await readOurs(file, { onError: 'skip', morselBytes, byteLimit });
            outcomes.push({ columns, rejects: rejects.map(({ before, rowCount }) => [before, rowCount]) });
            lost += rejects.length;
          } catch (error) {
            outcomes.push({ code: (error as CurationError).code });
          }
        }
        for (const outcome of outcomes) {
          const isSame = isDeepStrictEqual(outcome, outcomes[0]);
          expect(isSame, `${original}: byte ${at}, seed ${seed}`).toBe(true);
        }
      }
    }
    expect(lost).toBeGreaterThan(0);
  });

  test('what is not there, a folder and an encrypted file are said to be so', async () => {
    await expect(readOurs(path.join(folder, 'absent.parquet'))).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(readOurs(folder)).rejects.toThrow(/expected a file/);
    const file = path.join(folder, 'encrypted.parquet');
    fs.writeFileSync(file, 'PARE0000000000000000PARE');
    await expect(readOurs(file)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});
