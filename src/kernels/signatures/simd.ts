import { allocateZeroed } from '../../columns/memory.ts';
import type { TextColumn } from '../../columns/text-column.ts';
import { compileKernel, instantiateKernel, type OwnMemory, reserve } from '../instance.ts';
import { type UnicodeTables, unicodeTables } from '../unicode.ts';
import { signatureWasmBase64 } from '../wasm/signature-wasm.generated.ts';
import type { SignaturePlan } from './plan.ts';
import { allocateSignatures, type Sign, type SignatureShape, type Signatures } from './signatures.ts';
import { FREE, TEXT_SLACK, writeWordTables } from './word-tables.ts';

/** Text handed over at a time, so that the copy is still in the second-level cache when it is read. */
const CHUNK_BYTES = 1 << 18;
/** Not a power of two: the keys of the bands would all compete for one set of the first-level cache. */
const CHUNK_ROWS = 1000;
const CHUNK_KEY_BYTES = 1 << 20;
/** Word hashes gathered between two drains, and room for those of one more block. */
const WORDS = 1024;
const WORDS_SLACK = 128;
/** The kernel writes sketches 16 bytes at a time, so up to 15 behind the last. */
const SKETCH_SLACK = 15;
/** An instance that grew beyond this for a giant document is dropped after it, as the memory of an instance cannot shrink. */
const KEPT_BYTES = 16 << 20;

const NO_SHAPE: SignatureShape = { bands: 0, sketchBytes: 0 };

interface Kernel {
  readonly memory: OwnMemory;
  readonly configure: (...numbers: readonly number[]) => void;
  readonly contentHashes: (text: number, offsets: number, count: number, hashes: number) => void;
  readonly bandSignatures: (
    text: number,
    offsets: number,
    count: number,
    keys: number,
    shingles: number,
    sketches: number,
  ) => void;
}

/** The WebAssembly SIMD twin: returns the function that signs a column. */
export async function createSimdSigner(plan: SignaturePlan | undefined): Promise<Sign> {
  const module = compileKernel(signatureWasmBase64);
  const tables = unicodeTables();
  let kernel: Kernel | undefined;
  let free = 0;

  function signChunk(text: TextColumn, first: number, last: number, into: Signatures): void {
    if (kernel === undefined) {
      kernel = instantiateKernel(module) as Kernel;
      free = prepare(kernel, plan, tables);
    }
    const { memory } = kernel;
    const count = last - first;
    const { bands: bandCount, sketchBytes } = plan ?? NO_SHAPE;
    const start = text.offsets[first]!;
    const end = text.offsets[last]!;
    const hashes = free;
    const keys = hashes + 8 * count;
    const shingles = keys + 8 * count * bandCount;
    const offsets = shingles + 4 * count;
    const sketches = offsets + 4 * (count + 1);
    const bytes = (sketches + sketchBytes * count + SKETCH_SLACK + 63) & ~63;
    reserve(memory, bytes + (end - start) + TEXT_SLACK, tooLong(end - start));
    new Int32Array(memory.buffer, offsets, count + 1).set(text.offsets.subarray(first, last + 1));
    new Uint8Array(memory.buffer, bytes, end - start).set(text.bytes.subarray(start, end));

    kernel.contentHashes(bytes, offsets, count, hashes);
    into.contentHashes.set(new Uint32Array(memory.buffer, hashes, 2 * count), 2 * first);
    if (plan !== undefined) {
      kernel.bandSignatures(bytes, offsets, count, keys, shingles, sketchBytes === 0 ? 0 : sketches);
      into.shingleCounts.set(new Uint32Array(memory.buffer, shingles, count), first);
      for (let band = 0; band < bandCount; band++) {
        const found = new Uint32Array(memory.buffer, keys + 8 * count * band, 2 * count);
        into.bandKeys.set(found, 2 * (band * into.rowCount + first));
      }
    }
    if (sketchBytes > 0) {
      const found = new Uint8Array(memory.buffer, sketches, sketchBytes * count);
      into.sketches.set(found, sketchBytes * first);
    }
    if (memory.buffer.byteLength > KEPT_BYTES) kernel = undefined;
  }

  const mostRows =
    plan === undefined
      ? CHUNK_ROWS
      : Math.max(1, Math.min(CHUNK_ROWS, Math.floor(CHUNK_KEY_BYTES / (8 * plan.bands + plan.sketchBytes))));
  return (text, allocate = allocateZeroed) => {
    const { offsets, rowCount } = text;
    const signatures = allocateSignatures(rowCount, plan, allocate);
    // first < last <= rowCount, and offsets has rowCount + 1 entries.
    for (let first = 0; first < rowCount; ) {
      let last = first + 1;
      const most = Math.min(rowCount, first + mostRows);
      while (last < most && offsets[last + 1]! - offsets[first]! <= CHUNK_BYTES) last++;
      signChunk(text, first, last, signatures);
      first = last;
    }
    return signatures;
  };
}

function tooLong(byteLength: number): string {
  return `signature kernel: a document of about ${byteLength} bytes does not fit; split it or leave it out`;
}

/** Writes tables and constants, places the work areas, and returns the first free address. */
function prepare(kernel: Kernel, plan: SignaturePlan | undefined, tables: UnicodeTables): number {
  const { memory } = kernel;
  if (plan === undefined) return FREE;
  const { ngram, bands, rows, bins, donors } = plan;
  let next = FREE;
  const place = (byteLength: number): number => {
    const address = next;
    next = (next + byteLength + 63) & ~63;
    return address;
  };
  const hashes = place(8 * (ngram + WORDS + WORDS_SLACK)) + 8 * ngram;
  const minima = place(4 * donors.stride);
  const occupied = place(4 * donors.stride);
  const best = place(5 * donors.stride);
  const ranks = place(Math.max(donors.ranks.byteLength, donors.walks.byteLength));
  const orders = place(donors.orders.byteLength);
  reserve(memory, next, 'signature kernel: its tables do not fit; use fewer --bands and --rows');

  const bytes = new Uint8Array(memory.buffer);
  writeWordTables(memory.buffer, plan.constants, tables);
  if (bins > 256) new Uint32Array(memory.buffer).set(donors.walks, ranks / 4);
  else bytes.set(donors.ranks, ranks);
  bytes.set(donors.orders, orders);
  const limit = hashes + 8 * WORDS;
  kernel.configure(ngram, bands, rows, hashes, limit, minima, occupied, best, ranks, orders, donors.prime);
  return next;
}
