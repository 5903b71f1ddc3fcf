import { type Data, type DataType, makeData } from 'apache-arrow';
import { shiftBits } from './bits.ts';

/** Most bytes a column may grow to while it is gathered; over it, the caller takes fewer rows. */
export interface Budget {
  bytes: number;
}

/** Thrown when a budget is spent: not damage, only too many rows at once. */
export class OverBudget extends Error {}

/** Takes `bytes` from the budget. */
export function spend(budget: Budget, bytes: number): void {
  budget.bytes -= bytes;
  if (budget.bytes < 0) throw new OverBudget('the batch is over its budget of bytes');
}

/**
 * Rows `indices` of a column, in that order, as a new column; -1 is a null. Any type, nested too.
 * @param data offset 0, offsets ascending, as the loader makes them; read, not kept (buffers that nothing moves in are shared).
 * @param indices each -1 or below `data.length`.
 */
export function gather(data: Data, indices: Int32Array, budget: Budget): Data {
  const length = indices.length;
  const type = data.type as DataType;
  const { validity, nullCount } = gatherValidity(data, indices);
  const shared = { type, length, nullCount, nullBitmap: validity };
  spend(budget, validity?.byteLength ?? 0);
  if (type.typeId === 1) return makeData({ type, length } as never);
  if (data.typeIds !== undefined && type.typeId === 14) return gatherUnion(data, indices, budget);
  if (type.typeId === 6) {
    spend(budget, (length + 7) >> 3);
    return makeData({ ...shared, data: gatherBits(data.values as Uint8Array, indices) } as never);
  }
  if (data.valueOffsets !== undefined) {
    const stored = data.valueOffsets as Int32Array;
    const offsets = gatherOffsets(stored, indices, budget);
    if (data.children.length === 0) {
      spend(budget, offsets[length]!);
      const bytes = gatherRanges(data.values as Uint8Array, stored, indices, offsets[length]!);
      return makeData({ ...shared, valueOffsets: offsets, data: bytes } as never);
    }
    spend(budget, 4 * offsets[length]!);
    const inner = expandRanges(stored, indices, offsets[length]!);
    return makeData({
      ...shared,
      valueOffsets: offsets,
      child: gather(data.children[0]!, inner, budget),
    } as never);
  }
  if (type.typeId === 16) {
    const size = (type as unknown as { listSize: number }).listSize;
    spend(budget, 4 * size * length);
    const inner = new Int32Array(size * length);
    for (let i = 0; i < inner.length; i += 1) {
      const row = indices[Math.floor(i / size)]!;
      inner[i] = row < 0 ? -1 : row * size + (i % size);
    }
    return makeData({ ...shared, child: gather(data.children[0]!, inner, budget) } as never);
  }
  if (type.typeId === 13) {
    const children = data.children.map((child) => gather(child, indices, budget));
    return makeData({ ...shared, children } as never);
  }
  return makeData({ ...shared, data: gatherFixed(data, indices, budget) } as never);
}

function gatherValidity(
  data: Data,
  indices: Int32Array,
): { validity: Uint8Array | undefined; nullCount: number } {
  const hasNulls = data.nullCount > 0 && data.nullBitmap !== undefined && data.nullBitmap.byteLength > 0;
  const bitmap = data.nullBitmap as Uint8Array | undefined;
  const validity = new Uint8Array((indices.length + 7) >> 3);
  let nullCount = 0;
  for (let i = 0; i < indices.length; i += 1) {
    const row = indices[i]!;
    const isValid = row >= 0 && (!hasNulls || ((bitmap![row >> 3]! >> (row & 7)) & 1) === 1);
    if (isValid) validity[i >> 3]! |= 1 << (i & 7);
    else nullCount += 1;
  }
  return nullCount === 0 ? { validity: undefined, nullCount } : { validity, nullCount };
}

function gatherBits(bits: Uint8Array, indices: Int32Array): Uint8Array {
  const out = new Uint8Array((indices.length + 7) >> 3);
  for (let i = 0; i < indices.length; i += 1) {
    const row = indices[i]!;
    if (row >= 0 && ((bits[row >> 3]! >> (row & 7)) & 1) === 1) out[i >> 3]! |= 1 << (i & 7);
  }
  return out;
}

