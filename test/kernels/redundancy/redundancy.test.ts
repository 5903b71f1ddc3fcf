import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedundancyKernel, type Redundancy } from '../../../src/kernels/redundancy/redundancy.ts';
import { cosine, MOST_DIMENSIONS, quantise, type Vectors } from '../../../src/kernels/vectors/vectors.ts';

const simd = createRedundancyKernel();
const scalar = createRedundancyKernel('scalar');
const kernels = [
  ['simd', simd],
  ['scalar', scalar],
] as const;

/** Vectors of components as they are. */
function vectorsOf(rows: readonly (readonly number[])[], dimensions = 16): Vectors {
  const values = new Int8Array(rows.length * dimensions);
  for (const [i, row] of rows.entries()) values.set(row, i * dimensions);
  const squares = Uint32Array.from(rows, (row) => row.reduce((sum, component) => sum + component ** 2, 0));
  return { count: rows.length, dimensions, values, squares };
}

/** Numbers from 0 to below 1 that look random: xorshift32 (Marsaglia 2003). */
function drawsFrom(seed: number): () => number {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}

/** Directions around a common one, a part of them an earlier one with some noise; later components are smaller, as after an SVD. */
function clusterOf(count: number, dimensions: number, noise: number, seed: number): Vectors {
  const draw = drawsFrom(seed);
  const component = (): number => draw() + draw() + draw() - 1.5;
  const common = Array.from({ length: dimensions }, component);
  const rows: number[][] = [];
  const vectors = {
    count,
    dimensions,
    values: new Int8Array(count * dimensions),
    squares: new Uint32Array(count),
  };
  for (let i = 0; i < count; i++) {
    const original = draw() < 0.3 ? rows[Math.floor(draw() * i)] : undefined;
    const row = common.map((shared, at) =>
      original === undefined
        ? (shared + component()) / Math.sqrt(1 + at)
        : original[at]! + (noise * component()) / Math.sqrt(1 + at),
    );
    rows.push(row);
    vectors.squares[i] = quantise(Float64Array.from(row), vectors.values, i * dimensions);
  }
  return vectors;
}

/** The definition in exact arithmetic: dot > 0 and dot^2 >= threshold^2 * squares, with a threshold of `part / whole`. */
function exactTwins(
  { count, dimensions, values }: Vectors,
  part: bigint,
  whole: bigint,
  form: 'leaders' | 'published',
): number[] {
  const rows = Array.from({ length: count }, (_, i) =>
    Array.from(values.subarray(i * dimensions, (i + 1) * dimensions), BigInt),
  );
  const dot = (a: readonly bigint[], b: readonly bigint[]): bigint =>
    a.reduce((sum, component, at) => sum + component * b[at]!, 0n);
  const squares = rows.map((row) => dot(row, row));
  const twins: number[] = [];
  for (const [i, row] of rows.entries()) {
    const alike = rows.slice(0, i).flatMap((other, j) => {
      const product = dot(row, other);
      const left = product * product * whole * whole;
      const right = squares[i]! * squares[j]! * part * part;
      const isAlike = form === 'leaders' ? twins[j] === -1 && left >= right : left > right;
      return product > 0n && isAlike ? [{ j, product }] : [];
    });
    let twin = alike[0];
    for (const other of form === 'leaders' ? [] : alike) {
      const best = twin!;
      if (other.product ** 2n * squares[best.j]! > best.product ** 2n * squares[other.j]!) twin = other;
    }
    twins.push(twin?.j ?? -1);
  }
  return twins;
}

