import { copyBytes } from '../columns/copy.ts';
import { DOCUMENT_END, type HeldOut, STAND_IN } from '../kernels/proxy/proxy.ts';
import { type HashKey, hashKey, highHash, lowHash } from './document-hash.ts';

export interface SampleOptions {
  /** Symbols that are wanted: bytes of text, and one for the end of each document. From 1. */
  readonly byteLimit: number;
  readonly seed: number;
  /** Tells samples of one seed apart: baseline, random control and so on. */
  readonly stream: number;
  /**
   * For what uses whole documents alone: those that are longer than `byteLimit` by themselves are left out, as one of them in the sample
   * would end it. Default false.
   */
  readonly isWhole?: boolean;
}

/** Symbols held over those wanted before the least wanted are dropped, as a factor. */
const SLACK = 1.5;
const PAGE = 2 ** 18;
const CHUNK = 2 ** 22;
/** Bytes of an entry of the index, doubled as it grows, and while it is sorted. */
const BYTES_PER_ENTRY = 52;

/**
 * Most bytes a {@link DocumentSample} takes where no document is longer than half of `byteLimit`; longer ones may take it to 2 instead of 1.5 times
 * the limit. Documents of `meanBytes` are assumed: each costs 52 bytes beside its text.
 */
export function sampleBytes(byteLimit: number, meanBytes = 256): number {
  const symbols = Math.ceil(SLACK * byteLimit);
  return symbols + PAGE + BYTES_PER_ENTRY * Math.ceil(symbols / meanBytes);
}

/**
 * A sample of whole documents in one pass and bounded memory: those with the smallest 64-bit hash of seed, stream and ordinal, until
 * their symbols reach a limit (bottom-k sampling: Cohen and Kaplan 2007). In the order of their hashes they are a stream of which every
 * prefix is a uniform sample in random order. What is held depends on the documents and their ordinals, not on the order in which they
 * came; one added m times over is there m times, each at a place of its own.
 *
 *     pages    | document, END | document, END | document, END | ...      as they came; 1.5 times the limit at most
 *     entries  | hash, ordinal, length         | ...                      in the same order
 *
 * Past that, the documents behind the limit are dropped and the others moved together; from then on a document with a hash above theirs is
 * refused unread, for some ten nanoseconds. Over a stream of n times the limit that happens about 2.5 * ln n times.
 */
export class DocumentSample {
  readonly #limit: number;
  readonly #isWhole: boolean;
  readonly #key: HashKey;
  readonly #pages: Pages = new Pages();
  readonly #entries: Entries = new Entries();
  #held = 0;
  /** Hash and ordinal of the last document that can be in the sample; none is refused before the limit is reached. */
  #lastHigh: number = Number.POSITIVE_INFINITY;
  #lastLow = 0;
  #lastOrdinal = 0;
  #documents = 0;
  #bytes = 0;
  #isFinished = false;

  constructor(options: SampleOptions) {
    const { byteLimit } = options;
    if (!Number.isSafeInteger(byteLimit) || byteLimit < 1 || byteLimit > MOST_SYMBOLS)
      throw new RangeError(`byteLimit: expected a whole number from 1 to 2^32 - 1, found ${byteLimit}`);
    this.#limit = byteLimit;
    this.#isWhole = options.isWhole ?? false;
    this.#key = hashKey(options.seed, options.stream);
  }

  /** Memory held now, index included. */
  get byteLength(): number {
    return this.#pages.byteLength + this.#entries.byteLength;
  }

  /** Symbols held now. */
  get heldSymbols(): number {
    return this.#held;
  }

