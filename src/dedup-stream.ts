import type { Duplex } from 'node:stream';
import { RecordBatch, type Schema } from 'apache-arrow';
import { gather } from './columns/gather.ts';
import { conform, findTextColumn, unionSchemas } from './columns/schema.ts';
import { textColumn } from './columns/text.ts';
import { type DedupStreamOptions, duplicateConfig, engineConfig, UNKNOWN_DOCUMENTS } from './config.ts';
import { duplexOf } from './flow/duplex.ts';
import { orderedMap } from './flow/ordered-map.ts';
import type { Signatures } from './kernels/signatures/signatures.ts';
import { openPool } from './parallel/pool.ts';
import { decodingJob } from './parallel/tasks.ts';
import { createDeduplicator, duplicateReasons } from './stages/deduplicate.ts';
import { createTally } from './stages/tally.ts';

/**
 * The deduplicator as a Duplex for somebody else's `pipeline()`: Arrow record batches in, the same batches without
 * exact and near duplicates out, in order. Text is hashed by worker threads; at most two batches a thread are under
 * way, and none is asked for while the consumer sleeps. A batch of which nothing is kept is left out; dictionary columns
 * come out as their values.
 * Destroying the stream, an error on either side or an abort ends its threads.
 */
export function dedupStream(options: DedupStreamOptions = {}): Duplex {
  const { parameters, falsePositiveRate, expectedDocuments } = duplicateConfig(options);
  const { threads, signal, onEvent } = engineConfig(options);

  async function* deduplicate(
    source: AsyncIterable<unknown>,
    streamSignal: AbortSignal,
  ): AsyncGenerator<RecordBatch, void, undefined> {
    const startedAt = performance.now();
    const controller = new AbortController();
    const stop = (): void => controller.abort();
    for (const from of [signal, streamSignal]) from?.addEventListener('abort', stop, { once: true });
    const job = { ...decodingJob, textIndex: 0, signatures: parameters ?? 'exact' } as const;
    const pool = openPool(job, threads, controller.signal);
    const deduplicator = createDeduplicator({
      parameters,
      falsePositiveRate,
      expectedDocuments: expectedDocuments ?? UNKNOWN_DOCUMENTS,
    });
    const tally = createTally({
      sources: [{ path: '-', format: 'arrow' }],
      reasons: duplicateReasons,
      documentsExpected: expectedDocuments,
      bytesWritten: () => 0,
      startedAt,
    });
    let schema: Schema | undefined;
    let textIndex = -1;

    async function sign(
      given: unknown,
    ): Promise<{ batch: RecordBatch; lengths: Uint32Array; signatures: Signatures }> {
      if (!(given instanceof RecordBatch)) {
        throw new TypeError('dedupStream: expected an Arrow RecordBatch of apache-arrow, got something else');
      }
      if (schema === undefined) {
        schema = unionSchemas([{ path: 'dedupStream', schema: given.schema }]);
        textIndex = findTextColumn(schema, options.textColumn ?? 'text', 'dedupStream');
      }
      // Dictionary columns come out as their values, so that every batch has the same plain schema.
      const batch = conform(given, schema);
      const text = textColumn(batch, textIndex);
      // A copy to hand over: the batch itself stays here, untouched, until its verdict is known.
      const start = text.offsets[0]!;
      const bytes = text.bytes.slice(start, text.offsets[text.rowCount]);
      const offsets = text.offsets.slice(0, text.rowCount + 1);
      const lengths = new Uint32Array(text.rowCount);
      for (let row = 0; row < text.rowCount; row++) lengths[row] = offsets[row + 1]! - offsets[row]!;
      if (start !== 0) for (let i = 0; i < offsets.length; i++) offsets[i]! -= start;
      const transfer = [bytes.buffer, offsets.buffer] as ArrayBuffer[];
      return { batch, lengths, signatures: await pool.run('sign', { bytes, offsets }, transfer) };
    }

    try {
      const signed = orderedMap(source, sign, { concurrency: threads + 1 });
      for await (const { batch, lengths, signatures } of signed) {
        const decided = deduplicator.commit(signatures, tally.nextOrdinal);
        const { verdicts } = decided;
        const rowCount = batch.numRows;
        tally.add(0, { rowCount, rejects: [], textLengths: lengths, writtenLengths: lengths }, decided);
        const rows = Uint32Array.from(verdicts.keys()).filter((row) => verdicts[row] === 0);
        onEvent?.({ type: 'progress', progress: tally.progress() });
        if (rows.length === rowCount) yield batch;
        else if (rows.length > 0) yield gather(batch.schema, [{ batch, rows }]);
      }
    } catch (error) {
      // A thread that was stopped reports that; why it was stopped says more. A stream that was destroyed just ends.
      signal?.throwIfAborted();
      if (!streamSignal.aborted) throw error;
    } finally {
      for (const from of [signal, streamSignal]) from?.removeEventListener('abort', stop);
      controller.abort();
      await pool.close();
    }
  }

  return duplexOf(deduplicate);
}
