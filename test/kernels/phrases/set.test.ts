import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasPhrase, PhraseSetBuilder } from '../../../src/kernels/phrases/set.ts';
import { advance, buildPhraseTrie, childOf } from '../../../src/kernels/phrases/trie.ts';

function tableOf(texts: readonly string[]): Uint32Array {
  const builder = new PhraseSetBuilder();
  for (const text of texts) {
    const bytes = Buffer.from(`<${text}>`);
    builder.add(bytes, 1, bytes.length - 1);
  }
  expect(builder.count).toBe(texts.length);
  return builder.finish();
}

const has = (table: Uint32Array, text: string): boolean =>
  hasPhrase(table, Buffer.from(text), 0, Buffer.byteLength(text));

describe('a set of strings by their hashes', () => {
  test('has what was added, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (inside, asked) => {
        const table = tableOf(inside);
        for (const text of [...inside, ...asked]) expect(has(table, text)).toBe(inside.includes(text));
      }),
    );
  });

  test('of a hundred thousand takes twelve bytes each, and is shared memory', () => {
    const table = tableOf(Array.from({ length: 100_000 }, (_, n) => `domain-${n}.example.com`));
    expect(table.byteLength).toBeLessThanOrEqual(12 * 100_000 + 8);
    expect(table.buffer).toBeInstanceOf(SharedArrayBuffer);
    for (let n = 0; n < 100_000; n += 997) expect(has(table, `domain-${n}.example.com`)).toBe(true);
    for (let n = 100_000; n < 101_000; n++) expect(has(table, `domain-${n}.example.com`)).toBe(false);
  });

  test('without a string has none', () => {
    expect(has(tableOf([]), '')).toBe(false);
    expect(has(tableOf(['']), '')).toBe(true);
  });
});

describe('phrases as one automaton', () => {
  test('finds a phrase at the first place where one ends', () => {
    const piece = fc.string({ unit: fc.constantFrom('a', 'b', '𝒳'), minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }),
        fc.string({ unit: fc.constantFrom('a', 'b', '𝒳') }),
        (phrases, text) => {
          const trie = buildPhraseTrie(phrases);
          let state = 0;
          let read = '';
          for (const character of text) {
            read += character;
            state = advance(trie, state, character.codePointAt(0)!);
            const found = trie.found[state]!;
            expect(found !== 0).toBe(phrases.some((phrase) => read.endsWith(phrase)));
            if (found !== 0) expect(read.endsWith(phrases[found - 1]!)).toBe(true);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('is walked from the beginning, one character after the other', () => {
    const phrases = ['ab', 'a', 'abc', 'ab'];
    const trie = buildPhraseTrie(phrases);
    const a = childOf(trie.edges, 0, 0x61);
    const ab = childOf(trie.edges, a, 0x62);
    expect([trie.ends[0], trie.ends[a], trie.ends[ab]]).toEqual([0, 2, 1]);
    expect(childOf(trie.edges, a, 0x63)).toBe(0);
    expect(childOf(trie.edges, 0, 0x110000)).toBe(0);
  });

  test('of no phrase finds nothing', () => {
    const trie = buildPhraseTrie([]);
    expect(advance(trie, 0, 0x61)).toBe(0);
    expect(trie.found[0]).toBe(0);
  });
});
