import { randomUUID } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { CurationError } from '../../errors.ts';
import type { Source } from '../format.ts';
import { arrowMagic, type MessageSpan, readFooter, readMessage, readPrefix } from './messages.ts';
import { type ArrowMorsel, appliedDictionaries, type DictionaryPlace, type SchemaPlace } from './morsel.ts';
import { checkColumns, readSchema } from './schema.ts';
import type { StoredSchema } from './stored.ts';
import { openArrowStream } from './stream-source.ts';

/** Most rows of one morsel, where rows are so small that bytes do not bound them. */
const maxMorselRows = 2 ** 20;

/** Compressed text unpacks to about three times its size; the decoder cuts exactly, this only aims. */
const usualRatio = 3;

/**
 * Opens Arrow IPC data: a file by its footer, a stream on disk by walking from message to message without reading a body,
 * or, with `input`, a stream as it arrives. @param path for messages; read again by each worker unless `input` is given.
 */
export async function openArrow(path: string, input?: AsyncIterable<Uint8Array>): Promise<Source> {
  if (input !== undefined) return openArrowStream(path, input);
  const file = await openFile(path);
  try {
    return await openStored(path, file);
  } finally {
    await file.close();
  }
}

/** One batch of a stored source; `dictionaries` is how many dictionary messages come before it. */
interface BatchPlace {
  readonly span: MessageSpan;
  readonly rowCount: number;
  readonly isCompressed: boolean;
  readonly dictionaries: number;
}

interface Contents {
  readonly schema: SchemaPlace;
  readonly stored: StoredSchema;
  readonly batches: BatchPlace[];
  readonly dictionaries: DictionaryPlace[];
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CurationError('BAD_INPUT', `${path}: cannot be opened: ${why}`, { cause });
  }
}

async function openStored(path: string, file: FileHandle): Promise<Source> {
  const { size } = await file.stat();
  const head = await readUpTo(file, 0, Math.min(8, size));
  const isFile = arrowMagic.every((byte, i) => head[i] === byte);
  const contents = isFile ? await readFile(path, file, size) : await walkStream(path, file, size);
  const source = randomUUID();
  let rowCount = 0;
  for (const batch of contents.batches) rowCount += batch.rowCount;
  return {
    path,
    format: 'arrow',
    schema: contents.stored.schema,
    rowCount,
    isRowCountExact: true,
    byteLength: size,
    async *morsels(options) {
      checkColumns(path, contents.stored, options.columns);
      for (const [batch, place] of contents.batches.entries()) {
        const { rowCount: rows, span } = place;
        const dictionaries = appliedDictionaries(contents.dictionaries, place.dictionaries);
        const step = stepOf(place, options.morselBytes);
        for (let start = 0; start < rows; start += step) {
          options.signal?.throwIfAborted();
          yield {
            format: 'arrow',
            path,
            source,
            schema: contents.schema,
            dictionaries,
            batch,
            span,
            start,
            end: Math.min(rows, start + step),
            columns: options.columns,
          } satisfies ArrowMorsel;
        }
      }
    },
  };
}

/** Rows of a batch that make about one morsel: a multiple of 8, so that bitmaps are cut between bytes. */
function stepOf({ rowCount, span, isCompressed }: BatchPlace, morselBytes: number): number {
  const bytes = Math.max(1, span.bodyLength * (isCompressed ? usualRatio : 1));
  const pieces = Math.max(1, Math.round(bytes / morselBytes));
  return Math.min(maxMorselRows, Math.max(8, Math.ceil(rowCount / pieces / 8) * 8));
}

async function readFile(path: string, file: FileHandle, size: number): Promise<Contents> {
  const tail = await readUpTo(file, size - 10, 10);
  const isClosed = size >= 18 && arrowMagic.every((byte, i) => tail[4 + i] === byte);
  if (!isClosed) {
    throw new CurationError(
      'BAD_INPUT',
      `${path}: expected an Arrow file that ends in ARROW1, found an end without it; it is cut off or still being written`,
    );
  }
  const byteLength = new DataView(tail.buffer, tail.byteOffset).getInt32(0, true);
  const offset = size - 10 - byteLength;
  if (byteLength <= 0 || offset < 8) {
    throw new CurationError('BAD_INPUT', `${path}: footer is said to be ${byteLength} bytes of ${size}`);
  }
  const footer = readFooter(await readUpTo(file, offset, byteLength), offset, path);
  const stored = readSchema(footer.schema);
  const dictionaries: DictionaryPlace[] = [];
  const whole = new Set<string>();
  for (const [i, span] of footer.dictionaries.entries()) {
    const where = `${path}: dictionary batch ${i}`;
    const { message, span: inner } = await readBlock(file, span, where);
    if (message.kind !== 'dictionary') {
      throw new CurationError('BAD_INPUT', `${where}: expected a dictionary, found ${message.kind}`);
    }
    if (!message.isDelta && whole.has(message.id)) {
      throw new CurationError(
        'BAD_INPUT',
        `${where}: replaces dictionary ${message.id}, which a file cannot`,
      );
    }
    whole.add(message.id);
    const { id, isDelta } = message;
    dictionaries.push({ sequence: i, id, isDelta, span: inner, bytes: undefined });
  }
  const batches: BatchPlace[] = [];
  for (const [i, span] of footer.batches.entries()) {
    const where = `${path}: record batch ${i}`;
    const { message, span: inner } = await readBlock(file, span, where);
    if (message.kind !== 'batch') {
      throw new CurationError('BAD_INPUT', `${where}: expected a record batch, found ${message.kind}`);
    }
    const { rowCount, codec } = message.batch;
    batches.push({
      span: inner,
      rowCount,
      isCompressed: codec !== 'none',
      dictionaries: dictionaries.length,
    });
  }
  return { schema: { kind: 'footer', offset, byteLength, bytes: undefined }, stored, batches, dictionaries };
}

