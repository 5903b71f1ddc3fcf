import { allocateWordArrays, SimplifiedWords, type WordArrays } from './simplified-words.ts';

/**
 * A set of n-grams of simplified words, exact: what is found by hash is compared in full.
 *
 *   texts    all words of the set as text, a space behind each          slots   4 words an n-gram: hash low, hash high,
 *   words    where each begins in it, and the end                               number of its first word, its length in words
 *   filter, shortFilter   one bit a hash: who finds it unset need not look into the table, which is far larger than the cache
 *
 * All of it lies in shared memory, filled by one thread and read by all.
 */
export interface NgramTables {
  readonly ngram: number;
  /** Words by which texts shorter than an n-gram are looked up, fewer than `ngram`; 0 if there are none. */
  readonly shortest: number;
  /** Lengths of those texts, descending. */
  readonly shortLengths: readonly number[];
  readonly texts: Uint8Array;
  readonly words: Uint32Array;
  readonly slots: Uint32Array;
  readonly filter: Uint32Array;
  readonly shortFilter: Uint32Array;
  /** Names that texts were added under, each with the number of its first word; ascending. */
  readonly groups: readonly string[];
  readonly groupStarts: Uint32Array;
  /** N-grams held, short texts among them. */
  readonly count: number;
}

/** Odd, for sums of word hashes: hash = sum of word i * BASE^(length - 1 - i), in each half. */
const LOW_BASE = 0xc2b2ae3d | 0;
const HIGH_BASE = 0x9fb21c65 | 0;
const SLOT = 4;
const EMPTY = 0;

/** Hashes of `words[at .. at + length)`; the high half is left in {@link upper}. */
function hashNgram(words: WordArrays, at: number, length: number): number {
  let low = 0;
  let high = 0;
  // at + length is at most the number of words.
  for (let i = at; i < at + length; i++) {
    low = (Math.imul(low, LOW_BASE) + words.low[i]!) | 0;
    high = (Math.imul(high, HIGH_BASE) + words.high[i]!) | 0;
  }
  upper = high;
  return low;
}
let upper = 0;

function power(base: number, exponent: number): number {
  let result = 1;
  for (let i = 0; i < exponent; i++) result = Math.imul(result, base);
  return result;
}

/** Low bits of a hash sum know less than high ones. */
function slotOf(low: number, high: number, mask: number): number {
  const mixed = Math.imul(low ^ (high >>> 16), 0x85ebca77);
  return (mixed ^ (mixed >>> 15)) & mask;
}

function shared(length: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(4 * length));
}

/** Length of a bit filter in words for `count` hashes: about 32 bits each, at most what the second-level cache and a little more holds. */
function filterLength(count: number): number {
  return Math.min(2 ** 20, 2 ** Math.max(5, Math.ceil(Math.log2(count + 1))));
}

/** Bits that a hash is shifted by to become a position in a filter. */
function filterShift(filter: Uint32Array): number {
  return Math.clz32(filter.length) - 4;
}

/** One n-gram that was found. */
export interface NgramMatch {
  /** Name it was added under: if there were several, the first. */
  readonly group: string;
  /** Its simplified words. */
  readonly text: string;
}

/** Gathers texts and makes tables of their n-grams. */
export class NgramSetBuilder {
  /** Rows that gave nothing to look for. */
  tooShort = 0;
  private readonly ngram: number;
  private readonly shortest: number;
  private readonly reader = new SimplifiedWords();
  private readonly encoder = new TextEncoder();
  private hashes: WordArrays = allocateWordArrays(1 << 12);
  private readonly zero: WordArrays = allocateWordArrays(1);
  /** Words so far. */
  private length = 0;
  private readonly spelled: string[] = [];
  /** First word and length of what goes into the set, in pairs. */
  private readonly entries: number[] = [];
  private readonly groups: string[] = [];
  private readonly groupStarts: number[] = [];

  /**
   * @param ngram words of an n-gram, from 1.
   * @param shortest a row without a text of `ngram` words goes in by its longest if that has so many; null: it does not.
   */
  constructor(ngram: number, shortest: number | null) {
    this.ngram = ngram;
    this.shortest = shortest === null ? ngram : shortest;
    this.reader.open(this.encoder.encode('0'), 0, 1);
    this.reader.read(this.zero, 0, 1);
  }

  /** N-grams and short texts added so far, those that came before among them. */
  get entryCount(): number {
    return this.entries.length / 2;
  }

