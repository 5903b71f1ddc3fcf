/** Parts of a total, each within its bounds. */
export interface Quotas {
  readonly quotas: Float64Array;
  /** What all are moved by (`projectQuotas`: target - lambda) or scaled by (`fillQuotas`: target * factor) where no bound holds them. */
  readonly by: number;
  /** Sum of the quotas: the total that was asked for, up to rounding, or the nearest that the bounds allow. */
  readonly total: number;
}

/**
 * The quotas nearest to the targets (least sum of squares) within their bounds that sum to `total`: clip(target - lambda, lower, upper), which
 * is the solution of the quadratic programme of density-based pruning (Abbas et al. 2024). What bounds take or leave is spread evenly, not in
 * proportion: where large targets are capped, all others rise by as much as each other, whatever their targets.
 * @param lower,upper finite, lower <= upper.
 */
export function projectQuotas(
  targets: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
  total: number,
): Quotas {
  const leaves = targets.map((target, cell) => target - upper[cell]!);
  const ends = targets.map((target, cell) => target - lower[cell]!);
  const at = (lambda: number): Float64Array =>
    targets.map((target, cell) => clip(target - lambda, lower[cell]!, upper[cell]!));
  const [from, to] = segment(leaves, ends, (lambda) => sumOf(at(lambda)), total);
  // Between two turns every cell is at a bound or moves with lambda: the sum is a straight line.
  const isFree = (cell: number): boolean => leaves[cell]! <= from && ends[cell]! >= to;
  let fixed = 0;
  let free = 0;
  let count = 0;
  for (const [cell, target] of targets.entries()) {
    if (isFree(cell) && from < to) {
      free += target;
      count++;
    } else fixed += clip(target - from, lower[cell]!, upper[cell]!);
  }
  const lambda = count === 0 ? from : clip((free + fixed - total) / count, from, to);
  const quotas = at(lambda);
  return { quotas, by: lambda, total: sumOf(quotas) };
}

/**
 * Quotas in proportion to the targets, within their bounds, that sum to `total`: clip(factor * target, lower, upper).
 * Any two that no bound holds keep the ratio of their targets. A target of 0 stays at its lower bound.
 * @param targets,lower,upper finite, 0 or more; lower <= upper.
 */
export function fillQuotas(
  targets: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
  total: number,
): Quotas {
  const leaves = targets.map((target, cell) => (target > 0 ? lower[cell]! / target : 0));
  const ends = targets.map((target, cell) => (target > 0 ? upper[cell]! / target : 0));
  const at = (factor: number): Float64Array =>
    targets.map((target, cell) =>
      target > 0 ? clip(factor * target, lower[cell]!, upper[cell]!) : lower[cell]!,
    );
  const [from, to] = segment(leaves, ends, (factor) => sumOf(at(factor)), total);
  const isFree = (cell: number): boolean => leaves[cell]! <= from && ends[cell]! >= to && targets[cell]! > 0;
  let fixed = 0;
  let free = 0;
  for (const [cell, target] of targets.entries()) {
    if (isFree(cell) && from < to) free += target;
    else fixed += target > 0 ? clip(from * target, lower[cell]!, upper[cell]!) : lower[cell]!;
  }
  const factor = free === 0 ? from : clip((total - fixed) / free, from, to);
  const quotas = at(factor);
  return { quotas, by: factor, total: sumOf(quotas) };
}

/**
 * Neighbouring turns of a monotone sum with the total between them: where each cell leaves one bound and where it meets the other.
 * Twice the last (or first) one where the total is beyond all.
 */
export function segment(
  leaves: Float64Array,
  ends: Float64Array,
  sumAt: (turn: number) => number,
  total: number,
): readonly [number, number] {
  const turns = new Float64Array(leaves.length + ends.length);
  turns.set(leaves);
  turns.set(ends, leaves.length);
  turns.sort();
  if (turns.length === 0) return [0, 0];
  const last = turns.length - 1;
  const isRising = sumAt(turns[0]!) <= sumAt(turns[last]!);
  // The first turn at which the sum has come to the total or passed it.
  let low = 0;
  let high = turns.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const sum = sumAt(turns[middle]!);
    if (isRising ? sum >= total : sum <= total) high = middle;
    else low = middle + 1;
  }
  if (low === 0) return [turns[0]!, turns[0]!];
  if (low > last) return [turns[last]!, turns[last]!];
  return [turns[low - 1]!, turns[low]!];
}

export function clip(value: number, lower: number, upper: number): number {
  return Math.min(upper, Math.max(lower, value));
}

export function sumOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/**
 * Whole numbers near `values` that sum to exactly `total`: each is rounded down, and those with the largest remainders get one more,
 * the first of equal ones first (Hamilton's method).
 * @throws RangeError unless the values, 0 or more, sum to a whole `total` within one half.
 */
export function largestRemainder(values: Float64Array, total: number): Float64Array {
  const sum = sumOf(values);
  if (!(Math.abs(sum - total) < 0.5) || !Number.isSafeInteger(total)) {
    throw new RangeError(`values that sum to ${sum} cannot be rounded to a sum of ${total}`);
  }
  const whole = values.map((value) => Math.floor(value));
  // From 0 to the number of values: they lose less than one each, and sum to the total within one half.
  const missing = total - sumOf(whole);
  const order = Array.from(values, (_, index) => index);
  const remainder = (index: number): number => values[index]! - whole[index]!;
  order.sort((a, b) => remainder(b) - remainder(a) || a - b);
  for (const index of order.slice(0, missing)) whole[index]!++;
  return whole;
}

/**
 * Least documents of each concept: floor(total / concepts * balance), or all it has where that is less, so that no concept vanishes
 * (Abbas et al. 2024, whose code takes a balance of 0.5).
 */
export function lowerBounds(documents: Float64Array, total: number, balance = 0.5): Float64Array {
  const least = Math.floor((total / documents.length) * balance);
  return documents.map((count) => Math.min(count, least));
}
