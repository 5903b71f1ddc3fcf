import { describe, expect, test } from 'vitest';
import {
  type ConceptTree,
  createRouter,
  type Places,
  shareTree,
  trainTree,
} from '../../src/concepts/tree.ts';
import type { Vectors } from '../../src/kernels/vectors/vectors.ts';
import { adjustedRandIndex, purity } from './agreement.ts';
import { type Planted, plant, rowsOf, shuffled, vectorsOf, zipf } from './planted.ts';

const KERNELS = ['simd', 'scalar'] as const;

const seed = 11;

/** Nearest branch, then nearest leaf there, by whole numbers. */
function plainRoute(
  { dimensions, leafStarts, branchCenters, leafCenters }: ConceptTree,
  vectors: Vectors,
  row: number,
): number[] {
  const dot = (centers: Int16Array, center: number): number => {
    let sum = 0;
    for (let at = 0; at < dimensions; at++) {
      sum += vectors.values[row * dimensions + at]! * centers[center * dimensions + at]!;
    }
    return sum;
  };
  const byDot = (centers: Int16Array, start: number, end: number): number[] =>
    Array.from({ length: end - start }, (_, i) => start + i).sort(
      (a, b) => dot(centers, b) - dot(centers, a) || a - b,
    );
  const branch = byDot(branchCenters, 0, leafStarts.length - 1)[0]!;
  const [first, second = first] = byDot(leafCenters, leafStarts[branch]!, leafStarts[branch + 1]!);
  return [first!, second!];
}

const sizesOf = (tree: ConceptTree, { concepts }: Places): number[] => {
  const sizes = Array.from({ length: tree.leaves + 1 }, () => 0);
  for (const concept of concepts) sizes[concept]!++;
  return sizes;
};

function expectSound(tree: ConceptTree): void {
  const { dimensions, leaves, leafStarts, branchCenters, leafCenters } = tree;
  expect(leafStarts[0]).toBe(0);
  expect(leafStarts.at(-1)).toBe(leaves);
  for (let branch = 0; branch + 1 < leafStarts.length; branch++) {
    expect(leafStarts[branch + 1]).toBeGreaterThan(leafStarts[branch]!);
  }
  expect(branchCenters.length).toBe((leafStarts.length - 1) * dimensions);
  expect(leafCenters.length).toBe(leaves * dimensions);
}

