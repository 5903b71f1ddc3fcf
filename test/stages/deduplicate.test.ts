import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Signatures } from '../../src/kernels/signatures/signatures.ts';
import {
  createDeduplicator,
  type DeduplicatorOptions,
  deduplicatorByteLength,
  duplicateReasons,
  EXACT_DUPLICATE,
  NEAR_DUPLICATE,
} from '../../src/stages/deduplicate.ts';
import { mixedWord, randomWords } from '../kernels/bloom/keys.ts';

const KEPT = 0;

/** A document as small numbers: equal numbers are equal hashes, and 64-bit hashes are mixed from them. */
interface Small {
  readonly content: number;
  readonly bands: readonly number[];
  readonly shingles: number;
}

function options(bands: number, changes: Partial<DeduplicatorOptions> = {}): DeduplicatorOptions {
  return {
    parameters: { ngram: 5, bands, rows: 8, seed: 0 },
    falsePositiveRate: 1e-5,
    expectedDocuments: 1000,
    ...changes,
  };
}

function sign(documents: readonly Small[], bands: number): Signatures {
  const rowCount = documents.length;
  const contentHashes = new Uint32Array(2 * rowCount);
  const bandKeys = new Uint32Array(2 * bands * rowCount);
  documents.forEach((document, row) => {
    contentHashes[2 * row] = mixedWord(2 * document.content);
    contentHashes[2 * row + 1] = mixedWord(2 * document.content + 1);
    for (let band = 0; band < bands; band++) {
      const pair = 2 * (band * rowCount + row);
      bandKeys[pair] = mixedWord(1_000_000 + 2 * document.bands[band]!);
      bandKeys[pair + 1] = mixedWord(1_000_001 + 2 * document.bands[band]!);
    }
  });
  const shingleCounts = Uint32Array.from(documents, (document) => document.shingles);
  return { rowCount, contentHashes, bandKeys, shingleCounts, sketches: new Uint8Array(0) };
}

/** One document at a time with a JavaScript set for each band: the definition. */
function decideNaively(documents: readonly Small[], bands: number): number[] {
  const contents = new Set<number>();
  const seen = Array.from({ length: bands }, () => new Set<number>());
  return documents.map((document) => {
    if (contents.has(document.content)) return EXACT_DUPLICATE;
    if (document.shingles > 0) {
      if (seen.some((keys, band) => keys.has(document.bands[band]!))) return NEAR_DUPLICATE;
      seen.forEach((keys, band) => keys.add(document.bands[band]!));
    }
    contents.add(document.content);
    return KEPT;
  });
}

function commitAll(
  documents: readonly Small[],
  sizes: readonly number[],
  given: DeduplicatorOptions,
): { reasons: number[]; twins: number[] } {
  const deduplicator = createDeduplicator(given);
  const reasons: number[] = [];
  const twins: number[] = [];
  for (let start = 0, call = 0; start < documents.length; call++) {
    const end = Math.min(documents.length, start + sizes[call % sizes.length]!);
    const { verdicts, twins: found } = deduplicator.commit(
      sign(documents.slice(start, end), given.parameters?.bands ?? 0),
      start,
    );
    reasons.push(...verdicts);
    twins.push(...found!);
    start = end;
  }
  return { reasons, twins };
}

const BANDS = 8;
const document = fc.record({
  content: fc.nat(60),
  bands: fc.array(fc.oneof(fc.nat(40), fc.nat(2000)), { minLength: BANDS, maxLength: BANDS }),
  shingles: fc.nat(3),
});

