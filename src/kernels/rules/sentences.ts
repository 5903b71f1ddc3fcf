import { decodeAt, widthOf } from '../simplified/characters.ts';
import { kindOf, type UnicodeTables, unicodeTables } from '../unicode.ts';
import * as flags from './character-flags.ts';

/*
 * What a sentence is, in one pass over the bytes. A word is what stands between white space.
 *
 * 1. A word ends a sentence if among the marks behind its last other character (quotes, brackets, commas ...) there is a "!", a "?" or
 *    a full stop. Two or more dots are an ellipsis and no full stop. Neither is the dot of an abbreviation: after a single letter, after a
 *    capital that follows no capital, in "a.m.", "Mr." and their like, or behind a sign that no sentence ends in.
 * 2. Such a full stop ends a sentence inside a word if it stands between a small letter and a capital and no "/" or "@" came before.
 * 3. A terminal of another script (danda, ideographic full stop ...) ends a sentence wherever it is, together with what closes behind it.
 * 4. The next sentence begins only when a character follows that is no punctuation; a word of punctuation alone belongs to the sentence
 *    before if it ends like a sentence, else to the one behind.
 *
 * This is close to the sentencizer of spaCy behind its English tokenizer, which datatrove counts with. It differs for terminals of other
 * scripts, which spaCy's English tokenizer sees only before white space, and for opening quotes, which spaCy leaves at the end of the
 * sentence before; neither changes the count of English text.
 */

const OTHER = 0;
const SPACE = 1;
const LOWER = 2;
const UPPER = 3;
const DIGIT = 4;
/** Can stand between the last letter of a word and its end. */
const MARK = 5;
const OPENING = 6;
/** Punctuation that cannot: a dot behind it is no full stop, except behind a hyphen or a per cent sign. */
const DASH = 7;
const SLASH = 8;
const BANG = 9;
const DOT = 10;
/** Terminal of another script. */
const WIDE = 11;
/** Before the first character of a word. */
const NONE = 12;

const ascii: Uint8Array = (() => {
  const classes = new Uint8Array(128);
  const fill = (characters: string, value: number): void => {
    for (const character of characters) classes[character.charCodeAt(0)] = value;
  };
  fill('\t\n\v\f\r\x1c\x1d\x1e\x1f ', SPACE);
  fill('abcdefghijklmnopqrstuvwxyz', LOWER);
  fill('ABCDEFGHIJKLMNOPQRSTUVWXYZ', UPPER);
  // What is behind "C++." and "<b>." too: no letter, but a sentence may end in it.
  fill('0123456789+>', DIGIT);
  fill('"\'),:;]}_#*&`', MARK);
  fill('([{', OPENING);
  fill('-%', DASH);
  fill('/@\\', SLASH);
  fill('!?', BANG);
  fill('.', DOT);
  return classes;
})();

/** What begins a sentence rather than ends it, outside of ASCII. */
const OPENINGS =
  '\u00a1\u00ab\u00bf\u2018\u201a\u201b\u201c\u201e\u201f\u2039\u3008\u300a\u300c\u300e\u3010\u3014\u3016\u3018\u301a\u301d\uff08\uff3b\uff5b\uff5f\uff62';
const DASHES = '\u2010\u2011\u2012\u2013\u2014\u2015';

/** Without the last dot: those that spaCy's English tokenizer keeps whole and no other rule covers, and what "Ph.D." and addresses begin with. */
const ABBREVIATIONS: ReadonlySet<number> = new Set(
  (
    'Adm Ak Ala Apr Ariz Ark Aug Bros Calif Co Colo Conn Corp Dec Del Dr E.g Feb Fla Ga Gen Gov I.e Ia Id Ill Inc Ind Jan Jr Jul Jun Kan Kans ' +
    'Ky La Ltd Mar Mass Md Mich Minn Miss Mo Mont Mr Mrs Ms Mt Neb Nebr Nev Nov Oct Okla Ore Pa Ph Prof Rep Rev Sen Sep Sept St Tenn ' +
    'Va Wash Wis a.m co e.g i.e p.m v.s vs www'
  )
    .split(' ')
    .map((word) => {
      const bytes = new TextEncoder().encode(word);
      return abbreviationKey(bytes, 0, bytes.length);
    }),
);
const LONGEST_ABBREVIATION = 5;

/** At most five bytes as a number; the one before them counts leading zeros. */
function abbreviationKey(bytes: Uint8Array, start: number, end: number): number {
  let key = 1;
  for (let at = start; at < end; at++) key = key * 256 + bytes[at]!;
  return key;
}

const FINAL_SIGMA = 0x3c2;
/** Classes found so far; 0, which no character beyond ASCII has: not yet asked. */
const known: Uint8Array = new Uint8Array(0x20000);
let tables: UnicodeTables | undefined;

/** Class of a code point from 0x80 on; looked up once for each. */
function classOf(code: number): number {
  if (code >= 0x20000) return LOWER;
  const found = known[code]!;
  return found === 0 ? (known[code] = findClass(code)) : found;
}

function findClass(code: number): number {
  const found = flags.flagsOf(code);
  if (found & flags.SPACE) return SPACE;
  if (found & flags.TERMINAL) return WIDE;
  if (found & flags.PUNCTUATION) {
    const character = String.fromCodePoint(code);
    return OPENINGS.includes(character) ? OPENING : DASHES.includes(character) ? DASH : MARK;
  }
  tables ??= unicodeTables();
  // Vowel signs and accents are no letters of the tables, but words and so sentences end in them: all else counts as a small letter.
  // The final sigma has another letter in that table too, but is a small one.
  return kindOf(tables, code) > 2 && code !== FINAL_SIGMA ? UPPER : LOWER;
}

