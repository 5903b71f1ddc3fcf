import { DataType, Precision, TimeUnit, Type } from 'apache-arrow';
import { CurationError } from '../../errors.ts';

/** Numbers of parquet.thrift. */
export const PHYSICAL = {
  boolean: 0,
  int32: 1,
  int64: 2,
  float: 4,
  double: 5,
  byteArray: 6,
  fixedLength: 7,
} as const;
export type Physical = (typeof PHYSICAL)[keyof typeof PHYSICAL];

export const CONVERTED = {
  utf8: 0,
  map: 1,
  list: 3,
  decimal: 5,
  date: 6,
  timestampMillis: 9,
  timestampMicros: 10,
} as const;

export type LogicalType =
  | { readonly kind: 'string' | 'map' | 'list' | 'date' | 'unknown' | 'float16' }
  | { readonly kind: 'decimal'; readonly scale: number; readonly precision: number }
  | { readonly kind: 'time' | 'timestamp'; readonly isUtc: boolean; readonly unit: TimeUnit }
  | { readonly kind: 'integer'; readonly bitWidth: number; readonly isSigned: boolean };

/** How an Arrow type without children is stored in Parquet. */
export interface LeafType {
  readonly physical: Physical;
  /** Bytes of a value, for `fixedLength` only. */
  readonly typeLength?: number;
  readonly converted?: number;
  readonly logical?: LogicalType;
  readonly scale?: number;
  readonly precision?: number;
}

/**
 * The Parquet type for an Arrow leaf, as parquet-cpp chooses it: what Parquet has no type for (Duration, Date64,
 * seconds) is stored in its nearest integer, and the embedded Arrow schema says what it was.
 */
export function leafTypeOf(type: DataType, path: string): LeafType {
  if (DataType.isNull(type)) return { physical: PHYSICAL.int32, logical: { kind: 'unknown' } };
  if (DataType.isBool(type)) return { physical: PHYSICAL.boolean };
  if (DataType.isInt(type)) return integerType(type.bitWidth, type.isSigned);
  if (DataType.isFloat(type)) {
    if (type.precision === Precision.DOUBLE) return { physical: PHYSICAL.double };
    if (type.precision === Precision.SINGLE) return { physical: PHYSICAL.float };
    return { physical: PHYSICAL.fixedLength, typeLength: 2, logical: { kind: 'float16' } };
  }
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type)) {
    return { physical: PHYSICAL.byteArray, converted: CONVERTED.utf8, logical: { kind: 'string' } };
  }
  if (DataType.isBinary(type) || DataType.isLargeBinary(type) || DataType.isBinaryView(type)) {
    return { physical: PHYSICAL.byteArray };
  }
  if (DataType.isFixedSizeBinary(type)) {
    if (type.byteWidth === 0) throw unsupported(path, 'binary values of a fixed length of 0');
    return { physical: PHYSICAL.fixedLength, typeLength: type.byteWidth };
  }
  if (DataType.isDecimal(type)) {
    const { scale, precision } = type;
    if (scale < 0 || scale > precision) throw unsupported(path, `a decimal(${precision}, ${scale})`);
    return {
      physical: PHYSICAL.fixedLength,
      typeLength: decimalWidth(precision),
      converted: CONVERTED.decimal,
      logical: { kind: 'decimal', scale, precision },
      scale,
      precision,
    };
  }
  if (DataType.isDate(type)) {
    // Both units: a Date64 is milliseconds at midnight by definition.
    return { physical: PHYSICAL.int32, converted: CONVERTED.date, logical: { kind: 'date' } };
  }
  if (DataType.isTime(type)) {
    const isInt32 = type.unit === TimeUnit.SECOND || type.unit === TimeUnit.MILLISECOND;
    const unit = isInt32 ? TimeUnit.MILLISECOND : type.unit;
    return {
      physical: isInt32 ? PHYSICAL.int32 : PHYSICAL.int64,
      logical: { kind: 'time', isUtc: false, unit },
    };
  }
  if (DataType.isTimestamp(type)) return timestampType(type.unit, Boolean(type.timezone));
  if (DataType.isDuration(type)) return { physical: PHYSICAL.int64 };
  throw unsupported(path, `a column of type ${Type[(type as DataType).typeId]}`);
}

function integerType(bitWidth: number, isSigned: boolean): LeafType {
  const physical = bitWidth === 64 ? PHYSICAL.int64 : PHYSICAL.int32;
  if (isSigned && bitWidth >= 32) return { physical };
  // UINT_8 is 11, INT_8 is 15; 16, 32 and 64 bits follow each.
  const converted = (isSigned ? 15 : 11) + Math.log2(bitWidth / 8);
  return { physical, converted, logical: { kind: 'integer', bitWidth, isSigned } };
}

function timestampType(arrowUnit: TimeUnit, isUtc: boolean): LeafType {
  const unit = arrowUnit === TimeUnit.SECOND ? TimeUnit.MILLISECOND : arrowUnit;
  const logical = { kind: 'timestamp', isUtc, unit } as const;
  // The old annotations mean UTC and know no nanoseconds.
  if (!isUtc || unit === TimeUnit.NANOSECOND) return { physical: PHYSICAL.int64, logical };
  const converted = unit === TimeUnit.MILLISECOND ? CONVERTED.timestampMillis : CONVERTED.timestampMicros;
  return { physical: PHYSICAL.int64, logical, converted };
}

/** Fewest bytes whose two's complement holds every decimal of `precision` digits. */
function decimalWidth(precision: number): number {
  const largest = 10n ** BigInt(precision) - 1n;
  let width = 1;
  while (1n << BigInt(8 * width - 1) <= largest) width++;
  return width;
}

export function unsupported(path: string, found: string): CurationError {
  return new CurationError(
    'UNSUPPORTED',
    `parquet writer: column "${path}": expected a type Parquet can hold, found ${found}; write Arrow instead, or leave the column out`,
  );
}
