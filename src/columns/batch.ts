import { type Data, makeData, RecordBatch, type Schema, Struct } from 'apache-arrow';

/**
 * The noun that flows through Sluice: rows in Arrow layout. Text stays UTF-8 bytes beside an offsets array from the
 * page it was decoded from to the file it is written to; nothing on the hot path makes a JavaScript string of it.
 */
export type Batch = RecordBatch;

/** Joins columns (in the order of `schema.fields`, each `rowCount` long) to one batch. Buffers are shared, not copied. */
export function makeBatch(schema: Schema, rowCount: number, columns: readonly Data[]): Batch {
  const data = makeData({
    type: new Struct(schema.fields),
    length: rowCount,
    nullCount: 0,
    children: [...columns],
  });
  return new RecordBatch(schema, data);
}
