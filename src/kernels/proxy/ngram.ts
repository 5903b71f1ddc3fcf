import { CurationError } from '../../errors.ts';
import {
  collectStatistics,
  computeProbabilities,
  type KneserNeyStatistics,
  makeStatistics,
  statisticsBytes,
} from './kneser-ney.ts';
import { CHUNK, CHUNK_ENTRY_BYTES, NgramCounts, RUN_ENTRY_BYTES } from './ngram-counts.ts';
import { MAX_ORDER, SORTER_BYTES } from './ngram-keys.ts';
import { NgramMemory } from './ngram-memory.ts';
import { buildTrie, trieBytes } from './ngram-trie.ts';
import type { HeldOut, Proxy } from './proxy.ts';

export interface NgramProxyOptions {
  /** Symbols of the longest n-gram: 2 to 6. */
  readonly order: number;
  /** Read here and not kept. */
  readonly heldOut: HeldOut;
  /** The most its arrays may take together; without it, as much as there is. */
  readonly memoryBytes?: number;
  /** Symbols of the uniform distribution below the unigrams: 256, every byte. */
  readonly vocabulary?: number;
}

/** A {@link Proxy} that says what it takes. */
export interface NgramProxy extends Proxy {
  /** The most bytes its arrays have taken at a time. */
  readonly peakBytes: number;
  /** Bytes of all arrays it ever made. */
  readonly allocatedBytes: number;
}

/**
 * A model of bytes by interpolated modified Kneser-Ney n-grams (Chen & Goodman 1998, section 3), with the counts, discounts and probabilities
 * of KenLM's lmplz (Heafield et al. 2013) where a document is a sentence: its start is known and never foretold, its end is. Where counts of
 * counts give no discounts, as in tiny data, the constants of `--discount_fallback` take their place ({@link estimateDiscounts} says when).
 * A document without symbols counts for nothing (lmplz counts an empty sentence), and costs nothing. One slip of lmplz is not followed: where it
 * counts n-grams by adjusted count it takes, of the very last one of each lower order, the occurrences.
 *
 * Training is counting: sorted runs of distinct windows, merged. Measuring walks that list once and the held-out n-grams beside it, so its
 * cost is that of one pass over either, and it needs no model of its own. Memory grows with the distinct n-grams of the highest order:
 * 10 bytes each, twice that while runs are merged; {@link ngramBytes} bounds it.
 *
 * `size` is the number of distinct n-grams of orders 1 to `order` in all that was trained on up to now (what lmplz's ARPA file would list,
 * without `<s>` and `<unk>`); it is counted anew after training, which takes as long as `score`.
 *
 * @throws CurationError `MEMORY` from here, `train` or `score`, when it would take more than `memoryBytes`; the model is of no use then.
 * @throws RangeError when the order is not 2 to 6, or a held-out document does not end with its only {@link DOCUMENT_END}.
 */
export function createNgramProxy(options: NgramProxyOptions): NgramProxy {
  return new KneserNeyProxy(options);
}

/**
 * The most bytes the arrays of an n-gram model take, of this order, trained on `tokens` symbols and measured on `heldOutBytes` of them: as if
 * every n-gram were distinct. Text takes a small part of it. Arrays that are not used any more, but not yet collected, come on top.
 */
export function ngramBytes(order: number, tokens: number, heldOutBytes: number): number {
  const trie = trieBytes(order, heldOutBytes);
  const distinct = 256 ** order;
  // A binary counter of the chunks, a run from before the last measuring, and one that was just added. Two of them are merged into a third.
  const runs = Math.floor(Math.log2(Math.max(1, tokens / CHUNK))) + 3;
  const entries = Math.min(tokens, runs * distinct) + Math.min(tokens, 2 * distinct);
  const training =
    trie.stays +
    statisticsBytes(order, heldOutBytes) +
    (SORTER_BYTES + CHUNK_ENTRY_BYTES * CHUNK) +
    RUN_ENTRY_BYTES * entries;
  return Math.max(trie.peak, training);
}

class KneserNeyProxy implements NgramProxy {
  readonly #memory: NgramMemory;
  readonly #statistics: KneserNeyStatistics;
  readonly #counts: NgramCounts;
  readonly #vocabulary: number;
  #trained = 0;
  /** Whether the statistics are those of all that was trained on. */
  #current = true;

  constructor({ order, heldOut, memoryBytes, vocabulary }: NgramProxyOptions) {
    if (!Number.isInteger(order) || order < 2 || order > MAX_ORDER) {
      throw new RangeError(`order: expected 2 to ${MAX_ORDER}, found ${order}`);
    }
    this.#memory = new NgramMemory(memoryBytes ?? Number.POSITIVE_INFINITY);
    this.#statistics = makeStatistics(buildTrie(heldOut, order, this.#memory), this.#memory);
    this.#counts = new NgramCounts(order, this.#memory);
    this.#vocabulary = vocabulary ?? 256;
  }

  get peakBytes(): number {
    return this.#memory.peak;
  }

  get allocatedBytes(): number {
    return this.#memory.total;
  }

  get size(): number {
    this.#collect();
    return this.#statistics.countsOfCounts.reduce((sum, ngrams) => sum + ngrams, 0);
  }

  train(symbols: Uint8Array, start: number, end: number): void {
    if (start < 0 || end > symbols.length) {
      throw new RangeError(`symbols: expected [${start}, ${end}) within them, found ${symbols.length}`);
    }
    this.#trained += end - start;
    if (this.#trained >= 2 ** 32) {
      throw new CurationError(
        'UNSUPPORTED',
        `n-gram model: expected fewer than 2^32 tokens, which its counts have room for, found ${this.#trained}; measure with fewer`,
      );
    }
    this.#counts.add(symbols, start, end);
    this.#current = false;
  }

  score(bits: Float64Array): void {
    const { trie, probabilities } = this.#statistics;
    const { leaves, windowOffsets } = trie;
    const documents = windowOffsets.length - 1;
    if (bits.length < documents) {
      throw new RangeError(`bits: expected room for ${documents} documents, found ${bits.length}`);
    }
    this.#collect();
    computeProbabilities(this.#statistics, this.#vocabulary);
    const costs = probabilities.subarray(trie.levels[trie.order]!);
    // Leaves are numbered from the first node of the last level, where `costs` begins; windows are numbered as `leaves` is.
    for (let leaf = 0; leaf < costs.length; leaf++) costs[leaf] = -Math.log2(costs[leaf]!);
    for (let document = 0; document < documents; document++) {
      const end = windowOffsets[document + 1]!;
      let sum = 0;
      for (let window = windowOffsets[document]!; window < end; window++) sum += costs[leaves[window]!]!;
      bits[document] = sum;
    }
  }

  #collect(): void {
    if (this.#current) return;
    collectStatistics(this.#counts.merged(), this.#statistics);
    this.#current = true;
  }
}
