// How much faster than datatrove are the rule sets of FineWeb, on one core?
//
// Language is left out on both sides: that is a model, see bench/language. Two inputs, because what is dropped early costs little:
// prose, most of which passes every rule, and the dump of the other benchmarks, mails and read-mes, little of which does.

import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { textColumn } from '../src/columns/text.ts';
import type { TextColumn } from '../src/columns/text-column.ts';
import { type Chain, createChain } from '../src/filters/chain.ts';
import type { OptionValue, WordRule } from '../src/filters/filter.ts';
import { filterNamed } from '../src/filters/filters.ts';
import { read } from '../src/index.ts';
import { createRuleKernel } from '../src/kernels/rules/kernel.ts';
import { documents, projectRoot } from './corpus.ts';
import { benchFolder, openDump } from './dump.ts';
import {
  highlight,
  type ProcessRun,
  pinNote,
  printTable,
  printTitle,
  ratioOf,
  runProcess,
  show,
  showSpread,
  spreadOf,
} from './measure.ts';

const ROUNDS = 3;
const KERNEL_ROUNDS = 7;
const SHARED = join(projectRoot, '..', 'shared', 'data');
/** Documents of prose have about this size, as pages of the web have. */
const DOCUMENT_BYTES = 3000;
/** Large enough that half a second of start does not count. */
const PROSE_BYTES = 300e6;
const MIXED_MEGABYTES = 400;
const SAMPLE_BYTES = 4e6;

const FINEWEB = ['gopher-repetition', 'gopher-quality', 'c4-quality', 'fineweb-quality'] as const;
const FINEWEB_WORDS = ['--rules', FINEWEB.join(','), '--filter-no-terminal-punct', 'off'];
type Options = Readonly<Record<string, OptionValue>>;
const ALONE: readonly (readonly [name: string, options: Options])[] = [
  ['gopher-repetition', {}],
  ['gopher-quality', {}],
  ['c4-quality', { filter_no_terminal_punct: false }],
  ['fineweb-quality', {}],
  ['c4-paragraph', {}],
  ['c4-badwords', {}],
  ['symbol-lines', {}],
  ['refinedweb-lines', {}],
  ['pii', {}],
];

const output = join(benchFolder, 'filtered');
const cli = join(projectRoot, 'dist', 'src', 'cli.js');
const self = fileURLToPath(import.meta.url);

interface Input {
  readonly name: string;
  readonly path: string;
  /** The first documents of it, for what is slow. */
  readonly sample: string;
  readonly textBytes: number;
  readonly sampleBytes: number;
  readonly documents: number;
}

/** What datatrove took for each rule set alone, in processor seconds for the sample, by the name of its words. */
const rivals = new Map<string, DatatroveRun>();

const [role, ...roleWords] = process.argv.slice(2);
if (role === 'kernels') await kernels(roleWords[0]!, Number(roleWords[1]));
else await measure();

async function measure(): Promise<void> {
  const inputs = [await openProse(), await openMixed()];
  printTitle(
    'How much faster than datatrove are the rule sets of FineWeb, language left out, on one core?',
    ...inputs.map(
      ({ name, textBytes, documents: count }) =>
        `${name}: ${show(textBytes / 1e6)} MB of text in ${count.toLocaleString('en-US')} documents.`,
    ),
    `Parquet with zstd to Arrow files, warm page cache, whole processes from start to exit, ${ROUNDS} rounds in turn: median (least to most).`,
    pinNote,
  );
  for (const input of inputs) {
    const rates = wholeRuns(input);
    compareWithDatatrove(input, rates);
    alone(input);
  }
}

/** Rates of our rounds, by the rule for words, in MB a second of processor time. */
type Rates = Readonly<Record<WordRule, readonly number[]>>;

