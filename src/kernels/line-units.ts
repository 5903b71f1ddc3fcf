import type { Allocate } from '../columns/memory.ts';
import { allocateWords, allocateZeroed } from '../columns/memory.ts';
import type { TextColumn } from '../columns/text-column.ts';
import { countSentences, splitSentences } from './rules/sentences.ts';
import { DROPPED, decodeAt, SEPARATOR, simplifiedCodePoint, widthOf } from './simplified/characters.ts';
import { createWordReader } from './simplified/simd.ts';

/**
 * The lines or sentences of a batch of documents, as the count of repeated ones sees them. What a worker thread sends to
 * the main thread in place of text. A view over memory of whoever made it.
 */
export interface Units {
  /** Units of each row; the other arrays have one entry a unit, rows one after another. A row with no text has none. */
  readonly counts: Uint32Array;
  /** Bytes of each unit, line break or white space before a sentence included: the units of a row tile its text. */
  readonly byteLengths: Uint32Array;
  /** White space at the front of the unit, in bytes; all of a unit that is blank. */
  readonly leads: Uint32Array;
  /** Words, between white space. */
  readonly words: Uint32Array;
  /** Sentences in the unit; of a line, counted no further than was asked for. */
  readonly sentences: Uint32Array;
  /** (low, high) of the hash a unit is counted by; both 0: it is not counted and not removed on its own account. */
  readonly hashes: Uint32Array;
}

/**
 * Occurrences that stay unless the user says otherwise. Lines: what a site puts on each of its pages is soon seen more often than this, and a
 * quoted line hardly ever; and it is the most that counters of four bits hold, which take a third of the memory of larger ones.
 */
export const DEFAULT_MOST: { readonly lines: number; readonly sentences: number } = {
  lines: 15,
  sentences: 1,
};

export interface UnitCutterOptions {
  readonly unit: 'lines' | 'sentences';
  /** Sentences of a line are counted up to here: 0 and more. */
  readonly enoughSentences: number;
}

/** Cuts the texts of batches into units. One for each thread; not reentrant. */
export interface UnitCutter {
  /**
   * Units of all rows. A row to skip (not 0) has none.
   * @param allocate where the result is laid; it is independent of `text`.
   */
  cut(text: TextColumn, skip?: Uint8Array, allocate?: Allocate): Units;
}

/** Sentences hashed together. */
const WINDOW = 3;
const LOW_BASE = 0xc2b2ae3d | 0;
const HIGH_BASE = 0x9fb21c65 | 0;

// Below SPACE is what words are made of, as bits of what was seen.
const LETTER = 1;
/** What can end a sentence. */
const TERMINAL = 2;
const SPACE = 4;
const BREAK = 5;
/** First byte of a character beyond ASCII. */
const WIDE = 6;
const kinds: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return WIDE;
  if ((byte >= 0x0a && byte <= 0x0d) || (byte >= 0x1c && byte <= 0x1e)) return BREAK;
  if (byte === 0x20 || byte === 0x09 || byte === 0x1f) return SPACE;
  const character = String.fromCharCode(byte);
  return /[a-z0-9]/i.test(character) ? LETTER : /[.!?]/.test(character) ? TERMINAL : 0;
});

/**
 * A cutter. `lines`: a unit is a line as Python's `splitlines` has it with its break, hashed by its bytes between white space; lines without
 * a letter or digit are not counted, and are one unit where they follow each other. `sentences`: a unit is a sentence with the white space
 * before it; its hash is that of the simplified words of it and the two behind, none if there are not so many or no words. Linear.
 */
export function createUnitCutter(options: UnitCutterOptions): UnitCutter {
  const list = new UnitList();
  const cutRow = options.unit === 'lines' ? lineCutter(list, options.enoughSentences) : sentenceCutter(list);
  return {
    cut: ({ bytes, offsets, rowCount }, skip, allocate = allocateZeroed) => {
      const counts = allocateWords(allocate, rowCount);
      list.length = 0;
      // offsets has rowCount + 1 entries.
      for (let row = 0; row < rowCount; row++) {
        const before = list.length;
        const start = offsets[row]!;
        const end = offsets[row + 1]!;
        if (end > start && (skip === undefined || skip[row] === 0)) cutRow(bytes, start, end);
        counts[row] = list.length - before;
      }
      return list.copy(counts, allocate);
    },
  };
}

/** Units so far, in memory that is used again. */
class UnitList {
  length = 0;
  private byteLengths = new Uint32Array(1 << 10);
  private leads = new Uint32Array(1 << 10);
  private words = new Uint32Array(1 << 10);
  private sentences = new Uint32Array(1 << 10);
  private hashes = new Uint32Array(1 << 11);

  push(byteLength: number, lead: number, words: number, sentences: number): void {
    const at = this.length++;
    if (at === this.leads.length) this.grow();
    this.byteLengths[at] = byteLength;
    this.leads[at] = lead;
    this.words[at] = words;
    this.sentences[at] = sentences;
    this.hashes[2 * at] = 0;
    this.hashes[2 * at + 1] = 0;
  }

