import {
  Binary,
  Bool,
  type DataType,
  Date_,
  Decimal,
  Duration,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float,
  Int,
  Interval,
  List,
  Map_,
  Null,
  Schema,
  Struct,
  Time,
  Timestamp,
  Union,
  Utf8,
} from 'apache-arrow';
import { describeType, sameType } from '../../columns/types.ts';
import { CurationError } from '../../errors.ts';
import type { FlatTable } from './flatbuffer.ts';
import type { Layout, StoredField, StoredSchema } from './stored.ts';
import { widenedField } from './widen.ts';

/** A name that the schema does not hold is a mistake of the caller, told before any row is read. */
export function checkColumns(
  path: string,
  stored: StoredSchema,
  columns: readonly string[] | undefined,
): void {
  const names = stored.schema.fields.map((field) => field.name);
  const missing = columns?.find((column) => !names.includes(column));
  if (missing === undefined) return;
  throw new CurationError('USAGE', `${path}: expected a column "${missing}", found ${names.join(', ')}`);
}

const maxDepth = 64;

/** Reads a schema table (of a schema message or a footer) with every number in it checked. */
export function readSchema(table: FlatTable): StoredSchema {
  if (table.int16(0, 0) !== 0) {
    throw new CurationError(
      'UNSUPPORTED',
      `${table.where}: the data is big-endian; Sluice reads little-endian Arrow`,
    );
  }
  // Fields of a valid schema never share a table, so there cannot be more of them than bytes to hold them. Without this
  // bound a few damaged offsets that make children point at their parents would unfold for ever.
  const { byteLength } = table.view;
  const dictionaries = new Map<string, StoredField>();
  // Writers may store a string once that comes again and again.
  const reader: Reader = { budget: byteLength >> 3, textBudget: 64 * byteLength, dictionaries };
  const fields = table.tables(1).map((field) => readField(field, 0, reader));
  const schema = new Schema(fields.map(widenedField), readMetadata(table, 2, reader));
  return { schema, fields, dictionaries: reader.dictionaries };
}

interface Reader {
  budget: number;
  /** Bytes of names and metadata that may still be read: strings may share their bytes, but not without end. */
  textBudget: number;
  readonly dictionaries: Map<string, StoredField>;
}

function readField(table: FlatTable, depth: number, reader: Reader): StoredField {
  reader.budget -= 1;
  if (depth > maxDepth || reader.budget < 0) throw damaged(table, 'fields are nested without end');
  const name = readText(table, 0, reader);
  const isNullable = table.bool(1);
  const metadata = readMetadata(table, 6, reader);
  const children = table.tables(5).map((child) => readField(child, depth + 1, reader));
  const { type, ...shape } = readType(table, name, children);
  const plain: StoredField = {
    field: new Field(name, type, isNullable, metadata),
    isText: type instanceof Utf8,
    children,
    dictionary: undefined,
    values: undefined,
    ...shape,
  };
  const encoding = table.table(4);
  if (encoding === undefined) return plain;
  const index = encoding.table(1);
  const byteWidth = (index?.int32(0, 0) ?? 32) / 8;
  if (![1, 2, 4, 8].includes(byteWidth)) throw damaged(table, `dictionary index of ${byteWidth * 8} bits`);
  const id = `${encoding.int64(0)}`;
  const other = reader.dictionaries.get(id);
  if (other !== undefined && !sameType(other.field.type as DataType, type)) {
    throw damaged(
      table,
      `dictionary ${id} holds ${describeType(type)} for one column and ${describeType(other.field.type)} for another`,
    );
  }
  if (other === undefined) reader.dictionaries.set(id, plain);
  return { ...plain, dictionary: { id, byteWidth, isSigned: index?.bool(1) ?? true }, values: plain };
}

interface Shape {
  readonly type: DataType;
  readonly layout: Layout;
  readonly byteWidth: number;
}

