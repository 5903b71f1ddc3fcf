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
      /** What `loadStaticModel` found there, for all threads to share; without it each thread reads the folder for itself. */
      readonly model?: StaticModel;
    }
  | {
      readonly kind: 'column';
      /** A column of lists, or of lists of one size, of floating-point numbers. */
      readonly column: string;
      /** Numbers in each list, as `planColumn` finds it. */
      readonly length: number;
      /** Components of the vectors: `length` rounded up to a multiple of 16. */
      readonly dimensions: number;
    }
  | {
      readonly kind: 'onnx';
      /** A folder with `model.onnx` and `tokenizer.json`. */
      readonly folder: string;
    };

/** A static model with its tables in shared memory. */
export interface StaticModel {
  /** Numbers in a row. */
  readonly width: number;
  /** Rows, one after another. */
  readonly table: Float32Array<SharedArrayBuffer>;
  /** Row of each token; undefined: token `i` has row `i`. */
  readonly mapping: Int32Array<SharedArrayBuffer> | undefined;
  /** Factor of each token; undefined: all 1. */
  readonly weights: Float32Array<SharedArrayBuffer> | undefined;
  /** The file `tokenizer.json`. */
  readonly tokenizer: Uint8Array<SharedArrayBuffer>;
}
