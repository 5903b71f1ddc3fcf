import { CurationError } from '../../errors.ts';
import { allocatePages } from '../instance.ts';

/**
 * Counts how often each of many 64-bit keys was seen, up to a limit, in memory of a fixed size. Too high for a few, never too low.
 *
 * A key has eight counters, one in each eighth of one cache line, and its count is the least of them (a count-min sketch, Cormode and
 * Muthukrishnan 2005, in the blocked layout of Putze, Sanders and Singler 2007). Only counters that hold this least are raised (Estan and
 * Varghese 2002): others already count keys beside this one.
 *
 *     key = (low, high)   line = floor(high * lines / 2^32)   counter in each eighth: 3 to 6 bits of a mix of low and high
 *     line: 8 groups of 64 bits: 64, 32, 16 or 8 counters of 1, 2, 4 or 8 bits, as the limit needs
 *
 * A count is too high only if each of the eight counters is shared with another key, whatever is counted and how often: that is what the
 * rate says. Bytes a key at 1e-4: 3.0 for a limit of 1, 6.6 up to 3, 16 up to 15, 49 up to 255.
 */

const GROUPS = 8;
const BYTES_PER_LINE = 64;
const PAGE_BYTES = 65_536;
/** A WebAssembly memory, which starts at a page as an `ArrayBuffer` does not, ends at 4 GiB; lines beyond that go to the next. */
const SEGMENT_SHIFT = 26;
const LINES_PER_SEGMENT = 2 ** SEGMENT_SHIFT;
const LINE_MASK = LINES_PER_SEGMENT - 1;
const MAX_LINES = 2 ** 31 - 1;

/** How large the counters are to be. */
export interface CountingBloomPlan {
  /** What is counted up to: 1 to 255. */
  readonly limit: number;
  /** Bits of a counter: the fewest that hold the limit. */
  readonly bits: number;
  /** Different keys for which the rate is promised. */
  readonly capacity: number;
  readonly lines: number;
  /** What {@link CountingBloom} allocates: all lines, in whole pages. */
  readonly byteLength: number;
}

/**
 * Chance that the count of a key is too high, or that of a new key not 0, when there are `keysPerLine` keys a line on average. An upper
 * bound: keys fall on lines as a Poisson variable, and all others of the line count as met in each group anew.
 */
export function overcountRate(bits: number, keysPerLine: number): number {
  const counters = 64 / bits;
  // Beyond 12 standard deviations plus 40 the terms are below 1e-30.
  const last = Math.ceil(keysPerLine + 12 * Math.sqrt(keysPerLine) + 40);
  let logFactorial = 0;
  let rate = 0;
  for (let keys = 1; keys <= last; keys++) {
    logFactorial += Math.log(keys);
    const share = Math.exp(keys * Math.log(keysPerLine) - keysPerLine - logFactorial);
    rate += share * (1 - (1 - 1 / counters) ** keys) ** GROUPS;
  }
  return rate;
}

/** Sizes counters for `capacity` different keys at `rate` (0..1, both excluded); allocates nothing. */
export function planCountingBloom(limit: number, capacity: number, rate: number): CountingBloomPlan {
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= 255)) {
    throw new RangeError(`limit: expected an integer from 1 to 255, found ${limit}`);
  }
  if (!(rate > 0 && rate < 1)) throw new RangeError(`rate: expected above 0 and below 1, found ${rate}`);
  const bits = limit === 1 ? 1 : limit <= 3 ? 2 : limit <= 15 ? 4 : 8;
  let fits = 2 ** -20;
  let tooMany = 1024;
  for (let step = 0; step < 60; step++) {
    const middle = (fits + tooMany) / 2;
    if (overcountRate(bits, middle) <= rate) fits = middle;
    else tooMany = middle;
  }
  const lines = Math.max(1, Math.ceil(capacity / fits));
  const byteLength = Math.ceil((lines * BYTES_PER_LINE) / PAGE_BYTES) * PAGE_BYTES;
  return { limit, bits, capacity, lines, byteLength };
}

