import {
  Binary,
  BinaryView,
  Bool,
  type Data,
  DataType,
  DateDay,
  DateMillisecond,
  Decimal,
  DenseUnion,
  DurationMicrosecond,
  DurationSecond,
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
  IntervalDayTime,
  IntervalMonthDayNano,
  IntervalYearMonth,
  LargeBinary,
  LargeList,
  LargeUtf8,
  List,
  Map_,
  MapRow,
  makeData,
  Null,
  SparseUnion,
  Struct,
  StructRow,
  TimeMicrosecond,
  TimeMillisecond,
  TimeNanosecond,
  TimeSecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Type,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  type Union,
  Utf8,
  Utf8View,
  Vector,
} from 'apache-arrow';

const field = (name: string, type: DataType) => new Field(name, type, true);
const item = (type: DataType) => field('item', type);
const nested = new Struct([
  field('name', new Utf8()),
  field('tags', new List(item(new Utf8()))),
  field('flag', new Bool()),
  field('nothing', new Null()),
]);
const variants = [field('n', new Int32()), field('s', new Utf8()), field('l', new List(item(new Int8())))];
const entries = new Struct([new Field('key', new Utf8(), false), field('value', new Int32())]);

/** One of each type, nested ones in several shapes. */
export const TYPES: readonly DataType[] = [
  new Null(),
  new Bool(),
  new Int8(),
  new Int16(),
  new Int32(),
  new Int64(),
  new Uint8(),
  new Uint16(),
  new Uint32(),
  new Uint64(),
  new Float16(),
  new Float32(),
  new Float64(),
  new Utf8(),
  new LargeUtf8(),
  new Utf8View(),
  new Binary(),
  new LargeBinary(),
  new BinaryView(),
  new FixedSizeBinary(3),
  new FixedSizeBinary(20),
  new Decimal(2, 9, 32),
  new Decimal(2, 18, 64),
  new Decimal(2, 30, 128),
  new Decimal(2, 60, 256),
  new DateDay(),
  new DateMillisecond(),
  new TimeSecond(),
  new TimeMillisecond(),
  new TimeMicrosecond(),
  new TimeNanosecond(),
  new TimestampSecond(),
  new TimestampMillisecond('UTC'),
  new TimestampMicrosecond('Europe/Paris'),
  new TimestampNanosecond(),
  new DurationSecond(),
  new DurationMicrosecond(),
  new IntervalYearMonth(),
  new IntervalDayTime(),
  new IntervalMonthDayNano(),
  new List(item(new Utf8())),
  new List(item(new Bool())),
  new List(item(new List(item(new Utf8View())))),
  new LargeList(item(new Int16())),
  new LargeList(item(nested)),
  new FixedSizeList(3, item(new Float32())),
  new FixedSizeList(2, item(new Bool())),
  new FixedSizeList(2, item(new FixedSizeList(2, item(new Utf8())))),
  nested,
  new Struct([field('inner', nested), field('n', new Float64())]),
  new Map_(new Field('entries', entries, false)),
  new SparseUnion([5, 7, 9], variants),
  new DenseUnion([5, 7, 9], variants),
  new List(item(new DenseUnion([0, 1, 2], variants))),
];

/** Numbers in [0, 1) from a seed (a Weyl sequence through a mixing function). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}

const WORDS = [
  '',
  'a',
  'bc',
  'é',
  '日本語',
  'twelve bytes',
  'thirteen char',
  'a text above twelve bytes 🎈',
  'x'.repeat(70),
];

/**
 * A column of random values with what makes columns hard: nulls (or no bitmap) with junk under them, offsets that do not
 * start at 0, a data offset that is no multiple of 8, more rows stored than belong to it.
 */
export function randomColumn(type: DataType, length: number, random: () => number, nulls = 0.3): Data {
  const before = Math.floor(random() * 11);
  const after = Math.floor(random() * 3);
  const whole = wholeColumn(type, before + length + after, random, random() < 0.3 ? 0 : nulls);
  const cut = Math.floor(before / 2);
  return whole.slice(cut, whole.length - cut).slice(before - cut, length);
}

