import { exp, ln } from './portable-math.ts';
import { fillQuotas, sumOf } from './quotas.ts';

/**
 * Parts of a budget for groups of unlike size, as even as their sizes allow if none is seen more than `mostEpochs` times (UniMax: Chung et al. 2023).
 * From the smallest on, each gets an even part of what is left, or all it may. Sums to the budget, or to all there is times `mostEpochs`.
 */
export function uniMax(sizes: Float64Array, budget: number, mostEpochs: number): Float64Array {
  const order = Array.from(sizes, (_, group) => group).sort((a, b) => sizes[a]! - sizes[b]! || a - b);
  const budgets = new Float64Array(sizes.length);
  let left = budget;
  for (const [at, group] of order.entries()) {
    const part = Math.min(left / (order.length - at), sizes[group]! * mostEpochs);
    budgets[group] = part;
    left -= part;
  }
  return budgets;
}

/**
 * Parts of a budget in proportion to size^exponent: 1 as in the data, 0 for all alike, 0.3 in the mixtures of XLM-R and mT5. What a group may not take,
 * as none is seen more than `mostEpochs` times, goes to the others in proportion. Groups of size 0 get nothing. Sums as {@link uniMax} does.
 */
export function temperatureBudgets(
  sizes: Float64Array,
  budget: number,
  exponent: number,
  mostEpochs: number,
): Float64Array {
  // Relative to the largest, so that no power overflows.
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  const weights = sizes.map((size) => (size > 0 ? exp(exponent * ln(size / largest)) : 0));
  const limits = sizes.map((size) => size * mostEpochs);
  return fillQuotas(weights, new Float64Array(sizes.length), limits, budget).quotas;
}

/** Parts of a budget in proportion to size. */
export function naturalBudgets(sizes: Float64Array, budget: number, mostEpochs: number): Float64Array {
  const all = sumOf(sizes);
  const epochs = all === 0 ? 0 : Math.min(mostEpochs, budget / all);
  return sizes.map((size) => size * epochs);
}
