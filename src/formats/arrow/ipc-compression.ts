import { CompressionType } from 'apache-arrow/fb/compression-type';
import { BodyCompression } from 'apache-arrow/ipc/metadata/message';
import { type Codec, compress } from '../compress.ts';

const PREFIX_LENGTH = 8;
const NOT_COMPRESSED = -1n;

/** How IPC names a codec, and what compresses a buffer with it. */
export interface BodyCodec {
  readonly metadata: BodyCompression;
  readonly codec: Codec;
}

/** How bodies are packed: the format knows LZ4 frames and Zstandard. */
export type BodyCompressionName = 'none' | 'lz4' | 'zstd';

/** The codec for the bodies of record batches; undefined writes them plain. */
export function bodyCodec(compression: BodyCompressionName): BodyCodec | undefined {
  if (compression === 'lz4')
    return { metadata: new BodyCompression(CompressionType.LZ4_FRAME), codec: 'lz4_frame' };
  if (compression === 'zstd') return { metadata: new BodyCompression(CompressionType.ZSTD), codec: 'zstd' };
  return undefined;
}

/**
 * One buffer as a compressed body holds it: `[int64 length when decompressed][compressed bytes]`, or
 * `[int64 -1][the bytes as they are]` where compression does not shrink it; nothing for an empty buffer.
 * apache-arrow 21.2.0 writes the compressed length in front, which other readers refuse; hence our own.
 */
export function compressBuffer(codec: Codec, bytes: Uint8Array): Uint8Array[] {
  if (bytes.length === 0) return [];
  const compressed = compress(codec, bytes);
  const prefix = new Uint8Array(PREFIX_LENGTH);
  const view = new DataView(prefix.buffer);
  if (compressed.length < bytes.length) {
    view.setBigInt64(0, BigInt(bytes.length), true);
    return [prefix, compressed];
  }
  view.setBigInt64(0, NOT_COMPRESSED, true);
  return [prefix, bytes];
}
