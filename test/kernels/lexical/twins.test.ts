import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFeatureCounter } from '../../../src/kernels/lexical/features.ts';
import { createLexicalKernel } from '../../../src/kernels/lexical/kernel.ts';
import type { FeatureLists } from '../../../src/kernels/lexical/lists.ts';
import type { LexicalModel } from '../../../src/kernels/lexical/model.ts';
import type { Vectors } from '../../../src/kernels/vectors/vectors.ts';
import { anyDocument, columnOf } from './columns.ts';

/** Numbers that look random, the same in each run. */
function noise(at: number): number {
  let x = Math.imul(at + 1, 0x9e3779b1);
  x = Math.imul(x ^ (x >>> 15), 0x85ebca6b);
  return (x ^ (x >>> 13)) >>> 0;
}

/** A model of nothing: every third bucket without weight, others of every size up to the largest. */
function modelOf(bucketBits: number, dimensions: number, hasMap: boolean): LexicalModel {
  const buckets = 2 ** bucketBits;
  const weights = Uint16Array.from({ length: buckets }, (_, at) =>
    at % 3 === 0 ? 0 : at % 3 === 1 ? 65_535 : noise(at) >>> (16 + (at % 16)),
  );
  const map = hasMap
    ? Int8Array.from({ length: buckets * dimensions }, (_, at) =>
        at % 7 === 0 ? 127 : (noise(at) % 255) - 127,
      )
    : undefined;
  return { dimensions, bucketBits, weights, map };
}

const models = [
  modelOf(4, 16, true),
  modelOf(10, 128, true),
  modelOf(13, 48, true),
  modelOf(4, 16, false),
  modelOf(10, 256, false),
  modelOf(12, 1024, false),
  modelOf(8, 80, false),
];
const kernels = models.map((model) => ({
  simd: createLexicalKernel(model),
  scalar: createLexicalKernel(model, 'scalar'),
}));
const counters = [1, 8, 16, 20].map((bits) => ({
  simd: createFeatureCounter('simd', bits),
  scalar: createFeatureCounter('scalar', bits),
}));

/** Whether all bytes of two results are alike; vitest's own comparison takes a call for each element. */
function isSame(a: Vectors | FeatureLists, b: Vectors | FeatureLists): boolean {
  const [own, other] = [Object.values(a), Object.values(b)] as (number | Uint32Array)[][];
  return own!.every((one, at) => {
    const two = other![at]!;
    if (typeof one === 'number' || typeof two === 'number') return one === two;
    return bytesOf(one).equals(bytesOf(two));
  });
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint32Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

test('both twins give the same vectors on any bytes', () => {
  fc.assert(
    fc.property(fc.array(anyDocument, { maxLength: 6 }), (documents) => {
      const text = columnOf(documents);
      for (const { simd, scalar } of kernels) expect(isSame(simd.embed(text), scalar.embed(text))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('both twins count the same words on any bytes', () => {
  fc.assert(
    fc.property(fc.array(anyDocument, { maxLength: 6 }), (documents) => {
      const text = columnOf(documents);
      for (const { simd, scalar } of counters)
        expect(isSame(simd.count(text), scalar.count(text))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('both twins agree on the most different words a document can have, and on one of all the same', () => {
  const different = Array.from({ length: 4000 }, (_, at) => String.fromCodePoint(0x4e00 + at)).join('');
  const text = columnOf([
    different,
    'x '.repeat(6144),
    'a中'.repeat(3000),
    `${'a '.repeat(2000)}${'b '.repeat(9000)}`,
  ]);
  for (const { simd, scalar } of kernels) expect(isSame(simd.embed(text), scalar.embed(text))).toBe(true);
  for (const { simd, scalar } of counters) expect(isSame(simd.count(text), scalar.count(text))).toBe(true);
});

test('a column of more rows and bytes than are handed over at a time is as its rows alone', () => {
  const short = Array.from({ length: 2001 }, (_, at) => `row ${at % 13} of ${noise(at) % 50}`);
  const long = Array.from({ length: 24 }, (_, at) => `number ${at} `.repeat(1300));
  const text = columnOf([...short, ...long]);
  const { simd } = kernels[2]!;
  const all = simd.embed(text);
  const counted = counters[2]!.simd.count(text);
  expect(isSame(all, kernels[2]!.scalar.embed(text))).toBe(true);
  expect(isSame(counted, counters[2]!.scalar.count(text))).toBe(true);
  for (const row of [0, 999, 1000, 1001, 2000, 2001, 2024]) {
    const alone = simd.embed(text, Uint32Array.of(row));
    expect(alone.values).toEqual(all.values.slice(48 * row, 48 * (row + 1)));
    expect(alone.squares[0]).toBe(all.squares[row]);
  }
});

test('chosen rows come in the order given, as often as given, and need not be neighbours', () => {
  const text = columnOf(['alpha beta', '', 'gamma '.repeat(4000), 'delta', 'alpha beta gamma']);
  const rows = Uint32Array.of(4, 2, 2, 0, 1);
  for (const { simd, scalar } of kernels) {
    const chosen = simd.embed(text, rows);
    expect(isSame(chosen, scalar.embed(text, rows))).toBe(true);
    const all = simd.embed(text);
    const { dimensions } = simd;
    for (const [at, row] of rows.entries()) {
      expect(chosen.values.slice(at * dimensions, (at + 1) * dimensions)).toEqual(
        all.values.slice(row * dimensions, (row + 1) * dimensions),
      );
    }
  }
  for (const { simd, scalar } of counters)
    expect(isSame(simd.count(text, rows), scalar.count(text, rows))).toBe(true);
  expect(kernels[0]!.simd.embed(text, new Uint32Array(0)).count).toBe(0);
});

test('what was read before leaves no trace', () => {
  const text = columnOf(['one two three']);
  for (const { simd } of kernels) {
    const before = simd.embed(text);
    simd.embed(columnOf(['something else', 'x '.repeat(20_000)]));
    expect(simd.embed(text)).toEqual(before);
  }
});
