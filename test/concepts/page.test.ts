import { expect, test } from 'vitest';
import type { CurationReport } from '../../src/concepts/curation.ts';
import { type CuratedReport, curationPage } from '../../src/concepts/page.ts';
import { checkMarkup, textOf } from '../page/page-reader.ts';
import { exampleCuration } from './example-curation.ts';

const HOSTILE = [
  '</svg><script>alert(1)</script>',
  `"><img src=x onerror='alert(1)'>`,
  '</style></title>&lt;b&gt;',
  '\u001B[2J\u202Eevil\u0000\uD800',
  '',
];

const report = (curation: CurationReport): CuratedReport => ({
  curation,
  inputs: [{ path: 'data/a.parquet' }, { path: 'data/b.parquet' }],
});

/** A curation in which all text is hostile, and longer than anyone would like. */
function hostile(concepts: number, times = 1): CuratedReport {
  const curation = exampleCuration(concepts);
  const text = (at: number): string => HOSTILE[at % HOSTILE.length]!.repeat(times);
  return {
    inputs: HOSTILE.map((path) => ({ path })),
    curation: {
      ...curation,
      rule: { ...curation.rule, balance: { by: text(0), rule: 'natural' } },
      concepts: curation.concepts.map((one, at) => ({
        ...one,
        names: [text(at), text(at + 1), text(at + 2), text(at + 3)],
        examples: one.examples.map((example, row) => ({
          ...example,
          source: text(row),
          text: text(at + row),
        })),
      })),
      distributions: [0, 1, 2].map((at) => ({
        of: text(at),
        groups: Array.from({ length: 50 }, (_, group) => ({
          name: text(group),
          documents: 3,
          tokens: 50 - group,
          keptDocuments: 2,
          writtenTokens: group,
        })),
      })),
    },
  };
}

/** The example with all its measured numbers put through a function. */
function withNumbers(change: (value: number) => number | null): CuratedReport {
  return JSON.parse(
    JSON.stringify(report(exampleCuration(12)), (key, value: unknown) =>
      typeof value === 'number' && key !== 'concept' ? change(value) : value,
    ),
  ) as CuratedReport;
}

const small = exampleCuration(5);
const ODD: Readonly<Record<string, CuratedReport>> = {
  'five concepts': report(small),
  'a hundred concepts': report(exampleCuration(100)),
  'one concept': report(exampleCuration(1)),
  'no concept at all': report({ ...small, concepts: [] }),
  'no step, no distribution and no input': {
    inputs: [],
    curation: { ...small, funnel: [], distributions: [] },
  },
  'groups of nothing': report({
    ...small,
    distributions: [
      { of: 'lang', groups: [] },
      {
        of: 'lang',
        groups: [{ name: 'en', documents: 0, tokens: 0, keptDocuments: 0, writtenTokens: 0 }],
      },
    ],
  }),
  'nothing written': report({
    ...small,
    writtenTokens: 0,
    concepts: small.concepts.map((one) => ({ ...one, epochs: 0, keptDocuments: 0, writtenTokens: 0 })),
  }),
  'concepts that are all alike': report({ ...small, concepts: small.concepts.map(() => small.concepts[0]!) }),
  'another rule': report({
    ...small,
    redundancy: { ...small.redundancy, form: 'off' },
    rule: { ...small.rule, quota: 'projection', fill: 'hard', balance: undefined },
  }),
  'numbers all zero': withNumbers(() => 0),
  'numbers that are very large': withNumbers((value) => value * 1e200),
  // What JSON makes of numbers that are none.
  'numbers that are not known': withNumbers(() => null),
  'hostile text': hostile(12),
};