  /**
   * Adds one row of a set of questions: all n-grams of its texts taken together, or if no text is that long, the longest as a whole. What is
   * more than half numbers is left out: "0 0 0 0 ..." is in every table.
   */
  add(group: string, texts: readonly string[]): void {
    const first = this.length;
    const entriesBefore = this.entries.length;
    if (this.groups.at(-1) !== group) {
      this.groups.push(group);
      this.groupStarts.push(first);
    }
    let longest = first;
    let longestCount = 0;
    for (const text of texts) {
      const start = this.length;
      this.append(text);
      if (this.length - start <= longestCount) continue;
      longest = start;
      longestCount = this.length - start;
    }
    for (let at = first; at + this.ngram <= this.length; at++) this.enter(at, this.ngram);
    if (longestCount >= this.shortest && longestCount < this.ngram) this.enter(longest, longestCount);
    if (this.entries.length === entriesBefore) this.tooShort++;
  }

  private enter(first: number, length: number): void {
    let numbers = 0;
    // A number is hashed as the word "0" is.
    for (let at = first; at < first + length; at++) {
      if (this.hashes.low[at] === this.zero.low[0] && this.hashes.high[at] === this.zero.high[0]) numbers++;
    }
    if (2 * numbers <= length) this.entries.push(first, length);
  }

  private append(text: string): void {
    const bytes = this.encoder.encode(text);
    this.reader.open(bytes, 0, bytes.length);
    const start = this.length;
    // A word has at least one byte, and all but the last a separator.
    const most = start + Math.ceil(bytes.length / 2) + 1;
    if (most > this.hashes.low.length) {
      const wider = allocateWordArrays(2 * most);
      wider.low.set(this.hashes.low);
      wider.high.set(this.hashes.high);
      this.hashes = wider;
    }
    this.length = this.reader.read(this.hashes, start, this.hashes.low.length);
    if (this.length > start) {
      this.spelled.push(this.reader.spell(bytes, 0, bytes.length, 0, this.length - start));
    }
  }

  /** Tables of what was added. */
  finish(): NgramTables {
    const { entries, hashes, ngram } = this;
    const joined = this.encoder.encode(`${this.spelled.join(' ')} `);
    const texts = new Uint8Array(new SharedArrayBuffer(joined.length));
    texts.set(joined);
    const words = shared(this.length + 1);
    for (let at = 0, word = 1; word <= this.length; at++) if (joined[at] === 0x20) words[word++] = at + 1;

    const candidates = entries.length / 2;
    const slots = shared(SLOT * 2 ** Math.ceil(Math.log2(1.5 * candidates + 2)));
    const mask = slots.length / SLOT - 1;
    const shortLengths = new Set<number>();
    let count = 0;
    // Texts of words have the same length if and only if they could be equal: each ends with a space.
    const isSame = (a: number, b: number, length: number): boolean => {
      const from = words[a]!;
      const size = words[a + length]! - from;
      const other = words[b]!;
      if (words[b + length]! - other !== size) return false;
      for (let i = 0; i < size; i++) if (texts[from + i] !== texts[other + i]) return false;
      return true;
    };
    for (let i = 0; i < entries.length; i += 2) {
      const first = entries[i]!;
      const length = entries[i + 1]!;
      const low = hashNgram(hashes, first, length) >>> 0;
      const high = upper >>> 0;
      let at = SLOT * slotOf(low, high, mask);
      // The table is at most two thirds full, so a free slot comes.
      for (; slots[at + 3] !== EMPTY; at = (at + SLOT) & (slots.length - 1)) {
        if (slots[at] === low && slots[at + 1] === high && slots[at + 3] === length) {
          if (isSame(slots[at + 2]!, first, length)) break;
        }
      }
      if (slots[at + 3] !== EMPTY) continue;
      slots[at] = low;
      slots[at + 1] = high;
      slots[at + 2] = first;
      slots[at + 3] = length;
      count++;
      if (length < ngram) shortLengths.add(length);
    }
    const filter = shared(filterLength(count));
    const shortFilter = shared(shortLengths.size === 0 ? 1 : filterLength(count));
    const set = (bits: Uint32Array, hash: number): void => {
      const bit = hash >>> filterShift(bits);
      bits[bit >>> 5]! |= 1 << bit;
    };
    for (let at = 0; at < slots.length; at += SLOT) {
      const length = slots[at + 3]!;
      if (length === ngram) set(filter, slots[at]!);
      else if (length !== EMPTY) set(shortFilter, hashNgram(hashes, slots[at + 2]!, this.shortest));
    }
    return {
      ngram,
      shortest: shortLengths.size === 0 ? 0 : this.shortest,
      shortLengths: [...shortLengths].sort((a, b) => b - a),
      texts,
      words,
      slots,
      filter,
      shortFilter,
      groups: this.groups,
      groupStarts: Uint32Array.from(this.groupStarts),
      count,
    };
  }
}

