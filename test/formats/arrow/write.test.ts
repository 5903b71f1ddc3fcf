import { init as initZstd, decompress as unzstd } from '@bokuweb/zstd-wasm';
import { tableFromIPC as flechetteFromIPC, setCompressionCodec } from '@uwdata/flechette';
import {
  Dictionary,
  Field,
  Int32,
  makeData,
  type RecordBatch,
  RecordBatchFileReader,
  Schema,
  tableFromIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { CompressionType } from 'apache-arrow/fb/compression-type';
import { compressionRegistry } from 'apache-arrow/ipc/compression/registry';
import fc from 'fast-check';
import { decompressFrameSync } from 'lz4-napi';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeBatch } from '../../../src/columns/batch.ts';
import {
  createAssembler,
  createEncoder,
  defaultCompression,
  fileExtension,
} from '../../../src/formats/encoders.ts';
import type { Compression } from '../../../src/formats/format.ts';
import { allTypesBatch, ROWS, textBatch, writeAll } from '../written-batches.ts';

const decodeLz4 = (bytes: Uint8Array): Uint8Array => decompressFrameSync(Buffer.from(bytes));

beforeAll(async () => {
  await initZstd();
  setCompressionCodec(0, { encode: (bytes) => bytes, decode: decodeLz4 });
  setCompressionCodec(1, { encode: (bytes) => bytes, decode: (bytes) => unzstd(bytes) });
  compressionRegistry.set(CompressionType.LZ4_FRAME, { decode: decodeLz4 });
  compressionRegistry.set(CompressionType.ZSTD, { decode: (bytes) => unzstd(bytes) });
});

async function write(
  batches: readonly RecordBatch[],
  compression: Compression = 'none',
  kind: 'file' | 'stream' = 'file',
): Promise<Uint8Array<ArrayBuffer>> {
  const output = { format: 'arrow', compression } as const;
  const { schema } = batches[0]!;
  return writeAll(await createEncoder(output, schema), createAssembler(output, schema, kind), batches);
}

/** Rows of a batch as JSON lines: one text for all types, so that two batches compare in full. */
async function linesOf(batches: readonly RecordBatch[]): Promise<string> {
  const output = { format: 'jsonl', compression: 'none' } as const;
  const { schema } = batches[0]!;
  const bytes = writeAll(
    await createEncoder(output, schema),
    createAssembler(output, schema, 'file'),
    batches,
  );
  return Buffer.from(bytes).toString();
}

describe.each(['none', 'lz4', 'zstd'] as const)('an Arrow file with compression %s', (compression) => {
  test.each(['file', 'stream'] as const)(
    'gives every type back in apache-arrow as a %s, slices and empty batches too',
    async (kind) => {
      const expected = await linesOf([allTypesBatch(), allTypesBatch().slice(3, 10)]);
      const bytes = await write(
        [allTypesBatch(), allTypesBatch().slice(0, 0), allTypesBatch().slice(3, 10)],
        compression,
        kind,
      );
      const table = tableFromIPC(bytes);
      expect(table.numRows).toBe(ROWS + 7);
      expect(await linesOf(table.batches.filter((batch) => batch.numRows > 0))).toBe(expected);
    },
  );

  test('gives text, numbers and lists back in a reader that trusts the length prefix', async () => {
    const names = ['int32', 'int64', 'utf8', 'list', 'struct', 'bool', 'float64'];
    const bytes = await write([allTypesBatch((name) => names.includes(name)).slice(2, 11)], compression);
    const table = flechetteFromIPC(bytes, { useBigInt: true });
    const expected = tableFromIPC(await write([allTypesBatch((name) => names.includes(name)).slice(2, 11)]));
    for (const name of names) {
      const values = Array.from(table.getChild(name).toArray() as Iterable<unknown>);
      const others = expected.getChild(name)!.toJSON() as unknown[];
      const plain = (value: unknown): string =>
        JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
      expect(values.map(plain)).toEqual(others.map(plain));
    }
  });
});

test('keeps the metadata of the schema and its fields', async () => {
  const schema = new Schema(
    [new Field('id', new Int32(), false, new Map([['ARROW:extension:name', 'test.id']]))],
    new Map([['origin', 'here']]),
  );
  const data = makeData({ type: new Int32(), length: 2, nullCount: 0, data: Int32Array.of(1, 2) });
  const table = tableFromIPC(await write([makeBatch(schema, 2, [data])]));
  expect(table.schema.metadata.get('origin')).toBe('here');
  expect(table.schema.fields[0]!.metadata.get('ARROW:extension:name')).toBe('test.id');
  expect(table.schema.fields[0]!.nullable).toBe(false);
});

test('writes a file of no batch and one of no column', async () => {
  const { schema } = textBatch(['a']);
  const output = { format: 'arrow', compression: 'none' } as const;
  const empty = writeAll(await createEncoder(output, schema), createAssembler(output, schema, 'file'), []);
  expect(tableFromIPC(empty).numRows).toBe(0);
  expect(tableFromIPC(empty).schema.fields.map((field) => field.name)).toEqual(['text']);
  const bare = await write([makeBatch(new Schema([]), 5, [])]);
  expect(RecordBatchFileReader.from(bare).open().next().value!.numRows).toBe(5);
});

