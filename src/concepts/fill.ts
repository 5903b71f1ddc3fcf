/** Spends a budget of tokens over documents that come cell by cell, and in a cell by priority. */
export interface Fill {
  /** What follows are the documents of this cell. Each cell comes at most once; what the one before it missed goes to its account. */
  begin(cell: number): void;
  /** How often the next document of the cell is to be written. @param tokens whole, 0 or more. */
  take(tokens: number): number;
  /** Tokens asked for less tokens written, over all cells begun so far. */
  readonly missed: number;
}

/** A document of more than such a part of what there is to fill is passed over where it does not fit. */
const GIANT = 8;

/**
 * Fills the quotas of cells with whole documents.
 *
 * A cell with a target of q times its tokens writes all its documents floor(q) times, and some once more, the first of them first. A document is
 * written once more where that brings the sum nearer to the target: where half of it fits what is left. Where one is left out that is no giant
 * (at most an eighth of what there was to fill), all later ones of the cell are. Giants are passed over: one at the head of a cell would else
 * leave it empty. So a higher target, what is carried to it included, only adds copies, but that a giant which fits now takes the place of others.
 *
 * What a cell misses its target by is at most half the smallest document that is left out, or half the last that was written. The difference
 * is added to the target of the next cell (error diffusion), as far as that cell can take it: no document is written more often than its
 * cell's own target, rounded up to whole epochs, says. So the sum of all cells begun misses that of their targets by at most half the largest of
 * these documents, and each cell misses its target by at most that and half the largest before it.
 * @param options `targets`: tokens to write for each cell. `unique`: tokens of each cell's documents; a cell of 0 tokens passes its target on.
 *   Whole numbers below 2^53, so that nothing is rounded.
 */
export function createFill(options: { readonly targets: Float64Array; readonly unique: Float64Array }): Fill {
  const { targets, unique } = options;
  /** Copies of every document of the cell. */
  let whole = 0;
  /** What there was for copies besides, and what is left of it. */
  let room = 0;
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
      room = left;
      isOpen = left > 0;
    },
    take(tokens) {
      const isTaken = isOpen && tokens <= 2 * left;
      if (isTaken) left -= tokens;
      else if (tokens <= room / GIANT) isOpen = false;
      const copies = isTaken ? whole + 1 : whole;
      missed -= copies * tokens;
      return copies;
    },
    get missed() {
      return missed;
    },
  };
}
