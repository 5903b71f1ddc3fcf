import { expect, test } from 'vitest';
import { parseOptions } from '../../src/cli/options.ts';
import { createStatus, statusLine, workLine } from '../../src/cli/status.ts';
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
  expect(statusLine(progress)).toMatch(
    /█{10}░{10} 50 % {2}500 docs {2}80\.0 % kept {2}150 MB\/s {2}2\.0 s left/,
  );
  expect(statusLine({ ...progress, documentsExpected: undefined })).not.toContain('left');
});

test('without inputs, words after a list option belong to it', () => {
  const table = {
    heldout: { kind: 'paths', help: '' },
    baseline: { kind: 'paths', short: 'b', help: '' },
    seeds: { kind: 'count', help: '' },
  } as const;
  const read = (...words: string[]) => parseOptions('prove', table, words, false);
  expect(read('--heldout', 'a', 'b,c', '--seeds', '3', '--baseline', 'd', '-', '--heldout=e').values).toEqual(
    { heldout: ['a', 'b', 'c', 'e'], seeds: 3, baseline: ['d', '-'] },
  );
  expect(read('--seeds', '3', 'left').positionals).toEqual(['left']);
  expect(parseOptions('x', table, ['--heldout', 'a', 'b']).positionals).toEqual(['b']);
});

test('work without documents shows what is done, how far and how long', () => {
  const work = { doing: 'training', share: 0.25, bytes: 2e7, seconds: 10 };
  expect(workLine(work)).toMatch(/█{5}░{15} 25 % {2}training {2}2 MB\/s {2}30\.0 s left/);
  expect(workLine({ ...work, share: undefined, documents: 12 })).toBe('training  12 docs  2 MB/s');
  // Names of files are shown, not obeyed.
  expect(workLine({ ...work, doing: 'reading \x1b[2Jx' })).toContain('reading \uFFFD[2Jx');
});

test('a line that stays takes the place of the status line', () => {
  const written: string[] = [];
  const stream = { isTTY: true, columns: 80, write: (text: string) => written.push(text) > 0 };
  const status = createStatus('auto', stream as unknown as NodeJS.WriteStream);
  const work = { doing: 'reading', share: undefined, bytes: 0, seconds: 0 };
  status.onEvent({ type: 'work', work });
  status.onEvent({ type: 'measure', documentsExpected: undefined });
  status.onEvent({ type: 'train', models: 2, tokens: 1024, threads: 1 });
  status.end();
  expect(written).toEqual([
    '\r\x1b[2Kreading',
    '\r\x1b[2KMeasuring scores, in a pass of its own\n',
    'Training 2 models on 1.00 KiB each; 1 thread\n',
  ]);
});
