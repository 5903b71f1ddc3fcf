import { high, multiply } from '../lanes.ts';

/**
 * Byte n-grams up to order 5, finished for scoring: costs in eighths of a bit, one byte each.
 *
 *     pairs    65,536 costs of a byte after another, then the back-off of each pair
 *     entries  open addressing; n-grams of order 3 to 5: tag (16 bits), cost (8), back-off (8); 0 is empty
 */
export interface PerplexityModel {
  readonly kind: 'perplexity';
  readonly pairs: Uint8Array;
  /** A power of two of them. */
  readonly entries: Uint32Array;
}

export const PAIR_BYTES: number = 2 * 65_536;
export const LEAST_ENTRIES_BITS = 10;
export const MOST_ENTRIES_BITS = 22;
/** Longest stretch of full slots, which bounds a search; a table of ours is larger if it would be longer. */
export const LONGEST_RUN = 256;

/** N-grams of order 3 and up that are learned; what is new after them counts for the shorter ones only. */
const MOST_NGRAMS = 1 << 20;
const STEPS = 8;
const MOST_COST = 255;
/** What comes before a text. */
const START = 0x0a0a0a0a;

let tag = 0;
/** Slot where the search for an n-gram begins, as in `find` of wasm/assembly/features.ts; leaves the tag in {@link tag}. */
function slotOf(low: number, upper: number, bits: number): number {
  const low32 = multiply(low, upper, 0x7f4a7c15, 0x9e3779b9);
  // The slot is the top bits of the product, at most 22; the tag the 16 bits below them.
  tag = Math.max(1, ((high << bits) | (low32 >>> (32 - bits))) >>> 16);
  return high >>> (32 - bits);
}

/** Upper half of the key of an n-gram: its order, and of five bytes the first. */
const upperOf = (order: number, first: number): number => (order << 8) | first;

function find({ entries }: PerplexityModel, low: number, upper: number): number {
  const bits = 31 - Math.clz32(entries.length);
  let at = slotOf(low, upper, bits);
  // A table has an empty slot.
  for (;;) {
    const entry = entries[at]!;
    if (entry === 0 || entry >>> 16 === tag) return entry;
    at = (at + 1) & (entries.length - 1);
  }
}

/** The plain twin of `byteCosts`: bits per byte, NaN without bytes. */
export function scorePerplexity(
  model: PerplexityModel,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const { pairs } = model;
  let window = START;
  let sum = 0;
  for (let p = start; p < end; p++) {
    // p < end, and a pair is below 65,536.
    const first = window >>> 24;
    const before = window;
    window = ((window << 8) | bytes[p]!) >>> 0;
    let entry = find(model, window, upperOf(5, first));
    if (entry === 0) {
      sum += find(model, before, upperOf(4, 0)) & 255;
      entry = find(model, window, upperOf(4, 0));
    }
    if (entry === 0) {
      sum += find(model, before & 0xffffff, upperOf(3, 0)) & 255;
      entry = find(model, window & 0xffffff, upperOf(3, 0));
    }
    if (entry === 0) sum += pairs[65_536 + (before & 0xffff)]! + pairs[window & 0xffff]!;
    else sum += (entry >>> 8) & 255;
  }
  return start === end ? Number.NaN : sum / STEPS / (end - start);
}

/**
 * Learns the model: counts, then interpolates each order with the one below (Witten and Bell 1991):
 *
 *     p(b | h) = (c(h b) + t(h) p(b | h')) / (c(h) + t(h))
 *
 * where t counts the different bytes that follow h, h' is h without its first byte, and below the single byte lies 1/256. So the
 * probabilities after any history sum to 1, but for rounding to eighths of a bit. At most 2^20 n-grams are held; the first to come stay.
 */
