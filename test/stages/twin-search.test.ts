import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Signatures } from '../../src/kernels/signatures/signatures.ts';
import { createDeduplicator, NEAR_DUPLICATE } from '../../src/stages/deduplicate.ts';
import { TwinSearch } from '../../src/stages/twin-search.ts';
import { seeded } from '../engine/support.ts';

const SMALL = 2 ** 12;
const LARGE = 2 ** 22;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-twins-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

interface Document {
  /** One a band, as (low, high) pairs. */
  readonly keys: readonly (readonly [number, number])[];
  readonly verdict: number;
  readonly isSkipped: boolean;
  readonly hasShingles: boolean;
}

function signaturesOf(documents: readonly Document[], bands: number): Signatures {
  const rowCount = documents.length;
  const bandKeys = new Uint32Array(2 * bands * rowCount);
  documents.forEach(({ keys }, row) => {
    keys.forEach((key, band) => bandKeys.set(key, 2 * (band * rowCount + row)));
  });
  return {
    rowCount,
    contentHashes: new Uint32Array(2 * rowCount),
    bandKeys,
    shingleCounts: Uint32Array.from(documents, ({ hasShingles }) => (hasShingles ? 9 : 0)),
    sketches: new Uint8Array(0),
  };
}

/** With all keys in memory: for each sought document the first kept one before it that has one of its keys, or -1. */
function oracle(documents: readonly Document[]): Map<number, number> {
  const firstOf = new Map<string, number>();
  const twins = new Map<number, number>();
  documents.forEach(({ keys, verdict, isSkipped, hasShingles }, ordinal) => {
    if (isSkipped || !hasShingles) return;
    const names = keys.map(String);
    if (verdict === 0) for (const name of names) if (!firstOf.has(name)) firstOf.set(name, ordinal);
    if (verdict !== NEAR_DUPLICATE) return;
    const known = names.flatMap((name) => firstOf.get(name) ?? []);
    twins.set(ordinal, known.length === 0 ? -1 : Math.min(...known));
  });
  return twins;
}

interface Found {
  readonly twins: ReadonlyMap<number, number>;
  readonly counts: TwinSearch['counts'];
}

async function search(
  documents: readonly Document[],
  bands: number,
  memoryBytes: number,
  sizes: readonly number[] = [documents.length],
): Promise<Found> {
  const twinSearch = new TwinSearch({ bands, sought: NEAR_DUPLICATE, folder, memoryBytes });
  try {
    for (let start = 0, call = 0; start < documents.length; call++) {
      const some = documents.slice(start, start + Math.max(1, sizes[call % sizes.length]!));
      start += some.length;
      const signatures = signaturesOf(some, bands);
      const verdicts = Uint8Array.from(some, ({ verdict }) => verdict);
      const skip = some.some(({ isSkipped }) => isSkipped)
        ? Uint8Array.from(some, ({ isSkipped }) => (isSkipped ? 4 : 0))
        : undefined;
      await twinSearch.add(signatures, verdicts, skip);
      // Whoever gave them uses the memory again.
      signatures.bandKeys.fill(0);
      verdicts.fill(0);
    }
    const sought = [...oracle(documents).keys()];
    const twins = new Map<number, number>();
    for (let start = 0, call = 0; start < sought.length; call++) {
      const some = sought.slice(start, start + Math.max(1, sizes[call % sizes.length]!));
      start += some.length;
      const found = await twinSearch.twinsOf(some);
      some.forEach((ordinal, i) => twins.set(ordinal, found[i]!));
    }
    return { twins, counts: twinSearch.counts };
  } finally {
    await twinSearch.close();
    await twinSearch.close();
    expect(await readdir(folder)).toEqual([]);
  }
}

function countsOf(twins: ReadonlyMap<number, number>): TwinSearch['counts'] {
  const named = [...twins.values()].filter((twin) => twin >= 0).length;
  return { named, unnamed: twins.size - named };
}

test('the twin of a sought document is the first kept one before it with one of its keys, however it is cut and however little memory there is', async () => {
  const word = fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff);
  const documentOf = (bands: number): fc.Arbitrary<Document> =>
    fc.record({
      keys: fc.array(fc.tuple(word, word), { minLength: bands, maxLength: bands }),
      verdict: fc.constantFrom(0, 0, 1, NEAR_DUPLICATE, NEAR_DUPLICATE),
      isSkipped: fc.boolean(),
      hasShingles: fc.constantFrom(true, true, true, false),
    });
  await fc.assert(
    fc.asyncProperty(
      fc
        .integer({ min: 1, max: 4 })
        .chain((bands) => fc.tuple(fc.constant(bands), fc.array(documentOf(bands), { maxLength: 60 }))),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 }),
      fc.constantFrom(0, SMALL, LARGE),
      async ([bands, documents], sizes, memoryBytes) => {
        const expected = oracle(documents);
        const { twins, counts } = await search(documents, bands, memoryBytes, sizes);
        expect([...twins]).toEqual([...expected]);
        expect(counts).toEqual(countsOf(expected));
      },
    ),
    { numRuns: 200 },
  );
});