/**
 * Where the sentence that begins at `start` ends: a position in (start, end], which is where the next begins; white space between
 * sentences belongs to the later one. `end` if it is the last. What the rule is stands at the top of this file.
 * Bytes that are not UTF-8 are characters that are no punctuation. Linear: of what it reads only a run of punctuation behind the
 * sentence is read again for the next.
 */
function sentenceEnd(bytes: Uint8Array, start: number, end: number): number {
  let candidate = -1;
  let previous = NONE;
  let beforePrevious = NONE;
  let core = -1; // first character of the word that is no mark
  let terminal = false; // rule 1: a terminal among the marks that end the word so far
  let glued = false; // rule 3: nothing but closing marks since a terminal of another script
  let address = false; // rule 2: "/" or "@" came before
  for (let at = start; at < end; ) {
    const first = bytes[at]!;
    let next = at + 1;
    let kind: number;
    if (first < 0x80) kind = ascii[first]!;
    else {
      const code = decodeAt(bytes, at, end);
      if (code < 0) kind = OTHER;
      else {
        kind = classOf(code);
        next = at + widthOf(code);
      }
    }

    if (kind <= DIGIT) {
      if (kind === SPACE) {
        if (terminal) candidate = at;
        previous = NONE;
        core = -1;
        terminal = false;
        glued = false;
        address = false;
        at = next;
        continue;
      }
      // Rule 2, for which the dot is the previous character.
      if (kind === UPPER && terminal && previous === DOT && beforePrevious === LOWER && !address)
        candidate = at;
      if (candidate >= 0) return candidate;
      if (core < 0) core = at;
      terminal = false;
      glued = false;
      if (kind === LOWER) {
        // Most of a text; what follows a small letter is only of interest when it is something else.
        const letters = next;
        while (next < end && bytes[next]! >= 0x61 && bytes[next]! <= 0x7a) next++;
        if (next < end && bytes[next]! >= 0x80) next = lettersEnd(bytes, next, end);
        if (next > letters) previous = LOWER;
      }
    } else if (kind === WIDE) {
      candidate = next;
      glued = true;
    } else if (kind === MARK || kind === OPENING) {
      if (glued && kind === MARK) candidate = next;
      else glued = false;
    } else if (kind === BANG) {
      if (glued) candidate = next;
      terminal = true;
    } else if (kind === DOT) {
      if (glued) candidate = next;
      const single = previous !== DOT && (next >= end || bytes[next] !== 0x2e);
      if (single && isFullStop(bytes, core, at, previous, beforePrevious)) terminal = true;
    } else {
      if (kind === SLASH) address = true;
      if (core < 0) core = at;
      terminal = false;
      glued = false;
    }
    beforePrevious = previous;
    previous = kind;
    at = next;
  }
  return end;
}

/** Behind the small letters at `at` and what counts as such, as far as they are known already. */
function lettersEnd(bytes: Uint8Array, at: number, end: number): number {
  // What begins with C2 to DF and one byte that continues is a character, so is what begins with E1 to EC and two such, or with E0 and A0.
  while (at < end) {
    const first = bytes[at]!;
    if (first < 0x80) {
      if (first < 0x61 || first > 0x7a) break;
      at++;
    } else if (first < 0xe0) {
      if (first < 0xc2 || at + 2 > end) break;
      const second = bytes[at + 1]! ^ 0x80;
      if (second > 63 || known[((first & 31) << 6) | second] !== LOWER) break;
      at += 2;
    } else {
      if (first > 0xec || at + 3 > end) break;
      const second = bytes[at + 1]! ^ 0x80;
      const third = bytes[at + 2]! ^ 0x80;
      if ((second | third) > 63 || (first === 0xe0 && second < 32)) break;
      if (known[((first & 15) << 12) | (second << 6) | third] !== LOWER) break;
      at += 3;
    }
  }
  return at;
}

/** Whether a dot that stands alone ends a sentence, if the word ends with it. */
function isFullStop(
  bytes: Uint8Array,
  core: number,
  at: number,
  previous: number,
  beforePrevious: number,
): boolean {
  if (previous === OTHER || previous === SLASH) return false;
  if (previous === UPPER) {
    if (beforePrevious !== UPPER) return false;
  } else if (previous === LOWER) {
    const length = at - core;
    if (length === 1) return false;
    if (length <= LONGEST_ABBREVIATION && ABBREVIATIONS.has(abbreviationKey(bytes, core, at))) return false;
  }
  return true;
}

/**
 * Calls `sentence` with the bounds of each sentence of `bytes[start .. end)`, in order, until it returns false; together they are the
 * whole text. An empty text is one empty sentence.
 */
export function splitSentences(
  bytes: Uint8Array,
  start: number,
  end: number,
  sentence: (start: number, end: number) => unknown,
): void {
  let from = start;
  do {
    const to = sentenceEnd(bytes, from, end);
    if (sentence(from, to) === false) return;
    from = to;
  } while (from < end);
}

/** Number of sentences of `bytes[start .. end)`, at least 1; counts no further than to `enough`. */
export function countSentences(
  bytes: Uint8Array,
  start: number,
  end: number,
  enough: number = Number.POSITIVE_INFINITY,
): number {
  let count = 0;
  let from = start;
  do {
    from = sentenceEnd(bytes, from, end);
    count++;
  } while (from < end && count < enough);
  return count;
}
