/**
 * Directions of documents: vectors of small whole numbers, one after another. Each is scaled so that its largest component is 127 or -127, so
 * only its direction says anything. All sums over them are exact, whatever their order, so every twin and every machine agrees.
 */
export interface Vectors {
  readonly count: number;
  /** Components of each; a multiple of 16, at most 1024. */
  readonly dimensions: number;
  /** `count * dimensions`. All 0: a document that says nothing. */
  readonly values: Int8Array;
  /** Sum of the squares of each vector's components; 0 for a document that says nothing. */
  readonly squares: Uint32Array;
}

export const DIMENSION_STEP = 16;
export const MOST_DIMENSIONS = 1024;

/**
 * Scales a vector to whole numbers: component `i` becomes `floor(x[i] * 127 / max|x| + 0.5)` in double arithmetic.
 * @param vector finite; all 0 stays all 0.
 * @param values receives `vector.length` components from `offset`.
 * @returns the sum of squares of what was written.
 */
export function quantise(vector: Float64Array | Float32Array, values: Int8Array, offset: number): number {
  let most = 0;
  for (const component of vector) most = Math.max(most, Math.abs(component));
  const scale = most === 0 ? 0 : 127 / most;
  let square = 0;
  for (let i = 0; i < vector.length; i++) {
    // Not below -127, as the largest component is at most 127 after scaling.
    const component = Math.floor(vector[i]! * scale + 0.5);
    values[offset + i] = component;
    square += component * component;
  }
  return square;
}

/** Cosine of two vectors of equal length; 0 where one of them says nothing. */
export function cosine(a: Vectors, i: number, b: Vectors, j: number): number {
  const { dimensions } = a;
  let dot = 0;
  const from = i * dimensions;
  const to = j * dimensions;
  for (let at = 0; at < dimensions; at++) dot += a.values[from + at]! * b.values[to + at]!;
  const squares = a.squares[i]! * b.squares[j]!;
  return squares === 0 ? 0 : dot / Math.sqrt(squares);
}
