import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { CurationError } from '../errors.ts';
import type { Job, Outcome, TaskName, Tasks } from './tasks.ts';

/** Threads that share one `Job`. The only door to Piscina. */
export interface Pool {
  readonly threads: number;
  /**
   * Runs a task on the next free thread. `transfer` names buffers that are handed over, not copied.
   * Rejects with the task's own CurationError, or with the abort reason.
   */
  run<Name extends TaskName>(
    name: Name,
    input: Tasks[Name]['input'],
    transfer?: readonly ArrayBuffer[],
  ): Promise<Tasks[Name]['output']>;
  /** Ends every thread; tasks under way are dropped. Safe to call twice. */
  close(): Promise<void>;
}

/** Starts `threads` threads at once; they live until `close`. Abort by `signal` rejects what is queued or running. */
export function openPool(job: Job, threads: number, signal?: AbortSignal): Pool {
  const piscina = new Piscina({
    filename: fileURLToPath(import.meta.resolve('#workers/engine')),
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker: 1,
    // Tasks take tens of milliseconds: an idle thread should sleep, not spin on a core that another could use.
    atomics: 'disabled',
    recordTiming: false,
    workerData: job,
    trackUnmanagedFds: false,
  });
  let closing: Promise<void> | undefined;
  return {
    threads,
    async run<Name extends TaskName>(
      name: Name,
      input: Tasks[Name]['input'],
      transfer: readonly ArrayBuffer[] = [],
    ): Promise<Tasks[Name]['output']> {
      signal?.throwIfAborted();
      let outcome: Outcome<Tasks[Name]['output']>;
      try {
        outcome = await piscina.run(input, {
          name,
          transferList: [...transfer],
          ...(signal === undefined ? {} : { signal }),
        });
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      }
      if ('failure' in outcome) throw new CurationError(outcome.failure.code, outcome.failure.message);
      return outcome.output;
    },
    close() {
      closing ??= piscina.destroy().catch(ignoreTermination);
      return closing;
    },
  };
}

/** Piscina rejects what was under way when it is destroyed; closing is what the caller asked for. */
function ignoreTermination(): void {}
