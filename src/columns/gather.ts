import type { Data, DataType, Schema, Union } from 'apache-arrow';
import { type Batch, makeBatch } from './batch.ts';
import { copyBits, countBits, isSet, setBits } from './bits.ts';
import {
  allocateOwn,
  boolValues,
  bytesOf,
  childFields,
  childOf,
  damaged,
  fixedValues,
  layoutOf,
  makeColumn,
  membersOf,
  type NodeBuffers,
  offsetsOf,
  toLargeOffsets,
  tooLong,
  validityOf,
} from './buffers.ts';
import { copyFixed, copyRanges } from './copy.ts';
import type { Allocate } from './memory.ts';
import { elementRuns, oneRun, RunBuilder, type Runs, runsOf, scaleRuns, validRuns } from './runs.ts';
import { describeType, sameType } from './types.ts';
import { Views } from './views.ts';

/** Rows of one batch. */
export interface Piece {
  readonly batch: Batch;
  /** Ascending row numbers; undefined is all rows. */
  readonly rows: Uint32Array | undefined;
}

/**
 * Copies chosen rows of several batches, piece after piece, into one batch. The result depends on the values of the rows
 * alone, not on how they lay in the pieces: a null value is stored as zeros, a null text or list as nothing (children of a
 * null struct stay what they were), offsets start at 0.
 * @param schema types of all columns; each piece has been brought to them by `conform`.
 * @param pieces read, not kept.
 * @param allocate where the buffers of the result lie; by default each has an ArrayBuffer (padded to 64 bytes) for itself
 * alone, so that all can be transferred to another thread or written as they are.
 */
export function gather(schema: Schema, pieces: readonly Piece[], allocate: Allocate = allocateOwn): Batch {
  const runs = pieces.map(({ batch, rows }) =>
    rows === undefined ? oneRun(0, batch.numRows) : runsOf(rows, batch.numRows),
  );
  const rowCount = runs.reduce((sum, { rowCount }) => sum + rowCount, 0);
  const columns = schema.fields.map((field, column) => {
    const sources = pieces.map(({ batch }, i) => {
      const data = batch.data.children[column];
      if (data === undefined || !sameType(data.type, field.type)) {
        const found = data === undefined ? 'no column' : describeType(data.type);
        throw new TypeError(`column "${field.name}": expected ${describeType(field.type)}, found ${found}`);
      }
      return { data, runs: runs[i]! };
    });
    return gatherColumn(field.type, sources, rowCount, field.name, allocate);
  });
  return makeBatch(schema, rowCount, columns);
}

/** Rows of one column of one batch. */
export interface Source {
  readonly data: Data;
  readonly runs: Runs;
}

/**
 * Copies chosen rows of several columns of one type into one; the column under `gather`, with the same promises.
 * @param rowCount sum of the rows of all sources.
 * @param name of the column, for messages.
 */
export function gatherColumn(
  type: DataType,
  sources: readonly Source[],
  rowCount: number,
  name: string,
  allocate: Allocate = allocateOwn,
): Data {
  const layout = layoutOf(type, name);
  if (layout.kind === 'null') return makeColumn(type, rowCount, rowCount, {});
  if (layout.kind === 'union')
    return gatherUnion(type as Union, layout.isDense, sources, rowCount, name, allocate);
  const nulls = gatherValidity(sources, rowCount, name, allocate);
  const { nullCount, validity } = nulls;
  const make = (buffers: NodeBuffers, children: readonly Data[] = []) =>
    makeColumn(type, rowCount, nullCount, { validity, ...buffers }, children);
  const child = (index: number, childSources: readonly Source[], childRows: number) =>
    gatherColumn(childFields(type)[index]!.type, childSources, childRows, name, allocate);
  switch (layout.kind) {
    case 'bool':
      return make({ values: gatherBools(sources, rowCount, validity, name, allocate) });
    case 'fixed':
      return make({ values: gatherFixed(sources, rowCount, layout.byteWidth, validity, name, allocate) });
    case 'view':
      return make(gatherViews(sources, rowCount, name, allocate));
    case 'bytes':
      return make(gatherBytes(sources, rowCount, layout.isLarge, name, allocate));
    case 'list': {
      const { offsets, spans, total } = gatherOffsets(
        sources,
        rowCount,
        layout.isLarge,
        (data) => data.children[0]!.length,
        name,
        allocate,
      );
      const elements = spans.map((span, i) => ({
        data: sources[i]!.data.children[0]!,
        runs: elementRuns(span.runs, span.offsets),
      }));
      return make({ offsets }, [child(0, elements, total)]);
    }
    case 'fixed-list': {
      const { listSize } = layout;
      const elements = sources.map(({ data, runs }) => ({
        data: childOf(data, 0, data.length * listSize, name),
        runs: scaleRuns(runs, listSize),
      }));
      return make({}, [child(0, elements, rowCount * listSize)]);
    }
    case 'struct':
      return make(
        {},
        childFields(type).map((_, index) => {
          const parts = sources.map(({ data, runs }) => ({
            data: childOf(data, index, data.length, name),
            runs,
          }));
          return child(index, parts, rowCount);
        }),
      );
  }
}

