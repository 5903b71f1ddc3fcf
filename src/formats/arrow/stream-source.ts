import { randomUUID } from 'node:crypto';
import { CurationError } from '../../errors.ts';
import type { Source } from '../format.ts';
import { ByteReader } from './byte-reader.ts';
import { arrowMagic, type MessageSpan, readMessage, readPrefix } from './messages.ts';
import { type ArrowMorsel, appliedDictionaries, type DictionaryPlace, type SchemaPlace } from './morsel.ts';
import { checkColumns, readSchema } from './schema.ts';

/**
 * Opens an Arrow stream as it arrives (an Arrow file too: what lies between its magic and its footer is a stream). Each
 * batch travels to its worker whole, in a buffer of its own; schema and dictionaries are shared by all morsels.
 * The source gives its morsels once.
 */
export async function openArrowStream(path: string, input: AsyncIterable<Uint8Array>): Promise<Source> {
  const reader = new ByteReader(input, path);
  const head = await reader.peek(8);
  const isFile = arrowMagic.every((byte, i) => head[i] === byte);
  if (isFile) await reader.read(8);
  const first = await readNext(reader, path).catch((cause: unknown) => {
    throw isFile && cause instanceof CurationError ? notAStream(path, cause) : cause;
  });
  if (first === undefined || first.message.kind !== 'schema') {
    if (isFile) throw notAStream(path);
    const found = first === undefined ? 'nothing' : `a ${first.message.kind}`;
    throw new CurationError(
      'BAD_INPUT',
      `${path}: expected an Arrow stream to begin with its schema, found ${found}`,
    );
  }
  const stored = readSchema(first.message.schema);
  const { offset, metadataLength } = first.span;
  const schema: SchemaPlace = {
    kind: 'message',
    offset: 0,
    byteLength: metadataLength,
    bytes: share(first.bytes.subarray(offset, offset + metadataLength)),
  };
  let isTaken = false;
  return {
    path,
    format: 'arrow',
    schema: stored.schema,
    rowCount: undefined,
    isRowCountExact: false,
    byteLength: undefined,
    morsels(options) {
      checkColumns(path, stored, options.columns);
      if (isTaken) throw new CurationError('USAGE', `${path}: a stream can be read only once`);
      isTaken = true;
      return readMorsels(path, reader, schema, options.columns, options.signal);
    },
  };
}

/** Polars writes files that only their footer explains. */
function notAStream(path: string, cause?: unknown): CurationError {
  return new CurationError(
    'UNSUPPORTED',
    `${path}: this Arrow file can only be read from its end, so not from a pipe; give it by its name`,
    { cause },
  );
}

async function* readMorsels(
  path: string,
  reader: ByteReader,
  schema: SchemaPlace,
  columns: readonly string[] | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<ArrowMorsel> {
  const source = randomUUID();
  let dictionaries: DictionaryPlace[] = [];
  let [sequence, batch] = [0, 0];
  try {
    for (;;) {
      signal?.throwIfAborted();
      const next = await readNext(reader, path);
      if (next === undefined) break;
      const { message, span, bytes } = next;
      if (message.kind === 'schema') {
        throw new CurationError('BAD_INPUT', `${path}: expected one schema, found a second one`);
      }
      if (message.kind === 'dictionary') {
        const { id, isDelta } = message;
        const places = [...dictionaries, { sequence, id, isDelta, span, bytes: share(bytes) }];
        dictionaries = appliedDictionaries(places, places.length);
        sequence += 1;
      }
      if (message.kind !== 'batch') continue;
      const { rowCount } = message.batch;
      const shared = { format: 'arrow', path, source, schema, dictionaries, batch, span, columns } as const;
      batch += 1;
      if (rowCount > 0) yield { ...shared, bytes, start: 0, end: rowCount };
    }
    // Whatever follows the end (a file's footer) is read to its end, so that the writer is not cut off.
    await reader.drain();
  } finally {
    await reader.close();
  }
}

interface Next {
  readonly message: ReturnType<typeof readMessage>;
  readonly span: MessageSpan;
  /** Metadata, padded, and body; owns its whole buffer. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

async function readNext(reader: ByteReader, path: string): Promise<Next | undefined> {
  const where = `${path}: message at byte ${reader.position}`;
  const head = await reader.peek(8);
  if (head.byteLength === 0) return undefined;
  const { prefixLength, metadataLength } = readPrefix(head, where);
  if (metadataLength === 0) return undefined;
  await reader.read(prefixLength);
  const metadata = await reader.read(metadataLength);
  const message = readMessage(metadata, where);
  const bodyOffset = Math.ceil(metadataLength / 8) * 8;
  const bytes = await reader.read(message.bodyLength, bodyOffset);
  bytes.set(metadata);
  return { message, span: { offset: 0, metadataLength, bodyOffset, bodyLength: message.bodyLength }, bytes };
}

function share(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
  shared.set(bytes);
  return shared;
}
