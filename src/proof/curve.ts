import type { Curve } from './proof.ts';

/** L(T) = E + B * T^-beta: bits per byte after T tokens. It never rises. Where B is 0 it is flat, and beta says nothing and is 1. */
export type Fit = Curve['fit'];

/** Limits of beta. Learning curves of language models have 0.05 to 1; beyond these the curve is a logarithm, or a step. */
const LEAST_BETA = 0.01;
const MOST_BETA = 2;
/** Where the search looks first, evenly over log beta. */
const CELLS = 20;
/**
 * Halvings of the cell that holds the best beta, which is 0.3 of beta wide: 10 digits. Secants would take a quarter of that on most curves; but where E reaches
 * its limit the slope bends so sharply that they creep along one side of the bend, and stop short.
 */
const HALVINGS = 32;

/**
 * Prepares fits of L(T) = E + B * T^-beta by least squares, with E >= 0, B >= 0 and 0.01 <= beta <= 2. For a given beta, E and B are linear and
 * have a closed form, limits included; what is left is a search over beta alone (variable projection: Golub and Pereyra 1973). It looks at points even
 * in log beta and then, around the best, for the root of the derivative of the squares; E and B being at their best, or at a limit, only
 * the direct part of that derivative is not 0.
 * @param tokens of each point, above 0, three or more; their order does not matter.
 * @returns the fit of losses at those tokens. A few microseconds; one fitter is not to be used by two callers in turn within a call.
 */
export function curveFitter(tokens: readonly number[]): (losses: ArrayLike<number>) => Fit {
  const count = tokens.length;
  if (count < 3) throw new RangeError(`A curve is fitted to 3 points or more, not ${count}.`);
  if (!tokens.every((one) => one > 0 && one < Infinity)) {
    throw new RangeError(`Tokens of a curve are above 0: ${tokens.join(', ')}.`);
  }
  // Powers of T / most are between 1 and (most / least)^2, whatever the unit.
  const most = Math.max(...tokens);
  const logs = Float64Array.from(tokens, (one) => Math.log(one / most));
  const betas = Float64Array.from({ length: CELLS + 1 }, (_, at) =>
    at === CELLS ? MOST_BETA : LEAST_BETA * (MOST_BETA / LEAST_BETA) ** (at / CELLS),
  );
  const grid = Array.from(betas, (beta) => powers(logs, beta, new Float64Array(count)));
  const scratch = new Float64Array(count);

  return (losses) => {
    if (losses.length !== count) throw new RangeError(`Losses: ${losses.length}, but tokens: ${count}.`);
    let best = 0;
    let found = solve(grid[0]!, logs, losses);
    for (let at = 1; at <= CELLS; at++) {
      const here = solve(grid[at]!, logs, losses);
      if (here.squares < found.squares) {
        best = at;
        found = here;
      }
    }
    if (Number.isNaN(found.squares))
      throw new RangeError(`Losses of a curve are numbers: ${Array.from(losses).join(', ')}.`);
    let beta = betas[best]!;
    const toward = found.slope < 0 ? best + 1 : best - 1;
    if (found.slope !== 0 && toward >= 0 && toward <= CELLS) {
      // The squares fall from `near` on, and are larger at `far`.
      let near = beta;
      let far = betas[toward]!;
      const falls = Math.sign(found.slope);
      for (let halving = 0; halving < HALVINGS; halving++) {
        beta = (near + far) / 2;
        found = solve(powers(logs, beta, scratch), logs, losses);
        if (Math.sign(found.slope) === falls) near = beta;
        else far = beta;
      }
    }
    if (found.fall === 0) return { E: found.floor, B: 0, beta: 1 };
    return { E: found.floor, B: found.fall * most ** beta, beta };
  };
}

/** Loss of a curve after `tokens`. */
export function lossAt(fit: Fit, tokens: number): number {
  return fit.E + fit.B * tokens ** -fit.beta;
}

/**
 * Tokens after which a curve has come down to `loss`, as a real number; the inverse of {@link lossAt}.
 * Infinity where it never does; 0 where it is flat and never was above.
 */
export function tokensAt(fit: Fit, loss: number): number {
  if (fit.B === 0) return loss >= fit.E ? 0 : Infinity;
  return loss > fit.E ? (fit.B / (loss - fit.E)) ** (1 / fit.beta) : Infinity;
}

function powers(logs: Float64Array, beta: number, into: Float64Array): Float64Array {
  // Both have one number for each point.
  for (let at = 0; at < logs.length; at++) into[at] = Math.exp(-beta * logs[at]!);
  return into;
}

/** The best floor + fall * x for the given powers x, the sum of its squared residuals, and the derivative of half of that by beta. */
function solve(
  x: Float64Array,
  logs: Float64Array,
  losses: ArrayLike<number>,
): { floor: number; fall: number; squares: number; slope: number } {
  const count = x.length;
  let meanX = 0;
  let meanLoss = 0;
  // All three have `count` numbers, here and below.
  for (let at = 0; at < count; at++) {
    meanX += x[at]!;
    meanLoss += losses[at]!;
  }
  meanX /= count;
  meanLoss /= count;
  let squaresX = 0;
  let products = 0;
  for (let at = 0; at < count; at++) {
    const offset = x[at]! - meanX;
    squaresX += offset * offset;
    products += offset * (losses[at]! - meanLoss);
  }
  // Squares are convex in (floor, fall): where the free best breaks one limit, the best within the limits lies on it.
  let fall = squaresX > 0 ? Math.max(0, products / squaresX) : 0;
  let floor = meanLoss - fall * meanX;
  if (floor < 0) {
    squaresX += count * meanX * meanX;
    products += count * meanX * meanLoss;
    fall = Math.max(0, products / squaresX);
    floor = 0;
  }
  let squares = 0;
  let slope = 0;
  for (let at = 0; at < count; at++) {
    const residual = losses[at]! - floor - fall * x[at]!;
    squares += residual * residual;
    // d x / d beta = -log * x
    slope += residual * fall * logs[at]! * x[at]!;
  }
  return { floor, fall, squares, slope };
}
