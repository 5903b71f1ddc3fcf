/** Bytes of an excerpt. */
const EXCERPT = 4096;
/** Bytes up to which a text is looked at as a whole. */
const WHOLE = 3 * EXCERPT;

/**
 * What of a text an encoder looks at: all of it where it has at most 12 KiB, else its first, middle and last 4 KiB, less what
 * would be half a character. So a document's cost has a bound.
 * @param bytes UTF-8; the text is `bytes[start .. end)`.
 * @returns one string, or three.
 */
export function excerptsOf(bytes: Uint8Array, start: number, end: number): readonly string[] {
  if (end - start <= WHOLE) return [decode(bytes, start, end)];
  const middle = start + Math.floor((end - start - EXCERPT) / 2);
  return [start, middle, end - EXCERPT].map((from) => {
    return decode(bytes, characterStart(bytes, from, end), characterStart(bytes, from + EXCERPT, end));
  });
}

/** The first 12 KiB of a text, less what would be half a character. */
export function openingOf(bytes: Uint8Array, start: number, end: number): string {
  const limit = start + WHOLE;
  return decode(bytes, start, limit < end ? characterStart(bytes, limit, end) : end);
}

function decode(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}

/** The first place from `at` on where a character starts, or `end`. Looks at four bytes at most, all a character has. */
function characterStart(bytes: Uint8Array, at: number, end: number): number {
  const last = Math.min(at + 4, end);
  let place = at;
  while (place < last && (bytes[place]! & 0xc0) === 0x80) place++;
  return place;
}
