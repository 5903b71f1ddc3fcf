// How many megabytes of text a second does one thread tell the language of?
//
// The model is lid.176.ftz, which the package fasttext.wasm.js brings along; that package, fastText itself compiled to
// WebAssembly, is the rival. Both are asked for the best label of each text, and the run fails when they differ. Whole documents:
// prose that the installed packages bring along, and where ../shared is present pages of a handbook in many languages and
// paragraphs of Wikipedia. Sentences are there as the worst case: every text has a cost of its own. Time is processor time.
// Pin it to one core for figures that can be compared: taskset -c 0 node dist/bench/language.js

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';
import { getLIDModel } from 'fasttext.wasm.js';
import { createFastText, loadFastText } from '../src/filters/fasttext-resource.ts';
import { documents } from './corpus.ts';
import { highlight, printTable, printTitle, ratioOf, showSpread, spreadOf, versionOf } from './measure.ts';

const ROUNDS = 5;
const OUR_BYTES = 8e6;
const RIVAL_BYTES = 8e5;
const MODEL = 'fasttext.wasm.js/dist/models/language-identification/assets/lid.176.ftz';
const SHARED = '../shared/data';

interface Row {
  readonly text: string;
  readonly lang?: string;
}

function shared(name: string): readonly Row[] {
  const path = `${SHARED}/${name}.jsonl.gz`;
  if (!existsSync(path)) return [];
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Row);
}

const textsOf = (rows: readonly Row[], lang?: string): string[] =>
  rows.filter((row) => lang === undefined || row.lang === lang).map(({ text }) => text);

/** Texts spread evenly over all there are, so that every language has its part, up to so many bytes. */
function spread(texts: readonly string[], byteLength: number): string[] {
  const total = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const step = Math.max(1, total / byteLength);
  const count = Math.floor(texts.length / step);
  return Array.from({ length: count }, (_, i) => texts[Math.floor(i * step)]!);
}

/** MB a second of processor time. */
function rate(byteLength: number, work: () => void): number {
  const start = process.cpuUsage();
  work();
  const used = process.cpuUsage(start);
  return byteLength / (used.user + used.system);
}

const model = createFastText(await loadFastText(createRequire(import.meta.url).resolve(MODEL)));
const rival = await (await getLIDModel()).load();

const packages = [...documents()].filter(({ kind, bytes }) => kind === 'prose' && bytes > 200);
const paragraphs = shared('langid/xquad-paragraphs');
const inputs = [
  { name: 'prose of packages', texts: packages.map(({ text }) => text) },
  { name: 'handbook, many languages', texts: textsOf(shared('corpora/debian-handbook')) },
  { name: 'paragraphs, 12 languages', texts: textsOf(paragraphs) },
  { name: 'paragraphs, Chinese', texts: textsOf(paragraphs, 'zh') },
  { name: 'sentences, 75 languages', texts: textsOf(shared('langid/lingua-sentences')) },
].filter(({ texts }) => texts.length > 0);

printTitle(
  'How many MB of text a second does one thread tell the language of?',
  `Model lid.176.ftz. MB/s of processor time: median of ${ROUNDS} rounds (least to most).`,
);
const measured = inputs.map(({ name, texts }) => {
  const ours = spread(texts, OUR_BYTES).map((text) => Buffer.from(text));
  const theirs = spread(texts, RIVAL_BYTES).map((text) => `${text.replaceAll('\n', ' ')}\n`);
  const ourBytes = ours.reduce((sum, bytes) => sum + bytes.length, 0);
  const theirBytes = theirs.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  let differing = 0;
  for (const text of theirs) {
    const bytes = Buffer.from(text);
    model.read(bytes, 0, bytes.length);
    if (rival.predict(text, 1, 0).get(0)[1] !== `__label__${model.labels[model.best()]}`) differing++;
  }
  if (differing > 0)
    throw new Error(`${name}: ${differing} labels of ${theirs.length} differ from fastText's`);
  const rates: number[] = [];
  const rivalRates: number[] = [];
  let known = 0;
  for (let round = -1; round < ROUNDS; round++) {
    const rivalRate = rate(theirBytes, () => {
      for (const text of theirs) rival.predict(text, 1, 0);
    });
    const ourRate = rate(ourBytes, () => {
      for (const bytes of ours) {
        model.read(bytes, 0, bytes.length);
        if (model.scoreOf(model.best()) > 0) known++;
      }
    });
    // The first round warms the compiler.
    if (round < 0) continue;
    rates.push(ourRate);
    rivalRates.push(rivalRate);
  }
  if (known === 0) throw new Error(`${name}: nothing was known`);
  return { name: `${name}, ${Math.round(ourBytes / ours.length)} bytes a text`, rates, rivalRates };
});
printTable(
  ['Text', 'Sluice', `fasttext.wasm.js ${versionOf('fasttext.wasm.js')}`, 'times'],
  measured.map(({ name, rates, rivalRates }) => [
    name,
    showSpread(spreadOf(rates)),
    showSpread(spreadOf(rivalRates)),
    showSpread(ratioOf(rates, rivalRates)),
  ]),
);
const first = measured[0]!;
highlight('Tell the language of documents, one core', `${showSpread(spreadOf(first.rates))} MB/s`);
highlight(
  '... faster than fasttext.wasm.js by',
  `${showSpread(ratioOf(first.rates, first.rivalRates))} times`,
);
