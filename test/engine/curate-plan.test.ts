import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { summarize } from '../../src/cli/summary.ts';
import { type CurateOptions, curate, type Report } from '../../src/index.ts';
import { trainQuality } from '../../src/train-quality.ts';
import { type LedgerRow, type Row, rowsOf } from './curate-result.ts';
import { plantConcepts, withVectors } from './planted-concepts.ts';
import { jsonLines, liveThreads, readManifest, useFolder } from './support.ts';

// One curation is made of a dump, and its plan is applied to that dump, to the next one of the same source, and to one of another source.

const CONCEPTS = 10;
const EACH = 200;
const DOCUMENTS = CONCEPTS * EACH;
const KEEP = 0.5;

const folder = useFolder();
let shared = '';
let planned: Report;

/** Ten concepts of equal size; as many words at most as fit a quota many times over, so that no document is too large for it. */
const dump = (seed: number, first = 0) =>
  plantConcepts({
    sizes: Array.from({ length: first + CONCEPTS }, (_, concept) => (concept < first ? 0 : EACH)),
    seed,
    words: [30, 90],
  });

const at = (name: string): string => join(shared, name);
/** Reasons of a ledger by id. */
const reasonsOf = async (output: string): Promise<Map<string, LedgerRow>> =>
  new Map((await rowsOf<LedgerRow>(`${output}/ledger`)).map((row) => [row.id!, row]));

const applied = (input: string, more: Partial<CurateOptions> = {}): Promise<Report> =>
  curate({ input, output: folder('out'), plan: at('january.plan'), threads: 1, ...more });

beforeAll(async () => {
  shared = await mkdtemp(join(tmpdir(), 'sluice-plan-'));
  const january = dump(1);
  await writeFile(at('january.jsonl'), jsonLines([...january, { ...january[0]!, id: 'again' }]));
  await writeFile(at('february.jsonl'), jsonLines(dump(2)));
  planned = await curate({
    input: at('january.jsonl'),
    output: at('january'),
    keep: KEEP,
    concepts: CONCEPTS,
    threads: 1,
    savePlan: at('january.plan'),
  });
});
afterAll(() => rm(shared, { recursive: true, force: true }));

test('applied to its own dump a plan decides as the curation did, and gives the same concepts', async () => {
  const { plan, documents } = await applied(at('january.jsonl'));
  const before = await reasonsOf(at('january'));
  const after = await reasonsOf(folder('out'));
  expect(after.size).toBe(DOCUMENTS + 1);
  expect(after.get('again')).toMatchObject({ reason: 'exact-duplicate', twin_row: 0 });
  let compared = 0;
  for (const [id, { reason, concept }] of before) {
    if (reason?.endsWith('-duplicate')) continue;
    compared++;
    expect({ id, reason: after.get(id)!.reason }).toEqual({ id, reason });
    expect(concept).not.toBeNull();
  }
  // No two documents are alike, so little is said twice.
  expect(compared).toBeGreaterThan(0.95 * DOCUMENTS);
  const concepts = new Map((await rowsOf<Row>(at('january'))).map((row) => [row['id'], row['concept']]));
  const rows = await rowsOf<Row>(folder('out'));
  for (const { id, concept } of rows) expect(concept).toBe(concepts.get(id) ?? concept);
  expect(Object.keys(rows[0]!)).not.toContain('cluster_size');
  for (const { reason, statistic, threshold } of after.values()) {
    if (reason !== 'outlier' && reason !== 'over-quota') continue;
    expect(reason === 'outlier' ? statistic! >= threshold! : statistic! > threshold!).toBe(true);
  }
  expect(Object.keys(documents.dropped)).toEqual([
    'exact-duplicate',
    'near-duplicate',
    'outlier',
    'over-quota',
    'unreadable',
  ]);
  expect(plan).toMatchObject({ path: at('january.plan'), isApproximate: true });
  expect(plan!.budget.plannedShare).toBeCloseTo(KEEP, 2);
  expect(plan!.budget.repeatShare).toBe(0);
  // The first of similar documents is kept here, the longest there, and none is similar.
  expect(plan!.budget.keptShare).toBeCloseTo(plan!.budget.expectedShare, 3);
  expect(plan!.drift).toMatchObject({
    documentsThen: DOCUMENTS,
    documentsNow: DOCUMENTS,
    shareDistance: 0,
    staleBy: [],
  });
  expect(plan!.drift!.meanDistanceNow).toBeCloseTo(plan!.drift!.meanDistanceThen, 12);
});

