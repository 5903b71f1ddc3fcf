import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, watch } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type CurateOptions, curate, type RunEvent } from '../../src/index.ts';
import { plantConcepts, withVectors, zipfSizes } from './planted-concepts.ts';
import { jsonLines, linesOf, liveThreads, sluice, useFolder } from './support.ts';

const folder = useFolder();

const documents = withVectors(plantConcepts({ sizes: zipfSizes(5, 120), seed: 51, words: [20, 60] }), 52);
const column = ['--encoder', 'column', '--vector-column', 'vector', '--threads', '1'];

describe('an abort', () => {
  const isWork = (event: RunEvent, doing: string): boolean =>
    event.type === 'work' && event.work.doing === doing;
  const phases: readonly (readonly [string, (event: RunEvent) => boolean])[] = [
    ['measures', ({ type }) => type === 'plan'],
    ['learns from a sample', (event) => isWork(event, 'reading a sample')],
    ['finds concepts', (event) => isWork(event, 'finding concepts')],
    ['writes', ({ type }) => type === 'part'],
  ];

  test.each(phases)('while it %s leaves no manifest, no work folder and no thread', async (_, isIt) => {
    await writeFile(folder('in.jsonl'), jsonLines(documents));
    await mkdir(folder('work'));
    const before = liveThreads();
    const controller = new AbortController();
    const running = curate({
      input: folder('in.jsonl'),
      output: folder('out'),
      keep: 0.5,
      partSize: 10_000,
      threads: 1,
      workDirectory: folder('work'),
      signal: controller.signal,
      onEvent(event) {
        if (isIt(event)) controller.abort(new Error('enough for today'));
      },
    });
    await expect(running).rejects.toThrow('enough for today');
    expect(await readdir(folder('work'))).toEqual([]);
    const names = existsSync(folder('out')) ? await readdir(folder('out')) : [];
    expect(names.filter((name) => name.startsWith('.') || /manifest|report/.test(name))).toEqual([]);
    expect(liveThreads()).toBeLessThanOrEqual(before);
  });
});

test('a killed process leaves nothing that looks finished', async () => {
  await writeFile(folder('in.jsonl'), jsonLines(documents));
  await mkdir(folder('out'));
  const words = ['curate', folder('in.jsonl'), '-o', folder('out'), '--keep', '0.5', ...column];
  const killed = await sluice([...words, '--part-size', '10kB', '--work-dir', folder('work')], {
    onStart(child) {
      // As soon as something is written to the output.
      const watcher = watch(folder('out'), () => {
        watcher.close();
        child.kill('SIGKILL');
      });
      child.on('close', () => watcher.close());
    },
  });
  expect(killed.signal).toBe('SIGKILL');
  expect(await readdir(folder('out'))).not.toContain('manifest.json');
});

