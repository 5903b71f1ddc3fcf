import { Damage } from './damage.ts';

/** Levels, dictionary indices or booleans, a block at a time. */
export interface RunReader {
  /** The bytes it reads from; may be replaced by an equal copy. */
  bytes: Uint8Array;
  /** Writes the next `count` numbers to `target` from `at`. */
  take(target: Uint8Array | Int32Array, at: number, count: number): void;
  /** Goes back to the first number. */
  rewind(): void;
}

/**
 * Reads Parquet's hybrid of run lengths and bit packing (Encodings.md, "RLE"), a block at a time: a run of 2^31 equal
 * values takes six bytes in the file and no more here.
 */
export class HybridReader implements RunReader {
  bytes: Uint8Array;
  readonly #start: number;
  #position: number;
  readonly #end: number;
  readonly #bits: number;
  #left = 0;
  #isPacked = false;
  #value = 0;
  /** Bit of the next packed value, counted from the start of its run. */
  #bit = 0;

  constructor(bytes: Uint8Array, start: number, end: number, bits: number) {
    if (bits > 32) throw new Damage(`expected a bit width of at most 32, found ${bits}`);
    this.bytes = bytes;
    this.#start = start;
    this.#position = start;
    this.#end = end;
    this.#bits = bits;
  }

  rewind(): void {
    this.#position = this.#start;
    this.#left = 0;
    this.#isPacked = false;
  }

  take(target: Uint8Array | Int32Array, at: number, count: number): void {
    const end = at + count;
    // No bits, no runs: some writers leave them out.
    if (this.#bits === 0) {
      target.fill(0, at, end);
      return;
    }
    while (at < end) {
      if (this.#left === 0) this.#nextRun();
      const n = Math.min(this.#left, end - at);
      if (this.#isPacked) this.#unpack(target, at, n);
      else target.fill(this.#value, at, at + n);
      this.#left -= n;
      at += n;
    }
  }

  #nextRun(): void {
    const { bytes } = this;
    if (this.#isPacked) {
      this.#position = Math.min(this.#end, this.#position + this.#value);
      this.#isPacked = false;
    }
    let head = 0;
    let scale = 1;
    for (let i = 0; ; i++) {
      if (this.#position >= this.#end || i === 5)
        throw new Damage('expected another run of levels or indices, found the end');
      const byte = bytes[this.#position++]!;
      head += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 128;
    }
    const count = Math.floor(head / 2);
    if (head % 2 === 1) {
      this.#isPacked = true;
      this.#left = count * 8;
      // Bytes of the run, kept until it is done.
      this.#value = count * this.#bits;
      this.#bit = 0;
    } else {
      this.#left = count;
      let value = 0;
      const width = (this.#bits + 7) >>> 3;
      if (this.#position + width > this.#end) throw new Damage('expected the value of a run, found the end');
      for (let i = 0; i < width; i++) value |= bytes[this.#position++]! << (8 * i);
      this.#value = value;
    }
  }

  #unpack(target: Uint8Array | Int32Array, at: number, count: number): void {
    const bits = this.#bits;
    const { bytes } = this;
    const start = this.#position;
    let bit = this.#bit;
    const lastByte = start + Math.ceil((bit + count * bits) / 8);
    // The last group may be cut off after the values that count.
    if (lastByte > this.#end)
      throw new Damage('expected a whole run of packed levels or indices, found the end');
    if (bits === 1) {
      for (let i = 0; i < count; i++, bit++) target[at + i] = (bytes[start + (bit >>> 3)]! >>> (bit & 7)) & 1;
    } else if (bits <= 8) {
      const mask = (1 << bits) - 1;
      for (let i = 0; i < count; i++, bit += bits) {
        const byte = start + (bit >>> 3);
        target[at + i] = ((bytes[byte]! | (bytes[byte + 1]! << 8)) >>> (bit & 7)) & mask;
      }
    } else if (bits <= 24) {
      const mask = (1 << bits) - 1;
      for (let i = 0; i < count; i++, bit += bits) {
        const byte = start + (bit >>> 3);
        const word =
          bytes[byte]! | (bytes[byte + 1]! << 8) | (bytes[byte + 2]! << 16) | (bytes[byte + 3]! << 24);
        target[at + i] = (word >>> (bit & 7)) & mask;
      }
    } else {
      for (let i = 0; i < count; i++, bit += bits)
        target[at + i] = readBits(bytes, start + Math.floor(bit / 8), bit & 7, bits);
    }
    this.#bit = bit;
  }
}

/** `bits` (at most 32) little-endian bits that begin at bit `shift` of `byte`. Bytes beyond the end count as 0. */
export function readBits(bytes: Uint8Array, byte: number, shift: number, bits: number): number {
  let value = 0;
  let have = 0;
  let at = byte;
  let skip = shift;
  while (have < bits) {
    const part = (at < bytes.length ? bytes[at]! : 0) >>> skip;
    value |= part << have;
    have += 8 - skip;
    skip = 0;
    at++;
  }
  return bits === 32 ? value | 0 : value & ((1 << bits) - 1);
}

/** Levels in the deprecated BIT_PACKED encoding: most significant bit first, no runs. */
export class BitPackedReader implements RunReader {
  bytes: Uint8Array;
  readonly #start: number;
  readonly #bits: number;
  #bit = 0;

  constructor(bytes: Uint8Array, start: number, bits: number) {
    this.bytes = bytes;
    this.#start = start;
    this.#bits = bits;
  }

  rewind(): void {
    this.#bit = 0;
  }

  take(target: Uint8Array | Int32Array, at: number, count: number): void {
    for (let i = 0; i < count; i++) {
      let value = 0;
      for (let k = 0; k < this.#bits; k++, this.#bit++) {
        value = (value << 1) | ((this.bytes[this.#start + (this.#bit >>> 3)]! >>> (7 - (this.#bit & 7))) & 1);
      }
      target[at + i] = value;
    }
  }
}

/** Bits that hold the numbers 0 to `max`. */
export function bitWidth(max: number): number {
  return 32 - Math.clz32(max);
}
