/**
 * Redundant documents of a block; `src/kernels/redundancy/simd.ts` lays out the memory, `src/kernels/redundancy/scalar.ts` is the plain twin.
 *
 * A vector is kept in two parts, its head and its tail. After the heads, the inequality of Cauchy and Schwarz bounds what the tails can add:
 * dot <= head + |tail of i| |tail of j|. Nearly all pairs end there. The bound is computed in f32 with a margin for its roundings, so it never
 * decides a pair that could be redundant; what it leaves over is decided by whole numbers.
 */

/** Rows of heads (i8), rows of tails (i8), and the widened query (i16). */
let heads: usize = 0;
let tails: usize = 0;
let query: usize = 0;
let headLength: usize = 0;
let tailLength: usize = 0;
/** Of each row: squares of the whole (u32), roots of the squares of the whole and of the tail (f32), number of the document (i32). */
let squares: usize = 0;
let roots: usize = 0;
let tailRoots: usize = 0;
let numbers: usize = 0;
/** Of each document: number of its twin or -1, and its dot product with it (i32). */
let twins: usize = 0;
let dots: usize = 0;

export function configure(
  headRows: usize,
  tailRows: usize,
  queryRow: usize,
  headBytes: usize,
  tailBytes: usize,
  squareWords: usize,
  rootWords: usize,
  tailRootWords: usize,
  numberWords: usize,
  twinWords: usize,
  dotWords: usize,
): void {
  heads = headRows;
  tails = tailRows;
  query = queryRow;
  headLength = headBytes;
  tailLength = tailBytes;
  squares = squareWords;
  roots = rootWords;
  tailRoots = tailRootWords;
  numbers = numberWords;
  twins = twinWords;
  dots = dotWords;
}

/** Larger by more than all roundings of a bound together: six of 2^-24 each. */
const ABOVE: f32 = 1.000001;
const BELOW: f32 = 0.999999;

