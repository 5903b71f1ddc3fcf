import {
  addToFilter,
  createNgramScanner,
  hashNgram,
  makeFilter,
  type NgramScanner,
  upper,
} from './ngram-scan.ts';
import { ScalarWords, spellWords, type WordArrays } from './words.ts';

/**
 * A set of n-grams of simplified words, exact: what is found by hash is compared in full.
 *
 *   texts    all words of the set as text, a space behind each          slots   4 words an n-gram: hash low, hash high,
 *   words    where each begins in it, and the end                               number of its first word, its length in words
 *   filter, shortFilter   Bloom filters of hashes: who is not in them need not look into the table, which is far larger than the cache
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

const SLOT = 4;
const EMPTY = 0;

/** Low bits of a hash sum know less than high ones. */
function slotOf(low: number, high: number, mask: number): number {
  const mixed = Math.imul(low ^ (high >>> 16), 0x85ebca77);
  return (mixed ^ (mixed >>> 15)) & mask;
}

function shared(length: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(4 * length));
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
  private readonly reader = new ScalarWords();
  private readonly encoder = new TextEncoder();
  private hashes: WordArrays = this.reader.allocate(1 << 12);
  private readonly zero: WordArrays = this.reader.allocate(1);
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
      const wider = this.reader.allocate(2 * most);
      wider.low.set(this.hashes.low);
      wider.high.set(this.hashes.high);
      this.hashes = wider;
    }
    this.length = this.reader.read(this.hashes, start, this.hashes.low.length);
    if (this.length > start) {
      this.spelled.push(this.reader.spell(0, this.length - start));
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
    let shortCount = 0;
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
      const low = hashNgram(hashes, first, length);
      const high = upper;
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
      if (length === ngram) continue;
      shortLengths.add(length);
      shortCount++;
    }
    const filter = makeFilter(count - shortCount);
    const shortFilter = makeFilter(shortCount);
    for (let at = 0; at < slots.length; at += SLOT) {
      const length = slots[at + 3]!;
      if (length === ngram) addToFilter(filter, slots[at]!);
      else if (length !== EMPTY) addToFilter(shortFilter, hashNgram(hashes, slots[at + 2]!, this.shortest));
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

/** Words read at a time, with all that is found of them in the second-level cache. */
const WORDS = 4096;

/** Looks for n-grams of a set in texts. One for each thread; cost is per word of the text, not of the set. */
export class NgramFinder {
  private readonly tables: NgramTables;
  private readonly scanner: NgramScanner;
  private readonly decoder = new TextDecoder();

  /** @param isScalar without the WebAssembly kernel; the answers are the same. */
  constructor(tables: NgramTables, isScalar = false) {
    this.tables = tables;
    const filters = [{ ngram: tables.ngram, bits: tables.filter }];
    if (tables.shortest > 0) filters.push({ ngram: tables.shortest, bits: tables.shortFilter });
    this.scanner = createNgramScanner(WORDS + tables.ngram, filters, isScalar);
  }

  /**
   * The n-gram of the set that begins first in the text `bytes[start .. end)`, or undefined. Of two that begin together the longer.
   */
  find(bytes: Uint8Array, start: number, end: number): NgramMatch | undefined {
    const { reader, words, limit } = this.scanner;
    const { ngram, shortest, shortLengths } = this.tables;
    reader.open(bytes, start, end);
    for (let kept = 0; ; ) {
      const count = reader.read(words, kept, limit);
      const { isDone } = reader;
      // Where the text goes on, what begins in the last words is looked at when those behind are there.
      const whole = Math.max(0, count - ngram + 1);
      const long = this.scanner.scan(0, whole);
      const starts = isDone ? Math.max(0, count - shortest + 1) : whole;
      const short = shortest === 0 ? long.subarray(0, 0) : this.scanner.scan(1, starts);
      // Both ascend: the first is taken of either, the long one of two that are alike.
      for (let i = 0, j = 0; i < long.length || j < short.length; ) {
        const isLong = j === short.length || (i < long.length && long[i]! <= short[j]!);
        const at = isLong ? long[i++]! : short[j++]!;
        for (const length of isLong ? [ngram] : shortLengths) {
          const match = at + length > count ? undefined : this.lookUp(bytes, start, end, at, length);
          if (match !== undefined) return match;
        }
      }
      if (isDone) return undefined;
      kept = Math.min(count, ngram - 1);
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
    const read = this.scanner.words;
    const low = hashNgram(read, at, length);
    const high = upper;
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
      spelled ??= spellWords(bytes, start, end, read.starts[at]!, length);
      if (spelled !== text) continue;
      let group = groupStarts.length - 1;
      while (groupStarts[group]! > first) group--;
      return { group: groups[group]!, text };
    }
    return undefined;
  }
}
