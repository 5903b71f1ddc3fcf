import { createLexicalKernel } from '../kernels/lexical/kernel.ts';
import type { LexicalModel } from '../kernels/lexical/model.ts';
import type { Encoder } from './encoder.ts';

/** Tells documents apart by the words that are in them, as a model learned from a sample of them; see kernels/lexical/train.ts. */
export function createLexicalEncoder(model: LexicalModel): Encoder {
  const kernel = createLexicalKernel(model);
  return {
    dimensions: kernel.dimensions,
    embed: async (_batch, text) => kernel.embed(text),
  };
}
