import { CENTER_NORM, type Centers } from '../kernels/vectors/centers.ts';
import type { Distinct } from './distinct-vectors.ts';

/** Not assigned yet. */
const NONE = 0xffffffff;
/** What a document's unit vector is multiplied by before it is rounded. */
const UNIT: number = 2 ** 20;

/**
 * Which members belong to which cluster, and the sums of their directions, kept up to date as members move.
 *
 * A vector v counts as round(2^20 / |v|) * v for each document that has it. No component exceeds its vector's norm, so a document adds at most
 * 2^20 + 2^11 in size to a component of a sum, and the sums of up to 2^32 documents are whole numbers below 2^53: exact, in whatever order
 * members came and went. So nothing drifts, and a member that stays costs nothing.
 */
export class Means {
  /** Cluster of each member. */
  readonly assigned: Uint32Array;
  /** Members of each cluster. */
  readonly kinds: Uint32Array;
  /** Documents of each cluster. */
  readonly documents: Float64Array;
  readonly #members: Distinct;
  readonly #sums: Float64Array;

  /** All members are in no cluster. */
  constructor(members: Distinct, clusters: number) {
    this.assigned = new Uint32Array(members.vectors.count).fill(NONE);
    this.kinds = new Uint32Array(clusters);
    this.documents = new Float64Array(clusters);
    this.#members = members;
    this.#sums = new Float64Array(clusters * members.vectors.dimensions);
  }

  /** Moves a member to a cluster; returns whether it was not there already. */
  assign(place: number, cluster: number): boolean {
    const before = this.assigned[place]!;
    if (before === cluster) return false;
    if (before !== NONE) this.#add(place, before, -1);
    this.#add(place, cluster, 1);
    this.assigned[place] = cluster;
    return true;
  }

  /**
   * Gives every empty cluster the member of the least cosine to its centre of the cluster of most documents that has another one;
   * the first of equals.
   * @returns the places of the members that moved.
   */
  fillEmpty(centers: Centers): readonly number[] {
    const moved: number[] = [];
    for (const [cluster, kinds] of this.kinds.entries()) {
      if (kinds > 0) continue;
      let largest = -1;
      // Clusters are below the number of them.
      for (let other = 0; other < this.kinds.length; other++) {
        if (this.kinds[other]! > 1 && (largest === -1 || this.documents[other]! > this.documents[largest]!)) {
          largest = other;
        }
      }
      if (largest === -1) break;
      const place = this.#farthest(largest, centers);
      this.assign(place, cluster);
      moved.push(place);
    }
    return moved;
  }

  /** Unit vectors along the sums, times CENTER_NORM and rounded. A centre stays where it was if its sum is 0. */
  centers(before: Centers): Centers {
    const { count, dimensions } = before;
    const values = before.values.slice();
    for (let cluster = 0; cluster < count; cluster++) {
      const from = cluster * dimensions;
      let square = 0;
      for (let at = from; at < from + dimensions; at++) square += this.#sums[at]! * this.#sums[at]!;
      if (square === 0) continue;
      const scale = CENTER_NORM / Math.sqrt(square);
      for (let at = from; at < from + dimensions; at++)
        values[at] = Math.floor(this.#sums[at]! * scale + 0.5);
    }
    return { count, dimensions, values };
  }

  #add(place: number, cluster: number, sign: 1 | -1): void {
    const { dimensions, values, squares } = this.#members.vectors;
    // A place has a count and `dimensions` components, a cluster as many sums.
    const documents = sign * this.#members.counts[place]!;
    const weight = documents * Math.floor(UNIT / Math.sqrt(squares[place]!) + 0.5);
    const sums = this.#sums;
    const to = cluster * dimensions;
    const from = place * dimensions;
    for (let at = 0; at < dimensions; at++) sums[to + at]! += weight * values[from + at]!;
    this.kinds[cluster]! += sign;
    this.documents[cluster]! += documents;
  }

  #farthest(cluster: number, centers: Centers): number {
    const { dimensions, values, squares } = this.#members.vectors;
    let farthest = 0;
    let least = Infinity;
    for (let place = 0; place < this.assigned.length; place++) {
      if (this.assigned[place] !== cluster) continue;
      let dot = 0;
      for (let at = 0; at < dimensions; at++) {
        dot += values[place * dimensions + at]! * centers.values[cluster * dimensions + at]!;
      }
      // The norm of the centre is the same for all.
      const nearness = dot / Math.sqrt(squares[place]!);
      if (nearness < least) {
        least = nearness;
        farthest = place;
      }
    }
    return farthest;
  }
}
