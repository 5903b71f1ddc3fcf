import { readdir, readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { dedup } from '../../src/index.ts';
import { rowsIn } from './rows.ts';
import { jsonLines, oneThread, plantedDocuments, readManifest, sluice, useFolder } from './support.ts';

const folder = useFolder();

test('every document has one line in the ledger, and what is kept comes out unchanged and in order', async () => {
  const documents = plantedDocuments(3000, 5);
  await writeFile(folder('in.jsonl'), jsonLines(documents));
  const report = await dedup({ input: folder('in.jsonl'), output: folder('out'), threads: 2 });
  const { read: count, kept, dropped } = report.documents;
  expect(count).toBe(3000);
  expect(count).toBe(kept + Object.values(dropped).reduce((a, b) => a + b, 0));
  expect(dropped['exact-duplicate']).toBeGreaterThan(300);
  expect(dropped['near-duplicate']).toBeGreaterThan(300);

  const ledger = await rowsIn(folder('out', 'ledger'));
  expect(ledger.map(({ row }) => row)).toEqual(documents.map((_, i) => i));
  expect(ledger.map(({ id }) => id)).toEqual(documents.map(({ id }) => id));
  const isKept = ledger.map(({ decision }) => decision === 'kept');
  const output = await rowsIn(folder('out'));
  expect(output.map(({ id, text, n, tags }) => ({ id, text, n, tags }))).toEqual(
    documents.filter((_, i) => isKept[i]),
  );
  // First one wins: an exact duplicate names an earlier document with the same text.
  const exact = ledger.filter(({ reason }) => reason === 'exact-duplicate');
  expect(exact.length).toBe(dropped['exact-duplicate']);
  for (const { row, twin_row: twin } of exact) {
    expect(twin as number).toBeLessThan(row as number);
    expect(documents[twin as number]!.text).toBe(documents[row as number]!.text);
    expect(isKept[twin as number]).toBe(true);
  }
  // No text is kept twice.
  expect(new Set(output.map(({ text }) => text)).size).toBe(output.length);
});

test('damaged lines are counted and have their place in the ledger with --on-error skip, and stop the run without', async () => {
  const documents = plantedDocuments(50, 3);
  const lines = jsonLines(documents).split('\n');
  lines.splice(10, 0, '{"id": "broken", ', 'not json at all');
  await writeFile(folder('in.jsonl'), lines.join('\n'));
  const failed = await sluice(['dedup', folder('in.jsonl'), '-o', folder('failed'), ...oneThread]);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toMatch(/^sluice: .*in\.jsonl.*line 11/m);
  expect(failed.stderr).not.toMatch(/\n\s+at /);
  const skipped = await sluice([
    'dedup',
    folder('in.jsonl'),
    '-o',
    folder('out'),
    '--on-error',
    'skip',
    ...oneThread,
  ]);
  expect(skipped.code).toBe(0);
  const ledger = await rowsIn(folder('out', 'ledger'));
  expect(ledger.length).toBe(52);
  expect(ledger.flatMap(({ reason, row }) => (reason === 'unreadable' ? [row] : []))).toEqual([10, 11]);
  expect(ledger[12]).toMatchObject({ id: 'doc-10' });
});

test('a killed run leaves no file that looks finished but is not, and --overwrite starts again to the same bytes', async () => {
  const documents = plantedDocuments(20_000, 8);
  await writeFile(folder('in.jsonl'), jsonLines(documents));
  const words = ['dedup', folder('in.jsonl'), '-o', folder('out'), '--part-size', '1MB', '--threads', '1'];
  const { readdirSync } = await import('node:fs');
  const killed = await sluice(words, {
    onStart(child) {
      // As soon as the first part stands there under its name.
      const watch = setInterval(() => {
        let names: string[] = [];
        try {
          names = readdirSync(folder('out'));
        } catch {
          return;
        }
        if (names.includes('part-00000.arrow')) {
          clearInterval(watch);
          child.kill('SIGKILL');
        }
      }, 1);
      child.on('close', () => clearInterval(watch));
    },
  });
  expect(killed.signal).toBe('SIGKILL');
  const names = await readdir(folder('out'));
  expect(names).not.toContain('manifest.json');
  for (const name of names.filter((one) => one.startsWith('part-'))) {
    // A finished Arrow file ends with its magic.
    expect((await readFile(folder('out', name))).subarray(-6).toString()).toBe('ARROW1');
  }
  expect((await sluice(words)).stderr).toMatch(/holds files already/);
  expect((await sluice([...words, '--overwrite'])).code).toBe(0);
  await sluice(words.map((word) => (word === folder('out') ? folder('fresh') : word)));
  expect(await readManifest(folder('out'))).toEqual(await readManifest(folder('fresh')));
}, 120_000);
