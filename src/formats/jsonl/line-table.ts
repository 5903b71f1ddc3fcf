import { Schema } from 'apache-arrow';
import { type Batch, makeBatch } from '../../columns/batch.ts';
import { builderOf } from './build.ts';
import type { TextBuilder } from './build-text.ts';
import { type Builder, DAMAGED, FITS, type Outcome } from './builder.ts';
import { type LineLayout, schemaOf } from './line-types.ts';
import { KeySet, keyText, type Scanner } from './scan.ts';

/** A field that has no column in a row: where its key (with quotes) and its value stand in the line. */
interface Leftover {
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

const OPEN = Buffer.from('{');
const CLOSE = Buffer.from('}');
const COLON = Buffer.from(':');
const COMMA = Buffer.from(',');

/**
 * Grows a batch line by line. Each field goes to its column if it fits there wholly, else as its own JSON text to the column
 * of leftovers: a row's columns and its leftovers together are the object, whatever the sample had shown.
 */
export class LineTable {
  readonly #schema: Schema;
  /** By field of the layout; undefined is a column nobody asked for. */
  readonly #builders: readonly (Builder | undefined)[];
  readonly #rest: TextBuilder | undefined;
  readonly #keys: KeySet;
  /** What `finish` gives out, in order. */
  readonly #selected: readonly Builder[];
  readonly #all: readonly Builder[];
  readonly #leftovers = new Map<string, Leftover>();
  #rowCount = 0;

  constructor(layout: LineLayout, columns: readonly string[] | undefined) {
    const whole = schemaOf(layout);
    const wanted = new Set(columns ?? whole.fields.map((field) => field.name));
    const keepsRest = wanted.has(layout.restName);
    // With leftovers asked for, every column is decoded: whether a field is left over must not depend on who asks for it.
    const builders = whole.fields.map((field) =>
      keepsRest || wanted.has(field.name) ? builderOf(field.type) : undefined,
    );
    this.#rest = builders.pop() as TextBuilder | undefined;
    this.#builders = builders;
    this.#keys = new KeySet(layout.fields.map((field) => field.name));
    this.#all = [...builders, this.#rest].filter((builder) => builder !== undefined);
    this.#selected = [...builders, this.#rest].filter(
      (builder, index): builder is Builder => builder !== undefined && wanted.has(whole.fields[index]!.name),
    );
    this.#schema = new Schema(whole.fields.filter((field) => wanted.has(field.name)));
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  /**
   * Appends the line at the scanner as a row. DAMAGED: it is no JSON object; cut the table back to the rows before. Never
   * MISFIT.
   */
  append(scanner: Scanner): Outcome {
    if (scanner.bytes[scanner.position] !== 0x7b) {
      scanner.fail('a JSON object', scanner.position);
      return DAMAGED;
    }
    if (this.#leftovers.size > 0) this.#leftovers.clear();
    scanner.position++;
    if (scanner.skipSpace() === 0x7d) scanner.position++;
    else if (!this.#appendFields(scanner)) return DAMAGED;
    if (!scanner.expectEnd()) return DAMAGED;
    if (this.#rest !== undefined) this.#writeLeftovers(scanner.bytes, this.#rest);
    this.#rowCount++;
    for (const builder of this.#all) if (builder.length < this.#rowCount) builder.appendNull();
    return FITS;
  }

  #appendFields(scanner: Scanner): boolean {
    for (let expected = 0; ; ) {
      scanner.skipSpace();
      const index = this.#keys.find(scanner, expected);
      if (index === -2 || !scanner.skipColon()) return false;
      if (!this.#appendField(scanner, index)) return false;
      expected = index + 1;
      const byte = scanner.skipSpace();
      if (byte === 0x7d) break;
      if (byte !== 0x2c) return scanner.fail("',' or '}'", scanner.position);
      scanner.position++;
    }
    scanner.position++;
    return true;
  }

  #appendField(scanner: Scanner, index: number): boolean {
    const row = this.#rowCount;
    const { keyStart, keyEnd, position: valueStart } = scanner;
    const builder = this.#builders[index];
    if (builder !== undefined) {
      // Of equal keys the last one counts, so what the first one left is taken back.
      if (builder.length > row) builder.truncate(row);
      const outcome = builder.append(scanner);
      if (outcome === DAMAGED) return false;
      if (outcome === FITS) {
        if (this.#leftovers.size > 0) this.#leftovers.delete(keyOf(scanner, keyStart, keyEnd));
        return true;
      }
      builder.truncate(row);
      scanner.position = valueStart;
    }
    if (!scanner.skipValue(1)) return false;
    if (this.#rest !== undefined) {
      const leftover = { keyStart, keyEnd, valueStart, valueEnd: scanner.position };
      this.#leftovers.set(keyOf(scanner, keyStart, keyEnd), leftover);
    }
    return true;
  }

  #writeLeftovers(bytes: Buffer, rest: TextBuilder): void {
    if (this.#leftovers.size === 0) return;
    let separator = OPEN;
    for (const { keyStart, keyEnd, valueStart, valueEnd } of this.#leftovers.values()) {
      rest.addPiece(separator);
      rest.addPiece(bytes.subarray(keyStart, keyEnd));
      rest.addPiece(COLON);
      rest.addPiece(bytes.subarray(valueStart, valueEnd));
      separator = COMMA;
    }
    rest.addPiece(CLOSE);
    rest.endPieces();
  }

  /** Takes the rows from `rowCount` on away, and what a damaged line left in some columns. */
  truncate(rowCount: number): void {
    for (const builder of this.#all) builder.truncate(rowCount);
    this.#rowCount = rowCount;
  }

  byteLength(): number {
    let total = 0;
    for (const builder of this.#selected) total += builder.byteLength();
    return total;
  }

  /** The batch; its buffers are good until `reset`. */
  finish(): Batch {
    const columns = this.#selected.map((builder) => builder.finish());
    return makeBatch(this.#schema, this.#rowCount, columns);
  }

  reset(): void {
    for (const builder of this.#all) builder.reset();
    this.#rowCount = 0;
  }
}

function keyOf(scanner: Scanner, keyStart: number, keyEnd: number): string {
  scanner.keyStart = keyStart;
  scanner.keyEnd = keyEnd;
  return keyText(scanner);
}
