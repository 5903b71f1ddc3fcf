import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Document, FilterContext, StepOptions, WordRule } from '../../src/filters/filter.ts';
import { gopherRepetition } from '../../src/filters/gopher-repetition.ts';
import { createRuleKernel, type RuleKernel } from '../../src/kernels/rules/kernel.ts';
import { repetitionChecks } from '../../src/kernels/rules/repetition.ts';
import { gunzipped, hasSharedData, linesOf, seeded } from '../engine/support.ts';
import { optionsOf } from './judged.ts';
import { repetitionOf, thresholds } from './oracle-gopher-repetition.ts';

const kernels = new Map<WordRule, RuleKernel>();
beforeAll(async () => {
  for (const words of ['unicode', 'whitespace'] as const) kernels.set(words, await createRuleKernel(words));
});

interface Verdict {
  readonly reason: string;
  readonly statistic: number;
  readonly threshold: number;
}

/** Judges texts one after another with one filter; undefined for those that pass. */
async function judgeAll(
  texts: readonly string[],
  words: WordRule = 'whitespace',
  given: StepOptions = {},
): Promise<(Verdict | undefined)[]> {
  const options = optionsOf(gopherRepetition, given);
  const kernel = kernels.get(words)!;
  const context: FilterContext = { resources: {}, words, kernel };
  const filter = await gopherRepetition.create(options, context);
  const reasons = gopherRepetition.reasons(options);
  return texts.map((text) => {
    const bytes = Buffer.from(text);
    kernel.forget();
    const replace = (): never => {
      throw new Error('it edits nothing');
    };
    const document: Document = { bytes, start: 0, end: bytes.length, column: undefined, replace };
    const verdict = filter.judge(document);
    if (verdict === 0) return undefined;
    const { statistic, threshold } = filter.evidence;
    return { reason: reasons[verdict - 1]!, statistic, threshold };
  });
}

const ALL_OFF: StepOptions = Object.fromEntries(repetitionChecks.map((name) => [name, null]));

/** Distinct words of five letters that no text holds twice. */
const letters = (i: number): string => ((i + 20) ** 3 % 11_881_376).toString(26).padStart(5, '0').slice(-5);
const fresh = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => letters(from + i));
/** Pads with one last word, so that the text has this many characters. */
function ofLength(text: string, length: number): string {
  if (text.length + 2 > length) throw new Error(`text of ${text.length} is too long for ${length}`);
  return `${text} ${'z'.repeat(length - text.length - 1)}`;
}

