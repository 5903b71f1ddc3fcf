import { CurationError } from '../../errors.ts';
import { zstdWasmBase64 } from './zstd-wasm.generated.ts';

interface ZstdKernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  inputAt(): number;
  limit(from: number, fromEnd: number): number;
  decode(from: number, fromEnd: number, to: number, toEnd: number): number;
}

/** Part of the WebAssembly interface that Node's types leave to the DOM's. */
type WebAssemblyModule = object;
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => WebAssemblyModule;
  readonly Instance: new (module: WebAssemblyModule) => { readonly exports: unknown };
};

/** What the kernel's results below zero mean, from -1 on; the first is for another decoder to say. */
const FAILURES = [
  'a feature this decoder does not know',
  'a frame cut off',
  'no valid frame',
  'an invalid block',
  'invalid literals',
  'invalid sequences',
  'a match from before the start',
  'too much output',
  'a wrong checksum',
  'a frame of another length than it claims',
];
const UNSUPPORTED = -1;

const PAGE = 65_536;
/** The kernel moves 32 bytes at a time and may touch this many behind the end of input and output. */
const SLACK = 64;
/** A heap that grew beyond this for one huge frame is given up after it, because WebAssembly memory never shrinks. */
const MAX_KEPT_HEAP = 96 * 1024 * 1024;

let module: WebAssemblyModule | undefined;
let kernel: ZstdKernel | undefined;

function open(): ZstdKernel {
  module ??= new WebAssembly.Module(Buffer.from(zstdWasmBase64, 'base64'));
  return new WebAssembly.Instance(module).exports as ZstdKernel;
}

function grow(memory: ZstdKernel['memory'], needed: number): void {
  const missing = needed - memory.buffer.byteLength;
  if (missing <= 0) return;
  try {
    memory.grow(Math.ceil((missing + (needed >>> 2)) / PAGE));
  } catch (cause) {
    throw new CurationError('MEMORY', `zstd: found no memory for ${needed} bytes`, { cause });
  }
}

function broken(code: number): CurationError {
  return new CurationError(
    'BAD_INPUT',
    `zstd: expected compressed data, found damage (${FAILURES[-code - 1] ?? code})`,
  );
}

/**
 * Decodes Zstandard frames (RFC 8878), one behind the other, with checksums compared where frames carry them. Synchronous,
 * one shot: for pages and buffers. Costs memory for what the frames can hold, never for what they only claim.
 * @param input whole frames; read, not kept.
 * @param outputLength the most they may decode to, at most 1 GiB; less comes back as it is, more throws `BAD_INPUT`.
 * @returns a view of the decoder's memory, valid until the next call in this thread and not to be written; undefined for
 * what no Parquet page or Arrow buffer may ask for: a dictionary, or literal codes longer than the format allows (11 bits).
 */
export function decodeZstdFrame(input: Uint8Array, outputLength: number): Uint8Array | undefined {
  if (
    kernel === undefined ||
    (kernel.memory.buffer.byteLength > MAX_KEPT_HEAP && input.length + outputLength < MAX_KEPT_HEAP / 2)
  ) {
    kernel = open();
  }
  const { memory } = kernel;
  const from = kernel.inputAt();
  const fromEnd = from + input.length;
  const to = (fromEnd + SLACK + 63) & ~63;
  grow(memory, to);
  new Uint8Array(memory.buffer).set(input, from);
  const limit = kernel.limit(from, fromEnd);
  if (limit === UNSUPPORTED) return undefined;
  if (limit < 0) throw broken(limit);
  const toEnd = to + Math.min(limit, outputLength);
  grow(memory, toEnd + SLACK);
  const found = kernel.decode(from, fromEnd, to, toEnd);
  if (found === UNSUPPORTED) return undefined;
  if (found < 0) throw broken(found);
  return new Uint8Array(memory.buffer, to, found);
}