interface Nulls {
  readonly validity: Uint8Array | undefined;
  readonly nullCount: number;
}

function gatherValidity(
  sources: readonly Source[],
  rowCount: number,
  name: string,
  allocate: Allocate,
): Nulls {
  const bitmaps = sources.map(({ data }) => validityOf(data, name));
  if (bitmaps.every((bitmap) => bitmap === undefined)) return { validity: undefined, nullCount: 0 };
  const validity = allocate((rowCount + 7) >>> 3).fill(0);
  let at = 0;
  sources.forEach(({ data, runs }, i) => {
    const bitmap = bitmaps[i];
    if (bitmap === undefined) setBits(validity, at, runs.rowCount);
    else gatherBits(bitmap, data.offset, runs, validity, at);
    at += runs.rowCount;
  });
  const nullCount = rowCount - countBits(validity);
  return { validity: nullCount === 0 ? undefined : validity, nullCount };
}

function gatherBits(
  source: Uint8Array,
  bitOffset: number,
  runs: Runs,
  target: Uint8Array,
  start: number,
): void {
  const { bounds } = runs;
  let at = start;
  for (let i = 0; i < bounds.length; i += 2) {
    const count = bounds[i + 1]! - bounds[i]!;
    copyBits(source, bitOffset + bounds[i]!, target, at, count);
    at += count;
  }
}

function gatherBools(
  sources: readonly Source[],
  rowCount: number,
  validity: Uint8Array | undefined,
  name: string,
  allocate: Allocate,
): Uint8Array {
  const values = allocate((rowCount + 7) >>> 3).fill(0);
  let at = 0;
  for (const { data, runs } of sources) {
    gatherBits(boolValues(data, name), data.offset, runs, values, at);
    at += runs.rowCount;
  }
  if (validity !== undefined) for (let i = 0; i < values.length; i++) values[i] = values[i]! & validity[i]!;
  return values;
}

function gatherFixed(
  sources: readonly Source[],
  rowCount: number,
  byteWidth: number,
  validity: Uint8Array | undefined,
  name: string,
  allocate: Allocate,
): Uint8Array {
  const values = allocate(rowCount * byteWidth);
  let at = 0;
  for (const { data, runs } of sources) {
    copyFixed(fixedValues(data, byteWidth, name), runs, byteWidth, values, at);
    at += runs.rowCount * byteWidth;
  }
  if (validity !== undefined) {
    for (let row = 0; row < rowCount; row++) {
      if (!isSet(validity, row)) values.fill(0, row * byteWidth, (row + 1) * byteWidth);
    }
  }
  return values;
}

/** Of one source: its offsets and the chosen rows that are not null. */
interface Span {
  readonly offsets: Int32Array | Float64Array;
  readonly runs: Runs;
}

interface Offsets {
  readonly offsets: Uint8Array;
  readonly spans: readonly Span[];
  /** Bytes or elements of all chosen rows. */
  readonly total: number;
}

