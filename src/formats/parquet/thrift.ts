import { Damage } from './damage.ts';

/** Wire types of Thrift's compact protocol. */
export const THRIFT = {
  stop: 0,
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
} as const;

const MAX_DEPTH = 32;

/**
 * Reads Thrift's compact protocol from bytes nobody vouches for: each length is compared with what is left before it is used.
 * A page header needs no more than this; a footer is walked with `skip` before a general parser may allocate by its lengths.
 */
export class ThriftReader {
  readonly bytes: Uint8Array;
  position: number;
  /** Field number and wire type that `nextField` found. */
  field = 0;
  type = 0;

  constructor(bytes: Uint8Array, position = 0) {
    this.bytes = bytes;
    this.position = position;
  }

  /** Moves to the next field of the struct whose last field was `previous`; false at its end. */
  nextField(previous: number): boolean {
    const head = this.byte();
    this.type = head & 0x0f;
    if (this.type === THRIFT.stop) return false;
    const delta = head >>> 4;
    this.field = delta === 0 ? this.i32() : previous + delta;
    return true;
  }

  byte(): number {
    const byte = this.bytes[this.position];
    if (byte === undefined) throw new Damage('expected more of a Thrift struct, found the end');
    this.position++;
    return byte;
  }

  /** Unsigned, exact below 2^53. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new Damage('expected a Thrift integer of at most 10 bytes, found a longer one');
  }

  /** A zigzag integer of 16 or 32 bits. */
  i32(): number {
    const raw = this.varint();
    const value = raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
    if (value < -0x8000_0000 || value > 0x7fff_ffff)
      throw new Damage('expected a 32-bit Thrift integer, found a larger one');
    return value;
  }

  /** Skips a value of the given wire type. */
  skip(type: number, depth = 0): void {
    if (depth > MAX_DEPTH)
      throw new Damage(`expected Thrift structs at most ${MAX_DEPTH} deep, found deeper ones`);
    switch (type) {
      case THRIFT.true:
      case THRIFT.false:
        return;
      case THRIFT.byte:
        this.byte();
        return;
      case THRIFT.i16:
      case THRIFT.i32:
      case THRIFT.i64:
        this.varint();
        return;
      case THRIFT.double:
        this.advance(8);
        return;
      case THRIFT.binary:
        this.advance(this.varint());
        return;
      case THRIFT.list: {
        const head = this.byte();
        const size = head >>> 4 === 15 ? this.varint() : head >>> 4;
        const element = head & 0x0f;
        // Every element takes a byte at least.
        this.expect(size);
        const isBool = element === THRIFT.true || element === THRIFT.false;
        for (let i = 0; i < size; i++) this.skip(isBool ? THRIFT.byte : element, depth + 1);
        return;
      }
      case THRIFT.struct: {
        let field = 0;
        while (this.nextField(field)) {
          field = this.field;
          this.skip(this.type, depth + 1);
        }
        return;
      }
      default:
        throw new Damage(`expected a Thrift type that Parquet uses, found ${type}`);
    }
  }

  advance(byteLength: number): void {
    this.expect(byteLength);
    this.position += byteLength;
  }

  private expect(byteLength: number): void {
    const left = this.bytes.length - this.position;
    if (!(byteLength <= left))
      throw new Damage(`expected ${byteLength} bytes or elements of Thrift, found ${left} bytes`);
  }
}
