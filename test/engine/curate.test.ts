import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CurateOptions } from '../../src/index.ts';
import { adjustedRandIndex } from '../concepts/agreement.ts';
import { type Curated, counted, curateTo, type LedgerRow, sum } from './curate-result.ts';
import {
  floodOf,
  type PlantedDocument,
  paraphraseOf,
  plantConcepts,
  shuffled,
  withVectors,
  zipfSizes,
} from './planted-concepts.ts';
import { jsonLines, readManifest } from './support.ts';

let root = '';
const folder = (...names: string[]): string => join(root, ...names);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-curate-test-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const bytesOf = (text: string): number => Buffer.byteLength(text);
const largestOf = (documents: readonly { readonly text: string }[]): number =>
  Math.max(...documents.map(({ text }) => bytesOf(text)));

/** Reasons that leave a document without a concept. */
const BEFORE_CONCEPTS: ReadonlySet<string | null> = new Set([
  'unreadable',
  'gopher_short_doc',
  'exact-duplicate',
  'near-duplicate',
]);

describe('a dump with damage, rubbish, copies and paraphrases', () => {
  type Document = PlantedDocument & { readonly n: number; readonly tags: string[] | null };
  let documents: readonly Document[] = [];
  /** Lines of both files; undefined for damaged ones. */
  let lines: readonly (readonly (Document | undefined)[])[] = [];
  let options: Omit<CurateOptions, 'output'>;
  let curated: Curated;
  const keyOf = (source: string | null, row: number | null): string => `${source}:${row}`;

  beforeAll(async () => {
    const originals = plantConcepts({ sizes: zipfSizes(6, 130), seed: 3 });
    const all = shuffled(
      [
        ...originals,
        ...floodOf(originals.slice(0, 15), 90),
        ...originals.slice(20, 50).map((one, i) => paraphraseOf(one, i)),
        ...originals
          .slice(60, 70)
          .map((one, i) => ({ ...one, id: `short-${i}`, text: 'too short to say much' })),
      ],
      5,
    );
    documents = all.map((one, n) => ({
      ...one,
      n,
      tags: n % 3 === 0 ? null : ['é"\\', `t${n % 7}`].slice(0, n % 3),
    }));
    const middle = Math.floor(documents.length / 2);
    lines = [
      [...documents.slice(0, 7), undefined, ...documents.slice(7, middle)],
      [undefined, ...documents.slice(middle)],
    ];
    for (const [i, name] of ['a.jsonl', 'b.jsonl'].entries()) {
      const text = lines[i]!.map((one) =>
        one === undefined ? '{"id": "broken", ' : JSON.stringify(one),
      ).join('\n');
      await writeFile(folder(name), `${text}\n`);
    }
    options = {
      input: [folder('a.jsonl'), folder('b.jsonl')],
      onError: 'skip',
      steps: [{ use: 'gopher-quality', min_doc_words: 10, max_avg_word_length: null, min_stop_words: null }],
      keep: 0.4,
    };
    curated = await curateTo(folder('out'), options);
  });

  const documentOf = ({ source, row }: LedgerRow): Document | undefined =>
    lines[source === folder('a.jsonl') ? 0 : 1]![row];

  test('read is kept plus dropped by reason, and the ledger has a row for every line in its place', () => {
    const { report, ledger } = curated;
    const { read, kept, dropped } = report.documents;
    expect(read).toBe(documents.length + 2);
    expect(read).toBe(kept + sum(Object.values(dropped)));
    expect(ledger.map(({ source, row }) => keyOf(source, row))).toEqual(
      lines.flatMap((of, i) => of.map((_, row) => keyOf(folder(i === 0 ? 'a.jsonl' : 'b.jsonl'), row))),
    );
    expect(ledger.map(({ id }) => id)).toEqual(lines.flat().map((one) => one?.id ?? null));
    const reasons = counted(ledger.map(({ reason }) => reason));
    expect(reasons.get(null)).toBe(kept);
    for (const [reason, count] of Object.entries(dropped)) expect(reasons.get(reason) ?? 0).toBe(count);
    expect(dropped).toMatchObject({ unreadable: 2, gopher_short_doc: 10 });
    // Every option spelled out, as it was run.
    expect(report.recipe!.steps).toMatchObject([
      { use: 'gopher-quality', min_doc_words: 10, max_doc_words: 100_000 },
    ]);
    expect(ledger.flatMap(({ reason }, at) => (reason === 'unreadable' ? [at] : []))).toEqual([
      7,
      lines[0]!.length,
    ]);
  });

  test('a row of the ledger says what became of its document, how often it was written, and its concept', () => {
    const byKey = new Map(curated.ledger.map((one) => [keyOf(one.source, one.row), one]));
    let copies = 0;
    for (const row of curated.ledger) {
      const { decision, reason } = row;
      expect(decision).toBe(reason === null ? 'kept' : 'dropped');
      expect(row.copies > 0).toBe(reason === null);
      expect(row.concept === null).toBe(BEFORE_CONCEPTS.has(reason));
      const own = documentOf(row);
      const twin = byKey.get(keyOf(row.twin_source, row.twin_row));
      switch (reason) {
        case 'exact-duplicate':
        case 'near-duplicate': {
          const other = documentOf(twin!)!;
          expect(BEFORE_CONCEPTS.has(twin!.reason)).toBe(false);
          expect(bytesOf(other.text)).toBeGreaterThanOrEqual(bytesOf(own!.text));
          expect(other.planted).toBe(own!.planted);
          if (reason === 'exact-duplicate') expect(other.text).toBe(own!.text);
          copies++;
          break;
        }
        case 'semantic-duplicate':
          // By leaders, the twin is no duplicate of anything itself; a quota may leave it out all the same.
          expect([null, 'outlier', 'over-quota']).toContain(twin!.reason);
          expect(twin!.concept).toBe(row.concept);
          expect(bytesOf(documentOf(twin!)!.text)).toBeGreaterThanOrEqual(bytesOf(own!.text));
          expect(row.statistic!).toBeGreaterThanOrEqual(row.threshold!);
          break;
        case 'over-quota':
        case 'outlier':
          expect(row.statistic!).toBeGreaterThanOrEqual(0);
          expect(row.threshold!).toBeGreaterThanOrEqual(0);
          break;
        default:
      }
      if (twin === undefined) expect(row.twin_row).toBe(null);
    }
    // Every planted copy, which lacks a word at most, is one, or its original is.
    expect(copies).toBe(90);
  });

  test('what is written is kept documents, unchanged, as often as the ledger says, with cluster size and concept', async () => {
    const { written, ledger } = curated;
    const kept = ledger.filter(({ reason }) => reason === null);
    expect(sum(ledger.map(({ copies }) => copies))).toBe(written.length);
    expect((await readManifest(folder('out'))).rows).toBe(written.length);
    const twins = counted(
      ledger.flatMap(({ reason, twin_source: source, twin_row: row }) =>
        reason === 'exact-duplicate' || reason === 'near-duplicate' ? [keyOf(source, row)] : [],
      ),
    );
    const rows = (copy: number): object[] =>
      kept.flatMap((row) =>
        row.copies > copy
          ? [
              {
                ...documentOf(row),
                cluster_size: 1 + (twins.get(keyOf(row.source, row.row)) ?? 0),
                concept: row.concept,
              },
            ]
          : [],
      );
    // Every document once in input order, then those that are written twice, and so on.
    expect(written.map(({ _rest, ...row }) => row)).toEqual([0, 1, 2, 3].flatMap(rows));
  });

  test('paraphrases are found, and named after what they repeat', () => {
    const byKey = new Map(curated.ledger.map((one) => [keyOf(one.source, one.row), one]));
    const found = curated.ledger.filter(
      ({ id, reason }) => reason === 'semantic-duplicate' && id!.endsWith('-again'),
    );
    // Shorter than what they repeat, so that they are what goes.
    expect(found.length).toBeGreaterThan(24);
    const right = found.filter(
      ({ id, twin_source: source, twin_row: row }) => `${byKey.get(keyOf(source, row))!.id}-again` === id,
    );
    expect(right.length).toBeGreaterThan(0.9 * found.length);
  });

  test('the report adds up: funnel, concepts, sources and languages', () => {
    const { report, curation, ledger, written } = curated;
    const { dropped, kept } = report.documents;
    const left = (...reasons: string[]): number =>
      report.documents.read - sum(reasons.map((reason) => dropped[reason]!));
    const filters = ['unreadable', ...Object.keys(dropped).filter((reason) => reason.startsWith('gopher'))];
    const steps = ['exact-duplicate', 'near-duplicate', 'semantic-duplicate', 'outlier', 'over-quota'];
    expect(curation.funnel.map(({ documents: count }) => count)).toEqual([
      report.documents.read,
      left(...filters),
      ...steps.map((_, i) => left(...filters, ...steps.slice(0, i + 1))),
      written.length,
    ]);
    expect(curation.funnel.at(-2)!.documents).toBe(kept);
    expect(curation.funnel.at(-1)!.tokens).toBe(curation.writtenTokens);
    expect(curation.writtenTokens).toBe(
      Math.round(sum(written.map(({ text }) => bytesOf(text as string))) / 4),
    );
    for (const found of curation.concepts) {
      const members = ledger.filter(({ concept }) => concept === found.concept);
      const of = (reason: string | null) => members.filter((row) => row.reason === reason);
      expect(found.documents).toBe(members.length);
      expect(found.semanticDuplicates).toBe(of('semantic-duplicate').length);
      expect(found.outliers).toBe(of('outlier').length);
      expect(found.keptDocuments).toBe(of(null).length);
      expect(found.writtenTokens).toBe(
        Math.round(sum(of(null).map((row) => row.copies * bytesOf(documentOf(row)!.text))) / 4),
      );
    }
    expect(sum(curation.concepts.map(({ documents: count }) => count))).toBe(curation.funnel[3]!.documents);
    expect(sum(curation.concepts.map(({ share }) => share))).toBeCloseTo(1, 9);
    for (const { of, groups } of curation.distributions) {
      expect(sum(groups.map(({ documents: count }) => count))).toBe(curation.funnel[1]!.documents);
      for (const { name, keptDocuments, writtenTokens } of groups) {
        const own = ledger.filter(
          (row) => row.reason === null && (of === 'source' ? row.source : documentOf(row)!.lang) === name,
        );
        expect(keptDocuments).toBe(own.length);
        expect(writtenTokens).toBe(
          Math.round(sum(own.map((row) => row.copies * bytesOf(documentOf(row)!.text))) / 4),
        );
      }
    }
    expect(curation.distributions.map(({ of }) => of)).toEqual(['source', 'lang']);
  });

  test('the same bytes for any thread count, morsel size and memory, and from standard input', async () => {
    const plain = ({ report }: Curated): object => ({
      ...report,
      seconds: 0,
      peakMemoryBytes: 0,
      threads: 0,
    });
    const first = await readManifest(folder('out'));
    const second = await curateTo(folder('out-2'), {
      ...options,
      threads: 3,
      morselBytes: 65_536,
      memory: 3 * 2 ** 30,
    });
    const { parts, ledger } = await readManifest(folder('out-2'));
    expect({ parts, ledger }).toEqual({ parts: first.parts, ledger: first.ledger });
    expect(plain(second)).toEqual(plain(curated));
    expect(await readFile(folder('out-2', 'report.html'))).toEqual(
      await readFile(folder('out', 'report.html')),
    );
    const all = await Promise.all(['a.jsonl', 'b.jsonl'].map((name) => readFile(folder(name))));
    const stdin = Readable.from([all[0]!.subarray(0, 1000), all[0]!.subarray(1000), all[1]!]);
    const streamed = await curateTo(folder('out-3'), {
      ...options,
      input: '-',
      stdin,
      memory: 900 * 2 ** 20,
    });
    expect((await readManifest(folder('out-3'))).parts).toEqual(first.parts);
    const said = (ledger: readonly LedgerRow[]): object[] =>
      ledger.map(({ id, reason, statistic, threshold, concept, copies }) => ({
        id,
        reason,
        statistic,
        threshold,
        concept,
        copies,
      }));
    expect(said(streamed.ledger)).toEqual(said(curated.ledger));
    expect(streamed.curation.concepts.map((facts) => ({ ...facts, examples: [] }))).toEqual(
      curated.curation.concepts.map((facts) => ({ ...facts, examples: [] })),
    );
  }, 120_000);
});

