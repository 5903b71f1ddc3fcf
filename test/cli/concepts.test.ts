import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { conceptsOf } from '../../src/concepts-of.ts';
import { exampleCuration } from '../concepts/example-curation.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-concepts-'));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

const write = (report: unknown): Promise<void> =>
  writeFile(join(folder, 'report.json'), JSON.stringify(report));

/** What the command line says, and the code it ends with. */
async function sluice(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const take = (to: 'out' | 'err') => (text: unknown) => {
    said[to] += String(text);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(take('out'));
  vi.spyOn(process.stderr, 'write').mockImplementation(take('err'));
  return { code: await main(['concepts', ...words]), ...said };
}

test('lists the largest 30 concepts of a curation', async () => {
  const curation = exampleCuration(50);
  await write({ version: 1, verb: 'curate', curation });
  const { code, out } = await sluice(folder);
  expect(code).toBe(0);
  const lines = out.trimEnd().split('\n');
  expect(lines).toHaveLength(32);
  const numbers = lines.slice(2).map((line) => Number(line.trim().split(/\s+/)[0]));
  const largest = curation.concepts.toSorted((a, b) => b.tokens - a.tokens).slice(0, 30);
  expect(numbers).toEqual(largest.map(({ concept }) => concept));
});

test('as JSON they are what the report has, in the order that is asked for, and safe to print', async () => {
  const curation = exampleCuration(9);
  const names = ['\u009B\u202E\u001B', '操作'];
  const concepts = curation.concepts.map((one) => ({ ...one, names }));
  await write({ curation: { ...curation, concepts } });
  const { code, out } = await sluice(folder, '--json', '--sort', 'complexity', '--top', '4');
  expect(code).toBe(0);
  const sorted = concepts.toSorted((a, b) => b.complexity - a.complexity).slice(0, 4);
  expect(JSON.parse(out)).toEqual(sorted);
  expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  expect(out).toContain('操作');
});

test('a directory without a report, and a report of another verb, are wrong words', async () => {
  const absent = await sluice(folder);
  expect(absent).toMatchObject({ code: 2, out: '' });
  expect(absent.err).toContain(
    'report.json: expected what a finished run of sluice curate wrote, found ENOENT',
  );
  await write({ version: 1, verb: 'dedup' });
  const other = await sluice(folder);
  expect(other.code).toBe(2);
  expect(other.err).toContain('found one of sluice dedup, which looks for no concepts');
  await write({ version: 1, verb: 'curate', plan: {} });
  expect((await sluice(folder)).err).toContain('found one of sluice curate --plan, which looks for no');
  await write(null);
  expect((await sluice(folder)).code).toBe(2);
});

test.each([
  ['{"curation": ', 'expected JSON, found '],
  ['\u001B[2J', 'expected JSON, found '],
  ['{"curation": 3}', 'expected what sluice curate writes'],
  ['{"curation": {"concepts": [null]}}', 'expected what sluice curate writes'],
  ['{"curation": {"concepts": [{"concept": 1}]}}', 'expected what sluice curate writes'],
])('the damaged report %j is bad data', async (text, says) => {
  await writeFile(join(folder, 'report.json'), text);
  const { code, err } = await sluice(folder);
  expect(code).toBe(1);
  expect(err).toContain(says);
  expect(err.trimEnd()).not.toMatch(/\p{Cc}/u);
});

test('a report larger than any is not read', async () => {
  await write({});
  // A hole in the file: it takes no room.
  await truncate(join(folder, 'report.json'), 2 ** 28 + 1);
  await expect(conceptsOf(folder)).rejects.toMatchObject({ code: 'BAD_INPUT' });
});

test('more than one directory and an unknown order are wrong words', async () => {
  await write({ curation: exampleCuration(2) });
  expect((await sluice(folder, folder)).code).toBe(2);
  expect((await sluice(folder, '--sort', 'colour')).err).toContain('size');
  expect((await sluice()).code).toBe(2);
});
