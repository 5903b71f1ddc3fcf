import { crc32 } from 'node:zlib';
import { CurationError } from '../../errors.ts';
import { ByteSink } from '../byte-sink.ts';
import { compress } from '../compress.ts';
import { buildDictionary, type LeafDictionary } from './encode-dictionary.ts';
import { bitWidthOf, packBits, writeHybrid, writeRun } from './encode-hybrid.ts';
import type { Shredded } from './encode-levels.ts';
import type { Leaf } from './encode-schema.ts';
import type { LeafValues } from './encode-values.ts';
import { ThriftWriter } from './thrift-writer.ts';

/** Numbers of parquet.thrift. */
const DATA_PAGE = 0;
const DICTIONARY_PAGE = 2;
export const PLAIN = 0;
export const RLE = 3;
export const RLE_DICTIONARY = 8;

/** A page is closed once its values take this much. */
const PAGE_LENGTH = 1024 * 1024;
/** Sizes are signed 32-bit integers in the page header. */
const LONGEST_PAGE = 0x7fffffff;
/** Shorter values are copied byte by byte, which beats a call. */
const SHORT_VALUE = 24;

/** How pages are packed; LZ4 has no form in Parquet that all readers agree on. */
export type PageCompression = 'none' | 'snappy' | 'gzip' | 'zstd';

/** The pages of one leaf of one batch, headers included. */
export interface LeafPages {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes of the dictionary page at the front, 0 without one. */
  readonly dictionaryLength: number;
  /** What the pages would take without compression, headers included. */
  readonly uncompressedLength: number;
}

/**
 * Writes the pages of one leaf. Buffers are kept between calls, so one of these serves all leaves of a worker.
 * Data pages are version 1, which every reader knows; they end at row boundaries after about 1 MiB.
 */
export class PageWriter {
  readonly #codec: PageCompression;
  readonly #pages = new ByteSink();
  readonly #body = new ByteSink();
  #uncompressedLength = 0;

  constructor(codec: PageCompression) {
    this.#codec = codec;
  }

  write(leaf: Leaf, shredded: Shredded, values: LeafValues): LeafPages {
    this.#pages.clear();
    this.#uncompressedLength = 0;
    const dictionary = buildDictionary(values);
    if (dictionary !== undefined) this.#writeDictionary(leaf, dictionary);
    const dictionaryLength = this.#pages.at;
    let entry = 0;
    let value = 0;
    while (entry < shredded.entryCount) {
      const end = pageEnd(leaf, shredded, values, dictionary, entry, value);
      this.#writePage(leaf, shredded, values, dictionary, { entry, value, ...end });
      entry = end.entryEnd;
      value = end.valueEnd;
    }
    return { bytes: this.#pages.take(), dictionaryLength, uncompressedLength: this.#uncompressedLength };
  }

  #writeDictionary(leaf: Leaf, dictionary: LeafDictionary): void {
    this.#writeFramed(leaf, dictionary.plain, DICTIONARY_PAGE, (thrift) => {
      thrift.structField(7, () => {
        thrift.i32(1, dictionary.entryCount);
        thrift.i32(2, PLAIN);
      });
    });
  }

  #writePage(
    leaf: Leaf,
    shredded: Shredded,
    values: LeafValues,
    dictionary: LeafDictionary | undefined,
    page: PageRange,
  ): void {
    const body = this.#body;
    body.clear();
    if (leaf.maxRepetition > 0) writeLevels(body, shredded.repetition, page, leaf.maxRepetition);
    if (leaf.maxDefinition > 0) writeLevels(body, shredded.definition, page, leaf.maxDefinition);
    if (dictionary === undefined) {
      writePlain(body, values, page.value, page.valueEnd);
    } else {
      body.writeByte(dictionary.bitWidth);
      writeHybrid(body, dictionary.indices, page.value, page.valueEnd, dictionary.bitWidth);
    }
    this.#writeFramed(leaf, body.view(), DATA_PAGE, (thrift) => {
      thrift.structField(5, () => {
        thrift.i32(1, page.entryEnd - page.entry);
        thrift.i32(2, dictionary === undefined ? PLAIN : RLE_DICTIONARY);
        thrift.i32(3, RLE);
        thrift.i32(4, RLE);
      });
    });
  }

  #writeFramed(
    leaf: Leaf,
    body: Uint8Array,
    type: number,
    writeHeader: (thrift: ThriftWriter) => void,
  ): void {
    const stored = this.#codec === 'none' ? body : compress(this.#codec, body);
    if (body.length > LONGEST_PAGE || stored.length > LONGEST_PAGE) {
      throw new CurationError(
        'UNSUPPORTED',
        `parquet writer: column "${leaf.name}": expected values below 2 GiB (the limit of a Parquet page), found a page of ${body.length} bytes; write Arrow instead`,
      );
    }
    const thrift = new ThriftWriter();
    thrift.struct(() => {
      thrift.i32(1, type);
      thrift.i32(2, body.length);
      thrift.i32(3, stored.length);
      // The field is a signed integer.
      thrift.i32(4, crc32(stored) | 0);
      writeHeader(thrift);
    });
    const header = thrift.sink.view();
    this.#pages.write(header);
    this.#pages.write(stored);
    this.#uncompressedLength += header.length + body.length;
  }
}

