import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refinedwebLines } from '../../src/filters/refinedweb-lines.ts';
import { hasSharedData } from '../engine/support.ts';
import { type Judge, judgeWith, realTexts } from './judged.ts';
import { lengthOf, splitWords, strip } from './oracle-c4.ts';

const judge = await judgeWith(refinedwebLines);
/** Nothing is dropped, so that every edit shows. */
const edit = await judgeWith(refinedwebLines, { max_words_removed: null });

const filler = 'the quick brown fox jumps over a lazy dog';
const padding = `${filler}\n`.repeat(40).trim();

const SPACE = String.raw`[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]`;
const WORD = String.raw`[\p{L}\p{N}_]`;
const counter = new RegExp(
  `^(?:(?!${WORD}).)*\\p{Nd}(?:,|\\.|\\p{Nd})*[kmb]?${SPACE}+(likes|shares|comments|retweets|reposts|quotes|bookmarks|upvotes|downvotes|downloads|views|followers)(?:(?!${WORD}).)*$`,
  'su',
);
const phrases = [
  new RegExp(`${SPACE}?items in cart`, 'giu'),
  new RegExp(`${SPACE}?read more[^\\n]{3}$`, 'iu'),
  new RegExp(`^sign-in${SPACE}?`, 'iu'),
];
const isDigit = (character: string): boolean => /^[\p{Nd}²³¹⁰⁴-⁹₀-₉①-⑨]$/u.test(character);
const shareOf = (line: string, test: (character: string) => boolean): number =>
  Array.from(line).filter(test).length / lengthOf(line);
const tokensOf = (text: string): number =>
  text.split(new RegExp(String.raw`[ \n\r\t\v\f\x00]`, 'u')).filter((token) => /^[\p{L}\p{N}]/u.test(token))
    .length;

/** Second implementation over strings, round by round as DCLM runs its modifiers; undefined: dropped. */
function oracle(text: string, most: number | null): string | undefined {
  const round = (given: string, keeps: (line: string) => boolean): string =>
    given.split('\n').filter(keeps).join('\n');
  const before = tokensOf(text);
  let left = strip(
    round(text, (line) => line === '' || shareOf(line, (c) => /^\p{Uppercase}$/u.test(c)) <= 0.5),
  );
  left = strip(round(left, (line) => line === '' || shareOf(line, isDigit) <= 0.999999));
  left = strip(round(left, (line) => !counter.test(line.toLowerCase())));
  left = round(left, (line) => line === '' || splitWords(line).length >= 2);
  for (const phrase of phrases) {
    const lines: string[] = [];
    for (const line of left.split('\n')) {
      const short = splitWords(line).length <= 10;
      const now = short ? line.replace(phrase, '') : line;
      if (!short || line === '' || strip(now) !== '') lines.push(now);
    }
    left = strip(lines.join('\n'));
  }
  if (most === null) return left;
  const isDropped = left === '' || before === 0 || (before - tokensOf(left)) / before > most;
  return isDropped ? undefined : left;
}

function expectOracle(text: string): void {
  const free = edit(text);
  expect(free.verdict).toBe(0);
  expect(free.text).toBe(oracle(text, null));
  const expected = oracle(text, 0.05);
  const found = judge(text);
  expect(found.verdict === 0 ? found.text : undefined).toBe(expected);
  if (expected !== undefined) expect(found.replaced === undefined).toBe(expected === text);
}

describe('lines are left out', () => {
  test.each<[string, string, boolean]>([
    ['with more capitals than half of the characters', 'ABCd', false],
    ['but not with half of them', 'AB c', true],
    ['with capitals of any script', 'ΑΒΓδ Ж', false],
    ['with nothing but digits', '12345', false],
    ['with digits that are circled or raised', '①²٣', false],
    ['of one word', 'word', false],
    ['but not of two', 'two words', true],
    ['that are counters', '3 likes', false],
    ['that are counters among symbols', '★ 1,2.5K\u00a0Views! ★', false],
    ['but not with another word', '3 likes now', true],
    ['but not with a word before', 'our 3 likes', true],
    ['that become blank without a phrase', 'Items in Cart', false],
  ])('%s: %j', (_, line, stays) => {
    expect(edit(`${filler}\n${line}\n${filler}`).text).toBe(
      stays ? `${filler}\n${line}\n${filler}` : `${filler}\n${filler}`,
    );
  });

  test('but empty lines stay between others', () => {
    expect(edit('a b\n\n\nc d').replaced).toBeUndefined();
    expect(edit('\n\na b\n\nWORD\n').text).toBe('a b');
  });
});

