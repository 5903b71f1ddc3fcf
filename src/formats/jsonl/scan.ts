/** Objects and arrays inside one another that a line may have; deeper nesting is damage, not a stack overflow. */
export const DEPTH_LIMIT = 1000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;

/** Powers of ten that a double holds exactly. */
const EXACT_POWERS: Float64Array = Float64Array.from({ length: 23 }, (_, exponent) =>
  Number(`1e${exponent}`),
);

/**
 * Reads JSON (RFC 8259) from the bytes of one line, in place and strictly: it accepts what `JSON.parse` accepts, save nesting
 * beyond `DEPTH_LIMIT`. Bytes are taken to be valid UTF-8 (the caller has checked) and `bytes[end]` must be a line feed: JSON
 * allows none inside a string and no value runs over it, so the loops need no bounds check.
 *
 * Methods that return false have found damage: `fault` says what was expected, `position` where.
 */
export class Scanner {
  bytes: Buffer = Buffer.alloc(0);
  /** Four bytes at a time, for copying strings. */
  view: DataView = new DataView(new ArrayBuffer(0));
  position = 0;
  end = 0;
  fault = '';
  /** After `scanNumber`: where the literal starts (it ends at `position`). */
  numberStart = 0;
  /** After `scanNumber`: no fraction, no exponent and not -0. */
  isInteger = false;
  /** After `scanNumber`: the value if it is known to be exact so far, else NaN; then the literal must be read. */
  value = 0;
  /** After a key was read: its place with the quotes. */
  keyStart = 0;
  keyEnd = 0;

  /** Sets the block of lines to read; 4 bytes after its last line feed must exist, so that words can be read there. */
  setBlock(bytes: Buffer): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  setLine(start: number, end: number): void {
    this.position = start;
    this.end = end;
    this.fault = '';
  }

  /** Moves over white space and returns the byte there; a line feed at the end of the line. */
  skipSpace(): number {
    const bytes = this.bytes;
    let byte = bytes[this.position]!;
    while (byte === 0x20 || byte === 0x09 || byte === 0x0d) byte = bytes[++this.position]!;
    return byte;
  }

  fail(expected: string, position: number): false {
    this.fault = expected;
    this.position = position;
    return false;
  }

  /** Moves over one value of any kind. `depth` is how many objects and arrays it is in. */
  skipValue(depth: number): boolean {
    const byte = this.bytes[this.position]!;
    switch (byte) {
      case QUOTE:
        return this.skipString();
      case 0x7b:
        return this.skipObject(depth + 1);
      case 0x5b:
        return this.skipArray(depth + 1);
      case 0x74:
        return this.skipWord('true');
      case 0x66:
        return this.skipWord('false');
      case 0x6e:
        return this.skipWord('null');
      default:
        return this.scanNumber();
    }
  }

  /** Moves over a literal name; the byte after it is the business of whoever expects a delimiter there. */
  skipWord(word: 'true' | 'false' | 'null'): boolean {
    for (let at = 0; at < word.length; at++) {
      if (this.bytes[this.position + at] !== word.charCodeAt(at)) {
        return this.fail(`the word ${word}`, this.position + at);
      }
    }
    this.position += word.length;
    return true;
  }

  skipString(): boolean {
    const bytes = this.bytes;
    let at = this.position + 1;
    for (;;) {
      const byte = bytes[at]!;
      if (byte > BACKSLASH) at++;
      else if (byte === QUOTE) break;
      else if (byte === BACKSLASH) {
        const width = this.escapeWidth(at);
        if (width === 0) return this.fail('an escape', at);
        at += width;
      } else if (byte < 0x20) return this.failInString(at);
      else at++;
    }
    this.position = at + 1;
    return true;
  }

  /** Bytes of the escape at `at`, or 0 if it is none. */
  escapeWidth(at: number): number {
    switch (this.bytes[at + 1]) {
      case QUOTE:
      case BACKSLASH:
      case 0x2f:
      case 0x62:
      case 0x66:
      case 0x6e:
      case 0x72:
      case 0x74:
        return 2;
      case 0x75:
        return this.hexadecimal(at + 2) < 0 ? 0 : 6;
      default:
        return 0;
    }
  }

  /** Four hexadecimal digits as a code unit, or -1. */
  hexadecimal(at: number): number {
    let unit = 0;
    for (let place = at; place < at + 4; place++) {
      const byte = this.bytes[place]!;
      const lower = byte | 0x20;
      if (byte >= ZERO && byte <= 0x39) unit = (unit << 4) | (byte - ZERO);
      else if (lower >= 0x61 && lower <= 0x66) unit = (unit << 4) | (lower - 0x57);
      else return -1;
    }
    return unit;
  }

  failInString(at: number): false {
    return this.fail(at >= this.end ? 'the closing quote of a string' : 'no bare control character', at);
  }

