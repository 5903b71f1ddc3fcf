import type { TakeFeatures } from './features.ts';

/** A logistic regression over hashed words and pairs of words. */
export interface LinearModel {
  readonly kind: 'linear';
  readonly bias: number;
  /** One for each bucket; a power of two of them. */
  readonly weights: Float32Array;
}

/** Buckets a model may have, as powers of two. */
export const LEAST_BITS = 10;
export const MOST_BITS = 22;

/** A count stops here, so that it fits a byte. */
const MOST_COUNT = 255;

/** Logarithm of 1 + count, for each count. */
export const LOGS: Float64Array = Float64Array.from({ length: MOST_COUNT + 1 }, (_, count) =>
  Math.log(1 + count),
);

/** Sums up the features of one text: hand all of them to `take`, then ask. */
export interface FeatureScore {
  readonly take: TakeFeatures;
  /** NaN for a text without features. */
  readonly result: () => number;
}

/**
 * The plain twin of `addLinear` and `endLinear` in wasm/assembly/features.ts. Score = bias + sum of weight * x, the logit of the probability of the positive class;
 * x of a bucket = log(1 + count), divided by the sum of these, so that length does not count.
 */
export function scoreLinear({ bias, weights }: LinearModel): FeatureScore {
  const shift = 32 - Math.log2(weights.length);
  const counts = new Map<number, number>();
  return {
    take(features) {
      for (const feature of features) {
        const bucket = feature >>> shift;
        counts.set(bucket, Math.min(MOST_COUNT, (counts.get(bucket) ?? 0) + 1));
      }
    },
    result() {
      let sum = 0;
      let norm = 0;
      // A bucket is below 2^(32 - shift) = weights.length. A map keeps the order of first appearance, as the kernel does.
      for (const [bucket, count] of counts) {
        sum += LOGS[count]! * weights[bucket]!;
        norm += LOGS[count]!;
      }
      return norm === 0 ? Number.NaN : bias + sum / norm;
    },
  };
}

/** Marks of a document in a spool. */
const POSITIVE = 1;
const HELD_OUT = 2;

/**
 * Documents to train on, as counted buckets: about 4 bytes for each distinct one. Each entry holds the bucket and, in its low byte, how
 * often it occurs.
 */
export class FeatureSpool {
  readonly #bits: number;
  /** Where in `#entries` a bucket lies, if it is one of the document at hand. */
  readonly #places: Int32Array;
  #entries: Uint32Array = new Uint32Array(1 << 16);
  #ends: Uint32Array = new Uint32Array(1 << 10);
  #marks: Uint8Array = new Uint8Array(1 << 10);
  #length = 0;
  #documents = 0;

  constructor(bits: number) {
    this.#bits = bits;
    this.#places = new Int32Array(2 ** bits);
  }

  get documents(): number {
    return this.#documents;
  }

  get byteLength(): number {
    return 4 * this.#length + 5 * this.#documents;
  }

