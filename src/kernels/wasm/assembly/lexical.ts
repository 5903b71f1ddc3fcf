/**
 * The words of documents as counted buckets, and their directions: `src/kernels/lexical/scalar.ts` is the plain twin and says what is computed.
 */
import { P1, P2, finish } from './layout';
import { hashWords } from './words';

/** Entries after which the sums of 32 bits are carried to those of 64: 512 * 32767 * 127 < 2^31. */
const CARRY: u32 = 512;

let hashes: usize = 0;
let hashLimit: usize = 0;
/** How far the high bits of a hash are shifted to be a bucket. */
let shift: u64 = 0;
/** Counts of the words of this document, a byte for each bucket, all zero between documents. */
let counts: usize = 0;
/** Buckets of this document, four bytes each, in order of first appearance; room for one that is written but not kept. */
let list: usize = 0;
let listEnd: usize = 0;
/** Weight of each bucket, u16. */
let weights: usize = 0;
/** What a count is worth, u32 for each count of a byte. */
let logs: usize = 0;
/** Row of each bucket, `dimensions` bytes; 0: hashed signs. */
let map: usize = 0;
let dimensions: u32 = 0;
/** Buckets that tell something: (bucket, weight) pairs of four bytes each, and room for three more. */
let entries: usize = 0;
/** Sums of 32 bits, then of 64 (f64), one for each component. */
let sums: usize = 0;
let wide: usize = 0;
/** For each of 16 sets of four signs, four lanes of 0 or -1. */
let signs: usize = 0;
let touched: u64 = 0;

export function configure(
  hashes_: usize,
  hashLimit_: usize,
  bucketBits: u32,
  counts_: usize,
  list_: usize,
  weights_: usize,
  logs_: usize,
  map_: usize,
  dimensions_: u32,
  entries_: usize,
  sums_: usize,
  wide_: usize,
  signs_: usize,
): void {
  hashes = hashes_;
  hashLimit = hashLimit_;
  shift = 64 - <u64>bucketBits;
  counts = counts_;
  list = list_;
  listEnd = list_;
  weights = weights_;
  logs = logs_;
  map = map_;
  dimensions = dimensions_;
  entries = entries_;
  sums = sums_;
  wide = wide_;
  signs = signs_;
}

/** See `hashWords`. */
@final
class Words {
  @inline
  hashes(): usize {
    return hashes;
  }
  @inline
  limit(): usize {
    return hashLimit;
  }
  /** Counts the buckets of the words up to `end`, up to 255. */
  @inline
  drain(end: usize): usize {
    let last = listEnd;
    for (let p = hashes; p < end; p += 8) {
      const bucket = <u32>((load<u64>(p) * P2) >> shift);
      const at = counts + <usize>bucket;
      const count = <u32>load<u8>(at);
      // Written always and kept if new: no branch to mispredict.
      store<u32>(last, bucket);
      last += select<usize>(4, 0, count == 0);
      store<u8>(at, count + <u32>(count != 255));
    }
    listEnd = last;
    return hashes;
  }
}

/**
 * Counts the words of `count` windows, records of (start, end, whether the document ends with it), four bytes each.
 * Writes (bucket << 8 | count), unsorted, to `keys` and how many there are of each document to `sizes`.
 */
export function countWords(windows: usize, count: u32, keys: usize, sizes: usize): void {
  for (let i: u32 = 0; i < count; i++, windows += 12) {
    hashWords<Words>(<usize>load<u32>(windows), <usize>load<u32>(windows, 4));
    if (load<u32>(windows, 8) == 0) continue;
    for (let p = list; p < listEnd; p += 4, keys += 4) {
      const bucket = load<u32>(p);
      const at = counts + <usize>bucket;
      store<u32>(keys, (bucket << 8) | <u32>load<u8>(at));
      store<u8>(at, 0);
    }
    store<u32>(sizes, <u32>((listEnd - list) >> 2));
    sizes += 4;
    listEnd = list;
  }
}

