import { expect, test } from 'vitest';
import { Draws, type Purpose } from '../../src/proof/draws.ts';

const COUNT = 100_000;
const indices = Array.from({ length: COUNT }, (_, index) => index);

test('a whole number below a count is each as often', () => {
  const draws = new Draws(7, 'document', 3, 1);
  const counts = new Float64Array(100);
  for (const index of indices) counts[draws.below(100, index)]!++;
  const chiSquare = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  // Chi-square of 99 degrees of freedom: mean 99, standard deviation 14; within 4 of these.
  expect(Math.abs(chiSquare - 99)).toBeLessThan(4 * Math.sqrt(2 * 99));
  expect(draws.below(1, 5)).toBe(0);
});

test('normal numbers have the moments and the tail of their law', () => {
  const draws = new Draws(7, 'training', 3);
  const values = indices.map((index) => draws.normal(index));
  const moment = (power: number): number => values.reduce((sum, value) => sum + value ** power, 0) / COUNT;
  // Standard errors of the moments 1, 2, 4 of n normal numbers: 1, sqrt(2), sqrt(96) over sqrt(n); 4 of each.
  expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(COUNT));
  expect(Math.abs(moment(2) - 1)).toBeLessThan((4 * Math.SQRT2) / Math.sqrt(COUNT));
  expect(Math.abs(moment(4) - 3)).toBeLessThan((4 * Math.sqrt(96)) / Math.sqrt(COUNT));
  const tail = values.filter((value) => Math.abs(value) > 1.959964).length / COUNT;
  expect(Math.abs(tail - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / COUNT));
});

test('draws of other seeds, purposes, replicates, sets and indices are unrelated', () => {
  const keys: readonly (readonly [number, Purpose, number, number])[] = [
    [0, 'document', 1, 0],
    [1, 'document', 1, 0],
    [2 ** 32, 'document', 1, 0],
    [0, 'training', 1, 0],
    [0, 'spread', 1, 0],
    [0, 'document', 2, 0],
    [0, 'document', 1, 1],
  ];
  const streams = keys.map((key) => new Draws(...key));
  const columns = streams.map((draws) => indices.map((index) => draws.normal(index)));
  columns.push(columns[0]!.slice(1).concat(0));
  const [first, ...others] = columns as [number[], ...number[][]];
  for (const other of others) {
    const product = first.reduce((sum, value, at) => sum + value * other[at]!, 0) / COUNT;
    // A correlation of unrelated numbers has a standard error of 1 / sqrt(n).
    expect(Math.abs(product)).toBeLessThan(4.5 / Math.sqrt(COUNT));
  }
});

test('a draw depends on its index alone, not on what was drawn before', () => {
  const draws = new Draws(1, 'document', 1, 2);
  const forward = [0, 1, 2, 3].map((index) => draws.below(1000, index));
  const backward = [3, 2, 1, 0].map((index) => new Draws(1, 'document', 1, 2).below(1000, index));
  expect(backward.toReversed()).toEqual(forward);
});
