import { expect, test } from 'vitest';
import { adjustedRandIndex, purity } from './agreement.ts';

test('groupings that differ in names only agree wholly', () => {
  expect(adjustedRandIndex([0, 0, 1, 1, 2], [5, 5, 9, 9, 1])).toBe(1);
  expect(purity([0, 0, 1, 1, 2], [5, 5, 9, 9, 1])).toBe(1);
});

test('the agreement of groupings that differ is what one counts by hand', () => {
  // {1 2 3} {4 5 6} and {1 2} {3 4} {5 6}: together in both 1 2 and 5 6, of 15 pairs 6 and 3; expected 6 * 3 / 15, most (6 + 3) / 2.
  const found = [0, 0, 0, 1, 1, 1];
  const known = [0, 0, 1, 1, 2, 2];
  expect(adjustedRandIndex(found, known)).toBeCloseTo((2 - 1.2) / (4.5 - 1.2), 15);
  expect(adjustedRandIndex(known, found)).toBeCloseTo((2 - 1.2) / (4.5 - 1.2), 15);
  expect(purity(found, known)).toBeCloseTo(4 / 6, 15);
  expect(purity(known, found)).toBeCloseTo(5 / 6, 15);
  // {1 2} {3 4} and {1 3} {2 4}: never together in both; 2 and 2 of 6 pairs. Less than chance gives.
  expect(adjustedRandIndex([0, 0, 1, 1], [0, 1, 0, 1])).toBeCloseTo((0 - 2 / 3) / (2 - 2 / 3), 15);
  expect(purity([0, 0, 1, 1], [0, 1, 0, 1])).toBe(0.5);
});

test('groupings without any choice are told apart by nothing but that', () => {
  expect(adjustedRandIndex([], [])).toBe(1);
  expect(adjustedRandIndex([3], [4])).toBe(1);
  expect(adjustedRandIndex([0, 0, 0], [1, 1, 1])).toBe(1);
  expect(adjustedRandIndex([0, 1, 2], [2, 1, 0])).toBe(1);
  expect(adjustedRandIndex([0, 0, 0], [0, 1, 2])).toBe(0);
  expect(purity([], [])).toBe(1);
  // Groups of one are pure whatever was known.
  expect(purity([0, 1, 2], [7, 7, 8])).toBe(1);
});

test('labels of different numbers of things are refused', () => {
  expect(() => adjustedRandIndex([0], [0, 1])).toThrow(RangeError);
});
