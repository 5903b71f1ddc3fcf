import { Bool, type DataType, Field, Float64, Int64, List, Schema, Struct, Utf8 } from 'apache-arrow';
import type { Morsel } from '../format.ts';

/** A column type as plain data, so that a morsel can carry it to a worker. */
export type LineType =
  | 'bool'
  | 'int64'
  | 'float64'
  | 'utf8'
  | { readonly list: LineType }
  | { readonly struct: readonly LineField[] };

/** A named field of a line, or of an object inside one. Every field may be absent or null. */
export interface LineField {
  readonly name: string;
  readonly type: LineType;
}

/** What every morsel of one source shares: how a line becomes a row. */
export interface LineLayout {
  /** Fields in the order they first appeared. */
  readonly fields: readonly LineField[];
  /** The column that keeps, as a JSON object, whatever does not fit `fields`; last in the schema. */
  readonly restName: string;
}

/** A run of whole lines: a byte range of the file at `path`, or of `bytes` when there are any. */
export interface JsonLinesMorsel extends Morsel {
  readonly format: 'jsonl' | 'json';
  readonly layout: LineLayout;
  /** Columns to decode; undefined is all. */
  readonly columns: readonly string[] | undefined;
  readonly start: number;
  readonly end: number;
  /** Number of the line at `start` (1 is the first; elements of a JSON array count from 0); undefined: not counted. */
  readonly firstLine: number | undefined;
}

/** Bytes behind the last line of a block that the scanner may read as part of a word. */
export const PADDING = 4;

/** Marks the metadata of a text column that holds JSON objects of left-over fields. */
const JSON_COLUMN_KEY = 'sluice:json';

/** The Arrow schema of a layout: its fields, all nullable, then the column of what is left over. */
export function schemaOf(layout: LineLayout): Schema {
  const rest = new Field(layout.restName, new Utf8(), true, new Map([[JSON_COLUMN_KEY, 'true']]));
  return new Schema([...layout.fields.map(arrowField), rest]);
}

function arrowField(field: LineField): Field {
  return new Field(field.name, arrowType(field.type), true);
}

function arrowType(type: LineType): DataType {
  switch (type) {
    case 'bool':
      return new Bool();
    case 'int64':
      return new Int64();
    case 'float64':
      return new Float64();
    case 'utf8':
      return new Utf8();
    default:
      if ('list' in type) return new List(new Field('item', arrowType(type.list), true));
      return new Struct(type.struct.map(arrowField));
  }
}
