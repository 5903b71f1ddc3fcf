import { ASCII, CONSTANTS, DELTAS, LINE, LINE_LIMIT, MASKS, P1, P2, STAGE1, STAGE2, TWO_BYTE } from './layout';

const HIGH_BITS: u64 = 0x8080808080808080;
const CASE_BITS: u64 = 0x2020202020202020;

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

/** The same straight from the text, for a word of ASCII alone: each byte with 0x20 set, which lower-cases letters, leaves digits and makes the underscore 0x7f. */
// @ts-ignore: decorator
@inline
function hashAscii(h: u64, s1: u64, p: usize, end: usize): u64 {
  let length = end - p;
  while (length > 16) {
    h = (h ^ (load<u64>(p) | CASE_BITS)) * P1 + (s1 ^ (load<u64>(p, 8) | CASE_BITS)) * P2;
    h ^= h >> 32;
    p += 16;
    length -= 16;
  }
  const mask = MASKS + (length << 4);
  const first = (load<u64>(p) | CASE_BITS) & load<u64>(mask);
  const second = (load<u64>(p, 8) | CASE_BITS) & load<u64>(mask, 8);
  h = (h ^ first) * P1 + (s1 ^ second) * P2;
  return h ^ (h >> 32);
}

/** The word bytes among 16, as bits. Signed compares after a shift of the range to the top, so that bytes from 0x80 are never in. */
// @ts-ignore: decorator
@inline
export function wordBits(x: v128): u64 {
  const letter = v128.gt<i8>(v128.add<i8>(v128.or(x, i8x16.splat(0x20)), i8x16.splat(0x05)), i8x16.splat(0x65));
  const digit = v128.gt<i8>(v128.add<i8>(x, i8x16.splat(0x46)), i8x16.splat(0x75));
  const line = v128.eq<i8>(x, i8x16.splat(0x5f));
  return <u64>(<u32>v128.bitmask<i8>(v128.or(v128.or(letter, digit), line)));
}

