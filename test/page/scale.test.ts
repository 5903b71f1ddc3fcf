import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linearScale, linearTicks, logScale, logTicks, spread, tickDecimals } from '../../src/page/scale.ts';

/** Whether a number is 1, 2 or 5 times a power of ten, up to rounding. */
function isRoundStep(step: number): boolean {
  const lead = step / 10 ** Math.floor(Math.log10(step) + 1e-9);
  return [1, 2, 5].some((round) => Math.abs(lead - round) < 1e-4);
}

const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });

test('a straight axis holds all values, and its ticks are few, round and within it', () => {
  fc.assert(
    fc.property(fc.array(number, { maxLength: 12 }), fc.integer({ min: 3, max: 9 }), (values, most) => {
      const scale = linearScale(values, 100, 0, most);
      for (const value of values) {
        expect(scale.place(value)).toBeGreaterThanOrEqual(0);
        expect(scale.place(value)).toBeLessThanOrEqual(100);
      }
      expect(scale.ticks.length).toBeLessThanOrEqual(most);
      expect(scale.ticks.length).toBeGreaterThan(0);
      const slack = (scale.high - scale.low) * 1e-6;
      for (const tick of scale.ticks) {
        expect(tick).toBeGreaterThanOrEqual(scale.low - slack);
        expect(tick).toBeLessThanOrEqual(scale.high + slack);
      }
    }),
  );
});

test.each([
  [0, 10, 6, [0, 2, 4, 6, 8, 10]],
  [0, 10, 5, [0, 5, 10]],
  [1.81, 2.44, 7, [1.9, 2, 2.1, 2.2, 2.3, 2.4]],
  [-0.06, 0.13, 5, [-0.05, 0, 0.05, 0.1]],
  [0.9995, 1.0005, 3, [0.9995, 1, 1.0005]],
])('from %d to %d there are at most %d ticks: %j', (low, high, most, ticks) => {
  expect(linearTicks(low, high, most)).toEqual(ticks);
});

test('steps between ticks of a straight axis are 1, 2 or 5 times a power of ten', () => {
  fc.assert(
    fc.property(number, fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (low, width) => {
      const ticks = linearTicks(low, low + width, 8);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      // Where the ticks have many digits before the step's, those after it are lost to rounding.
      if (Math.abs(low) / width < 1e5) expect(isRoundStep(ticks[1]! - ticks[0]!)).toBe(true);
    }),
  );
});

test('a logarithmic axis holds all values, and has two ticks or more wherever there is a factor of 2 between its ends', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 1e-3, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 9 }),
      (values) => {
        const scale = logScale(values, 0, 100, 6);
        for (const value of values) {
          expect(scale.place(value)).toBeGreaterThanOrEqual(0);
          expect(scale.place(value)).toBeLessThanOrEqual(100);
        }
        expect(scale.ticks.length).toBeLessThanOrEqual(6);
        expect(scale.ticks.length).toBeGreaterThanOrEqual(2);
        expect(
          scale.ticks.every((tick) => tick >= scale.low * 0.999999 && tick <= scale.high * 1.000001),
        ).toBe(true);
      },
    ),
  );
});

test.each([
  [4e6, 32e6, 8, [5e6, 10e6, 20e6]],
  [1, 1000, 8, [1, 3, 10, 30, 100, 300, 1000]],
  [1, 1e9, 5, [1, 100, 1e4, 1e6, 1e8]],
  [0.9, 1.6, 7, [1, 1.2, 1.4, 1.6]],
])('the logarithmic ticks from %d to %d, at most %d, are round: %j', (low, high, most, ticks) => {
  expect(logTicks(low, high, most)).toEqual(ticks);
});

test('ticks that are asked for are taken where there is room for all', () => {
  expect(logScale([4, 32], 0, 100, 4, [4, 8, 16, 32]).ticks).toEqual([4, 8, 16, 32]);
  expect(logScale([4, 32], 0, 100, 3, [4, 8, 16, 32]).ticks).not.toEqual([4, 8, 16, 32]);
});

test('ticks are written with as many decimals as tell them apart', () => {
  expect([tickDecimals([1, 2]), tickDecimals([0.5, 1]), tickDecimals([1.25]), tickDecimals([])]).toEqual([
    0, 1, 2, 0,
  ]);
});

test('labels that are moved apart keep their order, have their room, and stay within bounds', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { maxLength: 20 }), (wanted) => {
      const placed = spread(wanted, 15, 0, 300);
      const order = wanted.map((_, at) => at).toSorted((a, b) => wanted[a]! - wanted[b]! || a - b);
      for (const [at, index] of order.entries()) {
        expect(placed[index]).toBeGreaterThanOrEqual(-1e-9);
        expect(placed[index]).toBeLessThanOrEqual(300 + 1e-9);
        if (at > 0) expect(placed[index]! - placed[order[at - 1]!]!).toBeGreaterThanOrEqual(15 - 1e-9);
      }
    }),
  );
});

test('labels that have room stay where they are, and those that meet stand around their middle', () => {
  expect(spread([10, 50, 90], 15, 0, 100)).toEqual([10, 50, 90]);
  expect(spread([50, 50], 20, 0, 100)).toEqual([40, 60]);
  expect(spread([99, 98], 20, 0, 100)).toEqual([100, 80]);
  expect(spread([], 20, 0, 100)).toEqual([]);
});
