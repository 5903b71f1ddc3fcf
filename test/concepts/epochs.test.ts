import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  dataConstrainedLoss,
  type EpochOptions,
  effectiveTokens,
  marginalValue,
  projectedEpochs,
  REPEAT_WORTH,
  repeatEpochs,
  seenEpochs,
} from '../../src/concepts/epochs.ts';

test('the losses of two models that saw their data many times are the published ones', () => {
  // To 14 digits: the two sides take powers and exponentials in another order.
  expect(dataConstrainedLoss(6.34e9, 242e9, 25e9)).toBeCloseTo(2.2256440889984477, 13);
  expect(dataConstrainedLoss(8.67e9, 178e9, 25e9)).toBeCloseTo(2.2269634075087867, 13);
});

test('what repeats are worth is as published', () => {
  const seen = [1, 2, 3, 4, 8, 16, 40, Infinity];
  const fresh = ['1.000', '1.968', '2.875', '3.726', '6.624', '10.582', '15.167', '16.388'];
  expect(seen.map((epochs) => effectiveTokens(1, epochs).toFixed(3))).toEqual(fresh);
  expect(effectiveTokens(1000, 0.25)).toBe(250);
  const values = ['1.000', '0.937', '0.878', '0.823', '0.635', '0.377', '0.079', '0.000'];
  expect(seen.map((epochs) => marginalValue(epochs).toFixed(3))).toEqual(values);
  expect(marginalValue(0.5)).toBe(1);
});

const cells = fc.array(
  fc.record({
    value: fc.oneof(fc.double({ min: 0.01, max: 10, noNaN: true }), fc.constantFrom(0, 1, 2)),
    unique: fc.oneof(fc.double({ min: 1, max: 1000, noNaN: true }), fc.constantFrom(0, 100)),
  }),
  { minLength: 1, maxLength: 8 },
);
const mostEpochs = fc.oneof(fc.double({ min: 1, max: 40, noNaN: true }), fc.constantFrom(1, 4));

/** Sums are below 1e6 and epochs are right within about 1e-13. */
const ROUNDING = 1e-7;

function columnsOf(list: readonly { value: number; unique: number }[]) {
  const values = Float64Array.from(list, ({ value }) => value);
  const tokens = Float64Array.from(list, ({ unique }) => unique);
  return { values, tokens, unique: tokens.reduce((sum, count) => sum + count, 0) };
}

function given(epochs: Float64Array, tokens: Float64Array): number {
  return epochs.reduce((sum, value, cell) => sum + value * tokens[cell]!, 0);
}

/**
 * What could still be won by moving tokens from one cell to another. Of a concave objective under one sum and bounds, an allocation is the best
 * exactly if this is nothing.
 */
function winnable(
  epochs: Float64Array,
  options: {
    readonly slope: (cell: number, epochs: number) => readonly [number, number];
    readonly least: number;
    readonly most: number;
  },
): number {
  const [give, take] = [[], []] as [number[], number[]];
  for (const [cell, value] of epochs.entries()) {
    const [left, right] = options.slope(cell, value);
    if (value > options.least + 1e-9) give.push(left);
    if (value < options.most - 1e-9) take.push(right);
  }
  return Math.max(...take, -Infinity) - Math.min(...give, Infinity);
}

