import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { curateTo, sum } from '../engine/curate-result.ts';
import { jsonLines } from '../engine/support.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-extremes-test-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

test('a dump of copies alone has a concept, though the sample that was set aside holds none of what is left', async () => {
  const input = join(root, 'copies.jsonl');
  // The hash of this text is above what 20,000 documents have set aside.
  await writeFile(input, '{"text":"six words that come over again 1"}\n'.repeat(20_000));
  const { report, curation } = await curateTo(join(root, 'copies'), {
    input: [input],
    keep: 1,
    maxEpochs: 1,
  });
  expect(report.documents.kept).toBe(1);
  expect(curation.concepts.map(({ documents }) => documents)).toEqual([1]);
});

test('of a column with more words than groups are told apart, what comes late is one group', async () => {
  const input = join(root, 'groups.jsonl');
  const documents = Array.from({ length: 1100 }, (_, i) => ({ text: `number ${i * 7919}`, group: `g${i}` }));
  await writeFile(input, jsonLines(documents));
  const options = { input: [input], keep: 0.5, balanceBy: 'group', concepts: 1 };
  const { report, curation } = await curateTo(join(root, 'groups'), options);
  const groups = curation.distributions.find(({ of }) => of === 'group')!.groups;
  expect(groups[0]).toMatchObject({ name: '(others)', documents: 1100 - 1024 });
  expect(sum(groups.map((group) => group.documents))).toBe(1100);
  expect(report.documents.kept).toBeGreaterThan(500);
});

test('memory that the largest step lacks is missed before the first row', async () => {
  const input = join(root, 'few.jsonl');
  await writeFile(input, jsonLines([{ text: 'one' }, { text: 'two' }]));
  const doing: string[] = [];
  const options = {
    input: [input],
    keep: 1,
    concepts: 4096,
    memory: 420 * 2 ** 20,
    onEvent: ({ type }: { readonly type: string }) => void doing.push(type),
  };
  await expect(curateTo(join(root, 'few'), options)).rejects.toThrow(
    /too little: 1 thread need .* samples and sorting .*fewer --threads or --concepts/,
  );
  expect(doing).toEqual([]);
});

test('more inputs than groups are told apart cannot be balanced', async () => {
  const names = Array.from({ length: 1025 }, (_, i) => join(root, `input-${i}.jsonl`));
  for (const name of names) await writeFile(name, '{"text":"some words"}\n');
  await expect(curateTo(join(root, 'many'), { input: names, keep: 1, balanceBy: 'source' })).rejects.toThrow(
    '--balance-by source: expected at most 1024 inputs, found 1025; balance by a column',
  );
});
