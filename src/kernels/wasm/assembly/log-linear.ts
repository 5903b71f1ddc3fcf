/**
 * The hashed log-linear byte model; `src/kernels/proxy/log-linear-model.ts` is its plain twin, says what is computed, and holds the same constants.
 *
 * A row has 16 pairs of f32: the weight of a node and the sum of its squared gradients. Pair 0 is not used; node `n` has the children `2 n` and
 * `2 n + 1`. What a nibble decides lies on one path, so its four pairs of a row become the lanes of two vectors, and all
 * that is computed of them is computed at once. All six rows of a nibble are read before anything is computed: where they are not cached, they
 * are waited for together.
 *
 *   row, 128 bytes:  - | 1 | 2 3 | 4 5 6 7 | 8 .. 15        path of nibble abcd:  1, 1a, 1ab, 1abc in binary
 */

/** Start symbol and end of a document. */
const DOCUMENT_END: u32 = 0xff;

const FIRST_MULTIPLIER: i32 = 0x85ebca6b;
const SECOND_MULTIPLIER: i32 = 0xc2b2ae35;
const ROW_MULTIPLIER: i32 = 0x9e3779b1;
const NIBBLE_STEP: i32 = 0x27d4eb2f;
const WORD_MULTIPLIER: i32 = 0x2f0b4c47;

const LIMIT: f32 = 11;
const MINUS_LOG2_E: f32 = -1.4426950408889634;
/** Added to a small number and taken away again it rounds it to a whole one, which its low bits then hold. */
const ROUNDER: f32 = 12582912;
const C1: f32 = 0.6931470036506653;
const C2: f32 = 0.24022242426872253;
const C3: f32 = 0.05550733953714371;
const C4: f32 = 0.009671512991189957;
const C5: f32 = 0.0013264714507386088;
const FIRST_SQUARES: f32 = 1.5;

/** Address of the rows, and how far a hash is shifted to number one. */
let table: usize = 0;
let rowShift: i32 = 0;

/** Bytes before the symbol, the last one lowest, and hash of the letters since the last byte that was none. */
let history: u32 = 0;
let word: i32 = 0;

export function configure(rows: usize, shift: i32): void {
  table = rows;
  rowShift = shift;
}

// @ts-ignore: decorator
@inline
function restore(state: usize): void {
  history = load<u32>(state);
  word = load<i32>(state, 4);
}

// @ts-ignore: decorator
@inline
function save(state: usize): void {
  store<u32>(state, history);
  store<i32>(state, word, 4);
}

// @ts-ignore: decorator
@inline
function advance(symbol: u32): void {
  if (symbol == DOCUMENT_END) {
    history = <u32>-1;
    word = 0;
    return;
  }
  history = (history << 8) | symbol;
  const lower = symbol | 0x20;
  if (lower - 0x61 < 26 || symbol >= 0x80) {
    const mixed = (word + <i32>(symbol >= 0x80 ? symbol : lower) + 1) * WORD_MULTIPLIER;
    word = mixed ^ <i32>(<u32>mixed >> 15);
  } else word = 0;
}

// @ts-ignore: decorator
@inline
function scramble(value: v128): v128 {
  let x = i32x4.mul(value, i32x4.splat(FIRST_MULTIPLIER));
  x = v128.xor(x, i32x4.shr_u(x, 15));
  x = i32x4.mul(x, i32x4.splat(SECOND_MULTIPLIER));
  return v128.xor(x, i32x4.shr_u(x, 13));
}

/** Keys of the contexts of the last 0, 1, 2 and 3 bytes. */
// @ts-ignore: decorator
@inline
function lowKeysOf(): v128 {
  const bytes = v128.and(i32x4.splat(history), i32x4(0, 0xff, 0xffff, 0xffffff));
  return scramble(i32x4.add(bytes, i32x4(0x3c6ef372, 0x78dde6e4, 0xb54cda56, 0xf1bbcdc8)));
}

/** Keys of the contexts of the last 4 bytes, and of the word and the last byte; the other lanes are not used. */
// @ts-ignore: decorator
@inline
function highKeysOf(): v128 {
  const inWord = word * NIBBLE_STEP + <i32>(history & 0xff);
  return scramble(i32x4.add(i32x4.replace_lane(i32x4.splat(history), 1, inWord), i32x4(0x2e2ac13a, 0x6a99b4ac, 0, 0)));
}

// @ts-ignore: decorator
@inline
function rowsOf(keys: v128, node: i32): v128 {
  const hashes = i32x4.mul(v128.xor(keys, i32x4.splat(node * NIBBLE_STEP)), i32x4.splat(ROW_MULTIPLIER));
  return i32x4.add(i32x4.shl(i32x4.shr_u(hashes, rowShift), 7), i32x4.splat(<i32>table));
}

/** Pairs of the upper two nodes of a path, and of the lower two. */
// @ts-ignore: decorator
@inline
function upperPairs(row: usize, second: usize): v128 {
  return v128.load64_lane(row + second, v128.load64_zero(row, 8), 1);
}

