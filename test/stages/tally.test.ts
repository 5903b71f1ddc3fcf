import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTally } from '../../src/stages/tally.ts';

const reject = fc.record({
  before: fc.nat(5),
  rowCount: fc.integer({ min: 1, max: 3 }),
  message: fc.constant('broken'),
});
const batch = fc.record({
  source: fc.nat(2),
  verdicts: fc.array(fc.nat(2), { maxLength: 5 }),
  rejects: fc.array(reject, { maxLength: 3 }),
});

test('counts every document once, and finds where each came from, damaged rows in between', () => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 12 }), (unsorted) => {
      const batches = unsorted.toSorted((a, b) => a.source - b.source);
      const tally = createTally({
        sources: ['a', 'b', 'c'].map((path) => ({ path, format: 'jsonl' })),
        reasons: ['exact', 'near'],
        documentsExpected: undefined,
        bytesWritten: () => 0,
        startedAt: 0,
      });
      const origins: { source: string; row: number }[] = [];
      const rows = [0, 0, 0];
      let damaged = 0;
      for (const { source, verdicts, rejects: given } of batches) {
        const rowCount = verdicts.length;
        const rejects = given
          .map((one) => ({ ...one, before: Math.min(one.before, rowCount) }))
          .toSorted((a, b) => a.before - b.before);
        for (let row = 0; row <= rowCount; row++) {
          for (const one of rejects.filter(({ before }) => before === row)) {
            rows[source]! += one.rowCount;
            damaged += one.rowCount;
          }
          if (row < rowCount) origins.push({ source: 'abc'[source]!, row: rows[source]!++ });
        }
        tally.add(
          source,
          {
            rowCount,
            rejects,
            textLengths: new Uint32Array(rowCount).fill(2),
            writtenLengths: new Uint32Array(rowCount).fill(1),
          },
          { verdicts: Uint8Array.from(verdicts), twins: undefined, evidence: undefined, cuts: undefined },
        );
        expect(tally.rowsOf(source)).toBe(rows[source]);
      }
      expect(origins.map((_, ordinal) => tally.locate(ordinal))).toEqual(origins);
      const { documents, text, textKept } = tally.counts();
      const dropped = Object.values(documents.dropped).reduce((sum, count) => sum + count, 0);
      expect(documents.read).toBe(documents.kept + dropped);
      expect(documents.read).toBe(origins.length + damaged);
      expect(documents.dropped['unreadable']).toBe(damaged);
      expect(text).toBe(2 * origins.length);
      expect(textKept).toBe(documents.kept);
      expect(documents.edited).toBe(0);
    }),
  );
});
