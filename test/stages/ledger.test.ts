import { expect, test } from 'vitest';
import type { Batch } from '../../src/columns/batch.ts';
import { restore } from '../../src/columns/wire.ts';
import { createLedger, ledgerSchema } from '../../src/stages/ledger.ts';
import { seeded } from '../engine/support.ts';

interface Row {
  source: string;
  row: number;
  id: string | null;
  decision: string;
  reason: string | null;
  statistic: number | null;
  threshold: number | null;
  detail: string | null;
  edited: boolean;
  twin_source: string | null;
  twin_row: number | null;
}

const unmeasured: Pick<Row, 'statistic' | 'threshold' | 'detail' | 'edited'> = {
  statistic: null,
  threshold: null,
  detail: null,
  edited: false,
};

function rowsOf(batch: Batch): Row[] {
  return batch.toArray().map((row) => {
    const {
      row: at,
      twin_row: twin,
      ...words
    } = row.toJSON() as Omit<Row, 'row' | 'twin_row'> & {
      row: bigint;
      twin_row: bigint | null;
    };
    return { ...words, row: Number(at), twin_row: twin === null ? null : Number(twin) };
  });
}

test('one row a document in input order, however it is cut; batches of 65,536 rows but for the last', async () => {
  const random = seeded(5);
  const expected: Row[] = [];
  const batches: Batch[] = [];
  const ledger = createLedger({
    reasons: ['exact-duplicate', 'near-duplicate'],
    locate: (ordinal) => ({ source: `file-${ordinal % 3}`, row: ordinal * 5e9 }),
    write: async ({ placement, bytes }) => void batches.push(restore(ledgerSchema, placement, bytes)),
  });
  for (let ordinal = 0, row = 0, file = 0; ordinal < 140_000; ) {
    const rowCount = Math.floor(random() * 9000);
    if (random() < 0.2) {
      file++;
      row = 0;
    }
    const source = `dump/${'x'.repeat(file % 5)}-${file}.parquet`;
    const verdicts = new Uint8Array(rowCount);
    const twins = new Float64Array(rowCount).fill(-1);
    const lengths = new Int32Array(rowCount);
    const ids: string[] = [];
    const evidence = {
      statistics: new Float64Array(rowCount),
      thresholds: new Float64Array(rowCount),
      isMeasured: new Uint8Array(rowCount),
      details: new Map<number, string>(),
      edited: new Uint8Array(rowCount),
    };
    const rejects =
      random() < 0.5 ? [] : [{ before: Math.floor(random() * (rowCount + 1)), rowCount: 3, message: '' }];
    const firstRow = row;
    for (let i = 0; i <= rowCount; i++) {
      if (rejects[0]?.before === i) {
        for (let k = 0; k < 3; k++) {
          const nothing = { id: null, ...unmeasured, twin_source: null, twin_row: null };
          expected.push({ source, row: row++, decision: 'dropped', reason: 'unreadable', ...nothing });
        }
      }
      if (i === rowCount) break;
      const id = random() < 0.1 ? null : `é-${ordinal}${'y'.repeat(Math.floor(random() ** 9 * 200))}`;
      lengths[i] = id === null ? -1 : Buffer.byteLength(id);
      if (id !== null) ids.push(id);
      verdicts[i] = random() < 0.6 ? 0 : 1 + Math.floor(random() * 2);
      if (verdicts[i] !== 0 && random() < 0.7) twins[i] = Math.floor(random() * ordinal);
      const twin = verdicts[i] === 0 ? -1 : twins[i]!;
      const measured = { ...unmeasured };
      if (verdicts[i] === 0) {
        measured.edited = random() < 0.3;
        evidence.edited[i] = measured.edited ? 1 : 0;
      } else if (random() < 0.5) {
        evidence.isMeasured[i] = 1;
        measured.statistic = evidence.statistics[i] = random();
        evidence.thresholds[i] = Number.NaN;
        if (random() < 0.5) measured.threshold = evidence.thresholds[i] = 0.5;
        if (random() < 0.5) evidence.details.set(i, (measured.detail = `a word ${i % 7}`));
      }
      expected.push({
        source,
        row: row++,
        id,
        decision: verdicts[i] === 0 ? 'kept' : 'dropped',
        reason: [null, 'exact-duplicate', 'near-duplicate'][verdicts[i]!]!,
        ...measured,
        twin_source: twin < 0 ? null : `file-${twin % 3}`,
        twin_row: twin < 0 ? null : twin * 5e9,
      });
      ordinal++;
    }
    const bytes = new Uint8Array(Buffer.from(ids.join('')));
    await ledger.add(
      { rowCount, rejects, ids: { bytes, lengths } },
      { verdicts, twins, evidence, cuts: undefined },
      source,
      firstRow,
    );
  }
  await ledger.finish();
  expect(batches.slice(0, -1).every(({ numRows }) => numRows === 65_536)).toBe(true);
  const found = batches.flatMap(rowsOf);
  expect(found.length).toBe(expected.length);
  // One comparison of long texts is much faster than one of a hundred thousand objects.
  const line = (one: Row): string =>
    [one.source, one.row, one.id, one.decision, one.reason, one.statistic, one.threshold, one.detail]
      .concat([`${one.edited}`, one.twin_source, one.twin_row])
      .join('\t');
  expect(found.map(line).join('\n') === expected.map(line).join('\n')).toBe(true);
});

test('writes nothing at all for no document', async () => {
  const ledger = createLedger({
    reasons: [],
    locate: () => ({ source: '', row: 0 }),
    write: () => Promise.reject(new Error('nothing to write')),
  });
  await expect(ledger.finish()).resolves.toBeUndefined();
});
