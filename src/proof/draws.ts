/** What a draw is for; draws for different purposes have nothing to do with each other. */
export type Purpose = 'document' | 'training' | 'spread';

const PURPOSES: Readonly<Record<Purpose, number>> = { document: 1, training: 2, spread: 3 };

/**
 * Random numbers that are looked up, not drawn one after another: each is a hash of seed, purpose, replicate, set and its index alone.
 * So nothing depends on what else was drawn.
 */
export class Draws {
  readonly #low: number;
  readonly #high: number;

  constructor(seed: number, purpose: Purpose, replicate: number, set = 0) {
    const words = [seed, Math.floor(seed / 2 ** 32), PURPOSES[purpose], replicate, set];
    this.#low = words.reduce((state, word) => mix(Math.imul(state, 5) + word), 0x6a09e667);
    this.#high = words.reduce((state, word) => mix(Math.imul(state, 5) + word), 0xbb67ae85 | 0);
  }

  /** A whole number, each of 0 to `count` - 1 as likely to within `count` / 2^32. */
  below(count: number, index: number): number {
    return Math.floor(this.#word(index) * (count / 2 ** 32));
  }

  /** A number of the standard normal distribution (Box and Muller 1958). */
  normal(index: number): number {
    const radius = Math.sqrt(-2 * Math.log((this.#word(2 * index) + 0.5) / 2 ** 32));
    return radius * Math.cos((2 * Math.PI * this.#word(2 * index + 1)) / 2 ** 32);
  }

  /** 64 bits of key, so that the words of two of many thousand keys are not those of one key moved along. */
  #word(index: number): number {
    return mix(mix(index + this.#low) ^ this.#high) >>> 0;
  }
}

/** The finalizer of MurmurHash3 (Appleby): each bit of the word changes each bit of the result with a chance of about one half. */
function mix(word: number): number {
  let x = word ^ (word >>> 16);
  x = Math.imul(x, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
