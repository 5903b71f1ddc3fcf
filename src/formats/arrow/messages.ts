import { CurationError } from '../../errors.ts';
import { type FlatTable, rootTable } from './flatbuffer.ts';

/** Largest stored body of one message that is read; a writer that cuts sensible batches stays far below. */
export const maxBodyBytes: number = 2 ** 30;

/** The first bytes of an Arrow file and its last. */
export const arrowMagic: Uint8Array = Buffer.from('ARROW1', 'latin1');

/** Where one encapsulated message lies in a file. `offset` is where its metadata flatbuffer starts, after the prefix. */
export interface MessageSpan {
  readonly offset: number;
  readonly metadataLength: number;
  readonly bodyOffset: number;
  readonly bodyLength: number;
}

export type Message =
  | {
      readonly kind: 'schema';
      readonly bodyLength: number;
      readonly schema: FlatTable;
      readonly version: number;
    }
  | { readonly kind: 'batch'; readonly bodyLength: number; readonly batch: BatchLayout }
  | {
      readonly kind: 'dictionary';
      readonly bodyLength: number;
      readonly id: string;
      readonly isDelta: boolean;
      readonly batch: BatchLayout;
    }
  | { readonly kind: 'other'; readonly bodyLength: number };

/** What a record batch says of itself: a length for each field and a place in the body for each buffer, both checked. */
export interface BatchLayout {
  readonly rowCount: number;
  /** Metadata version, 3 for V4 and 4 for V5: unions had a validity buffer before V5. */
  readonly version: number;
  readonly codec: 'none' | 'lz4' | 'zstd';
  /** Pairs: length, null count. */
  readonly nodes: Float64Array;
  /** Pairs: offset in the body, byte length. */
  readonly buffers: Float64Array;
  readonly variadicCounts: Float64Array;
}

/**
 * The eight (before format 0.15: four) bytes ahead of a message.
 * @returns bytes of prefix and of metadata; a `metadataLength` of 0 ends the stream.
 */
export function readPrefix(
  prefix: Uint8Array,
  where: string,
): { prefixLength: number; metadataLength: number } {
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  const isMarked = prefix.byteLength >= 4 && view.getInt32(0, true) === -1;
  if (prefix.byteLength < (isMarked ? 8 : 4)) {
    throw new CurationError(
      'BAD_INPUT',
      `${where}: expected an Arrow message, found the end of the data after ${prefix.byteLength} bytes`,
    );
  }
  const metadataLength = view.getInt32(isMarked ? 4 : 0, true);
  if (metadataLength < 0) {
    throw new CurationError(
      'BAD_INPUT',
      `${where}: expected an Arrow message, found a metadata length of ${metadataLength}`,
    );
  }
  return { prefixLength: isMarked ? 8 : 4, metadataLength };
}

/** Reads the metadata of one message, without its body. `metadata` is read, not kept, but for the schema's table. */
export function readMessage(metadata: Uint8Array, where: string): Message {
  const table = rootTable(metadata, where);
  const version = checkVersion(table.int16(0, 0), where);
  const bodyLength = count(table.int64(3), 'message body length', where);
  const header = table.table(2);
  const type = table.int8(1, 0);
  if (header === undefined || type < 1 || type > 3) return { kind: 'other', bodyLength };
  if (bodyLength > maxBodyBytes) {
    throw new CurationError(
      'UNSUPPORTED',
      `${where}: the batch holds ${bodyLength} stored bytes, and Sluice reads batches up to ${maxBodyBytes}; write the file again with smaller record batches`,
    );
  }
  if (type === 1) return { kind: 'schema', bodyLength, schema: header, version };
  if (type === 3) return { kind: 'batch', bodyLength, batch: readLayout(header, version, bodyLength) };
  const data = header.table(1);
  if (data === undefined) throw new CurationError('BAD_INPUT', `${where}: dictionary batch holds no data`);
  const batch = readLayout(data, version, bodyLength);
  return { kind: 'dictionary', bodyLength, id: `${header.int64(0)}`, isDelta: header.bool(2), batch };
}

