import { DISTANCE_BINS } from '../concepts/outliers.ts';
import type { ConceptTree } from '../concepts/tree.ts';
import type { EncoderPlan, StaticModel } from '../encoders/encoder.ts';
import { MOST_DIMENSIONS } from '../kernels/vectors/vectors.ts';
import { type CurateConfig, MOST_CONCEPTS } from './options.ts';

/** Documents that concepts are learned from, for each of them and in all. */
const SAMPLE_PER_CONCEPT = 64;
const MOST_SAMPLE = 2 ** 18;
/** The lexical encoder learns from so many: words are common to all concepts. */
export const LEXICAL_SAMPLE: number = 2 ** 13;
/** And from so many of their words, each counted once a document: what is held does not grow with the length of documents. */
export const MOST_FEATURES: number = 3 * 2 ** 20;
/** Components of its vectors. */
const LEXICAL_DIMENSIONS = 128;

/** Groups that a budget is shared out among: quotas are solved for each concept of each. Of a column, words that come later are one group. */
export const MOST_GROUPS = 1024;

export const EXAMPLES_PER_CONCEPT = 12;
export const EXAMPLE_BYTES = 1536;

/** Concepts to look for among so many documents. */
export function leavesFor(documents: number, { concepts }: Pick<CurateConfig, 'concepts'>): number {
  return concepts ?? Math.max(1, Math.min(MOST_CONCEPTS, Math.round(Math.sqrt(documents))));
}

/** Documents that so many concepts are learned from. */
export function sampleFor(leaves: number): number {
  return Math.min(MOST_SAMPLE, SAMPLE_PER_CONCEPT * leaves);
}

/** Bytes of the words that the lexical encoder learns from: six for each, before and after those that are too many go. */
export const WORD_SAMPLE_BYTES: number = 3 * 6 * MOST_FEATURES;

/** Bytes of the sample that so many concepts are learned from: vectors and those of edits, as they come and side by side. */
export function sampleBytes(leaves: number, { encoder }: Pick<CurateConfig, 'encoder'>): number {
  const dimensions = encoder === 'lexical' ? LEXICAL_DIMENSIONS : MOST_DIMENSIONS;
  return sampleFor(leaves) * (4 * dimensions + 256);
}

/** Bytes of distances and examples of so many concepts. */
export function conceptBytes(leaves: number): number {
  return (leaves + 1) * (4 * DISTANCE_BINS + EXAMPLES_PER_CONCEPT * (EXAMPLE_BYTES + 40));
}

/** Bytes of an encoder and a tree: what threads share, and what each of them makes of it. */
export function encoderBytes(encoder: EncoderPlan, tree: ConceptTree | undefined, threads: number): number {
  const own = tree === undefined ? 0 : tree.leafCenters.byteLength + tree.branchCenters.byteLength;
  switch (encoder.kind) {
    case 'lexical': {
      const { weights, map } = encoder.model;
      return (threads + 1) * (own + weights.byteLength + (map?.byteLength ?? 0));
    }
    case 'static':
      return (threads + 1) * own + (encoder.model === undefined ? 0 : tableBytes(encoder.model));
    default:
      return (threads + 1) * own;
  }
}

/** Bytes of a static model, which threads share. */
export function tableBytes({ table, mapping, weights, tokenizer }: StaticModel): number {
  return [table, mapping, weights, tokenizer].reduce((sum, each) => sum + (each?.byteLength ?? 0), 0);
}

/**
 * Bytes that the most costly step takes besides threads, batches and 9 bytes a document: known before the first row, so that it is refused then.
 * @param sortBytes what sorts may take.
 */
export function largestStepBytes(
  documents: number,
  sortBytes: number,
  config: Pick<CurateConfig, 'encoder' | 'concepts' | 'engine'>,
): number {
  const leaves = leavesFor(documents, config);
  const largest = Math.max(WORD_SAMPLE_BYTES, sampleBytes(leaves, config), sortBytes + conceptBytes(leaves));
  return largest + KEPT_BYTES + config.engine.threads * KEPT_THREAD_BYTES;
}

/** What earlier steps leave resident: the system's allocator keeps memory of threads that have ended, and buffers wait to be collected. */
const KEPT_BYTES: number = 64 * 2 ** 20;
const KEPT_THREAD_BYTES: number = 80 * 2 ** 20;
