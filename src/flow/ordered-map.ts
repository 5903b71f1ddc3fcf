/** How far `orderedMap` may run ahead. */
export interface OrderedMapOptions<Input, Output> {
  /** Most items started and not yet taken by the consumer; at least 1. */
  readonly concurrency: number;
  /**
   * Called with each result when its turn has come and it has been taken: what the item still owes, or undefined when it
   * is done. The remainder is started only then, and takes its place in the order before any later item.
   */
  readonly remainder?: (output: Output) => Input | undefined;
}

/**
 * Starts work on items as they arrive, several at a time, and yields the results in the order of the items.
 *
 * Law: the sequence yielded does not depend on `concurrency` nor on which task finishes first. At most `concurrency`
 * items are started and untaken, so a slow consumer stops the source. The first failure, in item order, is thrown when
 * its turn comes; tasks already started are waited for before the generator ends, so that nothing runs on afterwards.
 */
export async function* orderedMap<Input, Output>(
  source: AsyncIterable<Input>,
  start: (item: Input) => Promise<Output>,
  options: OrderedMapOptions<Input, Output>,
): AsyncGenerator<Output, void, undefined> {
  const { concurrency, remainder } = options;
  if (!(concurrency >= 1)) throw new RangeError(`concurrency: expected at least 1, got ${concurrency}`);
  const started: Promise<Output>[] = [];
  let isEnded = false;
  let isStopped = false;
  let failure: { readonly error: unknown } | undefined;
  let wake: () => void = () => {};

  // Two parties wait here, never both at once: the pump while the window is full, the consumer while it is empty.
  const change = (): Promise<void> => new Promise((resolve) => (wake = resolve));

  async function pump(): Promise<void> {
    try {
      for await (const item of source) {
        if (isStopped) break;
        const task = start(item);
        // Observed when its turn comes; without this a rejected task behind a slow head is an unhandled rejection.
        task.catch(() => {});
        started.push(task);
        wake();
        while (started.length >= concurrency && !isStopped) await change();
        if (isStopped) break;
      }
    } catch (error) {
      failure = { error };
    } finally {
      isEnded = true;
      wake();
    }
  }

  const pumping = pump();
  try {
    for (;;) {
      const head = started[0];
      if (head === undefined) {
        if (failure !== undefined) throw failure.error;
        if (isEnded) return;
        await change();
        continue;
      }
      let output = await head;
      void started.shift();
      wake();
      for (;;) {
        yield output;
        const rest = remainder?.(output);
        if (rest === undefined) break;
        output = await start(rest);
      }
    }
  } finally {
    isStopped = true;
    wake();
    await Promise.allSettled(started);
    await pumping;
  }
}
