import { type Allocate, allocateWords } from '../../columns/memory.ts';
import type { TextColumn } from '../../columns/text-column.ts';

/** How documents are cut and hashed; two runs agree only if all of these agree. */
export interface SignatureParameters {
  /** Words in a shingle; default 5. */
  readonly ngram: number;
  /** Bands of the LSH index; default 14. */
  readonly bands: number;
  /** Minima in a band; default 8. Two documents of Jaccard `s` share a band with probability 1 - (1 - s^rows)^bands. */
  readonly rows: number;
  /** Changes every hash but the content hash; default 0. */
  readonly seed: number;
  /** Whether documents get sketches, by which two of them can be compared; default false. */
  readonly sketches?: boolean;
}

/** What is known of each document of a batch once its text has been hashed. 64-bit values are (low, high) pairs. */
export interface Signatures {
  readonly rowCount: number;
  /** XXH64 (seed 0) of the text bytes: 2 x rowCount. Equal texts have equal hashes. */
  readonly contentHashes: Uint32Array;
  /** Band-major, so that one band of a batch is contiguous: the pair of (band, row) starts at `2 * (band * rowCount + row)`. Empty when only exact duplicates are sought. */
  readonly bandKeys: Uint32Array;
  /** Shingles of each row, repeats counted; 0 marks a text without a single token, whose band keys mean nothing. */
  readonly shingleCounts: Uint32Array;
  /**
   * The lowest 8 bits of each of the `bands * rows` minima, a document after the other; empty unless asked for. Of two documents of Jaccard s the
   * share of equal bytes is about s + (1 - s) / 256 (b-bit minwise hashing: Li and Koenig 2010). 0 where there are no shingles.
   */
  readonly sketches: Uint8Array;
}

/**
 * Reads `text` and returns its signatures, in fresh memory unless `allocate` gives other. Each row depends on its own bytes
 * only, so any split of the rows gives the same.
 */
export type Sign = (text: TextColumn, allocate?: Allocate) => Signatures;

/** What of its signatures takes room in a document that is sought by more than its content hash. */
export interface SignatureShape {
  readonly bands: number;
  /** Bytes of the sketch of a document: `bands * rows`, or 0 if none is asked for. */
  readonly sketchBytes: number;
}

/**
 * Room for the signatures of `rowCount` documents; no shape when only exact duplicates are sought. Contents are anything, but shingle counts
 * are 0. What is empty is fresh all the same: an array that two batches share cannot be transferred with both.
 */
export function allocateSignatures(
  rowCount: number,
  shape: SignatureShape | undefined,
  allocate: Allocate,
): Signatures {
  return {
    rowCount,
    contentHashes: allocateWords(allocate, 2 * rowCount),
    bandKeys: allocateWords(allocate, 2 * (shape?.bands ?? 0) * rowCount),
    shingleCounts: allocateWords(allocate, rowCount).fill(0),
    sketches: allocate((shape?.sketchBytes ?? 0) * rowCount),
  };
}
