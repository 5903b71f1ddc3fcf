import {
  type Data,
  DataType,
  type Dictionary,
  type Field,
  FixedSizeList,
  LargeList,
  List,
  Map_,
  Struct,
  Type,
  Union,
} from 'apache-arrow';
import { CurationError } from '../errors.ts';
import { isSet } from './bits.ts';
import { childFields, childOf, damaged, offsetsOf, validityOf } from './buffers.ts';
import { gatherColumn } from './gather.ts';
import { oneRun, runsOf } from './runs.ts';
import { describeType, nullColumn, sameType } from './types.ts';

/** The type without dictionaries at any depth; the same object if there are none. */
export function plainType(type: DataType): DataType {
  if (DataType.isDictionary(type)) return plainType(type.dictionary as DataType);
  const fields = childFields(type);
  const plain = fields.map((field) => {
    const inner = plainType(field.type);
    return inner === field.type ? field : field.clone({ type: inner });
  });
  return plain.every((field, i) => field === fields[i]) ? type : withFields(type, plain);
}

function withFields(type: DataType, fields: readonly Field[]): DataType {
  const child = fields[0]!;
  switch (type.typeId) {
    case Type.List:
      return new List(child);
    case Type.LargeList:
      return new LargeList(child);
    case Type.FixedSizeList:
      return new FixedSizeList((type as FixedSizeList).listSize, child);
    case Type.Map:
      return new Map_(child as ConstructorParameters<typeof Map_>[0], (type as Map_).keysSorted);
    case Type.Union:
      return new Union((type as Union).mode, (type as Union).typeIds, [...fields]);
    default:
      return new Struct([...fields]);
  }
}

/**
 * The one type that columns of both types can be brought to without loss, undefined if there is none: the type itself if
 * they are the same, the other one beside Null, the large one of a type and its large form; the same inside lists, maps and
 * structs of the same fields. Both are plain.
 */
export function unifyTypes(a: DataType, b: DataType): DataType | undefined {
  if (DataType.isNull(a)) return b;
  if (DataType.isNull(b)) return a;
  const [headA, headB] = [shapeOf(a), shapeOf(b)];
  if (headA !== headB) return undefined;
  const larger = isLarge(b) ? b : a;
  const [fieldsA, fieldsB] = [childFields(a), childFields(b)];
  if (fieldsA.length === 0) return larger;
  const fields: Field[] = [];
  for (const [i, field] of fieldsA.entries()) {
    const type = unifyTypes(field.type, fieldsB[i]!.type);
    if (type === undefined) return undefined;
    const nullable =
      field.nullable || fieldsB[i]!.nullable || DataType.isNull(field.type) !== DataType.isNull(type);
    fields.push(field.clone({ type, nullable }));
  }
  return withFields(larger, fields);
}

function isLarge(type: DataType): boolean {
  return DataType.isLargeUtf8(type) || DataType.isLargeBinary(type) || DataType.isLargeList(type);
}

/** Equal for types that differ at most in the types of their children and in being large. */
function shapeOf(type: DataType): string {
  const names = childFields(type).map((field) => JSON.stringify(field.name));
  switch (type.typeId) {
    case Type.LargeUtf8:
      return 'utf8';
    case Type.LargeBinary:
      return 'binary';
    case Type.List:
    case Type.LargeList:
      return 'list';
    case Type.FixedSizeList:
      return `fixed_list(${(type as FixedSizeList).listSize})`;
    case Type.Map:
      return (type as Map_).keysSorted ? 'sorted_map' : 'map';
    case Type.Struct:
      // The entries of a map are a struct too, but apache-arrow gives their fields fixed names.
      return `struct<${names.join(', ')}>`;
    default:
      // A union keeps its types: bringing its members to others would be a rewrite.
      return describeType(type);
  }
}

/**
 * A column as another type, where `unifyTypes` leads from its type to that one: dictionaries become plain, 32-bit offsets
 * 64-bit ones, Null columns nulls of the type; inside nested types too. Shares the buffers that stay as they are.
 */
export function convertColumn(data: Data, type: DataType, name: string): Data {
  const unified = unifyTypes(plainType(data.type as DataType), type);
  if (unified === undefined || !sameType(unified, type)) {
    throw new CurationError(
      'BAD_INPUT',
      `column "${name}": expected ${describeType(type)}, found ${describeType(data.type)}`,
    );
  }
  return convert(data, type, name);
}

function convert(data: Data, type: DataType, name: string): Data {
  if (sameType(data.type, type)) return data;
  if (DataType.isDictionary(data.type)) return convert(flatten(data, name), type, name);
  if (DataType.isNull(data.type)) return nullColumn(type, data.length);
  const isWider = isLarge(type) && !isLarge(data.type);
  const buffers = isWider ? widened(data, name) : undefined;
  const children = childFields(type).map((field, i) => convert(childOf(data, i, 0, name), field.type, name));
  return data.clone(type, undefined, undefined, undefined, buffers, children);
}

function widened(data: Data, name: string): Data['buffers'] {
  const offsets = BigInt64Array.from(offsetsOf(data, Number.POSITIVE_INFINITY, name), BigInt);
  return { ...data.buffers, 0: offsets } as Data['buffers'];
}

function flatten(data: Data, name: string): Data {
  const { dictionary } = data.type as Dictionary;
  const type = plainType(dictionary as DataType);
  const chunks = data.dictionary?.data ?? [];
  const pool = chunks.map((chunk) => convert(chunk, type, name));
  const size = pool.reduce((sum, { length }) => sum + length, 0);
  // The entry after the last one is a null: the one that null rows take.
  const sources = [...pool, nullColumn(type, 1)].map((part) => ({
    data: part,
    runs: oneRun(0, part.length),
  }));
  const entries = gatherColumn(type, sources, size + 1, name);
  const keys = data.values as unknown as ArrayLike<number | bigint>;
  const validity = validityOf(data, name);
  const rows = new Uint32Array(data.length);
  for (let row = 0; row < data.length; row++) {
    const isNull = validity !== undefined && !isSet(validity, data.offset + row);
    const key = isNull ? size : Number(keys[row] ?? -1);
    if (key < 0 || key > size || (key === size && !isNull)) {
      throw damaged(name, `a key of a dictionary of ${size} entries`, `${key}`);
    }
    rows[row] = key;
  }
  return gatherColumn(type, [{ data: entries, runs: runsOf(rows, size + 1) }], data.length, name);
}
