import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFeatureCounter } from '../../../src/kernels/lexical/features.ts';
import { createLexicalKernel } from '../../../src/kernels/lexical/kernel.ts';
import type { LexicalModel } from '../../../src/kernels/lexical/model.ts';
import { trainLexical } from '../../../src/kernels/lexical/train.ts';
import { COUNT_WORTH } from '../../../src/kernels/lexical/weights.ts';
import { cosine } from '../../../src/kernels/vectors/vectors.ts';
import { columnOf } from './columns.ts';

const counter = createFeatureCounter();
const count = (texts: readonly string[]) => counter.count(columnOf(texts));
const bytesOf = ({ weights, map }: LexicalModel): Buffer =>
  Buffer.concat([
    new Uint8Array(weights.buffer),
    new Uint8Array(map === undefined ? new ArrayBuffer(0) : map.buffer),
  ]);
const bucketOf = (word: string): number => count([word]).buckets[0]!;

/** 40 words each. */
const themes = ['coffee', 'kernel', 'senate'].map((name) =>
  Array.from({ length: 40 }, (_, at) => `${name}${at}`),
);
/** Documents of ten words of one theme and two that all have. */
const sample = Array.from({ length: 240 }, (_, at) => {
  const words = Array.from(
    { length: 10 },
    (_, i) => themes[at % 3]![(at * at + (2 * at + 1) * i * i + 7 * i) % 40]!,
  );
  return `the ${words.join(' ')} of`;
});
/** Two of each theme, of eight words each, none the same. */
const questions = themes.flatMap((theme) =>
  [0, 8].map((from) => `the ${theme.slice(from, from + 8).join(' ')} of`),
);

test('counts are of words, whatever their case, by bucket; more than 255 is 255', () => {
  const { offsets, buckets, counts } = count(['Ein Wort, ein WORT ein', '', 'x '.repeat(300)]);
  expect([...offsets]).toEqual([0, 2, 2, 3]);
  expect(counts[buckets.indexOf(bucketOf('ein'))]).toBe(3);
  expect(counts[buckets.indexOf(bucketOf('wort'))]).toBe(2);
  expect(counts[2]).toBe(255);
  expect(buckets[0]!).toBeLessThan(buckets[1]!);
});

test('of a script without spaces each character counts as a word', () => {
  expect(count(['中文中']).counts.toSorted()).toEqual(Uint16Array.of(1, 2));
});

test('no logarithm that decides what a count is worth lies where its last bit matters', () => {
  for (let times = 1; times <= 255; times++) {
    const exact = 1024 * (1 + Math.log(times));
    expect(COUNT_WORTH[times]).toBe(Math.round(exact));
    expect(Math.abs(exact - Math.floor(exact) - 0.5)).toBeGreaterThan(1e-9);
  }
});

test('a word is worth its inverse document frequency; one in a single document, or in all, nothing', () => {
  const { weights, map } = trainLexical(count(['all two three', 'all two three one', 'all three', 'all']), {
    seed: 0,
    lsa: false,
  });
  expect(map).toBeUndefined();
  expect(weights[bucketOf('all')]).toBe(0);
  expect(weights[bucketOf('one')]).toBe(0);
  expect(weights[bucketOf('never')]).toBe(0);
  expect(weights[bucketOf('two')]).toBe(Math.round(2900 * Math.log(5 / 3)));
  expect(weights[bucketOf('three')]).toBe(Math.round(2900 * Math.log(5 / 4)));
});

test('what is learned does not depend on the order of the sample', () => {
  const kinds = [
    { seed: 3, dimensions: 16 },
    { seed: 3, dimensions: 16, lsa: false },
  ];
  const expected = kinds.map((training) => bytesOf(trainLexical(count(sample), training)));
  fc.assert(
    fc.property(fc.shuffledSubarray(sample, { minLength: sample.length }), (shuffled) => {
      for (const [at, training] of kinds.entries()) {
        expect(bytesOf(trainLexical(count(shuffled), training)).equals(expected[at]!)).toBe(true);
      }
    }),
    { numRuns: 10 },
  );
});

