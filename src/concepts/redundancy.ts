/** Documents that are compared with each other at most. */
export const MOST_BLOCK_DOCUMENTS = 8192;

/**
 * Cuts the documents of concepts into blocks, inside of which all are compared with all. They come sorted by concept, within it by cell (the
 * number of the second-nearest centre), and within that by rank. The caller holds back those that are in no block yet, never more than
 * `mostDocuments`, and orders each block by rank before it looks for redundant documents.
 *
 * A concept of at most `mostDocuments` is one block. A larger one is cut between cells, as many of them in a block as fit, in their order; a cell
 * that is larger by itself is cut at the limit. What a block is depends on the documents alone, not on how they arrive.
 *
 * So pairs of documents that are alike can be missed where their nearest centres differ; in concepts above the limit, also where their
 * second-nearest centres differ and do not fall in one block, and in cells above it, where their ranks lie far apart. Documents nearly alike
 * lie at nearly the same distances from all centres, so they part only where two of these distances are nearly equal.
 */
export class BlockCutter {
  readonly #mostDocuments: number;
  #concept = -1;
  #cell = -1;
  /** Documents in no block yet, and how many of them come before the cell that is arriving. */
  #held = 0;
  #whole = 0;

  constructor(mostDocuments: number = MOST_BLOCK_DOCUMENTS) {
    if (!Number.isInteger(mostDocuments) || mostDocuments < 1) {
      throw new RangeError(`mostDocuments: expected a whole number from 1, found ${mostDocuments}`);
    }
    this.#mostDocuments = mostDocuments;
  }

  /**
   * Takes the next document.
   * @returns how many of the documents held back, the oldest first, are a block now; 0 while none is complete. This one is held back after
   * them, and in none of them.
   */
  push(concept: number, cell: number): number {
    let block = 0;
    if (concept !== this.#concept) {
      block = this.end();
    } else {
      if (cell !== this.#cell) this.#whole = this.#held;
      if (this.#held === this.#mostDocuments) {
        // A cell that fills a block alone is cut here; else it goes into the next block from its beginning.
        block = this.#whole > 0 ? this.#whole : this.#held;
        this.#held -= block;
        this.#whole = 0;
      }
    }
    this.#concept = concept;
    this.#cell = cell;
    this.#held++;
    return block;
  }

  /** No more documents come: how many are the last block; 0 if there were none. */
  end(): number {
    const block = this.#held;
    this.#held = 0;
    this.#whole = 0;
    return block;
  }
}
