import {
  Data,
  DataType,
  type DateUnit,
  type Field,
  type FixedSizeBinary,
  type FixedSizeList,
  type Float,
  type Int,
  type Interval,
  IntervalUnit,
  type Time,
  Type,
  type Union,
  UnionMode,
} from 'apache-arrow';
import { CurationError } from '../errors.ts';
import { padTo64 } from './memory.ts';

/** What the buffers of a type look like; types with the same layout are moved by the same code. */
export type Layout =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool' }
  | { readonly kind: 'fixed'; readonly byteWidth: number }
  | { readonly kind: 'bytes'; readonly isLarge: boolean }
  | { readonly kind: 'view' }
  | { readonly kind: 'list'; readonly isLarge: boolean }
  | { readonly kind: 'fixed-list'; readonly listSize: number }
  | { readonly kind: 'struct' }
  | { readonly kind: 'union'; readonly isDense: boolean };

/** Layout of a type. Dictionaries have none: `conform` flattens them before anything else touches the data. */
export function layoutOf(type: DataType, name: string): Layout {
  switch (type.typeId) {
    case Type.Null:
      return { kind: 'null' };
    case Type.Bool:
      return { kind: 'bool' };
    case Type.Int:
      return { kind: 'fixed', byteWidth: (type as Int).bitWidth / 8 };
    case Type.Float:
      return { kind: 'fixed', byteWidth: 2 << (type as Float).precision };
    case Type.Decimal:
      return { kind: 'fixed', byteWidth: (type as unknown as { bitWidth: number }).bitWidth / 8 };
    case Type.Date:
      return { kind: 'fixed', byteWidth: 4 << (type as unknown as { unit: DateUnit }).unit };
    case Type.Time:
      return { kind: 'fixed', byteWidth: (type as Time).bitWidth / 8 };
    case Type.Timestamp:
    case Type.Duration:
      return { kind: 'fixed', byteWidth: 8 };
    case Type.Interval:
      return { kind: 'fixed', byteWidth: intervalWidth((type as Interval).unit) };
    case Type.FixedSizeBinary:
      return { kind: 'fixed', byteWidth: (type as FixedSizeBinary).byteWidth };
    case Type.Utf8:
    case Type.Binary:
      return { kind: 'bytes', isLarge: false };
    case Type.LargeUtf8:
    case Type.LargeBinary:
      return { kind: 'bytes', isLarge: true };
    case Type.Utf8View:
    case Type.BinaryView:
      return { kind: 'view' };
    case Type.List:
    case Type.Map:
      return { kind: 'list', isLarge: false };
    case Type.LargeList:
      return { kind: 'list', isLarge: true };
    case Type.FixedSizeList:
      return { kind: 'fixed-list', listSize: (type as FixedSizeList).listSize };
    case Type.Struct:
      return { kind: 'struct' };
    case Type.Union:
      return { kind: 'union', isDense: (type as Union).mode === UnionMode.Dense };
    default:
      throw new CurationError(
        'UNSUPPORTED',
        `column "${name}": expected a plain Arrow type, found type number ${type.typeId}; rewrite the file without it`,
      );
  }
}

function intervalWidth(unit: IntervalUnit): number {
  if (unit === IntervalUnit.YEAR_MONTH) return 4;
  return unit === IntervalUnit.DAY_TIME ? 8 : 16;
}

/** Child fields of a nested type, empty for the others. */
export function childFields(type: DataType): readonly Field[] {
  return (type.children as readonly Field[] | null | undefined) ?? [];
}

// 32-bit offsets reach no further. Damaged lengths end here as well, before any memory is asked for.
const MAX_BUFFER = 0x7fffffff;

/**
 * Memory for one buffer: a view of `byteLength` bytes at the start of an ArrayBuffer of its own, which is padded to a
 * multiple of 64. The view is not zeroed (the caller writes all of it), the padding is, so that an encoder may write it.
 */
export function allocateOwn(byteLength: number): Uint8Array<ArrayBuffer> {
  checkLength(byteLength);
  const { buffer } = Buffer.allocUnsafeSlow(padTo64(byteLength));
  new Uint8Array(buffer, byteLength).fill(0);
  return new Uint8Array(buffer, 0, byteLength);
}

