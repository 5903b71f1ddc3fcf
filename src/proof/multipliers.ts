import { type Fit, lossAt, tokensAt } from './curve.ts';

/** What each side of a comparison needs to reach the loss of the worse of both, and whether the better needs even less than that. */
export interface Need {
  readonly arm: number;
  readonly against: number;
  /** Of `against` over `arm`: above, where `arm` needs less than is known; below, where `against` does. */
  readonly bound: 'none' | 'above' | 'below';
}

/**
 * Tokens that either side needs to reach the loss that the worse of both has after all tokens.
 *
 * Nothing is read off a curve outside of `[first, last]`. The worse needs all tokens by definition; that is where its loss is taken, also where its curve is flat
 * and it was there before (the limit of curves that fall ever less; so who is worse in the end never counts as faster).
 * The better curve is at that loss or below it after all tokens, so it comes there at some point, wherever the E of either lies; all that can be
 * unknown is how long before the first budget, and then `first` is a bound. Curves that end alike need the same.
 * @param first the least and `last` the most tokens at which both were measured.
 */
export function tokensNeeded(arm: Fit, against: Fit, first: number, last: number): Need {
  const ends = lossAt(arm, last) - lossAt(against, last);
  if (ends === 0) return { arm: last, against: last, bound: 'none' };
  const [better, worse] = ends < 0 ? [arm, against] : [against, arm];
  const tokens = tokensAt(better, lossAt(worse, last));
  const within = Math.min(last, Math.max(first, tokens));
  return needOf(ends < 0, within, last, tokens < first);
}

/**
 * Parameters that either side needs to reach the loss that the worse of both has at its largest size; by the same rules. The loss between two sizes is linear in
 * the logarithm of parameters, and that of a size is the least of all sizes up to it.
 * @param sizes parameters of each arm's models, ascending, two or more, the last common to both; with the loss of each.
 */
export function parametersNeeded(
  arm: { readonly sizes: readonly number[]; readonly losses: readonly number[] },
  against: { readonly sizes: readonly number[]; readonly losses: readonly number[] },
): Need {
  const last = arm.sizes.at(-1)!;
  const ends = Math.min(...arm.losses) - Math.min(...against.losses);
  if (ends === 0) return { arm: last, against: last, bound: 'none' };
  const [better, worse] = ends < 0 ? [arm, against] : [against, arm];
  const target = Math.min(...worse.losses);
  // There is one: the better's last minimum is below the target.
  const at = better.losses.findIndex((loss) => loss <= target);
  const size = better.sizes[at]!;
  if (at === 0) return needOf(ends < 0, size, last, better.losses[0]! < target);
  // All sizes before are above the target.
  const before = Math.min(...better.losses.slice(0, at));
  const share = (before - target) / (before - better.losses[at]!);
  const smaller = better.sizes[at - 1]!;
  return needOf(ends < 0, smaller * (size / smaller) ** share, last, false);
}

function needOf(armIsBetter: boolean, better: number, worse: number, isBound: boolean): Need {
  if (armIsBetter) return { arm: better, against: worse, bound: isBound ? 'above' : 'none' };
  return { arm: worse, against: better, bound: isBound ? 'below' : 'none' };
}

/**
 * Size of a model after `tokens`, a power of tokens between two budgets (Heaps' law, as for other counts of distinct things).
 * @param budgets ascending, and `tokens` between the first and the last.
 */
export function sizeAt(budgets: readonly number[], sizes: readonly number[], tokens: number): number {
  const found = budgets.findIndex((budget) => budget >= tokens);
  const at = Math.max(1, found);
  const share = Math.log(tokens / budgets[at - 1]!) / Math.log(budgets[at]! / budgets[at - 1]!);
  return sizes[at - 1]! * (sizes[at]! / sizes[at - 1]!) ** share;
}
