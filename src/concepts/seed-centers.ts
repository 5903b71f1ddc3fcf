import {
  CENTER_NORM,
  type CenterKernel,
  type Centers,
  centerSquares,
  createNearest,
  DOTS,
  similarity,
} from '../kernels/vectors/centers.ts';
import type { Vectors } from '../kernels/vectors/vectors.ts';
import type { Distinct } from './distinct-vectors.ts';
import { unitOf } from './draws.ts';

/** What draws are for: those of another seed, purpose or stream have nothing to do with these. */
export interface Draws {
  readonly seed: number;
  readonly purpose: string;
  readonly stream: number;
}

/** Most centres that are put elsewhere, which costs a look at all, and most places that are tried for it. */
const RELOCATIONS = 8;
const RELOCATION_TRIALS = 24;

/**
 * First centres: k-means++ (Arthur and Vassilvitskii 2007) in its greedy form. Each next one is a member, the best of four drawn as {@link Trials} says.
 * @returns fewer than asked for if no member is far from those found.
 */
export function seedCenters(
  members: Distinct,
  kernel: CenterKernel,
  clusters: number,
  draws: Draws,
): Centers {
  const { dimensions } = members.vectors;
  const trials = new Trials(members, kernel, draws);
  const values = new Int16Array(clusters * dimensions);
  let count = 0;
  for (; count < clusters; count++) {
    const trial = trials.next();
    if (trial === undefined) break;
    trials.accept(trial);
    values.set(trial.values, count * dimensions);
  }
  return { count, dimensions, values: values.subarray(0, count * dimensions) };
}

/**
 * Puts the centre that would be missed least where a new one is worth more; up to 8 times, after up to 24 trials (after Lattanzi and Sohler 2019, whose local search tries every centre for each draw). The sum of cosines grows by at
 * least the difference, each time: Lloyd's iteration alone never takes a centre from a group that has two to one that has none.
 */
export function relocate(members: Distinct, kernel: CenterKernel, first: Centers, draws: Draws): Centers {
  const { vectors, counts } = members;
  const { count, dimensions } = first;
  if (count < 2) return first;
  const trials = new Trials(members, kernel, { ...draws, purpose: `relocations of ${draws.purpose}` });
  const rows = Uint32Array.from(counts, (_, place) => place);
  const found = createNearest(vectors.count);
  const centers = { count, dimensions, values: first.values.slice() };
  // What its members lose if a centre goes and they take the second-nearest; and the least of these, below 0 where it is not known.
  const losses = new Float64Array(count);
  let least = -1;
  let relocations = 0;
  for (let tried = 0; tried < RELOCATION_TRIALS && relocations < RELOCATIONS; tried++) {
    // After a miss, all are as far from their centres as they were.
    if (least < 0) {
      kernel.load(centers, Uint32Array.of(0, count));
      kernel.nearest(vectors, rows, 0, found);
      const squares = centerSquares(centers);
      losses.fill(0);
      for (let place = 0; place < vectors.count; place++) {
        // Something is found for each member, and it has a square.
        const center = found.indices[place]!;
        const square = vectors.squares[place]!;
        const nearness = similarity(found.dots[place]!, square, squares[center]!);
        const second = similarity(found.secondDots[place]!, square, squares[found.seconds[place]!]!);
        losses[center]! += counts[place]! * Math.max(0, nearness - second);
        trials.far[place] = Math.max(0, 1 - nearness);
      }
      least = Math.min(...losses);
    }
    const trial = trials.next();
    if (trial === undefined) break;
    if (trial.gain <= least) continue;
    centers.values.set(trial.values, losses.indexOf(least) * dimensions);
    least = -1;
    relocations++;
  }
  return centers;
}

/** A member that may become a centre. */
interface Trial {
  /** Its direction as a centre. */
  readonly values: Int16Array;
  /** What the sum of `far` over documents would lose. */
  readonly gain: number;
  readonly distances: Float64Array;
}

/**
 * Draws members that are far from all centres. Of four the one of the greatest gain is taken: two are drawn by documents times distance, as
 * k-means++ does (1 - cosine is half the squared distance on the sphere), two by documents times its square. Large groups, each near to its centre, hide
 * a small one that is far from all: of 20 groups of Zipf sizes and cosine 0.96, four plain draws missed one for 4 of 5 seeds.
 */
