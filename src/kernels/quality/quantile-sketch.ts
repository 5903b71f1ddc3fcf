/** A value of a quantile and how far its rank may be from the one asked for, as a share of the documents. */
export interface Quantile {
  readonly value: number;
  readonly rankError: number;
}

/** A threshold and how far the share that reaches it may be from the one asked for. */
export interface Threshold {
  readonly value: number;
  readonly error: number;
}

/** Bits of a score that a bin is named by: sign, exponent and 13 of the mantissa. */
const BIN_BITS = 22;
const PAGE_BITS = 12;
const PAGE = 1 << PAGE_BITS;
const DROPPED = 32 - BIN_BITS;
/** Score vectors held for the joint distribution. */
const SAMPLE = 65_536;
/** Documents are counted in 32 bits. */
const MOST_DOCUMENTS = 2 ** 32 - 1;
/** Probability with which the bound on the sample may fail. */
const DOUBT = 0.01;

const floats = new Float32Array(1);
const words = new Uint32Array(floats.buffer);

/** 32 bits that ascend as 32-bit floats do; NaN of any kind is 0, before -Infinity, and -0 is 0. */
function keyOf(value: number): number {
  if (Number.isNaN(value)) return 0;
  floats[0] = value + 0;
  const bits = words[0]!;
  return bits >>> 31 === 1 ? ~bits >>> 0 : (bits | 0x80000000) >>> 0;
}

/** The least float of a bin. */
function valueOf(bin: number): number {
  const key = Math.max((bin << DROPPED) >>> 0, bin === 0 ? 0 : LEAST_KEY);
  words[0] = key >>> 31 === 1 ? key & 0x7fffffff : ~key;
  return bin === 0 ? Number.NaN : floats[0]!;
}

/** The least value of the bin that a value falls into: what {@link ScoreSketch.quantile} gives for it. */
export function binFloor(value: number): number {
  return valueOf(keyOf(value) >>> DROPPED);
}

const LEAST_KEY: number = keyOf(Number.NEGATIVE_INFINITY);

/** How many documents fell into each bin, in pages that are made when needed: 16 KiB each, a score fills a few dozen, 16 MiB at most. */
class Histogram {
  readonly #pages: (Uint32Array | undefined)[] = Array.from({ length: 1 << (BIN_BITS - PAGE_BITS) });
  /** Documents in each page. */
  readonly #totals: Float64Array = new Float64Array(1 << (BIN_BITS - PAGE_BITS));

