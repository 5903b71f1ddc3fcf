import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Bool,
  type DataType,
  Dictionary,
  Field,
  FixedSizeList,
  Float64,
  Int8,
  Int32,
  LargeUtf8,
  List,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Table,
  Utf8,
  Utf8View,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { makeBatch } from '../../../src/columns/batch.ts';
import { nullColumn } from '../../../src/columns/types.ts';
import { decodedBytes } from '../../../src/formats/arrow/decoded-bytes.ts';
import type { ArrowMorsel } from '../../../src/formats/arrow/morsel.ts';
import { openArrow } from '../../../src/formats/arrow/source.ts';
import type { Source } from '../../../src/formats/format.ts';
import { chunked, readRows, type Value } from './read-values.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-arrow-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'x.arrow');

const types: readonly (readonly [string, DataType, fc.Arbitrary<unknown>])[] = [
  ['text', new Utf8(), fc.string({ unit: 'grapheme', maxLength: 40 })],
  ['view', new Utf8View(), fc.string({ unit: 'grapheme', maxLength: 40 })],
  ['large', new LargeUtf8(), fc.string({ maxLength: 10 })],
  ['flag', new Bool(), fc.boolean()],
  ['real', new Float64(), fc.double({ noNaN: true })],
  [
    'list',
    new List(new Field('item', new Utf8(), true)),
    fc.array(fc.string({ maxLength: 5 }), { maxLength: 4 }),
  ],
  ['pair', new FixedSizeList(2, new Field('item', new Int32(), true)), fc.tuple(fc.nat(), fc.nat())],
  [
    'struct',
    new Struct([new Field('a', new Int32(), true), new Field('b', new Bool(), true)]),
    fc.record({ a: fc.nat(), b: fc.boolean() }),
  ],
];

/** How a value of a column is written down by `valueAt`. */
function written(name: string, value: unknown): Value {
  if (value === null) return null;
  if (name === 'pair') return (value as number[]).map(String);
  if (name !== 'struct') return value as Value;
  const { a, b } = value as { a: number; b: boolean };
  return [
    ['a', String(a)],
    ['b', b],
  ];
}

const tables = fc
  .array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 3 })
  .chain((sizes) =>
    fc.tuple(
      ...sizes.map((rowCount) =>
        fc.tuple(
          ...types.map(([, , value]) =>
            fc.array(fc.option(value, { freq: 4 }), { minLength: rowCount, maxLength: rowCount }),
          ),
        ),
      ),
    ),
  );

function ipc(batches: unknown[][][], isFile: boolean): Uint8Array {
  const schema = new Schema(types.map(([name, type]) => new Field(name, type, true)));
  const writer = isFile ? new RecordBatchFileWriter() : new RecordBatchStreamWriter();
  writer.reset(undefined, schema);
  for (const columns of batches) {
    const children = columns.map((values, c) =>
      values.length === 0 ? nullColumn(types[c]![1], 0) : vectorFromArray(values, types[c]![1]).data[0]!,
    );
    writer.write(makeBatch(schema, columns[0]!.length, children));
  }
  writer.finish();
  return writer.toUint8Array(true);
}

