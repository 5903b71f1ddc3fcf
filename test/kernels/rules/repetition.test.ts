import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { createRuleKernel, type RuleKernel, type WordRule } from '../../../src/kernels/rules/kernel.ts';
import { createRepetitionJudge, repetitionChecks } from '../../../src/kernels/rules/repetition.ts';
import { sharesOf, thresholds } from '../../filters/oracle-gopher-repetition.ts';
import { anyBytes, anyText, textOf } from './texts.ts';

const RULES: readonly WordRule[] = ['unicode', 'whitespace'];
const kernels = new Map<WordRule, RuleKernel>();
beforeAll(async () => {
  for (const words of RULES) kernels.set(words, await createRuleKernel(words));
});

const OFF = Number.POSITIVE_INFINITY;
const DEFAULTS: readonly number[] = repetitionChecks.map((name) => thresholds[name]!);

interface Found {
  readonly check: string | undefined;
  readonly share: number | undefined;
}

/** The text lies between others, which are none of its business. */
function judged(bytes: Uint8Array, words: WordRule, limits: readonly number[]): Found {
  const kernel = kernels.get(words)!;
  const around = Buffer.concat([Buffer.from('a\n\n\x80'), bytes, Buffer.from('\n\na b \x82\xac')]);
  kernel.forget();
  const judge = createRepetitionJudge(kernel, limits);
  const check = judge.judge({ bytes: around, start: 5, end: 5 + bytes.length });
  return check === 0
    ? { check: undefined, share: undefined }
    : { check: repetitionChecks[check - 1], share: judge.share };
}

/** One check alone, which fails from `limit` on. */
const alone = (at: number, limit: number): number[] =>
  repetitionChecks.map((_, i) => (i === at ? limit : OFF));

/** The largest double below a positive one. */
function justBelow(value: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigUint64(0, view.getBigUint64(0) - 1n);
  return view.getFloat64(0);
}

/** Every share is the oracle's to the last bit, and every check fails just below it and not at it: no bound lets one slip. */
function compareShares(bytes: Uint8Array, words: WordRule): void {
  const shares = sharesOf(textOf(bytes), words);
  const expected: Found[] = [];
  const found: Found[] = [];
  for (const [i, name] of repetitionChecks.entries()) {
    const share = shares.get(name) ?? 0;
    const fails = share > 0 ? { check: name, share } : { check: undefined, share: undefined };
    expected.push(fails, fails, { check: undefined, share: undefined });
    found.push(judged(bytes, words, alone(i, 0)));
    found.push(judged(bytes, words, alone(i, share > 0 ? justBelow(share) : 0)));
    found.push(judged(bytes, words, alone(i, share)));
  }
  expect(found).toStrictEqual(expected);
}

function compareVerdict(bytes: Uint8Array, words: WordRule, limits: readonly number[]): void {
  const shares = sharesOf(textOf(bytes), words);
  const at = repetitionChecks.findIndex((name, i) => (shares.get(name) ?? 0) > limits[i]!);
  expect(judged(bytes, words, limits)).toStrictEqual(
    at === -1
      ? { check: undefined, share: undefined }
      : { check: repetitionChecks[at], share: shares.get(repetitionChecks[at]!) },
  );
}

/** Words of few letters, so that n-grams repeat, and join to the same characters from different words. */
function fewWords(pieces: readonly string[], maxLength: number): fc.Arbitrary<string> {
  const gap = fc.constantFrom(' ', ' ', ' ', ' ', '  ', '\n', '\n\n', ' \n', '\u3000', '\x1c');
  return fc
    .array(fc.tuple(fc.constantFrom(...pieces), gap), { maxLength, size: 'max' })
    .map((parts) => parts.flat().join(''));
}

