import { type Field, Schema } from 'apache-arrow';
import { serializeSchema } from './columns/schema.ts';
import { type ConvertOptions, engineConfig, outputFormat } from './config.ts';
import { CurationError } from './errors.ts';
import { tripSignal } from './flow/abort.ts';
import {
  encodeConcurrency,
  type MemoryPlan,
  MOST_PINNED_SLABS,
  peakMemory,
  planMemory,
  type Resources,
} from './flow/memory.ts';
import { orderedMap } from './flow/ordered-map.ts';
import { createSlabRing } from './flow/slab-ring.ts';
import { checkOutput, type OutputFormat } from './formats/encoders.ts';
import type { Encoded } from './formats/format.ts';
import { createLedgerDraft, type LedgerDraft } from './ledger-draft.ts';
import type { Inputs } from './open.ts';
import { type Beside, type Finished, type Output, openOutput, REASON_COLUMN } from './output.ts';
import { openPool, type Pool } from './parallel/pool.ts';
import { decodingJob, type Job, type PlacedBatch, type PlacedPiece } from './parallel/tasks.ts';
import type { Part, Report } from './report.ts';
import { type Analyzed, analyze } from './stages/analyze.ts';
import { createLedger, type Ledger, ledgerFormat } from './stages/ledger.ts';
import type { LedgerRevision } from './stages/ledger-revision.ts';
import { type Choice, rebatch, type Selected } from './stages/rebatch.ts';
import { createTally, type Tally } from './stages/tally.ts';
import type { Sink } from './stages/write.ts';
import type { Origin, Verdicts } from './verdicts.ts';

/** Rows and logical bytes of an output batch; fixed, because output bytes follow from them. */
const BATCH_ROWS = 65_536;
const BATCH_BYTES = 8 * 2 ** 20;
const PROGRESS_MS = 100;

/** What a verb decides: the only place where verbs differ once their inputs are open. */
export interface Judge {
  /** Verdicts of a batch; called in input order, one after another. `firstOrdinal` numbers its first document over all inputs. */
  judge(analyzed: Analyzed, firstOrdinal: number): Verdicts | Promise<Verdicts>;
  /** What only it can say. */
  report(): Pick<Report, 'nearDuplicate' | 'clusters' | 'calibrations' | 'repeatedLines'>;
  /** What it knows of the ledger's rows only when all are judged; default nothing. */
  readonly hindsight?: Hindsight | undefined;
}

/** Has the ledger written to a work folder first, and then revised. */
interface Hindsight {
  /** Makes the work folder; before the first batch is judged. */
  open(): Promise<string>;
  /** Adds no columns. @param locate where the document of a number came from. */
  revision(locate: (ordinal: number) => Origin): LedgerRevision;
  /** Removes the work folder, whatever has happened; safe twice. */
  close(): Promise<void>;
}

/** A verb, ready to run. */
export interface Verb {
  readonly name: Report['verb'];
  readonly inputs: Inputs;
  readonly textIndex: number;
  readonly idIndex: number;
  readonly signatures: Job['signatures'];
  readonly examination: Job['examination'];
  /** What else is made of the texts as the filters leave them; default nothing. */
  readonly encoding?: Job['encoding'];
  /** Columns of values behind those of the inputs. */
  readonly addedFields: readonly Field[];
  /** Bytes the judge will take; known before it is made, so that the memory promise can be checked first. */
  readonly indexBytes: number;
  /** Bytes that lie in a work folder meanwhile, about, where that is known. */
  readonly diskBytes?: number | undefined;
  readonly createJudge: (plan: MemoryPlan) => Judge;
  /** Every reason the judge can give; verdict `i` is reason `i - 1`, verdict 0 is kept. */
  readonly reasons: readonly string[];
  /** Where the document of a number came from, if one may stand for another that comes before it; default what was read so far. */
  readonly locate?: (ordinal: number) => Origin;
  /** Bytes of models and lists that all threads share. */
  readonly resourceBytes: number;
  readonly resources?: Resources;
  readonly beside: Beside;
  readonly recipe: Report['recipe'];
  /** Writes the ledger once all rows are written, where it is not a row for each document of these inputs. */
  readonly writeLedger?: (append: AppendToLedger) => Promise<void>;
  /** What is written when the run is over, out of what it counted; default that report alone. */
  readonly finish?: (counted: Report) => Finished;
}

