import { readdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { dedup, type RunEvent, read } from '../../src/index.ts';
import { jsonLines, liveThreads, plantedDocuments, useFolder } from './support.ts';

const folder = useFolder();

test('an abort rejects with its reason, leaves no manifest, no unfinished file and no thread', async () => {
  await writeFile(folder('in.jsonl'), jsonLines(plantedDocuments(8000, 6)));
  const before = liveThreads();
  const controller = new AbortController();
  const events: string[] = [];
  const onEvent = (event: RunEvent): void => {
    events.push(event.type);
    if (event.type === 'part') controller.abort(new Error('enough for today'));
  };
  const { signal } = controller;
  const running = dedup({
    input: folder('in.jsonl'),
    output: folder('out'),
    partSize: 100_000,
    threads: 2,
    signal,
    onEvent,
  });
  await expect(running).rejects.toThrow('enough for today');
  expect(events[0]).toBe('plan');
  const names = await readdir(folder('out'));
  expect(names.filter((name) => name.startsWith('.') || name === 'manifest.json')).toEqual([]);
  expect(liveThreads()).toBeLessThanOrEqual(before);
});

test('a signal that was given up already starts nothing', async () => {
  await writeFile(folder('in.jsonl'), jsonLines(plantedDocuments(10, 6)));
  const signal = AbortSignal.abort(new Error('never mind'));
  await expect(dedup({ input: folder('in.jsonl'), output: folder('out'), signal })).rejects.toThrow(
    'never mind',
  );
  expect(await readdir(folder())).toEqual(['in.jsonl']);
});

test('breaking out of read() ends its threads', async () => {
  await writeFile(folder('in.jsonl'), jsonLines(plantedDocuments(5000, 6)));
  const before = liveThreads();
  let rows = 0;
  for await (const batch of read({ input: folder('in.jsonl'), threads: 2, morselBytes: 65_536 })) {
    rows += batch.numRows;
    if (rows > 100) break;
  }
  expect(rows).toBeLessThan(5000);
  expect(liveThreads()).toBeLessThanOrEqual(before);
});
