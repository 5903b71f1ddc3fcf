import type { Data, DataType, Union } from 'apache-arrow';
import type { Batch } from './batch.ts';
import { isSet } from './bits.ts';
import {
  bytesOf,
  childFields,
  childOf,
  damaged,
  fixedValues,
  layoutOf,
  membersOf,
  offsetsOf,
  validityOf,
  wordsOf,
} from './buffers.ts';
import { type Allocate, allocateWords, allocateZeroed } from './memory.ts';

/**
 * Logical bytes of each row over all columns. They depend on the values of the row alone, never on how the batch was cut
 * or sliced: the width of a fixed-width value (null or not), 1 for a Bool, 0 for a Null, 4 and the bytes for text
 * and binary, 4 and the elements for lists and maps, the parts of a struct, 1 and the member for a union; a null
 * text, list or struct counts as an empty one. Saturates at 2^32 - 1. Cost: one pass over each column.
 * @param allocate where the result lies; by default in memory of its own.
 */
export function rowByteLengths(batch: Batch, allocate: Allocate = allocateZeroed): Uint32Array {
  const sums = new Float64Array(batch.numRows);
  let everyRow = 0;
  batch.data.children.forEach((data, i) => {
    everyRow += addSizes(data, batch.schema.fields[i]!.name, sums);
  });
  const sizes = allocateWords(allocate, batch.numRows);
  for (let row = 0; row < sizes.length; row++) sizes[row] = Math.min(sums[row]! + everyRow, 0xffffffff);
  return sizes;
}

/** Adds to `sums` what differs from row to row; returns what every row has besides. */
function addSizes(data: Data, name: string, sums: Float64Array): number {
  const { type, length } = data;
  const layout = layoutOf(type, name);
  switch (layout.kind) {
    case 'null':
      return 0;
    case 'bool':
      return 1;
    case 'fixed':
      return layout.byteWidth;
    case 'bytes': {
      const limit = bytesOf(data.values as Uint8Array | undefined).byteLength;
      const offsets = offsetsOf(data, limit, name);
      addLengths(data, name, sums, (row) => offsets[row + 1]! - offsets[row]!);
      return 4;
    }
    case 'view': {
      const words = wordsOf(fixedValues(data, 16, name));
      addLengths(data, name, sums, (row) => words[row * 4]!);
      return 4;
    }
    case 'list': {
      const child = childOf(data, 0, 0, name);
      const offsets = offsetsOf(data, child.length, name);
      const size = constantSize(child.type, name);
      if (size !== undefined) {
        addLengths(data, name, sums, (row) => (offsets[row + 1]! - offsets[row]!) * size);
        return 4;
      }
      const begin = offsets[0]!;
      const ends = sumsUpTo(child.slice(begin, offsets[length]! - begin), name);
      addLengths(data, name, sums, (row) => ends[offsets[row + 1]! - begin]! - ends[offsets[row]! - begin]!);
      return 4;
    }
    case 'fixed-list': {
      const { listSize } = layout;
      const child = childOf(data, 0, length * listSize, name);
      const size = constantSize(child.type, name);
      if (size !== undefined) {
        if (validityOf(data, name) === undefined) return size * listSize;
        addLengths(data, name, sums, () => size * listSize);
        return 0;
      }
      const ends = sumsUpTo(child.slice(0, length * listSize), name);
      addLengths(data, name, sums, (row) => ends[(row + 1) * listSize]! - ends[row * listSize]!);
      return 0;
    }
    case 'struct':
      return addStruct(data, name, sums);
    case 'union':
      return addUnion(data, layout.isDense, name, sums);
  }
}

/** What every value of a type takes; undefined where values differ. Spares the sums over elements of embeddings. */
function constantSize(type: DataType, name: string): number | undefined {
  const layout = layoutOf(type, name);
  if (layout.kind === 'null') return 0;
  if (layout.kind === 'bool') return 1;
  return layout.kind === 'fixed' ? layout.byteWidth : undefined;
}

function addLengths(data: Data, name: string, sums: Float64Array, lengthOf: (row: number) => number): void {
  const validity = validityOf(data, name);
  for (let row = 0; row < data.length; row++) {
    if (validity === undefined || isSet(validity, data.offset + row)) sums[row] = sums[row]! + lengthOf(row);
  }
}

function sizesOf(data: Data, name: string): Float64Array {
  const sizes = new Float64Array(data.length);
  const everyRow = addSizes(data, name, sizes);
  for (let row = 0; row < sizes.length; row++) sizes[row] = sizes[row]! + everyRow;
  return sizes;
}

/** Bytes of the first `i` elements, for every `i`. */
function sumsUpTo(data: Data, name: string): Float64Array {
  const sums = new Float64Array(data.length + 1);
  sizesOf(data, name).forEach((size, i) => {
    sums[i + 1] = sums[i]! + size;
  });
  return sums;
}

function addStruct(data: Data, name: string, sums: Float64Array): number {
  const parts = childFields(data.type).map((_, i) => childOf(data, i, data.length, name));
  if (validityOf(data, name) === undefined) {
    return parts.reduce((everyRow, part) => everyRow + addSizes(part, name, sums), 0);
  }
  for (const part of parts) {
    const sizes = sizesOf(part, name);
    addLengths(data, name, sums, (row) => sizes[row]!);
  }
  return 0;
}

function addUnion(data: Data, isDense: boolean, name: string, sums: Float64Array): number {
  const type = data.type as Union;
  const sizes = data.children.map((child) => sizesOf(child, name));
  if (isDense) {
    const members = membersOf(data, name);
    const offsets = data.valueOffsets as Int32Array;
    for (let row = 0; row < data.length; row++)
      sums[row] = sums[row]! + sizes[members[row]!]![offsets[row]!]!;
    return 1;
  }
  const typeIds = data.typeIds as Int8Array;
  for (let row = 0; row < data.length; row++) {
    const size = sizes[type.typeIdToChildIndex[typeIds[row]!] ?? -1]?.[row];
    if (size === undefined) throw damaged(name, 'a variant of the union', `type id ${typeIds[row]}`);
    sums[row] = sums[row]! + size;
  }
  return 1;
}
