import { CONSTANTS, EMPTY, P1, P2, finish } from './layout';

let ngram: u32 = 0;
let bands: u32 = 0;
let rows: u32 = 0;
let bins: u32 = 0;
/** First free slot of word hashes; the `ngram` slots before it hold the words drained last, zero at the start of a document. */
let hashes: usize = 0;
let hashLimit: usize = 0;
let minima: usize = 0;
/** While densifying: the list of occupied bins; a copy of the minima and behind it the best ranks. */
let occupied: usize = 0;
let best: usize = 0;
/** `bins` rounded up to 64; minima between are zero. Up to 256 bins: row `j`, byte `i`: place of bin `j` in the order of bin `i`; and its inverse, row `i`, byte `place`. Above: see walk. */
let ranks: usize = 0;
let orders: usize = 0;
let stride: u32 = 0;
let prime: u32 = 0;

/** Rolling polynomial of the last `ngram` words, and words seen in this document. */
let polynomial: u64 = 0;
let words: u32 = 0;

export function configure(
  ngram_: u32,
  bands_: u32,
  rows_: u32,
  hashes_: usize,
  hashLimit_: usize,
  minima_: usize,
  occupied_: usize,
  best_: usize,
  ranks_: usize,
  orders_: usize,
  prime_: u32,
): void {
  ngram = ngram_;
  bands = bands_;
  rows = rows_;
  bins = bands_ * rows_;
  hashes = hashes_;
  hashLimit = hashLimit_;
  minima = minima_;
  occupied = occupied_;
  best = best_;
  ranks = ranks_;
  orders = orders_;
  stride = (bins + 63) & ~63;
  prime = prime_;
}

export function begin(): void {
  polynomial = 0;
  words = 0;
  // Loops, as memory.fill and memory.copy leave the kernel, which costs more than these few bytes.
  for (let at = hashes - (<usize>ngram << 3); at < hashes; at += 8) store<u64>(at, 0);
  const end = minima + (<usize>bins << 2);
  for (let at = minima; at < end; at += 16) v128.store(at, i8x16.splat(-1));
  for (let at = end, last = minima + (<usize>stride << 2); at < last; at += 4) store<u32>(at, 0);
}

// @ts-ignore: decorator
@inline
function lower(bin: usize, count: u64, shingle: u64): void {
  const at = bin + <usize>(((shingle >> 32) * count) >> 32 << 2);
  const value = <u32>shingle;
  const old = load<u32>(at);
  store<u32>(at, select<u32>(value, old, value < old));
}

/** Takes the word hashes up to `end` into the minima; returns the next free slot. */
function drain(end: usize): usize {
  const back = <usize>ngram << 3;
  const base = load<u64>(CONSTANTS, 16);
  const leaving = load<u64>(CONSTANTS, 24);
  const whiten = load<u64>(CONSTANTS, 32);
  const bin = minima;
  const count: u64 = bins;
  let sum = polynomial;
  let p = hashes;
  if (words < ngram) {
    const full = min<usize>(end, p + (<usize>(ngram - 1 - min(words, ngram - 1)) << 3));
    for (; p < full; p += 8) sum = sum * base + load<u64>(p);
  }
  for (; p < end; p += 8) {
    sum = sum * base + (load<u64>(p) - load<u64>(p - back) * leaving);
    lower(bin, count, finish(sum ^ whiten));
  }
  polynomial = sum;
  words += <u32>((end - hashes) >> 3);
  for (let to = hashes - back; to < hashes; to += 8, end += 8) store<u64>(to, load<u64>(end - back));
  return hashes;
}

