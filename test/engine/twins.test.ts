import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { type DedupOptions, dedup, type Report, type RunEvent } from '../../src/index.ts';
import { createSigner } from '../../src/kernels/signatures/signer.ts';
import { columnOf } from '../kernels/signatures/fixtures.ts';
import { rowsIn } from './rows.ts';
import {
  jsonLines,
  oneThread,
  plantedDocuments,
  readManifest,
  readReport,
  sluice,
  type TestDocument,
  useFolder,
} from './support.ts';

const folder = useFolder();

interface Row {
  readonly id: string;
  readonly source: string;
  readonly row: number;
  readonly reason: string | null;
  readonly twin: { readonly source: string; readonly row: number } | undefined;
}

async function ledgerRows(directory: string): Promise<Row[]> {
  return (await rowsIn(`${directory}/ledger`)).map((row) => {
    const twinSource = row['twin_source'] as string | null;
    return {
      id: row['id'] as string,
      source: row['source'] as string,
      row: row['row'] as number,
      reason: row['reason'] as string | null,
      twin: twinSource === null ? undefined : { source: twinSource, row: row['twin_row'] as number },
    };
  });
}

/** For each document the first kept one before it that shares a band with it, or -1; hashed here by the plain twin of the kernel. */
async function sharedBands(
  documents: readonly TestDocument[],
  isKept: (ordinal: number) => boolean,
): Promise<number[]> {
  const bands = 14;
  const signer = await createSigner({ ngram: 5, bands, rows: 8, seed: 0 }, 'scalar');
  const { bandKeys, rowCount, shingleCounts } = signer.sign(columnOf(documents.map(({ text }) => text)));
  const firstOf = new Map<string, number>();
  return documents.map((_, ordinal) => {
    if (shingleCounts[ordinal] === 0) return -1;
    const keys = Array.from({ length: bands }, (__, band) => {
      const pair = 2 * (band * rowCount + ordinal);
      return `${bandKeys[pair]} ${bandKeys[pair + 1]}`;
    });
    const known = keys.flatMap((key) => firstOf.get(key) ?? []);
    if (isKept(ordinal)) for (const key of keys) if (!firstOf.has(key)) firstOf.set(key, ordinal);
    return known.length === 0 ? -1 : Math.min(...known);
  });
}

function jaccard(a: string, b: string): number {
  const shingles = (text: string): Set<string> => {
    const words = text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
    return new Set(
      words.slice(0, Math.max(1, words.length - 4)).map((_, i) => words.slice(i, i + 5).join(' ')),
    );
  };
  const [left, right] = [shingles(a), shingles(b)];
  const shared = [...left].filter((shingle) => right.has(shingle)).length;
  return shared / (left.size + right.size - shared);
}

async function twins(options: Partial<DedupOptions> = {}): Promise<Report> {
  return dedup({
    input: folder('in.jsonl'),
    output: folder('out'),
    twins: true,
    threads: 2,
    overwrite: true,
    ...options,
  });
}

test('every dropped document has a twin that was kept, came before it and is the first that shares a band or its text', async () => {
  const documents = plantedDocuments(1200, 21);
  // Two inputs, so that twins lie in another one.
  await writeFile(folder('a.jsonl'), jsonLines(documents.slice(0, 500)));
  await writeFile(folder('b.jsonl'), jsonLines(documents.slice(500)));
  await mkdir(folder('work'));
  const events: RunEvent[] = [];
  const report = await twins({
    input: [folder('a.jsonl'), folder('b.jsonl')],
    workDirectory: folder('work'),
    onEvent: (event) => events.push(event),
  });
  // 14 bands of 12 bytes and a row of the ledger, for as many documents as the inputs are thought to have.
  const plan = events.find((event) => event.type === 'plan')!;
  expect(plan.diskBytes).toBe((14 * 12 + 32) * plan.documentsExpected!);
  expect(await readdir(folder('work'))).toEqual([]);
  const rows = await ledgerRows(folder('out'));
  expect(rows.map(({ id }) => id)).toEqual(documents.map(({ id }) => id));
  const expected = await sharedBands(documents, (ordinal) => rows[ordinal]!.reason === null);
  let near = 0;
  rows.forEach(({ reason, twin }, ordinal) => {
    if (reason === null) {
      expect(twin).toBeUndefined();
      return;
    }
    const at = rows.findIndex(({ source, row }) => source === twin!.source && row === twin!.row);
    expect(at).toBeLessThan(ordinal);
    expect(rows[at]!.reason).toBeNull();
    if (reason === 'exact-duplicate') {
      expect(documents[at]!.text).toBe(documents[ordinal]!.text);
      return;
    }
    near++;
    expect(at).toBe(expected[ordinal]);
    // Copies that grew word by word: two that share a band of 8 minima below this would be one in a million.
    expect(jaccard(documents[at]!.text, documents[ordinal]!.text)).toBeGreaterThan(0.18);
  });
  expect(near).toBeGreaterThan(100);
  expect(report.nearDuplicate!.twins).toEqual({ named: near, unnamed: 0 });
  expect((await readReport(folder('out'))).nearDuplicate!.twins).toEqual({ named: near, unnamed: 0 });
});

