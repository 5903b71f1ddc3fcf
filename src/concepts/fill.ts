/** Spends a budget of tokens over documents that come cell by cell, and in a cell by priority. */
export interface Fill {
  /** What follows are the documents of this cell. Each cell comes at most once; what the one before it missed goes to its account. */
  begin(cell: number): void;
  /** How often the next document of the cell is to be written. @param tokens whole, 0 or more. */
  take(tokens: number): number;
  /** Tokens asked for less tokens written, over all cells begun so far. */
  readonly missed: number;
}

/**
 * Fills the quotas of cells with whole documents.
 *
 * A cell with a target of q times its tokens writes all its documents floor(q) times, and the first of them, a prefix, once more. A document enters
 * the prefix where that brings the sum nearer to the target: sum + tokens / 2 <= what is left. Once one is left out, all later ones of the cell are.
 * So for the same order of documents a higher target, what is carried to it included, only adds copies.
 *
 * What a cell writes differs from its target by at most half the document at which its prefix ended. The difference is added to the target of the next
 * cell (error diffusion), as far as that cell can take it: no document is written more often than its cell's own target, rounded up
 * to whole epochs, says. So the sum of all cells begun misses that of their targets by at most half the largest document that any prefix ended at,
 * and each cell misses its target by at most that and half the largest before it.
 * @param options `targets`: tokens to write for each cell. `unique`: tokens of each cell's documents; a cell of 0 tokens passes its target on.
 *   Whole numbers below 2^53, so that nothing is rounded.
 */
export function createFill(options: { readonly targets: Float64Array; readonly unique: Float64Array }): Fill {
  const { targets, unique } = options;
  /** Copies of every document of the cell. */
  let whole = 0;
  /** What is left for the prefix. */
  let left = 0;
  let isOpen = false;
  let missed = 0;
  return {
    begin(cell) {
      const tokens = unique[cell]!;
      const most = Math.ceil(targets[cell]! / tokens) * tokens || 0;
      // What was missed before is already counted in `missed`.
      const target = Math.min(most, Math.max(0, targets[cell]! + missed));
      missed += targets[cell]!;
      whole = tokens === 0 ? 0 : Math.floor(target / tokens);
      left = tokens === 0 ? 0 : target - whole * tokens;
      isOpen = left > 0;
    },
    take(tokens) {
      isOpen &&= tokens <= 2 * left;
      const copies = isOpen ? whole + 1 : whole;
      if (isOpen) left -= tokens;
      missed -= copies * tokens;
      return copies;
    },
    get missed() {
      return missed;
    },
  };
}
