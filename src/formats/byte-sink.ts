const INITIAL_CAPACITY = 64 * 1024;
/** Capacity kept between uses; a single huge batch must not pin its size for the life of the worker. */
const KEPT_CAPACITY = 32 * 1024 * 1024;
/** Up to here a loop beats the call that copies. */
const SHORT_LENGTH = 24;

/**
 * A byte array that grows as it is written. Writers on the hot path call `reserve`, then store into `bytes` from `at`
 * themselves and move `at`; `bytes` and `words` may be others after every `reserve`, so they are read again each time.
 */
export class ByteSink {
  bytes: Uint8Array<ArrayBuffer>;
  /** The same memory, for stores of several bytes at any place. */
  words: DataView<ArrayBuffer>;
  at = 0;

  constructor() {
    this.bytes = new Uint8Array(INITIAL_CAPACITY);
    this.words = new DataView(this.bytes.buffer);
  }

  /** Makes room for `byteLength` more bytes behind `at`. */
  reserve(byteLength: number): void {
    const needed = this.at + byteLength;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.at));
    this.#use(grown);
  }

  /** Appends `bytes`, copied. */
  write(bytes: Uint8Array): void {
    const { length } = bytes;
    this.reserve(length);
    if (length <= SHORT_LENGTH) {
      const { bytes: target, at } = this;
      for (let i = 0; i < length; i++) target[at + i] = bytes[i]!;
    } else {
      this.bytes.set(bytes, this.at);
    }
    this.at += length;
  }

  writeByte(byte: number): void {
    this.reserve(1);
    this.bytes[this.at++] = byte;
  }

  /** Appends 32 bits, little-endian. */
  writeUint32(value: number): void {
    this.reserve(4);
    this.setUint32(this.at, value);
    this.at += 4;
  }

  /** Overwrites four bytes that were written before. */
  setUint32(at: number, value: number): void {
    const { bytes } = this;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
  }

  /** Appends an unsigned LEB128 integer; exact to 2^53 - 1. */
  writeVarint(value: number): void {
    this.reserve(10);
    let rest = value;
    while (rest > 0x7fffffff) {
      this.bytes[this.at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      this.bytes[this.at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.at++] = rest;
  }

  /** The bytes written so far; a view, good until the next write. */
  view(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.at);
  }

  /** A copy of the bytes written so far that owns its ArrayBuffer; the sink is empty afterwards. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.slice(0, this.at);
    this.clear();
    return taken;
  }

  clear(): void {
    this.at = 0;
    if (this.bytes.length > KEPT_CAPACITY) this.#use(new Uint8Array(INITIAL_CAPACITY));
  }

  #use(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes;
    this.words = new DataView(bytes.buffer);
  }
}
