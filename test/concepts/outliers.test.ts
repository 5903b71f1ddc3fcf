import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DISTANCE_BINS, DistanceHistograms, distanceBin, outlierBins } from '../../src/concepts/outliers.ts';

const emptyHistograms = (concepts: number): DistanceHistograms =>
  new DistanceHistograms(new Uint32Array(concepts * DISTANCE_BINS));

/** Distances of the outliers of one concept. */
function outliersOf(distances: readonly number[]): number[] {
  const histograms = emptyHistograms(1);
  for (const distance of distances) histograms.add(0, distance);
  const [first] = outlierBins(histograms);
  return distances.filter((distance) => distanceBin(distance) >= first!);
}

/** Distances of `count` documents, evenly from 0 to just below `end`. */
const evenly = (count: number, end = 0.5): number[] =>
  Array.from({ length: count }, (_, i) => (i / count) * end);

describe('bins', () => {
  test('have equal widths and hold their lower end', () => {
    expect([0, 1 / 1024, 0.5, 0.9999, 1].map(distanceBin)).toEqual([0, 1, 512, 1023, 1023]);
    expect(distanceBin(1 / 1024 - 2 ** -60)).toBe(0);
  });

  test('take what lies beyond the ends', () => {
    expect([-(2 ** -52), 1.5, 2].map(distanceBin)).toEqual([0, 1023, 1023]);
  });
});

describe('outliers', () => {
  test('are none in a concept of fewer than 100 documents', () => {
    expect(outliersOf([])).toEqual([]);
    expect(outliersOf([...evenly(98), 0.9])).toEqual([]);
    expect(outliersOf([...evenly(99), 0.9])).toEqual([0.9]);
  });

  test('are the outermost 1 %, where bins tell them apart', () => {
    expect(outliersOf(evenly(500))).toEqual(evenly(500).slice(495));
    expect(outliersOf(evenly(199))).toHaveLength(1);
    expect(outliersOf(evenly(200))).toHaveLength(2);
  });

  test('are fewer where the mark falls into a bin, which is kept whole', () => {
    expect(outliersOf([...evenly(248), 0.7, 0.7])).toEqual([0.7, 0.7]);
    expect(outliersOf([...evenly(197), 0.7, 0.7, 0.7])).toEqual([]);
    expect(outliersOf([...evenly(196), 0.7, 0.7, 0.7, 0.8])).toEqual([0.8]);
    expect(outliersOf(Array.from({ length: 500 }, () => 0.3))).toEqual([]);
  });

  test('are those of each concept by itself', () => {
    const histograms = emptyHistograms(3);
    for (const distance of evenly(100, 0.1)) histograms.add(0, distance);
    for (const distance of evenly(100, 0.9)) histograms.add(2, distance);
    const [near, none, far] = outlierBins(histograms);
    // The last document lies in an outlier's bin, the one before does not.
    const [beforeNear, lastNear] = evenly(100, 0.1).slice(98).map(distanceBin);
    const [beforeFar, lastFar] = evenly(100, 0.9).slice(98).map(distanceBin);
    expect(none).toBe(DISTANCE_BINS);
    expect(beforeNear! < near! && near! <= lastNear!).toBe(true);
    expect(beforeFar! < far! && far! <= lastFar!).toBe(true);
  });

  test('are never more than 1 %, and lie farther out than all others', () => {
    const distances = fc.array(fc.double({ min: 0, max: 1.2, noNaN: true }), { maxLength: 400 });
    fc.assert(
      fc.property(distances, (documents) => {
        const outliers = outliersOf(documents);
        expect(outliers.length).toBeLessThanOrEqual(documents.length / 100);
        const kept = documents.filter((distance) => !outliers.includes(distance));
        // Compared by bins, in which those above 1 are alike.
        const farthest = Math.max(-1, ...kept.map(distanceBin));
        for (const distance of outliers) expect(distanceBin(distance)).toBeGreaterThan(farthest);
        // One bin more would be too many.
        const inBin = kept.filter((distance) => distanceBin(distance) === farthest).length;
        expect(documents.length < 100 || outliers.length + inBin > Math.floor(documents.length / 100)).toBe(
          true,
        );
      }),
    );
  });
});

test('parts add up to the whole, in any order', () => {
  const documents = fc.array(fc.tuple(fc.nat(2), fc.double({ min: 0, max: 1, noNaN: true })), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(documents, fc.nat(60), (all, cut) => {
      const histogramsOf = (part: typeof all): DistanceHistograms => {
        const histograms = emptyHistograms(3);
        for (const [concept, distance] of part) histograms.add(concept, distance);
        return histograms;
      };
      const merged = histogramsOf(all.slice(cut));
      merged.merge(histogramsOf(all.slice(0, cut)));
      expect(merged.counts).toEqual(histogramsOf(all).counts);
    }),
    { numRuns: 20 },
  );
});

test('refuses counts that are not those of whole concepts', () => {
  expect(() => new DistanceHistograms(new Uint32Array(1000))).toThrow(RangeError);
});
