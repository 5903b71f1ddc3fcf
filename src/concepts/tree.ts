import {
  type CenterKernel,
  type Centers,
  centerSquares,
  createNearest,
  similarity,
} from '../kernels/vectors/centers.ts';
import { createCenterKernel } from '../kernels/vectors/kernel.ts';
import type { Vectors } from '../kernels/vectors/vectors.ts';
import { type Distinct, distinctVectors, pickDistinct } from './distinct-vectors.ts';
import { type Clusters, improve, type KMeansOptions, kMeans } from './k-means.ts';
import { sumOf } from './quotas.ts';

/** Concepts as directions: leaves, grouped in branches that are looked for first. Plain data. */
export interface ConceptTree {
  readonly dimensions: number;
  /** Leaves, which are the concepts; 0 if the sample said nothing. */
  readonly leaves: number;
  /** One more than branches: branch `b` has the leaves from `leafStarts[b]` to `leafStarts[b + 1]`, one at least. */
  readonly leafStarts: Uint32Array;
  /** Directions of branches and of leaves, as in `Centers`. */
  readonly branchCenters: Int16Array;
  readonly leafCenters: Int16Array;
}

export interface TreeOptions {
  /** Most leaves; 1 to 65,535. */
  readonly leaves: number;
  /** A whole number from 0 below 2^53. */
  readonly seed: number;
  /** Most times that centres move at each level, 1 to 1000; 20 if left out. */
  readonly iterations?: number;
  readonly kernel?: 'simd' | 'scalar';
  /** Told from 0 to 1 how much is done. */
  readonly progress?: (done: number) => void;
}

/** Where documents belong. */
export interface Places {
  /** Leaf of each; `leaves` for a document that says nothing. */
  readonly concepts: Uint16Array;
  /** Second-nearest leaf of the same branch; the same leaf if it is alone there. */
  readonly seconds: Uint16Array;
  /** Cosine to the centre of the leaf; 0 for a document that says nothing. */
  readonly similarities: Float64Array;
}

/** Tells documents' concepts. Not reentrant. */
export interface Router {
  /** In fresh memory; a document's place depends on its vector alone. */
  route(vectors: Vectors): Places;
}

const MOST_LEAVES = 65_535;
const MOST_ITERATIONS = 1000;
/** Fewer leaves than this hang on one branch. */
const FEWEST_TO_BRANCH = 16;
/** Different vectors for each branch that the branches are learned from. */
const BRANCH_SAMPLE = 1024;
/** A branch or leaf is large that has more than so many times the documents of a mean one, and small that has less than such a part. */
const LARGE = 4;
const SMALL: number = 1 / 2;
const BALANCE_ROUNDS = 4;
const BALANCE_ITERATIONS = 4;

/**
 * Finds concepts in a sample: spherical k-means in two levels (after Vo et al. 2024, whose upper levels are clusters of centres; here they are of
 * documents), about sqrt(leaves) branches and in each as many leaves as its part of the documents asks for. Below 16 leaves there is one branch.
 *
 * - Branches learn from the first 1024 different vectors for each, leaves from all of their branch.
 * - Each branch has at least one leaf and at most as many as different vectors; within that, leaves go by documents (Webster's method: the next
 *   one to the branch that has most documents for each of its leaves, the new one counted half). So a giant branch has more leaves.
 * - A branch, and in a branch a leaf, of more than 4 times the documents of a mean one of the tree is halved, and for that the smallest one
 *   beside it, if it has less than half a mean one, is given up; then centres move up to 4 times. This is done in up to 4 rounds, while there are
 *   such. A giant of one vector stays as it is.
 * - There are fewer leaves than asked for if there are fewer different vectors, or where a centre would be nearest to no document of the sample.
 *
 * The order of the sample does not matter: equal vectors are taken together, and all that has an order has that of hashes of vectors. What
 * says nothing takes no part. {@link createRouter} gives each document of the sample the leaf that it had at the end of training.
 * Cost: for each different vector at most about (15 + iterations) * (branches + leaves of its branch) dot products, commonly a half of that.
 * Memory: about twice the sample.
 * @throws RangeError for leaves or iterations out of range.
 */
