import type { FeatureCounter } from './lists.ts';
import { createScalarCounter } from './scalar.ts';
import { createSimdCounter } from './simd.ts';
import { BUCKET_BITS } from './weights.ts';

export type { FeatureCounter, FeatureLists } from './lists.ts';

/**
 * Makes what counts the words of documents, without loading a model. A document is read through at most three windows, as `readingWindows` says. Both twins count the same on any bytes.
 * @param bucketBits words are hashed to `2^bucketBits` buckets, at most `2^20`; the same as in the model to be.
 */
export function createFeatureCounter(
  kernel: 'simd' | 'scalar' = 'simd',
  bucketBits: number = BUCKET_BITS,
): FeatureCounter {
  return kernel === 'simd' ? createSimdCounter(bucketBits) : createScalarCounter(bucketBits);
}