test('the same bytes for any thread count, morsel size and memory; without twins the ledger differs by twins alone', async () => {
  await writeFile(folder('in.jsonl'), jsonLines(plantedDocuments(800, 9)));
  await mkdir(folder('work'));
  const hashes: unknown[] = [];
  for (const options of [
    { threads: 1 },
    { threads: 3, morselBytes: 200_000 },
    { threads: 2, memory: 700 * 2 ** 20 },
  ]) {
    await twins({ ...options, workDirectory: folder('work') });
    const { parts, ledger } = await readManifest(folder('out'));
    hashes.push([...parts, ...ledger].map(({ xxh64 }) => xxh64));
    expect(await readdir(folder('work'))).toEqual([]);
  }
  expect(hashes[1]).toEqual(hashes[0]);
  expect(hashes[2]).toEqual(hashes[0]);
  const named = await ledgerRows(folder('out'));
  const report = await twins({ twins: false });
  expect(report.nearDuplicate!.twins).toBeUndefined();
  const plain = await ledgerRows(folder('out'));
  const untold = ({ reason, ...row }: Row): unknown => ({
    ...row,
    reason,
    twin: reason === 'near-duplicate' ? undefined : row.twin,
  });
  expect(plain.map(untold)).toEqual(named.map(untold));
  // What the cache remembers of so few documents it names, though not always the first one.
  for (const { reason, twin } of plain) if (reason === 'exact-duplicate') expect(twin).toBeDefined();
});

test('damaged rows and documents that filters drop do not shift twins', async () => {
  const base = Array.from({ length: 60 }, (_, i) => `word${i}`).join(' ');
  const lines = [
    { id: '0', text: 'too short' },
    { id: '1', text: base },
    'damaged',
    { id: '3', text: 'short too' },
    { id: '4', text: `${base} and more` },
    'damaged',
    'damaged',
    { id: '7', text: base },
    { id: '8', text: `${base} and less` },
  ];
  const input = `${lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')}\n`;
  await writeFile(
    folder('recipe.yaml'),
    'version: 1\nwords: whitespace\nsteps:\n  - use: gopher-quality\n    min_doc_words: 20\n    max_avg_word_length: 20\n    min_stop_words: 0\n  - use: dedup\n    twins: true\n',
  );
  const words = [
    'run',
    folder('recipe.yaml'),
    '-',
    '-o',
    folder('out'),
    '--on-error',
    'skip',
    '--id-column',
    'id',
  ];
  const { code, stderr } = await sluice([...words, '--input-format', 'jsonl', ...oneThread], {
    stdin: Buffer.from(input),
  });
  expect(stderr).not.toContain('error');
  expect(code).toBe(0);
  const rows = await ledgerRows(folder('out'));
  expect(rows.map(({ reason, twin }) => [reason, twin?.row])).toEqual([
    ['gopher_short_doc', undefined],
    [null, undefined],
    ['unreadable', undefined],
    ['gopher_short_doc', undefined],
    ['near-duplicate', 1],
    ['unreadable', undefined],
    ['unreadable', undefined],
    ['exact-duplicate', 1],
    ['near-duplicate', 1],
  ]);
});

test('an abort leaves neither a work folder nor an output', async () => {
  await mkdir(folder('work'));
  const controller = new AbortController();
  let made: string[] = [];
  // Endless, so that it is the abort that ends it: as soon as the work folder is there. What is read ahead of it costs little to judge.
  const rest = 'x'.repeat(20_000);
  const some = jsonLines(
    plantedDocuments(50, 2).map(({ id, text }) => ({ id, text: text.slice(0, 100), rest })),
  );
  async function* endless(): AsyncGenerator<Uint8Array> {
    while (true) {
      yield Buffer.from(some);
      made = await readdir(folder('work'));
      if (made.length > 0) controller.abort(new Error('enough'));
    }
  }
  const { signal } = controller;
  const stdin = Readable.from(endless());
  const running = twins({ input: '-', stdin, workDirectory: folder('work'), morselBytes: 65_536, signal });
  await expect(running).rejects.toThrow('enough');
  expect(made).toEqual([expect.stringMatching(/^sluice-twins-/)]);
  expect(await readdir(folder('work'))).toEqual([]);
  expect(await readdir(folder())).not.toContain('out');
});

test('nothing to read gives an empty ledger, and no twins', async () => {
  await writeFile(folder('in.jsonl'), jsonLines([{ id: 'a', text: null }]));
  const report = await twins();
  expect(report.nearDuplicate!.twins).toEqual({ named: 0, unnamed: 0 });
  expect((await ledgerRows(folder('out'))).length).toBe(1);
});

test('twins are refused where there is no ledger, or where they are named anyway', async () => {
  const input = Buffer.from(jsonLines([{ text: 'a' }]));
  const refused = async (...words: string[]): Promise<string> => {
    const { code, stderr } = await sluice(['dedup', '-', ...words], { stdin: input });
    expect(code).toBe(2);
    return stderr;
  };
  expect(await refused('-o', '-', '--twins')).toMatch(/--twins: expected a directory to write to/);
  const out = ['-o', folder('out')] as const;
  expect(await refused(...out, '--twins', '--mode', 'cluster')).toMatch(
    /--twins has no meaning with --mode cluster/,
  );
  expect(await refused(...out, '--twins', '--exact-only')).toMatch(
    /--twins has no meaning with --exact-only/,
  );
  expect(await refused(...out, '--work-dir', folder('work'))).toMatch(
    /--work-dir has a meaning only with --mode cluster or --twins/,
  );
  const help = await sluice(['dedup', '--help']);
  expect(help.stdout.toString()).toContain('--twins');
  await writeFile(folder('in.jsonl'), input);
  await writeFile(folder('file'), '');
  await expect(twins({ workDirectory: folder('file', 'work') })).rejects.toThrow(
    'a part of the path is a file',
  );
  expect(await readFile(folder('file'), 'utf8')).toBe('');
});
