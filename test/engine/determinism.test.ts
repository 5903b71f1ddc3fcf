import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { convert, dedup } from '../../src/index.ts';
import { jsonLines, plantedDocuments, readManifest, useFolder } from './support.ts';

const folder = useFolder();

test('the bytes of every part and of the ledger are the same for any thread count, morsel size and memory limit', async () => {
  const documents = plantedDocuments(6000, 11);
  await writeFile(folder('a.jsonl'), jsonLines(documents.slice(0, 3500)));
  await writeFile(folder('b.jsonl'), jsonLines(documents.slice(3500)));
  await convert({ input: folder('b.jsonl'), output: folder('parquet'), format: 'parquet' });
  const input = [folder('a.jsonl'), folder('parquet')];
  const variants = [
    { threads: 1 },
    { threads: 2, morselBytes: 64 * 1024 },
    { threads: 4, morselBytes: 300_001, memory: 1.5 * 2 ** 30 },
    { threads: 2, morselBytes: 32 * 2 ** 20, memory: 600 * 2 ** 20 },
  ];
  const seen: unknown[] = [];
  for (const format of ['arrow', 'parquet', 'jsonl'] as const) {
    for (const [i, variant] of variants.entries()) {
      const output = folder(`${format}-${i}`);
      await dedup({ input, output, format, partSize: 2_000_000, ...variant });
      const { parts, ledger } = await readManifest(output);
      seen.push({ parts, ledger });
      expect(seen.at(-1)).toEqual(seen[seen.length - 1 - i]);
    }
  }
  expect(seen.length).toBe(12);
}, 120_000);
