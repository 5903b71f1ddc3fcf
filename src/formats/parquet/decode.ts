import { Schema } from 'apache-arrow';
import { makeBatch } from '../../columns/batch.ts';
import { CurationError } from '../../errors.ts';
import type { Decode, Decoded, DecodeOptions, Reject } from '../format.ts';
import { assemble, type FilledLeaf, findDisagreement } from './assemble.ts';
import { ColumnCursor, RowError } from './cursor.ts';
import { takeFile } from './files.ts';
import { arrowField } from './leaf-type.ts';
import type { ParquetMorsel } from './morsel.ts';
import { leavesOf } from './shape.ts';
import { LeafSink, type Mark } from './sink.ts';

/** Most bytes of one row, whatever the limit of the batch. */
const MAX_ROW_BYTES = 1 << 30;

/** Pages and dictionaries that cursors may hold between morsels, in all. */
const MAX_KEPT_BYTES = 12 * 1024 * 1024;

/** The same for the columns of the latest morsel alone, whose pages may be as large as a row group. */
const MAX_LATEST_BYTES = 128 * 1024 * 1024;

/** How full a first step is to make a batch, how full later ones, and what counts as full: it is not worth another step. */
const FIRST_FILL = 0.9;
const FILL = 0.95;
const FULL = 0.75;

/** Decodes rows of a row group to Arrow. Its buffers are reused by the next call in the same thread. */
export const decodeParquet: Decode<ParquetMorsel> = async (morsel, options) => {
  return new MorselReader(morsel).read(options);
};

/** Sinks of this thread, by position of the leaf in the morsel. */
const sinks: LeafSink[] = [];
/** Cursors where earlier morsels left them, in order of last use: the next morsel often begins in the same pages. */
const cursors = new Map<string, ColumnCursor>();

interface Leaf extends FilledLeaf {
  readonly cursor: ColumnCursor;
}

type Outcome = { readonly kind: 'done' } | { readonly kind: 'overflow'; readonly fitting: number };

class MorselReader {
  readonly #morsel: ParquetMorsel;
  readonly #leaves: readonly Leaf[];
  readonly #byIndex: ReadonlyMap<number, Leaf>;
  /** The leaf that failed last is read first, so that a damaged stretch costs little. */
  readonly #order: Leaf[];

