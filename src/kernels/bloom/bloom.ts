import { CurationError } from '../../errors.ts';
import { allocateShared, type SharedMemory } from '../instance.ts';
import { type BloomKernel, createBloomKernel } from './simd.ts';

/**
 * Bloom filters over 64-bit keys, one per band, whose blocks are exactly one cache line of 512 bits.
 *
 * A key sets one bit in each of the 16 words of one line (split blocks after Putze, Sanders and Singler 2007, "Cache-,
 * Hash- and Space-Efficient Bloom Filters", and the Parquet Bloom filter specification, at twice the width):
 *
 *     key = (low, high)   line = floor(high * lines / 2^32)   bit of word i = 5 bits of a mix of low and high
 *
 * The filter is far larger than the processor's cache, so a probe costs its cache misses and, if those overlap, its
 * instructions: rows are staged, all their lines fetched together, and decided one by one by the kernel of bloom-simd.ts,
 * which took a third off the commit of the plain code below. That code is its twin and serves filters beyond 4 GiB. At
 * p = 7e-7 a band this takes 40.8 bits a key; blocks of two adjacent lines 35.2, one 256-bit block 69.3, two independent
 * 256-bit blocks 34.9 with two misses, classic double hashing 29.5 with 20. At 420 MB a query and an insert of the plain
 * code took 55 ns, with two adjacent lines 81. `bench/commit.ts` measures this one against its ceiling.
 *
 * Lines must start at multiples of 64 bytes, or each spans two real cache lines and an insert takes three times as long.
 * A `SharedArrayBuffer` from `new` starts 16 bytes into a page; a shared `WebAssembly.Memory` starts at a page.
 */

const WORDS_PER_LINE = 16;
const BYTES_PER_LINE = 64;
const PAGE_BYTES = 65_536;
/** A WebAssembly memory ends at 4 GiB; lines beyond that go to the next segment. Word offsets inside one stay below 2^30. */
const SEGMENT_SHIFT = 26;
const LINES_PER_SEGMENT = 2 ** SEGMENT_SHIFT;
const LINE_MASK = LINES_PER_SEGMENT - 1;
/** Line numbers are signed 32-bit integers in the probes: 128 GiB of filters in one layer. */
const MAX_LINES = 2 ** 31 - 1;

/**
 * Rows staged at a time at most. 64 rows of 14 bands are 896 lines and pages: they stay in the second-level cache and in
 * the page table cache until the rows are decided. Tried: 16 to 128 alike, 256 a fifth slower.
 */
export const STAGED_ROWS = 64;
/** Behind the filters lie, for each band of each staged row, its key and the address of its line. */
const STAGED_BYTES_PER_KEY = 12;

/**
 * Rate of false positives of a line filter that holds `keysPerLine` keys a line on average.
 * Lines are loaded as a Poisson variable: sum over i of Pois(i; load) * (1 - (31/32)^i)^16. Exact for random keys;
 * the classic formula, which takes all lines for equally full, is four times too low at 41 bits a key.
 */
export function lineFalsePositiveRate(keysPerLine: number): number {
  // From the mode outwards nothing underflows; beyond 12 standard deviations plus 40 the terms are below 1e-30.
  const last = Math.ceil(keysPerLine + 12 * Math.sqrt(keysPerLine) + 40);
  let logFactorial = 0;
  let rate = 0;
  for (let keys = 1; keys <= last; keys++) {
    logFactorial += Math.log(keys);
    const share = Math.exp(keys * Math.log(keysPerLine) - keysPerLine - logFactorial);
    rate += share * (1 - (31 / 32) ** keys) ** WORDS_PER_LINE;
  }
  return rate;
}

/** The most keys a line may hold on average if false positives are to stay at or below `falsePositiveRate` (0..1, both excluded). */
export function keysPerLineFor(falsePositiveRate: number): number {
  let fits = 2 ** -20;
  let tooMany = 1024;
  for (let step = 0; step < 60; step++) {
    const middle = (fits + tooMany) / 2;
    if (lineFalsePositiveRate(middle) <= falsePositiveRate) fits = middle;
    else tooMany = middle;
  }
  return fits;
}

/** How large the filters of some bands are to be. */
export interface BloomPlan {
  readonly bands: number;
  /** Keys in each band for which the rate is promised. */
  readonly capacity: number;
  /** Planned rate of one band at `capacity`. */
  readonly bandFalsePositiveRate: number;
  readonly linesPerBand: number;
  /** All bands together and the rows staged, rounded up to whole 64 KiB pages: what {@link BandedBloom} allocates. */
  readonly byteLength: number;
}

