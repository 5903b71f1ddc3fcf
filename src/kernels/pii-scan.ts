import { kindOf, type UnicodeTables } from './unicode.ts';

/**
 * Finds what pipeline/formatters/pii.py of datatrove 0.10 would match with its two regular expressions, without a regular
 * expression: in both, where a match may start and how far it reaches is settled by a few bytes around an `@` or a dot.
 *
 *     e-mail    \b local(.local)* @ (label.)+label    or    \b local(.local)* @ [octet.octet.octet.last]
 *                   <- read backwards    read forwards ->
 *     address   octet.octet.octet.octet, with nothing asked of what stands beside it
 *
 * Cost is linear for any bytes: what is read backwards and forwards from one `@` holds no other `@`, and a dot looks at no
 * more than eighteen bytes.
 */

const AT = 0x40;
const DOT = 0x2e;
const HYPHEN = 0x2d;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const COLON = 0x3a;

/** What an ASCII byte may be, as bits. */
const ALPHANUMERIC = 1;
const WORD = 2;
const LOCAL = 4;
const LABEL = 8;

const kinds: Uint8Array = new Uint8Array(256);
for (let code = 0; code < 128; code++) {
  const text = String.fromCharCode(code);
  if (/[A-Za-z0-9]/.test(text)) kinds[code]! |= ALPHANUMERIC | WORD | LOCAL | LABEL;
  if (text === '_') kinds[code]! |= WORD;
  if ("!#$%&'*+/=?^_`{|}~-".includes(text)) kinds[code]! |= LOCAL;
  if (text === '-') kinds[code]! |= LABEL;
}

/** Below this length a loop is faster than making the view that `indexOf` needs. */
const SHORT = 256;

/**
 * Appends the start and end of each e-mail address in `bytes[start .. end)` to `spans`, in order; they do not overlap.
 * @param tables tell whether a character before an address is a letter: the `\b` of the pattern knows all scripts.
 */
