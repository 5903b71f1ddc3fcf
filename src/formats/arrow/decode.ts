import { closeSync, openSync } from 'node:fs';
import { type Data, Schema } from 'apache-arrow';
import { makeBatch } from '../../columns/batch.ts';
import { nullColumn } from '../../columns/types.ts';
import { CurationError } from '../../errors.ts';
import type { Decode, Decoded, DecodeOptions, Reject } from '../format.ts';
import { allocateInArena, resetArena } from './arena.ts';
import { allocateKept, BatchBody, fileBody, memoryBody, readAt } from './body.ts';
import { decodedBytes } from './decoded-bytes.ts';
import { type MessageBytes, readDictionary } from './dictionaries.ts';
import { rootTable } from './flatbuffer.ts';
import { gather, OverBudget } from './gather.ts';
import { loadColumns } from './load.ts';
import { type BatchLayout, readMessage } from './messages.ts';
import type { ArrowMorsel, SchemaPlace } from './morsel.ts';
import { readSchema } from './schema.ts';
import { type SourceState, stateOf } from './state.ts';
import type { StoredSchema } from './stored.ts';
import { widenColumn } from './widen.ts';

/** Largest decoded batch when a single row is over the limit: more cannot be told apart from a bomb. */
const maxRowBytes = 2 ** 30;

/**
 * Reads rows of one Arrow record batch. Dictionaries, views and run ends come out flattened, offsets in 32 bits, every
 * buffer from offset 0. With `skip`, rows whose text is not UTF-8 are left out one by one, and a batch whose structure is
 * damaged is left out whole.
 */
export const decodeArrow: Decode<ArrowMorsel> = async (morsel, options) => {
  resetArena();
  const reading = openMorsel(morsel);
  try {
    const state = stateOf(morsel.source);
    state.schema ??= readStoredSchema(morsel.schema, reading, morsel.path);
    const stored = state.schema;
    const { wanted, schema } = select(stored, morsel.columns);
    try {
      return decodeRows(morsel, options, { state, stored, wanted, schema, reading });
    } catch (error) {
      const isDamage = error instanceof CurationError && error.code === 'BAD_INPUT';
      if (!isDamage || options.onError === 'fail') throw error;
      const rejects = [{ before: 0, rowCount: morsel.end - morsel.start, message: error.message }];
      const columns = schema.fields.map((field) => nullColumn(field.type, 0));
      return { batch: makeBatch(schema, 0, columns), rest: undefined, rejects };
    }
  } finally {
    reading.close();
  }
};

/** How the bytes of a morsel are reached while it is decoded. */
interface Reading extends MessageBytes {
  close(): void;
}

function openMorsel(morsel: ArrowMorsel): Reading {
  const held = morsel.bytes;
  if (held !== undefined) {
    return {
      bytes: (offset, byteLength) => held.subarray(offset, offset + byteLength),
      body: ({ bodyOffset, bodyLength }) => memoryBody(held.subarray(bodyOffset, bodyOffset + bodyLength)),
      close: () => {},
    };
  }
  const descriptor = openFile(morsel.path);
  return {
    bytes: (offset, byteLength, where) => readAt(descriptor, offset, byteLength, where),
    body: ({ bodyOffset }, where, allocate) => fileBody(descriptor, bodyOffset, where, allocate),
    close: () => closeSync(descriptor),
  };
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CurationError('BAD_INPUT', `${path}: cannot be opened again to read its rows: ${why}`, {
      cause,
    });
  }
}

function readStoredSchema(place: SchemaPlace, reading: Reading, path: string): StoredSchema {
  const bytes = place.bytes ?? reading.bytes(place.offset, place.byteLength, path);
  if (place.kind === 'footer') {
    const schema = rootTable(bytes, path).table(1);
    if (schema !== undefined) return readSchema(schema);
  } else {
    const message = readMessage(bytes, path);
    if (message.kind === 'schema') return readSchema(message.schema);
  }
  throw new CurationError('BAD_INPUT', `${path}: its schema is gone; the file changed while it was read`);
}

interface Task {
  readonly state: SourceState;
  readonly stored: StoredSchema;
  readonly wanted: readonly boolean[];
  readonly schema: Schema;
  readonly reading: Reading;
}

function decodeRows(morsel: ArrowMorsel, options: DecodeOptions, task: Task): Decoded {
  const where = `${morsel.path}: record batch ${morsel.batch}`;
  const body = openBody(morsel, task, where);
  let rowCount = morsel.end - morsel.start;
  for (;;) {
    const isLeast = rowCount <= 1;
    const budget = isLeast ? Math.max(maxRowBytes, options.byteLimit) : 4 * options.byteLimit;
    const loaded = loadRows(morsel, rowCount, budget, options, body, task);
    // Halving reaches a size that can be held in memory; from there the exact cut is found by measuring.
    if (loaded === undefined && isLeast) {
      throw new CurationError(
        'UNSUPPORTED',
        `${where}: row ${morsel.start} decodes to more than ${budget} bytes`,
      );
    }
    const fitting =
      loaded === undefined ? rowCount >> 1 : rowsWithin(loaded.columns, rowCount, options.byteLimit);
    if (loaded === undefined || fitting < rowCount) {
      rowCount = Math.max(1, fitting);
      continue;
    }
    const end = morsel.start + rowCount;
    const { columns, rejects, kept } = loaded;
    const rest: ArrowMorsel | undefined = end < morsel.end ? { ...morsel, start: end } : undefined;
    if (end === body.layout.rowCount) task.state.body = undefined;
    return {
      batch: makeBatch(task.schema, kept, columns),
      rest,
      rejects,
    };
  }
}

