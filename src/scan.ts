import { Schema } from 'apache-arrow';
import { serializeSchema } from './columns/schema.ts';
import type { EngineConfig, InputOptions } from './config.ts';
import { tripSignal } from './flow/abort.ts';
import { planMemory } from './flow/memory.ts';
import { createSlabRing } from './flow/slab-ring.ts';
import type { Inputs } from './open.ts';
import { openPool } from './parallel/pool.ts';
import { decodingJob, type Job } from './parallel/tasks.ts';
import { type Analyzed, analyze } from './stages/analyze.ts';

/** What is to be found out about every document. */
export interface ScanRequest extends Pick<InputOptions, 'onError'> {
  readonly textIndex: number;
  readonly signatures: Job['signatures'];
  readonly examination: Job['examination'];
  /** Whether the text column alone is decoded, which is then column 0. */
  readonly textOnly: boolean;
  /** Bytes of models, lists and samples besides; they count towards `--memory`. */
  readonly resourceBytes: number;
}

/**
 * A pass over inputs that writes nothing: batches in input order, each in its slab, with what the threads found out. The slab is
 * used again as soon as the next batch is asked for. Breaking out of the loop stops the threads.
 * @throws CurationError as a run does: `MEMORY` before the first row, `BAD_INPUT` for damage.
 */
export async function* scan(
  inputs: Inputs,
  request: ScanRequest,
  config: EngineConfig,
): AsyncGenerator<Analyzed, void, undefined> {
  const { textIndex, textOnly, signatures, examination, resourceBytes, onError = 'fail' } = request;
  const plan = planMemory({ ...config, indexBytes: 0, resourceBytes, batchBytes: 0 });
  const trip = tripSignal(config.signal);
  const field = inputs.schema.fields[textIndex]!;
  const job: Job = {
    ...decodingJob,
    schema: serializeSchema(textOnly ? new Schema([field]) : inputs.schema),
    onError,
    textIndex: textOnly ? 0 : textIndex,
    signatures,
    examination,
  };
  const pool = openPool(job, config.threads, trip.signal);
  try {
    const ring = createSlabRing(plan.slabCount, plan.slabBytes);
    for await (const analyzed of analyze(inputs.sources, {
      ...config,
      ...(textOnly ? { columns: [field.name] } : {}),
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
    await pool.close();
  }
}
