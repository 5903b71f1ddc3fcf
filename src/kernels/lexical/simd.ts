import type { TextColumn } from '../../columns/text-column.ts';
import { compileKernel, instantiateKernel, type OwnMemory, reserve } from '../instance.ts';
import { FREE, TEXT_SLACK, writeWordTables } from '../signatures/word-tables.ts';
import type { Vectors } from '../vectors/vectors.ts';
import { lexicalWasmBase64 } from '../wasm/lexical-wasm.generated.ts';
import type { FeatureCounter, FeatureLists } from './lists.ts';
import type { LexicalKernel, LexicalModel } from './model.ts';
import { type Rows, rowAt, rowCountOf } from './rows.ts';
import { COUNT_WORTH, MOST_WORDS, wordConstants } from './weights.ts';
import { readingWindows } from './windows.ts';

/** Text handed over at a time, so that the copy is still in the second-level cache when it is read. */
const CHUNK_BYTES = 1 << 18;
const CHUNK_ROWS = 1000;
/** A document is read through at most three windows, so the memory of an instance does not grow, however long a document is. */
const MOST_WINDOWS = 3 * CHUNK_ROWS;
const MOST_DOCUMENT_BYTES = 3 * (4096 + 64);
/** Words of a window and byte: see {@link MOST_WORDS}. */
const MOST_CHUNK_WORDS: number = (CHUNK_BYTES + MOST_DOCUMENT_BYTES) / 2 + MOST_WINDOWS;
/** Word hashes gathered between two drains, and room for those of one more block. */
const WORDS = 1024;
const WORDS_SLACK = 128;
/** Rows of the map are asked for by their first 72 bytes. */
const MAP_SLACK = 72;

const TOO_LARGE = 'lexical kernel: the model does not fit in memory; use fewer dimensions or buckets';

interface Exports {
  readonly memory: OwnMemory;
  readonly configure: (...numbers: readonly number[]) => void;
  readonly countWords: (windows: number, count: number, keys: number, sizes: number) => void;
  readonly embed: (windows: number, count: number, values: number, squares: number) => void;
}

interface Instance {
  readonly kernel: Exports;
  readonly windows: Uint32Array;
  readonly text: Uint8Array;
  /** Keys of counted words; squares and vectors. */
  readonly out: Uint32Array;
  readonly sizes: Uint32Array;
  readonly values: Int8Array;
}

/** The WebAssembly SIMD twin. */
export function createSimdCounter(bucketBits: number): FeatureCounter {
  const instance = instantiate(bucketBits);
  const { kernel, windows, out, sizes } = instance;
  function count(text: TextColumn, rows?: Uint32Array): FeatureLists {
    const rowCount = rowCountOf(text, rows);
    const offsets = new Uint32Array(rowCount + 1);
    const chunks: Uint32Array[] = [];
    let features = 0;
    for (let first = 0; first < rowCount; ) {
      const { last, windowCount } = place(instance, text, rows, first, rowCount);
      kernel.countWords(windows.byteOffset, windowCount, out.byteOffset, sizes.byteOffset);
      let end = 0;
      for (let at = first; at < last; at++) {
        const size = sizes[at - first]!;
        out.subarray(end, end + size).sort();
        end += size;
        offsets[at + 1] = features + end;
      }
      chunks.push(out.slice(0, end));
      features += end;
      first = last;
    }
    const buckets = new Uint32Array(features);
    const counts = new Uint16Array(features);
    let at = 0;
    for (const chunk of chunks) {
      for (const key of chunk) {
        buckets[at] = key >>> 8;
        counts[at++] = key & 255;
      }
    }
    return { offsets, buckets, counts };
  }

  return { count };
}

/** The WebAssembly SIMD twin. */
export function createSimdKernel(model: LexicalModel): LexicalKernel {
  const { dimensions, bucketBits } = model;
  const instance = instantiate(bucketBits, model);
  const { kernel, windows, values: found, sizes: foundSquares } = instance;
  return {
    dimensions,
    embed(text, rows): Vectors {
      const count = rowCountOf(text, rows);
      const values = new Int8Array(count * dimensions);
      const squares = new Uint32Array(count);
      for (let first = 0; first < count; ) {
        const { last, windowCount } = place(instance, text, rows, first, count);
        kernel.embed(windows.byteOffset, windowCount, found.byteOffset, foundSquares.byteOffset);
        values.set(found.subarray(0, (last - first) * dimensions), first * dimensions);
        squares.set(foundSquares.subarray(0, last - first), first);
        first = last;
      }
      return { count, dimensions, values, squares };
    },
  };
}

