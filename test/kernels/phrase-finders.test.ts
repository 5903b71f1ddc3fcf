import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DAMAGED, decode, width } from '../../src/kernels/phrase-characters.ts';
import {
  buildPhraseList,
  flankedFinder,
  type PhraseFinder,
  substringFinder,
} from '../../src/kernels/phrase-finders.ts';
import { unicodeTables } from '../../src/kernels/unicode.ts';

const tables = unicodeTables();
const escaped = (phrase: string): string => phrase.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** Whether the text holds a phrase between characters that are no word characters: as a regular expression, for lack of `\W` by look-arounds. */
function isFlankedIn(text: string, phrases: readonly string[]): boolean {
  const word = '[\\p{L}\\p{N}_]';
  return new RegExp(`(?<!${word})(?:${phrases.map(escaped).join('|')})(?!${word})`, 'u').test(
    text.toLowerCase(),
  );
}

const isAnywhereIn = (text: string, phrases: readonly string[]): boolean =>
  phrases.some((phrase) => text.toLowerCase().includes(phrase));

/** The finder on bytes with other text on both sides, which must not matter. */
function findIn(finder: PhraseFinder, text: string | Uint8Array): number {
  const own = Buffer.from(text);
  const before = Buffer.from('ab');
  return finder.find(
    Buffer.concat([before, own, Buffer.from('ab ab')]),
    before.length,
    before.length + own.length,
  );
}

const flanked = (phrases: readonly string[]): PhraseFinder =>
  flankedFinder(buildPhraseList(phrases, tables), tables);
const substring = (phrases: readonly string[]): PhraseFinder =>
  substringFinder(buildPhraseList(phrases, tables), tables);

describe('between characters that are no word characters', () => {
  const phrases = [
    'ass',
    'big ass',
    's&m',
    'xx',
    '🖕',
    'k',
    'iñ',
    'οδος',
    'οδοσ',
    '-a',
    'गा',
    'é',
    'a b c d',
  ];
  const finder = flanked(phrases);
  test.each([
    ['ass', 'ass'],
    ['an ass.', 'ass'],
    ['ASS', 'ass'],
    ['grass', undefined],
    ['assé', undefined],
    ['éass', undefined],
    ['ass_', undefined],
    ['_ass', undefined],
    ['1ass', undefined],
    ['ass\u0301', 'ass'],
    ['\u0301ass', 'ass'],
    ['ass日', undefined],
    ['“ass”', 'ass'],
    ['👍ass👍', 'ass'],
    ['\u200bass\u200b', 'ass'],
    ['the big  ass', 'ass'],
    ['big bigger', undefined],
    ['S&M', 's&m'],
    ['s & m', undefined],
    ['s&mm', undefined],
    ['xx', 'xx'],
    ['xxx', undefined],
    ['x xx', 'xx'],
    ['🖕', '🖕'],
    ['a🖕', undefined],
    ['🖕a', undefined],
    [' 🖕🖕', '🖕'],
    ['🖕🖕a', '🖕'],
    ['\u212a', 'k'],
    ['ok \u212a!', 'k'],
    ['IÑ', 'iñ'],
    ['İñ', undefined],
    ['xİass', 'ass'],
    ['İass', 'ass'],
    ['assİ', undefined],
    ['ΟΔΟΣ', 'οδος'],
    ['ΟΔΟΣΣ', undefined],
    ['ΟΔΟΣ.', 'οδος'],
    ['ΟΔΟΣ.α', 'οδοσ'],
    ['ΟΔΟΣ.\u0301\u0301-α', 'οδος'],
    ["ΟΔΟΣ'\u00ad.:Α", 'οδοσ'],
    ['ΟΔΟς', 'οδος'],
    ['οδοσ', 'οδοσ'],
    [' -a', '-a'],
    ['--a', '-a'],
    ['b-a', undefined],
    ['b--a', '-a'],
    ['गा', 'गा'],
    ['गाना', undefined],
    ['É', 'é'],
    ['e\u0301', undefined],
    ['a b c', undefined],
    ['a b a b c d', 'a b c d'],
    ['a b\nc d', undefined],
    ['', undefined],
  ])('%j holds %j', (text, expected) => {
    expect(phrases[findIn(finder, text)]).toBe(expected);
    expect(isFlankedIn(text, phrases)).toBe(expected !== undefined);
  });

  test('the combining dot of a lower-cased capital I is no word character, and can be part of a phrase', () => {
    const dotted = flanked(['i\u0307', 'si\u0307x', '\u0307z']);
    expect(findIn(dotted, 'İ')).toBe(0);
    expect(findIn(dotted, 'SİX')).toBe(1);
    expect(findIn(dotted, 'SİXX')).toBe(-1);
    expect(findIn(dotted, ' \u0307z')).toBe(2);
    expect(findIn(flanked(['si']), 'SİX')).toBe(0);
    expect(findIn(flanked(['x']), 'SİX')).toBe(0);
    expect(findIn(flanked(['\u0307x']), 'SİX')).toBe(-1);
  });

  test('a byte that is not UTF-8 separates, and is in no phrase', () => {
    const replaced = flanked(['ass', 'a\ufffdb']);
    for (const damaged of [
      [0xff],
      [0xc3],
      [0x80, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf0, 0x9f, 0x96],
      [0xc0, 0x80],
    ])
      expect(
        findIn(replaced, Buffer.concat([Buffer.from(damaged), Buffer.from('ass'), Buffer.from(damaged)])),
      ).toBe(0);
    expect(findIn(replaced, Buffer.from([0x61, 0xff, 0x62]))).toBe(-1);
    expect(findIn(replaced, 'a\ufffdb')).toBe(1);
    // An accented letter cut off at the end of the document goes on in the bytes of the next one.
    const cut = Buffer.from('ass é');
    expect(findIn(flanked(['é']), cut.subarray(0, -1))).toBe(-1);
  });

  test('a phrase in capitals is never found, as the text is lower-cased', () => {
    const capitals = flanked(['Ass', "QI'yaH"]);
    expect(findIn(capitals, 'Ass ASS ass')).toBe(-1);
    expect(findIn(capitals, "QI'yaH")).toBe(-1);
  });

  test('the shortest phrase that fits is named, at the first place', () => {
    const several = flanked(['girl on top', 'girl on', 'one']);
    expect(findIn(several, 'a girl on top')).toBe(1);
    expect(findIn(several, 'girl one')).toBe(2);
    expect(findIn(several, 'girl onto girl on')).toBe(1);
  });
});

