import {
  firstDifference,
  type KeyArrays,
  KeySorter,
  makeKeys,
  NgramWindows,
  releaseKeys,
  SORTER_BYTES,
  symbolAt,
} from './ngram-keys.ts';
import type { NgramMemory } from './ngram-memory.ts';
import { DOCUMENT_END, type HeldOut } from './proxy.ts';

/** In {@link NgramTrie.histories}: a window that reaches past the start of its document, and so is no n-gram. */
export const PADDED = 0xffff_ffff;

/**
 * The distinct n-grams of held-out documents of all orders 1 to `order`, as a trie over their symbols from the last to the first. Nodes are
 * numbered level by level, in each level in ascending order, so the n-grams of an order are neighbours and so are the children of a node:
 *
 *     text "ab|"            0                   level 0, the root
 *     (| is the end)        |- 1 a - 4 |a       levels 1 and 2: what was read, right to left
 *                           |- 2 b - 5 ab
 *                           '- 3 | - 6 b|
 *
 * An n-gram's parent is the n-gram without its first symbol: what it backs off to. A node stands for a history as well: that of
 * `c` in `abc` is the node `ab`. The start of a document, as history, is the node of {@link DOCUMENT_END}, which can be no history otherwise.
 */
export interface NgramTrie {
  readonly order: number;
  /** Number of the first node of each level 0 to `order`, and the number of nodes. */
  readonly levels: readonly number[];
  /** The symbol that each node adds to its parent. */
  readonly symbols: Uint8Array<ArrayBuffer>;
  /** The first child of each node above the last level, and one more: children of `v` are `[children[v], children[v + 1])`. */
  readonly children: Uint32Array<ArrayBuffer>;
  /** The node of each n-gram's history, or {@link PADDED}. */
  readonly histories: Uint32Array<ArrayBuffer>;
  /** For each window in order of the documents, its node, counted from the first of the last level. */
  readonly leaves: Uint32Array<ArrayBuffer>;
  /** Windows of each document up to its end; one more than there are documents, as in {@link HeldOut.offsets}. */
  readonly windowOffsets: Uint32Array<ArrayBuffer>;
}

/** Bytes of a trie's node in arrays of one entry for each: symbol, history. */
const NODE_BYTES = 5;
/** Bytes of a node above the last level for its first child. */
const INNER_BYTES = 4;

/**
 * Builds the trie of held-out documents.
 * @throws RangeError when a document does not end with {@link DOCUMENT_END}, or has it inside.
 */
export function buildTrie(heldOut: HeldOut, order: number, memory: NgramMemory): NgramTrie {
  const { symbols, offsets } = heldOut;
  const windowOffsets = memory.words(Math.max(1, offsets.length));
  for (let document = 0; document + 1 < offsets.length; document++) {
    const length = documentLength(symbols, offsets[document]!, offsets[document + 1]!);
    windowOffsets[document + 1] = windowOffsets[document]! + (length === 1 ? 0 : length);
  }
  const windows = windowOffsets[windowOffsets.length - 1]!;
  const keys = makeKeys(windows, true, memory);
  const first = offsets[0] ?? 0;
  new NgramWindows(order).fill(symbols, first, offsets.at(-1) ?? 0, keys.highs, keys.lows, 0);
  // `i` is below the length of the array.
  for (let i = 0; i < windows; i++) keys.payloads[i] = i;
  const sorter = new KeySorter(order, windows, true, memory);
  sorter.sort(keys, windows);
  sorter.release();
  const leaves = memory.words(windows);
  const levels = numberLeaves(keys, windows, order, leaves);
  memory.release(keys.payloads);
  const trie = makeTrie(keys, windows, levels, { order, leaves, windowOffsets }, memory);
  releaseKeys({ ...keys, payloads: keys.payloads.subarray(0, 0) }, memory);
  linkHistories(trie);
  return trie;
}

function documentLength(symbols: Uint8Array, start: number, end: number): number {
  const found = symbols.indexOf(DOCUMENT_END, start);
  if (found !== end - 1) {
    throw new RangeError(
      `held-out document [${start}, ${end}): expected one DOCUMENT_END, as its last symbol; found the first at ${found}`,
    );
  }
  return end - start;
}

