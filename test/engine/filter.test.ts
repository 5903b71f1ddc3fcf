import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { filter, type RecipeStep } from '../../src/index.ts';
import { rowsIn } from './rows.ts';
import {
  jsonLines,
  oneThread,
  plantedDocuments,
  readManifest,
  readReport,
  seeded,
  sluice,
  useFolder,
} from './support.ts';

const folder = useFolder();

/** Prose that some rules keep and some drop, with addresses, repeated lines and duplicates. */
function documents(count: number, seed: number): { id: string; text: string }[] {
  const random = seeded(seed);
  const words =
    'the be to of and that have with time year people way day man thing woman life child world school'.split(
      ' ',
    );
  const sentence = (): string => {
    const length = 4 + Math.floor(random() * 14);
    const all = Array.from({ length }, () => words[Math.floor(random() ** 2 * words.length)]!);
    if (random() < 0.1) all.push(`mail-${Math.floor(random() * 99)}@example.org`);
    if (random() < 0.02) all.push('{');
    return `${all.join(' ')} ${Math.floor(random() * 1e6).toString(36)}${random() < 0.9 ? '.' : ''}`;
  };
  const texts: string[] = [];
  for (let i = 0; i < count; i++) {
    const copied = texts[Math.floor(random() * texts.length)];
    if (copied !== undefined && random() < 0.2) {
      texts.push(random() < 0.5 ? copied : `${copied} Once more.`);
      continue;
    }
    const lines = Array.from({ length: 1 + Math.floor(random() * 12) }, () =>
      Array.from({ length: 1 + Math.floor(random() * 4) }, sentence).join(' '),
    );
    if (random() < 0.4)
      lines.splice(Math.floor(random() * lines.length), 0, 'Subscribe to our weekly letter today.');
    texts.push(lines.join('\n'));
  }
  return texts.map((text, i) => ({ id: `doc-${i}`, text }));
}

const judging: readonly RecipeStep[] = [
  { use: 'gopher-quality', min_avg_word_length: 2, max_non_alpha_words_ratio: 0.5 },
  { use: 'c4-quality' },
];
const dedup: RecipeStep = { use: 'dedup', seed: 3 };
const masking: RecipeStep = { use: 'pii' };
const cutting: RecipeStep = { use: 'repeated-lines', most: 20, min_words: 30, expected_units: 100_000 };

test('every document has one line in the ledger; what is kept and what is dropped are together what was read', async () => {
  const given = documents(3000, 1);
  await writeFile(folder('in.jsonl'), jsonLines(given));
  const report = await filter({
    input: folder('in.jsonl'),
    output: folder('out'),
    steps: [...judging, dedup, { ...cutting, min_words: 60 }],
    keepRejects: true,
    threads: 2,
  });
  const { read: count, kept, dropped, edited } = report.documents;
  expect(count).toBe(3000);
  expect(count).toBe(kept + Object.values(dropped).reduce((a, b) => a + b, 0));
  for (const reason of [
    'gopher_short_doc',
    'curly_bracket',
    'exact-duplicate',
    'near-duplicate',
    'repeated_lines_too_few_words',
  ]) {
    expect(dropped[reason], reason).toBeGreaterThan(5);
  }
  const ledger = await rowsIn(folder('out', 'ledger'));
  const output = await rowsIn(folder('out'));
  const rejects = await rowsIn(folder('out', 'rejects'));
  expect(ledger.map(({ id }) => id)).toEqual(given.map(({ id }) => id));
  expect(output.map(({ id }) => id)).toEqual(
    ledger.filter(({ decision }) => decision === 'kept').map(({ id }) => id),
  );
  const away = ledger.filter(({ decision }) => decision === 'dropped');
  expect(rejects.map(({ id }) => id)).toEqual(away.map(({ id }) => id));
  expect(rejects.map(({ reject_reason: reason }) => reason)).toEqual(away.map(({ reason }) => reason));
  expect(ledger.filter((row) => row['edited'] === true).length).toBe(edited);
  const text = new Map(given.map((one) => [one.id, one.text]));
  // What a filter dropped keeps the text it came with; what was kept unedited is as it was.
  for (const { id, text: found, reject_reason: reason } of rejects) {
    if (!/duplicate|repeated/.test(reason as string)) expect(found).toBe(text.get(id as string));
  }
  const isEdited = new Map(ledger.map((row) => [row['id'], row['edited']]));
  for (const { id, text: found } of output)
    expect(found === text.get(id as string)).toBe(isEdited.get(id) === false);
  // The statistic is on the wrong side of the threshold.
  for (const { reason, statistic, threshold } of ledger) {
    if (reason === 'gopher_short_doc' || reason === 'too_few_sentences')
      expect(statistic as number).toBeLessThan(threshold as number);
  }
  expect(report.bytes.textKept).toBe(
    output.reduce((sum, row) => sum + Buffer.byteLength(row['text'] as string), 0),
  );
  expect((await readManifest(folder('out'))).rejects.reduce((sum, part) => sum + part.rows, 0)).toBe(
    rejects.length,
  );
}, 60_000);

