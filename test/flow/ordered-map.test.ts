import fc from 'fast-check';
import { expect, test } from 'vitest';
import { orderedMap } from '../../src/flow/ordered-map.ts';

async function* from<T>(items: readonly T[]): AsyncGenerator<T, void, undefined> {
  for (const item of items) yield item;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A promise and the handles to settle it. */
function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('keeps input order when the second task finishes first', async () => {
  const tasks = [deferred<string>(), deferred<string>()];
  const result = collect(orderedMap(from([0, 1]), (i) => tasks[i]!.promise, { concurrency: 2 }));
  tasks[1]!.resolve('second');
  await turn();
  tasks[0]!.resolve('first');
  expect(await result).toEqual(['first', 'second']);
});

test('yields the same sequence for any concurrency and any order of finishing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(5), { maxLength: 30 }),
      fc.integer({ min: 1, max: 8 }),
      async (delays, concurrency) => {
        const result = await collect(
          orderedMap(
            from([...delays.keys()]),
            async (i) => {
              for (let turns = delays[i]!; turns > 0; turns--) await turn();
              return i;
            },
            { concurrency },
          ),
        );
        expect(result).toEqual([...delays.keys()]);
      },
    ),
    { numRuns: 50 },
  );
});

test('a slow consumer stops the source: never more than `concurrency` items are started and untaken', async () => {
  let started = 0;
  const results = orderedMap(from([...Array(100).keys()]), async (i) => (started++, i), { concurrency: 3 });
  await results.next();
  for (let i = 0; i < 20; i++) await turn();
  // One taken, three waiting.
  expect(started).toBe(4);
  await results.return();
  expect(started).toBe(4);
});

test('what an item still owes takes its place before any later item', async () => {
  const results = orderedMap(
    from([
      { name: 'a', parts: 3 },
      { name: 'b', parts: 1 },
    ]),
    async ({ name, parts }) => ({ name, parts }),
    { concurrency: 4, remainder: ({ name, parts }) => (parts > 1 ? { name, parts: parts - 1 } : undefined) },
  );
  expect((await collect(results)).map(({ name, parts }) => name + parts)).toEqual(['a3', 'a2', 'a1', 'b1']);
});

test('throws a failure in its turn, after the results before it, and lets running tasks end first', async () => {
  const last = deferred<number>();
  let isLastDone = false;
  const seen: number[] = [];
  const consume = async (): Promise<void> => {
    const results = orderedMap(
      from([0, 1, 2]),
      async (i) => {
        if (i === 1) throw new Error('second failed');
        if (i === 2) {
          await last.promise;
          isLastDone = true;
        }
        return i;
      },
      { concurrency: 3 },
    );
    for await (const i of results) seen.push(i);
  };
  const consuming = consume();
  await turn();
  last.resolve(0);
  await expect(consuming).rejects.toThrow('second failed');
  expect(seen).toEqual([0]);
  expect(isLastDone).toBe(true);
});

test('throws the failure of the source after the results before it', async () => {
  async function* failing(): AsyncGenerator<number, void, undefined> {
    yield 1;
    throw new Error('source failed');
  }
  const seen: number[] = [];
  await expect(async () => {
    for await (const i of orderedMap(failing(), async (x) => x, { concurrency: 2 })) seen.push(i);
  }).rejects.toThrow('source failed');
  expect(seen).toEqual([1]);
});

test('ends at once for an empty source, and refuses a concurrency below one', async () => {
  expect(await collect(orderedMap(from([]), async (x) => x, { concurrency: 1 }))).toEqual([]);
  await expect(collect(orderedMap(from([1]), async (x) => x, { concurrency: 0 }))).rejects.toThrow(
    RangeError,
  );
});

test('an early return of the consumer ends the source, and no item is started afterwards', async () => {
  let isSourceClosed = false;
  async function* endless(): AsyncGenerator<number, void, undefined> {
    try {
      for (let i = 0; ; i++) yield i;
    } finally {
      isSourceClosed = true;
    }
  }
  let started = 0;
  for await (const i of orderedMap(endless(), async (x) => (started++, x), { concurrency: 2 })) {
    if (i === 5) break;
  }
  expect(isSourceClosed).toBe(true);
  const count = started;
  for (let i = 0; i < 5; i++) await turn();
  expect(started).toBe(count);
});
