/**
 * UTF-8 of a text in which U+DC80 to U+DCFF, standing alone, are the bytes 0x80 to 0xFF: Python's "surrogateescape", by which
 * bytes that are not UTF-8 can be written down in JSON.
 */
export function bytesOf(text: string): Uint8Array {
  if (!/[\uDC80-\uDCFF]/u.test(text)) return Buffer.from(text, 'utf8');
  const pieces = text
    .split(/([\uDC80-\uDCFF])/u)
    .map((piece, i) => (i % 2 === 0 ? Buffer.from(piece, 'utf8') : Buffer.of(piece.charCodeAt(0) - 0xdc00)));
  return Buffer.concat(pieces);
}

/** The other way: any bytes as a text that `bytesOf` turns into the same bytes. */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return escaped(bytes);
  }
}

function escaped(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    text +=
      length === 0
        ? String.fromCharCode(0xdc00 + bytes[at]!)
        : Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('utf8');
    at += Math.max(length, 1);
  }
  return text;
}

/** Bytes of the well-formed sequence at `at` (table 3-7 of the Unicode Standard), or 0 where there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (bytes[at + 1]! < least || bytes[at + 1]! > most) return 0;
  for (let i = 2; i < length; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return 0;
  return length;
}
