import { bits, decode, flagsOf, isByte, isSpace } from './rules-characters';
import { DIGIT } from './rules-layout';

/** Rules, as bits; also what a text was found to hold. `kernels/rules/c4.ts` has the same numbers. */
const CITATION: u32 = 1; // found: a "["
const TERMINAL: u32 = 2;
const LOREM: u32 = 4;
const SCRIPT: u32 = 8;
const CURLY: u32 = 16;
const POLICY: u32 = 32;
const SOUGHT: u32 = LOREM | SCRIPT | CURLY | POLICY;

const DROPPED_LOREM: u32 = 1;
const DROPPED_CURLY: u32 = 2;

let wanted: u32 = 0;
let most: u32 = 0;
let least: u32 = 0;
let joiner: u32 = 0;
/** What the whole text was found to hold. */
let found: u32 = 0;

/*
 * Kept lines. As long as they follow each other in the text just as they will in the result, they are one stretch of the text, `pending`.
 * Only where something was left out or changed in between is it copied to the output area, so that a text which stays as it is costs no copy.
 */
let kept: u32 = 0;
let pending: bool = false;
let stretchStart: usize = 0;
let stretchEnd: usize = 0;
let written: bool = false;
let area: usize = 0;
let cursor: usize = 0;
let resultStart: usize = 0;
let resultEnd: usize = 0;

/** Begins a text. The output area must hold it, with one byte more for each piece that is given to `c4Piece`. */
export function c4Begin(
  text: usize,
  end: usize,
  output: usize,
  rules: u32,
  maxWordLength: u32,
  minWords: u32,
  between: u32,
): void {
  wanted = rules;
  most = maxWordLength;
  least = minWords;
  joiner = between;
  kept = 0;
  pending = false;
  written = false;
  area = output;
  cursor = output;
  resultStart = text;
  resultEnd = text;
  found = wanted & (SOUGHT | CITATION) ? holdings(text, end) : 0;
}

/** Kept lines so far. */
export function c4Kept(): u32 {
  return kept;
}

/** Puts the result together, in the text itself or in the output area; returns where it begins. */
export function c4Finish(): usize {
  if (written) {
    flush();
    resultStart = area;
    resultEnd = cursor;
  } else if (pending) {
    resultStart = stretchStart;
    resultEnd = stretchEnd;
  }
  return resultStart;
}

/** Where the result ends. */
export function c4End(): usize {
  return resultEnd;
}

/** First byte of `[p, end)` that is no white space, or `end`. */
export function skipSpace(p: usize, end: usize): usize {
  while (p < end) {
    const length = spaceAt(p, end);
    if (length == 0) break;
    p += length;
  }
  return p;
}

/** The end of `[start, p)` without the white space there, or `start`. */
export function dropSpace(start: usize, p: usize): usize {
  while (p > start) {
    const length = spaceBefore(start, p);
    if (length == 0) break;
    p -= length;
  }
  return p;
}

/** Length of the white space character at `p`, which ends at `end` or before; else 0. */
// @ts-ignore: decorator
@inline
function spaceAt(p: usize, end: usize): usize {
  const first = <u32>load<u8>(p);
  if (first < 0x80) return <usize>(first - 9 < 5 || first - 0x1c < 5);
  return wideSpaceAt(p, end);
}

function wideSpaceAt(p: usize, end: usize): usize {
  const first = <u32>load<u8>(p);
  const second = <u32>load<u8>(p, 1);
  const third = <u32>load<u8>(p, 2);
  let length: usize = 0;
  if (first == 0xc2) {
    if (second == 0x85 || second == 0xa0) length = 2;
  } else if (first == 0xe1) {
    if (second == 0x9a && third == 0x80) length = 3;
  } else if (first == 0xe2) {
    if (second == 0x80) {
      if (third - 0x80 < 11 || third == 0xa8 || third == 0xa9 || third == 0xaf) length = 3;
    } else if (second == 0x81 && third == 0x9f) length = 3;
  } else if (first == 0xe3) {
    if (second == 0x80 && third == 0x80) length = 3;
  }
  return p + length <= end ? length : 0;
}

