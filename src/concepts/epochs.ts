import { exp, ln } from './portable-math.ts';
import { clip, projectQuotas, segment, sumOf } from './quotas.ts';

/** How fast the worth of repeats fades (Muennighoff et al. 2023, fitted on C4): after 1 + R epochs the next one is worth 1/e of the first. */
export const REPEAT_WORTH = 15.387756;

/** The other constants of the fit: logarithms of its E, A and B, the exponent of both terms, and what repeats are to parameters. */
const FIT = { e: 0.6254804, a: 6.255414, b: 7.3049974, exponent: 0.3526596, parameterWorth: 5.309743 };

/** What `epochs` passes over `unique` tokens are worth in fresh tokens: U + U R (1 - exp(-(e - 1) / R)); `unique * epochs` up to one pass. */
export function effectiveTokens(unique: number, epochs: number, worth: number = REPEAT_WORTH): number {
  return unique * (epochs <= 1 ? epochs : 1 + worth * (1 - exp((1 - epochs) / worth)));
}

/** What a token adds, in fresh tokens, when it is seen for the `epochs`-th time: exp(-(e - 1) / R); 1 up to one pass. */
export function marginalValue(epochs: number): number {
  return epochs <= 1 ? 1 : exp((1 - epochs) / REPEAT_WORTH);
}

/**
 * Loss in nats a token that Muennighoff et al. 2023 predict for a model of `parameters` that sees `tokens`, of them `unique` different ones:
 * E + A / N_eff^alpha + B / D_eff^alpha. Parameters beyond what the unique tokens call for fade as repeats do.
 */
export function dataConstrainedLoss(parameters: number, tokens: number, unique: number): number {
  const { e, a, b, exponent, parameterWorth } = FIT;
  // Compute-optimal parameters for so many tokens: G^2 tokens, with G^(2 alpha) = A / B as both exponents are equal.
  const needed = Math.min(parameters, unique * exp((a - b) / exponent));
  const effective = effectiveTokens(needed, parameters / needed, parameterWorth);
  const seen = effectiveTokens(unique, tokens / unique);
  return exp(e) + exp(a - exponent * ln(effective)) + exp(b - exponent * ln(seen));
}

/** How often the documents of each cell are seen. */
export interface Epochs {
  /** Times on average; 0 for a cell without tokens. */
  readonly epochs: Float64Array;
  /** The cut: a cell of this value is seen once where no bound holds it; Infinity where nothing is given. */
  readonly lambda: number;
  /** Tokens given, repeats counted: the budget, up to rounding, or all there are times `mostEpochs` where that is less. */
  readonly tokens: number;
}

/**
 * Epochs that make the most of a budget if each effective token of a cell is worth `values[cell]`: the maximum of sum v_j D_eff(U_j, e_j) where
 * sum U_j e_j = budget. By its conditions (Karush, Kuhn and Tucker) e_j = min(E, 1 + R ln(v_j / lambda)) above the cut, 0 below, and
 * what is left goes to the cells at the cut, the same share of each. Cells of no value are left out, even if budget is left.
 * @param values finite, 0 or more. @param mostEpochs at least 1.
 */
export function repeatEpochs(options: {
  readonly values: Float64Array;
  readonly tokens: Float64Array;
  readonly budget: number;
  readonly mostEpochs: number;
}): Epochs {
  const { values, tokens, budget, mostEpochs } = options;
  checkMost(mostEpochs);
  const logs = values.map((value, cell) => (tokens[cell]! > 0 ? ln(value) : -Infinity));
  const cuts = logs.filter((log) => log > -Infinity);
  if (cuts.length === 0 || !(budget > 0)) return nothing(logs.length);
  const capAt = (mostEpochs - 1) / REPEAT_WORTH;
  // Of the logarithm x of lambda. A cell at the cut, log = x, is seen `atCut` times: there the sum jumps by all its tokens.
  const epochsAt = (x: number, atCut: number): Float64Array =>
    logs.map((log) => {
      if (log <= x) return log < x ? 0 : atCut;
      // Compared as the turn is given out, so that a cell at it is seen exactly so often.
      return x <= log - capAt ? mostEpochs : 1 + REPEAT_WORTH * (log - x);
    });
  const sumAt = (x: number, atCut = 1): number => given(epochsAt(x, atCut), tokens);
  const caps = cuts.map((log) => log - capAt);
  const [from, to] = segment(cuts, caps, sumAt, budget);
  let x = from;
  let atCut = 1;
  const without = sumAt(from, 0);
  if (without < budget) atCut = Math.min(1, (budget - without) / (sumAt(from) - without));
  else {
    // Above `from` and up to `to` the sum is a straight line.
    let free = 0;
    for (const [cell, log] of logs.entries()) if (log >= to && log - capAt <= from) free += tokens[cell]!;
    x = free === 0 ? to : clip(to - (budget - sumAt(to)) / (REPEAT_WORTH * free), from, to);
  }
  const epochs = epochsAt(x, atCut);
  return { epochs, lambda: exp(x), tokens: given(epochs, tokens) };
}

