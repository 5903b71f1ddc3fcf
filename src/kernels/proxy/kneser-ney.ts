import type { NgramRun } from './ngram-counts.ts';
import { firstDifference, symbolAt } from './ngram-keys.ts';
import type { NgramMemory } from './ngram-memory.ts';
import { mostNodes, type NgramTrie, PADDED } from './ngram-trie.ts';
import { DOCUMENT_END } from './proxy.ts';

/** What is subtracted from n-grams of (adjusted) count 1, 2, and 3 or more. */
export type Discounts = readonly [one: number, two: number, more: number];

/** KenLM's constants for where the data does not give discounts: lmplz --discount_fallback 0.5 1 1.5. */
export const FALLBACK_DISCOUNTS: Discounts = [0.5, 1, 1.5];

/**
 * Discounts of modified Kneser-Ney smoothing from the number of n-grams of one order with count 1, 2, 3 and 4 (Chen & Goodman 1998, equation 26).
 * All three are {@link FALLBACK_DISCOUNTS} where the estimate has no ground (none with count 1, 2 or 3) or leaves its range: D_k in (0, k].
 * KenLM does the same, save that it lets a discount be exactly 0, which can make probabilities 0.
 */
export function estimateDiscounts(n1: number, n2: number, n3: number, n4: number): Discounts {
  if (n1 === 0 || n2 === 0 || n3 === 0) return FALLBACK_DISCOUNTS;
  const y = n1 / (n1 + 2 * n2);
  const one = 1 - (2 * y * n2) / n1;
  const two = 2 - (3 * y * n3) / n2;
  const more = 3 - (4 * y * n4) / n3;
  // None can be above its k, because what is subtracted is not negative; `one` is n1 / (n1 + 2 n2).
  return two > 0 && more > 0 ? [one, two, more] : FALLBACK_DISCOUNTS;
}

/** Numbers of n-grams by order (from 1) and adjusted count: `[8 * order + count]`, 5 for 5 and more. */
type CountsOfCounts = Float64Array<ArrayBuffer>;

/** Bits of one of the three numbers in {@link KneserNeyStatistics.followers}: at most 256 symbols follow a history. */
const FOLLOWER_BITS = 9;
const FOLLOWER_MASK = 2 ** FOLLOWER_BITS - 1;
/** Bytes of a trie's node here: its count and its probability; and of one above the last level: sum and followers. */
const NODE_BYTES = 12;
const INNER_BYTES = 8;

/** What a model of interpolated modified Kneser-Ney needs to know of the training data to measure held-out n-grams, and no more. */
export interface KneserNeyStatistics {
  readonly trie: NgramTrie;
  readonly countsOfCounts: CountsOfCounts;
  /** Adjusted count of each n-gram of the trie. */
  readonly counts: Uint32Array<ArrayBuffer>;
  /** Sum of the adjusted counts of what follows each history of the trie. */
  readonly sums: Uint32Array<ArrayBuffer>;
  /** How many symbols follow each history with adjusted count 1, 2, 3 and more: three numbers of {@link FOLLOWER_BITS} bits, the first lowest. */
  readonly followers: Uint32Array<ArrayBuffer>;
  /** Room for the probability of each n-gram. */
  readonly probabilities: Float64Array<ArrayBuffer>;
}

/** Statistics of no data. */
export function makeStatistics(trie: NgramTrie, memory: NgramMemory): KneserNeyStatistics {
  const nodes = trie.symbols.length;
  const inner = trie.levels[trie.order]!;
  return {
    trie,
    countsOfCounts: new Float64Array(8 * (trie.order + 1)),
    counts: memory.words(nodes),
    sums: memory.words(inner),
    followers: memory.words(inner),
    probabilities: memory.doubles(nodes),
  };
}

/** The most bytes {@link makeStatistics} takes for a trie of `windows` windows. */
export function statisticsBytes(order: number, windows: number): number {
  const nodes = mostNodes(order, windows);
  return NODE_BYTES * nodes.all + INNER_BYTES * nodes.inner;
}

/**
 * Collects the statistics of a run in one pass over it.
 *
 * The count of an n-gram is, in the highest order and where it begins with the start of a document, how often it occurs; else how many different
 * symbols stand before it (Heafield et al. 2013, section 3.2). The run is in suffix order, so an n-gram of any order is open for as long as the
 * entries go on ending with it; when it closes, those that extended it to the left have been counted. Two cursors per order go down the
 * trie with it: one finds the n-gram, the other its history. Both only move forward among the children of a node, as the run ascends.
 *
 * @param run undefined: no data.
 */
