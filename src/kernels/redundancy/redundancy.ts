import type { Vectors } from '../vectors/vectors.ts';
import { type RedundancyForm, ScalarRedundancy } from './scalar.ts';
import { SimdRedundancy } from './simd.ts';

export interface RedundancyOptions {
  /** Cosine, above 0, at most 1. Published code names `1 - threshold` its epsilon. */
  readonly threshold: number;
  readonly form: RedundancyForm;
  /** A document is compared with no more than this many of those that come first; all, if left out. */
  readonly mostComparisons?: number;
}

/** What became of the documents of a block, in fresh memory. */
export interface Redundancy {
  /** Number of the document that says what this one says, always a smaller one; -1 where the document is kept. */
  readonly twins: Int32Array;
  /** Cosine to the twin; NaN where the document is kept. */
  readonly similarities: Float64Array;
}

/** Finds the redundant documents of one block after another; keeps nothing of a block but the memory it took. Not reentrant. */
export interface RedundancyKernel {
  /**
   * Redundant documents of a block, which come best first: of two that are alike, the later one is redundant. A document that says nothing
   * (square 0) is kept, and no other is redundant for it.
   *
   * SemDeDup (Abbas et al. 2023, arXiv 2303.09540) inside one cluster. Its own form is `published`: with A like B and B like C it drops C
   * for B although B is gone; `leaders` drops no document for one that is not there.
   *
   * Cosines are compared as whole numbers: dot > 0 and dot^2 >= threshold^2 * square_i * square_j in double arithmetic, where dot^2 and the
   * product of the squares are exact. So both twins and all machines give the same bits.
   *
   * Cost: at most `count^2 / 2` comparisons of `dimensions` multiplications; the SIMD twin leaves most pairs after a part of them.
   * @throws RangeError for a threshold or a bound that is none; CurationError `MEMORY`.
   */
  findRedundant(vectors: Vectors, options: RedundancyOptions): Redundancy;
}

/** `scalar` is plain JavaScript, the reference that the WebAssembly kernel is tested against. */
export function createRedundancyKernel(kernel: 'simd' | 'scalar' = 'simd'): RedundancyKernel {
  const twin = kernel === 'simd' ? new SimdRedundancy() : new ScalarRedundancy();
  return {
    findRedundant: (vectors, { threshold, form, mostComparisons = vectors.count }) => {
      if (!(threshold > 0 && threshold <= 1)) {
        throw new RangeError(`threshold: expected a cosine above 0 and at most 1, found ${threshold}`);
      }
      if (!Number.isInteger(mostComparisons) || mostComparisons < 0) {
        throw new RangeError(`mostComparisons: expected a whole number from 0, found ${mostComparisons}`);
      }
      const { count, squares } = vectors;
      const twins = new Int32Array(count);
      const dots = new Int32Array(count);
      twin.find(vectors, threshold, form, Math.min(mostComparisons, count), twins, dots);
      // Twins are numbers of documents.
      const similarities = Float64Array.from(twins, (other, i) =>
        other < 0 ? Number.NaN : dots[i]! / Math.sqrt(squares[i]! * squares[other]!),
      );
      return { twins, similarities };
    },
  };
}