const ALPHABETS: readonly (readonly string[])[] = [
  ['a', 'b'],
  ['a', 'ab', 'b', 'abc', 'c', 'bc'],
  ['1', '11', '2', '12', '22'],
  ['\u00e9', 'e', '\u00e9e', '\u00df'],
  ['\u65e5', '\u672c', '\u65e5\u672c', '\u8a9e'],
  ['word', 'words', 'word-', 's'],
  ['a-much-longer-word-than-sixteen-bytes', 'a-much-longer-word', '-than-sixteen-bytes', 'x'],
];
/** A text, and pieces of it again. */
const copied = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      text,
      fc.array(fc.tuple(fc.nat(), fc.nat(60), fc.constantFrom(' ', '\n', '\n\n', '')), { maxLength: 5 }),
    )
    .map(([own, cuts]) => {
      let whole = own;
      for (const [from, length, gap] of cuts) {
        const start = from % (own.length + 1);
        whole += gap + own.slice(start, start + length);
      }
      return whole;
    });
const spoken = fewWords(
  Array.from({ length: 400 }, (_, i) => (i * i * 2654435761).toString(36).slice(0, 1 + (i % 9))),
  90,
);
const repetitive = fc.oneof(...ALPHABETS.map((alphabet) => fewWords(alphabet, 60)), copied(spoken));

