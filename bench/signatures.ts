// How many megabytes of text a second does one thread turn into content hashes and LSH band keys?
//
// ASCII: prose that the installed packages bring along, what is not ASCII in it blanked. Cyrillic and Chinese: paragraphs of Wikipedia
// where ../shared is present, else words from a seeded generator. Documents are of the size found, and cut to 300 bytes for the
// cost of short ones. Time is processor time of this process, so that other programs on the core count for little.
// Pin it to one core for figures that can be compared: taskset -c 0 node dist/bench/signatures.js

import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
// @ts-expect-error: the package brings no types
import minhash from 'minhash';
import type { TextColumn } from '../src/columns/text-column.ts';
import { createSigner } from '../src/kernels/signatures/signer.ts';
import { documents } from './corpus.ts';
import { highlight, printTable, printTitle, ratioOf, showSpread, spreadOf, versionOf } from './measure.ts';

const ROUNDS = 9;
const PARAMETERS = { ngram: 5, bands: 14, rows: 8, seed: 0 };
const PARAGRAPHS = '../shared/data/langid/xquad-paragraphs.jsonl.gz';

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let word = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    return ((word ^ (word >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** Documents of about 1,000 characters: words of `least` to `most` characters from `first` on, the earlier the more frequent. */
function generate(first: number, alphabet: number, least: number, most: number, between: string): string[] {
  const draw = random(1);
  return Array.from({ length: 1500 }, () => {
    const words: string[] = [];
    for (let length = 0; length < 1000; ) {
      const size = least + Math.floor(draw() * (most - least + 1));
      const codes = Array.from({ length: size }, () => first + Math.floor(alphabet * draw() ** 2));
      words.push(String.fromCodePoint(...codes));
      length += size;
    }
    return words.join(between);
  });
}

function paragraphs(language: string): string[] | undefined {
  if (!existsSync(PARAGRAPHS)) return undefined;
  const rows = gunzipSync(readFileSync(PARAGRAPHS)).toString('utf8').trimEnd().split('\n');
  const found = rows.map((line) => JSON.parse(line) as { lang: string; text: string });
  return found.filter(({ lang }) => lang === language).map(({ text }) => text);
}

function prose(): string[] {
  const texts: string[] = [];
  for (const { kind, text, bytes } of documents()) {
    // oxlint-disable-next-line no-control-regex -- ASCII is what is meant
    if (kind === 'prose' && bytes > 200) texts.push(text.replaceAll(/[^\0-\x7f]/g, ' ').slice(0, 20_000));
  }
  return texts;
}

/** Repeats the documents up to `byteLength`, so that each input takes long enough to be timed. */
function columnOf(texts: readonly string[], byteLength: number): TextColumn {
  const rows = texts.map((text) => Buffer.from(text));
  const taken: Buffer[] = [];
  const offsets = [0];
  for (let at = 0; offsets.at(-1)! < byteLength; at = (at + 1) % rows.length) {
    taken.push(rows[at]!);
    offsets.push(offsets.at(-1)! + rows[at]!.length);
  }
  return { bytes: Buffer.concat(taken), offsets: Int32Array.from(offsets), rowCount: taken.length };
}

/** MB a second of processor time, round by round. */
function measure(byteLength: number, work: () => unknown): number[] {
  const rates: number[] = [];
  for (let round = -3; round < ROUNDS; round++) {
    const start = process.cpuUsage();
    work();
    const used = process.cpuUsage(start);
    // The first rounds warm the compiler.
    if (round >= 0) rates.push(byteLength / (used.user + used.system));
  }
  return rates;
}

const { Minhash } = minhash as {
  Minhash: new (options: { numPerm: number }) => { update(shingle: string): void };
};

/** What the npm package takes for the same tokens, shingles and number of minima. */
function rival(texts: readonly string[]): void {
  for (const text of texts) {
    const tokens = text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
    const sketch = new Minhash({ numPerm: 112 });
    const shingles = new Set(tokens.slice(4).map((_, at) => tokens.slice(at, at + 5).join(' ')));
    for (const shingle of shingles) sketch.update(shingle);
  }
}

const ascii = prose();
const inputs: readonly { name: string; texts: readonly string[] }[] = [
  { name: 'ASCII prose', texts: ascii },
  { name: 'ASCII, 300 bytes', texts: ascii.flatMap((text) => text.match(/[^]{300}/g) ?? []) },
  { name: 'Cyrillic', texts: paragraphs('ru') ?? generate(0x430, 32, 1, 12, ' ') },
  { name: 'Chinese', texts: paragraphs('zh') ?? generate(0x4e00, 3000, 8, 24, '，') },
];
const simd = await createSigner(PARAMETERS);
const hashOnly = await createSigner(undefined);
const scalar = await createSigner(PARAMETERS, 'scalar');

printTitle(
  'How many MB of text a second does one thread turn into content hashes and LSH band keys?',
  `${PARAMETERS.bands} bands of ${PARAMETERS.rows}, shingles of ${PARAMETERS.ngram} words.`,
  `Real Cyrillic and Chinese: ${existsSync(PARAGRAPHS) ? 'yes' : 'no, generated'}.`,
  `MB/s of processor time: median of ${ROUNDS} rounds (least to most).`,
);
const measured = inputs.map(({ name, texts }) => {
  const column = columnOf(texts, 8e6);
  const part = columnOf(texts, 4e5);
  const small = texts.slice(0, Math.ceil((20_000 / column.bytes.length) * column.rowCount));
  const smallBytes = small.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const target = new Uint8Array(column.bytes.length);
  const size = column.bytes.length;
  return {
    name: `${name}, ${Math.round(size / column.rowCount)} bytes a document`,
    signature: measure(size, () => simd.sign(column)),
    scalar: measure(part.bytes.length, () => scalar.sign(part)),
    hash: measure(size, () => hashOnly.sign(column)),
    copy: measure(size, () => target.set(column.bytes)),
    npm: measure(smallBytes, () => rival(small)),
  };
});
const cell = (rates: readonly number[]): string => showSpread(spreadOf(rates));
printTable(
  [
    'Text',
    'signature, SIMD',
    'signature, scalar',
    'content hash alone, SIMD',
    'ceiling: copy of the bytes',
    `minhash ${versionOf('minhash')} (npm), 112 minima`,
  ],
  measured.map((row) => [
    row.name,
    cell(row.signature),
    cell(row.scalar),
    cell(row.hash),
    cell(row.copy),
    cell(row.npm),
  ]),
);
const first = measured[0]!;
highlight('Sign ASCII prose, one core', `${cell(first.signature)} MB/s`);
highlight('... faster than minhash of npm by', `${showSpread(ratioOf(first.signature, first.npm))} times`);
