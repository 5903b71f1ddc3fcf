import { Field, makeData, Schema, Uint32, Utf8 } from 'apache-arrow';
import { type Batch, makeBatch } from './batch.ts';
import { wordColumn } from './word-column.ts';

/** A column behind the others, of what was noted of each row as a number when it was chosen. */
export interface NoteColumn {
  readonly name: string;
  /** What numbers stand for: `i` is `words[i - 1]`, as text. Undefined: the numbers themselves. */
  readonly words: readonly string[] | undefined;
}

/** The schema with the column behind the others. */
export function addNoteField(schema: Schema, { name, words }: NoteColumn): Schema {
  const field = new Field(name, words === undefined ? new Uint32() : new Utf8(), false);
  return new Schema([...schema.fields, field], schema.metadata);
}

/**
 * The batch with the note of each row behind its columns.
 * @param schema as `addNoteField` made it.
 * @param pieces their `notes`, one after another, are the numbers for the rows of the batch.
 */
export function addNotes(
  batch: Batch,
  schema: Schema,
  { words }: NoteColumn,
  pieces: readonly { readonly notes: Uint32Array | undefined }[],
): Batch {
  const numbers = joinNotes(pieces) ?? new Uint32Array(0);
  const column =
    words === undefined
      ? makeData({ type: new Uint32(), length: numbers.length, nullCount: 0, data: numbers })
      : wordColumn(
          numbers,
          numbers.length,
          words.map((word) => Buffer.from(word)),
        );
  return makeBatch(schema, batch.numRows, [...batch.data.children, column]);
}

/** Notes of all pieces, or undefined where they have none. */
export function joinNotes(
  pieces: readonly { readonly notes: Uint32Array | undefined }[],
): Uint32Array | undefined {
  const parts = pieces.flatMap(({ notes }) => (notes === undefined ? [] : [notes]));
  if (parts.length === 0) return undefined;
  const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
