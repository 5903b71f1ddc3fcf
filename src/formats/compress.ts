import { gzipSync } from 'node:zlib';
import type { Compression } from './format.ts';
import { compressLz4Frame } from './lz4/lz4.ts';
import { compressSnappy } from './snappy-compress.ts';

export type Codec = 'none' | 'snappy' | 'gzip' | 'zstd' | 'lz4_frame';

/** Level 1, as pyarrow writes Parquet: on web text 1.5 times the speed of level 3 for 15 % more bytes. */
const ZSTD_LEVEL = 1;
/** Level 4: twice the speed of level 6 for 3 % more bytes on web text. */
const GZIP_LEVEL = 4;
/** The WASM heap ends at 2 GiB and never shrinks; what is longer becomes several frames, which a decoder joins. */
const ZSTD_FRAME_LENGTH = 64 * 1024 * 1024;
/** RFC 1952: operating system "unknown"; zlib writes its own, and the bytes would differ from machine to machine. */
const GZIP_OS_OFFSET = 9;
const GZIP_OS_UNKNOWN = 255;

const NO_DICTIONARY = new Uint8Array(0);

type Compress = (input: Uint8Array) => Uint8Array<ArrayBuffer>;
let zstdLoading: Promise<Compress> | undefined;
let compressZstdFrame: Compress | undefined;

/**
 * Loads the codec of an output, or all there are: to be awaited in each thread before the first `compress` with it. Cheap
 * when called again. Zstandard's takes longer to start than a small file to be encoded, so no thread starts it unasked.
 */
export async function compressReady(compression: Compression | 'all' = 'all'): Promise<void> {
  if (compression === 'zstd' || compression === 'all') {
    compressZstdFrame = await (zstdLoading ??= loadZstd());
  }
}

/** An empty dictionary is none to zstd, and this call reuses one context: it matters for small pages. */
async function loadZstd(): Promise<Compress> {
  const { compressUsingDict, createCCtx, init } = await import('@bokuweb/zstd-wasm');
  await init();
  const context = createCCtx();
  // The library copies the frame out of its heap, so the array is wholly ours.
  return (input) => compressUsingDict(context, input, NO_DICTIONARY, ZSTD_LEVEL) as Uint8Array<ArrayBuffer>;
}

/**
 * Compresses `input` as one block (snappy), member (gzip) or frame (zstd, lz4 with independent blocks).
 * Zstandard always goes through the same WASM build, also where Node has its own: equal input gives equal bytes on
 * every machine. Gzip bytes are those of Node's zlib, equal for one Node version and processor family.
 * @param input read, not kept.
 * @returns bytes that own their ArrayBuffer and can be transferred.
 */
export function compress(codec: Codec, input: Uint8Array): Uint8Array<ArrayBuffer> {
  switch (codec) {
    case 'none':
      return new Uint8Array(input);
    case 'snappy':
      return compressSnappy(input);
    case 'gzip':
      return compressGzip(input);
    case 'zstd':
      return compressZstd(input);
    case 'lz4_frame':
      return compressLz4Frame(input);
  }
}

function compressGzip(input: Uint8Array): Uint8Array<ArrayBuffer> {
  const member = new Uint8Array(gzipSync(input, { level: GZIP_LEVEL }));
  member[GZIP_OS_OFFSET] = GZIP_OS_UNKNOWN;
  return member;
}

function compressZstd(input: Uint8Array): Uint8Array<ArrayBuffer> {
  const compressFrame = compressZstdFrame;
  if (compressFrame === undefined) throw new Error('compress: zstd used before compressReady() was awaited');
  if (input.length <= ZSTD_FRAME_LENGTH) return compressFrame(input);
  const frames: Uint8Array[] = [];
  for (let start = 0; start < input.length; start += ZSTD_FRAME_LENGTH) {
    frames.push(compressFrame(input.subarray(start, start + ZSTD_FRAME_LENGTH)));
  }
  const joined = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    joined.set(frame, at);
    at += frame.length;
  }
  return joined;
}
