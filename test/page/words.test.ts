import { expect, test } from 'vitest';
import { displayName, formatAmount, listOf, plural } from '../../src/page/words.ts';

test.each([
  ['a', 'a'],
  ['', '(no name)'],
  ['  ', '(no name)'],
  ['日本 語', '日本 語'],
  ['a\uD800b', 'a\uFFFDb'],
  ['a\u202Eb\u2066c\uFFFE', 'a\uFFFDb\uFFFDc\uFFFD'],
])('the name %j is shown as %j', (name, shown) => {
  expect(displayName(name)).toBe(shown);
});

test.each([
  [0, '0'],
  [999.4, '999'],
  [999.6, '1 k'],
  [1000, '1 k'],
  [65536, '65.5 k'],
  [999_600, '1 M'],
  [1_048_576, '1.05 M'],
  [2.5e9, '2.5 G'],
])('the amount %d is written %s', (amount, written) => {
  expect(formatAmount(amount)).toBe(written);
});

test('lists and counts read as a person would say them', () => {
  expect([listOf([]), listOf(['a']), listOf(['a', 'b']), listOf(['a', 'b', 'c'])]).toEqual([
    '',
    'a',
    'a and b',
    'a, b and c',
  ]);
  expect([plural(0, 'seed'), plural(1, 'seed'), plural(1234, 'seed')]).toEqual([
    '0 seeds',
    '1 seed',
    '1,234 seeds',
  ]);
});
