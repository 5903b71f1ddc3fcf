import { CurationError } from '../../errors.ts';
import { formatBytes } from '../../units.ts';

/**
 * Allocates the arrays of one n-gram model and keeps count of them, so that it stops with a message before it takes more than it was
 * promised. What is given back is counted as gone at once; the collector may take it later.
 */
export class NgramMemory {
  readonly #limit: number;
  /** Bytes of the arrays in use. */
  held = 0;
  /** The most that {@link held} has been. */
  peak = 0;
  /** Bytes of all arrays ever made. */
  total = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return this.#take(length, () => new Uint8Array(length));
  }

  halves(length: number): Uint16Array<ArrayBuffer> {
    return this.#take(2 * length, () => new Uint16Array(length));
  }

  words(length: number): Uint32Array<ArrayBuffer> {
    return this.#take(4 * length, () => new Uint32Array(length));
  }

  doubles(length: number): Float64Array<ArrayBuffer> {
    return this.#take(8 * length, () => new Float64Array(length));
  }

  /** Says that arrays made here are not referred to any more. */
  release(...arrays: readonly ArrayBufferView[]): void {
    for (const array of arrays) this.held -= array.byteLength;
  }

  #take<T>(byteLength: number, make: () => T): T {
    const needed = this.held + byteLength;
    if (needed > this.#limit) throw refusal(needed, `was given ${formatBytes(this.#limit)}`);
    let array: T;
    try {
      array = make();
    } catch (cause) {
      throw refusal(needed, 'found that the system does not give it', cause);
    }
    this.held = needed;
    this.peak = Math.max(this.peak, needed);
    this.total += byteLength;
    return array;
  }
}

function refusal(needed: number, found: string, cause?: unknown): CurationError {
  return new CurationError(
    'MEMORY',
    `n-gram model: needs at least ${formatBytes(needed)}, ${found}; measure with fewer tokens or a smaller held-out set, or give more --memory`,
    { cause },
  );
}
