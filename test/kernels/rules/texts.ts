import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';

/** What rules look at, in pieces that make up texts full of edges. */
const PIECES: readonly string[] = [
  ' ',
  ' ',
  ' ',
  '\n',
  '\n',
  '\r',
  '\r\n',
  '\t',
  '\v',
  '\f',
  '\x1c',
  '\x1d',
  '\x1e',
  '\x1f',
  '\x85',
  '\xa0',
  '\u1680',
  '\u2003',
  '\u2028',
  '\u2029',
  '\u202f',
  '\u3000',
  '\ufeff',
  '\u200b',
  '\u200d',
  '\0',
  '\x7f',
  '.',
  '..',
  '...',
  '\u2026',
  ',',
  "'",
  '\u2019',
  '-',
  '---',
  '\u2022',
  '#',
  '##',
  '_',
  '__',
  '!',
  '?',
  '"',
  '{',
  'a',
  'the',
  'of',
  'Words',
  'B',
  '1',
  '23',
  '3.14',
  '1,234',
  'abcdefghijklmnopq',
  'x'.repeat(33),
  '-',
  'I.B.M.',
  "'s",
  "x's",
  "1'll",
  '\u2019re',
  '\u00e9',
  'e\u0301',
  '\u00b2',
  '\u00df',
  '\u0394\u03b5\u03bd',
  '\u0436\u0437',
  '\u0663',
  '\u0301',
  '\u061d',
  '\u65e5',
  '\u672c',
  '\u3002',
  '\uff01',
  '\uff11',
  '\u0e01\u0e31',
  '\u0e52',
  '\uac00',
  '\u0964',
  '\u{1f600}',
  '\u{1f600}',
  '\u{10400}',
  '\u{1d7d8}',
  '\u{20000}',
  '\u{115c2}',
  '\u{e0100}',
  '\u{10ffff}',
]; // prettier-ignore

const codePoint = fc
  .integer({ min: 0, max: 0x10ffff })
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code));
const latin = fc.integer({ min: 0, max: 0x2ff }).map((code) => String.fromCodePoint(code));

/** Texts of up to a few blocks, of words, of edges, and of characters of all categories. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: joined(fc.constantFrom(...PIECES), 120) },
  {
    weight: 2,
    arbitrary: joined(fc.constantFrom(...PIECES.filter((piece) => /^[\0-\x7f]+$/u.test(piece))), 150),
  },
  { weight: 1, arbitrary: joined(fc.oneof(fc.constantFrom(...PIECES), latin, codePoint), 120) },
);

function joined(piece: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> {
  return fc.array(piece, { maxLength, size: 'max' }).map((pieces) => pieces.join(''));
}

/** Bytes that are UTF-8 only in parts. */
export const anyBytes: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      fc.constantFrom(...PIECES).map((piece): Uint8Array => Buffer.from(piece)),
      fc.uint8Array({ minLength: 1, maxLength: 4 }),
      fc.constantFrom(
        ...[
          [0xe2, 0x80],
          [0xf0, 0x9f],
          [0xc2],
          [0x80],
          [0xed, 0xa0, 0x80],
          [0xc0, 0xae],
          [0xf4, 0x90, 0x80, 0x80],
          [0xe0, 0x80, 0xae],
        ].map((bytes) => Uint8Array.from(bytes)),
      ),
    ),
    { maxLength: 80, size: 'max' },
  )
  .map((parts) => Buffer.concat(parts));

/** Bytes as a text in which U+DC80 to U+DCFF stand for what is not UTF-8: Python's "surrogateescape". */
export function textOf(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((count) => isCharacter(bytes.subarray(at, at + count)));
    text +=
      length === undefined
        ? String.fromCharCode(0xdc00 + bytes[at]!)
        : Buffer.from(bytes.subarray(at, at + length)).toString();
    at += length ?? 1;
  }
  return text;
}

/** Whether these bytes are one character, and all of it. */
function isCharacter(bytes: Uint8Array): boolean {
  const [first = 0] = bytes;
  if (first < 0x80) return bytes.length === 1;
  if (bytes.length === 1 || !isUtf8(bytes)) return false;
  return bytes.subarray(1).every((byte) => (byte & 0xc0) === 0x80);
}