// @ts-ignore: decorator
@inline
function sumOf(lanes: v128): i32 {
  const pairs = i32x4.add(lanes, i8x16.shuffle(lanes, lanes, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1);
}

/** Dot product of two tails. */
function tailDot(a: usize, b: usize): i32 {
  let sum = i32x4.splat(0);
  for (let at: usize = 0; at < tailLength; at += 16) {
    sum = i32x4.add(sum, i32x4.dot_i16x8_s(v128.load_ext<i8>(a + at), v128.load_ext<i8>(b + at)));
    sum = i32x4.add(sum, i32x4.dot_i16x8_s(v128.load_ext<i8>(a + at, 8), v128.load_ext<i8>(b + at, 8)));
  }
  return sumOf(sum);
}

/** Fills the roots of rows `0 .. count`. */
function prepare(count: i32): void {
  for (let row = 0; row < count; row++) {
    const tail = tails + <usize>row * tailLength;
    const place = <usize>row << 2;
    store<f32>(roots + place, sqrt<f32>(<f32>load<u32>(squares + place)));
    store<f32>(tailRoots + place, sqrt<f32>(<f32>tailDot(tail, tail)) * ABOVE);
  }
}

/** Puts the row in place of an earlier one. */
function move(row: usize, into: usize): void {
  memory.copy(heads + into * headLength, heads + row * headLength, headLength);
  memory.copy(tails + into * tailLength, tails + row * tailLength, tailLength);
  store<u32>(squares + (into << 2), load<u32>(squares + (row << 2)));
  store<f32>(roots + (into << 2), load<f32>(roots + (row << 2)));
  store<f32>(tailRoots + (into << 2), load<f32>(tailRoots + (row << 2)));
}

/** Widens the head of a row. */
function widen(row: usize): void {
  const head = heads + row * headLength;
  for (let at: usize = 0; at < headLength; at += 8) v128.store(query + (at << 1), v128.load_ext<i8>(head + at));
}

/** Row of the twin of a document among rows `0 .. limit`, or -1; its dot product is left in `found`. */
let found: i32 = 0;

function twinOf(row: usize, limit: usize, threshold: f64, strict: bool): i32 {
  const tail = tails + row * tailLength;
  const place = row << 2;
  const square = <f64>load<u32>(squares + place);
  const least = threshold * threshold;
  const scaled = f32x4.splat(<f32>threshold * BELOW * load<f32>(roots + place));
  const rest = f32x4.splat(load<f32>(tailRoots + place));
  const step = headLength;
  const end = query + (step << 1);
  let nearest = -1;
  let most: f64 = 0;
  // The last four may reach over `limit`, into rows that are not asked for or, at the end, into room left for this.
  for (let first: usize = 0; first < limit; first += 4) {
    let a = heads + first * step;
    let b = a + step;
    let c = b + step;
    let d = c + step;
    let sumA = i32x4.splat(0);
    let sumB = i32x4.splat(0);
    let sumC = i32x4.splat(0);
    let sumD = i32x4.splat(0);
    for (let at = query; at < end; at += 32) {
      const low = v128.load(at);
      const high = v128.load(at, 16);
      sumA = i32x4.add(sumA, i32x4.dot_i16x8_s(low, v128.load_ext<i8>(a)));
      sumB = i32x4.add(sumB, i32x4.dot_i16x8_s(low, v128.load_ext<i8>(b)));
      sumC = i32x4.add(sumC, i32x4.dot_i16x8_s(low, v128.load_ext<i8>(c)));
      sumD = i32x4.add(sumD, i32x4.dot_i16x8_s(low, v128.load_ext<i8>(d)));
      sumA = i32x4.add(sumA, i32x4.dot_i16x8_s(high, v128.load_ext<i8>(a, 8)));
      sumB = i32x4.add(sumB, i32x4.dot_i16x8_s(high, v128.load_ext<i8>(b, 8)));
      sumC = i32x4.add(sumC, i32x4.dot_i16x8_s(high, v128.load_ext<i8>(c, 8)));
      sumD = i32x4.add(sumD, i32x4.dot_i16x8_s(high, v128.load_ext<i8>(d, 8)));
      a += 16;
      b += 16;
      c += 16;
      d += 16;
    }
    // Lanes of four sums, transposed and added.
    const ab = i32x4.add(
      i8x16.shuffle(sumA, sumB, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23),
      i8x16.shuffle(sumA, sumB, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31),
    );
    const cd = i32x4.add(
      i8x16.shuffle(sumC, sumD, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23),
      i8x16.shuffle(sumC, sumD, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31),
    );
    const sums = i32x4.add(
      i8x16.shuffle(ab, cd, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),
      i8x16.shuffle(ab, cd, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31),
    );
    const needed = f32x4.sub(
      f32x4.mul(scaled, v128.load(roots + (first << 2))),
      f32x4.mul(rest, v128.load(tailRoots + (first << 2))),
    );
    let open = i32x4.bitmask(f32x4.ge(f32x4.convert_i32x4_s(sums), needed));
    if (open == 0) continue;
    // The sum of the first lane is taken out, and the others move down.
    let left = sums;
    for (let other = first; open != 0 && other < limit; other++) {
      if (open & 1) {
        const dot = i32x4.extract_lane(left, 0) + tailDot(tail, tails + other * tailLength);
        const otherSquare = <f64>load<u32>(squares + (other << 2));
        const squared = <f64>dot * <f64>dot;
        const bound = least * (square * otherSquare);
        if (dot > 0 && (strict ? squared > bound : squared >= bound)) {
          if (!strict) {
            found = dot;
            return <i32>other;
          }
          const likeness = squared / otherSquare;
          if (likeness > most) {
            most = likeness;
            nearest = <i32>other;
            found = dot;
          }
        }
      }
      open >>= 1;
      left = i8x16.shuffle(left, left, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3);
    }
  }
  return nearest;
}

/** Compares each document with the kept ones before it: the first that is alike is its twin. Kept rows close up, in order. */
export function findByLeaders(count: i32, threshold: f64, mostComparisons: i32): void {
  prepare(count);
  let kept: i32 = 0;
  for (let row = 0; row < count; row++) {
    const place = <usize>row << 2;
    store<i32>(twins + place, -1);
    if (load<u32>(squares + place) == 0) continue;
    widen(row);
    const leader = twinOf(row, min(kept, mostComparisons), threshold, false);
    if (leader >= 0) {
      store<i32>(twins + place, load<i32>(numbers + (<usize>leader << 2)));
      store<i32>(dots + place, found);
      continue;
    }
    // Never behind `row`, so nothing is lost that is still to be read.
    if (kept < row) move(row, kept);
    store<i32>(numbers + (<usize>kept << 2), row);
    kept++;
  }
}

/** Compares each document with all before it: the most alike is its twin. */
export function findPublished(count: i32, threshold: f64, mostComparisons: i32): void {
  prepare(count);
  for (let row = 0; row < count; row++) {
    const place = <usize>row << 2;
    store<i32>(twins + place, -1);
    if (load<u32>(squares + place) == 0) continue;
    widen(row);
    const nearest = twinOf(row, min(row, mostComparisons), threshold, true);
    if (nearest < 0) continue;
    store<i32>(twins + place, nearest);
    store<i32>(dots + place, found);
  }
}
