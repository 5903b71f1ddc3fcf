import { readFileSync } from 'node:fs';
import { CurationError } from '../errors.ts';
import { formatBytes } from '../units.ts';

/** How the promise of `--memory` is spent. All sizes in bytes. */
export interface MemoryPlan {
  readonly slabBytes: number;
  readonly slabCount: number;
  /** A single row may take this much; a larger one is refused with a clear error. */
  readonly largestRowBytes: number;
  /** Output batches on their way to the file lie in these. */
  readonly outputSlabBytes: number;
  readonly outputSlabCount: number;
  /** What the dedup index may grow to when a guess of the document count was low. */
  readonly indexBytes: number;
}

export interface MemoryRequest {
  /** The whole process, resident. */
  readonly memoryBytes: number;
  readonly threads: number;
  readonly morselBytes: number;
  /** Logical bytes of an output batch. */
  readonly batchBytes: number;
  /** Bloom filters, exact set and twin cache at start; 0 without deduplication. */
  readonly indexBytes: number;
  /** Models and lists that all threads share, or what `resources` says. */
  readonly resourceBytes: number;
  readonly resources?: Resources | undefined;
}

/** What takes the place of models and lists, and how its user may have less of it. */
export interface Resources {
  readonly name: string;
  readonly cure: string;
}

const MEBIBYTE = 1024 * 1024;
/** Node itself, schema and queues on the main thread. */
const MAIN_BYTES = 110 * MEBIBYTE;
/** One thread: its heap, WebAssembly memory, decoder scratch and the batch it encodes. */
const THREAD_BYTES = 72 * MEBIBYTE;
/** Output batches wait in at most this many slabs before their rows are copied out. */
export const MOST_PINNED_SLABS = 2;

/** Morsels decoded ahead of the commit: one for each thread and one to have ready. */
export function analysisConcurrency(threads: number): number {
  return threads + 1;
}

/** Output batches being encoded or waiting for the disk: one for each thread and one to have ready. */
export function encodeConcurrency(threads: number): number {
  return threads + 1;
}

/**
 * Divides `memoryBytes` before the first row is read. The dedup index comes first, because its size follows from the
 * documents and the false-positive rate alone; slabs share what is left. Fewer slabs are slower, never different in result.
 *
 *     | main | threads x worker | index (filters, exact set) | models, lists | output slabs | slabs: at least ahead + pinned | spare: rows, growth |
 *
 * @throws CurationError `MEMORY` when the least that works does not fit: by how much, and which option would mend it.
 */
export function planMemory(request: MemoryRequest): MemoryPlan {
  const { memoryBytes, threads, morselBytes, batchBytes, indexBytes, resourceBytes, resources } = request;
  // Half as much again as a morsel: decoded rows are wider than the estimate from the footer now and then.
  const slabBytes = Math.ceil((morselBytes * 1.5) / 65536) * 65536;
  // Room for offsets, bitmaps and the row that went over the target; what does not fit takes memory of its own.
  const outputSlabBytes = Math.ceil((batchBytes * 1.25) / 65536) * 65536;
  const outputSlabCount = encodeConcurrency(threads);
  const fewest = analysisConcurrency(threads) + MOST_PINNED_SLABS;
  const preferred = fewest + threads;
  const fixed =
    MAIN_BYTES + threads * THREAD_BYTES + indexBytes + resourceBytes + outputSlabCount * outputSlabBytes;
  const needed = fixed + fewest * slabBytes;
  if (needed > memoryBytes) {
    const index = indexBytes > 0 ? `, of which the dedup index ${formatBytes(indexBytes)}` : '';
    const models =
      resourceBytes > 0 ? `, ${resources?.name ?? 'models and lists'} ${formatBytes(resourceBytes)}` : '';
    const cures =
      indexBytes > 128 * MEBIBYTE
        ? 'raise --memory, allow a higher --false-positive, or use --exact-only'
        : resources !== undefined
          ? `raise --memory or ${resources.cure}`
          : threads > 1
            ? 'raise --memory or use fewer --threads'
            : 'raise --memory';
    throw new CurationError(
      'MEMORY',
      `--memory ${formatBytes(memoryBytes)} is ${formatBytes(needed - memoryBytes)} too little: ${threads} thread${threads === 1 ? '' : 's'} need ${formatBytes(needed)}${index}${models}; ${cures}`,
    );
  }
  const spare = memoryBytes - fixed;
  const slabCount = Math.min(preferred, Math.floor(spare / slabBytes));
  const left = spare - slabCount * slabBytes;
  return {
    slabBytes,
    slabCount,
    outputSlabBytes,
    outputSlabCount,
    largestRowBytes: Math.max(slabBytes, Math.floor(left / 3)),
    indexBytes: indexBytes + left,
  };
}

/**
 * Threads that may train a model each at the same time. Which trains what does not change what is learned.
 * @param modelBytes what the largest model takes at most.
 * @param sharedBytes what all threads see.
 * @throws CurationError `MEMORY` when not even one fits.
 */
export function trainingThreads(
  memoryBytes: number,
  threads: number,
  modelBytes: number,
  sharedBytes: number,
): number {
  const fixed = MAIN_BYTES + sharedBytes;
  const fitting = Math.floor((memoryBytes - fixed) / (THREAD_BYTES + modelBytes));
  if (fitting >= 1) return Math.min(threads, fitting);
  const needed = fixed + THREAD_BYTES + modelBytes;
  throw new CurationError(
    'MEMORY',
    `--memory ${formatBytes(memoryBytes)} is ${formatBytes(needed - memoryBytes)} too little: training a model may take ${formatBytes(modelBytes)}; raise --memory or train on fewer --tokens`,
  );
}

/**
 * Largest resident size of this process so far, in bytes. On Linux from VmHWM, because `maxRSS` starts with what the
 * parent held when it forked.
 */
export function peakMemory(): number {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'));
    if (kibibytes !== null) return Number(kibibytes[1]) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