/** The command, beside one that only reads and writes, and deduplication with and without the rules. */
function wholeRuns({ name, path, textBytes }: Input): Rates {
  const commands: readonly (readonly [what: string, words: readonly string[]])[] = [
    ['sluice filter', ['filter', path, ...FINEWEB_WORDS]],
    ['sluice filter, words by white space', ['filter', path, ...FINEWEB_WORDS, '--words', 'whitespace']],
    ['ceiling: sluice convert', ['convert', path]],
    ['sluice dedup', ['dedup', path]],
    ['sluice filter and dedup, one pass', ['filter', path, ...FINEWEB_WORDS, '--dedup']],
  ];
  const runs: ProcessRun[][] = commands.map(() => []);
  const kept: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    for (const [i, [, words]] of commands.entries()) {
      const run = runProcess(sluice(words), true);
      kept[i] = reportOf(output).documents.kept;
      // The first round fills the page cache.
      if (round >= 0) runs[i]!.push(run);
    }
  }
  const megabytes = textBytes / 1e6;
  const wall = runs.map((rounds) => rounds.map(({ seconds }) => megabytes / seconds));
  const processor = runs.map((rounds) => rounds.map(({ cpuSeconds }) => (cpuSeconds * 1000) / megabytes));
  printTable(
    [`${name}, one core`, 'MB/s of text', 'processor ms per MB', 'of the ceiling', 'kept'],
    commands.map(([what], i) => [
      what,
      showSpread(spreadOf(wall[i]!)),
      showSpread(spreadOf(processor[i]!)),
      i === 2 ? '' : showSpread(ratioOf(processor[2]!, processor[i]!)),
      kept[i]!.toLocaleString('en-US'),
    ]),
  );
  highlight(`FineWeb rules, ${name}, one core`, `${showSpread(spreadOf(wall[0]!))} MB/s`);
  highlight(
    `Filter and dedup in one pass, processor time against dedup alone, ${name}`,
    `${showSpread(ratioOf(processor[4]!, processor[3]!))} times`,
  );
  const rates = processor.map((rounds) => rounds.map((ms) => 1000 / ms));
  return { unicode: rates[0]!, whitespace: rates[1]! };
}

function sluice(words: readonly string[]): string[] {
  return [
    process.execPath,
    cli,
    ...words,
    '-o',
    output,
    '--overwrite',
    '--threads',
    '1',
    '--progress',
    'none',
  ];
}

interface DatatroveRun {
  readonly version: string;
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly kept: number;
  /** Processor seconds of each rule set alone. */
  readonly alone: Readonly<Record<string, number>>;
}

/** Once, because the rival takes minutes: its rate over the sample, beside ours over all. */
function compareWithDatatrove(input: Input, rates: Rates): void {
  const python = process.env['SLUICE_BENCH_PYTHON'] ?? 'python3';
  if (spawnSync(python, ['-c', 'import datatrove']).status !== 0) {
    console.log(
      `datatrove is not compared: \`${python} -c "import datatrove"\` fails (SLUICE_BENCH_PYTHON names another interpreter).`,
    );
    return;
  }
  const script = join(projectRoot, 'bench', 'datatrove-filter.py');
  const megabytes = input.sampleBytes / 1e6;
  const rows = (['unicode', 'whitespace'] as const).flatMap((words) => {
    const theirWords = words === 'unicode' ? 'spacy' : 'whitespace';
    const run = runProcess(
      [python, script, input.sample, join(benchFolder, 'datatrove-filter'), theirWords],
      true,
    );
    const theirs = JSON.parse(run.stdout.trimEnd().split('\n').at(-1)!) as DatatroveRun;
    rivals.set(`${input.path} ${words}`, theirs);
    runProcess(sluice(['filter', input.sample, ...FINEWEB_WORDS, '--words', words]), true);
    const ourKept = reportOf(output).documents.kept;
    const ratio = showSpread(
      spreadOf(rates[words].map((rate) => (rate * theirs.processorSeconds) / megabytes)),
    );
    const said = words === 'unicode' ? 'its default words' : 'words by white space';
    highlight(
      `Faster than datatrove ${theirs.version}, FineWeb rules, ${input.name}, ${said}`,
      `${ratio} times`,
    );
    return [
      [`sluice filter, ${words}`, showSpread(spreadOf(rates[words])), ourKept.toLocaleString('en-US'), ratio],
      [
        `datatrove ${theirs.version}, ${theirWords}`,
        show(megabytes / theirs.processorSeconds),
        theirs.kept.toLocaleString('en-US'),
        '',
      ],
    ];
  });
  console.log(
    `The rival on the first ${show(megabytes)} MB, one run, its start and imports left out, ours from start to exit. Kept: of that sample.`,
  );
  printTable([`${input.name}, one core`, 'MB/s of processor time', 'kept', 'times as fast'], rows);
}

