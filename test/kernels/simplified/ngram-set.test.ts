import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  NgramFinder,
  type NgramMatch,
  NgramSetBuilder,
  type NgramTables,
} from '../../../src/kernels/simplified/ngram-set.ts';
import { simplifiedText } from './text.ts';

type Rows = readonly (readonly string[])[];

function build(ngram: number, shortest: number | null, groups: Readonly<Record<string, Rows>>): NgramTables {
  const builder = new NgramSetBuilder(ngram, shortest);
  for (const [group, rows] of Object.entries(groups)) for (const texts of rows) builder.add(group, texts);
  return builder.finish();
}

const wordsOf = (text: string): string[] => simplifiedText(text).split(' ').filter(Boolean);

/** The definition, with strings. */
function plainly(ngram: number, shortest: number | null, groups: Readonly<Record<string, Rows>>) {
  const set = new Map<string, string>();
  for (const [group, rows] of Object.entries(groups)) {
    for (const texts of rows) {
      const each = texts.map(wordsOf);
      const all = each.flat();
      const grams = all.slice(0, Math.max(0, all.length - ngram + 1)).map((_, i) => all.slice(i, i + ngram));
      const longest = each.reduce((best, one) => (one.length > best.length ? one : best), []);
      if (shortest !== null && longest.length >= shortest && longest.length < ngram) grams.push(longest);
      for (const gram of grams) {
        const text = gram.join(' ');
        if (2 * gram.filter((word) => word === '0').length <= gram.length && !set.has(text))
          set.set(text, group);
      }
    }
  }
  const find = (document: string): NgramMatch | undefined => {
    const words = wordsOf(document);
    for (let at = 0; at < words.length; at++) {
      for (let length = ngram; length > 0; length--) {
        const text = words.slice(at, at + length).join(' ');
        const group = at + length <= words.length ? set.get(text) : undefined;
        if (group !== undefined) return { group, text };
      }
    }
    return undefined;
  };
  return { set, find };
}

/** Few different words, so that n-grams are often met. */
const word = fc.constantFrom('a', 'b', 'C', 'd', '1', '22', 'é', 'e', '-', 'longer-word');
const text = fc.array(word, { maxLength: 14 }).map((words) => words.join(' '));
const rows = fc.array(fc.array(text, { maxLength: 3 }), { maxLength: 6 });

describe.each(['kernel', 'scalar'])('by the %s', (twin) => {
  test('what is found is what a set of strings finds', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.option(fc.integer({ min: 1, max: 7 })),
        rows,
        rows,
        fc.array(text, { maxLength: 6 }).map((all) => all.join(' ')),
        (ngram, shortest, one, two, document) => {
          const groups = { one, two };
          const expected = plainly(ngram, shortest, groups);
          const tables = build(ngram, shortest, groups);
          expect(tables.count).toBe(expected.set.size);
          const bytes = Buffer.from(document);
          const found = new NgramFinder(tables, twin === 'scalar').find(bytes, 0, bytes.length);
          expect(found).toEqual(expected.find(document));
        },
      ),
      { numRuns: 250 },
    );
  });

  test('a match that ends a text is found at every length of it', () => {
    const short = 'one two three four';
    const long = 'alpha beta gamma delta epsilon zeta';
    const finder = new NgramFinder(build(6, 4, { set: [[long], [short]] }), twin === 'scalar');
    for (let filler = 4080; filler < 4120; filler++) {
      for (const wanted of [short, long]) {
        const bytes = Buffer.from(`${'x '.repeat(filler)}${wanted}`);
        expect(finder.find(bytes, 0, bytes.length)).toEqual({ group: 'set', text: wanted });
        expect(finder.find(bytes, 0, bytes.length - 1)).toBeUndefined();
      }
    }
  });

  test('only what lies between the bounds is looked at', () => {
    const finder = new NgramFinder(build(3, null, { set: [['one two three']] }), twin === 'scalar');
    const bytes = Buffer.from('one two three');
    expect(finder.find(bytes, 0, 13)).toBeDefined();
    expect(finder.find(bytes, 1, 13)).toBeUndefined();
    expect(finder.find(bytes, 0, 12)).toBeUndefined();
    expect(finder.find(bytes, 5, 5)).toBeUndefined();
  });
});

test('a hash is never believed: with the texts changed, nothing is found', () => {
  const tables = build(3, null, { set: [['one two three four']] });
  const bytes = Buffer.from('one two three');
  expect(new NgramFinder(tables).find(bytes, 0, bytes.length)).toEqual({
    group: 'set',
    text: 'one two three',
  });
  tables.texts.fill(0x78, 0, 2);
  expect(new NgramFinder(tables).find(bytes, 0, bytes.length)).toBeUndefined();
});

test('rows that give nothing are counted', () => {
  const builder = new NgramSetBuilder(4, 3);
  builder.add('set', ['one two']);
  builder.add('set', []);
  builder.add('set', ['1 2 3 4 5 6']);
  builder.add('set', ['one two three']);
  expect([builder.tooShort, builder.entryCount]).toEqual([3, 1]);
});

test('tables lie in shared memory, and an empty set finds nothing', () => {
  const tables = build(13, 8, {});
  for (const array of [tables.texts, tables.words, tables.slots, tables.filter, tables.shortFilter]) {
    expect(array.buffer).toBeInstanceOf(SharedArrayBuffer);
  }
  expect(tables.count).toBe(0);
  const bytes = Buffer.from('any text at all');
  expect(new NgramFinder(tables).find(bytes, 0, bytes.length)).toBeUndefined();
});
