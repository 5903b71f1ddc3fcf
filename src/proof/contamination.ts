import type { Signatures } from '../kernels/signatures/signatures.ts';

const EXACT = 1;
const NEAR = 2;

/**
 * Which held-out documents have a twin among those that models are trained on: one of equal bytes, or one that shares a band of its MinHash
 * signature, as the deduplicator tells near duplicates. Training documents pass once, in any order; only what is held out is kept, 30 to 56
 * bytes for each band of each document.
 *
 * Held-out documents that are twins of each other are all marked by one that is a twin of any of them, and otherwise left alone.
 */
export class Contamination {
  readonly #bands: number;
  readonly #contents: KeyTable;
  /** One for each band, as equal keys of different bands mean nothing. */
  readonly #tables: readonly KeyTable[];
  readonly #marks: Uint8Array;

  /** @param heldOut of all held-out documents; row `i` is document `i`. Read, not kept. */
  constructor(heldOut: Signatures) {
    const { rowCount, contentHashes, bandKeys, shingleCounts } = heldOut;
    this.#bands = bandsOf(heldOut);
    this.#marks = new Uint8Array(rowCount);
    this.#contents = new KeyTable(rowCount);
    for (let row = 0; row < rowCount; row++)
      this.#contents.add(contentHashes[2 * row]!, contentHashes[2 * row + 1]!, row);
    this.#tables = Array.from({ length: this.#bands }, (_, band) => {
      const table = new KeyTable(rowCount);
      // Keys are pairs, `rowCount` of them a band.
      for (let row = 0, pair = 2 * band * rowCount; row < rowCount; row++, pair += 2)
        if (shingleCounts[row] !== 0) table.add(bandKeys[pair]!, bandKeys[pair + 1]!, row);
      return table;
    });
  }

  /** Memory held. */
  get byteLength(): number {
    return this.#tables.reduce(
      (sum, { byteLength }) => sum + byteLength,
      this.#contents.byteLength + this.#marks.byteLength,
    );
  }

  /** Marks the twins of a batch of training documents. Nothing of it is kept. */
  check(batch: Signatures): void {
    const { rowCount, contentHashes, bandKeys, shingleCounts } = batch;
    if (rowCount === 0 || this.#marks.length === 0) return;
    if (bandsOf(batch) !== this.#bands)
      throw new RangeError(
        `signatures of training documents: expected ${this.#bands} bands, found ${bandsOf(batch)}`,
      );
    this.#contents.markAll(contentHashes, 0, rowCount, undefined, this.#marks, EXACT);
    for (const [band, table] of this.#tables.entries())
      table.markAll(bandKeys, 2 * band * rowCount, rowCount, shingleCounts, this.#marks, NEAR);
  }

  /** Whether a training document has the very bytes of a held-out one. */
  readonly isExact = (document: number): boolean => (this.#marks[document]! & EXACT) !== 0;

  /** Whether one shares a band with it, and none is exactly like it. */
  readonly isNear = (document: number): boolean => this.#marks[document] === NEAR;
}

function bandsOf({ bandKeys, rowCount }: Signatures): number {
  return rowCount === 0 ? 0 : bandKeys.length / (2 * rowCount);
}

/** Bits of a filter for each key it may hold: one that is not held passes in 1 of 16 cases or fewer. */
const BITS_PER_KEY = 16;
const LEAST_BITS = 10;
/** In place of a list of which all documents are marked. */
const DONE = 0xffff_ffff;

/**
 * The documents of each 64-bit key. Nearly all keys that are looked up are not there, which a bitmap small enough for the cache tells.
 *
 *     slot = | key low | key high | first document + 1, 0 = free |     open addressing, half full at most
 *     next = | document + 1 |                                          the next document of the same key, 0 = none
 */
class KeyTable {
  readonly #slots: Uint32Array;
  readonly #next: Uint32Array;
  readonly #bitmap: Uint32Array;
  readonly #shift: number;
  readonly #mask: number;

  constructor(documents: number) {
    const slots = 2 ** Math.ceil(Math.log2(2 * documents + 1));
    const bits = Math.min(32, Math.max(LEAST_BITS, Math.ceil(Math.log2(BITS_PER_KEY * documents + 1))));
    this.#slots = new Uint32Array(3 * slots);
    this.#next = new Uint32Array(documents);
    this.#bitmap = new Uint32Array(2 ** (bits - 5));
    this.#shift = 32 - bits;
    this.#mask = slots - 1;
  }

  get byteLength(): number {
    return this.#slots.byteLength + this.#next.byteLength + this.#bitmap.byteLength;
  }

  add(low: number, high: number, document: number): void {
    const at = this.#find(low, high);
    this.#next[document] = this.#slots[at + 2]!;
    this.#slots[at] = low;
    this.#slots[at + 1] = high;
    this.#slots[at + 2] = document + 1;
    const bit = low >>> this.#shift;
    this.#bitmap[bit >>> 5]! |= 1 << (bit & 31);
  }

  /** Marks the documents of `rowCount` keys, pairs from `start` on; those of rows whose count is 0 mean nothing. */
  markAll(
    keys: Uint32Array,
    start: number,
    rowCount: number,
    counts: Uint32Array | undefined,
    marks: Uint8Array,
    mark: number,
  ): void {
    const bitmap = this.#bitmap;
    const shift = this.#shift;
    // A shifted word is below the bits of the map.
    for (let row = 0, pair = start; row < rowCount; row++, pair += 2) {
      const low = keys[pair]!;
      const bit = low >>> shift;
      if (((bitmap[bit >>> 5]! >>> (bit & 31)) & 1) === 0) continue;
      if (counts === undefined || counts[row] !== 0) this.#mark(low, keys[pair + 1]!, marks, mark);
    }
  }

  #mark(low: number, high: number, marks: Uint8Array, mark: number): void {
    const at = this.#find(low, high);
    const first = this.#slots[at + 2]!;
    // A list that is walked once needs no second walk, however many documents have its key.
    if (first === 0 || first === DONE) return;
    for (let document = first; document !== 0; document = this.#next[document - 1]!)
      marks[document - 1]! |= mark;
    this.#slots[at + 2] = DONE;
  }

  /** Where a key is, or would be. */
  #find(low: number, high: number): number {
    const slots = this.#slots;
    // Ends: at least half of the slots are free.
    for (let slot = high & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = 3 * slot;
      if (slots[at + 2] === 0 || (slots[at] === low && slots[at + 1] === high)) return at;
    }
  }
}
