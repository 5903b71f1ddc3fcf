import { type Data, DataType, Field, Float64, Int32, Schema, Uint32 } from 'apache-arrow';
import { type Batch, makeBatch } from '../columns/batch.ts';
import { copyBits, countBits, isSet, setBits } from '../columns/bits.ts';
import { fixedValues, makeColumn, validityOf } from '../columns/buffers.ts';
import { gather, type Piece } from '../columns/gather.ts';
import { WordTable, wordCodes } from '../columns/word-codes.ts';
import { wordColumn } from '../columns/word-column.ts';

/** Rows of a ledger batch; fixed, as those of the ledger that is revised. */
const BATCH_ROWS = 65_536;

/** A column of numbers that a revision puts behind those of the ledger. */
export interface AddedColumn {
  readonly name: string;
  readonly type: 'int32' | 'uint32' | 'float64';
  /** Whether rows that get no number are null; else they have 0. */
  readonly isNullable: boolean;
}

/** What becomes of a ledger once more is known than when it was written. */
export interface LedgerRevision {
  readonly columns: readonly AddedColumn[];
  /**
   * Changes rows in place. Called batch by batch in ledger order, each call after the last has resolved; `rows` is not to be
   * used after that.
   */
  readonly revise: (rows: LedgerRows) => void | Promise<void>;
}

/** The schema of a revised ledger. */
export function revisedSchema(schema: Schema, columns: readonly AddedColumn[]): Schema {
  const added = columns.map(({ name, type, isNullable }) => new Field(name, TYPES[type](), isNullable));
  return new Schema([...schema.fields, ...added], schema.metadata);
}

const TYPES: Readonly<Record<AddedColumn['type'], () => DataType>> = {
  int32: () => new Int32(),
  uint32: () => new Uint32(),
  float64: () => new Float64(),
};

/**
 * Revises a ledger batch by batch. Columns in which no row of a batch is changed are handed on without a copy. The result depends
 * on rows alone, not on how `batches` were cut: 65,536 rows a batch, but for the last. Memory: the batch it is given and the one it
 * yields. A revision that changes nothing costs one look at each reason.
 * @param schema of the ledger as `batches` have it; what is yielded has {@link revisedSchema}.
 */
export async function* reviseLedger(
  batches: AsyncIterable<Batch>,
  schema: Schema,
  { columns, revise }: LedgerRevision,
): AsyncGenerator<Batch, void, undefined> {
  const revised = revisedSchema(schema, columns);
  const reasons = new WordTable();
  let firstRow = 0;
  for await (const batch of recut(batches, schema)) {
    const rows = new LedgerRows(batch, firstRow, reasons, columns);
    await revise(rows);
    yield rows.take(revised);
    firstRow += batch.numRows;
  }
}

/** The same rows in full batches; those that are full already are handed on as they are. */
async function* recut(batches: AsyncIterable<Batch>, schema: Schema): AsyncGenerator<Batch, void, undefined> {
  let pieces: Piece[] = [];
  let missing = BATCH_ROWS;
  for await (const batch of batches) {
    const { numRows } = batch;
    if (missing === BATCH_ROWS && numRows === BATCH_ROWS) {
      yield batch;
      continue;
    }
    for (let start = 0; start < numRows; ) {
      const end = Math.min(numRows, start + missing);
      pieces.push({ batch, rows: Uint32Array.from({ length: end - start }, (_, i) => start + i) });
      missing -= end - start;
      start = end;
      if (missing > 0) continue;
      yield gather(schema, pieces);
      pieces = [];
      missing = BATCH_ROWS;
    }
  }
  if (missing < BATCH_ROWS) yield gather(schema, pieces);
}

/** Rows of a ledger that are being revised; `row` counts from 0 in these rows. */
export class LedgerRows {
  /** Of row 0 in the whole ledger: documents and unreadable rows are counted alike. */
  readonly firstRow: number;
  readonly rowCount: number;
  /** Why each row was dropped: 0 is kept, else what {@link codeOf} says. To be read; changed by {@link decide}. */
  readonly reasons: Uint16Array;
  private readonly batch: Batch;
  private readonly reasonTable: WordTable;
  private readonly edits = new Map<number, Edit>();
  private readonly statistics: NumberEdit;
  private readonly thresholds: NumberEdit;
  private readonly details: WordEdit;
  private readonly twinSources: WordEdit;
  private readonly twinRows: NumberEdit;
  private readonly added: readonly NumberEdit[];
  private isReasonChanged = false;
  private isDecisionChanged = false;