describe('budgets', () => {
  const documents = withVectors(plantConcepts({ sizes: zipfSizes(6, 300), seed: 11, words: [20, 60] }), 12);
  let options: Omit<CurateOptions, 'output'>;
  const texts = sum(documents.map(({ text }) => bytesOf(text)));

  beforeAll(async () => {
    const middle = Math.floor(documents.length / 4);
    await writeFile(folder('small.jsonl'), jsonLines(documents.slice(0, middle)));
    await writeFile(folder('large.jsonl'), jsonLines(documents.slice(middle)));
    options = {
      input: [folder('small.jsonl'), folder('large.jsonl')],
      encoder: 'column',
      vectorColumn: 'vector',
      redundancy: 'off',
      concepts: 6,
    };
  });

  /** Half the largest document, which is where the last prefix ends, and rounding. */
  const half = largestOf(documents) / 2 / 4 + 1;

  test.each([
    { tokens: texts / 8, quota: 'projection', fill: 'hard', balanceBy: 'source', maxEpochs: 1 },
    { keep: 0.7, quota: 'proportional', fill: 'easy', balanceBy: 'lang', balance: 'temperature' },
  ] as const)('is met by whole documents, and the quota of every concept: %o', async (rule) => {
    const { curation, written, report } = await curateTo(folder('budget'), {
      ...options,
      ...rule,
      overwrite: true,
    });
    expect(report.documents.read).toBe(documents.length);
    expect(curation.budgetTokens).toBe(Math.round('tokens' in rule ? rule.tokens : (rule.keep * texts) / 4));
    // So within 0.1 % where the budget is worth 500 of the largest documents.
    expect(Math.abs(curation.writtenTokens - curation.budgetTokens)).toBeLessThanOrEqual(half);
    const groups = rule.balanceBy === 'source' ? 2 : 3;
    for (const { quotaTokens, writtenTokens } of curation.concepts) {
      // In each group half a document where its own prefix ends, and half of one that is carried over.
      expect(Math.abs(writtenTokens - quotaTokens)).toBeLessThanOrEqual(2 * half * groups);
    }
    expect(sum(curation.concepts.map(({ quotaTokens }) => quotaTokens))).toBeCloseTo(
      curation.budgetTokens,
      -1,
    );
    const most = 'maxEpochs' in rule ? rule.maxEpochs : 4;
    for (const times of counted(written.map(({ id }) => id)).values())
      expect(times).toBeLessThanOrEqual(most);
  });

  test('above what epochs allow, everything is written so often, round after round, and the report says what is missing', async () => {
    const { curation, written, ledger } = await curateTo(folder('all'), {
      ...options,
      keep: 9,
      maxEpochs: 3,
    });
    const kept = ledger.filter(({ reason }) => reason === null);
    const left = kept.map(({ id }) => id);
    expect(ledger.every(({ reason }) => reason === null || reason === 'outlier')).toBe(true);
    expect(kept.every(({ copies }) => copies === 3)).toBe(true);
    // The copies of a document are as far apart as there are documents.
    expect(written.map(({ id }) => id)).toEqual([...left, ...left, ...left]);
    expect(curation.budgetTokens).toBe(Math.round((9 * texts) / 4));
    expect(curation.writtenTokens).toBe(
      Math.round((3 * sum(written.slice(0, left.length).map(({ text }) => bytesOf(text as string)))) / 4),
    );
    expect(curation.writtenTokens).toBeLessThan(curation.budgetTokens / 2);
    // Vectors of a column find what was planted.
    const found = ledger.filter(({ concept }) => concept !== null);
    const planted = new Map(documents.map(({ id, planted: label }) => [id, label]));
    expect(
      adjustedRandIndex(
        found.map(({ concept }) => concept!),
        found.map(({ id }) => planted.get(id!)!),
      ),
    ).toBeGreaterThan(0.9);
  });

  test('too small for a document, nothing is written, and the output is whole', async () => {
    const { report, curation, ledger } = await curateTo(folder('none'), { ...options, tokens: 1 });
    expect(report.documents.kept).toBe(0);
    expect(curation.writtenTokens).toBe(0);
    expect(ledger.length).toBe(documents.length);
    expect(await readdir(folder('none'))).toContain('manifest.json');
  });
});
