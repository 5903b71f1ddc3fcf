import type { Schema } from 'apache-arrow';
import type { Batch } from '../../columns/batch.ts';
import type { Encode, Encoded } from '../format.ts';
import { shred } from './encode-levels.ts';
import { type PageCompression, PageWriter } from './encode-pages.ts';
import { planParquet } from './encode-schema.ts';
import { type Range, rangeOf } from './encode-statistics.ts';
import { leafValues } from './encode-values.ts';

/** What the footer must know of one leaf of one batch. */
export interface LeafIndex {
  /** Values with nulls and empty lists, as `num_values` counts them. */
  readonly entryCount: number;
  readonly valueCount: number;
  readonly dictionaryLength: number;
  readonly uncompressedLength: number;
  readonly range: Range | undefined;
}

/** Leaves in the order of the plan; the batch has one chunk for each. */
export interface ParquetIndex {
  readonly leaves: readonly LeafIndex[];
}

/**
 * Makes the encoder for Parquet: the pages of each leaf of a batch become one chunk. Nothing of the batch is kept or
 * handed over. Values are PLAIN, or behind a dictionary where that saves a quarter.
 */
export function createParquetEncoder(schema: Schema, compression: PageCompression): Encode {
  const { leaves } = planParquet(schema);
  const pageWriter = new PageWriter(compression);
  return (batch: Batch): Encoded => {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const indexes: LeafIndex[] = [];
    if (batch.numRows > 0) {
      for (const leaf of leaves) {
        const shredded = shred(leaf, schema.fields, batch.data.children);
        const values = leafValues(leaf, shredded);
        const pages = pageWriter.write(leaf, shredded, values);
        chunks.push(pages.bytes);
        indexes.push({
          entryCount: shredded.entryCount,
          valueCount: shredded.valueCount,
          dictionaryLength: pages.dictionaryLength,
          uncompressedLength: pages.uncompressedLength,
          range: rangeOf(leaf, values),
        });
      }
    }
    const index: ParquetIndex = { leaves: indexes };
    return { rowCount: batch.numRows, chunks, index };
  };
}
