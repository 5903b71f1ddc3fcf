import { closeSync, openSync, readSync } from 'node:fs';

const CHUNK_BYTES = 1024 * 1024;

/** Where the last count ended, so that a file with many damaged lines is counted through once, not once for each. */
let last = { path: '', offset: 0, line: 1 };

/**
 * The number (1 is the first) of the line that starts at `offset` of the file. Morsels of a plain file are cut without
 * reading it, so lines are counted only when a message needs a number: cost is a read of the file up to there.
 */
export function lineNumberAt(path: string, offset: number): number {
  if (last.path !== path || last.offset > offset) last = { path, offset: 0, line: 1 };
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, offset - last.offset));
  const file = openSync(path, 'r');
  try {
    while (last.offset < offset) {
      const size = readSync(file, chunk, 0, Math.min(chunk.length, offset - last.offset), last.offset);
      if (size === 0) break;
      last.line += countLineFeeds(chunk.subarray(0, size));
      last.offset += size;
    }
  } finally {
    closeSync(file);
  }
  return last.line;
}

/** How many bytes are line feeds; four at a time. */
export function countLineFeeds(bytes: Uint8Array): number {
  let count = 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wordEnd = bytes.length & ~3;
  for (let at = 0; at < wordEnd; at += 4) {
    const word = view.getInt32(at, true) ^ 0x0a0a0a0a;
    // The high bit of each byte that is zero, without carries between bytes (Hacker's Delight, 6-1), then their sum.
    const zeros = ~(((word & 0x7f7f7f7f) + 0x7f7f7f7f) | word | 0x7f7f7f7f);
    if (zeros !== 0) count += Math.imul(zeros >>> 7, 0x01010101) >>> 24;
  }
  for (let at = wordEnd; at < bytes.length; at++) if (bytes[at] === 10) count++;
  return count;
}
