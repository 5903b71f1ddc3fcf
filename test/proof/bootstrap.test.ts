import { expect, test } from 'vitest';
import { bootstrapLosses, type Group, type Losses } from '../../src/proof/bootstrap.ts';
import { normals } from './simulate.ts';

const random = normals(1);

/** A set of `count` documents of uneven length. */
function setOf(name: string, count: number): { name: string; bytes: Uint32Array } {
  return {
    name,
    bytes: Uint32Array.from({ length: count }, () => Math.ceil(200 * Math.exp(0.5 * random()))),
  };
}

/** Bits of documents at `loss` bits per byte, each moved by `spread` of its own. */
function bitsOf(bytes: readonly Uint32Array[], loss: number, spread: number): Float64Array {
  return Float64Array.from(
    bytes.flatMap((sizes) => Array.from(sizes, (size) => size * (loss + spread * random()))),
  );
}

function column(losses: Losses, group: number, budget: number, set?: number): number[] {
  return Array.from({ length: losses.rows - 1 }, (_, row) => losses.at(row + 1, group, budget, set));
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

const sets = [setOf('short', 40), setOf('long', 300)];
const bytes = sets.map((set) => set.bytes);

test('row 0 is what was measured: bits over bytes, the mean over seeds, and each set alike', () => {
  const small = [
    { name: 'a', bytes: Uint32Array.of(10, 30) },
    { name: 'b', bytes: Uint32Array.of(100) },
  ];
  const group: Group = {
    arm: 0,
    pool: 'p',
    origin: undefined,
    bits: [
      [Float64Array.of(20, 60, 300), Float64Array.of(10, 30, 200)],
      [Float64Array.of(40, 80, 100), Float64Array.of(10, 30, 100)],
    ],
  };
  const losses = bootstrapLosses(small, [group], { seed: 0, replicates: 1 });
  // (20 + 60) / 40 = 2 and (40 + 80) / 40 = 3; 3 and 1 bits per byte.
  expect(losses.at(0, 0, 0, 0)).toBe(2.5);
  expect(losses.at(0, 0, 0, 1)).toBe(2);
  expect(losses.at(0, 0, 0)).toBe(2.25);
  expect(losses.at(0, 0, 1, 0)).toBe(1);
  expect(losses.at(0, 0, 1)).toBe(1.25);
});

test('documents alone move a loss by the standard error of a ratio', () => {
  const bits = bitsOf(bytes, 2, 0.5);
  const losses = bootstrapLosses(sets, [{ arm: 0, pool: 'p', origin: undefined, bits: [[bits]] }], {
    seed: 3,
    replicates: 4000,
  });
  let start = 0;
  const errors = sets.map((set, at) => {
    // Delta method: the variance of sum(bits) / sum(bytes) is sum((bits - loss * bytes)^2) / sum(bytes)^2.
    const loss = losses.at(0, 0, 0, at);
    const residuals = Array.from(set.bytes, (size, document) => bits[start + document]! - loss * size);
    start += set.bytes.length;
    const total = set.bytes.reduce((sum, size) => sum + size, 0);
    return Math.sqrt(residuals.reduce((sum, residual) => sum + residual ** 2, 0)) / total;
  });
  // A deviation of 4000 draws is known to 1 / sqrt(8000) = 1.1 %; the delta method leaves out terms of 1 / n, 2.5 % at 40 documents.
  for (const [at, error] of errors.entries()) {
    const ratio = deviation(column(losses, 0, 0, at)) / error;
    expect(Math.abs(ratio - 1)).toBeLessThan(4 * 0.0112 + 1 / sets[at]!.bytes.length);
  }
  // Sets are drawn apart: the variance of their mean is that of both over 4.
  const both = Math.hypot(errors[0]!, errors[1]!) / 2;
  expect(Math.abs(deviation(column(losses, 0, 0)) / both - 1)).toBeLessThan(4 * 0.0112 + 1 / 40);
});

test('all arms, proxies and budgets see the same documents, so what they share does not move their difference', () => {
  const bits = bitsOf(bytes, 2, 0.8);
  // 0.25 bits per byte better on every document.
  const better = bits.map((cost, document) => cost - 0.25 * [...bytes[0]!, ...bytes[1]!][document]!);
  const groups: Group[] = [
    { arm: 0, pool: 'p', origin: undefined, bits: [[bits, better]] },
    { arm: 1, pool: 'q', origin: undefined, bits: [[better, better]] },
  ];
  const losses = bootstrapLosses(sets, groups, { seed: 3, replicates: 50 });
  for (let row = 1; row < losses.rows; row++) {
    expect(losses.at(row, 0, 0) - losses.at(row, 1, 0)).toBeCloseTo(0.25, 12);
    expect(losses.at(row, 0, 1)).toBe(losses.at(row, 1, 1));
  }
  expect(deviation(column(losses, 0, 0))).toBeGreaterThan(0.01);
});

/** Losses that seeds move by these residuals, at two budgets, with no doubt about documents. */
function seedsOf(arm: number, residuals: readonly (readonly [number, number])[]): Group {
  const bits = residuals.map((residual) =>
    residual.map((moved) => Float64Array.from([...bytes[0]!, ...bytes[1]!], (size) => size * (2 + moved))),
  );
  return { arm, pool: 'p', origin: undefined, bits };
}

test('the sample of training documents moves a mean by the pooled error, with tails as of Student', () => {
  // Both arms have the same variance, so neither is scaled: 0.01^2 and 0.02^2 at the budgets, and the budgets move against each other.
  const residuals = [
    [0.01, -0.02],
    [0, 0],
    [-0.01, 0.02],
  ] as const;
  const groups = [seedsOf(0, residuals), seedsOf(1, residuals)];
  const losses = bootstrapLosses(sets, groups, { seed: 5, replicates: 20_000 });
  // 4 degrees of freedom: 95 % of t lie within 2.776, 50 % within 0.741. The standard error of a mean over 3 seeds is 0.01 / sqrt(3); of a difference, times sqrt(2).
  const inside = (values: readonly number[], error: number, times: number): number =>
    values.filter((value) => Math.abs(value) <= times * error).length / values.length;
  const error = 0.01 / Math.sqrt(3);
  const own = column(losses, 0, 0).map((loss) => loss - 2);
  const difference = own.map((moved, row) => moved - (losses.at(row + 1, 1, 0) - 2));
  for (const [values, scale] of [
    [own, error],
    [difference, error * Math.SQRT2],
  ] as const) {
    // Four binomial errors of 20000 draws.
    expect(Math.abs(inside(values, scale, 2.776) - 0.95)).toBeLessThan(4 * Math.sqrt((0.95 * 0.05) / 20_000));
    expect(Math.abs(inside(values, scale, 0.741) - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / 20_000));
  }
  for (const [row, moved] of own.entries()) expect(losses.at(row + 1, 0, 1) - 2).toBeCloseTo(-2 * moved, 9);
});

test('an arm that its seeds move more than others moves more, and one that they move less moves as the pool', () => {
  const wild = [
    [0.03, 0.03],
    [-0.03, -0.03],
  ] as const;
  const calm = [
    [0, 0],
    [0, 0],
  ] as const;
  const groups = [seedsOf(0, wild), seedsOf(1, calm), seedsOf(2, calm)];
  const losses = bootstrapLosses(sets, groups, { seed: 5, replicates: 4000 });
  const middle = (group: number): number => {
    const moves = column(losses, group, 0).map((loss) => Math.abs(loss - 2));
    return moves.toSorted((left, right) => left - right)[2000]!;
  };
  // The variance of the wild arm is 3 times that of the pool of three. A median of 4000 is known to about 3 %; allow 4 of these for each.
  expect(Math.abs(middle(0) / middle(1) / Math.sqrt(3) - 1)).toBeLessThan(4 * 0.03 * Math.SQRT2);
  expect(Math.abs(middle(1) / middle(2) - 1)).toBeLessThan(4 * 0.03 * Math.SQRT2);
});

test('what moves an arm at one size moves it at the others, and pools do not lend each other their spread', () => {
  const residuals = [
    [0.01, 0.01],
    [-0.01, -0.01],
  ] as const;
  const large = seedsOf(0, residuals);
  const groups: Group[] = [
    large,
    { ...large, pool: 'small' },
    {
      ...seedsOf(0, [
        [0, 0],
        [0, 0],
      ]),
      pool: 'still',
    },
  ];
  const losses = bootstrapLosses(sets, groups, { seed: 5, replicates: 20 });
  for (let row = 1; row < losses.rows; row++) {
    expect(losses.at(row, 1, 0)).toBe(losses.at(row, 0, 0));
    expect(losses.at(row, 2, 0)).toBeCloseTo(2, 12);
  }
});

test('with one seed only documents are left to chance', () => {
  const groups = [seedsOf(0, [[0.01, 0.01]]), seedsOf(1, [[0.5, 0.5]])];
  const losses = bootstrapLosses(sets, groups, { seed: 5, replicates: 20 });
  for (let row = 0; row < losses.rows; row++) {
    expect(losses.at(row, 0, 0)).toBeCloseTo(2.01, 12);
    expect(losses.at(row, 1, 0)).toBeCloseTo(2.5, 12);
  }
});

test('a replicate does not depend on how many there are, and another seed gives others', () => {
  const groups: Group[] = [
    { arm: 0, pool: 'p', origin: undefined, bits: [[bitsOf(bytes, 2, 0.5)], [bitsOf(bytes, 2, 0.5)]] },
    { arm: 1, pool: 'p', origin: undefined, bits: [[bitsOf(bytes, 2.2, 0.5)], [bitsOf(bytes, 2.1, 0.5)]] },
  ];
  const many = bootstrapLosses(sets, groups, { seed: 1, replicates: 9 });
  for (let replicates = 1; replicates < 9; replicates++) {
    const few = bootstrapLosses(sets, groups, { seed: 1, replicates });
    expect(few.rows).toBe(replicates + 1);
    for (let row = 0; row < few.rows; row++) expect(few.at(row, 1, 0)).toBe(many.at(row, 1, 0));
  }
  const other = bootstrapLosses(sets, groups, { seed: 2, replicates: 9 });
  expect(other.at(0, 1, 0)).toBe(many.at(0, 1, 0));
  expect(column(other, 1, 0)).not.toEqual(column(many, 1, 0));
});

test('documents of no bytes count with their bits, and a draw of nothing else leaves the set as it is', () => {
  const empty = [{ name: 'a', bytes: Uint32Array.of(0, 8) }];
  const group: Group = { arm: 0, pool: 'p', origin: undefined, bits: [[Float64Array.of(4, 16)]] };
  const losses = bootstrapLosses(empty, [group], { seed: 1, replicates: 200 });
  // Twice the one: nothing to divide by, so as measured; each once; twice the other.
  expect(losses.at(0, 0, 0)).toBe(2.5);
  expect(new Set(column(losses, 0, 0))).toEqual(new Set([2.5, 2]));
});
