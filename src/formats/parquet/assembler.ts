import type { Schema } from 'apache-arrow';
import type { Assembler, Encoded } from '../format.ts';
import type { ParquetIndex } from './encode.ts';
import { footerBytes, type StoredChunk, type StoredRowGroup, totalOf } from './encode-footer.ts';
import type { PageCompression } from './encode-pages.ts';
import { planParquet } from './encode-schema.ts';

const MAGIC = new TextEncoder().encode('PAR1');
/** A row group is written once it has this much, uncompressed, or this many rows. */
const GROUP_LENGTH = 64 * 1024 * 1024;
const GROUP_ROWS = 131_072;

/**
 * Gathers encoded batches to row groups and writes the footer. In a row group the pages of a column lie together, so
 * up to 64 MiB (uncompressed) of batches are held back. A dictionary page can only stand at the head of a column, so
 * a batch that brings one begins a row group; batches without may follow it.
 */
export function createParquetAssembler(schema: Schema, compression: PageCompression): Assembler {
  const plan = planParquet(schema);
  const groups: StoredRowGroup[] = [];
  let held: Encoded[] = [];
  let heldLength = 0;
  let heldRows = 0;
  let position = 0;

  function writeGroup(): Uint8Array[] {
    if (held.length === 0) return [];
    const written: Uint8Array[] = [];
    const chunks: StoredChunk[] = [];
    const start = position;
    for (let leaf = 0; leaf < plan.leaves.length; leaf++) {
      const chunkStart = position;
      for (const encoded of held) {
        const pages = encoded.chunks[leaf]!;
        written.push(pages);
        position += pages.length;
      }
      const totals = totalOf(held.map((encoded) => indexOf(encoded).leaves[leaf]!));
      chunks.push({ position: chunkStart, byteLength: position - chunkStart, totals });
    }
    groups.push({ rowCount: heldRows, position: start, chunks });
    held = [];
    heldLength = 0;
    heldRows = 0;
    return written;
  }

  return {
    start(): Uint8Array[] {
      position = MAGIC.length;
      return [MAGIC];
    },
    append(encoded: Encoded): Uint8Array[] {
      if (encoded.rowCount === 0) return [];
      const { leaves } = indexOf(encoded);
      const byteLength = leaves.reduce((sum, leaf) => sum + leaf.uncompressedLength, 0);
      const startsGroup =
        heldLength + byteLength > GROUP_LENGTH ||
        heldRows + encoded.rowCount > GROUP_ROWS ||
        leaves.some((leaf) => leaf.dictionaryLength > 0);
      const written = startsGroup ? writeGroup() : [];
      held.push(encoded);
      heldLength += byteLength;
      heldRows += encoded.rowCount;
      return written;
    },
    finish(): Uint8Array[] {
      const written = writeGroup();
      const footer = footerBytes(plan, schema, compression, groups);
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, footer.length, true);
      return [...written, footer, length, MAGIC];
    },
  };
}

function indexOf(encoded: Encoded): ParquetIndex {
  return encoded.index as ParquetIndex;
}
