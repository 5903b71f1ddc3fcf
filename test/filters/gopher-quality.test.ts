import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { StepOptions } from '../../src/filters/filter.ts';
import { gopherQuality } from '../../src/filters/gopher-quality.ts';
import type { WordRule } from '../../src/kernels/rules/kernel.ts';
import { hasSharedData } from '../engine/support.ts';
import { anyBytes, anyText, textOf } from '../kernels/rules/texts.ts';
import { optionsOf } from './judged.ts';
import { gopherQualityOf } from './oracle-gopher-quality.ts';
import { type Rule, realDocuments, ruleOf } from './rulings.ts';

const RULES: readonly WordRule[] = ['unicode', 'whitespace'];

/** Thresholds so near to what small texts have that all reasons come up; each rule off but the one, once. */
const SETTINGS: readonly StepOptions[] = [
  {},
  {
    min_doc_words: 4,
    min_avg_word_length: 2,
    max_symbol_word_ratio: 0.2,
    max_bullet_lines_ratio: 0.3,
    max_non_alpha_words_ratio: 0.2,
  },
  {
    min_doc_words: 0,
    max_doc_words: 30,
    max_avg_word_length: 4,
    max_symbol_word_ratio: null,
    min_stop_words: 1,
  },
  {
    min_doc_words: null,
    max_doc_words: null,
    min_avg_word_length: null,
    max_avg_word_length: null,
    max_non_alpha_words_ratio: 0.2,
  },
  {
    min_doc_words: null,
    max_doc_words: null,
    min_avg_word_length: null,
    max_avg_word_length: null,
    max_symbol_word_ratio: null,
    max_bullet_lines_ratio: null,
    max_non_alpha_words_ratio: null,
    max_ellipsis_lines_ratio: 0.2,
    stop_words: ['a', 'the', 'of', '#', '\u65e5', "'s"],
    min_stop_words: 3,
  },
];

describe.each(RULES)('with words cut by %s', (words) => {
  test.each(SETTINGS.map((options) => [options]))(
    'any text gets the ruling of the oracle: %j',
    async (given) => {
      const rule = await ruleOf(gopherQuality, given, words);
      const options = optionsOf(gopherQuality, given);
      fc.assert(
        fc.property(anyText, (text) => {
          expect(rule(text)).toEqual(gopherQualityOf(text, options, words));
        }),
        { numRuns: 200 },
      );
      fc.assert(
        fc.property(anyBytes, (bytes) => {
          expect(rule(bytes)).toEqual(gopherQualityOf(textOf(bytes), options, words));
        }),
        { numRuns: 50 },
      );
    },
  );

  test.runIf(hasSharedData)('and so does every real document', async () => {
    const rules = await Promise.all(SETTINGS.map((given) => ruleOf(gopherQuality, given, words)));
    const settings = SETTINGS.map((given) => optionsOf(gopherQuality, given));
    for (const text of await realDocuments()) {
      expect(rules.map((rule) => rule(text))).toEqual(
        settings.map((options) => gopherQualityOf(text, options, words)),
      );
    }
  });
});

/** So many words of so many letters, the last as long as it takes to have `letters` in all. */
const wordsOf = (count: number, letters = 5 * count): string =>
  Array.from({ length: count }, (_, i) =>
    'x'.repeat(Math.floor((letters * (i + 1)) / count) - Math.floor((letters * i) / count)),
  ).join(' ');

/** Nothing is asked of a text but what is given. */
const only = (given: StepOptions): StepOptions => ({
  ...Object.fromEntries(
    Object.entries(gopherQuality.options).flatMap(([name, option]) =>
      option.canBeOff === true ? [[name, null]] : [],
    ),
  ),
  ...given,
});

const lines = (count: number, marked: number, mark: (line: string) => string): string =>
  Array.from({ length: count }, (_, i) => (i < marked ? mark('line') : 'line')).join('\n');

