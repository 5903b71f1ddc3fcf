import { recallCurve } from '../kernels/banding.ts';
import { STAGED_ROWS } from '../kernels/bloom/bloom.ts';
import { BloomLayers, type BloomLayersOptions, planLayer } from '../kernels/bloom/layers.ts';
import { ExactSet, exactSetByteLength } from '../kernels/exact-set.ts';
import type { SignatureParameters, Signatures } from '../kernels/signatures/signatures.ts';
import { TwinCache, twinCacheByteLength } from '../kernels/twin-cache.ts';
import type { NearDuplicateReport } from '../report.ts';
import type { Verdicts } from '../verdicts.ts';

/** Verdict: its text is, byte for byte, that of an earlier kept document. */
export const EXACT_DUPLICATE = 1;
/** Verdict: it shares a band with an earlier kept document, or the filter of a band errs. */
export const NEAR_DUPLICATE = 2;
/** Why a document can be dropped, as reports and ledgers spell it; verdict `i` is reason `i - 1`, verdict 0 is kept. */
export const duplicateReasons: readonly string[] = ['exact-duplicate', 'near-duplicate'];

/** What a deduplicator is planned for. */
export interface DeduplicatorOptions {
  /** Undefined: exact duplicates only. */
  readonly parameters: SignatureParameters | undefined;
  /** Chance that a document like no other is dropped once `expectedDocuments` are kept, over the whole index; 1e-5 is usual. */
  readonly falsePositiveRate: number;
  /** Kept documents for which memory is taken at once; more are possible and take more. */
  readonly expectedDocuments: number;
}

/** Decides in document order, first one wins, in one pass. */
export interface Deduplicator {
  /** Bytes held now; at the start what {@link deduplicatorByteLength} said. */
  readonly byteLength: number;
  /**
   * Decides about the next documents. Verdicts are those of taking one document at a time, so they do not depend on how the
   * stream is cut into batches:
   * an exact duplicate has the content hash of a kept document; else a near duplicate has a band key of a kept document in
   * the same band; else the document is kept. Only kept documents are remembered. A row without shingles has no bands.
   * @param signatures read, not kept.
   * @param firstOrdinal number of row 0 in the whole stream, below 2^40; each call goes on after the last.
   * @param skip rows (not 0) that somebody else has dropped: they get verdict 0 and are not remembered.
   */
  commit(signatures: Signatures, firstOrdinal: number, skip?: Uint8Array): Verdicts;
  /** Reads all filters: about half a second a GiB. */
  report(): NearDuplicateReport;
}

/** Bytes that {@link createDeduplicator} will take, without taking them. */
export function deduplicatorByteLength(options: DeduplicatorOptions): number {
  const layers = layersOptions(options);
  const near = layers === undefined ? 0 : planLayer(layers, 0).byteLength + twinCacheByteLength;
  return exactSetByteLength(options.expectedDocuments) + near;
}

/**
 * A deduplicator with nothing seen yet.
 * @throws CurationError `MEMORY` if the system does not give what `expectedDocuments` needs.
 */
export function createDeduplicator(options: DeduplicatorOptions): Deduplicator {
  const { falsePositiveRate, expectedDocuments } = options;
  if (!(falsePositiveRate > 0 && falsePositiveRate < 1)) {
    throw new RangeError(`falsePositiveRate: expected above 0 and below 1, found ${falsePositiveRate}`);
  }
  if (!(expectedDocuments >= 0 && expectedDocuments < 2 ** 40)) {
    throw new RangeError(`expectedDocuments: expected 0 to 2^40, found ${expectedDocuments}`);
  }
  return new OrderedDeduplicator(options);
}

function layersOptions(options: DeduplicatorOptions): BloomLayersOptions | undefined {
  if (options.parameters === undefined) return undefined;
  return {
    bands: options.parameters.bands,
    expectedRows: options.expectedDocuments,
    falsePositiveRate: options.falsePositiveRate,
  };
}

