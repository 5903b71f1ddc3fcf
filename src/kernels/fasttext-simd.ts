import { copyBytes } from '../columns/copy.ts';
import type { KernelMemory } from './fasttext-memory.ts';
import { type FastTextModel, hashBytes, shiftOf } from './fasttext-model.ts';
import {
  createScalarReader,
  END_OF_LINE,
  findEntry,
  isSeparator,
  type TextReader,
} from './fasttext-scalar.ts';
import { fasttextWasmBase64 } from './wasm/fasttext-wasm.generated.ts';

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
}

// Declared here because the language's types have no WebAssembly without those of the browser.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/** Text handed over at a time; its sums are of 32 bits, and are added up in 64. */
const TEXT_BYTES = 1 << 16;
/** The kernel writes one byte before the text and reads, and ignores, 32 behind it. */
const SLACK = 64;
/** Of the cache of words: about what the second-level cache holds. */
const CACHE_BYTES = Number(process.env['CB'] ?? 2) * 2 ** 20;
/** Bytes of a word and what is known of it, without its sums. */
const SLOT_BYTES = 48;
/** Buckets listed until 2 KiB are reached, and those of four characters more: at most 64 of a character. */
const LISTED_BYTES = 4096;
const PAGE = 65_536;

let compiled: object | undefined;

/**
 * The WebAssembly SIMD twin, with a cache of words. Its work area of about 2 MiB lies in the model's memory and is used again by
 * the next reader once `release` was called.
 * @returns undefined where the model does not lie in such memory, or the processor has no 128-bit vectors.
 */
export function createSimdReader(model: FastTextModel): TextReader | undefined {
  const { memory, dim, wordNgrams, bucket, minn, maxn, dictionary, input } = model;
  if (memory === undefined) return undefined;
  const kernel = instantiate(memory);
  if (kernel === undefined) return undefined;
  const rowBytes = 4 * input.stride;
  const isRowItself = maxn <= 0 && input.codes.length === 0;
  const slotBytes = padded(SLOT_BYTES + (isRowItself ? 0 : rowBytes));
  const slotBits = Math.max(6, Math.floor(Math.log2(CACHE_BYTES / slotBytes)));
  const place = areaIn(
    memory,
    SLACK +
      TEXT_BYTES +
      SLACK +
      2 * (rowBytes + 64) +
      64 +
      LISTED_BYTES +
      8 * wordNgrams +
      64 +
      slotBytes * 2 ** slotBits,
  );
  if (place === undefined) return undefined;
  const text = place + SLACK;
  const total = text + TEXT_BYTES + SLACK;
  const once = padded(total + rowBytes);
  const scratch = padded(once + rowBytes);
  const listed = scratch + 64;
  const ngrams = listed + LISTED_BYTES;
  const cache = padded(ngrams + 8 * wordNgrams);
  kernel.setArea(text, total, once, scratch, listed, ngrams, cache, 64 - slotBits, slotBytes, rowBytes);
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
  };
}

function padded(byteLength: number): number {
  return (byteLength + 63) & ~63;
}

function instantiate(memory: KernelMemory): Kernel | undefined {
  try {
    compiled ??= new WebAssembly.Module(Buffer.from(fasttextWasmBase64, 'base64'));
    return new WebAssembly.Instance(compiled, { env: { memory } }).exports as Kernel;
  } catch {
    return undefined;
  }
}

/** New memory behind what is there, which no other thread gets; undefined when there is none. */
function areaIn(memory: KernelMemory, byteLength: number): number | undefined {
  try {
    return memory.grow(Math.ceil(byteLength / PAGE)) * PAGE;
  } catch {
    return undefined;
  }
}
