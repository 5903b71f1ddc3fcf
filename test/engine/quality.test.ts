import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { rowsIn } from './rows.ts';
import { jsonLines, oneThread, readManifest, readReport, seeded, sluice, useFolder } from './support.ts';

const folder = useFolder();

/** Documents of two kinds of words: the first half of the list is good. */
function documents(count: number, isGood: boolean, seed: number): { id: string; text: string }[] {
  const random = seeded(seed);
  const words = isGood
    ? 'river stone garden letter morning winter bread'
    : 'click buy cheap win offer free now';
  const common = 'the of and to in a is that';
  const list = `${words} ${common}`.split(' ');
  return Array.from({ length: count }, (_, i) => ({
    id: `${isGood ? 'good' : 'bad'}-${i}`,
    text: Array.from(
      { length: 40 + Math.floor(random() * 60) },
      () => list[Math.floor(random() * list.length)]!,
    ).join(' '),
  }));
}

async function idsOf(path: string): Promise<string[]> {
  return (await rowsIn(path)).map((row) => row['id'] as string);
}

test('a model that was trained keeps the share that is asked for, the best ones, and its calibration does it again in one pass', async () => {
  await writeFile(folder('good.jsonl'), jsonLines(documents(150, true, 1)));
  await writeFile(folder('bad.jsonl'), jsonLines(documents(150, false, 2)));
  const pool = [...documents(60, true, 3), ...documents(140, false, 4)].toSorted((a, b) =>
    a.text < b.text ? -1 : 1,
  );
  await writeFile(folder('pool.jsonl'), jsonLines(pool));
  const model = folder('quality.model');
  const trained = await sluice([
    'train-quality',
    '--positive',
    folder('good.jsonl'),
    '--negative',
    folder('bad.jsonl'),
    '-o',
    model,
    '--bits',
    '16',
    ...oneThread,
  ]);
  expect(trained.code, trained.stderr).toBe(0);
  expect(trained.stderr).toMatch(/150 positive and 150 negative\n {2}held out {6}AUC 1\.000/);

  const filtered = await sluice([
    'filter',
    folder('pool.jsonl'),
    '-o',
    folder('out'),
    '--quality-model',
    model,
    '--keep-top',
    '0.3',
    ...oneThread,
  ]);
  expect(filtered.code, filtered.stderr).toBe(0);
  const kept = await idsOf(folder('out'));
  expect(kept.length).toBe(60);
  expect(kept.every((id) => id.startsWith('good'))).toBe(true);
  const report = await readReport(folder('out'));
  expect(report.calibrations).toEqual([{ step: 'quality', documents: 200, error: expect.any(Number) }]);
  expect(report.documents.dropped).toMatchObject({ quality: 140 });

  // The recipe of the report holds the threshold, so standard input will do.
  await writeFile(folder('recipe.json'), JSON.stringify(report.recipe));
  const { code, stdout, stderr } = await sluice(
    [
      'run',
      folder('recipe.json'),
      '-',
      '--input-format',
      'jsonl',
      '-o',
      '-',
      '--format',
      'jsonl',
      ...oneThread,
    ],
    { stdin: Buffer.from(jsonLines(pool)) },
  );
  expect(code, stderr).toBe(0);
  expect(
    stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: string }).id),
  ).toEqual(kept);
}, 60_000);

test('a share cannot be measured on standard input, and scores can be written as columns instead', async () => {
  await writeFile(folder('good.jsonl'), jsonLines(documents(30, true, 5)));
  await writeFile(folder('bad.jsonl'), jsonLines(documents(30, false, 6)));
  const inputs = ['--positive', folder('good.jsonl'), '--negative', folder('bad.jsonl')];
  for (const kind of ['linear', 'importance', 'perplexity']) {
    const words = kind === 'perplexity' ? inputs.slice(0, 2) : inputs;
    const { code, stderr } = await sluice(
      [
        'train-quality',
        ...words,
        ...oneThread,
        '--kind',
        kind,
        '--bits',
        '16',
        '-o',
        folder(`${kind}.model`),
      ].filter((word, i, all) => kind === 'linear' || (word !== '--bits' && all[i - 1] !== '--bits')),
    );
    expect(code, stderr).toBe(0);
  }
  const models = ['linear', 'importance', 'perplexity'].map((kind) => folder(`${kind}.model`));
  const piped = await sluice(
    [
      'filter',
      '-',
      '--input-format',
      'jsonl',
      '-o',
      folder('no'),
      '--quality-model',
      models[0]!,
      '--keep-top',
      '0.5',
    ],
    {
      stdin: Buffer.from(jsonLines(documents(5, true, 7))),
    },
  );
  expect(piped.code).toBe(2);
  expect(piped.stderr).toMatch(
    /a share of the documents needs two passes, and standard input can be read once; give files/,
  );

  const scored = await sluice([
    'filter',
    folder('good.jsonl'),
    folder('bad.jsonl'),
    '-o',
    folder('scored'),
    '--quality-model',
    models.join(','),
    '--score-only',
    ...oneThread,
  ]);
  expect(scored.code, scored.stderr).toBe(0);
  const rows = await rowsIn(folder('scored'));
  expect(rows.length).toBe(60);
  for (const name of ['quality_linear', 'quality_importance']) {
    const scores = rows.map((row) => row[name] as number);
    expect(Math.min(...scores.slice(0, 30))).toBeGreaterThan(Math.max(...scores.slice(30)));
  }
  expect(rows.every((row) => (row['quality_perplexity'] as number) > 0)).toBe(true);
  expect((await readManifest(folder('scored'))).rows).toBe(60);
}, 60_000);
