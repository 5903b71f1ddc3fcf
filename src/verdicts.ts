/** What was decided about the documents of a batch. */
export interface Verdicts {
  /** One a row: 0 is kept, `i` is the verb's reason `i - 1`. */
  readonly verdicts: Uint8Array;
  /** For a dropped document the number (over all inputs) of the earlier one that stands for it, or -1. */
  readonly twins: Float64Array | undefined;
}

/** Where a document came from. */
export interface Origin {
  /** Path of its input. */
  readonly source: string;
  /** Row in its source, from 0. */
  readonly row: number;
}

/** Why a document that could not be decoded is dropped; every verb can give this reason. */
export const UNREADABLE = 'unreadable';
