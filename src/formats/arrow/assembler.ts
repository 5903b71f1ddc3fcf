import { MetadataVersion, type Schema } from 'apache-arrow';
import { FileBlock, Footer } from 'apache-arrow/ipc/metadata/file';
import type { Assembler, Encoded } from '../format.ts';
import type { ArrowIndex } from './encode.ts';
import { frameSchema } from './encode-message.ts';

const MAGIC = new TextEncoder().encode('ARROW1');
/** The magic padded to eight bytes. */
const HEAD_LENGTH = 8;
const END_OF_STREAM = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);

/**
 * Lays record batch messages into an Arrow IPC file (magic, schema, batches, end of stream, footer, magic) or a stream
 * (schema, batches, end of stream). Batches go out as they come; nothing but 24 bytes of each is kept.
 */
export function createArrowAssembler(schema: Schema, kind: 'file' | 'stream'): Assembler {
  const blocks: FileBlock[] = [];
  let position = 0;
  return {
    start(): Uint8Array[] {
      if (kind === 'stream') return [frameSchema(schema)];
      const head = new Uint8Array(HEAD_LENGTH);
      head.set(MAGIC);
      const message = frameSchema(schema, HEAD_LENGTH);
      position = HEAD_LENGTH + message.length;
      return [head, message];
    },
    append(encoded: Encoded): Uint8Array[] {
      const { metadataLength, bodyLength } = encoded.index as ArrowIndex;
      if (kind === 'file') blocks.push(new FileBlock(metadataLength, bodyLength, position));
      position += metadataLength + bodyLength;
      return [...encoded.chunks];
    },
    finish(): Uint8Array[] {
      if (kind === 'stream') return [END_OF_STREAM];
      const footer = Footer.encode(new Footer(schema, MetadataVersion.V5, blocks, []));
      const length = new Uint8Array(4);
      new DataView(length.buffer).setInt32(0, footer.length, true);
      return [END_OF_STREAM, footer, length, MAGIC];
    },
  };
}
