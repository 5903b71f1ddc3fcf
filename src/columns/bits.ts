/**
 * Copies `count` bits, lowest bit of a byte first. Bits of `target` outside the range are left as they were; the ranges
 * must lie inside their arrays and not overlap. Cost: one read and one write a byte.
 */
export function copyBits(
  source: Uint8Array,
  sourceBit: number,
  target: Uint8Array,
  targetBit: number,
  count: number,
): void {
  let from = sourceBit;
  let to = targetBit;
  const end = targetBit + count;
  while (to < end && (to & 7) !== 0) copyBit(source, from++, target, to++);
  const shift = from & 7;
  const wholeBytes = (end - to) >>> 3;
  const fromByte = from >>> 3;
  const toByte = to >>> 3;
  if (shift === 0) {
    target.set(source.subarray(fromByte, fromByte + wholeBytes), toByte);
  } else {
    // A shifted byte spans two; both hold bits of the range, so the second one exists.
    for (let i = 0; i < wholeBytes; i++) {
      target[toByte + i] = (source[fromByte + i]! >>> shift) | (source[fromByte + i + 1]! << (8 - shift));
    }
  }
  from += wholeBytes * 8;
  to += wholeBytes * 8;
  while (to < end) copyBit(source, from++, target, to++);
}

function copyBit(source: Uint8Array, from: number, target: Uint8Array, to: number): void {
  const bit = (source[from >>> 3]! >>> (from & 7)) & 1;
  const mask = 1 << (to & 7);
  target[to >>> 3] = bit === 1 ? target[to >>> 3]! | mask : target[to >>> 3]! & ~mask;
}

/** Sets `count` bits from `bit` on. */
export function setBits(target: Uint8Array, bit: number, count: number): void {
  let at = bit;
  const end = bit + count;
  while (at < end && (at & 7) !== 0) setBit(target, at++);
  const wholeEnd = at + ((end - at) & ~7);
  target.fill(0xff, at >>> 3, wholeEnd >>> 3);
  at = wholeEnd;
  while (at < end) setBit(target, at++);
}

function setBit(target: Uint8Array, bit: number): void {
  target[bit >>> 3] = target[bit >>> 3]! | (1 << (bit & 7));
}

/** True if the bit is set. */
export function isSet(bits: Uint8Array, bit: number): boolean {
  return ((bits[bit >>> 3]! >>> (bit & 7)) & 1) === 1;
}

/** How many bits of all bytes are set. */
export function countBits(bytes: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < bytes.length; i++) {
    let byte = bytes[i]!;
    byte -= (byte >>> 1) & 0x55;
    byte = (byte & 0x33) + ((byte >>> 2) & 0x33);
    count += (byte + (byte >>> 4)) & 0x0f;
  }
  return count;
}
