import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, platform, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Values of the rounds of one measurement. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** One line of the closing table of `npm run bench`. */
export interface Highlight {
  readonly what: string;
  readonly figure: string;
}

/** Median (the upper one of an even number), least and most. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[sorted.length >> 1]!, least: sorted[0]!, most: sorted.at(-1)! };
}

/**
 * Quotients round by round: rounds that were run next to each other met the same noise, which the quotient of two medians
 * does not know.
 */
export function ratioOf(values: readonly number[], others: readonly number[]): Spread {
  return spreadOf(values.map((value, round) => value / others[round]!));
}

/** `412 (398 to 420)`: three figures, or whole numbers from 100 on. */
export function showSpread({ median, least, most }: Spread, unit = ''): string {
  return `${show(median)}${unit} (${show(least)} to ${show(most)})`;
}

/** Three figures, or a whole number from 100 on. */
export function show(value: number): string {
  return Math.abs(value) < 100 ? value.toPrecision(3) : Math.round(value).toLocaleString('en-US');
}

/** Prints the question a benchmark answers, and on what machine it does. */
export function printTitle(question: string, ...notes: readonly string[]): void {
  console.log(`\n### ${question}\n`);
  console.log([machineLine(), ...notes].join(' '));
}

/** Prints a Markdown table; its columns stand in line, the first to the left and figures to the right. */
export function printTable(heads: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  console.log(['', line(heads), rule, ...rows.map(line), ''].join('\n'));
}

/** Processor, cores of the machine, memory, Node and the day. */
export function machineLine(): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus()[0]?.model ?? 'Unknown processor'}, ${cpus().length} cores, ${memory} GiB, ${platform()}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}.`;
}

/** The installed version of an npm package. */
export function versionOf(name: string): string {
  const paths = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const manifest = paths.map((path) => `${path}/${name}/package.json`).find((path) => existsSync(path));
  if (manifest === undefined) throw new Error(`${name} is not installed`);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/** Hands a line to the closing table when `bench/all` started this benchmark; else nothing. */
export function highlight(what: string, figure: string): void {
  process.send?.({ what, figure } satisfies Highlight);
}

/**
 * What to put before a command so that it stays on one core, the last one that we may use; nothing where `taskset` is not
 * there (it is on most Linux machines).
 */
export const pin: readonly string[] = findPin();

/** A clause for the notes of a benchmark. */
export const pinNote: string =
  pin.length > 0
    ? 'Pinned to one core where one thread is said.'
    : 'Not pinned: `taskset` is not here, so threads may spread.';

function findPin(): readonly string[] {
  const status = '/proc/self/status';
  if (!existsSync(status)) return [];
  const core = /^Cpus_allowed_list:.*?(\d+)$/m.exec(readFileSync(status, 'utf8'))?.[1];
  if (core === undefined) return [];
  const works = spawnSync('taskset', ['-c', core, process.execPath, '--version']).status === 0;
  return works ? ['taskset', '-c', core] : [];
}

/** Starts a Node program with a message channel, on one core where that can be had. */
export function forkPinned(url: string, words: readonly string[], isPinned: boolean): ChildProcess {
  const [program, ...rest] = isPinned ? [...pin, process.execPath] : [process.execPath];
  return fork(fileURLToPath(url), words, { execPath: program!, execArgv: rest });
}

/** What one run of a whole process took. */
export interface ProcessRun {
  readonly seconds: number;
  /** Processor time of all its threads and children; NaN where there is no `sh` to ask. */
  readonly cpuSeconds: number;
  readonly stdout: string;
}

/**
 * Runs a command to its end: from before its start to after its exit, as a user waits for it.
 * @throws Error with what it wrote to standard error when it fails.
 */
export function runProcess(command: readonly string[], isPinned: boolean): ProcessRun {
  // The shell's `times` prints what it and its children took; the last two words of its second line are the children's.
  const hasShell = platform() !== 'win32';
  const shell = hasShell ? ['/bin/sh', '-c', '"$@"; code=$?; times; exit $code', 'sh'] : [];
  const [program, ...words] = [...(isPinned ? pin : []), ...shell, ...command];
  const start = performance.now();
  const { status, stdout, stderr, error } = spawnSync(program!, words, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const seconds = (performance.now() - start) / 1000;
  if (error !== undefined || status !== 0) {
    throw new Error(`${command.join(' ')}: exit code ${status}\n${stderr}`, { cause: error });
  }
  if (!hasShell) return { seconds, cpuSeconds: Number.NaN, stdout };
  const lines = stdout.trimEnd().split('\n');
  const times = lines.at(-1)!.matchAll(/(\d+)m([\d.]+)s/g);
  const cpuSeconds = [...times].reduce(
    (sum, [, minutes, rest]) => sum + 60 * Number(minutes) + Number(rest),
    0,
  );
  return { seconds, cpuSeconds, stdout: lines.slice(0, -2).join('\n') };
}
