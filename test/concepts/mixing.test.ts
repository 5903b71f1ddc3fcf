import fc from 'fast-check';
import { expect, test } from 'vitest';
import { naturalBudgets, temperatureBudgets, uniMax } from '../../src/concepts/mixing.ts';

const sum = (values: Float64Array): number => values.reduce((all, value) => all + value, 0);

test('UniMax gives the published budgets', () => {
  // Characters of Swedish, Persian, Estonian, Icelandic and Faroese.
  const sizes = Float64Array.of(179955884499, 184595788282, 42541080893, 10027573389, 549707867);
  const budgets = uniMax(sizes, 250e9, 4);
  expect([...budgets].map((budget) => budget.toFixed(2))).toEqual([
    '69230291658.67',
    '69230291658.67',
    '69230291658.67',
    '40110293556.00',
    '2198831468.00',
  ]);
});

test('every rule spends the budget, or all there is as often as it may be seen', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), fc.constant(0)), { maxLength: 12 }),
      fc.oneof(fc.double({ min: 1e-3, max: 1e7, noNaN: true }), fc.constant(0)),
      fc.double({ min: 1, max: 16, noNaN: true }),
      (list, budget, most) => {
        const sizes = Float64Array.from(list);
        const expected = Math.min(budget, most * sum(sizes));
        for (const budgets of [
          uniMax(sizes, budget, most),
          temperatureBudgets(sizes, budget, 0.3, most),
          temperatureBudgets(sizes, budget, 0, most),
          naturalBudgets(sizes, budget, most),
        ]) {
          expect(Math.abs(sum(budgets) - expected)).toBeLessThanOrEqual(1e-12 * expected);
          for (const [group, size] of sizes.entries())
            expect(budgets[group]!).toBeLessThanOrEqual(size * most * (1 + 1e-15));
        }
      },
    ),
  );
});

test('UniMax is even among all that no limit holds, and gives those their limit', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 9000 }),
      (list, budget) => {
        const budgets = uniMax(Float64Array.from(list), budget, 4);
        const even = Math.max(...budgets);
        for (const [group, size] of list.entries()) {
          const expected = Math.min(even, 4 * size);
          expect(Math.abs(budgets[group]! - expected)).toBeLessThan(1e-9);
        }
      },
    ),
  );
});

test('an exponent of 1 is the mixture of the data, of 0 an even one, and limits are shared out in proportion', () => {
  const sizes = Float64Array.of(1000, 100, 0, 10);
  const round = (budgets: Float64Array): number[] => [...budgets].map((budget) => Number(budget.toFixed(9)));
  expect(round(temperatureBudgets(sizes, 555, 1, 4))).toEqual([500, 50, 0, 5]);
  expect(round(naturalBudgets(sizes, 555, 4))).toEqual([500, 50, 0, 5]);
  expect(round(temperatureBudgets(sizes, 60, 0, 4))).toEqual([20, 20, 0, 20]);
  // Roots: 100 to 10 to 1 in units of sqrt(10). The smallest may have 10 only.
  const rooted = temperatureBudgets(sizes, 890, 0.5, 1);
  expect(rooted[3]).toBe(10);
  expect(rooted[1]).toBe(100);
  expect(rooted[0]).toBeCloseTo(780, 9);
});
