import { kindOf, type UnicodeTables } from '../unicode.ts';
import { DAMAGED, DOTTED_I, decode, lowerAt, width } from './characters.ts';
import { advance, childOf, type PhraseTrie } from './trie.ts';

/** Looks for phrases in a text; not reentrant. */
export interface PhraseFinder {
  /** Position in the list of a phrase that `bytes[start .. end)` holds, lower-cased, or -1. Linear time. */
  find(bytes: Uint8Array, start: number, end: number): number;
}

/** The combining dot that the lower case of {@link DOTTED_I} ends with: no word character. */
const COMBINING_DOT = 0x307;

/**
 * Finds phrases that stand between characters that are no word characters, or at an end of the text: the expression `(?:\W|^)(a|b|...)(?:\W|$)`
 * of Python on the lower-cased text, with the `\w` of Python (letters and numbers of all scripts and the underscore, no combining marks).
 *
 * The plain twin, and the reference: it compares at every place where a phrase could begin, those with no word character before them.
 * The fast one is in phrase-simd.ts.
 */
export function flankedFinder(trie: PhraseTrie, tables: UnicodeTables): PhraseFinder {
  function find(bytes: Uint8Array, start: number, end: number): number {
    let isInWord = false;
    for (let p = start; p < end; ) {
      if (!isInWord) {
        const found = flankedAt(trie, tables, bytes, start, end, p);
        if (found >= 0) return found;
      }
      const code = decode(bytes, p, end);
      // The lower case of this one ends in a combining dot, so no word character is before what follows.
      isInWord = code !== DOTTED_I && kindOf(tables, code) !== 0;
      p += width;
    }
    return -1;
  }

  return { find };
}

/** The shortest phrase that begins at `bytes[at]` of the text `bytes[start .. end)` and is followed by no word character, or -1. */
export function flankedAt(
  trie: PhraseTrie,
  tables: UnicodeTables,
  bytes: Uint8Array,
  start: number,
  end: number,
  at: number,
): number {
  const { edges, ends } = trie;
  let state = 0;
  for (let p = at; ; ) {
    if (p === end) return ends[state]! - 1;
    const code = decode(bytes, p, end);
    const length = width;
    if (ends[state] !== 0 && kindOf(tables, code) === 0) return ends[state]! - 1;
    state = childOf(edges, state, lowerAt(tables, code, bytes, start, end, p));
    if (state === 0) return -1;
    p += length;
    if (code !== DOTTED_I) continue;
    if (ends[state] !== 0) return ends[state]! - 1;
    state = childOf(edges, state, COMBINING_DOT);
    if (state === 0) return -1;
  }
}

/** Finds phrases anywhere in the lower-cased text: for scripts that are written without spaces. */
export function substringFinder(trie: PhraseTrie, tables: UnicodeTables): PhraseFinder {
  const { found } = trie;
  const starts = startsOf(trie);

  function find(bytes: Uint8Array, start: number, end: number): number {
    let state = 0;
    for (let p = start; p < end; ) {
      let code = bytes[p]!;
      if (code < 0x80) {
        if (code >= 0x41 && code <= 0x5a) code += 0x20;
        p++;
      } else {
        code = decode(bytes, p, end);
        const length = width;
        if (code === DOTTED_I) {
          state = advance(trie, state, 0x69);
          if (found[state] !== 0) return found[state]! - 1;
          code = COMBINING_DOT;
        } else if (code !== DAMAGED) code = lowerAt(tables, code, bytes, start, end, p);
        p += length;
      }
      if (state === 0 && starts[code & STARTS_MASK] === 0) continue;
      state = advance(trie, state, code);
      if (found[state] !== 0) return found[state]! - 1;
    }
    return -1;
  }

  return { find };
}

/** Enough that few characters of a script share a place with one that begins a phrase. */
const STARTS_MASK = 0xffff;

/** 1 for the low bits of each code point that begins a phrase: most characters of a text do not, and the trie need not be asked. */
function startsOf({ edges }: PhraseTrie): Uint8Array {
  const starts = new Uint8Array(STARTS_MASK + 1);
  for (let at = 0; at < edges.length; at += 3)
    if (edges[at + 2] !== 0 && edges[at] === 0) starts[edges[at + 1]! & STARTS_MASK] = 1;
  return starts;
}
