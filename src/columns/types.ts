import {
  type Data,
  type DataType,
  type Date_,
  type Dictionary,
  type Duration,
  type Field,
  type FixedSizeBinary,
  type FixedSizeList,
  type Float,
  type Int,
  type Interval,
  type Map_,
  type Time,
  type Timestamp,
  TimeUnit,
  Type,
  type Union,
  UnionMode,
} from 'apache-arrow';
import { allocateOwn, childFields, layoutOf, makeColumn } from './buffers.ts';

/**
 * True if values of both types have the same buffers and the same meaning. Names in structs and unions count; names inside
 * lists and maps, nullability and metadata do not.
 */
export function sameType(a: DataType, b: DataType): boolean {
  return a === b || describeType(a) === describeType(b);
}

/** A type in one line, as messages name it: `utf8`, `list<struct<k: utf8, v: int64>>`, `decimal128(10, 2)`. */
export function describeType(type: DataType): string {
  const head = describeHead(type);
  const fields = childFields(type);
  switch (type.typeId) {
    case Type.List:
    case Type.LargeList:
    case Type.FixedSizeList:
      return `${head}<${describeType(fields[0]!.type)}>`;
    case Type.Map: {
      const entries = childFields(fields[0]!.type).map((field) => describeType(field.type));
      return `${head}<${entries.join(', ')}>`;
    }
    case Type.Struct:
      return `${head}<${fields.map(describeField).join(', ')}>`;
    case Type.Union: {
      const ids = (type as Union).typeIds;
      return `${head}<${fields.map((field, i) => `${ids[i]} ${describeField(field)}`).join(', ')}>`;
    }
    case Type.Dictionary: {
      const { dictionary, indices } = type as Dictionary;
      return `${head}<${describeType(indices)}, ${describeType(dictionary)}>`;
    }
    default:
      return head;
  }
}

function describeField(field: Field): string {
  return `${JSON.stringify(field.name)}: ${describeType(field.type)}`;
}

const FLOATS = ['float16', 'float32', 'float64'];
const DATES = ['date32', 'date64'];
const INTERVALS = ['interval(months)', 'interval(days, ms)', 'interval(months, days, ns)'];
const UNITS: Record<TimeUnit, string> = {
  [TimeUnit.SECOND]: 's',
  [TimeUnit.MILLISECOND]: 'ms',
  [TimeUnit.MICROSECOND]: 'us',
  [TimeUnit.NANOSECOND]: 'ns',
};
const PLAIN: Partial<Record<Type, string>> = {
  [Type.Null]: 'null',
  [Type.Bool]: 'bool',
  [Type.Utf8]: 'utf8',
  [Type.LargeUtf8]: 'large_utf8',
  [Type.Utf8View]: 'utf8_view',
  [Type.Binary]: 'binary',
  [Type.LargeBinary]: 'large_binary',
  [Type.BinaryView]: 'binary_view',
  [Type.List]: 'list',
  [Type.LargeList]: 'large_list',
  [Type.Struct]: 'struct',
  [Type.Dictionary]: 'dictionary',
};

function describeHead(type: DataType): string {
  switch (type.typeId) {
    case Type.Int: {
      const { isSigned, bitWidth } = type as Int;
      return `${isSigned ? '' : 'u'}int${bitWidth}`;
    }
    case Type.Float:
      return FLOATS[(type as Float).precision] ?? 'float';
    case Type.Decimal: {
      const { bitWidth, precision, scale } = type as unknown as Record<string, number>;
      return `decimal${bitWidth}(${precision}, ${scale})`;
    }
    case Type.Date:
      return DATES[(type as Date_).unit] ?? 'date';
    case Type.Time: {
      const { bitWidth, unit } = type as Time;
      return `time${bitWidth}(${UNITS[unit]})`;
    }
    case Type.Timestamp: {
      const { unit, timezone } = type as Timestamp;
      return timezone ? `timestamp(${UNITS[unit]}, ${timezone})` : `timestamp(${UNITS[unit]})`;
    }
    case Type.Duration:
      return `duration(${UNITS[(type as Duration).unit]})`;
    case Type.Interval:
      return INTERVALS[(type as Interval).unit] ?? 'interval';
    case Type.FixedSizeBinary:
      return `fixed_binary(${(type as FixedSizeBinary).byteWidth})`;
    case Type.FixedSizeList:
      return `fixed_list(${(type as FixedSizeList).listSize})`;
    case Type.Map:
      return (type as Map_).keysSorted ? 'sorted_map' : 'map';
    case Type.Union:
      return (type as Union).mode === UnionMode.Dense ? 'dense_union' : 'sparse_union';
    default:
      return PLAIN[type.typeId] ?? `type ${type.typeId}`;
  }
}

/** A column of `length` nulls in memory of its own. A union of nulls takes its first variant. */
export function nullColumn(type: DataType, length: number): Data {
  const layout = layoutOf(type, describeType(type));
  const nulls = { validity: zeros((length + 7) >>> 3) };
  const fields = childFields(type);
  switch (layout.kind) {
    case 'null':
      return makeColumn(type, length, length, {});
    case 'bool':
      return makeColumn(type, length, length, { ...nulls, values: zeros((length + 7) >>> 3) });
    case 'fixed':
      return makeColumn(type, length, length, { ...nulls, values: zeros(length * layout.byteWidth) });
    case 'view':
      return makeColumn(type, length, length, { ...nulls, values: zeros(length * 16) });
    case 'bytes':
    case 'list': {
      const offsets = zeros((length + 1) * (layout.isLarge ? 8 : 4));
      if (layout.kind === 'bytes') {
        return makeColumn(type, length, length, { ...nulls, offsets, values: zeros(0) });
      }
      return makeColumn(type, length, length, { ...nulls, offsets }, [nullColumn(fields[0]!.type, 0)]);
    }
    case 'fixed-list': {
      const child = nullColumn(fields[0]!.type, length * layout.listSize);
      return makeColumn(type, length, length, nulls, [child]);
    }
    case 'struct': {
      const children = fields.map((field) => nullColumn(field.type, length));
      return makeColumn(type, length, length, nulls, children);
    }
    case 'union': {
      const typeIds = zeros(length).fill((type as Union).typeIds[0]!);
      if (!layout.isDense) {
        const children = fields.map((field) => nullColumn(field.type, length));
        return makeColumn(type, length, 0, { typeIds }, children);
      }
      const offsets = zeros(length * 4);
      new Int32Array(offsets.buffer, 0, length).forEach((_, i, all) => {
        all[i] = i;
      });
      const children = fields.map((field, i) => nullColumn(field.type, i === 0 ? length : 0));
      return makeColumn(type, length, 0, { typeIds, offsets }, children);
    }
  }
}

function zeros(byteLength: number): Uint8Array<ArrayBuffer> {
  return allocateOwn(byteLength).fill(0);
}

/** True for the types whose values are bytes of any length: text and binary, plain, large and view. */
export function isBytesType(type: DataType): boolean {
  switch (type.typeId) {
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
      return true;
    default:
      return false;
  }
}