/** Where the words of a document go; see `hashWords`. */
@final
export class Minima {
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

/** Ends a document, after the last drain: number of shingles. */
export function complete(): u32 {
  if (words >= ngram) return words - ngram + 1;
  if (words == 0) return 0;
  lower(minima, bins, finish(polynomial ^ load<u64>(CONSTANTS, 32)));
  return 1;
}

/** One bit for each of 16 bins from `at` on, set where the bin is empty. */
// @ts-ignore: decorator
@inline
function emptyBits(at: usize): u32 {
  const none = i32x4.splat(-1);
  const low = i16x8.narrow_i32x4_s(v128.eq<i32>(v128.load(at), none), v128.eq<i32>(v128.load(at, 16), none));
  const high = i16x8.narrow_i32x4_s(v128.eq<i32>(v128.load(at, 32), none), v128.eq<i32>(v128.load(at, 48), none));
  return <u32>v128.bitmask<i8>(i8x16.narrow_i16x8_s(low, high));
}

/**
 * Fills the empty bins: bin `i` takes the value of the first bin, in an order of its own, that was not empty (optimal densification,
 * Shrivastava 2017, arXiv 1703.04664). Many empty bins: the least rank over the occupied ones, 64 bins at a time; few: walk the order.
 */
export function densify(): void {
  const copies = best;
  let count: u32 = bins;
  for (let at: usize = 0, end = <usize>stride << 2; at < end; at += 64) {
    count -= popcnt<u32>(emptyBits(minima + at));
    v128.store(copies + at, v128.load(minima + at));
    v128.store(copies + at, v128.load(minima + at, 16), 16);
    v128.store(copies + at, v128.load(minima + at, 32), 32);
    v128.store(copies + at, v128.load(minima + at, 48), 48);
  }
  // Without any, the hash of every shingle ends in 32 one bits; the bins stay as they are.
  if (count == bins || count == 0) return;
  if (bins <= 256 && count * 4 > bins * 3) {
    for (let i: u32 = 0; i < bins; i += 16) {
      for (let empty = emptyBits(copies + (<usize>i << 2)); empty; empty &= empty - 1) {
        const bin = i + ctz<u32>(empty);
        let at = orders + <usize>(bin * stride);
        let value: u32;
        do value = load<u32>(copies + (<usize>load<u8>(++at) << 2));
        while (value == EMPTY);
        store<u32>(minima + (<usize>bin << 2), value);
      }
    }
    return;
  }
  let last = occupied;
  for (let i: u32 = 0; i < bins; i += 16) {
    for (let full = ~emptyBits(copies + (<usize>i << 2)) & 0xffff; full; full &= full - 1) {
      const bin = i + ctz<u32>(full);
      if (bin < bins) {
        store<u32>(last, bin);
        last += 4;
      }
    }
  }
  if (count == 1) {
    const value = i32x4.splat(load<u32>(copies + (<usize>load<u32>(occupied) << 2)));
    for (let at: usize = 0, end = <usize>bins << 2; at < end; at += 16) v128.store(minima + at, value);
    return;
  }
  if (bins > 256) {
    densifyMany(count);
    return;
  }
  const line = copies + (<usize>stride << 2);
  // From here on the list holds the row of each bin.
  for (let k = occupied; k < last; k += 4) store<u32>(k, <u32>ranks + load<u32>(k) * stride);
  for (let i: u32 = 0; i < bins; i += 64) {
    let a = i8x16.splat(-1);
    let b = a;
    let c = a;
    let d = a;
    for (let k = occupied; k < last; k += 4) {
      const at = <usize>load<u32>(k) + i;
      a = v128.min<u8>(a, v128.load(at));
      b = v128.min<u8>(b, v128.load(at, 16));
      c = v128.min<u8>(c, v128.load(at, 32));
      d = v128.min<u8>(d, v128.load(at, 48));
    }
    v128.store(line + i, a);
    v128.store(line + i, b, 16);
    v128.store(line + i, c, 32);
    v128.store(line + i, d, 48);
  }
  for (let i: u32 = 0, order = orders; i < bins; i++, order += stride) {
    const donor = load<u8>(order + load<u8>(line + i));
    store<u32>(minima + (<usize>i << 2), load<u32>(copies + (<usize>donor << 2)));
  }
}

/**
 * The same for more bins than a byte counts: the order of bin `i` is `first + t * step` modulo a prime, values that are no bin left out;
 * `ranks` holds (first, step, inverse of step, 0) of each bin. Walks, or with few occupied bins takes the rank of each: O(bins ^ 1.5).
 */
function densifyMany(count: u32): void {
  const copies = best;
  for (let i: u32 = 0; i < bins; i++) {
    if (load<u32>(copies + (<usize>i << 2)) != EMPTY) continue;
    const at = ranks + (<usize>i << 4);
    const first = load<u32>(at);
    let value: u32 = EMPTY;
    if (count * count < bins) {
      const inverse = load<u32>(at, 8);
      let least: u32 = EMPTY;
      for (let k: u32 = 0; k < count; k++) {
        const j = load<u32>(occupied + (<usize>k << 2));
        const rank = ((j + prime - first) * inverse) % prime;
        if (rank < least) {
          least = rank;
          value = load<u32>(copies + (<usize>j << 2));
        }
      }
    } else {
      const step = load<u32>(at, 4);
      let j = first;
      while (true) {
        if (j < bins) {
          value = load<u32>(copies + (<usize>j << 2));
          if (value != EMPTY) break;
        }
        j += step;
        if (j >= prime) j -= prime;
      }
    }
    store<u32>(minima + (<usize>i << 2), value);
  }
}

/** Writes the keys of all bands, `bandStride` bytes apart, from `keys`; zeros for a document without shingles. */
export function bandKeys(keys: usize, bandStride: usize, shingles: u32): void {
  if (shingles == 0) {
    for (let band: u32 = 0; band < bands; band++, keys += bandStride) store<u64>(keys, 0);
    return;
  }
  const seed = load<u64>(CONSTANTS, 40);
  let p = minima;
  for (let band: u32 = 0; band < bands; band++) {
    let h = seed + <u64>(band + 1) * P1;
    const end = p + (<usize>rows << 2);
    for (; p + 8 <= end; p += 8) {
      h = (h ^ load<u64>(p)) * P2;
      h ^= h >> 32;
    }
    if (p < end) {
      h = (h ^ <u64>load<u32>(p)) * P2;
      h ^= h >> 32;
      p += 4;
    }
    store<u64>(keys, finish(h));
    keys += bandStride;
  }
}

/** Writes the lowest byte of each minimum from `to`, 16 at a time; zeros for a document without shingles. Returns where the next sketch begins. */
export function sketch(to: usize, shingles: u32): usize {
  // The bits that stay: below 256 both narrowings are exact.
  const kept = i32x4.splat(shingles == 0 ? 0 : 0xff);
  const end = to + <usize>bins;
  // Minima have room for `bins` rounded up to 64.
  for (let p = minima; to < end; to += 16, p += 64) {
    const low = i16x8.narrow_i32x4_s(v128.and(v128.load(p), kept), v128.and(v128.load(p, 16), kept));
    const high = i16x8.narrow_i32x4_s(v128.and(v128.load(p, 32), kept), v128.and(v128.load(p, 48), kept));
    v128.store(to, i8x16.narrow_i16x8_u(low, high));
  }
  return end;
}
