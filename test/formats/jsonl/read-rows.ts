import { type Data, Type } from 'apache-arrow';
import type { Batch } from '../../../src/columns/batch.ts';
import type { Reject } from '../../../src/formats/format.ts';
import { decodeJsonLines } from '../../../src/formats/jsonl/decode.ts';
import { inferLayout } from '../../../src/formats/jsonl/infer.ts';
import type { LineSource } from '../../../src/formats/jsonl/line-source.ts';
import { type JsonLinesMorsel, PADDING } from '../../../src/formats/jsonl/line-types.ts';

/** A row as plain values: integers are bigint, structs are null-prototype objects. */
export type Row = Record<string, unknown>;

export interface ReadRows {
  readonly rows: Row[];
  readonly rejects: Reject[];
  readonly morselCount: number;
  readonly batchCount: number;
}

export interface ReadOptions {
  readonly morselBytes?: number;
  readonly byteLimit?: number;
  readonly columns?: readonly string[];
  readonly onError?: 'fail' | 'skip';
}

/** Decodes everything of a source, in order. Places of rejects are counted from the first row of the source. */
export async function readAll(source: LineSource, options: ReadOptions = {}): Promise<ReadRows> {
  const { morselBytes = 8 * 1024 * 1024, columns } = options;
  const read: ReadRows = { rows: [], rejects: [], morselCount: 0, batchCount: 0 };
  let morselCount = 0;
  let batchCount = 0;
  for await (const morsel of source.morsels(
    columns === undefined ? { morselBytes } : { morselBytes, columns },
  )) {
    morselCount++;
    // As on the way to a worker.
    batchCount += decodeInto(structuredClone(morsel), options, read);
  }
  return { ...read, morselCount, batchCount };
}

function decodeInto(morsel: JsonLinesMorsel, options: ReadOptions, read: ReadRows): number {
  const { byteLimit = 64 * 1024 * 1024, onError = 'fail' } = options;
  let count = 0;
  for (let next: JsonLinesMorsel | undefined = morsel; next !== undefined; count++) {
    const decoded = decodeJsonLines(next, { byteLimit, onError });
    if (decoded instanceof Promise) throw new Error('decodes at once');
    for (const reject of decoded.rejects) {
      read.rejects.push({ ...reject, before: reject.before + read.rows.length });
    }
    read.rows.push(...rowsOf(decoded.batch));
    next = decoded.rest as JsonLinesMorsel | undefined;
  }
  return count;
}

/** Decodes lines with the layout of other lines, as happens behind the sample. */
export function decodeLines(
  sample: string | Buffer,
  lines: string | Buffer,
  options: ReadOptions = {},
): ReadRows {
  const read: ReadRows = { rows: [], rejects: [], morselCount: 1, batchCount: 0 };
  const head = Buffer.concat([Buffer.from(sample), Buffer.from('\n')]);
  const { layout } = inferLayout(Buffer.concat([head, Buffer.alloc(PADDING)]), head.length);
  const bytes = new Uint8Array(Buffer.from(lines));
  const place = { start: 0, end: bytes.length, firstLine: 1 };
  const morsel: JsonLinesMorsel = {
    format: 'jsonl',
    path: 'lines',
    layout,
    columns: options.columns,
    bytes,
    ...place,
  };
  return { ...read, batchCount: decodeInto(morsel, options, read) };
}

function rowsOf(batch: Batch): Row[] {
  const rows: Row[] = [];
  for (let index = 0; index < batch.numRows; index++) {
    const row = Object.create(null) as Row;
    for (const [at, field] of batch.schema.fields.entries())
      row[field.name] = valueAt(batch.data.children[at]!, index);
    rows.push(row);
  }
  return rows;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function valueAt(data: Data, index: number): unknown {
  if (data.nullCount > 0 && (data.nullBitmap[index >> 3]! & (1 << (index & 7))) === 0) return null;
  const offsets = data.valueOffsets as Int32Array;
  const values = data.values as Uint8Array;
  switch (data.type.typeId) {
    case Type.Bool:
      return (values[index >> 3]! & (1 << (index & 7))) !== 0;
    case Type.Utf8:
      return decoder.decode(values.subarray(offsets[index], offsets[index + 1]));
    case Type.List: {
      const list: unknown[] = [];
      for (let at = offsets[index]!; at < offsets[index + 1]!; at++)
        list.push(valueAt(data.children[0]!, at));
      return list;
    }
    case Type.Struct: {
      const struct = Object.create(null) as Row;
      for (const [at, field] of data.type.children.entries())
        struct[field.name] = valueAt(data.children[at]!, index);
      return struct;
    }
    default:
      return values[index];
  }
}

/**
 * One form for a decoded row and for what JSON.parse makes of its line: fields sorted, nulls like absent fields, text
 * well-formed, integers of an Arrow column like numbers.
 */
export function normalForm(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string') return Buffer.from(value).toString();
  if (Array.isArray(value)) return value.map(normalForm);
  if (value === null || typeof value !== 'object') return value;
  const pairs = Object.entries(value)
    .filter(([, field]) => field !== null)
    .map(([name, field]) => [normalForm(name) as string, normalForm(field)] as const);
  return { pairs: pairs.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) };
}

/** A row with what is left over put back among its columns. */
export function wholeRow(row: Row, restName = '_rest'): Row {
  const whole = Object.create(null) as Row;
  for (const [name, value] of Object.entries(row)) if (name !== restName) whole[name] = value;
  const rest = row[restName];
  if (typeof rest === 'string') {
    for (const [name, value] of Object.entries(JSON.parse(rest) as Row)) {
      if (whole[name] !== undefined && whole[name] !== null)
        throw new Error(`${name} is in its column and left over`);
      whole[name] = value;
    }
  }
  return whole;
}

/** A stream of `bytes` in chunks of `chunkBytes`, each in a buffer of its own. */
export async function* chunksOf(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.slice(at, at + chunkBytes);
}
