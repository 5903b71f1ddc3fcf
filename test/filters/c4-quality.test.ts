import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { c4Quality } from '../../src/filters/c4-quality.ts';
import type { Filter } from '../../src/filters/filter.ts';
import { createRuleKernel, type RuleKernel } from '../../src/kernels/rules/kernel.ts';
import { hasSharedData } from '../engine/support.ts';
import { realTexts } from './judged.ts';
import { c4Defaults, type OracleC4Options, oracleC4 } from './oracle-c4.ts';

let kernel: RuleKernel;
beforeAll(async () => {
  kernel = await createRuleKernel('whitespace');
});

interface Outcome {
  readonly reason?: string;
  readonly text?: string;
  readonly isEdited: boolean;
}

const filters = new Map<string, Filter>();

/** What the filter does with a text that lies between others. */
function judge(
  text: string | Uint8Array,
  given: Partial<OracleC4Options> = {},
): Outcome & { filter: Filter } {
  const options = { ...c4Defaults, ...given };
  const key = JSON.stringify(options);
  let filter = filters.get(key);
  if (filter === undefined) {
    filter = c4Quality.create({ ...options }, { kernel, words: 'whitespace', resources: {} }) as Filter;
    filters.set(key, filter);
  }
  const own = Buffer.from(text);
  const before = Buffer.from('use {javascript');
  const bytes = Buffer.concat([before, own, Buffer.from('"lorem ipsum."\n')]);
  let edited: string | undefined;
  kernel.forget();
  const verdict = filter.judge({
    bytes,
    start: before.length,
    end: before.length + own.length,
    column: undefined,
    replace: (memory, start, end) => {
      edited = Buffer.from(memory.subarray(start, end)).toString();
    },
  });
  if (verdict !== 0) {
    expect(edited).toBeUndefined();
    return { reason: c4Quality.reasons({})[verdict - 1]!, isEdited: false, filter };
  }
  return { text: edited ?? own.toString(), isEdited: edited !== undefined, filter };
}

/** Expects what the oracle says, and that the text is replaced only where it changes. */
function expectOracle(text: string, given: Partial<OracleC4Options> = {}): void {
  const expected = oracleC4(text, { ...c4Defaults, ...given });
  const { filter: _, isEdited, ...found } = judge(text, given);
  expect(found).toEqual(expected);
  if ('text' in expected) expect(isEdited).toBe(expected.text !== text);
}

const free: Partial<OracleC4Options> = { min_num_sentences: null };
const five = 'One line is here. Two lines are here. Three lines are here! Four? Yes, "five sentences."';

