import { kindOf, type UnicodeTables } from '../unicode.ts';

/** Bytes of the last character that {@link decode} read. A shared variable, as a pair of results would be allocated. */
export let width = 0;

/** What {@link decode} gives for a byte that is not part of well-formed UTF-8: above all code points, no letter, in no phrase. */
export const DAMAGED = 0x110000;

/** The code point at `bytes[at]`, before `end`; leaves its bytes in {@link width}, 1 for a damaged byte. */
export function decode(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!;
  width = 1;
  if (first < 0x80) return first;
  const left = end - at;
  const second = left > 1 ? bytes[at + 1]! ^ 0x80 : 0xff;
  // A byte with its top bit flipped is below 0x40 exactly if it continues a character.
  if (first < 0xc2 || second >= 0x40) return DAMAGED;
  if (first < 0xe0) {
    width = 2;
    return ((first & 0x1f) << 6) | second;
  }
  const third = left > 2 ? bytes[at + 2]! ^ 0x80 : 0xff;
  if (third >= 0x40) return DAMAGED;
  if (first < 0xf0) {
    const code = ((first & 0x0f) << 12) | (second << 6) | third;
    if (code < 0x800 || (code >= 0xd800 && code < 0xe000)) return DAMAGED;
    width = 3;
    return code;
  }
  const fourth = left > 3 ? bytes[at + 3]! ^ 0x80 : 0xff;
  if (fourth >= 0x40 || first > 0xf4) return DAMAGED;
  const code = ((first & 0x07) << 18) | (second << 12) | (third << 6) | fourth;
  if (code < 0x10000 || code > 0x10ffff) return DAMAGED;
  width = 4;
  return code;
}

const SIGMA = 0x3a3;
const FINAL_SIGMA = 0x3c2;

/** Capital I with a dot: the one character whose lower case is two, an i and a combining dot (U+0307). */
export const DOTTED_I = 0x130;

/**
 * Lower case of `code`, which stands at `bytes[at]` in the text `bytes[start .. end)`, as Python's `lower` and JavaScript's
 * `toLowerCase` have it: that of capital sigma depends on what is around. For {@link DOTTED_I} the i alone.
 */
export function lowerAt(
  tables: UnicodeTables,
  code: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  at: number,
): number {
  if (code === FINAL_SIGMA) return code;
  if (code === SIGMA) return isFinal(bytes, start, end, at) ? FINAL_SIGMA : SIGMA + 0x20;
  return foldOf(tables, code);
}

/** Lower case of a code point by itself: both small sigmas are one, capital I with a dot is i. */
export function foldOf(tables: UnicodeTables, code: number): number {
  const kind = kindOf(tables, code);
  if (kind > 2) return code + tables.deltas[kind]!;
  return code >= FIRST_CIRCLED && code <= LAST_CIRCLED ? code + CIRCLED_DISTANCE : code;
}

/** The circled capitals: the one kind of character with a lower case that is no part of a word, so the tables do not have it. */
export const FIRST_CIRCLED = 0x24b6;
export const LAST_CIRCLED = 0x24cf;
export const CIRCLED_DISTANCE = 26;

/**
 * Whether a sigma ends its word: a cased letter before it and none after it, characters that case ignores not counted (Unicode,
 * section 3.13, Final_Sigma).
 */
function isFinal(bytes: Uint8Array, start: number, end: number, at: number): boolean {
  let found = '';
  for (let before = at; before > start; ) {
    const last = before--;
    while (before > start && last - before < 4 && (bytes[before]! & 0xc0) === 0x80) before--;
    found = characterAt(bytes, before, last);
    // A damaged byte is neither cased nor ignored.
    if (width !== last - before) return false;
    if (!/\p{Case_Ignorable}/u.test(found)) break;
    found = '';
  }
  if (!/\p{Cased}/u.test(found)) return false;
  for (let after = at + 2; after < end; after += width) {
    const next = characterAt(bytes, after, end);
    if (!/\p{Case_Ignorable}/u.test(next)) return !/\p{Cased}/u.test(next);
  }
  return true;
}

/** As a string, for properties that are asked so rarely that no table is kept; a damaged byte as U+FFFD. */
function characterAt(bytes: Uint8Array, at: number, end: number): string {
  const code = decode(bytes, at, end);
  return code === DAMAGED ? '\ufffd' : String.fromCodePoint(code);
}
