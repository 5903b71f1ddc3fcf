import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  collectStatistics,
  computeProbabilities,
  estimateDiscounts,
  FALLBACK_DISCOUNTS,
  type KneserNeyStatistics,
  makeStatistics,
} from '../../../src/kernels/proxy/kneser-ney.ts';
import { createNgramProxy } from '../../../src/kernels/proxy/ngram.ts';
import { NgramCounts } from '../../../src/kernels/proxy/ngram-counts.ts';
import { NgramMemory } from '../../../src/kernels/proxy/ngram-memory.ts';
import { buildTrie } from '../../../src/kernels/proxy/ngram-trie.ts';
import { DOCUMENT_END } from '../../../src/kernels/proxy/proxy.ts';
import { type LmplzModel, logProbability, runLmplz } from './ngram-lmplz.ts';
import { bytesOf, heldOutOf, joined, KneserNeyOracle } from './ngram-oracle.ts';
import { HELD_OUT_LINES, LAST_WORD, TRAINING_LINES } from './ngram-text.ts';

const lmplz = process.env['SLUICE_TEST_LMPLZ'];
if (lmplz === undefined)
  process.stdout.write(
    'SLUICE_TEST_LMPLZ names no lmplz: n-gram models are compared with its stored results alone\n',
  );

/** Statistics of training documents for the n-grams of other documents, with their probabilities. */
function statisticsOf(
  training: readonly string[],
  heldOut: readonly (readonly number[])[],
  order: number,
  vocabulary: number,
): KneserNeyStatistics {
  const memory = new NgramMemory(Number.POSITIVE_INFINITY);
  const statistics = makeStatistics(buildTrie(heldOutOf(heldOut), order, memory), memory);
  const counts = new NgramCounts(order, memory);
  const stream = joined(training.map(bytesOf));
  counts.add(stream, 0, stream.length);
  collectStatistics(counts.merged(), statistics);
  computeProbabilities(statistics, vocabulary);
  return statistics;
}

function discountsOf({ trie, countsOfCounts }: KneserNeyStatistics): number[][] {
  return Array.from({ length: trie.order }, (_, i) => {
    const [n1, n2, n3, n4] = countsOfCounts.subarray(8 * (i + 1) + 1);
    return [...estimateDiscounts(n1!, n2!, n3!, n4!)];
  });
}

function distinctOf({ trie, countsOfCounts }: KneserNeyStatistics): number[] {
  return Array.from({ length: trie.order }, (_, i) =>
    countsOfCounts.subarray(8 * (i + 1), 8 * (i + 2)).reduce((sum, count) => sum + count, 0),
  );
}

/** Probability of an n-gram in lmplz's words; NaN if the trie has no such n-gram. */
function probabilityOf({ trie, probabilities }: KneserNeyStatistics, ngram: string): number {
  let node = 0;
  for (const word of ngram.split(' ').reverse()) {
    const symbol = word.startsWith('<') ? DOCUMENT_END : Number.parseInt(word, 16);
    const children = trie.symbols.subarray(trie.children[node]!, trie.children[node + 1]!);
    if (!children.includes(symbol)) return Number.NaN;
    node = trie.children[node]! + children.indexOf(symbol);
  }
  return probabilities[node]!;
}

describe('discounts', () => {
  test('follow equation 26 of Chen and Goodman', () => {
    // Y = 4 / (4 + 2 * 2) = 1/2; D1 = 1 - 2 Y 2/4, D2 = 2 - 3 Y 1/2, D3+ = 3 - 4 Y 1/1.
    expect(estimateDiscounts(4, 2, 1, 1)).toEqual([0.5, 1.25, 1]);
    // No n-gram with count 4 takes nothing off D3+: KenLM goes on here, too.
    expect(estimateDiscounts(1, 2, 1, 0)).toEqual([expect.closeTo(0.2, 12), expect.closeTo(1.7, 12), 3]);
  });

  test.each([
    ['no n-gram with count 1', [0, 2, 1, 1]],
    ['no n-gram with count 2', [4, 0, 1, 1]],
    ['no n-gram with count 3', [4, 2, 0, 1]],
    ['D2 below 0', [4, 2, 6, 1]],
    ['D3+ below 0', [4, 2, 1, 3]],
    // Y = 1/2 as above: D2 = 2 - 3/2 * 8/6 and D3+ = 3 - 2 * 3/2.
    ['D2 of 0', [12, 6, 8, 1]],
    ['D3+ of 0', [4, 2, 2, 3]],
  ] as const)('are constants with %s', (_, [n1, n2, n3, n4]) => {
    expect(estimateDiscounts(n1, n2, n3, n4)).toBe(FALLBACK_DISCOUNTS);
  });
});

test.each([2, 3, 4, 5, 6])(
  'after any history the probabilities of 256 symbols sum to 1, order %d',
  (order) => {
    const ofEmpty = new KneserNeyOracle(joined(TRAINING_LINES.map(bytesOf)), order).probability([
      '<s>',
      '</s>',
    ]);
    // The start of a document, seen, partly seen, never seen.
    for (const history of ['', 'T', 'The gate', 'the ga', 'zzz gate', 'ZZZZZZ']) {
      const documents = Array.from({ length: 256 }, (_, symbol) =>
        symbol === DOCUMENT_END ? bytesOf(history) : [...bytesOf(history), symbol],
      );
      const { trie, probabilities } = statisticsOf(TRAINING_LINES, documents, order, 256);
      const leaves = probabilities.subarray(trie.levels[order]!);
      // A document without symbols has no window, so its end is asked of the formulas.
      let sum = history === '' ? ofEmpty : 0;
      for (let document = 0; document < 256; document++) {
        if (documents[document]!.length > 0)
          sum += leaves[trie.leaves[trie.windowOffsets[document]! + history.length]!]!;
      }
      expect(sum).toBeCloseTo(1, 10);
    }
  },
);

