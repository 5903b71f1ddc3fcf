import { type Data, DataType, type Field } from 'apache-arrow';
import { CurationError } from '../../errors.ts';
import type { ByteSink } from '../byte-sink.ts';
import { bitAt, nullCountOf, validityOf } from '../encode-bits.ts';

/** Field metadata that marks a text column of raw JSON members; see `createJsonlEncoder`. */
const RAW_MEMBERS_KEY = 'sluice:json';
const TAB = 0x09;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The members of one row: bytes `start` to `end` of `bytes`, braces left out. */
export interface RawMembers {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Finds the raw members of a row; undefined where it has none. */
export type RawMembersAt = (row: number) => RawMembers | undefined;

export function holdsRawMembers(field: Field): boolean {
  return field.metadata.get(RAW_MEMBERS_KEY) === 'true' && DataType.isUtf8(field.type);
}

/** Reads a column of raw members; text that is no JSON object is refused. */
export function rawMembersReader(data: Data, name: string): RawMembersAt {
  if (nullCountOf(data) === data.length) return () => undefined;
  const validity = validityOf(data);
  const bytes: Uint8Array = data.values;
  const offsets: Int32Array = data.valueOffsets;
  return (row) => {
    if (validity !== undefined && !bitAt(validity, row)) return undefined;
    const outer = trimmed(bytes, offsets[row]!, offsets[row + 1]!);
    if (
      outer.end - outer.start < 2 ||
      bytes[outer.start] !== OPEN_BRACE ||
      bytes[outer.end - 1] !== CLOSE_BRACE
    ) {
      throw new CurationError(
        'BAD_INPUT',
        `jsonl writer: column "${name}": row ${row} of a batch: expected the text of a JSON object (its field is marked ${RAW_MEMBERS_KEY}), found other text`,
      );
    }
    const inner = trimmed(bytes, outer.start + 1, outer.end - 1);
    return inner.start === inner.end ? undefined : inner;
  };
}

function trimmed(bytes: Uint8Array, from: number, to: number): RawMembers {
  let start = from;
  let end = to;
  while (start < end && isBlank(bytes[start]!)) start++;
  while (end > start && isBlank(bytes[end - 1]!)) end--;
  return { bytes, start, end };
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === NEWLINE || byte === CARRIAGE_RETURN || byte === TAB;
}

/** Writes members as they are; line breaks can only lie between tokens and become spaces. */
export function writeRawMembers(out: ByteSink, { bytes: source, start, end }: RawMembers): void {
  const from = out.at;
  out.write(source.subarray(start, end));
  const { bytes, at } = out;
  for (let i = from; i < at; i++) {
    if (bytes[i] === NEWLINE || bytes[i] === CARRIAGE_RETURN) bytes[i] = SPACE;
  }
}

/** The names of members, of the outermost object only. */
export function namesOf({ bytes, start, end }: RawMembers): Set<string> {
  const names = new Set<string>();
  let depth = 0;
  let isName = true;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) {
      const close = closingQuote(bytes, i + 1, end);
      if (depth === 0 && isName) names.add(nameBetween(bytes, i, close));
      i = close;
      isName = false;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--;
    } else if (byte === COMMA && depth === 0) {
      isName = true;
    }
  }
  return names;
}

function closingQuote(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
  return i;
}

function nameBetween(bytes: Uint8Array, open: number, close: number): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + open, close + 1 - open).toString();
  try {
    return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
  } catch {
    // Not JSON after all: such a name hides no column, and the text goes out as it came in.
    return text;
  }
}
