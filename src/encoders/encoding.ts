import type { Batch } from '../columns/batch.ts';
import { gather } from '../columns/gather.ts';
import { textColumn } from '../columns/text.ts';
import type { TextColumn } from '../columns/text-column.ts';
import { editText } from '../concepts/calibration.ts';
import { type ConceptTree, createRouter, type Places, type Router } from '../concepts/tree.ts';
import { createFeatureCounter, type FeatureCounter, type FeatureLists } from '../kernels/lexical/features.ts';
import type { Vectors } from '../kernels/vectors/vectors.ts';
import { createEncoder } from './create.ts';
import type { Encoder, EncoderPlan } from './encoder.ts';

/** What a thread makes of the rows of a batch that tells what they are about. */
export interface Encoding {
  /** `features`: counts them, for the lexical encoder to learn from. Else the encoder that makes vectors. */
  readonly by: 'features' | EncoderPlan;
  /** Only documents whose content hash has no more than this in its upper 16 bits; undefined: all. */
  readonly cutoff: number | undefined;
  /** Of those with no more than this, lightly edited copies are encoded, too; undefined: of none. */
  readonly editCutoff: number | undefined;
  /** Tells concepts. */
  readonly tree: ConceptTree | undefined;
}

/** What came of an {@link Encoding}: of all rows, or of the chosen ones in their order. */
export interface EncodedRows {
  /** Rows of the batch that were chosen, ascending; undefined: all. */
  readonly rows: Uint32Array | undefined;
  readonly features: FeatureLists | undefined;
  readonly vectors: Vectors | undefined;
  /** Of the edited copies; where there is none, a vector that says nothing. */
  readonly edits: Vectors | undefined;
  readonly places: Places | undefined;
}

/** An encoding at work in a thread. Not reentrant. */
export interface EncodingKernel {
  /** @param contentHashes of the rows, as `Signatures` has them; needed where only some are chosen. */
  encode(batch: Batch, textIndex: number, contentHashes: Uint32Array | undefined): Promise<EncodedRows>;
}

export async function createEncodingKernel(encoding: Encoding): Promise<EncodingKernel> {
  const { by, cutoff, editCutoff, tree } = encoding;
  const counter: FeatureCounter | undefined = by === 'features' ? createFeatureCounter() : undefined;
  const encoder: Encoder | undefined = by === 'features' ? undefined : await createEncoder(by);
  const router: Router | undefined = tree && createRouter(tree);
  return {
    async encode(batch, textIndex, contentHashes) {
      const rows = cutoff === undefined ? undefined : rowsBelow(contentHashes!, cutoff);
      const chosen = rows === undefined ? batch : gather(batch.schema, [{ batch, rows }]);
      const text = textColumn(chosen, textIndex);
      const vectors = await encoder?.embed(chosen, text);
      return {
        rows,
        features: counter?.count(text),
        vectors,
        edits:
          editCutoff === undefined
            ? undefined
            : await encoder?.embed(chosen, editTexts(text, rows!, contentHashes!, editCutoff)),
        places: vectors && router?.route(vectors),
      };
    },
  };
}

function rowsBelow(contentHashes: Uint32Array, cutoff: number): Uint32Array {
  const count = contentHashes.length / 2;
  const rows = new Uint32Array(count);
  let chosen = 0;
  for (let row = 0; row < count; row++) {
    if (isBelow(contentHashes, row, cutoff)) rows[chosen++] = row;
  }
  return rows.subarray(0, chosen);
}

function isBelow(contentHashes: Uint32Array, row: number, cutoff: number): boolean {
  return contentHashes[2 * row + 1]! >>> 16 <= cutoff;
}

/** Edited copies of texts; empty for those above the cutoff. @param rows of each text, by which its hash is found. */
function editTexts(
  { bytes, offsets, rowCount }: TextColumn,
  rows: Uint32Array,
  contentHashes: Uint32Array,
  cutoff: number,
): TextColumn {
  const none = new Uint8Array(0);
  const edited = Array.from({ length: rowCount }, (_, at) =>
    isBelow(contentHashes, rows[at]!, cutoff) ? editText(bytes, offsets[at]!, offsets[at + 1]!) : none,
  );
  const ends = new Int32Array(rowCount + 1);
  for (let row = 0; row < rowCount; row++) ends[row + 1] = ends[row]! + edited[row]!.length;
  const all = new Uint8Array(ends[rowCount]!);
  for (let row = 0; row < rowCount; row++) all.set(edited[row]!, ends[row]!);
  return { bytes: all, offsets: ends, rowCount };
}
