import { CurationError } from '../../errors.ts';
import { lz4WasmBase64 } from './lz4-wasm.generated.ts';

interface Lz4Kernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  inputAt(): number;
  limit(from: number, fromEnd: number): number;
  decodeFrames(from: number, fromEnd: number, to: number, toEnd: number): number;
  decodeBlock(from: number, fromEnd: number, to: number, toEnd: number): number;
  decodeHadoop(from: number, fromEnd: number, to: number, toEnd: number): number;
  packBlock(from: number, fromEnd: number, to: number): number;
}

/** Part of the WebAssembly interface that Node's types leave to the DOM's. */
type WebAssemblyModule = object;
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => WebAssemblyModule;
  readonly Instance: new (module: WebAssemblyModule) => { readonly exports: unknown };
};

/** What the kernel's results below zero mean, from -1 on. */
const FAILURES = [
  'a block or frame cut off',
  'no valid frame',
  'an invalid block',
  'a match from before the start',
  'too much output',
  'a wrong checksum',
  'a frame of another length than it claims',
  'a dictionary that is not there',
];

const PAGE = 65_536;
/** The kernel moves 32 bytes at a time and may touch this many behind the end of input and output. */
const SLACK = 64;
/** A heap that grew beyond this for one huge input is given up after it, because WebAssembly memory never shrinks. */
const MAX_KEPT_HEAP = 96 * 1024 * 1024;

/**
 * Magic; flags: version 1, independent blocks, no checksums; blocks of at most 4 MiB; and the header's checksum, which
 * never changes as nothing in the header does.
 */
const HEADER = Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73);
const BLOCK_LENGTH = 4 * 1024 * 1024;
/** A frame ends with a block of size 0. */
const END_LENGTH = 4;

let module: WebAssemblyModule | undefined;
/** Apart, so that a decoder's view outlives what is compressed in between. */
let decoder: Lz4Kernel | undefined;
let compressor: Lz4Kernel | undefined;

function open(): Lz4Kernel {
  module ??= new WebAssembly.Module(Buffer.from(lz4WasmBase64, 'base64'));
  return new WebAssembly.Instance(module).exports as Lz4Kernel;
}

/** The kernel `kept` from the last call, or a new one if that one's heap is far larger than `needed` bytes. */
function reopened(kept: Lz4Kernel | undefined, needed: number): Lz4Kernel {
  const isHuge =
    kept !== undefined && kept.memory.buffer.byteLength > MAX_KEPT_HEAP && needed < MAX_KEPT_HEAP / 2;
  return kept === undefined || isHuge ? open() : kept;
}

function reserve(memory: Lz4Kernel['memory'], needed: number): void {
  const missing = needed - memory.buffer.byteLength;
  if (missing <= 0) return;
  try {
    memory.grow(Math.ceil((missing + (needed >>> 2)) / PAGE));
  } catch (cause) {
    throw new CurationError('MEMORY', `lz4: found no memory for ${needed} bytes`, { cause });
  }
}

function damage(what: string): CurationError {
  return new CurationError('BAD_INPUT', `lz4: expected compressed data, found damage (${what})`);
}

/**
 * Decodes LZ4 frames (LZ4 Frame Format 1.6.4), one behind the other, with checksums compared where frames carry them.
 * Synchronous, one shot: for buffers. Costs memory for what the frames can hold, never for what they only claim.
 * @param input whole frames; read, not kept.
 * @param outputLength the most they may decode to, at most 1 GiB; less comes back as it is, more throws `BAD_INPUT`.
 * @returns a view of the decoder's memory, valid until the next call in this thread and not to be written.
 */
export function decodeLz4Frames(input: Uint8Array, outputLength: number): Uint8Array {
  const { from, fromEnd, to } = place(input, outputLength);
  const limit = decoder!.limit(from, fromEnd);
  if (limit < 0) throw damage(FAILURES[-limit - 1]!);
  const toEnd = to + Math.min(limit, outputLength);
  reserve(decoder!.memory, toEnd + SLACK);
  return outputAt(to, decoder!.decodeFrames(from, fromEnd, to, toEnd));
}

/**
 * Decodes one bare LZ4 block (Parquet's LZ4_RAW).
 * @param outputLength the most it may decode to; see `decodeLz4Frames`, also for what comes back.
 */
export function decodeLz4Block(input: Uint8Array, outputLength: number): Uint8Array {
  return decodeBare('decodeBlock', input, outputLength);
}

/**
 * Decodes blocks in Hadoop's framing, lengths big-endian before them (what many writers mean by Parquet's LZ4).
 * @param outputLength the most they may decode to; see `decodeLz4Frames`, also for what comes back.
 */
export function decodeLz4Hadoop(input: Uint8Array, outputLength: number): Uint8Array {
  return decodeBare('decodeHadoop', input, outputLength);
}

function decodeBare(
  format: 'decodeBlock' | 'decodeHadoop',
  input: Uint8Array,
  outputLength: number,
): Uint8Array {
  const { from, fromEnd, to } = place(input, outputLength);
  // One byte of a length adds at most 255 bytes, so a promise that cannot be kept costs no memory.
  const toEnd = to + Math.min(255 * input.length, outputLength);
  reserve(decoder!.memory, toEnd + SLACK);
  return outputAt(to, decoder![format](from, fromEnd, to, toEnd));
}

/** Copies the input to a decoder's memory; output goes `to` what lies behind it. */
function place(input: Uint8Array, outputLength: number): { from: number; fromEnd: number; to: number } {
  decoder = reopened(decoder, input.length + outputLength);
  const from = decoder.inputAt();
  const fromEnd = from + input.length;
  const to = (fromEnd + SLACK + 63) & ~63;
  reserve(decoder.memory, to);
  new Uint8Array(decoder.memory.buffer).set(input, from);
  return { from, fromEnd, to };
}

function outputAt(to: number, found: number): Uint8Array {
  if (found < 0) throw damage(FAILURES[-found - 1]!);
  return new Uint8Array(decoder!.memory.buffer, to, found);
}

/**
 * Compresses `input` to one LZ4 frame of independent blocks: greedy, for speed. Equal input gives equal bytes on every
 * machine, whatever was compressed before.
 * @param input at most 1 GiB; read, not kept.
 * @returns bytes that own their ArrayBuffer and can be transferred.
 */
export function compressLz4Frame(input: Uint8Array): Uint8Array<ArrayBuffer> {
  compressor = reopened(compressor, 2 * input.length);
  const { memory } = compressor;
  const from = compressor.inputAt();
  const start = (from + Math.min(input.length, BLOCK_LENGTH) + SLACK + 63) & ~63;
  let to = start + HEADER.length;
  for (let at = 0; at < input.length; at += BLOCK_LENGTH) {
    const block = input.subarray(at, at + BLOCK_LENGTH);
    // A block that does not shrink is longer by a 255th before it is stored as it is.
    reserve(memory, to + 4 + block.length + Math.ceil(block.length / 255) + SLACK + END_LENGTH);
    new Uint8Array(memory.buffer).set(block, from);
    to += compressor.packBlock(from, from + block.length, to);
  }
  reserve(memory, to + END_LENGTH);
  const frame = new Uint8Array(memory.buffer, start, to + END_LENGTH - start);
  frame.set(HEADER);
  frame.fill(0, frame.length - END_LENGTH);
  return frame.slice();
}
