import { DataType, type Field, Message, MessageReader, Schema } from 'apache-arrow';
import { CurationError } from '../errors.ts';
import { type Batch, makeBatch } from './batch.ts';
import { convertColumn, plainType, unifyTypes } from './convert.ts';
import { describeType, isBytesType, nullColumn, sameType } from './types.ts';

export { nullColumn, sameType } from './types.ts';

/**
 * One schema for all sources: columns by name, in the order of their first appearance, with the schema metadata of the
 * first source. Dictionaries become plain, Null takes any other type, and of a type and its large form the large one wins;
 * otherwise types must be the same. A column is nullable if it is so or missing anywhere.
 */
export function unionSchemas(sources: readonly { path: string; schema: Schema }[]): Schema {
  const merged = new Map<string, { field: Field; path: string; count: number }>();
  for (const { path, schema } of sources) {
    const seen = new Set<string>();
    for (const found of schema.fields) {
      const { name } = found;
      if (seen.has(name)) {
        throw new CurationError(
          'UNSUPPORTED',
          `${path}: column "${name}": expected one column of this name, found more; rename them`,
        );
      }
      seen.add(name);
      const field = found.clone({ type: plainType(found.type), nullable: isNullable(found) });
      const known = merged.get(name);
      if (known === undefined) {
        merged.set(name, { field, path, count: 1 });
        continue;
      }
      const type = unifyTypes(known.field.type, field.type);
      if (type === undefined) {
        throw new CurationError(
          'BAD_INPUT',
          `${path}: column "${name}": expected ${describeType(known.field.type)} as in ${known.path}, ` +
            `found ${describeType(field.type)}; convert one of them, or process the files apart`,
        );
      }
      // The message of a later conflict names the source that gave the column its type.
      if (DataType.isNull(known.field.type)) known.path = path;
      known.field = known.field.clone({ type, nullable: known.field.nullable || field.nullable });
      known.count++;
    }
  }
  const fields = [...merged.values()].map(({ field, count }) =>
    count === sources.length ? field : field.clone({ nullable: true }),
  );
  return new Schema(fields, new Map(sources[0]?.schema.metadata));
}

function isNullable(field: Field): boolean {
  return field.nullable || DataType.isNull(field.type);
}

/**
 * Brings a batch of one source to the schema of all (`unionSchemas`): orders the columns, adds missing ones as nulls,
 * flattens dictionaries, widens. Returns the batch itself where nothing is to be done; otherwise shares all buffers
 * that need no conversion.
 */
export function conform(batch: Batch, schema: Schema): Batch {
  const own = batch.schema.fields;
  const columns = batch.data.children;
  if (own.length === schema.fields.length) {
    // The types of the data decide: apache-arrow mixes up the fields of a batch that has a name twice.
    const isEqual = schema.fields.every(
      ({ name, type }, i) => own[i]!.name === name && sameType(columns[i]!.type, type),
    );
    if (isEqual) return batch;
  }
  const indexes = new Map(own.map(({ name }, i) => [name, i]));
  const converted = schema.fields.map(({ name, type }) => {
    const index = indexes.get(name);
    indexes.delete(name);
    return index === undefined ? nullColumn(type, batch.numRows) : convertColumn(columns[index]!, type, name);
  });
  for (const [name, index] of indexes) {
    throw new CurationError(
      'BAD_INPUT',
      `column "${name}": expected only columns of the schema, found this one of type ${describeType(columns[index]!.type)}`,
    );
  }
  return makeBatch(schema, batch.numRows, converted);
}

const CONTINUATION = 0xffffffff;

/** The schema as an encapsulated IPC message, metadata included; owns its ArrayBuffer. */
export function serializeSchema(schema: Schema): Uint8Array<ArrayBuffer> {
  const message = Message.encode(Message.from(schema));
  const padded = Math.ceil(message.byteLength / 8) * 8;
  const bytes = new Uint8Array(8 + padded);
  const prefix = new DataView(bytes.buffer);
  prefix.setUint32(0, CONTINUATION, true);
  prefix.setUint32(4, padded, true);
  bytes.set(message, 8);
  return bytes;
}

/** The schema that `serializeSchema` wrote. */
export function deserializeSchema(bytes: Uint8Array): Schema {
  const schema = new MessageReader(bytes).readSchema(true);
  if (!schema) throw new TypeError('expected the bytes of a schema');
  return schema;
}

/**
 * Index of the column that holds the documents: text or binary.
 * @param path of the source, for the message that lists the columns there are.
 */
export function findTextColumn(schema: Schema, name: string, path: string): number {
  const index = schema.fields.findIndex((field) => field.name === name);
  const field = schema.fields[index];
  if (field !== undefined && isBytesType(plainType(field.type))) return index;
  const found = field === undefined ? 'no such column' : describeType(field.type);
  const columns = schema.fields.map((other) => `"${other.name}" (${describeType(other.type)})`);
  const list = columns.length === 0 ? 'it has no columns' : `its columns are ${columns.join(', ')}`;
  throw new CurationError(
    'USAGE',
    `${path}: text column "${name}": expected text or binary, found ${found}; ${list}; name one of type utf8`,
  );
}
