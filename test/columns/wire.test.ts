import { Binary, type Data, type DataType, Field, Int32, Int64, makeData, Schema, Utf8 } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Batch, makeBatch } from '../../src/columns/batch.ts';
import { describeType } from '../../src/columns/types.ts';
import { place, placedByteLength, restore } from '../../src/columns/wire.ts';
import { CurationError } from '../../src/errors.ts';
import { randomColumn, randomFrom, TYPES, valuesOf } from './samples.ts';

const schemaOf = (...types: DataType[]) => new Schema(types.map((type, i) => new Field(`c${i}`, type, true)));
const batchOf = (schema: Schema, rowCount: number, random: () => number): Batch =>
  makeBatch(
    schema,
    rowCount,
    schema.fields.map((field) => randomColumn(field.type, rowCount, random)),
  );
const sharedBytes = (byteLength: number) => new Uint8Array(new SharedArrayBuffer(byteLength)).fill(0xee);
const batchOfData = (data: Data): Batch => makeBatch(schemaOf(data.type), data.length, [data]);
const codeOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof CurationError) return error.code;
    throw error;
  }
  return 'no error';
};

describe.each(TYPES.map((type) => [describeType(type), type] as const))(
  'place and restore of %s',
  (_, type) => {
    test('give back the same rows from shared memory, using exactly the bytes promised', () => {
      const schema = schemaOf(type);
      fc.assert(
        fc.property(fc.integer(), fc.nat(60), fc.nat(3), (seed, rowCount, lead) => {
          const batch = batchOf(schema, rowCount, randomFrom(seed));
          const expected = valuesOf(batch.data.children[0]!);
          const used = placedByteLength(batch);
          const start = lead * 64;
          const slab = sharedBytes(start + used + 64);
          const placement = structuredClone(place(batch, slab, start));
          const restored = restore(schema, placement, slab);
          expect(restored.numRows).toBe(rowCount);
          expect(valuesOf(restored.data.children[0]!)).toEqual(expected);
          expect(
            [...slab.subarray(0, start), ...slab.subarray(start + used)].every((byte) => byte === 0xee),
          ).toBe(true);
        }),
        { numRuns: 12 },
      );
    });
  },
);

test('many columns lie side by side', () => {
  const schema = schemaOf(...TYPES, ...TYPES);
  const batch = batchOf(schema, 23, randomFrom(5));
  const slab = sharedBytes(placedByteLength(batch));
  const restored = restore(schema, place(batch, slab), slab);
  schema.fields.forEach((_, i) => {
    expect(valuesOf(restored.data.children[i]!)).toEqual(valuesOf(batch.data.children[i]!));
  });
});

test('only the rows of a slice are counted and copied', () => {
  const texts = Array.from({ length: 100 }, () => 'x'.repeat(100));
  const offsets = Int32Array.from({ length: 101 }, (_, i) => i * 100);
  const data = makeData({
    type: new Utf8(),
    length: 100,
    valueOffsets: offsets,
    data: Buffer.from(texts.join('')),
  });
  const part = batchOfData(data.slice(40, 2));
  // Three offsets and 200 bytes, each from a multiple of 64 on.
  expect(placedByteLength(part)).toBe(64 + 256);
  const slab = sharedBytes(320);
  const restored = restore(part.schema, place(part, slab), slab).data.children[0]!;
  expect([...restored.valueOffsets]).toEqual([0, 100, 200]);
});

test('restored buffers are views on the slab', () => {
  const batch = batchOfData(makeData({ type: new Int32(), data: Int32Array.of(1, 2, 3) }));
  const slab = sharedBytes(placedByteLength(batch));
  const restored = restore(batch.schema, place(batch, slab), slab);
  new Int32Array(slab.buffer)[1] = 42;
  expect(restored.data.children[0]!.values).toEqual(Int32Array.of(1, 42, 3));
});

test('a slab that is too small, or a place that is not aligned, is refused', () => {
  const batch = batchOfData(makeData({ type: new Int64(), data: BigInt64Array.of(1n, 2n) }));
  expect(() => place(batch, sharedBytes(63))).toThrow(RangeError);
  expect(() => place(batch, sharedBytes(64), 64)).toThrow('expected at least 128');
  expect(() => place(batch, sharedBytes(256), 8)).toThrow(RangeError);
  expect(() => place(batch, sharedBytes(256).subarray(4))).toThrow(RangeError);
});

describe('damaged data is refused before its bytes are used', () => {
  const bytes = Buffer.from('abcdef');
  const text = (...offsets: number[]) =>
    batchOfData(makeData({ type: new Binary(), valueOffsets: Int32Array.from(offsets), data: bytes }));
  const slab = sharedBytes(1024);

  test.each([
    ['offsets that go back', text(0, 4, 2, 6)],
    ['offsets beyond the bytes', text(0, 3, 7)],
    ['offsets below zero', text(-1, 3)],
    ['missing offsets', batchOfData(text(0, 3).data.children[0]!.clone(new Binary(), 0, 9))],
    ['missing values', batchOfData(makeData({ type: new Int32(), length: 9, data: Int32Array.of(1) }))],
    [
      'a short validity bitmap',
      batchOfData(
        makeData({ type: new Int32(), length: 9, nullBitmap: Uint8Array.of(1), data: new Int32Array(9) }),
      ),
    ],
  ])('%s', (_, batch) => {
    expect(codeOf(() => placedByteLength(batch))).toBe('BAD_INPUT');
    expect(codeOf(() => place(batch, slab))).toBe('BAD_INPUT');
  });
});
