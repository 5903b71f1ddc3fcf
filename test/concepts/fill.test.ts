import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unitOf } from '../../src/concepts/draws.ts';
import { seenEpochs } from '../../src/concepts/epochs.ts';
import { createFill } from '../../src/concepts/fill.ts';
import { largestRemainder } from '../../src/concepts/quotas.ts';

/** Copies of every document when each cell is asked for `targets`. */
function fillAll(cells: readonly (readonly number[])[], targets: readonly number[]) {
  const unique = Float64Array.from(cells, (documents) => documents.reduce((sum, tokens) => sum + tokens, 0));
  const fill = createFill({ targets: Float64Array.from(targets), unique });
  const copies = cells.map((documents, cell) => {
    fill.begin(cell);
    return documents.map((tokens) => fill.take(tokens));
  });
  const written = cells.map((documents, cell) =>
    documents.reduce((sum, tokens, at) => sum + tokens * copies[cell]![at]!, 0),
  );
  return { copies, written, missed: fill.missed, unique };
}

const documents = fc.array(fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constantFrom(0, 1, 5000)), {
  minLength: 1,
  maxLength: 15,
});
const cells = fc.array(documents, { minLength: 1, maxLength: 8 });
const epochs = fc.array(fc.oneof(fc.double({ min: 0, max: 4, noNaN: true }), fc.constantFrom(0, 1, 4)), {
  minLength: 8,
  maxLength: 8,
});

const targetsOf = (list: readonly (readonly number[])[], wanted: readonly number[]): number[] =>
  list.map((one, cell) => Math.round(one.reduce((sum, tokens) => sum + tokens, 0) * wanted[cell]!));

test('the total misses the budget by at most half the largest document, each cell by one document', () => {
  fc.assert(
    fc.property(cells, epochs, (list, wanted) => {
      const targets = targetsOf(list, wanted);
      const { copies, written, missed, unique } = fillAll(list, targets);
      const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
      expect(missed).toBe(total(targets) - total(written));
      // Half the largest document so far: of this cell, and of those that left something to it.
      let half = 0;
      let soFar = 0;
      for (const [cell, list_] of list.entries()) {
        const before = half;
        half = Math.max(half, Math.max(...list_) / 2);
        soFar += targets[cell]! - written[cell]!;
        expect(Math.abs(soFar)).toBeLessThanOrEqual(half);
        expect(Math.abs(targets[cell]! - written[cell]!)).toBeLessThanOrEqual(before + half);
        const most = unique[cell] === 0 ? 0 : Math.ceil(targets[cell]! / unique[cell]!);
        for (const times of copies[cell]!) expect(times).toBeLessThanOrEqual(most);
      }
    }),
    { numRuns: 300 },
  );
});

test('a cell writes all its documents as often as its whole epochs, and a prefix of those that are no giants once more', () => {
  fc.assert(
    fc.property(documents, fc.double({ min: 0, max: 4, noNaN: true }), (one, wanted) => {
      const [target] = targetsOf([one], [wanted]) as [number];
      const { copies, unique } = fillAll([one], [target]);
      const whole = unique[0] === 0 ? 0 : Math.floor(target / unique[0]!);
      const extra = copies[0]!.map((times) => times - whole);
      expect(extra.every((more) => more === 0 || more === 1)).toBe(true);
      const prefix = extra.lastIndexOf(1) + 1;
      const room = target - whole * unique[0]!;
      expect(extra.slice(0, prefix).every((more, at) => more === 1 || 8 * one[at]! > room)).toBe(true);
    }),
  );
});