/** Encodes a batch of the ledger's schema and writes it; its memory is handed over. */
export type AppendToLedger = (batch: PlacedBatch) => Promise<void>;

/**
 * One batch, one trip: analyze (threads) -> judge (here, in order) -> gather and encode (threads) -> write (here, in order).
 * @param begunAt when the work began, if a pass went before; the report's seconds count from there.
 * @throws CurationError for what the user can mend; nothing half-written is left under a final name.
 */
export async function run(
  verb: Verb,
  options: ConvertOptions,
  begunAt: number = performance.now(),
): Promise<Report> {
  const startedAt = performance.now();
  const config = engineConfig(options);
  const { inputs } = verb;
  const output = outputFormat(options);
  const schema = withAddedFields(inputs.schema, verb);
  checkOutput(output, schema);
  const { indexBytes, resourceBytes, resources } = verb;
  const plan = planMemory({ ...config, indexBytes, resourceBytes, resources, batchBytes: BATCH_BYTES });
  const trip = tripSignal(config.signal);
  let target: Output | undefined;
  let pool: Pool | undefined;
  let hindsight: Hindsight | undefined;
  let draft: LedgerDraft | undefined;
  try {
    const paths = inputs.sources.map(({ path }) => path);
    target = await openOutput(options, output, schema, paths, verb.beside);
    const { rows, ledger: ledgerSink, rejects, samples, takesLentMemory } = target;
    const sinks: Readonly<Record<string, Sink | undefined>> = { rows, rejects, samples };
    config.onEvent?.({
      type: 'plan',
      inputs: inputs.sources.length,
      documentsExpected: inputs.documents,
      inputBytes: inputs.byteLength,
      threads: config.threads,
      indexBytes: verb.indexBytes,
      diskBytes: verb.diskBytes,
    });
    pool = openPool(jobOf(verb, schema, options, output, takesLentMemory), config.threads, trip.signal);
    const threads = pool;
    const judge = verb.createJudge(plan);
    const ring = createSlabRing(plan.slabCount, plan.slabBytes);
    const tally = createTally({
      sources: inputs.sources,
      reasons: verb.reasons,
      documentsExpected: inputs.documents,
      bytesWritten: () => rows.bytesWritten,
      startedAt,
    });

    const encodeLedger = (piece: PlacedBatch): Promise<Encoded> => {
      const input = {
        output: 'ledger',
        pieces: [{ ...piece, rows: undefined, notes: undefined, cuts: undefined }],
        slab: undefined,
      };
      return threads.run('encode', input, ownedBuffers(input.pieces));
    };
    const appendToLedger: AppendToLedger = async (piece) => ledgerSink!.append(await encodeLedger(piece));
    const locate = verb.locate ?? ((ordinal: number) => tally.locate(ordinal));
    hindsight = ledgerSink && judge.hindsight;
    draft = hindsight && (await createLedgerDraft(await hindsight.open(), verb.beside.ledger!));
    const ledgerTarget = draft?.sink ?? ledgerSink;
    const ledger =
      ledgerSink === undefined || verb.writeLedger !== undefined
        ? undefined
        : createLedger({
            reasons: verb.reasons,
            locate,
            write: async (piece) => ledgerTarget!.append(await encodeLedger(piece)),
          });
    const analyzed = analyze(inputs.sources, { ...config, pool, ring, plan, signal: trip.signal });
    const batches = rebatch(judgeInOrder(analyzed, judge, tally, ledger, verb), {
      targetBytes: BATCH_BYTES,
      targetRows: BATCH_ROWS,
      mostPinned: MOST_PINNED_SLABS,
      compact: (output, pieces) => threads.run('compact', { output, pieces }, ownedBuffers(pieces)),
    });
    const outputRing = createSlabRing(plan.outputSlabCount, plan.outputSlabBytes);
    const encoded = orderedMap(
      batches,
      async (batch) => {
        const { output, pieces } = batch;
        const slab = takesLentMemory ? await outputRing.acquire() : undefined;
        try {
          const input = { output, pieces, slab: slab?.buffer };
          return { output, encoded: await threads.run('encode', input, ownedBuffers(pieces)), slab };
        } catch (error) {
          slab?.release();
          throw error;
        } finally {
          batch.release();
        }
      },
      { concurrency: encodeConcurrency(config.threads) },
    );

    let isCutShort = false;
    let parts: readonly Part[] = [];
    let reportedAt = 0;
    try {
      for await (const { output: name, encoded: batch, slab } of encoded) {
        await sinks[name]!.append(batch);
        slab?.release();
        const now = performance.now();
        if (now - reportedAt >= PROGRESS_MS) {
          reportedAt = now;
          config.onEvent?.({ type: 'progress', progress: tally.progress() });
        }
      }
      await ledger?.finish();
      if (draft !== undefined) {
        const revised = draft.revised(hindsight!.revision(locate), trip.signal);
        const concurrency = Math.min(config.threads, MOST_LEDGER_BATCHES);
        for await (const batch of orderedMap(revised, encodeLedger, { concurrency })) {
          await ledgerSink!.append(batch);
        }
      }
      if (ledgerSink !== undefined) await verb.writeLedger?.(appendToLedger);
      parts = await rows.finish();
    } catch (error) {
      if (!target.isClosedBy(error)) throw error;
      isCutShort = true;
    }
    const written = {
      rows: parts,
      ledger: (await ledgerSink?.finish()) ?? [],
      rejects: (await rejects?.finish()) ?? [],
    };
    await samples?.finish();
    config.onEvent?.({ type: 'progress', progress: tally.progress() });
    const { documents, inputs: counted, unreadable, text, textKept } = tally.counts();
    const counts: Report = {
      version: 1,
      verb: verb.name,
      documents,
      bytes: {
        ...(inputs.byteLength === undefined ? {} : { input: inputs.byteLength }),
        text,
        textKept,
        output: rows.bytesWritten,
      },
      seconds: (performance.now() - begunAt) / 1000,
      peakMemoryBytes: peakMemory(),
      threads: config.threads,
      inputs: counted,
      unreadable,
      isCutShort,
      ...(verb.recipe === undefined ? {} : { recipe: verb.recipe }),
      ...(verb.textIndex < 0 ? {} : { textColumn: inputs.schema.fields[verb.textIndex]!.name }),
      ...judge.report(),
    };
    const finished = verb.finish?.(counts) ?? { report: counts };
    await target.complete(finished, written);
    return finished.report;
  } catch (error) {
    trip.throwIfAborted();
    throw error;
  } finally {
    trip.end();
    await pool?.close();
    await draft?.sink.abandon();
    await hindsight?.close();
    await target?.abandon();
  }
}