  constructor(batch: Batch, firstRow: number, reasonTable: WordTable, columns: readonly AddedColumn[]) {
    this.batch = batch;
    this.firstRow = firstRow;
    this.rowCount = batch.numRows;
    this.reasonTable = reasonTable;
    this.reasons = new Uint16Array(batch.numRows);
    wordCodes(this.column('reason'), reasonTable, this.reasons, 'reason');
    this.statistics = this.edit('statistic', NumberEdit);
    this.thresholds = this.edit('threshold', NumberEdit);
    this.details = this.edit('detail', WordEdit);
    this.twinSources = this.edit('twin_source', WordEdit);
    this.twinRows = this.edit('twin_row', NumberEdit);
    this.added = columns.map(
      ({ name, type, isNullable }) =>
        new NumberEdit(emptyColumn(TYPES[type](), batch.numRows, isNullable), name),
    );
  }

  /** The code of a reason in {@link reasons}; the same for the whole ledger. */
  codeOf(reason: string): number {
    return this.reasonTable.codeOf(reason);
  }

  /**
   * Keeps a row (code 0) or drops it for a reason. What the decision before was measured by and its twin are forgotten; `measure` and `twin` say
   * those of the new one.
   */
  decide(row: number, code: number): void {
    const before = this.reasons[row]!;
    for (const edit of this.edits.values()) edit.clear(row);
    if (before === code) return;
    this.reasons[row] = code;
    this.isReasonChanged = true;
    if (before === 0 || code === 0) this.isDecisionChanged = true;
  }

  /** What a row was measured by; NaN and undefined are null. */
  measure(row: number, statistic: number, threshold: number, detail?: string): void {
    this.statistics.set(row, statistic);
    this.thresholds.set(row, threshold);
    this.details.set(row, detail);
  }

  /** Names the document that stands for a row; undefined is none. */
  twin(row: number, origin: { readonly source: string; readonly row: number } | undefined): void {
    this.twinSources.set(row, origin?.source);
    this.twinRows.set(row, origin?.row ?? Number.NaN);
  }

  /** The number of a row in the added column `column`; once a row. NaN is null, where the column can be. */
  set(column: number, row: number, value: number): void {
    this.added[column]!.set(row, value);
  }

  /** The rows as they are now; ends the revision of these rows. */
  take(schema: Schema): Batch {
    const { batch, rowCount, reasons } = this;
    const columns = batch.schema.fields.map(({ name }, index) => {
      if (name === 'reason' && this.isReasonChanged)
        return wordColumn(reasons, rowCount, this.reasonTable.words);
      if (name === 'decision' && this.isDecisionChanged) {
        return wordColumn(
          reasons.map((code) => (code === 0 ? 1 : 2)),
          rowCount,
          DECISIONS,
        );
      }
      return this.edits.get(index)?.take() ?? batch.data.children[index]!;
    });
    return makeBatch(schema, rowCount, [...columns, ...this.added.map((edit) => edit.take())]);
  }

  private column(name: string): Data {
    return this.batch.data.children[this.indexOf(name)]!;
  }

  private indexOf(name: string): number {
    const index = this.batch.schema.fields.findIndex((field) => field.name === name);
    if (index < 0) throw new RangeError(`expected a ledger with the column "${name}", found none`);
    return index;
  }

  private edit<Kind extends Edit>(name: string, Kind: new (data: Data, name: string) => Kind): Kind {
    const edit = new Kind(this.column(name), name);
    this.edits.set(this.indexOf(name), edit);
    return edit;
  }
}

const DECISIONS: readonly Uint8Array[] = ['kept', 'dropped'].map((word) => Buffer.from(word));

