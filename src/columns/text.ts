import { type Data, DataType } from 'apache-arrow';
import type { Batch } from './batch.ts';
import { isSet } from './bits.ts';
import { allocateOwn, bytesOf, offsetsOf, tooLong, validityOf } from './buffers.ts';
import { gatherColumn } from './gather.ts';
import { oneRun } from './runs.ts';
import type { TextColumn } from './text-column.ts';
import { describeType, isBytesType } from './types.ts';
import { Views } from './views.ts';

/**
 * One column of text or binary as kernels see it; a null is an empty row. The offsets are checked: they ascend and end
 * inside the bytes. Nothing is copied, but 64-bit offsets are narrowed, and values are joined anew where the
 * storage does not fit a text column: views, and nulls that have bytes under them.
 */
export function textColumn(batch: Batch, index: number): TextColumn {
  const name = batch.schema.fields[index]?.name ?? String(index);
  let data = batch.data.children[index];
  if (data === undefined || !isBytesType(data.type)) {
    const found = data === undefined ? 'no column' : describeType(data.type);
    throw new TypeError(`column "${name}": expected text or binary, found ${found}`);
  }
  const rowCount = data.length;
  if (DataType.isUtf8View(data.type) || DataType.isBinaryView(data.type)) return joinViews(data, name);
  const validity = validityOf(data, name);
  const limit = () => bytesOf(data!.values as Uint8Array | undefined).byteLength;
  let offsets = offsetsOf(data, limit(), name);
  if (validity !== undefined && hasBytesUnderNulls(offsets, validity, data.offset)) {
    data = gatherColumn(data.type, [{ data, runs: oneRun(0, rowCount) }], rowCount, name);
    offsets = offsetsOf(data, limit(), name);
  }
  const bytes = bytesOf(data.values as Uint8Array | undefined);
  if (offsets instanceof Int32Array) return { bytes, offsets, rowCount };
  const first = offsets[0]!;
  const byteLength = offsets[rowCount]! - first;
  if (byteLength > 0x7fffffff) throw tooLong(name, byteLength);
  return {
    bytes: bytes.subarray(first, first + byteLength),
    offsets: Int32Array.from(offsets, (offset) => offset - first),
    rowCount,
  };
}

function joinViews(data: Data, name: string): TextColumn {
  const views = new Views(data, oneRun(0, data.length), name);
  const { offsets, byteLength } = views.measureAll();
  if (byteLength > 0x7fffffff) throw tooLong(name, byteLength);
  const bytes = allocateOwn(byteLength);
  views.writeAll(bytes);
  return { bytes, offsets: Int32Array.from(offsets), rowCount: data.length };
}

function hasBytesUnderNulls(
  offsets: Int32Array | Float64Array,
  validity: Uint8Array,
  bitOffset: number,
): boolean {
  for (let row = 0; row + 1 < offsets.length; row++) {
    if (offsets[row] !== offsets[row + 1] && !isSet(validity, bitOffset + row)) return true;
  }
  return false;
}