describe('a share at its threshold passes, above it drops', () => {
  /** `parts` of `all` elements came before. */
  const elements = (gap: string, parts: number, all: number): string =>
    [...fresh(all - parts), ...Array.from({ length: parts }, () => letters(0))].join(gap);

  test.each([
    ['dup_para_frac', '\n\n'],
    ['dup_line_frac', '\n'],
  ])('%s', async (name, gap) => {
    const texts = [elements(gap, 3, 10), elements(gap, 29, 100), elements(gap, 31, 100), elements(gap, 1, 3)];
    const given = { ...ALL_OFF, [name]: 0.3 };
    expect(await judgeAll(texts, 'whitespace', given)).toStrictEqual([
      undefined,
      undefined,
      { reason: name, statistic: 0.31, threshold: 0.3 },
      { reason: name, statistic: 1 / 3, threshold: 0.3 },
    ]);
  });

  /** A repeated stretch of `length` characters, in a text of `all`, for each check. */
  const planted: Readonly<Record<string, (length: number, all: number) => string>> = {
    dup_para_char_frac: (length, all) => ofLength(`${'x'.repeat(length)}\n\n${'x'.repeat(length)}\n\n`, all),
    dup_line_char_frac: (length, all) => ofLength(`${'x'.repeat(length)}\n${'x'.repeat(length)}\n`, all),
    // Twice the same words, which are half as long; a word of the rest stands only once.
    top_2_gram: (length, all) => ofLength(`${doubled(2, length / 2)}`, all),
    top_3_gram: (length, all) => ofLength(`${doubled(3, length / 2)}`, all),
    top_4_gram: (length, all) => ofLength(`${doubled(4, length / 2)}`, all),
    ...Object.fromEntries(
      [5, 6, 7, 8, 9, 10].map((n) => [
        `duplicated_${n}_n_grams`,
        (length: number, all: number): string => {
          const words = [...fresh(n - 1), 'w'.repeat(length - 5 * (n - 1))].join(' ');
          return ofLength(`${words} between ${words}`, all);
        },
      ]),
    ),
  };
  function doubled(n: number, length: number): string {
    const words = [...fresh(n - 1), 'w'.repeat(length - 6 * (n - 1))].join(' ');
    return `${words} between ${words} ${fresh(20, 50).join(' ')}`;
  }

  test.each(Object.entries(planted))('%s', async (name, text) => {
    const threshold = thresholds[name]!;
    // Of 10,000 characters an even number at, below and above it.
    const at = Math.round(threshold * 10_000);
    const lengths = [at, at - 2, at + 2];
    const texts = lengths.map((length) => text(length, 10_000));
    expect(texts.map((one) => one.length)).toStrictEqual([10_000, 10_000, 10_000]);
    const above = { reason: name, statistic: (at + 2) / 10_000, threshold };
    expect(await judgeAll(texts, 'whitespace', { ...ALL_OFF, [name]: threshold })).toStrictEqual([
      undefined,
      undefined,
      above,
    ]);
    // One more character of text, and what was above is as near as it gets: the number is compared, not rounded.
    const nearest = [text(at, 10_001), text(at, 9_999)];
    expect(await judgeAll(nearest, 'whitespace', { ...ALL_OFF, [name]: threshold })).toStrictEqual([
      undefined,
      { reason: name, statistic: at / 9_999, threshold },
    ]);
  });
});

describe('options', () => {
  test('have the thresholds of the paper', () => {
    expect(optionsOf(gopherRepetition)).toStrictEqual(thresholds);
    expect(Object.keys(gopherRepetition.options)).toStrictEqual([...repetitionChecks]);
  });

  test('each check can be off, and then is no reason', async () => {
    const text = 'the same line\n'.repeat(50);
    const options = optionsOf(gopherRepetition, { dup_para_frac: null, dup_line_frac: null });
    expect(gopherRepetition.reasons(options)).toStrictEqual([
      'dup_para_char_frac',
      'dup_line_char_frac',
      ...repetitionChecks.slice(4),
    ]);
    const [first] = await judgeAll([text], 'whitespace', options);
    expect(first?.reason).toBe('dup_line_char_frac');
    expect(await judgeAll([text], 'whitespace', ALL_OFF)).toStrictEqual([undefined]);
    for (const name of repetitionChecks.slice(2)) {
      const [alone] = await judgeAll([text], 'whitespace', { ...ALL_OFF, [name]: 0.01 });
      expect(alone?.reason).toBe(name);
    }
  });

  test('a threshold of 0 is a threshold: nothing may be repeated', async () => {
    const given = { ...ALL_OFF, dup_line_frac: 0 };
    const verdicts = await judgeAll(['a\nb\nc', 'a\nb\na'], 'whitespace', given);
    expect(verdicts).toStrictEqual([undefined, { reason: 'dup_line_frac', statistic: 1 / 3, threshold: 0 }]);
  });
});

describe('texts that are nearly nothing', () => {
  test('an empty text passes; datatrove divides by its length', async () => {
    expect(await judgeAll([''], 'unicode')).toStrictEqual([undefined]);
  });

  test('white space is judged as any text', async () => {
    const reasonsOf = (await judgeAll([' ', '\u3000\t', '\n', ' \n\n ', '\n \n'])).map((one) => one?.reason);
    expect(reasonsOf).toStrictEqual([
      undefined,
      undefined,
      'dup_line_frac',
      'dup_line_frac',
      'dup_line_frac',
    ]);
  });

  test('a text of a few words is its own most frequent n-gram', async () => {
    const reasonsOf = (await judgeAll(['one', 'one two', 'one two three four five'])).map(
      (one) => one?.reason,
    );
    expect(reasonsOf).toStrictEqual([undefined, 'top_2_gram', 'top_2_gram']);
  });
});

