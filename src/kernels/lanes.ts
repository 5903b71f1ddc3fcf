/** High half of the last product or sum; read it before the next call. A shared variable, as a pair of results would be allocated. */
export let high = 0;

/** a * b modulo 2^64, as (low, high) halves: returns the low half, leaves the high one in {@link high}. */
export function multiply(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  const a0 = aLow & 0xffff;
  const a1 = aLow >>> 16;
  const b0 = bLow & 0xffff;
  const b1 = bLow >>> 16;
  // Each sum stays below 2^32: (2^16 - 1)^2 + 2 * (2^16 - 1) = 2^32 - 1.
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const other = a0 * b1 + (middle & 0xffff);
  const carried = a1 * b1 + (middle >>> 16) + (other >>> 16);
  high = (carried + Math.imul(aLow, bHigh) + Math.imul(aHigh, bLow)) >>> 0;
  return Math.imul(aLow, bLow) >>> 0;
}

/** a + b modulo 2^64, in the same way. */
export function add(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  const low = (aLow >>> 0) + (bLow >>> 0);
  high = (aHigh + bHigh + (low > 0xffffffff ? 1 : 0)) >>> 0;
  return low >>> 0;
}

/** One round of the finalizer of MurmurHash3 (Appleby, public domain) with shifts by 32, in the same way. */
export function finish(low: number, upper: number): number {
  const x = multiply(low ^ upper, upper, 0xed558ccd, 0xff51afd7);
  return (x ^ high) >>> 0;
}
