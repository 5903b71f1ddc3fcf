import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Batch } from '../../src/columns/batch.ts';
import { gather } from '../../src/columns/gather.ts';
import { place, placedByteLength, restore } from '../../src/columns/wire.ts';
import { createLedger, ledgerSchema } from '../../src/stages/ledger.ts';
import {
  type AddedColumn,
  type LedgerRevision,
  type LedgerRows,
  revisedSchema,
  reviseLedger,
} from '../../src/stages/ledger-revision.ts';
import { seeded } from '../engine/support.ts';

const REASONS = ['short', 'exact-duplicate', 'near-duplicate'];
const FULL = 65_536;

/** A ledger of `rowCount` documents: kept ones, measured ones, duplicates with a twin, damaged ones. */
async function ledgerOf(rowCount: number, seed: number): Promise<Batch[]> {
  const random = seeded(seed);
  const batches: Batch[] = [];
  const ledger = createLedger({
    reasons: REASONS,
    locate: (ordinal) => ({ source: `dump/${ordinal % 7}.parquet`, row: ordinal * 3e9 }),
    write: async ({ placement, bytes }) => void batches.push(restore(ledgerSchema, placement, bytes)),
  });
  const verdicts = Uint8Array.from({ length: rowCount }, () => Math.floor(random() * 4));
  const twins = new Float64Array(rowCount).map((_, row) =>
    random() < 0.3 ? -1 : Math.floor(random() * (row + 1)),
  );
  const statistics = new Float64Array(rowCount).map(() => (random() < 0.2 ? Number.NaN : random()));
  const ids = Array.from({ length: rowCount }, (_, row) => (row % 5 === 0 ? null : `id-é-${row}`));
  const evidence = {
    statistics,
    thresholds: statistics.map((value) => value * 2),
    isMeasured: verdicts.map((verdict) => (verdict === 1 ? 1 : 0)),
    details: new Map(
      [...verdicts.keys()].filter((row) => row % 3 === 0).map((row) => [row, `word ${row % 90}`]),
    ),
    edited: Uint8Array.from({ length: rowCount }, () => Math.floor(random() * 2)),
  };
  await ledger.add(
    {
      rowCount,
      rejects: rowCount === 0 ? [] : [{ before: rowCount >> 1, rowCount: 2, message: '' }],
      ids: {
        bytes: Buffer.from(ids.filter((id) => id !== null).join('')),
        lengths: Int32Array.from(ids, (id) => (id === null ? -1 : Buffer.byteLength(id))),
      },
    },
    { verdicts, twins, evidence, cuts: undefined },
    'dump/a.parquet',
    0,
  );
  await ledger.finish();
  return batches;
}

/** The same rows, cut anew. */
function cut(batches: readonly Batch[], lengths: () => number): Batch[] {
  const all = gather(
    ledgerSchema,
    batches.map((batch) => ({ batch, rows: undefined })),
  );
  const cuts: Batch[] = [];
  for (let start = 0; start < all.numRows; ) {
    const end = Math.min(all.numRows, start + lengths());
    const rows = Uint32Array.from({ length: end - start }, (_, i) => start + i);
    // A slice where it is odd, so that columns that do not begin at 0 are met, too.
    cuts.push(start % 2 === 1 ? all.slice(start, end) : gather(ledgerSchema, [{ batch: all, rows }]));
    start = end;
  }
  return cuts;
}

async function* stream<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function revise(batches: readonly Batch[], revision: LedgerRevision): Promise<Batch[]> {
  const revised: Batch[] = [];
  for await (const batch of reviseLedger(stream(batches), ledgerSchema, revision)) revised.push(batch);
  return revised;
}

/** Bytes as the writer of the ledger gets them. */
function bytesOf(batches: readonly Batch[]): string[] {
  return batches.map((batch) => {
    const gathered = gather(batch.schema, [{ batch, rows: undefined }]);
    const bytes = new Uint8Array(placedByteLength(gathered));
    const placement = place(gathered, bytes);
    return `${JSON.stringify(placement)} ${Buffer.from(bytes).toString('base64')}`;
  });
}

const rowsOf = (batches: readonly Batch[]): Record<string, unknown>[] =>
  batches.flatMap((batch) => batch.toArray().map((row) => row.toJSON() as Record<string, unknown>));

const ADDED: readonly AddedColumn[] = [
  { name: 'concept', type: 'int32', isNullable: true },
  { name: 'copies', type: 'uint32', isNullable: false },
  { name: 'share', type: 'float64', isNullable: true },
];

/** Changes that are drawn for a row from its number alone. */
function drawn(share: number): LedgerRevision & { readonly seen: number[] } {
  const seen: number[] = [];
  return {
    seen,
    columns: ADDED,
    revise: async (rows: LedgerRows) => {
      const surplus = rows.codeOf('surplus');
      await Promise.resolve();
      for (let row = 0; row < rows.rowCount; row++) {
        const number = rows.firstRow + row;
        seen.push(rows.reasons[row]!);
        const random = seeded(number);
        if (random() >= share) continue;
        const what = Math.floor(random() * 8);
        if (what === 0) rows.decide(row, 0);
        if (what === 1 || what === 2) rows.decide(row, surplus);
        if (what === 2) rows.measure(row, number / 8, Number.NaN, `at ${number % 11}`);
        if (what === 3) rows.twin(row, { source: `other/${number % 5}`, row: number * 2 ** 33 + 7 });
        if (what === 4) rows.twin(row, undefined);
        if (what === 5) rows.set(0, row, number % 2 === 0 ? -number : Number.NaN);
        if (what === 6) rows.set(1, row, 0xffff_fff0);
        if (what === 7) rows.set(2, row, -0.5 * number);
      }
    },
  };
}