function wholeColumn(type: DataType, length: number, random: () => number, nulls: number): Data {
  const below = (limit: number) => Math.floor(random() * limit);
  const bytes = (count: number) => Uint8Array.from({ length: count }, () => below(256));
  const hasBitmap = nulls > 0 && !DataType.isUnion(type);
  const nullBitmap = hasBitmap ? bitsOf(length, () => random() >= nulls) : undefined;
  const shared = { type, length, nullBitmap };
  const child = (inner: DataType, count: number) => wholeColumn(inner, count, random, nulls);
  const make = (props: object): Data => makeData({ ...shared, ...props } as never) as Data;
  const offsets = (sizeOf: () => number) => {
    const all = [below(5)];
    for (let i = 0; i < length; i++) all.push(all.at(-1)! + sizeOf());
    return all;
  };
  const offsetArray = (all: number[], isLarge: boolean) =>
    isLarge ? BigInt64Array.from(all, BigInt) : Int32Array.from(all);
  switch (type.typeId) {
    case Type.Null:
      return makeData({ type: type as Null, length });
    case Type.Bool:
      return make({ data: bitsOf(length, () => random() < 0.5) });
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Binary:
    case Type.LargeBinary: {
      const isLarge = type.typeId === Type.LargeUtf8 || type.typeId === Type.LargeBinary;
      const lead = below(5);
      const words = Array.from({ length }, () => Buffer.from(WORDS[below(WORDS.length)]!));
      const all = [lead];
      for (const word of words) all.push(all.at(-1)! + word.length);
      return make({
        data: Buffer.concat([Buffer.alloc(lead, 0x2a), ...words, Buffer.from('***')]),
        valueOffsets: offsetArray(all, isLarge),
      });
    }
    case Type.Utf8View:
    case Type.BinaryView:
      return make(randomViews(length, below, nullBitmap));
    case Type.List:
    case Type.LargeList:
    case Type.Map: {
      const all = offsets(() => below(4));
      const inner = type.children[0]!.type as DataType;
      return make({
        valueOffsets: offsetArray(all, type.typeId === Type.LargeList),
        child:
          type.typeId === Type.Map
            ? mapEntries(inner as Struct, all.at(-1)! + 2, random)
            : child(inner, all.at(-1)! + 2),
      });
    }
    case Type.FixedSizeList: {
      const { listSize, valueType } = type as FixedSizeList;
      return make({ child: child(valueType as DataType, length * listSize) });
    }
    case Type.Struct:
      return make({ children: type.children.map((part: Field) => child(part.type, length)) });
    case Type.Union: {
      const { typeIds, children } = type as Union;
      const picks = Array.from({ length }, () => below(typeIds.length));
      const ids = Int8Array.from(picks, (pick) => typeIds[pick]!);
      if (DataType.isSparseUnion(type)) {
        return make({ typeIds: ids, children: children.map((part) => child(part.type, length)) });
      }
      const counts = children.map(() => below(3));
      const valueOffsets = Int32Array.from(picks, (pick) => counts[pick]!++);
      return make({
        typeIds: ids,
        valueOffsets,
        children: children.map((part, i) => child(part.type, counts[i]! + 1)),
      });
    }
    default: {
      const sample = make({ data: [], length: 0 });
      const width = sample.stride * (type.ArrayType as unknown as Uint8ArrayConstructor).BYTES_PER_ELEMENT;
      // Times are read back as JavaScript numbers, so 64-bit values stay small.
      const is64 = (type.ArrayType as unknown) === BigInt64Array;
      const data = is64
        ? BigInt64Array.from({ length }, () => BigInt(below(2 ** 40)))
        : bytes(length * width);
      if (type.typeId === Type.Float) {
        const floats = Float64Array.from({ length }, () => below(1000) / 8);
        if (width === 8) return make({ data: floats });
        return make({
          data: width === 4 ? Float32Array.from(floats) : Uint16Array.from(floats, (x) => x & 0x7bff),
        });
      }
      return make({ data: data instanceof Uint8Array ? viewOf(type, data) : data });
    }
  }
}

function viewOf(type: DataType, bytes: Uint8Array): unknown {
  const Constructor = type.ArrayType as unknown as Uint8ArrayConstructor;
  return new Constructor(bytes.buffer as ArrayBuffer, 0, bytes.length / Constructor.BYTES_PER_ELEMENT);
}

function mapEntries(type: Struct, length: number, random: () => number): Data {
  const [key, value] = type.children;
  const children = [
    wholeColumn(key!.type as DataType, length, random, 0),
    wholeColumn(value!.type as DataType, length, random, 0.3),
  ];
  return makeData({ type, length, nullCount: 0, children });
}

function randomViews(length: number, below: (limit: number) => number, nullBitmap: Uint8Array | undefined) {
  const views = new Uint8Array(length * 16);
  const target = new DataView(views.buffer);
  const buffers: number[][] = [[1, 2], []];
  for (let row = 0; row < length; row++) {
    const word = Buffer.from(WORDS[below(WORDS.length)]!);
    const isNull = nullBitmap !== undefined && (nullBitmap[row >> 3]! & (1 << (row & 7))) === 0;
    if (isNull && below(2) === 0) {
      // Junk under a null must never be followed.
      target.setInt32(row * 16, 99, true);
      target.setInt32(row * 16 + 8, 77, true);
      continue;
    }
    target.setInt32(row * 16, word.length, true);
    views.set(word.subarray(0, word.length > 12 ? 4 : 12), row * 16 + 4);
    if (word.length > 12) {
      const number = below(2);
      target.setInt32(row * 16 + 8, number, true);
      target.setInt32(row * 16 + 12, buffers[number]!.length, true);
      buffers[number]!.push(...word);
    }
  }
  return { views, variadicBuffers: buffers.map((bytes) => Uint8Array.from(bytes)) };
}

function bitsOf(length: number, isSet: (index: number) => boolean): Uint8Array {
  // Bits after the last one are junk on purpose.
  const bits = new Uint8Array((length + 7) >> 3).fill(0xa5);
  for (let i = 0; i < length; i++) {
    const mask = 1 << (i & 7);
    bits[i >> 3] = isSet(i) ? bits[i >> 3]! | mask : bits[i >> 3]! & ~mask;
  }
  return bits;
}

/** The oracle: every row of a column as plain JavaScript, read by apache-arrow. */
export function valuesOf(data: Data): unknown[] {
  const vector = new Vector([data]);
  return Array.from({ length: data.length }, (_, row) => plain(vector.get(row)));
}

function plain(value: unknown): unknown {
  if (value instanceof Vector) return Array.from({ length: value.length }, (_, i) => plain(value.get(i)));
  if (value instanceof StructRow || value instanceof MapRow) {
    return [...(value as Iterable<[unknown, unknown]>)].map(([key, inner]) => [plain(key), plain(inner)]);
  }
  if (ArrayBuffer.isView(value)) {
    const array = value as Uint8Array;
    return Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('hex');
  }
  return value;
}
