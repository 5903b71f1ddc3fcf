import { xxh64 } from '../xxh64.ts';

/**
 * A set of byte strings that only ever answers whether one is in it, in memory that threads share: 12 bytes a string, whatever its length.
 *
 * It keeps 64-bit hashes (XXH64) and no strings: of n strings in the set and m asked for, about `n * m / 2^64` answers are a
 * wrong yes, one in four thousand runs over a billion distinct strings against four million. Equal bytes are always found.
 *
 *     | hash low | hash high |   0, 0 = free        slot = floor(high * slots / 2^32), then the one after it
 */
export class PhraseSetBuilder {
  private hashes: Uint32Array = new Uint32Array(1024);
  private used = 0;

  /** Adds `bytes[start .. end)`. */
  add(bytes: Uint8Array, start: number, end: number): void {
    if (this.used + 2 > this.hashes.length) {
      const grown = new Uint32Array(2 * this.hashes.length);
      grown.set(this.hashes);
      this.hashes = grown;
    }
    hashInto(bytes, start, end, this.hashes, this.used);
    this.used += 2;
  }

  /** Strings added, repeated ones counted each time. */
  get count(): number {
    return this.used / 2;
  }

  /** The table to ask with {@link hasPhrase}. */
  finish(): Uint32Array {
    const slots = Math.ceil(1.5 * this.count) + 1;
    const table = new Uint32Array(new SharedArrayBuffer(8 * slots));
    for (let at = 0; at < this.used; at += 2) {
      const low = this.hashes[at]!;
      const upper = this.hashes[at + 1]!;
      const slot = slotFor(table, low, upper);
      table[2 * slot] = low;
      table[2 * slot + 1] = upper;
    }
    return table;
  }
}

const asked = new Uint32Array(2);

/** Whether `bytes[start .. end)` is in the set. */
export function hasPhrase(table: Uint32Array, bytes: Uint8Array, start: number, end: number): boolean {
  hashInto(bytes, start, end, asked, 0);
  const slot = slotFor(table, asked[0]!, asked[1]!);
  return table[2 * slot] !== 0 || table[2 * slot + 1] !== 0;
}

function hashInto(bytes: Uint8Array, start: number, end: number, into: Uint32Array, at: number): void {
  xxh64(bytes, start, end, into, at);
  // 0, 0 says that a slot is free.
  if (into[at] === 0 && into[at + 1] === 0) into[at] = 1;
}

/** The slot that holds a hash, or the free one where it belongs. Ends: a third of the slots is free. */
function slotFor(table: Uint32Array, low: number, upper: number): number {
  const slots = table.length / 2;
  for (let slot = Math.floor((upper / 2 ** 32) * slots); ; ) {
    const l = table[2 * slot]!;
    const h = table[2 * slot + 1]!;
    if ((l === low && h === upper) || (l === 0 && h === 0)) return slot;
    slot = slot + 1 === slots ? 0 : slot + 1;
  }
}
