import type { Interval } from './proof.ts';

/**
 * The percentile interval (Efron and Tibshirani 1993, chapter 13), which asks for no symmetry and turns a ratio around as it should. The quantile p of R
 * replicates is number p (R + 1) in order, linear between two (Davison and Hinkley 1997, section 2.4); with too few replicates the
 * least and the largest of them.
 *
 * What was measured is always inside: where the replicates all lie on one side of it, as they may at a bound, the interval is widened to hold it.
 * The basic interval would hold it no more, and might give a ratio below 0.
 * @param values what was measured, and after it each replicate.
 */
export function intervalOf(values: Float64Array, confidence: number): Interval {
  const value = values[0]!;
  const replicates = values.slice(1).sort();
  const tail = (1 - confidence) / 2;
  return {
    value,
    low: Math.min(value, quantile(replicates, tail)),
    high: Math.max(value, quantile(replicates, 1 - tail)),
  };
}

function quantile(sorted: Float64Array, p: number): number {
  const last = sorted.length - 1;
  const place = Math.min(last, Math.max(0, p * (sorted.length + 1) - 1));
  const below = Math.floor(place);
  const lower = sorted[below]!;
  return lower + (place - below) * (sorted[Math.min(last, below + 1)]! - lower);
}
