import type { Slab } from '../flow/slab-ring.ts';
import type { PlacedBatch, PlacedPiece } from '../parallel/tasks.ts';

/** Rows that were kept, still lying in the slab they were decoded to. */
export interface Selected extends PlacedBatch {
  /** Ascending row numbers. */
  readonly rows: Uint32Array;
  /** Logical bytes of every row of the batch, kept or not. */
  readonly rowBytes: Uint32Array;
  readonly slab: Slab;
}

/** Rows of one output batch, in order, wherever they lie. */
export interface OutputBatch {
  readonly pieces: readonly PlacedPiece[];
  readonly rowCount: number;
  /** To be called once the rows have been copied. */
  release(): void;
}

export interface RebatchOptions {
  /** A batch ends with the row that brings its logical bytes to this. */
  readonly targetBytes: number;
  /** ... or with this many rows. */
  readonly targetRows: number;
  /** Slabs an unfinished batch may hold before its rows are copied out. */
  readonly mostPinned: number;
  /** Copies rows to memory of their own. */
  readonly compact: (pieces: readonly PlacedPiece[]) => Promise<PlacedBatch>;
}

/**
 * Cuts the kept rows into output batches. Where a batch ends depends on the kept rows alone, never on how the input was
 * cut, so the bytes written are the same for any morsel size. When few rows are kept, a batch would pin slab after slab
 * and stop the engine: then its rows are copied out first (`compact`) and the slabs go back.
 */
export async function* rebatch(
  input: AsyncIterable<Selected>,
  options: RebatchOptions,
): AsyncGenerator<OutputBatch, void, undefined> {
  const { targetBytes, targetRows, mostPinned, compact } = options;
  let pieces: PlacedPiece[] = [];
  let slabs: Slab[] = [];
  let rowCount = 0;
  let byteCount = 0;

  function take(): OutputBatch {
    const held = slabs;
    const batch = { pieces, rowCount, release: () => held.forEach((slab) => slab.release()) };
    pieces = [];
    slabs = [];
    rowCount = 0;
    byteCount = 0;
    return batch;
  }

  try {
    for await (const { placement, bytes, rows, rowBytes, slab } of input) {
      try {
        let first = 0;
        const add = (end: number): void => {
          if (end === first) return;
          pieces.push({ placement, bytes, rows: rows.subarray(first, end) });
          slab.retain();
          slabs.push(slab);
          first = end;
        };
        for (let i = 0; i < rows.length; i++) {
          rowCount++;
          byteCount += rowBytes[rows[i]!]!;
          if (byteCount >= targetBytes || rowCount >= targetRows) {
            add(i + 1);
            yield take();
          }
        }
        add(rows.length);
      } finally {
        slab.release();
      }
      if (slabs.length > mostPinned) {
        const copied = await compact(pieces);
        for (const held of slabs) held.release();
        slabs = [];
        pieces = [{ ...copied, rows: undefined }];
      }
    }
    if (rowCount > 0) yield take();
  } finally {
    for (const held of slabs) held.release();
  }
}
