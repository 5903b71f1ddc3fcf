import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import { CurationError } from '../../errors.ts';
import type { Decode, Decoded, DecodeOptions, Reject } from '../format.ts';
import { DAMAGED } from './builder.ts';
import { lineNumberAt } from './line-number.ts';
import { LineTable } from './line-table.ts';
import { type JsonLinesMorsel, PADDING } from './line-types.ts';
import { Scanner } from './scan.ts';

/** Damaged lines of one unbroken run that are told one by one; those after them count with the last one told. */
const RUN_TOLD = 100;
/** Characters of a damaged line shown in its message. */
const EXCERPT_LENGTH = 60;
/** Arrow offsets are 32 bit, so no column may hold more than this. */
const LARGEST_BATCH = 2 ** 31 - 1;

const scanner = new Scanner();
let lastTable: { key: string; table: LineTable } | undefined;
let scratch: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(0);

/**
 * Decodes whole lines to an Arrow batch, one row for each line that is not blank. Meaning is that of `JSON.parse`: of equal
 * keys the last wins, half a surrogate pair becomes U+FFFD. A line that is no JSON object, or no UTF-8, is a damaged row.
 * Buffers of the batch are scratch of this thread, overwritten by the next call.
 */
export const decodeJsonLines: Decode<JsonLinesMorsel> = (morsel, options) => {
  const block = loadBlock(morsel);
  return decodeBlock(morsel, block, options);
};

/** Lines in memory: `bytes[start..end]`, the last ended by a line feed, PADDING bytes behind it. */
interface Block {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  /** What to add to a place in `bytes` to have the place in the file; undefined if the file is not read in place. */
  readonly fileOffset: number | undefined;
}

function loadBlock(morsel: JsonLinesMorsel): Block {
  const { bytes } = morsel;
  if (bytes === undefined) return readBlock(morsel);
  const isReady =
    morsel.end + PADDING <= bytes.length && (morsel.end === morsel.start || bytes[morsel.end - 1] === 10);
  if (isReady) {
    const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return { bytes: block, start: morsel.start, end: morsel.end, fileOffset: undefined };
  }
  const copy = reserve(morsel.end - morsel.start);
  copy.set(bytes.subarray(morsel.start, morsel.end));
  return { bytes: copy, start: 0, end: endLine(copy, morsel.end - morsel.start), fileOffset: undefined };
}

function readBlock(morsel: JsonLinesMorsel): Block {
  const length = morsel.end - morsel.start;
  const bytes = reserve(length);
  const file = openSync(morsel.path, 'r');
  try {
    for (let filled = 0; filled < length; ) {
      const count = readSync(file, bytes, filled, length - filled, morsel.start + filled);
      if (count === 0) {
        const message = `${morsel.path}: byte ${morsel.start + filled}: expected more lines, found the end of the file`;
        throw new CurationError('BAD_INPUT', `${message}; it became shorter while it was read`);
      }
      filled += count;
    }
  } finally {
    closeSync(file);
  }
  return { bytes, start: 0, end: endLine(bytes, length), fileOffset: morsel.start };
}

/** Scratch for `length` bytes, a line feed and padding. */
function reserve(length: number): Buffer {
  const needed = length + 1 + PADDING;
  const isOversized = scratch.length > 4 * needed && scratch.length > 64 * 1024 * 1024;
  if (scratch.length < needed || isOversized) scratch = Buffer.allocUnsafeSlow(needed);
  return scratch;
}

/** Ends the last line if the file did not. */
function endLine(bytes: Buffer, end: number): number {
  if (end === 0 || bytes[end - 1] === 10) return end;
  bytes[end] = 10;
  return end + 1;
}

function decodeBlock(morsel: JsonLinesMorsel, block: Block, options: DecodeOptions): Decoded {
  const table = openTable(morsel);
  const byteLimit = Math.min(options.byteLimit, LARGEST_BATCH);
  const { bytes, end } = block;
  const log = new RejectLog(morsel, block);
  const isWholeUtf8 = isUtf8(bytes.subarray(block.start, end));
  scanner.setBlock(bytes);
  let rest: JsonLinesMorsel | undefined;
  let lines = 0;
  for (let start = block.start; start < end; lines++) {
    const lineEnd = bytes.indexOf(10, start);
    scanner.setLine(start, lineEnd);
    if (scanner.skipSpace() !== 0x0a) {
      const rows = table.rowCount;
      const isText = isWholeUtf8 || isUtf8(bytes.subarray(start, lineEnd));
      if (!isText) scanner.fail('UTF-8', start);
      if (!isText || table.append(scanner) === DAMAGED) {
        table.truncate(rows);
        const message = (): string => log.describe(start, lineEnd, lines, scanner);
        if (options.onError === 'fail') throw new CurationError('BAD_INPUT', message());
        log.add(rows, message);
      } else if (rows > 0 && table.byteLength() > byteLimit) {
        table.truncate(rows);
        rest = restOf(morsel, block, start, lines);
        break;
      }
    }
    start = lineEnd + 1;
  }
  return { batch: table.finish(), rest, rejects: log.rejects };
}

