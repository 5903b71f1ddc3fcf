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
    // Slabs of this leave 64 KiB for rows, so that a morsel needs several.
    { threads: 2, morselBytes: 200_000 },
    { threads: 4, morselBytes: 300_001, memory: 1.5 * 2 ** 30 },
    { threads: 2, morselBytes: 32 * 2 ** 20, memory: 600 * 2 ** 20 },
  ];
  // Formats are given the same batches, so the two that differ most are enough for the others.
  for (const [format, chosen] of [
    ['arrow', [0, 1, 2, 3]],
    ['parquet', [0, 2]],
    ['jsonl', [0, 2]],
  ] as const) {
    const seen: unknown[] = [];
    for (const i of chosen) {
      const output = folder(`${format}-${i}`);
      await dedup({ input, output, format, partSize: 2_000_000, ...variants[i] });
      const { parts, ledger } = await readManifest(output);
      seen.push({ parts, ledger });
      expect(seen.at(-1)).toEqual(seen[0]);
    }
    expect(seen.length).toBe(chosen.length);
  }
}, 120_000);

test('the smallest morsels there are give the same bytes', async () => {
  await writeFile(folder('in.jsonl'), jsonLines(plantedDocuments(500, 12)));
  const seen: unknown[] = [];
  // A slab of so small a morsel has room for a row at a time.
  for (const [i, morselBytes] of [6 * 2 ** 20, 64 * 1024].entries()) {
    const output = folder(`out-${i}`);
    await dedup({ input: folder('in.jsonl'), output, threads: 2, morselBytes });
    const { parts, ledger } = await readManifest(output);
    seen.push({ parts, ledger });
  }
  expect(seen[1]).toEqual(seen[0]);
});
