import { DataType } from 'apache-arrow';
import type { Batch } from './batch.ts';
import { textColumn } from './text.ts';

/** Ids of a batch as UTF-8 one after another: `lengths[i]` bytes for row `i`, -1 for a null. */
export interface Ids {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: Int32Array<ArrayBuffer>;
}

/**
 * The id column as text for the ledger: strings as their bytes, anything else as `String(value)`.
 * Text is copied, not decoded; other types make one short string a row.
 */
export function idColumn(batch: Batch, index: number): Ids {
  const rowCount = batch.numRows;
  const lengths = new Int32Array(rowCount);
  const vector = batch.getChildAt(index)!;
  if (DataType.isUtf8(vector.type) || DataType.isLargeUtf8(vector.type)) {
    const { bytes, offsets } = textColumn(batch, index);
    for (let row = 0; row < rowCount; row++) lengths[row] = offsets[row + 1]! - offsets[row]!;
    if (vector.nullCount > 0) {
      for (let row = 0; row < rowCount; row++) if (!vector.isValid(row)) lengths[row] = -1;
    }
    return { bytes: new Uint8Array(bytes.subarray(offsets[0], offsets[rowCount])), lengths };
  }
  const texts: Buffer[] = [];
  for (let row = 0; row < rowCount; row++) {
    const value: unknown = vector.get(row);
    if (value === null) {
      lengths[row] = -1;
    } else {
      const text = Buffer.from(String(value));
      lengths[row] = text.length;
      texts.push(text);
    }
  }
  return { bytes: new Uint8Array(Buffer.concat(texts)), lengths };
}
