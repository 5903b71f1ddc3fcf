import { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type RecordBatch, tableFromArrays } from 'apache-arrow';
import { expect, test } from 'vitest';
import { dedupStream } from '../../src/index.ts';
import { liveThreads, plantedDocuments, type TestDocument } from './support.ts';

// Somebody else's pipeline: nothing here but node:stream, apache-arrow and the Duplex.

function batchOf(documents: readonly TestDocument[]): RecordBatch {
  const table = tableFromArrays({
    id: documents.map(({ id }) => id),
    text: documents.map(({ text }) => text),
  });
  return table.batches[0]!;
}

function batchesOf(documents: readonly TestDocument[], size: number): RecordBatch[] {
  return Array.from({ length: Math.ceil(documents.length / size) }, (_, i) =>
    batchOf(documents.slice(i * size, (i + 1) * size)),
  );
}

const idsOf = (batch: RecordBatch): string[] => Array.from(batch.getChild('id')!, String);

async function idsThrough(
  documents: readonly TestDocument[],
  size: number,
  threads: number,
): Promise<string[]> {
  const ids: string[] = [];
  await pipeline(Readable.from(batchesOf(documents, size)), dedupStream({ threads }), async (batches) => {
    for await (const batch of batches as AsyncIterable<RecordBatch>) ids.push(...idsOf(batch));
  });
  return ids;
}

test('drops the same documents for any batch size and thread count, in order', async () => {
  const documents = plantedDocuments(1200, 21);
  const whole = await idsThrough(documents, 1200, 1);
  expect(whole.length).toBeLessThan(1100);
  expect(whole.map((id) => Number(id.slice(4)))).toEqual(
    whole.map((id) => Number(id.slice(4))).toSorted((a, b) => a - b),
  );
  expect(await idsThrough(documents, 7, 2)).toEqual(whole);
  expect(await idsThrough(documents, 311, 3)).toEqual(whole);
});

test('asks for no more while a slow consumer sleeps', async () => {
  const documents = plantedDocuments(100, 22);
  let produced = 0;
  const source = Readable.from(
    (function* endless() {
      for (;;) {
        produced++;
        // New ids and texts, so that every batch has something to pass on.
        yield batchOf(
          documents.map(({ id, text }) => ({
            id,
            text: `${text.replaceAll('w', `v${produced}`)} ${produced}`,
          })),
        );
      }
    })(),
  );
  const stream = dedupStream({ threads: 2 });
  source.pipe(stream);
  const first = await new Promise<RecordBatch>((resolve) =>
    stream.once('data', (batch: RecordBatch) => (stream.pause(), resolve(batch))),
  );
  expect(first.numRows).toBeGreaterThan(0);
  // The consumer sleeps: wait until production has stood still for a while, then for longer.
  let last = -1;
  for (let still = 0; still < 20; still = produced === last ? still + 1 : 0) {
    last = produced;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  // Readable.from and the two sides of the Duplex hold 16 objects each at most, the engine three batches.
  expect(produced).toBeLessThan(3 * 16 + 10);
  const closed = new Promise((resolve) => stream.once('close', resolve));
  source.destroy();
  stream.destroy();
  await closed;
});

test('an early end of the consumer ends the source and every thread', async () => {
  const before = liveThreads();
  let isSourceClosed = false;
  async function* endless(): AsyncGenerator<RecordBatch, void, undefined> {
    try {
      for (let i = 0; ; i++)
        yield batchOf([{ id: `${i}`, text: `text number ${i} of many and no two alike` }]);
    } finally {
      isSourceClosed = true;
    }
  }
  let seen = 0;
  const ending = pipeline(Readable.from(endless()), dedupStream({ threads: 2 }), async (batches) => {
    for await (const batch of batches as AsyncIterable<RecordBatch>) {
      seen += batch.numRows;
      if (seen >= 20) break;
    }
  });
  // What Node's pipeline says of any Transform whose consumer leaves before the source has ended.
  await ending.catch((error: NodeJS.ErrnoException) => expect(error.code).toBe('ABORT_ERR'));
  expect(seen).toBe(20);
  expect(isSourceClosed).toBe(true);
  expect(await settles(() => liveThreads() <= before)).toBe(true);
});

test('an error downstream reaches the pipeline and ends every thread', async () => {
  const before = liveThreads();
  const failing = new Writable({
    objectMode: true,
    write(_batch, _encoding, done) {
      done(new Error('disk on fire'));
    },
  });
  const source = Readable.from(batchesOf(plantedDocuments(500, 23), 10));
  await expect(pipeline(source, dedupStream({ threads: 2 }), failing)).rejects.toThrow('disk on fire');
  expect(await settles(() => liveThreads() <= before)).toBe(true);
});

test('an error upstream, and a batch that is none, reach the pipeline', async () => {
  const broken = new Transform({
    objectMode: true,
    transform(_batch, _encoding, done) {
      done(new Error('upstream broke'));
    },
  });
  const sink = (): Writable => new Writable({ objectMode: true, write: (_batch, _encoding, done) => done() });
  await expect(
    pipeline(
      Readable.from(batchesOf(plantedDocuments(50, 24), 10)),
      broken,
      dedupStream({ threads: 1 }),
      sink(),
    ),
  ).rejects.toThrow('upstream broke');
  await expect(
    pipeline(Readable.from([{ text: 'no batch' }]), dedupStream({ threads: 1 }), sink()),
  ).rejects.toThrow(/expected an Arrow RecordBatch/);
  await expect(
    pipeline(
      Readable.from(batchesOf(plantedDocuments(5, 1), 5)),
      dedupStream({ threads: 1, textColumn: 'body' }),
      sink(),
    ),
  ).rejects.toThrow(/body/);
});

test('an abort rejects with its reason and ends every thread', async () => {
  const before = liveThreads();
  const controller = new AbortController();
  async function* endless(): AsyncGenerator<RecordBatch, void, undefined> {
    for (let i = 0; ; i++) {
      if (i === 30) controller.abort(new Error('enough'));
      yield batchOf([{ id: `${i}`, text: `text number ${i} of many and no two alike` }]);
    }
  }
  const running = pipeline(
    Readable.from(endless()),
    dedupStream({ threads: 2, signal: controller.signal }),
    new Writable({ objectMode: true, write: (_batch, _encoding, done) => done() }),
  );
  await expect(running).rejects.toThrow('enough');
  expect(await settles(() => liveThreads() <= before)).toBe(true);
});

async function settles(holds: () => boolean): Promise<boolean> {
  for (let turns = 0; turns < 500; turns++) {
    if (holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}
