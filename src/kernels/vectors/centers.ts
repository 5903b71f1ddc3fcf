import type { Vectors } from './vectors.ts';

/** Directions that vectors are compared with: unit vectors times {@link CENTER_NORM}, rounded to whole numbers. */
export interface Centers {
  readonly count: number;
  /** As in `Vectors`. */
  readonly dimensions: number;
  /** `count * dimensions`. */
  readonly values: Int16Array;
}

export const CENTER_NORM: number = 2 ** 14;

/**
 * Most a centre's sum of squares may be. A component of a vector is at most 2^7, of at most 2^10, so its norm is at most 2^12; a centre's norm is
 * at most 2^15. By Cauchy and Schwarz a dot product, and each part of its sum in whatever order, is at most 2^27: 32 bits hold it.
 */
const MOST_CENTER_SQUARE: number = 2 ** 30;

/** What is found for rows, in their order; each array has at least as many places. */
export interface Nearest {
  /** The centre of the greatest dot product, the lowest number among equals; counted from the first of its group. */
  readonly indices: Uint32Array;
  /** The second of that order; the first again where a group has one centre. */
  readonly seconds: Uint32Array;
  /** Exact dot products with both. */
  readonly dots: Int32Array;
  readonly secondDots: Int32Array;
}

/**
 * Compares vectors with centres by their exact dot products; its twins agree to the bit. Not reentrant. Made for centres of one size.
 *
 * Dot products are not divided by the norms of the centres, which are all {@link CENTER_NORM} up to rounding (by at most sqrt(dimensions) / 2
 * of it, commonly 1 in 50,000): whole numbers alone decide which is nearest, and two centres that are this close to equally near are equally good.
 */
export interface CenterKernel {
  /**
   * Replaces the centres; they are copied. Centres are compared with within groups: group `g` is those from `starts[g]` to `starts[g + 1]`.
   * @throws RangeError for other dimensions, or a norm above twice {@link CENTER_NORM}. CurationError `MEMORY`.
   */
  load(centers: Centers, starts: Uint32Array): void;
  /** Which centres of a group, that has at least one, are nearest to each of these rows of `vectors`. */
  nearest(vectors: Vectors, rows: Uint32Array, group: number, into: Nearest): void;
  /** Dot products of these rows with all centres of a group of at most 4: 4 places for each row, of which those of missing centres are 0. */
  dots(vectors: Vectors, rows: Uint32Array, group: number, into: Int32Array): void;
}

/** Centres that {@link CenterKernel.dots} compares with at once. */
export const DOTS: number = 4;

/** Room for what is found for this many rows. */
export function createNearest(count: number): Nearest {
  return {
    indices: new Uint32Array(count),
    seconds: new Uint32Array(count),
    dots: new Int32Array(count),
    secondDots: new Int32Array(count),
  };
}

/** Sum of the squares of each centre. */
export function centerSquares({ count, dimensions, values }: Centers): Float64Array {
  const squares = new Float64Array(count);
  // `values` has count * dimensions.
  for (let center = 0, at = 0; center < count; center++) {
    let square = 0;
    for (const end = at + dimensions; at < end; at++) square += values[at]! * values[at]!;
    squares[center] = square;
  }
  return squares;
}

/** Cosine of a vector and a centre from exact whole numbers, whose product 2^54 bounds and 2^52 all but always; 0 for a vector that says nothing. */
export function similarity(dot: number, square: number, centerSquare: number): number {
  return square === 0 || centerSquare === 0 ? 0 : dot / Math.sqrt(square * centerSquare);
}

/** Checks what {@link CenterKernel.load} is given. */
export function checkCenters(centers: Centers, dimensions: number): void {
  if (centers.dimensions !== dimensions || centers.values.length < centers.count * dimensions) {
    throw new RangeError(
      `centres of ${centers.dimensions} dimensions where ${dimensions} were expected, or not all of them`,
    );
  }
  if (centerSquares(centers).some((square) => square > MOST_CENTER_SQUARE)) {
    throw new RangeError(`a centre has a norm above ${2 * CENTER_NORM}`);
  }
}
