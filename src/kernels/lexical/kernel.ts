import type { LexicalKernel, LexicalModel } from './model.ts';
import { createScalarKernel } from './scalar.ts';
import { createSimdKernel } from './simd.ts';

/** Both twins give the same bits on any bytes; `scalar` is plain JavaScript, the reference that the WebAssembly kernel is tested against. */
export function createLexicalKernel(model: LexicalModel, kernel: 'simd' | 'scalar' = 'simd'): LexicalKernel {
  return kernel === 'simd' ? createSimdKernel(model) : createScalarKernel(model);
}
