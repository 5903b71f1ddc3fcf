// `npm start`: the main jobs on real text. Builds a small Parquet dump once, filters and deduplicates it in one pass as a user
// would, shows what was dropped and why, and then makes the best of a budget out of the same dump.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { convert, read } from '../src/index.ts';
import { formatBytes, formatCount } from '../src/units.ts';
import { type Document, documents, projectRoot } from './corpus.ts';

const dump = join(projectRoot, '.demo', 'dump');
const clean = join(projectRoot, '.demo', 'clean');
const curated = join(projectRoot, '.demo', 'curated');
const heldOut = join(projectRoot, '.demo', 'heldout');
const shown = (path: string): string => relative(process.cwd(), path) || '.';

if (!existsSync(join(dump, 'manifest.json')) || !existsSync(heldOut)) {
  console.error(`Building a Parquet dump of real mail and prose in ${shown(dump)} (once) ...`);
  const report = await convert({
    input: '-',
    inputFormat: 'jsonl',
    stdin: Readable.from(jsonLines()),
    output: dump,
    format: 'parquet',
    partSize: 4_000_000,
    overwrite: true,
  });
  await writeHeldOut();
  console.error(
    `  ${formatCount(report.documents.read)} documents, ${formatBytes(report.bytes.output)} of Parquet\n`,
  );
}

const cli = join(projectRoot, 'dist', 'src', 'cli.js');
const written = ['-o', shown(clean), '--overwrite', '--keep-rejects'];
const rules = ['--rules', 'gopher-quality', '--max-non-alpha-words-ratio', '0.5'];
sluice('filter', shown(dump), ...written, ...rules, '--pii', '--dedup');
console.error('');
sluice('inspect', shown(clean), '--top', '3', '--examples', '1', '--width', '160');
await showPairs(2);
console.error('');
sluice('curate', shown(dump), '-o', shown(curated), '--overwrite', '--keep', '0.3');
console.error('');
sluice('concepts', shown(curated), '--top', '8');
console.log(`
Look at it yourself (sluice = node ${shown(cli)}):
  sluice inspect ${shown(clean)}                                           every reason, with examples
  ${shown(join(curated, 'report.html'))}                                 the concepts as a page
  sluice convert ${shown(clean)} -o - --format jsonl | head -n 1           the documents that were kept
  sluice convert ${shown(join(clean, 'ledger'))} -o - --format jsonl | head         what became of every document, and its twin
  cat ${shown(join(clean, 'report.json'))}                                  the figures above, for programs
  sluice prove --baseline ${shown(dump)} --curated ${shown(clean)} --heldout ${shown(heldOut)}/*.jsonl --tokens 4e6
                                                                what it is worth to a model: a minute, and a page with curves`);

