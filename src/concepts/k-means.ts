import { type CenterKernel, type Centers, createNearest } from '../kernels/vectors/centers.ts';
import type { Distinct } from './distinct-vectors.ts';
import { Means } from './means.ts';
import { type Draws, relocate, seedCenters } from './seed-centers.ts';

export interface KMeansOptions extends Draws {
  /** Centres to find; 1 to the number of members. */
  readonly clusters: number;
  /** Most times that centres move once all are where they are of use; at most 1000. */
  readonly iterations: number;
}

export interface Clusters {
  /** Each is nearest to some member. */
  readonly centers: Centers;
  /** For each member, the number of the centre of the greatest dot product, the lowest of equals: what the kernel finds, too. */
  readonly assigned: Uint32Array;
}

/**
 * Spherical k-means (Dhillon and Modha 2001): directions such that members are near to one of them. First centres are drawn, moved a few times,
 * put where they are of more use, and moved again.
 * Nothing depends on anything but which members there are, their order included: sums are exact or run in that order, and draws are hashes.
 * There are fewer centres than asked for where some would be nearest to no member.
 */
export function kMeans(members: Distinct, kernel: CenterKernel, options: KMeansOptions): Clusters {
  const { clusters, iterations } = options;
  const seeds = seedCenters(members, kernel, clusters, options);
  const first = improve(members, kernel, seeds, Math.min(iterations, FIRST_ITERATIONS));
  const centers = relocate(members, kernel, first.centers, options);
  // Nothing was put elsewhere: what had come to an end stays as it is, at the cost of comparing all once more.
  return improve(members, kernel, centers, iterations);
}

/** So that a centre is a mean before it is asked what it is worth. */
const FIRST_ITERATIONS = 3;

/**
 * Moves centres to the means of the members that are nearest to them, until none changes or so many times (Lloyd 1982). A centre without
 * members takes the farthest member of the cluster of most documents.
 *
 * A member is not looked at again while, by the triangle inequality, centres moved too little since for another one to have become the nearest
 * (Hamerly 2010; Schubert, Lang and Feher 2021). The bounds are on dot products and never wrong, so nothing changes but time: of many clusters in
 * many dimensions a tenth to a quarter of the dot products is saved.
 */
export function improve(
  members: Distinct,
  kernel: CenterKernel,
  first: Centers,
  iterations: number,
): Clusters {
  const { vectors } = members;
  const means = new Means(members, first.count);
  const norms = Float64Array.from(vectors.squares, (square) => Math.sqrt(square));
  const starts = Uint32Array.of(0, first.count);
  const found = createNearest(vectors.count);
  // No dot product with the own centre is below `own`, none with another one above `others`.
  const own = new Float64Array(vectors.count);
  const others = new Float64Array(vectors.count);
  const pending = Uint32Array.from(members.counts, (_, place) => place);
  let pendingCount = vectors.count;
  let centers = first;
  for (let iteration = 0; ; iteration++) {
    kernel.load(centers, starts);
    kernel.nearest(vectors, pending.subarray(0, pendingCount), 0, found);
    let changes = 0;
    for (let i = 0; i < pendingCount; i++) {
      const place = pending[i]!;
      if (means.assign(place, found.indices[i]!)) changes++;
      own[place] = found.dots[i]!;
      others[place] = first.count === 1 ? -Infinity : found.secondDots[i]!;
    }
    if (changes === 0 || iteration >= iterations) break;
    for (const place of means.fillEmpty(centers)) own[place] = -Infinity;
    const next = means.centers(centers);
    const { moves, most, mostIndex, secondMost } = movements(centers, next);
    centers = next;
    pendingCount = 0;
    for (let place = 0; place < vectors.count; place++) {
      const index = means.assigned[place]!;
      own[place]! -= norms[place]! * moves[index]!;
      others[place]! += norms[place]! * (index === mostIndex ? secondMost : most);
      if (own[place]! - others[place]! < MARGIN) pending[pendingCount++] = place;
    }
  }
  return withoutEmpty(centers, means);
}

/**
 * Above what rounding may add up to in a bound: each step adds less than 2^28 (a norm below 2^12, a movement below 2^16) with an error below
 * 2^-23, and there are at most 1000 steps. Dot products are whole numbers, so no two different ones are this close.
 */
const MARGIN: number = 2 ** -10;

/** How far each centre moved; the farthest, which it was, and the farthest of the others. */
function movements(
  before: Centers,
  after: Centers,
): { moves: Float64Array; most: number; mostIndex: number; secondMost: number } {
  const { count, dimensions } = before;
  const moves = new Float64Array(count);
  let most = -1;
  let mostIndex = 0;
  let secondMost = 0;
  for (let center = 0, at = 0; center < count; center++) {
    let square = 0;
    for (const end = at + dimensions; at < end; at++) {
      const difference = after.values[at]! - before.values[at]!;
      square += difference * difference;
    }
    const move = Math.sqrt(square);
    moves[center] = move;
    if (move > most) {
      secondMost = Math.max(0, most);
      most = move;
      mostIndex = center;
    } else secondMost = Math.max(secondMost, move);
  }
  return { moves, most, mostIndex, secondMost };
}

/** Leaves out centres that are nearest to no member; which of the others is nearest to a member stays as it was. */
function withoutEmpty({ count, dimensions, values }: Centers, { assigned, kinds }: Means): Clusters {
  const renamed = new Uint32Array(count);
  const kept: number[] = [];
  for (let center = 0; center < count; center++) {
    renamed[center] = kept.length;
    if (kinds[center]! > 0) kept.push(center);
  }
  const dense = new Int16Array(kept.length * dimensions);
  for (const [i, center] of kept.entries()) {
    dense.set(values.subarray(center * dimensions, (center + 1) * dimensions), i * dimensions);
  }
  return {
    centers: { count: kept.length, dimensions, values: dense },
    assigned: assigned.map((center) => renamed[center]!),
  };
}