interface Case {
  readonly order: number;
  readonly training: readonly string[];
  readonly heldOut: readonly string[];
  /** Undefined: lmplz's own. */
  readonly vocabulary: number | undefined;
}

/** Models whose results by lmplz are stored: one where all discounts are estimated, one with fallbacks and lmplz's own vocabulary. */
const cases: readonly Case[] = [
  { order: 5, training: TRAINING_LINES, heldOut: HELD_OUT_LINES, vocabulary: 256 },
  {
    order: 3,
    training: ['abc', 'a', 'ba', 'abracadabra', LAST_WORD],
    heldOut: ['abra', 'cab', 'd'],
    vocabulary: undefined,
  },
];

/** What lmplz says of a case, for a file: every 5th n-gram. */
interface Stored {
  readonly counts: readonly number[];
  readonly discounts: readonly (readonly number[])[];
  readonly heldOut: readonly number[];
  readonly ngrams: Readonly<Record<string, number>>;
}

function storedFrom(model: LmplzModel, { order, heldOut }: Case): Stored {
  const listed = [...model.ngrams.keys()].filter((ngram) => ngram !== '<s>' && ngram !== '<unk>');
  const some = listed.filter((_, i) => i % 5 === 0);
  return {
    counts: model.counts,
    discounts: model.discounts,
    heldOut: heldOut.map((document) => logProbability(model, document, order)),
    ngrams: Object.fromEntries(some.map((ngram) => [ngram, model.ngrams.get(ngram)!.probability])),
  };
}

/**
 * lmplz works in 32-bit floats: some 4 roundings of 6e-8 in each of 5 orders, and the discounts' own error is up to 1 / (1 - D1), about 4, times
 * larger in what is left of a count of 1. That is 5e-6 of a probability at most, 2e-6 of its log10.
 */
const FLOAT_ERROR = 2e-6;

function expectEqual({ order, training, heldOut, vocabulary }: Case, stored: Stored): void {
  // Its own vocabulary: the bytes of the documents, the end, and the unknown word.
  const symbols = vocabulary ?? new Set(training.flatMap(bytesOf)).size + 2;
  const statistics = statisticsOf(training, training.map(bytesOf), order, symbols);
  expect(distinctOf(statistics)).toEqual(stored.counts);
  for (const [i, discounts] of discountsOf(statistics).entries()) {
    // lmplz prints six digits of numbers up to 3.
    for (const [k, discount] of discounts.entries())
      expect(Math.abs(discount - stored.discounts[i]![k]!)).toBeLessThan(6e-6);
  }
  for (const [ngram, logarithm] of Object.entries(stored.ngrams))
    expect(Math.abs(Math.log10(probabilityOf(statistics, ngram)) - logarithm)).toBeLessThan(FLOAT_ERROR);
  const stream = joined(training.map(bytesOf));
  const proxy = createNgramProxy({ order, heldOut: heldOutOf(heldOut.map(bytesOf)), vocabulary: symbols });
  proxy.train(stream, 0, stream.length);
  const bits = new Float64Array(heldOut.length);
  proxy.score(bits);
  expect(proxy.size).toBe(stored.counts.reduce((sum, count) => sum + count, 0));
  for (const [document, expected] of stored.heldOut.entries()) {
    const foretold = bytesOf(heldOut[document]!).length + 1;
    expect(Math.abs(-bits[document]! * Math.log10(2) - expected)).toBeLessThan(foretold * FLOAT_ERROR);
  }
}

const fixture = new URL('./kneser-ney-lmplz.snapshot', import.meta.url);

describe("KenLM's lmplz", () => {
  test.each(cases.map((each, i) => [each.order, i]))(
    'gave these counts, discounts and probabilities of order %d',
    (_, i) => {
      const { models } = JSON.parse(readFileSync(fixture, 'utf8')) as { models: Stored[] };
      expectEqual(cases[i]!, models[i]!);
    },
  );

  test.skipIf(lmplz === undefined)('gives what is stored (vitest --update=all stores it)', async () => {
    const models = cases.map((each) =>
      storedFrom(runLmplz(lmplz!, each.training, each.order, each.vocabulary), each),
    );
    const madeBy = "lmplz of KenLM's source package kenlm 0.3.0 on PyPI, with --discount_fallback";
    await expect(`${JSON.stringify({ madeBy, models }, undefined, 1)}\n`).toMatchFileSnapshot(
      fixture.pathname,
    );
  });

  test.skipIf(lmplz === undefined).each([2, 3, 4, 5, 6])(
    'gives the same of a larger text, order %d',
    (order) => {
      // Lines of this project's own words.
      const lines = readFileSync(new URL('../../../ARCHITECTURE.md', import.meta.url), 'utf8')
        .split('\n')
        .filter((line) => line !== '');
      for (const vocabulary of [256, undefined]) {
        const each = {
          order,
          training: [...lines.slice(0, 150), LAST_WORD],
          heldOut: lines.slice(150),
          vocabulary,
        };
        expectEqual(each, storedFrom(runLmplz(lmplz!, each.training, order, vocabulary), each));
      }
    },
  );
});
