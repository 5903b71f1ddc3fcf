import { expect, test } from 'vitest';
import { formatBytes, formatCount, formatSeconds, parseBytes } from '../src/units.ts';

test('reads decimal and binary sizes', () => {
  expect(parseBytes('512', '--x')).toBe(512);
  expect(parseBytes('2GiB', '--x')).toBe(2 * 2 ** 30);
  expect(parseBytes('500 MB', '--x')).toBe(5e8);
  expect(parseBytes('1.5g', '--x')).toBe(1.5e9);
  expect(parseBytes('4e9', '--x')).toBe(4e9);
  expect(parseBytes('10b', '--x')).toBe(10);
});

test('refuses what is no size, naming the option', () => {
  for (const text of ['', 'much', '-1', '5 bananas', '1..2', 'NaN', 'Infinity']) {
    expect(() => parseBytes(text, '--memory')).toThrow(/^--memory: expected a size/);
  }
});

test('writes sizes, durations and counts for people', () => {
  expect([0, 1023, 1024, 8 * 2 ** 20, 1.5 * 2 ** 30].map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1.00 KiB',
    '8.00 MiB',
    '1.50 GiB',
  ]);
  expect([4.21, 200, 7500].map(formatSeconds)).toEqual(['4.2 s', '3 min 20 s', '2 h 05 min']);
  expect(formatCount(1234567)).toBe('1,234,567');
});
