import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { tableFromIPC } from 'apache-arrow';
import { expect, test } from 'vitest';
import { jsonLines, linesOf, oneThread, plantedDocuments, readReport, sluice, useFolder } from './support.ts';

const folder = useFolder();
const documents = plantedDocuments(400, 2);
const lines = Buffer.from(jsonLines(documents));

test('help names every verb and option; no verb or a wrong one is exit code 2', async () => {
  const overview = await sluice(['--help']);
  expect(overview.code).toBe(0);
  expect(overview.stdout.toString()).toMatch(/dedup[^]*convert/);
  const help = (await sluice(['dedup', '--help'])).stdout.toString();
  for (const option of ['--out', '--memory', '--false-positive', '--similarity', '--on-error', '--threads']) {
    expect(help).toContain(option);
  }
  expect((await sluice([])).code).toBe(2);
  const unknown = await sluice(['dedupe', 'x']);
  expect(unknown).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^sluice: no verb "dedupe"/) as string,
  });
});

test.each([
  [['dedup', '-o', 'x'], /expected an input/],
  [['dedup', 'in.jsonl'], /expected -o OUT/],
  [['dedup', 'in.jsonl', '-o', 'x', '--similarity', '0.8', '--bands', '9'], /--similarity chooses/],
  [['dedup', 'in.jsonl', '-o', 'x', '--exact-only', '--ngram', '3'], /no meaning with --exact-only/],
  [['dedup', 'in.jsonl', '-o', 'x', '--threads', '0'], /--threads: expected a whole number from 1/],
  [['dedup', 'in.jsonl', '-o', 'x', '--text-column', 'body'], /body.*text/],
  [['dedup', 'nothing-*.jsonl', '-o', 'x'], /nothing-\*\.jsonl/],
  [['convert', 'in.jsonl', '-o', 'x', '--compression', 'snappy'], /snappy/],
  [['convert', 'in.jsonl', '-o', 'x', '--bands', '3'], /Unknown option '--bands'/],
] as const)('a usage error is exit code 2 and one plain line: %j', async (words, message) => {
  await writeFile(folder('in.jsonl'), lines);
  const { code, stderr } = await sluice(words, { cwd: folder() });
  expect(stderr).toMatch(message);
  expect(linesOf(stderr).length).toBe(1);
  expect(code).toBe(2);
  expect(await readdir(folder())).toEqual(['in.jsonl']);
});

test('too little memory is said before the first row, with how much and what to do', async () => {
  await writeFile(folder('in.jsonl'), lines);
  const words = [
    'dedup',
    folder('in.jsonl'),
    '-o',
    folder('x'),
    '--memory',
    '700MB',
    '--expected-documents',
    '1e9',
  ];
  const { code, stderr } = await sluice(words);
  expect(code).toBe(1);
  expect(stderr).toMatch(/--memory 668 MiB is .* too little.*raise --memory/);
});

test('lines in by standard input, lines out by standard output, the summary on standard error', async () => {
  const { code, stdout, stderr } = await sluice(['dedup', '-', '-o', '-', '--format', 'jsonl'], {
    stdin: lines,
  });
  expect(stderr).toMatch(/kept .*\d/);
  expect(code).toBe(0);
  const kept = linesOf(stdout.toString()).map((line) => JSON.parse(line) as (typeof documents)[number]);
  const ids = new Set(kept.map(({ id }) => id));
  expect(kept.map(({ id, text, n, tags }) => ({ id, text, n, tags }))).toEqual(
    documents.filter(({ id }) => ids.has(id)),
  );
  expect(kept.length).toBeLessThan(documents.length);
});

test('compressed lines and an Arrow stream say the same as plain lines', async () => {
  const dedup = ['dedup', '-', '-o', '-', ...oneThread];
  const plain = await sluice(dedup, { stdin: lines });
  const gzipped = await sluice(dedup, { stdin: gzipSync(lines) });
  const arrow = await sluice(['convert', '-', '-o', '-', ...oneThread], { stdin: lines });
  const fromArrow = await sluice([...dedup, '--progress', 'none'], { stdin: arrow.stdout });
  expect(tableFromIPC(plain.stdout).numRows).toBeGreaterThan(100);
  expect(gzipped.stdout.equals(plain.stdout)).toBe(true);
  expect(fromArrow.stdout.equals(plain.stdout)).toBe(true);
  expect(fromArrow.stderr).toBe('');
});

test('a reader that goes away ends the work quietly', async () => {
  const many = Buffer.from(jsonLines(plantedDocuments(20_000, 4)));
  const cli = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url));
  const child = spawn(process.execPath, [
    cli,
    'convert',
    '-',
    '-o',
    '-',
    '--format',
    'jsonl',
    '--progress',
    'none',
  ]);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.on('error', () => {});
  child.stdin.end(many);
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [code] = (await once(child, 'close')) as [number | null];
  expect(stderr).toBe('');
  expect(code).toBe(0);
});

test('an interrupted run says so, exits with 130 and leaves no manifest', async () => {
  await writeFile(folder('in.jsonl'), jsonLines(plantedDocuments(20_000, 4)));
  const { code, stderr } = await sluice(['dedup', folder('in.jsonl'), '-o', folder('out')], {
    onStart: (child) => child.stderr!.once('data', () => child.kill('SIGINT')),
  });
  expect(stderr).toMatch(/interrupted/);
  expect(code).toBe(130);
  expect(await readdir(folder('out')).catch(() => [])).not.toContain('manifest.json');
});

test('what stands in the output directory is safe: refused without --overwrite, strangers kept with it', async () => {
  await mkdir(folder('out'));
  await writeFile(folder('out', 'mine.txt'), 'mine');
  await writeFile(folder('in.jsonl'), lines);
  const words = ['dedup', folder('in.jsonl'), '-o', folder('out'), ...oneThread];
  expect(await sluice(words)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/holds files already \(mine\.txt\)/) as string,
  });
  expect((await sluice([...words, '--overwrite', '--compression', 'zstd'])).code).toBe(0);
  expect((await sluice([...words, '--overwrite', '--format', 'parquet'])).code).toBe(0);
  expect((await readdir(folder('out'))).toSorted()).toEqual([
    'ledger',
    'manifest.json',
    'mine.txt',
    'part-00000.parquet',
    'report.json',
  ]);
  const own = await sluice(['dedup', folder('out'), '-o', folder('out'), '--overwrite']);
  expect(own).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/lies in the output directory/) as string,
  });
  expect((await readReport(folder('out'))).documents.read).toBe(400);
});
