import { hashKey, unitHash } from './document-hash.ts';

/** How many copies documents have: of all distinct ones, `shares[i]` have at most `copies[i]` of them. Both ascend; the last share is 1. */
export interface CopyHistogram {
  readonly copies: readonly number[];
  readonly shares: readonly number[];
}

/** Distinct documents that are counted at most; a share is known to a standard deviation of 1/2 over the root of half of that, 0.003. */
const MOST_HELD = 2 ** 16;
const SLOTS = 2 * MOST_HELD;

/**
 * Counts the copies of a uniform sample of the distinct documents that pass, in 1.5 MiB (distinct sampling: Gibbons 2001). Held are the
 * content hashes with a number of zeros at their end; when there are too many, the number grows by one and half of them go. What is
 * held was held since it first came, so every count is of all copies. What is held does not depend on the order of the documents.
 *
 *     slot = | hash low | hash high | copies, 0 = free |      open addressing by the high half, half full at most
 */
export class CopyCounts {
  #words: Uint32Array<ArrayBuffer> = new Uint32Array(3 * SLOTS);
  #held = 0;
  /** Bits of the low half that are 0 in every hash held. */
  #mask = 0;

  /** Distinct documents that are counted, of `distinct / 2^n` that passed. */
  get held(): number {
    return this.#held;
  }

  /** Counts documents by their content hashes: uniform, (low, high) pairs. */
  add(contentHashes: Uint32Array): void {
    // Pairs, so there is a high half wherever there is a low one.
    for (let pair = 0; pair < contentHashes.length; pair += 2) {
      const low = contentHashes[pair]!;
      if ((low & this.#mask) === 0) this.#count(low, contentHashes[pair + 1]!);
    }
  }

  /** The shares, exact up to 2^16 distinct documents. Empty if none passed. */
  histogram(): CopyHistogram {
    const documents = new Map<number, number>();
    for (let at = 2; at < this.#words.length; at += 3) {
      const copies = this.#words[at]!;
      if (copies > 0) documents.set(copies, (documents.get(copies) ?? 0) + 1);
    }
    const copies = [...documents.keys()].sort((a, b) => a - b);
    let below = 0;
    const shares = copies.map((count) => {
      below += documents.get(count)!;
      return below / this.#held;
    });
    return { copies, shares };
  }

  #count(low: number, upper: number): void {
    const at = slotOf(this.#words, low, upper);
    if (this.#words[at + 2] === 0) {
      if (this.#held === MOST_HELD) {
        this.#halve();
        if ((low & this.#mask) === 0) this.#count(low, upper);
        return;
      }
      this.#held++;
      this.#words[at] = low;
      this.#words[at + 1] = upper;
    }
    // A count stops where 32 bits end.
    if (this.#words[at + 2] !== 0xffff_ffff) this.#words[at + 2]!++;
  }

  #halve(): void {
    const words = this.#words;
    this.#mask = 2 * this.#mask + 1;
    this.#words = new Uint32Array(words.length);
    this.#held = 0;
    // Three words a slot.
    for (let at = 0; at < words.length; at += 3) {
      const low = words[at]!;
      if (words[at + 2] === 0 || (low & this.#mask) !== 0) continue;
      this.#words.set(words.subarray(at, at + 3), slotOf(this.#words, low, words[at + 1]!));
      this.#held++;
    }
  }
}

/** Where a hash is, or would be. */
function slotOf(words: Uint32Array, low: number, upper: number): number {
  // Ends: half of the slots are free.
  for (let slot = upper % SLOTS; ; slot = (slot + 1) % SLOTS) {
    const at = 3 * slot;
    if (words[at + 2] === 0 || (words[at] === low && words[at + 1] === upper)) return at;
  }
}

/** Tells these draws from those of samples, whose streams are small numbers. */
const COPIES = 2 ** 32;

/**
 * How many copies document `ordinal` gets, drawn by hash so that documents have them as often as the histogram says; each has one at least,
 * also where the histogram is empty.
 */
export function copiesOf(seed: number, ordinal: number, { copies, shares }: CopyHistogram): number {
  const drawn = unitHash(hashKey(seed, COPIES), ordinal);
  const at = shares.findIndex((share) => drawn < share);
  return copies[at] ?? 1;
}
