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
const GZIP_OUTPUT_BYTES = 256 * 1024;
/** Input bytes given to zlib at a time; what they inflate to (1032 times as much at most) is held at once. */
const GZIP_INPUT_BYTES = 32 * 1024;

async function* gunzip(input: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  const gunzipper = createGunzip({ chunkSize: GZIP_OUTPUT_BYTES });
  const inflated: Uint8Array[] = [];
  let failure: Error | undefined;
  let isEnded = false;
  let settle = (): void => {};
  gunzipper.on('data', (chunk: Uint8Array) => inflated.push(chunk));
  gunzipper.on('error', (error) => {
    failure = error;
    settle();
  });
  // Comes before the input's end if zlib meets a zero byte after a member: it takes that for padding and looks no further.
  gunzipper.on('end', () => {
    isEnded = true;
    settle();
  });
  let consumed = 0;
  // zlib works in another thread on one piece while the consumer of the piece before has this one.
  let working: Promise<void> | undefined;
  let piece: Uint8Array = new Uint8Array(0);
  const begin = (step: (done: () => void) => void): Promise<void> =>
    new Promise((resolve) => {
      settle = resolve;
      step(resolve);
    });
  const settled = async (): Promise<void> => {
    await working;
    working = undefined;
    if (failure !== undefined) throw gzipFailure(failure, path, consumed, gunzipper.bytesWritten);
    if (isEnded)
      checkPadding(
        piece.subarray(Math.max(0, gunzipper.bytesWritten - consumed)),
        path,
        consumed + piece.length,
      );
    consumed += piece.length;
  };
  try {
    for await (const chunk of input) {
      for (let from = 0; from < chunk.length; from += GZIP_INPUT_BYTES) {
        if (working !== undefined) await settled();
        piece = chunk.subarray(from, from + GZIP_INPUT_BYTES);
        const ready = inflated.splice(0);
        if (isEnded) {
          checkPadding(piece, path, consumed + piece.length);
          consumed += piece.length;
        } else working = begin((done) => gunzipper.write(piece, done));
        yield* ready;
      }
    }
    if (working !== undefined) await settled();
    piece = new Uint8Array(0);
    if (!isEnded) {
      working = begin(() => gunzipper.end());
      await settled();
    }
    yield* inflated;
  } finally {
    gunzipper.destroy();
  }
}

/** Anything but zeros behind the last member would be lost unseen. `end` is the place in the input behind `tail`. */
function checkPadding(tail: Uint8Array, path: string, end: number): void {
  const at = tail.findIndex((byte) => byte !== 0);
  if (at < 0) return;
  const found = 'bytes that are neither a gzip member nor zero padding';
  throw new CurationError('BAD_INPUT', damaged(path, `byte ${end - tail.length + at}`, 'gzip data', found));
}

function gzipFailure(cause: Error, path: string, consumed: number, written: number): CurationError {
  const isShort = (cause as { code?: unknown }).code === 'Z_BUF_ERROR';
  const where = isShort ? `byte ${consumed}` : `near byte ${Math.max(consumed, written)}`;
  const found = isShort ? 'the end of the file in the middle of a gzip member' : cause.message;
  return new CurationError('BAD_INPUT', damaged(path, where, 'gzip data', found), { cause });
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
