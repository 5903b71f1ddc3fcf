import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createQualityKernel, type QualityKernel } from '../../../src/kernels/quality/kernel.ts';

const simd = await createQualityKernel([]);
const scalar = await createQualityKernel([], 'scalar');

function featuresOf(kernel: QualityKernel, bytes: Uint8Array, start = 0, end = bytes.length): number[] {
  const found: number[] = [];
  kernel.collect(bytes, start, end, (features) => {
    for (const feature of features) found.push(feature);
  });
  return found;
}

const textOf = (text: string): number[] => featuresOf(simd, new TextEncoder().encode(text));

test('both twins give the same features on any bytes', () => {
  const text = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: 'grapheme', maxLength: 200 }).map((one) => new TextEncoder().encode(one)),
    fc
      .array(fc.constantFrom('word', 'Ωμέγα', '中文', ' ', '\n', '_', 'x'.repeat(40), '\0'), {
        maxLength: 60,
      })
      .map((parts) => new TextEncoder().encode(parts.join(' '))),
  );
  fc.assert(
    fc.property(text, fc.nat(5), fc.nat(5), (bytes, front, back) => {
      const start = Math.min(front, bytes.length);
      const end = Math.max(start, bytes.length - back);
      expect(featuresOf(simd, bytes, start, end)).toEqual(featuresOf(scalar, bytes, start, end));
    }),
    { numRuns: 300 },
  );
});

test('a text of n words has 2 n - 1 features, whatever their number', () => {
  for (const count of [0, 1, 2, 3, 1023, 1024, 1025, 1153, 5000]) {
    const words = Array.from({ length: count }, (_, at) => `w${at}`).join(' ');
    expect(textOf(words)).toHaveLength(Math.max(0, 2 * count - 1));
    expect(textOf(words)).toEqual(featuresOf(scalar, new TextEncoder().encode(words)));
  }
});

test('a mark gives two features, which know it and the kinds of its neighbours', () => {
  const [, , full, inside] = textOf('ab.c').slice(-4) as [number, number, number, number];
  expect(textOf('xy.z').slice(-2)).toEqual([full, inside]);
  expect(textOf('xy.Z').at(-2)).toBe(full);
  for (const other of ['xy.', 'xy.Z', 'xy. z', 'xy.\n'.trim(), 'xy.1', 'xy.é', 'x9.z']) {
    expect(textOf(other)).not.toContain(inside);
  }
});

test('marks are the ASCII punctuation but for the underscore, and line feeds', () => {
  for (let byte = 0; byte < 256; byte++) {
    const isMark = byte < 0x80 && /[\n!-/:-@[-^`{-~]/.test(String.fromCharCode(byte));
    expect(featuresOf(simd, Uint8Array.of(0x20, byte, 0x20)).length === 2).toBe(isMark);
  }
});

test('words are lower-cased and pairs know their order', () => {
  expect(textOf('The QUICK  fox')).toEqual(textOf('the quick fox'));
  const [a, b, pair] = textOf('alpha beta') as [number, number, number];
  const [c, d, turned] = textOf('beta alpha') as [number, number, number];
  expect([a, b]).toEqual([d, c]);
  expect(pair).not.toBe(turned);
});

test('features do not depend on what was read before', () => {
  const alone = textOf('one two three');
  textOf('something else entirely');
  expect(textOf('one two three')).toEqual(alone);
});

test('features fill their range evenly: chi-squared over 64 cells of 40,000 different words', () => {
  const words = Array.from({ length: 40_000 }, (_, at) => `term${at}`).join(' ');
  for (const parity of [0, 1]) {
    const cells = new Float64Array(64);
    const found = textOf(words).filter((_, at) => at % 2 === parity);
    for (const feature of found) cells[feature >>> 26]!++;
    const expected = found.length / 64;
    const chi = cells.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 63 degrees of freedom: beyond 113.5 with probability 1e-4.
    expect(chi).toBeLessThan(113.5);
  }
});
