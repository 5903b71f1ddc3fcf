import { type KeyArrays, KeySorter, makeKeys, NgramWindows } from './ngram-keys.ts';
import type { NgramMemory } from './ngram-memory.ts';

/** Distinct windows in ascending order of their keys, and how often each occurred. */
export interface NgramRun {
  readonly highs: Uint16Array<ArrayBuffer>;
  readonly lows: Uint32Array<ArrayBuffer>;
  readonly counts: Uint32Array<ArrayBuffer>;
  /** Windows that it was counted from. */
  readonly windows: number;
}

/** Windows that are sorted together. */
export const CHUNK: number = 2 ** 20;
/** Bytes of a distinct window in a run. */
export const RUN_ENTRY_BYTES = 10;
/** Bytes of a window in a chunk: its key, and room to sort it. */
export const CHUNK_ENTRY_BYTES = 12;

/**
 * Counts windows of `order` symbols of a stream, exactly and in memory that grows with the distinct ones.
 *
 * A chunk of windows is sorted and shortened to a run. Runs are merged as a binary counter carries: only those of as many windows, so each
 * window is merged once for every doubling of the stream. No table is addressed at random.
 */
export class NgramCounts {
  readonly #chunk: number;
  readonly #memory: NgramMemory;
  readonly #windows: NgramWindows;
  readonly #sorter: KeySorter;
  readonly #pending: KeyArrays;
  /** Largest first. */
  readonly #runs: NgramRun[] = [];
  #pendingCount = 0;

  constructor(order: number, memory: NgramMemory, chunk: number = CHUNK) {
    this.#chunk = chunk;
    this.#memory = memory;
    this.#windows = new NgramWindows(order);
    this.#sorter = new KeySorter(order, chunk, false, memory);
    this.#pending = makeKeys(chunk, false, memory);
  }

  /** Counts the windows that end with the next symbols of the stream. */
  add(symbols: Uint8Array, start: number, end: number): void {
    const pending = this.#pending;
    for (let at = start; at < end; ) {
      const next = Math.min(end, at + this.#chunk - this.#pendingCount);
      this.#pendingCount = this.#windows.fill(
        symbols,
        at,
        next,
        pending.highs,
        pending.lows,
        this.#pendingCount,
      );
      at = next;
      if (this.#pendingCount === this.#chunk) this.#closeChunk();
    }
  }

  /** All that was counted so far, as one run; valid until more is added. Undefined when there is nothing. */
  merged(): NgramRun | undefined {
    this.#closeChunk();
    while (this.#runs.length > 1) this.#mergeLast();
    return this.#runs[0];
  }

  #closeChunk(): void {
    if (this.#pendingCount === 0) return;
    this.#sorter.sort(this.#pending, this.#pendingCount);
    this.#runs.push(countRepeats(this.#pending, this.#pendingCount, this.#sorter.scratch, this.#memory));
    this.#pendingCount = 0;
    const runs = this.#runs;
    while (runs.length > 1 && runs[runs.length - 2]!.windows <= runs[runs.length - 1]!.windows) {
      this.#mergeLast();
    }
  }

  #mergeLast(): void {
    // Both callers have seen two runs.
    const right = this.#runs.pop()!;
    const left = this.#runs.pop()!;
    const merged = mergeRuns(left, right, this.#memory);
    releaseRun(left, this.#memory);
    releaseRun(right, this.#memory);
    this.#runs.push(trimRun(merged.run, merged.length, this.#memory));
  }
}

function makeRun(length: number, windows: number, memory: NgramMemory): NgramRun {
  return { highs: memory.halves(length), lows: memory.words(length), counts: memory.words(length), windows };
}

function releaseRun(run: NgramRun, memory: NgramMemory): void {
  memory.release(run.highs, run.lows, run.counts);
}

/** `count`, at least 1, sorted keys as a run; writes over them, and over `ends`. */
function countRepeats(
  { highs, lows }: KeyArrays,
  count: number,
  ends: Uint32Array,
  memory: NgramMemory,
): NgramRun {
  let high = highs[0]!;
  let low = lows[0]!;
  let last = 0;
  // No branch: in text about every third key is new, which no processor foresees. `last` is at most `i`, and `i` below `count`, which no
  // array is shorter than.
  for (let i = 0; i < count; i++) {
    const nextHigh = highs[i]!;
    const nextLow = lows[i]!;
    const difference = (high ^ nextHigh) | (low ^ nextLow);
    last += (difference | -difference) >>> 31;
    highs[last] = nextHigh;
    lows[last] = nextLow;
    ends[last] = i + 1;
    high = nextHigh;
    low = nextLow;
  }
  const run = makeRun(last + 1, count, memory);
  run.highs.set(highs.subarray(0, last + 1));
  run.lows.set(lows.subarray(0, last + 1));
  run.counts[0] = ends[0]!;
  for (let i = 1; i <= last; i++) run.counts[i] = ends[i]! - ends[i - 1]!;
  return run;
}

/** Both runs as one, in arrays that may be longer than needed. */
function mergeRuns(left: NgramRun, right: NgramRun, memory: NgramMemory): { run: NgramRun; length: number } {
  const run = makeRun(left.lows.length + right.lows.length, left.windows + right.windows, memory);
  const { highs, lows, counts } = run;
  const leftHighs = left.highs;
  const leftLows = left.lows;
  const leftCounts = left.counts;
  const leftLength = leftLows.length;
  const rightHighs = right.highs;
  const rightLows = right.lows;
  const rightCounts = right.counts;
  const rightLength = rightLows.length;
  let i = 0;
  let j = 0;
  let to = 0;
  // `i` and `j` stay below the lengths of their runs, and `to` is at most their sum.
  while (i < leftLength && j < rightLength) {
    const high = leftHighs[i]!;
    const low = leftLows[i]!;
    const rightHigh = rightHighs[j]!;
    const rightLow = rightLows[j]!;
    if (high < rightHigh || (high === rightHigh && low < rightLow)) {
      highs[to] = high;
      lows[to] = low;
      counts[to] = leftCounts[i]!;
      i++;
    } else {
      const both = high === rightHigh && low === rightLow;
      highs[to] = rightHigh;
      lows[to] = rightLow;
      counts[to] = rightCounts[j]! + (both ? leftCounts[i]! : 0);
      j++;
      if (both) i++;
    }
    to++;
  }
  const rest = i < leftLength ? left : right;
  const from = i < leftLength ? i : j;
  highs.set(rest.highs.subarray(from), to);
  lows.set(rest.lows.subarray(from), to);
  counts.set(rest.counts.subarray(from), to);
  return { run, length: to + rest.lows.length - from };
}

function trimRun(run: NgramRun, length: number, memory: NgramMemory): NgramRun {
  if (length === run.lows.length) return run;
  const trimmed = makeRun(length, run.windows, memory);
  trimmed.highs.set(run.highs.subarray(0, length));
  trimmed.lows.set(run.lows.subarray(0, length));
  trimmed.counts.set(run.counts.subarray(0, length));
  releaseRun(run, memory);
  return trimmed;
}
