import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DAMAGED, decode, lowerAt, width } from '../../../src/kernels/phrases/characters.ts';
import { flankedFinder, type PhraseFinder, substringFinder } from '../../../src/kernels/phrases/finders.ts';
import { buildFlankedList, createFlankedFinders } from '../../../src/kernels/phrases/simd.ts';
import { buildPhraseTrie } from '../../../src/kernels/phrases/trie.ts';
import { unicodeTables } from '../../../src/kernels/unicode.ts';

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

const createFinder = await createFlankedFinders(tables);

/** Both twins at once: what they find is the same. */
function flanked(phrases: readonly string[]): PhraseFinder {
  const list = buildFlankedList(phrases, tables);
  const plain = flankedFinder(list.trie, tables);
  const simd = createFinder(list);
  return {
    find: (bytes, start, end) => {
      const found = plain.find(bytes, start, end);
      expect(simd.find(bytes, start, end)).toBe(found);
      return found;
    },
  };
}

const substring = (phrases: readonly string[]): PhraseFinder =>
  substringFinder(buildPhraseTrie(phrases), tables);

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
    'ⓐ',
    'zé fu',
    'q-_x',
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
    ['Ⓐ', 'ⓐ'],
    ['xⒶ', undefined],
    ['x Ⓐ.', 'ⓐ'],
    ['e\u0301', undefined],
    ['a b c', undefined],
    ['a b a b c d', 'a b c d'],
    ['a b\nc d', undefined],
    ['ZÉ FU', 'zé fu'],
    ['zé fa', undefined],
    ['Q-_X', 'q-_x'],
    ['q-.x', undefined],
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
      { numRuns: 500 },
    );
  });

  test('anywhere', () => {
    fc.assert(
      fc.property(both, ([list, text]) => {
        const found = findIn(substring(list), text);
        expect(found >= 0).toBe(isAnywhereIn(text, list));
        if (found >= 0) expect(text.toLowerCase()).toContain(list[found]!);
      }),
      { numRuns: 500 },
    );
  });

  test('between words of all lengths, of ASCII and not, at all places of a block', () => {
    const syllable = fc.constantFrom('a', 'ab', 'Abc_1', 'é', 'ÉT', 'я', 'ЯЯЯ', 'ﬀ', '𐐀', '日', '\u212a');
    const word = fc.array(syllable, { minLength: 1, maxLength: 9 }).map((parts) => parts.join(''));
    const gap = fc.constantFrom(' ', ', ', '\n', '“', '—', '\u0301', '-', ' '.repeat(9), '\u00a0', '👍');
    const texts = fc.array(fc.tuple(word, gap), { maxLength: 60 });
    fc.assert(
      fc.property(texts, fc.nat(59), fc.nat(3), (parts, chosen, extra) => {
        const words = parts.map(([one]) => one);
        const wanted = (words[chosen % (words.length + 1)] ?? 'abé').toLowerCase();
        const list = [wanted.slice(0, wanted.length - (extra === 3 ? 1 : 0)), 'я“я', '👍', 'zz'].filter(
          (one) => one !== '',
        );
        const text = parts.map(([one, between]) => one + between).join('');
        expect(findIn(flanked(list), text) >= 0).toBe(isFlankedIn(text, list));
      }),
      { numRuns: 600 },
    );
  });

  test('both twins on any bytes', () => {
    const byte = fc.constantFrom(
      0x61,
      0x41,
      0x20,
      0xc3,
      0xa9,
      0xc4,
      0xb0,
      0xe2,
      0x84,
      0xaa,
      0xf0,
      0x9f,
      0x96,
      0x95,
      0x80,
      0xff,
      0x5f,
      0,
    );
    const finders = [
      flanked(['a', 'é', 'k', 'ia', '🖕a', 'aé']),
      flanked(['aaaa', '-']),
      flanked(['\0', '🖕']),
    ];
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 150 }), (bytes) => {
        for (const finder of finders) expect(findIn(finder, Uint8Array.from(bytes))).toBeLessThan(6);
      }),
      { numRuns: 2000 },
    );
  });

  test('lower case of single characters is that of the platform', () => {
    for (let code = 0; code < 0x30000; code++) {
      if (code >= 0xd800 && code < 0xe000) continue;
      const text = String.fromCodePoint(code);
      const bytes = Buffer.from(text);
      const lower = String.fromCodePoint(lowerAt(tables, code, bytes, 0, bytes.length, 0));
      // A platform of an older Unicode version may not know a capital yet.
      if (text.toLowerCase() !== text && lower !== text.toLowerCase())
        expect([text, lower]).toEqual(['\u0130', 'i']);
    }
    expect.assertions(1);
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
    const long = text.repeat(400_000 / text.length);
    expect(findIn(flanked(list), long)).toBe(-1);
    expect(findIn(substring(list), long)).toBe(-1);
  }
});

test('a text longer than what the kernel is given at a time is cut where no word is', () => {
  const finder = flanked(['needle here', '日本', '🖕']);
  const filler = 'nothing of note '.repeat(20_000);
  for (const text of [`${filler}needle here`, `${filler}needle  here`, `x${filler}Needle Here!`])
    expect(findIn(finder, text)).toBe(text.includes('  ') ? -1 : 0);
  // Around the place of the first cut.
  for (let before = 131_060; before < 131_080; before++) {
    expect(findIn(finder, `${' '.repeat(before)}needle here${' x'.repeat(40_000)}`)).toBe(0);
    expect(findIn(finder, `${'a'.repeat(before)}needle here${' x'.repeat(40_000)}`)).toBe(-1);
    expect(findIn(finder, `${' '.repeat(before)}🖕${'x '.repeat(40_000)}`)).toBe(-1);
  }
  const word = '日'.repeat(200_000);
  expect(findIn(finder, `${word} 日本 ${word}`)).toBe(1);
  expect(findIn(finder, `${word}🖕${word}`)).toBe(-1);
});

test('a hundred thousand phrases are told apart', () => {
  const many = Array.from({ length: 100_000 }, (_, n) => `word${n.toString(36)} tail${n % 7}`);
  const finder = flanked(many);
  for (const n of [0, 1, 35, 36, 99_999]) expect(findIn(finder, `so ${many[n]!.toUpperCase()}!`)).toBe(n);
  expect(findIn(finder, 'word1 tail2')).toBe(-1);
});