  skipObject(depth: number): boolean {
    if (depth > DEPTH_LIMIT) return this.failDepth();
    this.position++;
    if (this.skipSpace() === 0x7d) {
      this.position++;
      return true;
    }
    for (;;) {
      if (this.skipSpace() !== QUOTE) return this.fail('a key in quotes', this.position);
      if (!this.skipString() || !this.skipColon() || !this.skipValue(depth)) return false;
      const byte = this.skipSpace();
      if (byte === 0x7d) break;
      if (byte !== 0x2c) return this.fail("',' or '}'", this.position);
      this.position++;
    }
    this.position++;
    return true;
  }

  skipArray(depth: number): boolean {
    if (depth > DEPTH_LIMIT) return this.failDepth();
    this.position++;
    if (this.skipSpace() === 0x5d) {
      this.position++;
      return true;
    }
    for (;;) {
      this.skipSpace();
      if (!this.skipValue(depth)) return false;
      const byte = this.skipSpace();
      if (byte === 0x5d) break;
      if (byte !== 0x2c) return this.fail("',' or ']'", this.position);
      this.position++;
    }
    this.position++;
    return true;
  }

  failDepth(): false {
    return this.fail(`at most ${DEPTH_LIMIT} objects and arrays inside one another`, this.position);
  }

  /** Moves over the colon after a key to the value. */
  skipColon(): boolean {
    if (this.skipSpace() !== 0x3a) return this.fail("':'", this.position);
    this.position++;
    this.skipSpace();
    return true;
  }

  /**
   * Moves over a number and values it where that is exact: integers of up to 15 digits, and decimals of up to 15 digits
   * divided by a power of ten a double holds, which IEEE 754 rounds correctly (Clinger 1990, the fast path).
   */
  scanNumber(): boolean {
    const bytes = this.bytes;
    let at = this.position;
    this.numberStart = at;
    const isNegative = bytes[at] === MINUS;
    if (isNegative) at++;
    let byte = bytes[at]! - ZERO;
    if (!(byte >= 0 && byte <= 9)) return this.fail('a value', this.position);
    let mantissa = byte;
    let digits = 1;
    at++;
    if (byte !== 0) {
      for (; (byte = bytes[at]! - ZERO) >= 0 && byte <= 9; at++, digits++) mantissa = mantissa * 10 + byte;
    }
    let scale = 0;
    let isInteger = !isNegative || mantissa !== 0;
    if (bytes[at] === 0x2e) {
      isInteger = false;
      const first = ++at;
      for (; (byte = bytes[at]! - ZERO) >= 0 && byte <= 9; at++, digits++) mantissa = mantissa * 10 + byte;
      scale = at - first;
      if (scale === 0) return this.fail('a digit after the decimal point', at);
    }
    let hasExponent = false;
    if ((bytes[at]! | 0x20) === 0x65) {
      isInteger = false;
      hasExponent = true;
      at++;
      if (bytes[at] === 0x2b || bytes[at] === MINUS) at++;
      const first = at;
      while ((byte = bytes[at]! - ZERO) >= 0 && byte <= 9) at++;
      if (at === first) return this.fail('a digit of the exponent', at);
    }
    this.isInteger = isInteger;
    if (hasExponent || digits > 15 || scale > 22) this.value = Number.NaN;
    else {
      const magnitude = scale === 0 ? mantissa : mantissa / EXACT_POWERS[scale]!;
      this.value = isNegative ? -magnitude : magnitude;
    }
    this.position = at;
    return true;
  }

  /** The literal that `scanNumber` moved over. */
  literal(): string {
    return this.bytes.toString('latin1', this.numberStart, this.position);
  }

  /** After a row: nothing but white space may follow on the line. */
  expectEnd(): boolean {
    this.skipSpace();
    if (this.position !== this.end) return this.fail('the end of the line', this.position);
    return true;
  }
}

/** The names an object may have, found by their bytes while keys come in the order expected, else by name. */
export class KeySet {
  readonly #indexes: ReadonlyMap<string, number>;
  readonly #quoted: readonly Uint8Array[];

  constructor(names: readonly string[]) {
    this.#indexes = new Map(names.map((name, index) => [name, index]));
    this.#quoted = names.map((name) => Buffer.from(JSON.stringify(name)));
  }

  /**
   * Moves the scanner over a key and sets `keyStart` and `keyEnd`. Returns its index, -1 if there is no such name, -2 if the
   * key is damaged.
   */
  find(scanner: Scanner, expected: number): number {
    const bytes = scanner.bytes;
    const start = scanner.position;
    scanner.keyStart = start;
    const quoted = this.#quoted[expected];
    if (quoted !== undefined) {
      let at = 0;
      while (at < quoted.length && bytes[start + at] === quoted[at]) at++;
      if (at === quoted.length) {
        scanner.position = start + at;
        scanner.keyEnd = scanner.position;
        return expected;
      }
    }
    if (bytes[start] !== QUOTE) {
      scanner.fail('a key in quotes', start);
      return -2;
    }
    if (!scanner.skipString()) return -2;
    scanner.keyEnd = scanner.position;
    return this.#indexes.get(keyText(scanner)) ?? -1;
  }
}

/** The key the scanner has last moved over, unescaped. */
export function keyText(scanner: Scanner): string {
  const text = scanner.bytes.toString('utf8', scanner.keyStart + 1, scanner.keyEnd - 1);
  return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
}
