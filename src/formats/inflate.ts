import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ZSTDDecoder } from 'zstddec/stream';
import { CurationError } from '../errors.ts';

/** How the bytes of a line file are wrapped. */
export type Wrapping = 'none' | 'gzip' | 'zstd';

/**
 * Tells the wrapping from the first bytes of a file (four are enough). JSON text starts with none of these bytes, so the
 * answer is safe to act on. Magic numbers: RFC 1952 and RFC 8878 (a Zstandard frame or a skippable frame).
 */
export function wrappingOf(head: Uint8Array): Wrapping {
  if (head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head.length >= 4 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd && head[0] === 0x28)
    return 'zstd';
  if (
    head.length >= 4 &&
    (head[0]! & 0xf0) === 0x50 &&
    head[1] === 0x2a &&
    head[2] === 0x4d &&
    head[3] === 0x18
  )
    return 'zstd';
  return 'none';
}

/**
 * Unwraps a stream of bytes in constant memory: gzip of any number of members, Zstandard of any number of frames, skippable
 * ones too. A Zstandard frame that asks for a window above 128 MiB is refused. Truncated or corrupt input throws
 * `BAD_INPUT` with `path` and the position in the compressed bytes. Chunks given out are the caller's to keep.
 */
export function inflate(
  input: AsyncIterable<Uint8Array>,
  kind: Wrapping,
  path: string,
): AsyncIterable<Uint8Array> {
  if (kind === 'gzip') return gunzip(input, path);
  if (kind === 'zstd') return unzstd(input, path);
  return input;
}

/** Output bytes asked of zlib at a time. */
const INFLATED_CHUNK_BYTES = 256 * 1024;

async function* gunzip(input: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  const iterator = input[Symbol.asyncIterator]();
  const gunzipper = createGunzip({ chunkSize: INFLATED_CHUNK_BYTES });
  let readBytes = 0;
  // Chunks given to zlib that it may not have taken in yet, oldest first: `start` is their place in the input.
  const pending: { start: number; bytes: Uint8Array }[] = [];
  let inputFailure: unknown;
  async function* feed(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const { value, done } = await iterator.next();
        if (done === true) return;
        const taken = gunzipper.bytesWritten;
        while (pending.length > 0 && pending[0]!.start + pending[0]!.bytes.length <= taken) pending.shift();
        pending.push({ start: readBytes, bytes: value });
        readBytes += value.length;
        yield value;
      }
    } catch (error) {
      inputFailure = error;
      throw error;
    }
  }
  // The pipeline hands errors both ways and closes the input when the consumer stops early; errors surface in the loop.
  pipeline(Readable.from(feed(), { highWaterMark: 1 }), gunzipper, () => {});
  try {
    for await (const chunk of gunzipper) yield chunk as Uint8Array;
  } catch (cause) {
    if (inputFailure !== undefined) throw inputFailure;
    const message = cause instanceof Error ? cause.message : String(cause);
    const isShort = (cause as { code?: unknown }).code === 'Z_BUF_ERROR';
    const where = isShort ? `byte ${readBytes}` : `near byte ${gunzipper.bytesWritten}`;
    const found = isShort ? 'the end of the file in the middle of a gzip member' : message;
    throw new CurationError('BAD_INPUT', damaged(path, where, 'gzip data', found), { cause });
  } finally {
    await iterator.return?.();
  }
  // zlib takes a zero byte after a member for padding and looks no further; anything else behind it would be lost unseen.
  for (const { start, bytes } of pending) {
    const from = Math.max(0, gunzipper.bytesWritten - start);
    const garbage = bytes.findIndex((byte, at) => at >= from && byte !== 0);
    if (garbage >= 0) {
      const found = 'bytes that are neither a gzip member nor zero padding';
      throw new CurationError('BAD_INPUT', damaged(path, `byte ${start + garbage}`, 'gzip data', found));
    }
  }
}

function damaged(path: string, where: string, expected: string, found: string): string {
  return `${path}: ${where} of the compressed file: expected ${expected}, found ${found}; the file is damaged or incomplete`;
}

/** The part of the WebAssembly build of libzstd that streaming needs. */
interface ZstdExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  malloc(byteLength: number): number;
  free(pointer: number): void;
  ZSTD_createDCtx(): number;
  ZSTD_freeDCtx(context: number): void;
  ZSTD_decompressStream(context: number, output: number, input: number): number;
}