  add(bin: number): void {
    // A bin has BIN_BITS bits, so its page is one of the list.
    const at = bin >>> PAGE_BITS;
    (this.#pages[at] ??= new Uint32Array(PAGE))[bin & (PAGE - 1)]!++;
    this.#totals[at]!++;
  }

  merge(other: Histogram): void {
    for (const [at, page] of other.#pages.entries()) {
      if (page === undefined) continue;
      const own = (this.#pages[at] ??= new Uint32Array(PAGE));
      // A page has PAGE bins, and both have as many pages.
      for (let bin = 0; bin < PAGE; bin++) own[bin]! += page[bin]!;
      this.#totals[at]! += other.#totals[at]!;
    }
  }

  /** Documents below a bin, and in it. */
  around(bin: number): { readonly below: number; readonly within: number } {
    const last = bin >>> PAGE_BITS;
    const end = bin & (PAGE - 1);
    let below = 0;
    // last and end are places of a page and of a bin in it.
    for (let at = 0; at < last; at++) below += this.#totals[at]!;
    const page = this.#pages[last];
    if (page === undefined) return { below, within: 0 };
    for (let at = 0; at < end; at++) below += page[at]!;
    return { below, within: page[end]! };
  }

  /** The first bin with which more than `rank` documents are counted; undefined if there are not as many. */
  find(rank: number): { readonly bin: number; readonly within: number } | undefined {
    let counted = 0;
    for (const [at, total] of this.#totals.entries()) {
      counted += total;
      if (counted <= rank) continue;
      counted -= total;
      // The page holds what is missing.
      const page = this.#pages[at]!;
      for (let place = 0; ; place++) {
        counted += page[place]!;
        if (counted > rank) return { bin: (at << PAGE_BITS) | place, within: page[place]! };
      }
    }
    return undefined;
  }
}

/**
 * Distributions of several scores over a stream of documents, in fixed memory. The result does not depend on order, and merging the sketches
 * of parts gives the sketch of the whole.
 *
 * For each score a histogram over the upper 22 bits of the float, so that values in a bin differ by less than 2^-13 of themselves; counts are
 * exact, so every answer says how many documents share the bin it fell into. For what needs scores together, a uniform sample of 65,536
 * vectors: those with the least hashes (bottom-k). A share found in it is off by more than sqrt(ln(2 / 0.01) / (2 k)) = 0.64 % with
 * probability 1 % at most (Dvoretzky, Kiefer, Wolfowitz 1956; Massart 1990); up to 65,536 documents it is exact.
 *
 * Scores count as 32-bit floats; NaN, a document without anything to judge, is below all; -0 is 0. Memory: up to 16 MiB a score, usually
 * under 1 MiB, and 8 + 4 bytes a score for each vector of the sample. Cost of adding: a count for each score, and rarely a heap.
 */
export class ScoreSketch {
  readonly scorers: number;
  readonly #histograms: readonly Histogram[];
  /** The sample as a heap, the greatest first: hash, then score keys, `2 + scorers` words each. */
  readonly #heap: Uint32Array;
  readonly #width: number;
  readonly #capacity: number;
  readonly #entry: Uint32Array;
  #size = 0;
  #documents = 0;

  /** @param capacity vectors of the sample. */
  constructor(scorers: number, capacity: number = SAMPLE) {
    if (!Number.isInteger(scorers) || scorers < 1) {
      throw new RangeError(`scorers: expected a whole number from 1, found ${scorers}`);
    }
    this.scorers = scorers;
    this.#histograms = Array.from({ length: scorers }, () => new Histogram());
    this.#width = 2 + scorers;
    this.#capacity = capacity;
    this.#heap = new Uint32Array(this.#width * capacity);
    this.#entry = new Uint32Array(this.#width);
  }

  get documents(): number {
    return this.#documents;
  }

  /**
   * Counts a document.
   * @param hashLow of 64 evenly distributed bits that name the document: its place in the input, not its text, as copies of one text
   * would be in the sample together or not at all.
   * @param scores one for each scorer; read, not kept.
   */
  add(hashLow: number, hashHigh: number, scores: Float32Array | Float64Array): void {
    if (this.#documents >= MOST_DOCUMENTS)
      throw new RangeError(`a sketch counts ${MOST_DOCUMENTS} documents`);
    this.#documents++;
    const entry = this.#entry;
    entry[0] = hashHigh;
    entry[1] = hashLow;
    for (const [scorer, histogram] of this.#histograms.entries()) {
      // `scores` has one for each scorer.
      const key = keyOf(scores[scorer]!);
      histogram.add(key >>> DROPPED);
      entry[2 + scorer] = key;
    }
    this.#offer(entry, 0);
  }

  /** Takes in what another sketch has counted. */
  merge(other: ScoreSketch): void {
    if (other.scorers !== this.scorers || other.#capacity !== this.#capacity) {
      throw new RangeError('sketches of different shape cannot be merged');
    }
    if (this.#documents + other.#documents > MOST_DOCUMENTS) {
      throw new RangeError(`a sketch counts ${MOST_DOCUMENTS} documents`);
    }
    this.#documents += other.#documents;
    // As many histograms in both.
    for (const [scorer, histogram] of this.#histograms.entries()) histogram.merge(other.#histograms[scorer]!);
    const heap = other === this ? this.#heap.slice() : other.#heap;
    for (let at = 0, size = other.#size; at < size; at++) this.#offer(heap, at * this.#width);
  }

  /**
   * The least value of the bin in which the document of rank `q * documents` lies, counted from the lowest. The share of documents below the
   * value is at most q, and less by `rankError` at most: the share of that bin.
   */
  quantile(scorer: number, q: number): Quantile {
    const histogram = this.#histogramOf(scorer);
    // A hair more, as the product may fall short of the whole number it stands for.
    const rank = Math.max(0, Math.min(this.#documents - 1, Math.floor(q * this.#documents + 1e-6)));
    const found = histogram.find(rank);
    if (found === undefined) return { value: Number.NaN, rankError: 1 };
    return { value: valueOf(found.bin), rankError: found.within / this.#documents };
  }

  /** Share of the documents whose score lies in a lower bin, and half of those in the same: 0 to 1, ascending with the value. */
  rank(scorer: number, value: number): number {
    const { below, within } = this.#histogramOf(scorer).around(keyOf(value) >>> DROPPED);
    return this.#documents === 0 ? 0 : (below + within / 2) / this.#documents;
  }

  /**
   * The value that the best `keepTop` of the documents reach when scores are combined as the greatest of their ranks.
   * @param ranks what rank a score has; default {@link rank}. A scorer that does not count gives -Infinity.
   * @returns `error` bounds, with 99 % confidence, how far the share that reaches the value is from `keepTop`: that of the sample, and ties.
   */
  thresholdOfCombined(
    keepTop: number,
    ranks: (scorer: number, value: number) => number = (scorer, value) => this.rank(scorer, value),
  ): Threshold {
    const size = this.#size;
    if (size === 0) return { value: Number.NaN, error: 1 };
    const combined = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
    for (let at = 0; at < size; at++) {
      for (let scorer = 0; scorer < this.scorers; scorer++) {
        // The sample holds `size` entries of `width` words.
        const rank = ranks(scorer, floatOf(this.#heap[at * this.#width + 2 + scorer]!));
        if (rank > combined[at]!) combined[at] = rank;
      }
    }
    combined.sort();
    const kept = Math.min(size, Math.max(1, Math.round(keepTop * size)));
    // 0 <= size - kept < size.
    const value = combined[size - kept]!;
    const first = combined.indexOf(value);
    const ties = (size - kept - first) / size;
    const rounding = 0.5 / size;
    return { value, error: ties + rounding + (this.isSampleComplete ? 0 : sampleError(size)) };
  }

  /** Whether the sample holds every document. */
  get isSampleComplete(): boolean {
    return this.#documents <= this.#capacity;
  }

  #histogramOf(scorer: number): Histogram {
    const histogram = this.#histograms[scorer];
    if (histogram === undefined) throw new RangeError(`scorer ${scorer}: expected below ${this.scorers}`);
    return histogram;
  }

  /** Takes an entry into the sample if it is full and the entry is less than its greatest. Indices stay below `#size` entries. */
  #offer(from: Uint32Array, offset: number): void {
    const heap = this.#heap;
    const width = this.#width;
    if (this.#size < this.#capacity) {
      let at = this.#size++;
      while (at > 0) {
        const parent = (at - 1) >>> 1;
        if (this.#compare(from, offset, heap, parent * width) <= 0) break;
        heap.copyWithin(at * width, parent * width, (parent + 1) * width);
        at = parent;
      }
      for (let word = 0; word < width; word++) heap[at * width + word] = from[offset + word]!;
      return;
    }
    if (this.#compare(from, offset, heap, 0) >= 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#compare(heap, (child + 1) * width, heap, child * width) > 0)
        child++;
      if (this.#compare(from, offset, heap, child * width) >= 0) break;
      heap.copyWithin(at * width, child * width, (child + 1) * width);
      at = child;
    }
    for (let word = 0; word < width; word++) heap[at * width + word] = from[offset + word]!;
  }

  /** By hash, then by scores, so that which of equal hashes stays does not depend on order. */
  #compare(a: Uint32Array, aOffset: number, b: Uint32Array, bOffset: number): number {
    for (let word = 0; word < this.#width; word++) {
      const difference = a[aOffset + word]! - b[bOffset + word]!;
      if (difference !== 0) return difference;
    }
    return 0;
  }
}

/** By how much a share in a sample of this size is off, at 99 % confidence. */
function sampleError(size: number): number {
  return Math.sqrt(Math.log(2 / DOUBT) / (2 * size));
}

function floatOf(key: number): number {
  if (key === 0) return Number.NaN;
  words[0] = key >>> 31 === 1 ? key & 0x7fffffff : ~key;
  return floats[0]!;
}
