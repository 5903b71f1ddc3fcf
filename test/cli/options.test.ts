import { expect, test } from 'vitest';
import { parseOptions } from '../../src/cli/options.ts';
import { statusLine } from '../../src/cli/status.ts';
import { verbs } from '../../src/cli/verbs.ts';

const { options } = await verbs['dedup']!.load();
const parse = (...words: string[]) => parseOptions('dedup', options, words);

test('reads options of every kind and leaves the inputs', () => {
  const { values, positionals } = parse(
    'a',
    'b',
    '-o',
    'out',
    '--bands',
    '9',
    '--false-positive=1e-4',
    '--memory',
    '2GiB',
    '--exact-only',
  );
  expect(positionals).toEqual(['a', 'b']);
  expect(values).toMatchObject({
    out: 'out',
    bands: 9,
    'false-positive': 1e-4,
    memory: 2 ** 31,
    'exact-only': true,
  });
});

test('takes - for standard input and output', () => {
  expect(parse('-', '-o', '-')).toMatchObject({ positionals: ['-'], values: { out: '-' } });
});

test('names the option, what was expected and what was found', () => {
  expect(() => parse('--bands', 'many')).toThrow('--bands: expected a number, found "many"');
  expect(() => parse('--format', 'csv')).toThrow(
    '--format: expected one of arrow, parquet, jsonl, found "csv"',
  );
  expect(() => parse('--memory', 'lots')).toThrow('--memory: expected a size such as 2GiB');
  expect(() => parse('--colour')).toThrow(/Unknown option '--colour'.*sluice dedup --help/);
});

test('a status line says how far, how much is kept, how fast and how long', () => {
  const progress = {
    documentsRead: 500,
    documentsKept: 400,
    documentsExpected: 1000,
    textBytes: 3e8,
    bytesWritten: 0,
    seconds: 2,
  };
  expect(statusLine(progress, 200)).toMatch(
    /█{10}░{10} 50 % {2}500 docs {2}80\.0 % kept {2}150 MB\/s {2}2\.0 s left/,
  );
  expect(statusLine(progress, 30).length).toBe(29);
  expect(statusLine({ ...progress, documentsExpected: undefined }, 200)).not.toContain('left');
});