/** The same changes to rows as objects. */
function drawnPlainly(rows: readonly Record<string, unknown>[], share: number): Record<string, unknown>[] {
  const forgotten = { statistic: null, threshold: null, detail: null, twin_source: null, twin_row: null };
  return rows.map((row, number) => {
    const all: Record<string, unknown> = { ...row, concept: null, copies: 0, share: null };
    const random = seeded(number);
    if (random() >= share) return all;
    const what = Math.floor(random() * 8);
    if (what === 0) Object.assign(all, forgotten, { decision: 'kept', reason: null });
    if (what === 1 || what === 2) Object.assign(all, forgotten, { decision: 'dropped', reason: 'surplus' });
    if (what === 2) Object.assign(all, { statistic: number / 8, detail: `at ${number % 11}` });
    if (what === 3) {
      Object.assign(all, { twin_source: `other/${number % 5}`, twin_row: BigInt(number) * 2n ** 33n + 7n });
    }
    if (what === 4) Object.assign(all, { twin_source: null, twin_row: null });
    if (what === 5) all['concept'] = number % 2 === 0 ? 0 - number : null;
    if (what === 6) all['copies'] = 0xffff_fff0;
    if (what === 7) all['share'] = -0.5 * number;
    return all;
  });
}

test('what is said of rows is in the columns, and everything else is as it was', async () => {
  const batches = await ledgerOf(3001, 4);
  const before = rowsOf(batches);
  for (const share of [0, 0.002, 0.5, 1]) {
    const revised = await revise(batches, drawn(share));
    expect(revised[0]!.schema.toString()).toBe(revisedSchema(ledgerSchema, ADDED).toString());
    expect(rowsOf(revised)).toEqual(drawnPlainly(before, share));
  }
});

test('a revision is told the reasons of rows by codes that stay the same', async () => {
  const batches = await ledgerOf(FULL + 3000, 8);
  const named = [...REASONS, 'unreadable'];
  const codes: number[][] = [];
  const told: (string | null)[] = [];
  await revise(batches, {
    columns: [],
    revise: (rows) => {
      const own = named.map((reason) => rows.codeOf(reason));
      codes.push(own);
      for (const code of rows.reasons) told.push(code === 0 ? null : named[own.indexOf(code)]!);
    },
  });
  expect(codes).toEqual([codes[0], codes[0]]);
  expect(told).toEqual(rowsOf(batches).map((row) => row['reason']));
});

test('columns that nobody changed are those of the ledger itself, not a copy', async () => {
  const [batch] = await ledgerOf(FULL - 2, 2);
  expect(batch!.numRows).toBe(FULL);
  const [revised] = await revise([batch!], {
    columns: [],
    revise: (rows) => {
      // Changes nothing: what is cleared was null.
      for (let row = 0; row < rows.rowCount; row++) if (rows.reasons[row] === 0) rows.decide(row, 0);
      rows.twin(5, { source: 'x', row: 1 });
    },
  });
  const changed = ledgerSchema.fields
    .filter((_, i) => revised!.data.children[i] !== batch!.data.children[i])
    .map(({ name }) => name);
  expect(changed).toEqual(['twin_source', 'twin_row']);
});

test('the same batches however the ledger was cut; 65,536 rows each but for the last', async () => {
  const batches = await ledgerOf(FULL + 4321, 6);
  const whole = drawn(0.3);
  const expected = await revise(batches, whole);
  expect(expected.map(({ numRows }) => numRows)).toEqual([FULL, 4323]);
  const bytes = bytesOf(expected);
  const random = seeded(1);
  for (const lengths of [() => 200_000, () => FULL - 1, () => 1 + Math.floor(random() * 40_000)]) {
    const again = drawn(0.3);
    expect(bytesOf(await revise(cut(batches, lengths), again))).toEqual(bytes);
    expect(again.seen).toEqual(whole.seen);
  }
});

test('cuts of a few rows, and of none, change nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 60 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
      async (rowCount, lengths) => {
        const batches = await ledgerOf(rowCount, rowCount);
        let next = 0;
        const pieces = cut(batches, () => lengths[next++ % lengths.length]!);
        expect(rowsOf(await revise(pieces, drawn(0.7)))).toEqual(drawnPlainly(rowsOf(batches), 0.7));
      },
    ),
    { numRuns: 60 },
  );
});

test('a ledger without rows stays one', async () => {
  expect(await revise([], drawn(1))).toEqual([]);
});

test('what is no ledger is refused by the name of the column it lacks', async () => {
  const [batch] = await ledgerOf(10, 1);
  const stripped = batch!.select(['source', 'row']);
  const reading = reviseLedger(stream([stripped]), stripped.schema, drawn(1)).next();
  await expect(reading).rejects.toThrow('expected a ledger with the column "reason"');
});
