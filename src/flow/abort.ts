import { setMaxListeners } from 'node:events';

/** The signal of one trip: given up when the caller gives up, and when the trip ends for whatever reason. */
export interface TripSignal {
  readonly signal: AbortSignal;
  /** Throws the caller's reason, if the caller gave up: a thread that was stopped only says that it was. */
  throwIfAborted(): void;
  /** Stops whatever still listens, and lets go of the caller's signal. */
  end(): void;
}

/**
 * A signal of its own for a trip, so that a failure anywhere also stops the threads and whoever feeds an input.
 * @throws the reason of `given`, if it was given up already.
 */
export function tripSignal(given: AbortSignal | undefined): TripSignal {
  given?.throwIfAborted();
  const controller = new AbortController();
  // Every task under way listens.
  setMaxListeners(0, controller.signal);
  const stop = (): void => controller.abort(given?.reason);
  given?.addEventListener('abort', stop, { once: true });
  return {
    signal: controller.signal,
    throwIfAborted: () => given?.throwIfAborted(),
    end() {
      given?.removeEventListener('abort', stop);
      controller.abort();
    },
  };
}
