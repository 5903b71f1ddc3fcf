import { Field, makeData, Schema, Uint32, Utf8 } from 'apache-arrow';
import { type Batch, makeBatch } from './batch.ts';
import { wordColumn } from './word-column.ts';

/** A column behind the others, of what was noted of each row as a number when it was chosen. */
export interface NoteColumn {
  readonly name: string;
  /** What numbers stand for: `i` is `words[i - 1]`, as text. Undefined: the numbers themselves. */
  readonly words: readonly string[] | undefined;
}

/** The schema with the columns behind the others. */
export function addNoteFields(schema: Schema, columns: readonly NoteColumn[]): Schema {
  if (columns.length === 0) return schema;
  const fields = columns.map(
    ({ name, words }) => new Field(name, words === undefined ? new Uint32() : new Utf8(), false),
  );
  return new Schema([...schema.fields, ...fields], schema.metadata);
}

/** What was noted of rows: for each column a number a row. */
export type Notes = readonly Uint32Array[];

/**
 * The batch with the notes of each row behind its columns.
 * @param schema as `addNoteFields` made it.
 * @param pieces their `notes`, one after another, are the numbers for the rows of the batch.
 */
export function addNotes(
  batch: Batch,
  schema: Schema,
  columns: readonly NoteColumn[],
  pieces: readonly { readonly notes: Notes | undefined }[],
): Batch {
  const notes = joinNotes(pieces);
  const added = columns.map(({ words }, i) => {
    const numbers = notes?.[i] ?? new Uint32Array(0);
    return words === undefined
      ? makeData({ type: new Uint32(), length: numbers.length, nullCount: 0, data: numbers })
      : wordColumn(
          numbers,
          numbers.length,
          words.map((word) => Buffer.from(word)),
        );
  });
  return makeBatch(schema, batch.numRows, [...batch.data.children, ...added]);
}

/** Notes of all pieces, or undefined where they have none. */
export function joinNotes(pieces: readonly { readonly notes: Notes | undefined }[]): Notes | undefined {
  const parts = pieces.flatMap(({ notes }) => (notes === undefined ? [] : [notes]));
  return parts[0]?.map((_, column) => join(parts.map((notes) => notes[column]!)));
}

function join(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
