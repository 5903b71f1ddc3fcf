import { kindOf, type UnicodeTables, unicodeTables } from './unicode.ts';

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

/** First and last code point of what closes or separates, outside of ASCII; sorted. */
// prettier-ignore
const MARKS: readonly number[] = [
  0xa7, 0xa7, 0xb6, 0xb7, 0xbb, 0xbb, 0x387, 0x387, 0x60c, 0x60c, 0x61b, 0x61b, 0x66a, 0x66d, 0x2016, 0x2017,
  0x2019, 0x2019, 0x201d, 0x201d, 0x2020, 0x2027, 0x2030, 0x2038, 0x203a, 0x203b, 0x203e, 0x203e, 0x2046,
  0x2046, 0x2309, 0x2309, 0x230b, 0x230b, 0x232a, 0x232a, 0x3001, 0x3001, 0x3003, 0x3003, 0x3009, 0x3009,
  0x300b, 0x300b, 0x300d, 0x300d, 0x300f, 0x300f, 0x3011, 0x3011, 0x3015, 0x3015, 0x3017, 0x3017, 0x3019,
  0x3019, 0x301b, 0x301b, 0x301e, 0x301f, 0x30fb, 0x30fb, 0xff02, 0xff03, 0xff06, 0xff07, 0xff09, 0xff0a,
  0xff0c, 0xff0c, 0xff1a, 0xff1b, 0xff3d, 0xff3d, 0xff3f, 0xff3f, 0xff5d, 0xff5d, 0xff60, 0xff60, 0xff63,
  0xff65,
];
// prettier-ignore
const OPENINGS: readonly number[] = [
  0xa1, 0xa1, 0xab, 0xab, 0xbf, 0xbf, 0x2018, 0x2018, 0x201a, 0x201c, 0x201e, 0x201f, 0x2039, 0x2039, 0x2045,
  0x2045, 0x2308, 0x2308, 0x230a, 0x230a, 0x2329, 0x2329, 0x3008, 0x3008, 0x300a, 0x300a, 0x300c, 0x300c,
  0x300e, 0x300e, 0x3010, 0x3010, 0x3014, 0x3014, 0x3016, 0x3016, 0x3018, 0x3018, 0x301a, 0x301a, 0x301d,
  0x301d, 0xff08, 0xff08, 0xff3b, 0xff3b, 0xff5b, 0xff5b, 0xff5f, 0xff5f, 0xff62, 0xff62,
];
const DASHES: readonly number[] = [
  0x2010, 0x2015, 0x301c, 0x301c, 0x3030, 0x3030, 0xff05, 0xff05, 0xff0d, 0xff0d,
];
/** Sentence_Terminal of Unicode where spaCy's sentencizer knows it too. */
// prettier-ignore
const TERMINALS: readonly number[] = [
  0x589, 0x589, 0x61f, 0x61f, 0x6d4, 0x6d4, 0x700, 0x702, 0x7f9, 0x7f9, 0x964, 0x965, 0x104a, 0x104b, 0x1362,
  0x1362, 0x1367, 0x1368, 0x166e, 0x166e, 0x1735, 0x1736, 0x1803, 0x1803, 0x1809, 0x1809, 0x1944, 0x1945,
  0x1aa8, 0x1aab, 0x1b5a, 0x1b5b, 0x1b5e, 0x1b5f, 0x1c3b, 0x1c3c, 0x1c7e, 0x1c7f, 0x203c, 0x203d, 0x2047,
  0x2049, 0x2e2e, 0x2e2e, 0x2e3c, 0x2e3c, 0x3002, 0x3002, 0xa4ff, 0xa4ff, 0xa60e, 0xa60f, 0xa6f3, 0xa6f3,
  0xa6f7, 0xa6f7, 0xa876, 0xa877, 0xa8ce, 0xa8cf, 0xa92f, 0xa92f, 0xa9c8, 0xa9c9, 0xaa5d, 0xaa5f, 0xaaf0,
  0xaaf1, 0xabeb, 0xabeb, 0xfe52, 0xfe52, 0xfe56, 0xfe57, 0xff01, 0xff01, 0xff0e, 0xff0e, 0xff1f, 0xff1f,
  0xff61, 0xff61, 0x10a56, 0x10a57, 0x11047, 0x11048, 0x110be, 0x110c1, 0x11141, 0x11143, 0x111c5, 0x111c6,
  0x111cd, 0x111cd, 0x111de, 0x111df, 0x11238, 0x11239, 0x1123b, 0x1123c, 0x112a9, 0x112a9, 0x1144b, 0x1144c,
  0x115c2, 0x115c3, 0x115c9, 0x115d7, 0x11641, 0x11642, 0x1173c, 0x1173e, 0x11a42, 0x11a43, 0x11a9b, 0x11a9c,
  0x11c41, 0x11c42, 0x16a6e, 0x16a6f, 0x16af5, 0x16af5, 0x16b37, 0x16b38, 0x16b44, 0x16b44, 0x1bc9f, 0x1bc9f,
  0x1da88, 0x1da88,
];
const SPACES: readonly number[] = [
  0x85, 0x85, 0xa0, 0xa0, 0x1680, 0x1680, 0x2000, 0x200a, 0x2028, 0x2029, 0x202f, 0x202f, 0x205f, 0x205f,
  0x3000, 0x3000,
];

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