test.each(Object.entries(ODD))(
  'a page of %s is well-formed, has no number that is none, and is the same twice',
  (_, one) => {
    const page = curationPage(one, '0.1.0');
    checkMarkup(page);
    expect(page.match(/.{0,60}(NaN|Infinity|undefined|null|\[object).{0,20}/)).toBeNull();
    expect(curationPage(structuredClone(one), '0.1.0') === page).toBe(true);
  },
);

test('the page loads nothing and runs nothing', () => {
  for (const one of Object.values(ODD)) {
    const page = curationPage(one, '0.1.0');
    const tags = page.match(/<[^>]*>/g)!.join('\n');
    expect(
      tags.match(
        /\b(src|href|srcset|action|data|background|on\w+)=|<(script|link|img|iframe|object|base)\b/i,
      ),
    ).toBeNull();
    expect(page.match(/https?:|@import|url\(/i)).toBeNull();
    expect(
      page.indexOf(`content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;"`),
    ).toBeGreaterThan(0);
    expect(page.indexOf('Content-Security-Policy')).toBeLessThan(page.indexOf('<style>'));
  }
});

test('what documents say is text, and no control character of theirs is left', () => {
  const page = curationPage(hostile(12), '0.1.0');
  expect(page).not.toContain('<script');
  expect(page).not.toContain('<img');
  expect(page.match(/<\/style>/g)).toHaveLength(1);
  expect(['\u0000', '\u001B', '\u202E', '\uD800'].filter((character) => page.includes(character))).toEqual(
    [],
  );
  expect(textOf(page)).toContain('</svg><script>alert(1)</script>');
  expect(textOf(page)).toContain('\uFFFD[2J\uFFFDevil\uFFFD');
  expect(textOf(page)).toContain('(no name)');
});

test.each([
  ['plain', report(exampleCuration(4096))],
  ['hostile and long', hostile(4096, 400)],
])('a page of 4096 concepts with %s text is below 1.5 MB', (_, one) => {
  const page = curationPage(one, '0.1.0');
  checkMarkup(page);
  expect(Buffer.byteLength(page)).toBeLessThan(1.5e6);
  // All of them are on the map, twice: for wide places and for narrow ones.
  const dots = page.match(/<path class="dots [^>]*>/g)!.join('');
  expect(dots.match(/h0/g)).toHaveLength(4 * 4096);
});

test('tables have captions and heads of columns and rows, charts have titles and descriptions of their own', () => {
  const page = curationPage(report(exampleCuration(100)), '0.1.0');
  for (const table of page.match(/<table>.*?<\/table>/gs)!) {
    expect(table).toMatch(/^<table><caption>[^<]+<\/caption><thead><tr><th scope="col"/);
    expect(table.match(/<th(?!ead| scope="(col|row|rowgroup)")/)).toBeNull();
    expect(table.match(/<th scope="row">/g)).toHaveLength(50);
  }
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!);
  expect(new Set(ids).size).toBe(ids.length);
  const charts = [
    ...page.matchAll(
      /<svg [^>]*role="img" aria-labelledby="(\S+) (\S+)"><title id="(\S+)">[^<]+<\/title><desc id="(\S+)">[^<]+<\/desc>/g,
    ),
  ];
  // The funnel, the map, what gained and lost most, two distributions and the rule; each in two sizes.
  expect(charts).toHaveLength(14);
  expect(page.match(/<svg/g)).toHaveLength(14);
  for (const [, title, description, titleId, descriptionId] of charts) {
    expect([title, description]).toEqual([titleId, descriptionId]);
  }
});

test('a concept stands with its names, documents, complexity, share, quota, epochs and whether it went up or down', () => {
  const base = small.concepts[0]!;
  const concepts = [
    {
      ...base,
      concept: 7,
      names: ['kernel', 'driver'],
      documents: 1000,
      keptDocuments: 400,
      tokens: 500_000,
      quotaTokens: 90_000,
      complexity: 0.125,
      share: 0.3,
      epochs: 0.2,
      writtenTokens: 100_000,
    },
    {
      ...base,
      concept: 9,
      names: [],
      documents: 10,
      keptDocuments: 10,
      tokens: 500_000,
      quotaTokens: 310_000,
      complexity: 0.5,
      share: 0.7,
      epochs: 0.6,
      writtenTokens: 300_000,
    },
  ];
  const text = textOf(curationPage(report({ ...small, concepts, writtenTokens: 400_000 }), '0.1.0'));
  expect(text).toContain(
    'kernel, driver concept 7 1 k 400 kept 500 k 90 k quota 0.125 30\u00A0% asked 0.2 ▼ × 0.5',
  );
  expect(text).toContain('concept 9 concept 9 10 10 kept 500 k 310 k quota 0.5 70\u00A0% asked 0.6 ▲ × 1.5');
  expect(text).toContain('1 went up, 1 went down');
});

test('the funnel, the rule and how concepts were found are said with their numbers', () => {
  const text = textOf(curationPage(report(exampleCuration(100)), '0.1.0'));
  const { funnel, encoder } = exampleCuration(100);
  expect(text).toContain(`of ${funnel[0]!.documents.toLocaleString('en-US')} read`);
  expect(text).toContain('No near duplicate');
  expect(text).toContain(`A sample of ${encoder.sample.toLocaleString('en-US')} documents`);
  expect(text).toContain('a cosine of at least 0.931 to it, a threshold calibrated on this data');
  expect(text).toContain('exp(complexity / 0.1)');
  expect(text).toContain('none is seen more than 4 times');
  expect(text).toContain('The cut lies at 1.73');
  expect(text).toContain('UniMax');
  expect(text).toContain('4.2 bytes of UTF-8');
  expect(text).toContain('Sluice 0.1.0');
  const other = textOf(curationPage(ODD['another rule']!, '0.1.0'));
  expect(other).toContain('Semantic duplicates were not looked for.');
  expect(other).toContain('density-based pruning');
  expect(other).not.toContain('Before the concepts');
});

test('examples are cut to a few lines and say where they are from', () => {
  const text = textOf(curationPage(hostile(3, 1000), '0.1.0'));
  expect(text).toMatch(/alert\(1\)<\/script><\/svg>\S*… /);
  const plain = textOf(curationPage(report(exampleCuration(3)), '0.1.0'));
  expect(plain).toContain('data/part-0000.parquet, row 1');
});