/** What is known of the cells, and what they are to share. */
export interface EpochOptions {
  /** The share of the budget that each cell asks for, 0 or more; only their ratios matter. */
  readonly shares: Float64Array;
  /** Tokens of each cell that are no duplicates. */
  readonly tokens: Float64Array;
  /** Tokens to give, repeats counted. */
  readonly budget: number;
  /** No cell is seen more often; at least 1. */
  readonly mostEpochs: number;
  /** Least part, 0 to 1, of what each cell would get if all were seen equally often. So none vanishes. Never more than one epoch. 0.5 if not given. */
  readonly floor?: number;
}

/**
 * How often each cell is seen: in proportion to what it asks for until it is used up, and then less and less, as repeats are worth less.
 * A cell asks for v_j = shares_j * budget / tokens_j epochs. It gets v_j / lambda where that is at most 1, else 1 + R ln(v_j / lambda),
 * within floor and `mostEpochs`: the maximum of sum U_j v_j G(e_j) under the budget, with G(e) = 1 + ln e up to one epoch
 * and D_eff(U, e) / U (Muennighoff et al. 2023) from there on; both meet at e = 1 with slope 1, and G is concave.
 * Raising a cell's share never lowers its epochs, raising the budget nobody's. Cells of no share come last.
 * The same to the bit on every machine. `lambda` is the cut as defined above.
 * @throws RangeError when `mostEpochs` or `floor` is out of its range.
 */
export function seenEpochs(options: EpochOptions): Epochs {
  const { budget, least } = limits(options);
  const used = Array.from(options.tokens.keys()).filter((cell) => options.tokens[cell]! > 0);
  const all = nothing(options.tokens.length);
  if (budget === 0) return all;
  const tokens = Float64Array.from(used, (cell) => options.tokens[cell]!);
  const shares = Float64Array.from(used, (cell) => Math.max(options.shares[cell]!, LEAST_SHARE));
  const curve = new EpochCurve(shares, tokens, { budget, least, mostEpochs: options.mostEpochs });
  const cut = curve.cutOf(budget);
  const epochs = curve.epochsAt(cut);
  settle(epochs, tokens, budget, { least, mostEpochs: options.mostEpochs });
  for (const [at, cell] of used.entries()) all.epochs[cell] = epochs[at]!;
  return { epochs: all.epochs, lambda: exp(cut) * budget, tokens: given(all.epochs, options.tokens) };
}

/** Epochs of all cells as the cut x = ln(lambda / budget) rises: first `mostEpochs`, then a line, then a falling exponential, then the least. */
class EpochCurve {
  readonly #tokens: Float64Array;
  readonly #least: number;
  readonly #mostEpochs: number;
  /** Where each cell comes down from `mostEpochs`, where it is seen once, and where it comes to its least. */
  readonly #caps: Float64Array;
  readonly #cuts: Float64Array;
  readonly #ends: Float64Array;

  constructor(
    shares: Float64Array,
    tokens: Float64Array,
    bounds: { readonly budget: number; readonly least: number; readonly mostEpochs: number },
  ) {
    const { budget, least, mostEpochs } = bounds;
    this.#tokens = tokens;
    this.#least = least;
    this.#mostEpochs = mostEpochs;
    this.#cuts = shares.map((share, cell) => ln(share) - ln(tokens[cell]!));
    this.#caps = this.#cuts.map((cut) => cut - (mostEpochs - 1) / REPEAT_WORTH);
    // Without a least the exponential has no end. Here all cells are on it, and their sum is the budget.
    const last = this.#cuts.reduce((most, cut) => Math.max(most, cut), ln(sumOf(shares) / budget));
    this.#ends = this.#cuts.map((cut) => (least > 0 ? cut - ln(least) : last));
  }

