import { Bool, type Data, Field, Float64, makeData, Schema, Uint64, Utf8 } from 'apache-arrow';
import { type Batch, makeBatch } from '../columns/batch.ts';
import type { Ids } from '../columns/ids.ts';
import { placeApart } from '../columns/wire.ts';
import { wordColumn } from '../columns/word-column.ts';
import type { OutputFormat } from '../formats/encoders.ts';
import type { Reject } from '../formats/format.ts';
import type { PlacedBatch } from '../parallel/tasks.ts';
import { type Origin, UNREADABLE, type VerdictEvidence, type Verdicts } from '../verdicts.ts';

/** Rows of a ledger batch; fixed, so that ledger bytes do not depend on how the input was cut. */
const BATCH_ROWS = 65_536;

/** A ledger is small beside its documents and repeats itself: always compressed. */
export const ledgerFormat: OutputFormat = { format: 'arrow', compression: 'zstd' };

/** One row for every input document, in input order. */
export const ledgerSchema: Schema = new Schema([
  new Field('source', new Utf8(), false),
  new Field('row', new Uint64(), false),
  new Field('id', new Utf8(), true),
  new Field('decision', new Utf8(), false),
  new Field('reason', new Utf8(), true),
  new Field('statistic', new Float64(), true),
  new Field('threshold', new Float64(), true),
  new Field('detail', new Utf8(), true),
  new Field('edited', new Bool(), false),
  new Field('twin_source', new Utf8(), true),
  new Field('twin_row', new Uint64(), true),
]);

/** What the ledger needs to know of a batch. */
interface LedgerBatch {
  readonly rowCount: number;
  readonly rejects: readonly Reject[];
  readonly ids: Ids | undefined;
}

/** Writes one row a document, damaged ones included. */
export interface Ledger {
  /** `firstRow` is the row in `source` that the batch begins with. */
  add(batch: LedgerBatch, verdicts: Verdicts, source: string, firstRow: number): Promise<void>;
  finish(): Promise<void>;
}

export interface LedgerOptions {
  readonly reasons: readonly string[];
  readonly locate: (ordinal: number) => Origin;
  /** Encodes and appends a batch of `ledgerSchema`; its memory is handed over. */
  readonly write: (batch: PlacedBatch) => Promise<void>;
}

export function createLedger(options: LedgerOptions): Ledger {
  const { reasons, locate, write } = options;
  const builder = createLedgerBuilder();

  async function flush(): Promise<void> {
    await write(placeApart(builder.take()));
  }

  return {
    async add({ rowCount, rejects, ids }, { verdicts, twins, evidence }, source, firstRow) {
      let row = firstRow;
      let nextReject = 0;
      let idStart = 0;
      for (let index = 0; index <= rowCount; index++) {
        for (; rejects[nextReject]?.before === index; nextReject++) {
          for (let left = rejects[nextReject]!.rowCount; left > 0; left--) {
            builder.add(source, row++, UNREADABLE, undefined);
            builder.addId(undefined, 0, -1);
            builder.addEvidence(undefined, 0);
            if (builder.isFull) await flush();
          }
        }
        if (index === rowCount) break;
        const verdict = verdicts[index]!;
        const twin = twins?.[index] ?? -1;
        builder.add(
          source,
          row++,
          verdict === 0 ? undefined : reasons[verdict - 1],
          verdict === 0 || twin < 0 ? undefined : locate(twin),
        );
        const idLength = ids === undefined ? -1 : ids.lengths[index]!;
        builder.addId(ids?.bytes, idStart, idLength);
        if (idLength > 0) idStart += idLength;
        builder.addEvidence(evidence, index);
        if (builder.isFull) await flush();
      }
    },
    async finish() {
      if (!builder.isEmpty) await flush();
    },
  };
}

