import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import packaged from 'naughty-words';
import { afterAll, describe, expect, test } from 'vitest';
import { c4Badwords } from '../../src/filters/c4-badwords.ts';
import type { StepOptions } from '../../src/filters/filter.ts';
import { hasSharedData } from '../engine/support.ts';
import { type Judge, judgeWith, realTexts } from './judged.ts';

/** What the package has beyond revision 25e679f0 of the English list. */
const LATER =
  'bangbus beastiality cialis cumshot cumshots fag gangbang horny livesex masturbating masturbation mong nsfw nutten pikey sexcam sexual sexuality sexually spastic thumbzilla viagra voyeurweb voyuer whore worldsex'.split(
    ' ',
  );
const ALLOWED = ['sm', 'グロ', '女の子', '性'];

const folder = mkdtempSync(join(tmpdir(), 'sluice-badwords-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
function listFile(content: string | Uint8Array): string {
  const path = join(folder, `list-${files++}.txt`);
  writeFileSync(path, content);
  return path;
}

const withOptions = (given: StepOptions = {}): Promise<Judge> => judgeWith(c4Badwords, given);
const english = await withOptions();
const mixed = await withOptions({ language_column: 'language' });

/** The filter of datatrove, with the regular expressions of its source, look-arounds for `\W`. */
function oracle(text: string, language: string): boolean {
  const words = packaged[language]
    ?.map((entry) => entry.trim())
    .filter((entry) => !ALLOWED.includes(entry) && !(language === 'en' && LATER.includes(entry)))
    .map((entry) => entry.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  if (words === undefined) return false;
  const one = `(?:${words.join('|')})`;
  const word = '[\\p{L}\\p{N}_]';
  const isUnspaced = ['ja', 'th', 'zh'].includes(language);
  return new RegExp(isUnspaced ? one : `(?<!${word})${one}(?!${word})`, 'u').test(text.toLowerCase());
}

describe('English', () => {
  test('drops a document with a phrase of the list and names it', () => {
    const judged = english('This is bullshit, really.');
    expect(judged.verdict).toBe(1);
    expect(judged.detail).toBe('bullshit');
    expect(judged.statistic).toBeNaN();
    expect(judged.threshold).toBeNaN();
    expect(c4Badwords.reasons({})).toEqual(['document_removed_with_badwords']);
  });

  test.each([
    'The grass is green in Scunthorpe.',
    '',
    'assess',
    'ass_',
    '_ass',
    'classé',
    'asséché',
    'sm',
    'S M',
  ])('keeps %j', (text) => expect(english(text).verdict).toBe(0));

  test.each([
    'ass',
    'ASS',
    'an ass.',
    'ass\u0301',
    '“ass”',
    'Blow\u0020Job',
    'S&M',
    '🖕',
    '2 Girls 1 Cup',
    '\u212aINKY',
    'G-spot',
  ])('drops %j', (text) => expect(english(text).verdict).toBe(1));

  test('white space inside a phrase is one U+0020 and nothing else', () => {
    expect(english('blow job').verdict).toBe(1);
    for (const text of ['blow  job', 'blow\njob', 'blow\u00a0job', 'blow\tjob'])
      expect(english(text).verdict).toBe(0);
  });

  test('entries that came after the revision of datatrove are not looked for', () => {
    expect(packaged['en']).toHaveLength(403);
    for (const phrase of LATER) {
      expect(packaged['en']).toContain(phrase);
      expect(english(phrase).verdict).toBe(0);
    }
    for (const phrase of packaged['en']!)
      expect(english(phrase).verdict).toBe(LATER.includes(phrase) ? 0 : 1);
  });
});

describe('languages', () => {
  test('each phrase of each list is found, unless it is allowed or in capitals', () => {
    for (const [language, entries] of Object.entries(packaged))
      for (const entry of entries) {
        const phrase = entry.trim();
        expect(mixed(phrase, language).verdict, `${language} ${phrase}`).toBe(
          oracle(phrase, language) ? 1 : 0,
        );
      }
  });

  test('without spaces in Japanese, Thai and Chinese alone', () => {
    for (const [language, phrase] of [
      ['ja', 'おっぱい'],
      ['th', packaged['th']![0]!],
      ['zh', '妈的'],
    ] as const)
      expect(mixed(`日${phrase}本`, language)).toMatchObject({ verdict: 1, detail: phrase });
    expect(mixed(`я${packaged['ru']![0]!}`, 'ru').verdict).toBe(0);
    expect(mixed(`«${packaged['ru']![0]!.toUpperCase()}»`, 'ru').verdict).toBe(1);
  });

  test('a document without a language has the default one, and one in a language without a list is kept', () => {
    expect(mixed('ass').verdict).toBe(1);
    expect(mixed('ass', 'de').verdict).toBe(0);
    expect(mixed('ass', 'xx').verdict).toBe(0);
    expect(mixed('ass', '__proto__').verdict).toBe(0);
    expect(mixed('ass', '').verdict).toBe(0);
  });

  test('the default language is what one says', async () => {
    const german = await withOptions({ default_language: 'de' });
    expect(german('arschloch').verdict).toBe(1);
    expect(german('asshole').verdict).toBe(0);
  });

  test('a default language without a list is refused with those that have one', async () => {
    const refused = withOptions({ default_language: 'tt' });
    await expect(refused).rejects.toThrow(/default_language: expected one of ar, cs, .*, zh, found tt/);
    await expect(withOptions({ default_language: 'toString' })).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('the column is named by the options', () => {
    expect(c4Badwords.column?.({})).toBeUndefined();
    expect(c4Badwords.column?.({ language_column: 'lang' })).toBe('lang');
  });
});

describe('a list of your own', () => {
  test('is read one phrase a line, stripped and lower-cased, in place of the others', async () => {
    const own = await withOptions({ list: listFile('\ufeffFoo Bar\r\n\r\n  Straße\u3000\rx\n\n') });
    for (const text of ['foo bar', 'A FOO BAR.', 'STRASSE straße', 'X']) expect(own(text).verdict).toBe(1);
    for (const text of ['ass', 'foo', 'foobar', 'xx']) expect(own(text).verdict).toBe(0);
  });

  test('holds for all languages, without spaces where the language has none', async () => {
    const own = await withOptions({ list: listFile('foo'), language_column: 'language' });
    expect(own('xfoox', 'en').verdict).toBe(0);
    expect(own('xfoox', 'ja').verdict).toBe(1);
    expect(own('foo', 'qqq').verdict).toBe(1);
    const japanese = await withOptions({ list: listFile('foo'), default_language: 'ja' });
    expect(japanese('xfoox').verdict).toBe(1);
  });

  test.each([
    ['a missing one', join(folder, 'none.txt'), /none\.txt: cannot be read: ENOENT/],
    ['an empty one', listFile(''), /expected one phrase a line, found none/],
    ['a blank one', listFile(' \n\t\n'), /expected one phrase a line, found none/],
    [
      'one that is not UTF-8',
      listFile(Buffer.from([0x61, 0x0a, 0xff, 0x0a])),
      /after line 0: expected UTF-8/,
    ],
    ['one that ends inside a character', listFile(Buffer.from([0x61, 0x0a, 0xc3])), /expected UTF-8/],
    ['one without line breaks', listFile('a'.repeat(70_000)), /line of more than 65536 characters/],
    [
      'a huge one',
      listFile(
        `${'a'.repeat(60_000)}\n`.repeat(1) +
          Array.from({ length: 70 }, (_, n) => 'b'.repeat(60_000) + n).join('\n'),
      ),
      /at most 4000000 characters/,
    ],
  ])('%s is refused', async (_, path, message) => {
    const refused = withOptions({ list: path });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});

describe('a share that is kept', () => {
  const texts = Array.from({ length: 4000 }, (_, n) => `document ${n} says shit`);
  const keptOf = (judge: Judge): boolean[] => texts.map((text) => judge(text).verdict === 0);

  test('is about that share, the same every time, and another with another seed', async () => {
    const first = keptOf(await withOptions({ keep_fraction: 0.3 }));
    const again = keptOf(await withOptions({ keep_fraction: 0.3 }));
    const other = keptOf(await withOptions({ keep_fraction: 0.3, seed: 1 }));
    expect(again).toEqual(first);
    // Five standard deviations of a binomial count.
    const within = (count: number, rate: number): void =>
      expect(Math.abs(count - rate * 4000)).toBeLessThan(5 * Math.sqrt(4000 * rate * (1 - rate)));
    within(first.filter(Boolean).length, 0.3);
    within(other.filter(Boolean).length, 0.3);
    for (const seed of [1, 2, 3, 2 ** 31, 2 ** 32 - 1]) {
      const another = keptOf(await withOptions({ keep_fraction: 0.3, seed }));
      within(first.filter((kept, at) => kept && another[at]!).length, 0.09);
    }
  });

  test('grows with the share: what is kept at a smaller one is kept at a larger one', async () => {
    const small = keptOf(await withOptions({ keep_fraction: 0.2 }));
    const large = keptOf(await withOptions({ keep_fraction: 0.6 }));
    expect(small.every((kept, at) => !kept || large[at]!)).toBe(true);
  });

  test('is none or all at the ends', async () => {
    expect(keptOf(await withOptions({ keep_fraction: 0 })).some(Boolean)).toBe(false);
    expect(keptOf(await withOptions({ keep_fraction: 1 })).every(Boolean)).toBe(true);
  });
});

describe('the same as the regular expressions of datatrove', () => {
  const separators = ' |.|-|_|\n|\u0301|é|я|日|\u200b|\u00a0|İ|Σ|1|½|🖕|\u093e|s|'.split('|');
  const language = fc.constantFrom(...Object.keys(packaged));
  const cases = language.chain((one) =>
    fc.tuple(
      fc.constant(one),
      fc.array(
        fc.tuple(
          fc.constantFrom(...packaged[one]!),
          fc.constantFrom(...separators),
          fc.constantFrom('asis', 'upper', 'cut'),
        ),
        { minLength: 1, maxLength: 4 },
      ),
    ),
  );

  test('on texts made of the phrases', () => {
    fc.assert(
      fc.property(cases, ([one, pieces]) => {
        const text = pieces
          .map(([phrase, separator, how]) => {
            if (how === 'upper') return separator + phrase.toUpperCase();
            return separator + (how === 'cut' ? phrase.slice(1) : phrase);
          })
          .join('');
        expect(mixed(text, one).verdict === 1, `${one} ${text}`).toBe(oracle(text, one));
      }),
      { numRuns: 1500 },
    );
  });

  test.skipIf(!hasSharedData)('on real documents', async () => {
    for (const text of await realTexts(500)) expect(english(text).verdict === 1).toBe(oracle(text, 'en'));
  });
});
