import type { Encoder, EncoderPlan } from './encoder.ts';

/**
 * Makes the encoder of a plan, for one thread. Only its own code is loaded.
 * @throws CurationError when its model is missing or damaged.
 */
export async function createEncoder(plan: EncoderPlan): Promise<Encoder> {
  switch (plan.kind) {
    case 'lexical': {
      const { createLexicalEncoder } = await import('./lexical.ts');
      return createLexicalEncoder(plan.model);
    }
    case 'static': {
      const { createStaticEncoder, loadStaticModel } = await import('./static.ts');
      return createStaticEncoder(plan.model ?? (await loadStaticModel(plan.folder)), plan.folder);
    }
    case 'column': {
      const { createColumnEncoder } = await import('./column.ts');
      return createColumnEncoder(plan);
    }
    case 'onnx': {
      const { createOnnxEncoder } = await import('./onnx.ts');
      return createOnnxEncoder(plan.folder);
    }
  }
}
