import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  Decimal,
  Duration,
  Field,
  FixedSizeBinary,
  Float16,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  List,
  Map_,
  Null,
  Struct,
  Time,
  Timestamp,
  TimeUnit,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow';
import type { SchemaElement } from 'hyparquet';
import { CurationError } from '../../errors.ts';
import type { LeafType, Shape } from './shape.ts';

const WIDTHS: Readonly<Record<string, number>> = {
  BOOLEAN: 1,
  INT32: 4,
  INT64: 8,
  INT96: 12,
  FLOAT: 4,
  DOUBLE: 8,
  BYTE_ARRAY: 0,
};

/** Bytes of a stored value; 0 where each has its own length. */
export function physicalWidth(element: SchemaElement): number {
  return element.type === 'FIXED_LEN_BYTE_ARRAY' ? (element.type_length ?? 0) : WIDTHS[element.type!]!;
}

/** The type a leaf is decoded to. An annotation that does not fit the stored type is an error where it would change values. */
export function leafType(element: SchemaElement, column: string, path: string): LeafType {
  const { type: physical, type_length: width } = element;
  const where = `${path}: column ${JSON.stringify(column)}`;
  const annotation = element.logical_type?.type ?? element.converted_type;
  const misfit = (): CurationError =>
    new CurationError(
      'BAD_INPUT',
      `${where}: expected a stored type that fits ${annotation}, found ${physical}`,
    );
  if (physical === 'FIXED_LEN_BYTE_ARRAY' && !(width !== undefined && width >= 1 && width <= 0x100_0000)) {
    throw new CurationError('BAD_INPUT', `${where}: expected values of 1 to 16777216 bytes, found ${width}`);
  }
  if (element.logical_type?.type === 'NULL') return { kind: 'null' };
  if (annotation === 'DECIMAL') return decimal(element, misfit);
  switch (physical) {
    case 'BOOLEAN':
      return { kind: 'bool' };
    case 'INT32':
      return int32(element);
    case 'INT64':
      return int64(element);
    case 'INT96':
      return { kind: 'timestamp', unit: 'ns', zone: undefined };
    case 'FLOAT':
      return { kind: 'float', bits: 32 };
    case 'DOUBLE':
      return { kind: 'float', bits: 64 };
    case 'BYTE_ARRAY':
      return { kind: isText(annotation) ? 'utf8' : 'binary' };
    case 'FIXED_LEN_BYTE_ARRAY':
      if (annotation === 'FLOAT16' && width !== 2) throw misfit();
      return annotation === 'FLOAT16' ? { kind: 'float', bits: 16 } : { kind: 'fixed', width: width! };
    default:
      throw new CurationError('BAD_INPUT', `${where}: expected a Parquet type, found ${String(physical)}`);
  }
}

function isText(annotation: string | undefined): boolean {
  return annotation === 'STRING' || annotation === 'UTF8' || annotation === 'ENUM' || annotation === 'JSON';
}

function int32({ logical_type: logical, converted_type: converted }: SchemaElement): LeafType {
  if (logical?.type === 'DATE' || converted === 'DATE') return { kind: 'date' };
  if (logical?.type === 'TIME' || converted === 'TIME_MILLIS') return { kind: 'time', unit: 'ms' };
  if (logical?.type === 'INTEGER' && logical.bitWidth < 64) {
    return { kind: 'int', bits: logical.bitWidth as 8 | 16 | 32, signed: logical.isSigned };
  }
  const match = /^(U?)INT_(8|16|32)$/.exec(converted ?? '');
  if (match !== null) return { kind: 'int', bits: Number(match[2]) as 8 | 16 | 32, signed: match[1] === '' };
  return { kind: 'int', bits: 32, signed: true };
}

const UTC = 'UTC';
const UNITS = { MILLIS: 'ms', MICROS: 'us', NANOS: 'ns' } as const;