test('repeats by value spend the budget and leave nothing to be won', () => {
  fc.assert(
    fc.property(cells, mostEpochs, fc.double({ min: 0.001, max: 1.2, noNaN: true }), (list, most, part) => {
      const { values, tokens } = columnsOf(list);
      const room =
        most *
        given(
          values.map((value) => (value > 0 ? 1 : 0)),
          tokens,
        );
      const budget = part * room;
      const found = repeatEpochs({ values, tokens, budget, mostEpochs: most });
      expect(Math.abs(found.tokens - Math.min(budget, room))).toBeLessThan(ROUNDING);
      expect(found.tokens).toBe(given(found.epochs, tokens));
      const used = [...values.keys()].filter((cell) => values[cell]! > 0 && tokens[cell]! > 0);
      for (const cell of values.keys()) if (!used.includes(cell)) expect(found.epochs[cell]).toBe(0);
      // Worth of one more token, D_eff' times the value; it is the same on both sides of every point.
      const gain = winnable(
        Float64Array.from(used, (cell) => found.epochs[cell]!),
        {
          slope: (at, epochs) => {
            const worth = values[used[at]!]! * Math.exp(-Math.max(0, epochs - 1) / REPEAT_WORTH);
            return [worth, worth];
          },
          least: 0,
          most,
        },
      );
      expect(gain).toBeLessThan(1e-9);
    }),
  );
});

test('cells above the cut get the epochs of the formula, those below nothing, those at it what is left', () => {
  const values = Float64Array.of(1.1, 1, 1, 0.9);
  const tokens = Float64Array.of(100, 50, 150, 1000);
  const first = 1 + REPEAT_WORTH * Math.log(1.1);
  const found = repeatEpochs({ values, tokens, budget: 100 * first + 80, mostEpochs: 16 });
  // 80 of 200 tokens at the cut: 0.4 epochs.
  const expected = [first, 0.4, 0.4, 0];
  for (const [cell, epochs] of expected.entries()) expect(found.epochs[cell]).toBeCloseTo(epochs, 10);
  expect(found.epochs[0]).toBeCloseTo(2.4666, 4);
  expect(found.lambda).toBeCloseTo(1, 12);
});

const problem = fc
  .record({
    list: cells,
    most: mostEpochs,
    part: fc.double({ min: 1e-6, max: 1.2, noNaN: true }),
    floor: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.5, 1)),
  })
  .map(({ list, most, part, floor }) => {
    const { values, tokens, unique } = columnsOf(list);
    return { shares: values, tokens, budget: part * most * unique, mostEpochs: most, floor, unique };
  });

/** G of the definition: logarithm of what is seen up to one epoch, effective epochs from there on. */
function worthOf(epochs: number): number {
  return epochs <= 1 ? 1 + Math.log(epochs) : effectiveTokens(1, epochs);
}