// @ts-ignore: decorator
@inline
function spaceBefore(start: usize, p: usize): usize {
  const last = <u32>load<u8>(p - 1);
  if (last < 0x80) return <usize>(last - 9 < 5 || last - 0x1c < 5);
  if (p - start >= 2 && wideSpaceAt(p - 2, p) == 2) return 2;
  if (p - start >= 3 && wideSpaceAt(p - 3, p) == 3) return 3;
  return 0;
}

/** Whether `[p, end)` begins with these words of small letters and spaces, in small letters or capitals. */
function matches(p: usize, end: usize, words: string): bool {
  const length = <usize>words.length;
  if (p + length > end) return false;
  const pattern = changetype<usize>(words);
  for (let i: usize = 0; i < length; i++) {
    const c = <u32>load<u16>(pattern + (i << 1));
    const x = <u32>load<u8>(p + i);
    if (x != c && ((x | 0x20) != c || c == 0x20)) return false;
  }
  return true;
}

/** The same that ends in `p`. */
// @ts-ignore: decorator
@inline
function matchesBefore(start: usize, p: usize, words: string): bool {
  const length = <usize>words.length;
  return p - start >= length && matches(p - length, p, words);
}

/** What the pair of bytes at `p` belongs to, that both lie in `[start, end)`. */
function inspect(start: usize, p: usize, end: usize): u32 {
  const first = load<u8>(p);
  if (first == 0x7b) return CURLY;
  if (first == 0x5b) return CITATION;
  const letter = first | 0x20;
  if (letter == 0x70) return p - start >= 7 && matches(p - 7, end, 'lorem ipsum') ? LOREM : 0;
  if (letter == 0x6d) return p - start >= 3 && matches(p - 3, end, 'terms of use') ? POLICY : 0;
  if (letter == 0x76) {
    if (p - start < 2) return 0;
    if (matches(p - 2, end, 'javascript')) return SCRIPT;
    return p - start >= 3 && matches(p - 3, end, 'privacy policy') ? POLICY : 0;
  }
  // The second letter of "cookie".
  if (!matchesBefore(start, p, 'c')) return 0;
  // The Kelvin sign is the one character beyond ASCII whose small letter is in a phrase.
  const kelvin = p + 5 <= end && load<u8>(p, 2) == 0xe2 && load<u8>(p, 3) == 0x84 && load<u8>(p, 4) == 0xaa;
  const rest = kelvin ? p + 5 : p + 3;
  if (!kelvin && (rest > end || (load<u8>(p, 2) | 0x20) != 0x6b)) return 0;
  if (matches(rest, end, 'ie policy')) return POLICY;
  if (!matches(rest, end, 'ies')) return 0;
  return matchesBefore(start, p - 1, 'uses ') ||
    matchesBefore(start, p - 1, 'use of ') ||
    matchesBefore(start, p - 1, 'use ')
    ? POLICY
    : 0;
}

/** Bytes that can be of interest: "[" and "{", and of each phrase a pair of letters that is rare: va, ps, ms, oo. */
// @ts-ignore: decorator
@inline
function suspicious(p: usize): v128 {
  const x = v128.or(v128.load(p), i8x16.splat(0x20));
  const y = v128.or(v128.load(p, 1), i8x16.splat(0x20));
  const beforeS = v128.or(isByte(x, 0x70), isByte(x, 0x6d));
  return v128.or(
    v128.or(isByte(x, 0x7b), v128.and(beforeS, isByte(y, 0x73))),
    v128.or(
      v128.and(isByte(x, 0x76), isByte(y, 0x61)),
      v128.and(isByte(x, 0x6f), isByte(y, 0x6f)),
    ),
  );
}

