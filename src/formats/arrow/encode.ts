import type { Schema } from 'apache-arrow';
import { BufferRegion, Message, RecordBatch } from 'apache-arrow/ipc/metadata/message';
import type { Batch } from '../../columns/batch.ts';
import type { Encode, Encoded } from '../format.ts';
import { collectBuffers } from './encode-buffers.ts';
import { align, frameMessage } from './encode-message.ts';
import { type BodyCompressionName, bodyCodec, compressBuffer } from './ipc-compression.ts';

/** What the footer of an Arrow file must know of one record batch. */
export interface ArrowIndex {
  /** Bytes of the framed metadata in front of the body, a multiple of 64. */
  readonly metadataLength: number;
  /** Bytes of the body, a multiple of 64. */
  readonly bodyLength: number;
}

/** Buffers shorter than this are joined to one chunk: copying them costs less than sending each on its own. */
const JOIN_BELOW = 32 * 1024;

/**
 * Whose the buffers of a batch are once it is encoded. `take`: the encoder's, who hands them over without a copy where
 * they own their whole ArrayBuffer (transferring the chunks then empties the batch) or lie in shared memory (which must
 * stay as it is until the chunks are written). `copy`: the caller's, for batches whose memory is used again (a decoder's
 * scratch buffers).
 */
export type BatchBuffers = 'take' | 'copy';

/**
 * Makes the encoder for Arrow IPC: each batch becomes one framed record batch message. Slices and small buffers are
 * copied in any case.
 */
export function createArrowEncoder(
  schema: Schema,
  compression: BodyCompressionName,
  buffersOfBatch: BatchBuffers,
): Encode {
  const body = bodyCodec(compression);
  return (batch: Batch): Encoded => {
    const { nodes, buffers, variadicCounts } = collectBuffers(schema.fields, batch.data.children);
    const chunks = new ChunkList();
    const regions: BufferRegion[] = [];
    for (const buffer of buffers) {
      const start = chunks.byteLength;
      const pieces = body === undefined ? [buffer] : compressBuffer(body.codec, buffer);
      for (const piece of pieces) chunks.add(piece, piece !== buffer || buffersOfBatch === 'take');
      regions.push(new BufferRegion(start, chunks.byteLength - start));
      chunks.pad(align(chunks.byteLength) - chunks.byteLength);
    }
    const bodyLength = chunks.byteLength;
    const header = new RecordBatch(
      batch.numRows,
      nodes,
      regions,
      body?.metadata ?? null,
      variadicCounts,
      batch.metadata,
    );
    const metadata = frameMessage(Message.from(header, bodyLength));
    const index: ArrowIndex = { metadataLength: metadata.length, bodyLength };
    return { rowCount: batch.numRows, chunks: [metadata, ...chunks.finish()], index };
  };
}

/** Gathers buffers in order: large ones that own their memory stay as they are, all between them is joined by copying. */
class ChunkList {
  byteLength = 0;
  readonly #chunks: Uint8Array[] = [];
  readonly #handedOver = new Set<ArrayBuffer>();
  #run: Uint8Array[] = [];
  #runLength = 0;

  /** @param mayTake whether `bytes` may become a chunk as they are. */
  add(bytes: Uint8Array, mayTake: boolean): void {
    if (mayTake && bytes.length >= JOIN_BELOW && this.#canHandOver(bytes)) {
      this.#closeRun();
      this.#chunks.push(bytes);
    } else {
      this.#run.push(bytes);
      this.#runLength += bytes.length;
    }
    this.byteLength += bytes.length;
  }

  pad(byteLength: number): void {
    if (byteLength > 0) this.add(new Uint8Array(byteLength), false);
  }

  finish(): Uint8Array[] {
    this.#closeRun();
    return this.#chunks;
  }

  #canHandOver(bytes: Uint8Array): boolean {
    const { buffer } = bytes;
    if (!(buffer instanceof ArrayBuffer)) return true;
    // Two columns may share one buffer; only the first can take it along.
    if (!ownsBuffer(bytes) || this.#handedOver.has(buffer)) return false;
    this.#handedOver.add(buffer);
    return true;
  }

  #closeRun(): void {
    if (this.#runLength > 0) {
      const joined = new Uint8Array(this.#runLength);
      let at = 0;
      for (const piece of this.#run) {
        joined.set(piece, at);
        at += piece.length;
      }
      this.#chunks.push(joined);
    }
    this.#run = [];
    this.#runLength = 0;
  }
}

function ownsBuffer(bytes: Uint8Array): boolean {
  return bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
}