  epochsAt(x: number): Float64Array {
    // Turns are compared as they are given out, so that a cell at one of them is seen exactly as often as it should.
    return this.#cuts.map((cut, cell) => {
      if (x <= this.#caps[cell]!) return this.#mostEpochs;
      if (x <= cut) return 1 + REPEAT_WORTH * (cut - x);
      return this.#least > 0 && x >= this.#ends[cell]! ? this.#least : exp(cut - x);
    });
  }

  /** The cut that spends the budget. Between two turns the sum is a line and one exponential, so each step of the bisection costs next to nothing. */
  cutOf(budget: number): number {
    const turns = new Float64Array(2 * this.#cuts.length);
    turns.set(this.#caps);
    turns.set(this.#cuts, this.#cuts.length);
    let [low, high] = segment(turns, this.#ends, (x) => given(this.epochsAt(x), this.#tokens), budget);
    const middle = low + (high - low) / 2;
    let fixed = 0;
    let slope = 0;
    let fading = 0;
    for (const [cell, epochs] of this.epochsAt(middle).entries()) {
      const tokens = this.#tokens[cell]!;
      const cut = this.#cuts[cell]!;
      if (middle > cut && middle < this.#ends[cell]!) fading += tokens * epochs;
      else fixed += tokens * epochs;
      if (middle <= cut && middle > this.#caps[cell]!) slope += tokens * REPEAT_WORTH;
    }
    for (let x = middle; x > low && x < high; x = low + (high - low) / 2) {
      if (fading * exp(middle - x) + fixed + slope * (middle - x) > budget) low = x;
      else high = x;
    }
    return high;
  }
}

/**
 * The same by projection: the tokens nearest to shares * budget (least sum of squares) within the bounds of {@link seenEpochs}.
 * `lambda` is in tokens: what each cell gets less than it asked for where no bound holds it. Shares sum to 1.
 */
export function projectedEpochs(options: EpochOptions): Epochs {
  const { shares, tokens, mostEpochs } = options;
  const { budget, least } = limits(options);
  const { quotas, by } = projectQuotas(
    shares.map((share) => share * budget),
    tokens.map((unique) => unique * least),
    tokens.map((unique) => unique * mostEpochs),
    budget,
  );
  const epochs = quotas.map((quota, cell) => (tokens[cell]! > 0 ? quota / tokens[cell]! : 0));
  return { epochs, lambda: by, tokens: given(epochs, tokens) };
}

/** Stands for a share of 0: such cells come after all others, and are not left out where budget is left. */
const LEAST_SHARE = 2 ** -1022;

/** The budget that can be given, and the least epochs of every cell. */
function limits(options: EpochOptions): { readonly budget: number; readonly least: number } {
  const { tokens, mostEpochs, floor = 0.5 } = options;
  checkMost(mostEpochs);
  if (!(floor >= 0 && floor <= 1)) throw new RangeError(`the floor must be 0 to 1, found ${floor}`);
  const unique = sumOf(tokens);
  const budget = clip(options.budget, 0, unique * mostEpochs);
  return { budget, least: unique === 0 ? 0 : Math.min(1, (floor * budget) / unique) };
}

function checkMost(mostEpochs: number): void {
  if (!(mostEpochs >= 1)) throw new RangeError(`the most epochs must be at least 1, found ${mostEpochs}`);
}

/** Spreads what rounding left of the budget over the cells that no bound holds, in proportion to their tokens. */
function settle(
  epochs: Float64Array,
  tokens: Float64Array,
  budget: number,
  bounds: { readonly least: number; readonly mostEpochs: number },
): void {
  const isFree = (value: number): boolean => value > bounds.least && value < bounds.mostEpochs;
  let free = 0;
  for (const [cell, value] of epochs.entries()) if (isFree(value)) free += tokens[cell]! * value;
  if (free === 0) return;
  const factor = 1 + (budget - given(epochs, tokens)) / free;
  for (const [cell, value] of epochs.entries()) {
    if (isFree(value)) epochs[cell] = clip(value * factor, bounds.least, bounds.mostEpochs);
  }
}

function given(epochs: Float64Array, tokens: Float64Array): number {
  let sum = 0;
  for (const [cell, value] of epochs.entries()) sum += value * tokens[cell]!;
  return sum;
}

function nothing(cells: number): Epochs {
  return { epochs: new Float64Array(cells), lambda: Infinity, tokens: 0 };
}