/** Collects rows column by column until a batch is full. */
interface LedgerBuilder {
  readonly isFull: boolean;
  readonly isEmpty: boolean;
  /** Without a reason the document was kept. Followed by `addId` and `addEvidence` for the same row. */
  add(source: string, row: number, reason: string | undefined, twin: Origin | undefined): void;
  /** For the same row, last: what it was measured by. */
  addEvidence(evidence: VerdictEvidence | undefined, row: number): void;
  /** A negative length is no id. */
  addId(bytes: Uint8Array | undefined, start: number, length: number): void;
  /** The rows so far as a batch; starts an empty one. */
  take(): Batch;
}

function createLedgerBuilder(): LedgerBuilder {
  const source = createWordBuilder();
  const id = createTextBuilder();
  const decision = createWordBuilder();
  const reasons = createWordBuilder();
  const details = createWordBuilder();
  const twinSource = createWordBuilder();
  const statistics = createNumberBuilder();
  const thresholds = createNumberBuilder();
  let edited = new Uint8Array(BATCH_ROWS / 8);
  // 64-bit row numbers as (low, high) pairs: no BigInt a row.
  let rows = new Uint32Array(2 * BATCH_ROWS);
  let twinRows = new Uint32Array(2 * BATCH_ROWS);
  let twinValidity = new Uint8Array(BATCH_ROWS / 8);
  let twinCount = 0;
  let count = 0;

  return {
    get isFull() {
      return count === BATCH_ROWS;
    },
    get isEmpty() {
      return count === 0;
    },
    add(path, row, reason, twin) {
      source.add(path);
      setPair(rows, count, row);
      decision.add(reason === undefined ? 'kept' : 'dropped');
      reasons.add(reason);
      twinSource.add(twin?.source);
      if (twin !== undefined) {
        setPair(twinRows, count, twin.row);
        twinValidity[count >> 3]! |= 1 << (count & 7);
        twinCount++;
      }
      count++;
    },
    addId(bytes, start, length) {
      if (bytes === undefined || length < 0) id.addNull();
      else id.addBytes(bytes, start, length);
    },
    addEvidence(evidence, row) {
      // `add` has counted the row already.
      if (evidence?.edited[row] === 1) edited[(count - 1) >> 3]! |= 1 << ((count - 1) & 7);
      const isMeasured = evidence?.isMeasured[row] === 1;
      statistics.add(isMeasured ? evidence.statistics[row]! : Number.NaN);
      thresholds.add(isMeasured ? evidence.thresholds[row]! : Number.NaN);
      details.add(isMeasured ? evidence.details.get(row) : undefined);
    },
    take() {
      const rowCount = count;
      const batch = makeBatch(ledgerSchema, rowCount, [
        source.take(rowCount),
        makeData({
          type: new Uint64(),
          length: rowCount,
          nullCount: 0,
          data: new BigUint64Array(rows.buffer, 0, rowCount),
        }),
        id.take(rowCount),
        decision.take(rowCount),
        reasons.take(rowCount),
        statistics.take(rowCount),
        thresholds.take(rowCount),
        details.take(rowCount),
        makeData({ type: new Bool(), length: rowCount, nullCount: 0, data: edited }),
        twinSource.take(rowCount),
        makeData({
          type: new Uint64(),
          length: rowCount,
          nullCount: rowCount - twinCount,
          nullBitmap: twinValidity,
          data: new BigUint64Array(twinRows.buffer, 0, rowCount),
        }),
      ]);
      rows = new Uint32Array(2 * BATCH_ROWS);
      twinRows = new Uint32Array(2 * BATCH_ROWS);
      twinValidity = new Uint8Array(BATCH_ROWS / 8);
      edited = new Uint8Array(BATCH_ROWS / 8);
      twinCount = 0;
      count = 0;
      return batch;
    },
  };
}

function setPair(pairs: Uint32Array, index: number, value: number): void {
  pairs[2 * index] = value >>> 0;
  pairs[2 * index + 1] = Math.floor(value / 2 ** 32);
}