/** Numbers the distinct windows and counts the nodes of each level. */
function numberLeaves(
  { highs, lows, payloads }: KeyArrays,
  windows: number,
  order: number,
  leaves: Uint32Array,
): number[] {
  const perLevel = new Float64Array(order + 1);
  let leaf = -1;
  // `i` is below the number of keys, and a payload is a window's number.
  for (let i = 0; i < windows; i++) {
    const high = highs[i]!;
    const low = lows[i]!;
    if (i === 0 || low !== lows[i - 1]! || high !== highs[i - 1]!) {
      leaf++;
      const from = i === 0 ? 1 : firstDifference(high, low, highs[i - 1]!, lows[i - 1]!, order);
      for (let depth = from; depth <= order; depth++) perLevel[depth]!++;
    }
    leaves[payloads[i]!] = leaf;
  }
  const levels = [0, 1];
  for (let depth = 1; depth <= order; depth++) levels.push(levels[depth]! + perLevel[depth]!);
  return levels;
}

function makeTrie(
  { highs, lows }: KeyArrays,
  windows: number,
  levels: readonly number[],
  rest: Pick<NgramTrie, 'order' | 'leaves' | 'windowOffsets'>,
  memory: NgramMemory,
): NgramTrie {
  const { order } = rest;
  const nodes = levels[order + 1]!;
  const symbols = memory.bytes(nodes);
  const children = memory.words(levels[order]! + 1);
  const histories = memory.words(nodes);
  const next = Uint32Array.from(levels);
  children[0] = 1;
  // All nodes of the level above the last have numbers below this one's, so it bounds their children as any node's first child does.
  children[levels[order]!] = nodes;
  // `depth` is at most `order`, `i` below the number of keys.
  for (let i = 0; i < windows; i++) {
    const high = highs[i]!;
    const low = lows[i]!;
    if (i > 0 && low === lows[i - 1]! && high === highs[i - 1]!) continue;
    const from = i === 0 ? 1 : firstDifference(high, low, highs[i - 1]!, lows[i - 1]!, order);
    for (let depth = from; depth <= order; depth++) {
      const node = next[depth]!++;
      symbols[node] = symbolAt(high, low, depth, order);
      if (depth < order) children[node] = next[depth + 1]!;
    }
  }
  return { ...rest, levels, symbols, children, histories };
}

/** An n-gram's history is the child, by the same symbol, of its parent's history; both lists of children ascend. */
function linkHistories({ order, levels, symbols, children, histories }: NgramTrie): void {
  // Unigrams have the root for history, which the array holds already. For bigrams it is a unigram, below that as the comment above says.
  for (let depth = 2; depth <= order; depth++) {
    const end = levels[depth]!;
    for (let parent = levels[depth - 1]!; parent < end; parent++) {
      const history = histories[parent]!;
      const startsDocument = depth > 2 && symbols[parent]! === DOCUMENT_END;
      let candidate = startsDocument ? 0 : children[history]!;
      const lastChild = children[parent + 1]!;
      for (let child = children[parent]!; child < lastChild; child++) {
        if (startsDocument) {
          histories[child] = PADDED;
          continue;
        }
        // Ends: the history of an n-gram ends one symbol earlier in the same document and so is in the trie, or is its start.
        while (symbols[candidate]! !== symbols[child]!) candidate++;
        histories[child] = candidate;
      }
    }
  }
}

/** The most nodes a trie of `windows` windows can have, and how many of them above the last level. */
export function mostNodes(order: number, windows: number): { all: number; inner: number } {
  let inner = 1;
  for (let depth = 1; depth < order; depth++) inner += Math.min(windows, 256 ** depth);
  return { all: inner + Math.min(windows, 256 ** order), inner };
}

/** The most bytes {@link buildTrie} can hold at once, and what of them stays. */
export function trieBytes(order: number, windows: number): { peak: number; stays: number } {
  const nodes = mostNodes(order, windows);
  // A document that has windows has two at least; each that has none is a symbol as well.
  const perWindow = 4 * windows + 4 * (windows + 1);
  const stays = perWindow + NODE_BYTES * nodes.all + INNER_BYTES * (nodes.inner + 1);
  return { peak: Math.max(perWindow + 20 * windows + SORTER_BYTES, stays + 6 * windows), stays };
}
