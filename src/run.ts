import { Writable } from 'node:stream';
import type { Schema } from 'apache-arrow';
import { serializeSchema } from './columns/schema.ts';
import { type ConvertOptions, engineConfig, outputFormat, partBytes } from './config.ts';
import { encodeConcurrency, type MemoryPlan, MOST_PINNED_SLABS, planMemory } from './flow/memory.ts';
import { orderedMap } from './flow/ordered-map.ts';
import { createSlabRing } from './flow/slab-ring.ts';
import { checkOutput, createAssembler, fileExtension, type OutputFormat } from './formats/encoders.ts';
import type { Inputs } from './open.ts';
import { openPool, type Pool } from './parallel/pool.ts';
import type { Job, PlacedPiece } from './parallel/tasks.ts';
import type { Manifest, NearDuplicateReport, Part, Report } from './report.ts';
import { type Analyzed, analyze } from './stages/analyze.ts';
import { createLedger, type Ledger, ledgerSchema } from './stages/ledger.ts';
import { claimDirectory, type OutputDirectory } from './stages/output-directory.ts';
import { rebatch, type Selected } from './stages/rebatch.ts';
import { createTally, type Tally } from './stages/tally.ts';
import { createPartSink, createStreamSink, isClosedPipe, type Sink } from './stages/write.ts';
import type { Verdicts } from './verdicts.ts';

/** Rows and logical bytes of an output batch; fixed, because output bytes follow from them. */
const BATCH_ROWS = 65_536;
const BATCH_BYTES = 8 * 2 ** 20;
/** The ledger is small beside its documents and repeats itself: always compressed. */
const LEDGER_FORMAT: OutputFormat = { format: 'arrow', compression: 'zstd' };
const PROGRESS_MS = 100;

/** What a verb decides: the only place where verbs differ once their inputs are open. */
export interface Judge {
  /** Every reason it can give; verdict `i` is reason `i - 1`, verdict 0 is kept. */
  readonly reasons: readonly string[];
  /** Verdicts of a batch; called in input order. `firstOrdinal` numbers its first document over all inputs. */
  judge(analyzed: Analyzed, firstOrdinal: number): Verdicts;
  report(): NearDuplicateReport | undefined;
}

/** A verb, ready to run. */
export interface Verb {
  readonly name: Report['verb'];
  readonly inputs: Inputs;
  readonly textIndex: number;
  readonly idIndex: number;
  readonly signatures: Job['signatures'];
  /** Bytes the judge will take; known before it is made, so that the memory promise can be checked first. */
  readonly indexBytes: number;
  readonly createJudge: (plan: MemoryPlan) => Judge;
  readonly writesLedger: boolean;
}

/**
 * One batch, one trip: analyze (threads) -> judge (here, in order) -> gather and encode (threads) -> write (here, in order).
 * @throws CurationError for what the user can mend; nothing half-written is left under a final name.
 */
