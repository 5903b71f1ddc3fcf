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

/**
 * Piscina first tries to `require` its file, and where Node can do that with a module, ending the thread in the middle of it ends
 * the whole process ("FATAL ERROR: v8::Module::IsGraphAsync"): a short run that closes while a thread still starts. Without it the file is
 * imported, which may be stopped at any time.
 */
const REQUIRE_MODULE = '--experimental-require-module';
const THREAD_FLAGS: readonly string[] = [
  ...(process.allowedNodeEnvironmentFlags.has(REQUIRE_MODULE) ? [REQUIRE_MODULE.replace('--', '--no-')] : []),
  // Flags of its own take a thread those of the process; a profile without the threads would show nothing.
  ...process.execArgv.filter((flag) => /^--(?:cpu|heap)-prof/.test(flag)),
];

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
    execArgv: [...THREAD_FLAGS],
    trackUnmanagedFds: false,
    // Batches live outside the heap: a young generation of the usual 48 MiB a thread would only be a slower collector.
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });
  let closing: Promise<void> | undefined;
  piscina.on('error', (error: Error) => {
    // A result that arrives while its thread is being ended is nobody's any more.
    if (closing === undefined) throw error;
  });
  return {
    threads,
    async run<Name extends TaskName>(
      name: Name,
      input: Tasks[Name]['input'],
      transfer: readonly ArrayBuffer[] = [],
    ): Promise<Tasks[Name]['output']> {
      signal?.throwIfAborted();
      const running: Promise<Outcome<Tasks[Name]['output']>> = piscina.run(input, {
        name,
        transferList: [...transfer],
      });
      const outcome = signal === undefined ? await running : await orAbort(running, signal);
      if ('failure' in outcome) throw new CurationError(outcome.failure.code, outcome.failure.message);
      return outcome.output;
    },
    close() {
      closing ??= piscina.destroy().catch(ignoreTermination);
      return closing;
    },
  };
}

/**
 * The task's outcome, or the abort reason as soon as there is one. Not left to Piscina's own signal: that ends the thread
 * of a running task and then takes a result that was already on its way for a defect.
 */
async function orAbort<T>(running: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: () => void = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([running, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    // After an abort nobody waits for it any more.
    running.catch(() => {});
  }
}

/** Piscina rejects what was under way when it is destroyed; closing is what the caller asked for. */
function ignoreTermination(): void {}