test('rows are the same whatever the form, the morsel size, the limit and the chunks', async () => {
  await fc.assert(
    fc.asyncProperty(
      tables,
      fc.boolean(),
      fc.constantFrom(1, 100, 2 ** 20),
      fc.integer({ min: 1, max: 3000 }),
      fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 4 }),
      async (batches, isFile, morselBytes, byteLimit, lengths) => {
        const bytes = ipc(batches, isFile);
        const expected = batches.flatMap((columns) =>
          columns[0]!.map((_, row) => columns.map((values, c) => written(types[c]![0], values[row]))),
        );
        writeFileSync(path, bytes);
        const sources: Source[] = [await openArrow(path)];
        if (!isFile) sources.push(await openArrow('-', chunked(bytes, lengths)));
        for (const source of sources) {
          const { rows } = await readRows(source, {
            morselBytes,
            byteLimit,
            onDecoded: ({ batch }) => {
              const { children } = batch.data;
              const held = children.reduce((sum, child) => sum + decodedBytes(child, 0, batch.numRows), 0);
              expect(batch.numRows === 1 || held <= byteLimit).toBe(true);
            },
          });
          expect(rows).toEqual(expected);
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('only wanted columns come, in the order of the source', async () => {
  writeFileSync(path, ipc([types.map(([name]) => [name === 'flag' ? true : null])], true));
  const source = await openArrow(path);
  let names: string[] = [];
  const { rows } = await readRows(source, {
    columns: ['flag', 'text'],
    onDecoded: ({ batch }) => {
      names = batch.schema.names.map(String);
    },
  });
  expect(names).toEqual(['text', 'flag']);
  expect(rows).toEqual([[null, true]]);
  await expect(readRows(source, { columns: ['gone'] })).rejects.toMatchObject({
    code: 'USAGE',
    message: /expected a column "gone", found text, view/,
  });
});

test('views come as plain text, large text stays large, dictionaries become their values', async () => {
  writeFileSync(path, ipc([types.map(() => [null])], true));
  const schema = (await openArrow(path)).schema;
  expect(schema.fields.map((field) => String(field.type)).slice(0, 3)).toEqual(['Utf8', 'Utf8', 'LargeUtf8']);
});

function dictionaryStream(values: readonly (string | null)[][]): Uint8Array {
  const type = new Dictionary(new Utf8(), new Int8(), 7);
  const schema = new Schema([new Field('word', type, true)]);
  const writer = new RecordBatchStreamWriter();
  writer.reset(undefined, schema);
  for (const rows of values) {
    writer.write(makeBatch(schema, rows.length, [vectorFromArray(rows, type).data[0]!]));
  }
  writer.finish();
  return writer.toUint8Array(true);
}

test('each batch sees the dictionary as it was when the batch was written', async () => {
  const batches = [['a', 'b', null, 'a'], ['c', 'a', 'c'], ['x'], [null]];
  const bytes = dictionaryStream(batches);
  writeFileSync(path, bytes);
  for (const source of [await openArrow(path), await openArrow('-', chunked(bytes, [50]))]) {
    expect(String(source.schema.fields[0]!.type)).toBe('Utf8');
    expect((await readRows(source)).rows.flat()).toEqual(batches.flat());
  }
});

test('batches can be decoded in any order by threads that know nothing of each other', async () => {
  writeFileSync(path, dictionaryStream([['a', 'b'], ['c', 'd', 'a'], ['e']]));
  const source = await openArrow(path);
  const morsels: ArrowMorsel[] = [];
  for await (const morsel of source.morsels({ morselBytes: 1 })) morsels.push(morsel as ArrowMorsel);
  const seen: Value[] = [];
  for (const morsel of morsels.toReversed()) {
    const alone: Source = {
      ...source,
      morsels: () => listed([{ ...morsel, source: `thread ${seen.length}` }]),
    };
    seen.unshift(...(await readRows(alone)).rows.flat());
  }
  expect(seen).toEqual(['a', 'b', 'c', 'd', 'a', 'e']);
});

async function* listed(morsels: readonly ArrowMorsel[]): AsyncGenerator<ArrowMorsel> {
  yield* morsels;
}

/** A stream of one text column whose third row is not UTF-8. */
function withInvalidText(): Buffer {
  const writer = new RecordBatchStreamWriter();
  writer.write(new Table({ text: vectorFromArray(['one', 'two', '@@@', 'four'], new Utf8()) }));
  writer.finish();
  const bytes = Buffer.from(writer.toUint8Array(true));
  bytes.fill(0xff, bytes.indexOf('@@@'), bytes.indexOf('@@@') + 3);
  return bytes;
}

test('text that is not UTF-8 fails with its batch, row and column', async () => {
  writeFileSync(path, withInvalidText());
  await expect(readRows(await openArrow(path))).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: `${path}: record batch 0: row 2, column "text": expected UTF-8 text, found other bytes`,
  });
});

test('with skip, only the row that is not UTF-8 is left out and reported in its place', async () => {
  writeFileSync(path, withInvalidText());
  const { rows, rejects } = await readRows(await openArrow(path), { onError: 'skip' });
  expect(rows.flat()).toEqual(['one', 'two', 'four']);
  expect(rejects).toMatchObject([{ before: 2, rowCount: 1 }]);
});

test('with skip, a batch of damaged structure is left out whole and counted', async () => {
  const bytes = withInvalidText();
  // The offsets 0, 3, 6, 9, 13 of the text.
  const offsets = bytes.indexOf(Buffer.from(Int32Array.of(0, 3, 6, 9, 13).buffer));
  bytes.writeInt32LE(100, offsets + 4);
  writeFileSync(path, bytes);
  const { rows, rejects } = await readRows(await openArrow(path), { onError: 'skip' });
  expect(rows).toEqual([]);
  expect(rejects).toMatchObject([{ before: 0, rowCount: 4, message: /offsets do not ascend at value 2/ }]);
  await expect(readRows(await openArrow(path))).rejects.toMatchObject({ code: 'BAD_INPUT' });
});

test('a stream on standard input can be read once', async () => {
  const source = await openArrow('-', chunked(withInvalidText(), [100]));
  source.morsels({ morselBytes: 1 });
  expect(() => source.morsels({ morselBytes: 1 })).toThrow(/only once/);
});

test('an empty file is not an Arrow stream', async () => {
  writeFileSync(path, '');
  await expect(openArrow(path)).rejects.toThrow(/expected an Arrow stream, found no schema in 0 bytes/);
});
