import { createWordReader, SimdWords } from './simd.ts';
import { ScalarWords, type WordArrays, type WordReader } from './words.ts';

/** Odd, for sums of word hashes: hash = sum of word i * BASE^(length - 1 - i), in each half. */
const LOW_BASE = 0xc2b2ae3d | 0;
const HIGH_BASE = 0x9fb21c65 | 0;

/** High half of the last {@link hashNgram}. */
export let upper = 0;

/** Hash of the words `at` to `at + length` in two halves: returns the low one, leaves the high one in {@link upper}. */
export function hashNgram(words: WordArrays, at: number, length: number): number {
  let low = 0;
  let high = 0;
  // at + length is at most the number of words.
  for (let i = at; i < at + length; i++) {
    low = (Math.imul(low, LOW_BASE) + words.low[i]!) | 0;
    high = (Math.imul(high, HIGH_BASE) + words.high[i]!) | 0;
  }
  upper = high >>> 0;
  return low >>> 0;
}

/**
 * A Bloom filter for the low halves of `count` hashes: two bits of one word each, about 27 bits of room. At most 4 MiB, as what is larger
 * than the caches costs more than it saves.
 */
export function makeFilter(count: number): Uint32Array {
  const length = Math.min(2 ** 20, 2 ** Math.max(12, Math.ceil(Math.log2(count + 1)) - 1));
  return new Uint32Array(new SharedArrayBuffer(4 * length));
}

/** Bits that a hash is shifted by to become the number of its word; the two bits are chosen by the lowest ten of it. */
function shiftOf(filter: Uint32Array): number {
  return Math.clz32(filter.length) + 1;
}

export function addToFilter(filter: Uint32Array, low: number): void {
  filter[low >>> shiftOf(filter)]! |= (1 << low) | (1 << (low >>> 5));
}

/** A reader of words, with arrays for what it reads, and a scan of these for n-grams that may be in a set. */
export interface NgramScanner {
  readonly reader: WordReader;
  readonly words: WordArrays;
  /** Words that the arrays are read up to. */
  readonly limit: number;
  /**
   * Numbers of those of the first `count` words at which an n-gram begins that filter `which` does not rule out, ascending. What it reads behind
   * the last n-gram does not matter. Valid until the next call for the same filter.
   */
  scan(which: number, count: number): Uint32Array;
}

/** @param isScalar by the plain twin; the answers are the same. */
export function createNgramScanner(
  limit: number,
  filters: readonly { readonly ngram: number; readonly bits: Uint32Array }[],
  isScalar = false,
): NgramScanner {
  const reader = isScalar ? new ScalarWords() : createWordReader();
  // The scan reads one n-gram behind the last.
  const length = limit + 1 + Math.max(...filters.map(({ ngram }) => ngram));
  if (!(reader instanceof SimdWords)) {
    const words = reader.allocate(length);
    const found = filters.map(() => new Uint32Array(limit + 1));
    return {
      reader,
      words,
      limit,
      scan: (which, count) => {
        const { ngram, bits } = filters[which]!;
        return scanNgrams(words.low, count, ngram, bits, found[which]!);
      },
    };
  }
  const places = filters.map(({ bits }) => ({
    bits: reader.place(bits.byteLength),
    found: reader.place(4 * limit + 4),
  }));
  const words = reader.allocate(length);
  const { buffer } = reader.exports.memory;
  filters.forEach(({ bits }, i) => new Uint32Array(buffer, places[i]!.bits, bits.length).set(bits));
  const found = places.map((place) => new Uint32Array(buffer, place.found, limit + 1));
  return {
    reader,
    words,
    limit,
    scan: (which, count) => {
      const { ngram, bits } = filters[which]!;
      const place = places[which]!;
      const { byteOffset } = words.low;
      const number = reader.exports.scan(
        byteOffset,
        count,
        ngram,
        LOW_BASE,
        place.bits,
        shiftOf(bits),
        place.found,
      );
      return found[which]!.subarray(0, number);
    },
  };
}

/** The plain twin of the kernel's scan. */
function scanNgrams(
  low: Int32Array,
  count: number,
  ngram: number,
  filter: Uint32Array,
  into: Uint32Array,
): Uint32Array {
  const shift = shiftOf(filter);
  let hash = 0;
  let leaving = 1;
  // The arrays go on for an n-gram behind `count`.
  for (let i = 0; i < ngram; i++) {
    hash = (Math.imul(hash, LOW_BASE) + low[i]!) | 0;
    leaving = Math.imul(leaving, LOW_BASE);
  }
  let found = 0;
  for (let i = 0; i < count; i++) {
    const word = filter[hash >>> shift]!;
    into[found] = i;
    found += (word >>> hash) & (word >>> (hash >>> 5)) & 1;
    hash = (Math.imul(hash, LOW_BASE) + low[i + ngram]! - Math.imul(low[i]!, leaving)) | 0;
  }
  return into.subarray(0, found);
}