test('texts of one theme point one way though they share no word but those that all have; a random projection does not see that', () => {
  const lists = count(sample);
  const latent = createLexicalKernel(trainLexical(lists, { seed: 1, dimensions: 16 })).embed(
    columnOf(questions),
  );
  const random = createLexicalKernel(trainLexical(lists, { seed: 1, lsa: false })).embed(columnOf(questions));
  for (const [i] of questions.entries()) {
    for (const [j] of questions.entries()) {
      if (i === j) continue;
      const isSame = Math.floor(i / 2) === Math.floor(j / 2);
      // Themes share no words; those of like singular values may be turned into one another, and all are rounded to a byte.
      if (!isSame) expect(Math.abs(cosine(latent, i, latent, j))).toBeLessThan(0.2);
      if (isSame) expect(cosine(latent, i, latent, j)).toBeGreaterThan(0.3);
      // Eight words against eight in 256 components, chosen and signed at random: six standard deviations of 1/16.
      expect(Math.abs(cosine(random, i, random, j))).toBeLessThan(6 / 16);
    }
  }
});

test('a random projection keeps cosines to about one over the root of its components', () => {
  const words = Array.from({ length: 400 }, (_, at) => `word${at}`);
  const pairs = Array.from({ length: 40 }, (_, at) =>
    [0, 1].map((side) => words.slice(at * 5 + 50 * side, at * 5 + 100 + 50 * side).join(' ')),
  );
  // Each word is in one of two documents of the sample, so all weigh the same.
  const model = trainLexical(count([words, words, [], []].map((one) => one.join(' '))), {
    seed: 0,
    lsa: false,
  });
  const vectors = createLexicalKernel(model).embed(columnOf(pairs.flat()));
  // Half of the words are shared. The mean of 40 estimates with deviation of at most 1/16 each, less if they were independent.
  const errors = pairs.map((_, at) => cosine(vectors, 2 * at, vectors, 2 * at + 1) - 0.5);
  expect(Math.abs(errors.reduce((a, b) => a + b, 0) / 40)).toBeLessThan(3 / 16 / Math.sqrt(8));
  expect(Math.max(...errors.map(Math.abs))).toBeLessThan(4.5 / 16);
});

test('an empty sample, one document and documents without words give models under which nothing says anything', () => {
  for (const texts of [[], ['one document'], ['', '', '...']]) {
    for (const lsa of [true, false]) {
      const model = trainLexical(count(texts), { seed: 0, dimensions: 16, lsa });
      expect(model.weights.every((weight) => weight === 0)).toBe(true);
      const { values, squares } = createLexicalKernel(model).embed(columnOf(['one document', '']));
      expect([...values].every((value) => value === 0)).toBe(true);
      expect([...squares]).toEqual([0, 0]);
    }
  }
});

test('dimensions that vectors cannot have are refused', () => {
  for (const dimensions of [0, 8, 24, 1040, 16.5]) {
    expect(() => trainLexical(count(sample), { seed: 0, dimensions })).toThrow(RangeError);
  }
});

test('whole numbers lose little: cosines are those of the same sums in floating point to a few hundredths', () => {
  const lists = count(sample);
  const model = trainLexical(lists, { seed: 1, dimensions: 16 });
  const found = createLexicalKernel(model).embed(columnOf(sample));
  const exact = sample.map((_, document) => {
    const sums = new Float64Array(16);
    for (let at = lists.offsets[document]!; at < lists.offsets[document + 1]!; at++) {
      const bucket = lists.buckets[at]!;
      const weight = (1 + Math.log(lists.counts[at]!)) * model.weights[bucket]!;
      for (let k = 0; k < 16; k++) sums[k]! += weight * model.map![bucket * 16 + k]!;
    }
    return sums;
  });
  for (const [document, sums] of exact.entries()) {
    let dot = 0;
    let squares = 0;
    for (let k = 0; k < 16; k++) {
      dot += sums[k]! * found.values[document * 16 + k]!;
      squares += sums[k]! * sums[k]!;
    }
    // Half a step of 127 in each of 16 components: at most 2 / 127 of the length.
    expect(dot / Math.sqrt(squares * found.squares[document]!)).toBeGreaterThan(1 - (2 / 127) ** 2);
  }
});
