import { planSignatures } from '../signatures/plan.ts';

/** A count above says no more: of what a weight grows by, the logarithm, little is left there. */
export const MOST_COUNT = 255;
/** Words of a document that are read at most: one takes two bytes or more, but for the last of a window (see `readingWindows`). */
export const MOST_WORDS = 8192;
/** Words are hashed to `2^BUCKET_BITS` buckets: a map of 128 components is 8 MiB then. */
export const BUCKET_BITS = 16;

/**
 * What a count is worth: `1 + ln(count)` in units of 1/1024; 0 for no count. Whole numbers, so that logarithms that differ in
 * their last bit from machine to machine do not matter: none of these lies near a half.
 */
export const COUNT_WORTH: Uint32Array = Uint32Array.from({ length: MOST_COUNT + 1 }, (_, count) =>
  count === 0 ? 0 : Math.round(1024 * (1 + Math.log(count))),
);

/** What a word that is there `count` times weighs in a document: below 2^15, so that it fits a lane of 16 bits. */
export function weightOf(count: number, weight: number): number {
  // 6698 * 65535 < 2^32.
  return (COUNT_WORTH[count]! * weight) >>> 14;
}

/** The hashes of words that buckets are made of: those of the deduplicator with seed 0, so that all of Sluice knows one tokenization. */
export function wordConstants(): Uint32Array {
  return planSignatures({ ngram: 1, bands: 1, rows: 1, seed: 0 }).constants;
}
