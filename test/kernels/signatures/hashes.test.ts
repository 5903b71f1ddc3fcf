import { describe, expect, test } from 'vitest';
import xxhash from 'xxhash-wasm';
import { CurationError } from '../../../src/errors.ts';
import { createSigner } from '../../../src/kernels/signatures/signer.ts';
import { columnOf, keysOf, randomFrom } from './fixtures.ts';

const defaults = { ngram: 5, bands: 14, rows: 8, seed: 0 };

describe.each(['simd', 'scalar'] as const)('content hash of the %s twin', (kernel) => {
  test('is XXH64 with seed 0, at every length to 300 and beyond', async () => {
    const random = randomFrom(1);
    const lengths = [...Array.from({ length: 301 }, (_, length) => length), 4095, 65_537, 300_000];
    const rows = lengths.map((length) => Uint8Array.from({ length }, () => Math.floor(random() * 256)));
    const { contentHashes } = (await createSigner(undefined, kernel)).sign(columnOf(rows));
    const hasher = await xxhash();
    expect([...new BigUint64Array(contentHashes.buffer)]).toEqual(rows.map((row) => hasher.h64Raw(row)));
  });
});

test('a seed changes every band key and no content hash', async () => {
  const column = columnOf(['the quick brown fox jumps over the lazy dog', 'a']);
  const zero = (await createSigner(defaults)).sign(column);
  for (const seed of [1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    const other = (await createSigner({ ...defaults, seed })).sign(column);
    expect(other.contentHashes).toEqual(zero.contentHashes);
    for (let row = 0; row < 2; row++) {
      const keys = new Set(keysOf(zero.bandKeys, 2, row));
      expect(keysOf(other.bandKeys, 2, row).filter((key) => keys.has(key))).toEqual([]);
    }
  }
});

test('one value in all bins still gives each band a key of its own', async () => {
  const { bandKeys } = (await createSigner(defaults)).sign(columnOf(['one']));
  expect(new Set(keysOf(bandKeys, 1, 0)).size).toBe(14);
});

test('the keys of a release are the keys of the next', async () => {
  const { bandKeys } = (await createSigner(defaults)).sign(
    columnOf(['The quick brown fox jumps over the lazy dog. ПРИВЕТ, мир! 中文']),
  );
  expect(keysOf(bandKeys, 1, 0)).toMatchInlineSnapshot(`
    [
      "3024700478:2847476416",
      "1534747071:1629919313",
      "2916111278:2013475707",
      "3198935306:478667298",
      "565807712:1763805819",
      "3068574184:2926856420",
      "1387230968:2950211391",
      "873787610:3525383321",
      "3339363124:2254034846",
      "3596259312:2161934556",
      "1861089414:3824972306",
      "1563421173:1179724763",
      "1239165935:4091432856",
      "1122088173:3730915355",
    ]
  `);
});

test('a document far larger than the window is signed, and its memory given back, with the next rows right', async () => {
  const random = randomFrom(2);
  const words = Array.from({ length: 5000 }, () => Math.floor(random() * 2 ** 40).toString(36));
  const large = Array.from({ length: 2_000_000 }, () => words[Math.floor(random() * 5000)]).join(' ');
  const column = columnOf(['before', large, 'after the flood']);
  const signer = await createSigner(defaults);
  const expected = (await createSigner(defaults, 'scalar')).sign(column);
  expect(signer.sign(column)).toEqual(expected);
  expect(signer.sign(column)).toEqual(expected);
});

test('an empty batch has empty signatures', async () => {
  const signed = (await createSigner(defaults)).sign(columnOf([]));
  expect([signed.rowCount, signed.bandKeys.length, signed.contentHashes.length]).toEqual([0, 0, 0]);
});

test.each([
  ['ngram', { ...defaults, ngram: 0 }],
  ['bands', { ...defaults, bands: 1.5 }],
  ['rows', { ...defaults, rows: -1 }],
  ['bands * rows', { ...defaults, bands: 30_000, rows: 30_000 }],
  ['seed', { ...defaults, seed: Number.NaN }],
])('a wrong %s is refused by name', async (name, parameters) => {
  const refusal = await createSigner(parameters).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(CurationError);
  expect(refusal).toMatchObject({ code: 'USAGE', message: expect.stringContaining(`${name}:`) });
});
