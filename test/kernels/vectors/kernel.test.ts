import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CENTER_NORM,
  type CenterKernel,
  type Centers,
  centerSquares,
  createNearest,
  DOTS,
  type Nearest,
  similarity,
} from '../../../src/kernels/vectors/centers.ts';
import { createCenterKernel } from '../../../src/kernels/vectors/kernel.ts';
import { cosine, quantise, type Vectors } from '../../../src/kernels/vectors/vectors.ts';

const KERNELS = ['simd', 'scalar'] as const;

function vectorsOf(dimensions: number, values: Int8Array): Vectors {
  const count = values.length / dimensions;
  const squares = Uint32Array.from({ length: count }, (_, i) =>
    values.subarray(i * dimensions, (i + 1) * dimensions).reduce((sum, value) => sum + value * value, 0),
  );
  return { count, dimensions, values, squares };
}

const centersOf = (dimensions: number, values: Int16Array): Centers => ({
  count: values.length / dimensions,
  dimensions,
  values,
});

const rowsOf = ({ count }: Vectors): Uint32Array => Uint32Array.from({ length: count }, (_, i) => i);

function nearestOf(kernel: CenterKernel, vectors: Vectors, rows: Uint32Array, group: number): Nearest {
  const into = createNearest(rows.length);
  kernel.nearest(vectors, rows, group, into);
  return into;
}

/** The order said of centres, in whole numbers without a limit. */
function sorted(
  vectors: Vectors,
  row: number,
  centers: Centers,
  start: number,
  end: number,
): [number, bigint][] {
  const { dimensions } = vectors;
  const dots: [number, bigint][] = [];
  for (let center = start; center < end; center++) {
    let dot = 0n;
    for (let at = 0; at < dimensions; at++) {
      dot +=
        BigInt(vectors.values[row * dimensions + at]!) * BigInt(centers.values[center * dimensions + at]!);
    }
    dots.push([center - start, dot]);
  }
  return dots.sort(([i, a], [j, b]) => (a === b ? i - j : a > b ? -1 : 1));
}

/** Few different values, so that equal dot products are common. */
const cases = fc
  .record({
    dimensions: fc.integer({ min: 1, max: 5 }).map((sixteenths) => 16 * sixteenths),
    rows: fc.integer({ min: 0, max: 9 }),
    groups: fc.array(fc.integer({ min: 1, max: 11 }), { minLength: 1, maxLength: 4 }),
    most: fc.constantFrom(1, 127),
    seed: fc.integer(),
  })
  .map(({ dimensions, rows, groups, most, seed }) => {
    let state = seed;
    const below = (count: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return (state >>> 8) % count;
    };
    const count = groups.reduce((a, b) => a + b, 0);
    // A norm of sqrt(80) * 2048 is below the limit.
    const largest = most === 1 ? 1 : 2048;
    return {
      vectors: vectorsOf(
        dimensions,
        Int8Array.from({ length: rows * dimensions }, () => below(2 * most + 1) - most),
      ),
      centers: centersOf(
        dimensions,
        Int16Array.from({ length: count * dimensions }, () => below(2 * largest + 1) - largest),
      ),
      starts: Uint32Array.from([0, ...groups], (_, i) => groups.slice(0, i).reduce((a, b) => a + b, 0)),
      rows: Uint32Array.from({ length: rows === 0 ? 0 : rows + 3 }, () => below(rows)),
    };
  });

