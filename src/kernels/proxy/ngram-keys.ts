import type { NgramMemory } from './ngram-memory.ts';
import { DOCUMENT_END } from './proxy.ts';

/** Symbols that fit the 48 bits of a key. */
export const MAX_ORDER = 6;

/**
 * Windows of `order` symbols as integers of 48 bits, the last symbol first:
 *
 *     text   ... d c b a            key (order 4)   | 0  0 | a  b  c  d |
 *                      ^ the symbol that is foretold  high      low
 *
 * Sorted, all n-grams that end alike are neighbours ("suffix order", Heafield et al. 2013, section 3), and so every lower order lies in the
 * same list as shared prefixes of keys. Each document begins with {@link DOCUMENT_END} in all places before its first symbol.
 * A document without symbols gives no window.
 */
export class NgramWindows {
  readonly #start: { readonly high: number; readonly low: number };
  readonly #highShift: number;
  readonly #highMask: number;
  readonly #lowShift: number;
  readonly #lowMask: number;
  #high: number;
  #low: number;
  #atStart = true;

  constructor(order: number) {
    const inHigh = order > 4;
    this.#highShift = inHigh ? 8 * (order - 5) : 0;
    this.#highMask = inHigh ? 0xffff : 0;
    this.#lowShift = inHigh ? 0 : 8 * (order - 1);
    this.#lowMask = inHigh ? 0 : -1;
    this.#start = {
      high: inHigh ? 0xffff >>> (8 * (MAX_ORDER - order)) : 0,
      low: -1 >>> Math.max(0, 8 * (4 - order)),
    };
    this.#high = this.#start.high;
    this.#low = this.#start.low;
  }

  /**
   * Writes the windows that end with the symbols `[start, end)`, going on from the call before.
   * @param highs, lows receive them from `at`; there must be room for `end - start`.
   * @returns where the next would be written.
   */
  fill(
    symbols: Uint8Array,
    start: number,
    end: number,
    highs: Uint16Array,
    lows: Uint32Array,
    at: number,
  ): number {
    const highShift = this.#highShift;
    const highMask = this.#highMask;
    const lowShift = this.#lowShift;
    const lowMask = this.#lowMask;
    let high = this.#high;
    let low = this.#low;
    let atStart = this.#atStart;
    let to = at;
    // `start` and `end` are within `symbols`.
    for (let i = start; i < end; i++) {
      const symbol = symbols[i]!;
      if (symbol === DOCUMENT_END && atStart) continue;
      low = (low >>> 8) | (high << 24) | ((symbol << lowShift) & lowMask);
      high = (high >>> 8) | ((symbol << highShift) & highMask);
      highs[to] = high;
      lows[to] = low;
      to++;
      atStart = symbol === DOCUMENT_END;
      if (atStart) {
        high = this.#start.high;
        low = this.#start.low;
      }
    }
    this.#high = high;
    this.#low = low;
    this.#atStart = atStart;
    return to;
  }
}

/** Keys and what goes with each, in arrays that a sort may swap for others. */
export interface KeyArrays {
  highs: Uint16Array<ArrayBuffer>;
  lows: Uint32Array<ArrayBuffer>;
  /** A number that moves with each key; empty when there is none. */
  payloads: Uint32Array<ArrayBuffer>;
}

/** Sorts keys by radix 256 from their last byte to their first; stable. Holds a second set of arrays of the same size. */
export class KeySorter {
  readonly #order: number;
  readonly #ends = new Uint32Array(257);
  #spare: KeyArrays;
  readonly #digits: Uint8Array<ArrayBuffer>;

  constructor(order: number, capacity: number, withPayloads: boolean, memory: NgramMemory) {
    this.#order = order;
    this.#spare = makeKeys(capacity, withPayloads, memory);
    this.#digits = memory.bytes(capacity);
  }