function openTable(morsel: JsonLinesMorsel): LineTable {
  const key = JSON.stringify([morsel.layout, morsel.columns ?? null]);
  if (lastTable?.key !== key) lastTable = { key, table: new LineTable(morsel.layout, morsel.columns) };
  lastTable.table.reset();
  return lastTable.table;
}

/** The lines from `start` on; `lines` of the morsel come before them. */
function restOf(morsel: JsonLinesMorsel, block: Block, start: number, lines: number): JsonLinesMorsel {
  const firstLine = morsel.firstLine === undefined ? undefined : morsel.firstLine + lines;
  // The remainder is copied out of the scratch once; after that it only moves its start.
  if (block.fileOffset === undefined && block.bytes !== scratch) return { ...morsel, start, firstLine };
  if (block.fileOffset !== undefined) return { ...morsel, start: block.fileOffset + start, firstLine };
  const kept = new Uint8Array(block.end - start + PADDING);
  kept.set(block.bytes.subarray(start, block.end));
  return { ...morsel, bytes: kept, start: 0, end: block.end - start, firstLine };
}

/** Collects damaged lines, a long unbroken run of them as one, so that rejects stay small beside the batch. */
class RejectLog {
  readonly #morsel: JsonLinesMorsel;
  readonly #block: Block;
  readonly rejects: Reject[] = [];
  #runLength = 0;
  /** Line number of the first line of the block, once it was needed. */
  #firstLine: number | undefined;

  constructor(morsel: JsonLinesMorsel, block: Block) {
    this.#morsel = morsel;
    this.#block = block;
    this.#firstLine = morsel.firstLine;
  }

  add(before: number, message: () => string): void {
    const last = this.rejects.at(-1);
    const isRun = last !== undefined && last.before === before;
    this.#runLength = isRun ? this.#runLength + 1 : 1;
    if (isRun && this.#runLength > RUN_TOLD + 1) {
      this.rejects[this.rejects.length - 1] = { ...last, rowCount: last.rowCount + 1 };
    } else this.rejects.push({ before, rowCount: 1, message: message() });
  }

  describe(start: number, end: number, line: number, scan: Scanner): string {
    const { bytes, fileOffset } = this.#block;
    const { path, format } = this.#morsel;
    this.#firstLine ??= fileOffset === undefined ? 1 : lineNumberAt(path, fileOffset + this.#block.start);
    const where = `${format === 'json' ? 'element' : 'line'} ${this.#firstLine + line}`;
    const at = Math.min(scan.position, end);
    const found = at >= end ? 'the end of the line' : describeByte(bytes[at]!);
    const excerpt = excerptOf(bytes.subarray(start, end));
    if (scan.fault === 'UTF-8') return `${path}: ${where}: expected UTF-8, found other bytes, in ${excerpt}`;
    return `${path}: ${where}, byte ${at - start + 1}: expected ${scan.fault}, found ${found}, in ${excerpt}`;
  }
}

function describeByte(byte: number): string {
  if (byte > 0x20 && byte < 0x7f) return `'${String.fromCharCode(byte)}'`;
  return `byte 0x${byte.toString(16).padStart(2, '0')}`;
}

/** The first characters of a line, printable and in quotes. */
function excerptOf(line: Uint8Array): string {
  const text = Buffer.from(line.subarray(0, 4 * EXCERPT_LENGTH)).toString('utf8');
  // A pair cut in half at the end would show as a broken character.
  const shown = text.slice(0, EXCERPT_LENGTH).replace(/[\ud800-\udbff]$/, '');
  const isCut = shown.length < text.length || line.length > 4 * EXCERPT_LENGTH;
  return `"${shown.replaceAll(/\p{Cc}/gu, '·')}"${isCut ? '...' : ''}`;
}
