import type { Data, DataType, Schema, Union } from 'apache-arrow';
import { type Batch, makeBatch } from './batch.ts';
import { copyBits } from './bits.ts';
import {
  boolValues,
  bytesOf,
  childFields,
  childOf,
  damaged,
  fixedValues,
  layoutOf,
  makeColumn,
  membersOf,
  type NodeBuffers,
  offsetsOf,
  toLargeOffsets,
  validityOf,
} from './buffers.ts';
import { copyBytes } from './copy.ts';
import { padTo64 } from './memory.ts';
import { oneRun } from './runs.ts';
import { Views } from './views.ts';

/**
 * Where the buffers of a batch lie in a slab: plain data that crosses to another thread by structured clone.
 * Columns and their children stand in preorder, three buffers each; what a node does not have has length 0:
 *
 *     fixed width, bool   validity | -        | values
 *     text, binary        validity | offsets  | bytes
 *     view                validity | views    | long values
 *     list, map           validity | offsets  | -
 *     union               -        | type ids | offsets (dense)
 */
export interface Placement {
  readonly rowCount: number;
  /** (length, null count) of each node. */
  readonly nodes: readonly number[];
  /** (first byte relative to the slab, byte length) of each buffer. */
  readonly buffers: readonly number[];
}

/**
 * Takes up the nodes of a batch. Measuring and writing go the same way through the columns, so that what is promised
 * and what is used cannot differ.
 */
interface Sink {
  node(length: number, nullCount: number): void;
  /** The place of the next buffer, all of it to be written; undefined if only its length is wanted. */
  buffer(byteLength: number): Uint8Array | undefined;
}

/** Bytes that `place` uses for a batch: each buffer, as far as its rows are in the batch, from a multiple of 64 on. */
export function placedByteLength(batch: Batch): number {
  let total = 0;
  takeUp(batch, {
    node: () => {},
    buffer: (byteLength) => {
      total += padTo64(byteLength);
      return undefined;
    },
  });
  return total;
}

/** Copies a batch into fresh memory of its size, which may be handed over whole. */
export function placeApart(batch: Batch): {
  readonly placement: Placement;
  readonly bytes: Uint8Array<ArrayBuffer>;
} {
  const bytes = new Uint8Array(placedByteLength(batch));
  return { placement: place(batch, bytes), bytes };
}

/**
 * Copies a batch into shared memory so that another thread can `restore` it there. Offsets are brought to start at 0.
 * @param slab starts at a multiple of 8 of its buffer; only bytes `start .. start + placedByteLength(batch)` are written.
 * @param start a multiple of 64.
 */
export function place(batch: Batch, slab: Uint8Array, start = 0): Placement {
  if (slab.byteOffset % 8 !== 0 || start % 64 !== 0) {
    throw new RangeError(
      `slab at ${slab.byteOffset}, start ${start}: expected a multiple of 8 and one of 64`,
    );
  }
  const nodes: number[] = [];
  const buffers: number[] = [];
  let at = start;
  takeUp(batch, {
    node: (length, nullCount) => {
      nodes.push(length, nullCount);
    },
    buffer: (byteLength) => {
      const from = at;
      at += padTo64(byteLength);
      if (at > slab.byteLength) {
        const needed = start + placedByteLength(batch);
        throw new RangeError(`slab of ${slab.byteLength} bytes: expected at least ${needed}`);
      }
      buffers.push(from, byteLength);
      return slab.subarray(from, from + byteLength);
    },
  });
  return { rowCount: batch.numRows, nodes, buffers };
}

function takeUp(batch: Batch, sink: Sink): void {
  batch.data.children.forEach((data, i) => {
    takeUpNode(data, batch.schema.fields[i]!.name, sink);
  });
}

function takeUpNode(data: Data, name: string, sink: Sink): void {
  const { type, length } = data;
  const layout = layoutOf(type, name);
  if (layout.kind === 'union') {
    takeUpUnion(data, layout.isDense, name, sink);
    return;
  }
  const validity = validityOf(data, name);
  if (layout.kind === 'null') sink.node(length, length);
  else sink.node(length, validity === undefined ? 0 : data.nullCount);
  takeUpBits(validity, data, sink);
  switch (layout.kind) {
    case 'bool':
      sink.buffer(0);
      takeUpBits(boolValues(data, name), data, sink);
      break;
    case 'fixed': {
      const values = fixedValues(data, layout.byteWidth, name);
      sink.buffer(0);
      put(values, sink);
      break;
    }
    case 'bytes': {
      const values = bytesOf(data.values as Uint8Array | undefined);
      const [begin, end] = takeUpOffsets(data, values.byteLength, layout.isLarge, name, sink);
      put(values.subarray(begin, end), sink);
      break;
    }
    case 'view': {
      const views = new Views(data, oneRun(0, length), name);
      const target = sink.buffer(length * 16);
      const long = sink.buffer(views.longByteLength);
      if (target !== undefined && long !== undefined) views.write(target, long, 0);
      break;
    }
    case 'list': {
      const child = childOf(data, 0, 0, name);
      const [begin, end] = takeUpOffsets(data, child.length, layout.isLarge, name, sink);
      sink.buffer(0);
      takeUpNode(child.slice(begin, end - begin), name, sink);
      break;
    }
    default: {
      sink.buffer(0);
      sink.buffer(0);
      const childLength = layout.kind === 'fixed-list' ? length * layout.listSize : length;
      childFields(type).forEach((_, i) => {
        takeUpNode(firstRows(childOf(data, i, childLength, name), childLength), name, sink);
      });
    }
  }
}