/** Counters of keys, all 0 at first. Keys must be well mixed hashes. */
export class CountingBloom {
  readonly plan: CountingBloomPlan;
  readonly byteLength: number;
  /** Different keys seen, but for those that were taken for one seen before. */
  distinct = 0;
  /** What the lines touched last held: means nothing, but unless it goes somewhere the reads may be optimised away. */
  touched = 0;
  private readonly segments: Uint32Array[] = [];
  private readonly scale: number;

  /** @throws CurationError `MEMORY` if the system does not give what was planned. */
  constructor(plan: CountingBloomPlan) {
    const { lines } = plan;
    if (!(lines <= MAX_LINES)) {
      throw new CurationError(
        'MEMORY',
        `repeated lines: expected at most 128 GiB of counters, found a plan for ${Math.ceil(plan.byteLength / 2 ** 30)} GiB; ` +
          'expect fewer units, or allow a higher false-positive rate',
      );
    }
    this.plan = plan;
    // The product with it never rounds up to `lines`, as that has at most 31 bits.
    this.scale = lines / 2 ** 32;
    let byteLength = 0;
    for (let first = 0; first < lines; first += LINES_PER_SEGMENT) {
      const bytes = Math.min(LINES_PER_SEGMENT, lines - first) * BYTES_PER_LINE;
      const words = allocate(Math.ceil(bytes / PAGE_BYTES));
      byteLength += words.byteLength;
      this.segments.push(words);
    }
    this.byteLength = byteLength;
  }

  /**
   * Reads one word of the line of each key `start` to `end` of (low, high) pairs and does nothing with it: a few keys ahead, so that
   * their cache misses overlap.
   */
  touch(keys: Uint32Array, start: number, end: number): void {
    const { segments, scale } = this;
    let sum = 0;
    // 2 * end is at most keys.length.
    for (let at = 2 * start + 1; at < 2 * end; at += 2) {
      const line = (keys[at]! * scale) | 0;
      sum |= segments[line >>> SEGMENT_SHIFT]![(line & LINE_MASK) << 4]!;
    }
    this.touched = sum;
  }

  /** Counts a key once more and returns how often it was counted before: the limit if that was reached. */
  add(low: number, high: number): number {
    const { bits, limit } = this.plan;
    const line = (high * this.scale) | 0;
    const words = this.segments[line >>> SEGMENT_SHIFT]!;
    const base = (line & LINE_MASK) << 4;
    const most = 2 ** bits - 1;
    const positions = 64 / bits - 1;
    const second = mix(low, high);
    let least = limit;
    // A group is two words and base + 16 is at most their number; `chosen` has 6 bits for each of five groups and of three.
    for (let group = 0, chosen = low; group < GROUPS; group++, chosen >>>= 6) {
      if (group === 5) chosen = second;
      const bit = (chosen & positions) * bits;
      const count = (words[base + 2 * group + (bit >>> 5)]! >>> bit) & most;
      if (count < least) least = count;
    }
    if (least >= limit) return limit;
    for (let group = 0, chosen = low; group < GROUPS; group++, chosen >>>= 6) {
      if (group === 5) chosen = second;
      const bit = (chosen & positions) * bits;
      const at = base + 2 * group + (bit >>> 5);
      if (((words[at]! >>> bit) & most) === least) words[at]! += 1 << bit;
    }
    if (least === 0) this.distinct++;
    return least;
  }
}

/** A finalizer with the multipliers of MurmurHash3: the line takes the upper bits of a key, and eight groups up to 48 more. */
function mix(low: number, high: number): number {
  let product = Math.imul(low ^ (high << 7), 0x85ebca6b);
  product = Math.imul(product ^ (product >>> 15), 0xc2b2ae35);
  return product ^ (product >>> 14);
}

function allocate(pages: number): Uint32Array {
  try {
    return new Uint32Array(allocatePages(pages).buffer);
  } catch (cause) {
    throw new CurationError(
      'MEMORY',
      `repeated lines: expected ${Math.ceil(pages / 16)} MiB of memory for counters, found that the system does not give it; ` +
        'expect fewer units, or allow a higher false-positive rate',
      { cause },
    );
  }
}
