// AssemblyScript (not TypeScript, hence the name): decodes Zstandard frames, RFC 8878, without dictionaries.
// Output is one contiguous area, so the window is the output itself. Copies move 32 bytes at a time and may write up to 31
// bytes behind where they end, which is why the host leaves 64 free behind the input and behind the output.
//
// Bit streams are read backwards from fixed addresses without a check per read: all that damage can make a reader do is to
// walk below its stream, never more than one stream's worth, and the tables and literals lie there, not address 0. Whether
// a stream was used up exactly is compared at its end.

// Memory:  0 constants | tables | literals of a block | INPUT: the host's input, 64 free, output, 64 free
const HUFFMAN: usize = 0x1000; // 2048 of u16: bits | literal << 8
const LL: usize = 0x2000; // 512 FSE entries, see `fill`: literal lengths
const ML: usize = 0x4000; // 512: match lengths
const OF: usize = 0x6000; // 256: offsets
const LL_DEFAULT: usize = 0x7000; // 64
const ML_DEFAULT: usize = 0x7400; // 64
const OF_DEFAULT: usize = 0x7800; // 32
const WEIGHTS: usize = 0x7a00; // 256 bytes, one per literal
const WEIGHT_FSE: usize = 0x7b00; // 64 FSE entries
const COUNTS: usize = 0x7f00; // 64 of i16: normalised counts
const NEXT: usize = 0x7f80; // 64 of u16
const RANKS: usize = 0x8000; // 16 of u32
const SPREAD: usize = 0x8080; // 512 bytes: symbol of each state
const LL_CODES: usize = 0x8400; // 36 FSE entries without state, one per code
const ML_CODES: usize = 0x8700; // 53
const OF_CODES: usize = 0x8b00; // 32
const SEQUENCES: usize = 0x9000; // BATCH of 12 bytes: literals, match, offset as coded
const BATCH: i32 = 512;
const LITERALS: usize = 0x10000; // 128 KiB and 64 free
const INPUT: usize = 0x30080;

const MAX_BLOCK: u32 = 0x20000;

// Results below zero; the host has a word for each.
const UNSUPPORTED: i32 = -1;
const CUT_OFF: i32 = -2;
const BAD_HEADER: i32 = -3;
const BAD_BLOCK: i32 = -4;
const BAD_LITERALS: i32 = -5;
const BAD_SEQUENCES: i32 = -6;
const BAD_MATCH: i32 = -7;
const TOO_LONG: i32 = -8;
const BAD_CHECKSUM: i32 = -9;
const WRONG_LENGTH: i32 = -10;

// Value and extra bits of each code of a literal length and a match length (RFC 8878, 3.1.1.3.2.1.1).
const LL_BASE: usize = memory.data<u32>([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024, 2048,
  4096, 8192, 16384, 32768, 65536,
]);
const LL_BITS: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
]);
const ML_BASE: usize = memory.data<u32>([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34,
  35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195, 16387, 32771, 65539,
]);
const ML_BITS: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4,
  4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
]);
const OF_BASE: usize = memory.data<u32>([
  1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576,
  2097152, 4194304, 8388608, 16777216, 33554432, 67108864, 134217728, 268435456, 536870912, 1073741824, 2147483648,
]);
const OF_BITS: usize = memory.data<u8>([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
]);
// Counts of the predefined tables (3.1.1.3.2.2).
const LL_COUNTS: usize = memory.data<i16>([
  4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1,
]);
const ML_COUNTS: usize = memory.data<i16>([
  1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
  1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
]);
const OF_COUNTS: usize = memory.data<i16>([
  1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1,
]);
// Row n: i mod n for i below 16, which spreads a match from n bytes back over 16.
const PATTERNS: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1,
  0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0,
  0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0,
  0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1,
  0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 6,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1, 2, 3, 4,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 1, 2,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 0, 1,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0,
]);

// Header of the frame read last.
let content: u64 = 0;
let maxBlock: u32 = 0;
let hasChecksum: bool = false;
const UNKNOWN: u64 = u64.MAX_VALUE;
// What blocks of a frame leave to the next.
let hufReady: bool = false;
let llTable: usize = 0;
let llLog: u32 = 0;
let ofTable: usize = 0;
let ofLog: u32 = 0;
let mlTable: usize = 0;
let mlLog: u32 = 0;
let rep1: u32 = 1;
let rep2: u32 = 4;
let rep3: u32 = 8;
let litAt: usize = 0;
let litEnd: usize = 0;
// Accuracy and start of the table read last.
let readLog: u32 = 0;
let defaultsReady: bool = false;

/** Address from which the host may put input. */
export function inputAt(): usize {
  return INPUT;
}

// @ts-ignore: decorator
@inline
function highBit(value: u32): u32 {
  return 31 - clz<u32>(value);
}

/**
 * Reads normalised counts (4.1.1) to `COUNTS`, zeros behind the last. Returns the address behind them, or 0 for damage;
 * `readLog` becomes the accuracy.
 */