describe('a tree of concepts', () => {
  test.each([1, 2, 3])('of one branch finds planted directions again (seed %i)', (seed) => {
    const { vectors, labels } = plant(zipf(10, 300), 64, 0.3, seed);
    const tree = trainTree(vectors, { leaves: 10, seed });
    expectSound(tree);
    expect([tree.leaves, tree.leafStarts.length]).toEqual([10, 2]);
    expect(adjustedRandIndex(createRouter(tree).route(vectors).concepts, labels)).toBe(1);
  });

  test('of many leaves never mixes planted directions of Zipf sizes, and gives large ones more leaves', () => {
    const { vectors, labels } = plant(zipf(64, 600), 64, 0.3, 5);
    const tree = trainTree(vectors, { leaves: 400, seed });
    expectSound(tree);
    expect(tree.leafStarts.length - 1).toBe(20);
    expect(tree.leaves).toBeGreaterThan(380);
    const places = createRouter(tree).route(vectors);
    expect(purity(places.concepts, labels)).toBe(1);
    const leavesOf = (label: number): number =>
      new Set(places.concepts.filter((_, row) => labels[row] === label)).size;
    expect(leavesOf(0)).toBeGreaterThan(10 * leavesOf(63));
    // A fifth of all documents is of direction 0; no leaf is large by the measure of the tree.
    const sizes = sizesOf(tree, places);
    expect(Math.max(...sizes)).toBeLessThanOrEqual((4 * vectors.count) / 400);
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThan(0);
    expect(sizes.at(-1)).toBe(0);
  });

  test('does not depend on the order of the sample, to the bit', () => {
    const { vectors } = plant(zipf(40, 150), 32, 1, 5);
    const rows = Uint32Array.from({ length: vectors.count }, (_, row) => row);
    // Some twice.
    const sample = rowsOf(vectors, [...rows, 3, 5, 5, 8]);
    const tree = trainTree(sample, { leaves: 100, seed });
    const order = Uint32Array.from({ length: sample.count }, (_, row) => row);
    for (const shuffle of [1, 2]) {
      expect(trainTree(rowsOf(sample, shuffled(order, shuffle)), { leaves: 100, seed })).toEqual(tree);
    }
    expect(trainTree(sample, { leaves: 100, seed: seed + 1 })).not.toEqual(tree);
    expect(trainTree(sample, { leaves: 100, seed, kernel: 'scalar' })).toEqual(tree);
  });

  test('of a flooded sample gives the flood leaves, and tells the others apart as before', () => {
    // 3 in 4 documents are near to each other.
    const { vectors, labels }: Planted = plant([3000, ...Array.from({ length: 20 }, () => 50)], 64, 0.3, 6);
    const tree = trainTree(vectors, { leaves: 64, seed });
    expectSound(tree);
    const places = createRouter(tree).route(vectors);
    expect(purity(places.concepts, labels)).toBeGreaterThan(0.85);
    const flood = new Set(places.concepts.filter((_, row) => labels[row] === 0));
    expect(flood.size).toBeGreaterThan(24);
  });

  test('of a sample flooded by one vector leaves the flood in one leaf', () => {
    const { vectors, labels } = plant(
      Array.from({ length: 20 }, () => 20),
      64,
      0.3,
      6,
    );
    const rows = Uint32Array.from({ length: vectors.count }, (_, row) => row);
    const flooded = rowsOf(vectors, [...rows, ...Array.from({ length: 5000 }, () => 7)]);
    const tree = trainTree(flooded, { leaves: 64, seed });
    expectSound(tree);
    const { concepts } = createRouter(tree).route(vectors);
    expect(new Set(concepts.filter((_, row) => labels[row] !== labels[7])).size).toBeGreaterThan(15);
  });

  test('of equal documents, or of one, is one leaf', () => {
    const row = Float64Array.from({ length: 16 }, (_, at) => at - 5);
    for (const rows of [[row], Array.from({ length: 100 }, () => row)]) {
      const vectors = vectorsOf(rows, 16);
      const tree = trainTree(vectors, { leaves: 64, seed });
      expectSound(tree);
      expect(tree.leaves).toBe(1);
      const { concepts, seconds, similarities } = createRouter(tree).route(vectors);
      expect(new Set([...concepts, ...seconds])).toEqual(new Set([0]));
      // A centre is rounded by half a unit in each of 16 dimensions: an angle of at most 2 / 2^14, half whose square is lost.
      for (const similarity of similarities)
        expect(Math.abs(similarity - 1)).toBeLessThan((2 / 2 ** 14) ** 2);
    }
  });

  test.each([15, 16, 17, 40])(
    'of as many leaves as documents, or more, has a leaf for each (%i documents)',
    (count) => {
      const { vectors } = plant([count], 32, 1, 8);
      for (const leaves of [count, 3 * count]) {
        const tree = trainTree(vectors, { leaves, seed });
        expectSound(tree);
        expect(tree.leaves).toBe(count);
        expect(new Set(createRouter(tree).route(vectors).concepts).size).toBe(count);
      }
    },
  );

  test('says of documents that say nothing that they belong nowhere', () => {
    const zero = new Float64Array(16);
    const row = Float64Array.from({ length: 16 }, (_, at) => at - 5);
    const vectors = vectorsOf([zero, row, zero, row.map((x) => -x)], 16);
    const tree = trainTree(vectors, { leaves: 8, seed });
    expect(tree.leaves).toBe(2);
    const { concepts, seconds, similarities } = createRouter(tree).route(vectors);
    expect([concepts[0], seconds[0], similarities[0], concepts[2]]).toEqual([2, 2, 0, 2]);
    expect(new Set([concepts[1], concepts[3]])).toEqual(new Set([0, 1]));
    expect([seconds[1], seconds[3]]).toEqual([concepts[3], concepts[1]]);
  });

  test('of a sample that says nothing has no leaves', () => {
    for (const rows of [0, 3]) {
      const tree = trainTree(
        vectorsOf(
          Array.from({ length: rows }, () => new Float64Array(16)),
          16,
        ),
        { leaves: 8, seed },
      );
      expectSound(tree);
      expect(tree.leaves).toBe(0);
      const vectors = vectorsOf([new Float64Array(16).fill(1)], 16);
      for (const name of KERNELS) {
        const { concepts, seconds, similarities } = createRouter(shareTree(tree), name).route(vectors);
        expect([concepts[0], seconds[0], similarities[0]]).toEqual([0, 0, 0]);
      }
    }
  });

  test('routes by whole numbers, whatever is routed together', () => {
    const { vectors } = plant(zipf(30, 100), 48, 1, 3);
    const tree = trainTree(vectors, { leaves: 50, seed });
    const { vectors: others } = plant(zipf(30, 20), 48, 1.5, 4);
    for (const name of KERNELS) {
      const router = createRouter(tree, name);
      const all = router.route(others);
      for (let row = 0; row < others.count; row++) {
        expect([all.concepts[row], all.seconds[row]]).toEqual(plainRoute(tree, others, row));
      }
      const half = router.route(
        rowsOf(
          others,
          Array.from({ length: 40 }, (_, i) => 2 * i),
        ),
      );
      expect([...half.similarities]).toEqual(
        [...all.similarities.subarray(0, 80)].filter((_, i) => i % 2 === 0),
      );
      expect(router.route(rowsOf(others, [])).concepts.length).toBe(0);
      // Cosines in floating-point arithmetic, to the rounding of a sum of 48 terms.
      const [leaf, row] = [all.concepts[5]!, 5];
      const a = Array.from(others.values.subarray(row * 48, (row + 1) * 48), Number);
      const b = Array.from(tree.leafCenters.subarray(leaf * 48, (leaf + 1) * 48), Number);
      expect(all.similarities[row]).toBeCloseTo(
        a.reduce((sum, x, at) => sum + x * b[at]!, 0) / (Math.hypot(...a) * Math.hypot(...b)),
        12,
      );
    }
  });

  test('gives every leaf a document of the sample, as each is routed where it was in training', () => {
    const { vectors } = plant(zipf(50, 100), 32, 2, 3);
    for (const iterations of [1, 4, 20]) {
      const tree = trainTree(vectors, { leaves: 90, seed, iterations });
      expectSound(tree);
      const sizes = sizesOf(tree, createRouter(tree).route(vectors));
      expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThan(0);
    }
  });

  test('shared or copied, routes the same', () => {
    const { vectors } = plant([40, 30, 20], 32, 1, 3);
    const tree = trainTree(vectors, { leaves: 20, seed });
    const shared = shareTree(tree);
    expect(shared.leafCenters.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(shared).toEqual(tree);
    const places = createRouter(tree).route(vectors);
    expect(createRouter(structuredClone(shared)).route(vectors)).toEqual(places);
  });

  test('tells how much is done, from nothing to all', () => {
    const { vectors } = plant([60, 50, 40], 32, 1, 3);
    const told: number[] = [];
    trainTree(vectors, { leaves: 25, seed, progress: (done) => told.push(done) });
    expect(told[0]).toBe(0);
    expect(told.at(-1)).toBe(1);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.length).toBe(6);
  });

  test('refuses leaves, iterations and vectors that it cannot serve', () => {
    const { vectors } = plant([6], 32, 1, 3);
    for (const leaves of [0, 1.5, 65_536])
      expect(() => trainTree(vectors, { leaves, seed })).toThrow(RangeError);
    for (const iterations of [0, 1001]) {
      expect(() => trainTree(vectors, { leaves: 2, seed, iterations })).toThrow(RangeError);
    }
    const router = createRouter(trainTree(vectors, { leaves: 2, seed }));
    expect(() => router.route(plant([6], 16, 1, 3).vectors)).toThrow(RangeError);
  });
});
