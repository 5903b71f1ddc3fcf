import { quantise, type Vectors } from '../../src/kernels/vectors/vectors.ts';

/** A stream of numbers from 0 up to 1. */
function createDice(seed: number): () => number {
  let state = seed | 0;
  return () => {
    // The steps of mulberry32 (Ettinger, public domain).
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Planted {
  readonly vectors: Vectors;
  /** The direction that each was made from. */
  readonly labels: Uint32Array;
}

/**
 * Documents around random directions, in random order. Components of a direction are uniform from -1 to 1, and so is what a document adds, times `noise`.
 * @param sizes documents of each direction.
 */
export function plant(sizes: readonly number[], dimensions: number, noise: number, seed: number): Planted {
  const dice = createDice(seed);
  const signed = (): number => 2 * dice() - 1;
  const directions = sizes.map(() => Float64Array.from({ length: dimensions }, signed));
  const labels = shuffled(
    Uint32Array.from(sizes.flatMap((size, label) => Array.from({ length: size }, () => label))),
    seed,
  );
  const rows = Array.from(labels, (label) => directions[label]!.map((value) => value + noise * signed()));
  return { vectors: vectorsOf(rows, dimensions), labels };
}

/** Vectors in whole numbers, as `quantise` makes them. */
export function vectorsOf(rows: readonly Float64Array[], dimensions: number): Vectors {
  const values = new Int8Array(rows.length * dimensions);
  const squares = Uint32Array.from(rows, (row, i) => quantise(row, values, i * dimensions));
  return { count: rows.length, dimensions, values, squares };
}

/** Those rows of vectors, in that order. */
export function rowsOf({ dimensions, values, squares }: Vectors, rows: ArrayLike<number>): Vectors {
  const chosen = Array.from(rows);
  return {
    count: chosen.length,
    dimensions,
    values: Int8Array.from(
      chosen.flatMap((row) => [...values.subarray(row * dimensions, (row + 1) * dimensions)]),
    ),
    squares: Uint32Array.from(chosen, (row) => squares[row]!),
  };
}

/** In another order (Fisher and Yates). */
export function shuffled(values: Uint32Array, seed: number): Uint32Array {
  const dice = createDice(seed);
  const order = values.slice();
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(dice() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Sizes by Zipf's law: `most` over rank, rounded up. */
export const zipf = (count: number, most: number): number[] =>
  Array.from({ length: count }, (_, rank) => Math.ceil(most / (rank + 1)));
