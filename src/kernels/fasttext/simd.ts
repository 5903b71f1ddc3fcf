import { copyBytes } from '../../columns/copy.ts';
import { compileKernel, instantiateKernel, PAGE_BYTES, type SharedMemory } from '../instance.ts';
import { fasttextWasmBase64 } from '../wasm/fasttext-wasm.generated.ts';
import { type FastTextModel, hashBytes, shiftOf } from './model.ts';
import { createScalarReader, END_OF_LINE, findEntry, isSeparator, type TextReader } from './scalar.ts';

/** What `wasm/assembly/fasttext.ts` exports; addresses are bytes. */
interface Kernel {
  readonly setArea: (...numbers: readonly number[]) => void;
  readonly setNgrams: (...numbers: readonly number[]) => void;
  readonly setDictionary: (...numbers: readonly number[]) => void;
  readonly setRows: (...numbers: readonly number[]) => void;
  readonly begin: () => void;
  /** 1 when the line ends in this part of the text. */
  readonly addText: (length: number) => number;
  /** Adds the word that ends a line: its row or -1, and its hash. Returns how many rows the text had. */
  readonly finish: (row: number, hash: number) => number;
  readonly dots: (vector: number, rows: number, count: number, into: number) => void;
}

/** Text handed over at a time; its sums are of 32 bits, and are added up in 64. */
const TEXT_BYTES = 1 << 16;
/** The kernel writes one byte before the text and reads, and ignores, 32 behind it. */
const SLACK = 64;
/** Of the cache of words; larger ones were hardly faster, as they no longer fit the cache of the processor. */
const CACHE_BYTES = 4 << 20;
/** Bytes of a word and what is known of it, without its sums. */
const SLOT_BYTES = 48;
/** Buckets listed until 2 KiB are reached, and those of four characters more: at most 64 of a character. */
const LISTED_BYTES = 4096;
/** Addresses of 32 rows. */
const PENDING_BYTES = 128;

let compiled: object | undefined;

/**
 * The WebAssembly SIMD twin, with a cache of words. Its work area of about 4 MiB lies in the model's memory, and is gone with it.
 * Words are added up before they are added to the text, so scores do not depend on which words the cache holds.
 * @returns undefined where the model does not lie in such memory, or the processor has no 128-bit vectors.
 */
export function createSimdReader(model: FastTextModel): TextReader | undefined {
  const { memory, dim, wordNgrams, bucket, minn, maxn, dictionary, input, output } = model;
  if (memory === undefined) return undefined;
  const kernel = instantiate(memory);
  if (kernel === undefined) return undefined;
  const rowBytes = 4 * input.stride;
  const isRowItself = maxn <= 0 && input.codes.length === 0;
  const slotBytes = padded(SLOT_BYTES + (isRowItself ? 0 : rowBytes));
  const slotBits = Math.max(6, Math.floor(Math.log2(CACHE_BYTES / slotBytes)));
  const sizes = {
    text: TEXT_BYTES + SLACK,
    total: rowBytes,
    once: rowBytes,
    block: rowBytes,
    scratch: 16,
    pending: PENDING_BYTES,
    listed: LISTED_BYTES,
    ngrams: 8 * wordNgrams,
    scores: 4 * output.rowCount,
    cache: slotBytes * 2 ** slotBits,
  };
  const places = layOut(memory, sizes);
  if (places === undefined) return undefined;
  const { text, total, once, block, scratch, pending, listed, ngrams, scores, cache } = places;
  kernel.setArea(
    text,
    total,
    once,
    block,
    scratch,
    pending,
    listed,
    ngrams,
    cache,
    64 - slotBits,
    slotBytes,
    rowBytes,
  );
  kernel.setNgrams(wordNgrams, bucket, minn, maxn);
  const { wordCount, bytes, starts, slots, isPruned, kept, ranks } = dictionary;
  kernel.setDictionary(
    wordCount,
    bytes.byteOffset,
    starts.byteOffset,
    slots.byteOffset,
    shiftOf(slots.length),
    isPruned ? kept.byteOffset : 0,
    ranks.byteOffset,
  );
  const parts = Math.ceil(dim / input.dsub);
  kernel.setRows(
    input.floats.byteOffset,
    input.codes.length > 0 ? input.codes.byteOffset : 0,
    parts,
    input.dsub,
    dim - (parts - 1) * input.dsub,
    input.centroids.byteOffset,
    input.normCodes.byteOffset,
    input.norms.length > 0 ? input.norms.byteOffset : 0,
  );
  const textView = new Uint8Array(memory.buffer, text, TEXT_BYTES + SLACK);
  const totalView = new Float32Array(memory.buffer, total, dim);
  const scoresView = new Float32Array(memory.buffer, scores, output.rowCount);
  const endHash = hashBytes(END_OF_LINE, 0, END_OF_LINE.length);
  const endEntry = findEntry(dictionary, END_OF_LINE, 0, END_OF_LINE.length, endHash);
  const endRow = endEntry < wordCount ? endEntry : -1;
  const scalar = createScalarReader(model);

  const addTotal = (sums: Float64Array): void => {
    for (let i = 0; i < dim; i++) sums[i]! += totalView[i]!;
  };

  return {
    read(source, start, end, sums) {
      sums.fill(0);
      kernel.begin();
      for (let at = start; at < end; ) {
        let stop = end;
        if (end - at > TEXT_BYTES) {
          stop = at + TEXT_BYTES;
          while (stop > at && !isSeparator(source[stop]!)) stop--;
          // A word longer than that is nothing that is read often.
          if (stop === at) return scalar.read(source, start, end, sums);
        }
        copyBytes(source.subarray(at, stop), textView, 0);
        textView[stop - at] = 0x20;
        const isOver = kernel.addText(stop - at) !== 0;
        addTotal(sums);
        if (isOver) break;
        at = stop;
      }
      const rowCount = kernel.finish(endRow, endHash);
      addTotal(sums);
      return rowCount;
    },
    dots(vector, into) {
      if (output.codes.length > 0) return scalar.dots(vector, into);
      totalView.set(vector);
      kernel.dots(total, output.floats.byteOffset, output.rowCount, scores);
      into.set(scoresView);
    },
  };
}

function padded(byteLength: number): number {
  return (byteLength + 63) & ~63;
}

function instantiate(memory: SharedMemory): Kernel | undefined {
  try {
    compiled ??= compileKernel(fasttextWasmBase64);
    return instantiateKernel(compiled, { memory }) as Kernel;
  } catch {
    return undefined;
  }
}

/**
 * Areas of these sizes in new memory behind what is there, which no other thread gets, aligned to 64 bytes and 64 bytes
 * apart; undefined when there is none.
 */
function layOut<Name extends string>(
  memory: SharedMemory,
  sizes: Readonly<Record<Name, number>>,
): Record<Name, number> | undefined {
  const places: Record<Name, number> = { ...sizes };
  let byteLength = SLACK;
  for (const name in sizes) {
    places[name] = byteLength;
    byteLength += padded(sizes[name]) + SLACK;
  }
  try {
    const base = memory.grow(Math.ceil(byteLength / PAGE_BYTES)) * PAGE_BYTES;
    for (const name in places) places[name] += base;
    return places;
  } catch {
    return undefined;
  }
}
