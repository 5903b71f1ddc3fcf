import type { FileHandle } from 'node:fs/promises';
import { CurationError } from '../../errors.ts';
import { countLineFeeds } from './line-number.ts';
import { PADDING } from './line-types.ts';

/** Bytes of the longest line taken; a longer one is an error, since a line must be held in memory whole. */
export const LINE_BYTES_LIMIT: number = 1024 ** 3;

const PROBE_BYTES = 64 * 1024;
const LINE_FEED = 10;

/** A run of whole lines of a file: bytes `start` to `end`. */
export interface LineRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Cuts the bytes `start` to `end` of a file at line feeds into ranges of about `rangeBytes`. Only the bytes around each cut
 * are read: the cost does not grow with the ranges, only with their number and with lines longer than a range.
 */
export async function* planRanges(
  file: FileHandle,
  path: string,
  start: number,
  end: number,
  rangeBytes: number,
  lineLimit: number = LINE_BYTES_LIMIT,
): AsyncGenerator<LineRange> {
  const probe = Buffer.allocUnsafe(PROBE_BYTES);
  while (start < end) {
    const cut = await findLineStart(
      file,
      path,
      Math.min(end, start + Math.max(1, rangeBytes)),
      end,
      probe,
      lineLimit,
    );
    yield { start, end: cut };
    start = cut;
  }
}

/** The first line start at or after `from`, or `end`. */
async function findLineStart(
  file: FileHandle,
  path: string,
  from: number,
  end: number,
  probe: Buffer,
  lineLimit: number,
): Promise<number> {
  // The byte before `from` may be the line feed that makes `from` a line start.
  for (let position = from - 1; position < end; ) {
    if (position - from > lineLimit) throw tooLong(path, `byte ${from}`, lineLimit);
    const { bytesRead } = await file.read(probe, 0, Math.min(probe.length, end - position), position);
    if (bytesRead === 0) break;
    const at = probe.subarray(0, bytesRead).indexOf(LINE_FEED);
    if (at >= 0) return position + at + 1;
    position += bytesRead;
  }
  return end;
}

/** The error for a line above the limit. */
export function tooLong(path: string, where: string, lineLimit: number): CurationError {
  const message = `${path}: ${where}: expected a line of at most ${lineLimit} bytes, found a longer one`;
  return new CurationError('BAD_INPUT', `${message}; is this really one JSON object a line?`);
}

/** Whole lines in a buffer of their own. */
export interface LineBlock {
  /** Lines, each ended by a line feed, then padding for the scanner; owns its whole buffer. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where the lines end and the padding starts. */
  readonly end: number;
  /** Number of the first line, counted from the `firstLine` given. */
  readonly firstLine: number;
}

/**
 * Cuts a stream into blocks of whole lines, each of about `blockBytes`; a longer line comes whole. At most one block, one
 * chunk and the line between two blocks are held. Every byte is copied once.
 */
export async function* cutBlocks(
  input: AsyncIterable<Uint8Array>,
  path: string,
  blockBytes: number,
  firstLine: number,
  lineLimit: number = LINE_BYTES_LIMIT,
): AsyncGenerator<LineBlock> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let line = firstLine;
  /** Makes a block of what is held up to `end`, and holds what is left. */
  const cut = (end: number): LineBlock => {
    const isEnded = lastByteBefore(held, end) === LINE_FEED;
    const lineEnd = isEnded ? end : end + 1;
    const bytes = new Uint8Array(lineEnd + PADDING);
    const left: Uint8Array[] = [];
    let at = 0;
    for (const chunk of held) {
      const taken = Math.min(chunk.length, end - at);
      if (taken > 0) bytes.set(taken < chunk.length ? chunk.subarray(0, taken) : chunk, at);
      if (taken < chunk.length) left.push(chunk.subarray(taken));
      at += taken;
    }
    if (!isEnded) bytes[end] = LINE_FEED;
    held = left;
    heldBytes -= end;
    const block = { bytes, end: lineEnd, firstLine: line };
    line += countLineFeeds(bytes.subarray(0, lineEnd));
    return block;
  };
  for await (const chunk of input) {
    if (chunk.length === 0) continue;
    const lastFeed = chunk.lastIndexOf(LINE_FEED);
    held.push(chunk);
    heldBytes += chunk.length;
    if (lastFeed < 0) {
      if (heldBytes > lineLimit) throw tooLong(path, `line ${line}`, lineLimit);
    } else if (heldBytes >= blockBytes) yield cut(heldBytes - chunk.length + lastFeed + 1);
  }
  if (heldBytes > 0) yield cut(heldBytes);
}

function lastByteBefore(chunks: readonly Uint8Array[], end: number): number | undefined {
  let at = 0;
  for (const chunk of chunks) {
    if (end <= at + chunk.length) return chunk[end - 1 - at];
    at += chunk.length;
  }
  return undefined;
}
