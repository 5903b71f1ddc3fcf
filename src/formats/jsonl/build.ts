import { type Data, type DataType, type Field, type List, makeData, type Struct, Type } from 'apache-arrow';
import { KeySet, type Scanner } from './scan.ts';

/** The value was appended. */
export const FITS = 0;
/** The value is of another type; what was appended of it must be cut off, and the scanner set back. */
export const MISFIT = 1;
/** The line is damaged; the scanner says how. */
export const DAMAGED = 2;
export type Outcome = typeof FITS | typeof MISFIT | typeof DAMAGED;

/** Scratch memory above this is not kept from one batch to the next. */
const KEPT_BYTES = 64 * 1024 * 1024;
const INT64_LIMIT = 2n ** 63n;

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

export function builderOf(type: DataType): Builder {
  switch (type.typeId) {
    case Type.Bool:
      return new BoolBuilder(type);
    case Type.Int:
      return new Int64Builder(type);
    case Type.Float:
      return new Float64Builder(type);
    case Type.List:
      return new ListBuilder(type as List);
    case Type.Struct:
      return new StructBuilder(type as Struct);
    default:
      return new TextBuilder(type);
  }
}

/** A growing bitmap, least significant bit first. Every bit below the length is written, so old content does not matter. */
class Bitmap {
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

function grown(bytes: Uint8Array<ArrayBuffer>, needed: number): Uint8Array<ArrayBuffer> {
  // Not zeroed: a column may reserve a whole long line and use little of it.
  const larger = new Uint8Array(Buffer.allocUnsafeSlow(Math.max(needed, bytes.length * 2)).buffer);
  larger.set(bytes);
  return larger;
}

/** What all columns share: which rows are null. */
abstract class NullableBuilder {
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

/** True if the scanner is at `null`, read; undefined if that word is damaged. */
function readNull(scanner: Scanner): Outcome {
  if (scanner.bytes[scanner.position] !== 0x6e) return MISFIT;
  return scanner.skipWord('null') ? FITS : DAMAGED;
}

class BoolBuilder extends NullableBuilder implements Builder {
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

class Int64Builder extends WordBuilder implements Builder {
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

class Float64Builder extends WordBuilder implements Builder {
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

/** Offsets of a text or list column: `length + 1` of them, the last one always written. */
class Offsets {
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

/** A text column; also the column of what is left over, which is written piece by piece. */
export class TextBuilder extends NullableBuilder implements Builder {
  readonly #offsets = new Offsets();
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #used = 0;

  append(scanner: Scanner): Outcome {
    if (scanner.bytes[scanner.position] !== 0x22) {
      const outcome = readNull(scanner);
      if (outcome === FITS) this.appendNull();
      return outcome;
    }
    return this.#copyString(scanner) ? FITS : DAMAGED;
  }

  appendNull(): void {
    this.#offsets.set(this.length + 1, this.#used);
    this.push(false);
  }

  /** Adds bytes to the value being written; `endPieces` makes it a row. */
  addPiece(piece: Uint8Array): void {
    this.#reserve(piece.length);
    this.#bytes.set(piece, this.#used);
    this.#used += piece.length;
  }

  endPieces(): void {
    this.#offsets.set(this.length + 1, this.#used);
    this.push(true);
  }

  truncate(length: number): void {
    this.length = length;
    this.#used = this.#offsets.get(length);
  }

  byteLength(): number {
    return this.#used + 4 * (this.length + 1) + this.validityBytes;
  }

  finish(): Data {
    const valueOffsets = this.#offsets.finish(this.length);
    const data = this.#bytes.subarray(0, this.#used);
    const rows = { type: this.type, length: this.length, ...this.finishValidity() };
    return makeData({ ...rows, valueOffsets, data } as never);
  }

