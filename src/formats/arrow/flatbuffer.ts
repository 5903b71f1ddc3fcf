import { CurationError } from '../../errors.ts';

/**
 * A table of a flatbuffer that nobody has verified. apache-arrow's own reader trusts every offset and vector length it
 * meets, so four damaged bytes make it build a billion objects; here each is checked against the buffer before use,
 * and a vector can only be as long as the bytes that hold it. Fields are named by their place in the schema, from 0.
 */
export class FlatTable {
  readonly view: DataView;
  readonly position: number;
  /** Where the buffer comes from, for messages. */
  readonly where: string;
  readonly #vtable: number;
  readonly #vtableLength: number;
  readonly #tableLength: number;

  constructor(view: DataView, position: number, where: string) {
    this.view = view;
    this.position = position;
    this.where = where;
    this.#need(position, 4);
    this.#vtable = position - view.getInt32(position, true);
    this.#need(this.#vtable, 4);
    this.#vtableLength = view.getUint16(this.#vtable, true);
    this.#tableLength = view.getUint16(this.#vtable + 2, true);
    this.#need(this.#vtable, this.#vtableLength);
    this.#need(position, this.#tableLength);
  }

  int8(field: number, absent: number): number {
    const at = this.#field(field, 1);
    return at < 0 ? absent : this.view.getInt8(at);
  }

  bool(field: number): boolean {
    return this.int8(field, 0) !== 0;
  }

  int16(field: number, absent: number): number {
    const at = this.#field(field, 2);
    return at < 0 ? absent : this.view.getInt16(at, true);
  }

  int32(field: number, absent: number): number {
    const at = this.#field(field, 4);
    return at < 0 ? absent : this.view.getInt32(at, true);
  }

  int64(field: number): bigint {
    const at = this.#field(field, 8);
    return at < 0 ? 0n : this.view.getBigInt64(at, true);
  }

  string(field: number): string | undefined {
    const bounds = this.#vector(field, 1);
    if (bounds === undefined) return undefined;
    const { buffer, byteOffset } = this.view;
    return Buffer.from(buffer, byteOffset + bounds.start, bounds.count).toString('utf8');
  }

  table(field: number): FlatTable | undefined {
    const at = this.#field(field, 4);
    return at < 0 ? undefined : new FlatTable(this.view, this.#follow(at), this.where);
  }

  /** A vector of structs or numbers of `byteWidth` each: where it starts and how many there are. */
  structs(field: number, byteWidth: number): { readonly start: number; readonly count: number } {
    return this.#vector(field, byteWidth) ?? { start: 0, count: 0 };
  }

  tables(field: number): FlatTable[] {
    const { start, count } = this.structs(field, 4);
    return Array.from(
      { length: count },
      (_, i) => new FlatTable(this.view, this.#follow(start + 4 * i), this.where),
    );
  }

  #field(field: number, byteWidth: number): number {
    const slot = 4 + 2 * field;
    if (slot + 2 > this.#vtableLength) return -1;
    const offset = this.view.getUint16(this.#vtable + slot, true);
    if (offset === 0) return -1;
    if (offset + byteWidth > this.#tableLength) throw this.#damaged();
    return this.position + offset;
  }

  #vector(field: number, byteWidth: number): { start: number; count: number } | undefined {
    const at = this.#field(field, 4);
    if (at < 0) return undefined;
    const head = this.#follow(at);
    const count = this.view.getUint32(head, true);
    this.#need(head + 4, count * byteWidth);
    return { start: head + 4, count };
  }

  #follow(at: number): number {
    const target = at + this.view.getUint32(at, true);
    this.#need(target, 4);
    return target;
  }

  #need(start: number, byteLength: number): void {
    if (start < 0 || start + byteLength > this.view.byteLength) throw this.#damaged();
  }

  #damaged(): CurationError {
    return new CurationError(
      'BAD_INPUT',
      `${this.where}: Arrow metadata is damaged: an offset points outside its ${this.view.byteLength} bytes`,
    );
  }
}

/** The root table of a flatbuffer. `bytes` is read, not kept beyond the tables made from it. */
export function rootTable(bytes: Uint8Array, where: string): FlatTable {
  if (bytes.byteLength < 8) {
    throw new CurationError(
      'BAD_INPUT',
      `${where}: Arrow metadata is damaged: expected at least 8 bytes, found ${bytes.byteLength}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new FlatTable(view, view.getUint32(0, true), where);
}