  /** Sorts the first `count` keys. Afterwards `keys` holds other arrays, and its former ones are kept here for the next sort. */
  sort(keys: KeyArrays, count: number): void {
    const ends = this.#ends;
    const digits = this.#digits;
    for (let digit = 0; digit < this.#order; digit++) {
      ends.fill(0);
      if (digit < 4) lowDigits(keys.lows, count, 8 * digit, digits, ends);
      else highDigits(keys.highs, count, 8 * (digit - 4), digits, ends);
      // ends[d + 1] counts the digits d; summed up, ends[d] is where the first of them goes. A digit is below 256.
      for (let value = 1; value < 256; value++) ends[value]! += ends[value - 1]!;
      if (keys.payloads.length === 0) scatter(keys, this.#spare, count, digits, ends);
      else scatterAll(keys, this.#spare, count, digits, ends);
      const sorted = this.#spare;
      this.#spare = { ...keys };
      Object.assign(keys, sorted);
    }
  }

  /** Gives its arrays back. */
  release(memory: NgramMemory): void {
    memory.release(this.#digits);
    releaseKeys(this.#spare, memory);
  }
}

/** Room for `capacity` keys: 6 bytes each, 10 with payloads. */
export function makeKeys(capacity: number, withPayloads: boolean, memory: NgramMemory): KeyArrays {
  return {
    highs: memory.halves(capacity),
    lows: memory.words(capacity),
    payloads: memory.words(withPayloads ? capacity : 0),
  };
}

export function releaseKeys(keys: KeyArrays, memory: NgramMemory): void {
  memory.release(keys.highs, keys.lows, keys.payloads);
}

// In the four loops below `i` is below `count`, which no array is shorter than; a place is below `count` too, because the digits counted
// are those that are moved.

function lowDigits(
  lows: Uint32Array,
  count: number,
  shift: number,
  digits: Uint8Array,
  ends: Uint32Array,
): void {
  for (let i = 0; i < count; i++) {
    const digit = (lows[i]! >>> shift) & 255;
    digits[i] = digit;
    ends[digit + 1]!++;
  }
}

function highDigits(
  highs: Uint16Array,
  count: number,
  shift: number,
  digits: Uint8Array,
  ends: Uint32Array,
): void {
  for (let i = 0; i < count; i++) {
    const digit = (highs[i]! >>> shift) & 255;
    digits[i] = digit;
    ends[digit + 1]!++;
  }
}

function scatter(
  { highs, lows }: KeyArrays,
  to: KeyArrays,
  count: number,
  digits: Uint8Array,
  ends: Uint32Array,
): void {
  const toHighs = to.highs;
  const toLows = to.lows;
  for (let i = 0; i < count; i++) {
    const place = ends[digits[i]!]!++;
    toHighs[place] = highs[i]!;
    toLows[place] = lows[i]!;
  }
}

function scatterAll(
  { highs, lows, payloads }: KeyArrays,
  to: KeyArrays,
  count: number,
  digits: Uint8Array,
  ends: Uint32Array,
): void {
  const toHighs = to.highs;
  const toLows = to.lows;
  const toPayloads = to.payloads;
  for (let i = 0; i < count; i++) {
    const place = ends[digits[i]!]!++;
    toHighs[place] = highs[i]!;
    toLows[place] = lows[i]!;
    toPayloads[place] = payloads[i]!;
  }
}

/** The `depth`-th symbol of a key from its first, 1 to `order`. */
export function symbolAt(high: number, low: number, depth: number, order: number): number {
  const shift = 8 * (order - depth);
  return (shift < 32 ? low >>> shift : high >>> (shift - 32)) & 255;
}

/** Depth of the first symbol in which two keys differ, 1 to `order`; the keys must differ. */
export function firstDifference(
  high: number,
  low: number,
  otherHigh: number,
  otherLow: number,
  order: number,
): number {
  const highBits = high ^ otherHigh;
  const bit = highBits === 0 ? 31 - Math.clz32(low ^ otherLow) : 63 - Math.clz32(highBits);
  return order - (bit >>> 3);
}