/** Sizes the filters of `bands` bands for `capacity` keys each at `bandFalsePositiveRate` a band; allocates nothing. */
export function planBloom(bands: number, capacity: number, bandFalsePositiveRate: number): BloomPlan {
  const linesPerBand = Math.max(1, Math.ceil(capacity / keysPerLineFor(bandFalsePositiveRate)));
  const filters = bands * linesPerBand * BYTES_PER_LINE;
  const staged = hasKernelRoom(bands, linesPerBand) ? bands * STAGED_ROWS * STAGED_BYTES_PER_KEY : 0;
  const byteLength = Math.ceil((filters + staged) / PAGE_BYTES) * PAGE_BYTES;
  return { bands, capacity, bandFalsePositiveRate, linesPerBand, byteLength };
}

/** Whether the filters and the rows staged fit one segment; the kernel knows no second one. */
function hasKernelRoom(bands: number, linesPerBand: number): boolean {
  const bytes = bands * (linesPerBand * BYTES_PER_LINE + STAGED_ROWS * STAGED_BYTES_PER_KEY);
  return bytes <= LINES_PER_SEGMENT * BYTES_PER_LINE;
}

/** What scanning a filter finds. */
export interface BloomFill {
  /** Share of all bits that are set. */
  readonly fill: number;
  /** Chance that a row of random new keys is found in at least one band. */
  readonly falsePositiveRate: number;
}

/** Whether all 16 bits of a key are set. Most new keys end at the first four words, all of one cache line. */
function hasBits(words: Uint32Array, at: number, low: number, high: number): boolean {
  // at + 15 < words.length: `at` is a whole line. Shift counts are taken modulo 32 by the language.
  if (
    ((words[at]! >>> low) &
      (words[at + 1]! >>> (low >>> 5)) &
      (words[at + 2]! >>> (low >>> 10)) &
      (words[at + 3]! >>> (low >>> 15)) &
      1) ===
    0
  )
    return false;
  if (((words[at + 4]! >>> (low >>> 20)) & (words[at + 5]! >>> (low >>> 25)) & 1) === 0) return false;
  const second = mixSecond(low, high);
  const third = mixThird(second);
  return (
    ((words[at + 6]! >>> second) &
      (words[at + 7]! >>> (second >>> 5)) &
      (words[at + 8]! >>> (second >>> 10)) &
      (words[at + 9]! >>> (second >>> 15)) &
      (words[at + 10]! >>> (second >>> 20)) &
      (words[at + 11]! >>> third) &
      (words[at + 12]! >>> (third >>> 5)) &
      (words[at + 13]! >>> (third >>> 10)) &
      (words[at + 14]! >>> (third >>> 15)) &
      (words[at + 15]! >>> (third >>> 20)) &
      1) !==
    0
  );
}

function setBits(words: Uint32Array, at: number, low: number, high: number): void {
  const second = mixSecond(low, high);
  const third = mixThird(second);
  words[at]! |= 1 << low;
  words[at + 1]! |= 1 << (low >>> 5);
  words[at + 2]! |= 1 << (low >>> 10);
  words[at + 3]! |= 1 << (low >>> 15);
  words[at + 4]! |= 1 << (low >>> 20);
  words[at + 5]! |= 1 << (low >>> 25);
  words[at + 6]! |= 1 << second;
  words[at + 7]! |= 1 << (second >>> 5);
  words[at + 8]! |= 1 << (second >>> 10);
  words[at + 9]! |= 1 << (second >>> 15);
  words[at + 10]! |= 1 << (second >>> 20);
  words[at + 11]! |= 1 << third;
  words[at + 12]! |= 1 << (third >>> 5);
  words[at + 13]! |= 1 << (third >>> 10);
  words[at + 14]! |= 1 << (third >>> 15);
  words[at + 15]! |= 1 << (third >>> 20);
}

/** The usual case of a touch, all lines in one array: the fewer instructions, the more loads are under way at once. */
function touchLines(
  words: Uint32Array,
  base: number,
  scale: number,
  keys: Uint32Array,
  from: number,
  to: number,
): number {
  let sum = 0;
  // `to` is at most keys.length; base plus the line's offset is inside the band.
  for (let high = from + 1; high < to; high += 2) sum |= words[base + (((keys[high]! * scale) | 0) << 4)]!;
  return sum;
}

