import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exp, ln } from '../../src/concepts/portable-math.ts';

/** Both sides may miss the true value by a few units in the last place. */
const NEAR = 2e-15;

test('logarithms are those of the engine, within the last bits', () => {
  fc.assert(
    fc.property(fc.double({ min: 5e-324, max: Number.MAX_VALUE, noNaN: true }), (x) => {
      expect(Math.abs(ln(x) - Math.log(x))).toBeLessThanOrEqual(NEAR * Math.max(1, Math.abs(Math.log(x))));
    }),
  );
});

test('near 1 a logarithm keeps its relative precision', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 52 }), (steps) => {
      const u = steps / 2 ** 53;
      expect(Math.abs(ln(1 - u) / Math.log1p(-u) - 1)).toBeLessThanOrEqual(NEAR);
    }),
  );
});

test('powers of e are those of the engine, within the last bits', () => {
  fc.assert(
    fc.property(fc.double({ min: -708, max: 709, noNaN: true }), (x) => {
      expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThanOrEqual(NEAR);
    }),
  );
});

test('what has no logarithm, and what no number can hold, is told as the engine does', () => {
  expect([ln(0), ln(-1), ln(NaN), ln(Infinity), ln(1)]).toEqual([-Infinity, NaN, NaN, Infinity, 0]);
  expect([exp(0), exp(-Infinity), exp(Infinity), exp(NaN), exp(710), exp(-746)]).toEqual([
    1,
    0,
    Infinity,
    NaN,
    Infinity,
    0,
  ]);
  // Below the normal numbers a unit in the last place is 2^-1074.
  expect(Math.abs(exp(-740) - Math.exp(-740))).toBeLessThanOrEqual(2 ** -1074);
  expect(ln(2 ** -1074)).toBeCloseTo(-1074 * Math.LN2, 10);
});
