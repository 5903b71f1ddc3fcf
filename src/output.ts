import { Writable } from 'node:stream';
import type { Schema } from 'apache-arrow';
import { addNoteFields, type NoteColumn } from './columns/notes.ts';
import { type ConvertOptions, partBytes } from './config.ts';
import { CurationError } from './errors.ts';
import { createAssembler, fileExtension, type OutputFormat } from './formats/encoders.ts';
import type { Manifest, Part, Report } from './report.ts';
import { ledgerFormat } from './stages/ledger.ts';
import { checkDirectory, claimDirectory } from './stages/output-directory.ts';
import { createPartSink, createStreamSink, isClosedPipe, type Sink } from './stages/write.ts';

/** Where a run writes to: parts and a ledger in a directory, or one stream. */
export interface Output {
  readonly rows: Sink;
  /** Absent on a stream, and for verbs that decide nothing. */
  readonly ledger: Sink | undefined;
  /** Absent unless what is dropped is to be written out. */
  readonly rejects: Sink | undefined;
  /** Absent unless rows are sampled. */
  readonly samples: Sink | undefined;
  /**
   * Whether batches may be lent to `rows` in memory that is used again as soon as `append` returns. A stream keeps what
   * it was given for as long as it likes.
   */
  readonly takesLentMemory: boolean;
  /** Whether an error says that whoever reads our output has gone away: the end of the work, not a failure of it. */
  isClosedBy(error: unknown): boolean;
  /** Writes pages, report and manifest; a stream has none. */
  complete(finished: Finished, parts: WrittenParts): Promise<void>;
  /** Takes away what is unfinished. Safe after `complete`. */
  abandon(): Promise<void>;
}

/** What is written when a run is over. */
export interface Finished {
  readonly report: Report;
  /** Page for people, `report.html`. */
  readonly page?: string;
}

/** The finished files of each kind. */
interface WrittenParts {
  readonly rows: readonly Part[];
  readonly ledger: readonly Part[];
  readonly rejects: readonly Part[];
}

/** What a run writes besides rows as they are. */
export interface Beside {
  /** Columns behind those of the kept rows. */
  readonly noteColumns: readonly NoteColumn[];
  /** Columns of the ledger; undefined for verbs that decide nothing. */
  readonly ledger: Schema | undefined;
  readonly rejects: boolean;
  /** Whether some rows are written a second time, to `sample/`. */
  readonly samples: boolean;
}

/** Column behind the others of a dropped document: why it was dropped. */
export const REASON_COLUMN = 'reject_reason';

/**
 * Says at once what {@link openOutput} would say when it is called, for who has much work to do before; changes nothing.
 * @throws CurationError as that does.
 */
export async function checkTarget(options: ConvertOptions, inputs: readonly string[]): Promise<void> {
  const { output, overwrite = false } = options;
  partBytes(options);
  if (typeof output === 'string' && output !== '-') await checkDirectory(output, overwrite, inputs);
}

/** @throws CurationError when the directory cannot be written to or holds files already. */
export async function openOutput(
  options: ConvertOptions,
  format: OutputFormat,
  inputSchema: Schema,
  inputs: readonly string[],
  beside: Beside,
): Promise<Output> {
  const { output } = options;
  const schema = addNoteFields(inputSchema, beside.noteColumns);
  const takesLentMemory = format.format === 'arrow' && format.compression === 'none';
  if (typeof output !== 'string' || output === '-') {
    if (beside.rejects) {
      throw new CurationError(
        'USAGE',
        '--keep-rejects: expected a directory to write to, found a stream; use -o DIR',
      );
    }
    const stream = output instanceof Writable ? output : process.stdout;
    const rows = createStreamSink(stream, createAssembler(format, schema, 'stream'));
    return {
      rows,
      ledger: undefined,
      rejects: undefined,
      samples: undefined,
      takesLentMemory: false,
      isClosedBy: isClosedPipe,
      complete: async () => {},
      abandon: () => rows.abandon(),
    };
  }
  const directory = await claimDirectory(output, options.overwrite ?? false, inputs);
  const sinkFor = (
    prefix: string,
    of: OutputFormat,
    columns: Schema,
    onPart?: (part: Part) => void,
  ): Promise<Sink> =>
    createPartSink({
      directory: directory.path,
      prefix,
      extension: fileExtension(of),
      partBytes: partBytes(options),
      createAssembler: () => createAssembler(of, columns, 'file'),
      ...(onPart === undefined ? {} : { onPart }),
    });
  const rows = await sinkFor('part-', format, schema, (part) => options.onEvent?.({ type: 'part', part }));
  const ledger = beside.ledger && (await sinkFor('ledger/part-', ledgerFormat, beside.ledger));
  const rejects = beside.rejects
    ? await sinkFor('rejects/part-', format, addNoteFields(inputSchema, [{ name: REASON_COLUMN, words: [] }]))
    : undefined;
  const samples = beside.samples ? await sinkFor('sample/part-', format, inputSchema) : undefined;
  return {
    rows,
    ledger,
    rejects,
    samples,
    takesLentMemory,
    isClosedBy: () => false,
    async complete({ report, page }, parts) {
      const manifest: Manifest = {
        version: 1,
        verb: report.verb,
        format: format.format,
        compression: format.compression,
        rows: parts.rows.reduce((sum, { rows: written }) => sum + written, 0),
        parts: parts.rows,
        ledger: parts.ledger,
        rejects: parts.rejects,
      };
      await directory.complete(report, manifest, page);
    },
    async abandon() {
      await rows.abandon();
      await ledger?.abandon();
      await rejects?.abandon();
      await samples?.abandon();
      await directory.abandon();
    },
  };
}