/** Directions of the documents of the same windows: `dimensions` bytes each to `values`, the sum of their squares to `squares`. */
export function embed(windows: usize, count: u32, values: usize, squares: usize): void {
  for (let i: u32 = 0; i < count; i++, windows += 12) {
    hashWords<Words>(<usize>load<u32>(windows), <usize>load<u32>(windows, 4));
    if (load<u32>(windows, 8) == 0) continue;
    const end = weigh();
    memory.fill(sums, 0, <usize>dimensions << 2);
    memory.fill(wide, 0, <usize>dimensions << 3);
    if (map != 0) addRows(end);
    else addSigns(end);
    store<u32>(squares, quantise(values));
    squares += 4;
    values += <usize>dimensions;
  }
}

/** Makes entries of the buckets that tell something and clears what was counted; returns the end of the entries. */
function weigh(): usize {
  let out = entries;
  let seen: u64 = 0;
  for (let p = list; p < listEnd; p += 4) {
    const bucket = <usize>load<u32>(p);
    const weight = (load<u32>(logs + (<usize>load<u8>(counts + bucket) << 2)) * <u32>load<u16>(weights + (bucket << 1))) >> 14;
    store<u8>(counts + bucket, 0);
    store<u32>(out, <u32>bucket);
    store<u32>(out, weight, 4);
    out += select<usize>(8, 0, weight != 0);
    // Asks for the row now, so that many rows are on their way at once.
    if (map != 0) seen += load<u64>(map + bucket * <usize>dimensions) + load<u64>(map + bucket * <usize>dimensions + 64);
  }
  touched = seen;
  listEnd = list;
  return out;
}

