/**
 * Simplified words of ASCII text and their n-grams; the twin of `src/kernels/simplified/words.ts` and of `scanNgrams` in
 * `src/kernels/simplified/ngram-scan.ts`. Memory is laid out by `src/kernels/simplified/simd.ts`; only the first bytes are fixed:
 *
 *   0   where reading stopped, an address
 *   4   why: END, FULL or WIDE
 */
const STOPPED_AT: usize = 0;
const STOPPED_BY: usize = 4;
const END: u32 = 0;
const FULL: u32 = 1;
const WIDE: u32 = 2;

const CASE_BITS: u64 = 0x2020202020202020;
/** Most words that begin in 64 bytes, and one that was open before. */
const MOST_WORDS: u32 = 33;

const LOW_FACTOR: u32 = 0x9e3779b1;
const HIGH_FACTOR: u32 = 0x85ebca6b;
const SEED: u64 = 0x27d4eb2f165667b1;

let low: usize = 0;
let high: usize = 0;
let starts: usize = 0;
/** What is added to an address to give a start. */
let offset: i32 = 0;

/** Takes eight bytes of a word into its state. */
// @ts-ignore: decorator
@inline
function step(state: u64, eight: u64): u64 {
  let a = (<u32>state ^ <u32>eight) * LOW_FACTOR;
  let b = (<u32>(state >> 32) ^ <u32>(eight >> 32)) * HIGH_FACTOR;
  a ^= b >> 16;
  b ^= a >> 15;
  a = rotl<u32>(a, 13) + b;
  return <u64>a | (<u64>b << 32);
}

// @ts-ignore: decorator
@inline
function emit(at: u32, state: u64, start: usize): void {
  let a = <u32>state;
  let b = <u32>(state >> 32);
  a = (a ^ (a >> 15)) * 0x2c1b3c6d;
  b = (b ^ (b >> 13)) * 0x297a2d39;
  const place = <usize>at << 2;
  store<u32>(low + place, a ^ (a >> 16));
  store<u32>(high + place, b ^ (b >> 16));
  store<i32>(starts + place, <i32>start + offset);
}

/** State of a word of letters from `p` to `end`, more than none. */
// @ts-ignore: decorator
@inline
function hashLetters(p: usize, end: usize): u64 {
  let state = SEED;
  let length = end - p;
  while (length > 8) {
    state = step(state, load<u64>(p) | CASE_BITS);
    p += 8;
    length -= 8;
  }
  return step(state, (load<u64>(p) | CASE_BITS) & ((-1 as u64) >> (64 - (<u64>length << 3))));
}

// @ts-ignore: decorator
@inline
function isDigit(byte: u32): bool {
  return byte - 0x30 < 10;
}

/**
 * Reads the word that begins at `start` and holds a digit, byte by byte; returns where it ended, or 0 if a byte from 0x80 on may belong to it.
 */
function readNumber(start: usize, end: usize, at: u32): usize {
  let state = SEED;
  let eight: u64 = 0;
  let filled: u64 = 0;
  let p = start;
  while (p < end) {
    let byte = <u32>load<u8>(p);
    if (byte >= 0x80) return 0;
    if (isDigit(byte)) {
      byte = 0x30;
      do {
        p++;
      } while (p < end && isDigit(load<u8>(p)));
      if (p < end) {
        const next = <u32>load<u8>(p);
        if (next >= 0x80) return 0;
        if ((next == 0x2e || next == 0x2c) && p + 1 < end) {
          const behind = <u32>load<u8>(p, 1);
          if (behind >= 0x80) return 0;
          if (isDigit(behind)) {
            p += 2;
            while (p < end && isDigit(load<u8>(p))) p++;
            if (p < end && load<u8>(p) >= 0x80) return 0;
          }
        }
      }
    } else {
      byte |= 0x20;
      if (byte - 0x61 >= 26) break;
      p++;
    }
    if (filled == 64) {
      state = step(state, eight);
      eight = 0;
      filled = 0;
    }
    eight |= <u64>byte << filled;
    filled += 8;
  }
  emit(at, step(state, eight), start);
  return p;
}

export function configure(lowAt: usize, highAt: usize, startsAt: usize): void {
  low = lowAt;
  high = highAt;
  starts = startsAt;
}