/** Which phrases and brackets lie in `[start, end)`. */
function holdings(start: usize, end: usize): u32 {
  let has: u32 = 0;
  for (let p = start; p < end; p += 64) {
    const a = suspicious(p);
    const b = suspicious(p + 16);
    const c = suspicious(p + 32);
    const d = suspicious(p + 48);
    if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) continue;
    let hits = bits(a, b, c, d);
    if (end - p < 64) hits &= ((<u64>1) << <u64>(end - p)) - 1;
    while (hits) {
      has |= inspect(start, p + <usize>ctz<u64>(hits), end);
      hits &= hits - 1;
    }
  }
  return has;
}

/** Whether `[start, end)` ends as a line should. */
// @ts-ignore: decorator
@inline
function endsWell(start: usize, end: usize): bool {
  if (end == start) return false;
  const last = load<u8>(end - 1);
  if (last != 0x2e) return last == 0x22 || last == 0x21 || last == 0x3f || last == 0x27;
  return end - start < 3 || load<u16>(end - 3) != 0x2e2e;
}

/** Whether a word of `[p, end)` has more than `most` code points. */
function hasLongWord(p: usize, end: usize): bool {
  let length: u32 = 0;
  while (p < end) {
    const space = spaceAt(p, end);
    if (space != 0) {
      p += space;
      length = 0;
    } else {
      if (++length > most) return true;
      p += load<u8>(p) < 0x80 ? 1 : <usize>(decode(p) >> 24);
    }
  }
  return false;
}

/** End of the citation that begins at `p`, where a "[" is; 0 if it is none. */
function citationEnd(p: usize, end: usize): usize {
  if (p + 6 <= end && load<u8>(p, 1) == 0x65) {
    return load<u32>(p, 1) == 0x74696465 && load<u8>(p, 5) == 0x5d ? p + 6 : 0; // edit]
  }
  if (p + 17 <= end && load<u8>(p, 1) == 0x63) {
    // "citation", " needed]"
    return load<u64>(p, 1) == 0x6e6f697461746963 && load<u64>(p, 9) == 0x5d64656465656e20 ? p + 17 : 0;
  }
  p++;
  while (p < end) {
    const first = <u32>load<u8>(p);
    if (first == 0x5d) return p + 1;
    if (first < 0x80) {
      if (first - 0x30 > 9) return 0;
      p++;
    } else {
      const character = decode(p);
      if (!(flagsOf(character & 0xffffff) & DIGIT)) return 0;
      p += <usize>(character >> 24);
    }
  }
  return 0;
}

/** First "[" of `[p, end)`, or `end`. */
function nextBracket(p: usize, end: usize): usize {
  while (p < end) {
    const hits = <u32>v128.bitmask<i8>(isByte(v128.load(p), 0x5b));
    if (hits) return min<usize>(p + <usize>ctz<u32>(hits), end);
    p += 16;
  }
  return end;
}

/** First citation of `[p, end)`, or `end`. */
function nextCitation(p: usize, end: usize): usize {
  p = nextBracket(p, end);
  while (p < end && citationEnd(p, end) == 0) p = nextBracket(p + 1, end);
  return p;
}

/** Copies what is pending to the output area. */
function flush(): void {
  if (!pending) return;
  if (written) {
    store<u8>(cursor, joiner);
    cursor++;
  }
  memory.copy(cursor, stretchStart, stretchEnd - stretchStart);
  cursor += stretchEnd - stretchStart;
  written = true;
  pending = false;
}

// @ts-ignore: decorator
@inline
function keep(start: usize, end: usize): void {
  kept++;
  if (pending) {
    if (start == stretchEnd + 1 && <u32>load<u8>(stretchEnd) == joiner) {
      stretchEnd = end;
      return;
    }
    flush();
  }
  pending = true;
  stretchStart = start;
  stretchEnd = end;
}

/** What phrases do to a line that holds them, in the order of the rules: 0 stays, -1 goes, else why the document goes. */
// @ts-ignore: decorator
@inline
function verdictOf(has: u32): i32 {
  if (has & LOREM) return DROPPED_LOREM;
  if (has & SCRIPT) return -1;
  if (has & CURLY) return DROPPED_CURLY;
  return has & POLICY ? -1 : 0;
}

