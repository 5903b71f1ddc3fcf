/**
 * What becomes of a character when text is simplified so that small edits do not hide a match: lower case, numbers to 0, punctuation and
 * white space to a separator, canonical decomposition without nonspacing marks. The rules, and the set of punctuation with its
 * oddities, are those of datatrove's `simplify_text`, but for the order of spacing marks that are not in canonical order.
 */

/** Values of {@link simplifiedCodePoint} that are no code point. */
export const SEPARATOR = 1;
export const DROPPED = 2;
export const DIGIT = 3;
/** The capital sigma, whose lower case depends on what is around it: ask {@link lowerSigma}. */
export const SIGMA = 4;

/** Beside the ASCII punctuation and controls. Not all punctuation of the world: what is missing here stays part of words. */
const PUNCTUATION: ReadonlySet<string> = new Set('—”：％１〈、【「，】；“《„’∶´．（–？！～«〉»》）。…►━」');
/** White space beyond ASCII as Python sees it: not U+FEFF. */
const WHITE_SPACE = /[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
const NONSPACING = /\p{Mn}/gu;
/** Between the digits of one number, once. */
const DECIMAL_SEPARATORS: ReadonlySet<number> = new Set([0x2e, 0x2c, 0x60c, 0x66b, 0x2396, 0x2397, 0x2398]);

/** Found so far, for all but the rarest planes; 0: not yet asked. Zero pages that nobody touches take no memory. */
const known = new Int32Array(0x30000);
const sequences: number[][] = [];

/**
 * A code point, or one of the constants above, or `-i` for several: {@link simplifiedSequence} `i`.
 * @param code from 0x80; ASCII has its own table in simplified-words.ts.
 */
export function simplifiedCodePoint(code: number): number {
  if (code >= known.length) return simplify(code);
  const found = known[code]!;
  if (found !== 0) return found;
  const value = simplify(code);
  known[code] = value;
  return value;
}

/** The code points that stand for one. */
export function simplifiedSequence(index: number): readonly number[] {
  return sequences[index - 1]!;
}

function simplify(code: number): number {
  if (code === 0x3a3) return SIGMA;
  const character = String.fromCodePoint(code);
  if (/\p{Nd}/u.test(character)) return DIGIT;
  if (code < 0xa0 || PUNCTUATION.has(character) || WHITE_SPACE.test(character)) return SEPARATOR;
  const codes = Array.from(
    character.toLowerCase().normalize('NFD').replace(NONSPACING, ''),
    (each) => each.codePointAt(0)!,
  );
  if (codes.length === 0) return DROPPED;
  if (codes.length === 1) return codes[0]!;
  // Hangul above all: its syllables stay apart in their letters. Each is remembered once, as `known` covers their planes.
  return -sequences.push(codes);
}

/**
 * End of the number that begins with the digit at `p`: digits of any script, and once a decimal separator with more digits behind.
 */
export function numberEnd(bytes: Uint8Array, p: number, end: number): number {
  const whole = digitsEnd(bytes, p, end);
  if (whole >= end) return whole;
  const separator = decodeAt(bytes, whole, end);
  if (!DECIMAL_SEPARATORS.has(separator)) return whole;
  const fraction = whole + widthOf(separator);
  const last = digitsEnd(bytes, fraction, end);
  return last > fraction ? last : whole;
}

function digitsEnd(bytes: Uint8Array, from: number, end: number): number {
  let p = from;
  while (p < end) {
    const byte = bytes[p]!;
    if (byte >= 0x30 && byte <= 0x39) p++;
    else if (byte < 0x80) break;
    else {
      const code = decodeAt(bytes, p, end);
      if (code < 0 || simplifiedCodePoint(code) !== DIGIT) break;
      p += widthOf(code);
    }
  }
  return p;
}

/** The code point at `p`, or -1 where `bytes[p .. end)` begins with no well-formed UTF-8. */
export function decodeAt(bytes: Uint8Array, p: number, end: number): number {
  const first = bytes[p]!;
  if (first < 0x80) return first;
  // What lies from `end` on is no continuation.
  const second = p + 1 < end ? bytes[p + 1]! ^ 0x80 : 255;
  if (second > 63 || first < 0xc2 || first > 0xf4) return -1;
  if (first < 0xe0) return ((first & 31) << 6) | second;
  const third = p + 2 < end ? bytes[p + 2]! ^ 0x80 : 255;
  if (third > 63) return -1;
  if (first < 0xf0) {
    const code = ((first & 15) << 12) | (second << 6) | third;
    return code < 0x800 || (code >= 0xd800 && code < 0xe000) ? -1 : code;
  }
  const fourth = p + 3 < end ? bytes[p + 3]! ^ 0x80 : 255;
  if (fourth > 63) return -1;
  const code = ((first & 7) << 18) | (second << 12) | (third << 6) | fourth;
  return code < 0x10000 || code > 0x10ffff ? -1 : code;
}

/** Where the character before `p` begins; a byte that is no part of UTF-8 is one character. `start < p`. */
function startBefore(bytes: Uint8Array, start: number, p: number): number {
  for (let at = p - 1; at >= start && at >= p - 4; at--) {
    const code = decodeAt(bytes, at, p);
    if (code >= 0 && at + widthOf(code) === p) return at;
  }
  return p - 1;
}

/** Bytes of a code point in UTF-8. */
export function widthOf(code: number): number {
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

/**
 * Lower case of the capital sigma at `p` in a text `bytes[start .. end)`: the final form behind a cased letter and not before one, characters
 * that case ignores left out (The Unicode Standard, section 3.13, Final_Sigma). Linear over a text: what is passed over holds no sigma.
 */
export function lowerSigma(bytes: Uint8Array, start: number, end: number, p: number): number {
  let at = p;
  let isBehindCased = false;
  while (at > start) {
    at = startBefore(bytes, start, at);
    const character = characterAt(bytes, at, end);
    if (/\p{Case_Ignorable}/u.test(character)) continue;
    isBehindCased = /\p{Cased}/u.test(character);
    break;
  }
  if (!isBehindCased) return 0x3c3;
  for (at = p + 2; at < end; ) {
    const character = characterAt(bytes, at, end);
    if (!/\p{Case_Ignorable}/u.test(character)) return /\p{Cased}/u.test(character) ? 0x3c3 : 0x3c2;
    // What is not UTF-8 is not ignored, so this is a character and its width is that of its code point.
    at += widthOf(character.codePointAt(0)!);
  }
  return 0x3c2;
}

/** U+FFFD, which is neither cased nor ignored, where the bytes are not UTF-8. */
function characterAt(bytes: Uint8Array, p: number, end: number): string {
  const code = decodeAt(bytes, p, end);
  return code < 0 ? '\ufffd' : String.fromCodePoint(code);
}