  constructor(morsel: ParquetMorsel) {
    this.#morsel = morsel;
    const file = takeFile(morsel.path, morsel.identity);
    const shapes = morsel.shapes.flatMap(leavesOf);
    this.#leaves = morsel.chunks.map((chunk, i) => {
      const key = `${file.key}:${morsel.rowGroup}:${shapes[i]!.leaf}`;
      const cursor = cursors.get(key) ?? new ColumnCursor(file, morsel, chunk);
      cursors.delete(key);
      cursors.set(key, cursor);
      cursor.moveTo(chunk, morsel.rowStart);
      sinks[i] ??= new LeafSink();
      const sink = sinks[i];
      sink.reset(chunk.column.width);
      return { column: chunk.column, cursor, sink };
    });
    this.#byIndex = new Map(shapes.map((shape, i) => [shape.leaf, this.#leaves[i]!]));
    this.#order = [...this.#leaves];
  }

  read({ byteLimit, onError }: DecodeOptions): Decoded {
    const { rowStart, rowCount, shapes } = this.#morsel;
    const end = rowStart + rowCount;
    const rejects: Reject[] = [];
    let row = rowStart;
    let kept = 0;
    let step = this.#rowsWithin(byteLimit * FIRST_FILL);
    let isFull = false;
    while (row < end && !isFull) {
      const n = Math.min(step, this.#stepEnd(row, end, byteLimit) - row);
      // A row that is too large by itself comes alone.
      const isAlone = n === 1 && kept === 0;
      try {
        const outcome = this.#append(row, row + n, isAlone ? Math.max(byteLimit, MAX_ROW_BYTES) : byteLimit);
        if (outcome.kind === 'done') {
          row += n;
          kept += n;
          const cost = this.#cost();
          const room = Math.floor((byteLimit * FILL - cost) / (cost / kept));
          step = Math.max(1, Math.min(step * 2, room));
          isFull = cost >= byteLimit * FULL;
        } else if (isAlone) {
          throw this.#oversized(row);
        } else if (n === 1) {
          isFull = true;
        } else {
          // How many fit is known to a block only, which may be more than a batch.
          step = Math.max(n >>> 1, outcome.fitting);
        }
      } catch (error) {
        if (!(error instanceof CurationError) || onError === 'fail') throw error;
        const lost = error instanceof RowError ? error.rows : undefined;
        if (lost !== undefined && lost.start > row && lost.start < row + n) {
          step = lost.start - row;
        } else if (lost !== undefined && lost.start <= row && lost.end > row) {
          const stop = Math.min(end, lost.end);
          addReject(rejects, kept, stop - row, error.message);
          row = stop;
          step = Math.max(1, end - row);
        } else if (n === 1) {
          addReject(rejects, kept, 1, error.message);
          row++;
          step = 1;
        } else {
          step = n >>> 1;
        }
      }
    }
    const columns = shapes.map((shape) => assemble(shape, this.#byIndex));
    const batch = makeBatch(new Schema(shapes.map(arrowField)), kept, columns);
    const rest = row < end ? this.#rest(row, end) : undefined;
    forgetCursors(this.#leaves.length);
    return { batch, rest, rejects };
  }

  /** About how many rows come to `byteLength` bytes. */
  #rowsWithin(byteLength: number): number {
    const rowBytes = this.#leaves.reduce((sum, { cursor }) => sum + cursor.rowBytes, 0);
    return rowBytes > 0 ? Math.max(1, Math.floor(byteLength / rowBytes)) : this.#morsel.rowCount;
  }

  /** Where a step from `row` on has to end, so that no large page must be decompressed again if it does not fit. */
  #stepEnd(row: number, end: number, byteLimit: number): number {
    let stop = end;
    for (const { cursor } of this.#leaves) {
      const pageEnd = cursor.largePageEnd(byteLimit);
      if (pageEnd > row && pageEnd < stop) stop = pageEnd;
    }
    return stop;
  }

  /** Adds rows to all sinks or, if they do not fit or cannot be read, to none. */
  #append(start: number, end: number, limit: number): Outcome {
    const marks = this.#leaves.map(({ sink }): Mark => sink.mark());
    const undo = (): void => {
      for (const [i, { sink }] of this.#leaves.entries()) sink.truncate(marks[i]!);
    };
    let fitting = end - start;
    try {
      for (const leaf of this.#order) {
        const others = this.#cost() - leaf.sink.cost;
        if (leaf.cursor.append(leaf.sink, start, end, limit - others)) continue;
        // The columns read before took their share too, so fewer rows fit than this one alone would hold.
        fitting = Math.floor((leaf.cursor.rowsDone - start) * 0.9);
        undo();
        return { kind: 'overflow', fitting };
      }
      this.#checkParents(marks, start);
    } catch (error) {
      undo();
      throw error;
    }
    return { kind: 'done' };
  }

  #checkParents(marks: readonly Mark[], start: number): void {
    const { shapes, path, rowGroup } = this.#morsel;
    if (shapes.every((shape) => shape.kind === 'leaf')) return;
    const starts = new Map<number, number>();
    for (const [leaf, filled] of this.#byIndex) {
      const mark = marks[this.#leaves.indexOf(filled)]!;
      starts.set(leaf, filled.column.maxDefinition > 0 ? mark.entries : mark.slots);
    }
    for (const shape of shapes) {
      const found = findDisagreement(shape, this.#byIndex, starts);
      if (found !== undefined) {
        throw new CurationError(
          'BAD_INPUT',
          `${path}: row group ${rowGroup}: row ${start} or after: ${found}`,
        );
      }
    }
  }

  #cost(): number {
    return this.#leaves.reduce((sum, { sink }) => sum + sink.cost, 0);
  }

  #oversized(row: number): CurationError {
    const { path, rowGroup } = this.#morsel;
    return new CurationError(
      'UNSUPPORTED',
      `${path}: row group ${rowGroup}: row ${row}: expected at most ${MAX_ROW_BYTES} bytes, found more; leave it out`,
    );
  }

  #rest(rowStart: number, end: number): ParquetMorsel {
    const chunks = this.#morsel.chunks.map((chunk, i) => {
      const { cursor } = this.#leaves[i]!;
      return { ...chunk, start: cursor.placeBefore(rowStart), dictionaryOffset: cursor.dictionaryOffset };
    });
    return { ...this.#morsel, chunks, rowStart, rowCount: end - rowStart };
  }
}

function addReject(rejects: Reject[], before: number, rowCount: number, message: string): void {
  const last = rejects.at(-1);
  if (last?.before === before) {
    rejects[rejects.length - 1] = { ...last, rowCount: last.rowCount + rowCount };
  } else {
    rejects.push({ before, rowCount, message });
  }
}

/** Drops the cursors unused for longest until the rest hold little enough; the latest `count` may hold more. */
function forgetCursors(count: number): void {
  let held = 0;
  for (const cursor of cursors.values()) held += cursor.keptBytes;
  for (const [key, cursor] of cursors) {
    if (held <= (cursors.size > count ? MAX_KEPT_BYTES : MAX_LATEST_BYTES)) return;
    held -= cursor.keptBytes;
    cursors.delete(key);
  }
}
