import { expect, test } from 'vitest';
import { TwinCache, twinCacheByteLength } from '../../src/kernels/twin-cache.ts';
import { fillWords, randomWords } from './bloom/keys.ts';

test('names the document that brought a key, and nobody for a key it never saw', () => {
  const cache = new TwinCache();
  const keys = fillWords(new Uint32Array(2 * 4 * 3), randomWords(1));
  // Row 2 shares with row 0 nothing but band 3.
  keys.set(keys.subarray(2 * (3 * 3), 2 * (3 * 3) + 2), 2 * (3 * 3 + 2));
  expect(cache.recall(keys, 4, 3, 0)).toBe(-1);
  cache.remember(keys, 4, 3, 0, 0);
  expect(cache.recall(keys, 4, 3, 0)).toBe(0);
  expect(cache.recall(keys, 4, 3, 1)).toBe(-1);
  expect(cache.recall(keys, 4, 3, 2)).toBe(0);
  expect(cache.byteLength).toBe(twinCacheByteLength);
});

test.each([0, 1, 2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32, 2 ** 40 - 2])(
  'ordinal %d comes back as it went in',
  (ordinal) => {
    const cache = new TwinCache();
    for (const keys of [Uint32Array.of(0, 0), Uint32Array.of(5, 0xffffffff)]) {
      cache.remember(keys, 1, 1, 0, ordinal);
      expect(cache.recall(keys, 1, 1, 0)).toBe(ordinal);
    }
  },
);

test('the newest document with a key is named, and forgetting follows exp(-6 d / 2^21)', () => {
  const cache = new TwinCache();
  const bands = 6;
  const rows = 100_000;
  const keys = fillWords(new Uint32Array(2 * bands * rows), randomWords(2));
  for (let row = 0; row < rows; row++) cache.remember(keys, bands, rows, row, row);
  // Band 0 alone, so that other bands do not answer for it; the first rows saw d = rows of overwriting.
  const sample = 5000;
  let known = 0;
  for (let row = 0; row < sample; row++) if (cache.recall(keys, 1, rows, row) === row) known++;
  const survival = Math.exp((-6 * (rows - sample / 2)) / 2 ** 21);
  expect(Math.abs(known / sample - survival)).toBeLessThan(
    5 * Math.sqrt((survival * (1 - survival)) / sample) + 0.01,
  );
  cache.remember(keys, bands, rows, 0, 777_777);
  expect(cache.recall(keys, bands, rows, 0)).toBe(777_777);
});
