import type { FileHandle } from 'node:fs/promises';
import type { MorselOptions } from '../format.ts';
import type { Wrapping } from '../inflate.ts';
import {
  type LineFormat,
  type LineSource,
  openFile,
  openLineFile,
  openLineStream,
  openPath,
} from './line-source.ts';
import { type JsonLinesMorsel, type LineLayout, schemaOf } from './line-types.ts';
import { SAMPLE_BYTES, takeSample } from './sample.ts';
import { planRanges } from './split.ts';

const JSON_LINES: LineFormat = { format: 'jsonl', firstLine: 1, toLines: withoutMark };

/**
 * Opens JSON lines and infers their schema from the first 8 MiB (unwrapped). A plain file is cut into byte ranges that workers
 * read themselves, so its lines never pass the main thread; a wrapped file or a stream is unwrapped here into blocks.
 * @param path names the file; with `input`, only names it in messages.
 * @param input is read instead of a file. Its morsels can be asked for once; the sample is given again, not lost.
 * @param kind is how the bytes are wrapped; left out, the first bytes tell.
 */
export async function openJsonLines(
  path: string,
  input?: AsyncIterable<Uint8Array>,
  kind?: Wrapping,
): Promise<LineSource> {
  if (input !== undefined) return await openLineStream(path, JSON_LINES, input, kind);
  return await openPath(path, JSON_LINES, kind, async ({ file, wrapping, byteLength }) => {
    if (wrapping === 'none') return await openPlainFile(path, file, byteLength);
    return await openLineFile(path, JSON_LINES, wrapping, byteLength);
  });
}

const MARK = [0xef, 0xbb, 0xbf] as const;

/** Takes the byte order mark off the head of a stream. */
async function* withoutMark(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | undefined = new Uint8Array(0);
  for await (const chunk of bytes) {
    if (head === undefined) {
      yield chunk;
      continue;
    }
    const joined: Uint8Array = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    if (joined.length < MARK.length && startsLikeMark(joined)) {
      head = joined;
      continue;
    }
    head = undefined;
    yield startsWithMark(joined) ? joined.subarray(MARK.length) : joined;
  }
  if (head !== undefined && head.length > 0) yield head;
}

function startsLikeMark(bytes: Uint8Array): boolean {
  return MARK.every((byte, at) => at >= bytes.length || bytes[at] === byte);
}

function startsWithMark(bytes: Uint8Array): boolean {
  return bytes.length >= MARK.length && startsLikeMark(bytes);
}

async function openPlainFile(path: string, file: FileHandle, byteLength: number): Promise<LineSource> {
  const head = Buffer.alloc(MARK.length);
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  const start = startsWithMark(head.subarray(0, bytesRead)) ? MARK.length : 0;
  const sample = await takeSample(readFrom(file, start), path);
  const isWhole = sample.isWhole || sample.byteLength === 0;
  const rowCount = isWhole
    ? sample.lineCount
    : Math.round((sample.lineCount * (byteLength - start)) / sample.byteLength);
  return {
    path,
    format: 'jsonl',
    schema: schemaOf(sample.layout),
    rowCount,
    isRowCountExact: false,
    byteLength,
    morsels: (options) => rangeMorsels(path, sample.layout, start, byteLength, options),
  };
}

async function* readFrom(file: FileHandle, start: number): AsyncGenerator<Uint8Array> {
  for (let position = start; ; ) {
    const { bytesRead, buffer } = await file.read(new Uint8Array(SAMPLE_BYTES / 8), { position });
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The file is planned up to the length it had when it was opened: lines appended since are another run's. */
async function* rangeMorsels(
  path: string,
  layout: LineLayout,
  start: number,
  end: number,
  { morselBytes, columns, signal }: MorselOptions,
): AsyncGenerator<JsonLinesMorsel> {
  const file = await openFile(path);
  try {
    for await (const range of planRanges(file, path, start, end, morselBytes)) {
      signal?.throwIfAborted();
      yield { format: 'jsonl', path, layout, columns, ...range, firstLine: undefined };
    }
  } finally {
    await file.close();
  }
}
