import type { TextColumn } from '../../columns/text-column.ts';
import type { Vectors } from '../vectors/vectors.ts';

/**
 * What the lexical encoder has learned from a sample: how much each hashed word tells, and, with latent semantic analysis, what it means.
 * Arrays may lie in shared memory; they are read only.
 */
export interface LexicalModel {
  /** Components of a vector; a multiple of 16. */
  readonly dimensions: number;
  /** The hash of a word is shifted down to this many bits, at most 20. */
  readonly bucketBits: number;
  /**
   * Weight of each bucket, scaled to whole numbers: its inverse document frequency, with a map times the length of its direction. 0 where a bucket
   * tells nothing, or was in fewer than two documents of the sample.
   */
  readonly weights: Uint16Array;
  /** `2^bucketBits * dimensions`: the direction of each bucket; undefined for a random projection, whose signs are hashed. */
  readonly map: Int8Array | undefined;
}

/** Turns text into directions by the words that are in it; not reentrant, one for each thread. */
export interface LexicalKernel {
  readonly dimensions: number;
  /** Vectors of the chosen rows, in the order given, or of all, in fresh memory. Each depends on its own bytes only. */
  embed(text: TextColumn, rows?: Uint32Array): Vectors;
}
