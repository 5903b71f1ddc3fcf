import { type Data, DataType, DateUnit, TimeUnit } from 'apache-arrow';
import { CurationError } from '../../errors.ts';
import { bitAt } from '../encode-bits.ts';
import type { Shredded } from './encode-levels.ts';
import type { Leaf } from './encode-schema.ts';
import { unsupported } from './encode-types.ts';

/** The values of one leaf, nulls left out, ready to be written PLAIN. */
export type LeafValues =
  /** Values of `width` bytes one behind the other, as Parquet stores them. May be a view on the batch. */
  | { readonly kind: 'fixed'; readonly count: number; readonly width: number; readonly bytes: Uint8Array }
  /** Value `i` is `data` from `starts[i]` to `ends[i]`. Views on the batch. */
  | {
      readonly kind: 'bytes';
      readonly count: number;
      readonly data: Uint8Array;
      readonly starts: Int32Array;
      readonly ends: Int32Array;
    }
  /** One byte, 0 or 1, for each value. */
  | { readonly kind: 'bool'; readonly count: number; readonly bytes: Uint8Array };

const EMPTY = new Uint8Array(0);
const MS_A_DAY = 86_400_000;
const LARGEST_OFFSET = 0x7fffffff;

/** Takes the values out of a shredded leaf and converts them to Parquet's physical type where Arrow's differs. */
export function leafValues(leaf: Leaf, shredded: Shredded): LeafValues {
  const { data, positions, valueCount: count } = shredded;
  const type: DataType = leaf.type;
  if (count === 0) return { kind: 'fixed', count, width: 1, bytes: EMPTY };
  if (DataType.isBool(type)) return boolValues(data, positions, count);
  if (DataType.isUtf8View(type) || DataType.isBinaryView(type))
    return viewValues(leaf, data, positions, count);
  if (
    DataType.isUtf8(type) ||
    DataType.isBinary(type) ||
    DataType.isLargeUtf8(type) ||
    DataType.isLargeBinary(type)
  ) {
    return textValues(leaf, data, positions, count);
  }
  const values: ArrayLike<number> & ArrayBufferView = data.values;
  if (DataType.isInt(type) && type.bitWidth < 32)
    return mapped(values, positions, count, leaf, (value) => value);
  if (DataType.isDate(type) && type.unit === DateUnit.MILLISECOND) {
    const milliseconds = data.values as BigInt64Array;
    return mapped(milliseconds, positions, count, leaf, (value) => Math.floor(Number(value) / MS_A_DAY));
  }
  if (DataType.isTime(type) && type.unit === TimeUnit.SECOND) {
    return mapped(values, positions, count, leaf, (value) => value * 1000);
  }
  if (DataType.isTimestamp(type) && type.unit === TimeUnit.SECOND) {
    return millisecondValues(data.values as BigInt64Array, positions, count, leaf);
  }
  if (DataType.isDecimal(type)) return decimalValues(data, positions, count, leaf, type.bitWidth / 8);
  return fixedValues(data, positions, count, leaf);
}

function tooShort(leaf: Leaf, expected: number, found: number): CurationError {
  return new CurationError(
    'BAD_INPUT',
    `parquet writer: column "${leaf.name}": expected ${expected} bytes of values, found ${found}`,
  );
}

function boolValues(data: Data, positions: Int32Array | undefined, count: number): LeafValues {
  const bits = { bytes: data.values as Uint8Array, offset: data.offset };
  const bytes = new Uint8Array(count);
  for (let i = 0; i < count; i++) bytes[i] = bitAt(bits, positions === undefined ? i : positions[i]!) ? 1 : 0;
  return { kind: 'bool', count, bytes };
}

function textValues(leaf: Leaf, data: Data, positions: Int32Array | undefined, count: number): LeafValues {
  const bytes: Uint8Array = data.values ?? EMPTY;
  const offsets = narrowOffsets(leaf, data.valueOffsets, data.length);
  const end = offsets[data.length]!;
  if (end > bytes.length || offsets[0]! < 0) throw tooShort(leaf, end, bytes.length);
  if (positions === undefined) {
    return {
      kind: 'bytes',
      count,
      data: bytes,
      starts: offsets.subarray(0, count),
      ends: offsets.subarray(1, count + 1),
    };
  }
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const row = positions[i]!;
    starts[i] = offsets[row]!;
    ends[i] = offsets[row + 1]!;
  }
  return { kind: 'bytes', count, data: bytes, starts, ends };
}

function narrowOffsets(leaf: Leaf, offsets: Int32Array | BigInt64Array, length: number): Int32Array {
  if (offsets instanceof Int32Array) return offsets;
  // A slice keeps the offsets of the column it was cut from, and Parquet's own limit for a value is 2 GiB.
  if (offsets[length]! > BigInt(LARGEST_OFFSET)) throw unsupported(leaf.name, 'more than 2 GiB in one batch');
  const narrow = new Int32Array(length + 1);
  for (let i = 0; i <= length; i++) narrow[i] = Number(offsets[i]);
  return narrow;
}

