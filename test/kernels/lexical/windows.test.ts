import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readingWindows } from '../../../src/kernels/lexical/windows.ts';

const windows = new Uint32Array(6);
const partsOf = (bytes: Uint8Array, start = 0, end = bytes.length): [number, number][] => {
  const size = readingWindows(bytes, start, end, windows);
  return Array.from({ length: size / 2 }, (_, at) => [windows[2 * at]!, windows[2 * at + 1]!]);
};
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

test('a document of up to 12 KiB is read whole, a byte more through three windows', () => {
  expect(partsOf(new Uint8Array(0))).toEqual([[0, 0]]);
  expect(partsOf(new Uint8Array(12_288).fill(0x61))).toEqual([[0, 12_288]]);
  expect(partsOf(new Uint8Array(12_289).fill(0x61))).toEqual([
    [0, 4096],
    [4096, 8192],
    [8193, 12_289],
  ]);
});

test('the windows lie at the front, in the middle and at the end, cut at white space', () => {
  const bytes = encode('seven x'.padEnd(10, ' ').repeat(10_000));
  const parts = partsOf(bytes);
  expect(parts).toEqual([
    [0, 4097],
    [47_955, 52_048],
    [95_905, 100_000],
  ]);
  for (const [start, end] of parts) {
    if (start > 0) expect(bytes[start]).toBe(0x20);
    if (end < bytes.length) expect(bytes[end]).toBe(0x20);
  }
});

test('where there is no white space a cut falls between two characters', () => {
  const bytes = encode('漢字'.repeat(5000));
  for (const [start, end] of partsOf(bytes)) {
    expect(start % 3).toBe(0);
    expect(end % 3).toBe(0);
  }
});

test('windows of any bytes ascend within the document, hold at most 12 KiB and three cuts, and know only what the document holds', () => {
  const some = fc.tuple(
    fc.array(fc.nat(255), { minLength: 1, maxLength: 20 }),
    fc.integer({ min: 0, max: 40_000 }),
  );
  fc.assert(
    fc.property(some, fc.nat(9), ([pattern, length], before) => {
      const bytes = Uint8Array.from({ length }, (_, at) => pattern[at % pattern.length]!);
      const parts = partsOf(bytes);
      let reached = 0;
      let sum = 0;
      for (const [start, end] of parts) {
        expect(start).toBeGreaterThanOrEqual(reached);
        expect(end).toBeGreaterThanOrEqual(start);
        reached = end;
        sum += end - start;
      }
      expect(reached).toBe(length);
      expect(sum).toBeLessThanOrEqual(3 * (4096 + 64));
      if (length <= 12_288) expect(sum).toBe(length);
      const within = new Uint8Array(before + length + 70).fill(0x20);
      within.set(bytes, before);
      expect(partsOf(within, before, before + length)).toEqual(
        parts.map(([start, end]) => [start + before, end + before]),
      );
    }),
    { numRuns: 100 },
  );
});