class Trials {
  /** Distance (1 - cosine) of each member to the nearest centre; 1, where there is none yet. */
  readonly far: Float64Array;
  readonly #members: Distinct;
  readonly #kernel: CenterKernel;
  readonly #draws: Draws;
  readonly #rows: Uint32Array;
  readonly #inverses: Float64Array;
  readonly #sums: Float64Array;
  readonly #sumsOfSquares: Float64Array;
  readonly #dots: Int32Array;
  #drawn = 0;

  constructor(members: Distinct, kernel: CenterKernel, draws: Draws) {
    const { count, squares } = members.vectors;
    this.far = new Float64Array(count).fill(1);
    this.#members = members;
    this.#kernel = kernel;
    this.#draws = draws;
    this.#rows = Uint32Array.from(members.counts, (_, place) => place);
    this.#inverses = Float64Array.from(squares, (square) => 1 / Math.sqrt(square));
    this.#sums = new Float64Array(count);
    this.#sumsOfSquares = new Float64Array(count);
    this.#dots = new Int32Array(DOTS * count);
  }

  /** The best of the next four; undefined if no member is far. */
  next(): Trial | undefined {
    const { vectors, counts } = this.#members;
    const { seed, purpose, stream } = this.#draws;
    const { far } = this;
    // Members have a count, a distance and DOTS dot products.
    let sum = 0;
    let sumOfSquares = 0;
    for (let place = 0; place < far.length; place++) {
      const part = counts[place]! * far[place]!;
      this.#sums[place] = sum += part;
      this.#sumsOfSquares[place] = sumOfSquares += part * far[place]!;
    }
    if (sumOfSquares === 0) return undefined;
    const { dimensions } = vectors;
    const centers = { count: DOTS, dimensions, values: new Int16Array(DOTS * dimensions) };
    const places = Array.from({ length: DOTS }, (_, i) => {
      const part = unitOf(seed, purpose, stream, this.#drawn++);
      const place = firstAbove(i % 2 === 0 ? this.#sums : this.#sumsOfSquares, part);
      writeDirection(vectors, place, centers.values, i * dimensions);
      return place;
    });
    this.#kernel.load(centers, Uint32Array.of(0, DOTS));
    this.#kernel.dots(vectors, this.#rows, 0, this.#dots);
    const scales = centerSquares(centers).map((square) => 1 / Math.sqrt(square));
    const gains = Array.from(scales, (scale, i) => this.#gain(i, scale));
    const gain = Math.max(...gains);
    const best = gains.indexOf(gain);
    const distances = far.map((_, place) => this.#distance(place, best, scales[best]!));
    // Rounding leaves a trace of distance to itself.
    distances[places[best]!] = 0;
    const values = centers.values.subarray(best * dimensions, (best + 1) * dimensions);
    return { values, gain, distances };
  }

  /** Takes a trial for a centre more. */
  accept({ distances }: Trial): void {
    for (const [place, distance] of distances.entries())
      this.far[place] = Math.min(this.far[place]!, distance);
  }

  #gain(trial: number, scale: number): number {
    const { far } = this;
    const { counts } = this.#members;
    let gain = 0;
    for (let place = 0; place < far.length; place++) {
      gain += counts[place]! * Math.max(0, far[place]! - this.#distance(place, trial, scale));
    }
    return gain;
  }

  #distance(place: number, trial: number, scale: number): number {
    return Math.max(0, 1 - this.#dots[DOTS * place + trial]! * this.#inverses[place]! * scale);
  }
}

/** Rounds a vector to a direction of norm CENTER_NORM. */
function writeDirection(
  { dimensions, values, squares }: Vectors,
  place: number,
  into: Int16Array,
  offset: number,
): void {
  const scale = CENTER_NORM / Math.sqrt(squares[place]!);
  for (let at = 0; at < dimensions; at++) {
    into[offset + at] = Math.floor(values[place * dimensions + at]! * scale + 0.5);
  }
}

/** The first place whose prefix is above this part of the total; if rounding makes that the total, the first that reaches it. */
function firstAbove(prefixes: Float64Array, part: number): number {
  const total = prefixes.at(-1)!;
  const target = total * part;
  let low = 0;
  let high = prefixes.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (prefixes[middle]! > target || prefixes[middle] === total) high = middle;
    else low = middle + 1;
  }
  return low;
}