function checkLength(byteLength: number): void {
  if (byteLength > MAX_BUFFER) {
    const found = `expected buffers of at most ${MAX_BUFFER} bytes, found one of ${byteLength}`;
    throw new CurationError('UNSUPPORTED', `batch: ${found}; use smaller batches`);
  }
}

/** The bytes of any typed array, shared. Nothing at all is no bytes. */
export function bytesOf(array: ArrayBufferView | undefined | null): Uint8Array {
  if (array === undefined || array === null) return new Uint8Array(0);
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Bytes seen as 32-bit words; copied only where they are not aligned. A rest below four bytes is left out. */
export function wordsOf(bytes: Uint8Array): Int32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >>> 2);
}

/** Buffers of one node of a column, in the order of their meaning; what a type does not have stays undefined. */
export interface NodeBuffers {
  readonly validity?: Uint8Array | undefined;
  readonly offsets?: Uint8Array | undefined;
  readonly values?: Uint8Array | undefined;
  readonly typeIds?: Uint8Array | undefined;
  /** The one buffer of long values of a view type. */
  readonly long?: Uint8Array | undefined;
}

/** Joins buffers (each aligned to its element) to a column that starts at offset 0. Nothing is copied. */
export function makeColumn(
  type: DataType,
  length: number,
  nullCount: number,
  buffers: NodeBuffers,
  children: readonly Data[] = [],
): Data {
  const { validity, offsets, values, typeIds, long } = buffers;
  const OffsetArray = isLarge(type) ? BigInt64Array : Int32Array;
  return new Data(
    type,
    0,
    length,
    nullCount,
    {
      0: offsets && viewAs(OffsetArray, offsets),
      1: values && viewAs(type.ArrayType as unknown as TypedArrayType, values),
      2: validity ?? new Uint8Array(0),
      3: typeIds && viewAs(Int8Array, typeIds),
    },
    [...children],
    undefined,
    long === undefined || long.length === 0 ? [] : [long],
  );
}

interface TypedArrayType {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): ArrayBufferView;
  readonly BYTES_PER_ELEMENT: number;
}

function viewAs(Constructor: TypedArrayType, bytes: Uint8Array): ArrayBufferView {
  return new Constructor(bytes.buffer, bytes.byteOffset, bytes.byteLength / Constructor.BYTES_PER_ELEMENT);
}

function isLarge(type: DataType): boolean {
  return DataType.isLargeUtf8(type) || DataType.isLargeBinary(type) || DataType.isLargeList(type);
}

/**
 * Validity bits of a column, row `i` at bit `data.offset + i`; undefined where no row is null. The rule is apache-arrow's:
 * a bitmap counts only if it is there and the null count is not zero. Unions and Null columns have none.
 */
export function validityOf(data: Data, name: string): Uint8Array | undefined {
  const bitmap = data.nullBitmap;
  if (!bitmap || bitmap.byteLength === 0 || DataType.isUnion(data.type) || DataType.isNull(data.type)) {
    return undefined;
  }
  // Checked before nullCount counts the bits: apache-arrow would read past a short bitmap.
  if (bitmap.byteLength * 8 < data.offset + data.length) {
    throw damaged(name, `${data.offset + data.length} validity bits`, `${bitmap.byteLength * 8}`);
  }
  return data.nullCount > 0 ? bitmap : undefined;
}

/** Values of a fixed-width column as bytes, exactly `data.length` rows of them. */
export function fixedValues(data: Data, byteWidth: number, name: string): Uint8Array {
  const bytes = bytesOf(data.values as ArrayBufferView | undefined);
  const needed = data.length * byteWidth;
  if (bytes.byteLength < needed) throw damaged(name, `${needed} bytes of values`, `${bytes.byteLength}`);
  return bytes.subarray(0, needed);
}

