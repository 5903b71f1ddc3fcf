import type { TextColumn } from '../../columns/text-column.ts';

/** The words of documents, counted: document `i` has `buckets[offsets[i] .. offsets[i + 1])`, ascending, and their counts beside them. */
export interface FeatureLists {
  /** As many as documents, and one. */
  readonly offsets: Uint32Array;
  readonly buckets: Uint32Array;
  /** How often each is there, from 1 to 255; more is 255. */
  readonly counts: Uint16Array;
}

/** Counts the words of documents, which is what `trainLexical` learns from; not reentrant, one for each thread. */
export interface FeatureCounter {
  /** Lists of the chosen rows, in the order given, or of all, in fresh memory. Each depends on its own bytes only. */
  count(text: TextColumn, rows?: Uint32Array): FeatureLists;
}
