import { DataType, type Field, type Schema } from 'apache-arrow';
import type { Batch } from '../../columns/batch.ts';
import { CurationError } from '../../errors.ts';
import { ByteSink } from '../byte-sink.ts';
import { compress } from '../compress.ts';
import { bitAt, nullCountOf, validityOf } from '../encode-bits.ts';
import type { Encode, Encoded } from '../format.ts';
import { memberHead, valueWriter, type WriteValue } from './encode-value.ts';

/** Field metadata that marks a text column of raw JSON members; see `createJsonlEncoder`. */
const RAW_MEMBERS_KEY = 'sluice:json';
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** How lines are packed: what command-line tools open. */
export type LineCompression = 'none' | 'gzip' | 'zstd';

/** Writes one member of a row's object with its comma; tells whether it wrote anything. */
type WriteMember = (out: ByteSink, row: number, isFirst: boolean) => boolean;

/**
 * Makes the encoder for JSON Lines: one object a row, one member a column in the schema's order, nulls as `null`.
 * With gzip or zstd each batch becomes one member or frame; their concatenation is a legal file.
 *
 * A Utf8 column whose field metadata has `sluice:json` = `true` holds the members of the source's object that have no
 * column of their own, as the text of one JSON object. They are put back in its place (`{"a":1,<members>}`); null or
 * `{}` adds nothing. Line breaks in it can only lie between tokens and are written as spaces.
 */
export function createJsonlEncoder(schema: Schema, compression: LineCompression): Encode {
  const out = new ByteSink();
  return (batch: Batch): Encoded => {
    const { numRows } = batch;
    out.clear();
    const members = schema.fields.map((field, i) => memberWriter(field, batch, i));
    for (let row = 0; row < numRows; row++) {
      out.writeByte(OPEN_BRACE);
      let isFirst = true;
      for (const write of members) {
        if (write(out, row, isFirst)) isFirst = false;
      }
      out.reserve(2);
      out.bytes[out.at++] = CLOSE_BRACE;
      out.bytes[out.at++] = NEWLINE;
    }
    if (numRows === 0) return { rowCount: 0, chunks: [], index: undefined };
    const chunk = compression === 'none' ? out.take() : compress(compression, out.view());
    return { rowCount: numRows, chunks: [chunk], index: undefined };
  };
}

function memberWriter(field: Field, batch: Batch, column: number): WriteMember {
  const data = batch.data.children[column]!;
  if (field.metadata.get(RAW_MEMBERS_KEY) === 'true' && DataType.isUtf8(field.type)) {
    return rawMembersWriter(field.name, batch, column);
  }
  const write: WriteValue = valueWriter(data, field.name);
  const head = memberHead(field.name, false);
  const firstHead = memberHead(field.name, true);
  return (out, row, isFirst) => {
    out.write(isFirst ? firstHead : head);
    write(out, row);
    return true;
  };
}

function rawMembersWriter(name: string, batch: Batch, column: number): WriteMember {
  const data = batch.data.children[column]!;
  if (nullCountOf(data) === data.length) return () => false;
  const validity = validityOf(data);
  const values: Uint8Array = data.values;
  const offsets: Int32Array = data.valueOffsets;
  return (out, row, isFirst) => {
    if (validity !== undefined && !bitAt(validity, row)) return false;
    let start = offsets[row]!;
    let end = offsets[row + 1]!;
    while (start < end && isBlank(values[start]!)) start++;
    while (end > start && isBlank(values[end - 1]!)) end--;
    if (end - start < 2 || values[start] !== OPEN_BRACE || values[end - 1] !== CLOSE_BRACE) {
      throw new CurationError(
        'BAD_INPUT',
        `jsonl writer: column "${name}": row ${row} of a batch: expected the text of a JSON object (its field is marked ${RAW_MEMBERS_KEY}), found other text`,
      );
    }
    start++;
    end--;
    while (start < end && isBlank(values[start]!)) start++;
    while (end > start && isBlank(values[end - 1]!)) end--;
    if (start === end) return false;
    if (!isFirst) out.writeByte(COMMA);
    const from = out.at;
    out.write(values.subarray(start, end));
    const { bytes, at } = out;
    for (let i = from; i < at; i++) {
      if (bytes[i] === NEWLINE || bytes[i] === CARRIAGE_RETURN) bytes[i] = SPACE;
    }
    return true;
  };
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === NEWLINE || byte === CARRIAGE_RETURN || byte === 0x09;
}
