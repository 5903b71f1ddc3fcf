import { compileKernel, instantiateKernel, type OwnMemory, reserve } from '../instance.ts';
import { DIMENSION_STEP, type Vectors } from '../vectors/vectors.ts';
import { redundancyWasmBase64 } from '../wasm/redundancy-wasm.generated.ts';
import type { RedundancyForm, RedundancySearch } from './scalar.ts';

type Find = (count: number, threshold: number, mostComparisons: number) => void;

interface Exports {
  readonly memory: OwnMemory;
  readonly configure: (
    heads: number,
    tails: number,
    query: number,
    headLength: number,
    tailLength: number,
    squares: number,
    roots: number,
    tailRoots: number,
    numbers: number,
    twins: number,
    dots: number,
  ) => void;
  readonly findByLeaders: Find;
  readonly findPublished: Find;
}

/** Where the first array begins; the compiler's own lies below. */
const BASE = 64;

/** Rows behind the last one that are read, four being compared at once. */
const SPARE_ROWS = 4;

let compiled: object | undefined;

/**
 * The WebAssembly SIMD twin of `ScalarRedundancy`.
 *
 *   0  the compiler's | 64  heads | tails | query | squares | roots | roots of tails | numbers | twins | dots
 *
 * @throws an error on a processor without 128-bit vectors.
 */
export class SimdRedundancy implements RedundancySearch {
  readonly #kernel: Exports;

  constructor() {
    compiled ??= compileKernel(redundancyWasmBase64);
    this.#kernel = instantiateKernel(compiled) as Exports;
  }

  find(
    vectors: Vectors,
    threshold: number,
    form: RedundancyForm,
    mostComparisons: number,
    twins: Int32Array,
    dots: Int32Array,
  ): void {
    const { count, dimensions, values, squares } = vectors;
    const head = headLength(vectors, threshold);
    const tail = dimensions - head;
    const rows = count + SPARE_ROWS;
    let end = BASE;
    const place = (byteLength: number): number => {
      const start = end;
      end += Math.ceil(byteLength / 64) * 64;
      return start;
    };
    const heads = place(rows * head);
    const tails = place(rows * tail);
    const query = place(head * 2);
    const [squareWords, roots, tailRoots, numbers, twinWords, dotWords] = [
      place(rows * 4),
      place(rows * 4),
      place(rows * 4),
      place(rows * 4),
      place(rows * 4),
      place(rows * 4),
    ] as const;
    const { memory, configure, findByLeaders, findPublished } = this.#kernel;
    reserve(
      memory,
      end,
      `redundancy: ${count} documents of ${dimensions} dimensions do not fit in memory at once; compare fewer`,
    );
    configure(heads, tails, query, head, tail, squareWords, roots, tailRoots, numbers, twinWords, dotWords);
    const bytes = new Int8Array(memory.buffer);
    for (let i = 0; i < count; i++) {
      const from = i * dimensions;
      bytes.set(values.subarray(from, from + head), heads + i * head);
      bytes.set(values.subarray(from + head, from + dimensions), tails + i * tail);
    }
    new Uint32Array(memory.buffer, squareWords, count).set(squares.subarray(0, count));
    (form === 'leaders' ? findByLeaders : findPublished)(count, threshold, mostComparisons);
    twins.set(new Int32Array(memory.buffer, twinWords, count));
    dots.set(new Int32Array(memory.buffer, dotWords, count));
  }
}

/**
 * Components compared before the others are: as many as make the comparison of some pairs of the block cheapest. A shorter head is cheaper,
 * and leaves more pairs to be compared whole. Results do not depend on it.
 */
function headLength({ count, dimensions, values, squares }: Vectors, threshold: number): number {
  const steps = dimensions / DIMENSION_STEP;
  const pairs = Math.min(MOST_PAIRS, Math.floor(count / DOCUMENTS_A_PAIR));
  /** Pairs that a head of so many steps leaves open. */
  const open = new Uint32Array(steps + 1);
  const dots = new Int32Array(steps);
  const lefts = new Int32Array(steps);
  const rights = new Int32Array(steps);
  // The other document of a pair is half of the block further on; components are below `count * dimensions`.
  const half = count >> 1;
  for (let pair = 0; pair < pairs; pair++) {
    const i = Math.floor((pair * half) / pairs);
    const j = i + half;
    for (let step = 0; step < steps; step++) {
      let [dot, left, right] = [0, 0, 0];
      for (let at = step * DIMENSION_STEP; at < (step + 1) * DIMENSION_STEP; at++) {
        const a = values[i * dimensions + at]!;
        const b = values[j * dimensions + at]!;
        dot += a * b;
        left += a * a;
        right += b * b;
      }
      dots[step] = dot;
      lefts[step] = left;
      rights[step] = right;
    }
    const needed = threshold * Math.sqrt(squares[i]! * squares[j]!);
    let [head, left, right] = [0, squares[i]!, squares[j]!];
    for (let step = 0; step < steps; step++) {
      head += dots[step]!;
      left -= lefts[step]!;
      right -= rights[step]!;
      if (head + Math.sqrt(left * right) >= needed) open[step + 1]!++;
    }
  }
  let best = steps;
  let least = Number.POSITIVE_INFINITY;
  for (let step = LEAST_STEPS; step <= steps && pairs > 0; step++) {
    const whole = step === steps ? 0 : (open[step]! / pairs) * (steps - step + WHOLE_EXTRA) * WHOLE_FACTOR;
    if (step + whole >= least) continue;
    least = step + whole;
    best = step;
  }
  return best * DIMENSION_STEP;
}

/** Pairs looked at to choose a head: so few that this costs less than a hundredth of the comparisons. */
const MOST_PAIRS = 256;
const DOCUMENTS_A_PAIR = 16;

/** Shorter heads are not cheaper: to add up four sums costs as much as this. */
const LEAST_STEPS = 2;

/** A pair compared whole costs, in steps of a head, so many times its further steps and these; measured. */
const WHOLE_FACTOR = 3;
const WHOLE_EXTRA = 4;