export function trainTree(sample: Vectors, options: TreeOptions): ConceptTree {
  const { leaves: asked, seed, iterations = 20, progress } = options;
  if (!(Number.isInteger(asked) && asked >= 1 && asked <= MOST_LEAVES)) {
    throw new RangeError(`${asked} leaves; 1 to ${MOST_LEAVES}`);
  }
  if (!(Number.isInteger(iterations) && iterations >= 1 && iterations <= MOST_ITERATIONS)) {
    throw new RangeError(`${iterations} iterations; 1 to ${MOST_ITERATIONS}`);
  }
  const { dimensions } = sample;
  const members = distinctVectors(sample);
  const leaves = Math.min(asked, members.vectors.count);
  if (leaves === 0) {
    const none = new Int16Array(0);
    return { dimensions, leaves, leafStarts: new Uint32Array(1), branchCenters: none, leafCenters: none };
  }
  const kernel = createCenterKernel(dimensions, options.kernel);
  const total = sumOf(members.counts);
  const centers = findBranches(members, kernel, leaves, seed, iterations);
  const rows = Uint32Array.from(members.counts, (_, row) => row);
  const found = createNearest(rows.length);
  kernel.load(centers, Uint32Array.of(0, centers.count));
  kernel.nearest(members.vectors, rows, 0, found);
  const { order, starts } = groupPlaces(found.indices, centers.count);
  const branches = Array.from({ length: centers.count }, (_, branch) =>
    order.subarray(starts[branch], starts[branch + 1]),
  );
  const wanted = apportion(
    leaves,
    branches.map((places) => ({
      documents: places.reduce((sum, place) => sum + members.counts[place]!, 0),
      most: places.length,
    })),
  );
  const parts: Centers[] = [];
  let done = 0;
  for (const [stream, places] of branches.entries()) {
    progress?.(done / members.vectors.count);
    const branch = pickDistinct(members, places);
    done += places.length;
    // Every branch is wanted to have leaves.
    const draws = { clusters: wanted[stream]!, seed, purpose: 'leaves', stream };
    const first = kMeans(branch, kernel, { ...draws, iterations });
    parts.push(balance(branch, kernel, first, total / leaves, draws));
  }
  progress?.(1);
  const leafStarts = new Uint32Array(parts.length + 1);
  for (const [branch, { count }] of parts.entries()) leafStarts[branch + 1] = leafStarts[branch]! + count;
  const leafCenters = new Int16Array(leafStarts.at(-1)! * dimensions);
  for (const [branch, { values }] of parts.entries())
    leafCenters.set(values, leafStarts[branch]! * dimensions);
  return { dimensions, leaves: leafStarts.at(-1)!, leafStarts, branchCenters: centers.values, leafCenters };
}

/** The same tree in memory that threads share. */
export function shareTree(tree: ConceptTree): ConceptTree {
  const leafStarts = new Uint32Array(new SharedArrayBuffer(tree.leafStarts.byteLength));
  const branchCenters = new Int16Array(new SharedArrayBuffer(tree.branchCenters.byteLength));
  const leafCenters = new Int16Array(new SharedArrayBuffer(tree.leafCenters.byteLength));
  leafStarts.set(tree.leafStarts);
  branchCenters.set(tree.branchCenters);
  leafCenters.set(tree.leafCenters);
  return { ...tree, leafStarts, branchCenters, leafCenters };
}

/** Prepares a tree to be asked; it is copied. A document goes to the nearest branch, and there to the nearest leaf. */
export function createRouter(tree: ConceptTree, kernel: 'simd' | 'scalar' = 'simd'): Router {
  const { dimensions, leaves, leafStarts } = tree;
  const branches = createCenterKernel(dimensions, kernel);
  const branchCount = leafStarts.length - 1;
  branches.load(
    { count: branchCount, dimensions, values: tree.branchCenters },
    Uint32Array.of(0, branchCount),
  );
  const leafCenters = { count: leaves, dimensions, values: tree.leafCenters };
  const leafKernel = createCenterKernel(dimensions, kernel);
  leafKernel.load(leafCenters, leafStarts);
  const centers = centerSquares(leafCenters);
  return {
    route(vectors) {
      if (vectors.dimensions !== dimensions) {
        throw new RangeError(`vectors of ${vectors.dimensions} dimensions; the concepts have ${dimensions}`);
      }
      const { count, squares } = vectors;
      const concepts = new Uint16Array(count).fill(leaves);
      const seconds = new Uint16Array(count).fill(leaves);
      const similarities = new Float64Array(count);
      if (leaves === 0) return { concepts, seconds, similarities };
      const rows = Uint32Array.from({ length: count }, (_, row) => row).filter((row) => squares[row] !== 0);
      const found = createNearest(rows.length);
      branches.nearest(vectors, rows, 0, found);
      const { order, starts } = groupPlaces(found.indices, branchCount);
      const byBranch = order.map((place) => rows[place]!);
      for (let branch = 0; branch < branchCount; branch++) {
        // Branches have starts; what is found has a place for each row, and a row a square.
        const group = byBranch.subarray(starts[branch]!, starts[branch + 1]!);
        leafKernel.nearest(vectors, group, branch, found);
        const first = leafStarts[branch]!;
        for (const [i, row] of group.entries()) {
          const leaf = first + found.indices[i]!;
          concepts[row] = leaf;
          seconds[row] = first + found.seconds[i]!;
          similarities[row] = similarity(found.dots[i]!, squares[row]!, centers[leaf]!);
        }
      }
      return { concepts, seconds, similarities };
    },
  };
}

