/**
 * Scores texts with learned models: the words of a text become features, 32 bits for each word and each pair of neighbours, and each
 * model takes them in while they are in the first-level cache. `src/kernels/quality-features.ts` says what a feature is and is the plain
 * twin of that part; `linear-classifier.ts`, `importance.ts` and `ngram-perplexity.ts` hold the twins of the models.
 */
import { P1, P2, finish } from './layout';
import { hashWords } from './words';

/** Takes `count` features, four bytes each; only when they are collected. */
// @ts-ignore: decorator
@external("env", "take")
declare function take(features: usize, count: u32): void;

/** Kinds of a model, the first word of its record. */
const LINEAR: u32 = 1;

/**
 * A record of 32 bytes for each model:
 *
 *   0   kind
 *   4   address of its table
 *   8   linear: bits to shift a feature by; importance: number of buckets
 *   12  linear: number of the document, in the high 24 bits of the marks it leaves in the table
 *   16  sum of this document, f64
 *   24  what the sum is to be divided by, f64
 */
const RECORD: usize = 32;

let hashes: usize = 0;
let hashLimit: usize = 0;
let features: usize = 0;
let models: usize = 0;
let modelsEnd: usize = 0;
/** What one more occurrence adds to the logarithm of a count, f64 for each count from 0 to 254. */
let increments: usize = 0;
let collects: bool = false;
let previous: u64 = 0;
let hasPrevious: bool = false;

export function configure(
  hashes_: usize,
  hashLimit_: usize,
  features_: usize,
  increments_: usize,
  models_: usize,
  count: u32,
): void {
  hashes = hashes_;
  hashLimit = hashLimit_;
  features = features_;
  increments = increments_;
  models = models_;
  modelsEnd = models_ + <usize>count * RECORD;
}

/**
 * The table is pairs of a weight, f32, and a mark: which document touched it last, and how often. So a document costs one cache miss a
 * feature, and nothing has to be cleared behind it. Counts stop at 255.
 */
function addLinear(record: usize, end: usize): void {
  const table = <usize>load<u32>(record, 4);
  const shift = load<u32>(record, 8);
  const stamp = load<u32>(record, 12);
  let sum = load<f64>(record, 16);
  let norm = load<f64>(record, 24);
  for (let p = features; p < end; p += 4) {
    const at = table + (<usize>(load<u32>(p) >> shift) << 3);
    let mark = load<u32>(at, 4);
    if ((mark ^ stamp) > 255) mark = stamp;
    const seen = mark & 255;
    if (seen == 255) continue;
    const gain = load<f64>(increments + (<usize>seen << 3));
    sum += gain * <f64>load<f32>(at);
    norm += gain;
    store<u32>(at, mark + 1, 4);
  }
  store<f64>(record, sum, 16);
  store<f64>(record, norm, 24);
}

/** The table is a logarithm of a ratio for each bucket, f32. */
function addImportance(record: usize, end: usize): void {
  const table = <usize>load<u32>(record, 4);
  const buckets = <u64>load<u32>(record, 8);
  let sum = load<f64>(record, 16);
  for (let p = features; p < end; p += 4) {
    sum += <f64>load<f32>(table + (<usize>((<u64>load<u32>(p) * buckets) >> 32) << 2));
  }
  store<f64>(record, sum, 16);
  store<f64>(record, load<f64>(record, 24) + <f64>((end - features) >> 2), 24);
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
  for (let record = models; record < modelsEnd; record += RECORD) {
    if (load<u32>(record) == LINEAR) addLinear(record, out);
    else addImportance(record, out);
  }
  if (collects) take(features, <u32>((out - features) >> 2));
  return hashes;
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

/** Hands the features of a text to `take`, a thousand words at a time. */
export function collect(p: usize, end: usize): void {
  const last = modelsEnd;
  modelsEnd = models;
  collects = true;
  hasPrevious = false;
  hashWords<Features>(p, end);
  collects = false;
  modelsEnd = last;
}

/** Leaves sum and divisor of a text in the record of every model. */
export function score(p: usize, end: usize): void {
  for (let record = models; record < modelsEnd; record += RECORD) {
    store<f64>(record, 0, 16);
    store<f64>(record, 0, 24);
    if (load<u32>(record) != LINEAR) continue;
    const stamp = load<u32>(record, 12) + 256;
    store<u32>(record, stamp, 12);
    if (stamp != 0) continue;
    // After 2^24 documents the numbers begin anew, so old marks have to go. Document 0 is nobody's.
    let at = <usize>load<u32>(record, 4);
    const tableEnd = at + (<usize>8 << (32 - load<u32>(record, 8)));
    for (; at < tableEnd; at += 8) store<u32>(at, 0, 4);
    store<u32>(record, 256, 12);
  }
  hasPrevious = false;
  hashWords<Features>(p, end);
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
