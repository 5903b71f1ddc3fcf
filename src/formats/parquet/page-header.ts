import { Damage } from './damage.ts';
import { THRIFT, ThriftReader } from './thrift.ts';

type PageKind = 'data' | 'data-v2' | 'dictionary' | 'other';

/** Numbers of `Encoding` in parquet.thrift. */
export const ENCODING = {
  plain: 0,
  plainDictionary: 2,
  rle: 3,
  bitPacked: 4,
  deltaBinaryPacked: 5,
  deltaLengthByteArray: 6,
  deltaByteArray: 7,
  rleDictionary: 8,
  byteStreamSplit: 9,
} as const;

/** What a page says of itself. Sizes are checked for sign only: whoever reads the body compares them with the file. */
export interface PageHeader {
  readonly kind: PageKind;
  /** Bytes of the header itself. */
  readonly headerLength: number;
  readonly storedLength: number;
  readonly decodedLength: number;
  readonly crc: number | undefined;
  readonly entryCount: number;
  readonly encoding: number;
  /** Encodings of the levels; version 2 is always RLE. */
  readonly defEncoding: number;
  readonly repEncoding: number;
  /** Version 2 only: bytes of the levels (never compressed), and whether the rest is compressed. Its counts of rows and nulls are wrong in files that are otherwise sound, so they are not read. */
  readonly defLength: number;
  readonly repLength: number;
  readonly isCompressed: boolean;
}

type Draft = { -readonly [K in keyof PageHeader]: PageHeader[K] };

/** Parses the header at `position`. Throws `Damage` if it is not one or ends beyond `bytes`. */
export function parsePageHeader(bytes: Uint8Array, position: number): PageHeader {
  const reader = new ThriftReader(bytes, position);
  const page: Draft = {
    kind: 'other',
    headerLength: 0,
    storedLength: -1,
    decodedLength: -1,
    crc: undefined,
    entryCount: -1,
    encoding: -1,
    defEncoding: ENCODING.rle,
    repEncoding: ENCODING.rle,
    defLength: 0,
    repLength: 0,
    isCompressed: true,
  };
  let kind = -1;
  let body = -1;
  let field = 0;
  while (reader.nextField(field)) {
    field = reader.field;
    if (field <= 4 && reader.type === THRIFT.i32) {
      const value = reader.i32();
      if (field === 1) kind = value;
      else if (field === 2) page.decodedLength = value;
      else if (field === 3) page.storedLength = value;
      else page.crc = value >>> 0;
    } else if ((field === 5 || field === 7 || field === 8) && reader.type === THRIFT.struct) {
      body = field;
      parseBody(reader, page, field);
    } else {
      reader.skip(reader.type);
    }
  }
  page.headerLength = reader.position - position;
  if (kind === 0 && body === 5) page.kind = 'data';
  else if (kind === 2 && body === 7) page.kind = 'dictionary';
  else if (kind === 3 && body === 8) page.kind = 'data-v2';
  else if (kind === 0 || kind === 2 || kind === 3)
    throw new Damage(`page header: expected the fields of page type ${kind}, found none`);
  if (page.storedLength < 0 || page.decodedLength < 0 || kind < 0) {
    throw new Damage(
      `page header: expected type and sizes, found sizes ${page.storedLength} and ${page.decodedLength}`,
    );
  }
  if (page.kind !== 'other') checkCounts(page);
  return page;
}

function parseBody(reader: ThriftReader, page: Draft, body: number): void {
  let field = 0;
  while (reader.nextField(field)) {
    field = reader.field;
    if (reader.type === THRIFT.i32) setNumber(page, body, field, reader.i32());
    else if (body === 8 && field === 7) page.isCompressed = reader.type !== THRIFT.false;
    else reader.skip(reader.type);
  }
}

function setNumber(page: Draft, body: number, field: number, value: number): void {
  if (field === 1) page.entryCount = value;
  else if (body === 8) {
    if (field === 4) page.encoding = value;
    else if (field === 5) page.defLength = value;
    else if (field === 6) page.repLength = value;
  } else if (field === 2) page.encoding = value;
  else if (field === 3) page.defEncoding = value;
  else if (field === 4) page.repEncoding = value;
}

function checkCounts(page: PageHeader): void {
  if (page.entryCount < 0)
    throw new Damage(`page header: expected a count of values, found ${page.entryCount}`);
  if (page.kind !== 'data-v2') return;
  const levels = page.defLength + page.repLength;
  if (page.defLength < 0 || page.repLength < 0 || levels > page.storedLength || levels > page.decodedLength) {
    throw new Damage(`page header: expected levels within ${page.storedLength} bytes, found ${levels}`);
  }
}
