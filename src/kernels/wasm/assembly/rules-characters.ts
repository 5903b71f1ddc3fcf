import { CLASS_FLAGS, MASKS, STAGE1, STAGE2 } from './rules-layout';

const P1: u64 = 0x9e3779b97f4a7c15;
const P2: u64 = 0xc2b2ae3d27d4eb4f;
/** Goes, with the length in bytes in its upper half, into the first step of a hash: zero bytes pad the last, and may be in a token. */
export const SEED: u64 = 0x60bee2bee120fc15;
const S1: u64 = 0xa3f4f8a6c4e3d7b1;

/**
 * A hash and 16 bytes more. A product leaves what differs in the last byte of eight in its own last byte; turned, the two halves cannot
 * cancel each other there.
 */
// @ts-ignore: decorator
@inline
export function step(hash: u64, first: u64, second: u64): u64 {
  const h = (hash ^ first) * P1 + rotl<u64>((S1 ^ second) * P2, 32);
  return h ^ (h >> 32);
}

/** Hash of the bytes `[p, end)`, 16 a step. Bytes up to 16 behind the end are read, not used. */
// @ts-ignore: decorator
@inline
export function hashToken(p: usize, end: usize): u64 {
  let length = end - p;
  let h = SEED ^ (<u64>length << 32);
  while (length > 16) {
    h = step(h, load<u64>(p), load<u64>(p, 8));
    p += 16;
    length -= 16;
  }
  const mask = MASKS + (length << 4);
  return step(h, load<u64>(p) & load<u64>(mask), load<u64>(p, 8) & load<u64>(mask, 8));
}

/** What stands for a byte that is no part of valid UTF-8: a surrogate, which no text holds and the tables give no property. */
const INVALID: u32 = 0xd800;

/**
 * The character at `p`, its code point in the low 24 bits and its length in bytes above. Strict UTF-8; any other byte is a character of
 * its own, `INVALID` + byte. Up to 3 bytes behind are read: whoever calls it has spaces behind the text.
 */
// @ts-ignore: decorator
@inline
export function decode(p: usize): u32 {
  const quad = load<u32>(p);
  const first = quad & 0xff;
  if (first < 0x80) return first | (1 << 24);
  if ((quad & 0xc0e0) == 0x80c0) {
    if (first >= 0xc2) return ((quad & 31) << 6) | ((quad >> 8) & 63) | (2 << 24);
  } else if ((quad & 0xc0c0f0) == 0x8080e0) {
    const code = ((quad & 15) << 12) | (((quad >> 8) & 63) << 6) | ((quad >> 16) & 63);
    if (code >= 0x800 && (code & 0xf800) != 0xd800) return code | (3 << 24);
  } else if ((quad & 0xc0c0c0f8) == 0x808080f0) {
    const code = ((quad & 7) << 18) | (((quad >> 8) & 63) << 12) | (((quad >> 16) & 63) << 6) | ((quad >> 24) & 63);
    if (code >= 0x10000 && code < 0x110000) return code | (4 << 24);
  }
  return (INVALID + first) | (1 << 24);
}

/**
 * Where the character behind the one at `p` begins, as {@link decode} has it. By branches, which can be foretold: a sum with a length
 * that was looked up would have every character wait for the one before.
 */
// @ts-ignore: decorator
@inline
export function after(p: usize): usize {
  const quad = load<u32>(p);
  const first = quad & 0xff;
  if (first < 0x80) return p + 1;
  if ((quad & 0xc0e0) == 0x80c0) {
    if (first >= 0xc2) return p + 2;
  } else if ((quad & 0xc0c0f0) == 0x8080e0) {
    const head = quad & 0x200f;
    if (head != 0 && head != 0x200d) return p + 3; // neither overlong nor a surrogate
  } else if ((quad & 0xc0c0c0f8) == 0x808080f0) {
    const code = ((quad & 7) << 18) | (((quad >> 8) & 63) << 12);
    if (code >= 0x10000 && code < 0x110000) return p + 4;
  }
  return p + 1;
}

/** Flags of a code point, see rules-layout.ts. */
// @ts-ignore: decorator
@inline
export function flagsOf(code: u32): u32 {
  const kind = <u32>load<u8>(STAGE2 + (<usize>load<u8>(STAGE1 + (code >> 7)) << 7) + (code & 127));
  return <u32>load<u16>(CLASS_FLAGS + (kind << 1));
}

// @ts-ignore: decorator
@inline
export function bits(a: v128, b: v128, c: v128, d: v128): u64 {
  return (
    <u64>(<u32>v128.bitmask<i8>(a)) |
    (<u64>(<u32>v128.bitmask<i8>(b)) << 16) |
    (<u64>(<u32>v128.bitmask<i8>(c)) << 32) |
    (<u64>(<u32>v128.bitmask<i8>(d)) << 48)
  );
}

// Classes of 16 ASCII bytes. Signed compares after a shift of the range to the top; what bytes from 0x80 on give is not used.

// @ts-ignore: decorator
@inline
export function isSpace(x: v128): v128 {
  return v128.or(
    v128.gt<i8>(v128.add<i8>(x, i8x16.splat(0x72)), i8x16.splat(0x7a)), // 09..0d
    v128.gt<i8>(v128.add<i8>(x, i8x16.splat(0x5f)), i8x16.splat(0x7a)), // 1c..20
  );
}

// @ts-ignore: decorator
@inline
export function isLetter(x: v128): v128 {
  return v128.gt<i8>(v128.add<i8>(v128.or(x, i8x16.splat(0x20)), i8x16.splat(0x05)), i8x16.splat(0x65));
}

// @ts-ignore: decorator
@inline
export function isDigit(x: v128): v128 {
  return v128.gt<i8>(v128.add<i8>(x, i8x16.splat(0x46)), i8x16.splat(0x75));
}

// @ts-ignore: decorator
@inline
export function isByte(x: v128, byte: i32): v128 {
  return v128.eq<i8>(x, i8x16.splat(<i8>byte));
}
