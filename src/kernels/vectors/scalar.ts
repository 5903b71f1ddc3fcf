import { type CenterKernel, type Centers, checkCenters, DOTS, type Nearest } from './centers.ts';
import type { Vectors } from './vectors.ts';

/** The plain twin of `SimdCenters`. */
export class ScalarCenters implements CenterKernel {
  readonly #dimensions: number;
  #values = new Int16Array(0);
  #starts = new Uint32Array(1);

  constructor(dimensions: number) {
    this.#dimensions = dimensions;
  }

  load(centers: Centers, starts: Uint32Array): void {
    checkCenters(centers, this.#dimensions);
    this.#values = centers.values.slice();
    this.#starts = starts.slice();
  }

  nearest(vectors: Vectors, rows: Uint32Array, group: number, into: Nearest): void {
    // A group has a start and an end; `into` has a place for each row.
    const start = this.#starts[group]!;
    const count = this.#starts[group + 1]! - start;
    for (const [i, row] of rows.entries()) {
      let first = 0;
      let second = 0;
      let dot = this.#dot(vectors, row, start);
      let secondDot = -Infinity;
      for (let center = 1; center < count; center++) {
        const other = this.#dot(vectors, row, start + center);
        if (other > dot) {
          second = first;
          secondDot = dot;
          first = center;
          dot = other;
        } else if (other > secondDot) {
          second = center;
          secondDot = other;
        }
      }
      into.indices[i] = first;
      into.seconds[i] = second;
      into.dots[i] = dot;
      into.secondDots[i] = count === 1 ? dot : secondDot;
    }
  }

  dots(vectors: Vectors, rows: Uint32Array, group: number, into: Int32Array): void {
    const start = this.#starts[group]!;
    const count = this.#starts[group + 1]! - start;
    for (const [i, row] of rows.entries()) {
      for (let center = 0; center < DOTS; center++) {
        into[DOTS * i + center] = center < count ? this.#dot(vectors, row, start + center) : 0;
      }
    }
  }

  #dot({ values }: Vectors, row: number, center: number): number {
    const dimensions = this.#dimensions;
    const centers = this.#values;
    const from = row * dimensions;
    const to = center * dimensions;
    let dot = 0;
    // Both have that many components from there, and the sum is a whole number of 32 bits.
    for (let at = 0; at < dimensions; at++)
      dot = (dot + Math.imul(values[from + at]!, centers[to + at]!)) | 0;
    return dot;
  }
}
