import { ByteSink } from '../byte-sink.ts';

/** Type numbers of list elements in Thrift's compact protocol. */
export const THRIFT_I32 = 5;
export const THRIFT_BINARY = 8;
export const THRIFT_STRUCT = 12;

const TRUE = 1;
const FALSE = 2;
const I8 = 3;
const I16 = 4;
const I64 = 6;
const LIST = 9;

/**
 * Writes structs in Thrift's compact protocol (apache/thrift, doc/specs/thrift-compact-protocol.md): what Parquet's
 * page headers and footer are made of. Fields of a struct are written in rising order of their numbers.
 */
export class ThriftWriter {
  readonly sink: ByteSink = new ByteSink();
  readonly #encoder = new TextEncoder();
  #lastField = 0;

  /** Writes one struct: `writeFields`, then the stop byte. */
  struct(writeFields: () => void): void {
    const outer = this.#lastField;
    this.#lastField = 0;
    writeFields();
    this.sink.writeByte(0);
    this.#lastField = outer;
  }

  i8(field: number, value: number): void {
    this.#head(field, I8);
    this.sink.writeByte(value);
  }

  i16(field: number, value: number): void {
    this.#head(field, I16);
    this.varint(value);
  }

  i32(field: number, value: number): void {
    this.#head(field, THRIFT_I32);
    this.varint(value);
  }

  i64(field: number, value: number): void {
    this.#head(field, I64);
    this.varint(value);
  }

  bool(field: number, value: boolean): void {
    this.#head(field, value ? TRUE : FALSE);
  }

  binary(field: number, value: Uint8Array | string): void {
    this.#head(field, THRIFT_BINARY);
    this.bytes(value);
  }

  structField(field: number, writeFields: () => void): void {
    this.#head(field, THRIFT_STRUCT);
    this.struct(writeFields);
  }

  /** Writes a list; `writeItem` writes each with `varint`, `bytes` or `struct`, as `itemType` says. */
  list<T>(field: number, itemType: number, items: readonly T[], writeItem: (item: T) => void): void {
    this.#head(field, LIST);
    if (items.length < 15) {
      this.sink.writeByte((items.length << 4) | itemType);
    } else {
      this.sink.writeByte(0xf0 | itemType);
      this.sink.writeVarint(items.length);
    }
    for (const item of items) writeItem(item);
  }

  /** A signed integer of at most 53 bits, zigzag. */
  varint(value: number): void {
    this.sink.writeVarint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  /** Bytes behind their length. */
  bytes(value: Uint8Array | string): void {
    const bytes = typeof value === 'string' ? this.#encoder.encode(value) : value;
    this.sink.writeVarint(bytes.length);
    this.sink.write(bytes);
  }

  #head(field: number, type: number): void {
    const step = field - this.#lastField;
    if (step > 0 && step < 16) {
      this.sink.writeByte((step << 4) | type);
    } else {
      this.sink.writeByte(type);
      this.varint(field);
    }
    this.#lastField = field;
  }
}