export async function run(verb: Verb, options: ConvertOptions): Promise<Report> {
  const startedAt = performance.now();
  const config = engineConfig(options);
  const { inputs } = verb;
  const output = outputFormat(options);
  checkOutput(output, inputs.schema);
  const plan = planMemory({ ...config, indexBytes: verb.indexBytes, batchBytes: BATCH_BYTES });

  // Our own controller, so that a failure anywhere also stops the threads and whoever feeds standard input.
  const controller = new AbortController();
  const stop = (): void => controller.abort(config.signal?.reason);
  config.signal?.throwIfAborted();
  config.signal?.addEventListener('abort', stop, { once: true });

  const isStream = typeof options.output !== 'string' || options.output === '-';
  const writesLedger = verb.writesLedger && !isStream;
  let directory: OutputDirectory | undefined;
  let sink: Sink | undefined;
  let ledgerSink: Sink | undefined;
  let pool: Pool | undefined;
  try {
    if (isStream) {
      const stream = options.output instanceof Writable ? options.output : process.stdout;
      sink = createStreamSink(stream, createAssembler(output, inputs.schema, 'stream'));
    } else {
      const paths = inputs.sources.map(({ path }) => path);
      directory = await claimDirectory(options.output as string, options.overwrite ?? false, paths);
      sink = await createPartSink({
        directory: directory.path,
        prefix: 'part-',
        extension: fileExtension(output),
        partBytes: partBytes(options),
        createAssembler: () => createAssembler(output, inputs.schema, 'file'),
        onPart: (part) => config.onEvent?.({ type: 'part', part }),
      });
      if (writesLedger) {
        ledgerSink = await createPartSink({
          directory: directory.path,
          prefix: 'ledger/part-',
          extension: fileExtension(LEDGER_FORMAT),
          partBytes: partBytes(options),
          createAssembler: () => createAssembler(LEDGER_FORMAT, ledgerSchema, 'file'),
        });
      }
    }
    config.onEvent?.({
      type: 'plan',
      inputs: inputs.sources.length,
      documentsExpected: inputs.documents,
      inputBytes: inputs.byteLength,
      threads: config.threads,
      indexBytes: verb.indexBytes,
    });
    pool = openPool(jobOf(verb, options, inputs.schema, output), config.threads, controller.signal);
    const judge = verb.createJudge(plan);
    const ring = createSlabRing(plan.slabCount, plan.slabBytes);
    const rows = sink;
    const tally = createTally({
      sources: inputs.sources,
      reasons: judge.reasons,
      documentsExpected: inputs.documents,
      bytesWritten: () => rows.bytesWritten,
      startedAt,
    });

    const threads = pool;
    const toLedger = ledgerSink;
    const ledger =
      toLedger === undefined
        ? undefined
        : createLedger({
            reasons: judge.reasons,
            locate: tally.locate,
            write: async (piece) => {
              const input = { output: 'ledger', pieces: [{ ...piece, rows: undefined }], slab: undefined };
              await toLedger.append(await threads.run('encode', input, ownedBuffers(input.pieces)));
            },
          });
    const analyzed = analyze(inputs.sources, { ...config, pool, ring, plan, signal: controller.signal });
    const batches = rebatch(judgeInOrder(analyzed, judge, tally, ledger, inputs.sources), {
      targetBytes: BATCH_BYTES,
      targetRows: BATCH_ROWS,
      mostPinned: MOST_PINNED_SLABS,
      compact: (pieces) => threads.run('compact', { output: 'rows', pieces }, ownedBuffers(pieces)),
    });
    const writesFromSlab = outputFromSlab(output);
    const outputRing = createSlabRing(plan.outputSlabCount, plan.outputSlabBytes);
    const encoded = orderedMap(
      batches,
      async ({ pieces, release }) => {
        const slab = writesFromSlab ? await outputRing.acquire() : undefined;
        try {
          const input = { output: 'rows', pieces, slab: slab?.buffer };
          return { encoded: await threads.run('encode', input, ownedBuffers(pieces)), slab };
        } catch (error) {
          slab?.release();
          throw error;
        } finally {
          release();
        }
      },
      { concurrency: encodeConcurrency(config.threads) },
    );

    let isCutShort = false;
    let parts: readonly Part[] = [];
    let reportedAt = 0;
    try {
      for await (const { encoded: batch, slab } of encoded) {
        await rows.append(batch);
        slab?.release();
        const now = performance.now();
        if (now - reportedAt >= PROGRESS_MS) {
          reportedAt = now;
          config.onEvent?.({ type: 'progress', progress: tally.progress() });
        }
      }
      await ledger?.finish();
      parts = await rows.finish();
    } catch (error) {
      if (!isStream || !isClosedPipe(error)) throw error;
      isCutShort = true;
    }
    const ledgerParts = (await ledgerSink?.finish()) ?? [];
    config.onEvent?.({ type: 'progress', progress: tally.progress() });
    const { documents, inputs: counted, unreadable, text, textKept } = tally.counts();
    const nearDuplicate = judge.report();
    const report: Report = {
      version: 1,
      verb: verb.name,
      documents,
      bytes: {
        ...(inputs.byteLength === undefined ? {} : { input: inputs.byteLength }),
        text,
        textKept,
        output: rows.bytesWritten,
      },
      seconds: (performance.now() - startedAt) / 1000,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      threads: config.threads,
      inputs: counted,
      unreadable,
      isCutShort,
      ...(nearDuplicate === undefined ? {} : { nearDuplicate }),
    };
    if (directory !== undefined) {
      const manifest: Manifest = {
        version: 1,
        verb: verb.name,
        format: output.format,
        compression: output.compression,
        rows: report.documents.kept,
        parts,
        ledger: ledgerParts,
      };
      await directory.complete(report, manifest);
    }
    return report;
  } catch (error) {
    // A thread that was stopped reports that; what the caller asked for says more.
    config.signal?.throwIfAborted();
    throw error;
  } finally {
    config.signal?.removeEventListener('abort', stop);
    controller.abort();
    await pool?.close();
    await ledgerSink?.abandon();
    await sink?.abandon();
    await directory?.abandon();
  }
}

function jobOf(verb: Verb, options: ConvertOptions, schema: Schema, output: OutputFormat): Job {
  const bytes = serializeSchema(schema);
  return {
    schema: bytes,
    onError: options.onError ?? 'fail',
    textIndex: verb.textIndex,
    idIndex: verb.writesLedger ? verb.idIndex : -1,
    signatures: verb.signatures,
    outputs: {
      rows: { format: output, schema: bytes, writesFromSlab: outputFromSlab(output) },
      ledger: { format: LEDGER_FORMAT, schema: serializeSchema(ledgerSchema), writesFromSlab: false },
    },
  };
}

/** Whether batches are written as they lie in memory; then they are gathered where the writer can take them. */
function outputFromSlab({ format, compression }: OutputFormat): boolean {
  return format === 'arrow' && compression === 'none';
}

/** Buffers that are not shared and so may be handed over: what `compact` copied out. */
function ownedBuffers(pieces: readonly PlacedPiece[]): ArrayBuffer[] {
  return pieces.flatMap(({ bytes }) => (bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : []));
}

/** Gives every batch its verdicts, in order; what is kept goes on. */
async function* judgeInOrder(
  analyzed: AsyncIterable<Analyzed>,
  judge: Judge,
  tally: Tally,
  ledger: Ledger | undefined,
  inputs: readonly { readonly path: string }[],
): AsyncGenerator<Selected, void, undefined> {
  for await (const batch of analyzed) {
    const { placement, slab, rowBytes, rowCount } = batch;
    let handedOn = false;
    try {
      const verdicts = judge.judge(batch, tally.nextOrdinal);
      const rows = new Uint32Array(rowCount);
      let kept = 0;
      for (let row = 0; row < rowCount; row++) if (verdicts.verdicts[row] === 0) rows[kept++] = row;
      const firstRow = tally.rowsOf(batch.source);
      tally.add(batch.source, batch, verdicts.verdicts);
      await ledger?.add(batch, verdicts, inputs[batch.source]!.path, firstRow);
      handedOn = true;
      yield { placement, bytes: new Uint8Array(slab.buffer), rows: rows.subarray(0, kept), rowBytes, slab };
    } finally {
      if (!handedOn) slab.release();
    }
  }
}
