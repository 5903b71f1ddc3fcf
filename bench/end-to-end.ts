import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import duckdb from '@duckdb/node-api';
import { dedup } from '../src/index.ts';
import { projectRoot } from './corpus.ts';
import { benchFolder, type Dump, openDump, quote } from './dump.ts';
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
  versionOf,
} from './measure.ts';

const ROUNDS = 5;
const output = join(benchFolder, 'clean');
const self = fileURLToPath(import.meta.url);
const [role, ...roleWords] = process.argv.slice(2);

if (role === 'ceiling') await decodeAll(roleWords[0]!, Number(roleWords[1]));
else if (role === 'main-thread') await watchMainThread(roleWords[0]!);
else await measure();

async function measure(): Promise<void> {
  const large = await openDump(400, 'zstd');
  const small = await openDump(20, 'zstd');
  printTitle(
    'How many megabytes of text a second does `sluice dedup` take, from Parquet to deduplicated Arrow files?',
    `${describe(large)} Warm page cache. Whole processes, start to exit, ${ROUNDS} rounds in turn: median (least to most).`,
    `Default options (14 x 8 minima, 5-word shingles); the ceiling is DuckDB ${versionOf('@duckdb/node-api')} reading the text column and nothing else. ${pinNote}`,
  );
  printTable(
    ['Run', 'MB/s of text', 'processor ms per MB', 'of the ceiling'],
    [...compare(large, 1), ...compare(large, 2)],
  );
  const { documents, nearDuplicate } = reportOf(output);
  const index = show((nearDuplicate?.filterBytes ?? 0) / 2 ** 20);
  console.log(
    `Kept ${documents.kept.toLocaleString('en-US')} of ${documents.read.toLocaleString('en-US')} documents; index ${index} MiB. Start and end of the process are in every run of sluice; alone, on one core with three documents, they take ${startAlone()} s.`,
  );
  shareOfMainThread(large);
  compareWithDatatrove(small);
}

function describe({ textBytes, documents, compression }: Dump): string {
  return `Input: ${show(textBytes / 1e6)} MB of text in ${documents.toLocaleString('en-US')} documents, Parquet with ${compression}.`;
}

/** Three rows: ours, ours in two passes, and DuckDB with as many threads; with one thread, all on one core. */
function compare(dump: Dump, threads: number): string[][] {
  const ours: ProcessRun[] = [];
  const clusters: ProcessRun[] = [];
  const ceiling: ProcessRun[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const our = runProcess(dedupCommand(dump.path, threads), threads === 1);
    const two = runProcess(dedupCommand(dump.path, threads, `${output}-clusters`, 'cluster'), threads === 1);
    const its = runProcess([process.execPath, self, 'ceiling', dump.path, String(threads)], threads === 1);
    if (Number(its.stdout) !== dump.textBytes) throw new Error(`DuckDB found ${its.stdout} bytes of text`);
    // The first round fills the page cache.
    if (round < 0) continue;
    ours.push(our);
    clusters.push(two);
    ceiling.push(its);
  }
  const megabytes = dump.textBytes / 1e6;
  const ratesOf = (runs: readonly ProcessRun[]): number[] => runs.map(({ seconds }) => megabytes / seconds);
  const processor = (runs: readonly ProcessRun[]): string =>
    showSpread(spreadOf(runs.map(({ cpuSeconds }) => (cpuSeconds * 1000) / megabytes)));
  const rate = showSpread(spreadOf(ratesOf(ours)));
  const share = showSpread(ratioOf(ratesOf(ours), ratesOf(ceiling)));
  const name = threads === 1 ? '1 thread, one core' : `${threads} threads`;
  highlight(`Deduplicate Parquet, ${name}`, `${rate} MB/s`);
  highlight(`... as a share of DuckDB decoding the text, ${name}`, share);
  const clusterShare = showSpread(ratioOf(ratesOf(clusters), ratesOf(ceiling)));
  highlight(
    `... --mode cluster: times the time of one pass, ${name}`,
    showSpread(ratioOf(ratesOf(ours), ratesOf(clusters))),
  );
  return [
    [`sluice dedup, ${name}`, rate, processor(ours), share],
    [
      `sluice dedup --mode cluster, ${name}`,
      showSpread(spreadOf(ratesOf(clusters))),
      processor(clusters),
      clusterShare,
    ],
    [
      `ceiling: DuckDB \`sum(strlen(text))\`, ${name}`,
      showSpread(spreadOf(ratesOf(ceiling))),
      processor(ceiling),
      '',
    ],
  ];
}

/** Seconds of a run that has next to nothing to do. */
function startAlone(): string {
  const path = join(benchFolder, 'three-documents.jsonl');
  writeFileSync(path, '{"id":"a","text":"one document"}\n'.repeat(3));
  const rounds = Array.from({ length: ROUNDS }, () => runProcess(dedupCommand(path, 1), true).seconds);
  return showSpread(spreadOf(rounds));
}

function dedupCommand(
  path: string,
  threads: number,
  folder = output,
  mode: 'first' | 'cluster' = 'first',
): string[] {
  const cli = join(projectRoot, 'dist', 'src', 'cli.js');
  const options = ['-o', folder, '--overwrite', '--threads', String(threads), '--progress', 'none'];
  return [process.execPath, cli, 'dedup', path, ...options, '--mode', mode];
}

