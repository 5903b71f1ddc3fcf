import type { Batch } from '../columns/batch.ts';
import type { TextColumn } from '../columns/text-column.ts';
import type { LexicalModel } from '../kernels/lexical/model.ts';
import type { Vectors } from '../kernels/vectors/vectors.ts';

/** Turns documents into directions; made once in a thread, not reentrant. A document's vector depends on the document alone. */
export interface Encoder {
  /** Components of every vector, as in `Vectors`. */
  readonly dimensions: number;
  /** Vectors of all rows, in fresh memory. `text` is the text column of `batch`. */
  embed(batch: Batch, text: TextColumn): Promise<Vectors>;
}

/** What a thread needs to make an encoder: plain data, large arrays in shared memory. */
export type EncoderPlan =
  | { readonly kind: 'lexical'; readonly model: LexicalModel }
  | {
      readonly kind: 'static';
      /** A folder with `model.safetensors` and `tokenizer.json`, as model2vec saves it. */
      readonly folder: string;
    }
  | {
      readonly kind: 'column';
      /** A column of lists, or of lists of one size, of floating-point numbers. */
      readonly column: string;
      readonly dimensions: number;
    }
  | {
      readonly kind: 'onnx';
      /** A folder with `model.onnx` and `tokenizer.json`. */
      readonly folder: string;
    };
