import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Measured, SpooledDocuments } from '../../src/curation/measure.ts';
import { WordSample } from '../../src/curation/sample.ts';
import type { EncodedRows } from '../../src/encoders/encoding.ts';

interface Document {
  /** Upper word of the hash. */
  readonly hash: number;
  readonly words: readonly number[];
}

/** A batch as threads hand it back, and what is known of its rows. */
function batchOf(documents: readonly Document[]): [EncodedRows, SpooledDocuments] {
  const ends = documents.reduce((all, { words }) => [...all, all.at(-1)! + words.length], [0]);
  const buckets = Uint32Array.from(documents.flatMap(({ words }) => words));
  const features = {
    offsets: Uint32Array.from(ends),
    buckets,
    counts: new Uint16Array(buckets.length).fill(1),
  };
  const count = documents.length;
  const rows = Uint32Array.from(documents.keys());
  return [
    { rows, features, vectors: undefined, edits: undefined, places: undefined },
    {
      count,
      hashes: Uint32Array.from(documents.flatMap(({ hash }) => [0, hash])),
      ordinals: rows,
      bytes: new Uint32Array(count),
      qualities: new Float32Array(count),
      sources: new Uint32Array(count),
    },
  ];
}

const measured = { clusters: { verdictOf: () => 0 } } as unknown as Measured;

test('words are those of the lowest hashes as far as there is room, however the documents come', () => {
  const documents = fc.uniqueArray(
    fc.record({ hash: fc.nat(2 ** 20), words: fc.array(fc.nat(2 ** 16), { maxLength: 9 }) }),
    { selector: ({ hash }) => hash, minLength: 1, maxLength: 40 },
  );
  fc.assert(
    fc.property(
      documents,
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 60 }),
      (all, size, room) => {
        const sample = new WordSample(room);
        for (let at = 0; at < all.length; at += size)
          sample.add(...batchOf(all.slice(at, at + size)), measured);
        const expected: Document[] = [];
        let held = 0;
        for (const one of [...all].sort((a, b) => a.hash - b.hash)) {
          held += one.words.length;
          if (expected.length > 0 && held > room) break;
          expected.push(one);
        }
        const { offsets, buckets, counts } = sample.lists();
        expect(Array.from(buckets)).toEqual(expected.flatMap(({ words }) => words));
        expect(offsets.length).toBe(expected.length + 1);
        expect(counts.length).toBe(buckets.length);
      },
    ),
  );
});