test('both kernels find the nearest two centres of a group that whole numbers without a limit do', () => {
  fc.assert(
    fc.property(cases, ({ vectors, centers, starts, rows }) => {
      for (const name of KERNELS) {
        const kernel = createCenterKernel(vectors.dimensions, name);
        kernel.load(centers, starts);
        for (let group = 0; group + 1 < starts.length; group++) {
          const { indices, seconds, dots, secondDots } = nearestOf(kernel, vectors, rows, group);
          for (const [i, row] of rows.entries()) {
            const order = sorted(vectors, row, centers, starts[group]!, starts[group + 1]!);
            const first = order[0]!;
            const second = order[1] ?? first;
            expect([indices[i], BigInt(dots[i]!)]).toEqual(first);
            expect([seconds[i], BigInt(secondDots[i]!)]).toEqual(second);
          }
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('both kernels give the dot products of a group of up to four, and 0 for what it lacks', () => {
  fc.assert(
    fc.property(cases, fc.integer({ min: 1, max: 4 }), ({ vectors, centers, rows }, size) => {
      const count = Math.min(size, centers.count);
      for (const name of KERNELS) {
        const kernel = createCenterKernel(vectors.dimensions, name);
        kernel.load(centers, Uint32Array.of(0, count));
        const dots = new Int32Array(DOTS * rows.length).fill(-1);
        kernel.dots(vectors, rows, 0, dots);
        for (const [i, row] of rows.entries()) {
          const known = new Map(sorted(vectors, row, centers, 0, count));
          const expected = Array.from({ length: DOTS }, (_, center) => Number(known.get(center) ?? 0n));
          expect([...dots.subarray(DOTS * i, DOTS * (i + 1))]).toEqual(expected);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test.each(KERNELS)('the largest dot products there are do not overflow (%s)', (name) => {
  // All components -128 of 1024, and centres of twice the norm, the sign of each as that of the vector or against it.
  const vectors = vectorsOf(1024, new Int8Array(1024).fill(-128));
  const values = new Int16Array(3 * 1024).fill(-1024, 0, 1024).fill(1024, 1024, 2048);
  const centers = centersOf(1024, values);
  const kernel = createCenterKernel(1024, name);
  kernel.load(centers, Uint32Array.of(0, 3));
  const { indices, seconds, dots, secondDots } = nearestOf(kernel, vectors, Uint32Array.of(0), 0);
  expect([indices[0], dots[0], seconds[0], secondDots[0]]).toEqual([0, 2 ** 27, 2, 0]);
  kernel.load(centers, Uint32Array.of(1, 2));
  const against = nearestOf(kernel, vectors, Uint32Array.of(0), 0);
  expect([against.indices[0], against.dots[0], against.seconds[0]]).toEqual([0, -(2 ** 27), 0]);
  // All of it in one component.
  const one = new Int16Array(1024);
  one[0] = -32768;
  kernel.load(centersOf(1024, one), Uint32Array.of(0, 1));
  expect(nearestOf(kernel, vectors, Uint32Array.of(0), 0).dots[0]).toBe(2 ** 22);
});

test.each(KERNELS)('of centres that are equal the first is nearest and the next is second (%s)', (name) => {
  const dimensions = 16;
  const values = new Int16Array(9 * dimensions).fill(5);
  values.fill(4, 0, dimensions);
  const kernel = createCenterKernel(dimensions, name);
  kernel.load(centersOf(dimensions, values), Uint32Array.of(0, 9));
  const vectors = vectorsOf(dimensions, new Int8Array(2 * dimensions).fill(1, 0, dimensions));
  const { indices, seconds } = nearestOf(kernel, vectors, rowsOf(vectors), 0);
  expect([...indices]).toEqual([1, 0]);
  expect([...seconds]).toEqual([2, 1]);
});

test.each(KERNELS)('what is found of a row does not depend on the rows beside it (%s)', (name) => {
  // Three blocks, the last with one row; runs of neighbours and rows by themselves.
  const dimensions = 32;
  const values = Int8Array.from({ length: 513 * dimensions }, (_, i) => (Math.imul(i, 40503) >> 7) & 0x7f);
  const vectors = vectorsOf(dimensions, values);
  const kernel = createCenterKernel(dimensions, name);
  const centers = Int16Array.from({ length: 6 * dimensions }, (_, i) => (Math.imul(i, 2654435) >> 9) % 1000);
  kernel.load(centersOf(dimensions, centers), Uint32Array.of(0, 6));
  const all = nearestOf(kernel, vectors, rowsOf(vectors), 0);
  expect(new Set(all.indices).size).toBeGreaterThan(1);
  const backwards = nearestOf(kernel, vectors, rowsOf(vectors).reverse(), 0);
  expect([...backwards.dots].reverse()).toEqual([...all.dots]);
  for (const row of [0, 255, 256, 512]) {
    const alone = nearestOf(kernel, vectors, Uint32Array.of(row), 0);
    expect([alone.indices[0], alone.seconds[0], alone.dots[0]]).toEqual([
      all.indices[row],
      all.seconds[row],
      all.dots[row],
    ]);
  }
});

test('the similarity to a centre is the cosine of both as vectors', () => {
  const a = new Int8Array(16);
  const square = quantise(
    Float64Array.from({ length: 16 }, (_, i) => i - 4),
    a,
    0,
  );
  const vectors = vectorsOf(16, a);
  const kernel = createCenterKernel(16);
  const centers = centersOf(
    16,
    Int16Array.from(a, (value) => -value),
  );
  kernel.load(centers, Uint32Array.of(0, 1));
  const { dots } = nearestOf(kernel, vectors, Uint32Array.of(0), 0);
  expect(similarity(dots[0]!, square, centerSquares(centers)[0]!)).toBe(-cosine(vectors, 0, vectors, 0));
  expect(similarity(0, 0, 1)).toBe(0);
  expect(similarity(0, 1, 0)).toBe(0);
});

test('dimensions that vectors cannot have, other dimensions and too long a centre are refused', () => {
  for (const dimensions of [0, 8, 1040, Number.NaN]) {
    expect(() => createCenterKernel(dimensions)).toThrow(RangeError);
  }
  for (const name of KERNELS) {
    const kernel = createCenterKernel(16, name);
    expect(() => kernel.load(centersOf(32, new Int16Array(32)), Uint32Array.of(0, 1))).toThrow(RangeError);
    const long = new Int16Array(16).fill((2 * CENTER_NORM) / 4 + 1);
    expect(() => kernel.load(centersOf(16, long), Uint32Array.of(0, 1))).toThrow(RangeError);
  }
});