/** Words read at a time; a window of them stays in the first-level cache. */
const WORDS = 2048;

/** Looks for n-grams of a set in texts. One for each thread; cost is per word of the text, not of the set. */
export class NgramFinder {
  private readonly tables: NgramTables;
  private readonly reader = new SimplifiedWords();
  /** Words held at most; behind them there is room that is read and never looked at. */
  private readonly limit: number;
  private readonly words: WordArrays;
  private readonly decoder = new TextDecoder();

  constructor(tables: NgramTables) {
    this.tables = tables;
    this.limit = WORDS + tables.ngram;
    this.words = allocateWordArrays(this.limit + tables.ngram + 1);
  }

  /**
   * The n-gram of the set that begins first in the text `bytes[start .. end)`, or undefined. Of two that begin together the longer.
   */
  find(bytes: Uint8Array, start: number, end: number): NgramMatch | undefined {
    const { reader, words, limit } = this;
    const { ngram, shortest, filter, shortFilter } = this.tables;
    const { low } = words;
    const shift = filterShift(filter);
    const shortShift = filterShift(shortFilter);
    const leaving = power(LOW_BASE, ngram);
    const shortLeaving = power(LOW_BASE, shortest);
    reader.open(bytes, start, end);
    for (let kept = 0; ; ) {
      const count = reader.read(words, kept, limit);
      const isLast = count < limit;
      // The text goes on: what begins in the last words is looked at when those behind are there.
      const until = isLast ? count - (shortest === 0 ? ngram : shortest) : count - ngram;
      let hash = hashNgram(words, 0, Math.min(ngram, count));
      let shortHash = hashNgram(words, 0, Math.min(shortest, count));
      // at + ngram is at most count + ngram, so inside the arrays; beyond `count` it makes hashes that are not looked at.
      for (let at = 0; at <= until; at++) {
        const bit = hash >>> shift;
        if ((filter[bit >>> 5]! >>> bit) & 1 && at + ngram <= count) {
          const match = this.lookUp(bytes, start, end, at, ngram);
          if (match !== undefined) return match;
        }
        hash = (Math.imul(hash, LOW_BASE) + low[at + ngram]! - Math.imul(low[at]!, leaving)) | 0;
        if (shortest === 0) continue;
        const shortBit = shortHash >>> shortShift;
        if ((shortFilter[shortBit >>> 5]! >>> shortBit) & 1) {
          for (const length of this.tables.shortLengths) {
            if (at + length > count) continue;
            const match = this.lookUp(bytes, start, end, at, length);
            if (match !== undefined) return match;
          }
        }
        shortHash =
          (Math.imul(shortHash, LOW_BASE) + low[at + shortest]! - Math.imul(low[at]!, shortLeaving)) | 0;
      }
      if (isLast) return undefined;
      kept = ngram - 1;
      for (const array of [words.low, words.high, words.starts]) array.copyWithin(0, count - kept, count);
    }
  }

  /** Whether the words from `at` on are in the set: by hash, then by text. */
  private lookUp(
    bytes: Uint8Array,
    start: number,
    end: number,
    at: number,
    length: number,
  ): NgramMatch | undefined {
    const { slots, words, texts, groups, groupStarts } = this.tables;
    const low = hashNgram(this.words, at, length) >>> 0;
    const high = upper >>> 0;
    let spelled: string | undefined;
    for (
      let slot = SLOT * slotOf(low, high, slots.length / SLOT - 1);
      slots[slot + 3] !== EMPTY;
      slot = (slot + SLOT) & (slots.length - 1)
    ) {
      if (slots[slot] !== low || slots[slot + 1] !== high || slots[slot + 3] !== length) continue;
      const first = slots[slot + 2]!;
      // A copy, as decoders refuse shared memory; without the last space.
      const text = this.decoder.decode(texts.slice(words[first], words[first + length]! - 1));
      spelled ??= new SimplifiedWords().spell(bytes, start, end, this.words.starts[at]!, length);
      if (spelled !== text) continue;
      let group = groupStarts.length - 1;
      while (groupStarts[group]! > first) group--;
      return { group: groups[group]!, text };
    }
    return undefined;
  }
}
