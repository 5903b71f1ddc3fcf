/**
 * Bits `[start, start + length)` of a bitmap (least significant first), moved to start at 0.
 * Shares `bits` where nothing has to move; otherwise a copy. Bits beyond `length` in the last byte of a copy are 0.
 */
export function shiftBits(bits: Uint8Array, start: number, length: number): Uint8Array {
  const first = start >> 3;
  const shift = start & 7;
  const byteLength = (length + 7) >> 3;
  if (shift === 0 && (length & 7) === 0) return bits.subarray(first, first + byteLength);
  const out = new Uint8Array(byteLength);
  for (let i = 0; i < byteLength; i += 1) {
    out[i] = (bits[first + i]! >> shift) | ((bits[first + i + 1] ?? 0) << (8 - shift));
  }
  if ((length & 7) !== 0) out[byteLength - 1]! &= (1 << (length & 7)) - 1;
  return out;
}

/** Zeros among the first `length` bits. */
export function countZeros(bits: Uint8Array, length: number): number {
  let ones = 0;
  const whole = length >> 3;
  for (let i = 0; i < whole; i += 1) ones += onesInByte[bits[i]!]!;
  for (let i = whole << 3; i < length; i += 1) ones += (bits[i >> 3]! >> (i & 7)) & 1;
  return length - ones;
}

/** Whether bit `index` is set. */
export function hasBit(bits: Uint8Array, index: number): boolean {
  return ((bits[index >> 3]! >> (index & 7)) & 1) === 1;
}

const onesInByte = Uint8Array.from({ length: 256 }, (_, byte) => {
  let ones = 0;
  for (let rest = byte; rest > 0; rest >>= 1) ones += rest & 1;
  return ones;
});
