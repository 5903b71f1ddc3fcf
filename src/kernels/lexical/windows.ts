/** Bytes of one of the three windows through which a long document is read. */
const WINDOW_BYTES = 4096;
/** A document of up to this many bytes is read whole. */
const WHOLE_BYTES: number = 3 * WINDOW_BYTES;
/** How far behind a cut white space is sought. */
const REACH = 64;

/**
 * Which parts of `bytes[start .. end)` are read: all of up to 12 KiB, of more the first, the middle and the last 4 KiB, so that no document
 * costs more than 12 KiB do. (Embedding models read 512 tokens at a time; 4 KiB are about 700 English words.) A cut within a text is moved
 * forward to the first ASCII white space of the next 64 bytes; where there is none, to where a UTF-8 character begins.
 * @param windows receives the ends of the parts, (start, end) pairs; room for 6.
 * @returns how many numbers were written: 2 or 6.
 */
export function readingWindows(bytes: Uint8Array, start: number, end: number, windows: Uint32Array): number {
  windows[0] = start;
  if (end - start <= WHOLE_BYTES) {
    windows[1] = end;
    return 2;
  }
  const middle = start + Math.floor((end - start) / 2);
  windows[1] = cut(bytes, start + WINDOW_BYTES);
  windows[2] = cut(bytes, middle - WINDOW_BYTES / 2);
  windows[3] = cut(bytes, middle + WINDOW_BYTES / 2);
  windows[4] = cut(bytes, end - WINDOW_BYTES);
  windows[5] = end;
  return 6;
}

/** Every cut lies 4 KiB or more before the end of the text, so `at + REACH` lies within it. */
function cut(bytes: Uint8Array, at: number): number {
  for (let p = at; p < at + REACH; p++) {
    if (isSpace(bytes[p]!)) return p;
  }
  let p = at;
  while (p < at + 3 && (bytes[p]! & 0xc0) === 0x80) p++;
  return p;
}

const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
