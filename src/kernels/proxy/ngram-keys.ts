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

/** Values of a digit that keys are sorted by. */
const RADIX = 2 ** 16;
/** Bytes of a {@link KeySorter}'s table of digits. */
export const SORTER_BYTES: number = 4 * (RADIX + 1);
/** Which half of a 32-bit word lies first in memory. */
const LOW_HALF: number = new Uint16Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;

/**
 * Sorts keys by radix 2^16 from their last two bytes to their first; stable. Holds a second set of arrays of the same size.
 * Few of the pairs of bytes occur in text, so the ends of their buckets stay in the cache, and there are half as many passes as with radix 256:
 * 30 against 43 ns a key of 5 symbols.
 */
export class KeySorter {
  readonly #order: number;
  readonly #memory: NgramMemory;
  readonly #ends: Uint32Array<ArrayBuffer>;
  #spare: KeyArrays;

  constructor(order: number, capacity: number, withPayloads: boolean, memory: NgramMemory) {
    this.#order = order;
    this.#memory = memory;
    this.#ends = memory.words(RADIX + 1);
    this.#spare = makeKeys(capacity, withPayloads, memory);
  }

  /** Sorts the first `count` keys. Afterwards `keys` holds other arrays, and its former ones are kept here for the next sort. */
  sort(keys: KeyArrays, count: number): void {
    const ends = this.#ends;
    for (let digit = 0; 2 * digit < this.#order; digit++) {
      const inHigh = digit === 2;
      const halves = inHigh ? keys.highs : new Uint16Array(keys.lows.buffer);
      const stride = inHigh ? 1 : 2;
      const offset = inHigh ? 0 : digit ^ LOW_HALF;
      ends.fill(0);
      // `i` is below `count`, which no array is shorter than; a digit is below RADIX, and `ends` has one more.
      for (let i = 0, at = offset; i < count; i++, at += stride) ends[halves[at]! + 1]!++;
      // ends[d + 1] counted the digits d; summed up, ends[d] is where the first of them goes.
      for (let value = 1; value < RADIX; value++) ends[value]! += ends[value - 1]!;
      if (keys.payloads.length === 0) scatter(keys, this.#spare, count, halves, stride, offset, ends);
      else scatterAll(keys, this.#spare, count, halves, stride, offset, ends);
      const sorted = this.#spare;
      this.#spare = { ...keys };
      Object.assign(keys, sorted);
    }
  }

  /** As many words as keys can be sorted; free until the next sort. */
  get scratch(): Uint32Array {
    return this.#spare.lows;
  }

  /** Gives its arrays back. */
  release(): void {
    this.#memory.release(this.#ends);
    releaseKeys(this.#spare, this.#memory);
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

// In both loops `i` is below `count`, which no array is shorter than, and so is a place, because the digits counted are those that are moved.

function scatter(
  { highs, lows }: KeyArrays,
  to: KeyArrays,
  count: number,
  halves: Uint16Array,
  stride: number,
  offset: number,
  ends: Uint32Array,
): void {
  const toHighs = to.highs;
  const toLows = to.lows;
  for (let i = 0, at = offset; i < count; i++, at += stride) {
    const place = ends[halves[at]!]!++;
    toHighs[place] = highs[i]!;
    toLows[place] = lows[i]!;
  }
}

function scatterAll(
  { highs, lows, payloads }: KeyArrays,
  to: KeyArrays,
  count: number,
  halves: Uint16Array,
  stride: number,
  offset: number,
  ends: Uint32Array,
): void {
  const toHighs = to.highs;
  const toLows = to.lows;
  const toPayloads = to.payloads;
  for (let i = 0, at = offset; i < count; i++, at += stride) {
    const place = ends[halves[at]!]!++;
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