/** At most six bytes as a number. */
function abbreviationKey(bytes: Uint8Array, start: number, end: number): number {
  let key = 0;
  for (let at = start; at < end; at++) key = key * 256 + bytes[at]!;
  return key;
}

const UNKNOWN = 255;
let tables: UnicodeTables | undefined;
let known: Uint8Array | undefined;

/** Class of a code point from 0x80 on; looked up once for each. */
function classOf(code: number): number {
  known ??= new Uint8Array(0x20000).fill(UNKNOWN);
  if (code >= 0x20000) return LOWER;
  const found = known[code]!;
  return found === UNKNOWN ? (known[code] = findClass(code)) : found;
}

function findClass(code: number): number {
  if (within(SPACES, code)) return SPACE;
  if (within(TERMINALS, code)) return WIDE;
  if (within(MARKS, code)) return MARK;
  if (within(OPENINGS, code)) return OPENING;
  if (within(DASHES, code)) return DASH;
  tables ??= unicodeTables();
  // Vowel signs and accents are no letters of the tables, but words and so sentences end in them: all else counts as a small letter.
  return kindOf(tables, code) > 2 ? UPPER : LOWER;
}

/** Whether a code point lies in one of the sorted ranges, each given by its first and last. */
function within(ranges: readonly number[], code: number): boolean {
  // Even positions hold firsts: the last one that is not above the code point decides. low and high stay within the list.
  let low = 0;
  let high = ranges.length >> 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[2 * middle]! <= code) low = middle + 1;
    else high = middle;
  }
  return low > 0 && code <= ranges[2 * low - 1]!;
}

/**
 * Where the sentence that begins at `start` ends: a position in (start, end], which is where the next begins; white space between
 * sentences belongs to the later one. `end` if it is the last. What the rule is stands at the top of this file.
 * Bytes that are not UTF-8 are characters that are no punctuation. Linear: of what it reads only a run of punctuation behind the
 * sentence is read again for the next.
 */
export function sentenceEnd(bytes: Uint8Array, start: number, end: number): number {
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
      // One code point of valid UTF-8, or one byte of anything else. Bytes from `end` on read as 0, no continuation.
      const second = at + 1 < end ? bytes[at + 1]! : 0;
      const third = at + 2 < end ? bytes[at + 2]! : 0;
      const fourth = at + 3 < end ? bytes[at + 3]! : 0;
      let code = 0;
      if (first >= 0xc2 && first < 0xe0 && (second & 0xc0) === 0x80) {
        code = ((first & 0x1f) << 6) | (second & 0x3f);
        next = at + 2;
      } else if (first >= 0xe0 && first < 0xf0 && (second & 0xc0) === 0x80 && (third & 0xc0) === 0x80) {
        code = ((first & 0x0f) << 12) | ((second & 0x3f) << 6) | (third & 0x3f);
        if (code < 0x800 || (code >= 0xd800 && code < 0xe000)) code = 0;
        else next = at + 3;
      } else if (
        first >= 0xf0 &&
        first < 0xf5 &&
        (second & 0xc0) === 0x80 &&
        (third & 0xc0) === 0x80 &&
        (fourth & 0xc0) === 0x80
      ) {
        code = ((first & 0x07) << 18) | ((second & 0x3f) << 12) | ((third & 0x3f) << 6) | (fourth & 0x3f);
        if (code < 0x10000 || code > 0x10ffff) code = 0;
        else next = at + 4;
      }
      kind = code === 0 ? OTHER : classOf(code);
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
 * Calls `sentence` with the bounds of each sentence of `bytes[start .. end)`, in order; together they are the whole text.
 * An empty text is one empty sentence.
 */
export function splitSentences(
  bytes: Uint8Array,
  start: number,
  end: number,
  sentence: (start: number, end: number) => void,
): void {
  let from = start;
  do {
    const to = sentenceEnd(bytes, from, end);
    sentence(from, to);
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