describe('lines', () => {
  test.each<[string, string, string]>([
    [
      'without a mark at the end',
      'This line stays.\nThis line goes\nThis stays too!',
      'This line stays.\nThis stays too!',
    ],
    ['that end in an ellipsis', 'This line goes...\nThis line stays..', 'This line stays..'],
    ['of three dots alone', '...\na b .\na ...', 'a b .'],
    ['that end in a curly quote', 'This line goes.”\nThis line stays."', 'This line stays."'],
    ['that end in U+2026', "This line goes…\nThis line stays.'", "This line stays.'"],
    ['of two words', 'Two words.\nThese three words.', 'These three words.'],
    [
      'of words parted by other spaces',
      'Two\u00a0more\u3000words.\nNone\u200bhere at.',
      'Two\u00a0more\u3000words.',
    ],
    [
      'that speak of scripts',
      'Please enable JavaScript now.\nJava script is fine here.',
      'Java script is fine here.',
    ],
    [
      'that speak of policies',
      'Read our Privacy Policy now.\nThis site uses cookies today.\nWe use of cookies.\nWe use cookies.\nThe Terms of Use.\nSee cookie policy.\nCookies are used here.',
      'Cookies are used here.',
    ],
    [
      'with a Kelvin sign in the phrase',
      'This site uses coo\u212aies today.\nSee our coo\u212aie policy.\nThe coo\u212aies are used.',
      'The coo\u212aies are used.',
    ],
  ])('%s are left out', (_, text, left) => {
    expect(judge(text, free).text).toBe(left);
    expectOracle(text, free);
  });

  test('are stripped, and what parts them becomes one LF', () => {
    const breaks = [
      '\n',
      '\r\n',
      '\r',
      '\v',
      '\f',
      '\x1c',
      '\x1d',
      '\x1e',
      '\x85',
      '\u2028',
      '\u2029',
      '\n\n',
      ' \n\t',
    ];
    const text = breaks.map((one, i) => `The line number ${i}.${one}`).join('');
    const left = breaks.map((_one, i) => `The line number ${i}.`).join('\n');
    expect(judge(text).text).toBe(left);
    expect(judge('The unit separator\x1fis a space.', free).text).toBe('The unit separator\x1fis a space.');
  });

  test('lose citations, and are not stripped again', () => {
    expect(judge('A b c.[12]\nA [edit]b c.\nA b c.[citation needed] [١٢]\nA b[x] c[.', free).text).toBe(
      'A b c.\nA b c.\nA b[x] c[.',
    );
    expect(judge('[1] A b c[[2]].\nA [Edit]b c.', free).text).toBe('A b c[].\nA [Edit]b c.');
    expect(judge('A b c.\n[1] A b c.\nA b[] c.', free).text).toBe('A b c.\n A b c.\nA b c.');
  });

  test('are counted in words before citations go', () => {
    expect(judge('A [1] b.', free).text).toBe('A  b.');
    expectOracle('[1] [2] .', free);
  });

  test('may hold a phrase that a citation parted', () => {
    expect(judge('We use java[1]script here.\nWe use it here.', free).text).toBe('We use it here.');
    expect(judge('The lorem[2] ipsum text.').reason).toBe('lorem_ipsum');
    expect(judge('We use[2] cookies here.\nWe use it here.', free).text).toBe('We use it here.');
  });

  test('with a word of over a thousand characters are left out, of a thousand are not', () => {
    for (const letter of ['a', 'é', '好', '😀', '\u0301'])
      for (const [count, stays] of [
        [999, true],
        [1000, true],
        [1001, false],
      ] as const)
        for (const lead of [0, 1, 31, 63]) {
          const text = `${'x'.repeat(lead)}it is ${letter.repeat(count)} a word.`;
          expect(judge(text, free).text).toBe(stays ? text : '');
          expect(
            judge(`${letter.repeat(count - 1)}. is\n${text}\nis a ${letter.repeat(count - 1)}.`, free).text,
          ).toBe(stays ? `${text}\nis a ${letter.repeat(count - 1)}.` : '');
        }
  });
});

describe('a document is dropped', () => {
  test('for the first line that calls for it, in the order of the rules', () => {
    expect(judge(`${five}\nThe lorem ipsum {line}.`).reason).toBe('lorem_ipsum');
    expect(judge(`${five}\nThe { line here.\nThe lorem ipsum line.`).reason).toBe('curly_bracket');
    expect(judge(`${five}\nThe javascript { line here.`).text).toBe(five);
    expect(judge(`${five}\nThe { use cookies here.`).reason).toBe('curly_bracket');
  });

  test('not for a line that other rules leave out before', () => {
    expect(judge(`${five}\nThe lorem ipsum line\n{\n}\nLOREM ipsum.`).text).toBe(five);
    expect(judge(`${five}\nLOREM ipsum dolor.`).reason).toBe('lorem_ipsum');
  });

  test('with fewer than five sentences in what is left, and says how many', () => {
    const { reason, filter } = judge('One is here. Two are here.\nThree are here! Four are here?\nFive');
    expect(reason).toBe('too_few_sentences');
    expect(filter.evidence).toEqual({ statistic: 4, threshold: 5, detail: undefined });
    expect(
      judge('One is here. Two are here.\nThree are here! Four are here?\nFive is here.').text,
    ).toBeDefined();
    expect(judge('A b c.\n'.repeat(4)).reason).toBe('too_few_sentences');
    expect(judge('A b c.\n'.repeat(5)).isEdited).toBe(true);
    expect(judge('A b c.\n'.repeat(5).trim()).isEdited).toBe(false);
    expect(judge('').reason).toBe('too_few_sentences');
  });
});

