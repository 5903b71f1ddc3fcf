import { CurationError } from '../../errors.ts';

/** A model file as its parser sees it: where it is, for messages, how long it is, and bytes of it. */
export interface ModelFile {
  readonly path: string;
  readonly byteLength: number;
  /** Fills `into` from `position` on; returns how many bytes were there. */
  read(into: Uint8Array, position: number): Promise<number>;
}

const WINDOW_BYTES = 1 << 20;

/**
 * Reads a file front to back through a window of 1 MiB, however long the file is. Numbers are little-endian and are taken
 * from the window, which `ensure` fills.
 */
export class ModelReader {
  /** Of the file; the window begins here. */
  #position = 0;
  #at = 0;
  #end = 0;
  readonly #file: ModelFile;
  readonly #window: Uint8Array<ArrayBuffer> = new Uint8Array(WINDOW_BYTES);
  readonly #view: DataView = new DataView(this.#window.buffer);

  constructor(file: ModelFile) {
    this.#file = file;
  }

  /** Bytes of the file that were not taken yet. */
  get remaining(): number {
    return this.#file.byteLength - this.#position - this.#at;
  }

  /** An error about what was read last. */
  damaged(where: string, expected: string, found: string | number): CurationError {
    return new CurationError(
      'BAD_INPUT',
      `${this.#file.path}: ${where}: expected ${expected}, found ${found}; the file is no fastText model, or is damaged or cut off`,
    );
  }

  /**
   * Has the next `byteLength` bytes (at most the window) ready to be taken.
   * @throws CurationError `BAD_INPUT` when the file ends before them.
   */
  async ensure(byteLength: number, where: string): Promise<void> {
    if (this.#end - this.#at >= byteLength) return;
    if (this.remaining < byteLength) throw this.#cutOff(byteLength, where);
    this.#window.copyWithin(0, this.#at, this.#end);
    this.#position += this.#at;
    this.#end -= this.#at;
    this.#at = 0;
    while (this.#end < byteLength) {
      const count = await this.#file.read(this.#window.subarray(this.#end), this.#position + this.#end);
      if (count === 0) throw this.#cutOff(byteLength, where);
      this.#end += count;
    }
  }

  #cutOff(byteLength: number, where: string): CurationError {
    return this.damaged(where, `${byteLength} more bytes`, `the end of the file after ${this.remaining}`);
  }

  takeByte(): number {
    return this.#view.getUint8(this.#at++);
  }

  takeInt32(): number {
    this.#at += 4;
    return this.#view.getInt32(this.#at - 4, true);
  }

  /** A signed 64-bit number, inexact beyond 2^53, where every check of a size fails anyway. */
  takeInt64(): number {
    this.#at += 8;
    return this.#view.getInt32(this.#at - 4, true) * 2 ** 32 + this.#view.getUint32(this.#at - 8, true);
  }

  skip(byteLength: number): void {
    this.#at += byteLength;
  }

  /**
   * Takes bytes up to a NUL, and the NUL. Returns a view that is valid until the next `ensure`, with at least `behind` more
   * bytes ready to be taken; undefined when the window has not all of that, and nothing is taken.
   */
  takeTextAtHand(behind: number): Uint8Array | undefined {
    const stop = this.#window.indexOf(0, this.#at);
    if (stop < 0 || stop + 1 + behind > this.#end) return undefined;
    const text = this.#window.subarray(this.#at, stop);
    this.#at = stop + 1;
    return text;
  }

  /** The same, with more of the file read first. */
  async takeText(behind: number, where: string): Promise<Uint8Array> {
    await this.ensure(Math.min(this.remaining, WINDOW_BYTES), where);
    const text = this.takeTextAtHand(behind);
    if (text === undefined) {
      throw this.damaged(
        where,
        `a NUL and ${behind} more bytes`,
        `none within ${this.#end - this.#at} bytes`,
      );
    }
    return text;
  }

  /** Takes as many bytes as `into` holds. */
  async takeInto(into: Uint8Array, where: string): Promise<void> {
    if (this.remaining < into.length) throw this.#cutOff(into.length, where);
    for (let done = 0; done < into.length; ) {
      await this.ensure(1, where);
      const count = Math.min(this.#end - this.#at, into.length - done);
      into.set(this.#window.subarray(this.#at, this.#at + count), done);
      this.#at += count;
      done += count;
    }
  }
}
