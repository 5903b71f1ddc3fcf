import {
  type DataType,
  Dictionary,
  Field,
  Float64,
  Int8,
  Int32,
  Int64,
  LargeList,
  LargeUtf8,
  List,
  makeData,
  makeVector,
  Null,
  Schema,
  Struct,
  Uint32,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { makeBatch } from '../../src/columns/batch.ts';
import {
  conform,
  deserializeSchema,
  findTextColumn,
  nullColumn,
  sameType,
  serializeSchema,
  unionSchemas,
} from '../../src/columns/schema.ts';
import { describeType } from '../../src/columns/types.ts';
import { CurationError } from '../../src/errors.ts';
import { randomColumn, randomFrom, TYPES, valuesOf } from './samples.ts';

const field = (name: string, type: DataType, nullable = true) => new Field(name, type, nullable);
const errorOf = (run: () => unknown): CurationError => {
  try {
    run();
  } catch (error) {
    if (error instanceof CurationError) return error;
    throw error;
  }
  throw new Error('expected an error');
};
const summary = (schema: Schema) =>
  schema.fields.map(({ name, type, nullable }) => `${name}: ${describeType(type)}${nullable ? '?' : ''}`);

describe('the union of schemas', () => {
  test('takes columns by name in order of first appearance, nullable where they are missing', () => {
    const union = unionSchemas([
      {
        path: 'a',
        schema: new Schema(
          [field('x', new Int32(), false), field('y', new Utf8(), false)],
          new Map([['k', 'v']]),
        ),
      },
      { path: 'b', schema: new Schema([field('z', new Float64(), false), field('y', new Utf8(), false)]) },
    ]);
    expect(summary(union)).toEqual(['x: int32?', 'y: utf8', 'z: float64?']);
    expect(union.metadata).toEqual(new Map([['k', 'v']]));
  });

  test('lets Null become any type and widens to the large form, inside lists and structs too', () => {
    const one = new Struct([field('a', new Null()), field('b', new List(field('item', new LargeUtf8())))]);
    const two = new Struct([field('a', new Int64()), field('b', new List(field('element', new Null())))]);
    const schemas = [
      new Schema([field('n', new Null()), field('s', new Utf8(), false), field('t', one, false)]),
      new Schema([field('n', new Int8(), false), field('s', new LargeUtf8(), false), field('t', two, false)]),
    ];
    const union = unionSchemas(schemas.map((schema, i) => ({ path: `${i}`, schema })));
    expect(summary(union)).toEqual([
      'n: int8?',
      's: large_utf8',
      't: struct<"a": int64, "b": list<large_utf8>>',
    ]);
  });

  test('refuses two types of one name, and says where both are', () => {
    const sources = [
      { path: 'first.parquet', schema: new Schema([field('x', new Null())]) },
      { path: 'second.parquet', schema: new Schema([field('x', new Int32())]) },
      { path: 'third.parquet', schema: new Schema([field('x', new Utf8())]) },
    ];
    const error = errorOf(() => unionSchemas(sources));
    expect(error.code).toBe('BAD_INPUT');
    expect(error.message).toMatch(/third\.parquet.*"x".*int32.*second\.parquet.*utf8/);
  });

  test('refuses a name that a source has twice', () => {
    const schema = new Schema([field('x', new Int32()), field('x', new Int32())]);
    expect(errorOf(() => unionSchemas([{ path: 'p', schema }])).code).toBe('UNSUPPORTED');
  });

  test('of no sources has no columns', () => {
    expect(unionSchemas([]).fields).toEqual([]);
  });
});

describe('conform', () => {
  const batchOf = (fields: Field[], rowCount: number) =>
    makeBatch(
      new Schema(fields),
      rowCount,
      fields.map(({ type }, i) => randomColumn(type, rowCount, randomFrom(i))),
    );

  test('returns a batch that fits as it is', () => {
    const batch = batchOf([field('x', new Int32()), field('y', new Utf8())], 5);
    expect(conform(batch, new Schema([field('x', new Int32()), field('y', new Utf8())]))).toBe(batch);
  });

  test('orders columns and adds missing ones of every type as nulls', () => {
    const batch = batchOf([field('x', new Int32()), field('y', new Utf8())], 9);
    const added = TYPES.map((type, i) => field(`t${i}`, type));
    const result = conform(batch, new Schema([field('y', new Utf8()), ...added, field('x', new Int32())]));
    expect(valuesOf(result.data.children[0]!)).toEqual(valuesOf(batch.data.children[1]!));
    expect(valuesOf(result.data.children.at(-1)!)).toEqual(valuesOf(batch.data.children[0]!));
    added.forEach((_, i) => {
      expect(valuesOf(result.data.children[i + 1]!)).toEqual(Array(9).fill(null));
    });
  });

  test('widens and gives Null a type without losing a value', () => {
    const from = new List(field('item', new Struct([field('s', new Utf8()), field('n', new Null())])));
    const to = new LargeList(
      field('item', new Struct([field('s', new LargeUtf8()), field('n', new Int8())])),
    );
    const batch = batchOf([field('x', from)], 30);
    const result = conform(batch, new Schema([field('x', to)]));
    expect(sameType(result.data.children[0]!.type, to)).toBe(true);
    expect(valuesOf(result.data.children[0]!)).toEqual(valuesOf(batch.data.children[0]!));
  });

  test('flattens dictionaries, nulls and nested ones included', () => {
    const type = new Dictionary(new Utf8(), new Int8());
    const dictionary = vectorFromArray(['a', null, 'ccc'], new Utf8());
    const nullBitmap = Uint8Array.of(0b11011);
    const data = makeData({
      type,
      nullBitmap,
      data: Int8Array.of(2, 0, 99, 1, 2),
      length: 5,
      dictionary,
    } as never);
    const outer = new List(field('item', type));
    const lists = makeData({ type: outer, valueOffsets: Int32Array.of(0, 2, 5), child: data });
    const batch = makeBatch(new Schema([field('x', type)]), 3, [data.slice(1, 3)]);
    expect(valuesOf(conform(batch, new Schema([field('x', new Utf8())])).data.children[0]!)).toEqual([
      'a',
      null,
      null,
    ]);
    const nested = makeBatch(new Schema([field('x', outer)]), 2, [lists]);
    const plain = unionSchemas([{ path: 'p', schema: nested.schema }]);
    expect(valuesOf(conform(nested, plain).data.children[0]!)).toEqual([
      ['ccc', 'a'],
      [null, null, 'ccc'],
    ]);
  });

  test('refuses a key beyond its dictionary', () => {
    const type = new Dictionary(new Utf8(), new Uint32());
    const data = makeData({
      type,
      data: Uint32Array.of(2),
      dictionary: vectorFromArray(['a', 'b'], new Utf8()),
    } as never);
    const batch = makeBatch(new Schema([field('x', type)]), 1, [data]);
    expect(errorOf(() => conform(batch, new Schema([field('x', new Utf8())]))).code).toBe('BAD_INPUT');
  });

  test('refuses another type and a column that the schema lacks', () => {
    const batch = batchOf([field('x', new Int32())], 2);
    expect(errorOf(() => conform(batch, new Schema([field('x', new Utf8())]))).message).toContain(
      'expected utf8, found int32',
    );
    expect(errorOf(() => conform(batch, new Schema([]))).code).toBe('BAD_INPUT');
  });
});

test('a schema survives its message, every type and all metadata included', () => {
  const metadata = new Map([['pandas', '{"x": "é"}']]);
  const fields = TYPES.map((type, i) => new Field(`c${i}`, type, i % 2 === 0, new Map([['i', `${i}`]])));
  const bytes = serializeSchema(new Schema(fields, metadata));
  expect(bytes.byteLength).toBe(bytes.buffer.byteLength);
  const back = deserializeSchema(structuredClone(bytes));
  expect(back.metadata).toEqual(metadata);
  expect(back.fields.map((f) => [f.name, describeType(f.type), f.nullable, f.metadata.get('i')])).toEqual(
    fields.map((f) => [f.name, describeType(f.type), f.nullable, f.metadata.get('i')]),
  );
});

test('types are told apart by everything that changes their meaning', () => {
  for (const a of TYPES) for (const b of TYPES) expect(sameType(a, b)).toBe(a === b);
});

test('a null column has nulls only', () => {
  for (const type of TYPES) expect(valuesOf(nullColumn(type, 3))).toEqual([null, null, null]);
});

test('the text column is found by name, and a miss lists what there is', () => {
  const schema = new Schema([
    field('id', new Int64()),
    field('body', new LargeUtf8()),
    field('tag', new Dictionary(new Utf8(), new Int8())),
  ]);
  expect(findTextColumn(schema, 'body', 'p')).toBe(1);
  expect(findTextColumn(schema, 'tag', 'p')).toBe(2);
  const missing = errorOf(() => findTextColumn(schema, 'text', 'in.parquet'));
  expect(missing.code).toBe('USAGE');
  expect(missing.message).toContain('in.parquet: text column "text"');
  expect(missing.message).toContain('"id" (int64), "body" (large_utf8)');
  expect(errorOf(() => findTextColumn(schema, 'id', 'p')).message).toContain('found int64');
});

test('a dictionary of another batch is not needed to read a flattened one', () => {
  const type = new Dictionary(new Utf8(), new Int32());
  const data = makeData({
    type,
    data: Int32Array.of(0),
    dictionary: makeVector(nullColumn(new Utf8(), 1)),
  } as never);
  const batch = makeBatch(new Schema([field('x', type)]), 1, [data]);
  expect(valuesOf(conform(batch, new Schema([field('x', new Utf8())])).data.children[0]!)).toEqual([null]);
});
