import { DAMAGED, DOTTED_I, decode, foldOf, lowerAt, width } from './phrase-characters.ts';
import { advance, buildPhraseTrie, childOf, type PhraseTrie } from './phrase-trie.ts';
import { kindOf, type UnicodeTables } from './unicode.ts';

/** Looks for phrases in a text; not reentrant. */
export interface PhraseFinder {
  /** Position in the list of a phrase that `bytes[start .. end)` holds, lower-cased, or -1. Linear time. */
  find(bytes: Uint8Array, start: number, end: number): number;
}

/** What a finder knows of its list, in memory that threads share. */
export interface PhraseList {
  readonly trie: PhraseTrie;
  /**
   * A bit for each hash of what a phrase begins with: for whole words its first word, else its first character. A power of two bits.
   * It says that most words of a text begin no phrase, so that the trie is seldom asked.
   */
  readonly beginnings: Uint32Array;
  /** 1 where some phrase begins with a character that is no part of a word: an ASCII one, by its code; any other, 128. */
  readonly others: Uint8Array;
}

/** The combining dot that the lower case of {@link DOTTED_I} ends with: no word character. */
const COMBINING_DOT = 0x307;
/** How {@link folded} marks what is not ASCII. */
const WIDE = 0xff;
/** Bits for each phrase: a word that begins none is taken for one that does once in this many times. */
const SPARSITY = 64;

/** Each ASCII word character in lower case, 0 for other ASCII, `WIDE` for a byte of a longer character. */
const folded: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => {
  if (code >= 0x80) return WIDE;
  const character = String.fromCharCode(code);
  return /[A-Za-z0-9_]/.test(character) ? character.toLowerCase().charCodeAt(0) : 0;
});

/** As it is used on the characters of a word, one after the other, from 0. */
function mix(hash: number, code: number): number {
  return ((hash << 5) + hash) ^ code;
}

function bitOf(hash: number, shift: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x9e3779b1) >>> shift;
}

/** For how many bits a hash is shifted, so that it is below the number of bits of `beginnings`. */
function shiftOf(beginnings: Uint32Array): number {
  return Math.clz32(32 * beginnings.length - 1);
}

/** Makes the list of a finder from phrases as they stand in a lower-cased text, none of them empty. */
export function buildPhraseList(phrases: readonly string[], tables: UnicodeTables): PhraseList {
  const words = Math.max(64, 2 ** Math.ceil(Math.log2((phrases.length * SPARSITY) / 32 + 1)));
  const beginnings = new Uint32Array(new SharedArrayBuffer(4 * Math.min(words, 2 ** 22)));
  const others = new Uint8Array(new SharedArrayBuffer(129));
  const shift = shiftOf(beginnings);
  const mark = (hash: number): void => {
    const bit = bitOf(hash, shift);
    beginnings[bit >>> 5]! |= 1 << (bit & 31);
  };
  for (const phrase of phrases) {
    const first = phrase.codePointAt(0)!;
    mark(mix(0, first));
    if (kindOf(tables, first) === 0) others[Math.min(first, 128)] = 1;
    let hash = 0;
    for (const character of phrase) {
      const code = character.codePointAt(0)!;
      if (kindOf(tables, code) === 0) break;
      hash = mix(hash, foldOf(tables, code));
    }
    mark(hash);
  }
  return { trie: buildPhraseTrie(phrases), beginnings, others };
}

/**
 * Finds phrases that stand between characters that are no word characters, or at an end of the text: the expression `(?:\W|^)(a|b|...)(?:\W|$)`
 * of Python on the lower-cased text, with the `\w` of Python (letters and numbers of all scripts and the underscore, no combining marks).
 *
 * A phrase that begins with a word character can only stand where a word begins, and that word is the first word of the phrase. So the text
 * is cut into words and each is hashed; only where a bit says that some phrase begins so, its characters are compared.
 */
export function flankedFinder(list: PhraseList, tables: UnicodeTables): PhraseFinder {
  const { beginnings, others } = list;
  const { edges, ends } = list.trie;
  const shift = shiftOf(beginnings);
  const hasOthers = others.includes(1);

  function find(bytes: Uint8Array, start: number, end: number): number {
    // In each round a phrase could begin at p: what is before it is no word character.
    for (let p = start; p < end; ) {
      const first = p;
      let hash = 0;
      let code: number;
      // The loop over the word: most of the time goes here.
      while (true) {
        code = folded[bytes[p]!]!;
        if (code === 0) break;
        if (code === WIDE) {
          code = decode(bytes, p, end);
          if (kindOf(tables, code) === 0) break;
          p += width - 1;
          hash = mix(hash, foldOf(tables, code));
        } else hash = mix(hash, code);
        p++;
        if (p === end || code === DOTTED_I) break;
      }
      if (p === first) {
        if (hasOthers && others[code === 0 ? bytes[p]! : 128] === 1) {
          const found = phraseAt(bytes, start, end, first);
          if (found >= 0) return found;
          if (code !== 0) decode(bytes, p, end);
        }
        p += code === 0 ? 1 : width;
        continue;
      }
      const bit = bitOf(hash, shift);
      if ((beginnings[bit >>> 5]! & (1 << (bit & 31))) !== 0) {
        const found = phraseAt(bytes, start, end, first);
        if (found >= 0) return found;
      }
      // The combining dot of a capital I ends its word, and is the character before the next one.
      if (code === DOTTED_I) continue;
      if (p < end) {
        if (code === 0) p++;
        else {
          decode(bytes, p, end);
          p += width;
        }
      }
    }
    return -1;
  }

  /** A phrase that begins at `at` and is followed by no word character, or -1; of several the shortest. */
  function phraseAt(bytes: Uint8Array, start: number, end: number, at: number): number {
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

  return { find };
}

/** Finds phrases anywhere in the lower-cased text: for scripts that are written without spaces. */
export function substringFinder(list: PhraseList, tables: UnicodeTables): PhraseFinder {
  const { trie, beginnings } = list;
  const { found } = trie;
  const shift = shiftOf(beginnings);

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
      if (state === 0) {
        const bit = bitOf(mix(0, code), shift);
        if ((beginnings[bit >>> 5]! & (1 << (bit & 31))) === 0) continue;
      }
      state = advance(trie, state, code);
      if (found[state] !== 0) return found[state]! - 1;
    }
    return -1;
  }

  return { find };
}
