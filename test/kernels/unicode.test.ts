import { expect, test } from 'vitest';
import { kindOf, unicodeTables, unicodeVersion } from '../../src/kernels/unicode.ts';

const tables = unicodeTables();
const word = /^[\p{L}\p{N}_]$/u;
const unassigned = /^\p{Cn}$/u;

test('every word character of the tables is one for the running Node, unless it does not know it yet', () => {
  const wrong: string[] = [];
  for (let code = 0; code < 0x110000; code++) {
    const character = String.fromCodePoint(code);
    if (kindOf(tables, code) !== 0 && !word.test(character) && !unassigned.test(character))
      wrong.push(code.toString(16));
  }
  expect(wrong).toEqual([]);
});

test.runIf(process.versions['unicode'] === unicodeVersion)(
  'no word character of that Unicode version is missing, and lower case is its own but for two code points',
  () => {
    const wrong: string[] = [];
    for (let code = 0; code < 0x110000; code++) {
      const character = String.fromCodePoint(code);
      const kind = kindOf(tables, code);
      if (word.test(character) !== kind > 0) wrong.push(`kind of ${code.toString(16)}`);
      if (kind === 0) continue;
      const lower = String.fromCodePoint(code + tables.deltas[kind]!);
      if (lower !== character.toLowerCase()) wrong.push(`lower case of ${code.toString(16)}`);
    }
    expect(wrong).toEqual(['lower case of 130', 'lower case of 3c2']);
  },
);

test('lower case is idempotent', () => {
  const wrong: string[] = [];
  for (let code = 0; code < 0x40000; code++) {
    const lower = code + tables.deltas[kindOf(tables, code)]!;
    if (tables.deltas[kindOf(tables, lower)] !== 0) wrong.push(code.toString(16));
  }
  expect(wrong).toEqual([]);
});
