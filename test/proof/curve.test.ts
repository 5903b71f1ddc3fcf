import fc from 'fast-check';
import { expect, test } from 'vitest';
import { curveFitter, type Fit, lossAt, tokensAt } from '../../src/proof/curve.ts';

const BUDGETS = [1e6, 2e6, 4e6, 8e6];
const fit = curveFitter(BUDGETS);

/** A curve by its parts: loss in the limit, what is above it after all tokens, and how fast that falls. */
const curves = fc
  .record({
    E: fc.double({ min: 0, max: 3, noNaN: true }),
    rest: fc.double({ min: 0.05, max: 3, noNaN: true }),
    beta: fc.double({ min: 0.03, max: 1.95, noNaN: true }),
  })
  .map(({ E, rest, beta }): Fit => ({ E, B: rest * 8e6 ** beta, beta }));

const anyLosses = fc.array(fc.double({ min: 0.1, max: 8, noNaN: true }), { minLength: 4, maxLength: 4 });

function squares(losses: readonly number[], loss: (tokens: number) => number): number {
  return BUDGETS.reduce((sum, tokens, at) => sum + (losses[at]! - loss(tokens)) ** 2, 0);
}

test('recovers a planted curve from points on it', () => {
  fc.assert(
    fc.property(curves, (planted) => {
      const found = fit(BUDGETS.map((tokens) => lossAt(planted, tokens)));
      // Beta is known to 1e-10 of itself. dE / d beta is at most some rest / beta times that, and what the losses move is less still.
      expect(found.beta).toBeCloseTo(planted.beta, 7);
      expect(found.E).toBeCloseTo(planted.E, 7);
      for (const tokens of [1e6, 3e6, 8e6]) {
        expect(lossAt(found, tokens)).toBeCloseTo(lossAt(planted, tokens), 8);
      }
    }),
  );
});

test('goes through three points that fall ever less', () => {
  const losses = [2.5, 2.2, 2.05];
  const found = curveFitter([1, 2, 4])(losses);
  // Differences 0.3 and 0.15 over two doublings: 2^-beta = 0.5. E = 2.2 - 0.3 = 1.9, B = 0.6.
  expect(found.beta).toBeCloseTo(1, 10);
  expect(found.E).toBeCloseTo(1.9, 10);
  expect(found.B).toBeCloseTo(0.6, 10);
});

test('leaves no smaller squares to a search of all betas', () => {
  // Oracle: 4000 betas, and for each E and B the best of four candidates, free and on either limit.
  const oracle = (losses: readonly number[]): number => {
    let least = Infinity;
    for (let step = 0; step <= 4000; step++) {
      const beta = 0.01 * 200 ** (step / 4000);
      const x = BUDGETS.map((tokens) => (tokens / 8e6) ** -beta);
      const sum = (of: (at: number) => number): number => BUDGETS.reduce((total, _, at) => total + of(at), 0);
      const [sx, sy] = [sum((at) => x[at]!), sum((at) => losses[at]!)];
      const [sxx, sxy] = [sum((at) => x[at]! ** 2), sum((at) => x[at]! * losses[at]!)];
      const slope = (4 * sxy - sx * sy) / (4 * sxx - sx * sx);
      for (const [E, B] of [
        [(sy - slope * sx) / 4, slope],
        [0, sxy / sxx],
        [sy / 4, 0],
      ] as const) {
        if (E >= 0 && B >= 0)
          least = Math.min(
            least,
            sum((at) => (losses[at]! - E - B * x[at]!) ** 2),
          );
      }
    }
    return least;
  };
  fc.assert(
    fc.property(anyLosses, (losses) => {
      const found = fit(losses);
      // The oracle's own rounding: its sums cancel to about 1e-11 of squares of at most 64 where x hardly moves. And losses that are no curve
      // at all may have two minima in one cell of the search, on both sides of where E comes to 0; they differ by about 1e-4 of the squares.
      expect(squares(losses, (tokens) => lossAt(found, tokens))).toBeLessThanOrEqual(
        oracle(losses) * (1 + 1e-3) + 1e-9,
      );
    }),
    { numRuns: 60 },
  );
});

