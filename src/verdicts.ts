/** What was decided about the documents of a batch. */
export interface Verdicts {
  /** One a row: 0 is kept, `i` is the verb's reason `i - 1`. */
  readonly verdicts: Uint8Array;
  /** For a dropped document the number (over all inputs) of the earlier one that stands for it, or -1. */
  readonly twins: Float64Array | undefined;
  /** What dropped documents were measured by; undefined for verbs that measure nothing. */
  readonly evidence: VerdictEvidence | undefined;
  /** What is still to be cut out of kept texts. */
  readonly cuts: Cuts | undefined;
  /** Numbers for each row, an array for each column of notes that kept rows are written with. */
  readonly notes?: readonly Uint32Array[] | undefined;
  /** Kept rows that are written a second time, as a sample; ascending. */
  readonly samples?: Uint32Array | undefined;
}

/** What is cut out of the texts of a batch. */
export interface Cuts {
  /** Rows that lose something, ascending. */
  readonly rows: Uint32Array;
  /** For each of `rows` how many of the ranges are its own, in order. */
  readonly rangeCounts: Uint32Array;
  /** Ranges to remove, in bytes from the start of the row's text: not empty, ascending, apart from each other. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** For each row that was dropped by a measure; what stands in other rows means nothing. */
export interface VerdictEvidence {
  /** What was measured and what it was compared with; NaN where the reason has no number. */
  readonly statistics: Float64Array;
  readonly thresholds: Float64Array;
  /** 1 where there is such a pair. */
  readonly isMeasured: Uint8Array;
  /** What was found, in words, by row. */
  readonly details: ReadonlyMap<number, string>;
  /** 1 where the text was changed. */
  readonly edited: Uint8Array;
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