test('what was judged before does not matter', async () => {
  const texts = [
    'a b c d e f g a b c d e f g',
    fresh(300).join(' '),
    'x\n'.repeat(9),
    '',
    fresh(40).join('\n'),
  ];
  const once = await Promise.all(texts.map(async (text) => (await judgeAll([text]))[0]));
  expect(await judgeAll([...texts, ...texts, ...texts.toReversed()])).toStrictEqual([
    ...once,
    ...once,
    ...once.toReversed(),
  ]);
});

const SETS: readonly (readonly [string, number])[] = [
  ['corpora/debian-copyright-files', 60],
  ['corpora/tldr-pages', 500],
  ['corpora/debian-handbook', 60],
  ['langid/udhr', 80],
  ['langid/lingua-sentences', 300],
  ['langid/xquad-paragraphs', 150],
  ['neardup/license-texts.docs', 200],
  ['neardup/kafka-docs.docs', 20],
  ['neardup/pep-revisions.docs', 20],
  ['neardup/react-native-docs.docs', 80],
  ['quality/dclm-human-judgements', 242],
];

/** Without halves of surrogate pairs, which a cut may leave. */
const wellFormed = (text: string): string => Buffer.from(text).toString();

/** Real texts, and some of them with a piece of themselves again. */
async function realTexts(): Promise<string[]> {
  const random = seeded(20);
  const texts: string[] = [];
  for (const [name, count] of SETS) {
    const lines = linesOf((await gunzipped(`${name}.jsonl.gz`)).toString());
    for (let i = 0; i < count; i++) {
      const line = lines[Math.floor((i * lines.length) / count)]!;
      const { text } = JSON.parse(line) as { text: string };
      const own = wellFormed(text.slice(0, 4_000));
      if (own === '') continue;
      texts.push(own);
      if (i % 4 !== 0) continue;
      const from = Math.floor(random() * own.length);
      const piece = wellFormed(own.slice(from, from + Math.floor(random() * 0.3 * own.length)));
      const gap = ['\n\n', '\n', ' '][i % 3]!;
      texts.push([own, ...Array.from({ length: 1 + (i % 5) }, () => piece)].join(gap));
    }
  }
  return texts;
}

describe.runIf(hasSharedData)('real texts of many languages', () => {
  let texts: string[] = [];
  beforeAll(async () => {
    texts = await realTexts();
  });

  test.each(['unicode', 'whitespace'] as const)('have the verdicts of the oracle, rule %s', async (words) => {
    const verdicts = await judgeAll(texts, words);
    const expected = texts.map((text) => repetitionOf(text, words));
    expect(verdicts.map((one) => one && { reason: one.reason, share: one.statistic })).toStrictEqual(
      expected,
    );
    expect(new Set(expected.map((one) => one?.reason)).size).toBeGreaterThan(8);
  });

  const python = process.env['SLUICE_TEST_PYTHON'];
  if (python === undefined)
    process.stdout.write(
      'SLUICE_TEST_PYTHON names no python with datatrove: its verdicts are not compared\n',
    );
  test.runIf(python !== undefined)('have the verdicts of datatrove', { timeout: 300_000 }, async () => {
    const verdicts = await judgeAll(texts);
    const script = `
import json, sys
import datatrove.pipeline.filters.gopher_repetition_filter as module
from datatrove.data import Document
module.split_into_words = lambda text, language: text.split()
judge = module.GopherRepetitionFilter().filter
found = [judge(Document(text=text, id="")) for text in json.load(sys.stdin)]
json.dump([None if one is True else one[1] for one in found], sys.stdout)
`;
    const said = execFileSync(python!, ['-c', script], {
      input: JSON.stringify(texts),
      maxBuffer: 1 << 28,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    expect(verdicts.map((one) => one?.reason ?? null)).toStrictEqual(JSON.parse(said.toString()));
  });
});