/** Each filter over texts that lie in memory, in a thread of its own. */
function alone(input: Input): void {
  const run = runProcess([process.execPath, self, 'kernels', input.path, String(input.textBytes)], true);
  const rates = JSON.parse(run.stdout) as Readonly<Record<string, readonly number[]>>;
  const ceiling = rates['ceiling']!;
  const megabytes = input.sampleBytes / 1e6;
  const rows = Object.entries(rates).map(([name, rounds]) => {
    const [filter, words] = name.split(', ');
    const theirs = rivals.get(`${input.path} ${words}`)?.alone[filter!];
    return [
      name === 'ceiling' ? 'ceiling: the sum of all bytes' : name,
      showSpread(spreadOf(rounds)),
      name === 'ceiling' ? '' : showSpread(ratioOf(rounds, ceiling)),
      theirs === undefined ? '' : show(megabytes / theirs),
      theirs === undefined ? '' : show((spreadOf(rounds).median * theirs) / megabytes),
    ];
  });
  console.log('Each filter alone, every document, texts in memory, one thread; MB/s of processor time.');
  printTable([input.name, 'MB/s', 'of the ceiling', 'datatrove, MB/s', 'times as fast'], rows);
}

/** The process of `alone`: prints rates by name. */
async function kernels(path: string, textBytes: number): Promise<void> {
  const columns: TextColumn[] = [];
  for await (const batch of read({ input: path, threads: 1 })) {
    const index = batch.schema.fields.findIndex(({ name }) => name === 'text');
    columns.push(textColumn(batch, index));
    if (columns.reduce((sum, { bytes }) => sum + bytes.length, 0) > 16e6) break;
  }
  const byteLength = columns.reduce((sum, one) => sum + one.offsets[one.rowCount]! - one.offsets[0]!, 0);
  if (byteLength > textBytes) throw new Error(`${path}: ${byteLength} bytes of text, ${textBytes} expected`);
  const works: (readonly [string, () => unknown])[] = [['ceiling', () => columns.map(sumOfBytes)]];
  for (const words of ['unicode', 'whitespace'] as const) {
    const chains = ALONE.filter(
      ([name]) => words === 'unicode' || (FINEWEB as readonly string[]).includes(name),
    );
    for (const [name, options] of chains) {
      const chain = await chainOf([[name, options]], words);
      works.push([`${name}, ${words}`, () => columns.map((column) => judge(chain, column))]);
    }
    const chain = await chainOf(ALONE.slice(0, FINEWEB.length), words);
    works.push([`all four in a row, ${words}`, () => columns.map((column) => judge(chain, column))]);
  }
  const rates: Record<string, number[]> = Object.fromEntries(works.map(([name]) => [name, []]));
  for (let round = -1; round < KERNEL_ROUNDS; round++) {
    for (const [name, work] of works) {
      const start = process.cpuUsage();
      work();
      const used = process.cpuUsage(start);
      // The first round warms the compiler.
      if (round >= 0) rates[name]!.push(byteLength / (used.user + used.system));
    }
  }
  console.log(JSON.stringify(rates));
}

function judge(chain: Chain, column: TextColumn): unknown {
  return chain.run(column, () => column, undefined);
}

async function chainOf(steps: readonly (readonly [string, Options])[], words: WordRule): Promise<Chain> {
  const chainSteps = await Promise.all(
    steps.map(async ([use, given]) => {
      const definition = filterNamed(use);
      const defaults = Object.entries(definition.options).flatMap(([name, spec]) =>
        spec.default === undefined ? [] : [[name, spec.default] as const],
      );
      const options = { ...Object.fromEntries(defaults), ...given };
      const resources = (await definition.load?.(options)) ?? {};
      const reasonNumbers = definition.reasons(options).map((_, i) => i + 1);
      return { use, options, resources, columnIndex: -1, reasonNumbers };
    }),
  );
  return createChain(chainSteps, { words, kernel: await createRuleKernel(words), keepsDropped: false });
}

/** Four bytes at a time, which is what plain code can do. */
function sumOfBytes({ bytes, offsets, rowCount }: TextColumn): number {
  const start = bytes.byteOffset + offsets[0]!;
  const aligned = (start + 3) & ~3;
  const words = new Uint32Array(
    bytes.buffer,
    aligned,
    (bytes.byteOffset + offsets[rowCount]! - aligned) >> 2,
  );
  let sum = 0;
  // Within the array.
  for (let i = 0; i < words.length; i++) sum = (sum + words[i]!) | 0;
  return sum;
}

