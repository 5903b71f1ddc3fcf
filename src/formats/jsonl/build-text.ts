import { type Data, makeData } from 'apache-arrow';
import {
  type Builder,
  DAMAGED,
  FITS,
  grown,
  KEPT_BYTES,
  NullableBuilder,
  Offsets,
  type Outcome,
  readNull,
} from './builder.ts';
import type { Scanner } from './scan.ts';

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
