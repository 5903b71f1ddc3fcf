import {
  Binary,
  BinaryView,
  type DataType,
  Field,
  Int32,
  LargeBinary,
  LargeUtf8,
  makeData,
  Schema,
  Utf8,
  Utf8View,
  Vector,
} from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeBatch } from '../../src/columns/batch.ts';
import { textColumn } from '../../src/columns/text.ts';
import type { TextColumn } from '../../src/columns/text-column.ts';
import { describeType } from '../../src/columns/types.ts';
import { CurationError } from '../../src/errors.ts';
import { randomColumn, randomFrom } from './samples.ts';

const schemaOf = (type: DataType) => new Schema([new Field('text', type, true)]);
const rowsOf = ({ bytes, offsets, rowCount }: TextColumn) =>
  Array.from({ length: rowCount }, (_, i) =>
    Buffer.from(bytes.subarray(offsets[i], offsets[i + 1])).toString('hex'),
  );
const hex = (value: unknown) => {
  if (value === null) return '';
  return (typeof value === 'string' ? Buffer.from(value) : Buffer.from(value as Uint8Array)).toString('hex');
};

test.each(
  [new Utf8(), new LargeUtf8(), new Utf8View(), new Binary(), new LargeBinary(), new BinaryView()].map(
    (type) => [describeType(type), type] as const,
  ),
)('%s becomes rows of bytes, nulls empty ones', (_, type) => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(50), (seed, rowCount) => {
      const data = randomColumn(type, rowCount, randomFrom(seed));
      const text = textColumn(makeBatch(schemaOf(type), rowCount, [data]), 0);
      expect(text.offsets).toHaveLength(rowCount + 1);
      expect(text.rowCount).toBe(rowCount);
      expect(rowsOf(text)).toEqual(Array.from(new Vector([data]), hex));
    }),
  );
});

test('text without nulls is not copied', () => {
  const bytes = Buffer.from('onetwothree');
  const valueOffsets = Int32Array.of(0, 3, 6, 11);
  const data = makeData({ type: new Utf8(), valueOffsets, data: bytes }).slice(1, 2);
  const text = textColumn(makeBatch(schemaOf(data.type), 2, [data]), 0);
  expect(text.bytes.buffer).toBe(bytes.buffer);
  expect(text.offsets.buffer).toBe(valueOffsets.buffer);
  expect([...text.offsets]).toEqual([3, 6, 11]);
});

test('nulls with nothing under them cost no copy', () => {
  const bytes = Buffer.from('one');
  const nullBitmap = Uint8Array.of(0b01);
  const data = makeData({ type: new Utf8(), nullBitmap, valueOffsets: Int32Array.of(0, 3, 3), data: bytes });
  expect(textColumn(makeBatch(schemaOf(data.type), 2, [data]), 0).bytes.buffer).toBe(bytes.buffer);
});

test('a column that holds no text is refused', () => {
  const data = makeData({ type: new Int32(), data: Int32Array.of(1) });
  const batch = makeBatch(schemaOf(data.type), 1, [data]);
  expect(() => textColumn(batch, 0)).toThrow('expected text or binary, found int32');
  expect(() => textColumn(batch, 1)).toThrow('found no column');
});

test('offsets beyond the bytes are refused', () => {
  const data = makeData({ type: new Utf8(), valueOffsets: Int32Array.of(0, 9), data: Buffer.from('abc') });
  expect(() => textColumn(makeBatch(schemaOf(data.type), 1, [data]), 0)).toThrow(CurationError);
});

test('more than 2 GiB in one batch is refused, not wrapped', () => {
  // Never touched, and so never in memory.
  const bytes = new Uint8Array(2 ** 31 + 8);
  const valueOffsets = BigInt64Array.of(0n, 1n, 2n ** 31n + 1n);
  const data = makeData({ type: new LargeUtf8(), valueOffsets, data: bytes });
  const batch = makeBatch(schemaOf(data.type), 2, [data]);
  expect(() => textColumn(batch, 0)).toThrow('expected at most 2147483647 bytes');
  // A slice of it that is small enough is fine although it lies beyond.
  const last = makeData({
    type: new LargeUtf8(),
    valueOffsets: BigInt64Array.of(2n ** 31n, 2n ** 31n + 5n),
    data: bytes,
  });
  expect(rowsOf(textColumn(makeBatch(schemaOf(last.type), 1, [last]), 0))).toEqual(['0000000000']);
});
