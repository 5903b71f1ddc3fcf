import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shares } from '../../src/concepts/complexity.ts';
import { fillQuotas, largestRemainder, lowerBounds, projectQuotas } from '../../src/concepts/quotas.ts';

const SIZES = Float64Array.of(1000, 400, 100, 50, 10);
const TARGETS = shares(Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.5), 0.1).map((share) => share * 600);
const ONES = new Float64Array(5).fill(1);

const cell = fc.record({
  target: fc.oneof(fc.double({ min: 0, max: 1000, noNaN: true }), fc.constant(0), fc.constant(1e-12)),
  lower: fc.oneof(fc.double({ min: 0, max: 500, noNaN: true }), fc.constant(0)),
  room: fc.oneof(fc.double({ min: 0, max: 500, noNaN: true }), fc.constant(0)),
});
const problem = fc.record({
  cells: fc.array(cell, { minLength: 1, maxLength: 12 }),
  /** Where between the least and the most the total is; beyond them too. */
  part: fc.double({ min: -0.2, max: 1.2, noNaN: true }),
});

function columns(cells: readonly { target: number; lower: number; room: number }[], part: number) {
  const targets = Float64Array.from(cells, ({ target }) => target);
  const lower = Float64Array.from(cells, (one) => one.lower);
  const upper = Float64Array.from(cells, (one) => one.lower + one.room);
  const least = sum(lower);
  const most = sum(upper);
  return { targets, lower, upper, least, most, total: least + part * (most - least) };
}

function sum(values: Float64Array): number {
  return values.reduce((all, value) => all + value, 0);
}

/** Sums of a dozen numbers up to 1000, rounded. */
const ROUNDING = 1e-9;

test('the projection has the published quotas', () => {
  const { quotas, by, total } = projectQuotas(TARGETS, ONES, SIZES, 600);
  expect([...quotas].map((quota) => quota.toFixed(3))).toEqual([
    '213.991',
    '226.009',
    '100.000',
    '50.000',
    '10.000',
  ]);
  expect(by.toFixed(3)).toBe('-206.998');
  expect(total).toBeCloseTo(600, 10);
});

test('water-filling keeps ratios where the projection evens them out', () => {
  const { quotas, total } = fillQuotas(TARGETS, ONES, SIZES, 600);
  expect([...quotas].slice(2)).toEqual([100, 50, 10]);
  // 440 are left for the first two, in the ratio of their targets: exp(1) to 1.
  expect(quotas[1]! / quotas[0]!).toBeCloseTo(Math.E, 10);
  expect(total).toBeCloseTo(600, 10);
});

test('a projection is as near to the targets as any move between two cells can bring it', () => {
  fc.assert(
    fc.property(problem, ({ cells, part }) => {
      const { targets, lower, upper, least, most, total } = columns(cells, part);
      const found = projectQuotas(targets, lower, upper, total);
      const { quotas } = found;
      expect(Math.abs(found.total - Math.min(most, Math.max(least, total)))).toBeLessThan(ROUNDING);
      for (const [i, quota] of quotas.entries()) {
        expect(quota).toBeGreaterThanOrEqual(lower[i]!);
        expect(quota).toBeLessThanOrEqual(upper[i]!);
      }
      // The sum of squares is convex: if no token moved from i to j lowers it, nothing does.
      for (const i of quotas.keys()) {
        for (const j of quotas.keys()) {
          const canMove = quotas[i]! - lower[i]! > ROUNDING && upper[j]! - quotas[j]! > ROUNDING;
          const gain = quotas[i]! - targets[i]! - (quotas[j]! - targets[j]!);
          expect(canMove ? gain : 0).toBeLessThan(ROUNDING);
        }
      }
    }),
  );
});

