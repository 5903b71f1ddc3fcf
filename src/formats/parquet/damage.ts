/**
 * Damage found deep inside a page, where neither file nor column is known; `describe` it where they are.
 * `rows`, where known, are rows of the row group that no reading can bring back, because the page that holds them is lost.
 */
export class Damage extends Error {
  readonly rows: RowRange | undefined;

  constructor(message: string, rows?: RowRange) {
    super(message);
    this.rows = rows;
  }
}

/** Rows of a row group: `start` included, `end` excluded. */
export interface RowRange {
  readonly start: number;
  readonly end: number;
}