/** The message of a footer's block. Its span names the metadata without prefix; the body is what both agree on. */
async function readBlock(
  file: FileHandle,
  block: MessageSpan,
  where: string,
): Promise<{ message: ReturnType<typeof readMessage>; span: MessageSpan }> {
  const bytes = await readUpTo(file, block.offset, block.metadataLength);
  const { prefixLength, metadataLength } = readPrefix(bytes.subarray(0, 8), where);
  if (prefixLength + metadataLength > bytes.byteLength) {
    throw new CurationError(
      'BAD_INPUT',
      `${where}: its metadata is said to be ${metadataLength} bytes, the footer has ${block.metadataLength}`,
    );
  }
  const message = readMessage(bytes.subarray(prefixLength, prefixLength + metadataLength), where);
  if (message.bodyLength > block.bodyLength) {
    throw new CurationError(
      'BAD_INPUT',
      `${where}: its body is said to be ${message.bodyLength} bytes, the footer has ${block.bodyLength}`,
    );
  }
  return { message, span: { ...block, offset: block.offset + prefixLength, metadataLength } };
}

async function walkStream(path: string, file: FileHandle, size: number): Promise<Contents> {
  let schema: SchemaPlace | undefined;
  let stored: StoredSchema | undefined;
  const dictionaries: DictionaryPlace[] = [];
  const batches: BatchPlace[] = [];
  let at = 0;
  while (at < size) {
    const where = `${path}: message at byte ${at}`;
    const head = await readUpTo(file, at, Math.min(4096, size - at));
    const { prefixLength, metadataLength } = readPrefix(head.subarray(0, 8), where);
    if (metadataLength === 0) break;
    const offset = at + prefixLength;
    if (offset + metadataLength > size) throw cutOff(where, metadataLength, size - offset);
    const isHere = prefixLength + metadataLength <= head.byteLength;
    const metadata = isHere
      ? head.subarray(prefixLength, prefixLength + metadataLength)
      : await readUpTo(file, offset, metadataLength);
    const message = readMessage(metadata, where);
    const bodyOffset = offset + metadataLength;
    const { bodyLength } = message;
    if (bodyOffset + bodyLength > size) throw cutOff(where, bodyLength, size - bodyOffset);
    const span = { offset, metadataLength, bodyOffset, bodyLength };
    at = bodyOffset + bodyLength;
    if (message.kind === 'schema') {
      if (stored !== undefined) {
        throw new CurationError('BAD_INPUT', `${where}: expected one schema, found a second one`);
      }
      stored = readSchema(message.schema);
      schema = { kind: 'message', offset, byteLength: metadataLength, bytes: undefined };
    } else if (message.kind === 'dictionary') {
      const { id, isDelta } = message;
      dictionaries.push({ sequence: dictionaries.length, id, isDelta, span, bytes: undefined });
    } else if (message.kind === 'batch') {
      const { rowCount, codec } = message.batch;
      batches.push({ span, rowCount, isCompressed: codec !== 'none', dictionaries: dictionaries.length });
    }
  }
  if (schema === undefined || stored === undefined) {
    throw new CurationError(
      'BAD_INPUT',
      `${path}: expected an Arrow stream, found no schema in ${size} bytes`,
    );
  }
  return { schema, stored, batches, dictionaries };
}

function cutOff(where: string, expected: number, found: number): CurationError {
  return new CurationError(
    'BAD_INPUT',
    `${where}: expected ${expected} more bytes, found ${found}; the stream is cut off or damaged`,
  );
}

async function readUpTo(file: FileHandle, offset: number, byteLength: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(Math.max(0, byteLength));
  let filled = 0;
  while (filled < bytes.byteLength) {
    const { bytesRead } = await file.read(bytes, filled, bytes.byteLength - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