test('a dump of another source is told apart', async () => {
  await writeFile(folder('other.jsonl'), jsonLines(dump(3, CONCEPTS)));
  const report = await applied(folder('other.jsonl'));
  const { drift } = report.plan!;
  // Only words that are common to all are known of it: its documents lie between the concepts, far from each.
  expect(drift!.staleBy).toEqual(['distance']);
  expect(drift!.changedConcepts).toBeGreaterThan(0);
  expect(drift!.mostChanged[0]!.names.length).toBeGreaterThan(0);
  const says = summarize(report, folder('out'));
  expect(says).toContain('applied in one pass: approximate');
  expect(says).toContain('learn concepts again');
});

test('what says nothing that the plan knows is kept by chance, as much of it as of all', async () => {
  // Words that come nowhere else. A few have the hash of a known one.
  const unknown = Array.from({ length: 400 }, (_, i) => ({ id: `${i}`, text: `qq${i}zz${7 * i}` }));
  await writeFile(folder('unknown.jsonl'), jsonLines(unknown));
  const { plan, documents } = await applied(folder('unknown.jsonl'));
  expect(plan!.drift!.staleBy).toEqual(['distance', 'shares']);
  expect(plan!.drift!.meanDistanceNow).toBeGreaterThan(0.9);
  // Half are kept, up to five standard deviations.
  expect(Math.abs(documents.kept - 200)).toBeLessThan(5 * Math.sqrt(100));
});

test('of the next dump the same share is kept, whatever the threads and cuts, from files or a stream', async () => {
  const options = { format: 'jsonl' } as const;
  const { plan } = await applied(at('february.jsonl'), { ...options, output: folder('a') });
  const { keptShare, expectedShare, plannedShare } = plan!.budget;
  // Cuts follow from one draw of documents and are applied to another: the variance of a share twice, with lengths that vary by 40 %; four deviations.
  const tolerance = 4 * Math.sqrt((2 * KEEP * (1 - KEEP) * (1 + 0.4 ** 2)) / DOCUMENTS);
  expect(Math.abs(keptShare - expectedShare)).toBeLessThan(tolerance);
  // What says again what another document says is kept, too.
  expect(expectedShare - plannedShare).toBeGreaterThanOrEqual(0);
  expect(expectedShare - plannedShare).toBeLessThan(0.05);
  const { drift } = plan!;
  expect(drift).toMatchObject({ staleBy: [], changedConcepts: 0 });
  expect(drift!.shareDistance).toBeLessThan(4 * drift!.shareDistanceByChance);

  await applied(at('february.jsonl'), { ...options, output: folder('b'), threads: 2, morselBytes: 400_000 });
  const [a, b] = [await readManifest(folder('a')), await readManifest(folder('b'))];
  expect(b.parts).toEqual(a.parts);
  expect(b.ledger).toEqual(a.ledger);

  const bytes = await readFile(at('february.jsonl'));
  const chunks: Uint8Array[] = [];
  const output = new Writable({
    write(chunk: Uint8Array, _, done) {
      chunks.push(Uint8Array.from(chunk));
      done();
    },
  });
  const stdin = Readable.from([bytes.subarray(0, 70_001), bytes.subarray(70_001)]);
  const streamed = await applied('-', { ...options, output, stdin });
  expect(Buffer.concat(chunks)).toEqual(await readFile(join(folder('a'), a.parts[0]!.path)));
  expect(streamed.plan).toEqual(plan);
});

