import { add, finish, high, multiply } from './lanes.ts';
import { planSignatures } from './signature-plan.ts';
import { readWords } from './signature-words.ts';
import { unicodeVersion } from './unicode.ts';

/** Takes the next features of a text, in order; a view that is overwritten afterwards. */
export type TakeFeatures = (features: Uint32Array) => void;

/** Turns `bytes[start .. end)` into features. Not reentrant. */
export type ReadFeatures = (bytes: Uint8Array, start: number, end: number, take: TakeFeatures) => void;

/**
 * What a feature is, by name: a model is only good for the features it was trained with, so another meaning or another Unicode
 * gets another name.
 */
export const FEATURES: string = `words-and-pairs-1-unicode-${unicodeVersion}`;

/** The hashes of words that features are made of: those of the deduplicator with seed 0. */
export function featureConstants(): Uint32Array {
  return planSignatures({ ngram: 1, bands: 1, rows: 1, seed: 0 }).constants;
}

/** Features handed over at a time by the plain twin. */
const CHUNK = 2048;

/**
 * The plain twin of `collect` in wasm/assembly/features.ts: a feature is 32 bits, the high half of a 64-bit hash of a word, or of a
 * word and the one before it. A text of n words has 2 n - 1: the first word, then each word and its pair. Words are those of signature-words.ts,
 * so quality and shingles know one tokenization; punctuation is no feature.
 */
export function createScalarFeatures(): ReadFeatures {
  const chunk = new Uint32Array(CHUNK + 2);
  let filled = 0;
  let hasPrevious = false;
  let previousLow = 0;
  let previousHigh = 0;
  let takeChunk: TakeFeatures = () => {};
  const read = readWords(featureConstants(), (low, upper) => {
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

  return (bytes, start, end, take) => {
    takeChunk = take;
    hasPrevious = false;
    read(bytes, start, end);
    flush();
  };
}