function readCounts(src: usize, srcEnd: usize, maxLog: u32, symbols: u32): usize {
  for (let i: usize = 0; i < 128; i += 16) v128.store(COUNTS + i, i64x2.splat(0));
  if (src >= srcEnd) return 0;
  const log: u32 = (load<u8>(src) & 15) + 5;
  if (log > maxLog) return 0;
  let bit: usize = 4;
  let remaining: i32 = (1 << log) + 1;
  let threshold: i32 = 1 << log;
  let width: u32 = log + 1;
  let symbol: u32 = 0;
  while (remaining > 1) {
    if (symbol >= symbols || src + (bit >> 3) >= srcEnd) return 0;
    const word: u32 = load<u32>(src + (bit >> 3)) >> (<u32>bit & 7);
    const max = 2 * threshold - 1 - remaining;
    let count: i32 = word & (threshold - 1);
    if (count < max) bit += width - 1;
    else {
      count = word & (2 * threshold - 1);
      if (count >= threshold) count -= max;
      bit += width;
    }
    count--;
    remaining -= count < 0 ? 1 : count;
    store<i16>(COUNTS + (symbol << 1), <i16>count);
    symbol++;
    if (count == 0) {
      let zeros: u32;
      do {
        if (src + (bit >> 3) >= srcEnd) return 0;
        zeros = (load<u32>(src + (bit >> 3)) >> (<u32>bit & 7)) & 3;
        bit += 2;
        symbol += zeros;
        if (symbol > symbols) return 0;
      } while (zeros == 3);
    }
    while (remaining < threshold) {
      width--;
      threshold >>= 1;
    }
  }
  if (remaining != 1) return 0;
  readLog = log;
  src += (bit + 7) >> 3;
  return src <= srcEnd ? src : 0;
}

/**
 * Builds an FSE table (4.1.1) from `counts`. An entry has 16 bytes:
 *
 *   0 u32 value, to which the extra bits are added     8 u16 address of the first entry of the next state
 *   4 u32 mask of the extra bits                      10 u16 mask of the bits that choose among these, times 16
 *                                                     12 u8 how many: to rotate; u8 extra bits; u8 both; u8 0
 *
 * Fields are taken from the top of 64 bits by rotating them to the bottom, which is fewer steps than two shifts each.
 */
function fill(table: usize, log: u32, counts: usize, symbols: u32, codes: usize): void {
  const size: u32 = 1 << log;
  const mask = size - 1;
  let high = mask;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    let count: i32 = load<i16>(counts + (symbol << 1));
    if (count < 0) {
      store<u8>(SPREAD + high--, <u8>symbol);
      count = 1;
    }
    store<u16>(NEXT + (symbol << 1), <u16>count);
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let position: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const count: i32 = load<i16>(counts + (symbol << 1));
    for (let i = 0; i < count; i++) {
      store<u8>(SPREAD + position, <u8>symbol);
      do position = (position + step) & mask;
      while (position > high);
    }
  }
  const end = table + (size << 4);
  const first = <u32>table - (size << 4);
  let spread = SPREAD;
  for (let at = table; at < end; at += 16) {
    const symbol: u32 = load<u8>(spread++);
    const next: u32 = load<u16>(NEXT + (symbol << 1));
    store<u16>(NEXT + (symbol << 1), <u16>(next + 1));
    const bits = log - highBit(next);
    const code = codes + (symbol << 4);
    store<u64>(at, load<u64>(code));
    const state = (first + (next << (bits + 4))) | (((<u32>1 << bits) - 1) << 20);
    store<u64>(at, load<u64>(code, 8) + (<u64>state | (<u64>(bits * 0x10001) << 32)), 8);
  }
}

/** Entries of all codes as they are without a state; `shift` more bits to rotate after their extra bits. */
function fillCodes(codes: usize, symbols: u32, bases: usize, extras: usize, shift: u32): void {
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const extra: u32 = load<u8>(extras + symbol);
    const at = codes + (symbol << 4);
    store<u32>(at, load<u32>(bases + (symbol << 2)));
    store<u32>(at, (<u32>1 << extra) - 1, 4);
    store<u32>(at, 0, 8);
    store<u32>(at, shift | (extra << 8) | (extra << 16), 12);
  }
}

function fillDefaults(): void {
  fillCodes(LL_CODES, 36, LL_BASE, LL_BITS, 4);
  fillCodes(ML_CODES, 53, ML_BASE, ML_BITS, 0);
  fillCodes(OF_CODES, 32, OF_BASE, OF_BITS, 0);
  fill(LL_DEFAULT, 6, LL_COUNTS, 36, LL_CODES);
  fill(ML_DEFAULT, 6, ML_COUNTS, 53, ML_CODES);
  fill(OF_DEFAULT, 5, OF_COUNTS, 29, OF_CODES);
  defaultsReady = true;
}