/** Copies values that lie in views (16 bytes: length, then the value or its place) behind one another. */
function viewValues(leaf: Leaf, data: Data, positions: Int32Array | undefined, count: number): LeafValues {
  const values: Uint8Array = data.values;
  const views = new DataView(values.buffer, values.byteOffset, values.byteLength);
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  let total = 0;
  for (let i = 0; i < count; i++) {
    starts[i] = total;
    total += views.getInt32((positions === undefined ? i : positions[i]!) * 16, true);
    if (total > LARGEST_OFFSET) throw unsupported(leaf.name, 'more than 2 GiB in one batch');
    ends[i] = total;
  }
  const bytes = new Uint8Array(total);
  for (let i = 0; i < count; i++) {
    const at = (positions === undefined ? i : positions[i]!) * 16;
    const length = ends[i]! - starts[i]!;
    if (length <= 12) {
      bytes.set(values.subarray(at + 4, at + 4 + length), starts[i]!);
      continue;
    }
    const source = data.variadicBuffers[views.getInt32(at + 8, true)];
    const start = views.getInt32(at + 12, true);
    if (source === undefined || start + length > source.length)
      throw tooShort(leaf, start + length, source?.length ?? 0);
    bytes.set(source.subarray(start, start + length), starts[i]!);
  }
  return { kind: 'bytes', count, data: bytes, starts, ends };
}

function mapped<T extends number | bigint>(
  values: ArrayLike<T>,
  positions: Int32Array | undefined,
  count: number,
  leaf: Leaf,
  convert: (value: T) => number,
): LeafValues {
  if (positions === undefined && values.length < count) throw tooShort(leaf, count, values.length);
  const converted = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const value = convert(values[positions === undefined ? i : positions[i]!]!);
    converted[i] = value;
    if (converted[i] !== value) throw outOfRange(leaf, String(value), 'a 32-bit integer');
  }
  return { kind: 'fixed', count, width: 4, bytes: new Uint8Array(converted.buffer) };
}

function outOfRange(leaf: Leaf, found: string, expected: string): CurationError {
  return new CurationError(
    'BAD_INPUT',
    `parquet writer: column "${leaf.name}": expected ${expected}, found ${found}; write Arrow to keep such values`,
  );
}

function millisecondValues(
  seconds: BigInt64Array,
  positions: Int32Array | undefined,
  count: number,
  leaf: Leaf,
): LeafValues {
  const converted = new BigInt64Array(count);
  for (let i = 0; i < count; i++) {
    const value = seconds[positions === undefined ? i : positions[i]!]! * 1000n;
    converted[i] = value;
    if (converted[i] !== value)
      throw outOfRange(leaf, `${value} ms`, 'a time that fits 64 bits of milliseconds');
  }
  return { kind: 'fixed', count, width: 8, bytes: new Uint8Array(converted.buffer) };
}

/** Arrow's little-endian integer becomes Parquet's big-endian one of as many bytes as the precision needs. */
function decimalValues(
  data: Data,
  positions: Int32Array | undefined,
  count: number,
  leaf: Leaf,
  arrowWidth: number,
): LeafValues {
  const source = new Uint8Array(data.values.buffer, data.values.byteOffset, data.values.byteLength);
  const width = leaf.stored.typeLength!;
  const bytes = new Uint8Array(count * width);
  for (let i = 0; i < count; i++) {
    const start = (positions === undefined ? i : positions[i]!) * arrowWidth;
    const sign = source[start + arrowWidth - 1]! & 0x80 ? 0xff : 0;
    for (let k = 0; k < width; k++)
      bytes[(i + 1) * width - 1 - k] = k < arrowWidth ? source[start + k]! : sign;
    let fits = width >= arrowWidth || (source[start + width - 1]! & 0x80) === (sign & 0x80);
    for (let k = width; k < arrowWidth; k++) fits &&= source[start + k] === sign;
    if (!fits) throw outOfRange(leaf, 'more digits', `at most ${leaf.stored.precision} digits`);
  }
  return { kind: 'fixed', count, width, bytes };
}

/** Values whose bytes are the same in both formats. */
function fixedValues(data: Data, positions: Int32Array | undefined, count: number, leaf: Leaf): LeafValues {
  const values: ArrayBufferView & { readonly BYTES_PER_ELEMENT: number } = data.values;
  const width = data.stride * values.BYTES_PER_ELEMENT;
  if (values.byteLength < (positions === undefined ? count : 1) * width) {
    throw tooShort(leaf, count * width, values.byteLength);
  }
  if (positions === undefined) {
    return {
      kind: 'fixed',
      count,
      width,
      bytes: new Uint8Array(values.buffer, values.byteOffset, count * width),
    };
  }
  const gathered = new Uint8Array(count * width);
  if (width % 4 === 0 && values.byteOffset % 4 === 0) {
    const words = width / 4;
    const from = new Uint32Array(values.buffer, values.byteOffset, values.byteLength >>> 2);
    const to = new Uint32Array(gathered.buffer);
    for (let i = 0; i < count; i++) {
      for (let word = 0; word < words; word++) to[i * words + word] = from[positions[i]! * words + word]!;
    }
  } else {
    const from = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    for (let i = 0; i < count; i++) {
      for (let k = 0; k < width; k++) gathered[i * width + k] = from[positions[i]! * width + k]!;
    }
  }
  return { kind: 'fixed', count, width, bytes: gathered };
}
