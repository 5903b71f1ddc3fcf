import { DataType, type Field, type Schema } from 'apache-arrow';
import {
  CONVERTED,
  type LeafType,
  type LogicalType,
  leafTypeOf,
  type Physical,
  unsupported,
} from './encode-types.ts';

/** FieldRepetitionType of parquet.thrift. */
const REQUIRED = 0;
const OPTIONAL = 1;
const REPEATED = 2;

/** One line of the footer's flattened schema tree. */
export interface SchemaElement {
  readonly name: string;
  readonly repetition?: number;
  readonly childCount?: number;
  readonly physical?: Physical;
  readonly typeLength?: number;
  readonly converted?: number;
  readonly logical?: LogicalType;
  readonly scale?: number;
  readonly precision?: number;
}

/** One stored column: a leaf of the schema tree. */
export interface Leaf {
  /** Names from the root in the stored tree, `list` and `element` included. */
  readonly path: readonly string[];
  /** Index of the column, then of the child at each Arrow type with children on the way. */
  readonly route: readonly number[];
  /** For messages. */
  readonly name: string;
  readonly type: DataType;
  readonly stored: LeafType;
  readonly maxDefinition: number;
  readonly maxRepetition: number;
}

export interface ParquetPlan {
  readonly elements: readonly SchemaElement[];
  readonly leaves: readonly Leaf[];
}

interface Position {
  readonly path: readonly string[];
  readonly route: readonly number[];
  readonly name: string;
  readonly definition: number;
  readonly repetition: number;
}

/** Levels are kept in bytes. */
const MOST_LEVELS = 255;

/** Lays out an Arrow schema as a Parquet schema tree (parquet-format, LogicalTypes.md); refuses what Parquet cannot hold. */
export function planParquet(schema: Schema): ParquetPlan {
  const elements: SchemaElement[] = [{ name: 'schema', childCount: schema.fields.length }];
  const leaves: Leaf[] = [];
  schema.fields.forEach((field, i) => {
    addField(elements, leaves, field, field.name, field.nullable, {
      path: [],
      route: [i],
      name: field.name,
      definition: 0,
      repetition: 0,
    });
  });
  return { elements, leaves };
}

function addField(
  elements: SchemaElement[],
  leaves: Leaf[],
  field: Field,
  name: string,
  isNullable: boolean,
  outer: Position,
): void {
  const type: DataType = field.type;
  const repetition = isNullable ? OPTIONAL : REQUIRED;
  const at: Position = {
    ...outer,
    path: [...outer.path, name],
    definition: outer.definition + (isNullable ? 1 : 0),
  };
  if (DataType.isDictionary(type)) throw unsupported(at.name, 'a dictionary-encoded column; decode it first');
  if (DataType.isStruct(type)) {
    if (type.children.length === 0) throw unsupported(at.name, 'a struct without members');
    elements.push({ name, repetition, childCount: type.children.length });
    type.children.forEach((child, i) => {
      addField(elements, leaves, child, child.name, child.nullable, into(at, i, child.name));
    });
  } else if (DataType.isList(type) || DataType.isLargeList(type) || DataType.isFixedSizeList(type)) {
    const child = type.children[0]!;
    elements.push({ name, repetition, childCount: 1, converted: CONVERTED.list, logical: { kind: 'list' } });
    elements.push({ name: 'list', repetition: REPEATED, childCount: 1 });
    addField(elements, leaves, child, 'element', child.nullable, into(repeat(at, 'list'), 0, 'element'));
  } else if (DataType.isMap(type)) {
    const [key, value] = type.children[0]!.type.children as [Field, Field];
    elements.push({ name, repetition, childCount: 1, converted: CONVERTED.map, logical: { kind: 'map' } });
    elements.push({ name: 'key_value', repetition: REPEATED, childCount: 2 });
    const entries = into(repeat(at, 'key_value'), 0, 'key_value');
    addField(elements, leaves, key, 'key', false, into(entries, 0, 'key'));
    addField(elements, leaves, value, 'value', value.nullable, into(entries, 1, 'value'));
  } else {
    const stored = leafTypeOf(type, at.name);
    elements.push({ name, repetition, ...stored });
    if (at.definition > MOST_LEVELS) throw unsupported(at.name, `more than ${MOST_LEVELS} levels of nesting`);
    leaves.push({
      path: at.path,
      route: at.route,
      name: at.name,
      type,
      stored,
      maxDefinition: at.definition,
      maxRepetition: at.repetition,
    });
  }
}

function into(at: Position, child: number, name: string): Position {
  return { ...at, route: [...at.route, child], name: `${at.name}.${name}` };
}

function repeat(at: Position, name: string): Position {
  return { ...at, path: [...at.path, name], definition: at.definition + 1, repetition: at.repetition + 1 };
}
