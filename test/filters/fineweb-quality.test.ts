import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StepOptions } from '../../src/filters/filter.ts';
import { finewebQuality } from '../../src/filters/fineweb-quality.ts';
import type { WordRule } from '../../src/kernels/rules/kernel.ts';
import { hasSharedData } from '../engine/support.ts';
import { anyBytes, anyText, textOf } from '../kernels/rules/texts.ts';
import { optionsOf } from './judged.ts';
import { finewebQualityOf } from './oracle-fineweb-quality.ts';
import { realDocuments, ruleOf } from './rulings.ts';

const RULES: readonly WordRule[] = ['unicode', 'whitespace'];
const OFF: StepOptions = {
  line_punct_thr: null,
  short_line_thr: null,
  char_duplicates_ratio: null,
  new_line_ratio: null,
};
const SETTINGS: readonly StepOptions[] = [
  {},
  {
    line_punct_thr: 0.3,
    line_punct_exclude_zero: true,
    short_line_thr: 0.8,
    short_line_length: 12,
    char_duplicates_ratio: 0.1,
  },
  { line_punct_thr: null, short_line_thr: 1, char_duplicates_ratio: 0, new_line_ratio: 0.2 },
  { line_punct_thr: 0, short_line_thr: null, char_duplicates_ratio: null, new_line_ratio: 0 },
];

describe.each(RULES)('with words cut by %s', (words) => {
  test.each(SETTINGS.map((options) => [options]))(
    'any text gets the ruling of the oracle: %j',
    async (given) => {
      const rule = await ruleOf(finewebQuality, given, words);
      const options = optionsOf(finewebQuality, given);
      fc.assert(
        fc.property(anyText, (text) => {
          expect(rule(text)).toEqual(finewebQualityOf(text, options, words));
        }),
        { numRuns: 200 },
      );
      fc.assert(
        fc.property(anyBytes, (bytes) => {
          expect(rule(bytes)).toEqual(finewebQualityOf(textOf(bytes), options, words));
        }),
        { numRuns: 50 },
      );
    },
  );

  test.runIf(hasSharedData)('and so does every real document', async () => {
    const rules = await Promise.all(SETTINGS.map((given) => ruleOf(finewebQuality, given, words)));
    const settings = SETTINGS.map((given) => optionsOf(finewebQuality, given));
    for (const text of await realDocuments()) {
      expect(rules.map((rule) => rule(text))).toEqual(
        settings.map((options) => finewebQualityOf(text, options, words)),
      );
    }
  });
});

const lines = (count: number, make: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join('\n');

test.each<[reason: string, option: StepOptions, passes: readonly string[], fails: readonly string[]]>([
  [
    'line_punct_ratio',
    { line_punct_thr: 0.12 },
    [
      lines(25, (i) => (i < 3 ? `${i} end.` : `${i}`)),
      lines(1, () => 'end\u3002'),
      lines(1, () => '\u{115c2}'),
    ],
    [
      lines(25, (i) => (i < 2 ? `${i} end!` : `${i}`)),
      lines(2, () => 'end. '),
      lines(2, () => 'end\u2026'),
      'end.\r\n"end."',
    ],
  ],
  [
    'short_line_ratio',
    { short_line_thr: 0.5 },
    [lines(4, (i) => (i < 2 ? 'x'.repeat(30) : '\u00e9'.repeat(31))), `${'x'.repeat(31)}\n\n \n\n`],
    [lines(4, (i) => (i < 3 ? '\u{1f600}'.repeat(30) : 'x'.repeat(31))), 'x'.repeat(30)],
  ],
  [
    'char_dup_ratio',
    { char_duplicates_ratio: 0.2 },
    [`${'x'.repeat(10)}\n${'y'.repeat(30)}\n${'x'.repeat(10)}`, 'ab\nab \nac\nad', `${' \n'.repeat(50)}x`],
    [`${'x'.repeat(10)}\n${'y'.repeat(29)}\n${'x'.repeat(10)}`, '\u00e9\n\u00e9\n\u00e9'],
  ],
  [
    'list_ratio',
    { new_line_ratio: 0.3 },
    ['a b c d e\nf g\nh i\nj', 'one', `${'a '.repeat(10)}\n\n\n`],
    ['a b c d e\nf g\nh i\n', `${'a '.repeat(10)}\n\n\n\n`],
  ],
])('%s: passes at the threshold, fails beyond', async (reason, option, passes, fails) => {
  const rule = await ruleOf(finewebQuality, { ...OFF, ...option }, 'whitespace');
  for (const text of passes) expect([text, rule(text)]).toEqual([text, undefined]);
  for (const text of fails) {
    const ruling = rule(text);
    expect([text, ruling?.reason]).toEqual([text, reason]);
    const [name] = Object.keys(option);
    const at = await ruleOf(finewebQuality, { ...OFF, [name!]: ruling!.statistic }, 'whitespace');
    expect([text, at(text)]).toEqual([text, undefined]);
  }
});

test('the length up to which a line is short is an option', async () => {
  const rule = await ruleOf(finewebQuality, { ...OFF, short_line_thr: 0, short_line_length: 3 });
  expect(rule('abcd')).toBeUndefined();
  expect(rule('abc')?.reason).toBe('short_line_ratio');
});

test('no line at all that ends in a terminal mark is let through on request, a few are not', async () => {
  const text = lines(20, (i) => `${i}`);
  const rule = await ruleOf(finewebQuality, { ...OFF, line_punct_thr: 0.12, line_punct_exclude_zero: true });
  expect(rule(text)).toBeUndefined();
  expect(rule(`${text}.`)?.reason).toBe('line_punct_ratio');
});

test.each([[''], [' '], ['\n\n\t\n'], ['\u2029\u3000\x1f']])(
  '%j is empty, even if every rule is off',
  async (text) => {
    for (const given of [{}, OFF]) {
      const rule = await ruleOf(finewebQuality, given);
      expect(rule(text)).toEqual({ reason: 'empty', statistic: 0, threshold: 1 });
    }
  },
);

test('a hundred thousand equal and different lines are compared in linear time', async () => {
  const rule = await ruleOf(finewebQuality, { ...OFF, char_duplicates_ratio: 0.5 });
  expect(rule(lines(200_000, (i) => `line ${i % 100_000}.`))?.statistic).toBeUndefined();
  expect(rule(lines(200_000, (i) => `line ${i % 10}.`))?.statistic).toBe(199_990 / 200_000);
});
