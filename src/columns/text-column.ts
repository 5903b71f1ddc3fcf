/**
 * The text of a batch as kernels see it: row `i` is `bytes[offsets[i] .. offsets[i + 1])`, UTF-8. A null is an empty row.
 * `offsets` has `rowCount + 1` entries, ascending; `offsets[0]` need not be 0. A view: nothing is copied.
 */
export interface TextColumn {
  readonly bytes: Uint8Array;
  readonly offsets: Int32Array;
  readonly rowCount: number;
}
