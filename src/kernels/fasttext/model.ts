import type { SharedMemory } from '../instance.ts';

/**
 * A supervised fastText model, ready to be used by any thread: every table is a view of shared memory, so a structured clone
 * shares them.
 */
export interface FastTextModel {
  /** The memory of all tables, where a kernel can reach them all. */
  readonly memory: SharedMemory | undefined;
  readonly dim: number;
  /** Words of an n-gram of words; 1 for none. */
  readonly wordNgrams: number;
  readonly loss: 'hs' | 'softmax' | 'ova';
  /** Hashes of n-grams are taken modulo this; 0 where there are no n-grams. */
  readonly bucket: number;
  /** Characters of the shortest and the longest part of a word; `maxn` is 0 for none. */
  readonly minn: number;
  readonly maxn: number;
  readonly dictionary: Dictionary;
  /** Names without `__label__`, in the order of the output rows. */
  readonly labels: readonly string[];
  /** Rows for words, and after them for buckets. */
  readonly input: RowMatrix;
  /** One row for each label, or for each inner node of the tree. */
  readonly output: RowMatrix;
  /** Huffman tree of `hs`: children of inner node `i` (a node's number is at least the count of labels), side by side. */
  readonly children: Int32Array;
}

/**
 * Rows of `dim` floats, either as they are or quantized. Quantized rows are made of one centroid of 256 for each part of `dsub`
 * numbers (Jegou, Douze, Schmid 2011), times their norm.
 */
export interface RowMatrix {
  readonly rowCount: number;
  /** Row `i` at `floats[i * stride ..)`; empty where it is quantized. */
  readonly floats: Float32Array;
  /** `dim` rounded up to a multiple of 4; what is behind `dim` is 0. */
  readonly stride: number;
  /** One code for each part of each row; empty where rows are floats. */
  readonly codes: Uint8Array;
  readonly dsub: number;
  /** By part and code, as the file has them: all parts have `dsub` numbers but the last, which has what is left. */
  readonly centroids: Float32Array;
  /** Norm of each row, as a code for `norms`; empty where there are none. */
  readonly normCodes: Uint8Array;
  readonly norms: Float32Array;
}

/** Words of a model, and which buckets it kept. */
export interface Dictionary {
  /** Words come first; what has a greater number is a label. */
  readonly wordCount: number;
  /** UTF-8 of entry `i` at `bytes[starts[i] .. starts[i + 1])`. */
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  /** Entry numbers by hash of the word, or -1; a power of two, probed upwards from {@link slotOf}. */
  readonly slots: Int32Array;
  /** Whether only some buckets have a row: those whose bit is set in `kept`, in their order. */
  readonly isPruned: boolean;
  /** A bit for each bucket, 32 to a number; empty where all have a row. */
  readonly kept: Int32Array;
  /** How many bits are set before each number of `kept`. */
  readonly ranks: Int32Array;
}

/** First slot to be tried for a hash in a table of `1 << (32 - shift)` slots: multiplication by the golden ratio (Knuth). */
export function slotOf(hash: number, shift: number): number {
  return Math.imul(hash, 0x9e3779b1) >>> shift;
}

/** `shift` for {@link slotOf}. */
export function shiftOf(slotCount: number): number {
  return Math.clz32(slotCount) + 1;
}

/** FNV-1a, 32 bits (Fowler, Noll, Vo), of bytes as signed numbers: fastText extends the sign of those from 0x80 on. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ ((bytes[at]! << 24) >> 24), 0x01000193);
  return hash;
}

/** Bits set in a 32-bit number: sums of pairs, of nibbles and of bytes (Warren, Hacker's Delight, 5-1). */
export function countBits(word: number): number {
  let sum = word - ((word >>> 1) & 0x55555555);
  sum = (sum & 0x33333333) + ((sum >>> 2) & 0x33333333);
  return Math.imul((sum + (sum >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** How many buckets before this one have a row. */
export function rankOf(kept: Int32Array, ranks: Int32Array, bucket: number): number {
  return ranks[bucket >> 5]! + countBits(kept[bucket >> 5]! & ((1 << (bucket & 31)) - 1));
}