export function findEmails(
  bytes: Uint8Array,
  start: number,
  end: number,
  tables: UnicodeTables,
  spans: number[],
): void {
  if (end - start < SHORT) {
    let from = start;
    for (let at = start; at < end; at++) {
      if (bytes[at] !== AT) continue;
      const reached = matchEmail(bytes, start, end, from, at, tables, spans);
      if (reached === 0) continue;
      from = reached;
      at = reached - 1;
    }
    return;
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  let from = start;
  for (let at = text.indexOf(AT); at >= 0; ) {
    const reached = matchEmail(bytes, start, end, from, start + at, tables, spans);
    if (reached > 0) from = reached;
    at = text.indexOf(AT, reached > 0 ? reached - start : at + 1);
  }
}

/** The address around the `@` at `at`, not before `from`: appends it and returns its end, or returns 0. */
function matchEmail(
  bytes: Uint8Array,
  start: number,
  end: number,
  from: number,
  at: number,
  tables: UnicodeTables,
  spans: number[],
): number {
  if (at === start || (kinds[bytes[at - 1]!]! & LOCAL) === 0) return 0;
  const reached = bytes[at + 1] === OPEN ? literalEnd(bytes, at + 1, end) : domainEnd(bytes, at + 1, end);
  if (reached === 0) return 0;
  let first = -1;
  for (let p = at - 1; p >= from; p--) {
    const code = bytes[p]!;
    if ((kinds[code]! & LOCAL) === 0) {
      // A dot needs a local character on both sides; the one before it is seen in the next round.
      if (code !== DOT || bytes[p + 1] === DOT) break;
      continue;
    }
    const isWord = (kinds[code]! & WORD) !== 0;
    if (isWord !== (p > start && endsInWord(bytes, start, p, tables))) first = p;
  }
  if (first < 0) return 0;
  spans.push(first, reached);
  return reached;
}

/** End of `(label.)+label` that starts at `from`, as far as it goes; 0 if there are not two labels. */
function domainEnd(bytes: Uint8Array, from: number, end: number): number {
  let reached = 0;
  let labels = 0;
  for (let p = from; ; ) {
    if (p === end || (kinds[bytes[p]!]! & ALPHANUMERIC) === 0) break;
    let last = p;
    while (p < end && (kinds[bytes[p]!]! & LABEL) !== 0) {
      if (bytes[p] !== HYPHEN) last = p;
      p++;
    }
    labels++;
    reached = last + 1;
    // Only a whole label, one that does not end in a hyphen, can be followed by a dot.
    if (reached < p || p === end || bytes[p] !== DOT) break;
    p++;
  }
  return labels > 1 ? reached : 0;
}

/** End of `[octet.octet.octet.last]` that starts at the bracket at `from`, last an octet or a name and a colon; 0 if it is none. */
function literalEnd(bytes: Uint8Array, from: number, end: number): number {
  let p = from + 1;
  for (let octet = 0; octet < 3; octet++) {
    p = octetEnd(bytes, p, end);
    if (p === 0 || bytes[p] !== DOT || p >= end) return 0;
    p++;
  }
  const last = octetEnd(bytes, p, end);
  if (last > 0 && last < end && bytes[last] === CLOSE) return last + 1;
  const name = p;
  while (p < end && (kinds[bytes[p]!]! & LABEL) !== 0) p++;
  if (p === name || bytes[p - 1] === HYPHEN) return 0;
  return p + 1 < end && bytes[p] === COLON && bytes[p + 1] === CLOSE ? p + 2 : 0;
}

/** Whether the character that ends before `at` is a letter, a number or an underscore; a byte that is not UTF-8 is none. */
function endsInWord(bytes: Uint8Array, start: number, at: number, tables: UnicodeTables): boolean {
  const last = bytes[at - 1]!;
  if (last < 0x80) return (kinds[last]! & WORD) !== 0;
  // At most four bytes, and the lead byte says how many.
  let lead = at - 1;
  while (lead > start && lead > at - 4 && (bytes[lead]! & 0xc0) === 0x80) lead--;
  const first = bytes[lead]!;
  const length = at - lead;
  let code = 0;
  if (length === 2 && first >= 0xc2 && first < 0xe0) code = first & 0x1f;
  else if (length === 3 && first >= 0xe0 && first < 0xf0) code = first & 0x0f;
  else if (length === 4 && first >= 0xf0 && first < 0xf5) code = first & 0x07;
  else return false;
  for (let p = lead + 1; p < at; p++) code = (code << 6) | (bytes[p]! & 0x3f);
  // Longer than needed: not well-formed. Surrogates and what lies above U+10FFFF are no letters anyway.
  if ((length === 3 && code < 0x800) || (length === 4 && code < 0x10000)) return false;
  return kindOf(tables, code) !== 0;
}

/** Digits and dots: every seven bytes one is looked at, as `1.1.1.1` has seven. */
const STRIDE = 7;

function isDotted(code: number | undefined): boolean {
  return code !== undefined && code >= DOT && code <= 0x39 && code !== 0x2f;
}

function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= 0x30 && code <= 0x39;
}

/**
 * Appends the start and end of each IPv4 address in `bytes[start .. end)` to `spans`, in order; they do not overlap.
 * What the pattern matches but Python's `ipaddress` refuses (a leading zero) or, with `onlyPublic`, an address that is not
 * globally reachable is passed over as a whole: no other address is looked for inside it.
 */
export function findAddresses(
  bytes: Uint8Array,
  start: number,
  end: number,
  onlyPublic: boolean,
  spans: number[],
): void {
  let done = start;
  for (let probe = start + STRIDE - 1; probe < end; probe += STRIDE) {
    const code = bytes[probe]!;
    if (code < DOT || code > 0x39 || code === 0x2f) continue;
    let from = probe;
    while (from > done && isDotted(bytes[from - 1])) from--;
    done = probe + 1;
    while (done < end && isDotted(bytes[done])) done++;
    if (done - from >= STRIDE) findInRun(bytes, from, done, onlyPublic, spans);
    // A run that starts after `done`, where no digit or dot stands, has its seventh byte seven bytes on at the earliest.
    probe = done;
  }
}