// The multipliers are those of MurmurHash3's finalizer; 16 words need 80 bits and a key gives 64 less the line's.
function mixSecond(low: number, high: number): number {
  const product = Math.imul(low ^ high, 0x85ebca6b);
  return product ^ (product >>> 15);
}

function mixThird(second: number): number {
  const product = Math.imul(second, 0xc2b2ae35);
  return product ^ (product >>> 14);
}

/**
 * The filters of all bands of an index, side by side in shared memory of a fixed size. Key rows are (low, high) pairs,
 * band-major: band b of row r starts at `2 * (b * rowCount + r)`, as in `Signatures.bandKeys`. Keys must be well mixed
 * hashes. What was inserted is always found.
 */
export class BandedBloom {
  readonly plan: BloomPlan;
  readonly byteLength: number;
  /** Rows inserted. */
  count = 0;
  /** What the last rows staged read: means nothing, but unless it goes somewhere the reads may be optimised away. */
  touched = 0;
  private readonly segments: Uint32Array<SharedArrayBuffer>[] = [];
  private readonly kernel: BloomKernel | undefined;
  /** What {@link stage} was given last, for the twin of the kernel. */
  private staged: Uint32Array = new Uint32Array(0);
  private stagedStride = 0;
  private stagedFirst = 0;
  /** Lines per unit of the high half of a key; the product with it never rounds up to `linesPerBand`. */
  private readonly scale: number;

  /** @param usesKernel false: by the code of this file alone, the kernel's twin; answers and bits are the same. */
  constructor(plan: BloomPlan, usesKernel = true) {
    const lines = plan.bands * plan.linesPerBand;
    if (!(lines <= MAX_LINES)) {
      throw new CurationError(
        'MEMORY',
        `near-duplicate index: expected at most 128 GiB of filters, found a plan for ${Math.ceil(plan.byteLength / 2 ** 30)} GiB; ` +
          'expect fewer documents, or allow a higher false-positive rate',
      );
    }
    this.plan = plan;
    this.scale = plan.linesPerBand / 2 ** 32;
    const isWhole = hasKernelRoom(plan.bands, plan.linesPerBand);
    let byteLength = 0;
    let memory: SharedMemory | undefined;
    for (let first = 0; first < lines; first += LINES_PER_SEGMENT) {
      const bytes = isWhole ? plan.byteLength : Math.min(LINES_PER_SEGMENT, lines - first) * BYTES_PER_LINE;
      memory = allocateMemory(Math.ceil(bytes / PAGE_BYTES));
      byteLength += memory.buffer.byteLength;
      this.segments.push(new Uint32Array(memory.buffer));
    }
    this.byteLength = byteLength;
    this.kernel = isWhole && usesKernel && memory !== undefined ? createBloomKernel(memory) : undefined;
  }

  /**
   * Makes rows `start` to `end`, at most {@link STAGED_ROWS}, those that {@link hasStaged} and {@link insertStaged} speak of,
   * and fetches all lines they will probe: the loads do not wait for each other, so many are under way at once, and the
   * probes that follow find them in the cache. `keys` must stay as they are until the next call.
   */
  stage(keys: Uint32Array, rowCount: number, start: number, end: number): void {
    const { bands, linesPerBand } = this.plan;
    const rows = end - start;
    if (rows > STAGED_ROWS)
      throw new RangeError(`rows staged: expected at most ${STAGED_ROWS}, found ${rows}`);
    this.staged = keys;
    this.stagedStride = rowCount;
    this.stagedFirst = start;
    if (this.kernel === undefined) {
      this.touch(keys, rowCount, start, end);
      return;
    }
    const words = this.segments[0]!;
    const keysAt = bands * linesPerBand * WORDS_PER_LINE;
    for (let band = 0; band < bands; band++) {
      const from = 2 * (band * rowCount + start);
      words.set(keys.subarray(from, from + 2 * rows), keysAt + 2 * band * rows);
    }
    const linesAt = keysAt + 2 * bands * rows;
    this.kernel.stage(4 * keysAt, 4 * linesAt, bands, rows, linesPerBand, this.scale);
  }

  /** Whether any band holds the key of staged row `row`, counted from the first one staged. */
  hasStaged(row: number): boolean {
    if (this.kernel !== undefined) return this.kernel.has(row) !== 0;
    return this.find(this.staged, this.stagedStride, this.stagedFirst + row) >= 0;
  }

  /** Inserts the keys of staged row `row`. */
  insertStaged(row: number): void {
    if (this.kernel === undefined) {
      this.insert(this.staged, this.stagedStride, this.stagedFirst + row);
      return;
    }
    this.kernel.insert(row);
    this.count++;
  }