function gatherFixed(data: Data, indices: Int32Array, budget: Budget): ArrayBufferView {
  const values = data.values as Uint8Array;
  const stride = data.stride;
  spend(budget, indices.length * stride * values.BYTES_PER_ELEMENT);
  const Values = values.constructor as new (length: number) => Uint8Array;
  const out = new Values(indices.length * stride);
  for (let i = 0; i < indices.length; i += 1) {
    const row = indices[i]!;
    if (row < 0) continue;
    if (stride === 1) out[i] = values[row]!;
    else for (let j = 0; j < stride; j += 1) out[i * stride + j] = values[row * stride + j]!;
  }
  return out;
}

function gatherOffsets(stored: Int32Array, indices: Int32Array, budget: Budget): Int32Array {
  spend(budget, 4 * indices.length + 4);
  const offsets = new Int32Array(indices.length + 1);
  let end = 0;
  for (let i = 0; i < indices.length; i += 1) {
    const row = indices[i]!;
    if (row >= 0) end += stored[row + 1]! - stored[row]!;
    // Summed as a float: over 2^31 it is refused here, not wrapped to a wrong offset.
    if (end > 0x7fffffff) throw new OverBudget('the column is over 2 GiB');
    offsets[i + 1] = end;
  }
  return offsets;
}

function gatherRanges(bytes: Uint8Array, stored: Int32Array, indices: Int32Array, total: number): Uint8Array {
  const out = new Uint8Array(total);
  let at = 0;
  for (let i = 0; i < indices.length; i += 1) {
    const row = indices[i]!;
    if (row < 0) continue;
    const start = stored[row]!;
    const end = stored[row + 1]!;
    if (end - start > 16) out.set(bytes.subarray(start, end), at);
    else for (let j = start; j < end; j += 1) out[at + j - start] = bytes[j]!;
    at += end - start;
  }
  return out;
}

function expandRanges(stored: Int32Array, indices: Int32Array, total: number): Int32Array {
  const out = new Int32Array(total);
  let at = 0;
  for (let i = 0; i < indices.length; i += 1) {
    const row = indices[i]!;
    if (row < 0) continue;
    for (let j = stored[row]!; j < stored[row + 1]!; j += 1) out[at++] = j;
  }
  return out;
}

function gatherUnion(data: Data, indices: Int32Array, budget: Budget): Data {
  const type = data.type as DataType & { typeIds: Int32Array; mode: number };
  const stored = data.typeIds as Int8Array;
  spend(budget, 5 * indices.length);
  const typeIds = new Int8Array(indices.length);
  // A union has no validity of its own: a row that is nobody's is a null of its first child.
  for (let i = 0; i < indices.length; i += 1) {
    typeIds[i] = indices[i]! < 0 ? type.typeIds[0]! : stored[indices[i]!]!;
  }
  const length = indices.length;
  if (data.valueOffsets === undefined) {
    const children = data.children.map((child) => gather(child, indices, budget));
    return makeData({ type, length, typeIds, children } as never);
  }
  const storedOffsets = data.valueOffsets as Int32Array;
  const rows: number[][] = data.children.map(() => []);
  const childOf = new Int32Array(128);
  for (const [child, id] of [...type.typeIds].entries()) childOf[id] = child;
  const valueOffsets = new Int32Array(length);
  for (let i = 0; i < length; i += 1) {
    const taken = rows[childOf[typeIds[i]!]!]!;
    valueOffsets[i] = taken.length;
    taken.push(indices[i]! < 0 ? -1 : storedOffsets[indices[i]!]!);
  }
  const children = data.children.map((child, c) => gather(child, Int32Array.from(rows[c]!), budget));
  return makeData({ type, length, typeIds, valueOffsets, children } as never);
}