  /** Gives unit `at` a hash, which is never (0, 0). */
  setHash(at: number, low: number, high: number): void {
    this.hashes[2 * at] = low === 0 && high === 0 ? 1 : low;
    this.hashes[2 * at + 1] = high;
  }

  /** Adds to the last unit, which has no hash. */
  extend(byteLength: number, lead: number, words: number): void {
    const at = this.length - 1;
    // A unit is blank as long as it has no words, and then white space goes on at its front.
    if (this.words[at] === 0) this.leads[at]! += lead;
    this.byteLengths[at]! += byteLength;
    this.words[at]! += words;
  }

  private grow(): void {
    const wider = (from: Uint32Array): Uint32Array<ArrayBuffer> => {
      const to = new Uint32Array(2 * from.length);
      to.set(from);
      return to;
    };
    this.byteLengths = wider(this.byteLengths);
    this.leads = wider(this.leads);
    this.words = wider(this.words);
    this.sentences = wider(this.sentences);
    this.hashes = wider(this.hashes);
  }

  copy(counts: Uint32Array, allocate: Allocate): Units {
    const copy = (from: Uint32Array, length: number): Uint32Array => {
      const to = allocateWords(allocate, length);
      to.set(from.subarray(0, length));
      return to;
    };
    return {
      counts,
      byteLengths: copy(this.byteLengths, this.length),
      leads: copy(this.leads, this.length),
      words: copy(this.words, this.length),
      sentences: copy(this.sentences, this.length),
      hashes: copy(this.hashes, 2 * this.length),
    };
  }
}

/** What is between two places of a text. One for each cutter, overwritten by each scan. */
class Scan {
  /** Behind the line break if one ended the scan, else its end. */
  next = 0;
  /** Without white space at both ends; both at the scan's end if there is nothing else. */
  textStart = 0;
  textEnd = 0;
  words = 0;
  hasLetter = false;
  /** False: nothing before the last character ends a sentence. */
  hasSentences = false;

  /** Scans from `start` to `end` or behind the first line break. White space and line breaks are those of Python. */
  run(bytes: Uint8Array, start: number, end: number, stopsAtBreaks: boolean): void {
    let p = start;
    let words = 0;
    let textStart = -1;
    let textEnd = start;
    let seen = 0;
    let lastRun = start;
    let hasSentences = false;
    let inWord = false;
    // p < end, and kinds has an entry for every byte.
    while (p < end) {
      let kind = kinds[bytes[p]!]!;
      if (kind < SPACE) {
        if (!inWord) {
          inWord = true;
          words++;
          if (textStart < 0) textStart = p;
        }
        if ((seen & TERMINAL) !== 0) hasSentences = true;
        lastRun = p;
        do {
          seen |= kind;
          p++;
        } while (p < end && (kind = kinds[bytes[p]!]!) < SPACE);
        continue;
      }
      let width = 1;
      let isBreak = kind === BREAK;
      if (kind === WIDE) {
        const code = decodeAt(bytes, p, end);
        width = code < 0 ? 1 : widthOf(code);
        const simplified = code < 0 ? DROPPED : simplifiedCodePoint(code);
        if (simplified !== SEPARATOR || !isWhiteSpace(code)) {
          if (!inWord) {
            inWord = true;
            words++;
            if (textStart < 0) textStart = p;
          }
          if (simplified !== SEPARATOR && simplified !== DROPPED) seen |= LETTER;
          hasSentences = true;
          p += width;
          continue;
        }
        isBreak = code === 0x85 || code === 0x2028 || code === 0x2029;
      }
      if (inWord) textEnd = p;
      inWord = false;
      p += width;
      if (isBreak && stopsAtBreaks) {
        if (bytes[p - 1] === 0x0d && p < end && bytes[p] === 0x0a) p++;
        break;
      }
    }
    if (inWord) textEnd = p;
    // In the last run of ASCII a terminal may stand at the end, where nothing begins behind it.
    for (let at = lastRun; at < textEnd - 1 && (seen & TERMINAL) !== 0; at++) {
      if (kinds[bytes[at]!] === TERMINAL) hasSentences = true;
    }
    this.next = p;
    this.textStart = textStart < 0 ? p : textStart;
    this.textEnd = textStart < 0 ? p : textEnd;
    this.words = words;
    this.hasLetter = (seen & LETTER) !== 0;
    this.hasSentences = hasSentences;
  }
}

/** Of what is simplified to a separator, which punctuation is as well. */
function isWhiteSpace(code: number): boolean {
  return code === 0x85 || code === 0xa0 || (code >= 0x1680 && /\s/.test(String.fromCodePoint(code)));
}

type CutRow = (bytes: Uint8Array, start: number, end: number) => void;

