import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeTZValue,
  DuckDBTimeValue,
  DuckDBUUIDValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import {
  type Data,
  type DataType,
  type Decimal,
  Precision,
  type Time,
  type Timestamp,
  TimeUnit,
  Type,
} from 'apache-arrow';

/** A value in a form two readers can be compared in: numbers by their bits, instants in nanoseconds, bytes in hex. */
export type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain };

const NS: Record<TimeUnit, bigint> = {
  [TimeUnit.SECOND]: 1_000_000_000n,
  [TimeUnit.MILLISECOND]: 1_000_000n,
  [TimeUnit.MICROSECOND]: 1000n,
  [TimeUnit.NANOSECOND]: 1n,
};

/** All values of an Arrow column, read from its buffers by the rules of the format, not by apache-arrow's getters. */
export function fromArrow(data: Data): Plain[] {
  return Array.from({ length: data.length }, (_, i) => at(data, i));
}

function at(data: Data, i: number): Plain {
  const type: DataType = data.type;
  if (type.typeId === Type.Null) return null;
  const bitmap = data.nullBitmap;
  if (bitmap && bitmap.length > 0 && ((bitmap[i >>> 3]! >>> (i & 7)) & 1) === 0) return null;
  const { values, valueOffsets, children } = data;
  const range = (): [number, number] => [valueOffsets[i]!, valueOffsets[i + 1]!];
  switch (type.typeId) {
    case Type.Bool:
      return ((values[i >>> 3] >>> (i & 7)) & 1) === 1;
    case Type.Int:
      return typeof values[i] === 'bigint' ? String(values[i]) : Number(values[i]);
    case Type.Float:
      return number(
        (type as { precision?: Precision }).precision === Precision.HALF ? half(values[i]) : values[i],
      );
    case Type.Utf8:
      return Buffer.from(values.subarray(...range())).toString('utf8');
    case Type.Binary:
      return `0x${Buffer.from(values.subarray(...range())).toString('hex')}`;
    case Type.FixedSizeBinary: {
      const width = (type as { byteWidth?: number }).byteWidth!;
      return `0x${Buffer.from(values.subarray(i * width, (i + 1) * width)).toString('hex')}`;
    }
    case Type.Decimal: {
      const { scale, bitWidth } = type as Decimal;
      let whole = 0n;
      const words = bitWidth / 32;
      for (let k = words - 1; k >= 0; k--) whole = (whole << 32n) | BigInt(values[i * words + k] >>> 0);
      return decimal(BigInt.asIntN(bitWidth, whole), scale);
    }
    case Type.Date:
      return `date ${values[i]}`;
    case Type.Time:
      return `time ${BigInt(values[i]) * NS[(type as Time).unit]}`;
    case Type.Timestamp:
      return `instant ${BigInt(values[i]) * NS[(type as Timestamp).unit]}`;
    case Type.List: {
      const [start, end] = range();
      return Array.from({ length: end - start }, (_, k) => at(children[0]!, start + k));
    }
    case Type.Map: {
      const [start, end] = range();
      const [keys, items] = children[0]!.children as [Data, Data];
      return Array.from({ length: end - start }, (_, k) => [at(keys, start + k), at(items, start + k)]);
    }
    case Type.Struct:
      return Object.fromEntries(type.children.map((field, k) => [field.name, at(children[k]!, i)]));
    default:
      throw new Error(`no plain form of ${type.typeId}`);
  }
}

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function number(value: number): Plain {
  return Number.isFinite(value) && !Object.is(value, -0)
    ? value
    : `float ${Object.is(value, -0) ? '-0' : value}`;
}

function decimal(value: bigint, scale: number): string {
  return `decimal ${value}e-${scale}`;
}

/** A value as DuckDB's node client hands it out. */
export function fromDuck(value: DuckDBValue): Plain {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return number(value);
  if (typeof value === 'bigint') return String(value);
  if (value instanceof DuckDBBlobValue) return `0x${Buffer.from(value.bytes).toString('hex')}`;
  if (value instanceof DuckDBUUIDValue) return `0x${value.toString().replaceAll('-', '')}`;
  if (value instanceof DuckDBDecimalValue) return decimal(value.value, value.scale);
  if (value instanceof DuckDBDateValue) return `date ${value.days}`;
  if (value instanceof DuckDBTimeValue) return `time ${value.micros * 1000n}`;
  if (value instanceof DuckDBTimeTZValue) return `time ${value.micros * 1000n}`;
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) {
    return `instant ${value.micros * 1000n}`;
  }
  if (value instanceof DuckDBTimestampNanosecondsValue) return `instant ${value.nanos}`;
  if (value instanceof DuckDBTimestampMillisecondsValue) return `instant ${value.millis * 1_000_000n}`;
  if (value instanceof DuckDBTimestampSecondsValue) return `instant ${value.seconds * 1_000_000_000n}`;
  if (value instanceof DuckDBIntervalValue) return `interval ${value.months} ${value.days} ${value.micros}`;
  if (value instanceof DuckDBListValue) return value.items.map(fromDuck);
  if (value instanceof DuckDBMapValue)
    return value.entries.map(({ key, value: item }) => [fromDuck(key), fromDuck(item)]);
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(Object.entries(value.entries).map(([name, item]) => [name, fromDuck(item)]));
  }
  throw new Error(`no plain form of ${String(value)}`);
}
