// Do the scores of learned quality agree with people, and how many megabytes of text a second does one thread score?
//
// People: 242 web pages of ../shared, each called good or bad for training by a majority (DCLM). A model is trained on a random half and
// scores the other, over many splits; AUC is the chance that a good page scores above a bad one. Controls: labels shuffled, the length of
// the text alone, and all pages cut to equal length, as long pages were called good more often. Then the setting of practice: models that never
// saw a label, of good prose against other text, judged on all pages.
// Time is processor time of this process. Pin it to one core: taskset -c 0 node dist/bench/quality.js

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { BucketCounts, fitImportance } from '../src/kernels/quality/importance.ts';
import { createQualityKernel } from '../src/kernels/quality/kernel.ts';
import { FeatureSpool, LinearTrainer } from '../src/kernels/quality/linear-classifier.ts';
import type { QualityModel } from '../src/kernels/quality/model.ts';
import { PerplexityTrainer } from '../src/kernels/quality/perplexity.ts';
import { areaUnderCurve } from '../src/kernels/quality/roc.ts';
import { documents } from './corpus.ts';
import { highlight, printTable, printTitle, showSpread, spreadOf } from './measure.ts';

const SPLITS = 40;
const EPOCHS = 5;
const ROUNDS = 9;
const SHARED = '../shared/data/';
const CUT = 1000;

interface Page {
  readonly bytes: Uint8Array;
  readonly isGood: boolean;
}

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let word = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    return ((word ^ (word >>> 16)) >>> 0) / 2 ** 32;
  };
}

