import { DataType } from 'apache-arrow';
import type { FileMetaData } from 'hyparquet';
import { CurationError } from '../../errors.ts';
import { readMessage, readPrefix } from '../arrow/messages.ts';
import { readSchema as readArrowSchema } from '../arrow/schema.ts';
import type { StoredField, StoredSchema } from '../arrow/stored.ts';
import type { FileSchema } from './schema.ts';
import { type LeafType, leavesOf, type Shape, type StructShape } from './shape.ts';

/** Where Arrow writers leave the schema as it was before it became Parquet: an IPC schema message in base64. */
const ARROW_SCHEMA_KEY = 'ARROW:schema';

/** A schema with the metadata that its writer gave it. */
export interface RestoredSchema extends FileSchema {
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * Gives columns back what Parquet cannot say and the Arrow schema in the footer can: metadata of the schema and of its
 * fields, names of time zones, durations. Values are stored the same with and without it. A Timestamp or Time in seconds
 * stays in the milliseconds it is stored in, which hold whatever is there. An embedded schema that is damaged or is of
 * other columns is passed over, because the Parquet schema beside it says how to read the file.
 */
export function restoreSchema(schema: FileSchema, footer: FileMetaData, path: string): RestoredSchema {
  const stored = findArrowSchema(footer, path);
  const { columns } = schema;
  if (stored === undefined || !areSameNames(columns, stored.fields))
    return { ...schema, metadata: new Map() };
  const restored = columns.map((column, i) => restoreShape(column, stored.fields[i]!));
  const types = new Map(restored.flatMap(leavesOf).map(({ leaf, type }) => [leaf, type]));
  return {
    columns: restored,
    leaves: schema.leaves.map((leaf, i) => ({ ...leaf, type: types.get(i)! })),
    metadata: stored.schema.metadata,
  };
}

function findArrowSchema(footer: FileMetaData, path: string): StoredSchema | undefined {
  const text = footer.key_value_metadata?.find(({ key }) => key === ARROW_SCHEMA_KEY)?.value;
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text, 'base64');
  const where = `${path}: ${ARROW_SCHEMA_KEY}`;
  try {
    const { prefixLength, metadataLength } = readPrefix(bytes.subarray(0, 8), where);
    const message = readMessage(bytes.subarray(prefixLength, prefixLength + metadataLength), where);
    return message.kind === 'schema' ? readArrowSchema(message.schema) : undefined;
  } catch (error) {
    // Nothing is lost but names for what is stored: a file without the key is as good.
    if (error instanceof CurationError) return undefined;
    throw error;
  }
}

function areSameNames(shapes: readonly Shape[], fields: readonly StoredField[]): boolean {
  return shapes.length === fields.length && shapes.every(({ name }, i) => name === fields[i]!.field.name);
}

function restoreShape(shape: Shape, stored: StoredField): Shape {
  const named = { ...shape, ...restoreMetadata(stored) };
  switch (named.kind) {
    case 'leaf':
      return { ...named, type: restoreType(named.type, stored.field.type) };
    case 'struct':
      return restoreMembers(named, stored, areSameNames(named.children, stored.children));
    case 'list': {
      const [element] = stored.children;
      const isList = stored.children.length === 1 && LIST_LAYOUTS.includes(stored.layout);
      // A map without values is read as the list of its keys, which the entries of the Arrow map are not.
      if (!isList || DataType.isMap(stored.field.type)) return named;
      return { ...named, child: restoreShape(named.child, element!) };
    }
    case 'map': {
      if (!DataType.isMap(stored.field.type)) return named;
      const entries = stored.children[0]!;
      // Every writer has its own names for key and value.
      return { ...named, child: restoreMembers(named.child, entries, entries.children.length === 2) };
    }
  }
}

const LIST_LAYOUTS: readonly StoredField['layout'][] = ['list', 'fixedList', 'listView'];

function restoreMembers(shape: StructShape, stored: StoredField, areTheSame: boolean): StructShape {
  if (stored.layout !== 'struct' || !areTheSame) return shape;
  return { ...shape, children: shape.children.map((child, i) => restoreShape(child, stored.children[i]!)) };
}

function restoreMetadata({ field }: StoredField): { metadata?: readonly (readonly [string, string])[] } {
  return field.metadata.size > 0 ? { metadata: [...field.metadata] } : {};
}

const UNITS = ['s', 'ms', 'us', 'ns'] as const;

function restoreType(type: LeafType, arrow: DataType): LeafType {
  if (type.kind === 'timestamp' && type.zone !== undefined && DataType.isTimestamp(arrow)) {
    return { ...type, zone: arrow.timezone || type.zone };
  }
  if (type.kind === 'int' && type.bits === 64 && type.signed && DataType.isDuration(arrow)) {
    return { kind: 'duration', unit: UNITS[arrow.unit] };
  }
  return type;
}