export class PerplexityTrainer {
  readonly #ones: Float64Array = new Float64Array(256);
  readonly #twos: Float64Array = new Float64Array(65_536);
  readonly #most: number;
  #lows: Uint32Array = new Uint32Array(1 << 12);
  #uppers: Uint16Array = new Uint16Array(1 << 12);
  #counts: Float64Array = new Float64Array(1 << 12);
  #length = 0;

  constructor(most: number = MOST_NGRAMS) {
    this.#most = most;
  }

  /** Counts the n-grams of a text. */
  add(bytes: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    let window = START;
    // A history has to be there before what follows it.
    this.#count(START & 0xffffff, upperOf(3, 0), 0);
    this.#count(START, upperOf(4, 0), 0);
    for (let p = start; p < end; p++) {
      // p < end, and the tables have a place for every byte and pair.
      const first = window >>> 24;
      window = ((window << 8) | bytes[p]!) >>> 0;
      this.#ones[window & 0xff]!++;
      this.#twos[window & 0xffff]!++;
      const hasThree = this.#count(window & 0xffffff, upperOf(3, 0), 1);
      const hasFour = hasThree && this.#count(window, upperOf(4, 0), 1);
      if (hasFour) this.#count(window, upperOf(5, first), 1);
    }
  }

  /** False if the n-gram is new and there is no room. */
  #count(low: number, upper: number, more: number): boolean {
    let at = this.#find(low, upper);
    if (this.#uppers[at] === 0) {
      if (this.#length >= this.#most) return false;
      if (2 * this.#length >= this.#lows.length) {
        this.#grow();
        at = this.#find(low, upper);
      }
      this.#lows[at] = low;
      this.#uppers[at] = upper;
      this.#length++;
    }
    this.#counts[at]! += more;
    return true;
  }

  /** Slot of an n-gram, or the empty one where it belongs. */
  #find(low: number, upper: number): number {
    const mask = this.#lows.length - 1;
    let at = slotOf(low, upper, 31 - Math.clz32(mask + 1));
    // At most half of the slots are full.
    while (this.#uppers[at]! !== 0 && (this.#lows[at]! !== low || this.#uppers[at]! !== upper))
      at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const lows = this.#lows;
    const uppers = this.#uppers;
    const counts = this.#counts;
    this.#lows = new Uint32Array(2 * lows.length);
    this.#uppers = new Uint16Array(2 * lows.length);
    this.#counts = new Float64Array(2 * lows.length);
    for (const [old, low] of lows.entries()) {
      if (uppers[old] === 0) continue;
      const at = this.#find(low, uppers[old]!);
      this.#lows[at] = low;
      this.#uppers[at] = uppers[old]!;
      this.#counts[at] = counts[old]!;
    }
  }

