import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Slab } from '../../src/flow/slab-ring.ts';
import type { PlacedPiece } from '../../src/parallel/tasks.ts';
import { type RebatchOptions, rebatch, type Selected } from '../../src/stages/rebatch.ts';

// A row is known by its number over the whole input; a piece's placement stands in for the morsel it lies in.
interface Row {
  readonly size: number;
  readonly isKept: boolean;
}

interface Outcome {
  /** Numbers of the rows of each batch of kept ones, and of each of the others. */
  readonly batches: number[][];
  readonly rejects: number[][];
  readonly stillHeld: number;
  readonly mostHeld: number;
}

async function cut(
  rows: readonly Row[],
  morselRows: number,
  change: Partial<RebatchOptions> = {},
): Promise<Outcome> {
  let held = 0;
  let mostHeld = 0;
  const copies = new Map<unknown, number[]>();
  const numbers = ({ placement, rows: chosen }: PlacedPiece): number[] =>
    chosen === undefined
      ? copies.get(placement)!
      : Array.from(chosen, (row) => (placement as unknown as number) + row);

  async function* morsels(): AsyncGenerator<Selected, void, undefined> {
    for (let start = 0; start < rows.length; start += morselRows) {
      const morsel = rows.slice(start, start + morselRows);
      let holders = 1;
      mostHeld = Math.max(mostHeld, ++held);
      const slab: Slab = {
        buffer: new SharedArrayBuffer(0),
        retain: () => void holders++,
        release: () => void (--holders === 0 && held--),
      };
      yield {
        placement: start as never,
        bytes: new Uint8Array(0),
        cuts: undefined,
        choices: [
          {
            output: 'rows',
            rows: Uint32Array.from(morsel.flatMap(({ isKept }, i) => (isKept ? [i] : []))),
            notes: undefined,
          },
          {
            output: 'rejects',
            rows: Uint32Array.from(morsel.flatMap(({ isKept }, i) => (isKept ? [] : [i]))),
            notes: [
              Uint32Array.from(morsel.flatMap(({ isKept }, i) => (isKept ? [] : [reasonOf(start + i)]))),
            ],
          },
        ],
        rowBytes: Uint32Array.from(morsel, ({ size }) => size),
        slab,
      };
    }
  }

  const batches: number[][] = [];
  const rejects: number[][] = [];
  const output = rebatch(morsels(), {
    targetBytes: 100,
    targetRows: 7,
    mostPinned: 2,
    compact: async (_output, pieces) => {
      const placement = {};
      copies.set(placement, pieces.flatMap(numbers));
      return { placement: placement as never, bytes: new Uint8Array(0) };
    },
    ...change,
  });
  for await (const batch of output) {
    const all = batch.pieces.flatMap(numbers);
    expect(all.length).toBe(batch.rowCount);
    if (batch.output === 'rows') batches.push(all);
    else {
      rejects.push(all);
      expect(batch.pieces.flatMap(({ notes }) => [...notes![0]!])).toEqual(all.map(reasonOf));
    }
    batch.release();
  }
  return { batches, rejects, stillHeld: held, mostHeld };
}

/** Any number that tells rows apart. */
function reasonOf(row: number): number {
  return 1 + (row % 250);
}

const row = fc.record({ size: fc.nat(60), isKept: fc.boolean() });

test('cuts at the same rows however the input was cut, loses none, and gives every slab back', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 60 }),
      fc.integer({ min: 1, max: 60 }),
      async (rows, morselRows) => {
        const whole = await cut(rows, Math.max(1, rows.length));
        const pieces = await cut(rows, morselRows);
        expect(pieces.batches).toEqual(whole.batches);
        expect(pieces.rejects).toEqual(whole.rejects);
        expect(pieces.rejects.flat()).toEqual(rows.flatMap(({ isKept }, i) => (isKept ? [] : [i])));
        expect(pieces.batches.flat()).toEqual(rows.flatMap(({ isKept }, i) => (isKept ? [i] : [])));
        expect(pieces.stillHeld).toBe(0);
      },
    ),
    { numRuns: 200 },
  );
});

test('ends a batch with the row that brings it to the byte target, or at the row target', async () => {
  const kept = (size: number): Row => ({ size, isKept: true });
  expect((await cut([60, 39, 1, 5].map(kept), 2)).batches).toEqual([[0, 1, 2], [3]]);
  expect(
    (
      await cut(
        Array.from({ length: 8 }, () => kept(1)),
        3,
      )
    ).batches.map((batch) => batch.length),
  ).toEqual([7, 1]);
  expect((await cut([kept(1000)], 1)).batches).toEqual([[0]]);
  expect((await cut([], 1)).batches).toEqual([]);
});

test('holds a bounded number of slabs when next to nothing is kept, by copying rows out', async () => {
  const rows = Array.from({ length: 500 }, (_, i) => ({ size: 1, isKept: i % 10 === 0 }));
  const { mostHeld, stillHeld, batches } = await cut(rows, 5, { targetRows: 1000, targetBytes: 1e9 });
  expect(batches).toEqual([rows.flatMap(({ isKept }, i) => (isKept ? [i] : []))]);
  expect(mostHeld).toBeLessThanOrEqual(4);
  expect(stillHeld).toBe(0);
});

test('gives its slabs back when the consumer leaves early', async () => {
  let released = 0;
  async function* endless(): AsyncGenerator<Selected, void, undefined> {
    for (;;) {
      let holders = 1;
      yield {
        placement: 0 as never,
        bytes: new Uint8Array(0),
        cuts: undefined,
        choices: [{ output: 'rows', rows: Uint32Array.of(0), notes: undefined }],
        rowBytes: Uint32Array.of(1),
        slab: {
          buffer: new SharedArrayBuffer(0),
          retain: () => void holders++,
          release: () => void (--holders === 0 && released++),
        },
      };
    }
  }
  const options = {
    targetBytes: 1e9,
    targetRows: 2,
    mostPinned: 5,
    compact: () => Promise.reject(new Error('unused')),
  };
  for await (const batch of rebatch(endless(), options)) {
    batch.release();
    break;
  }
  expect(released).toBe(2);
});