function lineCutter(list: UnitList, enoughSentences: number): CutRow {
  const scan = new Scan();
  return (bytes, start, end) => {
    let isAfterUncounted = false;
    for (let from = start; from < end; ) {
      scan.run(bytes, from, end, true);
      const { next, textStart, textEnd, words } = scan;
      if (scan.hasLetter) {
        let sentences = Math.min(1, enoughSentences);
        if (sentences !== 0 && scan.hasSentences) {
          sentences = countSentences(bytes, textStart, textEnd, enoughSentences);
        }
        list.push(next - from, textStart - from, words, sentences);
        const low = hashBytes(bytes, textStart, textEnd);
        list.setHash(list.length - 1, low, upper);
      } else if (isAfterUncounted) list.extend(next - from, textStart - from, words);
      else list.push(next - from, textStart - from, words, 0);
      isAfterUncounted = !scan.hasLetter;
      from = next;
    }
  };
}

function sentenceCutter(list: UnitList): CutRow {
  const scan = new Scan();
  const reader = createWordReader();
  const words = reader.allocate(512);
  // Of the last sentences, newest first: sums of word hashes as of an n-gram of all words, and the factors for words behind them.
  const lows = new Int32Array(WINDOW);
  const highs = new Int32Array(WINDOW);
  const lowFactors = new Int32Array(WINDOW);
  const highFactors = new Int32Array(WINDOW);
  const counts = new Int32Array(WINDOW);
  let known = 0;

  const take = (bytes: Uint8Array, from: number, to: number): void => {
    scan.run(bytes, from, to, false);
    list.push(to - from, scan.textStart - from, scan.words, 1);
    for (const array of [lows, highs, lowFactors, highFactors, counts]) array.copyWithin(1, 0, WINDOW - 1);
    let low = 0;
    let high = 0;
    let lowFactor = 1;
    let highFactor = 1;
    let total = 0;
    reader.open(bytes, from, to);
    while (!reader.isDone) {
      const count = reader.read(words, 0, words.low.length);
      for (let i = 0; i < count; i++) {
        low = (Math.imul(low, LOW_BASE) + words.low[i]!) | 0;
        high = (Math.imul(high, HIGH_BASE) + words.high[i]!) | 0;
        lowFactor = Math.imul(lowFactor, LOW_BASE);
        highFactor = Math.imul(highFactor, HIGH_BASE);
      }
      total += count;
    }
    lows[0] = low;
    highs[0] = high;
    lowFactors[0] = lowFactor;
    highFactors[0] = highFactor;
    counts[0] = total;
    if (++known < WINDOW) return;
    low = 0;
    high = 0;
    total = 0;
    // The same sum as over the words of all three in one, so it does not matter where the sentences are cut.
    for (let i = WINDOW - 1; i >= 0; i--) {
      low = (Math.imul(low, lowFactors[i]!) + lows[i]!) | 0;
      high = (Math.imul(high, highFactors[i]!) + highs[i]!) | 0;
      total += counts[i]!;
    }
    if (total === 0) return;
    low = finish(low, high);
    list.setHash(list.length - WINDOW, low, upper);
  };
  return (bytes, start, end) => {
    known = 0;
    splitSentences(bytes, start, end, (from, to) => take(bytes, from, to));
  };
}

let upper = 0;

/** 64-bit hash of bytes, four at a time in two lanes that differ in factors and turns; the high half is left in {@link upper}. */
function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let low = (end - start) ^ 0x165667b1;
  let high = (end - start) ^ 0x27d4eb2f;
  let p = start;
  // p + 4 <= end
  for (; p + 4 <= end; p += 4) {
    let word = bytes[p]! | (bytes[p + 1]! << 8) | (bytes[p + 2]! << 16) | (bytes[p + 3]! << 24);
    word = Math.imul(word, 0xc2b2ae3d);
    word ^= word >>> 15;
    low = Math.imul(((low << 13) | (low >>> 19)) ^ word, 0x9e3779b1);
    high = Math.imul(((high ^ word) << 7) | ((high ^ word) >>> 25), 0x85ebca6b);
  }
  for (; p < end; p++) {
    const word = Math.imul(bytes[p]! + 1, 0xc2b2ae3d);
    low = Math.imul(((low << 13) | (low >>> 19)) ^ word, 0x9e3779b1);
    high = Math.imul(((high ^ word) << 7) | ((high ^ word) >>> 25), 0x85ebca6b);
  }
  return finish(low, high);
}

/** Mixes two halves that know little of each other and of their upper bits (steps of the finalizer of MurmurHash3). */
function finish(low: number, high: number): number {
  let a = Math.imul(low ^ (low >>> 16), 0x85ebca6b);
  let b = Math.imul(high ^ (high >>> 15), 0xc2b2ae35);
  a ^= b >>> 13;
  b ^= a >>> 16;
  a = Math.imul(a, 0x2c1b3c6d);
  b = Math.imul(b, 0x297a2d39);
  upper = (b ^ (b >>> 15)) >>> 0;
  return (a ^ (a >>> 15)) >>> 0;
}
