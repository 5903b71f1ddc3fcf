import { type Data, Field, makeData, Schema, Uint64, Utf8 } from 'apache-arrow';
import { type Batch, makeBatch } from '../columns/batch.ts';
import type { Ids } from '../columns/ids.ts';
import { place, placedByteLength } from '../columns/wire.ts';
import type { OutputFormat } from '../formats/encoders.ts';
import type { Reject } from '../formats/format.ts';
import type { PlacedBatch } from '../parallel/tasks.ts';
import { type Origin, UNREADABLE, type Verdicts } from '../verdicts.ts';

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
    const batch = builder.take();
    const bytes = new Uint8Array(placedByteLength(batch));
    await write({ placement: place(batch, bytes), bytes });
  }

  return {
    async add({ rowCount, rejects, ids }, { verdicts, twins }, source, firstRow) {
      let row = firstRow;
      let nextReject = 0;
      let idStart = 0;
      for (let index = 0; index <= rowCount; index++) {
        for (; rejects[nextReject]?.before === index; nextReject++) {
          for (let left = rejects[nextReject]!.rowCount; left > 0; left--) {
            builder.add(source, row++, UNREADABLE, undefined);
            builder.addId(undefined, 0, -1);
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
  /** Without a reason the document was kept. Followed by `addId` for the same row. */
  add(source: string, row: number, reason: string | undefined, twin: Origin | undefined): void;
  /** A negative length is no id. */
  addId(bytes: Uint8Array | undefined, start: number, length: number): void;
  /** The rows so far as a batch; starts an empty one. */
  take(): Batch;
}

function createLedgerBuilder(): LedgerBuilder {
  const source = createTextBuilder();
  const id = createTextBuilder();
  const decision = createTextBuilder();
  const reasons = createTextBuilder();
  const twinSource = createTextBuilder();
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
      source.addWord(path);
      setPair(rows, count, row);
      decision.addWord(reason === undefined ? 'kept' : 'dropped');
      if (reason === undefined) reasons.addNull();
      else reasons.addWord(reason);
      if (twin === undefined) {
        twinSource.addNull();
      } else {
        twinSource.addWord(twin.source);
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
  /** A text that comes again and again: encoded once. */
  addWord(text: string): void;
  addBytes(bytes: Uint8Array, start: number, length: number): void;
  addNull(): void;
  take(rowCount: number): Data<Utf8>;
}

function createTextBuilder(): TextBuilder {
  const words = new Map<string, Uint8Array>();
  let bytes = new Uint8Array(64 * 1024);
  let offsets = new Int32Array(BATCH_ROWS + 1);
  let validity = new Uint8Array(BATCH_ROWS / 8);
  let nullCount = 0;
  let count = 0;
  let end = 0;

  function append(value: Uint8Array, start: number, length: number): void {
    if (end + length > bytes.length) {
      const grown = new Uint8Array(Math.max(bytes.length * 2, end + length));
      grown.set(bytes.subarray(0, end));
      bytes = grown;
    }
    // Ids and reasons are short: a loop beats making a view for each.
    if (length < 64) for (let i = 0; i < length; i++) bytes[end + i] = value[start + i]!;
    else bytes.set(value.subarray(start, start + length), end);
    end += length;
    validity[count >> 3]! |= 1 << (count & 7);
    offsets[++count] = end;
  }

  return {
    addWord(text) {
      let word = words.get(text);
      if (word === undefined) {
        word = Buffer.from(text);
        // Messages of damaged rows are each their own; what repeats is found again soon enough.
        if (words.size > 1000) words.clear();
        words.set(text, word);
      }
      append(word, 0, word.length);
    },
    addBytes: append,
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
