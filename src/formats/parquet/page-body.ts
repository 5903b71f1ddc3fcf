import { crc32 } from 'node:zlib';
import { decompress } from '../decompress.ts';
import { Damage } from './damage.ts';
import { type OpenFile, readExactly } from './files.ts';
import { BitPackedReader, bitWidth, HybridReader, type RunReader } from './hybrid.ts';
import type { ChunkPlan } from './morsel.ts';
import { ENCODING, type PageHeader, parsePageHeader } from './page-header.ts';
import {
  type Dictionary,
  openPrefixed,
  openValues,
  prefixedEnd,
  readDictionary,
  type Values,
} from './values.ts';

/** Entries decoded at once. */
export const BLOCK = 4096;

/** The inside of a data page, opened: its levels and values, at the first entry. */
export interface PageBody {
  /** The page, which its readers share unless they decoded it at once. */
  readonly bytes: Uint8Array;
  readonly defs: RunReader | undefined;
  readonly reps: RunReader | undefined;
  readonly values: Values;
  /** Entries that begin a row. */
  readonly rowCount: number;
}

let window = new Uint8Array(1 << 13);
let windowFile: string | undefined;
let windowStart = 0;
let windowEnd = 0;

/** Longest header believed: statistics inside it may be long, but not that long. */
const MAX_HEADER = 16 << 20;

/** Reads the header of the page at `offset`, which must end before `limit`. */
export function readHeader(file: OpenFile, offset: number, limit: number): PageHeader {
  if (!(offset >= 0 && offset < limit))
    throw new Damage(`expected a page before byte ${limit}, found the end`);
  const isInside = windowFile === file.key && offset >= windowStart && windowEnd - offset >= 256;
  if (!isInside) fillWindow(file, offset, Math.min(1 << 13, limit - offset));
  const header = parseWindow(file, offset, limit);
  if (offset + header.headerLength + header.storedLength > limit) {
    throw new Damage(
      `page header: expected a page that ends before byte ${limit}, found ${header.storedLength} bytes`,
    );
  }
  return header;
}

function parseWindow(file: OpenFile, offset: number, limit: number): PageHeader {
  const most = Math.min(limit - offset, MAX_HEADER);
  for (;;) {
    try {
      return parsePageHeader(window.subarray(0, windowEnd - windowStart), offset - windowStart);
    } catch (error) {
      // A header may be longer than what was read of it; only if there is no more is it damaged.
      const have = windowEnd - offset;
      if (have >= most) throw error;
      fillWindow(file, offset, Math.min(most, Math.max(1 << 13, have * 8)));
    }
  }
}

function fillWindow(file: OpenFile, offset: number, length: number): void {
  windowFile = undefined;
  if (length > window.length) window = new Uint8Array(length);
  readExactly(file.fd, offset, length, file.path, window.subarray(0, length));
  windowFile = file.key;
  windowStart = offset;
  windowEnd = offset + length;
}

let input = new Uint8Array(1 << 20);

/** Stored bytes of a page, checked against its CRC; valid until the next page is read in this thread. */
function readStored(file: OpenFile, offset: number, header: PageHeader): Uint8Array {
  const length = header.storedLength;
  if (length > input.length) input = new Uint8Array(length + (length >>> 1));
  const stored = readExactly(
    file.fd,
    offset + header.headerLength,
    length,
    file.path,
    input.subarray(0, length),
  );
  if (header.crc !== undefined) {
    const found = crc32(stored);
    if (found !== header.crc) throw new Damage(`expected CRC ${header.crc}, found ${found}`);
  }
  return stored;
}

/** Reads and decodes a dictionary page. */
export function loadDictionary(
  file: OpenFile,
  offset: number,
  header: PageHeader,
  chunk: ChunkPlan,
): Dictionary {
  const stored = readStored(file, offset, header);
  const bytes = decompress(chunk.codec, stored, header.decodedLength);
  return readDictionary(chunk.column, bytes, header.entryCount);
}

/**
 * Reads, decompresses and opens a data page. What it hands out may lie in memory that the next page of any column overwrites.
 * Values are counted from the definition levels: the header's count of nulls is wrong in files that are otherwise sound.
 */
