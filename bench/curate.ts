import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { curate, type RunEvent } from '../src/index.ts';
import { projectRoot } from './corpus.ts';
import { benchFolder, type Dump, openDump } from './dump.ts';
import {
  highlight,
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
const output = join(benchFolder, 'curated');
const self = fileURLToPath(import.meta.url);
const [role, path, threads] = process.argv.slice(2);

/** Parts of a curation, in their order, with what ends each: the first event of the next. */
const PHASES = ['measure', 'learn', 'find concepts', 'solve and emit'] as const;

/** Processor seconds of each phase of one curation, its start-up in the first. */
type Phases = readonly number[];

if (role === 'phases') await printPhases(path!, Number(threads));
else await measure();

async function measure(): Promise<void> {
  const dump = await openDump(400, 'zstd');
  printTitle(
    'What does `sluice curate` cost beside `sluice dedup`, and where?',
    `Input: ${show(dump.textBytes / 1e6)} MB of text in ${dump.documents.toLocaleString('en-US')} documents, Parquet with zstd. Warm page cache. Whole processes, ${ROUNDS} rounds in turn: median (least to most).`,
    `--keep 0.3, lexical encoder. ${pinNote}`,
  );
  printTable(['Run', 'MB/s of text', 'processor ms per MB', 'of dedup, in processor time'], compare(dump));
}

function compare(dump: Dump): string[][] {
  const megabytes = dump.textBytes / 1e6;
  const packed = join(benchFolder, 'packed');
  runProcess(sluice(['convert', dump.path, '-o', packed, '--compression', 'lz4']), false);
  const runs = { dedup: [] as number[], curate: [] as number[], convert: [] as number[] };
  const seconds = { dedup: [] as number[], curate: [] as number[], convert: [] as number[] };
  const phases: Phases[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const dedup = runProcess(sluice(['dedup', dump.path, '-o', output]), false);
    const whole = runProcess([process.execPath, self, 'phases', dump.path, '2'], false);
    const convert = runProcess(sluice(['convert', join(packed, '*.arrow'), '-o', output]), false);
    // The first round fills the page cache.
    if (round < 0) continue;
    for (const [name, run] of Object.entries({ dedup, curate: whole, convert })) {
      runs[name as keyof typeof runs].push(run.cpuSeconds);
      seconds[name as keyof typeof seconds].push(run.seconds);
    }
    phases.push(JSON.parse(whole.stdout) as Phases);
  }
  rmSync(packed, { recursive: true, force: true });
  const row = (name: string, wall: readonly number[] | undefined, cpu: readonly number[]): string[] => [
    name,
    wall === undefined ? '' : showSpread(spreadOf(wall.map((value) => megabytes / value))),
    showSpread(spreadOf(cpu.map((value) => (1000 * value) / megabytes))),
    showSpread(ratioOf(cpu, runs.dedup)),
  ];
  const phase = (index: number): number[] => phases.map((values) => values[index]!);
  highlight(
    'Curate, 2 threads',
    `${showSpread(spreadOf(seconds.curate.map((value) => megabytes / value)))} MB/s`,
  );
  highlight(
    '... its pass over the inputs, times dedup (processor)',
    showSpread(ratioOf(phase(0), runs.dedup)),
  );
  highlight('... all of it, times dedup (processor)', showSpread(ratioOf(runs.curate, runs.dedup)));
  return [
    row('sluice dedup', seconds.dedup, runs.dedup),
    row('sluice curate', seconds.curate, runs.curate),
    ...PHASES.map((name, index) => row(`... ${name}`, undefined, phase(index))),
    row('sluice convert of rows packed with LZ4, to compare with emit', seconds.convert, runs.convert),
  ];
}

function sluice(words: readonly string[]): string[] {
  const cli = join(projectRoot, 'dist', 'src', 'cli.js');
  return [process.execPath, cli, ...words, '--overwrite', '--threads', '2', '--progress', 'none'];
}

async function printPhases(input: string, count: number): Promise<void> {
  const marks: number[] = [];
  const used = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  await curate({
    input,
    output,
    keep: 0.3,
    overwrite: true,
    threads: count,
    onEvent(event: RunEvent) {
      const isNext =
        marks.length === 0
          ? event.type === 'work'
          : marks.length === 1
            ? event.type === 'work' && event.work.doing === 'finding concepts'
            : marks.length === 2 && event.type === 'progress';
      if (isNext) marks.push(used());
    },
  });
  marks.push(used());
  console.log(JSON.stringify(marks.map((mark, i) => mark - (marks[i - 1] ?? 0))));
}
