import type { Vectors } from '../vectors/vectors.ts';

/**
 * Which earlier documents a document is compared with.
 * `leaders`: those that were kept; it is redundant if its cosine to one of them is at least the threshold, and its twin is the first of those.
 * `published`: all, redundant ones too; it is redundant if the largest cosine is above the threshold, and that one is its twin (the first
 * of equals).
 */
export type RedundancyForm = 'leaders' | 'published';

/** What both twins compute: see `RedundancyKernel`. */
export interface RedundancySearch {
  /**
   * @param mostComparisons 0 to `vectors.count`.
   * @param twins receives the number of each document's twin, or -1.
   * @param dots receives the dot product with the twin where there is one.
   */
  find(
    vectors: Vectors,
    threshold: number,
    form: RedundancyForm,
    mostComparisons: number,
    twins: Int32Array,
    dots: Int32Array,
  ): void;
}

/** The definition, pair after pair, as plain loops. */
export class ScalarRedundancy implements RedundancySearch {
  find(
    { count, dimensions, values, squares }: Vectors,
    threshold: number,
    form: RedundancyForm,
    mostComparisons: number,
    twins: Int32Array,
    dots: Int32Array,
  ): void {
    const least = threshold * threshold;
    /** Documents that later ones are compared with, in order. */
    const earlier = new Int32Array(count);
    let earlierCount = 0;
    for (let i = 0; i < count; i++) {
      // Documents are below `count`, and those in `earlier` below `earlierCount`.
      twins[i] = -1;
      const square = squares[i]!;
      const limit = Math.min(earlierCount, mostComparisons);
      let most = 0;
      for (let place = 0; place < limit && square > 0; place++) {
        const other = earlier[place]!;
        let dot = 0;
        for (let at = 0; at < dimensions; at++) {
          dot += values[i * dimensions + at]! * values[other * dimensions + at]!;
        }
        if (dot <= 0) continue;
        const bound = least * (square * squares[other]!);
        if (form === 'leaders') {
          if (dot * dot < bound) continue;
          twins[i] = other;
          dots[i] = dot;
          break;
        }
        if (dot * dot <= bound) continue;
        const likeness = (dot * dot) / squares[other]!;
        if (likeness <= most) continue;
        most = likeness;
        twins[i] = other;
        dots[i] = dot;
      }
      if (form === 'published' || (square > 0 && twins[i] === -1)) earlier[earlierCount++] = i;
    }
  }
}
