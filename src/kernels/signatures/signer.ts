import { planSignatures } from './plan.ts';
import { createScalarSigner } from './scalar.ts';
import type { Sign, SignatureParameters } from './signatures.ts';
import { createSimdSigner } from './simd.ts';

/** Turns the text of a batch into content hashes and LSH band keys. Not reentrant; one for each thread. */
export interface Signer {
  readonly sign: Sign;
}

/**
 * Prepares a signer; `undefined` parameters give content hashes only. Throws `USAGE` for a parameter out of range. Both kernels give the
 * same bits on any bytes; `scalar` is plain JavaScript, the reference that the WebAssembly SIMD kernel is tested against.
 *
 * Text to tokens: see unicode.ts and signature-words.ts. Tokens to shingles: the polynomial of `ngram` word hashes modulo 2^64, whitened; a
 * text of fewer tokens is one shingle. Shingles to minima: one-permutation hashing (Li, Owen, Zhang 2012), the high half of the
 * shingle hash chooses one of `bands * rows` bins, the low half is the value; empty bins are filled as densify.ts says. Minima to keys: a
 * 64-bit mix of the band's number and its minima in order.
 *
 * Why one permutation and not 112: on ASCII prose 660 to 740 MB/s against 420 with multiply-add permutations in four vector registers (1.6
 * to 1.75 times; from 2 KB a document on; at 300 bytes 305 against 340, at 60 bytes 140 against 220), and no worse an
 * estimate: the spread of the share of equal minima, in units of that of 112 independent ones, is 1.11 at 20 shingles, 1.05
 * at 50, 1.00 at 100, 0.89 at 300 and 1.00 at 5,000, and its mean is the Jaccard similarity to 0.003 (signature-scurve.test.ts holds
 * the curve of the bands to its law). bench/signatures.ts gives the speed of the whole.
 */
export async function createSigner(
  parameters: SignatureParameters | undefined,
  kernel: 'simd' | 'scalar' = 'simd',
): Promise<Signer> {
  const plan = parameters === undefined ? undefined : planSignatures(parameters);
  return { sign: kernel === 'simd' ? await createSimdSigner(plan) : createScalarSigner(plan) };
}
