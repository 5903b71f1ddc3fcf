import type { Analysis } from '../parallel/tasks.ts';
import type { Progress, Report } from '../report.ts';
import { type Origin, UNREADABLE, type Verdicts } from '../verdicts.ts';

const MOST_MESSAGES = 100;

/** Counts every document exactly once. */
export interface Tally {
  /** Number of the next decoded document over all inputs. */
  readonly nextOrdinal: number;
  /** Row the next document of a source has. */
  rowsOf(source: number): number;
  /** Where the decoded document with this number came from; it must have been added. */
  locate(ordinal: number): Origin;
  /** Counts a batch of `source`; verdict 0 is kept, verdict `i` is reason `i - 1`. */
  add(source: number, batch: TallyBatch, verdicts: Verdicts): void;
  progress(): Progress;
  counts(): Pick<Report, 'documents' | 'inputs' | 'unreadable'> & {
    readonly text: number;
    readonly textKept: number;
  };
}

type TallyBatch = Pick<Analysis, 'rowCount' | 'rejects' | 'textLengths' | 'writtenLengths'>;

export interface TallyOptions {
  readonly sources: readonly { readonly path: string; readonly format: string }[];
  readonly reasons: readonly string[];
  readonly documentsExpected: number | undefined;
  readonly bytesWritten: () => number;
  /** `performance.now()` when the run began. */
  readonly startedAt: number;
}

export function createTally(options: TallyOptions): Tally {
  const { sources, reasons, documentsExpected, bytesWritten, startedAt } = options;
  const rowsOf = sources.map(() => 0);
  const dropped = reasons.map(() => 0);
  const messages: string[] = [];
  // "From this number on, a document is this row of this source": one mark a source, and one after damaged rows.
  const marks = { ordinal: [] as number[], source: [] as number[], row: [] as number[] };
  let ordinal = 0;
  let unreadable = 0;
  let kept = 0;
  let text = 0;
  let textKept = 0;
  let edited = 0;

  function mark(at: number, source: number, row: number): void {
    if (marks.ordinal.at(-1) === at) {
      marks.source[marks.source.length - 1] = source;
      marks.row[marks.row.length - 1] = row;
      return;
    }
    marks.ordinal.push(at);
    marks.source.push(source);
    marks.row.push(row);
  }

  return {
    get nextOrdinal() {
      return ordinal;
    },
    rowsOf: (source) => rowsOf[source]!,
    locate(of) {
      let low = 0;
      let high = marks.ordinal.length;
      while (high - low > 1) {
        const middle = (low + high) >>> 1;
        if (marks.ordinal[middle]! <= of) low = middle;
        else high = middle;
      }
      return { source: sources[marks.source[low]!]!.path, row: marks.row[low]! + of - marks.ordinal[low]! };
    },
    add(source, { rowCount, rejects, textLengths, writtenLengths }, { verdicts, evidence, cuts }) {
      let skipped = 0;
      if (marks.source.at(-1) !== source) mark(ordinal, source, rowsOf[source]!);
      for (const reject of rejects) {
        skipped += reject.rowCount;
        mark(ordinal + reject.before, source, rowsOf[source]! + reject.before + skipped);
        if (messages.length < MOST_MESSAGES) messages.push(reject.message);
      }
      for (let row = 0; row < rowCount; row++) {
        text += textLengths[row] ?? 0;
        const verdict = verdicts[row]!;
        if (verdict === 0) {
          kept++;
          textKept += writtenLengths[row] ?? 0;
          edited += evidence?.edited[row] ?? 0;
        } else {
          dropped[verdict - 1]!++;
        }
      }
      if (cuts !== undefined) {
        for (let i = 0; i < cuts.starts.length; i++) textKept -= cuts.ends[i]! - cuts.starts[i]!;
      }
      unreadable += skipped;
      rowsOf[source]! += rowCount + skipped;
      ordinal += rowCount;
    },
    progress: () => ({
      documentsRead: ordinal + unreadable,
      documentsKept: kept,
      documentsExpected,
      textBytes: text,
      bytesWritten: bytesWritten(),
      seconds: (performance.now() - startedAt) / 1000,
    }),
    counts: () => ({
      documents: {
        read: ordinal + unreadable,
        kept,
        edited,
        dropped: Object.fromEntries([
          ...reasons.map((reason, i) => [reason, dropped[i]!] as const),
          [UNREADABLE, unreadable],
        ]),
      },
      inputs: sources.map(({ path, format }, i) => ({ path, format, documents: rowsOf[i]! })),
      unreadable: messages,
      text,
      textKept,
    }),
  };
}
