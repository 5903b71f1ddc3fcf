/** Bytes of an excerpt. */
const EXCERPT = 4096;

/**
 * What of a text an encoder looks at: all of it where it has at most 12 KiB, else its first, middle and last 4 KiB, less what
 * would be half a character. So a document's cost has a bound.
 * @param bytes UTF-8; the text is `bytes[start .. end)`.
 * @returns one string, or three.
 */
export function excerptsOf(bytes: Uint8Array, start: number, end: number): readonly string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (end - start <= 3 * EXCERPT) return [buffer.toString('utf8', start, end)];
  const middle = start + Math.floor((end - start - EXCERPT) / 2);
  return [start, middle, end - EXCERPT].map((from) =>
    buffer.toString('utf8', characterStart(bytes, from, end), characterStart(bytes, from + EXCERPT, end)),
  );
}

/** The first place from `at` on where a character starts, or `end`. Looks at four bytes at most, all a character has. */
function characterStart(bytes: Uint8Array, at: number, end: number): number {
  for (let place = at; place < Math.min(at + 4, end); place++) {
    if ((bytes[place]! & 0xc0) !== 0x80) return place;
  }
  return at;
}