/**
 * Judges a line without white space around it, and keeps it if it is good; returns why the document goes, or 0.
 * @param words how many it has.
 * @param suspect whether it may have a word that is too long.
 */
function judge(start: usize, end: usize, words: u32, suspect: bool): u32 {
  if (wanted & found & CITATION) {
    const citation = nextCitation(start, end);
    if (citation != end) return judgeCiting(start, end, words, suspect, citation);
  }
  if (wanted & TERMINAL && !endsWell(start, end)) return 0;
  if (words < least || (suspect && hasLongWord(start, end))) return 0;
  if (wanted & found & SOUGHT) {
    const verdict = verdictOf(holdings(start, end) & wanted);
    if (verdict != 0) return <u32>max<i32>(verdict, 0);
  }
  keep(start, end);
  return 0;
}

/** The same for a line with a citation. What is left of it is laid where it will stay, and looked at there: what a citation parted may now be a phrase. */
function judgeCiting(start: usize, end: usize, words: u32, suspect: bool, citation: usize): u32 {
  if (words < least || (suspect && hasLongWord(start, end))) return 0;
  flush();
  const line = written ? cursor + 1 : cursor;
  let to = line;
  for (;;) {
    memory.copy(to, start, citation - start);
    to += citation - start;
    if (citation == end) break;
    start = citationEnd(citation, end);
    citation = nextCitation(start, end);
  }
  if (wanted & TERMINAL && !endsWell(line, to)) return 0;
  const verdict = verdictOf(holdings(line, to) & wanted);
  if (verdict != 0) return <u32>max<i32>(verdict, 0);
  if (written) store<u8>(cursor, joiner);
  cursor = to;
  written = true;
  kept++;
  return 0;
}

/** Judges one piece of the text, whatever breaks are in it; returns why the document goes, or 0. */
export function c4Piece(start: usize, end: usize): u32 {
  start = skipSpace(start, end);
  end = dropSpace(start, end);
  let words: u32 = 0;
  for (let p = start; p < end && words < least; words++) {
    while (p < end && spaceAt(p, end) == 0) p++;
    p = skipSpace(p, end);
  }
  return judge(start, end, words, end - start > <usize>most);
}

// @ts-ignore: decorator
@inline
function isBreak(x: v128): v128 {
  return v128.or(
    v128.gt<i8>(v128.add<i8>(x, i8x16.splat(0x72)), i8x16.splat(0x7b)), // 0a..0d
    v128.gt<i8>(v128.add<i8>(x, i8x16.splat(0x61)), i8x16.splat(0x7c)), // 1c..1e
  );
}

/** First bytes of what can be white space beyond ASCII, by the two bytes at each place. */
// @ts-ignore: decorator
@inline
function wideSpaces(p: usize): v128 {
  const x = v128.load(p);
  const y = v128.load(p, 1);
  const zero = isByte(y, -0x80);
  return v128.or(
    v128.or(
      v128.and(isByte(x, -0x3e), v128.or(isByte(y, -0x7b), isByte(y, -0x60))), // c2 85, c2 a0
      v128.and(isByte(x, -0x1f), isByte(y, -0x66)), // e1 9a
    ),
    v128.or(
      v128.and(isByte(x, -0x1e), v128.or(zero, isByte(y, -0x7f))), // e2 80, e2 81
      v128.and(isByte(x, -0x1d), zero), // e3 80
    ),
  );
}

/**
 * Judges the lines of the text, as Python's `splitlines()` has them; returns why the document goes, or 0. 64 bytes a step; what is done for
 * a line does not depend on its length, but for rules that something in it calls for. 64 spaces must lie behind the text. Linear.
 */
