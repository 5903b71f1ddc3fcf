import { DIMENSION_STEP, MOST_DIMENSIONS } from '../vectors/vectors.ts';
import { rightSingularVectors, type SparseRows } from './latent.ts';
import type { FeatureLists } from './lists.ts';
import type { LexicalModel } from './model.ts';
import { BUCKET_BITS, COUNT_WORTH } from './weights.ts';

export interface LexicalTraining {
  /** Of the random numbers of the decomposition; a whole number from 0. */
  readonly seed: number;
  /** Components of a vector, a multiple of 16; default 128 with latent semantic analysis, 256 without. */
  readonly dimensions?: number;
  /** Whether words get directions by what documents they are in; else each has a random one. Default true. */
  readonly lsa?: boolean;
  /** As the words were counted; default 16. */
  readonly bucketBits?: number;
}

/** A logarithm of 1 as a weight; that of any number of documents that fits 32 bits is below 2^16 then. */
const WEIGHT_OF_ONE = 2900;
const LARGEST_WEIGHT = 65_535;

/**
 * Learns from a sample what words tell. A word is worth its inverse document frequency, `ln((1 + documents) / (1 + those with it))` (Sparck Jones
 * 1972); one in fewer than two documents of the sample, or in all, nothing. With latent semantic analysis (Deerwester et al. 1990) words
 * that come in the same documents get like directions: the right singular vectors of the documents, each scaled to length 1.
 *
 * Why these defaults: ARI of spherical k-means with the true number of clusters, then the share of the 5 nearest neighbours of the same label, on eleven sources
 * mixed after Zipf, on 29 subjects of MMLU, on 12 languages of XQuAD and on 77 intents of Banking77:
 *
 *                                  sources       subjects      languages     intents
 *     random signs, 256            .28  .73      .08  .43      .83  .70      .22  .68
 *     the same with word pairs     .13  .45      .02  .22      .35  .45      .14  .59
 *     latent, 64                   .51  .95      .28  .63      .93  .90      .22  .63
 *     latent, 128 (default)        .50  .94      .29  .64      .93  .89      .23  .69
 *     latent, 256                  .51  .95      .30  .66      .87  .80      .23  .71
 *     latent, 128, word pairs      .50  .95      .27  .63      .87  .85      .17  .61
 *     each word counted once       .52  .95      .31  .66      .93  .81      .23  .69
 *     character 4-grams            .52  .95      .30  .64      .85  .76      .29  .76
 *
 * ARI varies by about .03 with the seed of k-means. Pairs hurt; character 4-grams help short queries only and are six times as many features;
 * neither a mean taken away nor a cut of frequent words shows beyond that noise. So words alone, with latent semantic analysis.
 *
 * The order of the documents does not matter. Memory: about 2 KiB for each bucket in use and each document.
 */
export function trainLexical(lists: FeatureLists, training: LexicalTraining): LexicalModel {
  const { seed, lsa = true, bucketBits = BUCKET_BITS } = training;
  const dimensions = training.dimensions ?? (lsa ? 128 : 256);
  if (dimensions < DIMENSION_STEP || dimensions > MOST_DIMENSIONS || dimensions % DIMENSION_STEP !== 0) {
    throw new RangeError(
      `dimensions: expected a multiple of ${DIMENSION_STEP} up to ${MOST_DIMENSIONS}, found ${dimensions}`,
    );
  }
  const worth = inverseDocumentFrequencies(lists, bucketBits);
  if (!lsa) return { dimensions, bucketBits, weights: worth, map: undefined };

  const buckets = Uint32Array.from(worth.keys()).filter((bucket) => worth[bucket]! > 0);
  const directions = rightSingularVectors(documentRows(lists, worth, buckets), dimensions, seed);
  const weights = new Uint16Array(new SharedArrayBuffer(2 * 2 ** bucketBits));
  const map = new Int8Array(new SharedArrayBuffer(2 ** bucketBits * dimensions));
  // A row uses the range of a byte; what it is to be scaled by goes into the weight.
  const lengths = Float64Array.from(buckets, (bucket, at) => {
    let most = 0;
    for (let k = 0; k < dimensions; k++) most = Math.max(most, Math.abs(directions[at * dimensions + k]!));
    return most * worth[bucket]!;
  });
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  for (const [at, bucket] of buckets.entries()) {
    const weight = longest === 0 ? 0 : Math.round((lengths[at]! * LARGEST_WEIGHT) / longest);
    if (weight === 0) continue;
    weights[bucket] = weight;
    const scale = (127 * worth[bucket]!) / lengths[at]!;
    for (let k = 0; k < dimensions; k++) {
      map[bucket * dimensions + k] = Math.round(directions[at * dimensions + k]! * scale);
    }
  }
  return { dimensions, bucketBits, weights, map };
}

/** Rounded, so that logarithms that differ in their last bit do not matter but where one lies that near to a half. */
function inverseDocumentFrequencies({ offsets, buckets }: FeatureLists, bucketBits: number): Uint16Array {
  const frequencies = new Uint32Array(2 ** bucketBits);
  for (const bucket of buckets) frequencies[bucket]!++;
  const documents = offsets.length - 1;
  const worth = new Uint16Array(new SharedArrayBuffer(2 * frequencies.length));
  for (const [bucket, frequency] of frequencies.entries()) {
    if (frequency >= 2) {
      worth[bucket] = Math.round(WEIGHT_OF_ONE * Math.log((1 + documents) / (1 + frequency)));
    }
  }
  return worth;
}

/** Documents as rows of length 1 over the buckets that are worth something, in an order that only depends on what they are. */
function documentRows(lists: FeatureLists, worth: Uint16Array, buckets: Uint32Array): SparseRows {
  const { offsets, counts } = lists;
  const columnOf = new Uint32Array(worth.length);
  for (const [column, bucket] of buckets.entries()) columnOf[bucket] = column;
  const order = Array.from({ length: offsets.length - 1 }, (_, at) => at).sort((a, b) =>
    compare(lists, a, b),
  );
  const ends = new Uint32Array(offsets.length);
  const columns = new Uint32Array(lists.buckets.length);
  const values = new Float64Array(lists.buckets.length);
  let end = 0;
  for (const [row, document] of order.entries()) {
    const start = end;
    let squares = 0;
    // Entries of a document lie between its offsets; buckets are below `worth.length`.
    for (let at = offsets[document]!; at < offsets[document + 1]!; at++) {
      const bucket = lists.buckets[at]!;
      const value = COUNT_WORTH[counts[at]!]! * worth[bucket]!;
      if (value === 0) continue;
      columns[end] = columnOf[bucket]!;
      values[end++] = value;
      squares += value * value;
    }
    const scale = 1 / Math.sqrt(squares);
    for (let at = start; at < end; at++) values[at]! *= scale;
    ends[row + 1] = end;
  }
  return {
    columnCount: buckets.length,
    offsets: ends,
    columns: columns.subarray(0, end),
    values: values.subarray(0, end),
  };
}

/** By number of words, then by words, then by counts; 0 only for documents that are alike to the model. */
function compare({ offsets, buckets, counts }: FeatureLists, a: number, b: number): number {
  const from = offsets[a]!;
  const other = offsets[b]!;
  const size = offsets[a + 1]! - from;
  const difference = size - (offsets[b + 1]! - other);
  if (difference !== 0) return difference;
  for (let at = 0; at < size; at++) {
    const byBucket = buckets[from + at]! - buckets[other + at]!;
    if (byBucket !== 0) return byBucket;
    const byCount = counts[from + at]! - counts[other + at]!;
    if (byCount !== 0) return byCount;
  }
  return 0;
}
