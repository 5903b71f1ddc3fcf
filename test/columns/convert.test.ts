import {
  Binary,
  type DataType,
  DenseUnion,
  Dictionary,
  Field,
  Float64,
  Int8,
  Int16,
  Int32,
  LargeBinary,
  LargeUtf8,
  List,
  Map_,
  makeData,
  Null,
  Struct,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { convertColumn, plainType, unifyTypes } from '../../src/columns/convert.ts';
import { describeType, sameType } from '../../src/columns/types.ts';
import { randomColumn, randomFrom, TYPES, valuesOf } from './samples.ts';

const field = (name: string, type: DataType, nullable = true) => new Field(name, type, nullable);
const unified = (a: DataType, b: DataType) => {
  const type = unifyTypes(a, b);
  return type && describeType(type);
};

test('every type goes with itself and with Null, and with no other plain type of the list', () => {
  for (const a of TYPES) {
    expect(unified(a, a)).toBe(describeType(a));
    expect(unified(a, new Null())).toBe(describeType(a));
    expect(unified(new Null(), a)).toBe(describeType(a));
  }
  expect(unified(new Int32(), new Int16())).toBeUndefined();
  expect(unified(new Utf8(), new Binary())).toBeUndefined();
  expect(unified(new LargeUtf8(), new Utf8())).toBe('large_utf8');
  expect(unified(new Binary(), new LargeBinary())).toBe('large_binary');
  expect(unified(new Struct([field('a', new Int8())]), new Struct([field('b', new Int8())]))).toBeUndefined();
  const a = new Struct([field('a', new Int8())]);
  const ab = new Struct([field('a', new Int8()), field('b', new Int8())]);
  expect(unified(a, ab)).toBeUndefined();
  expect(unified(ab, a)).toBeUndefined();
});

test('a part that is nullable or Null in one of two types is nullable in their union', () => {
  const one = new List(field('item', new Int8(), false));
  const other = new List(field('item', new Int8(), true));
  expect(unifyTypes(one, one)!.children[0]!.nullable).toBe(false);
  expect(unifyTypes(one, other)!.children[0]!.nullable).toBe(true);
  expect(unifyTypes(new List(field('item', new Null(), false)), one)!.children[0]!.nullable).toBe(true);
});

test('dictionaries become plain wherever they are', () => {
  const words = new Dictionary(new Utf8(), new Int8());
  const entries = new Struct([new Field('key', words, false), field('value', words)]);
  const types: [DataType, string][] = [
    [new List(field('item', words)), 'list<utf8>'],
    [new Map_(new Field('entries', entries, false) as never), 'map<utf8, utf8>'],
    [new Dictionary(new Struct([field('w', words)]), new Int8()), 'struct<"w": utf8>'],
    [new DenseUnion([3], [field('w', words)]), 'dense_union<3 "w": utf8>'],
  ];
  for (const [type, expected] of types) expect(describeType(plainType(type))).toBe(expected);
  for (const type of TYPES) expect(plainType(type)).toBe(type);
});

test('widening keeps the values of any slice', () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(40), fc.boolean(), (seed, length, isText) => {
      const [from, to] = isText ? [new Utf8(), new LargeUtf8()] : [new Binary(), new LargeBinary()];
      const data = randomColumn(from, length, randomFrom(seed));
      const wide = convertColumn(data, to, 'x');
      expect(sameType(wide.type, to)).toBe(true);
      expect(valuesOf(wide)).toEqual(valuesOf(data));
    }),
  );
});

test('flattening a dictionary reads as the dictionary reads', () => {
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.constantFrom('', 'a', 'long text above twelve'), { nil: null }), {
        maxLength: 30,
      }),
      fc.nat(10),
      (values, start) => {
        const data = vectorFromArray(values, new Dictionary(new Utf8(), new Int32())).data[0]!;
        const part = data.slice(Math.min(start, values.length), Math.max(0, values.length - start));
        expect(valuesOf(convertColumn(part, new Utf8(), 'x'))).toEqual(values.slice(start));
      },
    ),
  );
});

test('a dictionary in several pieces is one dictionary', () => {
  const type = new Dictionary(new Utf8(), new Int8());
  const first = vectorFromArray(['a', 'b'], new Utf8());
  const dictionary = first.concat(vectorFromArray(['c'], new Utf8()));
  const data = makeData({ type, data: Int8Array.of(2, 1, 0, 2), dictionary } as never);
  expect(valuesOf(convertColumn(data, new Utf8(), 'x'))).toEqual(['c', 'b', 'a', 'c']);
});

test('a conversion that would lose something is refused', () => {
  const wide = randomColumn(new LargeUtf8(), 3, randomFrom(1));
  expect(() => convertColumn(wide, new Utf8(), 'x')).toThrow('column "x": expected utf8, found large_utf8');
  const number = randomColumn(new Int32(), 3, randomFrom(1));
  expect(() => convertColumn(number, new Float64(), 'x')).toThrow('expected float64, found int32');
});