interface WrittenReport {
  readonly documents: { readonly read: number; readonly kept: number };
}

function reportOf(folder: string): WrittenReport {
  return JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as WrittenReport;
}

/** English reviews, speeches, posts and pages of the web where ../shared is present, else the read-mes of the installed packages. */
function* proseTexts(): Generator<string, void, undefined> {
  const files = [
    'corpora/movie-reviews',
    'corpora/us-speeches',
    'corpora/stackexchange-coffee',
    'quality/dclm-human-judgements',
  ];
  if (!existsSync(SHARED)) {
    for (const { kind, text } of documents()) if (kind === 'prose') yield text;
    return;
  }
  for (const file of files) {
    const lines = gunzipSync(readFileSync(join(SHARED, `${file}.jsonl.gz`)))
      .toString('utf8')
      .split('\n');
    for (const line of lines) if (line !== '') yield (JSON.parse(line) as { text: string }).text;
  }
}

/** Documents of lines of the prose drawn at random, always the same ones, so that none is like another. */
function* proseDocuments(byteLength: number): Generator<string, void, undefined> {
  const lines = [...proseTexts()].flatMap((text) => text.split('\n').filter((line) => line.length > 40));
  let state = 1;
  for (let bytes = 0, id = 0; bytes < byteLength; id++) {
    const drawn: string[] = [];
    for (let size = 0; size < DOCUMENT_BYTES; size += drawn.at(-1)!.length) {
      // Numerical Recipes' generator; its high bits are good enough to draw lines.
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      drawn.push(lines[Math.floor((state / 2 ** 32) * lines.length)]!);
    }
    const text = drawn.join('\n');
    bytes += Buffer.byteLength(text);
    yield `${JSON.stringify({ id: String(id), text })}\n`;
  }
}

async function openProse(): Promise<Input> {
  return {
    name: existsSync(SHARED) ? 'Prose' : 'Read-mes',
    ...parquetOf('prose', () => [...proseDocuments(PROSE_BYTES)]),
    ...sampleOf('prose', () => [...proseDocuments(SAMPLE_BYTES)]),
  };
}

async function openMixed(): Promise<Input> {
  const { path, textBytes, documents: count } = await openDump(MIXED_MEGABYTES, 'zstd');
  const lines: string[] = [];
  let bytes = 0;
  for await (const batch of read({ input: path, threads: 1 })) {
    for (const { id, text } of batch.toArray() as unknown as { id: string; text: string }[]) {
      if (bytes >= SAMPLE_BYTES) break;
      lines.push(`${JSON.stringify({ id, text })}\n`);
      bytes += Buffer.byteLength(text);
    }
    if (bytes >= SAMPLE_BYTES) break;
  }
  return { name: 'Mails and read-mes', path, textBytes, documents: count, ...sampleOf('mixed', () => lines) };
}

function sampleOf(name: string, lines: () => string[]): { sample: string; sampleBytes: number } {
  const { path, textBytes } = parquetOf(`${name}-sample`, lines);
  return { sample: path, sampleBytes: textBytes };
}

interface Made {
  readonly path: string;
  readonly textBytes: number;
  readonly documents: number;
}

/** A Parquet file of these lines of JSON, made once by `sluice convert`. */
function parquetOf(name: string, linesOf: () => string[]): Made {
  const folder = join(benchFolder, `filter-${name}`);
  const made = `${folder}.json`;
  if (existsSync(made)) return JSON.parse(readFileSync(made, 'utf8')) as Made;
  mkdirSync(benchFolder, { recursive: true });
  const source = `${folder}.jsonl`;
  const lines = linesOf();
  writeFileSync(source, '');
  // One string of all of them would be too long.
  for (let at = 0; at < lines.length; at += 10_000)
    appendFileSync(source, lines.slice(at, at + 10_000).join(''));
  const words = ['convert', source, '-o', folder, '--format', 'parquet', '--overwrite', '--progress', 'none'];
  runProcess([process.execPath, cli, ...words], false);
  const texts = lines.map((line) => Buffer.byteLength((JSON.parse(line) as { text: string }).text));
  const textBytes = texts.reduce((sum, bytes) => sum + bytes, 0);
  const result: Made = { path: join(folder, 'part-00000.parquet'), textBytes, documents: lines.length };
  // Last, so that what was cut short is made again.
  writeFileSync(made, JSON.stringify(result));
  return result;
}