/** Adds the rows of the entries, each as often as it weighs. Four rows at a time, as two pairs: `dot` adds the products of neighbours. */
function addRows(end: usize): void {
  // Entries of no weight behind the last, up to a multiple of four.
  for (let pad: usize = 0; pad < 24; pad += 8) store<u64>(end + pad, 0);
  let left = CARRY;
  for (let p = entries; p < end; p += 32) {
    let a = map + <usize>load<u32>(p) * <usize>dimensions;
    let b = map + <usize>load<u32>(p, 8) * <usize>dimensions;
    let c = map + <usize>load<u32>(p, 16) * <usize>dimensions;
    let d = map + <usize>load<u32>(p, 24) * <usize>dimensions;
    const first = i32x4.splat(load<u32>(p, 4) | (load<u32>(p, 12) << 16));
    const second = i32x4.splat(load<u32>(p, 20) | (load<u32>(p, 28) << 16));
    const last = sums + (<usize>dimensions << 2);
    for (let sum = sums; sum < last; sum += 64) {
      const ra = v128.load(a);
      const rb = v128.load(b);
      const rc = v128.load(c);
      const rd = v128.load(d);
      const low1 = v128.shuffle<i8>(ra, rb, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      const high1 = v128.shuffle<i8>(ra, rb, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      const low2 = v128.shuffle<i8>(rc, rd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      const high2 = v128.shuffle<i8>(rc, rd, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      addDots(sum, i16x8.extend_low_i8x16_s(low1), first, i16x8.extend_low_i8x16_s(low2), second);
      addDots(sum + 16, i16x8.extend_high_i8x16_s(low1), first, i16x8.extend_high_i8x16_s(low2), second);
      addDots(sum + 32, i16x8.extend_low_i8x16_s(high1), first, i16x8.extend_low_i8x16_s(high2), second);
      addDots(sum + 48, i16x8.extend_high_i8x16_s(high1), first, i16x8.extend_high_i8x16_s(high2), second);
      a += 16;
      b += 16;
      c += 16;
      d += 16;
    }
    left -= 4;
    if (left == 0) {
      carry();
      left = CARRY;
    }
  }
  carry();
}

// @ts-ignore: decorator
@inline
function addDots(sum: usize, a: v128, first: v128, b: v128, second: v128): void {
  v128.store(sum, i32x4.add(v128.load(sum), i32x4.add(i32x4.dot_i16x8_s(a, first), i32x4.dot_i16x8_s(b, second))));
}

/** Each entry adds or takes away its weight in four groups of four components, one in each quarter of them. */
function addSigns(end: usize): void {
  const groups = <u64>(dimensions >> 4);
  const quarter = <usize>dimensions;
  // A component gets at most one weight of each entry, so there is room for far more.
  let left: u32 = 16 * CARRY;
  for (let p = entries; p < end; p += 8) {
    const hash = finish(finish((<u64>load<u32>(p) + 1) * P1));
    const weight = i32x4.splat(load<u32>(p, 4));
    addGroup(sums + (<usize>((((hash >> 16) & 4095) * groups) >> 12) << 4), <usize>(hash & 15), weight);
    addGroup(sums + quarter + (<usize>((((hash >> 28) & 4095) * groups) >> 12) << 4), <usize>((hash >> 4) & 15), weight);
    addGroup(sums + 2 * quarter + (<usize>((((hash >> 40) & 4095) * groups) >> 12) << 4), <usize>((hash >> 8) & 15), weight);
    addGroup(sums + 3 * quarter + (<usize>(((hash >> 52) * groups) >> 12) << 4), <usize>((hash >> 12) & 15), weight);
    if (--left == 0) {
      carry();
      left = 16 * CARRY;
    }
  }
  carry();
}

// @ts-ignore: decorator
@inline
function addGroup(sum: usize, which: usize, weight: v128): void {
  const sign = v128.load(signs + (which << 4));
  v128.store(sum, i32x4.add(v128.load(sum), i32x4.sub(v128.xor(weight, sign), sign)));
}

/** Adds the sums of 32 bits to those of 64, exactly, and clears them. */
function carry(): void {
  let to = wide;
  const last = sums + (<usize>dimensions << 2);
  for (let sum = sums; sum < last; sum += 16, to += 32) {
    const four = v128.load(sum);
    v128.store(sum, i64x2.splat(0));
    v128.store(to, f64x2.add(v128.load(to), f64x2.convert_low_i32x4_s(four)));
    const high = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(four, four, 2, 3, 2, 3));
    v128.store(to, f64x2.add(v128.load(to, 16), high), 16);
  }
}

/** See `quantise` in src/kernels/vectors/vectors.ts. */
function quantise(values: usize): u32 {
  const last = wide + (<usize>dimensions << 3);
  let most = f64x2.splat(0);
  for (let p = wide; p < last; p += 16) most = f64x2.max(most, f64x2.abs(v128.load(p)));
  const largest = max<f64>(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1));
  const scale = f64x2.splat(largest == 0 ? 0 : 127 / largest);
  const half = f64x2.splat(0.5);
  let squares = i32x4.splat(0);
  for (let p = wide; p < last; p += 128, values += 16) {
    const a = four(p, scale, half);
    const b = four(p + 32, scale, half);
    const c = four(p + 64, scale, half);
    const d = four(p + 96, scale, half);
    const low = i16x8.narrow_i32x4_s(a, b);
    const high = i16x8.narrow_i32x4_s(c, d);
    squares = i32x4.add(squares, i32x4.add(i32x4.dot_i16x8_s(low, low), i32x4.dot_i16x8_s(high, high)));
    v128.store(values, i8x16.narrow_i16x8_s(low, high));
  }
  return (
    i32x4.extract_lane(squares, 0) +
    i32x4.extract_lane(squares, 1) +
    i32x4.extract_lane(squares, 2) +
    i32x4.extract_lane(squares, 3)
  );
}

/** Four components from `p` on, scaled and rounded. */
// @ts-ignore: decorator
@inline
function four(p: usize, scale: v128, half: v128): v128 {
  const low = f64x2.floor(f64x2.add(f64x2.mul(v128.load(p), scale), half));
  const high = f64x2.floor(f64x2.add(f64x2.mul(v128.load(p, 16), scale), half));
  return v128.shuffle<i32>(i32x4.trunc_sat_f64x2_s_zero(low), i32x4.trunc_sat_f64x2_s_zero(high), 0, 1, 4, 5);
}
