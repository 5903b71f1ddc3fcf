import type { Data, DataType } from 'apache-arrow';

/** Bytes that rows `[start, end)` of a column take once cut out, validity and offsets included. `data.offset` is 0. */
export function decodedBytes(data: Data, start: number, end: number): number {
  const rows = end - start;
  const type = data.type as DataType;
  const validity = data.nullBitmap !== undefined && data.nullBitmap.byteLength > 0 ? (rows + 7) >> 3 : 0;
  if (type.typeId === 1) return 0;
  if (type.typeId === 14) return unionBytes(data, start, end);
  if (type.typeId === 6) return validity + ((rows + 7) >> 3);
  if (data.valueOffsets !== undefined) {
    const offsets = data.valueOffsets as Int32Array | BigInt64Array;
    const first = Number(offsets[start]!);
    const last = Number(offsets[end]!);
    const child = data.children[0];
    const inside = child === undefined ? last - first : decodedBytes(child, first, last);
    return validity + offsets.BYTES_PER_ELEMENT * (rows + 1) + inside;
  }
  if (type.typeId === 16) {
    const { listSize } = type as unknown as { listSize: number };
    return validity + decodedBytes(data.children[0]!, listSize * start, listSize * end);
  }
  if (type.typeId === 13)
    return validity + sum(data.children.map((child) => decodedBytes(child, start, end)));
  const values = data.values as Uint8Array;
  return validity + rows * data.stride * values.BYTES_PER_ELEMENT;
}

function unionBytes(data: Data, start: number, end: number): number {
  if (data.valueOffsets === undefined) {
    return end - start + sum(data.children.map((child) => decodedBytes(child, start, end)));
  }
  const { typeIds } = data.type as unknown as { typeIds: Int32Array };
  const highs = new Map<number, number>();
  for (let i = start; i < end; i += 1) {
    const id = (data.typeIds as Int8Array)[i]!;
    highs.set(id, Math.max(highs.get(id) ?? 0, (data.valueOffsets as Int32Array)[i]! + 1));
  }
  // Rows of a dense union keep the children up to the last value they use.
  return (
    5 * (end - start) +
    sum([...typeIds].map((id, c) => decodedBytes(data.children[c]!, 0, highs.get(id) ?? 0)))
  );
}

function sum(numbers: readonly number[]): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
