import { expect, test } from 'vitest';
import type { Interval, Multiplier, Proof } from '../../src/proof/proof.ts';
import { summarizeProof } from '../../src/proof/summary.ts';
import {
  decimalsOf,
  figuresOf,
  formatDecimal,
  formatMultiplier,
  formatMultiplierRange,
  formatTokens,
  titleText,
  withArticle,
} from '../../src/proof/words.ts';
import { ABLATION, exampleProof, MANY, SMALL } from './example-proof.ts';

const multiplier = (
  value: number,
  low: number,
  high: number,
  bound: Multiplier['bound'] = 'none',
): Multiplier => ({
  value,
  low,
  high,
  bound,
});

test('says each number with its proxy, what got worse first and where it is written last', () => {
  expect(
    summarizeProof(exampleProof(), 'proof'),
  ).toBe(`clean against raw: 32 MiB of each, 3 seeds, 4 held-out sets; 95 % intervals
  WORSE  clean is worse than raw under a byte 5-gram: on forums by 0.042 bits per byte (0.037 to
    0.049)
  WORSE  clean is worse than raw under a hashed log-linear byte model: on forums by 0.040 bits per
    byte (0.034 to 0.046)
  clean against raw
    faster   1.74 (1.62 to 1.89)     compute multiplier under a byte 5-gram
    better   0.074 (0.071 to 0.077)  bits per byte lower at equal tokens under a byte 5-gram
    smaller  1.41 (1.31 to 1.53)     model size multiplier (n-grams) under a byte 5-gram
    faster   1.48 (1.37 to 1.60)     compute multiplier under a hashed log-linear byte model
    better   0.077 (0.074 to 0.080)  bits per byte lower at equal tokens under a hashed log-linear
                                     byte model
    smaller  1.27 (1.18 to 1.38)     model size multiplier (parameters) under a hashed log-linear
                                     byte model
  controls, which should be 1
    random    1.01 (0.94 to 1.09)  compute multiplier under a byte 5-gram
    random    1.01 (0.93 to 1.09)  compute multiplier under a hashed log-linear byte model
    shuffled  0.99 (0.92 to 1.07)  compute multiplier under a byte 5-gram
    shuffled  0.99 (0.92 to 1.08)  compute multiplier under a hashed log-linear byte model
  caution: Arm "clean" has 1.2 times the tokens it is trained on, so its three samples share most of
    their documents.
  written to proof/prove.json and proof/prove.html
`);
});

test('says that nothing got worse before any number', () => {
  const lines = summarizeProof(exampleProof(ABLATION), undefined).split('\n');
  expect(lines[1]).toContain('On no held-out set is a data set worse');
  expect(lines.at(-1)).toBe('');
  expect(lines.join('\n')).not.toContain('written to');
});

test.each([
  ['small', exampleProof()],
  ['an ablation', exampleProof(ABLATION)],
  ['nothing compared', exampleProof({ ...SMALL, pairs: [] })],
  ['no arm', exampleProof({ ...SMALL, arms: [], pairs: [], sets: [], proxies: [] })],
  [
    'models of one size',
    exampleProof({ ...SMALL, proxies: [{ name: 'log-linear', label: 'byte model', parameters: [1] }] }),
  ],
])('lines of a summary of %s are at most 100 columns, and none has a number that is none', (_, proof) => {
  const summary = summarizeProof(proof, 'proof/');
  expect(summary.split('\n').filter((line) => line.length > 100)).toEqual([]);
  expect(summary).not.toMatch(/NaN|Infinity|undefined|null/);
  expect(summary.endsWith('prove.html\n')).toBe(true);
});

test('every line with a multiplier names its proxy in the same sentence', () => {
  const proof = exampleProof(MANY);
  const numbers = proof.comparisons
    .filter(({ arm }) => !['random', 'shuffled'].includes(arm))
    .flatMap((comparison) => figuresOf(proof, comparison));
  const text = summarizeProof(proof, undefined).replace(/\s+/g, ' ');
  for (const { value, range, name } of numbers) {
    expect(name).toMatch(/under a (byte 5-gram|hashed log-linear byte model)$/);
    expect(text).toContain(`${value} (${range}) ${name}`);
  }
});

test('a control that does not cover 1 is said loudly', () => {
  const proof = exampleProof();
  const changed: Proof = {
    ...proof,
    comparisons: proof.comparisons.map((comparison) =>
      comparison.arm === 'shuffled' ? { ...comparison, faster: multiplier(0.8, 0.7, 0.9) } : comparison,
    ),
  };
  expect(summarizeProof(changed, undefined).match(/DOES NOT COVER 1/g)).toHaveLength(2);
  expect(summarizeProof(proof, undefined)).not.toContain('DOES NOT COVER 1');
});

