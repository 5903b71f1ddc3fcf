import { kindOf, unicodeTables } from '../../../src/kernels/unicode.ts';

/** White space as Python has it, for a character class. */
const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
/** Not `\s`: that has U+FEFF, and lacks U+001C to U+001F and U+0085. */
const isBlank = new RegExp(`^[${SPACE}]*$`, 'u');
const leading = new RegExp(`^[${SPACE}]+`, 'u');

const WORD = '[\\p{L}\\p{M}\\p{N}\\p{Cf}_]';
const JOINS = `['\u2019.](?=${WORD})|(?<=\\p{Nd})[-,/:](?=\\p{Nd})(?=${WORD})`;
const unicodeToken = new RegExp(`${WORD}(?:${WORD}|${JOINS})*|([^${SPACE}])\\1*[\\p{M}\\p{Cf}]*`, 'gu');
const isWord = new RegExp(`^${WORD}`, 'u');
const beforeClitic = new RegExp(`(?=['\u2019](?:[sStTdDmM]|[rR][eE]|[vV][eE]|[lL][lL])(?!${WORD}))`, 'u');
const whitespaceToken = new RegExp(`[^${SPACE}]+`, 'gu');
const tables = unicodeTables();

/** Code points in the private use area beyond the Basic Multilingual Plane: what solo characters are renamed to, so that they are no letters. */
const STAND_IN = 0xf0000;

let last: { readonly text: string; readonly words: string; readonly tokens: readonly string[] } | undefined;

/** Tokens of a text by regular expressions; those of the last text are remembered, as they are asked for under many options. */
export function tokensOf(text: string, words: 'unicode' | 'whitespace'): readonly string[] {
  if (last?.text !== text || last.words !== words) last = { text, words, tokens: cutTokens(text, words) };
  return last.tokens;
}

function cutTokens(text: string, words: 'unicode' | 'whitespace'): string[] {
  if (words === 'whitespace') return text.match(whitespaceToken) ?? [];
  // A character of a script without spaces becomes a symbol, and no two of them the same, so that none joins the next.
  const solos: string[] = [];
  const renamed = Array.from(text, (character) => {
    if (kindOf(tables, character.codePointAt(0)!) !== 2) return character;
    solos.push(character);
    return String.fromCodePoint(STAND_IN + (solos.length & 1));
  }).join('');
  let next = 0;
  const tokens = (renamed.match(unicodeToken) ?? []).flatMap((token) =>
    isWord.test(token) ? token.split(beforeClitic) : [token],
  );
  return tokens.map((token) =>
    Array.from(token, (character) =>
      character.codePointAt(0)! >> 1 === STAND_IN >> 1 ? solos[next++]! : character,
    ).join(''),
  );
}

export const lengthOf = (text: string): number => Array.from(text).length;

/** Python's `str.strip()` and its halves; by hand behind, where a regular expression would be quadratic. */
export const stripStart = (text: string): string => text.replace(leading, '');
export function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isBlank.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}
export const isBlankText = (text: string): boolean => isBlank.test(text);

const BREAK = '\\n-\\r\\x1c-\\x1e\\x85\\u2028\\u2029';
const lineBreak = new RegExp(`\\r\\n|[${BREAK}]`, 'u');

/** Python's `str.splitlines()`. */
export function splitLines(text: string): string[] {
  const lines = text.split(lineBreak);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function setOf(ranges: string): ReadonlySet<number> {
  const codes = new Set<number>();
  for (const range of ranges.split(' ')) {
    const [first, last] = range.split('-').map((hex) => Number.parseInt(hex, 16));
    for (let code = first!; code <= (last ?? first!); code++) codes.add(code);
  }
  return codes;
}

/** datatrove's terminal marks. */
const terminal = setOf(
  '21 2e 3f 589 61d-61f 6d4 700-702 7f9 837 839 83d-83e 964-965 104a-104b 1362 1367-1368 166e 1735-1736 17d4-17d6 17d9-17da 1803 1809 ' +
    '1944-1945 1aa8-1aab 1b5a-1b5b 1b5e-1b5f 1b7d-1b7e 1c3b-1c3c 1c7e-1c7f 203c-203d 2047-2049 2e2e 2e3c 2e53-2e54 3002 a4ff a60e-a60f ' +
    'a6f3 a6f7 a876-a877 a8ce-a8cf a92f a9c8-a9c9 aa5d-aa5f aaf0-aaf1 abeb fe52 fe56-fe57 ff01 ff0e ff1f ff61 10a56-10a57 10f55-10f59 ' +
    '10f86-10f89 11047-11048 110be-110c1 11141-11143 111c5-111c6 111cd 111de-111df 11238-11239 1123b-1123c 112a9 1144b-1144c 115c2-115c3 ' +
    '115c9-115d7 11641-11642 1173c-1173e 11944 11946 11a42-11a43 11a9b-11a9c 11c41-11c42 11ef7-11ef8 11f43-11f44 16a6e-16a6f 16af5 ' +
    '16b37-16b38 16b44 16e98 1bc9f 1da88',
);
/** datatrove's punctuation: ASCII punctuation, controls, some of typography. */
const symbols = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~«´»–—’“”„…∶━►、。〈〉《》「」【】！％（），．１：；？～';

export const isTerminal = (character: string): boolean => terminal.has(character.codePointAt(0)!);
export function isSymbol(character: string): boolean {
  const code = character.codePointAt(0)!;
  const isControl = code < 9 || (code > 10 && code < 32) || (code > 126 && code < 160);
  return isControl || symbols.includes(character) || terminal.has(code);
}
