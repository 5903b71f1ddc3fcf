import { Duplex } from 'node:stream';

/**
 * Makes an object-mode Duplex of an async generator: what is written is its source, what it yields is read. A chunk is
 * taken from the writer only when the generator asks for it, and the generator goes on only while the reader does.
 * Destroying the stream aborts `signal` and ends source and generator, whose `finally` is waited for.
 *
 * Not `Duplex.from`: in Node 22 a pipeline whose source fails before the first chunk then never settles.
 */
export function duplexOf<Output>(
  transform: (source: AsyncIterable<unknown>, signal: AbortSignal) => AsyncGenerator<Output, void, undefined>,
): Duplex {
  const controller = new AbortController();
  let waiting: { readonly chunk: unknown; readonly taken: () => void } | undefined;
  let isEnded = false;
  let wake: () => void = () => {};
  let isReading = false;

  async function* source(): AsyncGenerator<unknown, void, undefined> {
    for (;;) {
      if (controller.signal.aborted) return;
      if (waiting !== undefined) {
        const { chunk, taken } = waiting;
        waiting = undefined;
        taken();
        yield chunk;
      } else if (isEnded) {
        return;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  }

  const output = transform(source(), controller.signal);

  async function pump(duplex: Duplex): Promise<void> {
    if (isReading) return;
    isReading = true;
    try {
      for (;;) {
        const { value, done } = await output.next();
        if (done === true) {
          duplex.push(null);
          return;
        }
        if (!duplex.push(value)) return;
      }
    } catch (error) {
      duplex.destroy(error as Error);
    } finally {
      isReading = false;
    }
  }

  return new Duplex({
    objectMode: true,
    write(chunk: unknown, _encoding, done) {
      waiting = { chunk, taken: done };
      wake();
    },
    final(done) {
      isEnded = true;
      wake();
      done();
    },
    read() {
      void pump(this);
    },
    destroy(error, done) {
      controller.abort();
      wake();
      // Queued behind a step under way, which the abort brings to an end; its own error has been dealt with in `pump`.
      const end = (): void => done(error);
      output.return().then(end, end);
    },
  });
}
