import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isBeforeCut, PlanNotes } from '../../src/concepts/plan-notes.ts';

/** Documents of one concept in their order, the first `kept` of them kept. */
function cutOf(
  documents: readonly { priority: number; low: number; high: number }[],
  kept: number,
): PlanNotes {
  const notes = new PlanNotes(3);
  for (const [at, { priority, low, high }] of documents.entries()) {
    notes.candidate(1, 10, priority, low, high, at < kept);
  }
  return notes;
}

test('what was kept comes before the cut, what was left out behind it, ties by hash included', () => {
  const document = fc.record({
    // Few numbers, so that there are ties, and neighbours between which there is no other.
    priority: fc.constantFrom(
      -1.5,
      -0.5,
      0,
      Number.MIN_VALUE,
      2 * Number.MIN_VALUE,
      1,
      1 + Number.EPSILON,
      1e300,
    ),
    high: fc.constantFrom(0, 1, 0xffff_ffff),
    low: fc.constantFrom(0, 7, 0xffff_ffff),
  });
  const key = ({ priority, high, low }: { priority: number; high: number; low: number }) =>
    `${priority} ${high} ${low}`;
  fc.assert(
    fc.property(fc.uniqueArray(document, { maxLength: 12, selector: key }), fc.nat(12), (documents, most) => {
      const order = documents.toSorted((a, b) => a.priority - b.priority || a.high - b.high || a.low - b.low);
      const kept = Math.min(most, order.length);
      const { concepts } = cutOf(order, kept);
      for (const [at, { priority, low, high }] of order.entries()) {
        expect(isBeforeCut(concepts, 1, priority, low, high)).toBe(at < kept);
      }
      expect(concepts.candidateBytes[1]).toBe(10 * order.length);
      expect(concepts.keptBytes[1]).toBe(10 * kept);
    }),
  );
});

test('of a concept that was kept whole all is kept, of one that was left out nothing', () => {
  const documents = [{ priority: 0.5, low: 1, high: 1 }];
  expect(isBeforeCut(cutOf(documents, 1).concepts, 1, 1e308, 0xffff_ffff, 0xffff_ffff)).toBe(true);
  expect(isBeforeCut(cutOf(documents, 0).concepts, 1, -1e308, 0, 0)).toBe(false);
});

test('the cut lies in the middle, so that of other documents the same share passes', () => {
  const { concepts } = cutOf(
    [1, 2, 4, 9].map((priority) => ({ priority, low: 0, high: 0 })),
    2,
  );
  expect(concepts.cutPriorities[1]).toBe(3);
});

test('what is too large for a quota is passed over, and sets no cut', () => {
  const notes = new PlanNotes(1);
  const take = (bytes: number, priority: number, isKept: boolean) =>
    notes.candidate(0, bytes, priority, 0, 0, isKept);
  take(10, 1, true);
  take(900, 2, false);
  take(800, 3, false);
  take(20, 4, true);
  const { cutPriorities, sizeLimits, keptBytes } = notes.concepts;
  expect([cutPriorities[0], sizeLimits[0]]).toEqual([Infinity, 800]);
  take(700, 5, false);
  take(10, 6, true);
  expect(sizeLimits[0]).toBe(700);
  // Behind the last that is kept nothing shows what was too large, and what was too late.
  take(600, 7, false);
  take(5, 8, false);
  expect([cutPriorities[0], sizeLimits[0], keptBytes[0]]).toEqual([6.5, 700, 40]);
});

test('concepts have cuts of their own', () => {
  const notes = new PlanNotes(2);
  notes.candidate(0, 1, 0.1, 0, 0, true);
  notes.candidate(0, 1, 0.3, 0, 0, false);
  notes.candidate(0, 1, 0.8, 0, 0, false);
  notes.candidate(1, 1, 0.5, 0, 0, false);
  expect([...notes.concepts.cutPriorities]).toEqual([0.2, -Infinity]);
});

test('documents, distances and what is said again add up', () => {
  const notes = new PlanNotes(2);
  notes.document(1, 0.25);
  notes.document(1, 0.5);
  notes.repeated(1, 30);
  notes.repeated(1, 12);
  const { documents, distances, repeatedBytes } = notes.concepts;
  expect([...documents]).toEqual([0, 2]);
  expect([...distances]).toEqual([0, 0.75]);
  expect([...repeatedBytes]).toEqual([0, 42]);
});