  /** Adds to the document at hand. */
  readonly take: TakeFeatures = (features) => {
    const shift = 32 - this.#bits;
    if (this.#length + features.length > this.#entries.length) {
      const larger = new Uint32Array(2 * (this.#length + features.length));
      larger.set(this.#entries.subarray(0, this.#length));
      this.#entries = larger;
    }
    const entries = this.#entries;
    const start = this.#startOf(this.#documents);
    let length = this.#length;
    // Places are of this document or an older one; length stays within what was just made sure of.
    for (const feature of features) {
      const bucket = feature >>> shift;
      const place = this.#places[bucket]!;
      if (place >= start && place < length && entries[place]! >>> 8 === bucket) {
        if ((entries[place]! & 255) < MOST_COUNT) entries[place]!++;
        continue;
      }
      this.#places[bucket] = length;
      entries[length++] = ((bucket << 8) | 1) >>> 0;
    }
    this.#length = length;
  };

  /** Ends the document at hand; one without features is left out and gives false. */
  close(isPositive: boolean, isHeldOut = false): boolean {
    if (this.#length === this.#startOf(this.#documents)) return false;
    if (this.#documents === this.#ends.length) {
      this.#ends = copyOf(this.#ends, new Uint32Array(2 * this.#documents));
      this.#marks = copyOf(this.#marks, new Uint8Array(2 * this.#documents));
    }
    this.#ends[this.#documents] = this.#length;
    this.#marks[this.#documents] = (isPositive ? POSITIVE : 0) | (isHeldOut ? HELD_OUT : 0);
    this.#documents++;
    return true;
  }

  clear(): void {
    this.#length = 0;
    this.#documents = 0;
  }

  isPositive(document: number): boolean {
    return (this.#marks[document]! & POSITIVE) !== 0;
  }

  isHeldOut(document: number): boolean {
    return (this.#marks[document]! & HELD_OUT) !== 0;
  }

  /** Entries of a document; a view. */
  entries(document: number): Uint32Array {
    return this.#entries.subarray(this.#startOf(document), this.#ends[document]);
  }

  #startOf(document: number): number {
    return document === 0 ? 0 : this.#ends[document - 1]!;
  }
}

function copyOf<T extends Uint32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

export interface LinearTraining {
  readonly bits: number;
  readonly seed: number;
  /** Step size; default 0.1. */
  readonly rate?: number;
  /** Pull of weights to zero, for each document that touches them; default 1e-6. */
  readonly decay?: number;
  /** Whether documents that are held out are left out. */
  readonly holdsOut?: boolean;
  /** Documents of each class to train on in all, so that both classes weigh the same. */
  readonly positives: number;
  readonly negatives: number;
}

/**
 * Logistic regression by AdaGrad (Duchi, Hazan, Singer 2011), one document a step. The result depends on the seed and on the order
 * in which windows come, on nothing else.
 */
export class LinearTrainer {
  readonly #weights: Float64Array;
  readonly #squares: Float64Array;
  #bias = 0;
  #biasSquares = 1e-12;
  readonly #options: LinearTraining;

  constructor(options: LinearTraining) {
    this.#options = options;
    this.#weights = new Float64Array(2 ** options.bits);
    this.#squares = new Float64Array(2 ** options.bits).fill(1e-12);
  }

  /** One step for each document of a window, in an order that `seed` and `round` shuffle. */
  train(window: FeatureSpool, round: number): void {
    const { seed, positives, negatives, holdsOut = false } = this.#options;
    const total = positives + negatives;
    for (const document of shuffled(window.documents, seed, round)) {
      if (holdsOut && window.isHeldOut(document)) continue;
      const isPositive = window.isPositive(document);
      const weight = total / (2 * (isPositive ? positives : negatives));
      this.#step(window.entries(document), isPositive ? 1 : 0, weight);
    }
  }

  #step(entries: Uint32Array, target: number, weight: number): void {
    const { rate = 0.1, decay = 1e-6 } = this.#options;
    const weights = this.#weights;
    const squares = this.#squares;
    let sum = 0;
    let norm = 0;
    // Buckets of entries are below the number of weights; a count is 1 to 255.
    for (const entry of entries) {
      const log = LOGS[entry & 255]!;
      sum += log * weights[entry >>> 8]!;
      norm += log;
    }
    const error = weight * (1 / (1 + Math.exp(-(this.#bias + sum / norm))) - target);
    for (const entry of entries) {
      const bucket = entry >>> 8;
      const gradient = (error * LOGS[entry & 255]!) / norm + decay * weights[bucket]!;
      const squared = squares[bucket]! + gradient * gradient;
      squares[bucket] = squared;
      weights[bucket]! -= (rate * gradient) / Math.sqrt(squared);
    }
    this.#biasSquares += error * error;
    this.#bias -= (rate * error) / Math.sqrt(this.#biasSquares);
  }

  model(): LinearModel {
    return { kind: 'linear', bias: this.#bias, weights: Float32Array.from(this.#weights) };
  }
}

/** The numbers below `count` in an order that looks random and is the same every time: sorted by a hash of each. */
function shuffled(count: number, seed: number, round: number): Uint32Array {
  const keys = new Float64Array(count);
  for (let at = 0; at < count; at++) keys[at] = mix(mix(mix(seed) ^ round) ^ at) * 2 ** 21 + at;
  return Uint32Array.from(keys.sort(), (key) => key % 2 ** 21);
}

/** The finalizer of MurmurHash3 (Appleby, public domain) on 32 bits. */
function mix(value: number): number {
  let x = (value + 0x9e3779b9) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