  reset(): void {
    this.resetValidity();
    this.#offsets.reset();
    this.#used = 0;
    if (this.#bytes.length !== 0 && this.#bytes.length <= KEPT_BYTES) return;
    this.#bytes = new Uint8Array(4096);
    this.#view = new DataView(this.#bytes.buffer);
  }

  #reserve(byteLength: number): void {
    if (this.#used + byteLength <= this.#bytes.length) return;
    this.#bytes = grown(this.#bytes, this.#used + byteLength);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /**
   * Unescapes the string at the scanner into the column. An escape is never shorter than its UTF-8, so the length it is
   * written in, and a word more for the stores of four bytes, is room enough and the loop checks none.
   */
  #copyString(scanner: Scanner): boolean {
    this.#reserve(writtenLength(scanner) + 4);
    const { bytes, view } = scanner;
    const target = this.#bytes;
    const targetView = this.#view;
    let at = scanner.position + 1;
    let used = this.#used;
    for (;;) {
      // Four bytes at once up to a quote, a backslash or a control character. The subtractions borrow into a neighbour only
      // above a byte that is one of these, so the lowest flag is always a true one (Mycroft's zero-byte test).
      for (;;) {
        const word = view.getInt32(at, true);
        const quote = word ^ 0x22222222;
        const backslash = word ^ 0x5c5c5c5c;
        const special =
          (((word - 0x20202020) & ~word) |
            ((quote - 0x01010101) & ~quote) |
            ((backslash - 0x01010101) & ~backslash)) &
          0x80808080;
        targetView.setInt32(used, word, true);
        if (special !== 0) {
          const taken = (31 - Math.clz32(special & -special)) >> 3;
          at += taken;
          used += taken;
          break;
        }
        at += 4;
        used += 4;
      }
      const byte = bytes[at]!;
      if (byte === 0x22) break;
      if (byte !== 0x5c) return scanner.failInString(at);
      const escape = bytes[at + 1]!;
      const plain = escape < 128 ? PLAIN_ESCAPES[escape]! : 0;
      if (plain !== 0) {
        target[used++] = plain;
        at += 2;
        continue;
      }
      let unit = escape === 0x75 ? scanner.hexadecimal(at + 2) : -1;
      if (unit < 0) return scanner.fail('an escape', at);
      at += 6;
      if (unit >= 0xd800 && unit < 0xe000) {
        let low = -1;
        if (unit < 0xdc00 && bytes[at] === 0x5c && bytes[at + 1] === 0x75) low = scanner.hexadecimal(at + 2);
        if (low >= 0xdc00 && low < 0xe000) {
          unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
          at += 6;
        } else unit = 0xfffd;
      }
      used = putUtf8(target, used, unit);
    }
    scanner.position = at + 1;
    this.#used = used;
    this.#offsets.set(this.length + 1, used);
    this.push(true);
    return true;
  }
}

/** Lines this long make each of their strings look for its own end before it reserves. */
const LONG_LINE_BYTES = 64 * 1024;

/**
 * A bound of the bytes that the string at the scanner takes in the line. What is left of the line will do, save for long
 * lines: a thousand columns must not each reserve the ten megabytes that one of them takes.
 */
function writtenLength({ bytes, position, end }: Scanner): number {
  if (end - position <= LONG_LINE_BYTES) return end - position;
  for (let quote = bytes.indexOf(0x22, position + 1); quote >= 0 && quote < end; ) {
    let before = quote;
    while (bytes[before - 1] === 0x5c) before--;
    if ((quote - before) % 2 === 0) return quote - position;
    quote = bytes.indexOf(0x22, quote + 1);
  }
  return end - position;
}

const ESCAPE_LETTERS = '"\\/bfnrt';
/** The byte of each two-character escape, by its second character; 0 for none. */
const PLAIN_ESCAPES: Uint8Array = new Uint8Array(128);
for (let at = 0; at < ESCAPE_LETTERS.length; at++) {
  PLAIN_ESCAPES[ESCAPE_LETTERS.charCodeAt(at)] = '"\\/\b\f\n\r\t'.charCodeAt(at);
}

function putUtf8(target: Uint8Array, at: number, point: number): number {
  if (point < 0x80) {
    target[at++] = point;
  } else if (point < 0x800) {
    target[at++] = 0xc0 | (point >> 6);
    target[at++] = 0x80 | (point & 0x3f);
  } else if (point < 0x10000) {
    target[at++] = 0xe0 | (point >> 12);
    target[at++] = 0x80 | ((point >> 6) & 0x3f);
    target[at++] = 0x80 | (point & 0x3f);
  } else {
    target[at++] = 0xf0 | (point >> 18);
    target[at++] = 0x80 | ((point >> 12) & 0x3f);
    target[at++] = 0x80 | ((point >> 6) & 0x3f);
    target[at++] = 0x80 | (point & 0x3f);
  }
  return at;
}

class ListBuilder extends NullableBuilder implements Builder {
  readonly #offsets = new Offsets();
  readonly #child: Builder;