/** The footer of an Arrow file: its schema and where each message lies. Every span is inside `[0, end)`. */
export interface Footer {
  readonly schema: FlatTable;
  readonly dictionaries: readonly MessageSpan[];
  readonly batches: readonly MessageSpan[];
}

/** Reads a footer flatbuffer. @param end where the footer starts in the file: blocks lie before it. */
export function readFooter(bytes: Uint8Array, end: number, where: string): Footer {
  const table = rootTable(bytes, where);
  checkVersion(table.int16(0, 0), where);
  const schema = table.table(1);
  if (schema === undefined) throw new CurationError('BAD_INPUT', `${where}: footer holds no schema`);
  return { schema, dictionaries: readBlocks(table, 2, end), batches: readBlocks(table, 3, end) };
}

function readBlocks(footer: FlatTable, field: number, end: number): MessageSpan[] {
  const { view, where } = footer;
  const { start, count: blocks } = footer.structs(field, 24);
  return Array.from({ length: blocks }, (_, i) => {
    const at = start + 24 * i;
    const offset = count(view.getBigInt64(at, true), 'block offset', where);
    const metadataLength = view.getInt32(at + 8, true);
    const bodyLength = count(view.getBigInt64(at + 16, true), 'block body length', where);
    const bodyOffset = offset + metadataLength;
    if (metadataLength < 8 || bodyOffset + bodyLength > end) {
      throw new CurationError(
        'BAD_INPUT',
        `${where}: footer: block ${i} is said to be ${metadataLength} + ${bodyLength} bytes at ${offset}, outside the ${end} bytes before the footer`,
      );
    }
    return { offset, metadataLength, bodyOffset, bodyLength };
  });
}

function readLayout(batch: FlatTable, version: number, bodyLength: number): BatchLayout {
  const { where } = batch;
  const rowCount = count(batch.int64(0), 'row count', where);
  if (rowCount > 0x7fffffff) {
    throw new CurationError('BAD_INPUT', `${where}: expected at most 2147483647 rows, found ${rowCount}`);
  }
  const nodes = readPairs(batch, 1, 'field length');
  const buffers = readPairs(batch, 2, 'buffer offset or length');
  for (let i = 0; i < buffers.length; i += 2) {
    if (buffers[i]! + buffers[i + 1]! > bodyLength) {
      throw new CurationError(
        'BAD_INPUT',
        `${where}: buffer ${i >> 1} is said to be ${buffers[i + 1]} bytes at ${buffers[i]}, outside the body of ${bodyLength} bytes`,
      );
    }
  }
  const counts = batch.structs(4, 8);
  const variadicCounts = Float64Array.from({ length: counts.count }, (_, i) =>
    count(batch.view.getBigInt64(counts.start + 8 * i, true), 'number of view buffers', where),
  );
  return { rowCount, version, codec: readCodec(batch), nodes, buffers, variadicCounts };
}

function readCodec(batch: FlatTable): BatchLayout['codec'] {
  const compression = batch.table(3);
  if (compression === undefined) return 'none';
  const codec = compression.int8(0, 0);
  if ((codec !== 0 && codec !== 1) || compression.int8(1, 0) !== 0) {
    throw new CurationError(
      'UNSUPPORTED',
      `${batch.where}: expected lz4 or zstd compression by buffer, found codec ${codec}`,
    );
  }
  return codec === 0 ? 'lz4' : 'zstd';
}

function readPairs(table: FlatTable, field: number, what: string): Float64Array {
  const { start, count: pairs } = table.structs(field, 16);
  const numbers = new Float64Array(2 * pairs);
  for (let i = 0; i < numbers.length; i += 1) {
    numbers[i] = count(table.view.getBigInt64(start + 8 * i, true), what, table.where);
  }
  return numbers;
}

function count(value: bigint, what: string, where: string): number {
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new CurationError('BAD_INPUT', `${where}: ${what} is damaged: found ${value}`);
  }
  return Number(value);
}

function checkVersion(version: number, where: string): number {
  if (version === 3 || version === 4) return version;
  const isOld = version >= 0 && version < 3;
  throw new CurationError(
    isOld ? 'UNSUPPORTED' : 'BAD_INPUT',
    `${where}: expected Arrow metadata of version 4 or 5, found ${version + 1}`,
  );
}