interface TextBuilder {
  addBytes(bytes: Uint8Array, start: number, length: number): void;
  addNull(): void;
  take(rowCount: number): Data<Utf8>;
}

/** A column of texts that are each their own: ids. */
function createTextBuilder(): TextBuilder {
  let bytes = new Uint8Array(64 * 1024);
  let offsets = new Int32Array(BATCH_ROWS + 1);
  let validity = new Uint8Array(BATCH_ROWS / 8);
  let nullCount = 0;
  let count = 0;
  let end = 0;

  return {
    addBytes(value, start, length) {
      if (end + length > bytes.length) {
        const grown = new Uint8Array(Math.max(bytes.length * 2, end + length));
        grown.set(bytes.subarray(0, end));
        bytes = grown;
      }
      // Ids are short: a loop beats making a view for each.
      if (length < 64) for (let i = 0; i < length; i++) bytes[end + i] = value[start + i]!;
      else bytes.set(value.subarray(start, start + length), end);
      end += length;
      validity[count >> 3]! |= 1 << (count & 7);
      offsets[++count] = end;
    },
    addNull() {
      nullCount++;
      offsets[++count] = end;
    },
    take(rowCount) {
      const data = makeData({
        type: new Utf8(),
        length: rowCount,
        nullCount,
        nullBitmap: validity,
        valueOffsets: offsets.subarray(0, rowCount + 1),
        data: bytes.subarray(0, end),
      });
      bytes = new Uint8Array(64 * 1024);
      offsets = new Int32Array(BATCH_ROWS + 1);
      validity = new Uint8Array(BATCH_ROWS / 8);
      nullCount = 0;
      count = 0;
      end = 0;
      return data;
    },
  };
}

interface NumberBuilder {
  /** NaN is null. */
  add(value: number): void;
  take(rowCount: number): Data<Float64>;
}

function createNumberBuilder(): NumberBuilder {
  let values = new Float64Array(BATCH_ROWS);
  let validity = new Uint8Array(BATCH_ROWS / 8);
  let valid = 0;
  let count = 0;

  return {
    add(value) {
      if (!Number.isNaN(value)) {
        values[count] = value;
        validity[count >> 3]! |= 1 << (count & 7);
        valid++;
      }
      count++;
    },
    take(rowCount) {
      const data = makeData({
        type: new Float64(),
        length: rowCount,
        nullCount: rowCount - valid,
        nullBitmap: validity,
        data: values.subarray(0, rowCount),
      });
      values = new Float64Array(BATCH_ROWS);
      validity = new Uint8Array(BATCH_ROWS / 8);
      valid = 0;
      count = 0;
      return data;
    },
  };
}

interface WordBuilder {
  /** Undefined is null. */
  add(word: string | undefined): void;
  take(rowCount: number): Data<Utf8>;
}

/**
 * A column of few texts that come again and again, mostly many times in a row: paths, decisions, reasons. A row costs one
 * number; the bytes are laid at the end, run by run.
 */
function createWordBuilder(): WordBuilder {
  /** 0 is null, `i` is the word `i - 1`. */
  const codes = new Uint32Array(BATCH_ROWS);
  const words: Uint8Array[] = [];
  const codeOf = new Map<string, number>();
  let lastWord: string | undefined;
  let lastCode = 0;
  let count = 0;

  function codeFor(word: string): number {
    let code = codeOf.get(word);
    if (code === undefined) {
      words.push(Buffer.from(word));
      code = words.length;
      codeOf.set(word, code);
    }
    return code;
  }

  return {
    add(word) {
      if (word !== lastWord) {
        lastWord = word;
        lastCode = word === undefined ? 0 : codeFor(word);
      }
      codes[count++] = lastCode;
    },
    take(rowCount) {
      const data = wordColumn(codes, rowCount, words);
      count = 0;
      lastWord = undefined;
      lastCode = 0;
      words.length = 0;
      codeOf.clear();
      return data;
    },
  };
}
