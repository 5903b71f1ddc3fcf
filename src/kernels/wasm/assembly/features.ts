/**
 * Scores texts with learned models: the words and marks of a text become features of 32 bits, and each model takes them in while they are in
 * the first-level cache. `src/kernels/quality/features.ts` says what a feature is and is the plain
 * twin of that part; `linear-classifier.ts`, `importance.ts` and `ngram-perplexity.ts` hold the twins of the models.
 */
import { P1, P2, finish } from './layout';
import { hashWords, wordBits } from './words';

/** Takes `count` features, four bytes each; only when they are collected. */
// @ts-ignore: decorator
@external("env", "take")
declare function take(features: usize, count: u32): void;

/** Kinds of a model, the first word of its record. */
const LINEAR: u32 = 1;

/**
 * A record of 48 bytes for each model:
 *
 *   0   kind
 *   4   address of its table
 *   8   linear: bits to shift a feature by; importance: number of buckets
 *   12  linear: address of the counts, a byte for each bucket, all zero between texts
 *   16  linear: address of the list of buckets of this text, four bytes each, in order of first appearance
 *   20  linear: end of the list
 *   24  sum of this text, f64
 *   32  what the sum is to be divided by, f64
 */
const RECORD: usize = 48;
/** Bytes of features after which they are handed on; those of one more block fit behind. */
const FULL: usize = 8192;

let hashes: usize = 0;
let hashLimit: usize = 0;
let features: usize = 0;
let models: usize = 0;
let modelsEnd: usize = 0;
/** Logarithm of 1 + count, f64 for each count of a byte. */
let logs: usize = 0;
/** What kind of byte each is, see quality-features.ts. */
let classes: usize = 0;
let collects: bool = false;
let previous: u64 = 0;
let hasPrevious: bool = false;

export function configure(
  hashes_: usize,
  hashLimit_: usize,
  features_: usize,
  logs_: usize,
  classes_: usize,
  models_: usize,
  count: u32,
): void {
  hashes = hashes_;
  hashLimit = hashLimit_;
  features = features_;
  logs = logs_;
  classes = classes_;
  models = models_;
  modelsEnd = models_ + <usize>count * RECORD;
}

/** Counts buckets, up to 255. The counts are small enough for the second-level cache; the weights are not, so each is fetched once, by `endLinear`. */
function addLinear(record: usize, end: usize): void {
  const counts = <usize>load<u32>(record, 12);
  const shift = load<u32>(record, 8);
  let last = <usize>load<u32>(record, 20);
  for (let p = features; p < end; p += 4) {
    const bucket = load<u32>(p) >> shift;
    const at = counts + <usize>bucket;
    const count = <u32>load<u8>(at);
    // Written always and kept if new: no branch to mispredict.
    store<u32>(last, bucket);
    last += select<usize>(4, 0, count == 0);
    store<u8>(at, count + <u32>(count != 255));
  }
  store<u32>(record, <u32>last, 20);
}

/** Sums up what was counted and clears the counts. The table is a weight for each bucket, f32. */
function endLinear(record: usize): void {
  const table = <usize>load<u32>(record, 4);
  const counts = <usize>load<u32>(record, 12);
  const list = <usize>load<u32>(record, 16);
  const last = <usize>load<u32>(record, 20);
  let sum: f64 = 0;
  let norm: f64 = 0;
  for (let p = list; p < last; p += 4) {
    const bucket = <usize>load<u32>(p);
    const log = load<f64>(logs + (<usize>load<u8>(counts + bucket) << 3));
    sum += log * <f64>load<f32>(table + (bucket << 2));
    norm += log;
    store<u8>(counts + bucket, 0);
  }
  store<u32>(record, <u32>list, 20);
  store<f64>(record, sum, 24);
  store<f64>(record, norm, 32);
}

/** The table is a logarithm of a ratio for each bucket, f32. */
function addImportance(record: usize, end: usize): void {
  const table = <usize>load<u32>(record, 4);
  const buckets = <u64>load<u32>(record, 8);
  let sum = load<f64>(record, 24);
  for (let p = features; p < end; p += 4) {
    sum += <f64>load<f32>(table + (<usize>((<u64>load<u32>(p) * buckets) >> 32) << 2));
  }
  store<f64>(record, sum, 24);
  store<f64>(record, load<f64>(record, 32) + <f64>((end - features) >> 2), 32);
}

/** Turns the words up to `end` into features and has every model take them. */
function drain(end: usize): usize {
  let p = hashes;
  if (p >= end) return p;
  let out = features;
  let last = previous;
  if (!hasPrevious) {
    last = load<u64>(p);
    store<u32>(out, <u32>((last * P2) >> 32));
    out += 4;
    p += 8;
    hasPrevious = true;
  }
  for (; p < end; p += 8) {
    const word = load<u64>(p);
    store<u32>(out, <u32>((word * P2) >> 32));
    store<u32>(out, <u32>(finish(last * P1 + word) >> 32), 4);
    out += 8;
    last = word;
  }
  previous = last;
  hand(out);
  return hashes;
}

