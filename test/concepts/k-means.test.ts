import { describe, expect, test } from 'vitest';
import { type Distinct, distinctVectors } from '../../src/concepts/distinct-vectors.ts';
import { improve, type KMeansOptions, kMeans } from '../../src/concepts/k-means.ts';
import { seedCenters } from '../../src/concepts/seed-centers.ts';
import { CENTER_NORM, type Centers, centerSquares } from '../../src/kernels/vectors/centers.ts';
import { createCenterKernel } from '../../src/kernels/vectors/kernel.ts';
import type { Vectors } from '../../src/kernels/vectors/vectors.ts';
import { adjustedRandIndex } from './agreement.ts';
import { plant, rowsOf, shuffled, vectorsOf, zipf } from './planted.ts';

const options = (clusters: number, seed = 1, iterations = 20): KMeansOptions => ({
  clusters,
  seed,
  purpose: 'test',
  stream: 0,
  iterations,
});

const kernelOf = ({ vectors }: Distinct): ReturnType<typeof createCenterKernel> =>
  createCenterKernel(vectors.dimensions);

/** Each row as its own member, in the order it came. */
const asMembers = (vectors: Vectors): Distinct => ({
  vectors,
  counts: new Float64Array(vectors.count).fill(1),
});

/** Lloyd's algorithm on unit vectors in plain floating-point arithmetic, without bounds. */
function plainLloyd({ vectors, counts }: Distinct, first: Centers, iterations: number): number[] {
  const { count, dimensions, values, squares } = vectors;
  const units = Array.from({ length: count }, (_, i) =>
    Array.from(
      values.subarray(i * dimensions, (i + 1) * dimensions),
      (value) => value / Math.sqrt(squares[i]!),
    ),
  );
  let centers = Array.from({ length: first.count }, (_, i) => [
    ...first.values.subarray(i * dimensions, (i + 1) * dimensions),
  ]);
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, x, at) => sum + x * b[at]!, 0);
  const assign = (): number[] =>
    units.map((unit) => {
      const cosines = centers.map((center) => dot(unit, center) / Math.sqrt(dot(center, center)));
      return cosines.indexOf(Math.max(...cosines));
    });
  let assigned = assign();
  for (let iteration = 0; iteration < iterations; iteration++) {
    centers = centers.map((center, index) => {
      const sum = center.map(() => 0);
      for (const [i, unit] of units.entries()) {
        if (assigned[i] === index) for (const [at, x] of unit.entries()) sum[at]! += counts[i]! * x;
      }
      return sum;
    });
    assigned = assign();
  }
  return assigned;
}

describe('different vectors of a sample', () => {
  const { vectors } = plant([3, 2, 2], 16, 0.5, 4);
  const zero = new Float64Array(16);
  const sample = {
    ...rowsOf(vectors, [0, 1, 2, 3, 1, 1, 0]),
  };

  test('are counted, and those that say nothing left out', () => {
    const nothing = vectorsOf([zero, zero], 16);
    const both: Vectors = {
      count: sample.count + 2,
      dimensions: 16,
      values: Int8Array.of(
        ...nothing.values.subarray(0, 16),
        ...sample.values,
        ...nothing.values.subarray(16),
      ),
      squares: Uint32Array.of(0, ...sample.squares, 0),
    };
    const { vectors: found, counts } = distinctVectors(both);
    expect(found.count).toBe(4);
    expect([...counts.slice().sort()]).toEqual([1, 1, 2, 3]);
    const squareOf = new Map(Array.from(counts, (count, i) => [count, found.squares[i]]));
    expect(squareOf.get(3)).toBe(vectors.squares[1]);
    expect(squareOf.get(2)).toBe(vectors.squares[0]);
  });

  test('have one order, whatever the order of the sample', () => {
    const found = distinctVectors(sample);
    expect(distinctVectors(rowsOf(sample, [6, 5, 4, 3, 2, 1, 0]))).toEqual(found);
    expect(distinctVectors(rowsOf(sample, [])).vectors.count).toBe(0);
  });
});

