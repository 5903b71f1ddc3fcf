import fc from 'fast-check';
import { expect, test } from 'vitest';
import { complexities, interDistances, shares } from '../../src/concepts/complexity.ts';
import { cosine, type Vectors } from '../../src/kernels/vectors/vectors.ts';

function vectorsOf(rows: readonly (readonly number[])[], dimensions: number): Vectors {
  const values = new Int8Array(rows.length * dimensions);
  for (const [row, components] of rows.entries()) values.set(components, row * dimensions);
  const squares = Uint32Array.from(rows, (components) => components.reduce((sum, x) => sum + x * x, 0));
  return { count: rows.length, dimensions, values, squares };
}

/** By the definition: all distances of each, sorted, and the mean of the first. */
function plainInterDistances(vectors: Vectors, nearest: number): Float64Array {
  return Float64Array.from({ length: vectors.count }, (_, row) => {
    const distances = Array.from(
      { length: vectors.count },
      (__, other) => 1 - cosine(vectors, row, vectors, other),
    )
      .filter((___, other) => other !== row)
      .sort((a, b) => a - b)
      .slice(0, nearest);
    return distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
  });
}

const component = fc.oneof(fc.integer({ min: -127, max: 127 }), fc.constantFrom(-127, 0, 127));

test('the distance to the nearest others is that of all pairs, sorted', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(16, 48).chain((dimensions) =>
        fc.record({
          dimensions: fc.constant(dimensions),
          rows: fc.array(fc.array(component, { minLength: dimensions, maxLength: dimensions }), {
            maxLength: 27,
          }),
          nearest: fc.integer({ min: 1, max: 25 }),
        }),
      ),
      ({ dimensions, rows, nearest }) => {
        const vectors = vectorsOf(rows, dimensions);
        const found = interDistances(vectors, nearest);
        const expected = plainInterDistances(vectors, nearest);
        expect(found.length).toBe(rows.length);
        // Sums of at most 26 numbers up to 2 in two orders.
        for (const [row, distance] of expected.entries()) {
          expect(Number.isNaN(distance) ? 0 : Math.abs(found[row]! - distance)).toBeLessThan(
            26 * 26 * 2 ** -52,
          );
          expect(Number.isNaN(found[row]!)).toBe(Number.isNaN(distance));
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('the longest vectors there are do not overflow the sums', () => {
  const rows = [127, -127, 127, -127, 127].map((x) => Array.from({ length: 1024 }, () => x));
  // Of four others two are the same direction and two the opposite, or one and three.
  expect([...interDistances(vectorsOf(rows, 1024))]).toEqual([1, 1.5, 1, 1.5, 1]);
  expect([...interDistances(vectorsOf(rows, 1024), 1)]).toEqual([0, 0, 0, 0, 0]);
});

test('one centre has no others, and none is no error', () => {
  expect([...interDistances(vectorsOf([Array.from({ length: 16 }, () => 1)], 16))]).toEqual([NaN]);
  expect([...interDistances(vectorsOf([], 16))]).toEqual([]);
});

test('a centre that says nothing is at distance 1 from all', () => {
  const rows = [0, 9, 5].map((x) => Array.from({ length: 16 }, () => x));
  expect([...interDistances(vectorsOf(rows, 16))]).toEqual([1, 0.5, 0.5]);
});

test('concepts with too few documents get the mean complexity of the others', () => {
  const intra = Float64Array.of(0.2, 0.4, 0.9, NaN, 0.3);
  const inter = Float64Array.of(0.5, 0.5, 0.5, 0.5, NaN);
  const found = complexities(intra, inter, Uint32Array.of(3, 100, 2, 50, 50));
  // 0.2 * 0.5 = 0.1 and 0.4 * 0.5 = 0.2.
  expect([...found].map((value) => Number(value.toFixed(12)))).toEqual([0.1, 0.2, 0.15, 0.15, 0.15]);
  expect([...complexities(intra, inter, new Uint32Array(5))]).toEqual([1, 1, 1, 1, 1]);
  expect([...complexities(new Float64Array(0), new Float64Array(0), new Uint32Array(0))]).toEqual([]);
});

test('shares are the published ones', () => {
  const found = shares(Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.5), 0.1);
  // Worked out from the definition of density-based pruning, to 5 digits.
  expect([...found].map((share) => share.toFixed(5))).toEqual([
    '0.01166',
    '0.03168',
    '0.08613',
    '0.23412',
    '0.63641',
  ]);
});

test('shares sum to 1, grow with complexity and survive extremes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 4, noNaN: true }), { minLength: 1, maxLength: 40 }),
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
      (values, temperature) => {
        const found = shares(Float64Array.from(values), temperature);
        expect(Math.abs(found.reduce((sum, share) => sum + share, 0) - 1)).toBeLessThan(40 * 2 ** -52);
        const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!);
        for (let at = 1; at < order.length; at++) {
          expect(found[order[at]!]!).toBeGreaterThanOrEqual(found[order[at - 1]!]!);
        }
      },
    ),
  );
  expect([...shares(Float64Array.of(1, 2), Infinity)]).toEqual([0.5, 0.5]);
  expect([...shares(Float64Array.of(1e9, 0), 1e-9)]).toEqual([1, 0]);
  expect([...shares(new Float64Array(0), 1)]).toEqual([]);
});

test('a temperature that is not above 0 is refused', () => {
  for (const temperature of [0, -1, NaN]) {
    expect(() => shares(Float64Array.of(1), temperature)).toThrow(RangeError);
  }
});
