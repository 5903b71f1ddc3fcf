import {
  type Data,
  DataType,
  DateUnit,
  type Field,
  IntervalUnit,
  Precision,
  Type,
  UnionMode,
} from 'apache-arrow';
import { uint16ToFloat64 } from 'apache-arrow/util/math';
import { CurationError } from '../../errors.ts';
import type { ByteSink } from '../byte-sink.ts';
import { bitAt, nullCountOf, validityOf } from '../encode-bits.ts';
import {
  formatDecimal,
  readSigned,
  writeBigInteger,
  writeDouble,
  writeFloat,
  writeInteger,
} from './encode-number.ts';
import { textSource, writeAscii, writeBase64, writeJsonText, writeQuotedAscii } from './encode-text.ts';
import { formatDay, formatDuration, formatInterval, formatTime, formatTimestamp } from './encode-time.ts';

/** Writes one row of a column as JSON. */
export type WriteValue = (out: ByteSink, row: number) => void;
/** Finds the bytes of one row of a text or binary column. */
type BytesAt = (row: number) => Uint8Array;

const COMMA = 0x2c;
const COLON = 0x3a;
const EMPTY = new Uint8Array(0);
const MS_A_DAY = 86_400_000;

/** What writes the rows of `data` as JSON values; nulls as `null`. */
export function valueWriter(data: Data, path: string): WriteValue {
  const nullCount = nullCountOf(data);
  if (nullCount === data.length) return writeNull;
  const write = plainWriter(data, path);
  const validity = validityOf(data);
  if (validity === undefined) return write;
  return (out, row) => (bitAt(validity, row) ? write(out, row) : writeNull(out));
}

function writeNull(out: ByteSink): void {
  writeAscii(out, 'null');
}

function plainWriter(data: Data, path: string): WriteValue {
  const { type } = data;
  if (DataType.isUtf8(type)) return utf8Writer(data);
  if (DataType.isLargeUtf8(type) || DataType.isUtf8View(type)) {
    const bytesAt = bytesReader(data);
    return (out, row) => {
      const bytes = bytesAt(row);
      writeJsonText(out, textSource(bytes), 0, bytes.length);
    };
  }
  if (
    DataType.isBinary(type) ||
    DataType.isLargeBinary(type) ||
    DataType.isBinaryView(type) ||
    DataType.isFixedSizeBinary(type)
  ) {
    const bytesAt = bytesReader(data);
    return (out, row) => writeBase64(out, bytesAt(row));
  }
  if (DataType.isBool(type)) {
    const bits = { bytes: data.values as Uint8Array, offset: data.offset };
    return (out, row) => writeAscii(out, bitAt(bits, row) ? 'true' : 'false');
  }
  if (DataType.isInt(type)) return integerWriter(data.values);
  if (DataType.isFloat(type)) return floatWriter(data, type.precision);
  if (DataType.isDecimal(type)) {
    const width = type.bitWidth / 8;
    const bytes = bytesOf(data.values);
    return (out, row) => writeAscii(out, formatDecimal(readSigned(bytes, row * width, width), type.scale));
  }
  return timeWriter(data) ?? nestedWriter(data, path);
}

function utf8Writer(data: Data): WriteValue {
  const source = textSource(data.values ?? EMPTY);
  const offsets: Int32Array = data.valueOffsets;
  return (out, row) => writeJsonText(out, source, offsets[row]!, offsets[row + 1]!);
}

function integerWriter(values: ArrayLike<number> | BigInt64Array | BigUint64Array): WriteValue {
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    return (out, row) => writeBigInteger(out, values[row]!);
  }
  return (out, row) => writeInteger(out, values[row]!);
}

function floatWriter(data: Data, precision: Precision): WriteValue {
  const values: ArrayLike<number> = data.values;
  if (precision === Precision.DOUBLE) return (out, row) => writeDouble(out, values[row]!);
  if (precision === Precision.SINGLE) return (out, row) => writeFloat(out, values[row]!);
  return (out, row) => writeDouble(out, uint16ToFloat64(values[row]!));
}

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function bytesReader(data: Data): BytesAt {
  const { type } = data;
  const values: Uint8Array = data.values ?? EMPTY;
  if (DataType.isFixedSizeBinary(type)) {
    return (row) => values.subarray(row * type.byteWidth, (row + 1) * type.byteWidth);
  }
  if (DataType.isUtf8View(type) || DataType.isBinaryView(type)) {
    const views = new DataView(values.buffer, values.byteOffset, values.byteLength);
    return (row) => {
      const at = row * 16;
      const length = views.getInt32(at, true);
      if (length <= 12) return values.subarray(at + 4, at + 4 + length);
      const start = views.getInt32(at + 12, true);
      return data.variadicBuffers[views.getInt32(at + 8, true)]!.subarray(start, start + length);
    };
  }
  const offsets: Int32Array | BigInt64Array = data.valueOffsets;
  return (row) => values.subarray(Number(offsets[row]), Number(offsets[row + 1]));
}

