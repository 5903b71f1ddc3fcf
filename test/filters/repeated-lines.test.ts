import { expect, test } from 'vitest';
import { createUnitCutter, repeatedLines } from '../../src/filters/repeated-lines.ts';

const text = {
  bytes: Buffer.from('One is. Two is. Three is. Four is.\nA line\n'),
  offsets: Int32Array.of(0, 42),
  rowCount: 1,
};

test('the option says what is cut', () => {
  expect(Array.from(createUnitCutter({ unit: 'lines', min_sentences: 2 }).cut(text).sentences)).toEqual([
    2, 1,
  ]);
  expect(Array.from(createUnitCutter({ unit: 'lines', min_sentences: null }).cut(text).sentences)).toEqual([
    0, 0,
  ]);
  expect(createUnitCutter({ unit: 'sentences', min_sentences: 3 }).cut(text).sentences).toHaveLength(5);
});

test('every option has a name of its own on the command line', () => {
  const flags = Object.values(repeatedLines.options).map(({ flag }) => flag);
  expect(new Set(flags).size).toBe(flags.length);
  for (const flag of flags) expect(flag).toMatch(/^repeated(-[a-z-]+)?$/);
});