/** Reads weights of literals compressed with FSE (4.2.1.2). Returns how many, or 0 for damage. */
function readWeights(src: usize, srcEnd: usize): u32 {
  src = readCounts(src, srcEnd, 6, 13);
  if (src == 0 || src >= srcEnd) return 0;
  // The symbol itself is wanted, and an offset's code is how many extra bits it has.
  fill(WEIGHT_FSE, readLog, COUNTS, 13, OF_CODES);
  const last: u32 = load<u8>(srcEnd - 1);
  if (last == 0) return 0;
  let left: i32 = (<i32>(srcEnd - src) << 3) - <i32>(8 - highBit(last));
  let state1: u32 = <u32>WEIGHT_FSE + (bitsAt(src, left, readLog) << 4);
  left -= readLog;
  let state2: u32 = <u32>WEIGHT_FSE + (bitsAt(src, left, readLog) << 4);
  left -= readLog;
  if (left < 0) return 0;
  let count: u32 = 0;
  while (count < 254) {
    store<u8>(WEIGHTS + count++, load<u8>(state1, 13));
    const bits: u32 = load<u8>(state1, 12);
    const next: u32 = <u32>load<u16>(state1, 8) + (bitsAt(src, left, bits) << 4);
    left -= bits;
    if (left < 0) {
      store<u8>(WEIGHTS + count++, load<u8>(state2, 13));
      return count;
    }
    state1 = state2;
    state2 = next;
  }
  return 0;
}

/** The `count` bits (at most 9) below bit `left` of the stream at `src`; what lies below the stream does not matter. */
// @ts-ignore: decorator
@inline
function bitsAt(src: usize, left: i32, count: u32): u32 {
  const from = left - <i32>count;
  return (load<u32>(src + <usize>(from >> 3)) >> (from & 7)) & ((1 << count) - 1);
}

/** Reads a Huffman tree (4.2.1) and builds `HUFFMAN`. Returns the address behind it, 0 for damage, 1 for a tree too deep. */
function readTree(src: usize, srcEnd: usize): usize {
  if (src >= srcEnd) return 0;
  const head: u32 = load<u8>(src++);
  let count: u32;
  if (head >= 128) {
    count = head - 127;
    const end = src + ((count + 1) >> 1);
    if (end > srcEnd) return 0;
    for (let i: u32 = 0; i < count; i += 2) {
      const pair: u32 = load<u8>(src++);
      store<u8>(WEIGHTS + i, <u8>(pair >> 4));
      store<u8>(WEIGHTS + i, <u8>(pair & 15), 1);
    }
  } else {
    if (head > <u32>(srcEnd - src)) return 0;
    count = readWeights(src, src + head);
    if (count == 0) return 0;
    src += head;
  }
  for (let i: usize = 0; i < 64; i += 16) v128.store(RANKS + i, i64x2.splat(0));
  let sum: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const weight: u32 = load<u8>(WEIGHTS + i);
    if (weight > 12) return 0;
    sum += (1 << weight) >> 1;
    const rank = RANKS + (weight << 2);
    store<u32>(rank, load<u32>(rank) + 1);
  }
  if (sum == 0) return 0;
  const log = highBit(sum) + 1;
  if (log > 12) return 0;
  const rest: u32 = (1 << log) - sum;
  if ((rest & (rest - 1)) != 0) return 0;
  const lastWeight = highBit(rest) + 1;
  store<u8>(WEIGHTS + count++, <u8>lastWeight);
  const lastRank = RANKS + (lastWeight << 2);
  store<u32>(lastRank, load<u32>(lastRank) + 1);
  const deepest = load<u32>(RANKS, 4);
  if (deepest < 2 || (deepest & 1) != 0) return 0;
  if (log > 11) return 1;
  // Ranks become where the codes of a weight start in the table of 2048.
  let start: u32 = 0;
  const scale = 11 - log;
  for (let weight: u32 = 1; weight <= log; weight++) {
    const rank = RANKS + (weight << 2);
    const codes = load<u32>(rank);
    store<u32>(rank, start);
    start += codes << (weight - 1 + scale);
  }
  for (let i: u32 = 0; i < count; i++) {
    const weight: u32 = load<u8>(WEIGHTS + i);
    if (weight == 0) continue;
    const rank = RANKS + (weight << 2);
    const from = load<u32>(rank);
    const length: u32 = 1 << (weight - 1 + scale);
    store<u32>(rank, from + length);
    const entry = (log + 1 - weight) | (i << 8);
    const at = HUFFMAN + (from << 1);
    if (length == 1) store<u16>(at, <u16>entry);
    else if (length == 2) store<u32>(at, entry * 0x10001);
    else if (length == 4) store<u64>(at, <u64>entry * 0x0001000100010001);
    else {
      const eight = i16x8.splat(<i16>entry);
      for (let k: u32 = 0; k < length; k += 8) v128.store(at + (k << 1), eight);
    }
  }
  hufReady = true;
  return src;
}

// A reader of literals is `bits`, 64 bits of the stream with the next one on top and 1 as a mark at the bottom of what was
// loaded (so trailing zeros count what was used), and `at`, where they were loaded.

// @ts-ignore: decorator
@inline
function open(srcEnd: usize): u64 {
  return (load<u64>(srcEnd - 8) | 1) << <u64>(8 - highBit(load<u8>(srcEnd - 1)));
}

// @ts-ignore: decorator
@inline
function reload(at: usize, used: u64): u64 {
  return (load<u64>(at) | 1) << (used & 7);
}