/** Two columns of one type, one after the other. Both with offset 0; neither is kept. */
export function concatenate(first: Data, second: Data, budget: Budget): Data {
  const type = first.type as DataType;
  const length = first.length + second.length;
  const nullCount = first.nullCount + second.nullCount;
  const nullBitmap =
    nullCount === 0
      ? undefined
      : joinBits(validityOf(first), first.length, validityOf(second), second.length);
  const shared = { type, length, nullCount, nullBitmap };
  if (type.typeId === 1) return makeData({ type, length } as never);
  if (type.typeId === 14) return concatenateUnions(first, second, budget);
  if (type.typeId === 6) {
    const bits = joinBits(
      first.values as Uint8Array,
      first.length,
      second.values as Uint8Array,
      second.length,
    );
    return makeData({ ...shared, data: bits } as never);
  }
  const children = first.children.map((child, i) => concatenate(child, second.children[i]!, budget));
  if (first.valueOffsets !== undefined) {
    const valueOffsets = joinOffsets(first, second);
    if (children.length > 0) return makeData({ ...shared, valueOffsets, child: children[0] } as never);
    return makeData({ ...shared, valueOffsets, data: joinValues(first, second, budget) } as never);
  }
  if (type.typeId === 16) return makeData({ ...shared, child: children[0] } as never);
  if (type.typeId === 13) return makeData({ ...shared, children } as never);
  return makeData({ ...shared, data: joinValues(first, second, budget) } as never);
}

function concatenateUnions(first: Data, second: Data, budget: Budget): Data {
  const type = first.type as DataType & { typeIds: Int32Array };
  const length = first.length + second.length;
  const typeIds = new Int8Array(length);
  typeIds.set((first.typeIds as Int8Array).subarray(0, first.length));
  typeIds.set((second.typeIds as Int8Array).subarray(0, second.length), first.length);
  const children = first.children.map((child, i) => concatenate(child, second.children[i]!, budget));
  if (first.valueOffsets === undefined) return makeData({ type, length, typeIds, children } as never);
  const childOf = new Int32Array(128);
  for (const [child, id] of [...type.typeIds].entries()) childOf[id] = child;
  const valueOffsets = new Int32Array(length);
  valueOffsets.set((first.valueOffsets as Int32Array).subarray(0, first.length));
  for (let i = 0; i < second.length; i += 1) {
    const at = first.length + i;
    valueOffsets[at] =
      (second.valueOffsets as Int32Array)[i]! + first.children[childOf[typeIds[at]!]!]!.length;
  }
  return makeData({ type, length, typeIds, valueOffsets, children } as never);
}

function validityOf(data: Data): Uint8Array {
  const hasBitmap = data.nullCount > 0 && data.nullBitmap !== undefined && data.nullBitmap.byteLength > 0;
  return hasBitmap ? (data.nullBitmap as Uint8Array) : new Uint8Array((data.length + 7) >> 3).fill(255);
}

function joinBits(
  first: Uint8Array,
  firstLength: number,
  second: Uint8Array,
  secondLength: number,
): Uint8Array {
  const out = new Uint8Array((firstLength + secondLength + 7) >> 3);
  out.set(first.subarray(0, (firstLength + 7) >> 3));
  if ((firstLength & 7) !== 0) out[firstLength >> 3]! &= (1 << (firstLength & 7)) - 1;
  const lead = firstLength & 7;
  // Written by whole bytes, each spread over two: the bits of `second` start inside a byte of `out`.
  const tail = shiftBits(second, 0, secondLength);
  for (let i = 0; i < tail.length; i += 1) {
    const at = (firstLength >> 3) + i;
    out[at]! |= tail[i]! << lead;
    if (lead !== 0 && at + 1 < out.length) out[at + 1]! |= tail[i]! >> (8 - lead);
  }
  return out;
}

function joinOffsets(first: Data, second: Data): Int32Array {
  const out = new Int32Array(first.length + second.length + 1);
  out.set((first.valueOffsets as Int32Array).subarray(0, first.length + 1));
  const base = out[first.length]!;
  const tail = second.valueOffsets as Int32Array;
  if (base + (tail[second.length] ?? 0) > 0x7fffffff) throw new OverBudget('the column is over 2 GiB');
  for (let i = 1; i <= second.length; i += 1) out[first.length + i] = base + tail[i]!;
  return out;
}

function joinValues(first: Data, second: Data, budget: Budget): ArrayBufferView {
  const before = exactValues(first);
  const after = exactValues(second);
  spend(budget, before.byteLength + after.byteLength);
  const out = new Uint8Array(before.byteLength + after.byteLength);
  out.set(bytesOf(before));
  out.set(bytesOf(after), before.byteLength);
  return out;
}

function exactValues(data: Data): Uint8Array {
  const values = data.values as Uint8Array;
  const end =
    data.valueOffsets === undefined
      ? data.length * data.stride
      : (data.valueOffsets as Int32Array)[data.length]!;
  return values.subarray(0, end);
}

function bytesOf(view: Uint8Array): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
