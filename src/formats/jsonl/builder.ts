import type { Data, DataType } from 'apache-arrow';
import type { Scanner } from './scan.ts';

/** The value was appended. */
export const FITS = 0;
/** The value is of another type; what was appended of it must be cut off, and the scanner set back. */
export const MISFIT = 1;
/** The line is damaged; the scanner says how. */
export const DAMAGED = 2;
export type Outcome = typeof FITS | typeof MISFIT | typeof DAMAGED;

/** Scratch memory above this is not kept from one batch to the next. */
export const KEPT_BYTES: number = 64 * 1024 * 1024;

/**
 * Grows one Arrow column value by value. Buffers are scratch: `finish` gives views of them, good until the next `reset`.
 * `append` reads the value at the scanner; on FITS the scanner is behind it.
 */
export interface Builder {
  /** Values so far. */
  readonly length: number;
  append(scanner: Scanner): Outcome;
  appendNull(): void;
  /** Cuts back to `length` values and whatever a misfit left behind them. */
  truncate(length: number): void;
  /** Bytes of the buffers `finish` would give now, none left out. */
  byteLength(): number;
  finish(): Data;
  reset(): void;
}

/** A growing bitmap, least significant bit first. Every bit below the length is written, so old content does not matter. */
export class Bitmap {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(128);

  set(index: number, isSet: boolean): void {
    const at = index >>> 3;
    if (at >= this.#bytes.length) this.#bytes = grown(this.#bytes, at + 1);
    if (isSet) this.#bytes[at]! |= 1 << (index & 7);
    else this.#bytes[at]! &= ~(1 << (index & 7));
  }

  /** The first `length` bits; those behind them in the last byte are zero, so that equal columns have equal bytes. */
  finish(length: number): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes.subarray(0, (length + 7) >>> 3);
    if ((length & 7) !== 0) bytes[bytes.length - 1]! &= (1 << (length & 7)) - 1;
    return bytes;
  }

  reset(): void {
    if (this.#bytes.length === 0 || this.#bytes.length > KEPT_BYTES) this.#bytes = new Uint8Array(128);
  }
}

/** A larger copy: at least `needed` bytes, at least twice as many as before. */
export function grown(bytes: Uint8Array<ArrayBuffer>, needed: number): Uint8Array<ArrayBuffer> {
  // Not zeroed: a column may reserve a whole long line and use little of it.
  const larger = new Uint8Array(Buffer.allocUnsafeSlow(Math.max(needed, bytes.length * 2)).buffer);
  larger.set(bytes);
  return larger;
}

/** What all columns share: which rows are null. */
export abstract class NullableBuilder {
  length = 0;
  readonly type: DataType;
  readonly #validity = new Bitmap();

  constructor(type: DataType) {
    this.type = type;
  }

  protected push(isValid: boolean): void {
    this.#validity.set(this.length++, isValid);
  }

  protected resetValidity(): void {
    this.length = 0;
    this.#validity.reset();
  }

  protected get validityBytes(): number {
    return (this.length + 7) >>> 3;
  }

  protected finishValidity(): { nullCount: number; nullBitmap: Uint8Array<ArrayBuffer> | null } {
    const bitmap = this.#validity.finish(this.length);
    let setCount = 0;
    for (let byte of bitmap) for (; byte !== 0; byte &= byte - 1) setCount++;
    const nullCount = this.length - setCount;
    return { nullCount, nullBitmap: nullCount === 0 ? null : bitmap };
  }
}

/** Moves over `null`: MISFIT if something else stands at the scanner. */
export function readNull(scanner: Scanner): Outcome {
  if (scanner.bytes[scanner.position] !== 0x6e) return MISFIT;
  return scanner.skipWord('null') ? FITS : DAMAGED;
}

/** Offsets of a text or list column: `length + 1` of them, the last one always written. */
export class Offsets {
  #values = new Int32Array(256);

  get(index: number): number {
    return this.#values[index]!;
  }

  set(index: number, value: number): void {
    if (index >= this.#values.length) {
      const bytes = new Uint8Array(this.#values.buffer);
      this.#values = new Int32Array(grown(bytes, 4 * (index + 1)).buffer);
    }
    this.#values[index] = value;
  }

  finish(length: number): Int32Array<ArrayBuffer> {
    return this.#values.subarray(0, length + 1);
  }

  reset(): void {
    if (this.#values.length === 0 || this.#values.byteLength > KEPT_BYTES) this.#values = new Int32Array(256);
    this.#values[0] = 0;
  }
}
