import { add, high, multiply } from '../kernels/lanes.ts';

/** Where the hashes of one purpose begin; other purposes have others. 64 bits in two halves. */
export interface HashKey {
  readonly low: number;
  readonly high: number;
}

/** The golden ratio in 64 bits, by which neighbours are set apart before they are scrambled. */
const STEP_LOW = 0x7f4a7c15;
const STEP_HIGH = 0x9e3779b9;

/** The key of the draws of one purpose under one seed: whole numbers, 0 to 2^53. */
export function hashKey(seed: number, purpose: number): HashKey {
  const seeded = stepped(0, 0, seed);
  const low = stepped(seeded, high, purpose);
  return { low, high };
}

/**
 * 64 bits drawn for document `ordinal`, 0 to 2^53: output `ordinal` of SplitMix64 (Steele, Lea and Flood 2014) with the key as its seed.
 * Returns the low half and leaves the high one in `high` of lanes.ts. One to one, so that no two documents of a key have the same.
 */
export function documentHash(key: HashKey, ordinal: number): number {
  return stepped(key.low, key.high, ordinal);
}

/** 64 bits for copy 1, 2, 3 and so on of a document, out of the document's own; read as {@link documentHash}. */
export function copyHash(low: number, upper: number, copy: number): number {
  return stepped(low, upper, copy);
}

/** A number in [0, 1) out of 64 bits, with the 53 that a number holds. */
export function unitInterval(low: number, upper: number): number {
  return (upper * 2 ** 21 + (low >>> 11)) / 2 ** 53;
}

function stepped(low: number, upper: number, count: number): number {
  const step = multiply(STEP_LOW, STEP_HIGH, (count + 1) >>> 0, Math.floor((count + 1) / 2 ** 32) >>> 0);
  const sum = add(step, high, low, upper);
  return scramble(sum, high);
}

/** The scrambling of SplitMix64. The shifts matter: with 32 for each, overlaps of samples of two keys have twice the variance of chance. */
function scramble(low: number, upper: number): number {
  let x = multiply(low ^ ((low >>> 30) | (upper << 2)), upper ^ (upper >>> 30), 0x1ce4e5b9, 0xbf58476d);
  x = multiply(x ^ ((x >>> 27) | (high << 5)), high ^ (high >>> 27), 0x133111eb, 0x94d049bb);
  // Adding 0 puts both halves where they are read.
  return add(x ^ ((x >>> 31) | (high << 1)), high ^ (high >>> 31), 0, 0);
}