/** The same for a run of digits and dots. */
function findInRun(bytes: Uint8Array, from: number, end: number, onlyPublic: boolean, spans: number[]): void {
  let free = from;
  for (let dot = from + 1; dot < end; dot++) {
    if (bytes[dot] !== DOT || !isDigit(bytes[dot - 1])) continue;
    const first = octetStart(bytes, free, dot);
    const second = octetEnd(bytes, dot + 1, end);
    if (second === 0 || second >= end || bytes[second] !== DOT) continue;
    const third = octetEnd(bytes, second + 1, end);
    if (third === 0 || third >= end || bytes[third] !== DOT) continue;
    const reached = octetReach(bytes, third + 1, end);
    if (reached === 0 || first === dot) continue;
    if (
      isAddress(
        octet(bytes, first, dot),
        octet(bytes, dot + 1, second),
        octet(bytes, second + 1, third),
        octet(bytes, third + 1, reached),
        onlyPublic,
      )
    )
      spans.push(first, reached);
    free = reached;
    // The loop steps over the first byte after the match: a dot there has no digit of its own before it.
    dot = reached;
  }
}

/** Value of two or three digits the pattern takes: 0 to 255. */
function isOctet(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < 3) return true;
  const first = bytes[from]!;
  if (first < 0x32) return true;
  if (first > 0x32) return false;
  const second = bytes[from + 1]!;
  return second < 0x35 || (second === 0x35 && bytes[from + 2]! < 0x36);
}

/** Where the longest octet that ends at `to` starts, not before `from`; `to` if there is none. */
function octetStart(bytes: Uint8Array, from: number, to: number): number {
  let first = to;
  while (first > from && first > to - 3 && isDigit(bytes[first - 1])) first--;
  return isOctet(bytes, first, to) ? first : first + 1;
}

/** End of all digits from `from`, if they are one octet; else 0. */
function octetEnd(bytes: Uint8Array, from: number, end: number): number {
  let p = from;
  while (p < end && p <= from + 3 && isDigit(bytes[p])) p++;
  return p > from && p <= from + 3 && isOctet(bytes, from, p) ? p : 0;
}

/** End of the longest octet that starts at `from`; 0 if there is none. */
function octetReach(bytes: Uint8Array, from: number, end: number): number {
  let p = from;
  while (p < end && p < from + 3 && isDigit(bytes[p])) p++;
  if (p === from) return 0;
  return isOctet(bytes, from, p) ? p : p - 1;
}

/** Value of the digits, or -1 if they start with a zero that is not alone. */
function octet(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[from] === 0x30 && to - from > 1) return -1;
  let value = 0;
  for (let p = from; p < to; p++) value = 10 * value + (bytes[p]! - 0x30);
  return value;
}

function isAddress(a: number, b: number, c: number, d: number, onlyPublic: boolean): boolean {
  if (a < 0 || b < 0 || c < 0 || d < 0) return false;
  return !onlyPublic || isGlobal(a, b, c, d);
}

/**
 * Whether an IPv4 address is globally reachable by the table of Python 3.11.7 (`ipaddress.IPv4Address.is_global`), which counts
 * multicast as global. Later versions of Python know more of 192.0.0.0/24; the table here stays as it is.
 */
export function isGlobal(a: number, b: number, c: number, d: number): boolean {
  if (a === 0 || a === 10 || a === 127 || a >= 240) return false;
  if (a === 100) return (b & 0xc0) !== 64;
  if (a === 169) return b !== 254;
  if (a === 172) return (b & 0xf0) !== 16;
  if (a === 198) return (b & 0xfe) !== 18 && !(b === 51 && c === 100);
  if (a === 203) return !(b === 0 && c === 113);
  if (a !== 192) return true;
  if (b === 168) return false;
  if (b !== 0) return true;
  if (c === 0) return d > 7 && d !== 170 && d !== 171;
  return c !== 2;
}
