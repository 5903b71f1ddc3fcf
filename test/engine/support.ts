import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach } from 'vitest';
import type { Manifest, Report } from '../../src/report.ts';

const cli = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url));
const sharedData: string = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
export const hasSharedData: boolean = existsSync(sharedData);
if (!hasSharedData)
  process.stdout.write('no ../shared/data beside the project: suites on real truth sets are skipped\n');

/** A folder of its own for each test, taken away afterwards. */
export function useFolder(): (...names: string[]) => string {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-engine-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  return (...names) => join(folder, ...names);
}

export interface CommandResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly stdin?: Uint8Array;
  readonly cwd?: string;
  /** File to write the peak memory of the process to, in bytes, when it ends. */
  readonly peakPath?: string;
  /** Called with the process once it runs. */
  readonly onStart?: (child: ReturnType<typeof spawn>) => void;
}

/** A module that has a process write down its peak memory at its end. */
function peakScript(path: string): string {
  const memory = new URL('../../dist/src/flow/memory.js', import.meta.url).href;
  const source = `import { isMainThread } from 'node:worker_threads'; import { writeFileSync } from 'node:fs'; import { peakMemory } from '${memory}'; if (isMainThread) process.on('exit', () => writeFileSync(${JSON.stringify(path)}, String(peakMemory())));`;
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

/**
 * Of commands whose result is looked at, not how they come to it: a thread takes longer to start than to work through a few
 * documents.
 */
export const oneThread: readonly string[] = ['--threads', '1'];

/** Runs the built command line in a process of its own. */
export async function sluice(words: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { peakPath } = options;
  const measuring = peakPath === undefined ? [] : ['--import', peakScript(peakPath)];
  const child = spawn(process.execPath, [...measuring, cli, ...words], {
    cwd: options.cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  // The command may end before it has read everything.
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin);
  options.onStart?.(child);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ code, signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }),
    );
  });
}

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, 'utf8')) as T;
}

export const readReport = (directory: string): Promise<Report> => readJson(join(directory, 'report.json'));
export const readManifest = (directory: string): Promise<Manifest> =>
  readJson(join(directory, 'manifest.json'));

export interface TestDocument {
  readonly id: string;
  readonly text: string;
}

/** Documents of a truth set under the shared data. */
export async function sharedDocuments(name: string): Promise<TestDocument[]> {
  return linesOf((await gunzipped(`${name}.docs.jsonl.gz`)).toString()).map(
    (line) => JSON.parse(line) as TestDocument,
  );
}

/** Live worker threads of this process, by the handles that keep it alive. */
export const liveThreads = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;

export async function gunzipped(name: string): Promise<Buffer> {
  return gunzipSync(await readFile(join(sharedData, name)));
}

export const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** A generator of numbers in [0, 1) that is the same every time: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Documents with planted exact and near copies; `text` of a copy differs from its original in a few words. */
export function plantedDocuments(
  count: number,
  seed: number,
): (TestDocument & { readonly n: number; readonly tags: string[] | null })[] {
  const random = seeded(seed);
  const word = (): string => `w${Math.floor(random() * 20_000).toString(36)}`;
  const texts: string[] = [];
  for (let i = 0; i < count; i++) {
    const draw = random();
    const original = texts[Math.floor(random() * texts.length)];
    if (original !== undefined && draw < 0.15) texts.push(original);
    else if (original !== undefined && draw < 0.3) texts.push(`${original} ${word()}`);
    else
      texts.push(
        Array.from({ length: 20 + Math.floor(random() ** 3 * 600) }, word).join(random() < 0.1 ? '\n' : ' '),
      );
  }
  return texts.map((text, n) => ({
    id: `doc-${n}`,
    text,
    n,
    tags: n % 3 === 0 ? null : ['é"\\', `t${n % 7}`].slice(0, n % 3),
  }));
}

export const jsonLines = (documents: readonly object[]): string =>
  documents.map((one) => `${JSON.stringify(one)}\n`).join('');
