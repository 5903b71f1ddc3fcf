import {
  Binary,
  BinaryView,
  Bool,
  type Data,
  type DataType,
  DateDay,
  DateMillisecond,
  Decimal,
  DurationMicrosecond,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  LargeBinary,
  LargeUtf8,
  List,
  Map_,
  makeData,
  Null,
  RecordBatch,
  Schema,
  Struct,
  TimeMicrosecond,
  TimeMillisecond,
  TimeNanosecond,
  TimeSecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
  Utf8View,
  vectorFromArray,
} from 'apache-arrow';
import { makeBatch } from '../../src/columns/batch.ts';
import type { Assembler, Encode } from '../../src/formats/format.ts';

/** Rows of the columns below; a multiple of no group or byte. */
export const ROWS = 13;

/** Joins a writer's output as a file would hold it. */
export function writeAll(
  encode: Encode,
  assembler: Assembler,
  batches: readonly RecordBatch[],
): Uint8Array<ArrayBuffer> {
  const written = [...assembler.start()];
  for (const batch of batches) written.push(...assembler.append(encode(batch)));
  written.push(...assembler.finish());
  return new Uint8Array(Buffer.concat(written));
}

function column(type: DataType, valueAt: (row: number) => unknown, nullEvery = 3): Data {
  const values = Array.from({ length: ROWS }, (_, row) => (row % nullEvery === 1 ? null : valueAt(row)));
  return vectorFromArray(values, type).data[0]!;
}

/** Text in view layout: twelve bytes or fewer lie in the view, more in the buffer behind it. */
function views<T extends Utf8View | BinaryView>(type: T, texts: readonly (string | null)[]): Data<T> {
  const encoder = new TextEncoder();
  const structs = new Uint8Array(texts.length * 16);
  const view = new DataView(structs.buffer);
  const validity = new Uint8Array((texts.length + 7) >> 3);
  const long: number[] = [];
  texts.forEach((text, i) => {
    if (text === null) return;
    validity[i >> 3]! |= 1 << (i & 7);
    const bytes = encoder.encode(text);
    view.setInt32(i * 16, bytes.length, true);
    if (bytes.length <= 12) {
      structs.set(bytes, i * 16 + 4);
      return;
    }
    structs.set(bytes.subarray(0, 4), i * 16 + 4);
    view.setInt32(i * 16 + 12, long.length, true);
    long.push(...bytes);
  });
  return makeData({
    type: type as Utf8View,
    length: texts.length,
    nullBitmap: validity,
    views: structs,
    variadicBuffers: [Uint8Array.from(long)],
  }) as unknown as Data<T>;
}

function decimals(type: Decimal, unscaled: readonly bigint[]): Data<Decimal> {
  const words = new Uint32Array((unscaled.length * type.bitWidth) / 32);
  const perValue = type.bitWidth / 32;
  unscaled.forEach((value, i) => {
    const bits = BigInt.asUintN(type.bitWidth, value);
    for (let k = 0; k < perValue; k++)
      words[i * perValue + k] = Number((bits >> BigInt(32 * k)) & 0xffffffffn);
  });
  return makeData({ type, length: unscaled.length, nullCount: 0, data: words });
}

const TEXTS = ['', 'a', 'naïve "q" \\ \n\t\u0001', '日本語の文', 'x'.repeat(300), '😀', 'last'];
export const textAt = (row: number): string => TEXTS[row % TEXTS.length]!;
const item = (type: DataType, isNullable = true): Field => new Field('item', type, isNullable);

