import type { TakeFeatures } from './features.ts';
import type { FeatureScore } from './linear-classifier.ts';

/** How much likelier each bucket of features is in the target than in the raw text. */
export interface ImportanceModel {
  readonly kind: 'importance';
  /** log(p target + 1e-8) - log(p raw + 1e-8) for each bucket. */
  readonly ratios: Float32Array;
}

/** Buckets of DSIR. */
export const BUCKETS = 10_000;
const FLOOR = 1e-8;

/** Counts features by bucket: `floor(feature * buckets / 2^32)`. */
export class BucketCounts {
  readonly counts: Float64Array;
  #total = 0;

  constructor(buckets: number = BUCKETS) {
    this.counts = new Float64Array(buckets);
  }

  get total(): number {
    return this.#total;
  }

  readonly take: TakeFeatures = (features) => {
    const { counts } = this;
    const scale = counts.length / 2 ** 32;
    // feature < 2^32, and scaling by a power of two is exact, so the bucket is below counts.length.
    for (const feature of features) counts[Math.floor(feature * scale)]!++;
    this.#total += features.length;
  };

  merge(other: BucketCounts): void {
    for (const [bucket, count] of other.counts.entries()) this.counts[bucket]! += count;
    this.#total += other.#total;
  }
}

/**
 * The log ratios of DSIR (Xie et al. 2023, arXiv 2302.03169; p-lambda/dsir): frequencies of hashed features in a target and in raw text,
 * 1e-8 added to each. Two things differ. Features are ours (quality-features.ts) instead of SHA-256 of NLTK's tokens. And
 * every bucket is counted `pseudoCount` times more than seen, on both sides, where DSIR has 0 for the target: with a small target,
 * one unseen bucket would weigh as much as all else (log 1e-8 = -18; bench/quality.ts: AUC 0.64 with 0, 0.73 with 1).
 */
export function fitImportance(target: BucketCounts, raw: BucketCounts, pseudoCount = 1): ImportanceModel {
  const { length } = target.counts;
  const targetTotal = target.total + pseudoCount * length;
  const rawTotal = raw.total + pseudoCount * length;
  const ratios = Float32Array.from(target.counts, (count, bucket) => {
    // Both have the same number of buckets.
    const other = raw.counts[bucket]! + pseudoCount;
    return Math.log((count + pseudoCount) / targetTotal + FLOOR) - Math.log(other / rawTotal + FLOOR);
  });
  return { kind: 'importance', ratios };
}

/**
 * The plain twin of `addImportance` in wasm/assembly/features.ts: the mean of the log ratios over all words and pairs. DSIR itself takes the
 * sum, which grows with length: it ranks chunks of equal length, where sum and mean agree. Whole documents differ in length, so the mean.
 */
export function scoreImportance({ ratios }: ImportanceModel): FeatureScore {
  const scale = ratios.length / 2 ** 32;
  let sum = 0;
  let count = 0;
  return {
    take(features) {
      // As in BucketCounts.
      for (const feature of features) sum += ratios[Math.floor(feature * scale)]!;
      count += features.length;
    },
    result: () => (count === 0 ? Number.NaN : sum / count),
  };
}
