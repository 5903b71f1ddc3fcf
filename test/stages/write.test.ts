import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import xxhash from 'xxhash-wasm';
import type { Assembler, Encoded } from '../../src/formats/format.ts';
import { createPartSink, createStreamSink, isClosedPipe } from '../../src/stages/write.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-write-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text));
const createAssembler = (): Assembler => ({
  start: () => [bytes('<')],
  append: ({ chunks }) => [...chunks],
  finish: () => [bytes('>')],
});
const encoded = (text: string, rowCount = 1): Encoded => ({
  rowCount,
  chunks: [bytes(text), bytes('')],
  index: undefined,
});
const options = () => ({ directory, prefix: 'part-', extension: 'txt', partBytes: 6, createAssembler });

test('a part ends with the batch that fills it; each is listed with rows, bytes and XXH64 of the whole file', async () => {
  const sink = await createPartSink(options());
  for (const text of ['abc', 'def', 'g']) await sink.append(encoded(text, 2));
  const parts = await sink.finish();
  const hasher = await xxhash();
  expect(parts.map(({ path, rows, bytes: size }) => [path, rows, size])).toEqual([
    ['part-00000.txt', 4, 8],
    ['part-00001.txt', 2, 3],
  ]);
  for (const { path, xxh64 } of parts) {
    const content = await readFile(join(directory, path));
    expect(xxh64).toBe(hasher.h64Raw(content).toString(16).padStart(16, '0'));
  }
  expect(await readFile(join(directory, 'part-00000.txt'), 'utf8')).toBe('<abcdef>');
  expect(sink.bytesWritten).toBe(11);
});

test('a file has its final name only when it is complete, and what is unfinished can be taken away', async () => {
  const sink = await createPartSink(options());
  await sink.append(encoded('abc'));
  expect(await readdir(directory)).toEqual(['.part-00000.txt.partial']);
  await sink.append(encoded('def'));
  expect(await readdir(directory)).toEqual(['part-00000.txt']);
  await sink.append(encoded('x'));
  await sink.abandon();
  expect(await readdir(directory)).toEqual(['part-00000.txt']);
});

test('makes one empty part when there is no row, so that the schema is not lost', async () => {
  const sink = await createPartSink(options());
  expect((await sink.finish()).map(({ path, rows, bytes: size }) => [path, rows, size])).toEqual([
    ['part-00000.txt', 0, 2],
  ]);
});

test('waits for a full pipe and writes everything in order', async () => {
  const pipe = new PassThrough({ highWaterMark: 4 });
  const sink = createStreamSink(pipe, createAssembler());
  const received: Buffer[] = [];
  let isWritten = false;
  const writing = (async () => {
    for (const text of ['hello', 'world']) await sink.append(encoded(text));
    await sink.finish();
    isWritten = true;
    pipe.end();
  })();
  await new Promise((resolve) => setImmediate(resolve));
  expect(isWritten).toBe(false);
  for await (const chunk of pipe) received.push(chunk as Buffer);
  await writing;
  expect(Buffer.concat(received).toString()).toBe('<helloworld>');
});

test('tells a reader that went away from a real failure', async () => {
  const gone = new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    },
  });
  const sink = createStreamSink(gone, createAssembler());
  let failure: unknown;
  try {
    for (let i = 0; i < 10; i++) {
      await sink.append(encoded('x'.repeat(20_000)));
    }
  } catch (error) {
    failure = error;
  }
  expect(isClosedPipe(failure)).toBe(true);
  expect(isClosedPipe(new Error('no space left'))).toBe(false);
});