export function openPage(
  file: OpenFile,
  offset: number,
  header: PageHeader,
  chunk: ChunkPlan,
  dictionary: () => Dictionary,
): PageBody {
  const { encoding } = header;
  // Taken first: decoding a dictionary page would overwrite this one.
  const isCoded = encoding === ENCODING.plainDictionary || encoding === ENCODING.rleDictionary;
  const words = isCoded ? dictionary() : undefined;
  const stored = readStored(file, offset, header);
  const levels =
    header.kind === 'data' ? openLevels(stored, header, chunk) : openLevelsV2(stored, header, chunk);
  const { bytes, start, defs, reps } = levels;
  const { maxDefinition, maxRepetition } = chunk.column;
  const n = header.entryCount;
  const valueCount = defs === undefined ? n : countLevel(defs(), n, maxDefinition, maxDefinition);
  const rowCount = reps === undefined ? n : countLevel(reps(), n, 0, maxRepetition);
  const values = openValues(chunk.column, encoding, bytes, start, valueCount, () => words!);
  return { bytes, defs: defs?.(), reps: reps?.(), values, rowCount };
}

interface Levels {
  readonly bytes: Uint8Array;
  /** Where the values begin. */
  readonly start: number;
  readonly defs: (() => RunReader) | undefined;
  readonly reps: (() => RunReader) | undefined;
}

/** Version 1: levels, each behind its length, then values, all compressed as one. */
function openLevels(stored: Uint8Array, header: PageHeader, chunk: ChunkPlan): Levels {
  const bytes = decompress(chunk.codec, stored, header.decodedLength);
  let start = 0;
  const open = (max: number, encoding: number): (() => RunReader) | undefined => {
    if (max === 0) return undefined;
    const bits = bitWidth(max);
    const at = start;
    if (encoding === ENCODING.bitPacked) {
      start += Math.ceil((header.entryCount * bits) / 8);
      if (start > bytes.length)
        throw new Damage(`expected ${start - at} bytes of levels, found ${bytes.length - at}`);
      return () => new BitPackedReader(bytes, at, bits);
    }
    if (encoding !== ENCODING.rle)
      throw new Damage(`expected levels in RLE or BIT_PACKED, found encoding ${encoding}`);
    start = prefixedEnd(bytes, at);
    return () => openPrefixed(bytes, at, bits);
  };
  const reps = open(chunk.column.maxRepetition, header.repEncoding);
  const defs = open(chunk.column.maxDefinition, header.defEncoding);
  return { bytes, start, defs, reps };
}

/** Version 2: levels first and never compressed, then values. */
function openLevelsV2(stored: Uint8Array, header: PageHeader, chunk: ChunkPlan): Levels {
  const { repLength, defLength } = header;
  const { maxRepetition, maxDefinition } = chunk.column;
  const total = repLength + defLength;
  const levels = stored.slice(0, total);
  const body = stored.subarray(total);
  const decodedLength = header.decodedLength - total;
  // An empty body was not compressed, whatever the header says.
  const codec = header.isCompressed && body.length > 0 ? chunk.codec : 'none';
  const bytes = decompress(codec, body, decodedLength);
  return {
    bytes,
    start: 0,
    reps:
      maxRepetition === 0 ? undefined : () => new HybridReader(levels, 0, repLength, bitWidth(maxRepetition)),
    defs:
      maxDefinition === 0
        ? undefined
        : () => new HybridReader(levels, repLength, total, bitWidth(maxDefinition)),
  };
}

const scratch = new Uint8Array(BLOCK);

/** How many of the page's levels equal `level`; none may exceed `max`. */
function countLevel(levels: RunReader, count: number, level: number, max: number): number {
  let found = 0;
  for (let left = count; left > 0; left -= BLOCK) {
    const n = Math.min(BLOCK, left);
    levels.take(scratch, 0, n);
    for (let i = 0; i < n; i++) {
      const value = scratch[i]!;
      if (value > max) throw new Damage(`expected levels up to ${max}, found ${value}`);
      if (value === level) found++;
    }
  }
  return found;
}