describe('options', () => {
  test('null is off, and 0 is a number', () => {
    expect(judge('x', { ...free, filter_no_terminal_punct: false, min_words_per_line: null }).text).toBe('x');
    expect(
      judge('\n \nx\n\n', { ...free, filter_no_terminal_punct: false, min_words_per_line: null }).text,
    ).toBe('x');
    expect(judge('x', { min_num_sentences: 0 }).text).toBe('');
    expect(judge('a b c.', { ...free, max_word_length: 0 }).text).toBe('');
    expect(judge('a b c.', { ...free, max_word_length: 1 }).text).toBe('');
    expect(judge('a b cd.', { ...free, max_word_length: 3 }).text).toBe('a b cd.');
    expect(judge(`a b ${'c'.repeat(5000)}.`, { ...free, max_word_length: null }).isEdited).toBe(false);
  });

  test('every empty line is a sentence where empty lines stay', () => {
    const loose = { filter_no_terminal_punct: false, min_words_per_line: null };
    for (const text of ['\n\n\n\n\n', '\r\n\r\n\r\n\r\n', 'a\u2028\u2028\x85\x85b', ' \n \n \n \n '])
      expectOracle(text, loose);
  });

  test('sentences instead of lines are joined by a space', () => {
    const sentences = { split_paragraph: false };
    expect(
      judge('One is\nhere. Two. "Three are here."\n\nFour are here.', { ...sentences, ...free }).text,
    ).toBe('One is\nhere. "Three are here." Four are here.');
    expect(judge('A b c. A b c. A b c. A b c. A b c.', sentences).isEdited).toBe(false);
    expect(judge('A b c. A b c. A b c. A b c.', sentences).reason).toBe('too_few_sentences');
    expect(judge('We use it. cookies are not it.', { ...sentences, ...free }).isEdited).toBe(false);
    expect(judge('A we use. Cookies are not it.', { ...sentences, ...free }).isEdited).toBe(false);
  });
});

const vocabulary = [
  'word',
  'Word',
  'a',
  'the end',
  'javascript',
  'JavaScript',
  'java',
  'script',
  'lorem ipsum',
  'Lorem',
  'ipsum',
  '{',
  '}',
  'terms of use',
  'Terms',
  'of use',
  'privacy policy',
  'uses cookies',
  'use cookies',
  'use of',
  'cookie',
  'Cookies',
  'coo\u212aies',
  'cookie policy',
  '[1]',
  '[]',
  '[edit]',
  '[citation needed]',
  '[',
  ']',
  '[١]',
  '...',
  '..',
  '…',
  '.',
  '.',
  '. ',
  '. ',
  '!',
  '?',
  '"',
  "'",
  '”',
  ' ',
  ' ',
  ' ',
  '  ',
  '\n',
  '\n',
  '\n',
  '\r\n',
  '\r',
  '\u2028',
  '\x85',
  '\x1c',
  '\x1f',
  '\u00a0',
  '\u3000',
  '\u1680',
  '\u205f',
  '\t',
  'é',
  '好。',
  'x'.repeat(30),
  '\0',
];
const texts = fc.array(fc.constantFrom(...vocabulary), { maxLength: 60 }).map((all) => all.join(''));
const lines = fc
  .array(
    fc.tuple(
      fc.constantFrom('', ' ', '[2] ', '\t'),
      fc.array(fc.constantFrom(...vocabulary.filter((one) => !'\n\r\r\n\x85\u2028\x1c'.includes(one))), {
        maxLength: 8,
      }),
      fc.constantFrom('A b c', 'one of them', 'x'),
      fc.constantFrom('.', '.', '!', '..', '...', '."', '.[3]', '. [3]', '. ', '', '”'),
      fc.constantFrom('\n', '\n', '\n', '\r\n', '\r', '\n\n', '\u2029', '\v'),
    ),
    { maxLength: 12 },
  )
  .map((all) =>
    all.map(([lead, words, more, end, feed]) => lead + words.join(' ') + more + end + feed).join(''),
  );
const option = fc.record({
  split_paragraph: fc.boolean(),
  remove_citations: fc.boolean(),
  filter_no_terminal_punct: fc.boolean(),
  min_num_sentences: fc.constantFrom(null, 0, 1, 3, 5),
  min_words_per_line: fc.constantFrom(null, 0, 1, 3),
  max_word_length: fc.constantFrom(null, 0, 3, 12, 63, 64, 100, 1000),
  filter_lorem_ipsum: fc.boolean(),
  filter_javascript: fc.boolean(),
  filter_curly_bracket: fc.boolean(),
  filter_policy: fc.boolean(),
});