/** Has every model take the features up to `end`. */
function hand(end: usize): void {
  for (let record = models; record < modelsEnd; record += RECORD) {
    if (load<u32>(record) == LINEAR) addLinear(record, end);
    else addImportance(record, end);
  }
  if (collects) take(features, <u32>((end - features) >> 2));
}

/** The marks among 16 bytes, as bits. */
// @ts-ignore: decorator
@inline
function markBits(x: v128): u64 {
  const printed = v128.and(v128.gt<i8>(x, i8x16.splat(0x20)), v128.ne<i8>(x, i8x16.splat(0x7f)));
  const lines = v128.eq<i8>(x, i8x16.splat(0x0a));
  return (<u64>(<u32>v128.bitmask<i8>(printed)) & ~wordBits(x)) | <u64>(<u32>v128.bitmask<i8>(lines));
}

/** Two features for each mark: which it is, and between what kinds of bytes it stands. */
function readMarks(start: usize, end: usize): void {
  const limit = features + FULL;
  let out = features;
  for (let block = start; block < end; block += 64) {
    let marks =
      markBits(v128.load(block)) |
      (markBits(v128.load(block, 16)) << 16) |
      (markBits(v128.load(block, 32)) << 32) |
      (markBits(v128.load(block, 48)) << 48);
    if (end - block < 64) marks &= ((1 as u64) << <u64>(end - block)) - 1;
    for (; marks; marks &= marks - 1) {
      const at = block + <usize>ctz<u64>(marks);
      const mark = <u64>load<u8>(at);
      const before = at == start ? 0 : <u64>load<u8>(classes + <usize>load<u8>(at - 1));
      const after = at + 1 == end ? 0 : <u64>load<u8>(classes + <usize>load<u8>(at + 1));
      store<u32>(out, <u32>(finish(mark * P1) >> 32));
      store<u32>(out, <u32>(finish(((before << 16) | (after << 8) | mark | 0x1000000) * P1) >> 32), 4);
      out += 8;
    }
    if (out >= limit) {
      hand(out);
      out = features;
    }
  }
  if (out != features) hand(out);
}

/** See `hashWords`. */
@final
class Features {
  @inline
  hashes(): usize {
    return hashes;
  }
  @inline
  limit(): usize {
    return hashLimit;
  }
  @inline
  drain(end: usize): usize {
    return drain(end);
  }
}

/** Hands the features of a text to `take`, about two thousand at a time. */
export function collect(p: usize, end: usize): void {
  const last = modelsEnd;
  modelsEnd = models;
  collects = true;
  hasPrevious = false;
  hashWords<Features>(p, end);
  readMarks(p, end);
  collects = false;
  modelsEnd = last;
}

/** Leaves sum and divisor of a text in the record of every model. */
export function score(p: usize, end: usize): void {
  for (let record = models; record < modelsEnd; record += RECORD) {
    store<f64>(record, 0, 24);
    store<f64>(record, 0, 32);
  }
  hasPrevious = false;
  hashWords<Features>(p, end);
  readMarks(p, end);
  for (let record = models; record < modelsEnd; record += RECORD) {
    if (load<u32>(record) == LINEAR) endLinear(record);
  }
}

/** The entry of an n-gram, 0 if it has none: tag in the high half, then cost and back-off. There always is an empty slot. */
// @ts-ignore: decorator
@inline
function find(table: usize, shift: u64, key: u64): u32 {
  const x = key * P1;
  const mask: usize = (<usize>1 << <usize>(64 - shift)) - 1;
  let at = <usize>(x >> shift);
  const tag = max<u32>(1, <u32>(x >> (shift - 16)) & 0xffff);
  while (true) {
    const entry = load<u32>(table + (at << 2));
    if (entry == 0 || entry >> 16 == tag) return entry;
    at = (at + 1) & mask;
  }
}

/**
 * What the bytes of a text cost, in eighths of a bit, by the model of `ngram-perplexity.ts`. `pairs` holds the costs of a byte after another,
 * then the back-off of every pair, a byte each; `table` has `1 << (64 - shift)` entries.
 */
export function byteCosts(p: usize, end: usize, pairs: usize, table: usize, shift: u32): f64 {
  const wide = <u64>shift;
  let window: u64 = 0x0a0a0a0a;
  let sum: u64 = 0;
  for (; p < end; p++) {
    window = ((window << 8) | <u64>load<u8>(p)) & 0xffffffffff;
    let entry = find(table, wide, ((5 as u64) << 40) | window);
    if (entry == 0) {
      sum += find(table, wide, ((4 as u64) << 40) | (window >> 8)) & 255;
      entry = find(table, wide, ((4 as u64) << 40) | (window & 0xffffffff));
      if (entry == 0) {
        sum += find(table, wide, ((3 as u64) << 40) | ((window >> 8) & 0xffffff)) & 255;
        entry = find(table, wide, ((3 as u64) << 40) | (window & 0xffffff));
        if (entry == 0) {
          sum += load<u8>(pairs + <usize>((window >> 8) & 0xffff), 65536);
          sum += load<u8>(pairs + <usize>(window & 0xffff));
          continue;
        }
      }
    }
    sum += (entry >> 8) & 255;
  }
  return <f64>sum;
}
