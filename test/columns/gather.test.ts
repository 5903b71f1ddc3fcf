import { Binary, type Data, type DataType, Field, Int32, makeData, Schema } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Batch, makeBatch } from '../../src/columns/batch.ts';
import { gather, type Piece } from '../../src/columns/gather.ts';
import { describeType } from '../../src/columns/types.ts';
import { randomColumn, randomFrom, TYPES, valuesOf } from './samples.ts';

const schemaOf = (...types: DataType[]) => new Schema(types.map((type, i) => new Field(`c${i}`, type, true)));
const batchOf = (schema: Schema, rowCount: number, random: () => number): Batch =>
  makeBatch(
    schema,
    rowCount,
    schema.fields.map((field) => randomColumn(field.type, rowCount, random)),
  );
const choose = (rowCount: number, share: number, random: () => number) =>
  Uint32Array.from([...Array(rowCount).keys()].filter(() => random() < share));

function expectedRows(pieces: readonly Piece[], column: number): unknown[] {
  return pieces.flatMap(({ batch, rows }) => {
    const all = valuesOf(batch.data.children[column]!);
    return rows === undefined ? all : Array.from(rows, (row) => all[row]);
  });
}

function buffersOf(data: Data): ArrayBufferView[] {
  const own = [data.valueOffsets, data.values, data.nullBitmap, data.typeIds, ...data.variadicBuffers];
  const present = own.filter((buffer) => ArrayBuffer.isView(buffer)) as ArrayBufferView[];
  return [...present, ...data.children.flatMap(buffersOf)];
}

/** Everything a column stores, to the last padding byte. */
const storedBytes = (batch: Batch) =>
  batch.data.children
    .flatMap(buffersOf)
    .map((view) => Buffer.from(view.buffer as ArrayBuffer).toString('hex'));

describe.each(TYPES.map((type) => [describeType(type), type] as const))('gather of %s', (_, type) => {
  const schema = schemaOf(type);

  test('keeps the chosen rows of all pieces in order', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(fc.tuple(fc.nat(40), fc.constantFrom(undefined, 0, 0.5, 0.9)), { maxLength: 4 }),
        (seed, shapes) => {
          const random = randomFrom(seed);
          const pieces = shapes.map(([rowCount, share]) => {
            const batch = batchOf(schema, rowCount, random);
            return { batch, rows: share === undefined ? undefined : choose(rowCount, share, random) };
          });
          const result = gather(schema, pieces);
          const expected = expectedRows(pieces, 0);
          expect(result.numRows).toBe(expected.length);
          expect(valuesOf(result.data.children[0]!)).toEqual(expected);
        },
      ),
      { numRuns: 12 },
    );
  });
});

test('each buffer owns a padded ArrayBuffer for itself alone', () => {
  const schema = schemaOf(...TYPES);
  const batch = batchOf(schema, 37, randomFrom(3));
  const result = gather(schema, [{ batch, rows: choose(37, 0.6, randomFrom(4)) }]);
  const buffers = result.data.children.flatMap(buffersOf);
  for (const { buffer, byteOffset } of buffers) {
    expect(byteOffset).toBe(0);
    expect(buffer.byteLength % 64).toBe(0);
  }
  expect(new Set(buffers.map(({ buffer }) => buffer)).size).toBe(buffers.length);
});

test('the bytes of the result do not depend on how the rows were cut into pieces', () => {
  const schema = schemaOf(...TYPES);
  const batch = batchOf(schema, 61, randomFrom(11));
  const whole = gather(schema, [{ batch, rows: undefined }]);
  const cuts = [0, 1, 9, 30, 30, 47, 61];
  const pieces = cuts.slice(1).map((end, i) => ({ batch: batch.slice(cuts[i], end), rows: undefined }));
  expect(storedBytes(gather(schema, pieces))).toEqual(storedBytes(whole));
});

test('long texts come out of shared memory whole', () => {
  const random = randomFrom(8);
  const texts = Array.from({ length: 200 }, (_, i) => Buffer.alloc(Math.floor(random() * 3000), i + 1));
  const offsets = [0];
  for (const text of texts) offsets.push(offsets.at(-1)! + text.length);
  const shared = new Uint8Array(new SharedArrayBuffer(offsets.at(-1)!));
  shared.set(Buffer.concat(texts));
  const data = makeData({ type: new Binary(), valueOffsets: Int32Array.from(offsets), data: shared });
  const schema = schemaOf(data.type);
  for (const share of [0, 0.3, 0.9, 1]) {
    const rows = choose(texts.length, share, random);
    const { values, valueOffsets } = gather(schema, [{ batch: makeBatch(schema, 200, [data]), rows }]).data
      .children[0]! as Data<Binary>;
    expect(Buffer.from(values).equals(Buffer.concat(Array.from(rows, (row) => texts[row]!)))).toBe(true);
    expect([...valueOffsets].slice(1).map((end, i) => end - valueOffsets[i]!)).toEqual(
      Array.from(rows, (row) => texts[row]!.length),
    );
  }
});

test('an answer above 2 GiB is refused before memory is asked for', () => {
  const data = makeData({
    type: new Binary(),
    valueOffsets: Int32Array.of(0, 2 ** 30),
    data: new Uint8Array(2 ** 30),
  });
  const schema = schemaOf(data.type);
  const piece = { batch: makeBatch(schema, 1, [data]), rows: undefined };
  expect(() => gather(schema, [piece, piece])).toThrow('found 2147483648; use smaller batches');
});

test('no pieces and no columns make an empty batch', () => {
  expect(gather(schemaOf(...TYPES), []).numRows).toBe(0);
  const none = new Schema([]);
  expect(gather(none, [{ batch: makeBatch(none, 5, []), rows: Uint32Array.of(1, 4) }]).numRows).toBe(2);
});

test('a batch of another type is refused', () => {
  const schema = schemaOf(new Int32());
  const batch = batchOf(schemaOf(TYPES[1]!), 3, randomFrom(1));
  expect(() => gather(schema, [{ batch, rows: undefined }])).toThrow('expected int32, found bool');
});

test('a row beyond the batch is refused', () => {
  const schema = schemaOf(new Int32());
  const batch = batchOf(schema, 3, randomFrom(1));
  expect(() => gather(schema, [{ batch, rows: Uint32Array.of(3) }])).toThrow(RangeError);
});
