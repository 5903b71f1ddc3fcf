import { expect, test } from 'vitest';
import type { ConceptReport, CurationReport } from '../../src/concepts/curation.ts';
import { conceptsTable } from '../../src/concepts/summary.ts';
import {
  type Change,
  changesOf,
  conceptName,
  formatNumber,
  formatRatio,
  formatShare,
  inputsText,
  snippet,
  sortChanges,
} from '../../src/concepts/words.ts';
import { exampleCuration } from './example-curation.ts';

const base = exampleCuration(2);
const one = (concept: number, changes: Partial<ConceptReport>): ConceptReport => ({
  ...base.concepts[0]!,
  concept,
  names: [`name${concept}`],
  documents: 10,
  keptDocuments: 5,
  tokens: 100,
  writtenTokens: 50,
  complexity: 0.25,
  epochs: 0.5,
  ...changes,
});
const curation = (...concepts: ConceptReport[]): CurationReport => ({
  ...base,
  budgetTokens: 1000,
  writtenTokens: 900,
  concepts,
});

test('a line is a concept with its numbers and names, under their heads', () => {
  const lines = conceptsTable(
    curation(
      one(3, {
        names: ['kernel', 'driver'],
        documents: 1234,
        tokens: 500_000,
        writtenTokens: 100,
        epochs: 0.2,
      }),
      one(12, { tokens: 500_000, writtenTokens: 300, complexity: 0.5, epochs: 3 }),
    ),
    { sort: 'kept', top: 30, width: 100 },
  );
  expect(lines).toEqual([
    '2 concepts, 1 went up and 1 went down; 900 tokens written of 1 k asked for',
    'concept  documents  kept  tokens  written  complexity  seen         share  names',
    '     12         10     5   500 k      300         0.5     3  75 % ↑ × 1.5  name12',
    '      3     1.23 k     5   500 k      100        0.25   0.2  25 % ↓ × 0.5  kernel, driver',
  ]);
});

test.each([
  ['size', [2, 3, 1, 4]],
  ['kept', [4, 1, 3, 2]],
  ['complexity', [3, 1, 4, 2]],
  ['change', [2, 4, 3, 1]],
] as const)('by %s concepts are in the order %j', (sort, order) => {
  // Shares before 20, 40, 30 and 10 %, after 26, 7, 20 and 47 %.
  const concepts = [
    one(1, { tokens: 200, writtenTokens: 260, complexity: 0.4 }),
    one(2, { tokens: 400, writtenTokens: 70, complexity: 0.1 }),
    one(3, { tokens: 300, writtenTokens: 200, complexity: 0.9 }),
    one(4, { tokens: 100, writtenTokens: 470, complexity: 0.4 }),
  ];
  const expected = sort === 'change' ? [4, 2, 3, 1] : order;
  const sorted = sortChanges(changesOf(curation(...concepts)), sort);
  expect(sorted.map(({ concept }) => concept.concept)).toEqual(expected);
});

test('no more rows are shown than are asked for, and a curation of nothing is a line', () => {
  const many = exampleCuration(40);
  expect(conceptsTable(many, { sort: 'size', top: 3, width: 100 })).toHaveLength(5);
  expect(conceptsTable(many, { sort: 'size', top: 0, width: 100 })).toHaveLength(1);
  expect(conceptsTable({ ...many, concepts: [] }, { sort: 'size', top: 9, width: 100 })).toHaveLength(1);
});

test('lines fit the terminal, wide characters counted twice and marks not at all', () => {
  const names = [
    '操作系统操作系统操作系统',
    'e\u0301'.repeat(19),
    '한국어'.repeat(9),
    '\u{1F600}'.repeat(20),
  ];
  for (const [at, name] of names.entries()) {
    const [, head, row] = conceptsTable(curation(one(at, { names: [name] })), {
      sort: 'size',
      top: 1,
      width: 60,
    });
    // Where numbers take it all, names still get so many.
    const room = 16;
    const shown = row!.slice(head!.indexOf('names'));
    // What each letter takes, said here once more and by hand: two columns, or one with its mark.
    const columns =
      at === 1 ? Array.from(shown).filter((c) => c !== '\u0301').length : 2 * Array.from(shown).length - 1;
    expect(columns).toBeLessThanOrEqual(room);
    expect(columns).toBeGreaterThanOrEqual(room - 2);
    expect(shown.endsWith('…')).toBe(true);
  }
});

test('nothing of a document can move the cursor', () => {
  const lines = conceptsTable(curation(one(1, { names: ['\u001B[2Ja\nb\u202E', '\u009Bx'] })), {
    sort: 'size',
    top: 9,
    width: 200,
  });
  expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  expect(lines.at(-1)).toContain('\uFFFD[2Ja\uFFFDb\uFFFD, \uFFFDx');
});

test('numbers that are not known say so', () => {
  const lines = conceptsTable(
    curation(one(1, { complexity: Number.NaN, tokens: null as unknown as number })),
    {
      sort: 'complexity',
      top: 9,
      width: 100,
    },
  );
  expect(lines.at(-1)!.match(/unknown/g)).toHaveLength(2);
});

test('a concept is up or down where its share is more than a hundredth from what it was', () => {
  const directions = (a: number, b: number): string[] =>
    changesOf(curation(one(0, { writtenTokens: a }), one(1, { writtenTokens: b }))).map(
      ({ direction }) => direction,
    );
  expect(directions(504, 496)).toEqual(['level', 'level']);
  expect(directions(506, 494)).toEqual(['up', 'down']);
  expect(directions(0, 0)).toEqual(['down', 'down']);
});

test('a concept is called by its names, or by its number', () => {
  expect(conceptName(one(7, { names: [] }))).toBe('concept 7');
  expect(conceptName(one(7, { names: ['a', 'b', 'c'] }), 2)).toBe('a, b');
  expect(conceptName(one(7, { names: ['x'.repeat(41)] }))).toBe(`${'x'.repeat(39)}…`);
});

test.each([
  ['a  b\n\tc', 9, 'a b c'],
  ['abcdef', 6, 'abcdef'],
  ['abcdefg', 6, 'abcde…'],
  ['abcd efg', 6, 'abcd…'],
  ['\u{1F600}'.repeat(4), 3, `${'\u{1F600}'.repeat(2)}…`],
  ['a\u001Bb', 9, 'a\uFFFDb'],
  [' '.repeat(99), 4, '(no…'],
  [`${' '.repeat(99)}x`, 9, '(no name…'],
])('of %j a snippet of %d characters is %j', (text, most, shown) => {
  expect(snippet(text, most)).toBe(shown);
});

test.each([
  [0, '0 %'],
  [1, '100 %'],
  [0.12345, '12.3 %'],
  [0.00012, '0.012 %'],
  [0.000001, '< 0.001 %'],
  [Number.NaN, 'unknown'],
])('the share %d is written %s', (share, written) => {
  expect(formatShare(share)).toBe(written);
});

test('ratios, numbers and inputs are said as a person would', () => {
  const ratio = (before: number, after: number): string => formatRatio({ before, after } as Change);
  expect([ratio(0.1, 0.2346), ratio(0.1, 0), ratio(0, 0.1)]).toEqual(['× 2.35', 'gone', 'new']);
  expect([formatNumber(0.12345), formatNumber(4), formatNumber(Infinity)]).toEqual(['0.123', '4', 'unknown']);
  const paths = (...names: string[]) => inputsText(names.map((path) => ({ path })));
  expect([paths(), paths('a'), paths('a', 'b', 'c', 'd', 'e')]).toEqual([
    'no input',
    'a',
    'a, b, c and 2 more',
  ]);
});
