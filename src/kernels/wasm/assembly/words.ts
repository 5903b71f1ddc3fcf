import { ASCII, CONSTANTS, DELTAS, LINE, LINE_LIMIT, MASKS, P1, P2, STAGE1, STAGE2, TWO_BYTE } from './layout';
import { drain, hashLimit, hashes } from './minima';

const HIGH_BITS: u64 = 0x8080808080808080;

/** Hash of a word that began with state `h`: 16 bytes a step, the last zero-padded (no word holds a zero byte, so no length is needed). */
// @ts-ignore: decorator
@inline
function hashWord(h: u64, s1: u64, p: usize, end: usize): u64 {
  let length = end - p;
  while (length > 16) {
    h = (h ^ load<u64>(p)) * P1 + (s1 ^ load<u64>(p, 8)) * P2;
    h ^= h >> 32;
    p += 16;
    length -= 16;
  }
  const mask = MASKS + (length << 4);
  h = (h ^ (load<u64>(p) & load<u64>(mask))) * P1 + (s1 ^ (load<u64>(p, 8) & load<u64>(mask, 8))) * P2;
  return h ^ (h >> 32);
}

/** Lower-cases the ASCII letters of 16 bytes onto the line; returns the mask of word bytes. Signed compares after a shift of the range to the top: bytes from 0x80 are never in. */
// @ts-ignore: decorator
@inline
function lowerBlock(x: v128, at: usize): u64 {
  const upper = v128.gt<i8>(v128.add<i8>(x, i8x16.splat(0x25)), i8x16.splat(0x65));
  const y = v128.or(x, v128.and(upper, i8x16.splat(0x20)));
  v128.store(at, y);
  const letter = v128.gt<i8>(v128.add<i8>(y, i8x16.splat(0x05)), i8x16.splat(0x65));
  const digit = v128.gt<i8>(v128.add<i8>(x, i8x16.splat(0x46)), i8x16.splat(0x75));
  const line = v128.eq<i8>(x, i8x16.splat(0x5f));
  return <u64>(<u32>v128.bitmask<i8>(v128.or(v128.or(letter, digit), line)));
}

/** Writes a code point of at least 0x80 or, as lower case may be, below; returns its length. */
// @ts-ignore: decorator
@inline
function encode(at: usize, c: u32): usize {
  if (c < 0x80) {
    store<u8>(at, c);
    return 1;
  }
  if (c < 0x800) {
    store<u16>(at, 0x80c0 | (c >> 6) | ((c & 63) << 8));
    return 2;
  }
  if (c < 0x10000) {
    store<u32>(at, 0x8080e0 | (c >> 12) | (((c >> 6) & 63) << 8) | ((c & 63) << 16));
    return 3;
  }
  store<u32>(at, 0x808080f0 | (c >> 18) | (((c >> 12) & 63) << 8) | (((c >> 6) & 63) << 16) | ((c & 63) << 24));
  return 4;
}

/**
 * Hashes the words of a document and drains them into the minima. Linear: a word is hashed as it fills the line, so nothing is read twice.
 * ASCII goes 64 bytes at a time, the cost being per word, not per byte; from a byte >= 0x80 on, character by character until 8 bytes of ASCII follow.
 */
