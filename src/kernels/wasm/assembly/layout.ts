/**
 * Where things lie in linear memory; `src/kernels/signatures/simd.ts` holds the same numbers.
 *
 *   0     constants: S0 S1 BASE BASE^ngram WHITEN BANDS, 8 bytes each
 *   64    masks: for length 0..16 the 16 bytes that keep it
 *   512   ASCII: each byte as it is hashed, 0 for a separator (128 bytes)
 *   1024  line: lower-cased bytes of the words at hand
 *   5376  code points 0x80..0x7ff: see unicode.ts (8 KiB)
 *   13568 distances of lower case by kind (1 KiB)
 *   14592 stage 1 (2 KiB), then stage 2 (up to 32 KiB)
 *   49408 from here on placed by `configure`
 */
export const CONSTANTS: usize = 0;
export const MASKS: usize = 64;
export const ASCII: usize = 512;
export const LINE: usize = 1024;
/** A block of 64 bytes, lower-cased by the Unicode path to at most 96, and a read of 16 past the end fit behind. */
export const LINE_LIMIT: usize = LINE + 4096;
export const TWO_BYTE: usize = 5376;
export const DELTAS: usize = 13568;
export const STAGE1: usize = 14592;
export const STAGE2: usize = 16640;

export const P1: u64 = 0x9e3779b97f4a7c15;
export const P2: u64 = 0xc2b2ae3d27d4eb4f;
export const EMPTY: u32 = 0xffffffff;

/** One round of the finalizer of MurmurHash3 (Appleby, public domain) with wider shifts: what goes in is well mixed but for its low bits. */
// @ts-ignore: decorator
@inline
export function finish(x: u64): u64 {
  x = (x ^ (x >> 32)) * 0xff51afd7ed558ccd;
  return x ^ (x >> 32);
}
