import { decodeAt, widthOf } from '../simplified/characters.ts';
import { flagsOf, SPACE as SPACE_FLAG } from './character-flags.ts';

/** Code points Python's `isdigit` knows beside decimal digits: superscripts, subscripts, circled digits and their like; first and last. */
// prettier-ignore
const DIGITS: readonly number[] = [
  0xb2, 0xb3, 0xb9, 0xb9, 0x1369, 0x1371, 0x19da, 0x19da, 0x2070, 0x2070, 0x2074, 0x2079, 0x2080, 0x2089,
  0x2460, 0x2468, 0x2474, 0x247c, 0x2488, 0x2490, 0x24ea, 0x24ea, 0x24f5, 0x24fd, 0x24ff, 0x24ff, 0x2776,
  0x277e, 0x2780, 0x2788, 0x278a, 0x2792, 0x10a40, 0x10a43, 0x10e60, 0x10e68, 0x11052, 0x1105a, 0x1f100,
  0x1f10a,
];

// The numbers are places of bits in `count`.
const KNOWN = 1;
const UPPER = 2;
const DIGIT = 4;
/** White space as Python has it. */
const SPACE = 8;
/** White space as fastText has it: that of ASCII but for the separators 1C to 1F, and NUL. */
const GAP = 16;
/** `isalnum`. */
const ALNUM = 32;
/** Letter of ASCII. */
const LETTER = 64;

const known = new Uint8Array(0x20000);

/** Kind of a code point, looked up once for each. */
function kindOf(code: number): number {
  if (code >= known.length) return findKind(code);
  const found = known[code]!;
  return found === 0 ? (known[code] = findKind(code)) : found;
}

function findKind(code: number): number {
  const character = String.fromCodePoint(code);
  const isSpace = (flagsOf(code) & SPACE_FLAG) !== 0;
  const isDigit =
    /\p{Nd}/u.test(character) ||
    DIGITS.some((first, i) => i % 2 === 0 && code >= first && code <= DIGITS[i + 1]!);
  return (
    KNOWN |
    (/\p{Uppercase}/u.test(character) ? UPPER : 0) |
    (isDigit ? DIGIT : 0) |
    (isSpace ? SPACE : 0) |
    (code === 0 || code === 0x20 || (isSpace && code < 0x1c) ? GAP : 0) |
    (/[\p{L}\p{N}]/u.test(character) ? ALNUM : 0) |
    (/[A-Za-z]/.test(character) ? LETTER : 0)
  );
}

/** What is counted in a line; numbers are code points. A byte that is no part of UTF-8 is one without any property. */
export class LineCounts {
  length = 0;
  upper = 0;
  digits = 0;
  /** Letters of ASCII. */
  letters = 0;
  /** As `str.split()` finds them. */
  words = 0;
  /** Tokens of fastText that begin with a letter or number: what DCLM calls the words of a document. */
  tokens = 0;

  /** Counts `bytes[start .. end)`. */
  count(bytes: Uint8Array, start: number, end: number): void {
    let length = 0;
    let upper = 0;
    let digits = 0;
    let letters = 0;
    let words = 0;
    let tokens = 0;
    let previous = SPACE | GAP;
    for (let at = start; at < end; ) {
      const first = bytes[at]!;
      let kind = 0;
      if (first < 0x80) {
        kind = kindOf(first);
        at++;
      } else {
        const code = decodeAt(bytes, at, end);
        if (code < 0) at++;
        else {
          kind = kindOf(code);
          at += widthOf(code);
        }
      }
      length++;
      upper += (kind >> 1) & 1;
      digits += (kind >> 2) & 1;
      words += (previous >> 3) & ~(kind >> 3) & 1;
      tokens += (previous >> 4) & (kind >> 5) & 1;
      previous = kind;
      if (kind & LETTER) {
        // Most of a text: small letters behind a letter, which begin nothing, and one space before the next.
        letters++;
        for (;;) {
          const letter = at;
          while (at < end && bytes[at]! >= 0x61 && bytes[at]! <= 0x7a) at++;
          length += at - letter;
          letters += at - letter;
          if (at + 1 >= end || bytes[at] !== 0x20 || bytes[at + 1]! < 0x61 || bytes[at + 1]! > 0x7a) break;
          at++;
          length++;
          words++;
          tokens++;
        }
      }
    }
    this.length = length;
    this.upper = upper;
    this.digits = digits;
    this.letters = letters;
    this.words = words;
    this.tokens = tokens;
  }
}

/** Whether "cart" or "more" is in a line, or "gn-" near its beginning, in any case. */
export function isSuspicious(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]! | 0x20;
    if (byte === 0x63) {
      if (isText(bytes, at + 1, end, 0x61, 0x72, 0x74)) return true;
    } else if (byte === 0x6d) {
      if (isText(bytes, at + 1, end, 0x6f, 0x72, 0x65)) return true;
    } else if (byte === 0x67 && at - start < 6 && isText(bytes, at, end, 0x67, 0x6e, 0x2d)) return true;
  }
  return false;
}

/** Whether these three bytes stand at `at`, letters in any case. */
function isText(bytes: Uint8Array, at: number, end: number, a: number, b: number, c: number): boolean {
  return (
    at + 3 <= end &&
    (bytes[at]! | 0x20) === a &&
    (bytes[at + 1]! | 0x20) === b &&
    (bytes[at + 2]! | 0x20) === c
  );
}

/** `start` moved behind the white space there. */
export function skipSpace(bytes: Uint8Array, start: number, end: number): number {
  while (start < end) {
    const code = decodeAt(bytes, start, end);
    if (code < 0 || !(kindOf(code) & SPACE)) break;
    start += widthOf(code);
  }
  return start;
}

/** `end` moved before the white space there. */
export function dropSpace(bytes: Uint8Array, start: number, end: number): number {
  for (;;) {
    // White space has one, two or three bytes.
    let width = 1;
    while (width <= 3 && end - width >= start) {
      const code = decodeAt(bytes, end - width, end);
      if (code >= 0 && widthOf(code) === width && kindOf(code) & SPACE) break;
      width++;
    }
    if (width > 3 || end - width < start) return end;
    end -= width;
  }
}