describe.each(kernels)('redundant documents (%s)', (_, kernel) => {
  const findRedundant: typeof kernel.findRedundant = (vectors, options) =>
    kernel.findRedundant(vectors, options);

  test('has none among no documents and in a single one', () => {
    expect(findRedundant(vectorsOf([]), { threshold: 0.9, form: 'leaders' })).toEqual({
      twins: new Int32Array(0),
      similarities: new Float64Array(0),
    });
    for (const form of ['leaders', 'published'] as const) {
      expect(findRedundant(vectorsOf([[1, 2]]), { threshold: 0.9, form })).toEqual({
        twins: Int32Array.of(-1),
        similarities: Float64Array.of(Number.NaN),
      });
    }
  });

  test('drops the end of a chain only in the published form', () => {
    // 0, 20 and 40 degrees: neighbours have cosine 0.94, the ends 0.77.
    const chain = vectorsOf([
      [127, 0],
      [119, 43],
      [97, 82],
    ]);
    expect([...findRedundant(chain, { threshold: 0.9, form: 'leaders' }).twins]).toEqual([-1, 0, -1]);
    expect([...findRedundant(chain, { threshold: 0.9, form: 'published' }).twins]).toEqual([-1, 0, 1]);
  });

  test('names the first kept document that is alike, or in the published form the most alike', () => {
    const documents = vectorsOf([
      [100, 40],
      [0, 127],
      [100, 0],
      [100, 2],
      [50, 1],
    ]);
    const leaders = findRedundant(documents, { threshold: 0.9, form: 'leaders' });
    expect([...leaders.twins]).toEqual([-1, -1, 0, 0, 0]);
    expect(leaders.similarities[2]).toBe(10_000 / Math.sqrt(11_600 * 10_000));
    const published = findRedundant(documents, { threshold: 0.9, form: 'published' });
    expect([...published.twins]).toEqual([-1, -1, 0, 2, 3]);
    expect(published.similarities[4]).toBe(1);
  });

  test('takes a cosine of just the threshold in its own form, and not in the published one', () => {
    // Cosine 3/5, and just above.
    const documents = vectorsOf([[5], [3, 4], [0, 0, 1], [0, 0, 31, 40]]);
    const find = (threshold: number, form: 'leaders' | 'published'): number[] => [
      ...findRedundant(documents, { threshold, form }).twins,
    ];
    expect(find(0.6, 'leaders')).toEqual([-1, 0, -1, 2]);
    expect(find(0.6, 'published')).toEqual([-1, -1, -1, 2]);
    expect(find(0.5999, 'published')).toEqual([-1, 0, -1, 2]);
    expect(find(0.62, 'leaders')).toEqual([-1, -1, -1, -1]);
  });

  test('finds documents of one direction at a threshold of 1, whatever their lengths, and not the opposite one', () => {
    const documents = vectorsOf([
      [3, -6, 9],
      [1, -2, 3],
      [-1, 2, -3],
      [1, -2, 4],
      [-2, 4, -6],
    ]);
    expect([...findRedundant(documents, { threshold: 1, form: 'leaders' }).twins]).toEqual([
      -1, 0, -1, -1, 2,
    ]);
  });

  test('keeps documents that say nothing, and drops none for them', () => {
    const documents = vectorsOf([[], [1], [], [1], []]);
    for (const form of ['leaders', 'published'] as const) {
      expect([...findRedundant(documents, { threshold: 0.0001, form }).twins]).toEqual([-1, -1, -1, 1, -1]);
    }
  });

  test('is exact at the largest sums there are', () => {
    const full = Array.from({ length: MOST_DIMENSIONS }, () => 127);
    const documents = vectorsOf([full, full, full.map((component) => -component)], MOST_DIMENSIONS);
    const { twins, similarities } = findRedundant(documents, { threshold: 1, form: 'leaders' });
    expect([...twins]).toEqual([-1, 0, -1]);
    expect([...similarities]).toEqual([Number.NaN, 1, Number.NaN]);
  });

  test('compares with no more documents than it may', () => {
    const documents = vectorsOf([[1], [0, 1], [0, 0, 1], [0, 0, 1], [0, 1], [1]]);
    const find = (mostComparisons: number, form: 'leaders' | 'published'): number[] => [
      ...findRedundant(documents, { threshold: 0.9, form, mostComparisons }).twins,
    ];
    expect(find(0, 'leaders')).toEqual([-1, -1, -1, -1, -1, -1]);
    expect(find(1, 'leaders')).toEqual([-1, -1, -1, -1, -1, 0]);
    expect(find(2, 'published')).toEqual([-1, -1, -1, -1, 1, 0]);
    expect(find(3, 'leaders')).toEqual([-1, -1, -1, 2, 1, 0]);
    expect(find(1e9, 'published')).toEqual([-1, -1, -1, 2, 1, 0]);
  });

  test('forgets one block before the next', () => {
    const find = (rows: number[][], dimensions: number): number[] => [
      ...findRedundant(vectorsOf(rows, dimensions), { threshold: 0.9, form: 'leaders' }).twins,
    ];
    expect(find([[1], [1], [1], [1], [1], [1]], 32)).toEqual([-1, 0, 0, 0, 0, 0]);
    expect(find([[0, 1], [1]], 16)).toEqual([-1, -1]);
  });

  test.each([0, -0.5, 1.0001, Number.NaN])('refuses a threshold of %s', (threshold) => {
    expect(() => findRedundant(vectorsOf([[1]]), { threshold, form: 'leaders' })).toThrow(RangeError);
  });

  test.each([-1, 0.5, Number.NaN])('refuses %s comparisons', (mostComparisons) => {
    expect(() => findRedundant(vectorsOf([[1]]), { threshold: 1, form: 'leaders', mostComparisons })).toThrow(
      RangeError,
    );
  });

  test('says what exact arithmetic says', () => {
    const rows = fc.constantFrom(16, 48).chain((dimensions) =>
      fc.tuple(
        fc.constant(dimensions),
        fc.array(
          fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: -4, max: 4 })), {
            minLength: dimensions,
            maxLength: dimensions,
          }),
          { maxLength: 24 },
        ),
      ),
    );
    fc.assert(
      // Powers of two below, so that threshold^2 is exact in double arithmetic, too.
      fc.property(rows, fc.integer({ min: 1, max: 64 }), ([dimensions, documents], part) => {
        const vectors = vectorsOf(documents, dimensions);
        for (const form of ['leaders', 'published'] as const) {
          const { twins } = findRedundant(vectors, { threshold: part / 64, form });
          expect([...twins]).toEqual(exactTwins(vectors, BigInt(part), 64n, form));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('twins of the kernel', () => {
  const both = (vectors: Vectors, options: Parameters<typeof simd.findRedundant>[1]): Redundancy => {
    const found = simd.findRedundant(vectors, options);
    expect(found).toEqual(scalar.findRedundant(vectors, options));
    return found;
  };

  test('give the same bits on any vectors', () => {
    const vectors = fc
      .record({
        dimensions: fc.constantFrom(16, 32, 80, 128),
        count: fc.nat(70),
        seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
        noise: fc.constantFrom(0, 0.1, 0.5, 1),
      })
      .map(({ dimensions, count, seed, noise }) => clusterOf(count, dimensions, noise, seed));
    fc.assert(
      fc.property(
        vectors,
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.constantFrom('leaders', 'published'),
        fc.option(fc.nat(40), { nil: undefined }),
        (documents, threshold, form, mostComparisons) => {
          both(documents, { threshold, form, ...(mostComparisons !== undefined && { mostComparisons }) });
        },
      ),
    );
  });

  test.each([0.3, 0.6, 0.9, 0.97, 0.999])('agree where heads decide most pairs, at %s', (threshold) => {
    const vectors = clusterOf(700, 128, 0.03, 7);
    for (const form of ['leaders', 'published'] as const) {
      expect(both(vectors, { threshold, form }).twins.some((twin) => twin >= 0)).toBe(true);
    }
  });

  test('agree where a pair lies on the threshold, wherever its components are', () => {
    // Cosine 3/5, 4/5 or 1 between those that share an axis, each axis in a head or in a tail, among many that end the others early.
    const rows = Array.from({ length: 400 }, (_, i) => {
      const row = Array.from({ length: 64 }, () => 0);
      row[(i * 7) % 63] = 3 * (1 + (i % 3));
      row[((i * 7) % 63) + 1] = i % 2 === 0 ? 4 * (1 + (i % 3)) : 0;
      return row;
    });
    const vectors = vectorsOf(rows, 64);
    for (const threshold of [0.6, 0.8, 1]) {
      for (const form of ['leaders', 'published'] as const) {
        const found = both(vectors, { threshold, form });
        if (form === 'leaders') continue;
        for (const similarity of found.similarities) {
          expect(Number.isNaN(similarity) || similarity > threshold).toBe(true);
        }
      }
    }
  });
});

describe('the published code', () => {
  /** `semdedup` of facebookresearch/SemDeDup as it reads: S = E E^T, the strict upper triangle, the maximum of each column, M > 1 - eps. */
  function publishedDrops(vectors: Vectors, epsilon: number): boolean[] {
    const { count, dimensions, values, squares } = vectors;
    const normalised = Array.from({ length: count }, (_, i) =>
      Float64Array.from(
        values.subarray(i * dimensions, (i + 1) * dimensions),
        (component) => component / Math.sqrt(squares[i]!),
      ),
    );
    return normalised.map((column, i) => {
      let most = 0;
      for (const row of normalised.slice(0, i)) {
        most = Math.max(
          most,
          row.reduce((sum, component, at) => sum + component * column[at]!, 0),
        );
      }
      // Sums of 128 products of at most 1 err by less than 128 * 2^-52: none of these lies so near to the threshold that it could matter.
      expect(Math.abs(most - (1 - epsilon))).toBeGreaterThan(1e-13);
      return most > 1 - epsilon;
    });
  }

  test.each([0.005, 0.01, 0.05, 0.1, 0.3])('drops the same documents at epsilon %s', (epsilon) => {
    const vectors = clusterOf(300, 128, 0.2, 11);
    const { twins } = simd.findRedundant(vectors, { threshold: 1 - epsilon, form: 'published' });
    const drops = Array.from(twins, (twin) => twin >= 0);
    expect(drops).toEqual(publishedDrops(vectors, epsilon));
    expect(drops).toContain(true);
    expect(drops).toContain(false);
  });
});

describe('leaders', () => {
  test('are alike to no other leader, and every other document to its twin', () => {
    const vectors = clusterOf(500, 64, 0.2, 3);
    const { twins, similarities } = simd.findRedundant(vectors, { threshold: 0.9, form: 'leaders' });
    const leaders = [...twins.keys()].filter((i) => twins[i] === -1);
    let closest = 0;
    for (const [place, leader] of leaders.entries()) {
      for (const other of leaders.slice(0, place)) {
        closest = Math.max(closest, cosine(vectors, leader, vectors, other));
      }
    }
    expect(closest).toBeLessThan(0.9);
    for (const [i, twin] of twins.entries()) {
      if (twin === -1) continue;
      expect(twin).toBeLessThan(i);
      expect(twins[twin]).toBe(-1);
      expect(similarities[i]).toBe(cosine(vectors, i, vectors, twin));
    }
  });
});
