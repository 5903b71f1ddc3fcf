import { join } from 'node:path';
import type { Schema } from 'apache-arrow';
import { placeApart } from './columns/wire.ts';
import { createAssembler, fileExtension } from './formats/encoders.ts';
import type { PlacedBatch } from './parallel/tasks.ts';
import { read } from './read.ts';
import { ledgerFormat } from './stages/ledger.ts';
import { type LedgerRevision, reviseLedger } from './stages/ledger-revision.ts';
import { createPartSink, type Sink } from './stages/write.ts';

/** A ledger that is written to a work folder first, because what is known only at the end is still to be put in. */
export interface LedgerDraft {
  /** Where its encoded batches go. */
  readonly sink: Sink;
  /**
   * Ends the draft and gives it back, revised, in batches of `revisedSchema`, whose memory is handed over. Reads with one thread; two
   * batches are held besides the one that is revised.
   */
  revised(revision: LedgerRevision, signal: AbortSignal): AsyncGenerator<PlacedBatch, void, undefined>;
}

/** @param folder exists; whoever made it removes it with what lies in it. */
export async function createLedgerDraft(folder: string, schema: Schema): Promise<LedgerDraft> {
  const sink = await createPartSink({
    directory: folder,
    prefix: 'ledger/part-',
    extension: fileExtension(ledgerFormat),
    partBytes: PART_BYTES,
    createAssembler: () => createAssembler(ledgerFormat, schema, 'file'),
  });
  return {
    sink,
    async *revised(revision, signal) {
      const parts = await sink.finish();
      const input = parts.map(({ path }) => join(folder, path));
      // Batches come as they were written: none is as large as this.
      const batches = read({ input, threads: 1, morselBytes: PART_BYTES, signal });
      for await (const batch of reviseLedger(batches, schema, revision)) {
        yield placeApart(batch);
      }
    },
  };
}

const PART_BYTES = 2 ** 30;