/** Batches of a revised ledger that are encoded at the same time. */
const MOST_LEDGER_BATCHES = 3;

function withAddedFields(schema: Schema, { addedFields, beside }: Verb): Schema {
  const added = [
    ...addedFields.map(({ name }) => name),
    ...(beside.rejects ? [REASON_COLUMN] : []),
    ...beside.noteColumns.map(({ name }) => name),
  ];
  refuseTaken(schema, added);
  return addedFields.length === 0 ? schema : new Schema([...schema.fields, ...addedFields], schema.metadata);
}

/** @throws CurationError `USAGE` where a column that is to be added has the name of one that is there. */
export function refuseTaken(schema: Schema, added: readonly string[]): void {
  const taken = added.find((name) => schema.fields.some((field) => field.name === name));
  if (taken === undefined) return;
  throw new CurationError(
    'USAGE',
    `column "${taken}" is to be added, but the inputs have one of this name; rename theirs`,
  );
}

function jobOf(
  verb: Verb,
  outputSchema: Schema,
  options: ConvertOptions,
  format: OutputFormat,
  takesLentMemory: boolean,
): Job {
  const rows = {
    format,
    schema: serializeSchema(outputSchema),
    noteColumns: verb.beside.noteColumns,
    writesFromSlab: takesLentMemory,
  };
  return {
    ...decodingJob,
    schema: serializeSchema(verb.inputs.schema),
    onError: options.onError ?? 'fail',
    textIndex: verb.textIndex,
    idIndex: verb.beside.ledger === undefined ? -1 : verb.idIndex,
    signatures: verb.signatures,
    examination: verb.examination,
    encoding: verb.encoding,
    outputs: {
      rows,
      samples: { ...rows, noteColumns: [] },
      rejects: { ...rows, noteColumns: [{ name: REASON_COLUMN, words: verb.reasons }] },
      ...(verb.beside.ledger === undefined
        ? {}
        : {
            ledger: {
              format: ledgerFormat,
              schema: serializeSchema(verb.beside.ledger),
              noteColumns: [],
              writesFromSlab: false,
            },
          }),
    },
  };
}

