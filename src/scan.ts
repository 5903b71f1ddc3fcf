import { Schema } from 'apache-arrow';
import { serializeSchema } from './columns/schema.ts';
import type { EngineConfig, InputOptions } from './config.ts';
import type { ChainStep } from './filters/chain.ts';
import type { WordRule } from './filters/filter.ts';
import { tripSignal } from './flow/abort.ts';
import { planMemory, type Resources } from './flow/memory.ts';
import { createSlabRing } from './flow/slab-ring.ts';
import type { Inputs } from './open.ts';
import { openPool, type Pool } from './parallel/pool.ts';
import { decodingJob, type Job } from './parallel/tasks.ts';
import { type Analyzed, analyze } from './stages/analyze.ts';

/** What is to be found out about every document. */
export interface ScanRequest extends Pick<InputOptions, 'onError'> {
  readonly textIndex: number;
  readonly signatures: Job['signatures'];
  readonly examination: Job['examination'];
  /** Columns that are decoded, by position, the text column first, which is then column 0; undefined: all, where they are. */
  readonly columns?: readonly number[];
  /** Position of a column whose words are wanted, among those that are decoded. */
  readonly idIndex?: number;
  readonly encoding?: Job['encoding'];
  /** Bytes of models, lists and samples besides; they count towards `--memory`. */
  readonly resourceBytes: number;
  readonly resources?: Resources;
}

/**
 * A pass over inputs that writes nothing: batches in input order, each in its slab, with what the threads found out. The slab is
 * used again as soon as the next batch is asked for. Breaking out of the loop stops the threads.
 * @param lent threads of a {@link scanJob} for inputs and requests like these, which are left running; own ones unless given.
 * @throws CurationError as a run does: `MEMORY` before the first row, `BAD_INPUT` for damage.
 */
export async function* scan(
  inputs: Inputs,
  request: ScanRequest,
  config: EngineConfig,
  lent?: Pool,
): AsyncGenerator<Analyzed, void, undefined> {
  const { columns, resourceBytes, resources } = request;
  const threads = lent?.threads ?? threadsFor(inputs, config);
  const plan = planMemory({ ...config, threads, indexBytes: 0, resourceBytes, resources, batchBytes: 0 });
  const trip = tripSignal(config.signal);
  const pool = lent ?? openPool(scanJob(inputs, request), threads, trip.signal);
  try {
    const ring = createSlabRing(plan.slabCount, plan.slabBytes);
    for await (const analyzed of analyze(inputs.sources, {
      ...config,
      ...(columns === undefined ? {} : { columns: columns.map((at) => inputs.schema.fields[at]!.name) }),
      pool,
      ring,
      plan,
      signal: trip.signal,
    })) {
      try {
        yield analyzed;
      } finally {
        analyzed.slab.release();
      }
    }
  } catch (error) {
    trip.throwIfAborted();
    throw error;
  } finally {
    trip.end();
    if (lent === undefined) await pool.close();
  }
}

/** A thread takes longer to start than to read a few megabytes: small inputs get fewer. */
function threadsFor({ byteLength }: Inputs, { threads, morselBytes }: EngineConfig): number {
  return byteLength === undefined
    ? threads
    : Math.min(threads, 1 + Math.floor((2 * byteLength) / morselBytes));
}

/** What a pass does that only looks at what passes a chain: nothing is edited, added or kept. Undefined without filters. */
export function passingOf(chain: readonly ChainStep[], words: WordRule): Job['examination'] {
  if (chain.length === 0) return undefined;
  return {
    words,
    before: chain,
    after: [],
    repeatedLines: undefined,
    keepsDropped: false,
    writesValues: false,
  };
}

/** Columns of the batches of a scan. */
export function decodedSchema({ schema }: Inputs, { columns }: Pick<ScanRequest, 'columns'>): Schema {
  return columns === undefined ? schema : new Schema(columns.map((at) => schema.fields[at]!));
}

/** What the threads of a scan are told. */
export function scanJob(inputs: Inputs, request: ScanRequest): Job {
  const { textIndex, signatures, examination, onError = 'fail', idIndex = -1, encoding } = request;
  return {
    ...decodingJob,
    schema: serializeSchema(decodedSchema(inputs, request)),
    onError,
    textIndex: request.columns === undefined ? textIndex : 0,
    idIndex,
    signatures,
    examination,
    encoding,
  };
}