/** Decodes the next literal to `dst + index`. Returns its bits, of which a shift takes the lowest six: how many to drop. */
// @ts-ignore: decorator
@inline
function take(bits: u64, dst: usize, index: usize): u64 {
  const entry: u32 = load<u16>(<usize>(bits >> 53) << 1, HUFFMAN);
  store<u8>(dst + index, <u8>(entry >> 8));
  return entry;
}

/** Decodes the last literals of a stream one by one. False if the stream is not used up exactly with them. */
function finish(bits: u64, at: usize, start: usize, dst: usize, dstEnd: usize): bool {
  while (dst < dstEnd) {
    bits <<= take(bits, dst++, 0);
    const used = ctz<u64>(bits);
    at -= <usize>(used >> 3);
    bits = reload(at, used);
  }
  return (<i32>(at - start) << 3) + 64 == <i32>ctz<u64>(bits);
}

/** Four streams of literals, symbol by symbol, five of each per load of 64 bits. */
function decodeFour(
  dst: usize,
  size: usize,
  segment: usize,
  s1: usize,
  s2: usize,
  s3: usize,
  s4: usize,
  srcEnd: usize,
): bool {
  let a1 = s2 - 8, a2 = s3 - 8, a3 = s4 - 8, a4 = srcEnd - 8;
  let b1 = open(s2), b2 = open(s3), b3 = open(s4), b4 = open(srcEnd);
  const last = size - 3 * segment;
  const end = dst + size;
  let d1 = dst, d2 = dst + segment, d3 = d2 + segment, d4 = d3 + segment;
  const stop = dst + last;
  while (d1 + 5 <= stop) {
    b1 <<= take(b1, d1, 0);
    b2 <<= take(b2, d2, 0);
    b3 <<= take(b3, d3, 0);
    b4 <<= take(b4, d4, 0);
    b1 <<= take(b1, d1, 1);
    b2 <<= take(b2, d2, 1);
    b3 <<= take(b3, d3, 1);
    b4 <<= take(b4, d4, 1);
    b1 <<= take(b1, d1, 2);
    b2 <<= take(b2, d2, 2);
    b3 <<= take(b3, d3, 2);
    b4 <<= take(b4, d4, 2);
    b1 <<= take(b1, d1, 3);
    b2 <<= take(b2, d2, 3);
    b3 <<= take(b3, d3, 3);
    b4 <<= take(b4, d4, 3);
    b1 <<= take(b1, d1, 4);
    b2 <<= take(b2, d2, 4);
    b3 <<= take(b3, d3, 4);
    b4 <<= take(b4, d4, 4);
    let u: u64;
    u = ctz<u64>(b1);
    a1 -= <usize>(u >> 3);
    b1 = reload(a1, u);
    u = ctz<u64>(b2);
    a2 -= <usize>(u >> 3);
    b2 = reload(a2, u);
    u = ctz<u64>(b3);
    a3 -= <usize>(u >> 3);
    b3 = reload(a3, u);
    u = ctz<u64>(b4);
    a4 -= <usize>(u >> 3);
    b4 = reload(a4, u);
    d1 += 5;
    d2 += 5;
    d3 += 5;
    d4 += 5;
  }
  const end1 = dst + segment, end2 = end1 + segment, end3 = end2 + segment;
  return (
    finish(b1, a1, s1, d1, end1) &&
    finish(b2, a2, s2, d2, end2) &&
    finish(b3, a3, s3, d3, end3) &&
    finish(b4, a4, s4, d4, end)
  );
}

/** Reads the literals section (3.1.1.3.1): `litAt` to `litEnd`. Returns the address behind it, or an error as a negative. */
function readLiterals(src: usize, srcEnd: usize): isize {
  if (src >= srcEnd) return BAD_LITERALS;
  const head: u32 = load<u8>(src);
  const kind = head & 3;
  const format = (head >> 2) & 3;
  if (kind < 2) {
    let size: u32;
    if ((format & 1) == 0) {
      size = head >> 3;
      src += 1;
    } else if (format == 1) {
      size = <u32>load<u16>(src) >> 4;
      src += 2;
    } else {
      size = (load<u32>(src) & 0xffffff) >> 4;
      src += 3;
    }
    if (size > maxBlock) return BAD_LITERALS;
    if (kind == 0) {
      if (src > srcEnd || size > <u32>(srcEnd - src)) return BAD_LITERALS;
      litAt = src;
      src += size;
      litEnd = src;
    } else {
      if (src >= srcEnd) return BAD_LITERALS;
      memory.fill(LITERALS, load<u8>(src++), size);
      litAt = LITERALS;
      litEnd = LITERALS + size;
    }
    return src;
  }
  const word = load<u64>(src);
  let size: u32;
  let packed: u32;
  if (format < 2) {
    size = <u32>(word >> 4) & 0x3ff;
    packed = <u32>(word >> 14) & 0x3ff;
    src += 3;
  } else if (format == 2) {
    size = <u32>(word >> 4) & 0x3fff;
    packed = <u32>(word >> 18) & 0x3fff;
    src += 4;
  } else {
    size = <u32>(word >> 4) & 0x3ffff;
    packed = <u32>(word >> 22) & 0x3ffff;
    src += 5;
  }
  if (src > srcEnd || packed > <u32>(srcEnd - src) || size > maxBlock || size == 0) return BAD_LITERALS;
  const end = src + packed;
  if (kind == 2) {
    src = readTree(src, end);
    if (src == 0) return BAD_LITERALS;
    if (src == 1) return UNSUPPORTED;
  } else if (!hufReady) return BAD_LITERALS;
  litAt = LITERALS;
  litEnd = LITERALS + size;
  if (format == 0) {
    if (src >= end || load<u8>(end - 1) == 0) return BAD_LITERALS;
    return finish(open(end), end - 8, src, LITERALS, LITERALS + size) ? <isize>end : BAD_LITERALS;
  }
  if (src + 10 > end) return BAD_LITERALS;
  const s1 = src + 6;
  const s2 = s1 + load<u16>(src);
  const s3 = s2 + load<u16>(src, 2);
  const s4 = s3 + load<u16>(src, 4);
  const segment: u32 = (size + 3) >> 2;
  if (s2 == s1 || s3 == s2 || s4 == s3 || s4 >= end || segment * 3 > size) return BAD_LITERALS;
  if (load<u8>(s2 - 1) == 0 || load<u8>(s3 - 1) == 0 || load<u8>(s4 - 1) == 0 || load<u8>(end - 1) == 0) return BAD_LITERALS;
  const good = decodeFour(LITERALS, size, segment, s1, s2, s3, s4, end);
  return good ? <isize>end : BAD_LITERALS;
}