test('names with control characters cannot move the cursor', () => {
  const proof = exampleProof({
    ...SMALL,
    arms: [SMALL.arms[0]!, { name: '\u001B[2Jclean\n', role: 'curated' }],
    pairs: [['\u001B[2Jclean\n', 'raw']],
  });
  const summary = summarizeProof({ ...proof, cautions: ['\u001B]0;x\u0007'] }, 'a\u001Bb');
  expect(summary).toContain('\uFFFD[2Jclean\uFFFD against raw');
  expect(summary.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});

test.each([
  [0, '0 B'],
  [640, '640 B'],
  [1024, '1 KiB'],
  [4_194_304, '4 MiB'],
  [33_554_432, '32 MiB'],
  [32_000_000, '32 MB'],
  [33_554_433, '33.6 MB'],
  [1_048_576 * 1536, '1.61 GB'],
])('%d tokens are written %s', (tokens, written) => {
  expect(formatTokens(tokens)).toBe(written);
});

test.each([
  [multiplier(2.314, 2.1, 2.55), '2.31', '2.10 to 2.55'],
  [multiplier(8, 6.2, 8, 'above'), '> 8', '6.20 to > 8'],
  [multiplier(8, 8, 8, 'above'), '> 8', '> 8'],
  [multiplier(7, 6, 8), '7.00', '6.00 to > 8'],
  [multiplier(0.125, 0.125, 0.3, 'below'), '< 0.125', '< 0.125 to 0.30'],
  [multiplier(0.125, 0.125, 0.125, 'below'), '< 0.125', '< 0.125'],
  [multiplier(1.004, 1.001, 1.007), '1.004', '1.001 to 1.007'],
  [multiplier(1, 1, 1), '1.00', '1.00 to 1.00'],
  [multiplier(41.26, 30, 50), '41.3', '30.0 to > 50'],
])('of the multiplier %j %s and its interval %s are said', (number, value, range) => {
  expect(formatMultiplier(number)).toBe(value);
  const most = number.value > 10 ? 50 : 8;
  expect(formatMultiplierRange(number, { least: 1 / most, most })).toBe(range);
});

test.each([
  [multiplier(2.3, 2.1, 2.5), 'needs 2.30 times fewer tokens to reach the same loss', 'good'],
  [multiplier(8, 6, 8, 'above'), 'needs more than 8 times fewer tokens to reach the same loss', 'good'],
  [multiplier(8, 0.9, 8, 'above'), 'cannot be told from 1', 'level'],
  [multiplier(1.1, 1, 1.2), 'cannot be told from 1', 'level'],
  [multiplier(0.5, 0.4, 0.9), 'needs 2.00 times as many tokens to reach the same loss', 'bad'],
  [
    multiplier(0.125, 0.125, 0.2, 'below'),
    'needs more than 8 times as many tokens to reach the same loss',
    'bad',
  ],
  [multiplier(Number.NaN, 1, 2), 'is not known', 'level'],
] as const)('the verdict on %j is "%s"', (faster, verdict, sign) => {
  const proof = exampleProof();
  expect(figuresOf(proof, { ...proof.comparisons[0]!, faster })[0]).toMatchObject({ verdict, sign });
});

test.each([
  [{ value: 0.084, low: 0.071, high: 0.098 }, 'its loss is lower by 0.084 bits per byte at equal tokens'],
  [{ value: -0.02, low: -0.03, high: -0.01 }, 'its loss is higher by 0.020 bits per byte at equal tokens'],
  [{ value: 0.01, low: -0.01, high: 0.02 }, 'cannot be told from 0'],
  [
    { value: 0.0002, low: 0.0001, high: 0.0003 },
    'its loss is lower by 0.00020 bits per byte at equal tokens',
  ],
] satisfies [Interval, string][])('the verdict on a difference of %j is "%s"', (better, verdict) => {
  const proof = exampleProof();
  expect(figuresOf(proof, { ...proof.comparisons[0]!, better })[1].verdict).toBe(verdict);
});

test('a difference has decimals enough to show how wide its interval is', () => {
  expect(decimalsOf([{ value: 0, low: -0.1, high: 0.1 }])).toBe(3);
  expect(decimalsOf([{ value: 0, low: 0, high: 0.002 }])).toBe(4);
  expect(decimalsOf([{ value: 0, low: 0, high: 1e-9 }])).toBe(6);
  expect(decimalsOf([{ value: 1, low: 1, high: 1 }])).toBe(3);
  expect(formatDecimal(-0.0001, 3)).toBe('0.000');
});

test('articles and titles read as a person would say them', () => {
  expect([withArticle('byte 5-gram'), withArticle('order-5 model'), withArticle('n-gram')]).toEqual([
    'a byte 5-gram',
    'an order-5 model',
    'an n-gram',
  ]);
  expect(titleText(exampleProof(MANY))).toBe('7 data sets against raw');
  expect(titleText(exampleProof({ ...SMALL, arms: [] }))).toBe('');
});
