import { Field, Schema, Utf8 } from 'apache-arrow';
import { type Batch, makeBatch } from './batch.ts';
import { wordColumn } from './word-column.ts';

/** The schema with a text column of reasons behind the others. */
export function addReasonField(schema: Schema, name: string): Schema {
  return new Schema([...schema.fields, new Field(name, new Utf8(), false)], schema.metadata);
}

/**
 * The batch with the reason of each row behind its columns.
 * @param schema as `addReasonField` made it.
 * @param reasons reason `i` has number `i + 1`.
 * @param pieces their `reasons`, one after another, are the numbers for the rows of the batch.
 */
export function addReasons(
  batch: Batch,
  schema: Schema,
  reasons: readonly string[],
  pieces: readonly { readonly reasons: Uint8Array | undefined }[],
): Batch {
  const words = reasons.map((reason) => Buffer.from(reason));
  const numbers = pieces.flatMap((piece) => [...(piece.reasons ?? [])]);
  const column = wordColumn(numbers, numbers.length, words);
  return makeBatch(schema, batch.numRows, [...batch.data.children, column]);
}