// Where `readTable` found the table.
let foundTable: usize = 0;
let foundLog: u32 = 0;

/** Prepares one of the three tables of sequences (3.1.1.3.2.1). Returns the address behind its description, or 0 for damage. */
function readTable(
  mode: u32, src: usize, srcEnd: usize, table: usize, maxLog: u32, symbols: u32, codes: usize,
): usize {
  foundTable = table;
  if (mode == 1) {
    if (src >= srcEnd) return 0;
    const symbol: u32 = load<u8>(src++);
    if (symbol >= symbols) return 0;
    const code = codes + (symbol << 4);
    store<u64>(table, load<u64>(code));
    store<u64>(table, load<u64>(code, 8) + table, 8);
    foundLog = 0;
    return src;
  }
  src = readCounts(src, srcEnd, maxLog, symbols);
  if (src != 0) {
    fill(table, readLog, COUNTS, symbols, codes);
    foundLog = readLog;
  }
  return src;
}

// @ts-ignore: decorator
@inline
function top(bits: u64, count: u32): u32 {
  return <u32>((bits >> 1) >> <u64>(63 - count));
}

/** 64 bits of a stream that ends at `end8 + 8`, after `used` bits of its end; at least 57 are of the stream. */
// @ts-ignore: decorator
@inline
function window(end8: usize, used: u32): u64 {
  return load<u64>(end8 - (used >> 3)) << <u64>(used & 7);
}

/** Copies `length` bytes 32 at a time, at least 32: a branch less to mispredict where most are short. */
// @ts-ignore: decorator
@inline
function copy(dst: usize, src: usize, length: u32): void {
  v128.store(dst, v128.load(src));
  v128.store(dst, v128.load(src, 16), 16);
  if (length > 32) {
    const end = dst + length;
    dst += 32;
    src += 32;
    do {
      v128.store(dst, v128.load(src));
      v128.store(dst, v128.load(src, 16), 16);
      dst += 32;
      src += 32;
    } while (dst < end);
  }
}

// States of the three tables between batches: addresses of entries.
let nowL: usize = 0;
let nowO: usize = 0;
let nowM: usize = 0;

/** Decodes one sequence for the states given, whatever its bits. Returns how many these are, without those of states. */
function decodeSequence(seq: usize, end8: usize, used: u32, atL: usize, atO: usize, atM: usize): u32 {
  const ofBits: u32 = load<u8>(atO, 13);
  const mlBits: u32 = load<u8>(atM, 13);
  const llBits: u32 = load<u8>(atL, 13);
  store<u32>(seq, load<u32>(atO) + (<u32>rotl<u64>(window(end8, used), ofBits) & load<u32>(atO, 4)), 8);
  const bits = window(end8, used + ofBits);
  store<u32>(seq, load<u32>(atM) + (<u32>rotl<u64>(bits, mlBits) & load<u32>(atM, 4)), 4);
  store<u32>(seq, load<u32>(atL) + (<u32>rotl<u64>(bits, mlBits + llBits) & load<u32>(atL, 4)));
  return ofBits + mlBits + llBits;
}

/**
 * Decodes sequences up to `seqEnd` and steps the states after each. Returns how many bits are used by then.
 * Exported, though no host calls it, because binaryen would inline it into its only caller: one function per loop lets V8
 * keep the loop in registers, and decoding apart from copying was 10 % faster than both in one loop.
 */