function openBody(morsel: ArrowMorsel, task: Task, where: string): BatchBody {
  const { state, reading } = task;
  const { span } = morsel;
  if (state.body?.batch === morsel.batch) {
    const { body } = state.body;
    body.rebind(reading.body(span, where));
    return body;
  }
  const message = readMessage(reading.bytes(span.offset, span.metadataLength, where), where);
  if (message.kind !== 'batch') {
    throw new CurationError('BAD_INPUT', `${where}: expected a record batch, found ${message.kind}`);
  }
  checkRows(message.batch, morsel, span, where);
  const layout = message.batch;
  const isWhole = morsel.start === 0 && morsel.end === layout.rowCount;
  // Pieces of a compressed batch are kept for the next piece; all else is the arena's, overwritten by the next batch.
  const isKept = layout.codec !== 'none' && !isWhole;
  const allocate = isKept ? allocateKept : allocateInArena;
  const body = new BatchBody(layout, reading.body(span, where, allocate), where, allocate);
  state.body = isKept ? { batch: morsel.batch, body } : undefined;
  return body;
}

function checkRows(layout: BatchLayout, morsel: ArrowMorsel, span: ArrowMorsel['span'], where: string): void {
  if (layout.rowCount < morsel.end) {
    throw new CurationError(
      'BAD_INPUT',
      `${where}: expected ${morsel.end} rows, found ${layout.rowCount}; the file changed while it was read`,
    );
  }
  for (let i = 0; i < layout.buffers.length; i += 2) {
    if (layout.buffers[i]! + layout.buffers[i + 1]! > span.bodyLength) {
      throw new CurationError('BAD_INPUT', `${where}: buffer ${i >> 1} lies outside the body of its batch`);
    }
  }
}

interface Loaded {
  readonly columns: readonly Data[];
  readonly kept: number;
  readonly rejects: readonly Reject[];
}

/** @returns undefined if the rows are over the budget */
function loadRows(
  morsel: ArrowMorsel,
  rowCount: number,
  bytes: number,
  options: DecodeOptions,
  body: BatchBody,
  task: Task,
): Loaded | undefined {
  const { state, stored, wanted, reading } = task;
  const invalid = new Map<number, string>();
  try {
    const budget = { bytes };
    const loaded = loadColumns(stored.fields, wanted, morsel.start, morsel.start + rowCount, {
      body,
      budget,
      dictionary: (id) => readDictionary(id, morsel, { state, stored, reading }),
      onInvalidText: (row, column) => {
        const message = `${body.where}: row ${morsel.start + row}, column "${column}": expected UTF-8 text, found other bytes`;
        if (options.onError === 'fail') throw new CurationError('BAD_INPUT', message);
        if (!invalid.has(row)) invalid.set(row, message);
      },
    });
    const { columns, kept, rejects } = withoutRows(loaded, rowCount, invalid, bytes);
    const widened = columns.map((column, i) => widenColumn(column, task.schema.fields[i]!.type));
    return { columns: widened, kept, rejects };
  } catch (error) {
    if (error instanceof OverBudget) return undefined;
    throw error;
  }
}

function withoutRows(
  columns: readonly Data[],
  rowCount: number,
  invalid: ReadonlyMap<number, string>,
  bytes: number,
): Loaded {
  if (invalid.size === 0) return { columns, kept: rowCount, rejects: [] };
  const rows = Int32Array.from({ length: rowCount }, (_, i) => i).filter((row) => !invalid.has(row));
  const rejects = [...invalid]
    .sort(([a], [b]) => a - b)
    .map(([row, message], rejected) => ({ before: row - rejected, rowCount: 1, message }));
  const budget = { bytes };
  return { columns: columns.map((column) => gather(column, rows, budget)), kept: rows.length, rejects };
}

/** The most rows from the start whose decoded bytes are within the limit. */
function rowsWithin(columns: readonly Data[], rowCount: number, byteLimit: number): number {
  const fits = (rows: number): boolean => {
    let bytes = 0;
    for (const column of columns) bytes += decodedBytes(column, 0, Math.min(rows, column.length));
    return bytes <= byteLimit;
  };
  if (rowCount <= 1 || fits(rowCount)) return rowCount;
  let [low, high] = [1, rowCount];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function select(
  stored: StoredSchema,
  columns: readonly string[] | undefined,
): { wanted: boolean[]; schema: Schema } {
  if (columns === undefined) return { wanted: stored.fields.map(() => true), schema: stored.schema };
  const names = new Set(columns);
  const wanted = stored.schema.fields.map((field) => names.has(field.name));
  const fields = stored.schema.fields.filter((_, i) => wanted[i]);
  return { wanted, schema: new Schema(fields, stored.schema.metadata) };
}
