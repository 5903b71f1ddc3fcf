import { type Schema, TimeUnit } from 'apache-arrow';
import { frameSchema } from '../arrow/encode-message.ts';
import type { LeafIndex } from './encode.ts';
import { type PageCompression, PLAIN, RLE, RLE_DICTIONARY } from './encode-pages.ts';
import type { Leaf, ParquetPlan, SchemaElement } from './encode-schema.ts';
import { boundBytes, joinRanges, type Range } from './encode-statistics.ts';
import type { LogicalType } from './encode-types.ts';
import { THRIFT_BINARY, THRIFT_I32, THRIFT_STRUCT, ThriftWriter } from './thrift-writer.ts';

const VERSION = 2;
const CREATED_BY = 'sluice';
/** Where Arrow readers look for the schema as it was before it became Parquet. */
const ARROW_SCHEMA_KEY = 'ARROW:schema';
/** CompressionCodec of parquet.thrift. */
const CODECS: Record<PageCompression, number> = { none: 0, snappy: 1, gzip: 2, zstd: 6 };
/** Numbers of the members of the union LogicalType. */
const LOGICAL = {
  string: 1,
  map: 2,
  list: 3,
  decimal: 5,
  date: 6,
  time: 7,
  timestamp: 8,
  integer: 10,
  unknown: 11,
  float16: 15,
} as const;
/** Numbers of the members of the union TimeUnit, by Arrow's unit; Parquet has no seconds. */
const UNITS = {
  [TimeUnit.SECOND]: 1,
  [TimeUnit.MILLISECOND]: 1,
  [TimeUnit.MICROSECOND]: 2,
  [TimeUnit.NANOSECOND]: 3,
};

/** One column chunk, laid out. */
export interface StoredChunk {
  /** Where its first page lies in the file. */
  readonly position: number;
  readonly byteLength: number;
  readonly totals: ChunkTotals;
}

/** What several batches of one leaf come to. */
export interface ChunkTotals {
  readonly entryCount: number;
  readonly valueCount: number;
  /** Bytes of the dictionary page, which only the first batch can have. */
  readonly dictionaryLength: number;
  readonly hasPlainPages: boolean;
  readonly uncompressedLength: number;
  readonly range: Range | undefined;
}

export interface StoredRowGroup {
  readonly rowCount: number;
  readonly position: number;
  readonly chunks: readonly StoredChunk[];
}

/** Adds up the parts of one chunk; `parts` holds at least one. */
export function totalOf(parts: readonly LeafIndex[]): ChunkTotals {
  let entryCount = 0;
  let valueCount = 0;
  let uncompressedLength = 0;
  let hasPlainPages = false;
  let range: Range | undefined;
  for (const part of parts) {
    // A part without values neither widens the range nor makes it unknown.
    if (part.valueCount > 0) range = valueCount === 0 ? part.range : joinRanges(range, part.range);
    entryCount += part.entryCount;
    valueCount += part.valueCount;
    uncompressedLength += part.uncompressedLength;
    hasPlainPages ||= part.dictionaryLength === 0;
  }
  const dictionaryLength = parts[0]?.dictionaryLength ?? 0;
  return { entryCount, valueCount, dictionaryLength, hasPlainPages, uncompressedLength, range };
}

/** The footer's FileMetaData (parquet.thrift), without length and magic. */
export function footerBytes(
  plan: ParquetPlan,
  schema: Schema,
  compression: PageCompression,
  groups: readonly StoredRowGroup[],
): Uint8Array<ArrayBuffer> {
  const thrift = new ThriftWriter();
  thrift.struct(() => {
    thrift.i32(1, VERSION);
    thrift.list(2, THRIFT_STRUCT, plan.elements, (element) => writeElement(thrift, element));
    thrift.i64(
      3,
      groups.reduce((sum, group) => sum + group.rowCount, 0),
    );
    thrift.list(4, THRIFT_STRUCT, groups, (group) => writeGroup(thrift, plan.leaves, compression, group));
    thrift.list(5, THRIFT_STRUCT, keyValues(schema), ([key, value]) => {
      thrift.struct(() => {
        thrift.binary(1, key);
        thrift.binary(2, value);
      });
    });
    thrift.binary(6, CREATED_BY);
    // Order by the rules of each type; without it a reader must not use the bounds.
    thrift.list(7, THRIFT_STRUCT, plan.leaves, () => {
      thrift.struct(() => thrift.structField(1, () => {}));
    });
  });
  return thrift.sink.take();
}