describe('anywhere', () => {
  test.each([
    ['いい女優だ', '女優'],
    ['女', undefined],
    ['女\u200b優', undefined],
    ['xABCx', 'abc'],
    ['abab', 'bab'],
    ['aab', undefined],
    ['ΟΔΟΣ', 'ς'],
    ['ΟΔΟΣΑ', undefined],
    ['ab\u212ad', 'bkd'],
    ['İ', '\u0307'],
    ['', undefined],
  ])('%j holds %j', (text, expected) => {
    const phrases = ['女優', 'abc', 'bab', 'ς', 'bkd', '\u0307'];
    expect(phrases[findIn(substring(phrases), text)]).toBe(expected);
    expect(isAnywhereIn(text, phrases)).toBe(expected !== undefined);
  });

  test('a phrase inside the beginning of another one is seen though the longer one comes to nothing', () => {
    const finder = substring(['abcde', 'bcd', 'c']);
    expect(findIn(finder, 'abcd')).toBe(2);
    expect(findIn(substring(['abcde', 'bcd']), 'abcdx')).toBe(1);
    expect(findIn(substring(['ab', 'ba']), 'bba')).toBe(1);
  });
});

describe('the same as a regular expression on the lower-cased text', () => {
  const letter = fc.constantFrom(
    ..."abksiσςΣİK\u212aéÉ日я_1½٣ \n-.'&\u0301\u00ad🖕\u{1d7d8}\u0307ſẞ".match(/./gsu)!,
  );
  const small = fc.constantFrom(..."abksiσςé日я_1 -'&🖕\u0307".match(/./gsu)!);
  const phrase = fc
    .array(small, { minLength: 1, maxLength: 4 })
    .map((letters) => letters.join(''))
    .filter((text) => text.trim() === text && text === text.toLowerCase());
  const phrases = fc.uniqueArray(phrase, { minLength: 1, maxLength: 8 });
  const textWith = (list: readonly string[]): fc.Arbitrary<string> =>
    fc
      .array(
        fc.oneof(letter, fc.constantFrom(...list), fc.constantFrom(...list.map((one) => one.toUpperCase()))),
        {
          maxLength: 12,
        },
      )
      .map((pieces) => pieces.join(''));
  const both = phrases.chain((list) => fc.tuple(fc.constant(list), textWith(list)));

  test('between characters that are no word characters', () => {
    fc.assert(
      fc.property(both, ([list, text]) => {
        const found = findIn(flanked(list), text);
        expect(found >= 0).toBe(isFlankedIn(text, list));
        if (found >= 0) expect(text.toLowerCase()).toContain(list[found]!);
      }),
      { numRuns: 4000 },
    );
  });

  test('anywhere', () => {
    fc.assert(
      fc.property(both, ([list, text]) => {
        const found = findIn(substring(list), text);
        expect(found >= 0).toBe(isAnywhereIn(text, list));
        if (found >= 0) expect(text.toLowerCase()).toContain(list[found]!);
      }),
      { numRuns: 4000 },
    );
  });

  test('any bytes are read as the decoder of the platform reads them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        let ours = '';
        for (let at = 0; at < bytes.length; at += width) {
          const code = decode(bytes, at, bytes.length);
          ours += code === DAMAGED ? '\ufffd' : String.fromCodePoint(code);
        }
        // The platform makes one mark of several bytes that could have begun a character; here each byte is one.
        const squeeze = (text: string): string => text.replace(/\ufffd+/g, '\ufffd');
        expect(squeeze(ours)).toBe(squeeze(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)));
      }),
      { numRuns: 3000 },
    );
  });
});

test('megabytes of beginnings that come to nothing are passed over', () => {
  const list = ['a b c d e f g', "σ'x", "''''x", '女女女女優'];
  for (const text of ['a b c ', 'a', ' ', '女', "'", 'Σ', "Σ'", '\u0301', 'İ', '-']) {
    const long = text.repeat(1_000_000 / text.length);
    expect(findIn(flanked(list), long)).toBe(-1);
    expect(findIn(substring(list), long)).toBe(-1);
  }
});

test('a hundred thousand phrases are told apart', () => {
  const many = Array.from({ length: 100_000 }, (_, n) => `word${n.toString(36)} tail${n % 7}`);
  const finder = flanked(many);
  for (const n of [0, 1, 35, 36, 99_999]) expect(findIn(finder, `so ${many[n]!.toUpperCase()}!`)).toBe(n);
  expect(findIn(finder, 'word1 tail2')).toBe(-1);
});
