/**
 * Where in a text a phrase could begin: the first words of the text's words that a bitmap knows. What it finds is compared in TypeScript.
 *
 * The front of the memory is as layout.ts says; behind it lie the bitmap, placed by `configure`, and the text, with 80 bytes behind it to read.
 */
import { ASCII, DELTAS, LINE, MASKS, P1, P2, STAGE1, STAGE2, TWO_BYTE } from './layout';
import { encode, wordBits } from './words';

const HIGH_BITS: u64 = 0x8080808080808080;
const CASE_BITS: u64 = 0x2020202020202020;
/** Bytes of a word that are hashed. */
const HASHED: usize = 16;
/** Capital I with a dot, of which the lower case ends in a combining dot that ends the word. */
const DOTTED_I: u32 = 0x130;
/** What stands for "any character", and what makes of a hash and the next characters another hash. */
const ANY: u32 = 0x10000;
const SPREAD: u32 = 0x9e3779b1;

let bitmap: usize = 0;
let shift: u32 = 0;
/** Whether a phrase begins with a character that is no part of a word: any such, and one of ASCII. */
let hasOthers = false;
let hasAsciiOthers = false;
let resume: usize = 0;

/** The bitmap has `2^(32 - by)` bits. */
export function configure(address: usize, by: u32, others: bool, asciiOthers: bool): void {
  bitmap = address;
  shift = by;
  hasOthers = others;
  hasAsciiOthers = asciiOthers;
}

/** Of up to 16 bytes, zero-padded. */
// @ts-ignore: decorator
@inline
function hashOf(first: u64, second: u64): u32 {
  const h = first * P1 + second * P2;
  return <u32>(h ^ (h >> 32));
}

// @ts-ignore: decorator
@inline
function isMarked(hash: u32): bool {
  const bit = hash >> shift;
  return <bool>((load<u32>(bitmap + ((bit >> 5) << 2)) >> (bit & 31)) & 1);
}

/** Whether some phrase goes on as the text does behind a first word that was marked: with any character, or with the next two, of ASCII. */
function goesOn(hash: u32, stop: usize): bool {
  if (isMarked((hash ^ ANY) * SPREAD)) return true;
  const pair = <u32>load<u16>(stop);
  // What is not ASCII can have a lower case in ASCII.
  if (pair & 0x8080) return true;
  const second = pair >> 8;
  const lowered = <u32>load<u8>(ASCII + second);
  return isMarked((hash ^ ((pair & 0xff) | ((lowered ? lowered : second) << 8))) * SPREAD);
}

/** Of a word of ASCII where it lies in the text. */
// @ts-ignore: decorator
@inline
function isBeginning(start: usize, stop: usize): bool {
  const mask = MASKS + (min<usize>(HASHED, stop - start) << 4);
  const hash = hashOf(
    (load<u64>(start) | CASE_BITS) & load<u64>(mask),
    (load<u64>(start, 8) | CASE_BITS) & load<u64>(mask, 8),
  );
  return isMarked(hash) && goesOn(hash, stop);
}

/** Of a word lower-cased on the line, from there to `at`; it ends at `stop` in the text. */
// @ts-ignore: decorator
@inline
function isLineBeginning(at: usize, stop: usize): bool {
  const mask = MASKS + (min<usize>(HASHED, at - LINE) << 4);
  const hash = hashOf(load<u64>(LINE) & load<u64>(mask), load<u64>(LINE, 8) & load<u64>(mask, 8));
  return isMarked(hash) && goesOn(hash, stop);
}

/** Where to go on after what `next` gave last. */
export function resumeAt(): usize {
  return resume;
}

/**
 * The next place from `p` on where a phrase could begin, or 0. Before `p` stands no word character. A word is a maximal run of word characters; of a text
 * of ASCII 64 bytes are read at a time and the cost is per word; from a byte >= 0x80 on it goes character by character, until a separator with 8 bytes of
 * ASCII behind it.
 */
