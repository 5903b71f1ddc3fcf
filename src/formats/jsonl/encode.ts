import type { Data, Field, Schema } from 'apache-arrow';
import type { Batch } from '../../columns/batch.ts';
import { ByteSink } from '../byte-sink.ts';
import { compress } from '../compress.ts';
import { bitAt, nullCountOf, validityOf } from '../encode-bits.ts';
import type { Encode, Encoded } from '../format.ts';
import {
  holdsRawMembers,
  namesOf,
  type RawMembersAt,
  rawMembersReader,
  writeRawMembers,
} from './encode-members.ts';
import { memberHead, valueWriter, type WriteValue } from './encode-value.ts';

const NEWLINE = 0x0a;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** How lines are packed: what command-line tools open. */
export type LineCompression = 'none' | 'gzip' | 'zstd';

/** A column of the batch at hand: a value behind its name, or members behind each other. */
interface Member {
  readonly name: string;
  readonly head: Uint8Array;
  readonly firstHead: Uint8Array;
  readonly write: WriteValue;
  readonly isNull: (row: number) => boolean;
  /** Set where the column holds raw members; nothing above is used then. */
  readonly rawMembersAt: RawMembersAt | undefined;
}

const NO_NAMES: ReadonlySet<string> = new Set();

/**
 * Makes the encoder for JSON Lines: one object a row, one member a column in the schema's order, nulls as `null`.
 * With gzip or zstd each batch becomes one member or frame; their concatenation is a legal file.
 *
 * A Utf8 column whose field metadata has `sluice:json` = `true` holds the members of the source's object that fit no
 * column, as the text of one JSON object. They are put back in its place (`{"a":1,<members>}`); null or `{}` adds
 * nothing. A member may have the name of a column whose type it does not fit: where that column is null, it is left
 * out, so that the name stands once. Line breaks in the text lie between tokens and are written as spaces.
 */
export function createJsonlEncoder(schema: Schema, compression: LineCompression): Encode {
  const out = new ByteSink();
  return (batch: Batch): Encoded => {
    const { numRows } = batch;
    if (numRows === 0) return { rowCount: 0, chunks: [], index: undefined };
    out.clear();
    const members = schema.fields.map((field, i) => memberOf(field, batch.data.children[i]!));
    const rawMembers = members.flatMap((member) => member.rawMembersAt ?? []);
    for (let row = 0; row < numRows; row++) {
      const taken = rawMembers.length === 0 ? NO_NAMES : takenNames(members, rawMembers, row);
      writeRow(out, members, row, taken);
    }
    const chunk = compression === 'none' ? out.take() : compress(compression, out.view());
    return { rowCount: numRows, chunks: [chunk], index: undefined };
  };
}

function memberOf(field: Field, data: Data): Member {
  const isRaw = holdsRawMembers(field);
  const validity = validityOf(data);
  const isAllNull = nullCountOf(data) === data.length;
  return {
    name: field.name,
    head: memberHead(field.name, false),
    firstHead: memberHead(field.name, true),
    write: valueWriter(data, field.name),
    isNull: (row) => isAllNull || (validity !== undefined && !bitAt(validity, row)),
    rawMembersAt: isRaw ? rawMembersReader(data, field.name) : undefined,
  };
}

/** Names that the raw members of a row bring; looked for only where a null column could bear one of them. */
function takenNames(
  members: readonly Member[],
  rawMembers: readonly RawMembersAt[],
  row: number,
): ReadonlySet<string> {
  const texts = rawMembers.flatMap((at) => at(row) ?? []);
  if (texts.length === 0) return NO_NAMES;
  if (!members.some((member) => member.rawMembersAt === undefined && member.isNull(row))) return NO_NAMES;
  return new Set(texts.flatMap((text) => [...namesOf(text)]));
}

function writeRow(out: ByteSink, members: readonly Member[], row: number, taken: ReadonlySet<string>): void {
  out.writeByte(OPEN_BRACE);
  let isFirst = true;
  for (const member of members) {
    if (member.rawMembersAt !== undefined) {
      const raw = member.rawMembersAt(row);
      if (raw === undefined) continue;
      if (!isFirst) out.writeByte(COMMA);
      writeRawMembers(out, raw);
    } else {
      if (taken.size > 0 && taken.has(member.name) && member.isNull(row)) continue;
      out.write(isFirst ? member.firstHead : member.head);
      member.write(out, row);
    }
    isFirst = false;
  }
  out.reserve(2);
  out.bytes[out.at++] = CLOSE_BRACE;
  out.bytes[out.at++] = NEWLINE;
}
