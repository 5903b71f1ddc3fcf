/**
 * Sets of numbers that are joined two by two (Galler and Fischer 1964; path halving: Tarjan and van Leeuwen 1984). The root of a set is its
 * least number, so the sets and their roots do not depend on the order in which they were joined. O(log n) a call, amortised.
 */
export class UnionFind {
  /** Never above the number itself; a root is its own. */
  private readonly parents: Uint32Array;

  /** Every number below `parents.length` by itself. `parents` is kept and written to; nobody else writes to it while the sets are in use. */
  constructor(parents: Uint32Array) {
    for (let number = 0; number < parents.length; number++) parents[number] = number;
    this.parents = parents;
  }

  /** The least number of the set that has `number`, which is below the length. */
  find(number: number): number {
    const { parents } = this;
    let at = number;
    // Ends: parents are smaller than their children, but for the root's. All of them are below the length.
    for (;;) {
      const parent = parents[at]!;
      if (parent === at) return at;
      const above = parents[parent]!;
      parents[at] = above;
      at = above;
    }
  }

  /** Makes one set of the two that have `a` and `b`. */
  union(a: number, b: number): void {
    const rootA = this.find(a);
    const rootB = this.find(b);
    if (rootA < rootB) this.parents[rootB] = rootA;
    else this.parents[rootA] = rootB;
  }
}
