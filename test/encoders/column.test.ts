import {
  type DataType,
  Field,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int32,
  LargeList,
  List,
  Schema,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Batch, makeBatch } from '../../src/columns/batch.ts';
import { makeColumn } from '../../src/columns/buffers.ts';
import { createColumnEncoder, planColumn } from '../../src/encoders/column.ts';
import { quantise, type Vectors } from '../../src/kernels/vectors/vectors.ts';
import { repeat } from './static-models.ts';

type Row = readonly (number | null)[] | null;
const text = { bytes: new Uint8Array(), offsets: new Int32Array(1), rowCount: 0 };
const item = (type: DataType) => new Field('item', type, true);

function batchOf(type: DataType, rows: readonly Row[]): Batch {
  const data = vectorFromArray(rows, type).data[0]!;
  return makeBatch(new Schema([new Field('v', type, true)]), rows.length, [data]);
}

async function embed(batch: Batch, planned: Batch = batch): Promise<Vectors> {
  return createColumnEncoder(planColumn(planned, 'v')!).embed(batch, text);
}

const types: readonly (readonly [string, DataType])[] = [
  ['lists of 64-bit floats', new List(item(new Float64()))],
  ['lists of 32-bit floats', new List(item(new Float32()))],
  ['lists of 16-bit floats', new List(item(new Float16()))],
  ['lists of one size', new FixedSizeList(3, item(new Float32()))],
];

describe.each(types)('of %s', (_, type) => {
  const rows: readonly Row[] = [[0, 0, 0], [1, -0.5, 0.25], null, [-2, 4, 8]];

  test('vectors are the rows scaled to whole numbers, and a null says nothing', async () => {
    const vectors = await embed(batchOf(type, rows));
    expect(vectors).toMatchObject({ count: 4, dimensions: 16 });
    const padding = repeat(13, 0);
    // 127 / 2 and 127 / 4, halves up; -63.5 goes up to -63.
    expect([...vectors.values]).toEqual(
      [
        [0, 0, 0],
        [127, -63, 32],
        [0, 0, 0],
        [-32, 64, 127],
      ].flatMap((row) => [...row, ...padding]),
    );
    expect([...vectors.squares]).toEqual([0, 127 ** 2 + 63 ** 2 + 32 ** 2, 0, 32 ** 2 + 64 ** 2 + 127 ** 2]);
  });

  test('a slice of a batch has the vectors of its rows', async () => {
    const whole = batchOf(type, rows);
    const all = await embed(whole);
    for (let start = 0; start <= 4; start++) {
      const part = await embed(whole.slice(start, 4) as Batch, whole);
      expect([...part.values]).toEqual([...all.values.subarray(start * 16)]);
      expect([...part.squares]).toEqual([...all.squares.subarray(start)]);
    }
  });

  test('a number that is missing or not finite is refused with its row', async () => {
    for (const bad of [null, NaN, Infinity]) {
      await expect(embed(batchOf(type, [[1, 2, 3], null, [1, bad, 3]]))).rejects.toMatchObject({
        code: 'BAD_INPUT',
        message: expect.stringMatching(
          /column "v", row 2 of its batch: expected finite numbers, found .* at 1/,
        ),
      });
    }
  });

  test('no rows are no vectors', async () => {
    expect(await embed(batchOf(type, []), batchOf(type, rows))).toMatchObject({ count: 0 });
  });
});

test('large lists are lists', async () => {
  const type = new LargeList(item(new Float32()));
  const elements = vectorFromArray([9, 1, 2, 3, 4], new Float32()).data[0]!;
  const offsets = new Uint8Array(BigInt64Array.of(1n, 3n, 5n).buffer);
  const data = makeColumn(type, 2, 0, { offsets }, [elements]);
  const vectors = await embed(makeBatch(new Schema([new Field('v', type)]), 2, [data]));
  expect([...vectors.values.subarray(0, 3), ...vectors.values.subarray(16, 19)]).toEqual([
    64, 127, 0, 95, 127, 0,
  ]);
});

test('a vector is that of its row in every batch', async () => {
  const type = new List(item(new Float64()));
  const number = fc.double({ noNaN: true, noDefaultInfinity: true });
  const row = fc.option(fc.array(number, { minLength: 5, maxLength: 5 }), { freq: 4 });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 8 }), async (rows) => {
      const { values, squares } = await embed(batchOf(type, rows), batchOf(type, [[1, 2, 3, 4, 5]]));
      for (const [i, each] of rows.entries()) {
        const expected = new Int8Array(16);
        expect(squares[i]).toBe(each === null ? 0 : quantise(Float64Array.from(each), expected, 0));
        expect([...values.subarray(i * 16, i * 16 + 16)]).toEqual([...expected]);
      }
      expect(squares).toHaveLength(rows.length);
    }),
  );
});

describe('a plan', () => {
  const lists = new List(item(new Float32()));
  const ofLength = (length: number) => batchOf(lists, [null, repeat(length, 1), [1]]);

  test('is of the first row that is there, rounded up to 16', () => {
    for (const [length, dimensions] of [
      [1, 16],
      [16, 16],
      [17, 32],
      [1024, 1024],
    ] as const) {
      expect(planColumn(ofLength(length), 'v')).toEqual({ kind: 'column', column: 'v', length, dimensions });
    }
  });

  test('is of the type where that tells, even without rows', () => {
    expect(planColumn(batchOf(new FixedSizeList(20, item(new Float32())), []), 'v')).toMatchObject({
      length: 20,
      dimensions: 32,
    });
  });

  test('waits for a row that tells', () => {
    expect(planColumn(batchOf(lists, []), 'v')).toBeUndefined();
    expect(planColumn(batchOf(lists, [null, null]), 'v')).toBeUndefined();
    expect(planColumn(batchOf(lists, [null, [1]]).slice(0, 1) as Batch, 'v')).toBeUndefined();
    expect(planColumn(batchOf(lists, [[1, 2], null, [1]]).slice(1) as Batch, 'v')).toMatchObject({
      length: 1,
    });
  });

  test('is refused for no vectors, too long ones, other columns and no column', () => {
    const usage = (message: RegExp) =>
      expect.objectContaining({ code: 'USAGE', message: expect.stringMatching(message) });
    expect(() => planColumn(ofLength(0), 'v')).toThrow(usage(/1 to 1024 numbers, found 0/));
    expect(() => planColumn(ofLength(1025), 'v')).toThrow(usage(/1 to 1024 numbers, found 1025/));
    expect(() => planColumn(ofLength(1), 'w')).toThrow(usage(/a column "w" with vectors, found "v"/));
    expect(() => planColumn(batchOf(new List(item(new Int32())), []), 'v')).toThrow(usage(/list<int32>/));
    const words = makeBatch(new Schema([new Field('v', new Utf8())]), 1, [
      vectorFromArray(['a'], new Utf8()).data[0]!,
    ]);
    expect(() => planColumn(words, 'v')).toThrow(usage(/found utf8/));
  });
});

test('a list of another length is refused with its row', async () => {
  const lists = new List(item(new Float32()));
  for (const odd of [[], [1], [1, 2, 3]]) {
    await expect(embed(batchOf(lists, [[1, 2], odd]))).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: `column "v", row 1 of its batch: expected 2 numbers, as in the rows before, found ${odd.length}`,
    });
  }
});