  /**
   * Adds document `[start, end)` of `bytes`, which may be shared memory; nothing of it is kept but a copy.
   * @param ordinal its number in its arm, below 2^53; each is added once.
   * @param copies how many times it occurs.
   * @returns whether it, or a copy of it, is held for now; what is not held never will be in the sample.
   */
  add(ordinal: number, bytes: Uint8Array, start: number, end: number, copies = 1): boolean {
    if (this.#isFinished) throw new TypeError('a sample takes no documents once it is finished');
    if (end <= start || copies < 1) return false;
    this.#documents += copies;
    this.#bytes += copies * (end - start);
    if (this.#isWhole && end - start >= this.#limit) return false;
    let isHeld = false;
    for (let copy = 0; copy < copies; copy++)
      if (this.#offer(ordinal, copy, bytes, start, end)) isHeld = true;
    return isHeld;
  }

  /** The sample. Takes the memory over; the documents can be read as long as it is there. */
  finish(): Sample {
    this.#isFinished = true;
    const order = this.#entries.sorted();
    const { count } = this.#inside(order);
    return new Sample(
      this.#limit,
      { documents: this.#documents, bytes: this.#bytes },
      this.#pages,
      this.#entries,
      order.slice(0, count),
    );
  }

  #offer(ordinal: number, copy: number, bytes: Uint8Array, start: number, end: number): boolean {
    const upper = highHash(this.#key, ordinal, copy);
    if (upper > this.#lastHigh) return false;
    const low = lowHash(this.#key, ordinal, copy);
    if (this.#isRefused(low, upper, ordinal)) return false;
    // Of a document longer than the limit more than that can never be used.
    const length = Math.min(end - start + 1, this.#limit);
    // Up to the limit all is needed, and dropping finds nothing to drop.
    if (this.#held > this.#limit && this.#held + length > SLACK * this.#limit) {
      this.#drop();
      if (this.#isRefused(low, upper, ordinal)) return false;
    }
    const isComplete = length === end - start + 1;
    this.#pages.write(this.#held, bytes, start, isComplete ? end : start + length, isComplete);
    this.#entries.add(low, upper, ordinal, length);
    this.#held += length;
    return true;
  }

  #isRefused(low: number, upper: number, ordinal: number): boolean {
    if (upper !== this.#lastHigh) return upper > this.#lastHigh;
    return low > this.#lastLow || (low === this.#lastLow && ordinal >= this.#lastOrdinal);
  }

  /** How many entries, in order, reach the limit or are all there is, and their symbols. */
  #inside(order: Uint32Array): { readonly count: number; readonly symbols: number } {
    const { lengths } = this.#entries;
    let count = 0;
    let symbols = 0;
    // An order holds numbers of entries.
    while (count < order.length && symbols < this.#limit) symbols += lengths[order[count++]!]!;
    return { count, symbols };
  }

  /** Drops what lies behind the limit: called with more than that. */
  #drop(): void {
    const entries = this.#entries;
    const order = entries.sorted();
    const { count, symbols } = this.#inside(order);
    const last = order[count - 1]!;
    this.#lastHigh = entries.highs[last]!;
    this.#lastLow = entries.lows[last]!;
    this.#lastOrdinal = entries.ordinals[last]!;
    const isKept = new Uint8Array(order.length);
    for (let i = 0; i < count; i++) isKept[order[i]!] = 1;
    // What of the last document lies behind the limit stays there: documents to come can only push it on.
    const cut = symbols - this.#limit;
    let from = 0;
    let to = 0;
    let kept = 0;
    // Entries are below the length of `order`, and those written never overtake those read.
    for (let entry = 0; entry < isKept.length; entry++) {
      const length = entries.lengths[entry]!;
      if (isKept[entry] === 1) {
        const rest = entry === last ? length - cut : length;
        this.#pages.move(from, to, rest);
        entries.move(entry, kept++, rest);
        to += rest;
      }
      from += length;
    }
    entries.count = kept;
    this.#held = to;
  }
}

const MOST_SYMBOLS = 2 ** 32 - 1;

/** A document of a sample. */
export interface SampledDocument {
  /** Its number in its arm. */
  readonly ordinal: number;
  /** Its text, in memory of its own. */
  readonly text: Uint8Array<ArrayBuffer>;
}

/** What {@link DocumentSample} chose, by ascending hash. */
export class Sample {
  /** Documents and bytes of text of everything that was added, each copy counted; empty documents are not. */
  readonly documents: number;
  readonly bytes: number;
  /** Symbols of the stream: the limit, or less if there were not more. */
  readonly symbols: number;
  /** Documents of the stream; the last one may be cut. */
  readonly count: number;
  /** Of them those that are there from end to end: `count`, or one less. */
  readonly wholeCount: number;
  readonly #pages: Pages;
  readonly #entries: Entries;
  readonly #order: Uint32Array;
  /** Where each entry begins in the pages. */
  readonly #places: Float64Array;

  constructor(
    limit: number,
    total: { readonly documents: number; readonly bytes: number },
    pages: Pages,
    entries: Entries,
    order: Uint32Array,
  ) {
    this.documents = total.documents;
    this.bytes = total.bytes;
    this.#pages = pages;
    this.#entries = entries;
    this.#order = order;
    this.#places = new Float64Array(entries.count);
    // An order holds numbers of entries, of which there are `count`.
    for (let entry = 1; entry < entries.count; entry++)
      this.#places[entry] = this.#places[entry - 1]! + entries.lengths[entry - 1]!;
    let symbols = 0;
    for (const entry of order) symbols += entries.lengths[entry]!;
    this.symbols = Math.min(symbols, limit);
    this.count = order.length;
    this.wholeCount =
      this.count > 0 && (symbols > limit || !this.#isComplete(this.count - 1)) ? this.count - 1 : this.count;
  }

  /** The stream in pieces, each in memory of its own: all but the last of `byteLength` symbols. */
  *chunks(byteLength: number = CHUNK): Generator<Uint8Array<ArrayBuffer>> {
    let rest = this.symbols;
    let chunk = new Uint8Array(Math.min(byteLength, rest));
    let filled = 0;
    for (let i = 0; i < this.count && rest > 0; i++) {
      const entry = this.#order[i]!;
      const length = Math.min(this.#entries.lengths[entry]!, rest);
      rest -= length;
      for (let done = 0; done < length; ) {
        const piece = Math.min(length - done, chunk.length - filled);
        this.#pages.read(this.#places[entry]! + done, piece, chunk, filled);
        done += piece;
        filled += piece;
        if (filled < chunk.length) continue;
        yield chunk;
        chunk = new Uint8Array(Math.min(byteLength, rest + length - done));
        filled = 0;
      }
    }
  }

  /** Number in its arm of document `index`, 0 to `count`. */
  ordinalOf(index: number): number {
    return this.#entries.ordinals[this.#entryOf(index)]!;
  }

  /** Bytes of text of whole document `index`. */
  lengthOf(index: number): number {
    return this.#entries.lengths[this.#entryOf(index)]! - 1;
  }

  /** Writes whole document `index` to `target` from `at` on: its text, and its end if `target` has room for that. */
  copyDocument(index: number, target: Uint8Array, at: number): void {
    const entry = this.#entryOf(index);
    const length = Math.min(this.#entries.lengths[entry]!, target.length - at);
    this.#pages.read(this.#places[entry]!, length, target, at);
  }

  /** The whole documents. */
  *wholeDocuments(): Generator<SampledDocument> {
    for (let index = 0; index < this.wholeCount; index++) {
      const text = new Uint8Array(this.lengthOf(index));
      this.copyDocument(index, text, 0);
      yield { ordinal: this.ordinalOf(index), text };
    }
  }

  #entryOf(index: number): number {
    const entry = this.#order[index];
    if (entry === undefined)
      throw new RangeError(`document: expected 0 to ${this.count - 1}, found ${index}`);
    return entry;
  }

  /** Whether a document was never cut: then its last symbol is its end, which no text holds. */
  #isComplete(index: number): boolean {
    const entry = this.#entryOf(index);
    return this.#pages.symbolAt(this.#places[entry]! + this.#entries.lengths[entry]! - 1) === DOCUMENT_END;
  }
}

/** Held-out documents of several sets, one set after another. */
export interface HeldOutSets extends HeldOut {
  /** Number of the set of each document. */
  readonly setOf: Uint32Array;
  /** Of each set, for each of its documents: bytes of text, and number in the set as it was read. */
  readonly sets: readonly { readonly bytes: Uint32Array; readonly ordinals: Float64Array }[];
}

/**
 * Lays the whole documents of samples one after another, as they are measured.
 * @param isRemoved asked with the number of each whole document over all sets, in order; those are left out.
 */
export function buildHeldOut(
  sets: readonly Sample[],
  isRemoved: (document: number) => boolean = () => false,
): HeldOutSets {
  let document = 0;
  const kept = sets.map((sample) => {
    const indices: number[] = [];
    for (let index = 0; index < sample.wholeCount; index++) if (!isRemoved(document++)) indices.push(index);
    return {
      indices,
      bytes: Uint32Array.from(indices, (index) => sample.lengthOf(index)),
      ordinals: Float64Array.from(indices, (index) => sample.ordinalOf(index)),
    };
  });
  const count = kept.reduce((sum, { indices }) => sum + indices.length, 0);
  const total = kept.reduce((sum, { bytes }) => bytes.reduce((inner, one) => inner + one + 1, sum), 0);
  if (total > MOST_SYMBOLS)
    throw new RangeError(`held-out documents: expected less than 4 GiB in all, found ${total} bytes`);
  const symbols = new Uint8Array(total);
  const offsets = new Uint32Array(count + 1);
  const setOf = new Uint32Array(count);
  let next = 0;
  for (const [number, { indices, bytes }] of kept.entries()) {
    for (const [i, index] of indices.entries()) {
      sets[number]!.copyDocument(index, symbols, offsets[next]!);
      setOf[next] = number;
      offsets[next + 1] = offsets[next]! + bytes[i]! + 1;
      next++;
    }
  }
  return { symbols, offsets, setOf, sets: kept.map(({ bytes, ordinals }) => ({ bytes, ordinals })) };
}

/** Symbols one after another, in pages so that growing copies nothing. */
class Pages {
  readonly #pages: Uint8Array<ArrayBuffer>[] = [];

  get byteLength(): number {
    return this.#pages.length * PAGE;
  }

  symbolAt(at: number): number {
    return this.#pages[Math.floor(at / PAGE)]![at % PAGE]!;
  }

  /** Writes text `[start, end)` as symbols from `at` on, which is where all others end, with its end if that is wanted. */
  write(at: number, bytes: Uint8Array, start: number, end: number, withEnd: boolean): void {
    let place = at;
    for (let from = start; from < end; ) {
      const page = this.#pageFor(place);
      const within = place % PAGE;
      const length = Math.min(PAGE - within, end - from);
      copyBytes(bytes.subarray(from, from + length), page, within);
      // Looked for in the copy, as the original may be shared; an end set behind it keeps the search from the rest of the page.
      const stop = within + length;
      if (stop < PAGE) page[stop] = DOCUMENT_END;
      for (let found = within - 1; ; ) {
        found = page.indexOf(DOCUMENT_END, found + 1);
        if (found === -1 || found >= stop) break;
        page[found] = STAND_IN;
      }
      from += length;
      place += length;
    }
    if (withEnd) this.#pageFor(place)[place % PAGE] = DOCUMENT_END;
  }

  /** Writes `length` symbols from `at` on to `target`. */
  read(at: number, length: number, target: Uint8Array, targetAt: number): void {
    for (let done = 0; done < length; ) {
      const within = (at + done) % PAGE;
      const piece = Math.min(PAGE - within, length - done);
      const page = this.#pages[Math.floor((at + done) / PAGE)]!;
      target.set(page.subarray(within, within + piece), targetAt + done);
      done += piece;
    }
  }

  /** Moves `length` symbols towards the beginning. */
  move(from: number, to: number, length: number): void {
    if (from === to) return;
    for (let done = 0; done < length; ) {
      const source = (from + done) % PAGE;
      const target = (to + done) % PAGE;
      const piece = Math.min(PAGE - source, PAGE - target, length - done);
      const page = this.#pages[Math.floor((from + done) / PAGE)]!;
      // Within one page the two may overlap; `set` allows that.
      this.#pages[Math.floor((to + done) / PAGE)]!.set(page.subarray(source, source + piece), target);
      done += piece;
    }
  }

  #pageFor(at: number): Uint8Array<ArrayBuffer> {
    return (this.#pages[Math.floor(at / PAGE)] ??= new Uint8Array(PAGE));
  }
}

/** Bits of a hash that one pass of the sort looks at: three passes are 32. */
const DIGIT = 11;

/** What is known of each document that is held, in the order of the pages. */
class Entries {
  count = 0;
  lows: Uint32Array<ArrayBuffer> = new Uint32Array(64);
  highs: Uint32Array<ArrayBuffer> = new Uint32Array(64);
  ordinals: Float64Array<ArrayBuffer> = new Float64Array(64);
  lengths: Uint32Array<ArrayBuffer> = new Uint32Array(64);

  get byteLength(): number {
    return this.lows.byteLength + this.highs.byteLength + this.ordinals.byteLength + this.lengths.byteLength;
  }

  add(low: number, upper: number, ordinal: number, length: number): void {
    if (this.count === this.lows.length) this.#grow();
    const entry = this.count++;
    this.lows[entry] = low;
    this.highs[entry] = upper;
    this.ordinals[entry] = ordinal;
    this.lengths[entry] = length;
  }

  move(from: number, to: number, length: number): void {
    this.lows[to] = this.lows[from]!;
    this.highs[to] = this.highs[from]!;
    this.ordinals[to] = this.ordinals[from]!;
    this.lengths[to] = length;
  }

  /** Numbers of all entries by ascending hash, then ordinal: a radix sort by the high half, and the few ties by insertion. */
  sorted(): Uint32Array {
    const { count, highs } = this;
    let order = new Uint32Array(count);
    let other = new Uint32Array(count);
    const starts = new Uint32Array(2 ** DIGIT);
    // Orders hold numbers below `count`, and digits have DIGIT bits.
    for (let entry = 0; entry < count; entry++) order[entry] = entry;
    for (let shift = 0; shift < 32; shift += DIGIT) {
      starts.fill(0);
      for (let entry = 0; entry < count; entry++) starts[digitOf(highs[entry]!, shift)]!++;
      let start = 0;
      for (let digit = 0; digit < starts.length; digit++) {
        const size = starts[digit]!;
        starts[digit] = start;
        start += size;
      }
      for (let i = 0; i < count; i++) {
        const entry = order[i]!;
        other[starts[digitOf(highs[entry]!, shift)]!++] = entry;
      }
      [order, other] = [other, order];
    }
    for (let i = 1; i < count; i++) {
      const entry = order[i]!;
      let at = i;
      for (; at > 0 && highs[order[at - 1]!] === highs[entry] && this.#isBefore(entry, order[at - 1]!); at--)
        order[at] = order[at - 1]!;
      order[at] = entry;
    }
    return order;
  }

  /** Whether one entry comes before another of the same high half. */
  #isBefore(entry: number, other: number): boolean {
    const difference = this.lows[entry]! - this.lows[other]!;
    return difference < 0 || (difference === 0 && this.ordinals[entry]! < this.ordinals[other]!);
  }

  #grow(): void {
    const size = Math.ceil(1.5 * this.count);
    this.lows = grown(this.lows, new Uint32Array(size));
    this.highs = grown(this.highs, new Uint32Array(size));
    this.ordinals = grown(this.ordinals, new Float64Array(size));
    this.lengths = grown(this.lengths, new Uint32Array(size));
  }
}

function digitOf(word: number, shift: number): number {
  return (word >>> shift) & (2 ** DIGIT - 1);
}

function grown<A extends Uint32Array | Float64Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
