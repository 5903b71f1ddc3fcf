import { type Data, DataType, type Field, type Type, UnionMode } from 'apache-arrow';
import { FieldNode } from 'apache-arrow/ipc/metadata/message';
import { CurationError } from '../../errors.ts';
import { copyBits, nullCountOf, validityOf } from '../encode-bits.ts';

const EMPTY = new Uint8Array(0);

/** The columns of one batch as IPC wants them: nodes and buffers in depth-first order. */
export interface CollectedBuffers {
  readonly nodes: FieldNode[];
  /** Views on the batch's memory where it has the right form; else fresh arrays. */
  readonly buffers: Uint8Array[];
  readonly variadicCounts: number[];
}

/** Lays out `columns` for an Arrow record batch (Arrow columnar format 1.5, "Recursive flattening"). */
export function collectBuffers(fields: readonly Field[], columns: readonly Data[]): CollectedBuffers {
  const collected: CollectedBuffers = { nodes: [], buffers: [], variadicCounts: [] };
  for (let i = 0; i < columns.length; i++) collect(collected, columns[i]!, fields[i]?.name ?? String(i));
  return collected;
}

function collect(into: CollectedBuffers, data: Data, path: string): void {
  const { type, length } = data;
  if (DataType.isDictionary(type)) {
    throw new CurationError(
      'UNSUPPORTED',
      `arrow writer: column "${path}": expected plain values, found a dictionary-encoded column; decode it first`,
    );
  }
  if (DataType.isUnion(type)) {
    into.nodes.push(new FieldNode(length, 0));
    into.buffers.push(bytesOf(data.typeIds as Int8Array, length, path));
    if (type.mode === UnionMode.Dense) {
      // Dense offsets are absolute in their child, so a slice needs no rebasing: the children go out whole.
      into.buffers.push(bytesOf(data.valueOffsets as Int32Array, length * 4, path));
      data.children.forEach((child, i) => collect(into, child, `${path}.${type.children[i]?.name}`));
    } else {
      data.children.forEach((child, i) =>
        collect(into, cut(child, length), `${path}.${type.children[i]?.name}`),
      );
    }
    return;
  }
  into.nodes.push(new FieldNode(length, nullCountOf(data)));
  if (DataType.isNull(type)) return;
  const validity = validityOf(data);
  into.buffers.push(validity === undefined ? EMPTY : copyBits(validity, length));
  if (DataType.isStruct(type)) {
    data.children.forEach((child, i) =>
      collect(into, cut(child, length), `${path}.${type.children[i]?.name}`),
    );
  } else if (DataType.isFixedSizeList(type)) {
    collect(into, cut(data.children[0]!, length * type.listSize), `${path}.${type.children[0]?.name}`);
  } else if (DataType.isList(type) || DataType.isLargeList(type) || DataType.isMap(type)) {
    const { offsets, start, end } = rebasedOffsets(data, path);
    into.buffers.push(offsets);
    const child = data.children[0]!;
    if (end > child.length) throw tooShort(path, end, child.length, 'items');
    collect(
      into,
      start === 0 ? cut(child, end) : child.slice(start, end - start),
      `${path}.${type.children[0]?.name}`,
    );
  } else if (isVariableWidth(data)) {
    const { offsets, start, end } = rebasedOffsets(data, path);
    const values: Uint8Array = data.values ?? EMPTY;
    if (end > values.length) throw tooShort(path, end, values.length, 'bytes');
    into.buffers.push(offsets, values.subarray(start, end));
  } else if (DataType.isBool(type)) {
    const values: Uint8Array = data.values ?? EMPTY;
    into.buffers.push(copyBits({ bytes: values, offset: data.offset }, length));
  } else if (DataType.isUtf8View(type) || DataType.isBinaryView(type)) {
    into.buffers.push(bytesOf(data.values, length * 16, path), ...data.variadicBuffers);
    into.variadicCounts.push(data.variadicBuffers.length);
  } else {
    into.buffers.push(fixedWidthBytes(data, path));
  }
}

function isVariableWidth(data: Data): data is Data<DataType<Type.Utf8>> {
  const { type } = data;
  return (
    DataType.isUtf8(type) ||
    DataType.isBinary(type) ||
    DataType.isLargeUtf8(type) ||
    DataType.isLargeBinary(type)
  );
}

function hasWideOffsets({ type }: Data): boolean {
  return DataType.isLargeUtf8(type) || DataType.isLargeBinary(type) || DataType.isLargeList(type);
}

function cut(child: Data, length: number): Data {
  return child.length === length ? child : child.slice(0, length);
}

function fixedWidthBytes(data: Data, path: string): Uint8Array {
  const values: ArrayBufferView | undefined = data.values;
  const itemWidth = (values as Uint8Array | undefined)?.BYTES_PER_ELEMENT ?? 0;
  const byteLength = data.length * data.stride * itemWidth;
  // A column that is null throughout may come without values.
  if (byteLength === 0 && data.length > 0) return new Uint8Array(data.length * widthOf(data));
  return bytesOf(values, byteLength, path);
}

function widthOf(data: Data): number {
  const { ArrayType } = data as unknown as { ArrayType: { BYTES_PER_ELEMENT?: number } };
  return data.stride * (ArrayType.BYTES_PER_ELEMENT ?? 1);
}

function bytesOf(values: ArrayBufferView | undefined, byteLength: number, path: string): Uint8Array {
  if (values === undefined || values.byteLength < byteLength) {
    if (byteLength === 0) return EMPTY;
    throw tooShort(path, byteLength, values?.byteLength ?? 0, 'bytes');
  }
  return new Uint8Array(values.buffer, values.byteOffset, byteLength);
}

function tooShort(path: string, expected: number, found: number, unit: string): CurationError {
  return new CurationError(
    'BAD_INPUT',
    `arrow writer: column "${path}": expected ${expected} ${unit}, found ${found}`,
  );
}

interface Rebased {
  readonly offsets: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Offsets that begin at 0: the column's own where they do, else a shifted copy. */
function rebasedOffsets(data: Data, path: string): Rebased {
  const { length } = data;
  const source: Int32Array | BigInt64Array | undefined = data.valueOffsets;
  if (source === undefined || source.length === 0) {
    if (length > 0) throw tooShort(path, length + 1, 0, 'offsets');
    return { offsets: new Uint8Array(hasWideOffsets(data) ? 8 : 4), start: 0, end: 0 };
  }
  if (source.length < length + 1) throw tooShort(path, length + 1, source.length, 'offsets');
  const start = Number(source[0]);
  const end = Number(source[length]);
  if (start < 0 || end < start) {
    throw new CurationError(
      'BAD_INPUT',
      `arrow writer: column "${path}": offsets run from ${start} to ${end}`,
    );
  }
  if (start === 0) {
    const byteLength = (length + 1) * source.BYTES_PER_ELEMENT;
    return { offsets: new Uint8Array(source.buffer, source.byteOffset, byteLength), start, end };
  }
  if (source instanceof BigInt64Array) {
    const base = source[0]!;
    const moved = source.slice(0, length + 1).map((offset) => offset - base);
    return { offsets: new Uint8Array(moved.buffer), start, end };
  }
  const moved = new Int32Array(length + 1);
  for (let i = 0; i <= length; i++) moved[i] = source[i]! - start;
  return { offsets: new Uint8Array(moved.buffer), start, end };
}