/** A column of which rows may be changed; nothing is copied before the first one is. */
interface Edit {
  /** Makes a row null. */
  clear(row: number): void;
  /** The column as it is now. */
  take(): Data;
}

class WordEdit implements Edit {
  private readonly data: Data;
  private readonly name: string;
  private readonly table = new WordTable();
  private codes: Uint32Array | undefined;

  constructor(data: Data, name: string) {
    this.data = data;
    this.name = name;
  }

  clear(row: number): void {
    this.set(row, undefined);
  }

  set(row: number, word: string | undefined): void {
    const { codes, data, name } = this;
    if (word === undefined && (codes === undefined ? isNull(data, row, name) : codes[row] === 0)) return;
    this.opened()[row] = word === undefined ? 0 : this.table.codeOf(word);
  }

  take(): Data {
    const { codes, data, table } = this;
    return codes === undefined ? data : wordColumn(codes, data.length, table.words);
  }

  private opened(): Uint32Array {
    if (this.codes === undefined) {
      this.codes = new Uint32Array(this.data.length);
      wordCodes(this.data, this.table, this.codes, this.name);
    }
    return this.codes;
  }
}

/** A number of 64 bits (of row numbers) is written as a (low, high) pair: no BigInt a row. */
class NumberEdit implements Edit {
  private readonly data: Data;
  private readonly name: string;
  private readonly isPair: boolean;
  private values: Numbers | undefined;
  private validity: Uint8Array = NO_BITS;

  constructor(data: Data, name: string) {
    this.data = data;
    this.name = name;
    this.isPair = DataType.isInt(data.type) && data.type.bitWidth === 64;
  }

  clear(row: number): void {
    if (this.values === undefined && isNull(this.data, row, this.name)) return;
    this.write(this.opened(), row, 0);
    this.validity[row >> 3]! &= ~(1 << (row & 7));
  }

  /** NaN is null. */
  set(row: number, value: number): void {
    if (Number.isNaN(value)) {
      this.clear(row);
      return;
    }
    this.write(this.opened(), row, value);
    this.validity[row >> 3]! |= 1 << (row & 7);
  }

  take(): Data {
    const { data, values, validity } = this;
    if (values === undefined) return data;
    const nullCount = data.length - countBits(validity);
    return makeColumn(data.type, data.length, nullCount, { validity, values: new Uint8Array(values.buffer) });
  }

  private write(values: Numbers, row: number, value: number): void {
    if (this.isPair) {
      values[2 * row] = value >>> 0;
      values[2 * row + 1] = Math.floor(value / 2 ** 32);
    } else {
      values[row] = value;
    }
  }

  private opened(): Numbers {
    if (this.values === undefined) {
      const { data, name } = this;
      const bytes = fixedValues(data, bytesOfNumber(data.type), name).slice();
      this.values = numbersIn(data.type, bytes.buffer);
      this.validity = new Uint8Array(Math.ceil(data.length / 8));
      const bitmap = validityOf(data, name);
      if (bitmap === undefined) setBits(this.validity, 0, data.length);
      else copyBits(bitmap, data.offset, this.validity, 0, data.length);
    }
    return this.values;
  }
}

const NO_BITS = new Uint8Array(0);

function isNull(data: Data, row: number, name: string): boolean {
  const validity = validityOf(data, name);
  return validity !== undefined && !isSet(validity, data.offset + row);
}

type Numbers = Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

function numbersIn(type: DataType, buffer: ArrayBuffer): Numbers {
  if (DataType.isFloat(type)) return new Float64Array(buffer);
  return DataType.isInt(type) && type.isSigned ? new Int32Array(buffer) : new Uint32Array(buffer);
}

function bytesOfNumber(type: DataType): 4 | 8 {
  return DataType.isFloat(type) || (DataType.isInt(type) && type.bitWidth === 64) ? 8 : 4;
}

/** All null, or all 0. */
function emptyColumn(type: DataType, length: number, isNullable: boolean): Data {
  return makeColumn(type, length, isNullable ? length : 0, {
    validity: isNullable ? new Uint8Array(Math.ceil(length / 8)) : undefined,
    values: new Uint8Array(length * bytesOfNumber(type)),
  });
}