/** Columns of one type each, with nulls; `required` has none and says so. */
function allColumns(): { fields: Field[]; columns: Data[] } {
  const named: [string, Data][] = [
    ['int8', column(new Int8(), (row) => row - 6)],
    ['int16', column(new Int16(), (row) => row * -1000)],
    ['int32', column(new Int32(), (row) => row * 100_000_000 - 600_000_000)],
    ['int64', column(new Int64(), (row) => 2n ** 62n - BigInt(row))],
    ['uint8', column(new Uint8(), (row) => row * 20)],
    ['uint16', column(new Uint16(), (row) => row * 5000)],
    ['uint32', column(new Uint32(), (row) => 4_294_967_295 - row)],
    ['uint64', column(new Uint64(), (row) => 2n ** 64n - 1n - BigInt(row))],
    ['float16', column(new Float16(), (row) => row / 4)],
    ['float32', column(new Float32(), (row) => Math.fround(row / 10))],
    ['float64', column(new Float64(), (row) => row / 7 - 1)],
    ['bool', column(new Bool(), (row) => row % 2 === 0)],
    ['utf8', column(new Utf8(), textAt)],
    ['largeUtf8', column(new LargeUtf8(), textAt)],
    [
      'utf8View',
      views(
        new Utf8View(),
        Array.from({ length: ROWS }, (_, i) => (i % 3 === 1 ? null : textAt(i))),
      ),
    ],
    ['binary', column(new Binary(), (row) => Uint8Array.of(row, 255, 0))],
    ['largeBinary', column(new LargeBinary(), (row) => new Uint8Array(row).fill(row))],
    [
      'binaryView',
      views(
        new BinaryView(),
        Array.from({ length: ROWS }, (_, i) => (i % 4 === 1 ? null : textAt(i))),
      ),
    ],
    ['fixed', column(new FixedSizeBinary(3), (row) => Uint8Array.of(row, 1, 2))],
    [
      'decimal',
      decimals(
        new Decimal(4, 12, 128),
        Array.from({ length: ROWS }, (_, i) => BigInt(i * 12345 - 50000)),
      ),
    ],
    [
      'wide',
      decimals(
        new Decimal(2, 40, 256),
        Array.from({ length: ROWS }, (_, i) => -(10n ** 38n) + BigInt(i)),
      ),
    ],
    ['date', column(new DateDay(), (row) => new Date(Date.UTC(1969, 11, 25 + row)))],
    ['dateMs', column(new DateMillisecond(), (row) => new Date(Date.UTC(2020, 1, 25 + row)))],
    ['timeS', column(new TimeSecond(), (row) => row * 3601)],
    ['timeMs', column(new TimeMillisecond(), (row) => row * 3_600_123)],
    ['timeUs', column(new TimeMicrosecond(), (row) => BigInt(row) * 3_600_123_456n)],
    ['timeNs', column(new TimeNanosecond(), (row) => BigInt(row) * 3_600_123_456_789n)],
    ['stampS', makeStamps(new TimestampSecond(), 1n)],
    ['stampMs', makeStamps(new TimestampMillisecond('UTC'), 1000n)],
    ['stampUs', makeStamps(new TimestampMicrosecond(), 1_000_000n)],
    ['stampNs', makeStamps(new TimestampNanosecond('Europe/Berlin'), 1_000_000_000n)],
    ['duration', column(new DurationMicrosecond(), (row) => BigInt(row) * 1_500_000n)],
    ['nothing', makeData({ type: new Null(), length: ROWS })],
    [
      'list',
      column(new List(item(new Utf8())), (row) =>
        Array.from({ length: row % 4 }, (_, k) => (k === 1 ? null : textAt(k))),
      ),
    ],
    [
      'listOfLists',
      column(new List(item(new List(item(new Int32())))), (row) =>
        Array.from({ length: row % 3 }, (_, k) =>
          k === 1 ? null : Array.from({ length: k + (row % 2) }, (_, m) => (m === 1 ? null : m)),
        ),
      ),
    ],
    ['pair', column(new FixedSizeList(2, item(new Float32())), (row) => [row, row + 0.5])],
    [
      'struct',
      column(
        new Struct([new Field('n', new Int32(), true), new Field('tags', new List(item(new Utf8())), true)]),
        (row) => ({
          n: row % 2 === 0 ? null : row,
          tags: row % 4 === 0 ? null : [textAt(row)],
        }),
      ),
    ],
    [
      'map',
      column(
        mapType(new Utf8(), new Int32()),
        (row) => new Map(Array.from({ length: row % 3 }, (_, k) => [`k${k}`, k === 1 ? null : k])),
      ),
    ],
    ['intMap', column(mapType(new Int32(), new Utf8()), (row) => new Map([[row, 'v']]))],
  ];
  const fields = named.map(([name, data]) => new Field(name, data.type, true));
  fields.push(new Field('required', new Int32(), false, new Map([['note', 'kept']])));
  const columns = named.map(([, data]) => data);
  columns.push(
    makeData({
      type: new Int32(),
      length: ROWS,
      nullCount: 0,
      data: Int32Array.from({ length: ROWS }, (_, i) => i),
    }),
  );
  return { fields, columns };
}

function makeStamps(
  type: TimestampSecond | TimestampMillisecond | TimestampMicrosecond | TimestampNanosecond,
  perSecond: bigint,
): Data {
  const values = BigInt64Array.from(
    { length: ROWS },
    (_, i) => (1_700_000_000n * BigInt(i - 3) * perSecond) / 7n,
  );
  return makeData({ type, length: ROWS, nullBitmap: Uint8Array.of(0b11011011, 0b00011101), data: values });
}

function mapType(key: DataType, value: DataType): Map_ {
  const entries = new Struct([new Field('key', key, false), new Field('value', value, true)]);
  return new Map_(new Field('entries', entries as never, false) as never);
}

/** One batch with all of `allColumns` that `keep` lets through. */
export function allTypesBatch(keep: (name: string) => boolean = () => true): RecordBatch {
  const { fields, columns } = allColumns();
  const kept = fields
    .map((field, i) => ({ field, data: columns[i]! }))
    .filter(({ field }) => keep(field.name));
  const schema = new Schema(
    kept.map(({ field }) => field),
    new Map([['origin', 'test']]),
  );
  return makeBatch(
    schema,
    ROWS,
    kept.map(({ data }) => data),
  );
}

/** A batch of one nullable text column. */
export function textBatch(texts: readonly (string | null)[]): RecordBatch {
  const data =
    vectorFromArray([...texts], new Utf8()).data[0] ??
    makeData({ type: new Utf8(), valueOffsets: new Int32Array(1) });
  const schema = new Schema([new Field('text', new Utf8(), true)]);
  return makeBatch(schema, texts.length, [data]);
}