describe('laws', () => {
  test('strings and regular expressions say the same', () => {
    fc.assert(
      fc.property(fc.oneof(texts, lines), (text) => expectOracle(text, free)),
      { numRuns: 3000 },
    );
  });

  test('strings and regular expressions say the same whatever the options', () => {
    fc.assert(
      fc.property(fc.oneof(texts, lines), option, (text, options) => expectOracle(text, options)),
      {
        numRuns: 3000,
      },
    );
  });

  test('strings and regular expressions say the same at every place of a step', () => {
    for (let lead = 0; lead < 70; lead++)
      for (const text of [
        'a b c.\r\na b c.',
        'a b c.\u2028a b c.',
        'a b\u3000c.\x85a \u00a0b\u00a0c.',
        'a javascript c.',
        'a lorem ipsum.',
        'a use coo\u212aies.',
        'a[1] b {.',
      ])
        expectOracle(`${'x'.repeat(lead)} ${text}\n${'y '.repeat(lead / 2)}end of it.`, free);
  });

  test.skipIf(!hasSharedData)('strings and regular expressions say the same of real documents', async () => {
    const documents = await realTexts(400);
    let kept = 0;
    for (const [i, document] of documents.entries()) {
      const text = document.slice(0, 20_000);
      expectOracle(text);
      expectOracle(text, { filter_no_terminal_punct: false });
      if (i % 5 === 0)
        expectOracle(text.slice(0, 4000), { split_paragraph: false, filter_curly_bracket: false });
      if (judge(text).text !== undefined) kept++;
    }
    expect(kept).toBeGreaterThan(documents.length / 10);
  });

  test('a second time changes nothing where no citation is', () => {
    fc.assert(
      fc.property(fc.oneof(texts, lines), fc.constantFrom(null, 1), (given, fewest) => {
        const text = given.replaceAll('[', '(');
        const { text: once } = judge(text, { min_num_sentences: fewest });
        fc.pre(once !== undefined);
        const again = judge(once, { min_num_sentences: fewest });
        expect(again.text).toBe(once);
        expect(again.isEdited).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('what ends a line does not matter', () => {
    fc.assert(
      fc.property(lines, fc.constantFrom('\r\n', '\r', '\u2028', '\x85', '\x1e'), (given, feed) => {
        const text = given.replaceAll(/\r\n|[\r\v\u2029]/gu, '\n');
        const { filter: _a, isEdited: _b, ...plain } = judge(text);
        const { filter: _c, isEdited: _d, ...other } = judge(text.replaceAll('\n', feed));
        expect(other).toEqual(plain);
      }),
      { numRuns: 500 },
    );
  });

  test('any bytes have a verdict, and the text that is left is made of them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(judge(bytes).reason ?? 'kept').toMatch(
          /^(lorem_ipsum|curly_bracket|too_few_sentences|kept)$/u,
        );
        judge(bytes, { split_paragraph: false, min_num_sentences: null });
        judge(bytes, { filter_no_terminal_punct: false, min_words_per_line: null, max_word_length: 3 });
      }),
      { numRuns: 500 },
    );
    const broken = Buffer.concat([Buffer.from('a b c\xff.', 'latin1'), Buffer.from('\xe2\x80', 'latin1')]);
    expect(judge(broken, { ...free, filter_no_terminal_punct: false }).isEdited).toBe(false);
  });

  test('giant documents take a moment', () => {
    const size = 10 << 20;
    const of = (unit: string): string => unit.repeat(size / unit.length);
    expect(judge(of('word ')).reason).toBe('too_few_sentences');
    expect(judge(of('w')).reason).toBe('too_few_sentences');
    expect(judge(of('\n')).reason).toBe('too_few_sentences');
    expect(judge(of('[1')).reason).toBe('too_few_sentences');
    expect(judge(of('[[[[')).reason).toBe('too_few_sentences');
    expect(judge(`${of('oo va ps ')}.`).reason).toBe('too_few_sentences');
    expect(judge(of('a b c.\n')).isEdited).toBe(true);
    expect(judge(of('a b [1] c. x ')).reason).toBe('too_few_sentences');
    expect(judge(of('End. '), { split_paragraph: false, min_words_per_line: 1 }).isEdited).toBe(true);
  });
});