interface WrittenReport {
  readonly documents: { readonly read: number; readonly kept: number };
  readonly nearDuplicate?: { readonly filterBytes: number };
}

function reportOf(folder: string): WrittenReport {
  return JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as WrittenReport;
}

/** The ceiling, as a process of its own: every value of the column decoded and looked at by native code. */
async function decodeAll(path: string, threads: number): Promise<void> {
  const instance = await duckdb.DuckDBInstance.create(':memory:', { threads: String(threads) });
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    `SELECT sum(strlen(text))::DOUBLE FROM read_parquet('${quote(path)}')`,
  );
  console.log(String(reader.getRows()[0]![0]));
  connection.closeSync();
  instance.closeSync();
}

interface MainThread {
  readonly activeMs: number;
  readonly processorMs: number | null;
}

/**
 * What does not get faster with more threads: verdicts, order, writing. From inside a run of the library, since a process
 * cannot be asked for its main thread from outside everywhere.
 */
function shareOfMainThread(dump: Dump): void {
  const megabytes = dump.textBytes / 1e6;
  const rounds = [1, 2, 3].map(() => {
    const run = runProcess([process.execPath, self, 'main-thread', dump.path], false);
    return JSON.parse(run.stdout) as MainThread;
  });
  const active = spreadOf(rounds.map(({ activeMs }) => activeMs / megabytes));
  const processor = rounds.map(({ processorMs }) => (processorMs ?? Number.NaN) / megabytes);
  const hasProcessor = !processor.some(Number.isNaN);
  printTable(
    ['Main thread, 2 workers', 'ms per MB', 'serial limit, MB/s'],
    [
      ['event loop active', showSpread(active), show(1000 / active.median)],
      hasProcessor
        ? ['its processor time', showSpread(spreadOf(processor)), show(1000 / spreadOf(processor).median)]
        : ['its processor time', 'no /proc to read it from', ''],
    ],
  );
  highlight(
    'Serial part (main thread, start excluded)',
    `${showSpread(hasProcessor ? spreadOf(processor) : active)} ms/MB`,
  );
}

async function watchMainThread(path: string): Promise<void> {
  const loop = performance.eventLoopUtilization();
  const before = mainThreadProcessorMs();
  await dedup({ input: path, output, overwrite: true, threads: 2 });
  const after = mainThreadProcessorMs();
  const { active } = performance.eventLoopUtilization(loop);
  const result: MainThread = {
    activeMs: active,
    processorMs: after === undefined || before === undefined ? null : after - before,
  };
  console.log(JSON.stringify(result));
}

/** Linux counts nanoseconds on a processor by thread; the main thread has the number of its process. */
function mainThreadProcessorMs(): number | undefined {
  try {
    const [nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
    return Number(nanoseconds) / 1e6;
  } catch {
    return undefined;
  }
}

interface DatatroveRun {
  readonly version: string;
  readonly seconds: Readonly<Record<string, number>>;
  readonly kept: number;
}

/** Both on one core, the same file; once, because the rival takes minutes. */
function compareWithDatatrove(dump: Dump): void {
  const python = process.env['SLUICE_BENCH_PYTHON'] ?? 'python3';
  const hasDatatrove = spawnSync(python, ['-c', 'import datatrove']).status === 0;
  if (!hasDatatrove) {
    console.log(
      `\ndatatrove is not compared: \`${python} -c "import datatrove"\` fails (SLUICE_BENCH_PYTHON names another interpreter).`,
    );
    return;
  }
  const script = join(projectRoot, 'bench', 'datatrove-minhash.py');
  const its = runProcess([python, script, dump.path, join(benchFolder, 'datatrove')], true);
  const { version, seconds, kept } = JSON.parse(its.stdout.trimEnd().split('\n').at(-1)!) as DatatroveRun;
  const ours = [1, 2, 3].map(() => runProcess(dedupCommand(dump.path, 1), true));
  const { documents } = reportOf(output);
  const megabytes = dump.textBytes / 1e6;
  const itsSeconds = Object.values(seconds).reduce((sum, step) => sum + step, 0);
  const ourSeconds = spreadOf(ours.map((run) => run.seconds));
  const ourProcessor = spreadOf(ours.map((run) => run.cpuSeconds));
  const row = (name: string, taken: number, processor: number, keptCount: number): string[] => [
    name,
    show(taken),
    show(processor),
    Math.round(dump.documents / taken).toLocaleString('en-US'),
    show(megabytes / taken),
    keptCount.toLocaleString('en-US'),
  ];
  console.log(
    `\n${describe(dump)} Seconds of sluice are of the whole process, start included; those of datatrove its four steps without its start (its processor time has it).`,
  );
  printTable(
    ['One core', 'seconds', 'processor s', 'documents/s', 'MB/s of text', 'kept'],
    [
      row('sluice dedup, median of 3', ourSeconds.median, ourProcessor.median, documents.kept),
      row(`datatrove ${version} MinHash, one run`, itsSeconds, its.cpuSeconds, kept),
    ],
  );
  const steps = Object.entries(seconds).map(([step, taken]) => `${step} ${show(taken)} s`);
  const ratio = ours.map((run) => itsSeconds / run.seconds);
  console.log(`datatrove: ${steps.join(', ')}. Ratio ${showSpread(spreadOf(ratio))}.`);
  highlight(`Faster than datatrove ${version}, one core each`, `${showSpread(spreadOf(ratio))} times`);
}