  constructor(type: List) {
    super(type);
    this.#child = builderOf(type.children[0]!.type);
  }

  append(scanner: Scanner): Outcome {
    if (scanner.bytes[scanner.position] !== 0x5b) {
      const outcome = readNull(scanner);
      if (outcome === FITS) this.appendNull();
      return outcome;
    }
    scanner.position++;
    if (scanner.skipSpace() === 0x5d) {
      scanner.position++;
      this.#end(true);
      return FITS;
    }
    for (;;) {
      scanner.skipSpace();
      const outcome = this.#child.append(scanner);
      if (outcome !== FITS) return outcome;
      const byte = scanner.skipSpace();
      scanner.position++;
      if (byte === 0x5d) break;
      if (byte !== 0x2c) return failAt(scanner, "',' or ']'", scanner.position - 1);
    }
    this.#end(true);
    return FITS;
  }

  #end(isValid: boolean): void {
    this.#offsets.set(this.length + 1, this.#child.length);
    this.push(isValid);
  }

  appendNull(): void {
    this.#end(false);
  }

  truncate(length: number): void {
    this.length = length;
    this.#child.truncate(this.#offsets.get(length));
  }

  byteLength(): number {
    return 4 * (this.length + 1) + this.validityBytes + this.#child.byteLength();
  }

  finish(): Data {
    const valueOffsets = this.#offsets.finish(this.length);
    const rows = { type: this.type, length: this.length, ...this.finishValidity() };
    return makeData({ ...rows, valueOffsets, child: this.#child.finish() } as never);
  }

  reset(): void {
    this.resetValidity();
    this.#offsets.reset();
    this.#child.reset();
  }
}

function failAt(scanner: Scanner, expected: string, position: number): typeof DAMAGED {
  scanner.fail(expected, position);
  return DAMAGED;
}

class StructBuilder extends NullableBuilder implements Builder {
  readonly #children: readonly Builder[];
  readonly #keys: KeySet;

  constructor(type: Struct) {
    super(type);
    this.#children = type.children.map((field: Field) => builderOf(field.type));
    this.#keys = new KeySet(type.children.map((field: Field) => field.name));
  }

  append(scanner: Scanner): Outcome {
    if (scanner.bytes[scanner.position] !== 0x7b) {
      const outcome = readNull(scanner);
      if (outcome === FITS) this.appendNull();
      return outcome;
    }
    const row = this.length;
    scanner.position++;
    if (scanner.skipSpace() === 0x7d) scanner.position++;
    else {
      for (let expected = 0; ; ) {
        scanner.skipSpace();
        const index = this.#keys.find(scanner, expected);
        if (index === -2) return DAMAGED;
        if (!scanner.skipColon()) return DAMAGED;
        if (index < 0) return MISFIT;
        const child = this.#children[index]!;
        // A key that comes again replaces its value, as in JSON.parse.
        if (child.length > row) child.truncate(row);
        const outcome = child.append(scanner);
        if (outcome !== FITS) return outcome;
        expected = index + 1;
        const byte = scanner.skipSpace();
        scanner.position++;
        if (byte === 0x7d) break;
        if (byte !== 0x2c) return failAt(scanner, "',' or '}'", scanner.position - 1);
      }
    }
    this.#end(true);
    return FITS;
  }

  #end(isValid: boolean): void {
    for (const child of this.#children) if (child.length === this.length) child.appendNull();
    this.push(isValid);
  }

  appendNull(): void {
    this.#end(false);
  }

  truncate(length: number): void {
    this.length = length;
    for (const child of this.#children) child.truncate(length);
  }

  byteLength(): number {
    let total = this.validityBytes;
    for (const child of this.#children) total += child.byteLength();
    return total;
  }

  finish(): Data {
    const children = this.#children.map((child) => child.finish());
    return makeData({ type: this.type, length: this.length, ...this.finishValidity(), children } as never);
  }

  reset(): void {
    this.resetValidity();
    for (const child of this.#children) child.reset();
  }
}