/** Directions of branches, as `trainTree` says. */
function findBranches(
  members: Distinct,
  kernel: CenterKernel,
  leaves: number,
  seed: number,
  iterations: number,
): Centers {
  const clusters = leaves < FEWEST_TO_BRANCH ? 1 : Math.round(Math.sqrt(leaves));
  const learned = Math.min(members.vectors.count, clusters * BRANCH_SAMPLE);
  const sample = pickDistinct(
    members,
    Uint32Array.from({ length: learned }, (_, place) => place),
  );
  const draws = { clusters, seed, purpose: 'branches', stream: 0 };
  const first = kMeans(sample, kernel, { ...draws, iterations });
  return balance(sample, kernel, first, sumOf(sample.counts) / clusters, draws);
}

/** Places ordered by group, within a group ascending; group `g` from `starts[g]` to `starts[g + 1]`. */
function groupPlaces(groups: Uint32Array, count: number): { order: Uint32Array; starts: Uint32Array } {
  const starts = new Uint32Array(count + 1);
  // Groups are below `count`.
  for (const group of groups) starts[group + 1]!++;
  for (let group = 0; group < count; group++) starts[group + 1]! += starts[group]!;
  const next = starts.slice();
  const order = new Uint32Array(groups.length);
  for (const [place, group] of groups.entries()) order[next[group]!++] = place;
  return { order, starts };
}

/**
 * Leaves of each branch, as `trainTree` says; together `leaves`, which is neither below the number of branches nor above the sum of `most`.
 * No branch is without documents.
 */
function apportion(
  leaves: number,
  branches: readonly { readonly documents: number; readonly most: number }[],
): Uint32Array {
  const given = new Uint32Array(branches.length).fill(1);
  for (let left = leaves - branches.length; left > 0; left--) {
    let best = 0;
    let greatest = 0;
    for (const [branch, { documents, most }] of branches.entries()) {
      // As many are given as there are branches.
      const each = documents / (given[branch]! + 0.5);
      if (given[branch]! < most && each > greatest) {
        best = branch;
        greatest = each;
      }
    }
    given[best]!++;
  }
  return given;
}

/** Halves large clusters in place of small ones, as `trainTree` says. At most `draws.clusters` then are. */
function balance(
  members: Distinct,
  kernel: CenterKernel,
  found: Clusters,
  mean: number,
  draws: Omit<KMeansOptions, 'iterations'>,
): Centers {
  const { dimensions } = members.vectors;
  let { centers, assigned } = found;
  for (let round = 0, halved = 0; round < BALANCE_ROUNDS; round++) {
    const { order, starts } = groupPlaces(assigned, centers.count);
    const groups = Array.from({ length: centers.count }, (_, cluster) =>
      order.subarray(starts[cluster], starts[cluster + 1]),
    );
    const sizes = groups.map((places) => places.reduce((sum, place) => sum + members.counts[place]!, 0));
    const bySize = sizes.map((_, cluster) => cluster).sort((a, b) => sizes[a]! - sizes[b]! || a - b);
    const small = bySize.filter((cluster) => sizes[cluster]! < SMALL * mean);
    const large = bySize
      .filter((cluster) => sizes[cluster]! > LARGE * mean && groups[cluster]!.length > 1)
      .reverse();
    // Numbers that no cluster has yet come first.
    const free = Array.from({ length: draws.clusters - centers.count }, (_, i) => centers.count + i);
    const numbers = [...free, ...small].slice(0, large.length);
    if (numbers.length === 0) break;
    const count = centers.count + Math.min(free.length, numbers.length);
    const values = new Int16Array(count * dimensions);
    values.set(centers.values);
    for (const [i, number] of numbers.entries()) {
      // There are as many large ones, and more.
      const cluster = large[i]!;
      const { centers: halves } = kMeans(pickDistinct(members, groups[cluster]!), kernel, {
        clusters: 2,
        seed: draws.seed,
        purpose: `halves of ${draws.purpose}`,
        // Below 2^32: at most 256 branches, and four rounds of fewer than 2^14 large clusters each.
        stream: draws.stream * 2 ** 16 + halved++,
        iterations: BALANCE_ITERATIONS,
      });
      values.set(halves.values.subarray(0, dimensions), cluster * dimensions);
      // The second of two; the only one where there is no second.
      values.set(halves.values.subarray(-dimensions), number * dimensions);
    }
    ({ centers, assigned } = improve(members, kernel, { count, dimensions, values }, BALANCE_ITERATIONS));
  }
  return centers;
}
