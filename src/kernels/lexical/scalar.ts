import type { TextColumn } from '../../columns/text-column.ts';
import { finish, high, multiply } from '../lanes.ts';
import { readWords } from '../signatures/words.ts';
import { quantise, type Vectors } from '../vectors/vectors.ts';
import type { FeatureCounter, FeatureLists } from './lists.ts';
import type { LexicalKernel, LexicalModel } from './model.ts';
import { rowAt, rowCountOf } from './rows.ts';
import { MOST_COUNT, MOST_WORDS, weightOf, wordConstants } from './weights.ts';
import { readingWindows } from './windows.ts';

/** Reads a document; then `list[0 .. size)` has its buckets in order of first appearance, until `clear`. */
interface WordCounter {
  readonly list: Uint32Array;
  readonly counts: Uint8Array;
  /** @returns how many different buckets there are. */
  read(text: TextColumn, row: number): number;
  clear(): void;
}

/** A bucket is the high `bucketBits` of the word's hash times a constant. */
function createWordCounter(bucketBits: number): WordCounter {
  const counts = new Uint8Array(2 ** bucketBits);
  const list = new Uint32Array(MOST_WORDS);
  const windows = new Uint32Array(6);
  let size = 0;
  const readWordsOf = readWords(wordConstants(), (low, upper) => {
    multiply(low, upper, 0x27d4eb4f, 0xc2b2ae3d);
    const bucket = high >>> (32 - bucketBits);
    const count = counts[bucket]!;
    if (count === 0) list[size++] = bucket;
    if (count < MOST_COUNT) counts[bucket] = count + 1;
  });
  return {
    list,
    counts,
    read({ bytes, offsets }, row) {
      // `row` is one of the column's, and the windows come in pairs.
      const ends = readingWindows(bytes, offsets[row]!, offsets[row + 1]!, windows);
      for (let at = 0; at < ends; at += 2) readWordsOf(bytes, windows[at]!, windows[at + 1]!);
      return size;
    },
    clear() {
      for (let at = 0; at < size; at++) counts[list[at]!] = 0;
      size = 0;
    },
  };
}

/** The plain twin of `countWords` in wasm/assembly/lexical.ts. */
export function createScalarCounter(bucketBits: number): FeatureCounter {
  const counter = createWordCounter(bucketBits);
  function count(text: TextColumn, rows?: Uint32Array): FeatureLists {
    const rowCount = rowCountOf(text, rows);
    const offsets = new Uint32Array(rowCount + 1);
    const buckets: number[] = [];
    const counts: number[] = [];
    for (let at = 0; at < rowCount; at++) {
      const size = counter.read(text, rowAt(rows, at));
      for (const bucket of counter.list.slice(0, size).sort()) {
        buckets.push(bucket);
        counts.push(counter.counts[bucket]!);
      }
      counter.clear();
      offsets[at + 1] = buckets.length;
    }
    return { offsets, buckets: Uint32Array.from(buckets), counts: Uint16Array.from(counts) };
  }

  return { count };
}

/**
 * The plain twin of `embed` in wasm/assembly/lexical.ts. A document is the sum over its buckets of what each weighs in it times the direction
 * of the bucket, in whole numbers (below 2^53, so in any order), then scaled to the range of a byte.
 */
export function createScalarKernel(model: LexicalModel): LexicalKernel {
  const { dimensions, bucketBits, weights, map } = model;
  const counter = createWordCounter(bucketBits);
  const sums = new Float64Array(dimensions);
  const addSigns = createSigns(sums);
  return {
    dimensions,
    embed(text, rows): Vectors {
      const count = rowCountOf(text, rows);
      const values = new Int8Array(count * dimensions);
      const squares = new Uint32Array(count);
      for (let at = 0; at < count; at++) {
        const size = counter.read(text, rowAt(rows, at));
        sums.fill(0);
        for (let entry = 0; entry < size; entry++) {
          // entry < size; buckets are below 2^bucketBits, as many as there are counts, weights and rows.
          const bucket = counter.list[entry]!;
          const weight = weightOf(counter.counts[bucket]!, weights[bucket]!);
          if (weight === 0) continue;
          if (map === undefined) {
            addSigns(bucket, weight);
            continue;
          }
          const row = bucket * dimensions;
          for (let i = 0; i < dimensions; i++) sums[i]! += weight * map[row + i]!;
        }
        counter.clear();
        squares[at] = quantise(sums, values, at * dimensions);
      }
      return { count, dimensions, values, squares };
    },
  };
}

/**
 * Very sparse random projection (Achlioptas 2003; Li, Hastie and Church 2006): a bucket adds or takes away its weight in 16 components, a
 * group of four neighbours in each quarter of them, as the bits of a hash say. Cosines are kept to about 1 / sqrt(dimensions), as with any
 * signs; groups are there because vector instructions add four at a time.
 */
function createSigns(sums: Float64Array): (bucket: number, weight: number) => void {
  const groups = sums.length / 16;
  return (bucket, weight) => {
    const scaled = multiply(bucket + 1, 0, 0x7f4a7c15, 0x9e3779b9);
    const once = finish(scaled, high);
    const low = finish(once, high);
    const upper = high;
    // Signs are the low 16 bits; four numbers of 12 bits above them choose the groups.
    const choices = [low >>> 16, (low >>> 28) | (upper << 4), upper >>> 8, upper >>> 20];
    for (const [quarter, choice] of choices.entries()) {
      const group = ((choice & 4095) * groups) >>> 12;
      const first = 4 * (quarter * groups + group);
      // first + 3 < sums.length, as group < groups.
      for (let lane = 0; lane < 4; lane++) {
        const isNegative = (low >>> (4 * quarter + lane)) & 1;
        sums[first + lane]! += isNegative === 1 ? -weight : weight;
      }
    }
  };
}
