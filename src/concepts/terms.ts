import { kindOf, type UnicodeTables } from '../kernels/unicode.ts';

/** Longer words are no words: keys, hashes, encoded data. In UTF-16 units. */
const LONGEST_WORD = 40;

const MARK = /^\p{M}$/u;

/**
 * Calls back for each term of a text, with its place in UTF-16 units: words of letters, digits and their marks; of scripts written without spaces
 * pairs of neighbouring characters of one {@link SpacelessRun}, because where a word of theirs ends takes a dictionary.
 * @param take gets start (included), end (excluded) and whether the term is such a pair.
 */
export function eachTerm(
  text: string,
  tables: UnicodeTables,
  take: (start: number, end: number, isPair: boolean) => void,
): void {
  // -1 where there is none: the word that is being read, and the spaceless character before.
  let word = -1;
  let before = -1;
  let character = -1;
  const endWord = (at: number): void => {
    if (word >= 0 && at - word <= LONGEST_WORD) take(word, at, false);
    word = -1;
  };
  const endCharacter = (at: number): void => {
    if (character < 0) return;
    const run = runOf(text.codePointAt(character)!);
    if (before >= 0 && run !== 'hiragana' && run === runOf(text.codePointAt(before)!)) take(before, at, true);
    before = character;
    character = -1;
  };
  for (let at = 0; at < text.length; ) {
    const unit = text.charCodeAt(at);
    const code = unit < 0xd800 || unit > 0xdfff ? unit : text.codePointAt(at)!;
    const kind = kindOf(tables, code);
    // Within a word, which is most of the time.
    if (word >= 0 && kind !== 0 && kind !== 2) {
      at += code > 0xffff ? 2 : 1;
      continue;
    }
    if (kind === 2) {
      endWord(at);
      endCharacter(at);
      character = at;
    } else if (kind !== 0) {
      endCharacter(at);
      before = -1;
      if (word < 0) word = at;
    } else if (code < 0x300 || !MARK.test(String.fromCodePoint(code))) {
      endWord(at);
      endCharacter(at);
      before = -1;
    }
    at += code > 0xffff ? 2 : 1;
  }
  endWord(text.length);
  endCharacter(text.length);
}

/** Characters that may make up a word together. Words of Japanese that say what a text is about are Han or Katakana; Hiragana is their grammar. */
export type SpacelessRun = 'hiragana' | 'katakana' | 'ideographs' | 'letters';

/** Of a character of a script without spaces. */
export function runOf(code: number): SpacelessRun {
  if (code < 0x2000) return 'letters';
  if (code >= 0x3040 && code < 0x30a0) return 'hiragana';
  const isKatakana =
    (code >= 0x30a0 && code < 0x3100) ||
    (code >= 0x31f0 && code < 0x3200) ||
    (code >= 0xff66 && code < 0xffa0);
  return isKatakana ? 'katakana' : 'ideographs';
}