test('steps in one pass are the steps one after another, in whatever order the recipe has them', async () => {
  await writeFile(folder('in.jsonl'), jsonLines(documents(1000, 2)));
  const orders: readonly (readonly RecipeStep[])[] = [
    [...judging, dedup],
    [dedup, ...judging],
    [dedup, cutting],
    [masking, dedup, judging[1]!, judging[0]!],
    [judging[1]!, masking, cutting],
  ];
  /** What steps leave that were taken one after another; beginnings that orders share are run once. */
  const apart = new Map<string, Promise<string>>();
  const oneAfterAnother = async (steps: readonly RecipeStep[]): Promise<string> => {
    const last = steps.at(-1);
    if (last === undefined) return folder('in.jsonl');
    const input = await oneAfterAnother(steps.slice(0, -1));
    const name = steps.map(({ use }) => use).join(', ');
    let known = apart.get(name);
    if (known === undefined) {
      const output = folder(name);
      known = filter({ input, output, steps: [last], threads: 1 }).then(() => output);
      apart.set(name, known);
    }
    return known;
  };
  for (const [i, steps] of orders.entries()) {
    const whole = folder(`whole-${i}`);
    await filter({ input: folder('in.jsonl'), output: whole, steps, threads: i === 0 ? 2 : 1 });
    const rows = await rowsIn(whole);
    expect(rows.length).toBeGreaterThan(100);
    expect(JSON.stringify(rows)).toBe(JSON.stringify(await rowsIn(await oneAfterAnother(steps))));
  }
}, 120_000);

test('the bytes of every part are the same for any thread count and morsel size, whatever filters are on', async () => {
  await writeFile(folder('in.jsonl'), jsonLines(documents(2500, 3)));
  const steps: readonly RecipeStep[] = [
    { use: 'language', score_only: true },
    { use: 'gopher-repetition', top_2_gram: null, top_3_gram: null, top_4_gram: null },
    ...judging,
    masking,
    dedup,
    cutting,
  ];
  const seen: unknown[] = [];
  for (const [i, variant] of [
    { threads: 1 },
    // Slabs of this leave 64 KiB for rows, so that a morsel needs several.
    { threads: 2, morselBytes: 200_000 },
    { threads: 3, morselBytes: 300_001, memory: 1.5 * 2 ** 30 },
  ].entries()) {
    const output = folder(`out-${i}`);
    await filter({
      input: folder('in.jsonl'),
      output,
      steps,
      keepRejects: true,
      partSize: 300_000,
      ...variant,
    });
    const { parts, ledger, rejects } = await readManifest(output);
    seen.push({ parts, ledger, rejects });
  }
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[2]).toEqual(seen[0]);
}, 120_000);