/** Copies the windows of documents to where the kernel reads them, from `first` on as many as fit. Neighbours in the column are copied at once. */
function place(
  { windows, text: to }: Instance,
  { bytes, offsets }: TextColumn,
  rows: Rows,
  first: number,
  count: number,
): { last: number; windowCount: number } {
  const ends = new Uint32Array(6);
  let windowCount = 0;
  let copied = 0;
  let runStart = 0;
  let runEnd = 0;
  let last = first;
  const flush = (): void => {
    to.set(bytes.subarray(runStart, runEnd), copied - (runEnd - runStart));
  };
  for (; last < count && last - first < CHUNK_ROWS && copied < CHUNK_BYTES; last++) {
    // A row is one of the column's, which has an offset more.
    const row = rowAt(rows, last);
    const size = readingWindows(bytes, offsets[row]!, offsets[row + 1]!, ends);
    for (let at = 0; at < size; at += 2) {
      const start = ends[at]!;
      const end = ends[at + 1]!;
      if (start !== runEnd) {
        flush();
        runStart = start;
      }
      const address = to.byteOffset + copied;
      windows[3 * windowCount] = address;
      windows[3 * windowCount + 1] = address + (end - start);
      windows[3 * windowCount + 2] = at + 2 === size ? 1 : 0;
      windowCount++;
      copied += end - start;
      runEnd = end;
    }
  }
  flush();
  return { last, windowCount };
}

function instantiate(bucketBits: number, model?: LexicalModel): Instance {
  const kernel = instantiateKernel(compileKernel(lexicalWasmBase64)) as Exports;
  const dimensions = model?.dimensions ?? 0;
  let next = FREE;
  const area = (byteLength: number): number => {
    const address = next;
    next = (next + byteLength + 63) & ~63;
    return address;
  };
  const hashes = area(8 * (WORDS + WORDS_SLACK));
  const counts = area(2 ** bucketBits);
  const list = area(4 * (MOST_WORDS + 1));
  const weights = area(2 * 2 ** bucketBits);
  const worth = area(COUNT_WORTH.byteLength);
  const map = model?.map === undefined ? 0 : area(model.map.byteLength + MAP_SLACK);
  const entries = area(8 * (MOST_WORDS + 4));
  const sums = area(4 * dimensions);
  const wide = area(8 * dimensions);
  const signs = area(256);
  const windows = area(12 * MOST_WINDOWS);
  const sizes = area(4 * CHUNK_ROWS);
  const out = area(Math.max(4 * MOST_CHUNK_WORDS, CHUNK_ROWS * dimensions));
  const text = area(CHUNK_BYTES + MOST_DOCUMENT_BYTES + TEXT_SLACK);
  reserve(kernel.memory, next, TOO_LARGE);
  const { buffer } = kernel.memory;
  writeWordTables(buffer, wordConstants());
  new Uint32Array(buffer, worth, COUNT_WORTH.length).set(COUNT_WORTH);
  if (model !== undefined) {
    new Uint16Array(buffer, weights, model.weights.length).set(model.weights);
    if (model.map !== undefined) new Int8Array(buffer, map, model.map.length).set(model.map);
  }
  const lanes = new Int32Array(buffer, signs, 64);
  for (let lane = 0; lane < 64; lane++) lanes[lane] = -(((lane >> 2) >> (lane & 3)) & 1);
  const limit = hashes + 8 * WORDS;
  kernel.configure(
    hashes,
    limit,
    bucketBits,
    counts,
    list,
    weights,
    worth,
    map,
    dimensions,
    entries,
    sums,
    wide,
    signs,
  );
  return {
    kernel,
    windows: new Uint32Array(buffer, windows, 3 * MOST_WINDOWS),
    sizes: new Uint32Array(buffer, sizes, CHUNK_ROWS),
    out: new Uint32Array(buffer, out, MOST_CHUNK_WORDS),
    values: new Int8Array(buffer, out, CHUNK_ROWS * dimensions),
    text: new Uint8Array(buffer, text, CHUNK_BYTES + MOST_DOCUMENT_BYTES),
  };
}