test('thousands of documents, sorted on disk, have the twins that memory would have given them', async () => {
  const random = seeded(11);
  const bands = 3;
  const documents = Array.from(
    { length: 1500 },
    (): Document => ({
      keys: Array.from(
        { length: bands },
        () => [Math.floor(random() * 750), Math.floor(random() * 2)] as const,
      ),
      verdict: random() < 0.5 ? 0 : NEAR_DUPLICATE,
      isSkipped: random() < 0.1,
      hasShingles: random() < 0.95,
    }),
  );
  const expected = oracle(documents);
  expect(countsOf(expected).named).toBeGreaterThan(300);
  expect(countsOf(expected).unnamed).toBeGreaterThan(20);
  for (const [memoryBytes, sizes] of [
    [LARGE, [1500]],
    [SMALL, [1, 500, 77]],
  ] as const) {
    expect((await search(documents, bands, memoryBytes, sizes)).twins).toEqual(expected);
  }
});

test('of what the deduplicator drops as near duplicates, only errors of its filters have no twin', async () => {
  const random = seeded(5);
  const bands = 2;
  const key = (range: number): readonly [number, number] => {
    const drawn = Math.floor(random() * range);
    return [Math.imul(drawn, 0x9e3779b1) >>> 0, Math.imul(drawn + 1, 0x85ebca77) >>> 0];
  };
  const documents = Array.from({ length: 40_000 }, () => ({
    keys: Array.from({ length: bands }, () => key(random() < 0.1 ? 3000 : 2 ** 32)),
    verdict: 0,
    isSkipped: false,
    hasShingles: true,
  }));
  const signatures = signaturesOf(documents, bands);
  // Texts that are all different: near duplicates only.
  for (let row = 0; row < documents.length; row++) signatures.contentHashes[2 * row + 1] = row * 100_000;
  // A filter that errs often once it is full.
  const deduplicator = createDeduplicator({
    parameters: { ngram: 5, bands, rows: 8, seed: 0 },
    falsePositiveRate: 0.1,
    expectedDocuments: documents.length,
  });
  const { verdicts } = deduplicator.commit(signatures, 0);
  const judged = documents.map((document, row) => ({ ...document, verdict: verdicts[row]! }));
  const { counts, twins } = await search(judged, bands, 2 ** 20, [3333]);
  expect(counts).toEqual(countsOf(oracle(judged)));
  expect(counts.named).toBeGreaterThan(3000);
  for (const [ordinal, twin] of twins) {
    if (twin < 0) continue;
    expect(verdicts[twin]).toBe(0);
    expect(twin).toBeLessThan(ordinal);
  }
  // The filters err most at the end: all errors are fewer than that rate would give.
  const { falsePositiveRate } = deduplicator.report();
  expect(counts.unnamed).toBeGreaterThan(0);
  expect(counts.unnamed).toBeLessThan(falsePositiveRate * judged.length);
});

test('nothing was kept, or nothing is sought: there are no twins', async () => {
  const document: Document = { keys: [[1, 2]], verdict: NEAR_DUPLICATE, isSkipped: false, hasShingles: true };
  expect((await search([], 1, LARGE)).counts).toEqual({ named: 0, unnamed: 0 });
  expect((await search([document, document], 1, LARGE)).counts).toEqual({ named: 0, unnamed: 2 });
  expect((await search([{ ...document, verdict: 0 }], 1, LARGE)).counts).toEqual({ named: 0, unnamed: 0 });
});

test('more documents than 32 bits can number are refused', async () => {
  const twinSearch = new TwinSearch({ bands: 0, sought: NEAR_DUPLICATE, folder, memoryBytes: LARGE });
  const rowCount = 2 ** 31;
  // Lengths alone are looked at before the count.
  const signatures = {
    rowCount,
    bandKeys: { length: 0 },
    shingleCounts: { length: rowCount },
  } as unknown as Signatures;
  const verdicts = { length: rowCount } as unknown as Uint8Array;
  (twinSearch as unknown as { documents: number }).documents = 2 ** 31;
  await expect(twinSearch.add(signatures, verdicts)).rejects.toThrow('expected at most 4294967295 documents');
  await twinSearch.close();
});