function int64({ logical_type: logical, converted_type: converted }: SchemaElement): LeafType {
  if (logical?.type === 'TIMESTAMP') {
    return { kind: 'timestamp', unit: UNITS[logical.unit], zone: logical.isAdjustedToUTC ? UTC : undefined };
  }
  if (logical?.type === 'TIME' && logical.unit !== 'MILLIS')
    return { kind: 'time', unit: UNITS[logical.unit] };
  // The older annotations always meant instants in UTC.
  if (converted === 'TIMESTAMP_MILLIS') return { kind: 'timestamp', unit: 'ms', zone: UTC };
  if (converted === 'TIMESTAMP_MICROS') return { kind: 'timestamp', unit: 'us', zone: UTC };
  if (converted === 'TIME_MICROS') return { kind: 'time', unit: 'us' };
  const isUnsigned = converted === 'UINT_64' || (logical?.type === 'INTEGER' && !logical.isSigned);
  return { kind: 'int', bits: 64, signed: !isUnsigned };
}

function decimal(element: SchemaElement, misfit: () => CurationError): LeafType {
  const { type: physical, type_length: width, logical_type: logical } = element;
  const isLogical = logical?.type === 'DECIMAL';
  const precision = (isLogical ? logical.precision : element.precision) ?? 0;
  const scale = (isLogical ? logical.scale : element.scale) ?? 0;
  const fits =
    physical === 'INT32' ||
    physical === 'INT64' ||
    physical === 'BYTE_ARRAY' ||
    physical === 'FIXED_LEN_BYTE_ARRAY';
  if (!fits || precision < 1 || precision > 76 || scale < 0 || scale > precision) throw misfit();
  // A value wider than its precision needs must still have room, whatever the annotation promises.
  const isWide = precision > 38 || (physical === 'FIXED_LEN_BYTE_ARRAY' && width! > 16);
  return { kind: 'decimal', precision, scale, bits: isWide ? 256 : 128 };
}

const TIME_UNITS = {
  s: TimeUnit.SECOND,
  ms: TimeUnit.MILLISECOND,
  us: TimeUnit.MICROSECOND,
  ns: TimeUnit.NANOSECOND,
} as const;

/** The Arrow type of a leaf. */
export function arrowLeafType(type: LeafType): DataType {
  switch (type.kind) {
    case 'null':
      return new Null();
    case 'bool':
      return new Bool();
    case 'int':
      return arrowInt(type.bits, type.signed);
    case 'float':
      return type.bits === 16 ? new Float16() : type.bits === 32 ? new Float32() : new Float64();
    case 'utf8':
      return new Utf8();
    case 'binary':
      return new Binary();
    case 'fixed':
      return new FixedSizeBinary(type.width);
    case 'decimal':
      return new Decimal(type.scale, type.precision, type.bits);
    case 'date':
      return new DateDay();
    case 'time':
      return new Time(TIME_UNITS[type.unit], type.unit === 'ms' ? 32 : 64);
    case 'timestamp':
      return new Timestamp(TIME_UNITS[type.unit], type.zone);
    case 'duration':
      return new Duration(TIME_UNITS[type.unit]);
  }
}

function arrowInt(bits: 8 | 16 | 32 | 64, signed: boolean): DataType {
  switch (bits) {
    case 8:
      return signed ? new Int8() : new Uint8();
    case 16:
      return signed ? new Int16() : new Uint16();
    case 32:
      return signed ? new Int32() : new Uint32();
    case 64:
      return signed ? new Int64() : new Uint64();
  }
}

/** The Arrow field of a column or of any node below it. */
export function arrowField(shape: Shape): Field {
  return new Field(shape.name, arrowType(shape), shape.nullable, new Map(shape.metadata));
}

function arrowType(shape: Shape): DataType {
  switch (shape.kind) {
    case 'leaf':
      return arrowLeafType(shape.type);
    case 'struct':
      return new Struct(shape.children.map(arrowField));
    case 'list':
      return new List(arrowField(shape.child));
    case 'map':
      return new Map_(arrowField(shape.child) as never);
  }
}