describe('phrases', () => {
  test.each<[string, string]>([
    ['You have 3 items in cart now', 'You have 3 now'],
    ['Foo bar baz. Read More...', 'Foo bar baz.'],
    ['Foo bar baz. Read more now', 'Foo bar baz. Read more now'],
    ['Sign-in to see it', 'to see it'],
    ['Please Sign-in to see it', 'Please Sign-in to see it'],
    ['one two three four five six seven items in cart', 'one two three four five six seven'],
    [
      'one two three four five six seven eight items in cart',
      'one two three four five six seven eight items in cart',
    ],
  ])('%j', (line, left) => {
    expect(edit(`${filler}\n${line}\n${filler}`).text).toBe(`${filler}\n${left}\n${filler}`);
  });

  test('stay in a line that is not UTF-8, and can be left alone', async () => {
    expect(edit(Buffer.from('a b \xff items in cart', 'latin1')).replaced).toBeUndefined();
    const alone = await judgeWith(refinedwebLines, { remove_phrases: false });
    expect(alone(`${padding}\n3 items in cart`).replaced).toBeUndefined();
  });
});

describe('documents are dropped', () => {
  test('when they lose more than a twentieth of their words', () => {
    const words = (count: number): string => Array.from({ length: count }, () => 'ab').join(' ');
    expect(judge(`${words(95)}\n1 2 3 4 5\n${words(10)}`).verdict).toBe(0);
    const at = judge(`${words(19)}\nWORD`);
    expect(at.text).toBe(words(19));
    const above = judge(`${words(18)}\nWORD`);
    expect(above.verdict).toBe(1);
    expect(refinedwebLines.reasons({})).toEqual(['refinedweb_words_removed']);
    expect(above.statistic).toBe(1 / 19);
    expect(above.threshold).toBe(0.05);
    expect(judge(`${words(20)}\nWORD`).verdict).toBe(0);
  });

  test('when they have no words, or none are left', () => {
    for (const text of ['', '---', '\n\n', 'WORD', '3 likes']) expect(judge(text).verdict).toBe(1);
    expect(edit('WORD').text).toBe('');
    expect(edit('').replaced).toBeUndefined();
  });

  test('by thresholds that can be set or switched off', async () => {
    const of = async (options: object): Promise<Judge> =>
      judgeWith(refinedwebLines, { max_words_removed: null, ...options });
    const text = 'ABC DEF\n123\n5 likes\nword\na b items in cart\nc d';
    const lenient = await of({
      max_uppercase_ratio: null,
      max_numeric_ratio: null,
      remove_counters: false,
      min_words_per_line: null,
      remove_phrases: false,
    });
    expect(lenient(text).replaced).toBeUndefined();
    expect((await of({ max_uppercase_ratio: null }))(text).text).toBe('ABC DEF\na b\nc d');
    expect((await of({ max_numeric_ratio: null, min_words_per_line: null }))(text).text).toBe(
      '123\nword\na b\nc d',
    );
    expect((await of({ remove_counters: false }))(text).text).toBe('5 likes\na b\nc d');
    expect((await of({ min_words_per_line: 5 }))(text).text).toBe('a b');
    expect((await judgeWith(refinedwebLines, { max_words_removed: 0 }))('a b').verdict).toBe(0);
  });
});

const pieces = [
  '3 likes',
  '1.2K shares',
  '★',
  '12 likes',
  'li\u212aes',
  '5 li\u212aes',
  '3 items in cart',
  'Items In Cart',
  'Read more...',
  'read more abc',
  'Sign-in',
  'sign-in x',
  'BIG NEWS',
  'AbCd',
  '12345',
  '①②',
  '½',
  'word',
  '',
  '  ',
  '\u00a0',
  'two words',
  'ÄÖÜ äöü',
  '\ufeffx y',
  '\u2028',
  'Ⅷ',
  '\r',
  '٣ views',
  'x\0y',
  'cart more',
];
const texts = fc
  .array(
    fc.oneof(
      fc.constant(filler),
      fc.array(fc.constantFrom(...pieces), { maxLength: 3 }).map((all) => all.join(' ')),
    ),
    {
      maxLength: 16,
    },
  )
  .map((lines) => lines.join('\n'));

describe('laws', () => {
  test('strings say the same', () => {
    fc.assert(fc.property(texts, expectOracle), { numRuns: 2000 });
  });

  test.skipIf(!hasSharedData)('strings say the same of real documents', async () => {
    let dropped = 0;
    for (const document of await realTexts(500)) {
      const text = document.slice(0, 3000);
      expectOracle(text);
      if (judge(text).verdict !== 0) dropped++;
    }
    expect(dropped).toBeGreaterThan(20);
  });

  test('any bytes have a verdict', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(judge(bytes).verdict).toBeLessThan(2);
        const { replaced } = edit(bytes);
        expect((replaced ?? bytes).length).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });

  test('giant documents take a moment', () => {
    const size = 5 << 20;
    expect(judge('word '.repeat(size / 5)).text.length).toBe(size - 1);
    expect(judge('\n'.repeat(size)).verdict).toBe(1);
    expect(judge('a b\n'.repeat(size / 4)).verdict).toBe(0);
    expect(judge(`1${'.'.repeat(size)} like`).verdict).toBe(0);
    expect(edit(`x ${'\u00a0'.repeat(size / 2)} y`).replaced).toBeUndefined();
  });
});
