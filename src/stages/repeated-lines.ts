import type { Units } from '../kernels/line-units.ts';

/** What is cut out of the texts of a batch. */
export interface Cuts {
  /** Rows that lose something and are not dropped, ascending. */
  readonly rows: Uint32Array;
  /** For each of `rows` how many of the ranges are its own, in order. */
  readonly rangeCounts: Uint32Array;
  /** Ranges to remove, in bytes from the start of the row's text: not empty, ascending, apart from each other. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** What was decided about a batch. */
export interface RepeatedLinesVerdicts {
  /** One a row: 0 passes, perhaps with cuts; `i` is reason `i - 1` of {@link repeatedLinesReasons}. */
  readonly verdicts: Uint8Array;
  /** For a dropped row the words or sentences that were left, as its reason counts. */
  readonly statistics: Float64Array;
  readonly cuts: Cuts;
}

/** Why a document can be dropped; see {@link RepeatedLines}. */
export const repeatedLinesReasons: readonly string[] = [
  'repeated_lines_empty',
  'repeated_lines_too_few_words',
  'repeated_lines_too_few_sentences',
];

export interface RepeatedLinesOptions {
  readonly unit: 'lines' | 'sentences';
  /** Occurrences that stay: 1 to 255. */
  readonly most: number;
  /** Fewest words and sentences a text may have after it lost some; null: any. */
  readonly minWords: number | null;
  readonly minSentences: number | null;
  /** Chance at most, once `expectedUnits` different units were seen, that a unit is counted too high. */
  readonly falsePositiveRate: number;
  readonly expectedUnits: number;
}

/** Counts units over a whole stream and removes what was seen too often. In document order, on one thread. */
export interface RepeatedLines {
  /** Bytes held, all of them from the start. */
  readonly byteLength: number;
  /** Units counted, and of those removed. */
  readonly counted: number;
  readonly removed: number;
  /**
   * Decides about the next documents.
   * @param units read, not kept.
   * @param skip rows with a value other than 0 are neither counted nor judged.
   */
  judge(units: Units, skip?: Uint8Array): RepeatedLinesVerdicts;
}
