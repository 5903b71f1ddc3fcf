import {
  type Data,
  DataType,
  type Field,
  FixedSizeList,
  LargeBinary,
  LargeList,
  LargeUtf8,
  List,
  Map_,
  makeData,
  Struct,
  Union,
} from 'apache-arrow';
import type { StoredField } from './stored.ts';

/**
 * The field as the source has it: `stored.field` with 64-bit offsets where they were stored, at any depth. Inside the
 * reader all offsets are 32-bit, which one batch always fits; outside, a column keeps its type.
 */
export function widenedField(stored: StoredField): Field {
  const type = widenedType(stored);
  return type === stored.field.type ? stored.field : stored.field.clone({ type });
}

function widenedType(stored: StoredField): DataType {
  const { field, layout, byteWidth, children } = stored;
  const type = field.type as DataType;
  if (layout === 'runEnd') return widenedType(children[1]!);
  if (layout === 'variable' && byteWidth === 8) return stored.isText ? new LargeUtf8() : new LargeBinary();
  const fields = children.map(widenedField);
  if (layout === 'list' && byteWidth === 8) return new LargeList(fields[0]!);
  if (fields.every((child, i) => child === children[i]!.field)) return type;
  if (DataType.isList(type)) return new List(fields[0]!);
  if (DataType.isFixedSizeList(type)) return new FixedSizeList(type.listSize, fields[0]!);
  if (DataType.isMap(type)) {
    return new Map_(fields[0] as ConstructorParameters<typeof Map_>[0], type.keysSorted);
  }
  if (DataType.isUnion(type)) return new Union(type.mode, type.typeIds, fields);
  return new Struct(fields);
}

/** A loaded column brought to the type of `widenedField`. Shares every buffer but the offsets it widens. */
export function widenColumn(data: Data, type: DataType): Data {
  if (data.type === type) return data;
  const { length, nullCount, nullBitmap, typeIds, values } = data;
  const children = data.children.map((child, i) => widenColumn(child, type.children[i]!.type));
  const isLarge = DataType.isLargeUtf8(type) || DataType.isLargeBinary(type) || DataType.isLargeList(type);
  const offsets = data.valueOffsets as Int32Array | undefined;
  const valueOffsets = isLarge ? widenOffsets(offsets!, length) : offsets;
  const shared = { type, length, nullCount, nullBitmap, typeIds, valueOffsets };
  return makeData({ ...shared, data: values, children, child: children[0] } as never);
}

function widenOffsets(offsets: Int32Array, length: number): BigInt64Array {
  const wide = new Int32Array(2 * (length + 1));
  for (let i = 0; i <= length; i += 1) wide[2 * i] = offsets[i]!;
  return new BigInt64Array(wide.buffer);
}
