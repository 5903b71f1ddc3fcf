import type { Schema } from 'apache-arrow';
import type { Batch } from '../columns/batch.ts';

export type FormatName = 'parquet' | 'arrow' | 'jsonl' | 'json';

/**
 * A piece of one source, about 6 MiB once decoded: what a worker needs to open, decode and judge it alone.
 * It crosses to a worker by structured clone, so everything in it is plain data; `bytes`, when a format's morsel has
 * them (standard input, compressed lines), is transferred, not copied. Each format extends this with its own fields.
 */
export interface Morsel {
  readonly format: FormatName;
  /** Path as the user gave it, for messages; `-` is standard input. */
  readonly path: string;
  /** The stored bytes themselves where the source cannot be opened a second time; owns its whole ArrayBuffer. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
}

/** One input, opened and understood (footer, schema), its rows not yet read. */
export interface Source {
  readonly path: string;
  readonly format: FormatName;
  /** Every column of the source, as the Arrow type it is decoded to. */
  readonly schema: Schema;
  /** Exact rows where the footer knows; for lines an estimate from a sample, else undefined. */
  readonly rowCount: number | undefined;
  readonly isRowCountExact: boolean;
  /** Stored bytes, for progress; undefined for a stream. */
  readonly byteLength: number | undefined;
  /** Pieces in row order. Their cut points may depend on `morselBytes`; the rows and their order never do. */
  morsels(options: MorselOptions): AsyncIterable<Morsel>;
}

export interface MorselOptions {
  /** Decoded bytes aimed at in one morsel; default 6 MiB. */
  readonly morselBytes: number;
  /** Names of columns to decode; undefined is all. Order and types follow the source's schema. */
  readonly columns?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface DecodeOptions {
  /**
   * Most bytes the decoded batch may hold. A decoder stops at the last row that fits and returns the remainder as `rest`;
   * it returns at least one row, so a single row above the limit comes alone and the caller decides.
   */
  readonly byteLimit: number;
  /** `fail` throws CurationError at the first damaged row; `skip` leaves it out and adds a `Reject`. */
  readonly onError: 'fail' | 'skip';
}

/** Rows that could not be read. */
export interface Reject {
  /** How many rows of the batch come before it. */
  readonly before: number;
  readonly rowCount: number;
  readonly message: string;
}

export interface Decoded {
  readonly batch: Batch;
  /** What is left of the morsel when the limit cut it; decoded next, in the same place of the order. */
  readonly rest: Morsel | undefined;
  readonly rejects: readonly Reject[];
}

/** Runs in a worker. Result buffers are the caller's until the next call of any decoder in that thread unless it copies them. */
export type Decode<M extends Morsel = Morsel> = (
  morsel: M,
  options: DecodeOptions,
) => Promise<Decoded> | Decoded;

export type Compression = 'none' | 'lz4' | 'zstd' | 'snappy' | 'gzip';

/** One batch, encoded by a worker; joined to a part in order by the main thread. */
export interface Encoded {
  readonly rowCount: number;
  /**
   * Written one after the other. Each owns its whole ArrayBuffer, so that it can be transferred, or lies in shared memory
   * that was lent for it and must stay as it is until it is written.
   */
  readonly chunks: readonly Uint8Array[];
  /** What the part's footer must know of this batch (page sizes, statistics, message lengths); plain data. */
  readonly index: unknown;
}

/** Runs in a worker: a batch to the bytes of one format. The same batch gives the same bytes on every machine. */
export type Encode = (batch: Batch) => Encoded;

/** Runs on the main thread: lays encoded batches one after another into one file. Called start, append*, finish. */
export interface Assembler {
  /** Bytes at the head of the file. */
  start(): Uint8Array[];
  /** Bytes to write now; may hold a batch back (a Parquet row group of several batches). */
  append(encoded: Encoded): Uint8Array[];
  /** What was held back, and the footer. */
  finish(): Uint8Array[];
}
