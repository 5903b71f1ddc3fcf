import { DOCUMENT_END } from './proxy.ts';

/** What of the hashed log-linear byte model takes time. Both twins give the same bits on any symbols. */
export interface LogLinearModel {
  /** Learns from the symbols `[start, end)` that follow on those it learned from before. */
  train(symbols: Uint8Array, start: number, end: number): void;
  /** The next symbols that are measured begin a document. */
  rewind(): void;
  /** Writes the probability of each of the symbols `[start, end)` that follow on those measured before, at most {@link MOST_SCORED}, from 0. */
  score(symbols: Uint8Array, start: number, end: number, into: Float64Array): void;
}

/** Symbols measured in one call. */
export const MOST_SCORED: number = 1 << 14;

/** Weights in a row, of which one is not used: a nibble has 15 inner nodes. */
export const ROW_WEIGHTS = 16;

/** Where reading stands: the last four bytes, the last one lowest, and a hash of the letters since the last byte that was none. */
interface Place {
  history: number;
  word: number;
}

// All that follows stands in wasm/assembly/log-linear.ts as well.
const CONTEXTS = 6;
const MASKS: Uint32Array = Uint32Array.of(0, 0xff, 0xffff, 0xffffff, 0xffffffff);
const SALTS: Uint32Array = Uint32Array.of(
  0x3c6ef372,
  0x78dde6e4,
  0xb54cda56,
  0xf1bbcdc8,
  0x2e2ac13a,
  0x6a99b4ac,
);
const FIRST_MULTIPLIER = 0x85ebca6b;
const SECOND_MULTIPLIER = 0xc2b2ae35;
const ROW_MULTIPLIER = 0x9e3779b1;
const NIBBLE_STEP = 0x27d4eb2f;
const WORD_MULTIPLIER = 0x2f0b4c47;

const { fround } = Math;
/** Logits are cut off here: no decision is surer than 1 - 1.7e-5, and no symbol, eight of them, less likely than 2^-127. */
const LIMIT = 11;
const MINUS_LOG2_E: number = fround(-1.4426950408889634);
/** Added to a small number and taken away again it rounds it to a whole one. */
const ROUNDER = 12582912;
/** 2^f on [-1/2, 1/2] with 1 before it; relative error 1.1e-7, least squares made equal ripples by weights. */
const C1 = 0.6931470036506653;
const C2 = 0.24022242426872253;
const C3 = 0.05550733953714371;
const C4 = 0.009671512991189957;
const C5 = 0.0013264714507386088;
const FIRST_SQUARES = 1.5;

/**
 * The plain twin of wasm/assembly/log-linear.ts, and what the model is.
 *
 * A symbol is eight decisions, its bits from the highest on (hierarchical softmax: Morin and Bengio 2005, section 3), in two nibbles. Each
 * is logistic regression on six contexts: the last 0, 1, 2, 3 and 4 bytes, and the word so far (ASCII letters without case, bytes
 * from 0x80 on) with the last byte. A hash of context, nibble and, in the second, the first nibble, numbers a row of weights (feature hashing:
 * Weinberger et al. 2009); its node is the path so far within the nibble. logit = sum of the six weights; rows that collide are shared.
 *
 * Learning is one pass: weight += g / (1.5 + sum of g^2), with g = bit - p: the online Newton step (Hazan, Agarwal, Kale 2007) with the
 * diagonal alone. AdaGrad (Duchi, Hazan, Singer 2011) divides by the root of the sum, so that what came last counts for more; it was measured
 * at the same cost, and on prose, code and mixed text 0.01 to 0.07 bits per byte worse at 2^20 parameters and 4 MB.
 *
 * Where two contexts of a nibble share a row, both read it before either writes, and what the later one writes stays.
 */
export class ScalarLogLinear implements LogLinearModel {
  /** Pairs of a weight and its sum of squared gradients. */
  readonly #pairs: Float32Array;
  readonly #shift: number;
  readonly #keys: Int32Array = new Int32Array(CONTEXTS);
  /** Places of the pairs on a path, for each context; what was read there. */
  readonly #places: Int32Array = new Int32Array(4 * CONTEXTS);
  readonly #weights: Float32Array = new Float32Array(4 * CONTEXTS);
  readonly #squares: Float32Array = new Float32Array(4 * CONTEXTS);
  readonly #trained: Place = { history: 0xffffffff, word: 0 };
  readonly #scored: Place = { history: 0xffffffff, word: 0 };

  /** @param parameters weights, a power of two from 2^5 on. */
  constructor(parameters: number) {
    this.#pairs = new Float32Array(2 * parameters);
    this.#shift = 32 - Math.log2(parameters / ROW_WEIGHTS);
  }

  train(symbols: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at++) {
      // `at` is within the symbols.
      const symbol = symbols[at]!;
      this.#findKeys(this.#trained);
      this.#learn(symbol >> 4, 0);
      this.#learn(symbol & 15, (symbol >> 4) + 1);
      advance(this.#trained, symbol);
    }
  }