describe('k-means', () => {
  test.each([1, 2, 3, 4, 5])('finds planted directions of Zipf sizes again (seed %i)', (seed) => {
    // Of two random directions of 64 dimensions the cosine is 0 with a deviation of 1/8; a document's to its own is about 0.96.
    const { vectors, labels } = plant(zipf(20, 400), 64, 0.3, seed);
    const members = asMembers(vectors);
    const { centers, assigned } = kMeans(members, kernelOf(members), options(20, seed));
    expect(centers.count).toBe(20);
    expect(adjustedRandIndex(assigned, labels)).toBe(1);
  });

  test('assigns as plain floating-point arithmetic does from the same first centres', () => {
    for (const seed of [1, 2, 3]) {
      // So much noise that clusters touch and members move for many iterations.
      const { vectors } = plant([60, 50, 40, 30, 20], 32, 2, seed);
      const members = { vectors, counts: Float64Array.from({ length: 200 }, (_, i) => 1 + (i % 3)) };
      const kernel = kernelOf(members);
      const first = seedCenters(members, kernel, 7, options(7, seed));
      for (const iterations of [0, 1, 2, 5, 12]) {
        const { assigned } = improve(members, kernel, first, iterations);
        expect([...assigned], `seed ${seed}, ${iterations} iterations`).toEqual(
          plainLloyd(members, first, iterations),
        );
      }
    }
  });

  test('gives members the centre that the kernel finds with the last centres', () => {
    const { vectors } = plant(zipf(30, 100), 32, 1.5, 9);
    const members = asMembers(vectors);
    const kernel = kernelOf(members);
    for (const iterations of [1, 3, 20]) {
      const { centers, assigned } = kMeans(members, kernel, options(40, 2, iterations));
      kernel.load(centers, Uint32Array.of(0, centers.count));
      const indices = new Uint32Array(vectors.count);
      const rest = { seconds: new Uint32Array(vectors.count), dots: new Int32Array(vectors.count) };
      const rows = Uint32Array.from(indices, (_, row) => row);
      kernel.nearest(vectors, rows, 0, { indices, ...rest, secondDots: new Int32Array(vectors.count) });
      expect(assigned).toEqual(indices);
      expect(new Set(assigned).size).toBe(centers.count);
    }
  });

  test('counts a member as often as documents have it', () => {
    // Two directions and one between them that many documents have.
    const axes = [0, 1].map((axis) => Float64Array.from({ length: 16 }, (_, at) => (at === axis ? 1 : 0)));
    const between = axes[0]!.map((x, at) => x + 0.8 * axes[1]![at]!);
    const vectors = vectorsOf([...axes, between], 16);
    const members = { vectors, counts: Float64Array.of(1, 1, 1000) };
    const { centers } = kMeans(members, kernelOf(members), options(1));
    const [x, y] = centers.values;
    // The mean of many documents is where they are, to one part in a thousand and half a unit of rounding of 127.
    expect(y! / x!).toBeCloseTo(0.8, 1);
    expect(Math.abs(y! / x! - Math.floor(0.8 * 127 + 0.5) / 127)).toBeLessThan(0.002);
  });

  test('makes centres of one norm', () => {
    const { vectors } = plant([50, 50], 128, 1, 3);
    const members = asMembers(vectors);
    const { centers } = kMeans(members, kernelOf(members), options(8));
    for (const square of centerSquares(centers)) {
      // Rounding moves a centre by at most half a unit in each of 128 dimensions.
      expect(Math.abs(Math.sqrt(square) - CENTER_NORM)).toBeLessThanOrEqual(Math.sqrt(128) / 2);
    }
  });

  test('finds each member where there are as many clusters', () => {
    const { vectors } = plant([5, 4], 32, 1, 3);
    const members = asMembers(vectors);
    const { centers, assigned } = kMeans(members, kernelOf(members), options(9));
    expect(centers.count).toBe(9);
    expect(new Set(assigned).size).toBe(9);
  });

  test('gives a centre without members the farthest member of the largest cluster', () => {
    // All but one row in one cluster of axis 0; the second centre looks away from all.
    const rows = [0.1, 0.2, 0.3, 0.9].map((y) =>
      Float64Array.from({ length: 16 }, (_, at) => (at === 0 ? 1 : at === 1 ? y : 0)),
    );
    const members = asMembers(vectorsOf(rows, 16));
    const values = new Int16Array(32);
    values[0] = CENTER_NORM;
    values[16] = -CENTER_NORM;
    const { centers, assigned } = improve(
      members,
      kernelOf(members),
      { count: 2, dimensions: 16, values },
      20,
    );
    expect(centers.count).toBe(2);
    expect([...assigned]).toEqual([0, 0, 0, 1]);
  });

  test('leaves out centres that no member is nearest to', () => {
    // One vector for two centres: nothing to take from.
    const members = asMembers(vectorsOf([Float64Array.from({ length: 16 }, (_, at) => at + 1)], 16));
    const values = new Int16Array(32).fill(-4096, 0, 16).fill(4096, 16);
    const { centers, assigned } = improve(
      members,
      kernelOf(members),
      { count: 2, dimensions: 16, values },
      20,
    );
    expect(centers.count).toBe(1);
    expect([...assigned]).toEqual([0]);
  });

  test('keeps a centre whose members cancel each other', () => {
    const row = Float64Array.from({ length: 16 }, (_, at) => (at === 0 ? 1 : 0));
    const members = asMembers(vectorsOf([row, row.map((x) => -x)], 16));
    const { centers } = kMeans(members, kernelOf(members), options(1));
    expect(Math.abs(centers.values[0]!)).toBe(CENTER_NORM);
  });

  test('draws other first centres for another seed, purpose or stream', () => {
    const { vectors } = plant([500], 64, 1, 3);
    const members = asMembers(vectors);
    const first = (changes: Partial<KMeansOptions>): string =>
      seedCenters(members, kernelOf(members), 3, { ...options(3), ...changes }).values.join();
    const all = [{}, { seed: 2 }, { seed: 1 + 2 ** 32 }, { purpose: 'other' }, { stream: 1 }].map(first);
    expect(new Set(all).size).toBe(all.length);
    expect(first({})).toBe(all[0]);
  });

  test('finds the same with either kernel, to the bit', () => {
    const { vectors } = plant(zipf(10, 60), 48, 1, 3);
    const members = distinctVectors(
      rowsOf(
        vectors,
        shuffled(
          Uint32Array.from({ length: vectors.count }, (_, i) => i),
          5,
        ),
      ),
    );
    const [simd, scalar] = (['simd', 'scalar'] as const).map((name) =>
      kMeans(members, createCenterKernel(48, name), options(12)),
    );
    expect(simd).toEqual(scalar);
  });
});
