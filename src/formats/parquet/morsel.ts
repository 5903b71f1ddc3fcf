import type { PageCodec } from '../decompress.ts';
import type { Morsel } from '../format.ts';
import type { FileIdentity } from './files.ts';
import type { LeafColumn, Shape } from './shape.ts';

/** Where a page begins: its header's place in the file, and the rows and entries of the row group that begin before it. */
export interface PagePlace {
  readonly offset: number;
  readonly row: number;
  readonly entry: number;
}

/** What a worker must know of one column chunk to read rows of it. */
export interface ChunkPlan {
  readonly column: LeafColumn;
  readonly codec: PageCodec;
  readonly entryCount: number;
  /** A page at or before the first row wanted. */
  readonly start: PagePlace;
  /** Place of the dictionary page if `start` lies behind it. */
  readonly dictionaryOffset: number | undefined;
}

/** Rows of one row group. Small and plain: it crosses to a worker. */
export interface ParquetMorsel extends Morsel {
  readonly format: 'parquet';
  readonly identity: FileIdentity;
  /** No page may reach beyond this. */
  readonly footerStart: number;
  readonly rowGroup: number;
  readonly rowGroupRows: number;
  readonly rowStart: number;
  readonly rowCount: number;
  readonly shapes: readonly Shape[];
  /** One a leaf, in the order of the shapes. */
  readonly chunks: readonly ChunkPlan[];
}