test('water-filling meets the total and scales what no bound holds by one factor', () => {
  fc.assert(
    fc.property(problem, ({ cells, part }) => {
      const { targets, lower, upper, least, total } = columns(cells, part);
      const found = fillQuotas(targets, lower, upper, total);
      // A cell without a target cannot rise above its lower bound.
      const most = sum(upper.map((bound, at) => (targets[at]! > 0 ? bound : lower[at]!)));
      expect(Math.abs(found.total - Math.min(most, Math.max(least, total)))).toBeLessThan(ROUNDING);
      for (const [at, quota] of found.quotas.entries()) {
        const wanted = found.by * targets[at]!;
        const expected = targets[at] === 0 ? lower[at]! : Math.min(upper[at]!, Math.max(lower[at]!, wanted));
        expect(quota).toBe(expected);
      }
    }),
  );
});

test('a higher total lowers no quota', () => {
  fc.assert(
    fc.property(problem, fc.double({ min: 0, max: 0.5, noNaN: true }), ({ cells, part }, more) => {
      const { targets, lower, upper, least, most, total } = columns(cells, part);
      for (const solve of [projectQuotas, fillQuotas]) {
        const before = solve(targets, lower, upper, total).quotas;
        const after = solve(targets, lower, upper, total + more * (most - least)).quotas;
        for (const [at, quota] of before.entries()) expect(after[at]!).toBeGreaterThan(quota - ROUNDING);
      }
    }),
  );
});

test('a total out of reach is told by the sum of what was given', () => {
  expect(projectQuotas(TARGETS, ONES, SIZES, 5000)).toMatchObject({ quotas: SIZES, total: 1560 });
  expect(fillQuotas(TARGETS, ONES, SIZES, 5000)).toMatchObject({ quotas: SIZES, total: 1560 });
  expect(projectQuotas(TARGETS, ONES, SIZES, 2)).toMatchObject({ quotas: ONES, total: 5 });
  expect(fillQuotas(TARGETS, ONES, SIZES, 2)).toMatchObject({ quotas: ONES, total: 5 });
  const empty = new Float64Array(0);
  expect(projectQuotas(empty, empty, empty, 7).total).toBe(0);
  expect(fillQuotas(empty, empty, empty, 7).total).toBe(0);
});

test('rounding gives whole numbers with the exact sum, each next to its value', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 1e12 }),
      (parts, total) => {
        const all = parts.reduce((most, part) => most + part, 0);
        fc.pre(all > 1e-3);
        const values = Float64Array.from(parts, (part) => (part / all) * total);
        const rounded = largestRemainder(values, total);
        expect(sum(rounded)).toBe(total);
        for (const [at, value] of values.entries()) {
          expect([Math.floor(value), Math.floor(value) + 1]).toContain(rounded[at]);
        }
      },
    ),
  );
});

test('remainders are served from the largest on, the first of equal ones first', () => {
  expect([...largestRemainder(Float64Array.of(1.5, 1.5, 1.25, 1.75), 6)]).toEqual([2, 1, 1, 2]);
  expect([...largestRemainder(Float64Array.of(0.25, 0.25, 0.25, 0.25), 1)]).toEqual([1, 0, 0, 0]);
  expect([...largestRemainder(Float64Array.of(3, 4), 7)]).toEqual([3, 4]);
  expect([...largestRemainder(new Float64Array(0), 0)]).toEqual([]);
});

test('values that do not sum to the total are refused', () => {
  expect(() => largestRemainder(Float64Array.of(1, 2), 4)).toThrow(RangeError);
  expect(() => largestRemainder(Float64Array.of(1, 2.5), 3.5)).toThrow(RangeError);
  expect(() => largestRemainder(Float64Array.of(NaN), 1)).toThrow(RangeError);
});

test('lower bounds are a part of the even share, or all a concept has', () => {
  // floor(600 / 5 * 0.5) = 60.
  expect([...lowerBounds(SIZES, 600)]).toEqual([60, 60, 60, 50, 10]);
  expect([...lowerBounds(SIZES, 600, 0)]).toEqual([0, 0, 0, 0, 0]);
  expect([...lowerBounds(SIZES, 4)]).toEqual([0, 0, 0, 0, 0]);
});
