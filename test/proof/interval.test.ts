import fc from 'fast-check';
import { expect, test } from 'vitest';
import { intervalOf } from '../../src/proof/interval.ts';

test('takes the quantiles of the replicates by their place of R + 1', () => {
  // 39 replicates at 95 %: places 1 and 39 of 40, the least and the largest. 199 at 90 %: places 10 and 190.
  const replicates = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);
  expect(intervalOf(Float64Array.of(20, ...replicates(39).toReversed()), 0.95)).toEqual({
    value: 20,
    low: expect.closeTo(1, 10),
    high: expect.closeTo(39, 10),
  });
  expect(intervalOf(Float64Array.of(100, ...replicates(199)), 0.9)).toEqual({
    value: 100,
    low: expect.closeTo(10, 10),
    high: expect.closeTo(190, 10),
  });
  // Between two: 9 replicates at 50 %, places 2.5 and 7.5.
  expect(intervalOf(Float64Array.of(5, ...replicates(9)), 0.5)).toEqual({ value: 5, low: 2.5, high: 7.5 });
});

test('takes the least and the largest where replicates are too few', () => {
  expect(intervalOf(Float64Array.of(2, 3, 1), 0.95)).toEqual({ value: 2, low: 1, high: 3 });
  expect(intervalOf(Float64Array.of(2, 2), 0.95)).toEqual({ value: 2, low: 2, high: 2 });
});

test('holds the value, and turned around it is the interval of the turned values', () => {
  const positive = fc.double({ min: 0.01, max: 100, noNaN: true });
  fc.assert(
    fc.property(fc.array(positive, { minLength: 2, maxLength: 60 }), (values) => {
      const found = intervalOf(Float64Array.from(values), 0.9);
      expect(found.low).toBeLessThanOrEqual(found.value);
      expect(found.high).toBeGreaterThanOrEqual(found.value);
      const turned = intervalOf(
        Float64Array.from(values, (value) => -value),
        0.9,
      );
      expect(-turned.high).toBeCloseTo(found.low, 9);
      expect(-turned.low).toBeCloseTo(found.high, 9);
    }),
  );
});
