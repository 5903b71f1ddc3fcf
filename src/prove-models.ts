import { tripSignal } from './flow/abort.ts';
import { trainingThreads } from './flow/memory.ts';
import { type ProxyPlan, proxyBytes } from './kernels/proxy/create.ts';
import type { HeldOut } from './kernels/proxy/proxy.ts';
import { openPool } from './parallel/pool.ts';
import { decodingJob } from './parallel/tasks.ts';
import type { Measurement } from './proof/measurements.ts';
import type { ProveConfig } from './prove-options.ts';

/** Files of symbols to train on: one for each seed. */
export interface Spools {
  readonly arm: string;
  readonly paths: readonly string[];
  /** Whether the smaller models are trained, too: not for controls, of which nothing but the learning curve is asked. */
  readonly allSizes: boolean;
}

interface TrainingJob {
  readonly arm: string;
  readonly seed: number;
  readonly path: string;
  readonly proxy: ProxyPlan;
  readonly memoryBytes: number;
  readonly weight: number;
}

const PROGRESS_MS = 200;

/** Time for a symbol, 50 for an n-gram of order 5, roughly (bench/prove.ts): for the order of work and the time left. */
function costOf(proxy: ProxyPlan): number {
  if (proxy.family === 'ngram') return 10 * proxy.order;
  // What does not fit the caches costs more.
  return Math.round(50 + 1.7 * Math.max(0, Math.log2(proxy.parameters) - 14) ** 2);
}

/**
 * Trains every model on every spool, several at a time, each in one thread from beginning to end: so what it learns does not depend
 * on how many threads there are.
 * @param budgets symbols after which each is measured, ascending.
 * @throws CurationError `MEMORY` before the first model, if not even one of the largest fits.
 */
export async function trainModels(
  arms: readonly Spools[],
  heldOut: HeldOut,
  budgets: readonly number[],
  config: ProveConfig,
): Promise<readonly Measurement[]> {
  const tokens = budgets.at(-1)!;
  const { memoryBytes, threads, signal, onEvent } = config.engine;
  const heldOutBytes = heldOut.symbols.byteLength;
  const jobs = planJobs(arms, config, (proxy) => proxyBytes(proxy, tokens, heldOutBytes));
  const modelBytes = Math.max(...jobs.map((job) => job.memoryBytes));
  // What models say is kept until all have spoken: a number for each document, budget and model.
  const measuredBytes = 8 * jobs.length * budgets.length * (heldOut.offsets.length - 1);
  const sharedBytes = heldOutBytes + heldOut.offsets.byteLength + measuredBytes;
  const usable = trainingThreads(memoryBytes, Math.min(threads, jobs.length), modelBytes, sharedBytes);
  const trip = tripSignal(signal);
  const pool = openPool({ ...decodingJob, heldOut: shared(heldOut) }, usable, trip.signal);
  const done = new BigInt64Array(new SharedArrayBuffer(8));
  const total = jobs.reduce((sum, { weight }) => sum + weight * tokens, 0);
  const startedAt = performance.now();
  onEvent?.({ type: 'train', models: jobs.length, tokens, threads: usable });
  const report = (): void => {
    const share = Number(Atomics.load(done, 0)) / total;
    onEvent?.({
      type: 'work',
      work: {
        doing: `training ${jobs.length} models`,
        share,
        bytes: share * jobs.length * tokens,
        seconds: (performance.now() - startedAt) / 1000,
      },
    });
  };
  const timer = setInterval(report, PROGRESS_MS);
  try {
    const measured = await Promise.all(
      jobs.map(async ({ arm, seed, ...job }): Promise<Measurement> => {
        const { proxy } = job;
        const { bits, sizes } = await pool.run('train', { ...job, budgets, done });
        const parameters = proxy.family === 'ngram' ? undefined : proxy.parameters;
        return { arm, proxy: proxy.family, parameters, seed, bits, sizes };
      }),
    );
    report();
    return measured;
  } catch (error) {
    trip.throwIfAborted();
    throw error;
  } finally {
    clearInterval(timer);
    trip.end();
    await pool.close();
  }
}

/** Longest first, so that the threads end at about the same time. */
function planJobs(
  arms: readonly Spools[],
  { ngram, logLinear }: ProveConfig,
  bytesOf: (proxy: ProxyPlan) => number,
): readonly TrainingJob[] {
  const jobs = arms.flatMap(({ arm, paths, allSizes }) => {
    const plans = [
      ...(ngram === undefined ? [] : [ngram]),
      ...(allSizes ? logLinear : logLinear.slice(0, 1)),
    ];
    return paths.flatMap((path, seed) =>
      plans.map((proxy) => ({
        arm,
        seed,
        path,
        proxy,
        memoryBytes: bytesOf(proxy),
        weight: costOf(proxy),
      })),
    );
  });
  return jobs.toSorted((a, b) => b.weight - a.weight);
}

function shared({ symbols, offsets }: HeldOut): HeldOut {
  const text = new Uint8Array(new SharedArrayBuffer(symbols.byteLength));
  text.set(symbols);
  const starts = new Uint32Array(new SharedArrayBuffer(offsets.byteLength));
  starts.set(offsets);
  return { symbols: text, offsets: starts };
}
