import { readSync } from 'node:fs';
import { CurationError } from '../../errors.ts';
import { decompress } from '../decompress.ts';
import { decodeLz4Frames } from '../lz4/lz4.ts';
import { type BatchLayout, maxBodyBytes } from './messages.ts';

/** Stored bytes of one message body. `read` gives `[start, start + byteLength)`; the caller has checked the bounds. */
export interface BodyBytes {
  read(start: number, byteLength: number): Uint8Array;
}

/** A body in memory: views, nothing is copied. */
export function memoryBody(body: Uint8Array): BodyBytes {
  return { read: (start, byteLength) => body.subarray(start, start + byteLength) };
}

/** A body on disk: only what is asked for is read, so unwanted columns and rows cost nothing. */
export function fileBody(
  descriptor: number,
  bodyOffset: number,
  where: string,
  allocate: Allocate = allocateFresh,
): BodyBytes {
  return {
    read: (start, byteLength) => fillFrom(descriptor, bodyOffset + start, allocate(byteLength), where),
  };
}

/** Gives memory with anything in it. */
export type Allocate = (byteLength: number) => Uint8Array;

/** Memory that the reader keeps: never a whole buffer, which who gets a column of it might transfer to another thread. */
export function allocateKept(byteLength: number): Uint8Array {
  const { buffer } = Buffer.allocUnsafeSlow(byteLength + 8);
  return new Uint8Array(buffer, 0, byteLength);
}

/** Memory of its own, kept as long as it is referred to. */
function allocateFresh(byteLength: number): Uint8Array {
  const { buffer } = Buffer.allocUnsafeSlow(byteLength);
  return new Uint8Array(buffer, 0, byteLength);
}

/** Reads exactly `byteLength` bytes at `offset`; a file that ends early is BAD_INPUT. The caller owns the result. */
export function readAt(descriptor: number, offset: number, byteLength: number, where: string): Uint8Array {
  return fillFrom(descriptor, offset, allocateFresh(byteLength), where);
}

function fillFrom(descriptor: number, offset: number, bytes: Uint8Array, where: string): Uint8Array {
  const { byteLength } = bytes;
  let filled = 0;
  while (filled < byteLength) {
    const got = readSync(descriptor, bytes, filled, byteLength - filled, offset + filled);
    if (got === 0) {
      throw new CurationError(
        'BAD_INPUT',
        `${where}: expected ${byteLength} bytes at ${offset}, the file ends after ${filled}; it is cut off or being written`,
      );
    }
    filled += got;
  }
  return bytes;
}

/**
 * The buffers of one batch, decompressed when first asked for and then kept: rows of a large compressed batch are
 * decoded piece by piece without decompressing it for each piece.
 */
export class BatchBody {
  readonly layout: BatchLayout;
  readonly where: string;
  /** Memory for what is made of the body's bytes. */
  readonly allocate: Allocate;
  #stored: BodyBytes;
  readonly #plain = new Map<number, Uint8Array>();
  #plainBytes = 0;

  constructor(layout: BatchLayout, stored: BodyBytes, where: string, allocate: Allocate = allocateFresh) {
    this.layout = layout;
    this.allocate = allocate;
    this.#stored = stored;
    this.where = where;
  }

  /** Reads from `stored` from now on: the same bytes by another way, when the file was opened again. */
  rebind(stored: BodyBytes): void {
    this.#stored = stored;
  }

  /** Bytes of buffer `index` once decompressed. */
  byteLength(index: number): number {
    const { buffers, codec } = this.layout;
    if (2 * index >= buffers.length) {
      throw this.damaged(`expected more buffers than the ${buffers.length / 2} it has`);
    }
    const stored = buffers[2 * index + 1]!;
    return codec === 'none' || stored === 0 ? stored : this.#decompressed(index).byteLength;
  }

  /** Bytes `[start, start + byteLength)` of buffer `index`, starting at a multiple of 8 in memory. */
  read(index: number, start: number, byteLength: number, what: string): Uint8Array {
    const held = this.byteLength(index);
    if (start < 0 || byteLength < 0 || start + byteLength > held) {
      throw this.damaged(`${what}: expected ${start + byteLength} bytes, found ${held}`);
    }
    if (byteLength === 0) return new Uint8Array(0);
    const { buffers, codec } = this.layout;
    const bytes =
      codec === 'none'
        ? this.#stored.read(buffers[2 * index]! + start, byteLength)
        : this.#decompressed(index).subarray(start, start + byteLength);
    return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  }

  damaged(what: string): CurationError {
    return new CurationError('BAD_INPUT', `${this.where}: ${what}`);
  }

  #decompressed(index: number): Uint8Array {
    const known = this.#plain.get(index);
    if (known !== undefined) return known;
    const { buffers, codec } = this.layout;
    const stored = this.#stored.read(buffers[2 * index]!, buffers[2 * index + 1]!);
    if (stored.byteLength < 8) throw this.damaged(`compressed buffer ${index} has no length`);
    const head = new DataView(stored.buffer, stored.byteOffset, 8).getBigInt64(0, true);
    const body = stored.subarray(8);
    const plain = head === -1n ? body : this.#decode(index, body, Number(head), codec);
    this.#plain.set(index, plain);
    return plain;
  }

  #decode(index: number, body: Uint8Array, length: number, codec: 'none' | 'lz4' | 'zstd'): Uint8Array {
    this.#plainBytes += length;
    if (length < 0 || this.#plainBytes > maxBodyBytes) {
      throw this.damaged(
        `buffer ${index} is said to unpack to ${length} bytes, more than Sluice reads of one batch`,
      );
    }
    // LZ4 cannot shrink by more than 255: a longer claim is damage, and is refused before memory is given to it.
    if (codec === 'lz4' && length > 255 * body.byteLength) {
      throw this.damaged(`buffer ${index} cannot unpack from ${body.byteLength} to ${length} bytes`);
    }
    const view = this.#inflate(index, body, length, codec);
    if (view.byteLength !== length) {
      throw this.damaged(`buffer ${index} unpacks to ${view.byteLength} bytes, expected ${length}`);
    }
    // The codecs' memory is not for keeping: they use it again at their next call.
    const plain = this.allocate(length);
    plain.set(view);
    return plain;
  }

  #inflate(index: number, body: Uint8Array, length: number, codec: 'none' | 'lz4' | 'zstd'): Uint8Array {
    if (length === 0) return new Uint8Array(0);
    try {
      if (codec === 'zstd') return decompress('zstd', body, length);
      return decodeLz4Frames(body, length);
    } catch (cause) {
      if (cause instanceof CurationError && cause.code !== 'BAD_INPUT') throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new CurationError(
        'BAD_INPUT',
        `${this.where}: buffer ${index} does not unpack as ${codec}: ${why}`,
        {
          cause,
        },
      );
    }
  }
}
