import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RecordCursor, RecordSpool, RecordWriter } from '../../src/flow/record-spool.ts';

const RECORD = 12;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-spool-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function spoolOf(memoryBytes: number): RecordSpool {
  return new RecordSpool({ folder, name: 'test', recordBytes: RECORD, memoryBytes });
}

async function write(spool: RecordSpool, keys: readonly number[], memoryBytes: number): Promise<void> {
  const writer = new RecordWriter(spool, RECORD, memoryBytes);
  for (const [number, key] of keys.entries()) {
    if (!writer.hasRoom(1)) await writer.flush();
    const at = writer.take();
    writer.view.setUint32(at, number);
    writer.view.setUint32(at + 4, key);
  }
  await writer.flush();
}

async function read(spool: RecordSpool): Promise<[number, number][]> {
  const records: [number, number][] = [];
  for await (const block of spool.read()) {
    expect(block.length % RECORD).toBe(0);
    const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
    for (let at = 0; at < block.length; at += RECORD)
      records.push([view.getUint32(at), view.getUint32(at + 4)]);
  }
  return records;
}

test('records come back in order, as often as asked, whatever the memory of writer and reader', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(2 ** 31), { maxLength: 100 }),
      fc.nat(400),
      fc.nat(400),
      async (keys, writing, reading) => {
        const spool = spoolOf(reading);
        const expected = keys.map((key, number) => [number, key]);
        await write(spool, keys, writing);
        expect(spool.count).toBe(keys.length);
        expect(await read(spool)).toEqual(expected);
        expect(await read(spool)).toEqual(expected);
        await spool.close();
        expect(await readdir(folder)).toEqual([]);
      },
    ),
    { numRuns: 40 },
  );
});

test('a cursor finds ascending records, also one twice and those of the highest numbers', async () => {
  const spool = spoolOf(3 * RECORD);
  const keys = [0, 3, 4, 9, 10, 2 ** 31, 2 ** 32 - 1];
  await write(spool, keys, 0);
  const cursor = new RecordCursor(spool, 4);
  for (const key of [3, 3, 9, 2 ** 31, 2 ** 32 - 1]) {
    while (!cursor.seek(key)) await cursor.advance();
    expect(cursor.block[cursor.at + 3]).toBe(keys.indexOf(key));
  }
  await cursor.close();
  const late = new RecordCursor(spool, 4);
  const lookUp = async (key: number): Promise<void> => {
    while (!late.seek(key)) await late.advance();
  };
  await expect(lookUp(5)).rejects.toMatchObject({ code: 'BAD_INPUT' });
  await spool.close();
});

test('a spool that was closed is empty and takes records again; closing twice is safe', async () => {
  const spool = spoolOf(100);
  await write(spool, [1, 2, 3], 0);
  await spool.close();
  await spool.close();
  expect(await read(spool)).toEqual([]);
  await write(spool, [4], 0);
  expect(await read(spool)).toEqual([[0, 4]]);
  await spool.close();
});

test('a file that somebody else has cut, one that is there, and a folder that is not are told by name', async () => {
  const spool = spoolOf(100);
  await write(spool, [1, 2, 3], 0);
  const other = spoolOf(100);
  await expect(write(other, [1], 0)).rejects.toMatchObject({ code: 'BAD_OUTPUT' });
  await other.close();
  await truncate(spool.path, 20);
  await expect(read(spool)).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: `${spool.path}: expected 36 bytes, found 20; somebody else wrote to it`,
  });
  await spool.close();
  expect(await readdir(folder)).toEqual([]);
  const nowhere = new RecordSpool({
    folder: join(folder, 'missing'),
    name: 'test',
    recordBytes: RECORD,
    memoryBytes: 0,
  });
  await expect(write(nowhere, [1], 0)).rejects.toMatchObject({ code: 'BAD_OUTPUT' });
});
