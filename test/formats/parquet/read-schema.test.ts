import fs from 'node:fs';
import path from 'node:path';
import {
  DurationMillisecond,
  Field,
  Int64,
  List,
  Map_,
  makeData,
  type RecordBatch,
  Schema,
  Struct,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampSecond,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { afterAll, expect, test } from 'vitest';
import { makeBatch } from '../../../src/columns/batch.ts';
import { decode } from '../../../src/formats/decode.ts';
import { createAssembler, createEncoder, type OutputFormat } from '../../../src/formats/encoders.ts';
import type { Source } from '../../../src/formats/format.ts';
import { openJsonLines } from '../../../src/formats/jsonl/source.ts';
import { openParquet } from '../../../src/formats/parquet/source.ts';
import { writeAll } from '../written-batches.ts';
import { makeFolder, readOurs, sharedParquet } from './read-support/readers.ts';

const folder = makeFolder();
afterAll(() => fs.rmSync(folder, { recursive: true }));

const PARQUET = { format: 'parquet', compression: 'zstd' } as const;

function noted(name: string, type: ConstructorParameters<typeof Field>[1], note: string): Field {
  return new Field(name, type, true, new Map([['note', note]]));
}

/** One row of everything that Parquet itself cannot say. */
function notedBatch(): RecordBatch {
  const member = noted('x', new Int64(), 'a member');
  const element = new Field('element', new Struct([member]), true, new Map([['note', 'an element']]));
  const value = noted('value', new DurationMillisecond(), 'a value');
  const entries = new Struct([new Field('key', new Utf8(), false), value]);
  const map = new Map_(new Field('key_value', entries as never, false) as never);
  const fields = [
    noted('alpha', new Utf8(), 'a column, ä'),
    new Field('zoned', new TimestampMicrosecond('Europe/Berlin'), true),
    new Field('seconds', new TimestampSecond('Asia/Tokyo'), true),
    new Field('local', new TimestampMicrosecond(), true),
    new Field('span', new DurationMillisecond(), true),
    noted('list', new List(element), 'a list'),
    noted('map', map, 'a map'),
  ];
  const long = (type: never, number: bigint) =>
    makeData({ type, length: 1, data: BigInt64Array.of(number) } as never);
  const lists = Int32Array.of(0, 1);
  const struct = makeData({ type: element.type, length: 1, children: [long(new Int64() as never, 7n)] });
  const pair = makeData({
    type: entries,
    length: 1,
    children: [vectorFromArray(['k'], new Utf8()).data[0]!, long(value.type as never, 9n)],
  });
  const columns = [
    vectorFromArray(['text'], new Utf8()).data[0]!,
    ...[1_600_000_000_000_000n, 1_600_000_000n, 5n, -3n].map((number, i) =>
      long(fields[i + 1]!.type as never, number),
    ),
    makeData({ type: fields[5]!.type as List, length: 1, valueOffsets: lists, child: struct }),
    makeData({ type: map, length: 1, valueOffsets: lists, child: pair as never }),
  ];
  return makeBatch(new Schema(fields, new Map([['origin', 'test']])), 1, columns);
}

async function write(name: string, batch: RecordBatch): Promise<string> {
  const file = path.join(folder, name);
  const encode = await createEncoder(PARQUET, batch.schema);
  fs.writeFileSync(file, writeAll(encode, createAssembler(PARQUET, batch.schema, 'file'), [batch]));
  return file;
}

function describeFields(fields: readonly Field[]): unknown[] {
  return fields.map(({ name, type, metadata }) => {
    const children = (type.children ?? []) as Field[];
    return [name, String(type), [...metadata], ...describeFields(children)];
  });
}

test('metadata, time zones and durations come back from the Arrow schema in the footer', async () => {
  const batch = notedBatch();
  const file = await write('noted.parquet', batch);
  const { schema } = await openParquet(file);
  const inMilliseconds = new Field('seconds', new TimestampMillisecond('Asia/Tokyo'), true);
  const expected = batch.schema.fields.map((field) => (field.name === 'seconds' ? inMilliseconds : field));
  expect(describeFields(schema.fields)).toEqual(describeFields(expected));
  expect([...schema.metadata]).toEqual([['origin', 'test']]);
  const { columns } = await readOurs(file, { columns: ['zoned', 'seconds', 'local', 'list'] });
  expect(columns).toEqual({
    zoned: ['instant 1600000000000000000'],
    seconds: ['instant 1600000000000000000'],
    local: ['instant 5000'],
    list: [[{ x: '7' }]],
  });
});

test('batches have the schema of their source', async () => {
  const source = await openParquet(await write('batches.parquet', notedBatch()));
  for await (const morsel of source.morsels({ morselBytes: 1 << 20, columns: ['alpha', 'span', 'map'] })) {
    const { batch } = await decode(structuredClone(morsel), { byteLimit: 1 << 20, onError: 'fail' });
    const wanted = source.schema.select(['alpha', 'span', 'map']);
    expect(describeFields(batch.schema.fields)).toEqual(describeFields(wanted.fields));
    expect(batch.getChild('span')!.data[0]!.values).toEqual(BigInt64Array.of(-3n));
  }
});

async function convert(source: Source, output: OutputFormat): Promise<Uint8Array> {
  const encode = await createEncoder(output, source.schema, 'copy');
  const batches: Uint8Array[] = [];
  const assembler = createAssembler(output, source.schema, 'file');
  batches.push(...assembler.start());
  for await (const morsel of source.morsels({ morselBytes: 1 << 20 })) {
    const { batch } = await decode(morsel, { byteLimit: 1 << 20, onError: 'fail' });
    batches.push(...assembler.append(encode(batch)));
  }
  return Buffer.concat([...batches, ...assembler.finish()]);
}

test('members of JSON lines that fit no column survive Parquet', async () => {
  const lines = [
    '{"text":"a","n":1}',
    '{"text":"b","n":2,"odd":1}',
    '{"text":"c","n":"three"}',
    '{"text":"d","n":4,"odd":{"deep":[true]}}',
    '{"text":"e","n":5,"odd":[]}',
  ];
  const jsonl = path.join(folder, 'in.jsonl');
  fs.writeFileSync(jsonl, `${lines.join('\n')}\n`);
  const direct = await convert(await openJsonLines(jsonl), { format: 'jsonl', compression: 'none' });
  const parquet = path.join(folder, 'lines.parquet');
  fs.writeFileSync(parquet, await convert(await openJsonLines(jsonl), PARQUET));
  const back = await convert(await openParquet(parquet), { format: 'jsonl', compression: 'none' });
  expect(Buffer.from(back).toString()).toBe(Buffer.from(direct).toString());
  expect(Buffer.from(back).toString()).toContain('"n":"three"');
});

test('an Arrow schema that is damaged or of other columns is passed over', async () => {
  const file = await write('whole.parquet', notedBatch());
  const whole = fs.readFileSync(file);
  const { columns: values } = await readOurs(file, { columns: ['alpha', 'list'] });
  const plain = (await openParquet(file)).schema.fields.map(({ name }) => name);
  const start = whole.indexOf('ARROW:schema') + 'ARROW:schema'.length;
  const changed = path.join(folder, 'changed.parquet');
  let passedOver = 0;
  // The message is base64: 15 characters of it are changed at a time, to letters that are still base64.
  for (let at = start + 5; at < start + 1500; at += 15) {
    const bytes = Buffer.from(whole);
    bytes.fill(at % 2 === 0 ? 'A' : '/', at, at + 15);
    fs.writeFileSync(changed, bytes);
    const { schema } = await openParquet(changed);
    expect(schema.fields.map(({ name }) => name)).toEqual(plain);
    if (schema.metadata.size === 0) passedOver++;
    expect((await readOurs(changed, { columns: ['alpha', 'list'] })).columns).toEqual(values);
  }
  expect(passedOver).toBeGreaterThan(10);
  // The same column under another name, as a tool leaves it that renames columns and copies the metadata.
  fs.writeFileSync(changed, whole.toString('latin1').replaceAll('alpha', 'omega'), 'latin1');
  const { schema } = await openParquet(changed);
  expect(schema.fields[0]!.name).toBe('omega');
  expect(schema.fields.flatMap(({ metadata }) => [...metadata])).toEqual([]);
  expect(String(schema.fields[1]!.type)).toBe('Timestamp<MICROSECOND, UTC>');
});

test('metadata that pyarrow wrote for pandas is kept', async () => {
  const shared = sharedParquet();
  if (shared === undefined) return expect(shared).toBeUndefined();
  const { schema } = await openParquet(path.join(shared, 'parquet-testing/list_columns.parquet'));
  expect(JSON.parse(schema.metadata.get('pandas')!)).toMatchObject({ creator: { library: 'pyarrow' } });
  return undefined;
});
