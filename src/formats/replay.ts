/**
 * A stream from its beginning, although its first chunks have been looked at: gives out `head`, then what `iterator` has
 * left. Ends the iterator when it is ended itself.
 */
export async function* replay(
  head: readonly Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const waiting = [...head];
  try {
    // Shifted, so that a chunk of the sample is let go as soon as it was given out.
    for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) yield chunk;
    for (;;) {
      const { value, done } = await iterator.next();
      if (done === true) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}
