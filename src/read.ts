import type { Batch } from './columns/batch.ts';
import { serializeSchema } from './columns/schema.ts';
import { restore } from './columns/wire.ts';
import { engineConfig, type ReadOptions } from './config.ts';
import { tripSignal } from './flow/abort.ts';
import { analysisConcurrency } from './flow/memory.ts';
import { orderedMap } from './flow/ordered-map.ts';
import type { Morsel, Source } from './formats/format.ts';
import { openInputs } from './open.ts';
import { openPool } from './parallel/pool.ts';
import { decodingJob } from './parallel/tasks.ts';

/**
 * Reads any input as Arrow record batches, in input order, decoded by worker threads. At most one batch a thread and one
 * more are decoded ahead of the consumer. Breaking out of the loop stops the threads.
 * @param input a path, directory or glob, several of them, or options.
 */
export async function* read(
  input: string | readonly string[] | ReadOptions,
): AsyncGenerator<Batch, void, undefined> {
  const options: ReadOptions = typeof input === 'object' && 'input' in input ? input : { input };
  const { threads, morselBytes, signal } = engineConfig(options);
  const { sources, schema } = await openInputs(options);
  const trip = tripSignal(signal);
  const job = { ...decodingJob, schema: serializeSchema(schema), onError: options.onError ?? 'fail' };
  const pool = openPool(job, threads, trip.signal);
  try {
    const decoded = orderedMap(
      morselsOf(sources, morselBytes, trip.signal),
      (morsel) =>
        pool.run('decode', { morsel, byteLimit: morselBytes * 2 }, morsel.bytes ? [morsel.bytes.buffer] : []),
      { concurrency: analysisConcurrency(threads), remainder: ({ rest }) => rest },
    );
    for await (const { placement, bytes, rowCount } of decoded) {
      if (rowCount > 0) yield restore(schema, placement, bytes);
    }
  } catch (error) {
    trip.throwIfAborted();
    throw error;
  } finally {
    trip.end();
    await pool.close();
  }
}

async function* morselsOf(
  sources: readonly Source[],
  morselBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Morsel, void, undefined> {
  for (const source of sources) yield* source.morsels({ morselBytes, signal });
}