describe.each(RULES)('words of rule %s', (words) => {
  test('texts of few words have the shares that strings have, to the last bit', () => {
    fc.assert(
      fc.property(repetitive, (text) => {
        fc.pre(text !== '');
        compareShares(Buffer.from(text), words);
      }),
      { numRuns: 300 },
    );
  });

  test('n-grams that differ in every eighth byte alone are not equal', () => {
    const text =
      '\u00e9e \u00e9e \u00df e \u00e9e \u00df \u00e9 \u00e9e \u00e9 e \u00e9e \u00e9e \u00df \u00df ';
    compareShares(Buffer.from(text), words);
  });

  test('texts of edges and bytes that are no text have the shares that strings have', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          copied(anyText).map((text): Uint8Array => Buffer.from(text)),
          anyBytes,
        ),
        (bytes) => {
          fc.pre(bytes.length > 0);
          compareShares(bytes, words);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('the first check that fails is the one that is named', () => {
    const limit = fc.oneof(fc.constant(OFF), fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(
        repetitive,
        fc.oneof(fc.constant(DEFAULTS), fc.tuple(...DEFAULTS.map(() => limit))),
        (text, limits) => {
          fc.pre(text !== '');
          compareVerdict(Buffer.from(text), words, limits);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('long texts, near what is allowed, are told apart exactly', () => {
    const word = (i: number): string => ((i * 2654435761) % 999_983).toString(36);
    const fresh = Array.from({ length: 1500 }, (_, i) => word(i));
    for (const copies of [1, 4, 15]) {
      for (const length of [4, 5, 9, 10, 30, 300]) {
        const parts = Array.from({ length: copies }, (_, i) => fresh.slice(i * 80, i * 80 + length));
        const text = [...fresh, ...parts.flat()].join(' ');
        compareVerdict(Buffer.from(text), words, DEFAULTS);
        compareShares(Buffer.from(text), words);
      }
    }
  });
});

describe('what is a duplicate', () => {
  const shareOf = (text: string, name: (typeof repetitionChecks)[number]): number | undefined =>
    judged(Buffer.from(text), 'whitespace', alone(repetitionChecks.indexOf(name), 0)).share;

  test('different words that join to the same characters are one n-gram, if there are as many', () => {
    expect(shareOf('ab c d e f a bc d e f', 'duplicated_5_n_grams')).toBe(6 / 21);
    expect(shareOf('ab c d e f g a bc d e f g', 'duplicated_6_n_grams')).toBe(7 / 25);
    expect(shareOf('abc d e f g a bc d e f', 'duplicated_5_n_grams')).toBeUndefined();
    // Cut differently from the first to the last word, so that no five of them are alike.
    expect(shareOf('a b c d e fg ab c d e f g', 'duplicated_5_n_grams')).toBeUndefined();
    expect(shareOf('a b c d e fg ab c d e f g', 'duplicated_6_n_grams')).toBe(7 / 25);
    const long = 'one-long-word another-long-word third-long-word a-fourth-of-these fifth-of-them and-six';
    const moved = 'one-long-wordanother -long-word third-long-word a-fourth-of-these fifth-of-the mand-six';
    expect(shareOf(`${long} ${moved}`, 'duplicated_6_n_grams')).toBe(
      long.replaceAll(' ', '').length / (2 * long.length + 1),
    );
  });

  test('top n-grams keep their words apart', () => {
    // "a b" and "ab" are no two of the same; of n-grams that occur once the first counts, even if others are longer.
    expect(shareOf('ab c a bc longest', 'top_2_gram')).toBe(4 / 17);
    expect(shareOf('x y zz zz x y zz zz', 'top_2_gram')).toBe(6 / 19);
    expect(shareOf('zz zz x y zz zz x y', 'top_2_gram')).toBe(10 / 19);
    expect(shareOf('one', 'top_2_gram')).toBeUndefined();
    expect(shareOf('one two', 'top_3_gram')).toBeUndefined();
  });

  test('paragraphs are those of the text without white space at its ends, lines are not', () => {
    expect(shareOf('\u3000 \n\n a\n\na \x1c\n\n\n', 'dup_para_frac')).toBe(1 / 2);
    expect(shareOf('a\nb\n\n\na\nb', 'dup_para_frac')).toBe(1 / 2);
    expect(shareOf('a\nb\n\n\na\nb', 'dup_line_frac')).toBe(1 / 2);
    expect(shareOf('\na\n', 'dup_line_frac')).toBe(1 / 3);
    expect(shareOf('\r\n\r\n', 'dup_line_frac')).toBe(1 / 3);
    expect(shareOf('\n', 'dup_line_frac')).toBe(1 / 2);
    expect(shareOf('\n', 'dup_line_char_frac')).toBeUndefined();
    expect(shareOf(' \n\n ', 'dup_para_frac')).toBeUndefined();
  });

  test('lines that begin and end alike are not the same', () => {
    const line = (middle: string): string => `beginning${middle}endings!`;
    expect(shareOf(`${line('1')}\n${line('2')}\n${line('3')}`, 'dup_line_frac')).toBeUndefined();
    expect(shareOf(`${line('1')}\n${line('2')}\n${line('1')}\n${line('2')}`, 'dup_line_frac')).toBe(1 / 2);
  });

  test('an empty text repeats nothing', () => {
    expect(
      judged(
        new Uint8Array(0),
        'whitespace',
        repetitionChecks.map(() => 0),
      ).check,
    ).toBeUndefined();
  });
});

describe('giant texts end soon and are counted', () => {
  test.each([
    ['one word', 'x'.repeat(1 << 21), undefined],
    ['the same letter', 'a '.repeat(1 << 20), 'top_2_gram'],
    ['the same line', 'the same line\n'.repeat(100_000), 'dup_line_frac'],
    ['line feeds', '\n'.repeat(1 << 21), 'dup_line_frac'],
    ['numbers', Array.from({ length: 200_000 }, (_, i) => i).join(' '), undefined],
    ['characters of three bytes', '\u65e5\u672c\u8a9e'.repeat(200_000), undefined],
    ['two long words', `${'ab'.repeat(1 << 18)} `.repeat(8), 'top_2_gram'],
    ['bytes that are no text', '\x80 '.repeat(100_000), 'top_2_gram'],
  ])('%s', (_, text, check) => {
    const bytes = text.includes('\x80') ? Buffer.from(text, 'latin1') : Buffer.from(text);
    expect(judged(bytes, 'whitespace', DEFAULTS).check).toBe(check);
    const limits = DEFAULTS.map((limit, i) => (i < 7 ? OFF : limit));
    expect(judged(bytes, 'unicode', limits).share ?? 0).toBeLessThanOrEqual(1);
  });
});
