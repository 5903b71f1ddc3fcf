import type { Schema } from 'apache-arrow';
import { Message } from 'apache-arrow/ipc/metadata/message';

/** Messages and body buffers begin at multiples of this, as the Arrow format recommends for SIMD readers. */
const ALIGNMENT = 64;
const CONTINUATION = 0xffffffff;
const PREFIX_LENGTH = 8;

/** `byteLength` rounded up to the next multiple of `ALIGNMENT`. */
export function align(byteLength: number): number {
  return Math.ceil(byteLength / ALIGNMENT) * ALIGNMENT;
}

/**
 * Frames a message for IPC: `[0xffffffff][length of metadata and padding][metadata][padding]`.
 * @param position where the message will lie; it is padded so that what follows begins at a multiple of 64.
 */
export function frameMessage(message: Message, position = 0): Uint8Array<ArrayBuffer> {
  const metadata = Message.encode(message);
  const byteLength = align(position + PREFIX_LENGTH + metadata.length) - position;
  const framed = new Uint8Array(byteLength);
  const view = new DataView(framed.buffer);
  view.setUint32(0, CONTINUATION, true);
  view.setUint32(4, byteLength - PREFIX_LENGTH, true);
  framed.set(metadata, PREFIX_LENGTH);
  return framed;
}

/** The schema as a framed IPC message; field and schema metadata (extension types) are in it. */
export function frameSchema(schema: Schema, position = 0): Uint8Array<ArrayBuffer> {
  return frameMessage(Message.from(schema), position);
}