/**
 * zstddec decompresses a synchronous list of arrays only, while its module exports the streaming functions of libzstd. Its
 * `_init` is handed the instance, so a subclass can keep it. Node's own Zstandard is not used: it is absent in Node 20.
 */
class StreamingDecoder extends ZSTDDecoder {
  override _init(result: Parameters<ZSTDDecoder['_init']>[0]): void {
    super._init(result);
    zstd = (result as unknown as { instance: { exports: ZstdExports } }).instance.exports;
  }
}

let zstd: ZstdExports | undefined;

async function openZstd(): Promise<ZstdExports> {
  if (zstd === undefined) await new StreamingDecoder().init();
  if (zstd === undefined) throw new Error('zstddec/stream was initialised elsewhere in this thread');
  return zstd;
}

const ZSTD_INPUT_BYTES = 128 * 1024;
const ZSTD_OUTPUT_BYTES = 256 * 1024;
/** A `size_t` above this is the negative of an error code (zstd_errors.h: codes stay below 120). */
const ZSTD_LARGEST_SIZE = 0xffff_ff87;

const ZSTD_FAULTS: ReadonlyMap<number, string> = new Map([
  [10, 'bytes that start no Zstandard frame'],
  [14, 'a frame that uses an unsupported feature'],
  [20, 'corrupt data'],
  [22, 'a frame whose checksum does not match its content'],
  [32, 'a frame that needs a dictionary'],
  [64, 'too little memory for the window'],
]);

async function* unzstd(input: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  const library = await openZstd();
  // Two ZSTD_inBuffer/ZSTD_outBuffer structs { pointer, size, position }, then the input and the output buffer.
  const structs = library.malloc(24 + ZSTD_INPUT_BYTES + ZSTD_OUTPUT_BYTES);
  const context = library.ZSTD_createDCtx();
  try {
    if (structs === 0 || context === 0)
      throw new CurationError('MEMORY', `${path}: no memory for a Zstandard decoder`);
    const inputAt = structs + 24;
    const outputAt = inputAt + ZSTD_INPUT_BYTES;
    let consumed = 0;
    let wanted = 1;
    for await (const chunk of input) {
      for (let from = 0; from < chunk.length; ) {
        const size = Math.min(ZSTD_INPUT_BYTES, chunk.length - from);
        new Uint8Array(library.memory.buffer, inputAt, size).set(chunk.subarray(from, from + size));
        let position = 0;
        let isFull = false;
        while (position < size || isFull) {
          // Views are taken anew after each call: the memory may have grown and detached them.
          let words = new Uint32Array(library.memory.buffer, structs, 6);
          words.set([inputAt, size, position, outputAt, ZSTD_OUTPUT_BYTES, 0]);
          const result = library.ZSTD_decompressStream(context, structs + 12, structs) >>> 0;
          words = new Uint32Array(library.memory.buffer, structs, 6);
          if (result > ZSTD_LARGEST_SIZE) throw zstdFailure(2 ** 32 - result, path, consumed + words[2]!);
          position = words[2]!;
          const produced = words[5]!;
          wanted = result;
          // With the frame complete there is nothing left to drain, however full the output was.
          isFull = produced === ZSTD_OUTPUT_BYTES && result !== 0;
          if (produced > 0) yield new Uint8Array(library.memory.buffer, outputAt, produced).slice();
        }
        from += size;
        consumed += size;
      }
    }
    if (wanted !== 0) {
      const found = 'the end of the file in the middle of a Zstandard frame';
      throw new CurationError('BAD_INPUT', damaged(path, `byte ${consumed}`, 'Zstandard data', found));
    }
  } finally {
    library.ZSTD_freeDCtx(context);
    library.free(structs);
  }
}

function zstdFailure(code: number, path: string, position: number): CurationError {
  if (code === 16) {
    const message = `${path}: byte ${position} of the compressed file: expected a Zstandard window of at most 128 MiB, found a larger one`;
    return new CurationError('UNSUPPORTED', `${message}; compress the file anew without --long or --ultra`);
  }
  const found = ZSTD_FAULTS.get(code) ?? `a fault of libzstd, code ${code}`;
  return new CurationError('BAD_INPUT', damaged(path, `near byte ${position}`, 'Zstandard data', found));
}
