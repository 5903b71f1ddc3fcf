import type { ByteSink } from '../byte-sink.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const HEX = new TextEncoder().encode('0123456789abcdef');

/** 0: the byte goes out as it is; 1: as \u00XX; else the letter behind the backslash (RFC 8259, section 7). */
const ESCAPES = makeEscapes();
/** Source bytes escaped between two looks at the room left, so that a huge text does not ask for six times its length. */
const PIECE_LENGTH = 32 * 1024;
const MOST_BYTES_AN_ESCAPE = 6;

function makeEscapes(): Uint8Array {
  const escapes = new Uint8Array(256);
  escapes.fill(1, 0, 0x20);
  for (const [byte, letter] of [
    [0x08, 'b'],
    [0x09, 't'],
    [0x0a, 'n'],
    [0x0c, 'f'],
    [0x0d, 'r'],
    [QUOTE, '"'],
    [BACKSLASH, '\\'],
  ] as const) {
    escapes[byte] = letter.charCodeAt(0);
  }
  return escapes;
}

/** Writes UTF-8 bytes `start` to `end` of `source` as a JSON string, quotes included; no JavaScript string is made. */
export function writeJsonText(out: ByteSink, source: Uint8Array, start: number, end: number): void {
  out.writeByte(QUOTE);
  for (let piece = start; piece < end; piece += PIECE_LENGTH) {
    const pieceEnd = Math.min(piece + PIECE_LENGTH, end);
    out.reserve((pieceEnd - piece) * MOST_BYTES_AN_ESCAPE);
    out.at = escapePiece(source, piece, pieceEnd, out.bytes, out.at);
  }
  out.writeByte(QUOTE);
}

// `target` has six bytes of room for each source byte, and start <= i < end <= source.length.
function escapePiece(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
): number {
  let at = targetStart;
  for (let i = start; i < end; i++) {
    const byte = source[i]!;
    const escape = ESCAPES[byte]!;
    if (escape === 0) {
      target[at++] = byte;
      continue;
    }
    target[at++] = BACKSLASH;
    if (escape !== 1) {
      target[at++] = escape;
      continue;
    }
    target[at] = 0x75;
    target[at + 1] = 0x30;
    target[at + 2] = 0x30;
    target[at + 3] = HEX[byte >>> 4]!;
    target[at + 4] = HEX[byte & 15]!;
    at += 5;
  }
  return at;
}

/** Writes a short string of ASCII as it is: digits, dates, base64. */
export function writeAscii(out: ByteSink, text: string): void {
  out.reserve(text.length);
  const { bytes, at } = out;
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  out.at = at + text.length;
}

/** Writes ASCII between quotes. */
export function writeQuotedAscii(out: ByteSink, text: string): void {
  out.writeByte(QUOTE);
  writeAscii(out, text);
  out.writeByte(QUOTE);
}

/** Writes bytes as a base64 string. */
export function writeBase64(out: ByteSink, bytes: Uint8Array): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  writeQuotedAscii(out, buffer.toString('base64'));
}
