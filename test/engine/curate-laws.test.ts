import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { CurateOptions } from '../../src/index.ts';
import { adjustedRandIndex, purity } from '../concepts/agreement.ts';
import { floats, tokenizerOf, writeModel } from '../encoders/static-models.ts';
import { type Curated, curateTo, sum } from './curate-result.ts';
import { floodOf, plantConcepts, shuffled, withVectors, zipfSizes } from './planted-concepts.ts';
import { gunzipped, hasSharedData, jsonLines, linesOf, seeded, useFolder } from './support.ts';

const folder = useFolder();

const bytesOf = (text: string): number => Buffer.byteLength(text);

/** Curates documents from a file of their own. */
async function curateThese(
  name: string,
  documents: readonly object[],
  options: Partial<CurateOptions>,
): Promise<Curated> {
  await writeFile(folder(`${name}.jsonl`), jsonLines(documents));
  return curateTo(folder(name), { ...options, input: folder(`${name}.jsonl`) });
}

const textsOf = ({ written }: Curated): string[] => written.map(({ text }) => text as string).toSorted();

/** Known and found concepts of the documents that were given one. */
function labelsOf(
  { ledger }: Curated,
  documents: readonly { readonly planted: number }[],
): [number[], number[]] {
  const rows = ledger.filter(({ concept }) => concept !== null);
  return [rows.map(({ concept }) => concept!), rows.map(({ row }) => documents[row]!.planted)];
}

describe('lexical directions of planted concepts', () => {
  const CONCEPTS = 6;
  const documents = plantConcepts({ sizes: zipfSizes(CONCEPTS, 150), seed: 21 });
  const bytes = sum(documents.map(({ text }) => bytesOf(text)));
  const options = { tokens: bytes / 4 / 3, concepts: CONCEPTS };
  test('a flood of copies and another order change nothing about what is written, of which the tail is more', async () => {
    const flooded = shuffled(
      [...documents, ...floodOf(documents.filter(({ planted }) => planted === 0).slice(0, 20), 400)],
      2,
    );
    const [plain, other] = await Promise.all([
      curateThese('plain', documents, options),
      curateThese('flooded', flooded, { ...options, threads: 2 }),
    ]);
    expect(other.report.documents.read).toBe(documents.length + 400);
    expect(other.report.documents.kept).toBe(plain.report.documents.kept);
    expect(textsOf(other)).toEqual(textsOf(plain));
    expect(textsOf(plain).length).toBeGreaterThan(80);
    expect(tailOf(plain.written)).toBeGreaterThan(tailOf(documents));
    expect(tailOf(documents)).toBeGreaterThan(tailOf(flooded));
    expect(adjustedRandIndex(...labelsOf(plain, documents))).toBeGreaterThan(0.9);
    for (const { names } of plain.curation.concepts) expect(names.length).toBeGreaterThan(0);
  });
});

test('a model of token vectors finds the planted concepts', async () => {
  const documents = plantConcepts({ sizes: zipfSizes(5, 120), seed: 31, words: [60, 120] });
  const words = ['[PAD]', '[UNK]', ...new Set(documents.flatMap(({ text }) => text.split(' ')))];
  const random = seeded(4);
  const width = 64;
  // A direction of its own for every word: what documents share is words, not what words mean.
  const table = Float32Array.from(
    { length: words.length * width },
    () => Math.round((2 * random() - 1) * 64) / 64,
  );
  await writeModel(folder('model'), {
    tensors: { embeddings: floats(table, [words.length, width]) },
    tokenizer: tokenizerOf(words),
  });
  const curated = await curateThese('static', documents, {
    keep: 0.5,
    concepts: 5,
    encoder: 'static',
    encoderModel: folder('model'),
  });
  expect(curated.curation.encoder).toMatchObject({ name: 'static', dimensions: width });
  expect(adjustedRandIndex(...labelsOf(curated, documents))).toBeGreaterThan(0.9);
});

/** Part of the bytes that belongs to concepts other than the largest. */
function tailOf(rows: readonly { readonly text?: unknown; readonly planted?: unknown }[]): number {
  const bytes = (some: typeof rows): number => sum(some.map(({ text }) => bytesOf(text as string)));
  return bytes(rows.filter(({ planted }) => planted !== 0)) / bytes(rows);
}

