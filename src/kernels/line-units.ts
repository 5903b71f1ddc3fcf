/**
 * The lines or sentences of a batch of documents, as the count of repeated ones sees them. What a worker thread sends to
 * the main thread in place of text. A view over memory of whoever made it.
 */
export interface Units {
  /** Units of each row; the other arrays have one entry a unit, rows one after another. A row with no text has none. */
  readonly counts: Uint32Array;
  /** Bytes of each unit, line break or white space before a sentence included: the units of a row tile its text. */
  readonly byteLengths: Uint32Array;
  /** White space at the front of the unit, in bytes; all of a unit that is blank. */
  readonly leads: Uint32Array;
  /** Words, between white space. */
  readonly words: Uint32Array;
  /** Sentences that begin in the unit. */
  readonly sentences: Uint32Array;
  /** (low, high) of the hash a unit is counted by; both 0: it is not counted and not removed on its own account. */
  readonly hashes: Uint32Array;
}
