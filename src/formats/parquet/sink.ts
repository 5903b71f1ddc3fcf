/** Offsets are 32 bits wide in Arrow's Utf8, Binary and List. */
export const MAX_OFFSET: number = 0x7fff_ffff;

/** Scratch memory above this is given back when the next batch needs far less. */
const MAX_KEPT = 64 * 1024 * 1024;

/** How far a sink is filled. */
export interface Mark {
  readonly slots: number;
  readonly entries: number;
  readonly byteLength: number;
}

/**
 * Collects the values of one leaf over the pages of a batch. A slot is a place in the Arrow column (a null has one too),
 * an entry is one pair of levels; the two differ where a list is empty or null. Memory is kept from batch to batch.
 *
 *     values   fixed width: slots * width bytes     own lengths: the bytes, offsets[i] .. offsets[i + 1] is slot i
 *     defs     one byte an entry, where the leaf can be null or is nested
 *     reps     one byte an entry, where the leaf is inside a list
 */
export class LeafSink {
  /** Bytes of a value; 0 where each has its own length. */
  width = 0;
  values: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  offsets: Int32Array<ArrayBuffer> = new Int32Array(1);
  defs: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  reps: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  slots = 0;
  entries = 0;
  /** Bytes of `values` in use. */
  byteLength = 0;

  /** Empties the sink for values of `width` bytes. */
  reset(width: number): void {
    if (this.values.length > MAX_KEPT && this.byteLength < MAX_KEPT) this.values = new Uint8Array(0);
    this.width = width;
    this.truncate({ slots: 0, entries: 0, byteLength: 0 });
  }

  mark(): Mark {
    return { slots: this.slots, entries: this.entries, byteLength: this.byteLength };
  }

  truncate(mark: Mark): void {
    this.slots = mark.slots;
    this.entries = mark.entries;
    this.byteLength = mark.byteLength;
  }

  /** Bytes held for the batch, offsets and levels included. */
  get cost(): number {
    return this.byteLength + (this.width === 0 ? 4 * this.slots : 0) + this.entries;
  }

  /** Makes room for `byteLength` bytes of values in all. */
  reserve(byteLength: number): void {
    if (byteLength <= this.values.length) return;
    const grown = new Uint8Array(growth(this.values.length, byteLength));
    grown.set(this.values.subarray(0, this.byteLength));
    this.values = grown;
  }

  /** Makes room for offsets of `slots` slots in all. */
  reserveOffsets(slots: number): void {
    if (slots < this.offsets.length) return;
    const grown = new Int32Array(growth(this.offsets.length, slots + 1));
    grown.set(this.offsets.subarray(0, this.slots + 1));
    this.offsets = grown;
  }

  /** Adds the levels `from` to `to` of a block. */
  addLevels(defs: Uint8Array, reps: Uint8Array | undefined, from: number, to: number): void {
    const total = this.entries + to - from;
    if (total > this.defs.length) this.defs = grow(this.defs, this.entries, total);
    copyBytes(defs, from, to, this.defs, this.entries);
    if (reps !== undefined) {
      if (total > this.reps.length) this.reps = grow(this.reps, this.entries, total);
      copyBytes(reps, from, to, this.reps, this.entries);
    }
    this.entries = total;
  }
}

function growth(now: number, needed: number): number {
  return Math.max(needed + 64, Math.min(now * 2, now + (256 << 20)), 1024);
}

function grow(array: Uint8Array<ArrayBuffer>, used: number, needed: number): Uint8Array<ArrayBuffer> {
  const grown = new Uint8Array(growth(array.length, needed));
  grown.set(array.subarray(0, used));
  return grown;
}

function copyBytes(source: Uint8Array, from: number, to: number, target: Uint8Array, at: number): void {
  if (to - from < 32) for (let i = from; i < to; i++) target[at + i - from] = source[i]!;
  else target.set(source.subarray(from, to), at);
}