test('a recipe that a report spells out gives the same result again', async () => {
  await writeFile(folder('in.jsonl'), jsonLines(documents(500, 4)));
  const printed = await sluice([
    'filter',
    '--rules',
    'gopher-quality,c4-quality',
    '--min-doc-words',
    '30',
    '--dedup',
    '--print-recipe',
  ]);
  expect(printed.code).toBe(0);
  await writeFile(folder('recipe.yaml'), printed.stdout);
  const byRecipe = await sluice([
    'run',
    folder('recipe.yaml'),
    folder('in.jsonl'),
    '-o',
    folder('run'),
    ...oneThread,
  ]);
  expect(byRecipe.code, byRecipe.stderr).toBe(0);
  const byOptions = await sluice([
    'filter',
    folder('in.jsonl'),
    '-o',
    folder('filter'),
    '--rules',
    'gopher-quality,c4-quality',
    '--min-doc-words',
    '30',
    '--dedup',
    ...oneThread,
  ]);
  expect(byOptions.code, byOptions.stderr).toBe(0);
  expect((await readManifest(folder('run'))).parts).toEqual((await readManifest(folder('filter'))).parts);
  const { recipe } = await readReport(folder('run'));
  expect(recipe).toEqual((await readReport(folder('filter'))).recipe);
  await writeFile(folder('again.yaml'), JSON.stringify(recipe));
  const again = await sluice([
    'run',
    folder('again.yaml'),
    folder('in.jsonl'),
    '-o',
    folder('again'),
    ...oneThread,
  ]);
  expect(again.code, again.stderr).toBe(0);
  expect((await readManifest(folder('again'))).parts).toEqual((await readManifest(folder('filter'))).parts);
}, 60_000);

test('inspect shows each reason with its share, its threshold and examples', async () => {
  await writeFile(
    folder('in.jsonl'),
    jsonLines([...documents(300, 5), { id: 'odd', text: 'short \u001b[31m text' }]),
  );
  const run = await sluice([
    'filter',
    folder('in.jsonl'),
    '-o',
    folder('out'),
    '--rules',
    'gopher-quality',
    '--dedup',
    '--keep-rejects',
    ...oneThread,
  ]);
  expect(run.code, run.stderr).toBe(0);
  const { documents: counts } = await readReport(folder('out'));
  for (const keepsRejects of [true, false]) {
    if (!keepsRejects) {
      await sluice([
        'filter',
        folder('in.jsonl'),
        '-o',
        folder('out'),
        '--rules',
        'gopher-quality',
        '--dedup',
        '--overwrite',
        ...oneThread,
      ]);
    }
    const { code, stdout } = await sluice(['inspect', folder('out'), '--examples', '400']);
    const shown = stdout.toString();
    expect(code).toBe(0);
    for (const [reason, count] of Object.entries(counts.dropped)) {
      if (count > 0) expect(shown).toMatch(new RegExp(`^${reason} {2}${count} \\(`, 'm'));
    }
    expect(shown).toMatch(/in\.jsonl row 300, id odd: \d against 50\n {4}│ short \[31m text\n/);
    // Nothing of a document can move the cursor.
    expect(shown).not.toContain('\u001b');
  }
  const wrong = await sluice(['inspect', folder('out'), '--reason', 'nonsense']);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toMatch(
    /--reason nonsense: nothing was dropped for it; reasons of this run are gopher_short_doc, /,
  );
}, 60_000);

test('a step that is asked for wrongly is a usage error that says what to do', async () => {
  await writeFile(folder('in.jsonl'), jsonLines(plantedDocuments(10, 1)));
  const says = async (...words: readonly string[]): Promise<string> => {
    const { code, stderr } = await sluice(['filter', folder('in.jsonl'), '-o', folder('out'), ...words]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sluice: [^\n]+\n$/);
    return stderr;
  };
  expect(await says()).toContain('expected something to judge by: --preset gopher|c4|fineweb|dclm');
  expect(await says('--dedup')).toContain('expected something to judge by');
  expect(await says('--rules', 'gopher')).toContain(
    '--rules: no rule set "gopher"; there are gopher-quality',
  );
  expect(await says('--pii', '--min-doc-words', '3')).toContain('--min-doc-words belongs to gopher-quality');
  expect(await says('--rules', 'url', '--url-column', 'text')).toMatch(/url/);
  expect(await says('--rules', 'gopher-quality', '--max-bullet-lines-ratio', '1.5')).toContain(
    'max_bullet_lines_ratio: expected a number from 0 to 1, or off (null in a recipe), found 1.5',
  );
  expect(await says('--language', 'en', '--text-column', 'body')).toContain('"body"');
  const missing = await sluice([
    'filter',
    folder('in.jsonl'),
    '-o',
    folder('out'),
    '--decontaminate',
    folder('no.jsonl'),
  ]);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toMatch(/^sluice: .*no\.jsonl[^\n]*\n$/);
}, 60_000);
