import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Fit, lossAt } from '../../src/proof/curve.ts';
import { parametersNeeded, sizeAt, tokensNeeded } from '../../src/proof/multipliers.ts';

const FIRST = 1e6;
const LAST = 8e6;
const baseline: Fit = { E: 1, B: 30, beta: 0.25 };
/** The baseline's curve, needing `times` fewer tokens. */
const quicker = (times: number): Fit => ({ ...baseline, B: baseline.B * times ** -baseline.beta });
const flat = (loss: number): Fit => ({ E: loss, B: 0, beta: 1 });

test('an arm that needs k times fewer tokens needs k times fewer, and one that needs more, more', () => {
  for (const times of [1.01, 2, 5, 8]) {
    const need = tokensNeeded(quicker(times), baseline, FIRST, LAST);
    expect(need).toEqual({ arm: expect.closeTo(LAST / times, 3), against: LAST, bound: 'none' });
    const turned = tokensNeeded(baseline, quicker(times), FIRST, LAST);
    expect(turned).toEqual({ arm: LAST, against: expect.closeTo(LAST / times, 3), bound: 'none' });
  }
  expect(tokensNeeded(baseline, baseline, FIRST, LAST)).toEqual({ arm: LAST, against: LAST, bound: 'none' });
});

test('what was reached before the first budget is a bound at it', () => {
  expect(tokensNeeded(quicker(9), baseline, FIRST, LAST)).toEqual({
    arm: FIRST,
    against: LAST,
    bound: 'above',
  });
  expect(tokensNeeded(baseline, quicker(9), FIRST, LAST)).toEqual({
    arm: LAST,
    against: FIRST,
    bound: 'below',
  });
});

test('the limit of the worse curve may lie above all of the other, and its loss be reached all the same', () => {
  // The arm starts worse, crosses, and ends below the E of the other.
  const arm: Fit = { E: 0.5, B: 3e6, beta: 1 };
  const other: Fit = { E: 1, B: 1e5, beta: 1 };
  const need = tokensNeeded(arm, other, FIRST, LAST);
  const target = lossAt(other, LAST);
  expect(lossAt(arm, FIRST)).toBeGreaterThan(lossAt(other, FIRST));
  expect(need).toEqual({ arm: expect.closeTo(3e6 / (target - 0.5), 3), against: LAST, bound: 'none' });
});

test('a flat curve needs all tokens where it is the worse, and less than any where it is the better', () => {
  expect(tokensNeeded(baseline, flat(1.7), FIRST, LAST)).toMatchObject({ against: LAST, bound: 'none' });
  expect(tokensNeeded(flat(1.7), baseline, FIRST, LAST)).toMatchObject({ arm: LAST, bound: 'none' });
  expect(tokensNeeded(flat(1.1), baseline, FIRST, LAST)).toEqual({
    arm: FIRST,
    against: LAST,
    bound: 'above',
  });
  expect(tokensNeeded(flat(2), flat(2), FIRST, LAST)).toEqual({ arm: LAST, against: LAST, bound: 'none' });
  expect(tokensNeeded(flat(2), flat(1.9), FIRST, LAST)).toEqual({
    arm: LAST,
    against: FIRST,
    bound: 'below',
  });
});

const curves = fc.record({
  E: fc.double({ min: 0, max: 3, noNaN: true }),
  B: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 60, noNaN: true })),
  beta: fc.double({ min: 0.01, max: 1, noNaN: true }),
});

test('nothing is read outside of what was measured, and turning the sides turns the ratio', () => {
  fc.assert(
    fc.property(curves, curves, (arm, against) => {
      const need = tokensNeeded(arm, against, FIRST, LAST);
      for (const tokens of [need.arm, need.against]) {
        expect(tokens).toBeGreaterThanOrEqual(FIRST);
        expect(tokens).toBeLessThanOrEqual(LAST);
      }
      expect(Math.max(need.arm, need.against)).toBe(LAST);
      const turned = tokensNeeded(against, arm, FIRST, LAST);
      expect([turned.arm, turned.against]).toEqual([need.against, need.arm]);
      expect(turned.bound).toBe({ none: 'none', above: 'below', below: 'above' }[need.bound]);
    }),
  );
});

const SIZES = [1000, 10_000, 100_000];

test('parameters are read off the line through the losses of two sizes, in log parameters', () => {
  const arm = { sizes: SIZES, losses: [2.2, 1.8, 1.6] };
  const against = { sizes: SIZES, losses: [2.4, 2.1, 2] };
  // 2 lies half way between 2.2 and 1.8: 10^3.5 parameters.
  expect(parametersNeeded(arm, against)).toEqual({
    arm: expect.closeTo(10 ** 3.5, 6),
    against: 1e5,
    bound: 'none',
  });
  expect(parametersNeeded(against, arm)).toEqual({
    arm: 1e5,
    against: expect.closeTo(10 ** 3.5, 6),
    bound: 'none',
  });
  expect(parametersNeeded(arm, arm)).toEqual({ arm: 1e5, against: 1e5, bound: 'none' });
});

test('a smallest size that is good enough is a bound, unless it is just good enough', () => {
  const against = { sizes: SIZES, losses: [2.4, 2.1, 2] };
  const good = { sizes: SIZES, losses: [1.9, 1.8, 1.7] };
  expect(parametersNeeded(good, against)).toEqual({ arm: 1000, against: 1e5, bound: 'above' });
  expect(parametersNeeded(against, good)).toEqual({ arm: 1e5, against: 1000, bound: 'below' });
  const just = { sizes: SIZES, losses: [2, 1.8, 1.7] };
  expect(parametersNeeded(just, against)).toEqual({ arm: 1000, against: 1e5, bound: 'none' });
});

test('a larger model that is worse counts as the best smaller one', () => {
  const against = { sizes: SIZES, losses: [2.4, 2, 2.1] };
  const arm = { sizes: [1000, 3000, 10_000, 100_000], losses: [2.1, 2.3, 1.9, 1.95] };
  // The target is 2. The arm has 2.1 at 3000, since it had it at 1000; half way to 1.9 at 10000.
  expect(parametersNeeded(arm, against)).toEqual({
    arm: expect.closeTo(Math.sqrt(3000 * 10_000), 6),
    against: 1e5,
    bound: 'none',
  });
});

test('the size of a model between two budgets is a power of its tokens', () => {
  const budgets = [100, 1000, 10_000];
  const sizes = [50, 500, 1000];
  expect(sizeAt(budgets, sizes, 100)).toBe(50);
  expect(sizeAt(budgets, sizes, 1000)).toBeCloseTo(500, 10);
  expect(sizeAt(budgets, sizes, 10_000)).toBeCloseTo(1000, 10);
  expect(sizeAt(budgets, sizes, 300)).toBeCloseTo(150, 10);
  expect(sizeAt(budgets, sizes, Math.sqrt(1e7))).toBeCloseTo(500 * Math.SQRT2, 10);
});
