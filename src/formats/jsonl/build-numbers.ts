import { type Data, makeData } from 'apache-arrow';
import {
  Bitmap,
  type Builder,
  DAMAGED,
  FITS,
  grown,
  KEPT_BYTES,
  MISFIT,
  NullableBuilder,
  type Outcome,
  readNull,
} from './builder.ts';
import type { Scanner } from './scan.ts';

const INT64_LIMIT = 2n ** 63n;

/** A column of booleans. */
export class BoolBuilder extends NullableBuilder implements Builder {
  readonly #values = new Bitmap();

  append(scanner: Scanner): Outcome {
    const byte = scanner.bytes[scanner.position];
    if (byte !== 0x74 && byte !== 0x66) {
      const outcome = readNull(scanner);
      if (outcome === FITS) this.appendNull();
      return outcome;
    }
    const value = byte === 0x74;
    if (!scanner.skipWord(value ? 'true' : 'false')) return DAMAGED;
    this.#values.set(this.length, value);
    this.push(true);
    return FITS;
  }

  appendNull(): void {
    this.#values.set(this.length, false);
    this.push(false);
  }

  truncate(length: number): void {
    this.length = length;
  }

  byteLength(): number {
    return 2 * this.validityBytes;
  }

  finish(): Data {
    const data = this.#values.finish(this.length);
    return makeData({ type: this.type, length: this.length, ...this.finishValidity(), data } as never);
  }

  reset(): void {
    this.resetValidity();
    this.#values.reset();
  }
}

/** Columns of eight bytes a value. */
abstract class WordBuilder extends NullableBuilder {
  protected words: Uint8Array<ArrayBuffer> = new Uint8Array(1024);

  append(scanner: Scanner): Outcome {
    const byte = scanner.bytes[scanner.position]!;
    if (byte === 0x6e || !(byte === 0x2d || (byte >= 0x30 && byte <= 0x39))) {
      const outcome = readNull(scanner);
      if (outcome === FITS) this.appendNull();
      return outcome;
    }
    if (!scanner.scanNumber()) return DAMAGED;
    this.#reserve();
    if (!this.store(scanner)) return MISFIT;
    this.push(true);
    return FITS;
  }

  /** Stores the number just scanned at `length`; false if it would lose a digit. */
  protected abstract store(scanner: Scanner): boolean;
  protected abstract viewWords(): void;

  #reserve(): void {
    const needed = 8 * (this.length + 1);
    if (needed <= this.words.length) return;
    this.words = grown(this.words, needed);
    this.viewWords();
  }

  appendNull(): void {
    this.#reserve();
    this.words.fill(0, 8 * this.length, 8 * (this.length + 1));
    this.push(false);
  }

  truncate(length: number): void {
    this.length = length;
  }

  byteLength(): number {
    return 8 * this.length + this.validityBytes;
  }

  reset(): void {
    this.resetValidity();
    if (this.words.length !== 0 && this.words.length <= KEPT_BYTES) return;
    this.words = new Uint8Array(1024);
    this.viewWords();
  }
}

/** A column of 64-bit integers; takes the literals without fraction and exponent that one holds. */
export class Int64Builder extends WordBuilder implements Builder {
  #halves = new Int32Array(this.words.buffer);

  protected override viewWords(): void {
    this.#halves = new Int32Array(this.words.buffer, 0, this.words.length >>> 2);
  }

  protected override store(scanner: Scanner): boolean {
    if (!scanner.isInteger) return false;
    const value = scanner.value;
    const at = 2 * this.length;
    if (value === value) {
      this.#halves[at] = value % 2 ** 32;
      this.#halves[at + 1] = Math.floor(value / 2 ** 32);
      return true;
    }
    // 19 digits and a sign are the most that can fit; a longer literal is not worth a BigInt of a million digits.
    if (scanner.position - scanner.numberStart > 20) return false;
    const exact = BigInt(scanner.literal());
    if (exact < -INT64_LIMIT || exact >= INT64_LIMIT) return false;
    this.#halves[at] = Number(BigInt.asIntN(32, exact));
    this.#halves[at + 1] = Number(BigInt.asIntN(32, exact >> 32n));
    return true;
  }

  finish(): Data {
    const data = new BigInt64Array(this.words.buffer, 0, this.length);
    return makeData({ type: this.type, length: this.length, ...this.finishValidity(), data } as never);
  }
}

/** A column of doubles; takes the literals that no digit of an integer is lost from. */
export class Float64Builder extends WordBuilder implements Builder {
  #values = new Float64Array(this.words.buffer);

  protected override viewWords(): void {
    this.#values = new Float64Array(this.words.buffer, 0, this.words.length >>> 3);
  }

  protected override store(scanner: Scanner): boolean {
    let value = scanner.value;
    if (value !== value) {
      // 400 characters hold every literal a program prints; more of them would only be rounded away.
      if (scanner.isInteger && scanner.position - scanner.numberStart > 400) return false;
      const literal = scanner.literal();
      value = Number(literal);
      if (!Number.isFinite(value)) return false;
      // An integer is kept whole or not at all: 2^53 + 1 in a column of doubles would come back as another number. One
      // that is what JavaScript writes for its double has lost nothing.
      const isSame = !scanner.isInteger || String(value) === literal || BigInt(value) === BigInt(literal);
      if (!isSame) return false;
    }
    this.#values[this.length] = value;
    return true;
  }

  finish(): Data {
    const data = new Float64Array(this.words.buffer, 0, this.length);
    return makeData({ type: this.type, length: this.length, ...this.finishValidity(), data } as never);
  }
}