function shuffled<T>(items: readonly T[], draw: () => number): T[] {
  return items
    .map((item) => ({ item, key: draw() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

const collector = await createQualityKernel([]);

function trainLinear(pages: readonly Page[], seed: number): QualityModel {
  const spool = new FeatureSpool(20);
  for (const { bytes, isGood } of pages) {
    collector.collect(bytes, 0, bytes.length, spool.take);
    spool.close(isGood);
  }
  const positives = pages.filter(({ isGood }) => isGood).length;
  const trainer = new LinearTrainer({ bits: 20, seed, positives, negatives: pages.length - positives });
  for (let epoch = 0; epoch < EPOCHS; epoch++) trainer.train(spool, epoch);
  return trainer.model();
}

function trainImportance(pages: readonly Page[], pseudoCount?: number): QualityModel {
  const good = new BucketCounts();
  const bad = new BucketCounts();
  for (const { bytes, isGood } of pages) {
    collector.collect(bytes, 0, bytes.length, (isGood ? good : bad).take);
  }
  return fitImportance(good, bad, pseudoCount);
}

function trainPerplexity(pages: readonly Page[]): QualityModel {
  const trainer = new PerplexityTrainer();
  for (const { bytes, isGood } of pages) if (isGood) trainer.add(bytes, 0, bytes.length);
  return trainer.model();
}

/** One score a page for each model. */
async function scoresOf(models: readonly QualityModel[], pages: readonly Page[]): Promise<number[][]> {
  const kernel = await createQualityKernel(models);
  const into = new Float64Array(models.length);
  const scores = models.map((): number[] => []);
  for (const { bytes } of pages) {
    kernel.score(bytes, 0, bytes.length, into);
    for (const [at, score] of into.entries()) scores[at]!.push(score);
  }
  return scores;
}

function ranksOf(scores: readonly number[]): number[] {
  const sorted = scores.toSorted((a, b) => a - b);
  return scores.map((score) => sorted.lastIndexOf(score) / sorted.length);
}

const greatest = (lists: readonly (readonly number[])[]): number[] =>
  lists[0]!.map((_, at) => Math.max(...lists.map((list) => list[at]!)));

function aucOf(scores: readonly number[], pages: readonly Page[]): ReturnType<typeof areaUnderCurve> {
  const of = (wanted: boolean): Float64Array =>
    Float64Array.from(scores.filter((_, at) => pages[at]!.isGood === wanted));
  return areaUnderCurve(of(true), of(false));
}

/** Name of each score, the higher the better, and its values on the pages of the other half. */
async function methods(
  train: readonly Page[],
  test: readonly Page[],
  seed: number,
): Promise<Record<string, number[]>> {
  const models = [
    trainLinear(train, seed),
    trainImportance(train),
    trainImportance(train, 0),
    trainPerplexity(train),
  ];
  const [linear, importance, plain, bits] = (await scoresOf(models, test)) as [
    number[],
    number[],
    number[],
    number[],
  ];
  const middle = spreadOf(bits).median;
  return {
    linear,
    'importance (DSIR)': importance,
    'importance, no pseudo count': plain,
    'greatest rank of linear and importance': greatest([ranksOf(linear), ranksOf(importance)]),
    'perplexity, low is good': bits.map((one) => -one),
    'perplexity, middle is good': bits.map((one) => -Math.abs(one - middle)),
    'length alone': test.map(({ bytes }) => bytes.length),
  };
}

/** `0.81 (0.74 to 0.88)`: mean over the splits, and the range of the middle 95 %. */
function showAucs(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const edge = Math.floor(values.length * 0.025);
  return `${mean.toFixed(3)} (${sorted[edge]!.toFixed(3)} to ${sorted.at(-1 - edge)!.toFixed(3)})`;
}

async function overSplits(
  pages: readonly Page[],
  prepare: (pages: readonly Page[], draw: () => number) => readonly Page[],
): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  for (let seed = 1; seed <= SPLITS; seed++) {
    const draw = random(seed * 7919);
    const order = prepare(shuffled(pages, draw), draw);
    const half = order.length >> 1;
    const test = order.slice(half);
    for (const [name, scores] of Object.entries(await methods(order.slice(0, half), test, seed))) {
      found.set(name, [...(found.get(name) ?? []), aucOf(scores, test).auc]);
    }
  }
  return found;
}

function linesOf(name: string): { readonly text: string; readonly label?: number }[] {
  const rows = gunzipSync(readFileSync(`${SHARED}${name}`))
    .toString('utf8')
    .trimEnd()
    .split('\n');
  return rows.map((row) => JSON.parse(row) as { text: string; label?: number });
}

/** A long text in pieces of about the length of a page. */
function pieces(text: string): string[] {
  const found: string[] = [];
  let open = '';
  for (const part of text.split(/\n\s*\n/)) {
    open += `${part}\n`;
    if (open.length < 2500) continue;
    found.push(open);
    open = '';
  }
  return found;
}

/** Prose that was written with care, and the rest: manual pages in short, file headers, shop-like and chatty text. */
function unlabelled(): Page[] {
  const plain = (name: string): string =>
    gunzipSync(readFileSync(`${SHARED}corpora/${name}`)).toString('utf8');
  const good = [
    ...pieces(plain('wikitext-2.test.txt.gz')),
    ...pieces(plain('debian-reference/debian-reference.en.txt.gz')),
    ...readdirSync(`${SHARED}corpora/books`).flatMap((name) => pieces(plain(`books/${name}`)).slice(10, 60)),
    ...linesOf('corpora/us-speeches.jsonl.gz').flatMap(({ text }) => pieces(text).slice(0, 2)),
    ...linesOf('corpora/anarchist-faq.jsonl.gz').flatMap(({ text }) => pieces(text).slice(0, 3)),
  ];
  const other = [
    ...linesOf('corpora/debian-copyright-files.jsonl.gz').map(({ text }) => text.slice(0, 3000)),
    ...linesOf('corpora/tldr-pages.jsonl.gz')
      .slice(0, 600)
      .map(({ text }) => text),
    ...linesOf('corpora/stackexchange-coffee.jsonl.gz').map(({ text }) => text),
    ...linesOf('corpora/movie-reviews.jsonl.gz')
      .slice(0, 500)
      .map(({ text }) => text.slice(0, 3000)),
  ];
  const page = (isGood: boolean) => (text: string) => ({ bytes: Buffer.from(text), isGood });
  return [...good.map(page(true)), ...other.map(page(false))];
}

async function judgeByPeople(): Promise<void> {
  const pages = linesOf('quality/dclm-human-judgements.jsonl.gz').map(
    ({ text, label }): Page => ({ bytes: Buffer.from(text), isGood: label === 1 }),
  );
  const real = await overSplits(pages, (list) => list);
  const cut = await overSplits(
    pages.filter(({ bytes }) => bytes.length >= CUT),
    (list) => list.map(({ bytes, isGood }) => ({ bytes: bytes.subarray(0, CUT), isGood })),
  );
  const control = await overSplits(pages, (list, draw) => {
    const labels = shuffled(list, draw);
    return list.map(({ bytes }, at) => ({ bytes, isGood: labels[at]!.isGood }));
  });
  const equal = pages.filter(({ bytes }) => bytes.length >= CUT).length;
  console.log(`\n${pages.length} pages, ${SPLITS} splits. AUC: mean (middle 95 % of the splits).`);
  printTable(
    ['Score', 'AUC', `first ${CUT} bytes of ${equal} pages`, 'labels shuffled'],
    [...real].map(([name, aucs]) => [
      name,
      showAucs(aucs),
      showAucs(cut.get(name)!),
      showAucs(control.get(name)!),
    ]),
  );
  highlight('AUC on human judgements, linear, trained on half', showAucs(real.get('linear')!));
  highlight('... labels shuffled', showAucs(control.get('linear')!));

  const train = unlabelled();
  console.log(
    `\nTrained without labels: ${train.filter(({ isGood }) => isGood).length} pieces of prose against ${train.filter(({ isGood }) => !isGood).length} of other text. AUC on all ${pages.length} pages (95 % interval, DeLong).`,
  );
  printTable(
    ['Score', 'AUC'],
    Object.entries(await methods(train, pages, 1)).map(([name, scores]) => {
      const { auc, low, high } = aucOf(scores, pages);
      return [name, `${auc.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`];
    }),
  );
}

async function speed(): Promise<void> {
  const texts: Uint8Array[] = [];
  let byteLength = 0;
  for (const { kind, text } of documents()) {
    if (kind !== 'prose' || text.length < 200) continue;
    // oxlint-disable-next-line no-control-regex -- ASCII is what is meant
    texts.push(Buffer.from(text.replaceAll(/[^\0-\x7f]/g, ' ').slice(0, 20_000)));
    byteLength += texts.at(-1)!.length;
    if (byteLength > 8e6) break;
  }
  const pages = texts.map((bytes, at) => ({ bytes, isGood: at % 2 === 0 }));
  const linear = trainLinear(pages, 1);
  const importance = trainImportance(pages);
  const perplexity = trainPerplexity(pages.slice(0, 300));
  const sets: Readonly<Record<string, readonly QualityModel[]>> = {
    'linear, 2^20 weights': [linear],
    'importance (DSIR)': [importance],
    'perplexity, bytes': [perplexity],
    'linear and importance': [linear, importance],
    'all three': [linear, importance, perplexity],
  };
  const target = new Uint8Array(1 << 16);
  const rows: string[][] = [];
  for (const [name, models] of Object.entries(sets)) {
    const kernel = await createQualityKernel(models);
    const plain = await createQualityKernel(models, 'scalar');
    const into = new Float64Array(models.length);
    const few = texts.slice(0, 40);
    const fewBytes = few.reduce((sum, { length }) => sum + length, 0);
    const rates: number[] = [];
    const slow: number[] = [];
    for (let round = -2; round < ROUNDS; round++) {
      const rate = timed(byteLength, () => {
        for (const bytes of texts) kernel.score(bytes, 0, bytes.length, into);
      });
      const plainRate = timed(fewBytes, () => {
        for (const bytes of few) plain.score(bytes, 0, bytes.length, into);
      });
      // The first rounds warm the compiler.
      if (round < 0) continue;
      rates.push(rate);
      slow.push(plainRate);
    }
    rows.push([name, showSpread(spreadOf(rates)), showSpread(spreadOf(slow))]);
    if (models.length === 1) highlight(`Score ASCII prose: ${name}`, `${showSpread(spreadOf(rates))} MB/s`);
  }
  const copies = Array.from({ length: ROUNDS }, () =>
    timed(byteLength, () => {
      for (const bytes of texts) target.set(bytes);
    }),
  );
  rows.push(['ceiling: copy of the bytes', showSpread(spreadOf(copies)), '']);
  console.log(
    `\n${texts.length} documents of ASCII prose, ${Math.round(byteLength / texts.length)} bytes each. MB/s of processor time: median of ${ROUNDS} rounds (least to most).`,
  );
  printTable(['Models', 'SIMD', 'scalar'], rows);
}

function timed(byteLength: number, work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return byteLength / (user + system);
}

printTitle('Do learned scores agree with people, and how many MB of text a second does one thread score?');
if (existsSync(`${SHARED}quality`)) await judgeByPeople();
else console.log('No ../shared/data beside the project: only speed is measured.');
await speed();