test('epochs by share spend the budget exactly, within their bounds', () => {
  fc.assert(
    fc.property(problem, (options) => {
      const { tokens, unique } = options;
      const budget = Math.min(options.budget, options.mostEpochs * unique);
      for (const solve of [seenEpochs, projectedEpochs]) {
        const found = solve(options);
        expect(Math.abs(found.tokens - budget)).toBeLessThan(
          1e-14 * tokens.length * (budget + 1) + (solve === seenEpochs ? 0 : ROUNDING),
        );
        const least = unique === 0 ? 0 : Math.min(1, (options.floor * budget) / unique);
        for (const [cell, epochs] of found.epochs.entries()) {
          if (tokens[cell] === 0) expect(epochs).toBe(0);
          else {
            expect(epochs).toBeGreaterThan(least * (1 - 1e-12) - Number.MIN_VALUE);
            expect(epochs).toBeLessThan(options.mostEpochs * (1 + 1e-12));
          }
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('epochs by share leave nothing to be won, and follow the cut', () => {
  fc.assert(
    fc.property(problem, (options) => {
      const { shares, tokens, unique, floor } = options;
      const found = seenEpochs(options);
      const budget = Math.min(options.budget, options.mostEpochs * unique);
      const used = [...shares.keys()].filter((cell) => tokens[cell]! > 0 && shares[cell]! > 0);
      const least = unique === 0 ? 0 : Math.min(1, (floor * budget) / unique);
      // Logarithm of the worth of one more token; worths themselves differ by many powers of ten.
      const gain = winnable(
        Float64Array.from(used, (cell) => found.epochs[cell]!),
        {
          slope: (at, epochs) => {
            const value = Math.log(shares[used[at]!]! / tokens[used[at]!]!);
            const worth = value - (epochs <= 1 ? Math.log(epochs) : (epochs - 1) / REPEAT_WORTH);
            return [worth, worth];
          },
          least,
          most: options.mostEpochs,
        },
      );
      expect(gain).toBeLessThan(1e-8);
      for (const cell of used) {
        const value = (shares[cell]! * budget) / tokens[cell]!;
        const epochs = found.epochs[cell]!;
        if (epochs <= least + 1e-9 || epochs >= options.mostEpochs - 1e-9) continue;
        const expected =
          value < found.lambda ? value / found.lambda : 1 + REPEAT_WORTH * Math.log(value / found.lambda);
        expect(Math.abs(epochs / expected - 1)).toBeLessThan(1e-9);
      }
    }),
    { numRuns: 300 },
  );
});

test('no allocation of a fine grid is worth more than the epochs by share', () => {
  const shares = Float64Array.of(0.6, 0.3, 0.1);
  const tokens = Float64Array.of(100, 200, 300);
  const values = shares.map((share, cell) => share / tokens[cell]!);
  const worth = (epochs: readonly number[]): number =>
    epochs.reduce((sum, value, cell) => sum + tokens[cell]! * values[cell]! * worthOf(value), 0);
  const steps = 150;
  for (const budget of [60, 300, 600, 1200, 2000]) {
    const { epochs } = seenEpochs({ shares, tokens, budget, mostEpochs: 4, floor: 0 });
    const found = worth([...epochs]);
    let best = -Infinity;
    for (let i = 1; i < steps; i++) {
      for (let j = 1; i + j < steps; j++) {
        const parts = [i, j, steps - i - j].map((part, cell) => (part * budget) / steps / tokens[cell]!);
        if (parts.every((value) => value <= 4)) best = Math.max(best, worth(parts));
      }
    }
    expect(best).toBeLessThanOrEqual(found + 1e-12);
    // The nearest point of the grid is not much worse, so the grid did look where the optimum is.
    expect(best).toBeGreaterThan(found - 0.01);
  }
});

test("a larger budget lowers nobody's epochs, a larger share not its own", () => {
  fc.assert(
    fc.property(problem, fc.double({ min: 1, max: 3, noNaN: true }), fc.nat(), (options, factor, pick) => {
      const before = seenEpochs(options).epochs;
      const richer = seenEpochs({ ...options, budget: options.budget * factor }).epochs;
      for (const [cell, epochs] of before.entries())
        expect(richer[cell]!).toBeGreaterThan(epochs * (1 - 1e-11) - 1e-300);
      const cell = pick % before.length;
      const shares = options.shares.map((share, at) => (at === cell ? share * factor : share));
      expect(seenEpochs({ ...options, shares }).epochs[cell]!).toBeGreaterThan(
        before[cell]! * (1 - 1e-11) - 1e-300,
      );
    }),
  );
});

test('a cell with the larger share of its tokens is seen no less often', () => {
  fc.assert(
    fc.property(problem, (options) => {
      const { shares, tokens } = options;
      const { epochs } = seenEpochs(options);
      const used = [...shares.keys()].filter((cell) => tokens[cell]! > 0 && shares[cell]! > 0);
      used.sort((a, b) => shares[a]! / tokens[a]! - shares[b]! / tokens[b]!);
      for (let at = 1; at < used.length; at++) {
        expect(epochs[used[at]!]! * (1 + 1e-11) + 1e-300).toBeGreaterThan(epochs[used[at - 1]!]!);
      }
    }),
  );
});

test('where there is enough of everything each cell gets its share, and the cut is 1', () => {
  const shares = Float64Array.of(0.5, 0.3, 0.2);
  const found = seenEpochs({
    shares,
    tokens: Float64Array.of(900, 800, 1000),
    budget: 1000,
    mostEpochs: 4,
    floor: 0,
  });
  const tokens = [...found.epochs].map((epochs, cell) => epochs * [900, 800, 1000][cell]!);
  for (const [cell, share] of shares.entries()) expect(tokens[cell]).toBeCloseTo(share * 1000, 9);
  expect(found.lambda).toBeCloseTo(1, 12);
});

test('a flood of fresh text in one concept wins it no tokens while it is seen less than once', () => {
  const options = { shares: Float64Array.of(0.5, 0.5), budget: 1000, mostEpochs: 4, floor: 0 };
  for (const flood of [600, 6000, 6e9]) {
    const tokens = Float64Array.of(flood, 700);
    const { epochs } = seenEpochs({ ...options, tokens });
    expect(epochs[0]! * flood).toBeCloseTo(500, 6);
    expect(epochs[1]! * 700).toBeCloseTo(500, 6);
  }
});

test('the floor keeps a concept alive that asks for nothing, up to all its text', () => {
  const options: EpochOptions = {
    shares: Float64Array.of(1, 0),
    tokens: Float64Array.of(1000, 1000),
    budget: 500,
    mostEpochs: 4,
  };
  // Half of what it would get if both were seen equally often: 125 of 1000 tokens.
  const rounded = (epochs: Float64Array): number[] => [...epochs].map((value) => Number(value.toFixed(12)));
  for (const solve of [seenEpochs, projectedEpochs]) {
    expect(rounded(solve(options).epochs)).toEqual([0.375, 0.125]);
    expect(rounded(solve({ ...options, floor: 0 }).epochs)).toEqual([0.5, 0]);
  }
  // The first takes its 4 epochs, and what is left goes to the second though it asks for nothing.
  const { epochs, tokens } = seenEpochs({ ...options, budget: 6000 });
  expect(rounded(epochs)).toEqual([4, 2]);
  expect(tokens).toBeCloseTo(6000, 9);
});

test('more than can be given is told, and nothing is no error', () => {
  const options = { shares: Float64Array.of(0.7, 0.3), tokens: Float64Array.of(10, 20), mostEpochs: 4 };
  for (const solve of [seenEpochs, projectedEpochs]) {
    expect(solve({ ...options, budget: 1e6 })).toMatchObject({ epochs: Float64Array.of(4, 4), tokens: 120 });
    expect(solve({ ...options, budget: 0 }).tokens).toBe(0);
    expect(solve({ ...options, tokens: new Float64Array(2), budget: 9 })).toMatchObject({
      epochs: new Float64Array(2),
      tokens: 0,
    });
    expect(
      solve({ ...options, shares: new Float64Array(0), tokens: new Float64Array(0), budget: 9 }).tokens,
    ).toBe(0);
  }
  expect(repeatEpochs({ values: options.shares, ...options, budget: 1e6 }).tokens).toBe(120);
  expect(repeatEpochs({ values: options.shares, ...options, budget: 0 }).tokens).toBe(0);
  expect(repeatEpochs({ values: new Float64Array(2), ...options, budget: 9 }).tokens).toBe(0);
});

test('fewer than one epoch at most, and a floor that is no part, are refused', () => {
  const options = { shares: Float64Array.of(1), tokens: Float64Array.of(1), budget: 1, mostEpochs: 4 };
  expect(() => seenEpochs({ ...options, mostEpochs: 0.5 })).toThrow(RangeError);
  expect(() => projectedEpochs({ ...options, floor: 1.5 })).toThrow(RangeError);
  expect(() => repeatEpochs({ ...options, values: options.shares, mostEpochs: NaN })).toThrow(RangeError);
});

test('a budget of ten trillion tokens over thousands of unlike cells is met to the token', () => {
  const count = 4096;
  const shares = Float64Array.from({ length: count }, (_, cell) => 1 / (1 + cell) ** 2);
  const tokens = Float64Array.from({ length: count }, (_, cell) => 1 + ((cell * 2654435761) % 4294967296));
  const { tokens: sum } = seenEpochs({ shares, tokens, budget: 1e13, mostEpochs: 4 });
  expect(Math.abs(sum - 1e13)).toBeLessThan(0.5);
});