  rewind(): void {
    this.#scored.history = 0xffffffff;
    this.#scored.word = 0;
  }

  score(symbols: Uint8Array, start: number, end: number, into: Float64Array): void {
    for (let at = start; at < end; at++) {
      // As above.
      const symbol = symbols[at]!;
      this.#findKeys(this.#scored);
      const upper = this.#probability(symbol >> 4, 0);
      into[at - start] = upper * this.#probability(symbol & 15, (symbol >> 4) + 1);
      advance(this.#scored, symbol);
    }
  }

  #findKeys({ history, word }: Place): void {
    // Six keys and salts, five masks.
    for (let context = 0; context < CONTEXTS; context++) {
      const value =
        context < CONTEXTS - 1
          ? history & MASKS[context]!
          : (Math.imul(word, NIBBLE_STEP) + (history & 0xff)) | 0;
      let x = Math.imul(value + SALTS[context]!, FIRST_MULTIPLIER);
      x = Math.imul(x ^ (x >>> 15), SECOND_MULTIPLIER);
      this.#keys[context] = x ^ (x >>> 13);
    }
  }

  /** Reads what lies on the path of a nibble, for each context. */
  #find(nibble: number, node: number): void {
    for (let context = 0; context < CONTEXTS; context++) {
      const hash = Math.imul(this.#keys[context]! ^ Math.imul(node, NIBBLE_STEP), ROW_MULTIPLIER);
      const row = hash >>> this.#shift;
      for (let depth = 0; depth < 4; depth++) {
        // A path is the nibble with a 1 before it, cut off; 1 to 15.
        const place = 2 * (ROW_WEIGHTS * row + ((16 | nibble) >> (4 - depth)));
        this.#places[4 * context + depth] = place;
        // Two numbers for each of `parameters` weights.
        this.#weights[4 * context + depth] = this.#pairs[place]!;
        this.#squares[4 * context + depth] = this.#pairs[place + 1]!;
      }
    }
  }

  /** Sum of the weights of all contexts on a node of the path that was found. */
  #logit(depth: number): number {
    let sum = this.#weights[4 * (CONTEXTS - 1) + depth]!;
    for (let context = CONTEXTS - 2; context >= 0; context--) {
      sum = fround(sum + this.#weights[4 * context + depth]!);
    }
    return sum;
  }

  #learn(nibble: number, node: number): void {
    this.#find(nibble, node);
    for (let depth = 0; depth < 4; depth++) {
      const sign = ((nibble >> (3 - depth)) & 1) === 1 ? 1 : -1;
      const logit = this.#logit(depth);
      const likely = likelier(logit);
      const missed = sign * logit >= 0 ? 1 - likely : likely;
      const squared = fround(missed * missed);
      const gradient = sign * missed;
      for (let at = depth; at < 4 * CONTEXTS; at += 4) {
        const squares = fround(this.#squares[at]! + squared);
        const place = this.#places[at]!;
        this.#pairs[place] = this.#weights[at]! + fround(gradient / fround(squares + FIRST_SQUARES));
        this.#pairs[place + 1] = squares;
      }
    }
  }

  #probability(nibble: number, node: number): number {
    this.#find(nibble, node);
    let product = 1;
    for (let depth = 0; depth < 4; depth++) {
      const sign = ((nibble >> (3 - depth)) & 1) === 1 ? 1 : -1;
      const logit = this.#logit(depth);
      const likely = likelier(logit);
      product *= sign * logit >= 0 ? likely : 1 - likely;
    }
    return product;
  }
}

function advance(place: Place, symbol: number): void {
  if (symbol === DOCUMENT_END) {
    place.history = 0xffffffff;
    place.word = 0;
    return;
  }
  place.history = (place.history << 8) | symbol;
  const lower = symbol | 0x20;
  if ((lower >= 0x61 && lower <= 0x7a) || symbol >= 0x80) {
    const mixed = Math.imul(place.word + (symbol >= 0x80 ? symbol : lower) + 1, WORD_MULTIPLIER);
    place.word = mixed ^ (mixed >>> 15);
  } else place.word = 0;
}

/** 1 / (1 + e^-|logit|), from 1/2 to below 1; so 1 less this is exact, and both sum to 1. */
function likelier(logit: number): number {
  const t = fround(Math.min(Math.abs(logit), LIMIT) * MINUS_LOG2_E);
  const whole = fround(fround(t + ROUNDER) - ROUNDER);
  const f = fround(t - whole);
  let y = fround(fround(C5 * f) + C4);
  y = fround(fround(y * f) + C3);
  y = fround(fround(y * f) + C2);
  y = fround(fround(y * f) + C1);
  y = fround(fround(y * f) + 1);
  // A power of two makes no error.
  return fround(1 / fround(1 + y * 2 ** whole));
}
