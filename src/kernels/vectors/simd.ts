import { compileKernel, instantiateKernel, type OwnMemory, reserve } from '../instance.ts';
import { vectorsWasmBase64 } from '../wasm/vectors-wasm.generated.ts';
import { type CenterKernel, type Centers, checkCenters, DOTS, type Nearest } from './centers.ts';
import type { Vectors } from './vectors.ts';

interface Exports {
  readonly memory: OwnMemory;
  readonly nearest: (
    vectors: number,
    count: number,
    centers: number,
    centerCount: number,
    dimensions: number,
    scratch: number,
    into: number,
  ) => void;
  readonly dots: (
    vectors: number,
    count: number,
    centers: number,
    blocks: number,
    dimensions: number,
    into: number,
  ) => void;
}

/** Vectors that are compared at a time: what lies in linear memory of them stays in the second cache. */
const BLOCK = 256;
/** Where what is found begins; before it are the compiler's and the kernel's own. */
const FOUND = 128;
/** Whole numbers found for a vector. */
const FIELDS = 4;
const VECTORS: number = FOUND + 4 * FIELDS * BLOCK;

let compiled: object | undefined;

/**
 * The WebAssembly SIMD twin of `ScalarCenters`, an instance of its own each.
 *
 *   0  the kernel's | 128  found | vectors of a block | scratch: two dot products a centre | centres, four by four
 *
 * @throws an error on a processor without 128-bit vectors.
 */
export class SimdCenters implements CenterKernel {
  readonly #kernel: Exports;
  readonly #dimensions: number;
  /** Fours of centres before each group, and centres of each. */
  #blocks = new Uint32Array(1);
  #counts = new Uint32Array(0);
  #scratch = 0;
  #centers = 0;
  #found = new Int32Array(0);
  #vectors = new Int8Array(0);

  constructor(dimensions: number) {
    compiled ??= compileKernel(vectorsWasmBase64);
    this.#kernel = instantiateKernel(compiled) as Exports;
    this.#dimensions = dimensions;
  }

  load(centers: Centers, starts: Uint32Array): void {
    checkCenters(centers, this.#dimensions);
    const groups = starts.length - 1;
    this.#blocks = new Uint32Array(groups + 1);
    this.#counts = new Uint32Array(groups);
    for (let group = 0; group < groups; group++) {
      // `groups` is one less than the starts.
      this.#counts[group] = starts[group + 1]! - starts[group]!;
      this.#blocks[group + 1] = this.#blocks[group]! + Math.ceil(this.#counts[group]! / 4);
    }
    const most = this.#counts.reduce((a, b) => Math.max(a, b), 0);
    const blocks = this.#blocks[groups]!;
    const { memory } = this.#kernel;
    this.#scratch = VECTORS + BLOCK * this.#dimensions;
    this.#centers = this.#scratch + 2 * 16 * Math.ceil(most / 4);
    const byteLength = this.#centers + 8 * this.#dimensions * blocks;
    reserve(
      memory,
      byteLength,
      `${centers.count} centres of ${this.#dimensions} dimensions do not fit in memory; ask for fewer concepts`,
    );
    this.#found = new Int32Array(memory.buffer, FOUND, FIELDS * BLOCK);
    this.#vectors = new Int8Array(memory.buffer, VECTORS, BLOCK * this.#dimensions);
    this.#arrange(
      centers,
      starts,
      new Int16Array(memory.buffer, this.#centers, 4 * this.#dimensions * blocks),
    );
  }

  nearest(vectors: Vectors, rows: Uint32Array, group: number, into: Nearest): void {
    const found = this.#found;
    const centers = this.#address(group);
    // A group has a count; the kernel finds FIELDS numbers for each row of a block.
    const count = this.#counts[group]!;
    for (let from = 0; from < rows.length; from += BLOCK) {
      const taken = this.#take(vectors, rows, from);
      this.#kernel.nearest(VECTORS, taken, centers, count, this.#dimensions, this.#scratch, FOUND);
      for (let i = 0, at = 0; i < taken; i++, at += FIELDS) {
        into.indices[from + i] = found[at]!;
        into.seconds[from + i] = found[at + 1]!;
        into.dots[from + i] = found[at + 2]!;
        into.secondDots[from + i] = found[at + 3]!;
      }
    }
  }

  dots(vectors: Vectors, rows: Uint32Array, group: number, into: Int32Array): void {
    const centers = this.#address(group);
    for (let from = 0; from < rows.length; from += BLOCK) {
      const taken = this.#take(vectors, rows, from);
      this.#kernel.dots(VECTORS, taken, centers, 1, this.#dimensions, FOUND);
      into.set(this.#found.subarray(0, DOTS * taken), DOTS * from);
    }
  }

  #address(group: number): number {
    return this.#centers + 8 * this.#dimensions * this.#blocks[group]!;
  }

  /** Copies rows from `from` on, a block at most, run by run of neighbours; returns how many. */
  #take({ values }: Vectors, rows: Uint32Array, from: number): number {
    const dimensions = this.#dimensions;
    const end = Math.min(rows.length, from + BLOCK);
    for (let i = from; i < end; ) {
      // Below `end` there are rows.
      const row = rows[i]!;
      let next = i + 1;
      while (next < end && rows[next] === row + (next - i)) next++;
      this.#vectors.set(
        values.subarray(row * dimensions, (row + next - i) * dimensions),
        (i - from) * dimensions,
      );
      i = next;
    }
    return end - from;
  }

  /** Lays the centres of each group down four by four, 8 components of each in turn. */
  #arrange({ values }: Centers, starts: Uint32Array, into: Int16Array): void {
    const dimensions = this.#dimensions;
    into.fill(0);
    for (let group = 0; group < this.#counts.length; group++) {
      // Groups have starts, and their centres `dimensions` components; a multiple of 8.
      for (let center = 0; center < this.#counts[group]!; center++) {
        const from = (starts[group]! + center) * dimensions;
        const to = 4 * dimensions * (this.#blocks[group]! + (center >> 2)) + 8 * (center & 3);
        for (let at = 0; at < dimensions; at++) {
          into[to + 4 * (at & ~7) + (at & 7)] = values[from + at]!;
        }
      }
    }
  }
}
