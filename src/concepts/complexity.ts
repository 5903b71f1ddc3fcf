import type { Vectors } from '../kernels/vectors/vectors.ts';
import { exp } from './portable-math.ts';

/** Centres whose distances say how far from everything else one is (Abbas et al. 2024). */
const NEAREST = 20;
/** Rows of a tile: four times four dot products at once, two in each product. */
const TILE = 4;
/**
 * Two dot products in one number: a + b * 2^26. Each is below 2^24 (1024 products of at most 127 * 127), so the sum of both stays
 * a whole number below 2^53 and nothing is rounded.
 */
const UPPER = 2 ** 26;

/**
 * Mean distance (1 - cosine) of each centre to the `nearest` nearest others; to all others where there are fewer, NaN where there is none.
 * The dot products are exact, so the result depends on nothing but the centres. A centre that says nothing has distance 1 to all.
 * Cost: count^2 / 2 dot products; memory: 8 bytes for each component and for each of the `nearest` of each centre.
 */
export function interDistances(centers: Vectors, nearest: number = NEAREST): Float64Array {
  const { count, dimensions, values, squares } = centers;
  const width = Math.min(nearest, count - 1);
  if (width < 1) return new Float64Array(count).fill(NaN);
  const closest = new Closest(count, width);
  // Rows of zeros fill the last tile.
  const rows = Math.ceil(count / TILE) * TILE;
  const wide = new Float64Array(rows * dimensions);
  wide.set(values);
  const pairs = new Float64Array(2 * dimensions);
  const dots = new Float64Array(2 * TILE);
  for (let i = 0; i < count; i += TILE) {
    for (let at = 0; at < dimensions; at++) {
      const from = i * dimensions + at;
      pairs[2 * at] = wide[from]! + UPPER * wide[from + dimensions]!;
      pairs[2 * at + 1] = wide[from + 2 * dimensions]! + UPPER * wide[from + 3 * dimensions]!;
    }
    // Tiles before this one have seen it from their side.
    for (let j = i; j < count; j += TILE) {
      tileDots(pairs, wide, j * dimensions, dots);
      for (let at = 0; at < 2 * TILE; at++) {
        const row = i + 2 * Math.floor(at / TILE);
        const other = j + (at % TILE);
        if (other >= count) continue;
        const second = Math.floor((dots[at]! + UPPER / 2) / UPPER);
        const first = dots[at]! - second * UPPER;
        if (row < other) closest.see(row, other, first / norm(squares[row]!, squares[other]!));
        if (row + 1 < other) closest.see(row + 1, other, second / norm(squares[row + 1]!, squares[other]!));
      }
    }
  }
  return closest.meanDistances();
}

/** Product of the lengths; 1 where one of them is 0, as the dot product is 0 too. */
function norm(square: number, other: number): number {
  return Math.sqrt(square * other) || 1;
}

/** Sums of products of two interleaved vectors with four rows from `from`: those of the first, then those of the second. */
function tileDots(pairs: Float64Array, rows: Float64Array, from: number, dots: Float64Array): void {
  const length = pairs.length / 2;
  let [a, b, c, d, e, f, g, h] = [0, 0, 0, 0, 0, 0, 0, 0];
  const [second, third, fourth] = [from + length, from + 2 * length, from + 3 * length];
  // `rows` holds whole tiles, so every index is inside.
  for (let at = 0; at < length; at++) {
    const p = pairs[2 * at]!;
    const q = pairs[2 * at + 1]!;
    const w = rows[from + at]!;
    const x = rows[second + at]!;
    const y = rows[third + at]!;
    const z = rows[fourth + at]!;
    a += p * w;
    b += p * x;
    c += p * y;
    d += p * z;
    e += q * w;
    f += q * x;
    g += q * y;
    h += q * z;
  }
  dots[0] = a;
  dots[1] = b;
  dots[2] = c;
  dots[3] = d;
  dots[4] = e;
  dots[5] = f;
  dots[6] = g;
  dots[7] = h;
}

/** The largest cosines of each centre, each row ascending: the least of them, at its beginning, is the first to go. */
class Closest {
  readonly #width: number;
  readonly #cosines: Float64Array;

  constructor(count: number, width: number) {
    this.#width = width;
    this.#cosines = new Float64Array(count * width).fill(-Infinity);
  }

  see(a: number, b: number, cosine: number): void {
    this.#insert(a * this.#width, cosine);
    this.#insert(b * this.#width, cosine);
  }

  #insert(from: number, cosine: number): void {
    const cosines = this.#cosines;
    if (cosine <= cosines[from]!) return;
    let at = from;
    const last = from + this.#width - 1;
    for (; at < last && cosines[at + 1]! < cosine; at++) cosines[at] = cosines[at + 1]!;
    cosines[at] = cosine;
  }

  meanDistances(): Float64Array {
    const width = this.#width;
    return Float64Array.from({ length: this.#cosines.length / width }, (_, row) => {
      let sum = 0;
      for (let at = row * width; at < (row + 1) * width; at++) sum += 1 - this.#cosines[at]!;
      return sum / width;
    });
  }
}

/**
 * How complex each concept is: how far its documents are from its centre times how far that is from the nearest others (density-based pruning:
 * Abbas, Rusak, Tirumala, Brendel, Chaudhuri and Morcos 2024). Where a concept has fewer than 3 documents or a distance is NaN,
 * the mean of all other concepts stands for it; where there is none of these, 1.
 */
export function complexities(
  intra: Float64Array,
  inter: Float64Array,
  documents: Float64Array | Uint32Array,
): Float64Array {
  const products = intra.map((distance, concept) =>
    documents[concept]! < 3 ? NaN : distance * inter[concept]!,
  );
  const known = products.filter((product) => !Number.isNaN(product));
  const mean = known.length === 0 ? 1 : known.reduce((sum, product) => sum + product, 0) / known.length;
  return products.map((product) => (Number.isNaN(product) ? mean : product));
}

/**
 * Shares of the budget: share_j = exp(complexity_j / temperature) / sum of all. A low temperature favours the most complex, an infinite one nobody.
 * The same to the bit on every machine.
 * @throws RangeError unless the temperature is above 0.
 */
export function shares(complexity: Float64Array, temperature: number): Float64Array {
  if (!(temperature > 0)) throw new RangeError(`the temperature must be above 0, found ${temperature}`);
  const most = complexity.reduce((least, value) => Math.max(least, value), -Infinity);
  // The largest exponent is 0: nothing overflows, and the sum is at least 1.
  const parts = complexity.map((value) => exp((value - most) / temperature));
  const sum = parts.reduce((total, part) => total + part, 0);
  return parts.map((part) => part / sum);
}
