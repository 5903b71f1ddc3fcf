/**
 * Many phrases as one automaton over code points (Aho and Corasick, "Efficient string matching: an aid to bibliographic
 * search", CACM 18, 1975), in arrays that threads share.
 *
 *     edges   | state | code point | next state, 0 = free |     slot = floor(hash * slots / 2^32), then the one after it
 *     ends    number of the phrase that ends at a state, from 1; 0 = none
 *     links   the state of the longest proper suffix that is a beginning of some phrase
 *     found   number of a phrase that ends at the state or at one its links lead to; 0 = none
 *
 * State 0 is the beginning. About 30 bytes for each code point that no other phrase has in common.
 */
export interface PhraseTrie {
  readonly edges: Uint32Array;
  readonly ends: Uint32Array;
  readonly links: Uint32Array;
  readonly found: Uint32Array;
}

/** Builds the automaton of phrases, none of them empty; phrase `i` has number `i + 1`, of equal ones the first counts. */
export function buildPhraseTrie(phrases: readonly string[]): PhraseTrie {
  let most = 1;
  for (const phrase of phrases) most += phrase.length;
  // Room for all code units, one slot of three free; what phrases share is cut off at the end.
  const parents = new Uint32Array(most);
  const symbols = new Uint32Array(most);
  const depths = new Uint32Array(most);
  const ends = new Uint32Array(most);
  const edges = shared(3 * Math.ceil(1.5 * most + 1));
  let states = 1;
  let deepest = 0;
  for (const [index, phrase] of phrases.entries()) {
    let state = 0;
    for (const character of phrase) {
      const symbol = character.codePointAt(0)!;
      let next = childOf(edges, state, symbol);
      if (next === 0) {
        next = states++;
        parents[next] = state;
        symbols[next] = symbol;
        depths[next] = depths[state]! + 1;
        deepest = Math.max(deepest, depths[next]!);
        insert(edges, state, symbol, next);
      }
      state = next;
    }
    if (ends[state] === 0) ends[state] = index + 1;
  }
  const trie = { edges, ends: shared(states), links: shared(states), found: shared(states) };
  trie.ends.set(ends.subarray(0, states));
  // By depth: links lead to states less deep, which are ready by then.
  for (const state of inOrder(depths.subarray(0, states), deepest)) {
    const parent = parents[state]!;
    if (parent !== 0) trie.links[state] = advance(trie, trie.links[parent]!, symbols[state]!);
    trie.found[state] = trie.ends[state]! || trie.found[trie.links[state]!]!;
  }
  return trie;
}

/** The state that `symbol` leads to from `state`; 0 if no phrase goes on like that. */
export function childOf(edges: Uint32Array, state: number, symbol: number): number {
  const slots = edges.length / 3;
  // Ends: a third of the slots is free.
  for (let slot = slotOf(state, symbol, slots); ; ) {
    const at = 3 * slot;
    const next = edges[at + 2]!;
    if (next === 0 || (edges[at] === state && edges[at + 1] === symbol)) return next;
    slot = slot + 1 === slots ? 0 : slot + 1;
  }
}

/** The state after `symbol` was read in `state`: the longest beginning of a phrase that the text now ends with. Amortised constant. */
export function advance(trie: PhraseTrie, state: number, symbol: number): number {
  for (let at = state; ; at = trie.links[at]!) {
    const next = childOf(trie.edges, at, symbol);
    if (next !== 0 || at === 0) return next;
  }
}

function insert(edges: Uint32Array, state: number, symbol: number, next: number): void {
  const slots = edges.length / 3;
  let slot = slotOf(state, symbol, slots);
  while (edges[3 * slot + 2] !== 0) slot = slot + 1 === slots ? 0 : slot + 1;
  edges[3 * slot] = state;
  edges[3 * slot + 1] = symbol;
  edges[3 * slot + 2] = next;
}

function slotOf(state: number, symbol: number, slots: number): number {
  let mixed = Math.imul(state, 0x9e3779b1) ^ Math.imul(symbol, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35);
  return Math.floor((((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32) * slots);
}

/** States but for the first, by depth. */
function inOrder(depths: Uint32Array, deepest: number): Uint32Array {
  const starts = new Uint32Array(deepest + 2);
  for (let state = 1; state < depths.length; state++) starts[depths[state]! + 1]!++;
  for (let depth = 1; depth < starts.length; depth++) starts[depth]! += starts[depth - 1]!;
  const order = new Uint32Array(depths.length - 1);
  for (let state = 1; state < depths.length; state++) order[starts[depths[state]!]!++] = state;
  return order;
}

function shared(length: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(4 * length));
}