test.each<[reason: string, option: StepOptions, passes: readonly string[], fails: readonly string[]]>([
  [
    'gopher_short_doc',
    { min_doc_words: 50 },
    [wordsOf(50), wordsOf(51)],
    [wordsOf(49), `${wordsOf(49)} - ... ?`],
  ],
  ['gopher_long_doc', { max_doc_words: 100 }, [wordsOf(100), `${wordsOf(100)} --`], [wordsOf(101)]],
  [
    'gopher_below_avg_threshold',
    { min_avg_word_length: 3 },
    [wordsOf(10, 30), `${wordsOf(10, 30)} - -`],
    [wordsOf(10, 29)],
  ],
  ['gopher_above_avg_threshold', { max_avg_word_length: 10 }, [wordsOf(10, 100)], [wordsOf(10, 101)]],
  [
    'gopher_too_many_hashes',
    { max_symbol_word_ratio: 0.1 },
    [`#${wordsOf(10)}`, wordsOf(10)],
    [`#${wordsOf(9)}`, `#${wordsOf(10)}#`, `${wordsOf(5)}####`],
  ],
  [
    'gopher_too_many_ellipsis',
    { max_symbol_word_ratio: 0.1 },
    [`${wordsOf(10)}...`, `${wordsOf(10)}.....`, `${wordsOf(10)}\u2026`],
    [`${wordsOf(9)}...`, `${wordsOf(10)}......`, `${wordsOf(10)}...\u2026`],
  ],
  [
    'gopher_too_many_bullets',
    { max_bullet_lines_ratio: 0.9 },
    [
      lines(10, 9, (line) => ` - ${line}`),
      lines(10, 10, (line) => `* ${line}`),
      lines(10, 10, (line) => `${line} -`),
    ],
    [lines(10, 10, (line) => `-${line}`), lines(11, 10, (line) => `\u3000\u2022${line}`)],
  ],
  [
    'gopher_too_many_end_ellipsis',
    { max_ellipsis_lines_ratio: 0.3 },
    [
      lines(10, 3, (line) => `${line}...`),
      lines(10, 9, (line) => `${line}..`),
      lines(10, 9, (line) => `${line}... x`),
    ],
    [lines(10, 4, (line) => `${line}... \u00a0`), lines(10, 4, (line) => `${line}\u2026\t`)],
  ],
  [
    'gopher_below_alpha_threshold',
    { max_non_alpha_words_ratio: 0.8 },
    [`${wordsOf(8)} 1 2`, `${wordsOf(4)} -`],
    [`${wordsOf(7)} 1 2`, `${wordsOf(8)} 1 2 -`],
  ],
  [
    'gopher_enough_stop_words',
    { min_stop_words: 2 },
    ['the end of it', 'to be'],
    ['the the the', 'The end of it', 'theof be', ''],
  ],
])('%s: passes at the threshold, fails beyond', async (reason, option, passes, fails) => {
  // White space alone cuts as it is written here.
  const rule = await ruleOf(gopherQuality, only(option), 'whitespace');
  for (const text of passes) expect([text, rule(text)]).toEqual([text, undefined]);
  for (const text of fails) {
    const ruling = rule(text);
    expect([text, ruling?.reason]).toEqual([text, reason]);
    expect(ruling?.threshold).toBe(Object.values(option)[0]);
    // The same threshold, moved to what was found, lets the text pass; a little on the other side of it does not.
    const [name] = Object.keys(option);
    const at = await ruleOf(gopherQuality, only({ [name!]: ruling!.statistic }), 'whitespace');
    if (reason !== 'gopher_enough_stop_words')
      expect([text, at(text)?.reason === reason]).toEqual([text, false]);
  }
});

describe('a text without words', () => {
  let rule: Rule;
  beforeAll(async () => {
    rule = await ruleOf(gopherQuality);
  });

  test.each([[''], [' \n\t '], ['\u3000\u2028'], ['--- ...']])('%j is too short', (text) => {
    expect(rule(text)).toEqual({ reason: 'gopher_short_doc', statistic: 0, threshold: 50 });
  });

  test.each([[''], [' \n ']])(
    '%j has no ratios, so only stop words can be missing where length is not asked for',
    async (text) => {
      for (const min of [null, 0]) {
        const long = await ruleOf(gopherQuality, { min_doc_words: min });
        expect(long(text)).toEqual({ reason: 'gopher_enough_stop_words', statistic: 0, threshold: 2 });
        const none = await ruleOf(gopherQuality, { min_doc_words: min, min_stop_words: 0 });
        expect(none(text)).toBeUndefined();
      }
    },
  );
});

test('a rule that is off drops nothing, and a threshold of 0 is one', async () => {
  const off = await ruleOf(gopherQuality, only({}));
  for (const text of ['', '#', '...', '- x', `${'x'.repeat(99)}`, '1 2 3']) expect(off(text)).toBeUndefined();
  const zero = await ruleOf(gopherQuality, only({ max_symbol_word_ratio: 0 }));
  expect(zero('a # b')?.reason).toBe('gopher_too_many_hashes');
  expect(zero('a b')).toBeUndefined();
});

test('stop words are those that are given', async () => {
  const rule = await ruleOf(
    gopherQuality,
    only({ min_stop_words: 2, stop_words: ['und', 'der', '\u00fcber'] }),
  );
  expect(rule('der Hund \u00fcber dem Tal')).toBeUndefined();
  expect(rule('the dog and the cat of it und')).toEqual({
    reason: 'gopher_enough_stop_words',
    statistic: 1,
    threshold: 2,
  });
  const none = await ruleOf(gopherQuality, only({ min_stop_words: 1, stop_words: [] }));
  expect(none('the end of')?.statistic).toBe(0);
});
