import { DataType } from 'apache-arrow';
import type { Batch } from './batch.ts';
import { copyBytes } from './copy.ts';
import { type Allocate, allocateWords, allocateZeroed } from './memory.ts';
import { textColumn } from './text.ts';

/** Ids of a batch as UTF-8 one after another: `lengths[i]` bytes for row `i`, -1 for a null. */
export interface Ids {
  readonly bytes: Uint8Array;
  readonly lengths: Int32Array;
}

/**
 * The id column as text for the ledger: strings as their bytes, anything else as `String(value)`.
 * Text is copied, not decoded; other types make one short string a row.
 * @param allocate where the result lies; by default in memory of its own.
 */
export function idColumn(batch: Batch, index: number, allocate: Allocate = allocateZeroed): Ids {
  const rowCount = batch.numRows;
  const words = allocateWords(allocate, rowCount);
  const lengths = new Int32Array(words.buffer, words.byteOffset, rowCount);
  const vector = batch.getChildAt(index)!;
  if (DataType.isUtf8(vector.type) || DataType.isLargeUtf8(vector.type)) {
    const { bytes, offsets } = textColumn(batch, index);
    for (let row = 0; row < rowCount; row++) lengths[row] = offsets[row + 1]! - offsets[row]!;
    if (vector.nullCount > 0) {
      for (let row = 0; row < rowCount; row++) if (!vector.isValid(row)) lengths[row] = -1;
    }
    const copy = allocate(offsets[rowCount]! - offsets[0]!);
    copyBytes(bytes.subarray(offsets[0], offsets[rowCount]), copy, 0);
    return { bytes: copy, lengths };
  }
  const texts: Buffer[] = [];
  for (let row = 0; row < rowCount; row++) {
    const value: { toString(): string } | null = vector.get(row);
    if (value === null) {
      lengths[row] = -1;
    } else {
      const text = Buffer.from(value.toString());
      lengths[row] = text.length;
      texts.push(text);
    }
  }
  return { bytes: new Uint8Array(Buffer.concat(texts)), lengths };
}