interface PageRange {
  readonly entry: number;
  readonly entryEnd: number;
  readonly value: number;
  readonly valueEnd: number;
}

/** Walks on from `entry` until the page is full and a new row begins. */
function pageEnd(
  leaf: Leaf,
  shredded: Shredded,
  values: LeafValues,
  dictionary: LeafDictionary | undefined,
  entry: number,
  value: number,
): { readonly entryEnd: number; readonly valueEnd: number } {
  const { definition, repetition, entryCount } = shredded;
  const isText = values.kind === 'bytes' && dictionary === undefined;
  const valueLength = fixedLengthOf(values, dictionary);
  // Levels count too: a column of nulls or empty lists has nothing else.
  const levelLength = (bitWidthOf(leaf.maxDefinition) + bitWidthOf(leaf.maxRepetition)) / 8;
  let length = 0;
  let at = entry;
  let valueAt = value;
  while (at < entryCount) {
    if (length >= PAGE_LENGTH && (repetition === undefined || repetition[at] === 0)) break;
    length += levelLength;
    if (definition === undefined || definition[at] === leaf.maxDefinition) {
      length += isText ? 4 + values.ends[valueAt]! - values.starts[valueAt]! : valueLength;
      valueAt++;
    }
    at++;
  }
  return { entryEnd: at, valueEnd: valueAt };
}

function fixedLengthOf(values: LeafValues, dictionary: LeafDictionary | undefined): number {
  if (dictionary !== undefined) return dictionary.bitWidth / 8;
  return values.kind === 'fixed' ? values.width : 1 / 8;
}

/** Levels of a version 1 page: their length in four bytes, then runs and packed groups. */
function writeLevels(body: ByteSink, levels: Uint8Array | undefined, page: PageRange, highest: number): void {
  const bitWidth = bitWidthOf(highest);
  const lengthAt = body.at;
  body.writeUint32(0);
  if (levels === undefined) writeRun(body, highest, page.entryEnd - page.entry, bitWidth);
  else writeHybrid(body, levels, page.entry, page.entryEnd, bitWidth);
  body.setUint32(lengthAt, body.at - lengthAt - 4);
}

function writePlain(body: ByteSink, values: LeafValues, start: number, end: number): void {
  if (values.kind === 'fixed') body.write(values.bytes.subarray(start * values.width, end * values.width));
  else if (values.kind === 'bool') packBits(body, values.bytes, start, end, 1);
  else writeText(body, values, start, end);
}

/** Each value behind its length in four bytes. */
function writeText(
  body: ByteSink,
  values: LeafValues & { readonly kind: 'bytes' },
  start: number,
  end: number,
): void {
  const { data, starts, ends } = values;
  let total = 0;
  for (let i = start; i < end; i++) total += 4 + ends[i]! - starts[i]!;
  body.reserve(total);
  const { bytes } = body;
  let { at } = body;
  for (let i = start; i < end; i++) {
    const from = starts[i]!;
    const to = ends[i]!;
    const length = to - from;
    bytes[at] = length;
    bytes[at + 1] = length >>> 8;
    bytes[at + 2] = length >>> 16;
    bytes[at + 3] = length >>> 24;
    at += 4;
    if (length <= SHORT_VALUE) {
      for (let k = from; k < to; k++) bytes[at++] = data[k]!;
    } else {
      bytes.set(data.subarray(from, to), at);
      at += length;
    }
  }
  body.at = at;
}