export function decodeBatch(seqEnd: usize, end8: usize, used: u32): u32 {
  let atL = nowL, atO = nowO, atM = nowM;
  for (let seq = SEQUENCES; seq < seqEnd; seq += 12) {
    const total = <u32>load<u8>(atO, 14) + load<u8>(atM, 14) + load<u8>(atL, 14);
    let bits: u64;
    if (total <= 57) {
      bits = rotl<u64>(window(end8, used), <u64>load<u8>(atO, 13));
      store<u32>(seq, load<u32>(atO) + (<u32>bits & load<u32>(atO, 4)), 8);
      bits = rotl<u64>(bits, <u64>load<u8>(atM, 13));
      store<u32>(seq, load<u32>(atM) + (<u32>bits & load<u32>(atM, 4)), 4);
      bits = rotl<u64>(bits, <u64>load<u8>(atL, 13));
      store<u32>(seq, load<u32>(atL) + (<u32>bits & load<u32>(atL, 4)));
    } else bits = window(end8, used + decodeSequence(seq, end8, used, atL, atO, atM));
    used += total;
    // Entries of literal lengths count four bits more, so that each state comes to lie as an offset of entries.
    bits = rotl<u64>(bits, <u64>load<u8>(atL, 12));
    atL = <usize>load<u16>(atL, 8) + (<u32>bits & <u32>load<u16>(atL, 10));
    bits = rotl<u64>(bits, <u64>load<u8>(atM, 12));
    atM = <usize>load<u16>(atM, 8) + (<u32>bits & <u32>load<u16>(atM, 10));
    bits = rotl<u64>(bits, <u64>load<u8>(atO, 12));
    atO = <usize>load<u16>(atO, 8) + (<u32>bits & <u32>load<u16>(atO, 10));
  }
  nowL = atL;
  nowO = atO;
  nowM = atM;
  return used;
}

/** Where `runBatch` stopped in the literals. */
let litNow: usize = 0;

/**
 * Copies the literals and matches of a batch, whose offsets may repeat one of the last three (3.1.1.5). Returns where
 * output ends, or an error as a negative. Exported for the same reason as `decodeBatch`.
 */
export function runBatch(seqEnd: usize, base: usize, lit: usize, dst: usize, dstEnd: usize): isize {
  const litStop = litEnd;
  let r1 = rep1, r2 = rep2, r3 = rep3;
  for (let seq = SEQUENCES; seq < seqEnd; seq += 12) {
    const litLength = load<u32>(seq);
    const matchLength = load<u32>(seq, 4);
    let offset = load<u32>(seq, 8);
    if (offset > 3) {
      offset -= 3;
      r3 = r2;
      r2 = r1;
      r1 = offset;
    } else {
      const which = offset - <u32>(litLength != 0);
      if (which == 0) offset = r1;
      else {
        offset = which == 1 ? r2 : which == 2 ? r3 : r1 - 1;
        if (which != 1) r3 = r2;
        r2 = r1;
        r1 = offset;
      }
    }
    if (litLength > <u32>(litStop - lit)) return BAD_SEQUENCES;
    if (litLength + matchLength > <u32>(dstEnd - dst)) return TOO_LONG;
    copy(dst, lit, litLength);
    lit += litLength;
    dst += litLength;
    // Zero wraps around and is refused as well.
    if (offset - 1 >= <u32>(dst - base)) return BAD_MATCH;
    const from = dst - offset;
    if (offset >= 16) copy(dst, from, matchLength);
    else {
      const pattern = i8x16.swizzle(v128.load(from), v128.load(PATTERNS + (offset << 4)));
      const step = 16 - (16 % offset);
      const end = dst + matchLength;
      for (let to = dst; to < end; to += step) v128.store(to, pattern);
    }
    dst += matchLength;
  }
  litNow = lit;
  rep1 = r1;
  rep2 = r2;
  rep3 = r3;
  return dst;
}