export function c4Lines(text: usize, end: usize): u32 {
  const close = most < 64; // words within one step can be too long
  let line = text;
  let first: usize = 0; // first byte of the open line that is no white space; 0: none yet
  let last: usize = 0; // end of the last one
  let words: u32 = 0;
  let suspect = false;
  let gap: u64 = 0; // bytes since white space, at the beginning of the step
  let spaceCarry: u64 = 1;
  let spill: u64 = 0; // bytes of the next step that belong to a white space character of this one
  let returnCarry: u64 = 0;
  for (let p = text; p < end; p += 64) {
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    let spaces = bits(isSpace(a), isSpace(b), isSpace(c), isSpace(d)) | spill;
    let breaks: u64 = 0;
    const controls = v128.or(v128.or(isBreak(a), isBreak(b)), v128.or(isBreak(c), isBreak(d)));
    if (v128.any_true(controls)) {
      breaks = bits(isBreak(a), isBreak(b), isBreak(c), isBreak(d));
      const returns = bits(isByte(a, 0x0d), isByte(b, 0x0d), isByte(c, 0x0d), isByte(d, 0x0d));
      if (returns | returnCarry) {
        const feeds = bits(isByte(a, 0x0a), isByte(b, 0x0a), isByte(c, 0x0a), isByte(d, 0x0a));
        breaks &= ~(feeds & ((returns << 1) | returnCarry));
      }
      returnCarry = returns >> 63;
    } else returnCarry = 0;
    spill = 0;
    if (v128.bitmask<i8>(v128.or(v128.or(a, b), v128.or(c, d)))) {
      let wide = bits(wideSpaces(p), wideSpaces(p + 16), wideSpaces(p + 32), wideSpaces(p + 48));
      while (wide) {
        const i = ctz<u64>(wide);
        wide &= wide - 1;
        const length = wideSpaceAt(p + <usize>i, end);
        if (length == 0) continue;
        const all: u64 = ((<u64>1) << <u64>length) - 1;
        spaces |= all << i;
        if (i > 61) spill = all >> (64 - i);
        const lastByte = load<u8>(p + <usize>i + length - 1);
        if (length == 2 ? lastByte == 0x85 : load<u8>(p + <usize>i) == 0xe2 && (lastByte == 0xa8 || lastByte == 0xa9)) {
          breaks |= (<u64>1) << i;
        }
      }
    }

    const solid = ~spaces;
    const starts = solid & ((spaces << 1) | spaceCarry);
    spaceCarry = spaces >> 63;
    if (spaces) {
      // What came before the first white space of the step belongs to the open line.
      if (gap + ctz<u64>(spaces) > <u64>most) suspect = true;
      gap = clz<u64>(spaces);
    } else gap += 64;

    let open: u64 = -1; // bytes of the step that belong to the open line or later ones
    while (breaks) {
      const at = breaks & (~breaks + 1);
      breaks ^= at;
      const inLine = open & (at - 1);
      const body = solid & inLine;
      if (body) {
        if (first == 0) first = p + <usize>ctz<u64>(body);
        last = p + 64 - <usize>clz<u64>(body);
        words += <u32>popcnt<u64>(starts & inLine);
      }
      const verdict =
        first == 0
          ? judge(line, line, 0, false)
          : judge(first, last, words, suspect || (close && last - first > <usize>most));
      if (verdict != 0) return verdict;
      line = behindBreak(p + <usize>ctz<u64>(at));
      first = 0;
      words = 0;
      suspect = false;
      open = ~(at | (at - 1));
    }
    const body = solid & open;
    if (body) {
      if (first == 0) first = p + <usize>ctz<u64>(body);
      last = p + 64 - <usize>clz<u64>(body);
      words += <u32>popcnt<u64>(starts & open);
    }
  }
  if (line >= end) return 0;
  // The text may end with a step, and a word that is too long with it.
  if (gap > <u64>most) suspect = true;
  return first == 0
    ? judge(line, line, 0, false)
    : judge(first, last, words, suspect || (close && last - first > <usize>most));
}

/** First byte behind the line break at `p`. */
// @ts-ignore: decorator
@inline
function behindBreak(p: usize): usize {
  const first = load<u8>(p);
  if (first == 0x0d) return p + (load<u8>(p, 1) == 0x0a ? 2 : 1);
  if (first < 0x80) return p + 1;
  return p + (first == 0xc2 ? 2 : 3);
}