// @ts-ignore: decorator
@inline
function lowerPairs(row: usize, third: usize, fourth: usize): v128 {
  return v128.load64_lane(row + fourth, v128.load64_zero(row + third), 1);
}

// @ts-ignore: decorator
@inline
function weightsOf(upper: v128, lower: v128): v128 {
  return v128.shuffle<f32>(upper, lower, 0, 2, 4, 6);
}

/** Lanes of the bits that are 0 have their sign set. */
// @ts-ignore: decorator
@inline
function signsOf(nibble: i32): v128 {
  const bits = v128.and(i32x4.splat(nibble), i32x4(8, 4, 2, 1));
  return i32x4.shl(i32x4.eq(bits, i32x4.splat(0)), 31);
}

/** 1 / (1 + e^-|x|), from 1/2 to below 1; so 1 less this is exact. */
// @ts-ignore: decorator
@inline
function likelier(x: v128): v128 {
  const t = f32x4.mul(f32x4.min(f32x4.abs(x), f32x4.splat(LIMIT)), f32x4.splat(MINUS_LOG2_E));
  const rounded = f32x4.add(t, f32x4.splat(ROUNDER));
  const f = f32x4.sub(t, f32x4.sub(rounded, f32x4.splat(ROUNDER)));
  let y = f32x4.add(f32x4.mul(f32x4.splat(C5), f), f32x4.splat(C4));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(C3));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(C2));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(C1));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(1));
  const e = i32x4.add(y, i32x4.shl(rounded, 23));
  return f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), e));
}

/** Moves the pairs of a path in one row against the loss and puts them back. */
// @ts-ignore: decorator
@inline
function update(
  row: usize,
  second: usize,
  third: usize,
  fourth: usize,
  upper: v128,
  lower: v128,
  squared: v128,
  gradient: v128,
): void {
  const squares = f32x4.add(v128.shuffle<f32>(upper, lower, 1, 3, 5, 7), squared);
  const curvature = f32x4.add(squares, f32x4.splat(FIRST_SQUARES));
  const weights = f32x4.add(weightsOf(upper, lower), f32x4.div(gradient, curvature));
  const first = v128.shuffle<f32>(weights, squares, 0, 4, 1, 5);
  const last = v128.shuffle<f32>(weights, squares, 2, 6, 3, 7);
  v128.store64_lane(row, first, 0, 8);
  v128.store64_lane(row + second, first, 1);
  v128.store64_lane(row + third, last, 0);
  v128.store64_lane(row + fourth, last, 1);
}

/** Sum of the weights of all contexts, in their order. */
// @ts-ignore: decorator
@inline
function sum(a: v128, b: v128, c: v128, d: v128, e: v128, f: v128): v128 {
  return f32x4.add(f32x4.add(f32x4.add(f32x4.add(f32x4.add(f, e), d), c), b), a);
}

// @ts-ignore: decorator
@inline
function learn(nibble: i32, low: v128, high: v128): void {
  const second: usize = (2 + (nibble >> 3)) << 3;
  const third: usize = (4 + (nibble >> 2)) << 3;
  const fourth: usize = (8 + (nibble >> 1)) << 3;
  const a: usize = i32x4.extract_lane(low, 0);
  const b: usize = i32x4.extract_lane(low, 1);
  const c: usize = i32x4.extract_lane(low, 2);
  const d: usize = i32x4.extract_lane(low, 3);
  const e: usize = i32x4.extract_lane(high, 0);
  const f: usize = i32x4.extract_lane(high, 1);
  const aUpper = upperPairs(a, second);
  const aLower = lowerPairs(a, third, fourth);
  const bUpper = upperPairs(b, second);
  const bLower = lowerPairs(b, third, fourth);
  const cUpper = upperPairs(c, second);
  const cLower = lowerPairs(c, third, fourth);
  const dUpper = upperPairs(d, second);
  const dLower = lowerPairs(d, third, fourth);
  const eUpper = upperPairs(e, second);
  const eLower = lowerPairs(e, third, fourth);
  const fUpper = upperPairs(f, second);
  const fLower = lowerPairs(f, third, fourth);
  const signs = signsOf(nibble);
  const logits = sum(
    weightsOf(aUpper, aLower),
    weightsOf(bUpper, bLower),
    weightsOf(cUpper, cLower),
    weightsOf(dUpper, dLower),
    weightsOf(eUpper, eLower),
    weightsOf(fUpper, fLower),
  );
  const likely = likelier(logits);
  const isLikelier = f32x4.ge(v128.xor(logits, signs), f32x4.splat(0));
  const missed = v128.bitselect(f32x4.sub(f32x4.splat(1), likely), likely, isLikelier);
  const squared = f32x4.mul(missed, missed);
  const gradient = v128.xor(missed, signs);
  update(a, second, third, fourth, aUpper, aLower, squared, gradient);
  update(b, second, third, fourth, bUpper, bLower, squared, gradient);
  update(c, second, third, fourth, cUpper, cLower, squared, gradient);
  update(d, second, third, fourth, dUpper, dLower, squared, gradient);
  update(e, second, third, fourth, eUpper, eLower, squared, gradient);
  update(f, second, third, fourth, fUpper, fLower, squared, gradient);
}