test('lays every batch and every buffer at a multiple of 64 bytes', async () => {
  const batch = allTypesBatch();
  const output = { format: 'arrow', compression: 'none' } as const;
  const encode = await createEncoder(output, batch.schema);
  const assembler = createAssembler(output, batch.schema, 'file');
  const headLength = assembler.start().reduce((sum, chunk) => sum + chunk.length, 0);
  const { chunks, index } = encode(batch);
  const { metadataLength, bodyLength } = index as { metadataLength: number; bodyLength: number };
  expect([headLength % 64, metadataLength % 64, bodyLength % 64]).toEqual([0, 0, 0]);
  expect(chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(metadataLength + bodyLength);
});

test('hands large buffers over without a copy, lends shared memory, copies slices, and never gives one buffer twice', async () => {
  const values = new Uint8Array(100_000).fill(97);
  const valueOffsets = Int32Array.of(0, 40_000, 100_000);
  const own = makeData({ type: new Utf8(), length: 2, nullCount: 0, valueOffsets, data: values });
  const sharedBytes = new Uint8Array(new SharedArrayBuffer(100_000)).fill(98);
  const shared = makeData({ type: new Utf8(), length: 2, nullCount: 0, valueOffsets, data: sharedBytes });
  const schema = new Schema(
    ['own', 'again', 'cut', 'shared'].map((name) => new Field(name, new Utf8(), true)),
  );
  const batch = makeBatch(schema, 1, [own.slice(0, 1), own.slice(0, 1), own.slice(1, 1), shared.slice(0, 1)]);
  const encode = await createEncoder({ format: 'arrow', compression: 'none' }, schema);
  expect(encode(batch).chunks.some((chunk) => chunk.buffer === values.buffer)).toBe(false);
  const whole = makeBatch(schema, 2, [own, own, own, shared]);
  const { chunks } = encode(whole);
  expect(chunks.filter((chunk) => chunk.buffer === values.buffer)).toHaveLength(1);
  expect(chunks.filter((chunk) => chunk.buffer === sharedBytes.buffer)).toHaveLength(1);
  const owned = chunks.map((chunk) => chunk.buffer).filter((buffer) => buffer instanceof ArrayBuffer);
  expect(owned).toHaveLength(chunks.length - 1);
  expect(new Set(chunks.map((chunk) => chunk.buffer)).size).toBe(chunks.length);
  expect(chunks.every((chunk) => chunk.byteLength === chunk.buffer.byteLength)).toBe(true);
  structuredClone(chunks, { transfer: owned });
  expect(values.byteLength).toBe(0);
});

test.each(['none', 'lz4', 'zstd'] as const)(
  'reads columns in shared memory with compression %s',
  async (packing) => {
    const letters = new Uint8Array(new SharedArrayBuffer(90_000)).fill(98);
    const offsets = new Int32Array(new SharedArrayBuffer(12));
    offsets.set([0, 50_000, 90_000]);
    const data = makeData({
      type: new Utf8(),
      length: 2,
      nullCount: 0,
      valueOffsets: offsets,
      data: letters,
    });
    const bytes = await write(
      [makeBatch(new Schema([new Field('text', new Utf8(), true)]), 2, [data])],
      packing,
    );
    const texts = Array.from(tableFromIPC(bytes).getChild('text')!);
    expect(texts).toEqual(['b'.repeat(50_000), 'b'.repeat(40_000)]);
  },
);

test('writes names of output files and what formats pack with by default', () => {
  const names = (['arrow', 'parquet', 'jsonl'] as const).map((format) => {
    return fileExtension({ format, compression: defaultCompression(format) });
  });
  expect(names).toEqual(['arrow', 'parquet', 'jsonl']);
  expect(defaultCompression('parquet')).toBe('zstd');
  expect(fileExtension({ format: 'jsonl', compression: 'gzip' })).toBe('jsonl.gz');
  expect(fileExtension({ format: 'jsonl', compression: 'zstd' })).toBe('jsonl.zst');
});

test('stores a buffer that does not shrink behind the length -1', async () => {
  let state = 1;
  const noise = Uint8Array.from({ length: 5000 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 24) & 0x7f;
  });
  const data = makeData({
    type: new Utf8(),
    length: 1,
    nullCount: 0,
    valueOffsets: Int32Array.of(0, 5000),
    data: noise,
  });
  const schema = new Schema([new Field('text', new Utf8(), true)]);
  const bytes = await write([makeBatch(schema, 1, [data])], 'lz4');
  const at = Buffer.from(bytes).indexOf(Buffer.from(noise));
  expect(new DataView(bytes.buffer).getBigInt64(at - 8, true)).toBe(-1n);
  expect(flechetteFromIPC(bytes).getChild('text').at(0)).toBe(Buffer.from(noise).toString());
});

test('refuses a dictionary-encoded column by name', async () => {
  const data = vectorFromArray(['a', 'b', 'a'], new Dictionary(new Utf8(), new Int32())).data[0]!;
  const schema = new Schema([new Field('tag', data.type, true)]);
  await expect(write([makeBatch(schema, 3, [data])])).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringContaining('column "tag"') as string,
  });
});

test('gives any slice of any texts back, and the same bytes for the same slice', async () => {
  const texts = fc.array(fc.option(fc.string({ unit: 'grapheme', maxLength: 30 })), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(
      texts,
      fc.nat(40),
      fc.nat(40),
      fc.constantFrom('none', 'lz4', 'zstd' as const),
      async (rows, a, b, packing) => {
        const start = Math.min(a, b, rows.length);
        const end = Math.min(Math.max(a, b), rows.length);
        const cut = textBatch(rows).slice(start, end);
        const bytes = await write([cut], packing as Compression);
        const column = tableFromIPC(bytes).getChild('text');
        expect(column === null ? [] : Array.from(column)).toEqual(rows.slice(start, end));
        expect(
          Buffer.compare(bytes, await write([textBatch(rows.slice(start, end))], packing as Compression)),
        ).toBe(0);
      },
    ),
    { numRuns: 80 },
  );
});
