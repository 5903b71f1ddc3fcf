/**
 * Exact dot products of int8 vectors with int16 centres; `src/kernels/vectors/scalar.ts` is its plain twin, and `centers.ts` shows why nothing
 * overflows.
 *
 * Centres lie four by four, 8 components of each after the other, so that one address reads them all; what is missing to four is 0:
 *
 *   | a0..7 | b0..7 | c0..7 | d0..7 | a8..15 | b8..15 | ...        16 bytes each
 *
 * Two vectors meet four centres at a time: eight sums in registers, six loads for eight multiplications.
 */

/** Below every dot product. */
const NONE: i32 = i32.MIN_VALUE;
/** Above every number of a centre. */
const LAST: i32 = i32.MAX_VALUE;
/** Where `greatestTwo` lays its lanes down: 64 bytes. */
const LANES: usize = 64;

/** The sums of four vectors of sums. */
// @ts-ignore: decorator
@inline
function sums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
  return i32x4.add(v128.shuffle<i32>(ab, cd, 0, 1, 4, 5), v128.shuffle<i32>(ab, cd, 2, 3, 6, 7));
}

/** Dot products of the vectors at `x` and `y` with all centres from `block` to `end`: i32 from `ofX` and `ofY`. */
// @ts-ignore: decorator
@inline
function dotsOfTwo(
  x: usize,
  y: usize,
  block: usize,
  end: usize,
  dimensions: usize,
  ofX: usize,
  ofY: usize,
): void {
  const last = x + dimensions;
  for (let at = block; at < end; ) {
    let xa = i32x4.splat(0);
    let xb = i32x4.splat(0);
    let xc = i32x4.splat(0);
    let xd = i32x4.splat(0);
    let ya = i32x4.splat(0);
    let yb = i32x4.splat(0);
    let yc = i32x4.splat(0);
    let yd = i32x4.splat(0);
    let q = y;
    for (let p = x; p < last; p += 16, q += 16, at += 128) {
      let u = v128.load_ext<i8>(p);
      let v = v128.load_ext<i8>(q);
      let center = v128.load(at);
      xa = i32x4.add(xa, i32x4.dot_i16x8_s(u, center));
      ya = i32x4.add(ya, i32x4.dot_i16x8_s(v, center));
      center = v128.load(at, 16);
      xb = i32x4.add(xb, i32x4.dot_i16x8_s(u, center));
      yb = i32x4.add(yb, i32x4.dot_i16x8_s(v, center));
      center = v128.load(at, 32);
      xc = i32x4.add(xc, i32x4.dot_i16x8_s(u, center));
      yc = i32x4.add(yc, i32x4.dot_i16x8_s(v, center));
      center = v128.load(at, 48);
      xd = i32x4.add(xd, i32x4.dot_i16x8_s(u, center));
      yd = i32x4.add(yd, i32x4.dot_i16x8_s(v, center));
      u = v128.load_ext<i8>(p, 8);
      v = v128.load_ext<i8>(q, 8);
      center = v128.load(at, 64);
      xa = i32x4.add(xa, i32x4.dot_i16x8_s(u, center));
      ya = i32x4.add(ya, i32x4.dot_i16x8_s(v, center));
      center = v128.load(at, 80);
      xb = i32x4.add(xb, i32x4.dot_i16x8_s(u, center));
      yb = i32x4.add(yb, i32x4.dot_i16x8_s(v, center));
      center = v128.load(at, 96);
      xc = i32x4.add(xc, i32x4.dot_i16x8_s(u, center));
      yc = i32x4.add(yc, i32x4.dot_i16x8_s(v, center));
      center = v128.load(at, 112);
      xd = i32x4.add(xd, i32x4.dot_i16x8_s(u, center));
      yd = i32x4.add(yd, i32x4.dot_i16x8_s(v, center));
    }
    v128.store(ofX, sums(xa, xb, xc, xd));
    v128.store(ofY, sums(ya, yb, yc, yd));
    ofX += 16;
    ofY += 16;
  }
}