/** Reads both cache lines of a row. */
// @ts-ignore: decorator
@inline
function touch(row: usize): u32 {
  return load<u32>(row) ^ load<u32>(row, 64);
}

// @ts-ignore: decorator
@inline
function touchRows(low: v128, high: v128): u32 {
  return (
    touch(i32x4.extract_lane(low, 0)) ^
    touch(i32x4.extract_lane(low, 1)) ^
    touch(i32x4.extract_lane(low, 2)) ^
    touch(i32x4.extract_lane(low, 3)) ^
    touch(i32x4.extract_lane(high, 0)) ^
    touch(i32x4.extract_lane(high, 1))
  );
}

/**
 * Learns from the symbols `[p, end)` that follow on the state, and moves it on. The rows of the next symbol are touched before the present one is
 * learned, as there is no other way to fetch in advance: 1.4 times as fast where rows do not fit in the second cache. The byte at `end` is read
 * and does not matter.
 * @returns what was touched, mixed, which means nothing; without a use of it compilers may leave the touching out.
 */
export function train(state: usize, p: usize, end: usize): u32 {
  if (p >= end) return 0;
  restore(state);
  let touched: u32 = 0;
  let symbol = <u32>load<u8>(p);
  let low = lowKeysOf();
  let high = highKeysOf();
  let upperLow = rowsOf(low, 0);
  let upperHigh = rowsOf(high, 0);
  let lowerLow = rowsOf(low, (symbol >> 4) + 1);
  let lowerHigh = rowsOf(high, (symbol >> 4) + 1);
  for (; p < end; p++) {
    advance(symbol);
    const next = <u32>load<u8>(p, 1);
    low = lowKeysOf();
    high = highKeysOf();
    const nextUpperLow = rowsOf(low, 0);
    const nextUpperHigh = rowsOf(high, 0);
    const nextLowerLow = rowsOf(low, (next >> 4) + 1);
    const nextLowerHigh = rowsOf(high, (next >> 4) + 1);
    touched ^= touchRows(nextUpperLow, nextUpperHigh) ^ touchRows(nextLowerLow, nextLowerHigh);
    learn(symbol >> 4, upperLow, upperHigh);
    learn(symbol & 15, lowerLow, lowerHigh);
    symbol = next;
    upperLow = nextUpperLow;
    upperHigh = nextUpperHigh;
    lowerLow = nextLowerLow;
    lowerHigh = nextLowerHigh;
  }
  save(state);
  return touched;
}

// @ts-ignore: decorator
@inline
function weightsAt(row: usize, second: usize, third: usize, fourth: usize): v128 {
  return weightsOf(upperPairs(row, second), lowerPairs(row, third, fourth));
}

/** Probability of a nibble, the product of those on its path. */
// @ts-ignore: decorator
@inline
function probability(nibble: i32, low: v128, high: v128): f64 {
  const second: usize = (2 + (nibble >> 3)) << 3;
  const third: usize = (4 + (nibble >> 2)) << 3;
  const fourth: usize = (8 + (nibble >> 1)) << 3;
  const logits = sum(
    weightsAt(i32x4.extract_lane(low, 0), second, third, fourth),
    weightsAt(i32x4.extract_lane(low, 1), second, third, fourth),
    weightsAt(i32x4.extract_lane(low, 2), second, third, fourth),
    weightsAt(i32x4.extract_lane(low, 3), second, third, fourth),
    weightsAt(i32x4.extract_lane(high, 0), second, third, fourth),
    weightsAt(i32x4.extract_lane(high, 1), second, third, fourth),
  );
  const likely = likelier(logits);
  const isLikelier = f32x4.ge(v128.xor(logits, signsOf(nibble)), f32x4.splat(0));
  const p = v128.bitselect(likely, f32x4.sub(f32x4.splat(1), likely), isLikelier);
  return (
    <f64>f32x4.extract_lane(p, 0) *
    <f64>f32x4.extract_lane(p, 1) *
    <f64>f32x4.extract_lane(p, 2) *
    <f64>f32x4.extract_lane(p, 3)
  );
}

/** Writes the probability of each of the symbols `[p, end)` that follow on the state, and moves it on. */
export function score(state: usize, p: usize, end: usize, into: usize): void {
  restore(state);
  for (; p < end; p++) {
    const symbol = <u32>load<u8>(p);
    const low = lowKeysOf();
    const high = highKeysOf();
    const first = <i32>(symbol >> 4);
    const upper = probability(first, rowsOf(low, 0), rowsOf(high, 0));
    const lower = probability(symbol & 15, rowsOf(low, first + 1), rowsOf(high, first + 1));
    store<f64>(into, upper * lower);
    into += 8;
    advance(symbol);
  }
  save(state);
}
