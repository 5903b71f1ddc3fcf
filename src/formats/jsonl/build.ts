import { type Data, type DataType, type Field, type List, makeData, type Struct, Type } from 'apache-arrow';
import { BoolBuilder, Float64Builder, Int64Builder } from './build-numbers.ts';
import { TextBuilder } from './build-text.ts';
import {
  type Builder,
  DAMAGED,
  FITS,
  MISFIT,
  NullableBuilder,
  Offsets,
  type Outcome,
  readNull,
} from './builder.ts';
import { KeySet, type Scanner } from './scan.ts';

/** An empty builder for a type that a layout can have. */
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
