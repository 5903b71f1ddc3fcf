import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LEAST_CAPACITY, Leaders, type LeadersOptions } from '../../src/kernels/leaders.ts';
import { estimateJaccard } from '../../src/kernels/signatures/sketch.ts';
import { seeded } from '../engine/support.ts';

/** Sketches in a few families: each byte is that of the family but for a share that is drawn. */
function sketchesOf(
  seed: number,
  count: number,
  families: number,
  sketchBytes: number,
  share: number,
): Uint8Array[] {
  const random = seeded(seed);
  const draw = (below: number): number => Math.floor(random() * below);
  const centers = Array.from({ length: families }, () =>
    Uint8Array.from({ length: sketchBytes }, () => draw(256)),
  );
  return Array.from({ length: count }, () => {
    const center = centers[draw(families)]!;
    return center.map((byte) => (random() < share ? draw(256) : byte));
  });
}

function leadNaively(sketches: readonly Uint8Array[], similarity: number): number[] {
  const leaders: number[] = [];
  return sketches.map((sketch, number) => {
    const found = leaders.find(
      (leader) => estimateJaccard(sketches[leader]!, 0, sketch, 0, sketch.length) >= similarity,
    );
    if (found !== undefined) return found;
    leaders.push(number);
    return number;
  });
}

/** The leader of each, with sets of leaders one after the other where there is no room for all. */
function lead(sketches: readonly Uint8Array[], options: LeadersOptions): number[] {
  const leaders = new Leaders(options);
  const found = Array.from(sketches, () => -1);
  let left = sketches.map((_, number) => ({ number, compared: 0 }));
  while (left.length > 0) {
    leaders.clear();
    left = left.flatMap(({ number, compared }) => {
      const leader = leaders.find(sketches[number]!, 0, compared);
      if (leader >= 0) found[number] = leaders.ordinalAt(leader);
      else if (leaders.isFull) return [{ number, compared: leaders.compared }];
      else {
        leaders.add(sketches[number]!, 0, number);
        found[number] = number;
      }
      return [];
    });
  }
  return found;
}

const large = { memoryBytes: 2 ** 20, mostComparisons: 1_000_000 };

describe('the leader of a document', () => {
  test('is the first that is similar enough, as comparing with all finds it, in any memory', () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.nat(1000),
          count: fc.integer({ min: 0, max: 250 }),
          families: fc.integer({ min: 1, max: 100 }),
          sketchBytes: fc.integer({ min: 1, max: 40 }),
          share: fc.double({ min: 0, max: 0.7, noNaN: true }),
          similarity: fc.double({ min: 0.01, max: 1, noNaN: true }),
        }),
        ({ seed, count, families, sketchBytes, share, similarity }) => {
          const sketches = sketchesOf(seed, count, families, sketchBytes, share);
          const expected = leadNaively(sketches, similarity);
          const options = { sketchBytes, similarity, ...large };
          expect(lead(sketches, options)).toEqual(expected);
          expect(lead(sketches, { ...options, memoryBytes: 0 })).toEqual(expected);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('is found among the first of those that share a block when comparisons are few, the same in any memory', () => {
    const sketches = sketchesOf(5, 600, 3, 24, 0.45);
    const options = { sketchBytes: 24, similarity: 0.6, ...large };
    const all = lead(sketches, options);
    const leadersOf = (found: readonly number[]): number =>
      found.filter((leader, number) => leader === number).length;
    expect(leadersOf(all)).toBeGreaterThan(2 * LEAST_CAPACITY);
    for (const mostComparisons of [0, 1, 10, 40, 100]) {
      const few = lead(sketches, { ...options, mostComparisons });
      expect(lead(sketches, { ...options, mostComparisons, memoryBytes: 0 })).toEqual(few);
      for (const [number, leader] of few.entries()) {
        if (leader === number) continue;
        expect(few[leader]).toBe(leader);
        expect(estimateJaccard(sketches[number]!, 0, sketches[leader]!, 0, 24)).toBeGreaterThanOrEqual(0.6);
      }
    }
    expect(lead(sketches, { ...options, mostComparisons: 0 })).toEqual(sketches.map((_, number) => number));
  });
});

test('nothing of the leaders before is left after clear', () => {
  const sketches = sketchesOf(1, 200, 1, 16, 1);
  const leaders = new Leaders({ sketchBytes: 16, similarity: 0.9, ...large });
  for (const [number, sketch] of sketches.entries()) {
    expect(leaders.find(sketch, 0)).toBe(-1);
    leaders.add(sketch, 0, number);
  }
  expect(leaders.find(sketches[150]!, 0)).toBe(150);
  leaders.clear();
  for (const sketch of sketches.slice(0, 100)) {
    expect(leaders.find(sketch, 0)).toBe(-1);
    leaders.add(sketch, 0, 7);
  }
  expect(leaders.find(sketches[150]!, 0)).toBe(-1);
  expect(leaders.ordinalAt(leaders.find(sketches[99]!, 0))).toBe(7);
});

test('memory is what was given, or what the least number of leaders needs', () => {
  for (const sketchBytes of [1, 40, 112, 1000]) {
    const options = { sketchBytes, similarity: 0.8, mostComparisons: 10 };
    expect(new Leaders({ ...options, memoryBytes: 0 }).capacity).toBe(LEAST_CAPACITY);
    const leaders = new Leaders({ ...options, memoryBytes: 2 ** 22 });
    expect(leaders.byteLength).toBeLessThanOrEqual(2 ** 22);
    expect(leaders.byteLength).toBeGreaterThan(2 ** 20);
  }
});

test('a similarity that all have, or none, is refused', () => {
  for (const similarity of [0, -1, 1.01, Number.NaN]) {
    expect(() => new Leaders({ sketchBytes: 10, similarity, ...large })).toThrow(RangeError);
  }
  expect(new Leaders({ sketchBytes: 10, similarity: 1, ...large }).capacity).toBeGreaterThan(0);
});
