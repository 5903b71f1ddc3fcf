import type { TextColumn } from '../columns/text-column.ts';
import { planSignatures } from './signature-plan.ts';
import { createScalarSigner } from './signature-scalar.ts';
import { createSimdSigner } from './signature-simd.ts';
import type { SignatureParameters, Signatures } from './signatures.ts';

/** Turns the text of a batch into content hashes and LSH band keys. Not reentrant; one for each thread. */
export interface Signer {
  /** Reads `text` and returns fresh arrays. Each row depends on its own bytes only, so any split of the rows gives the same. */
  sign(text: TextColumn): Signatures;
}

export async function createSigner(
  parameters: SignatureParameters | undefined,
  kernel: 'simd' | 'scalar' = 'simd',
): Promise<Signer> {
  const plan = parameters === undefined ? undefined : planSignatures(parameters);
  return { sign: kernel === 'simd' ? await createSimdSigner(plan) : createScalarSigner(plan) };
}