/** Buffers that are not shared and so may be handed over: what `compact` copied out. */
function ownedBuffers(pieces: readonly PlacedPiece[]): ArrayBuffer[] {
  return pieces.flatMap(({ bytes }) => (bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : []));
}

/** Gives every batch its verdicts, in order; what is to be written goes on. */
async function* judgeInOrder(
  analyzed: AsyncIterable<Analyzed>,
  judge: Judge,
  tally: Tally,
  ledger: Ledger | undefined,
  verb: Verb,
): AsyncGenerator<Selected, void, undefined> {
  const { sources } = verb.inputs;
  for await (const batch of analyzed) {
    const { placement, slab, rowBytes } = batch;
    let handedOn = false;
    try {
      const verdicts = await judge.judge(batch, tally.nextOrdinal);
      const firstRow = tally.rowsOf(batch.source);
      tally.add(batch.source, batch, verdicts);
      await ledger?.add(batch, verdicts, sources[batch.source]!.path, firstRow);
      const choices = chooseRows(verdicts, verb.beside.rejects);
      handedOn = true;
      yield { placement, bytes: new Uint8Array(slab.buffer), choices, cuts: verdicts.cuts, rowBytes, slab };
    } finally {
      if (!handedOn) slab.release();
    }
  }
}

function chooseRows({ verdicts, notes, samples }: Verdicts, keepsRejects: boolean): readonly Choice[] {
  const rowCount = verdicts.length;
  const rows = new Uint32Array(rowCount);
  let kept = 0;
  for (let row = 0; row < rowCount; row++) if (verdicts[row] === 0) rows[kept++] = row;
  const keptRows = rows.subarray(0, kept);
  const choice = {
    output: 'rows',
    rows: keptRows,
    notes: notes?.map((of) => keptRows.map((row) => of[row]!)),
  };
  const sampled = samples === undefined ? [] : [{ output: 'samples', rows: samples, notes: undefined }];
  if (!keepsRejects) return [choice, ...sampled];
  const rejected = new Uint32Array(rowCount - kept);
  let count = 0;
  for (let row = 0; row < rowCount; row++) if (verdicts[row] !== 0) rejected[count++] = row;
  const notesOfRejects = [rejected.map((row) => verdicts[row]!)];
  return [choice, ...sampled, { output: 'rejects', rows: rejected, notes: notesOfRejects }];
}
