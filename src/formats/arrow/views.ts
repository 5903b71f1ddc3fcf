import { hasBit } from './bits.ts';
import type { Allocate } from './body.ts';
import { type Budget, OverBudget, spend } from './gather.ts';

/** Views up to this many bytes hold their value themselves. */
const inlineBytes = 12;

/** Where the bytes of long views are, and what to do with damage. */
export interface ViewStore {
  readonly bufferCount: number;
  /** Bytes `[from, from + byteLength)` of a buffer; checks that they exist. */
  readonly read: (buffer: number, from: number, byteLength: number) => Uint8Array;
  readonly allocate: Allocate;
  readonly budget: Budget;
  readonly damaged: (row: number, what: string) => Error;
}

/**
 * Lays values stored as views (16 bytes each: length, then the value or its prefix, buffer and offset) one after another.
 * Every view is checked before memory is given to its value; views may overlap, so the budget bounds what they unfold to.
 * @param views aligned to 4 bytes; read, not kept. @param nullBitmap rows it clears are empty, whatever their view says.
 */
export function joinViews(
  views: Uint8Array,
  nullBitmap: Uint8Array | undefined,
  store: ViewStore,
): { offsets: Int32Array; data: Uint8Array } {
  const words = new Int32Array(views.buffer, views.byteOffset, views.byteLength >> 2);
  const { offsets, parts } = measure(words, nullBitmap, store);
  const length = offsets.length - 1;
  spend(store.budget, offsets[length]! + 4 * length);
  const data = store.allocate(offsets[length]!);
  // Values that follow each other in a buffer are copied in one piece, as most are.
  for (let i = 0; i < length; i += 1) {
    const at = offsets[i]!;
    let end = offsets[i + 1]!;
    if (end - at <= inlineBytes) {
      for (let j = at; j < end; j += 1) data[j] = views[16 * i + 4 + j - at]!;
      continue;
    }
    const buffer = words[4 * i + 2]!;
    const from = words[4 * i + 3]!;
    while (
      i + 1 < length &&
      offsets[i + 2]! - end > inlineBytes &&
      words[4 * i + 6] === buffer &&
      words[4 * i + 7] === from + end - at
    ) {
      i += 1;
      end = offsets[i + 1]!;
    }
    const part = parts[buffer];
    const start = from - (part?.from ?? 0);
    data.set(part?.bytes.subarray(start, start + end - at) ?? store.read(buffer, from, end - at), at);
  }
  return { offsets, data };
}

interface Part {
  readonly from: number;
  readonly bytes: Uint8Array;
}

/** Offsets of the joined values, and of each buffer the part they point into, where that is worth reading at once. */
function measure(
  words: Int32Array,
  nullBitmap: Uint8Array | undefined,
  { bufferCount, read, damaged }: ViewStore,
): { offsets: Int32Array; parts: readonly (Part | undefined)[] } {
  const length = words.length >> 2;
  const offsets = new Int32Array(length + 1);
  const lows = new Float64Array(bufferCount).fill(Number.POSITIVE_INFINITY);
  const highs = new Float64Array(bufferCount);
  const used = new Float64Array(bufferCount);
  let total = 0;
  for (let i = 0; i < length; i += 1) {
    const isNull = nullBitmap !== undefined && !hasBit(nullBitmap, i);
    const size = isNull ? 0 : words[4 * i]!;
    if (size < 0) throw damaged(i, `is said to be ${size} bytes long`);
    if (size > inlineBytes) {
      const buffer = words[4 * i + 2]!;
      const at = words[4 * i + 3]!;
      if (buffer < 0 || buffer >= bufferCount || at < 0) {
        throw damaged(i, `points into buffer ${buffer} of ${bufferCount} at ${at}`);
      }
      if (at < lows[buffer]!) lows[buffer] = at;
      if (at + size > highs[buffer]!) highs[buffer] = at + size;
      used[buffer]! += size;
    }
    total += size;
    if (total > 0x7fffffff) throw new OverBudget('the column is over 2 GiB');
    offsets[i + 1] = total;
  }
  const parts = Array.from(lows, (from, buffer) => {
    const byteLength = highs[buffer]! - from;
    const isDense = used[buffer]! > 0 && byteLength <= 2 * used[buffer]! + 65536;
    return isDense ? { from, bytes: read(buffer, from, byteLength) } : undefined;
  });
  return { offsets, parts };
}