function gatherOffsets(
  sources: readonly Source[],
  rowCount: number,
  isLarge: boolean,
  limit: (data: Data) => number,
  name: string,
  allocate: Allocate,
): Offsets {
  const offsets = allocate((rowCount + 1) * (isLarge ? 8 : 4));
  const numbers = isLarge
    ? new Float64Array(rowCount + 1)
    : new Int32Array(offsets.buffer, offsets.byteOffset, rowCount + 1);
  numbers[0] = 0;
  let total = 0;
  let at = 1;
  const spans = sources.map(({ data, runs }) => {
    const stored = offsetsOf(data, limit(data), name);
    const validity = validityOf(data, name);
    const { bounds } = runs;
    for (let i = 0; i < bounds.length; i += 2) {
      const [start, end] = [bounds[i]!, bounds[i + 1]!];
      if (validity === undefined) {
        // Beyond 2^31 the numbers wrap; the check after the loop makes that an error.
        const shift = total - stored[start]!;
        for (let row = start; row < end; row++) numbers[at++] = stored[row + 1]! + shift;
        total += stored[end]! - stored[start]!;
      } else {
        for (let row = start; row < end; row++) {
          if (isSet(validity, data.offset + row)) total += stored[row + 1]! - stored[row]!;
          numbers[at++] = total;
        }
      }
    }
    return { offsets: stored, runs: validity === undefined ? runs : validRuns(runs, validity, data.offset) };
  });
  if (!isLarge && total > 0x7fffffff) throw tooLong(name, total);
  if (numbers instanceof Float64Array) toLargeOffsets(numbers, offsets);
  return { offsets, spans, total };
}

function gatherBytes(
  sources: readonly Source[],
  rowCount: number,
  isLarge: boolean,
  name: string,
  allocate: Allocate,
): NodeBuffers {
  const limit = (data: Data) => bytesOf(data.values as Uint8Array | undefined).byteLength;
  const { offsets, spans, total } = gatherOffsets(sources, rowCount, isLarge, limit, name, allocate);
  const values = allocate(total);
  let at = 0;
  spans.forEach((span, i) => {
    const source = bytesOf(sources[i]!.data.values as Uint8Array | undefined);
    at = copyRanges(source, span.offsets, span.runs, values, at);
  });
  return { offsets, values };
}

/** Bytes of a long value lie anywhere in the buffers of the source; here all move into one. */
function gatherViews(
  sources: readonly Source[],
  rowCount: number,
  name: string,
  allocate: Allocate,
): NodeBuffers {
  const parts = sources.map(({ data, runs }) => new Views(data, runs, name));
  const total = parts.reduce((sum, { longByteLength }) => sum + longByteLength, 0);
  if (total > 0x7fffffff) throw tooLong(name, total);
  const values = allocate(rowCount * 16);
  const long = allocate(total);
  let at = 0;
  let position = 0;
  parts.forEach((views, i) => {
    const end = at + sources[i]!.runs.rowCount * 16;
    position = views.write(values.subarray(at, end), long, position);
    at = end;
  });
  return { values, long };
}

function gatherUnion(
  type: Union,
  isDense: boolean,
  sources: readonly Source[],
  rowCount: number,
  name: string,
  allocate: Allocate,
): Data {
  const typeIds = allocate(rowCount);
  let at = 0;
  for (const { data, runs } of sources) {
    const ids = bytesOf(data.typeIds as Int8Array | undefined);
    if (ids.length < data.length) throw damaged(name, `${data.length} type ids`, `${ids.length}`);
    copyFixed(ids, runs, 1, typeIds, at);
    at += runs.rowCount;
  }
  if (!isDense) {
    const children = type.children.map((field, index) => {
      const parts = sources.map(({ data, runs }) => ({
        data: childOf(data, index, data.length, name),
        runs,
      }));
      return gatherColumn(field.type, parts, rowCount, name, allocate);
    });
    return makeColumn(type, rowCount, 0, { typeIds }, children);
  }
  const offsets = allocate(rowCount * 4);
  const numbers = new Int32Array(offsets.buffer, offsets.byteOffset, rowCount);
  const lengths = type.children.map(() => 0);
  let to = 0;
  const chosen = sources.map(({ data, runs }) => {
    const builders = type.children.map(() => new RunBuilder());
    const members = membersOf(data, name);
    const stored = data.valueOffsets as Int32Array;
    for (let i = 0; i < runs.bounds.length; i += 2) {
      for (let row = runs.bounds[i]!; row < runs.bounds[i + 1]!; row++) {
        const child = members[row]!;
        numbers[to++] = lengths[child]!++;
        builders[child]!.add(stored[row]!, stored[row]! + 1);
      }
    }
    return builders.map((builder) => builder.build());
  });
  const children = type.children.map((field, child) => {
    const parts = sources.map(({ data }, i) => ({
      data: data.children[child]!,
      runs: chosen[i]![child]!,
    }));
    return gatherColumn(field.type, parts, lengths[child]!, name, allocate);
  });
  return makeColumn(type, rowCount, 0, { typeIds, offsets }, children);
}