/** Runs the command line as a user would; what it says is what the demo shows. */
function sluice(...words: readonly string[]): void {
  console.error(`$ sluice ${words.join(' ')}`);
  const { status } = spawnSync(process.execPath, [cli, ...words], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

function* jsonLines(): Generator<string, void, undefined> {
  for (const document of documents()) if (!isHeldOut(document)) yield `${JSON.stringify(document)}\n`;
}

/** One document in eight is kept for a proof: none of them is in the dump. */
function isHeldOut({ id }: Document): boolean {
  return createHash('sha1').update(`held out ${id}`).digest()[0]! < 32;
}

/** Held-out documents of three kinds, a file each. */
async function writeHeldOut(): Promise<void> {
  const kinds: Record<string, string[]> = { ham: [], spam: [], prose: [] };
  for (const document of documents()) {
    if (!isHeldOut(document)) continue;
    const mail = document.id.includes('/spam-') ? 'spam' : 'ham';
    kinds[document.kind === 'mail' ? mail : 'prose']!.push(`${JSON.stringify(document)}\n`);
  }
  await mkdir(heldOut, { recursive: true });
  for (const [kind, lines] of Object.entries(kinds)) {
    await writeFile(join(heldOut, `${kind}.jsonl`), lines.join(''));
  }
}

interface Pair {
  readonly dropped: { readonly source: string; readonly row: number; readonly id: string };
  readonly twin: { readonly source: string; readonly row: number };
}

/** Prints a few near duplicates beside the document they repeat: the first lines in which they differ. */
async function showPairs(count: number): Promise<void> {
  const pairs: Pair[] = [];
  for await (const batch of read(join(clean, 'ledger'))) {
    for (const row of batch) {
      if (row['reason'] !== 'near-duplicate' || row['twin_source'] === null) continue;
      pairs.push({
        dropped: { source: row['source'] as string, row: Number(row['row']), id: row['id'] as string },
        twin: { source: row['twin_source'] as string, row: Number(row['twin_row']) },
      });
    }
  }
  if (pairs.length === 0) return;
  // Spread over the whole dump rather than the first few, which tend to be of one kind; some
  // differ in white space only, or are wrapped at another width.
  const candidates = Array.from(
    { length: Math.min(8 * count, pairs.length) },
    (_, i) => pairs[Math.floor(((i + 0.5) * pairs.length) / Math.min(8 * count, pairs.length))]!,
  );
  const texts = await textsOf(candidates.flatMap(({ dropped, twin }) => [dropped, twin]));
  const differing = candidates
    .map(({ dropped, twin }) => ({ kept: texts.get(keyOf(twin))!, dropped: texts.get(keyOf(dropped))! }))
    .map((pair) => ({ ...pair, ...differenceOf(pair.kept.text, pair.dropped.text) }))
    .filter(
      ({ onlyKept, onlyDropped, shared }) => onlyKept.length > 0 && onlyDropped.length > 0 && shared > 4,
    );
  const chosen = Array.from(
    { length: Math.min(count, differing.length) },
    (_, i) => differing[Math.floor((i * differing.length) / count)]!,
  );
  console.log(
    `\n${chosen.length} of ${formatCount(pairs.length)} near duplicates whose twin is known, the lines in which they differ:`,
  );
  for (const pair of chosen) printPair(pair);
}

interface Difference {
  readonly onlyKept: readonly string[];
  readonly onlyDropped: readonly string[];
  readonly shared: number;
}

function differenceOf(kept: string, dropped: string): Difference {
  const lines = (text: string): string[] =>
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  const [left, right] = [lines(kept), lines(dropped)];
  const [inLeft, inRight] = [new Set(left), new Set(right)];
  return {
    onlyKept: left.filter((line) => !inRight.has(line)),
    onlyDropped: right.filter((line) => !inLeft.has(line)),
    shared: left.filter((line) => inRight.has(line)).length,
  };
}

interface Row {
  readonly id: string;
  readonly text: string;
}

function keyOf({ source, row }: { readonly source: string; readonly row: number }): string {
  return `${source}#${row}`;
}

async function textsOf(
  wanted: readonly { readonly source: string; readonly row: number }[],
): Promise<Map<string, Row>> {
  const found = new Map<string, Row>();
  for (const source of new Set(wanted.map((place) => place.source))) {
    const rows = new Set(wanted.filter((place) => place.source === source).map(({ row }) => row));
    let first = 0;
    for await (const batch of read(source)) {
      for (let i = 0; i < batch.numRows; i++) {
        if (!rows.has(first + i)) continue;
        const { id, text } = batch.get(i)!.toJSON() as unknown as Row;
        found.set(keyOf({ source, row: first + i }), { id, text });
      }
      first += batch.numRows;
    }
  }
  return found;
}

function printPair({
  kept,
  dropped,
  onlyKept,
  onlyDropped,
  shared,
}: { kept: Row; dropped: Row } & Difference): void {
  const width = Math.max(30, Math.floor(((process.stdout.columns || 120) - 5) / 2));
  const cell = (text: string): string =>
    text
      .replace(/[\p{C}\s]+/gu, ' ')
      .trim()
      .slice(0, width)
      .padEnd(width);
  const name = ({ id }: Row): string => id.slice(-(width - 9));
  console.log(`\n  ${cell(`kept    ${name(kept)}`)} | ${cell(`dropped ${name(dropped)}`)}`);
  console.log(`  ${'-'.repeat(width)} | ${'-'.repeat(width)}`);
  for (let i = 0; i < Math.min(3, Math.max(onlyKept.length, onlyDropped.length)); i++) {
    console.log(`  ${cell(onlyKept[i] ?? '')} | ${cell(onlyDropped[i] ?? '')}`);
  }
  console.log(`  ... and ${formatCount(shared)} lines they share`);
}