describe('refused before anything is read', () => {
  /** The message of an error of this code; nothing may have been read by then. */
  async function refused(
    code: string,
    options: Partial<CurateOptions>,
    first: object = { text: 'a', lang: 'en' },
  ): Promise<string> {
    await writeFile(folder('in.jsonl'), jsonLines([first]));
    const events: RunEvent[] = [];
    const workDirectory = folder('work');
    const given = { input: folder('in.jsonl'), output: folder('out'), workDirectory, ...options };
    const error = await curate({ ...given, onEvent: (event) => events.push(event) }).catch(
      (found: unknown) => found,
    );
    expect(error).toMatchObject({ name: 'CurationError', code });
    expect(events).toEqual([]);
    expect(existsSync(workDirectory) ? await readdir(workDirectory) : []).toEqual([]);
    return (error as Error).message;
  }

  test('no budget, two budgets, and budgets out of range', async () => {
    expect(await refused('USAGE', {})).toMatch(/needs a budget: --tokens .* or --keep/);
    expect(await refused('USAGE', { tokens: 1000, keep: 0.5 })).toMatch(/needs a budget.*not both/);
    expect(await refused('USAGE', { keep: 0 })).toMatch(/--keep: expected a number above 0/);
    expect(await refused('USAGE', { tokens: 0.5 })).toMatch(/--tokens: expected a number from 1/);
    expect(await refused('USAGE', { keep: 1, maxEpochs: 17 })).toMatch(/--max-epochs.*1 to 16/);
    expect(await refused('USAGE', { keep: 1, concepts: 4097 })).toMatch(/--concepts.*1 to 4096/);
  });

  test('steps that curate does by itself, or that must come after it', async () => {
    expect(await refused('USAGE', { keep: 1, steps: [{ use: 'dedup' }] })).toMatch(
      /step "dedup"; leave it out/,
    );
    expect(await refused('USAGE', { keep: 1, steps: [{ use: 'repeated-lines' }] })).toMatch(/must follow/);
  });

  test('options that say nothing without others', async () => {
    const only = (options: Partial<CurateOptions>): Promise<string> =>
      refused('USAGE', { keep: 1, ...options });
    expect(await only({ balance: 'natural' })).toMatch(/--balance has a meaning only with --balance-by/);
    expect(await only({ balanceBy: 'lang', balanceExponent: 0.5 })).toMatch(
      /only with --balance temperature/,
    );
    expect(await only({ encoder: 'static' })).toMatch(/--encoder static needs --encoder-model/);
    expect(await only({ encoder: 'column' })).toMatch(/--encoder column needs --vector-column/);
    expect(await only({ encoderModel: 'x' })).toMatch(/only with --encoder static or onnx/);
    expect(await only({ vectorColumn: 'x' })).toMatch(/only with --encoder column/);
    expect(await only({ redundancy: 'off', redundancyThreshold: 0.9 })).toMatch(
      /no meaning with --redundancy off/,
    );
  });

  test('columns that are not there, and columns that are there already', async () => {
    const column = { encoder: 'column', vectorColumn: 'vector' } as const;
    expect(await refused('USAGE', { keep: 1, ...column })).toMatch(
      /--vector-column vector: .* no such column.*text, lang/,
    );
    expect(await refused('USAGE', { keep: 1, ...column }, { text: 'a', vector: 'b' })).toMatch(
      /lists of floating-point numbers, found utf8/,
    );
    expect(await refused('USAGE', { keep: 1, balanceBy: 'topic' })).toMatch(
      /--balance-by topic: .*no such column/,
    );
    for (const name of ['concept', 'cluster_size']) {
      expect(await refused('USAGE', { keep: 1 }, { text: 'a', [name]: 3 })).toMatch(
        `column "${name}" is to be added`,
      );
    }
    expect(await refused('USAGE', { keep: 1, textColumn: 'body' })).toMatch(/body/);
  });

  test('models that are not there', async () => {
    const encoderModel = folder('no-model');
    expect(await refused('USAGE', { keep: 1, encoder: 'static', encoderModel })).toMatch(
      /found nothing; to get one/,
    );
    expect(await refused('USAGE', { keep: 1, encoder: 'onnx', encoderModel })).toMatch(
      /found no model\.onnx/,
    );
  });

  test('an output that cannot be written to: files of others, inputs that lie in it, a compression that is not', async () => {
    await mkdir(folder('out'));
    await writeFile(folder('out', 'part-00000.jsonl'), jsonLines([{ text: 'a' }]));
    expect(await refused('BAD_OUTPUT', { keep: 1 })).toMatch(/holds files already/);
    const own = { input: folder('out', 'part-00000.jsonl'), overwrite: true };
    expect(await refused('USAGE', { keep: 1, ...own })).toMatch(/lies in the output directory/);
    expect(await readdir(folder('out'))).toEqual(['part-00000.jsonl']);
    expect(await refused('USAGE', { keep: 1, overwrite: true, compression: 'gzip' })).toMatch(
      /arrow.*"gzip"/,
    );
    expect(await refused('USAGE', { keep: 1, overwrite: true, partSize: 0 })).toMatch(/--part-size/);
  });
});

test('exit codes: 2 for the command line, 1 for data', async () => {
  await writeFile(folder('in.jsonl'), `${jsonLines([{ text: 'a' }])}{"text": \n`);
  const words = ['curate', folder('in.jsonl'), '-o', folder('out')];
  const [usage, damage, nothing] = await Promise.all([
    sluice(words),
    sluice([...words, '--keep', '1', '--threads', '1']),
    sluice([...words, '--keep', '1', '--threads', '1', '--on-error', 'skip', '--preset', 'gopher']),
  ]);
  expect(usage).toMatchObject({ code: 2, stderr: expect.stringMatching(/needs a budget/) as string });
  expect(damage).toMatchObject({ code: 1, stderr: expect.stringMatching(/line 2/) as string });
  expect(nothing).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/of 2 none passed the filters/) as string,
  });
  expect(existsSync(folder('out'))).toBe(false);
});

describe('to standard output', () => {
  const words = ['curate', '-', '-o', '-', '--format', 'jsonl', '--keep', '2', ...column];

  test('lines come out with cluster size and concept, copies after all others', async () => {
    const { code, stdout, stderr } = await sluice(words, { stdin: Buffer.from(jsonLines(documents)) });
    expect(stderr).toMatch(/kept/);
    expect(code).toBe(0);
    const rows = linesOf(stdout.toString()).map((line) => JSON.parse(line) as Record<string, unknown>);
    const texts = new Map(documents.map(({ id, text }) => [id, text]));
    for (const { id, text, cluster_size: size, concept } of rows) {
      expect(text).toBe(texts.get(id as string));
      expect([size, typeof concept]).toEqual([1, 'number']);
    }
    const different = new Set(rows.map(({ id }) => id)).size;
    expect(rows.length).toBeGreaterThan(different);
    expect(new Set(rows.slice(0, different).map(({ id }) => id)).size).toBe(different);
  });

  test('a reader that goes away ends the work quietly', async () => {
    const long = documents.map((one) => ({ ...one, text: `${one.text} `.repeat(40) }));
    await writeFile(folder('in.jsonl'), jsonLines(long));
    await mkdir(folder('work'));
    const cli = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url));
    const rest = words.slice(2).concat('--progress', 'none', '--work-dir', folder('work'));
    const child = spawn(process.execPath, [cli, 'curate', folder('in.jsonl'), ...rest]);
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = (await once(child, 'close')) as [number | null];
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(await readdir(folder('work'))).toEqual([]);
  });
});