  /** Reads one word of each line that the rows `start` to `end` of a batch will probe and does nothing with it. */
  private touch(keys: Uint32Array, rowCount: number, start: number, end: number): void {
    const { bands, linesPerBand } = this.plan;
    let sum = 0;
    for (let band = 0; band < bands; band++) {
      const firstLine = band * linesPerBand;
      const from = 2 * (band * rowCount + start);
      const to = 2 * (band * rowCount + end);
      const segment = firstLine >>> SEGMENT_SHIFT;
      if (segment === (firstLine + linesPerBand - 1) >>> SEGMENT_SHIFT) {
        sum |= touchLines(this.segments[segment]!, (firstLine & LINE_MASK) << 4, this.scale, keys, from, to);
      } else {
        for (let pair = from; pair < to; pair += 2) {
          const line = firstLine + ((keys[pair + 1]! * this.scale) | 0);
          sum |= this.segments[line >>> SEGMENT_SHIFT]![(line & LINE_MASK) << 4]!;
        }
      }
    }
    this.touched = sum;
  }

  /** The first band in which the key of a row is found, or -1. */
  find(keys: Uint32Array, rowCount: number, row: number): number {
    const { bands, linesPerBand } = this.plan;
    const { segments, scale } = this;
    for (
      let band = 0, pair = 2 * row, base = 0;
      band < bands;
      band++, pair += 2 * rowCount, base += linesPerBand
    ) {
      const high = keys[pair + 1]!;
      const line = base + ((high * scale) | 0);
      if (hasBits(segments[line >>> SEGMENT_SHIFT]!, (line & LINE_MASK) << 4, keys[pair]!, high)) return band;
    }
    return -1;
  }

  /** Whether one band holds one key. */
  has(band: number, low: number, high: number): boolean {
    const line = band * this.plan.linesPerBand + ((high * this.scale) | 0);
    return hasBits(this.segments[line >>> SEGMENT_SHIFT]!, (line & LINE_MASK) << 4, low, high);
  }

  /** Inserts the keys of a row, each into the filter of its band. */
  insert(keys: Uint32Array, rowCount: number, row: number): void {
    const { bands, linesPerBand } = this.plan;
    const { segments, scale } = this;
    for (
      let band = 0, pair = 2 * row, base = 0;
      band < bands;
      band++, pair += 2 * rowCount, base += linesPerBand
    ) {
      const high = keys[pair + 1]!;
      const line = base + ((high * scale) | 0);
      setBits(segments[line >>> SEGMENT_SHIFT]!, (line & LINE_MASK) << 4, keys[pair]!, high);
    }
    this.count++;
  }

  /**
   * Reads the whole filter and computes what it does to random new keys, from the bits that are really set: a key meets
   * each line of its band equally often and there each bit of each word, so a band's rate is the mean over its lines of
   * the product of the 16 words' fills. About half a second a GiB.
   */
  measure(): BloomFill {
    const { bands, linesPerBand } = this.plan;
    let bits = 0;
    let noBand = 1;
    for (let band = 0; band < bands; band++) {
      let sum = 0;
      for (let line = band * linesPerBand, stop = line + linesPerBand; line < stop; line++) {
        const words = this.segments[line >>> SEGMENT_SHIFT]!;
        const at = (line & LINE_MASK) << 4;
        let product = 1;
        for (let word = at; word < at + WORDS_PER_LINE; word++) {
          const set = countBits(words[word]!);
          bits += set;
          product *= set;
        }
        sum += product;
      }
      noBand *= 1 - sum / 32 ** WORDS_PER_LINE / linesPerBand;
    }
    return { fill: bits / (bands * linesPerBand * 32 * WORDS_PER_LINE), falsePositiveRate: 1 - noBand };
  }
}

function allocateMemory(pages: number): SharedMemory {
  try {
    return allocateShared(pages, pages);
  } catch (cause) {
    throw new CurationError(
      'MEMORY',
      `near-duplicate index: expected ${Math.ceil(pages / 16)} MiB more of memory for its filters, found that the system ` +
        'does not give it; expect fewer documents, or allow a higher false-positive rate',
      { cause },
    );
  }
}

/** Set bits of a 32-bit word (Warren, Hacker's Delight, figure 5-2). */
function countBits(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  bits = (bits + (bits >>> 4)) & 0x0f0f0f0f;
  return Math.imul(bits, 0x01010101) >>> 24;
}
