import { expect, test } from 'vitest';
import {
  bandFalsePositiveRate,
  chooseBands,
  collisionProbability,
  recallCurve,
} from '../../src/kernels/banding.ts';

// From datasketch 1.x: _optimal_param(threshold, num_perm, 0.5, 0.5).
test.each([
  [0.1, 32, 15, 1],
  [0.3, 128, 37, 3],
  [0.5, 128, 25, 5],
  [0.6, 112, 16, 7],
  [0.7, 128, 14, 9],
  [0.7, 256, 25, 10],
  [0.75, 200, 16, 12],
  [0.8, 128, 9, 13],
  [0.85, 64, 4, 15],
  [0.9, 128, 5, 25],
  [0.95, 128, 3, 42],
  [0.99, 16, 1, 16],
])(
  'similarity %d with %d permutations is cut as datasketch does: %d bands of %d',
  (similarity, permutations, bands, rows) => {
    expect(chooseBands(similarity, permutations)).toEqual({ bands, rows });
  },
);

test('14 bands of 8 find 56, 77, 92 and 98.8 percent at 0.7, 0.75, 0.8 and 0.85, as FineWeb states', () => {
  const recall = new Map(recallCurve(14, 8).map((point) => [point.similarity, point.probability]));
  expect(recall.get(0.7)).toBeCloseTo(0.565, 3);
  expect(recall.get(0.75)).toBeCloseTo(0.772, 3);
  expect(recall.get(0.8)).toBeCloseTo(0.924, 3);
  expect(recall.get(0.85)).toBeCloseTo(0.988, 3);
});

test('documents with nothing in common never meet, equal ones always', () => {
  expect(collisionProbability(0, 14, 8)).toBeCloseTo(0, 15);
  expect(collisionProbability(1, 14, 8)).toBe(1);
  expect(collisionProbability(1e-3, 14, 8)).toBeCloseTo(14e-24, 30);
});

test('bands at the band rate err together at the total', () => {
  for (const total of [0.5, 1e-3, 1e-5, 1e-9]) {
    for (const bands of [1, 14, 450]) {
      const together = -Math.expm1(bands * Math.log1p(-bandFalsePositiveRate(total, bands)));
      expect(together / total).toBeCloseTo(1, 12);
    }
  }
  expect(bandFalsePositiveRate(1e-5, 14)).toBeCloseTo(7.14e-7, 9);
});