/** Decodes the sequences section and carries it out. Returns where output ends, or an error as a negative. */
function runSequences(src: usize, srcEnd: usize, base: usize, dst: usize, dstEnd: usize): isize {
  let lit = litAt;
  if (src >= srcEnd) return BAD_SEQUENCES;
  let count: u32 = load<u8>(src++);
  if (count >= 128) {
    if (count < 255) {
      count = ((count - 128) << 8) + load<u8>(src);
      src += 1;
    } else {
      count = <u32>load<u16>(src) + 0x7f00;
      src += 2;
    }
  }
  if (count == 0) {
    if (src != srcEnd) return BAD_SEQUENCES;
  } else {
    if (src >= srcEnd) return BAD_SEQUENCES;
    const modes: u32 = load<u8>(src++);
    if ((modes & 3) != 0) return BAD_SEQUENCES;
    let mode = modes >> 6;
    if (mode == 0) {
      llTable = LL_DEFAULT;
      llLog = 6;
    } else if (mode < 3) {
      src = readTable(mode, src, srcEnd, LL, 9, 36, LL_CODES);
      if (src == 0) return BAD_SEQUENCES;
      llTable = foundTable;
      llLog = foundLog;
    }
    mode = (modes >> 4) & 3;
    if (mode == 0) {
      ofTable = OF_DEFAULT;
      ofLog = 5;
    } else if (mode < 3) {
      src = readTable(mode, src, srcEnd, OF, 8, 32, OF_CODES);
      if (src == 0) return BAD_SEQUENCES;
      ofTable = foundTable;
      ofLog = foundLog;
    }
    mode = (modes >> 2) & 3;
    if (mode == 0) {
      mlTable = ML_DEFAULT;
      mlLog = 6;
    } else if (mode < 3) {
      src = readTable(mode, src, srcEnd, ML, 9, 53, ML_CODES);
      if (src == 0) return BAD_SEQUENCES;
      mlTable = foundTable;
      mlLog = foundLog;
    }
    // A table to repeat that never was.
    if (llTable == 0 || ofTable == 0 || mlTable == 0) return BAD_SEQUENCES;
    if (src >= srcEnd || load<u8>(srcEnd - 1) == 0) return BAD_SEQUENCES;
    const end8 = srcEnd - 8;
    const size = <u32>(srcEnd - src) << 3;
    let used: u32 = 8 - highBit(load<u8>(srcEnd - 1));
    let bits = window(end8, used);
    nowL = llTable + (top(bits, llLog) << 4);
    bits <<= <u64>llLog;
    nowO = ofTable + (top(bits, ofLog) << 4);
    bits <<= <u64>ofLog;
    nowM = mlTable + (top(bits, mlLog) << 4);
    used += llLog + ofLog + mlLog;
    do {
      const batch = min<u32>(count, BATCH);
      const seqEnd = SEQUENCES + batch * 12;
      count -= batch;
      if (count != 0) used = decodeBatch(seqEnd, end8, used);
      else {
        // The last sequence is followed by no state.
        used = decodeBatch(seqEnd - 12, end8, used);
        used += decodeSequence(seqEnd - 12, end8, used, nowL, nowO, nowM);
        if (used != size) return BAD_SEQUENCES;
      }
      if (used > size) return BAD_SEQUENCES;
      const done = runBatch(seqEnd, base, lit, dst, dstEnd);
      if (done < 0) return done;
      dst = done;
      lit = litNow;
    } while (count != 0);
  }
  const rest = litEnd - lit;
  if (rest > dstEnd - dst) return TOO_LONG;
  memory.copy(dst, lit, rest);
  return dst + rest;
}

const PRIME1: u64 = 0x9e3779b185ebca87;
const PRIME2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME3: u64 = 0x165667b19e3779f9;
const PRIME4: u64 = 0x85ebca77c2b2ae63;
const PRIME5: u64 = 0x27d4eb2f165667c5;

// @ts-ignore: decorator
@inline
function round(lane: u64, input: u64): u64 {
  return rotl<u64>(lane + input * PRIME2, 31) * PRIME1;
}

// @ts-ignore: decorator
@inline
function merge(hash: u64, lane: u64): u64 {
  return (hash ^ round(0, lane)) * PRIME1 + PRIME4;
}

/** XXH64 with seed 0, after the specification at github.com/Cyan4973/xxHash (doc/xxhash_spec.md). */
function xxh64(p: usize, end: usize): u64 {
  const length = end - p;
  let h: u64;
  if (length >= 32) {
    let a: u64 = PRIME1 + PRIME2;
    let b: u64 = PRIME2;
    let c: u64 = 0;
    let d: u64 = 0 - PRIME1;
    const limit = end - 32;
    do {
      a = round(a, load<u64>(p));
      b = round(b, load<u64>(p, 8));
      c = round(c, load<u64>(p, 16));
      d = round(d, load<u64>(p, 24));
      p += 32;
    } while (p <= limit);
    h = rotl<u64>(a, 1) + rotl<u64>(b, 7) + rotl<u64>(c, 12) + rotl<u64>(d, 18);
    h = merge(merge(merge(merge(h, a), b), c), d);
  } else h = PRIME5;
  h += <u64>length;
  for (; p + 8 <= end; p += 8) h = rotl<u64>(h ^ round(0, load<u64>(p)), 27) * PRIME1 + PRIME4;
  if (p + 4 <= end) {
    h = rotl<u64>(h ^ (<u64>load<u32>(p) * PRIME1), 23) * PRIME2 + PRIME3;
    p += 4;
  }
  for (; p < end; p++) h = rotl<u64>(h ^ (<u64>load<u8>(p) * PRIME5), 11) * PRIME1;
  h = (h ^ (h >> 33)) * PRIME2;
  h = (h ^ (h >> 29)) * PRIME3;
  return h ^ (h >> 32);
}

/**
 * Reads the magic number and the header of a frame (3.1.1.1) or a skippable frame whole (3.1.2).
 * Returns the address behind it, or an error as a negative.
 */
