import { joinNotes, type Notes } from '../columns/notes.ts';
import type { Slab } from '../flow/slab-ring.ts';
import type { PlacedBatch, PlacedPiece } from '../parallel/tasks.ts';

/** Rows of a batch on their way to one output. */
export interface Choice {
  /** Name of the output. */
  readonly output: string;
  /** Row numbers. */
  readonly rows: Uint32Array;
  /** What was noted of each of `rows`, where the output shows it. */
  readonly notes: Notes | undefined;
}

/** Rows that are to be written, still lying in the slab they were decoded to. */
export interface Selected extends PlacedBatch {
  readonly choices: readonly Choice[];
  readonly cuts: PlacedPiece['cuts'];
  /** Logical bytes of every row of the batch, chosen or not. */
  readonly rowBytes: Uint32Array;
  readonly slab: Slab;
}

/** Rows of one batch of one output, in order, wherever they lie. */
export interface OutputBatch {
  readonly output: string;
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
  /** Slabs unfinished batches may hold before their rows are copied out. */
  readonly mostPinned: number;
  /** Copies rows to memory of their own. */
  readonly compact: (output: string, pieces: readonly PlacedPiece[]) => Promise<PlacedBatch>;
}

/**
 * Cuts the chosen rows into output batches. Where a batch ends depends on the rows of its output alone, never on how the input was
 * cut, so the bytes written are the same for any morsel size. When few rows are chosen, a batch would pin slab after slab
 * and stop the engine: then its rows are copied out first (`compact`) and the slabs go back.
 */
export async function* rebatch(
  input: AsyncIterable<Selected>,
  options: RebatchOptions,
): AsyncGenerator<OutputBatch, void, undefined> {
  const { mostPinned, compact } = options;
  const unfinished = new Map<string, Unfinished>();
  try {
    for await (const { choices, rowBytes, slab, ...batch } of input) {
      try {
        for (const choice of choices) {
          let batches = unfinished.get(choice.output);
          if (batches === undefined) unfinished.set(choice.output, (batches = new Unfinished(choice.output)));
          yield* batches.add(batch, choice, rowBytes, slab, options);
        }
      } finally {
        slab.release();
      }
      const pinned = new Set([...unfinished.values()].flatMap(({ slabs }) => slabs)).size;
      if (pinned > mostPinned) {
        for (const batches of unfinished.values()) await batches.compact(compact);
      }
    }
    for (const batches of unfinished.values()) if (batches.rowCount > 0) yield batches.take();
  } finally {
    for (const { slabs } of unfinished.values()) for (const held of slabs) held.release();
  }
}

/** The batch of an output that is not full yet. */
class Unfinished {
  slabs: Slab[] = [];
  rowCount = 0;
  private pieces: PlacedPiece[] = [];
  private byteCount = 0;
  private readonly output: string;

  constructor(output: string) {
    this.output = output;
  }

  *add(
    batch: Pick<PlacedPiece, 'placement' | 'bytes' | 'cuts'>,
    { rows, notes }: Choice,
    rowBytes: Uint32Array,
    slab: Slab,
    { targetBytes, targetRows }: RebatchOptions,
  ): Generator<OutputBatch, void, undefined> {
    let first = 0;
    const addUpTo = (end: number): void => {
      if (end === first) return;
      this.pieces.push({
        ...batch,
        rows: rows.subarray(first, end),
        notes: notes?.map((of) => of.subarray(first, end)),
      });
      slab.retain();
      this.slabs.push(slab);
      first = end;
    };
    for (let i = 0; i < rows.length; i++) {
      this.rowCount++;
      this.byteCount += rowBytes[rows[i]!]!;
      if (this.byteCount >= targetBytes || this.rowCount >= targetRows) {
        addUpTo(i + 1);
        yield this.take();
      }
    }
    addUpTo(rows.length);
  }

  take(): OutputBatch {
    const { output, pieces, rowCount, slabs } = this;
    this.pieces = [];
    this.slabs = [];
    this.rowCount = 0;
    this.byteCount = 0;
    return { output, pieces, rowCount, release: () => slabs.forEach((slab) => slab.release()) };
  }

  async compact(copy: RebatchOptions['compact']): Promise<void> {
    if (this.slabs.length === 0) return;
    const copied = await copy(this.output, this.pieces);
    for (const held of this.slabs) held.release();
    this.slabs = [];
    this.pieces = [{ ...copied, rows: undefined, notes: joinNotes(this.pieces), cuts: undefined }];
  }
}