test('the tail gains, and a larger budget adds documents, but for one at the border of a concept', async () => {
  const documents = withVectors(plantConcepts({ sizes: zipfSizes(6, 200), seed: 41, words: [20, 60] }), 42);
  const largest = Math.max(...documents.map(({ text }) => bytesOf(text)));
  const options = { encoder: 'column', vectorColumn: 'vector', concepts: 6, maxEpochs: 4 } as const;
  const [small, large] = await Promise.all([
    curateThese('small', documents, { ...options, keep: 0.3 }),
    curateThese('large', documents, { ...options, keep: 0.5 }),
  ]);
  for (const [i, { quotaTokens }] of small.curation.concepts.entries()) {
    expect(large.curation.concepts[i]!.quotaTokens).toBeGreaterThanOrEqual(quotaTokens);
  }
  const lost = new Map<number, number>();
  for (const [row, { copies, concept }] of small.ledger.entries()) {
    const fewer = copies - large.ledger[row]!.copies;
    if (fewer > 0) lost.set(concept!, (lost.get(concept!) ?? 0) + fewer * bytesOf(documents[row]!.text));
  }
  // What is carried over from the concept before can differ by a document between two budgets.
  for (const bytes of lost.values()) expect(bytes).toBeLessThanOrEqual(largest);
  expect(large.written.length).toBeGreaterThan(1.4 * small.written.length);
  // Rarer concepts are planted looser, which is what complexity is.
  for (const { written } of [small, large]) expect(tailOf(written)).toBeGreaterThan(1.1 * tailOf(documents));
});

describe.skipIf(!hasSharedData)('a mixture of real corpora', () => {
  /** By Zipf's law; reviews are the bulk of it. */
  const CORPORA = [
    { name: 'corpora/movie-reviews', documents: 240 },
    {
      name: 'corpora/stackexchange-coffee',
      documents: 120,
      words: /coffee|espresso|grind|beans|brew|caffeine/i,
    },
    { name: 'neardup/license-texts.docs', documents: 80, words: /license|warranty|redistribut|conditions/i },
    { name: 'bench/gsm8k-test', documents: 60, words: /how|many|total|each/i },
    {
      name: 'neardup/react-native-docs.docs',
      documents: 48,
      words: /react|component|snackplayer|stylesheet|const|ios/i,
    },
    { name: 'neardup/pep-revisions.docs', documents: 40, words: /pep|python/i },
    { name: 'corpora/tldr-pages', documents: 34, words: /sudo|manned|information|git|directory|path/i },
  ];

  test('concepts are of one source each, and their names tell which', async () => {
    const documents: { readonly planted: number; readonly text: string }[] = [];
    for (const [planted, { name, documents: count }] of CORPORA.entries()) {
      const lines = linesOf((await gunzipped(`${name}.jsonl.gz`)).toString());
      for (let i = 0; i < count; i++) {
        const one = JSON.parse(lines[Math.floor((i * lines.length) / count)]!) as Record<string, string>;
        documents.push({
          planted,
          text: (one['text'] ?? `${one['question']}\n${one['answer']}`).slice(0, 2500),
        });
      }
    }
    const mixed = shuffled(documents, 1);
    const curated = await curateThese('real', mixed, { keep: 0.3 });
    const [found, known] = labelsOf(curated, mixed);
    expect(purity(found, known)).toBeGreaterThan(0.94);
    for (const [planted, { name, words }] of CORPORA.entries()) {
      if (words === undefined) continue;
      const own = curated.curation.concepts.filter(({ concept }) => {
        const labels = known.filter((_, i) => found[i] === concept);
        return labels.filter((label) => label === planted).length > labels.length / 2;
      });
      expect(own.length, name).toBeGreaterThan(0);
      expect(own.flatMap(({ names }) => names).join(' '), name).toMatch(words);
    }
    // Less of what there is most of.
    expect(tailOf(curated.written)).toBeGreaterThan(tailOf(mixed));
  });
});