/** Writes a code point of at least 0x80 or, as lower case may be, below; returns its length. */
// @ts-ignore: decorator
@inline
export function encode(at: usize, c: u32): usize {
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
 * Hashes the words of a document and has `S` drain them, a class without fields whose methods are called on nothing, so that each
 * kernel gets a copy of this code with its own inside: `hashes()` is where to write, from `limit()` on it is time to `drain(end)`,
 * which returns where to go on; the last drain ends the document. Linear: nothing is read twice, however long a word.
 * ASCII goes 64 bytes at a time, the cost being per word, not per byte: bits of the word bytes, their edges found by counting zeros, and
 * the word hashed where it lies. From a byte >= 0x80 on it goes character by character over a line of lower-cased bytes, until a
 * separator with 8 bytes of ASCII behind it.
 */
export function hashWords<S>(p: usize, end: usize): void {
  const sink = changetype<S>(0);
  const s0 = load<u64>(CONSTANTS, 0);
  const s1 = load<u64>(CONSTANTS, 8);
  const soloEnd = s1 * P2;
  const limit = sink.limit();
  let out = sink.hashes();
  let start = p; // of the open word, in the text
  let open: u64 = 0;
  while (p < end) {
    if (out > limit) out = sink.drain(out);
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    let count: u64 = min<u64>(64, end - p);
    let ascii = true;
    if (v128.bitmask<i8>(v128.or(v128.or(a, b), v128.or(c, d)))) {
      const high =
        <u64>(<u32>v128.bitmask<i8>(a)) |
        (<u64>(<u32>v128.bitmask<i8>(b)) << 16) |
        (<u64>(<u32>v128.bitmask<i8>(c)) << 32) |
        (<u64>(<u32>v128.bitmask<i8>(d)) << 48);
      const first = ctz<u64>(high);
      ascii = first >= count;
      count = min<u64>(count, first);
    }
    if (count != 0) {
      const bits = wordBits(a) | (wordBits(b) << 16) | (wordBits(c) << 32) | (wordBits(d) << 48);
      const kept: u64 = (-1 as u64) >> (64 - count);
      let edges = (bits ^ ((bits << 1) | open)) & kept;
      if (edges) {
        if (open) {
          store<u64>(out, hashAscii(s0, s1, start, p + <usize>ctz<u64>(edges)));
          out += 8;
          edges &= edges - 1;
        }
        while (edges) {
          start = p + <usize>ctz<u64>(edges);
          edges &= edges - 1;
          if (!edges) break;
          store<u64>(out, hashAscii(s0, s1, start, p + <usize>ctz<u64>(edges)));
          out += 8;
          edges &= edges - 1;
        }
      }
      open = (bits >> (count - 1)) & 1;
      p += <usize>count;
    }
    if (ascii) continue;

    let state = s0; // hash of what was already cut from the open word's front
    let front = LINE; // the open word lies on the line from here
    let at = LINE; // to here; nothing between: no word is open
    if (open) {
      while (p - start > 16) {
        state = (state ^ (load<u64>(start) | CASE_BITS)) * P1 + (s1 ^ (load<u64>(start, 8) | CASE_BITS)) * P2;
        state ^= state >> 32;
        start += 16;
      }
      v128.store(LINE, v128.or(v128.load(start), i8x16.splat(0x20)));
      at += p - start;
      open = 0;
    }
    do {
      if (out > limit) out = sink.drain(out);
      if (at > LINE_LIMIT) {
        while (at - front > 16) {
          state = (state ^ load<u64>(front)) * P1 + (s1 ^ load<u64>(front, 8)) * P2;
          state ^= state >> 32;
          front += 16;
        }
        v128.store(LINE, v128.load(front));
        at = LINE + (at - front);
        front = LINE;
      }
      // At most 64 bytes and the rest of a character, so that line and hashes hold what they give.
      const until = min<usize>(end, p + 64);
      do {
        const first = <u32>load<u8>(p);
        if (first < 0x80) {
          const lowered = load<u8>(ASCII + first);
          p++;
          if (lowered) {
            store<u8>(at++, lowered);
            continue;
          }
          if (at != front) {
            store<u64>(out, hashWord(state, s1, front, at));
            out += 8;
            front = at;
            state = s0;
          }
          ascii = (load<u64>(p) & HIGH_BITS) == 0;
          if (ascii) break;
          continue;
        }
        const quad = load<u32>(p);
        let code: u32 = 0;
        if ((quad & 0xc0e0) == 0x80c0 && p + 2 <= end) {
          // 0x80..0x7ff; the entries of overlong forms say separator.
          const entry = load<u32>(TWO_BYTE + ((((quad & 31) << 6) | ((quad >> 8) & 63)) << 2));
          p += 2;
          if (entry) {
            store<u32>(at, entry);
            at += entry >> 24;
            continue;
          }
        } else if ((quad & 0xc0c0f0) == 0x8080e0 && p + 3 <= end) {
          code = ((quad & 15) << 12) | (((quad >> 8) & 63) << 6) | ((quad >> 16) & 63);
          if (code < 0x800) code = 0;
          p += 3;
        } else if ((quad & 0xc0c0c0f8) == 0x808080f0 && p + 4 <= end) {
          code = ((quad & 7) << 18) | (((quad >> 8) & 63) << 12) | (((quad >> 16) & 63) << 6) | ((quad >> 24) & 63);
          if (code < 0x10000 || code >= 0x40000) code = 0;
          p += 4;
        } else p++;

        // Code point 0 stands for what is no character, and is a separator.
        const kind = <u32>load<u8>(STAGE2 + (<usize>load<u8>(STAGE1 + (code >> 7)) << 7) + (code & 127));
        if (kind == 1) {
          store<u32>(at, quad);
          at += code < 0x10000 ? 3 : 4;
          continue;
        }
        if (kind > 2) {
          at += encode(at, code + load<i32>(DELTAS + (kind << 2)));
          continue;
        }
        if (at != front) {
          store<u64>(out, hashWord(state, s1, front, at));
          out += 8;
          front = at;
          state = s0;
        }
        if (kind == 2) {
          const h = (s0 ^ <u64>(code < 0x10000 ? quad & 0xffffff : quad)) * P1 + soloEnd;
          store<u64>(out, h ^ (h >> 32));
          out += 8;
        }
      } while (p < until);
    } while (!ascii && p < end);
    if (at != front) {
      store<u64>(out, hashWord(state, s1, front, at));
      out += 8;
    }
  }
  if (open) {
    store<u64>(out, hashAscii(s0, s1, start, end));
    out += 8;
  }
  sink.drain(out);
}