export function signWords(p: usize, end: usize): void {
  const s0 = load<u64>(CONSTANTS, 0);
  const s1 = load<u64>(CONSTANTS, 8);
  const soloEnd = s1 * P2;
  const limit = hashLimit;
  let out = hashes;
  let at = LINE; // next free byte of the line
  let start = LINE; // where the open word begins in the line
  let state = s0; // hash of what was already cut from the open word's front
  let open: u64 = 0;
  while (p < end) {
    if (at > LINE_LIMIT) {
      if (open) {
        while (at - start > 16) {
          state = (state ^ load<u64>(start)) * P1 + (s1 ^ load<u64>(start, 8)) * P2;
          state ^= state >> 32;
          start += 16;
        }
        v128.store(LINE, v128.load(start));
        at = LINE + (at - start);
      } else at = LINE;
      start = LINE;
    }
    if (out > limit) out = drain(out);

    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    let count: u64 = min<u64>(64, end - p);
    let stop = false;
    if (v128.any_true(v128.and(v128.or(v128.or(a, b), v128.or(c, d)), i8x16.splat(-128)))) {
      const high =
        <u64>(<u32>v128.bitmask<i8>(a)) |
        (<u64>(<u32>v128.bitmask<i8>(b)) << 16) |
        (<u64>(<u32>v128.bitmask<i8>(c)) << 32) |
        (<u64>(<u32>v128.bitmask<i8>(d)) << 48);
      const first = ctz<u64>(high);
      stop = first < count;
      count = min<u64>(count, first);
    }
    if (count != 0) {
      let mask = lowerBlock(a, at);
      mask |= lowerBlock(b, at + 16) << 16;
      mask |= lowerBlock(c, at + 32) << 32;
      mask |= lowerBlock(d, at + 48) << 48;
      const kept: u64 = (-1 as u64) >> (64 - count);
      let edges = (mask ^ ((mask << 1) | open)) & kept;
      if (edges) {
        if (open) {
          store<u64>(out, hashWord(state, s1, start, at + <usize>ctz<u64>(edges)));
          out += 8;
          edges &= edges - 1;
          state = s0;
        }
        while (edges) {
          const from = ctz<u64>(edges);
          edges &= edges - 1;
          start = at + <usize>from;
          if (!edges) break;
          store<u64>(out, hashWord(s0, s1, start, at + <usize>ctz<u64>(edges)));
          out += 8;
          edges &= edges - 1;
        }
      }
      open = (mask >> (count - 1)) & 1;
      at += <usize>count;
      p += <usize>count;
    }
    if (!stop) continue;

    // At most 64 more bytes, so that line and hashes hold what they give.
    const until = min<usize>(end, p + 64);
    do {
      const first = <u32>load<u8>(p);
      if (first < 0x80) {
        const lowered = load<u8>(ASCII + first);
        p++;
        if (lowered) {
          if (!open) start = at;
          open = 1;
          store<u8>(at++, lowered);
        } else if (open) {
          store<u64>(out, hashWord(state, s1, start, at));
          out += 8;
          open = 0;
          state = s0;
        }
        if ((load<u64>(p) & HIGH_BITS) == 0) break;
        continue;
      }
      const quad = load<u32>(p);
      let code: u32 = 0;
      if ((quad & 0xc0e0) == 0x80c0 && p + 2 <= end) {
        // 0x80..0x7ff; the entries of overlong forms say separator.
        const entry = load<u32>(TWO_BYTE + ((((quad & 31) << 6) | ((quad >> 8) & 63)) << 2));
        if (entry) {
          if (!open) start = at;
          open = 1;
          store<u32>(at, entry);
          at += entry >> 24;
          p += 2;
          continue;
        }
        p += 2;
      } else if ((quad & 0xc0c0f0) == 0x8080e0 && p + 3 <= end) {
        code = ((quad & 15) << 12) | (((quad >> 8) & 63) << 6) | ((quad >> 16) & 63);
        if (code < 0x800) code = 0;
        p += 3;
      } else if ((quad & 0xc0c0c0f8) == 0x808080f0 && p + 4 <= end) {
        code = ((quad & 7) << 18) | (((quad >> 8) & 63) << 12) | (((quad >> 16) & 63) << 6) | (quad >> 24 & 63);
        if (code < 0x10000 || code >= 0x40000) code = 0;
        p += 4;
      } else p++;

      const kind = code == 0 ? 0 : <u32>load<u8>(STAGE2 + (<usize>load<u8>(STAGE1 + (code >> 7)) << 7) + (code & 127));
      if (kind == 1 || kind > 2) {
        if (!open) start = at;
        open = 1;
        if (kind == 1) {
          store<u32>(at, quad);
          at += code < 0x10000 ? 3 : 4;
        } else at += encode(at, code + load<i32>(DELTAS + (kind << 2)));
        continue;
      }
      if (open) {
        store<u64>(out, hashWord(state, s1, start, at));
        out += 8;
        open = 0;
        state = s0;
      }
      if (kind == 2) {
        const bytes = code < 0x10000 ? quad & 0xffffff : quad;
        const h = (s0 ^ <u64>bytes) * P1 + soloEnd;
        store<u64>(out, h ^ (h >> 32));
        out += 8;
      }
    } while (p < until);
  }
  if (open) {
    store<u64>(out, hashWord(state, s1, start, at));
    out += 8;
  }
  drain(out);
}