/**
 * Reads words from `p`, where none is open, to `end`, where one ends; the first goes to entry `count`, and none to `limit` or behind. Returns the
 * entry behind the last. Stops before a word that is not of ASCII alone. Up to 64 bytes behind `end` are read and ignored.
 */
export function read(p: usize, end: usize, count: u32, limit: u32, startOffset: i32): u32 {
  offset = startOffset;
  let start = p;
  let open: u64 = 0;
  while (p < end) {
    if (count + MOST_WORDS > limit) {
      store<u32>(STOPPED_AT, <u32>(open ? start : p));
      store<u32>(STOPPED_BY, FULL);
      return count;
    }
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    const letters = letterBits(a) | (letterBits(b) << 16) | (letterBits(c) << 32) | (letterBits(d) << 48);
    const others = otherBits(a) | (otherBits(b) << 16) | (otherBits(c) << 32) | (otherBits(d) << 48);
    let size: u64 = min<u64>(64, end - p);
    const other = ctz<u64>(others);
    const isStopped = other < size;
    if (isStopped) size = other;
    if (size != 0) {
      let edges = (letters ^ ((letters << 1) | open)) & ((-1 as u64) >> (64 - size));
      if (edges) {
        if (open) {
          emit(count++, hashLetters(start, p + <usize>ctz<u64>(edges)), start);
          edges &= edges - 1;
        }
        while (edges) {
          start = p + <usize>ctz<u64>(edges);
          edges &= edges - 1;
          if (!edges) break;
          emit(count++, hashLetters(start, p + <usize>ctz<u64>(edges)), start);
          edges &= edges - 1;
        }
      }
      open = (letters >> (size - 1)) & 1;
      p += <usize>size;
    }
    if (!isStopped) continue;
    // A digit or a byte from 0x80 on: the word it belongs to is read in another way.
    if (!open) start = p;
    open = 0;
    const stop = load<u8>(p) < 0x80 ? readNumber(start, end, count) : 0;
    if (stop == 0) {
      store<u32>(STOPPED_AT, <u32>start);
      store<u32>(STOPPED_BY, WIDE);
      return count;
    }
    count++;
    p = stop;
  }
  if (open) emit(count++, hashLetters(start, end), start);
  store<u32>(STOPPED_AT, <u32>end);
  store<u32>(STOPPED_BY, END);
  return count;
}

/** Letters among 16 bytes. Signed compares after a shift of the range to the top, so that bytes from 0x80 are never in. */
// @ts-ignore: decorator
@inline
function letterBits(x: v128): u64 {
  const moved = v128.add<i8>(v128.or(x, i8x16.splat(0x20)), i8x16.splat(0x05));
  return <u64>(<u32>v128.bitmask<i8>(v128.gt<i8>(moved, i8x16.splat(0x65))));
}

/** Digits, and bytes from 0x80 on. */
// @ts-ignore: decorator
@inline
function otherBits(x: v128): u64 {
  const digit = v128.gt<i8>(v128.add<i8>(x, i8x16.splat(0x46)), i8x16.splat(0x75));
  return <u64>(<u32>v128.bitmask<i8>(v128.or(digit, x)));
}

/**
 * Of the n-grams that begin with words 0 to `count` (excluded), writes those whose hash has its two bits in a filter to `into`, as numbers of their first
 * words, and returns how many. The words behind the last n-gram must be there, whatever they are.
 */
export function scan(words: usize, count: u32, ngram: u32, base: u32, filter: usize, shift: u32, into: usize): u32 {
  let hash: u32 = 0;
  let leaving: u32 = 1;
  for (let i: u32 = 0; i < ngram; i++) {
    hash = hash * base + load<u32>(words + (<usize>i << 2));
    leaving *= base;
  }
  let found: u32 = 0;
  let last = words;
  let next = words + (<usize>ngram << 2);
  for (let i: u32 = 0; i < count; i++) {
    const bits = load<u32>(filter + (<usize>(hash >> shift) << 2));
    store<u32>(into + (<usize>found << 2), i);
    found += (bits >> (hash & 31)) & (bits >> ((hash >> 5) & 31)) & 1;
    hash = hash * base + load<u32>(next) - load<u32>(last) * leaving;
    last += 4;
    next += 4;
  }
  return found;
}
