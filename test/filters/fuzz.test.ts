import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OptionValue } from '../../src/filters/filter.ts';
import { filters } from '../../src/filters/filters.ts';
import { createRuleKernel } from '../../src/kernels/rules/kernel.ts';
import { AROUND, inARow, type Judge, type Outcome, openJudge } from './parity/judge.ts';
import { URL_LISTS } from './parity/traps.ts';

type Options = Readonly<Record<string, OptionValue>>;

const folder = mkdtempSync(join(tmpdir(), 'sluice-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Options for those that do nothing without; and second ones that let documents come further than the defaults do. */
const OPTIONS: Readonly<Record<string, () => readonly Options[]>> = {
  'gopher-quality': () => [{}, { min_doc_words: null, min_avg_word_length: null, max_avg_word_length: null }],
  'gopher-repetition': () => [
    {},
    { dup_para_frac: null, dup_line_frac: null, top_2_gram: null, top_3_gram: null, top_4_gram: null },
  ],
  'c4-quality': () => [
    { min_num_sentences: null, filter_no_terminal_punct: false },
    { split_paragraph: false, min_num_sentences: 1 },
  ],
  'fineweb-quality': () => [{}, { line_punct_thr: null, short_line_thr: null, char_duplicates_ratio: null }],
  'c4-badwords': () => ['en', 'ja', 'ar'].map((language) => ({ default_language: language })),
  url: () => [URL_LISTS],
  decontaminate: () => {
    const path = join(folder, 'questions.txt');
    writeFileSync(
      path,
      'How many of the stones that lie in the river have been there since the first winter of the year?\n',
    );
    return [{ against: [path] }];
  },
};

/** Everything is looked at, and no threshold is met; n-grams overlap, so together they can be longer than the text. */
const LOOSE: Readonly<Record<string, Options>> = {
  'gopher-quality': {
    min_doc_words: 0,
    max_doc_words: 1e9,
    min_avg_word_length: 0,
    max_avg_word_length: 1e9,
    max_symbol_word_ratio: 1e9,
    max_bullet_lines_ratio: 1,
    max_ellipsis_lines_ratio: 1,
    max_non_alpha_words_ratio: 0,
    min_stop_words: 0,
  },
  'gopher-repetition': Object.fromEntries(
    filters
      .filter(({ name }) => name === 'gopher-repetition')
      .flatMap(({ options }) => Object.keys(options).map((option) => [option, 9] as const)),
  ),
  'c4-quality': { min_num_sentences: 0, min_words_per_line: 0, filter_no_terminal_punct: false },
  'c4-paragraph': { min_paragraphs: 0 },
  'fineweb-quality': { line_punct_thr: 0, short_line_thr: 1, char_duplicates_ratio: 1, new_line_ratio: 1e9 },
};

interface Opened {
  readonly name: string;
  readonly judges: readonly Judge[];
}

let opened: readonly Opened[] = [];
beforeAll(async () => {
  opened = await Promise.all(
    // Models are another room's matter: reading one takes longer than all of this.
    filters
      .filter(({ name }) => name !== 'quality')
      .map(async ({ name }) => {
        const choices = OPTIONS[name]?.() ?? [{}];
        const rules = ['whitespace', 'unicode'] as const;
        const judges = await Promise.all(
          choices.flatMap((options) => rules.map((words) => openJudge(name, options, words))),
        );
        return { name, judges };
      }),
  );
});

const utf8 = new TextDecoder('utf-8', { fatal: true });
function isUtf8(bytes: Uint8Array): boolean {
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** What must hold of every verdict about any bytes. */
function check({ name, judges }: Opened, bytes: Uint8Array): void {
  const before = Buffer.from(bytes);
  for (const judge of judges) {
    const outcome = judge.judge(bytes, bytes.length % 2 === 0 ? 'http://a.b.example.com/x' : undefined);
    expect(sensible(outcome, name)).toBe('');
    if (outcome.text !== undefined && isUtf8(bytes)) expect(isUtf8(outcome.text)).toBe(true);
    // Nothing stays from the document before, and nothing is read of what lies around it.
    judge.judge(AROUND);
    const again = judge.judge(
      bytes,
      bytes.length % 2 === 0 ? 'http://a.b.example.com/x' : undefined,
      Buffer.alloc(0),
    );
    expect(again).toStrictEqual(outcome);
  }
  expect(before.equals(bytes)).toBe(true);
}

function sensible({ reason, statistic, threshold, detail, text }: Outcome, name: string): string {
  if (typeof statistic !== 'number' || typeof threshold !== 'number') return `${name}: evidence is no number`;
  if (reason !== undefined && text !== undefined) return `${name}: dropped with another text`;
  if (reason === undefined && detail !== undefined) return `${name}: detail of what passed`;
  return statistic === Number.POSITIVE_INFINITY || statistic < 0
    ? `${name}: statistic ${statistic} of ${reason}`
    : '';
}

/** Code points of each general category, spread over the planes. */
const CATEGORIES: readonly (readonly string[])[] =
  'Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co Cn'
    .split(' ')
    .map((category) => {
      const test = new RegExp(`^\\p{${category}}$`, 'u');
      const found: string[] = [];
      // Small categories are searched through; in large ones a step that divides no block size meets every block.
      const step = /^(?:Lt|Me|P[cdief]|S[ck]|Z.|C[cf])$/.test(category) ? 1 : 37;
      for (let i = 0; i < 0x110000 && found.length < 60; i += step) {
        if (i >= 0xd800 && i < 0xe000) continue;
        const character = String.fromCodePoint(i);
        if (test.test(character)) found.push(character);
      }
      return found;
    });
const character = fc.oneof(
  ...CATEGORIES.map((characters) => fc.constantFrom(...characters)),
  fc.constantFrom(' ', '\n', '.', 'the', 'a@b.co', '8.8.8.8', '{', '#', '-'),
);
const strings = fc.array(character, { maxLength: 300 }).map((parts) => Buffer.from(parts.join('')));
/** Encoded surrogates, overlong forms, what lies above U+10FFFF, pieces of sequences, among words. */
const BROKEN = [
  'eda080',
  'edbfbf',
  'eda080edb080',
  'c080',
  'e08080',
  'f0808080',
  'f4908080',
  'f8888080',
  'fe',
  'ff',
  '80',
  'bf',
  'c2',
  'e2',
  'e282',
  'f0',
  'f09f',
  'f09f98',
  'e28020',
  'c220',
];
const brokenStrings = fc
  .array(
    fc.oneof(
      character.map((one) => Buffer.from(one)),
      fc.constantFrom(...BROKEN.map((hex) => Buffer.from(hex, 'hex'))),
    ),
    { maxLength: 200 },
  )
  .map((parts) => Buffer.concat(parts));

describe('any bytes get a verdict, the same each time, whatever lies around them', () => {
  test('code points of every category', () => {
    fc.assert(
      fc.property(strings, (bytes) => opened.forEach((filter) => check(filter, bytes))),
      { numRuns: 150 },
    );
    expect(CATEGORIES.every((characters) => characters.length > 0)).toBe(true);
  });

  test('bytes that are not UTF-8, among those that are', () => {
    fc.assert(
      fc.property(brokenStrings, (bytes) => opened.forEach((filter) => check(filter, bytes))),
      { numRuns: 150 },
    );
    expect(isUtf8(Buffer.from('eda080', 'hex'))).toBe(false);
  });

  test('random bytes', () => {
    const anyBytes = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(anyBytes, (bytes) => opened.forEach((filter) => check(filter, bytes))),
      { numRuns: 100 },
    );
    expect(opened.length).toBe(filters.length - 1);
  });

  test('every length around the blocks that are read at a time', () => {
    const text = Buffer.from(`${'The end. '.repeat(20)}é字\u{1f600}\n- a@b.co 8.8.8.8\u2028`.repeat(2));
    // Every length of few blocks, and of many where characters of several bytes are cut; of the others those by the end of a block of 16.
    const isNear = (length: number): boolean =>
      length <= 80 || text.length - length <= 48 || (length + 2) % 16 <= 4;
    for (let length = 0; length <= text.length; length++)
      if (isNear(length)) for (const filter of opened) check(filter, text.subarray(0, length));
    expect(text.length).toBeGreaterThan(384);
  });
});

const MEGABYTE = 1 << 20;
/** For what only has to be long enough that the square of it is too much. */
const LONG = 400_000;
const filled = (length: number, pattern: string | Buffer): Uint8Array => Buffer.alloc(length, pattern);

/** Each would take hours where the work for one byte grows with the length. */
const GIANTS: readonly (readonly [name: string, make: () => Uint8Array])[] = [
  ['4 MB of one letter', () => filled(4 * MEGABYTE, 'a')],
  ['4 MB of words in one line', () => filled(4 * MEGABYTE, 'the river and a stone. ')],
  ['a million empty lines', () => filled(1e6, '\n')],
  ['a million lines of two letters', () => filled(3e6, 'ab\n')],
  [
    'half a million different lines',
    () => Buffer.from(Array.from({ length: 5e5 }, (_, i) => i.toString(36)).join('\n')),
  ],
  ['NUL', () => filled(LONG, '\0')],
  ['white space', () => filled(LONG, ' \t')],
  ['wide white space', () => filled(LONG, '\u3000')],
  ['line separators', () => filled(LONG, '\u2028')],
  ['bytes of no character', () => filled(LONG, Buffer.of(0x80))],
  ['combining marks', () => filled(LONG, '\u0301')],
  ['one Chinese character', () => filled(LONG, '字')],
  ['full stops', () => filled(LONG, '.')],
  ['wide full stops', () => filled(LONG, '。')],
  ['marks that close', () => filled(LONG, '.")')],
  ['apostrophes', () => filled(LONG, "'a")],
  ['at signs', () => filled(LONG, '@')],
  ['local parts without end', () => filled(LONG, 'a.')],
  ['addresses into each other', () => filled(LONG, 'a@')],
  ['hyphens in a domain', () => Buffer.concat([Buffer.from('a@'), filled(LONG, 'b-')])],
  ['numbers and dots', () => filled(LONG, '1.')],
  ['octets', () => filled(LONG, '255.')],
  ['opening brackets', () => filled(LONG, '[')],
  ['citations that are none', () => filled(LONG, '[1')],
  ['nearly a phrase', () => filled(LONG, 'lorem ipsu use cookie ')],
  ['nearly bad words', () => filled(LONG, 'se x 2 girls 1 cu ')],
  ['one line again and again', () => filled(LONG, 'The river is long.\n')],
  ['one paragraph again and again', () => filled(LONG, 'The river is long.\n\n')],
  ['lines of symbols', () => filled(LONG, '---\n')],
  ['bullets', () => filled(LONG, '- a...\n')],
];

describe('long documents come to an end', () => {
  test.each(GIANTS)('%s', (_, make) => {
    const bytes = make();
    for (const { name, judges } of opened) {
      // One choice of options is enough; both rules for words, where that does not take too long.
      for (const judge of judges.slice(0, bytes.length > MEGABYTE ? 1 : 2))
        expect(sensible(judge.judge(bytes), name)).toBe('');
    }
  });
});

describe('memory of the kernel grows with the length, not faster', () => {
  test.each([
    ['one-letter words', 'a '],
    ['short lines', 'a\n'],
    ['different words', undefined],
    ['line separators', '\u2028'],
  ] as const)('%s', async (_, pattern) => {
    const number = (i: number): string => `${i.toString(36)}${i % 7 === 0 ? '\n' : ' '}`;
    const text =
      pattern === undefined
        ? Buffer.from(Array.from({ length: 4e5 }, (__, i) => number(i)).join(''))
        : filled(2 * MEGABYTE, pattern);
    const names = ['gopher-quality', 'gopher-repetition', 'fineweb-quality', 'c4-quality', 'c4-paragraph'];
    const bytesFor = async (length: number): Promise<number> => {
      const kernel = await createRuleKernel('whitespace');
      const judge = inARow(
        await Promise.all(names.map((name) => openJudge(name, LOOSE[name], 'whitespace', kernel))),
      );
      expect(judge.judge(text.subarray(0, length)).reason).toBeUndefined();
      return kernel.memory.buffer.byteLength;
    };
    const [half, whole] = [await bytesFor(text.length >> 1), await bytesFor(text.length)];
    // Tables have sizes that are powers of two.
    expect(whole).toBeLessThan(2.5 * half);
    expect(whole).toBeLessThan(80 * text.length);
  });
});
