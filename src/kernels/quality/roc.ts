/** Area under the ROC curve, with its 95 % interval. */
export interface Auc {
  /** Probability that a positive scores above a negative; ties count half. */
  readonly auc: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Area under the ROC curve by midranks, variance after DeLong, DeLong and Clarke-Pearson (1988) in the O(n log n) form of Sun and
 * Xu (2014). NaN scores below everything. The interval is a normal one, cut to 0 and 1; both bounds are NaN with fewer than two of a class.
 */
export function areaUnderCurve(positives: Float64Array, negatives: Float64Array): Auc {
  const above = shares(positives, negatives);
  const below = shares(negatives, positives);
  const auc = mean(above);
  const sd = Math.sqrt(variance(above) / above.length + variance(below) / below.length);
  return { auc, low: Math.max(0, auc - 1.96 * sd), high: Math.min(1, auc + 1.96 * sd) };
}

/** For each of `scores` the share of `others` below it, ties half. */
function shares(scores: Float64Array, others: Float64Array): Float64Array {
  const sorted = others.map(orderable).sort();
  return scores.map((score) => {
    const value = orderable(score);
    return (countBelow(sorted, value, false) + countBelow(sorted, value, true)) / 2 / sorted.length;
  });
}

const orderable = (score: number): number => (Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score);

/** How many of the ascending values are less than a value, or also equal to it. */
function countBelow(sorted: Float64Array, value: number, orEqual: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    // low <= middle < high <= sorted.length.
    if (sorted[middle]! < value || (orEqual && sorted[middle] === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function variance(values: Float64Array): number {
  if (values.length < 2) return Number.NaN;
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}
