import { compileKernel, instantiateKernel, type OwnMemory, reserve } from '../instance.ts';
import { logLinearWasmBase64 } from '../wasm/log-linear-wasm.generated.ts';
import { type LogLinearModel, MOST_SCORED, ROW_WEIGHTS } from './log-linear-model.ts';

interface Exports {
  readonly memory: OwnMemory;
  readonly configure: (rows: number, shift: number) => void;
  /** What it returns means nothing. Reads the byte behind the symbols. */
  readonly train: (state: number, p: number, end: number) => number;
  readonly score: (state: number, p: number, end: number, into: number) => void;
}

/** Where things lie; the rows are aligned to cache lines. */
const TRAINED = 64;
const SCORED = 72;
const SYMBOLS = 128;
const PROBABILITIES: number = SYMBOLS + MOST_SCORED;
const ROWS: number = PROBABILITIES + 8 * MOST_SCORED;

let compiled: object | undefined;

/** Bytes of linear memory of a model. */
export function simdBytes(parameters: number): number {
  return ROWS + 8 * parameters;
}

/**
 * The WebAssembly SIMD twin of `ScalarLogLinear`, an instance of its own for each model.
 *
 *   0  the compiler's | 64  places of reading | 128  symbols | probabilities | rows
 *
 * @throws CurationError `MEMORY`; another error on a processor without 128-bit vectors.
 */
export class SimdLogLinear implements LogLinearModel {
  readonly #kernel: Exports;
  readonly #bytes: Uint8Array;
  readonly #places: Int32Array;
  readonly #probabilities: Float64Array;

  constructor(parameters: number) {
    compiled ??= compileKernel(logLinearWasmBase64);
    this.#kernel = instantiateKernel(compiled) as Exports;
    reserve(
      this.#kernel.memory,
      simdBytes(parameters),
      `log-linear model: its ${parameters} parameters do not fit in memory; ask for fewer`,
    );
    // Memory does not grow any more, so views stay.
    const { buffer } = this.#kernel.memory;
    this.#bytes = new Uint8Array(buffer);
    this.#places = new Int32Array(buffer, 0, SYMBOLS / 4);
    this.#probabilities = new Float64Array(buffer, PROBABILITIES, MOST_SCORED);
    this.#kernel.configure(ROWS, 32 - Math.log2(parameters / ROW_WEIGHTS));
    this.#begin(TRAINED);
    this.#begin(SCORED);
  }

  train(symbols: Uint8Array, start: number, end: number): void {
    for (let from = start; from < end; from += MOST_SCORED) {
      const to = Math.min(end, from + MOST_SCORED);
      this.#bytes.set(symbols.subarray(from, to), SYMBOLS);
      this.#kernel.train(TRAINED, SYMBOLS, SYMBOLS + (to - from));
    }
  }

  rewind(): void {
    this.#begin(SCORED);
  }

  score(symbols: Uint8Array, start: number, end: number, into: Float64Array): void {
    this.#bytes.set(symbols.subarray(start, end), SYMBOLS);
    this.#kernel.score(SCORED, SYMBOLS, SYMBOLS + (end - start), PROBABILITIES);
    into.set(this.#probabilities.subarray(0, end - start));
  }

  #begin(state: number): void {
    this.#places[state / 4] = -1;
    this.#places[state / 4 + 1] = 0;
  }
}
