import { type Data, DataType } from 'apache-arrow';
import { type Batch, makeBatch } from './batch.ts';
import { copyBits } from './bits.ts';
import { allocateOwn, bytesOf, makeColumn, toLargeOffsets, validityOf } from './buffers.ts';
import type { TextColumn } from './text-column.ts';

/**
 * The batch with other text in one column, which keeps its type and its nulls. `text` has a row for each of the batch and is
 * shared, not copied, but where the type is a view its long values need views made for them.
 */
export function replaceText(batch: Batch, index: number, text: TextColumn): Batch {
  const columns = [...batch.data.children];
  columns[index] = textData(columns[index]!, text, batch.schema.fields[index]!.name);
  return makeBatch(batch.schema, batch.numRows, columns);
}

function textData(from: Data, { bytes, offsets, rowCount }: TextColumn, name: string): Data {
  const { type } = from;
  const bitmap = validityOf(from, name);
  let validity: Uint8Array | undefined;
  if (bitmap !== undefined) {
    validity = new Uint8Array((rowCount + 7) >>> 3);
    copyBits(bitmap, from.offset, validity, 0, rowCount);
  }
  const nullCount = validity === undefined ? 0 : from.nullCount;
  if (DataType.isUtf8View(type) || DataType.isBinaryView(type)) {
    return makeColumn(type, rowCount, nullCount, { validity, values: viewsOf(bytes, offsets), long: bytes });
  }
  if (DataType.isLargeUtf8(type) || DataType.isLargeBinary(type)) {
    const large = allocateOwn(8 * (rowCount + 1));
    toLargeOffsets(Float64Array.from(offsets.subarray(0, rowCount + 1)), large);
    return makeColumn(type, rowCount, nullCount, { validity, offsets: large, values: bytes });
  }
  const own = bytesOf(offsets.subarray(0, rowCount + 1));
  return makeColumn(type, rowCount, nullCount, { validity, offsets: own, values: bytes });
}

/** A view for each text: see views.ts. Nulls are empty, so their view is zeros. */
function viewsOf(bytes: Uint8Array, offsets: Int32Array): Uint8Array {
  const rowCount = offsets.length - 1;
  const views = allocateOwn(16 * rowCount).fill(0);
  const words = new Int32Array(views.buffer, views.byteOffset, 4 * rowCount);
  for (let row = 0; row < rowCount; row++) {
    const start = offsets[row]!;
    const length = offsets[row + 1]! - start;
    words[4 * row] = length;
    views.set(bytes.subarray(start, start + (length <= 12 ? length : 4)), 16 * row + 4);
    if (length > 12) words[4 * row + 3] = start;
  }
  return views;
}