/** Bits of a Bool column, row `i` at bit `data.offset + i`. */
export function boolValues(data: Data, name: string): Uint8Array {
  const bytes = bytesOf(data.values as ArrayBufferView | undefined);
  if (data.length > 0 && bytes.byteLength * 8 < data.offset + data.length) {
    throw damaged(name, `${data.offset + data.length} bits`, `${bytes.byteLength * 8}`);
  }
  return bytes;
}

/**
 * Offsets of a column as numbers, `data.length + 1` of them, checked: ascending, from 0 or above to `limit` or below.
 * 32-bit offsets are the column's own memory, 64-bit ones a copy. Costs one pass over the offsets.
 */
export function offsetsOf(data: Data, limit: number, name: string): Int32Array | Float64Array {
  const { length } = data;
  const stored = data.valueOffsets as Int32Array | BigInt64Array | undefined;
  // Writers may leave out the single offset of an empty column.
  if (length === 0 && !stored?.length) return new Int32Array(1);
  if (stored === undefined || stored.length <= length) {
    throw damaged(name, `${length + 1} offsets`, `${stored?.length ?? 0}`);
  }
  const offsets =
    stored instanceof BigInt64Array ? toNumbers(stored, length + 1) : stored.subarray(0, length + 1);
  checkOffsets(offsets, limit, name);
  return offsets;
}

function toNumbers(offsets: BigInt64Array, count: number): Float64Array {
  const words = new Int32Array(offsets.buffer, offsets.byteOffset, count * 2);
  const numbers = new Float64Array(count);
  for (let i = 0; i < count; i++) numbers[i] = (words[2 * i]! >>> 0) + words[2 * i + 1]! * 2 ** 32;
  return numbers;
}

function checkOffsets(offsets: Int32Array | Float64Array, limit: number, name: string): void {
  let previous = 0;
  for (let i = 0; i < offsets.length; i++) {
    const offset = offsets[i]!;
    if (offset < previous)
      throw damaged(name, `offsets that ascend from ${previous} on`, `${offset} at ${i}`);
    previous = offset;
  }
  if (previous > limit) throw damaged(name, `offsets up to ${limit}`, `${previous}`);
}

/** Writes 64-bit offsets; each number is a whole one below 2^53. */
export function toLargeOffsets(numbers: Float64Array, target: Uint8Array): void {
  const words = new Int32Array(target.buffer, target.byteOffset, numbers.length * 2);
  for (let i = 0; i < numbers.length; i++) {
    words[2 * i] = numbers[i]!;
    words[2 * i + 1] = numbers[i]! / 2 ** 32;
  }
}

/** A child of a nested column, checked to have at least `rowCount` rows. */
export function childOf(data: Data, index: number, rowCount: number, name: string): Data {
  const child = data.children[index];
  if (child === undefined || child.length < rowCount) {
    throw damaged(name, `${rowCount} rows in child ${index}`, `${child?.length ?? 0}`);
  }
  return child;
}

/** For each row of a dense union the child it lies in; checks that it lies inside that child. */
export function membersOf(data: Data, name: string): Uint8Array {
  const { length, typeIds } = data;
  const { typeIdToChildIndex } = data.type as Union;
  const offsets = data.valueOffsets as Int32Array | undefined;
  const members = new Uint8Array(length);
  for (let row = 0; row < length; row++) {
    const typeId = (typeIds as Int8Array)[row]!;
    const child = typeIdToChildIndex[typeId];
    const offset = offsets?.[row] ?? -1;
    if (child === undefined || offset < 0 || offset >= data.children[child]!.length) {
      throw damaged(name, 'a place in a variant of the union', `type id ${typeId}, offset ${offset}`);
    }
    members[row] = child;
  }
  return members;
}

/** An error for data whose buffers contradict each other. */
export function damaged(name: string, expected: string, found: string): CurationError {
  return new CurationError(
    'BAD_INPUT',
    `column "${name}": expected ${expected}, found ${found}; the data is damaged`,
  );
}

/** An error for a column whose 32-bit offsets would overflow. */
export function tooLong(name: string, total: number): CurationError {
  return new CurationError(
    'UNSUPPORTED',
    `column "${name}": expected at most 2147483647 bytes or elements in one batch, found ${total}; use smaller batches`,
  );
}
