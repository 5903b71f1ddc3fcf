/**
 * What the lexical encoder has learned from a sample: how much each hashed feature tells, and, with latent semantic analysis, what it means.
 * Arrays may lie in shared memory; they are read only.
 */
export interface LexicalModel {
  /** Components of a vector; a multiple of 16. */
  readonly dimensions: number;
  /** A feature hash is shifted down to this many bits. */
  readonly bucketBits: number;
  /** Weight of each bucket (inverse document frequency), scaled to whole numbers; 0 where a bucket tells nothing or was never seen. */
  readonly weights: Uint16Array;
  /** `2^bucketBits * dimensions`: the direction of each bucket; undefined for a random projection, whose signs are hashed. */
  readonly map: Int8Array | undefined;
}
