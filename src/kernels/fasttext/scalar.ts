import { add, high, multiply } from '../lanes.ts';
import { addRow, dotRow } from './matrix.ts';
import { type Dictionary, type FastTextModel, hashBytes, rankOf, shiftOf, slotOf } from './model.ts';

/** What of a prediction takes time: which rows of the input a text stands for, and their sum with each row of the output. */
export interface TextReader {
  /**
   * Adds the rows of the text `bytes[start .. end)` up to `sums`, which holds `dim` numbers; what was in it is lost.
   * @returns how many rows were added.
   */
  read(bytes: Uint8Array, start: number, end: number, sums: Float64Array): number;
  /** The dot product of a vector with each row of the output. */
  dots(vector: Float64Array, into: Float64Array): void;
}

const LABEL = Buffer.from('__label__');
/** The word that stands for the end of a line. */
export const END_OF_LINE: Uint8Array = Buffer.from('</s>');
const MULTIPLIER = 116049371;
const SPACE = 0x20;

/** What fastText takes for white space; a line feed is one, as in a text whose line feeds were made spaces. */
export function isSeparator(byte: number): boolean {
  return byte === SPACE || byte === 0 || (byte >= 0x09 && byte <= 0x0d);
}

/**
 * Reads a text as fastText reads a line (Dictionary::getLine): words between white space, their parts of `minn` to `maxn`
 * characters in angle brackets, n-grams of words, and the word `</s>` as end of the line, wherever it stands. The plain twin:
 * one row after another.
 */
export function createScalarReader(model: FastTextModel): TextReader {
  const { dim, wordNgrams, bucket, minn, maxn, dictionary, input, output } = model;
  const { wordCount, isPruned, kept, ranks } = dictionary;
  // Hashes of the n-grams of words that may go on, in two halves: the one that began with the last word comes first.
  const low = new Uint32Array(wordNgrams);
  const upper = new Uint32Array(wordNgrams);
  let begun = 0;
  let sums: Float64Array = new Float64Array(0);
  let rowCount = 0;

  function addOne(row: number): void {
    addRow(input, dim, row, sums, 0);
    rowCount++;
  }

  function addBucket(key: number): void {
    if (!isPruned) return addOne(wordCount + key);
    if (((kept[key >> 5]! >> (key & 31)) & 1) !== 0) addOne(wordCount + rankOf(kept, ranks, key));
  }

  /** Parts of a word in angle brackets; position 0 is the opening bracket. */
  function addParts(bytes: Uint8Array, start: number, end: number): void {
    const size = end - start + 2;
    const at = (i: number): number => (i === 0 ? 0x3c : i === size - 1 ? 0x3e : bytes[start + i - 1]!);
    for (let i = 0; i < size; i++) {
      if ((at(i) & 0xc0) === 0x80) continue;
      let hash = 0x811c9dc5 | 0;
      for (let n = 1, j = i; j < size && n <= maxn; n++) {
        do {
          hash = Math.imul(hash ^ ((at(j) << 24) >> 24), 0x01000193);
          j++;
        } while (j < size && (at(j) & 0xc0) === 0x80);
        if (n >= minn && !(n === 1 && (i === 0 || j === size))) addBucket((hash >>> 0) % bucket);
      }
    }
  }

  /** Adds the n-grams that end with a word. */
  function addWordNgrams(hash: number): void {
    for (let age = begun - 1; age >= 0; age--) {
      // Hashes of words are signed: -1 is all ones in 64 bits.
      let next = multiply(low[age]!, upper[age]!, MULTIPLIER, 0);
      next = add(next, high, hash, hash >> 31);
      low[age + 1] = next;
      upper[age + 1] = high;
      addBucket(modulo(next, high, bucket));
    }
    low[0] = hash;
    upper[0] = hash >> 31;
    begun = Math.min(begun + 1, wordNgrams - 1);
  }

  function addWord(bytes: Uint8Array, start: number, end: number): void {
    const hash = hashBytes(bytes, start, end);
    const entry = findEntry(dictionary, bytes, start, end, hash);
    const isLabel = entry >= 0 ? entry >= wordCount : startsWith(bytes, start, end, LABEL);
    if (isLabel) return;
    if (entry >= 0) addOne(entry);
    if (maxn > 0 && !isEnd(bytes, start, end)) addParts(bytes, start, end);
    if (wordNgrams > 1) addWordNgrams(hash);
  }

  return {
    read(bytes, start, end, into) {
      sums = into.fill(0);
      rowCount = 0;
      begun = 0;
      for (let at = start; at < end; ) {
        if (isSeparator(bytes[at]!)) {
          at++;
          continue;
        }
        const first = at;
        while (at < end && !isSeparator(bytes[at]!)) at++;
        if (isEnd(bytes, first, at)) break;
        addWord(bytes, first, at);
      }
      addWord(END_OF_LINE, 0, END_OF_LINE.length);
      return rowCount;
    },
    dots(vector, into) {
      for (let row = 0; row < into.length; row++) into[row] = dotRow(output, dim, row, vector);
    },
  };
}

/** Number of a word or label, or -1. */
export function findEntry(
  { slots, starts, bytes: texts }: Dictionary,
  bytes: Uint8Array,
  start: number,
  end: number,
  hash: number,
): number {
  const mask = slots.length - 1;
  // The table is at most half full, so a free slot ends every search.
  for (let slot = slotOf(hash, shiftOf(slots.length)); ; slot = (slot + 1) & mask) {
    const entry = slots[slot]!;
    if (entry < 0) return -1;
    const from = starts[entry]!;
    if (starts[entry + 1]! - from === end - start && holds(bytes, start, texts, from, end - start))
      return entry;
  }
}

function isEnd(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === END_OF_LINE.length && startsWith(bytes, start, end, END_OF_LINE);
}

function startsWith(bytes: Uint8Array, start: number, end: number, prefix: Uint8Array): boolean {
  return end - start >= prefix.length && holds(bytes, start, prefix, 0, prefix.length);
}

function holds(bytes: Uint8Array, start: number, other: Uint8Array, from: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[start + i] !== other[from + i]) return false;
  return true;
}

/** Of an unsigned 64-bit number, 16 bits at a time: a remainder below 2^31 and 16 bits more are exact in a double. */
function modulo(lower: number, upper: number, divisor: number): number {
  const first = ((upper >>> 0) % divisor) * 0x10000 + (lower >>> 16);
  return ((first % divisor) * 0x10000 + (lower & 0xffff)) % divisor;
}