function readType(table: FlatTable, name: string, children: readonly StoredField[]): Shape {
  const id = table.int8(2, 0);
  const detail = table.table(3);
  const only = (): Field => {
    if (children.length !== 1)
      throw damaged(table, `field "${name}" has ${children.length} children instead of 1`);
    return children[0]!.field;
  };
  const fixed = (type: DataType, bits: number): Shape => ({ type, layout: 'fixed', byteWidth: bits / 8 });
  const pick = (value: number, allowed: readonly number[], what: string): number => {
    if (!allowed.includes(value)) throw damaged(table, `field "${name}" has ${what} ${value}`);
    return value;
  };
  const unit = (absent: number): number => pick(detail?.int16(0, absent) ?? absent, [0, 1, 2, 3], 'unit');
  switch (id) {
    case 1:
      return { type: new Null(), layout: 'null', byteWidth: 0 };
    case 2: {
      const bits = pick(detail?.int32(0, 0) ?? 0, [8, 16, 32, 64], 'bit width') as 8 | 16 | 32 | 64;
      return fixed(new Int(detail?.bool(1) ?? false, bits), bits);
    }
    case 3: {
      const precision = pick(detail?.int16(0, 0) ?? 0, [0, 1, 2], 'precision');
      return fixed(new Float(precision), 16 << precision);
    }
    case 4:
      return { type: new Binary(), layout: 'variable', byteWidth: 4 };
    case 5:
      return { type: new Utf8(), layout: 'variable', byteWidth: 4 };
    case 6:
      return { type: new Bool(), layout: 'bool', byteWidth: 0 };
    case 7: {
      const bits = pick(detail?.int32(2, 128) ?? 128, [32, 64, 128, 256], 'bit width');
      return fixed(new Decimal(detail?.int32(1, 0) ?? 0, detail?.int32(0, 0) ?? 0, bits), bits);
    }
    case 8: {
      const day = pick(detail?.int16(0, 1) ?? 1, [0, 1], 'unit');
      return fixed(new Date_(day), day === 0 ? 32 : 64);
    }
    case 9: {
      const resolution = unit(1);
      const bits = pick(detail?.int32(1, 32) ?? 32, [resolution < 2 ? 32 : 64], 'bit width') as 32 | 64;
      return fixed(new Time(resolution as never, bits), bits);
    }
    case 10:
      return fixed(new Timestamp(unit(0), detail?.string(1)), 64);
    case 11: {
      const span = pick(detail?.int16(0, 0) ?? 0, [0, 1, 2], 'unit');
      return fixed(new Interval(span), 32 << span);
    }
    case 12:
      return { type: new List(only()), layout: 'list', byteWidth: 4 };
    case 13:
      return { type: new Struct(children.map((child) => child.field)), layout: 'struct', byteWidth: 0 };
    case 14:
      return readUnion(table, detail, name, children);
    case 15: {
      const byteWidth = detail?.int32(0, 0) ?? 0;
      if (byteWidth < 0) throw damaged(table, `field "${name}" has values of ${byteWidth} bytes`);
      return fixed(new FixedSizeBinary(byteWidth), 8 * byteWidth);
    }
    case 16: {
      const listSize = detail?.int32(0, 0) ?? 0;
      if (listSize < 0) throw damaged(table, `field "${name}" has lists of ${listSize} values`);
      return { type: new FixedSizeList(listSize, only()), layout: 'fixedList', byteWidth: 0 };
    }
    case 17: {
      const entries = only();
      if (!(entries.type instanceof Struct) || entries.type.children.length !== 2) {
        throw damaged(table, `map "${name}" has no key and value`);
      }
      return { type: new Map_(entries, detail?.bool(0) ?? false), layout: 'list', byteWidth: 4 };
    }
    case 18:
      return fixed(new Duration(unit(1)), 64);
    case 19:
      return { type: new Binary(), layout: 'variable', byteWidth: 8 };
    case 20:
      return { type: new Utf8(), layout: 'variable', byteWidth: 8 };
    case 21:
      return { type: new List(only()), layout: 'list', byteWidth: 8 };
    case 22: {
      const [ends, values] = children;
      const isInt = ends?.field.type instanceof Int && ends.field.type.isSigned && ends.byteWidth > 1;
      if (children.length !== 2 || !isInt)
        throw damaged(table, `run ends of "${name}" are not signed integers`);
      return { type: values!.field.type, layout: 'runEnd', byteWidth: 0 };
    }
    case 23:
      return { type: new Binary(), layout: 'view', byteWidth: 16 };
    case 24:
      return { type: new Utf8(), layout: 'view', byteWidth: 16 };
    case 25:
      return { type: new List(only()), layout: 'listView', byteWidth: 4 };
    case 26:
      return { type: new List(only()), layout: 'listView', byteWidth: 8 };
    default:
      throw new CurationError(
        'UNSUPPORTED',
        `${table.where}: column "${name}" has Arrow type number ${id}, which Sluice does not know`,
      );
  }
}

function readUnion(
  table: FlatTable,
  detail: FlatTable | undefined,
  name: string,
  children: readonly StoredField[],
): Shape {
  const mode = detail?.int16(0, 0) ?? 0;
  if (mode !== 0 && mode !== 1) throw damaged(table, `union "${name}" has mode ${mode}`);
  const { start, count } = detail?.structs(1, 4) ?? { start: 0, count: 0 };
  const typeIds = Array.from({ length: count }, (_, i) => table.view.getInt32(start + 4 * i, true));
  if (count === 0) typeIds.push(...children.keys());
  const isSound = typeIds.length === children.length && typeIds.every((id) => id >= 0 && id < 128);
  if (!isSound || new Set(typeIds).size < typeIds.length) {
    throw damaged(
      table,
      `union "${name}" has ${children.length} children and type ids ${typeIds.slice(0, 8).join(', ')}`,
    );
  }
  const type = new Union(
    mode,
    typeIds,
    children.map((child) => child.field),
  );
  return { type, layout: mode === 0 ? 'sparseUnion' : 'denseUnion', byteWidth: 0 };
}

function readMetadata(table: FlatTable, field: number, reader: Reader): Map<string, string> {
  return new Map(table.tables(field).map((pair) => [readText(pair, 0, reader), readText(pair, 1, reader)]));
}

function readText(table: FlatTable, field: number, reader: Reader): string {
  const text = table.string(field) ?? '';
  reader.textBudget -= text.length;
  if (reader.textBudget < 0) throw damaged(table, 'names and metadata are longer than the message can hold');
  return text;
}

function damaged(table: FlatTable, what: string): CurationError {
  return new CurationError('BAD_INPUT', `${table.where}: schema is damaged: ${what}`);
}