describe('verdicts', () => {
  test('are those of one document at a time, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(document, { maxLength: 300, size: 'max' }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 }),
        (documents, sizes) => {
          const { reasons, twins } = commitAll(documents, sizes, options(BANDS));
          expect(reasons).toEqual(decideNaively(documents, BANDS));
          reasons.forEach((reason, at) => {
            const twin = twins[at]!;
            if (reason === KEPT) expect(twin).toBe(-1);
            else if (twin !== -1) {
              expect(twin).toBeLessThan(at);
              expect(reasons[twin]).toBe(KEPT);
              const [later, earlier] = [documents[at]!, documents[twin]!];
              if (reason === EXACT_DUPLICATE) expect(earlier.content).toBe(later.content);
              else expect(later.bands.some((key, band) => key === earlier.bands[band])).toBe(true);
            }
            if (reason === EXACT_DUPLICATE) expect(twin).not.toBe(-1);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a chain A~B~C keeps A and C, because B is not remembered', () => {
    const chain: Small[] = [
      { content: 1, bands: [1, 2], shingles: 9 },
      { content: 2, bands: [1, 3], shingles: 9 },
      { content: 3, bands: [4, 3], shingles: 9 },
      { content: 2, bands: [1, 3], shingles: 9 },
      { content: 1, bands: [1, 2], shingles: 9 },
    ];
    const { reasons, twins } = commitAll(chain, [5], options(2));
    expect(reasons).toEqual([KEPT, NEAR_DUPLICATE, KEPT, NEAR_DUPLICATE, EXACT_DUPLICATE]);
    expect(twins).toEqual([-1, 0, -1, 0, 0]);
    expect(reasons.map((reason) => duplicateReasons[reason - 1])).toContain('near-duplicate');
  });

  test('texts without a shingle are compared by content alone', () => {
    const empty: Small = { content: 1, bands: [7, 7], shingles: 0 };
    const blank: Small = { content: 2, bands: [7, 7], shingles: 0 };
    const words: Small = { content: 3, bands: [7, 7], shingles: 1 };
    expect(commitAll([empty, blank, empty, words], [4], options(2)).reasons).toEqual([
      KEPT,
      KEPT,
      EXACT_DUPLICATE,
      KEPT,
    ]);
  });

  test('do not depend on the cut even where the filters err', () => {
    // At 30 percent false positives a batch that asked first and inserted later would differ within a few rows.
    const next = randomWords(1);
    const documents = Array.from({ length: 30_000 }, (_, at) => ({
      content: at,
      bands: [next() >>> 1, next() >>> 1],
      shingles: 5,
    }));
    const loose = options(2, { falsePositiveRate: 0.3, expectedDocuments: 0 });
    const whole = commitAll(documents, [30_000], loose);
    expect(whole.reasons.filter((reason) => reason === NEAR_DUPLICATE).length).toBeGreaterThan(500);
    expect(commitAll(documents, [1, 63, 64, 65, 1000], loose)).toEqual(whole);
  });

  test('without parameters only equal texts are dropped', () => {
    const given: DeduplicatorOptions = {
      parameters: undefined,
      falsePositiveRate: 1e-5,
      expectedDocuments: 100,
    };
    const twice: Small = { content: 1, bands: [], shingles: 3 };
    const { reasons, twins } = commitAll([twice, { ...twice, content: 2 }, twice], [2], given);
    expect(reasons).toEqual([KEPT, KEPT, EXACT_DUPLICATE]);
    expect(twins).toEqual([-1, -1, 0]);
    const report = createDeduplicator(given).report();
    expect(report).toMatchObject({
      bands: 0,
      layers: 0,
      filterBytes: 0,
      twinCacheBytes: 0,
      falsePositiveRate: 0,
      recall: [],
    });
  });

  test('an empty batch is decided', () => {
    expect(commitAll([], [1], options(2)).reasons).toEqual([]);
    expect(createDeduplicator(options(2)).commit(sign([], 2), 0).verdicts).toHaveLength(0);
  });

  test('ordinals go beyond 32 bits', () => {
    const deduplicator = createDeduplicator(options(2));
    const [first, near] = [
      { content: 1, bands: [1, 2], shingles: 9 },
      { content: 2, bands: [3, 2], shingles: 9 },
    ];
    expect(deduplicator.commit(sign([first, near], 2), 2 ** 33).twins).toEqual(Float64Array.of(-1, 2 ** 33));
  });
});

describe('memory and report', () => {
  test('takes at once what was said before, and says what it holds', () => {
    for (const given of [
      options(14, { expectedDocuments: 0 }),
      options(14, { expectedDocuments: 123_457 }),
      options(1, { falsePositiveRate: 0.5 }),
      { parameters: undefined, falsePositiveRate: 1e-5, expectedDocuments: 5000 },
    ]) {
      const deduplicator = createDeduplicator(given);
      const report = deduplicator.report();
      expect(deduplicator.byteLength).toBe(deduplicatorByteLength(given));
      expect(report.filterBytes + report.exactSetBytes + report.twinCacheBytes).toBe(deduplicator.byteLength);
    }
  });

  test('more documents than expected: all found again, more layers, the rate asked for still holds', () => {
    const bands = 3;
    const rate = 0.005;
    const deduplicator = createDeduplicator(
      options(bands, { falsePositiveRate: rate, expectedDocuments: 20_000 }),
    );
    const planned = deduplicator.byteLength;
    const next = randomWords(2);
    const documents = (count: number, from: number): Small[] =>
      Array.from({ length: count }, (_, at) => ({
        content: from + at,
        bands: [next() >>> 1, next() >>> 1, next() >>> 1],
        shingles: 5,
      }));
    const first = documents(90_000, 0);
    const { verdicts: reasons } = deduplicator.commit(sign(first, bands), 0);
    const kept = reasons.filter((reason) => reason === KEPT).length;
    expect(kept).toBeGreaterThan((1 - rate) * 90_000);
    expect(deduplicator.byteLength).toBeGreaterThan(planned);
    const again = deduplicator.commit(
      sign(
        first.map((one) => ({ ...one, content: one.content + 1e6 })),
        bands,
      ),
      90_000,
    );
    // Documents dropped as false positives the first time are, by the same bits, dropped again.
    expect(again.verdicts.every((reason) => reason === NEAR_DUPLICATE)).toBe(true);

    const report = deduplicator.report();
    expect(report).toMatchObject({ bands, rows: 8, ngram: 5, layers: 3 });
    expect(report.falsePositiveRate).toBeLessThan(rate);
    expect(report.recall.at(-1)).toEqual({ similarity: 1, probability: 1 });
    const fresh = deduplicator.commit(sign(documents(50_000, 5e6), bands), 180_000);
    const dropped = fresh.verdicts.filter((reason) => reason === NEAR_DUPLICATE).length;
    // The rate goes on rising a little while the fresh ones are kept.
    const after = deduplicator.report().falsePositiveRate;
    expect(dropped).toBeGreaterThan(50_000 * report.falsePositiveRate - 5 * Math.sqrt(50_000 * rate));
    expect(dropped).toBeLessThan(50_000 * after + 5 * Math.sqrt(50_000 * rate));
  });

  test('arrays of the wrong length are refused, so nothing is read beyond them', () => {
    const signatures = sign([{ content: 1, bands: [1, 2], shingles: 1 }], 2);
    const deduplicator = createDeduplicator(options(2));
    expect(() => deduplicator.commit({ ...signatures, rowCount: 2 }, 0)).toThrow(RangeError);
    expect(() => deduplicator.commit({ ...signatures, bandKeys: new Uint32Array(2) }, 0)).toThrow(
      /bandKeys: expected 4/,
    );
    expect(() => deduplicator.commit({ ...signatures, shingleCounts: new Uint32Array(0) }, 0)).toThrow(
      /shingleCounts/,
    );
  });

  test.each([0, 1, Number.NaN, -1])('a false-positive rate of %d is refused', (falsePositiveRate) => {
    expect(() => createDeduplicator(options(2, { falsePositiveRate }))).toThrow(RangeError);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])(
    '%d expected documents are refused',
    (expectedDocuments) => {
      expect(() => createDeduplicator(options(2, { expectedDocuments }))).toThrow(RangeError);
    },
  );
});