export function collectStatistics(run: NgramRun | undefined, statistics: KneserNeyStatistics): void {
  const { trie, countsOfCounts, counts, sums, followers } = statistics;
  countsOfCounts.fill(0);
  counts.fill(0);
  sums.fill(0);
  followers.fill(0);
  if (run === undefined) return;
  const { order, symbols, children } = trie;
  const { highs, lows } = run;
  const runCounts = run.counts;
  const length = lows.length;
  // By depth, 0 to `order`: what extends the open n-gram to the left; its node and that of the history of this length, -1 where the
  // trie has none; where to look for the next.
  const extensions = new Uint32Array(order + 1);
  const ngramNodes = new Int32Array(order + 1);
  const ngramCursors = new Uint32Array(order + 2);
  const historyNodes = new Int32Array(order + 1);
  const historyCursors = new Uint32Array(order + 2);
  ngramCursors[1] = children[0]!;
  let high = 0;
  let low = 0;
  let deepest = 0;
  let count = 0;
  // `i` is at most `length`, where nothing is read of the run; depths are 1 to `order`; nodes come from `children`, whose last entry is
  // one past the last node, and cursors stay below such an entry.
  for (let i = 0; i <= length; i++) {
    const nextHigh = i < length ? highs[i]! : 0;
    const nextLow = i < length ? lows[i]! : 0;
    const from = i === 0 || i === length ? 1 : firstDifference(high, low, nextHigh, nextLow, order);
    for (let depth = deepest; depth >= from; depth--) {
      if (depth < deepest) count = extensions[depth]!;
      countsOfCounts[8 * depth + (count < 5 ? count : 5)]!++;
      extensions[depth - 1]!++;
      const node = ngramNodes[depth]!;
      if (node >= 0) counts[node] = count;
      const history = historyNodes[depth - 1]!;
      if (history >= 0) {
        sums[history]! += count;
        followers[history]! += 1 << (FOLLOWER_BITS * (count < 3 ? count - 1 : 2));
      }
    }
    if (i === length) break;
    high = nextHigh;
    low = nextLow;
    count = runCounts[i]!;
    deepest = (low & 255) === DOCUMENT_END ? reach(high, low, order) : order;
    for (let depth = from; depth <= deepest; depth++) {
      const symbol = symbolAt(high, low, depth, order);
      extensions[depth] = 0;
      const parent = ngramNodes[depth - 1]!;
      let node = -1;
      if (parent >= 0) {
        const end = children[parent + 1]!;
        let cursor = ngramCursors[depth]!;
        while (cursor < end && symbols[cursor]! < symbol) cursor++;
        ngramCursors[depth] = cursor;
        if (cursor < end && symbols[cursor]! === symbol) {
          node = cursor;
          if (depth < order) ngramCursors[depth + 1] = children[node]!;
        }
      }
      ngramNodes[depth] = node;
      if (depth === 1) {
        historyCursors[1] = children[0]!;
        continue;
      }
      const shorter = historyNodes[depth - 2]!;
      let history = -1;
      if (shorter >= 0) {
        const end = children[shorter + 1]!;
        let cursor = historyCursors[depth - 1]!;
        while (cursor < end && symbols[cursor]! < symbol) cursor++;
        historyCursors[depth - 1] = cursor;
        if (cursor < end && symbols[cursor]! === symbol) {
          history = cursor;
          historyCursors[depth] = children[history]!;
        }
      }
      historyNodes[depth - 1] = history;
    }
  }
}

/** Order of the longest n-gram in a window whose document begins within it: the start of the document is its first symbol. */
function reach(high: number, low: number, order: number): number {
  let depth = 2;
  while (symbolAt(high, low, depth, order) !== DOCUMENT_END) depth++;
  return depth;
}

/**
 * Probability of each n-gram of the trie: of its last symbol after the others, the history.
 *
 *     p(w|h) = max(c(hw) - D(c(hw)), 0) / c(h) + gamma(h) p(w|h'),  gamma(h) = (D1 N1(h.) + D2 N2(h.) + D3 N3+(h.)) / c(h)
 *
 * with h' = h without its first symbol and p = 1 / `vocabulary` below the unigrams; p(w|h) = p(w|h') after a history that was never seen
 * (Chen & Goodman 1998, section 3). The lower orders come first, so an n-gram finds its parent's probability.
 */
export function computeProbabilities(statistics: KneserNeyStatistics, vocabulary: number): void {
  const { trie, counts, sums, followers, probabilities, countsOfCounts } = statistics;
  const { order, levels, children, histories } = trie;
  const discounted = new Float64Array(4);
  probabilities[0] = 1 / vocabulary;
  // Nodes are those of the trie; the two lowest bits of an index bound `discounted`.
  for (let depth = 1; depth <= order; depth++) {
    const [one, two, more] = estimateDiscounts(
      countsOfCounts[8 * depth + 1]!,
      countsOfCounts[8 * depth + 2]!,
      countsOfCounts[8 * depth + 3]!,
      countsOfCounts[8 * depth + 4]!,
    );
    discounted.set([0, one, two, more]);
    const end = levels[depth]!;
    for (let parent = levels[depth - 1]!; parent < end; parent++) {
      const lower = probabilities[parent]!;
      const lastChild = children[parent + 1]!;
      for (let node = children[parent]!; node < lastChild; node++) {
        const history = histories[node]!;
        const sum = history === PADDED ? 0 : sums[history]!;
        if (sum === 0) {
          probabilities[node] = lower;
          continue;
        }
        const count = counts[node]!;
        const packed = followers[history]!;
        const freed =
          one * (packed & FOLLOWER_MASK) +
          two * ((packed >>> FOLLOWER_BITS) & FOLLOWER_MASK) +
          more * (packed >>> (2 * FOLLOWER_BITS));
        probabilities[node] = (count - discounted[count < 3 ? count : 3]! + freed * lower) / sum;
      }
    }
  }
}
