import {
  Bool,
  type DataType,
  Field,
  FixedSizeBinary,
  Float64,
  Int32,
  List,
  makeData,
  Schema,
  Struct,
  tableFromArrays,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Batch, makeBatch } from '../../src/columns/batch.ts';
import { gather } from '../../src/columns/gather.ts';
import { rowByteLengths } from '../../src/columns/sizes.ts';
import { describeType } from '../../src/columns/types.ts';
import { randomColumn, randomFrom, TYPES } from './samples.ts';

const schemaOf = (...types: DataType[]) => new Schema(types.map((type, i) => new Field(`c${i}`, type, true)));
const sizesOf = (type: DataType, values: unknown[]) => {
  const data = vectorFromArray(values, type).data[0]!;
  return [...rowByteLengths(makeBatch(schemaOf(type), values.length, [data]))];
};
const field = (name: string, type: DataType) => new Field(name, type, true);

test('the sizes follow the written rule', () => {
  expect(sizesOf(new Utf8(), ['', 'abc', null, 'é'])).toEqual([4, 7, 4, 6]);
  expect(sizesOf(new Bool(), [true, null])).toEqual([1, 1]);
  expect(sizesOf(new Float64(), [1, null])).toEqual([8, 8]);
  expect(sizesOf(new FixedSizeBinary(3), [Uint8Array.of(1, 2, 3)])).toEqual([3]);
  expect(sizesOf(new List(field('item', new Utf8())), [[], ['a', 'bcd'], null])).toEqual([4, 4 + 5 + 7, 4]);
  const struct = new Struct([field('n', new Int32()), field('s', new Utf8())]);
  expect(sizesOf(struct, [{ n: 1, s: 'xyz' }, null])).toEqual([4 + 7, 0]);
});

test('the columns of a row add up', () => {
  const batch = tableFromArrays({ a: Int32Array.of(1, 2), b: Float64Array.of(1, 2) }).batches[0]! as Batch;
  expect([...rowByteLengths(batch)]).toEqual([12, 12]);
});

test('a row above 4 GiB counts as 2^32 - 1', () => {
  // One column of 2 GiB that is never touched, and so never in memory, seen three times.
  const wide = new Utf8();
  const bytes = new Uint8Array(2 ** 31 - 1);
  const column = makeData({ type: wide, valueOffsets: Int32Array.of(0, 2 ** 31 - 1), data: bytes });
  const batch = makeBatch(schemaOf(wide, wide, wide), 1, [column, column, column]);
  expect([...rowByteLengths(batch)]).toEqual([2 ** 32 - 1]);
});

describe.each(TYPES.map((type) => [describeType(type), type] as const))('sizes of %s', (_, type) => {
  test('are the same however the rows are sliced or copied', () => {
    const schema = schemaOf(type);
    fc.assert(
      fc.property(fc.integer(), fc.nat(40), fc.nat(40), (seed, a, b) => {
        const rowCount = Math.max(a, b);
        const start = Math.min(a, b);
        const batch = makeBatch(schema, rowCount, [randomColumn(type, rowCount, randomFrom(seed))]);
        const sizes = rowByteLengths(batch);
        expect(rowByteLengths(batch.slice(start))).toEqual(sizes.slice(start));
        expect(rowByteLengths(gather(schema, [{ batch, rows: undefined }]))).toEqual(sizes);
      }),
      { numRuns: 10 },
    );
  });
});
