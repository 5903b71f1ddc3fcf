/**
 * Ends every document in a stream of symbols, and stands before each as its history. All other symbols are bytes of text. It never occurs
 * in UTF-8; a byte of this value in a text that is not UTF-8 is taken for {@link STAND_IN}.
 */
export const DOCUMENT_END = 0xff;

/** What a byte of the value of {@link DOCUMENT_END} is read as; not in UTF-8 either. */
export const STAND_IN = 0xfe;

/** Documents that models are measured on. */
export interface HeldOut {
  /** All documents one after another, each with its {@link DOCUMENT_END}. */
  readonly symbols: Uint8Array;
  /** Where each document begins; one more than there are documents. */
  readonly offsets: Uint32Array;
}

/**
 * A small language model over bytes that stands in for a large one. It learns from a stream and can be measured at any place in it; what it says
 * depends on the symbols alone, not on how they were cut into calls.
 */
export interface Proxy {
  /** Learns from the next symbols of the training stream, `[start, end)` of `symbols`. Nothing of it is kept. */
  train(symbols: Uint8Array, start: number, end: number): void;
  /**
   * Cost of each held-out document, its end included, in bits: -sum of log2 p. The model does not learn from it.
   * @param bits receives one number for each document.
   */
  score(bits: Float64Array): void;
  /** What it holds now: distinct n-grams, or parameters. */
  readonly size: number;
}
