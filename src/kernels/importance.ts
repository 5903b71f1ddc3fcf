import type { FeatureScore } from './linear-classifier.ts';
import type { TakeFeatures } from './quality-features.ts';

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
 * The log ratios of DSIR (Xie et al. 2023, arXiv 2302.03169; p-lambda/dsir): frequencies of hashed words and pairs of words in a target and in
 * raw text, 1e-8 added to each. Buckets come of our own hash of words instead of SHA-256 of NLTK's tokens.
 */
export function fitImportance(target: BucketCounts, raw: BucketCounts): ImportanceModel {
  const ratios = Float32Array.from(target.counts, (count, bucket) => {
    // Both have the same number of buckets.
    const ratio = Math.log(count / target.total + FLOOR);
    return ratio - Math.log(raw.counts[bucket]! / raw.total + FLOOR);
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