class OrderedDeduplicator implements Deduplicator {
  private readonly parameters: SignatureParameters | undefined;
  private readonly exact: ExactSet;
  private readonly near: BloomLayers | undefined;
  private readonly twins: TwinCache | undefined;

  constructor(options: DeduplicatorOptions) {
    this.parameters = options.parameters;
    this.exact = new ExactSet(options.expectedDocuments);
    const layers = layersOptions(options);
    this.near = layers && new BloomLayers(layers);
    this.twins = layers && new TwinCache();
  }

  get byteLength(): number {
    return this.exact.byteLength + (this.near?.byteLength ?? 0) + (this.twins?.byteLength ?? 0);
  }

  commit(signatures: Signatures, firstOrdinal: number, skip?: Uint8Array): Verdicts {
    const { rowCount } = signatures;
    const bands = this.parameters?.bands ?? 0;
    checkLength('contentHashes', signatures.contentHashes.length, 2 * rowCount);
    if (this.near !== undefined) {
      checkLength('bandKeys', signatures.bandKeys.length, 2 * bands * rowCount);
      checkLength('shingleCounts', signatures.shingleCounts.length, rowCount);
    }
    const verdicts = new Uint8Array(rowCount);
    const twins = new Float64Array(rowCount).fill(-1);
    // Deciding one row after the other is the definition, so batch borders cannot show. What makes it fast is that a few
    // rows ahead all their cache lines have been asked for together: tried without, three times slower.
    for (let start = 0; start < rowCount; start += STAGED_ROWS) {
      const end = Math.min(start + STAGED_ROWS, rowCount);
      this.exact.touch(signatures.contentHashes, start, end);
      this.near?.stage(signatures.bandKeys, rowCount, start, end);
      for (let row = start; row < end; row++) {
        if (skip !== undefined && skip[row] !== 0) continue;
        this.decide(signatures, row, row - start, firstOrdinal + row, verdicts, twins);
      }
    }
    return { verdicts, twins, evidence: undefined, cuts: undefined };
  }

  private decide(
    signatures: Signatures,
    row: number,
    staged: number,
    ordinal: number,
    verdicts: Uint8Array,
    twins: Float64Array,
  ): void {
    const { rowCount, contentHashes, bandKeys } = signatures;
    const low = contentHashes[2 * row]!;
    const high = contentHashes[2 * row + 1]!;
    const slot = this.exact.find(low, high);
    if (slot >= 0) {
      verdicts[row] = EXACT_DUPLICATE;
      twins[row] = this.exact.ordinalAt(slot);
      return;
    }
    if (this.near !== undefined && this.twins !== undefined && signatures.shingleCounts[row]! !== 0) {
      const { bands } = this.near;
      if (this.near.hasStaged(staged)) {
        verdicts[row] = NEAR_DUPLICATE;
        twins[row] = this.twins.recall(bandKeys, bands, rowCount, row);
        return;
      }
      this.near.insertStaged(staged);
      this.twins.remember(bandKeys, bands, rowCount, row, ordinal);
    }
    this.exact.add(low, high, ordinal);
  }

  report(): NearDuplicateReport {
    const measured = this.near?.measure();
    const bands = this.parameters?.bands ?? 0;
    const rows = this.parameters?.rows ?? 0;
    return {
      bands,
      rows,
      ngram: this.parameters?.ngram ?? 0,
      filterBytes: this.near?.byteLength ?? 0,
      fill: measured?.fill ?? 0,
      falsePositiveRate: measured?.falsePositiveRate ?? 0,
      recall: this.parameters === undefined ? [] : recallCurve(bands, rows),
      exactSetBytes: this.exact.byteLength,
      twinCacheBytes: this.twins?.byteLength ?? 0,
      layers: this.near?.layerCount ?? 0,
    };
  }
}

function checkLength(name: string, found: number, expected: number): void {
  if (found !== expected) throw new RangeError(`${name}: expected ${expected} elements, found ${found}`);
}
