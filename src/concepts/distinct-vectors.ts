import type { Vectors } from '../kernels/vectors/vectors.ts';
import { xxh64 } from '../kernels/xxh64.ts';

/** Different vectors that say something, and how often each was there. */
export interface Distinct {
  readonly vectors: Vectors;
  /** Documents that have each; 1 or more. */
  readonly counts: Float64Array;
}

const NONE = 0xffffffff;

/**
 * The different vectors that say something, ordered by a hash of what they hold; of equal hashes, by components. So the list says the same in
 * whatever order the rows came, and its first part is a sample of it that nothing biases. In fresh memory. Expected cost: a hash of each row and a sort.
 */
export function distinctVectors(vectors: Vectors): Distinct {
  const { count, dimensions, values, squares } = vectors;
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const hashes = new Uint32Array(2 * count);
  // Open addressing, at most half full: a row that holds what is looked for is found before a free slot.
  const slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * count + 2))).fill(NONE);
  const documents = new Float64Array(count);
  const rows: number[] = [];
  const compare = (a: number, b: number): number => {
    // Rows are below `count`.
    const byHash = hashes[2 * a + 1]! - hashes[2 * b + 1]! || hashes[2 * a]! - hashes[2 * b]!;
    if (byHash !== 0) return byHash;
    for (let at = 0; at < dimensions; at++) {
      const difference = values[a * dimensions + at]! - values[b * dimensions + at]!;
      if (difference !== 0) return difference;
    }
    return 0;
  };
  for (let row = 0; row < count; row++) {
    if (squares[row] === 0) continue;
    xxh64(bytes, row * dimensions, (row + 1) * dimensions, hashes, 2 * row);
    let slot = hashes[2 * row]! & (slots.length - 1);
    while (slots[slot] !== NONE && compare(slots[slot]!, row) !== 0) slot = (slot + 1) & (slots.length - 1);
    if (slots[slot] === NONE) {
      slots[slot] = row;
      rows.push(row);
    }
    documents[slots[slot]!]!++;
  }
  rows.sort(compare);
  return {
    vectors: pick(vectors, Uint32Array.from(rows)),
    counts: Float64Array.from(rows, (row) => documents[row]!),
  };
}

/** Those at these places, in that order, in fresh memory: what is read often lies side by side. */
export function pickDistinct({ vectors, counts }: Distinct, places: Uint32Array): Distinct {
  return { vectors: pick(vectors, places), counts: Float64Array.from(places, (place) => counts[place]!) };
}

function pick({ dimensions, values, squares }: Vectors, rows: Uint32Array): Vectors {
  const picked = new Int8Array(rows.length * dimensions);
  for (const [i, row] of rows.entries()) {
    picked.set(values.subarray(row * dimensions, (row + 1) * dimensions), i * dimensions);
  }
  return { count: rows.length, dimensions, values: picked, squares: rows.map((row) => squares[row]!) };
}