test('filters, edits, a model of quality and vectors of others are in a plan, the same for any threads; models may move, but not change', async () => {
  const documents = withVectors(dump(4).slice(0, 500), 4).map((one, i) => ({
    ...one,
    text: i % 9 === 0 ? 'short' : `${one.text} ${i % 2 === 0 ? 'write to me@mail.org' : 'and so on'}`,
  }));
  await writeFile(folder('in.jsonl'), jsonLines(documents));
  const half = (good: boolean) => jsonLines(documents.filter(({ planted }) => planted < 5 === good));
  await writeFile(folder('good.jsonl'), half(true));
  await writeFile(folder('bad.jsonl'), half(false));
  const model = folder('taste.model');
  await trainQuality({
    kind: 'linear',
    positive: folder('good.jsonl'),
    negative: [folder('bad.jsonl')],
    output: model,
    bits: 12,
    threads: 1,
  });
  const making = {
    input: folder('in.jsonl'),
    keep: 0.4,
    concepts: 5,
    encoder: 'column',
    vectorColumn: 'vector',
    redundancy: 'off',
    steps: [{ use: 'gopher-quality', min_doc_words: 10, min_stop_words: 0 }, { use: 'pii' }],
    qualityModel: model,
  } as const;
  await curate({
    ...making,
    output: folder('first'),
    threads: 1,
    savePlan: folder('deep', 'down', 'the.plan'),
  });
  await curate({
    ...making,
    output: folder('again'),
    threads: 2,
    morselBytes: 400_000,
    savePlan: folder('same.plan'),
  });
  const [one, same] = [
    await readFile(folder('deep', 'down', 'the.plan')),
    await readFile(folder('same.plan')),
  ];
  expect(Buffer.compare(one, same)).toBe(0);
  await rename(model, folder('moved.model'));
  const options = { input: folder('in.jsonl'), plan: folder('deep', 'down', 'the.plan'), threads: 1 };
  await expect(curate({ ...options, output: folder('none') })).rejects.toThrow(
    `${model}: expected a model, found no file to read`,
  );
  await expect(
    curate({ ...options, output: folder('none'), qualityModel: folder('in.jsonl') }),
  ).rejects.toThrow(
    /in\.jsonl: expected the model that the plan was made with \(SHA-256 [0-9a-f]{64}\), found another/,
  );
  const { plan, documents: counted } = await curate({
    ...options,
    output: folder('second'),
    qualityModel: folder('moved.model'),
  });
  const [before, after] = [await reasonsOf(folder('first')), await reasonsOf(folder('second'))];
  let compared = 0;
  for (const [id, { reason, copies }] of before) {
    if (reason?.endsWith('-duplicate')) continue;
    compared++;
    expect({ id, reason: after.get(id)!.reason }).toEqual({ id, reason });
    expect(copies).toBe(reason === null ? 1 : 0);
  }
  expect(compared).toBeGreaterThan(400);
  expect(counted.edited).toBeGreaterThan(50);
  expect(plan!.drift!.shareDistance).toBe(0);
  const [row] = await rowsOf<Row>(folder('second'));
  expect(typeof row!['quality_moved']).toBe('number');
  await writeFile(folder('bare.jsonl'), jsonLines([{ id: 'a', text: 'some words' }]));
  await expect(
    curate({
      ...options,
      input: folder('bare.jsonl'),
      output: folder('none'),
      qualityModel: folder('moved.model'),
    }),
  ).rejects.toThrow('expected a column "vector" with vectors, found id, text');
  await expect(stat(folder('none'))).rejects.toThrow('ENOENT');
});