function firstRows(data: Data, length: number): Data {
  return data.length === length ? data : data.slice(0, length);
}

function put(bytes: Uint8Array, sink: Sink): void {
  const target = sink.buffer(bytes.byteLength);
  if (target !== undefined) copyBytes(bytes, target, 0);
}

function takeUpBits(bits: Uint8Array | undefined, data: Data, sink: Sink): void {
  const target = sink.buffer(bits === undefined ? 0 : (data.length + 7) >>> 3);
  if (target === undefined || bits === undefined) return;
  target.fill(0, target.length - 1);
  copyBits(bits, data.offset, target, 0, data.length);
}

/** Returns the range of bytes or elements that the offsets span. */
function takeUpOffsets(
  data: Data,
  limit: number,
  isLarge: boolean,
  name: string,
  sink: Sink,
): readonly [number, number] {
  const offsets = offsetsOf(data, limit, name);
  const begin = offsets[0]!;
  const target = sink.buffer(offsets.length * (isLarge ? 8 : 4));
  if (target !== undefined) {
    const rebased = isLarge
      ? new Float64Array(offsets.length)
      : new Int32Array(target.buffer, target.byteOffset, offsets.length);
    for (let i = 0; i < offsets.length; i++) rebased[i] = offsets[i]! - begin;
    if (rebased instanceof Float64Array) toLargeOffsets(rebased, target);
  }
  return [begin, offsets[data.length]!];
}

function takeUpUnion(data: Data, isDense: boolean, name: string, sink: Sink): void {
  const { length } = data;
  const type = data.type as Union;
  const typeIds = bytesOf(data.typeIds as Int8Array | undefined);
  if (typeIds.length < length) throw damaged(name, `${length} type ids`, `${typeIds.length}`);
  sink.node(length, 0);
  sink.buffer(0);
  put(typeIds.subarray(0, length), sink);
  if (!isDense) {
    sink.buffer(0);
    type.children.forEach((_, i) => {
      takeUpNode(firstRows(childOf(data, i, length, name), length), name, sink);
    });
    return;
  }
  const members = membersOf(data, name);
  const first = type.children.map(() => Number.POSITIVE_INFINITY);
  const end = type.children.map(() => 0);
  const offsets = data.valueOffsets as Int32Array;
  for (let row = 0; row < length; row++) {
    const child = members[row]!;
    first[child] = Math.min(first[child]!, offsets[row]!);
    end[child] = Math.max(end[child]!, offsets[row]! + 1);
  }
  const target = sink.buffer(length * 4);
  if (target !== undefined) {
    const rebased = new Int32Array(target.buffer, target.byteOffset, length);
    for (let row = 0; row < length; row++) rebased[row] = offsets[row]! - first[members[row]!]!;
  }
  type.children.forEach((_, i) => {
    const begin = Math.min(first[i]!, end[i]!);
    takeUpNode(data.children[i]!.slice(begin, end[i]! - begin), name, sink);
  });
}

/**
 * The batch that `place` put into the slab, without copying: its buffers are views that live as long as the slab is not
 * used for another batch.
 * @param schema with the types of the batch placed; names and metadata are taken from here.
 */
export function restore(schema: Schema, placement: Placement, slab: Uint8Array): Batch {
  const { nodes, buffers, rowCount } = placement;
  let node = 0;
  const next = (type: DataType, name: string): Data => {
    const length = nodes[node * 2]!;
    const nullCount = nodes[node * 2 + 1]!;
    const [first, second, third] = [0, 1, 2].map((i) => {
      const at = (node * 3 + i) * 2;
      const start = buffers[at]!;
      return slab.subarray(start, start + buffers[at + 1]!);
    });
    node++;
    const layout = layoutOf(type, name);
    const own: NodeBuffers =
      layout.kind === 'bytes' || layout.kind === 'list'
        ? { validity: first, offsets: second, values: third }
        : layout.kind === 'view'
          ? { validity: first, values: second, long: third }
          : layout.kind === 'union'
            ? { typeIds: second, offsets: layout.isDense ? third : undefined }
            : { validity: first, values: third };
    const children = childFields(type).map((field) => next(field.type, name));
    // Nested types have no values; an empty buffer would only hide that.
    const flat = children.length === 0 && layout.kind !== 'null' && layout.kind !== 'struct';
    return makeColumn(type, length, nullCount, flat ? own : { ...own, values: undefined }, children);
  };
  const columns = schema.fields.map((field) => next(field.type, field.name));
  return makeBatch(schema, rowCount, columns);
}