test('never rises and keeps its limits, whatever the losses', () => {
  fc.assert(
    fc.property(anyLosses, (losses) => {
      const found = fit(losses);
      expect(found.E).toBeGreaterThanOrEqual(0);
      expect(found.B).toBeGreaterThanOrEqual(0);
      expect(found.beta).toBeGreaterThanOrEqual(0.01);
      expect(found.beta).toBeLessThanOrEqual(2);
      for (let tokens = 1e6; tokens < 8e6; tokens *= 1.3) {
        expect(lossAt(found, tokens * 1.3)).toBeLessThanOrEqual(lossAt(found, tokens));
      }
    }),
  );
});

test('is flat at the mean where losses are alike or rise', () => {
  expect(fit([2, 2, 2, 2])).toEqual({ E: 2, B: 0, beta: 1 });
  expect(fit([1, 2, 3, 4])).toEqual({ E: 2.5, B: 0, beta: 1 });
});

test('stops at E = 0 where the losses would fall below it', () => {
  const pure = fit(BUDGETS.map((tokens) => 40 * tokens ** -0.2));
  expect(pure.E).toBeCloseTo(0, 6);
  expect(pure.beta).toBeCloseTo(0.2, 6);
  // Straight in log T and down to nearly 0: the best free E is far below 0.
  const steep = fit([3.1, 2.1, 1.1, 0.1]);
  expect(steep.E).toBe(0);
});

test('stops at beta = 2 where the losses step down once', () => {
  expect(fit([3, 1, 1, 1]).beta).toBe(2);
});

test('takes two points at the same tokens, and two of the same loss', () => {
  const twice = curveFitter([1e6, 1e6, 8e6])([2.5, 2.7, 2]);
  expect(lossAt(twice, 1e6)).toBeCloseTo(2.6, 10);
  expect(lossAt(twice, 8e6)).toBeCloseTo(2, 10);
  const level = fit([2.4, 2.2, 2.1, 2.1]);
  expect(lossAt(level, 8e6)).toBeLessThan(lossAt(level, 4e6));
  expect(Math.abs(lossAt(level, 8e6) - 2.1)).toBeLessThan(0.05);
});

test('depends neither on the unit of tokens, nor on the order of points, nor on earlier fits', () => {
  fc.assert(
    fc.property(anyLosses, anyLosses, (losses, others) => {
      const first = fit(losses);
      fit(others);
      expect(fit(losses)).toEqual(first);
      // 1024 scales exactly.
      const scaled = curveFitter(BUDGETS.map((tokens) => tokens * 1024))(losses);
      expect(scaled.beta).toBe(first.beta);
      expect(scaled.E).toBe(first.E);
      const turned = curveFitter(BUDGETS.toReversed())(losses.toReversed());
      for (const tokens of BUDGETS) expect(lossAt(turned, tokens)).toBeCloseTo(lossAt(first, tokens), 5);
    }),
  );
});

test('finds the tokens of a loss, the inverse of the loss of tokens', () => {
  fc.assert(
    fc.property(curves, fc.double({ min: 1e6, max: 8e6, noNaN: true }), (curve, tokens) => {
      expect(tokensAt(curve, lossAt(curve, tokens)) / tokens).toBeCloseTo(1, 8);
    }),
  );
  const falling = { E: 1, B: 10, beta: 0.5 };
  expect(tokensAt(falling, 2)).toBeCloseTo(100, 10);
  expect(tokensAt(falling, 1)).toBe(Infinity);
  expect(tokensAt(falling, 0.5)).toBe(Infinity);
  const flat = { E: 2, B: 0, beta: 1 };
  expect([tokensAt(flat, 1.9), tokensAt(flat, 2), tokensAt(flat, 2.1)]).toEqual([Infinity, 0, 0]);
});

test('refuses what has no curve', () => {
  expect(() => curveFitter([1, 2])).toThrow('3 points or more, not 2');
  expect(() => curveFitter([0, 1, 2])).toThrow('above 0');
  expect(() => fit([1, 2, 3])).toThrow('Losses: 3, but tokens: 4');
  expect(() => fit([1, 2, Number.NaN, 3])).toThrow('are numbers');
});