test('a plan that is no plan, or damaged, is refused before anything is written', async () => {
  const plan = await readFile(at('january.plan'));
  plan[plan.length - 3]! ^= 1;
  await writeFile(folder('damaged.plan'), plan);
  const refused = (path: string) => applied(at('february.jsonl'), { plan: path });
  await expect(refused(folder('damaged.plan'))).rejects.toThrow(
    /damaged\.plan: checksum: expected the one in the file, found another/,
  );
  await expect(refused(at('january/report.json'))).rejects.toThrow(
    'first bytes: expected a plan of sluice curate',
  );
  await expect(refused(folder('no.plan'))).rejects.toThrow('found no file to read');
  await expect(refused(folder())).rejects.toThrow('found no regular file');
  expect(await readdir(folder())).toEqual(['damaged.plan']);
});

test.each<[string, Partial<CurateOptions>]>([
  ['--keep has no meaning with --plan', { keep: 0.5 }],
  ['--tokens has no meaning with --plan', { tokens: 5 }],
  ['--preset or --recipe has no meaning with --plan', { steps: [{ use: 'pii' }] }],
  ['--work-dir has no meaning with --plan', { workDirectory: '.' }],
  ['--max-epochs has no meaning with --plan', { maxEpochs: 2 }],
  ['--seed has no meaning with --plan', { seed: 0 }],
  ['--save-plan has no meaning with --plan', { savePlan: 'x' }],
  ['--quality-model has no meaning with this plan', { qualityModel: 'x' }],
  ['--encoder-model has no meaning with this plan', { encoderModel: 'x' }],
])('what the plan says already cannot be said again: %s', async (says, options) => {
  const refused = expect(applied(at('february.jsonl'), options)).rejects;
  await refused.toMatchObject({ code: 'USAGE', message: expect.stringContaining(says) as string });
});

test('a plan that cannot be saved is refused before anything is read', async () => {
  const saving = (savePlan: string, more: Partial<CurateOptions> = {}) =>
    curate({ input: at('january.jsonl'), output: folder('out'), keep: 0.5, savePlan, ...more });
  await expect(saving(folder())).rejects.toThrow('expected a file to save the plan to, found a directory');
  await writeFile(folder('file'), '');
  await expect(saving(folder('file', 'x.plan'))).rejects.toMatchObject({ code: 'BAD_OUTPUT' });
  await expect(saving(folder('x.plan'), { balanceBy: 'source' })).rejects.toMatchObject({ code: 'USAGE' });
  expect(await readdir(folder())).toEqual(['file']);
});

test('an abort leaves no plan', async () => {
  await writeFile(folder('in.jsonl'), jsonLines(withVectors(dump(6).slice(0, 100), 6)));
  const controller = new AbortController();
  const before = liveThreads();
  const running = curate({
    input: folder('in.jsonl'),
    output: folder('out'),
    keep: KEEP,
    encoder: 'column',
    vectorColumn: 'vector',
    threads: 1,
    savePlan: folder('the.plan'),
    signal: controller.signal,
    onEvent(event) {
      if (event.type === 'work' && event.work.doing === 'finding concepts')
        controller.abort(new Error('enough'));
    },
  });
  await expect(running).rejects.toThrow('enough');
  expect(await readdir(folder())).toEqual(['in.jsonl']);
  expect(liveThreads()).toBeLessThanOrEqual(before);
});

test('an abort while a plan is applied leaves nothing unfinished', async () => {
  const controller = new AbortController();
  const running = applied(at('february.jsonl'), {
    partSize: 20_000,
    signal: controller.signal,
    onEvent: ({ type }) => type === 'part' && controller.abort(new Error('enough')),
  });
  await expect(running).rejects.toThrow('enough');
  const names = await readdir(folder('out'));
  expect(names.filter((name) => name.startsWith('.') || name === 'manifest.json')).toEqual([]);
  expect(planned.curation!.concepts.length).toBeGreaterThan(1);
});
