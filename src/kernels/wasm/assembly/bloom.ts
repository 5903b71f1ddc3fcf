/**
 * The commit of a few rows to the filters of `bloom.ts`, in the memory the filters lie in. That file says what a filter is;
 * this one does the same with 128-bit vectors, bit by bit.
 *
 * Staged rows lie band-major as they came, (low, high) pairs; `line` of each, an address, stands in a second table.
 */

let keys: usize = 0;
let lines: usize = 0;
let bands: u32 = 0;
let rows: u32 = 0;
/** What `stage` read last: unless it goes somewhere the reads are optimised away. */
let touched: u32 = 0;

/** Multiplied by 2^(27 - 5 i), bits 5 i to 5 i + 4 of a word come to stand at the top. */
const LOW_0: v128 = i32x4(1 << 27, 1 << 22, 1 << 17, 1 << 12);
const LOW_1_SECOND: v128 = i32x4(1 << 7, 1 << 2, 1 << 27, 1 << 22);
const SECOND_THIRD: v128 = i32x4(1 << 17, 1 << 12, 1 << 7, 1 << 27);
const THIRD: v128 = i32x4(1 << 22, 1 << 17, 1 << 12, 1 << 7);
const BYTE_STARTS: v128 = i8x16(0, 8, 16, 24, 0, 8, 16, 24, 0, 8, 16, 24, 0, 8, 16, 24);
const BIT_OF_BYTE: v128 = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);

/**
 * `1 << n` in each lane, n the top five bits of `values * powers`. There is no shift by a count for each lane; each byte
 * looks up n less its first bit instead, and what is below 0 or above 7 finds zero.
 */
// @ts-ignore: decorator
@inline
function bitsOf(values: v128, powers: v128): v128 {
  const counts = i32x4.shr_u(i32x4.mul(values, powers), 27);
  const everywhere = i8x16.shuffle(counts, counts, 0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12);
  return i8x16.swizzle(BIT_OF_BYTE, i8x16.sub(everywhere, BYTE_STARTS));
}

// @ts-ignore: decorator
@inline
function mixSecond(low: u32, high: u32): u32 {
  const product: u32 = (low ^ high) * 0x85ebca6b;
  return product ^ (product >> 15);
}

// @ts-ignore: decorator
@inline
function mixThird(second: u32): u32 {
  const product: u32 = second * 0xc2b2ae35;
  return product ^ (product >> 14);
}

// @ts-ignore: decorator
@inline
function hasAll(line: usize, offset: usize, bits: v128): bool {
  return !v128.any_true(v128.andnot(bits, v128.load(line + offset)));
}

// @ts-ignore: decorator
@inline
function setAll(line: usize, offset: usize, bits: v128): void {
  v128.store(line + offset, v128.or(v128.load(line + offset), bits));
}

/**
 * Up to so many lines a band, the product of a key's half with them is exact in a double, so integers give the same line.
 * Converting to a double and back took a tenth of a commit: the fewer instructions, the more loads are under way at once.
 */
const EXACT_LINES: u32 = 1 << 21;

/** Takes the pairs of `rowCount` rows at `keysAt`; reads one word of each line, so that all are fetched together. */
export function stage(
  keysAt: usize,
  linesAt: usize,
  bandCount: u32,
  rowCount: u32,
  linesPerBand: u32,
  scale: f64,
): void {
  keys = keysAt;
  lines = linesAt;
  bands = bandCount;
  rows = rowCount;
  const isExact = linesPerBand <= EXACT_LINES;
  let sum: u32 = 0;
  let pair = keysAt;
  let entry = linesAt;
  let band: usize = 0;
  for (let left = bandCount; left !== 0; left--, band += (<usize>linesPerBand) << 6) {
    for (const end = pair + ((<usize>rowCount) << 3); pair !== end; pair += 8, entry += 4) {
      const high = load<u32>(pair, 4);
      let line: u32;
      if (isExact) line = <u32>((<u64>high * <u64>linesPerBand) >> 32);
      else line = <u32>(<f64>high * scale);
      const address = band + ((<usize>line) << 6);
      store<u32>(entry, <u32>address);
      sum |= load<u32>(address);
    }
  }
  touched |= sum;
}

/** Whether the filter of any band holds the key of a staged row. */
export function has(row: u32): bool {
  let pair = keys + ((<usize>row) << 3);
  let entry = lines + ((<usize>row) << 2);
  const nextPair = (<usize>rows) << 3;
  const nextEntry = (<usize>rows) << 2;
  for (let left = bands; left !== 0; left--, pair += nextPair, entry += nextEntry) {
    const line = <usize>load<u32>(entry);
    const low = load<u32>(pair);
    const lows = i32x4.splat(low);
    // Most new keys end here.
    if (!hasAll(line, 0, bitsOf(lows, LOW_0))) continue;
    const second = mixSecond(low, load<u32>(pair, 4));
    const seconds = i32x4.splat(second);
    if (!hasAll(line, 16, bitsOf(v128.shuffle<u64>(lows, seconds, 0, 2), LOW_1_SECOND))) continue;
    const third = mixThird(second);
    if (!hasAll(line, 32, bitsOf(i32x4.replace_lane(seconds, 3, third), SECOND_THIRD))) continue;
    if (hasAll(line, 48, bitsOf(i32x4.splat(third), THIRD))) return true;
  }
  return false;
}

/** Inserts the keys of a staged row, each into the filter of its band. */
export function insert(row: u32): void {
  let pair = keys + ((<usize>row) << 3);
  let entry = lines + ((<usize>row) << 2);
  const nextPair = (<usize>rows) << 3;
  const nextEntry = (<usize>rows) << 2;
  for (let left = bands; left !== 0; left--, pair += nextPair, entry += nextEntry) {
    const line = <usize>load<u32>(entry);
    const low = load<u32>(pair);
    const second = mixSecond(low, load<u32>(pair, 4));
    const third = mixThird(second);
    const lows = i32x4.splat(low);
    const seconds = i32x4.splat(second);
    setAll(line, 0, bitsOf(lows, LOW_0));
    setAll(line, 16, bitsOf(v128.shuffle<u64>(lows, seconds, 0, 2), LOW_1_SECOND));
    setAll(line, 32, bitsOf(i32x4.replace_lane(seconds, 3, third), SECOND_THIRD));
    setAll(line, 48, bitsOf(i32x4.splat(third), THIRD));
  }
}