function timeWriter(data: Data): WriteValue | undefined {
  const { type } = data;
  const values: Int32Array | BigInt64Array = data.values;
  if (DataType.isDate(type)) {
    if (type.unit === DateUnit.DAY)
      return (out, row) => writeQuotedAscii(out, formatDay(Number(values[row])));
    return (out, row) => writeQuotedAscii(out, formatDay(Math.floor(Number(values[row]) / MS_A_DAY)));
  }
  if (DataType.isTimestamp(type)) {
    const isUtc = type.timezone !== undefined && type.timezone !== null && type.timezone !== '';
    return (out, row) => writeQuotedAscii(out, formatTimestamp(BigInt(values[row]!), type.unit, isUtc));
  }
  if (DataType.isTime(type)) {
    return (out, row) => writeQuotedAscii(out, formatTime(BigInt(values[row]!), type.unit));
  }
  if (DataType.isDuration(type)) {
    return (out, row) => writeQuotedAscii(out, formatDuration(BigInt(values[row]!), type.unit));
  }
  if (DataType.isInterval(type)) return intervalWriter(data, type.unit);
  return undefined;
}

function intervalWriter(data: Data, unit: IntervalUnit): WriteValue {
  const parts: Int32Array = data.values;
  if (unit === IntervalUnit.YEAR_MONTH) {
    return (out, row) => writeQuotedAscii(out, formatInterval(parts[row]!, 0, 0n));
  }
  if (unit === IntervalUnit.DAY_TIME) {
    return (out, row) => {
      const nanoseconds = BigInt(parts[row * 2 + 1]!) * 1_000_000n;
      writeQuotedAscii(out, formatInterval(0, parts[row * 2]!, nanoseconds));
    };
  }
  return (out, row) => {
    const at = row * 4;
    const nanoseconds = (BigInt(parts[at + 3]!) << 32n) | BigInt(parts[at + 2]! >>> 0);
    writeQuotedAscii(out, formatInterval(parts[at]!, parts[at + 1]!, nanoseconds));
  };
}

function nestedWriter(data: Data, path: string): WriteValue {
  const { type, children } = data;
  if (DataType.isStruct(type)) return objectWriter(type.children, children, path);
  if (DataType.isFixedSizeList(type)) {
    const size = type.listSize;
    const item = valueWriter(children[0]!, path);
    return (out, row) => writeArray(out, item, row * size, (row + 1) * size);
  }
  if (DataType.isList(type) || DataType.isLargeList(type)) {
    const offsets: Int32Array | BigInt64Array = data.valueOffsets;
    const item = valueWriter(children[0]!, path);
    return (out, row) => writeArray(out, item, Number(offsets[row]), Number(offsets[row + 1]));
  }
  if (DataType.isMap(type)) return mapWriter(data, path);
  if (DataType.isUnion(type)) {
    const writers = children.map((child) => valueWriter(child, path));
    const typeIds: Int8Array = data.typeIds;
    const offsets: Int32Array | undefined = type.mode === UnionMode.Dense ? data.valueOffsets : undefined;
    return (out, row) => {
      const write = writers[type.typeIdToChildIndex[typeIds[row]!] ?? -1];
      if (write === undefined) throw unsupported(path, `a union member numbered ${typeIds[row]}`);
      write(out, offsets === undefined ? row : offsets[row]!);
    };
  }
  throw unsupported(path, `a column of type ${Type[data.typeId]}`);
}

function unsupported(path: string, found: string): CurationError {
  return new CurationError(
    'UNSUPPORTED',
    `jsonl writer: column "${path}": expected a type JSON can hold, found ${found}`,
  );
}

function writeArray(out: ByteSink, item: WriteValue, start: number, end: number): void {
  out.writeByte(0x5b);
  for (let i = start; i < end; i++) {
    if (i > start) out.writeByte(COMMA);
    item(out, i);
  }
  out.writeByte(0x5d);
}

/** A map with string keys becomes an object, any other an array of `{"key":..., "value":...}`. */
function mapWriter(data: Data, path: string): WriteValue {
  const offsets: Int32Array = data.valueOffsets;
  const entries = data.children[0]!;
  const [keys, values] = entries.children as [Data, Data];
  const key = valueWriter(keys, path);
  const value = valueWriter(values, path);
  if (DataType.isUtf8(keys.type) || DataType.isLargeUtf8(keys.type) || DataType.isUtf8View(keys.type)) {
    return (out, row) => {
      out.writeByte(0x7b);
      for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
        if (i > offsets[row]!) out.writeByte(COMMA);
        key(out, i);
        out.writeByte(COLON);
        value(out, i);
      }
      out.writeByte(0x7d);
    };
  }
  const pair: WriteValue = (out, i) => {
    writeAscii(out, '{"key":');
    key(out, i);
    writeAscii(out, ',"value":');
    value(out, i);
    out.writeByte(0x7d);
  };
  return (out, row) => writeArray(out, pair, offsets[row]!, offsets[row + 1]!);
}

/** What writes a struct as an object with all its members in order. */
function objectWriter(fields: readonly Field[], children: readonly Data[], path: string): WriteValue {
  const heads = fields.map((field, i) => memberHead(field.name, i === 0));
  const writers = children.map((child, i) => valueWriter(child, `${path}.${fields[i]?.name}`));
  return (out, row) => {
    out.writeByte(0x7b);
    for (let i = 0; i < writers.length; i++) {
      out.write(heads[i]!);
      writers[i]!(out, row);
    }
    out.writeByte(0x7d);
  };
}

/** The bytes in front of a member's value: `,"name":`, without the comma for the first. */
export function memberHead(name: string, isFirst: boolean): Uint8Array {
  return new TextEncoder().encode(`${isFirst ? '' : ','}${JSON.stringify(name)}:`);
}