test('a higher target of a cell never writes a document less often, where there are no giants', () => {
  fc.assert(
    fc.property(
      documents,
      fc.double({ min: 0, max: 4, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (one, wanted, more) => {
        const before = fillAll([one], targetsOf([one], [wanted])).copies[0]!;
        const after = fillAll([one], targetsOf([one], [wanted + more])).copies[0]!;
        const unique = one.reduce((sum, tokens) => sum + tokens, 0);
        const room = wanted * unique - Math.floor(wanted) * unique;
        const isGiant = (tokens: number): boolean => 8 * tokens > room - 1;
        for (const [at, times] of before.entries()) {
          if (!one.slice(0, at).some(isGiant)) expect(after[at]!).toBeGreaterThanOrEqual(times);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a document enters where that brings the sum nearer, and the first that does not ends the prefix, but for giants', () => {
  // 10 + 10 / 2 <= 15: nearer by a draw. Then 5 is missing after 10, and 20 would overshoot by 15: passed over.
  expect(fillAll([[10, 20, 1]], [15]).copies).toEqual([[1, 0, 1]]);
  expect(fillAll([[90, 8, 12, 1]], [99]).copies).toEqual([[1, 1, 0, 0]]);
  expect(fillAll([[90, 8, 13, 1]], [99]).copies).toEqual([[1, 1, 0, 1]]);
  expect(fillAll([[10, 10, 1]], [15]).copies).toEqual([[1, 1, 0]]);
  expect(fillAll([[90, 12, 1]], [95]).copies).toEqual([[1, 0, 1]]);
  expect(fillAll([[90, 11, 1]], [95]).copies).toEqual([[1, 0, 0]]);
  expect(fillAll([[90, 11, 1]], [102 * 3 + 95]).copies).toEqual([[4, 3, 3]]);
});

test('what a cell missed goes to the next, though never beyond its own whole epochs', () => {
  // The first writes 96 of 100; 4 more go to the second: 14 of 10 asked.
  const first = [...Array.from({ length: 9 }, () => 12), 1];
  const written = [1, 1, 1, 1, 1, 1, 1, 1, 0, 0];
  const { copies, missed } = fillAll([first, [2, 2, 2, 2, 2, 2, 2, 2]], [100, 10]);
  expect(copies).toEqual([written, [1, 1, 1, 1, 1, 1, 1, 0]]);
  expect(missed).toBe(0);
  // A cell that writes all it has takes no more; the one after it does.
  const full = fillAll([first, [2, 2], [1, 1, 1, 1, 1, 1, 1, 1]], [100, 4, 1]);
  expect(full.copies).toEqual([written, [1, 1], [1, 1, 1, 1, 1, 0, 0, 0]]);
  expect(full.missed).toBe(0);
  // What was written too much is taken from those that follow.
  const over = fillAll(
    [
      [10, 10],
      [1, 1, 1],
      [1, 1, 1],
    ],
    [15, 2, 3],
  );
  expect(over.copies).toEqual([
    [1, 1],
    [0, 0, 0],
    [0, 0, 0],
  ]);
  expect(over.missed).toBe(0);
});

test('a huge document is written or not, as is nearer, and the next cells make up for it', () => {
  expect(fillAll([[1000]], [499])).toMatchObject({ copies: [[0]], missed: 499 });
  expect(fillAll([[1000]], [500])).toMatchObject({ copies: [[1]], missed: -500 });
  expect(fillAll([[1000]], [3400])).toMatchObject({ copies: [[3]], missed: 400 });
  // At the head of a cell it does not shut out the small ones behind it.
  expect(fillAll([[1000, 1, 1]], [100])).toMatchObject({ copies: [[0, 1, 1]], missed: 98 });
});

test('documents without tokens follow their cell, and a target of nothing writes nothing', () => {
  // The second 5 does not fit; as it fills all there is, it is passed over.
  expect(fillAll([[0, 5, 0, 5, 0]], [5]).copies).toEqual([[1, 1, 1, 0, 1]]);
  expect(fillAll([[0, 5, 0]], [10]).copies).toEqual([[2, 2, 2]]);
  expect(fillAll([[0, 5, 0]], [0]).copies).toEqual([[0, 0, 0]]);
  // A cell of nothing but these cannot come nearer to any target.
  expect(fillAll([[0, 0]], [7])).toMatchObject({ copies: [[0, 0]], missed: 7 });
});

test('a cell that never comes is not made up for', () => {
  const fill = createFill({ targets: Float64Array.of(5, 7, 5), unique: Float64Array.of(10, 10, 10) });
  fill.begin(2);
  expect([fill.take(5), fill.take(5), fill.missed]).toEqual([1, 0, 0]);
});

test('from shares to copies a budget is met within half a document, and no document exceeds the most epochs', () => {
  const list = Array.from({ length: 200 }, (_, cell) =>
    Array.from(
      { length: 1 + (cell % 40) },
      (__, at) => 1 + Math.floor(unitOf(1, 'length', cell, at) ** 4 * 20_000),
    ),
  );
  const tokens = Float64Array.from(list, (one) => one.reduce((sum, count) => sum + count, 0));
  const all = tokens.reduce((sum, count) => sum + count, 0);
  const shares = tokens.map((_, cell) => unitOf(1, 'share', cell, 0));
  for (const part of [0.01, 0.3, 1, 2.5, 4, 9]) {
    const asked = Math.round(part * all);
    const found = seenEpochs({ shares, tokens, budget: asked, mostEpochs: 4 });
    const budget = Math.round(found.tokens);
    expect(budget).toBe(Math.min(asked, 4 * all));
    const targets = largestRemainder(
      found.epochs.map((epochs, cell) => epochs * tokens[cell]!),
      budget,
    );
    const { copies, missed } = fillAll(list, [...targets]);
    expect(Math.abs(missed)).toBeLessThanOrEqual(10_000);
    expect(Math.max(...copies.flat())).toBeLessThanOrEqual(4);
  }
});
