import { type FileHandle, open } from 'node:fs/promises';
import { CurationError } from '../../errors.ts';
import type { MorselOptions, Source } from '../format.ts';
import { inflate, type Wrapping, wrappingOf } from '../inflate.ts';
import { replay } from '../replay.ts';
import { type JsonLinesMorsel, type LineLayout, schemaOf } from './line-types.ts';
import { type Sample, takeSample } from './sample.ts';
import { cutBlocks } from './split.ts';

/** Bytes read from a file at a time. */
const READ_BYTES = 256 * 1024;

/** A source of lines; `decodeJsonLines` decodes its morsels. */
export interface LineSource extends Source {
  readonly format: 'jsonl' | 'json';
  morsels(options: MorselOptions): AsyncIterable<JsonLinesMorsel>;
}

/** How the bytes of one format (already unwrapped) become lines, and how its rows are numbered in messages. */
export interface LineFormat {
  readonly format: 'jsonl' | 'json';
  readonly firstLine: number;
  toLines(bytes: AsyncIterable<Uint8Array>, path: string): AsyncIterable<Uint8Array>;
}

/** A file that was opened and looked at. */
export interface LookedAt {
  readonly file: FileHandle;
  readonly byteLength: number;
  readonly wrapping: Wrapping;
}

/**
 * Opens a path: `read` is given a regular file and the way it is wrapped; a pipe or a device, which can be read once, is
 * opened as a stream.
 */
export async function openPath(
  path: string,
  format: LineFormat,
  kind: Wrapping | undefined,
  read: (looked: LookedAt) => Promise<LineSource>,
): Promise<LineSource> {
  const file = await openFile(path);
  let isHandedOn = false;
  try {
    const stat = await file.stat();
    if (stat.isDirectory()) {
      throw new CurationError('BAD_INPUT', `${path}: expected a file, found a directory`);
    }
    if (!stat.isFile()) {
      // Opened once only: closing a pipe to open it again would lose what was written to it. The stream closes it.
      isHandedOn = true;
      return await openLineStream(path, format, file.createReadStream(), kind);
    }
    const wrapping = kind ?? (await wrappingOfFile(file));
    return await read({ file, byteLength: stat.size, wrapping });
  } finally {
    if (!isHandedOn) await file.close();
  }
}

/** Opens a file for reading; a missing or unreadable one is the user's to mend. */
export async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new CurationError('BAD_INPUT', `${path}: expected a readable file, found ${found}`, { cause });
  }
}

async function wrappingOfFile(file: FileHandle): Promise<Wrapping> {
  const head = new Uint8Array(4);
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  return wrappingOf(head.subarray(0, bytesRead));
}

/**
 * Opens a file whose lines must be made on the main thread: unwrapped, or serialised anew. It is read again from its start
 * for each call of `morsels`, the sample too. The row count is estimated from the sample's share of the stored bytes.
 */
export async function openLineFile(
  path: string,
  format: LineFormat,
  kind: Wrapping,
  byteLength: number,
): Promise<LineSource> {
  const progress = { readBytes: 0 };
  const lines = format.toLines(inflate(readFile(path, progress), kind, path), path);
  const iterator = lines[Symbol.asyncIterator]();
  let sample: Sample;
  try {
    sample = await takeSample(iterator, path);
  } finally {
    await iterator.return?.();
  }
  const isWhole = sample.isWhole || progress.readBytes === 0;
  const rowCount = isWhole
    ? sample.lineCount
    : Math.round((sample.lineCount * byteLength) / progress.readBytes);
  return {
    path,
    format: format.format,
    schema: schemaOf(sample.layout),
    rowCount,
    isRowCountExact: false,
    byteLength,
    morsels: (options) => {
      const bytes = inflate(readFile(path, { readBytes: 0 }), kind, path);
      return blockMorsels(format.toLines(bytes, path), path, format, sample.layout, options);
    },
  };
}

/** Opens a stream, which can be read once: what the sample took of it is given again by `morsels`. */
export async function openLineStream(
  path: string,
  format: LineFormat,
  input: AsyncIterable<Uint8Array>,
  kind: Wrapping | undefined,
): Promise<LineSource> {
  const { wrapping, bytes } = await wrappingOfStream(input, kind);
  const iterator = format.toLines(inflate(bytes, wrapping, path), path)[Symbol.asyncIterator]();
  let sample: Sample;
  try {
    sample = await takeSample(iterator, path);
  } catch (error) {
    await iterator.return?.();
    throw error;
  }
  let isTaken = false;
  return {
    path,
    format: format.format,
    schema: schemaOf(sample.layout),
    rowCount: sample.isWhole ? sample.lineCount : undefined,
    isRowCountExact: false,
    byteLength: undefined,
    morsels: (options) => {
      if (isTaken)
        throw new CurationError(
          'USAGE',
          `${path}: expected to read this stream once, found a second reading`,
        );
      isTaken = true;
      const lines = replay(sample.chunks, iterator);
      return blockMorsels(lines, path, format, sample.layout, options);
    },
  };
}

async function* readFile(path: string, progress: { readBytes: number }): AsyncGenerator<Uint8Array> {
  const file = await openFile(path);
  try {
    for (;;) {
      const { bytesRead, buffer } = await file.read(
        new Uint8Array(READ_BYTES),
        0,
        READ_BYTES,
        progress.readBytes,
      );
      if (bytesRead === 0) return;
      progress.readBytes += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** Looks at the first bytes of a stream and gives them back at its head. */
async function wrappingOfStream(
  input: AsyncIterable<Uint8Array>,
  kind: Wrapping | undefined,
): Promise<{ wrapping: Wrapping; bytes: AsyncIterable<Uint8Array> }> {
  if (kind !== undefined) return { wrapping: kind, bytes: input };
  const iterator = input[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  for (let total = 0; total < 4; ) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    head.push(value);
    total += value.length;
  }
  return { wrapping: wrappingOf(Buffer.concat(head)), bytes: replay(head, iterator) };
}

async function* blockMorsels(
  lines: AsyncIterable<Uint8Array>,
  path: string,
  { format, firstLine }: LineFormat,
  layout: LineLayout,
  { morselBytes, columns, signal }: MorselOptions,
): AsyncGenerator<JsonLinesMorsel> {
  for await (const block of cutBlocks(lines, path, morselBytes, firstLine)) {
    signal?.throwIfAborted();
    const { bytes, end } = block;
    yield { format, path, layout, columns, bytes, start: 0, end, firstLine: block.firstLine };
  }
}