  /** Computes the probabilities; what was counted stays as it is. */
  model(): PerplexityModel {
    const single = interpolateSingles(this.#ones);
    const twoTotals = new Float64Array(256);
    const twoKinds = new Float64Array(256);
    for (const [pair, count] of this.#twos.entries()) {
      if (count === 0) continue;
      twoTotals[pair >>> 8]! += count;
      twoKinds[pair >>> 8]!++;
    }
    const double = new Float64Array(65_536);
    for (const [pair, count] of this.#twos.entries()) {
      double[pair] = interpolate(count, twoTotals[pair >>> 8]!, twoKinds[pair >>> 8]!, single[pair & 255]!);
    }
    const slots = this.#lows.length;
    // Sums over what follows a history: of two bytes, by pair; of three or four, by the slot of the history.
    const pairTotals = new Float64Array(65_536);
    const pairKinds = new Float64Array(65_536);
    const totals = new Float64Array(slots);
    const kinds = new Float64Array(slots);
    for (let at = 0; at < slots; at++) {
      const count = this.#counts[at]!;
      if (count === 0) continue;
      const order = this.#uppers[at]! >>> 8;
      if (order === 3) {
        pairTotals[this.#lows[at]! >>> 8]! += count;
        pairKinds[this.#lows[at]! >>> 8]!++;
      } else {
        const history = this.#historyOf(at);
        totals[history]! += count;
        kinds[history]!++;
      }
    }
    const chances = new Float64Array(slots);
    for (const order of [3, 4, 5]) {
      for (let at = 0; at < slots; at++) {
        if (this.#uppers[at]! >>> 8 !== order) continue;
        const low = this.#lows[at]!;
        const count = this.#counts[at]!;
        if (order === 3) {
          chances[at] = interpolate(
            count,
            pairTotals[low >>> 8]!,
            pairKinds[low >>> 8]!,
            double[low & 0xffff]!,
          );
        } else {
          const history = this.#historyOf(at);
          const shorter =
            order === 4 ? this.#find(low & 0xffffff, upperOf(3, 0)) : this.#find(low, upperOf(4, 0));
          chances[at] = interpolate(count, totals[history]!, kinds[history]!, chances[shorter]!);
        }
      }
    }
    const pairs = new Uint8Array(PAIR_BYTES);
    for (let pair = 0; pair < 65_536; pair++) {
      pairs[pair] = costOf(double[pair]!);
      pairs[65_536 + pair] = backOff(pairTotals[pair]!, pairKinds[pair]!);
    }
    return { kind: 'perplexity', pairs, entries: this.#pack(chances, totals, kinds) };
  }

  /** Slot of an n-gram of order 4 or 5 without its last byte; it is there, because it was counted first. */
  #historyOf(at: number): number {
    const low = this.#lows[at]! >>> 8;
    const upper = this.#uppers[at]!;
    return upper >>> 8 === 4
      ? this.#find(low, upperOf(3, 0))
      : this.#find((low | ((upper & 255) << 24)) >>> 0, upperOf(4, 0));
  }

  #pack(chances: Float64Array, totals: Float64Array, kinds: Float64Array): Uint32Array {
    for (let bits = LEAST_ENTRIES_BITS; ; bits++) {
      if (2 ** bits < 2 * this.#length) continue;
      const entries = new Uint32Array(2 ** bits);
      for (let old = 0; old < this.#lows.length; old++) {
        // Every array here has one place for each slot.
        if (this.#uppers[old] === 0) continue;
        let at = slotOf(this.#lows[old]!, this.#uppers[old]!, bits);
        while (entries[at] !== 0) at = (at + 1) & (entries.length - 1);
        entries[at] = ((tag << 16) | (costOf(chances[old]!) << 8) | backOff(totals[old]!, kinds[old]!)) >>> 0;
      }
      if (longestRun(entries) <= LONGEST_RUN || bits === MOST_ENTRIES_BITS) return entries;
    }
  }
}

/** Longest stretch of full slots, around the end; the length of the table if all are full. */
export function longestRun(entries: Uint32Array): number {
  let longest = 0;
  let run = 0;
  const firstEmpty = entries.indexOf(0);
  if (firstEmpty === -1) return entries.length;
  for (let step = 1; step <= entries.length; step++) {
    run = entries[(firstEmpty + step) & (entries.length - 1)] === 0 ? 0 : run + 1;
    if (run > longest) longest = run;
  }
  return longest;
}

function interpolateSingles(ones: Float64Array): Float64Array {
  const total = ones.reduce((sum, count) => sum + count, 0);
  const kinds = ones.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  return ones.map((count) => interpolate(count, total, kinds, 1 / 256));
}

function interpolate(count: number, total: number, kinds: number, shorter: number): number {
  return total === 0 ? shorter : (count + kinds * shorter) / (total + kinds);
}

/** Cost of what follows a history but was never seen to, before that of the shorter history. */
function backOff(total: number, kinds: number): number {
  return total === 0 ? 0 : costOf(kinds / (total + kinds));
}

function costOf(chance: number): number {
  return Math.min(MOST_COST, Math.round(-Math.log2(chance) * STEPS));
}
