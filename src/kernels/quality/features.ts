import { add, finish, high, multiply } from '../lanes.ts';
import { planSignatures } from '../signatures/plan.ts';
import { readWords } from '../signatures/words.ts';
import { unicodeVersion } from '../unicode.ts';

/** Takes the next features of a text, in order; a view that is overwritten afterwards. */
export type TakeFeatures = (features: Uint32Array) => void;

/** Turns `bytes[start .. end)` into features. Not reentrant. */
export type ReadFeatures = (bytes: Uint8Array, start: number, end: number, take: TakeFeatures) => void;

/**
 * What a feature is, by name: a model is only good for the features it was trained with, so another meaning or another Unicode
 * gets another name.
 */
export const FEATURES: string = `words-pairs-marks-1-unicode-${unicodeVersion}`;

/** The hashes of words that features are made of: those of the deduplicator with seed 0. */
export function featureConstants(): Uint32Array {
  return planSignatures({ ngram: 1, bands: 1, rows: 1, seed: 0 }).constants;
}

/** Features handed over at a time by the plain twin. */
const CHUNK = 2048;

/** Kinds of bytes around a mark; 0 is the edge of the text. */
const LOWER = 1;
const UPPER = 2;
const DIGIT = 3;
const SPACE = 4;
const LINE_END = 5;
const BEYOND_ASCII = 6;
const OTHER = 7;

/** Kind of each byte. */
export const BYTE_CLASSES: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return BEYOND_ASCII;
  if (byte === 0x0a) return LINE_END;
  if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) return SPACE;
  if (byte >= 0x30 && byte <= 0x39) return DIGIT;
  if (byte >= 0x61 && byte <= 0x7a) return LOWER;
  return byte >= 0x41 && byte <= 0x5a ? UPPER : OTHER;
});

/** ASCII punctuation but for the underscore, which words have; and the line feed. */
function isMark(byte: number): boolean {
  return byte === 0x0a || (BYTE_CLASSES[byte] === OTHER && byte > 0x20 && byte !== 0x5f && byte !== 0x7f);
}

/**
 * The plain twin of `collect` in wasm/assembly/features.ts. A feature is 32 bits, the high half of a 64-bit hash. First the words of the
 * text in order, each followed by its pair with the word before it; words are those of signature-words.ts, so that quality and shingles know
 * one tokenization. Then the marks (punctuation and line feeds), two features each: the mark, and the mark between the kinds of its
 * neighbours, so that a line that ends in a full stop differs from one that does not. n words and m marks give 2 n - 1 + 2 m features.
 *
 * Marks are in because they tell: on the human judgements that bench/quality.ts reads, words and pairs alone gave a linear model an AUC of
 * 0.79, with runs of punctuation as tokens, as DSIR has them, 0.83, with marks 0.84.
 */
export function createScalarFeatures(): ReadFeatures {
  const chunk = new Uint32Array(CHUNK + 2);
  let filled = 0;
  let hasPrevious = false;
  let previousLow = 0;
  let previousHigh = 0;
  let takeChunk: TakeFeatures = () => {};
  const readWordsOf = readWords(featureConstants(), (low, upper) => {
    multiply(low, upper, 0x27d4eb4f, 0xc2b2ae3d);
    chunk[filled++] = high;
    if (hasPrevious) {
      const scaled = multiply(previousLow, previousHigh, 0x7f4a7c15, 0x9e3779b9);
      const sum = add(scaled, high, low, upper);
      finish(sum, high);
      chunk[filled++] = high;
    }
    hasPrevious = true;
    previousLow = low;
    previousHigh = upper;
    if (filled >= CHUNK) flush();
  });

  function flush(): void {
    if (filled > 0) takeChunk(chunk.subarray(0, filled));
    filled = 0;
  }

  function push(key: number): void {
    const low = multiply(key, 0, 0x7f4a7c15, 0x9e3779b9);
    finish(low, high);
    chunk[filled++] = high;
  }

  return (bytes, start, end, take) => {
    takeChunk = take;
    hasPrevious = false;
    readWordsOf(bytes, start, end);
    for (let p = start; p < end; p++) {
      // p < end, and a byte is one of 256.
      const mark = bytes[p]!;
      if (!isMark(mark)) continue;
      const before = p === start ? 0 : BYTE_CLASSES[bytes[p - 1]!]!;
      const after = p + 1 === end ? 0 : BYTE_CLASSES[bytes[p + 1]!]!;
      push(mark);
      push((before << 16) | (after << 8) | mark | 0x1000000);
      if (filled >= CHUNK) flush();
    }
    flush();
  };
}