/**
 * Dot products of `count` vectors with `blocks` times four centres, one vector's after the other's.
 * Reads no vector but those; the last of an odd number is its own neighbour.
 */
export function dots(vectors: usize, count: u32, centers: usize, blocks: u32, dimensions: usize, into: usize): void {
  const end = centers + ((<usize>blocks * dimensions) << 3);
  const row = <usize>blocks << 4;
  for (let i: u32 = 0; i < count; i += 2) {
    const x = vectors + <usize>i * dimensions;
    const other: usize = i + 1 < count ? 1 : 0;
    const ofX = into + <usize>i * row;
    dotsOfTwo(x, x + other * dimensions, centers, end, dimensions, ofX, ofX + other * row);
  }
}

/**
 * Writes 16 bytes: the numbers of the greatest and the second-greatest of `count` dot products, and both; of equals the lowest number is the
 * greater. Four lanes run side by side, each with its own two, that meet at the end. A second that there is not is the first again.
 */
// @ts-ignore: decorator
@inline
function greatestTwo(found: usize, count: i32, into: usize): void {
  let first = i32x4.splat(NONE);
  let second = first;
  let at = i32x4(0, 1, 2, 3);
  let firstAt = at;
  let secondAt = at;
  const end = i32x4.splat(count);
  for (let i = 0; i < count; i += 4, found += 16) {
    const dot = v128.bitselect(v128.load(found), i32x4.splat(NONE), i32x4.lt_s(at, end));
    const isFirst = i32x4.gt_s(dot, first);
    const isSecond = i32x4.gt_s(dot, second);
    secondAt = v128.bitselect(firstAt, v128.bitselect(at, secondAt, isSecond), isFirst);
    second = i32x4.max_s(second, i32x4.min_s(first, dot));
    firstAt = v128.bitselect(at, firstAt, isFirst);
    first = i32x4.max_s(first, dot);
    at = i32x4.add(at, i32x4.splat(4));
  }
  v128.store(LANES, first);
  v128.store(LANES, second, 16);
  v128.store(LANES, firstAt, 32);
  v128.store(LANES, secondAt, 48);
  // The lower number is the greater key.
  let most = <i64>NONE << 32;
  let next = most;
  for (let lane: usize = LANES; lane < LANES + 32; lane += 4) {
    const key = (<i64>load<i32>(lane) << 32) | <i64>(LAST - load<i32>(lane, 32));
    next = max(next, min(most, key));
    most = max(most, key);
  }
  if (<i32>(next >> 32) == NONE) next = most;
  store<i32>(into, LAST - <i32>most);
  store<i32>(into, LAST - <i32>next, 4);
  store<i32>(into, <i32>(most >> 32), 8);
  store<i32>(into, <i32>(next >> 32), 12);
}

/**
 * The nearest and the second-nearest of `centerCount` centres, at least 1, of each of `count` vectors: 16 bytes each, as `greatestTwo` says.
 * @param scratch room for the dot products of two vectors.
 */
export function nearest(
  vectors: usize,
  count: u32,
  centers: usize,
  centerCount: i32,
  dimensions: usize,
  scratch: usize,
  into: usize,
): void {
  const row = <usize>((centerCount + 3) & ~3) << 2;
  const end = centers + ((row * dimensions) >> 1);
  for (let i: u32 = 0; i < count; i += 2) {
    const x = vectors + <usize>i * dimensions;
    const other: usize = i + 1 < count ? 1 : 0;
    dotsOfTwo(x, x + other * dimensions, centers, end, dimensions, scratch, scratch + row);
    greatestTwo(scratch, centerCount, into);
    into += 16;
    if (other != 0) {
      greatestTwo(scratch + row, centerCount, into);
      into += 16;
    }
  }
}