export function next(p: usize, end: usize): usize {
  let start = p; // of the open word
  let open: u64 = 0;
  while (p < end) {
    let ascii = !hasAsciiOthers;
    if (ascii) {
      const a = v128.load(p);
      const b = v128.load(p, 16);
      const c = v128.load(p, 32);
      const d = v128.load(p, 48);
      let count: u64 = min<u64>(64, end - p);
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
          if (!open) {
            start = p + <usize>ctz<u64>(edges);
            edges &= edges - 1;
          }
          while (edges) {
            const stop = p + <usize>ctz<u64>(edges);
            edges &= edges - 1;
            if (isBeginning(start, stop)) {
              resume = stop + 1;
              return start;
            }
            if (!edges) break;
            start = p + <usize>ctz<u64>(edges);
            edges &= edges - 1;
          }
        }
        open = (bits >> (count - 1)) & 1;
        p += <usize>count;
      }
      if (ascii) continue;
    }

    let at = LINE; // the open word lies lower-cased on the line, to here; its end may be missing
    if (open) {
      v128.store(LINE, v128.or(v128.load(start), i8x16.splat(0x20)));
      at += min<usize>(HASHED, p - start);
      open = 0;
    }
    while (p < end) {
      const quad = load<u32>(p);
      const first = quad & 0xff;
      let code: u32 = 0;
      let width: usize = 1;
      let kind: u32 = 0;
      if (first < 0x80) {
        const lowered = load<u8>(ASCII + first);
        if (lowered) {
          if (at == LINE) start = p;
          if (at < LINE + HASHED) store<u8>(at++, lowered);
          p++;
          continue;
        }
      } else {
        if ((quad & 0xc0e0) == 0x80c0 && p + 2 <= end) {
          // The entries of overlong forms say separator.
          width = 2;
          code = ((quad & 31) << 6) | ((quad >> 8) & 63);
          const entry = load<u32>(TWO_BYTE + (code << 2));
          if (entry) {
            if (at == LINE) start = p;
            if (at < LINE + HASHED) {
              store<u32>(at, entry);
              at += entry >> 24;
            }
            p += 2;
            if (code != DOTTED_I) continue;
            // Its lower case goes on with a combining dot, which the text does not show.
            if (isLineBeginning(at, p - 1)) {
              resume = p;
              return start;
            }
            at = LINE;
            continue;
          }
        } else if ((quad & 0xc0c0f0) == 0x8080e0 && p + 3 <= end) {
          width = 3;
          code = ((quad & 15) << 12) | (((quad >> 8) & 63) << 6) | ((quad >> 16) & 63);
          if (code < 0x800) code = 0;
        } else if ((quad & 0xc0c0c0f8) == 0x808080f0 && p + 4 <= end) {
          width = 4;
          code = ((quad & 7) << 18) | (((quad >> 8) & 63) << 12) | (((quad >> 16) & 63) << 6) | ((quad >> 24) & 63);
          if (code < 0x10000 || code >= 0x40000) code = 0;
        }
        // Code point 0 stands for what is no character, and is a separator.
        if (width > 2) kind = load<u8>(STAGE2 + (<usize>load<u8>(STAGE1 + (code >> 7)) << 7) + (code & 127));
        if (kind) {
          if (at == LINE) start = p;
          if (at < LINE + HASHED) at += encode(at, kind > 2 ? code + load<i32>(DELTAS + (kind << 2)) : code);
          p += width;
          continue;
        }
      }
      // A separator.
      const place = p;
      p += width;
      if (at != LINE) {
        if (isLineBeginning(at, place)) {
          resume = p;
          return start;
        }
        at = LINE;
      } else if (hasOthers && isMarked(hashOf(<u64>(quad & (0xffffffff >> (32 - (<u32>width << 3)))), 0))) {
        resume = p;
        return place;
      }
      if (!hasAsciiOthers && !(load<u64>(p) & HIGH_BITS)) break;
    }
    // The text is over with a word on the line, or a separator was the last character.
    if (at != LINE && isLineBeginning(at, end)) {
      resume = end;
      return start;
    }
  }
  if (open && isBeginning(start, end)) {
    resume = end;
    return start;
  }
  return 0;
}
