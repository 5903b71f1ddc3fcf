import zlib from 'node:zlib';
import { CurationError } from '../errors.ts';
import { decodeLz4Block, decodeLz4Hadoop } from './lz4/lz4.ts';
import { snappyWasmBase64 } from './snappy/snappy-wasm.generated.ts';
import { decodeZstdFrame } from './zstd/zstd.ts';

/** Codecs of Parquet pages. `lz4_hadoop` is Parquet's deprecated LZ4: Hadoop's framing, or a bare block where a writer forgot it. */
export type PageCodec = 'none' | 'snappy' | 'gzip' | 'brotli' | 'zstd' | 'lz4_raw' | 'lz4_hadoop';

/** Most bytes one page may decode to; a page that claims more is refused before anything is allocated for it. */
const MAX_PAGE_BYTES: number = 512 * 1024 * 1024;

/** A heap that grew beyond this for one huge page is given up after it, because WebAssembly memory never shrinks. */
const MAX_KEPT_HEAP = 96 * 1024 * 1024;

/**
 * Decodes one page. Synchronous, because a worker decodes page by page between reads.
 * @param outputLength decoded bytes the page header promises; another length is damage. At most `MAX_PAGE_BYTES`.
 * @returns a view that may lie in the codec's own memory: valid until the next call in this thread, and not to be written.
 */
export function decompress(codec: PageCodec, input: Uint8Array, outputLength: number): Uint8Array {
  if (!(outputLength >= 0 && outputLength <= MAX_PAGE_BYTES)) {
    throw new CurationError(
      'UNSUPPORTED',
      `expected a page of at most ${MAX_PAGE_BYTES} bytes once decoded, found ${outputLength}; rewrite the file with smaller pages`,
    );
  }
  const output = decode(codec, input, outputLength);
  if (output.length !== outputLength) throw wrongLength(codec, outputLength, output.length);
  return output;
}

function decode(codec: PageCodec, input: Uint8Array, outputLength: number): Uint8Array {
  switch (codec) {
    case 'none':
      return input;
    case 'snappy':
      return decodeSnappy(input, outputLength);
    case 'gzip':
      return viaZlib(codec, () => zlib.gunzipSync(input, { maxOutputLength: Math.max(1, outputLength) }));
    case 'brotli':
      return viaZlib(codec, () =>
        zlib.brotliDecompressSync(input, { maxOutputLength: Math.max(1, outputLength) }),
      );
    case 'zstd':
      return decodeZstd(input, outputLength);
    case 'lz4_raw':
      return decodeLz4(input, outputLength);
    case 'lz4_hadoop':
      return decodeHadoop(input, outputLength) ?? decodeLz4(input, outputLength);
  }
}

function wrongLength(codec: PageCodec, expected: number, found: number | string): CurationError {
  return new CurationError('BAD_INPUT', `${codec}: expected ${expected} decoded bytes, found ${found}`);
}

function broken(codec: PageCodec, cause: unknown): CurationError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CurationError('BAD_INPUT', `${codec}: expected compressed data, found damage (${reason})`, {
    cause,
  });
}

function viaZlib(codec: PageCodec, run: () => Uint8Array): Uint8Array {
  try {
    return run();
  } catch (cause) {
    throw broken(codec, cause);
  }
}

interface SnappyExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  decode(from: number, fromEnd: number, to: number, toEnd: number): number;
}

const SNAPPY_ERRORS = [
  '',
  'an element cut off',
  'too much output',
  'a copy from before the start',
  'too little output',
];
const PAGE = 65_536;
/** The decoder moves 16 bytes at a time and may touch this many behind the end of input and output. */
const SLACK = 64;

let snappyModule: WebAssemblyModule | undefined;
let snappy: SnappyExports | undefined;

/** Part of the WebAssembly interface that Node's types leave to the DOM's. */
type WebAssemblyModule = object;
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => WebAssemblyModule;
  readonly Instance: new (module: WebAssemblyModule) => { readonly exports: unknown };
};

function openSnappy(): SnappyExports {
  snappyModule ??= new WebAssembly.Module(Buffer.from(snappyWasmBase64, 'base64'));
  return new WebAssembly.Instance(snappyModule).exports as SnappyExports;
}

/** The block's own length is compared first, so a page header that lies costs no memory. */
function decodeSnappy(input: Uint8Array, outputLength: number): Uint8Array {
  let length = 0;
  let at = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = input[at++];
    if (byte === undefined || at > 5) throw broken('snappy', 'no length');
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
  }
  if (length !== outputLength) throw wrongLength('snappy', outputLength, length);
  // A copy of three bytes makes at most 64: a block that claims more cannot be whole.
  if (length > input.length * 32) throw wrongLength('snappy', outputLength, `a block of ${input.length}`);
  const to = (input.length + SLACK + 63) & ~63;
  const needed = to + outputLength + SLACK;
  if (snappy === undefined || (snappy.memory.buffer.byteLength > MAX_KEPT_HEAP && needed <= MAX_KEPT_HEAP)) {
    snappy = openSnappy();
  }
  const { memory } = snappy;
  const missing = needed - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil((missing + (needed >>> 2)) / PAGE));
  new Uint8Array(memory.buffer).set(input);
  const error = snappy.decode(at, input.length, to, to + outputLength);
  if (error !== 0) throw broken('snappy', SNAPPY_ERRORS[error]);
  return new Uint8Array(memory.buffer, to, outputLength);
}

/**
 * What the decoder declines is no valid page: RFC 8878 has no codes of 12 bits, and neither Parquet nor Arrow a place for
 * a dictionary. So libzstd, which takes each thread a thirtieth of a second to start, does not stand by.
 */
function decodeZstd(input: Uint8Array, outputLength: number): Uint8Array {
  const output = decodeZstdFrame(input, outputLength);
  if (output === undefined) throw broken('zstd', 'a dictionary that is not there, or codes too long');
  return output;
}

/** An empty page may be no block at all. */
function decodeLz4(input: Uint8Array, outputLength: number): Uint8Array {
  return input.length === 0 ? input : decodeLz4Block(input, outputLength);
}

/** Undefined if the input is not framed so: the caller tries the bare block and reports that failure. */
function decodeHadoop(input: Uint8Array, outputLength: number): Uint8Array | undefined {
  try {
    const output = decodeLz4Hadoop(input, outputLength);
    return output.length === outputLength ? output : undefined;
  } catch (error) {
    if (!(error instanceof CurationError) || error.code !== 'BAD_INPUT') throw error;
    return undefined;
  }
}
