import { CurationError } from '../../errors.ts';
import { type LogLinearModel, MOST_SCORED, ScalarLogLinear } from './log-linear-model.ts';
import { SimdLogLinear, simdBytes } from './log-linear-simd.ts';
import type { HeldOut, Proxy } from './proxy.ts';

/** Parameters a model may have, as powers of two. */
const LEAST_BITS = 12;
const MOST_BITS = 24;

export interface LogLinearOptions {
  /** Weights of the model: a power of two from 2^12 to 2^24. */
  readonly parameters: number;
  /** Kept as it is, not copied. */
  readonly heldOut: HeldOut;
  /** `scalar` is plain JavaScript, the reference that the WebAssembly kernel is tested against; both say the same to the last bit. */
  readonly kernel?: 'simd' | 'scalar';
}

/**
 * A hashed log-linear model over bytes: what it is, `ScalarLogLinear` says. Begins knowing nothing, 8 bits for each symbol. Equal streams
 * give equal models on every machine.
 * @throws CurationError `USAGE`, or `MEMORY`.
 */
export function createLogLinearProxy({ parameters, heldOut, kernel = 'simd' }: LogLinearOptions): Proxy {
  const bits = Math.log2(parameters);
  if (!Number.isInteger(bits) || bits < LEAST_BITS || bits > MOST_BITS) {
    throw new CurationError(
      'USAGE',
      `log-linear model: expected a power of two from ${2 ** LEAST_BITS} to ${2 ** MOST_BITS} as its parameters, found ${parameters}`,
    );
  }
  const model = kernel === 'simd' ? new SimdLogLinear(parameters) : new ScalarLogLinear(parameters);
  return {
    train: (symbols, start, end) => model.train(symbols, start, end),
    score: (bits) => scoreDocuments(model, heldOut, bits),
    size: parameters,
  };
}

/** Bytes that a model takes, with the held-out documents of so many symbols that it holds on to. */
export function logLinearBytes(parameters: number, heldOutBytes: number): number {
  return simdBytes(parameters) + 8 * MOST_SCORED + heldOutBytes;
}

function scoreDocuments(model: LogLinearModel, { symbols, offsets }: HeldOut, bits: Float64Array): void {
  const probabilities = new Float64Array(MOST_SCORED);
  for (let document = 0; document < offsets.length - 1; document++) {
    // `document + 1` is a place in the offsets, what `at` says one of those just written.
    const end = offsets[document + 1]!;
    let sum = 0;
    model.rewind();
    for (let from = offsets[document]!; from < end; from += MOST_SCORED) {
      const to = Math.min(end, from + MOST_SCORED);
      model.score(symbols, from, to, probabilities);
      for (let at = 0; at < to - from; at++) sum -= Math.log2(probabilities[at]!);
    }
    bits[document] = sum;
  }
}
