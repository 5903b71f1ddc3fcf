import type { Data } from 'apache-arrow';
import { isSet } from './bits.ts';
import { bytesOf, damaged, fixedValues, validityOf, wordsOf } from './buffers.ts';
import { type Runs, validRuns } from './runs.ts';

/**
 * Chosen rows of a column of a view type. A view is four words: the byte length, then either up to 12 bytes of value or
 * its first four bytes, the number of the buffer that holds it and the place where it starts there:
 *
 *     | length | inline ........................ |    length <= 12
 *     | length | first 4 | buffer no. | start    |    length > 12
 */
export class Views {
  readonly #words: Int32Array;
  readonly #buffers: readonly Uint8Array[];
  readonly #runs: Runs;
  readonly #validity: Uint8Array | undefined;
  readonly #bitOffset: number;
  /** Bytes of all chosen values above 12 bytes that are not null. */
  readonly longByteLength: number;

  /** Checks every chosen view; `name` is the column's, for messages. */
  constructor(data: Data, runs: Runs, name: string) {
    this.#words = wordsOf(fixedValues(data, 16, name));
    this.#buffers = data.variadicBuffers;
    this.#runs = runs;
    this.#validity = validityOf(data, name);
    this.#bitOffset = data.offset;
    const valid = this.#validity === undefined ? runs : validRuns(runs, this.#validity, data.offset);
    this.longByteLength = this.#measure(valid, name);
  }

  #measure({ bounds }: Runs, name: string): number {
    let total = 0;
    for (let i = 0; i < bounds.length; i += 2) {
      for (let row = bounds[i]!; row < bounds[i + 1]!; row++) {
        const at = row * 4;
        const byteLength = this.#words[at]!;
        if (byteLength >= 0 && byteLength <= 12) continue;
        const available = this.#buffers[this.#words[at + 2]!]?.byteLength ?? -1;
        const start = this.#words[at + 3]!;
        if (byteLength < 0 || start < 0 || start + byteLength > available) {
          throw damaged(name, `a view inside ${available} bytes`, `${byteLength} bytes at ${start}`);
        }
        total += byteLength;
      }
    }
    return total;
  }

  /**
   * Writes the views one after another, with all long values in one buffer from `position` on, in row order.
   * @param target 16 bytes a row, aligned to 4; a null becomes zeros.
   * @returns the position after the last byte written to `long`.
   */
  write(target: Uint8Array, long: Uint8Array, position: number): number {
    const to = wordsOf(target);
    const from = this.#words;
    const { bounds } = this.#runs;
    let end = position;
    let at = 0;
    for (let i = 0; i < bounds.length; i += 2) {
      for (let row = bounds[i]!; row < bounds[i + 1]!; row++, at += 4) {
        const view = row * 4;
        if (this.#validity !== undefined && !isSet(this.#validity, this.#bitOffset + row)) {
          to.fill(0, at, at + 4);
          continue;
        }
        const byteLength = from[view]!;
        to[at] = byteLength;
        to[at + 1] = from[view + 1]!;
        to[at + 2] = byteLength > 12 ? 0 : from[view + 2]!;
        to[at + 3] = byteLength > 12 ? end : from[view + 3]!;
        if (byteLength > 12) {
          const start = from[view + 3]!;
          long.set(this.#buffers[from[view + 2]!]!.subarray(start, start + byteLength), end);
          end += byteLength;
        }
      }
    }
    return end;
  }

  /** The chosen values themselves: where each ends (`offsets`, from 0 on) and how many bytes they have together. */
  measureAll(): { readonly offsets: Float64Array; readonly byteLength: number } {
    const offsets = new Float64Array(this.#runs.rowCount + 1);
    let at = 0;
    let total = 0;
    this.#eachRow((_, byteLength) => {
      total += byteLength;
      offsets[++at] = total;
    });
    return { offsets, byteLength: total };
  }

  /** Writes the chosen values back to back. */
  writeAll(target: Uint8Array): void {
    const bytes = bytesOf(this.#words);
    let at = 0;
    this.#eachRow((row, byteLength) => {
      const view = row * 4;
      const start = byteLength > 12 ? this.#words[view + 3]! : view * 4 + 4;
      const from = byteLength > 12 ? this.#buffers[this.#words[view + 2]!]! : bytes;
      target.set(from.subarray(start, start + byteLength), at);
      at += byteLength;
    });
  }

  #eachRow(use: (row: number, byteLength: number) => void): void {
    const { bounds } = this.#runs;
    for (let i = 0; i < bounds.length; i += 2) {
      for (let row = bounds[i]!; row < bounds[i + 1]!; row++) {
        const isValid = this.#validity === undefined || isSet(this.#validity, this.#bitOffset + row);
        use(row, isValid ? this.#words[row * 4]! : 0);
      }
    }
  }
}
