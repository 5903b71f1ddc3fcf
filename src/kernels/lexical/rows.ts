import type { TextColumn } from '../../columns/text-column.ts';

/** Rows of a column that are meant: these, in this order, or all. */
export type Rows = Uint32Array | undefined;

export function rowCountOf(text: TextColumn, rows: Rows): number {
  return rows === undefined ? text.rowCount : rows.length;
}

/** The row that comes at this place; `at` is below `rowCountOf`. */
export function rowAt(rows: Rows, at: number): number {
  return rows === undefined ? at : rows[at]!;
}
