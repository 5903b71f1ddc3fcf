/**
 * A random number from 0 up to 1 (53 bits) that belongs to a document: a hash of seed, purpose and the 64 bits that stand for the document.
 * So it depends on no other document and on no order of arrival. Purposes, and seeds, have nothing to do with each other.
 *
 * A cipher of four rounds (Luby and Rackoff 1988) whose round is the finalizer of MurmurHash3, with a key for each round. It permutes the 64 bits,
 * and does not lean on the document's bits being random themselves: counters will do.
 * @param seed a whole number from 0 below 2^53.
 */
export function unitOf(seed: number, purpose: string | number, low: number, high: number): number {
  let key = mix(mix(seed | 0) + Math.floor(seed / 2 ** 32));
  if (typeof purpose === 'number') key = mix(key ^ purpose);
  else {
    // Apart from all numbers: a name begins with a step of its own.
    key = mix(key + NAMED);
    for (let at = 0; at < purpose.length; at++) key = mix(key ^ purpose.charCodeAt(at));
  }
  let left = low;
  let right = high;
  for (let round = 0; round < 2; round++) {
    key = (key + STEP) | 0;
    right ^= mix(left ^ key);
    key = (key + STEP) | 0;
    left ^= mix(right ^ mix(key));
  }
  return ((right >>> 0) * 2 ** 21 + (left >>> 11)) / 2 ** 53;
}

/**
 * How often a document of a weight is written: its whole part, and once more with the chance of the rest. The mean is the weight.
 * With the same `unit` a higher weight never means fewer copies.
 */
export function copiesOf(weight: number, unit: number): number {
  const whole = Math.floor(weight);
  return whole + (unit < weight - whole ? 1 : 0);
}

const NAMED = 0x6a09e667;
/** 2^32 over the golden ratio. */
const STEP = 0x9e3779b9;

/** The finalizer of MurmurHash3 (Appleby): each bit of the word changes each bit of the result with a chance of about one half. */
function mix(word: number): number {
  let x = word ^ (word >>> 16);
  x = Math.imul(x, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