function keyValues(schema: Schema): [string, string][] {
  const own = [...schema.metadata].filter(([key]) => key !== ARROW_SCHEMA_KEY);
  return [...own, [ARROW_SCHEMA_KEY, Buffer.from(frameSchema(schema)).toString('base64')]];
}

function writeElement(thrift: ThriftWriter, element: SchemaElement): void {
  thrift.struct(() => {
    if (element.physical !== undefined) thrift.i32(1, element.physical);
    if (element.typeLength !== undefined) thrift.i32(2, element.typeLength);
    if (element.repetition !== undefined) thrift.i32(3, element.repetition);
    thrift.binary(4, element.name);
    if (element.childCount !== undefined) thrift.i32(5, element.childCount);
    if (element.converted !== undefined) thrift.i32(6, element.converted);
    if (element.scale !== undefined) thrift.i32(7, element.scale);
    if (element.precision !== undefined) thrift.i32(8, element.precision);
    const { logical } = element;
    if (logical !== undefined) thrift.structField(10, () => writeLogical(thrift, logical));
  });
}

function writeLogical(thrift: ThriftWriter, logical: LogicalType): void {
  thrift.structField(LOGICAL[logical.kind], () => {
    if (logical.kind === 'decimal') {
      thrift.i32(1, logical.scale);
      thrift.i32(2, logical.precision);
    } else if (logical.kind === 'time' || logical.kind === 'timestamp') {
      thrift.bool(1, logical.isUtc);
      thrift.structField(2, () => thrift.structField(UNITS[logical.unit], () => {}));
    } else if (logical.kind === 'integer') {
      thrift.i8(1, logical.bitWidth);
      thrift.bool(2, logical.isSigned);
    }
  });
}

function writeGroup(
  thrift: ThriftWriter,
  leaves: readonly Leaf[],
  compression: PageCompression,
  group: StoredRowGroup,
): void {
  const byteLength = group.chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const uncompressedLength = group.chunks.reduce((sum, chunk) => sum + chunk.totals.uncompressedLength, 0);
  thrift.struct(() => {
    thrift.list(1, THRIFT_STRUCT, [...group.chunks.entries()], ([i, chunk]) => {
      writeChunk(thrift, leaves[i]!, compression, chunk);
    });
    thrift.i64(2, uncompressedLength);
    thrift.i64(3, group.rowCount);
    thrift.i64(5, group.position);
    thrift.i64(6, byteLength);
  });
}

function writeChunk(
  thrift: ThriftWriter,
  leaf: Leaf,
  compression: PageCompression,
  chunk: StoredChunk,
): void {
  const { totals, position } = chunk;
  const encodings = [RLE];
  if (totals.hasPlainPages || totals.dictionaryLength > 0) encodings.push(PLAIN);
  if (totals.dictionaryLength > 0) encodings.push(RLE_DICTIONARY);
  thrift.struct(() => {
    // The place of a second copy of the metadata, which nobody writes any more.
    thrift.i64(2, 0);
    thrift.structField(3, () => {
      thrift.i32(1, leaf.stored.physical);
      thrift.list(2, THRIFT_I32, encodings, (encoding) => thrift.varint(encoding));
      thrift.list(3, THRIFT_BINARY, leaf.path, (name) => thrift.bytes(name));
      thrift.i32(4, CODECS[compression]);
      thrift.i64(5, totals.entryCount);
      thrift.i64(6, totals.uncompressedLength);
      thrift.i64(7, chunk.byteLength);
      thrift.i64(9, position + totals.dictionaryLength);
      if (totals.dictionaryLength > 0) thrift.i64(11, position);
      thrift.structField(12, () => writeStatistics(thrift, leaf, totals));
    });
  });
}

function writeStatistics(thrift: ThriftWriter, leaf: Leaf, totals: ChunkTotals): void {
  thrift.i64(3, totals.entryCount - totals.valueCount);
  const { range } = totals;
  if (range === undefined) return;
  thrift.binary(5, boundBytes(leaf, range.max));
  thrift.binary(6, boundBytes(leaf, range.min));
  thrift.bool(7, range.isMaxExact);
  thrift.bool(8, range.isMinExact);
}