function readHeader(src: usize, srcEnd: usize): isize {
  if (srcEnd - src < 5) return CUT_OFF;
  const magic = load<u32>(src);
  maxBlock = 0;
  if ((magic & 0xfffffff0) == 0x184d2a50) {
    if (srcEnd - src < 8) return CUT_OFF;
    const length = load<u32>(src, 4);
    src += 8;
    if (length > <u32>(srcEnd - src)) return CUT_OFF;
    return src + length;
  }
  if (magic != 0xfd2fb528) return BAD_HEADER;
  const flags: u32 = load<u8>(src, 4);
  src += 5;
  if ((flags & 8) != 0) return UNSUPPORTED;
  hasChecksum = (flags & 4) != 0;
  const single = (flags & 32) != 0;
  maxBlock = MAX_BLOCK;
  if (!single) {
    const descriptor: u32 = load<u8>(src++);
    const log = 10 + (descriptor >> 3);
    if (log < 17) maxBlock = min<u32>(MAX_BLOCK, (1 << log) + ((1 << log) >> 3) * (descriptor & 7));
  }
  const idBytes: u32 = (1 << (flags & 3)) >> 1;
  const idMask: u32 = idBytes == 4 ? -1 : (1 << (idBytes << 3)) - 1;
  // An id of zero is no dictionary, as no id is.
  if ((load<u32>(src) & idMask) != 0) return UNSUPPORTED;
  src += idBytes;
  const sizeFlag = flags >> 6;
  content = UNKNOWN;
  if (sizeFlag == 0) {
    if (single) content = <u64>load<u8>(src++);
  } else if (sizeFlag == 1) {
    content = <u64>load<u16>(src) + 256;
    src += 2;
  } else if (sizeFlag == 2) {
    content = <u64>load<u32>(src);
    src += 4;
  } else {
    content = load<u64>(src);
    src += 8;
  }
  if (src > srcEnd) return CUT_OFF;
  if (single && content < <u64>MAX_BLOCK) maxBlock = max<u32>(1, <u32>content);
  return src;
}

/**
 * The most that the frames of `src` to `srcEnd` can decode to, from the headers of frames and blocks alone, so that nobody
 * makes room for a length which cannot be. Or one of the errors above.
 */
export function limit(src: usize, srcEnd: usize): f64 {
  let sum: f64 = 0;
  while (src < srcEnd) {
    const blocks = readHeader(src, srcEnd);
    if (blocks < 0) return blocks;
    src = blocks;
    if (maxBlock == 0) continue;
    let frame: f64 = 0;
    let head: u32;
    do {
      if (srcEnd - src < 3) return CUT_OFF;
      head = load<u32>(src) & 0xffffff;
      src += 3;
      const kind = (head >> 1) & 3;
      const size = head >> 3;
      if (kind == 3 || size > maxBlock) return BAD_BLOCK;
      const stored: u32 = kind == 1 ? 1 : size;
      if (stored > <u32>(srcEnd - src)) return CUT_OFF;
      src += stored;
      frame += kind == 2 ? maxBlock : size;
    } while ((head & 1) == 0);
    // What the frame claims may be a lie too, unless its blocks can hold it.
    if (content != UNKNOWN) {
      if (frame < <f64>content) return WRONG_LENGTH;
      frame = <f64>content;
    }
    if (hasChecksum) {
      if (srcEnd - src < 4) return CUT_OFF;
      src += 4;
    }
    sum += frame;
  }
  return sum;
}

/**
 * Decodes the frames of `src` (at least `inputAt()`) to `srcEnd` into `to` to `toEnd`, behind the input.
 * Returns the bytes written, or one of the errors above.
 */
export function decode(src: usize, srcEnd: usize, to: usize, toEnd: usize): i32 {
  if (!defaultsReady) fillDefaults();
  let dst = to;
  while (src < srcEnd) {
    const blocks = readHeader(src, srcEnd);
    if (blocks < 0) return <i32>blocks;
    src = blocks;
    if (maxBlock == 0) continue;
    if (content != UNKNOWN && content > <u64>(toEnd - dst)) return TOO_LONG;
    hufReady = false;
    llTable = 0;
    ofTable = 0;
    mlTable = 0;
    rep1 = 1;
    rep2 = 4;
    rep3 = 8;
    const base = dst;
    let head: u32;
    do {
      if (srcEnd - src < 3) return CUT_OFF;
      head = load<u32>(src) & 0xffffff;
      src += 3;
      const kind = (head >> 1) & 3;
      const size = head >> 3;
      if (kind == 3 || size > maxBlock) return BAD_BLOCK;
      const blockEnd = src + (kind == 1 ? 1 : size);
      if (blockEnd > srcEnd) return CUT_OFF;
      if (kind == 2) {
        const sequences = readLiterals(src, blockEnd);
        if (sequences < 0) return <i32>sequences;
        const end = runSequences(sequences, blockEnd, base, dst, min(toEnd, dst + maxBlock));
        if (end < 0) return <i32>end;
        dst = end;
      } else {
        if (size > <u32>(toEnd - dst)) return TOO_LONG;
        if (kind == 0) memory.copy(dst, src, size);
        else memory.fill(dst, load<u8>(src), size);
        dst += size;
      }
      src = blockEnd;
    } while ((head & 1) == 0);
    if (content != UNKNOWN && content != <u64>(dst - base)) return WRONG_LENGTH;
    if (hasChecksum) {
      if (srcEnd - src < 4) return CUT_OFF;
      if (load<u32>(src) != <u32>xxh64(base, dst)) return BAD_CHECKSUM;
      src += 4;
    }
  }
  return <i32>(dst - to);
}
