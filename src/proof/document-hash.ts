/** Where the hashes of one purpose begin under one seed. Those of other purposes and seeds have nothing to do with them. */
export interface HashKey {
  /** Two words for the high half of a hash, and two for the low one. */
  readonly words: readonly [number, number, number, number];
}

/** The key of one purpose: whole numbers, 0 to 2^53. */
export function hashKey(seed: number, purpose: number): HashKey {
  return {
    words: [
      keyWord(seed, purpose, 1),
      keyWord(seed, purpose, 2),
      keyWord(seed, purpose, 3),
      keyWord(seed, purpose, 4),
    ],
  };
}

function keyWord(seed: number, purpose: number, number: number): number {
  const seeded = mix(Math.imul(mix(Math.imul(number, 5) + (seed | 0)), 5) + upperHalf(seed));
  return mix(Math.imul(mix(Math.imul(seeded, 5) + (purpose | 0)), 5) + upperHalf(purpose));
}

/**
 * High half of the 64 bits drawn for a copy of a document, 0 the document itself: three rounds of a 32-bit mix, each with a word of the key or
 * a part of what is hashed put in before it. Two halves of 32 bits and not one hash of 64, as those take JavaScript ten times as long and
 * most documents are refused by the high half alone.
 * @param ordinal of the document, 0 to 2^53.
 */
export function highHash({ words }: HashKey, ordinal: number, copy: number): number {
  return hashWord(words[0], words[1], ordinal, copy);
}

/** The low half. */
export function lowHash({ words }: HashKey, ordinal: number, copy: number): number {
  return hashWord(words[2], words[3], ordinal, copy);
}

/** A number in [0, 1) drawn for a document, out of the 53 highest bits. */
export function unitHash(key: HashKey, ordinal: number): number {
  return (highHash(key, ordinal, 0) * 2 ** 21 + (lowHash(key, ordinal, 0) >>> 11)) / 2 ** 53;
}

function hashWord(first: number, second: number, ordinal: number, copy: number): number {
  // Halves first: near 2^53 a sum would lose bits.
  const low = mix((ordinal | 0) + first);
  const whole = mix((low ^ second) + Math.imul(upperHalf(ordinal), GOLDEN));
  return mix(whole + Math.imul(copy, GOLDEN)) >>> 0;
}

/** 2^32 over the golden ratio. */
const GOLDEN = 0x9e3779b9;

/** Half of a whole number that 32-bit arithmetic leaves out. */
function upperHalf(value: number): number {
  return Math.floor(value / 2 ** 32) | 0;
}

/** The finalizer of MurmurHash3 (Appleby), one to one. */
function mix(word: number): number {
  let x = word ^ (word >>> 16);
  x = Math.imul(x, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
