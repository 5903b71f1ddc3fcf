import { isUtf8 } from 'node:buffer';
import { type Data, type DataType, makeData } from 'apache-arrow';
import { nullColumn } from '../../columns/types.ts';
import { countZeros, hasBit, shiftBits } from './bits.ts';
import type { BatchBody } from './body.ts';
import { type Budget, gather, OverBudget, spend } from './gather.ts';
import { bufferCount, readIndex } from './storage.ts';
import type { StoredField } from './stored.ts';
import { joinViews } from './views.ts';

/** What a load needs beside the body. */
export interface LoadContext {
  readonly body: BatchBody;
  /** Values of a dictionary, undefined if the source has none of that id. */
  dictionary(id: string): Data | undefined;
  readonly budget: Budget;
  /** Called with a row (from the start of the range) whose text is not UTF-8; nested text has no row of its own and throws. */
  onInvalidText(row: number, column: string): void;
}

/**
 * Rows `[start, end)` of the wanted columns of one record batch. Nothing in the batch is trusted: every buffer is
 * measured against the rows it must hold before it is read, offsets ascend inside their data, type ids and dictionary
 * indices exist, text is UTF-8. The result starts at offset 0 in every buffer, and a null text is an empty one.
 * @param wanted by field of `fields`; the rest is skipped unread.
 */
export function loadColumns(
  fields: readonly StoredField[],
  wanted: readonly boolean[],
  start: number,
  end: number,
  context: LoadContext,
): Data[] {
  const loader = new Loader(context);
  const columns: Data[] = [];
  for (const [i, field] of fields.entries()) {
    if (!wanted[i]) loader.skip(field);
    else columns.push(loader.column(field, start, end));
  }
  return columns;
}

interface Validity {
  readonly nullBitmap: Uint8Array | undefined;
  readonly nullCount: number;
}

/** Most list items, dictionary rows or run-end rows made of one batch: views may overlap, so bytes alone bound nothing. */
const maxExpanded = 2 ** 27;

class Loader {
  readonly #context: LoadContext;
  readonly #body: BatchBody;
  #node = 0;
  #buffer = 0;
  #variadic = 0;
  #depth = 0;
  #path: string[] = [];

  constructor(context: LoadContext) {
    this.#context = context;
    this.#body = context.body;
  }

  column(field: StoredField, start: number, end: number): Data {
    const length = this.#body.layout.nodes[2 * this.#node];
    if (length !== this.#body.layout.rowCount) {
      throw this.#body.damaged(
        `column "${field.field.name}" has ${length ?? 'no'} rows, the batch ${this.#body.layout.rowCount}`,
      );
    }
    return this.load(field, start, end);
  }

  /** Moves past the nodes and buffers of a field. */
  skip(field: StoredField): void {
    this.#node += 1;
    if (field.dictionary !== undefined) {
      this.#buffer += 2;
      return;
    }
    if (field.layout === 'view') this.#buffer += this.#viewBuffers();
    this.#buffer += bufferCount(field, this.#body.layout.version);
    for (const child of field.children) this.skip(child);
  }

  load(field: StoredField, start: number, end: number): Data {
    this.#path.push(field.field.name);
    this.#depth += 1;
    const { nodes } = this.#body.layout;
    const length = nodes[2 * this.#node];
    const nullCount = nodes[2 * this.#node + 1];
    this.#node += 1;
    if (length === undefined || nullCount === undefined) throw this.#damaged('has no length');
    if (start < 0 || start > end || end > length) {
      throw this.#damaged(`has ${length} values, expected at least ${end}`);
    }
    if (nullCount > length) throw this.#damaged(`has ${nullCount} nulls among ${length} values`);
    if (end - start > 0x7fffffff) throw this.#damaged(`has ${end - start} values in one batch`);
    const data =
      field.dictionary === undefined
        ? this.#plain(field, nullCount, start, end)
        : this.#dictionary(field, nullCount, start, end);
    this.#depth -= 1;
    this.#path.pop();
    return data;
  }

  #plain(field: StoredField, nulls: number, start: number, end: number): Data {
    const length = end - start;
    const type = field.field.type as DataType;
    switch (field.layout) {
      case 'null':
        return makeData({ type, length } as never);
      case 'runEnd':
        return this.#runEnds(field, start, end);
      case 'sparseUnion':
      case 'denseUnion':
        return this.#union(field, nulls, start, end);
      default:
    }
    const validity = this.#validity(nulls, start, end);
    const shared = { type, length, ...validity };
    switch (field.layout) {
      case 'bool': {
        const first = start >> 3;
        const bytes = this.#read(first, ((end + 7) >> 3) - first);
        return makeData({ ...shared, data: shiftBits(bytes, start & 7, length) } as never);
      }
      case 'fixed':
        return makeData({
          ...shared,
          data: this.#read(field.byteWidth * start, field.byteWidth * length),
        } as never);
      case 'variable': {
        const { offsets, first, last } = this.#offsets(field.byteWidth, start, end);
        const data = this.#read(first, last - first);
        return this.#text(field, makeData({ ...shared, valueOffsets: offsets, data } as never));
      }
      case 'view':
        return this.#text(field, this.#views(shared, validity, start, end));
      case 'list': {
        const { offsets, first, last } = this.#offsets(field.byteWidth, start, end);
        const child = this.load(field.children[0]!, first, last);
        return makeData({ ...shared, valueOffsets: offsets, child } as never);
      }
      case 'listView':
        return this.#listViews(field, shared, validity, start, end);
      case 'fixedList': {
        const { listSize } = type as unknown as { listSize: number };
        const child = this.load(field.children[0]!, listSize * start, listSize * end);
        return makeData({ ...shared, child } as never);
      }
      default: {
        const children = field.children.map((child) => this.load(child, start, end));
        return makeData({ ...shared, children } as never);
      }
    }
  }

  #validity(nulls: number, start: number, end: number): Validity {
    const buffer = this.#buffer;
    this.#buffer += 1;
    // A count of 0 means the bitmap need not be there, so it is not looked at, whatever lies in its place.
    if (nulls === 0 || start === end) return { nullBitmap: undefined, nullCount: 0 };
    const first = start >> 3;
    const bytes = this.#body.read(buffer, first, ((end + 7) >> 3) - first, this.#what('validity'));
    spend(this.#context.budget, bytes.byteLength);
    const nullBitmap = shiftBits(bytes, start & 7, end - start);
    const nullCount = countZeros(nullBitmap, end - start);
    return nullCount === 0 ? { nullBitmap: undefined, nullCount } : { nullBitmap, nullCount };
  }

  /** The next buffer, bytes `[start, start + byteLength)`. */
  #read(start: number, byteLength: number): Uint8Array {
    spend(this.#context.budget, byteLength);
    const buffer = this.#buffer;
    this.#buffer += 1;
    return this.#body.read(buffer, start, byteLength, this.#what('values'));
  }

  /** Offsets of rows `[start, end)`, moved to begin at 0, and where they began and end. */
  #offsets(
    byteWidth: number,
    start: number,
    end: number,
  ): { offsets: Int32Array; first: number; last: number } {
    if (start === end) {
      // No rows need no offsets: the buffer may be empty.
      this.#buffer += 1;
      return { offsets: new Int32Array(1), first: 0, last: 0 };
    }
    const stored = this.#integers(byteWidth, start, end + 1);
    const length = end - start;
    const first = Number(stored[0]!);
    const last = Number(stored[length]!);
    if (first < 0) throw this.#damaged(`offset ${start} is ${first}`);
    if (last - first > 0x7fffffff) throw this.#damaged(`offsets run from ${first} to ${last}`);
    // 32-bit offsets from 0 are used where they lie: nothing has to move.
    const isInPlace = stored instanceof Int32Array && first === 0;
    const offsets = isInPlace ? stored : new Int32Array(length + 1);
    let before = 0;
    for (let i = 0; i <= length; i += 1) {
      const at = Number(stored[i]!) - first;
      if (at < before) throw this.#damaged(`offsets do not ascend at value ${start + i}`);
      before = at;
      if (!isInPlace) offsets[i] = at;
    }
    return { offsets, first, last };
  }

  #integers(byteWidth: number, start: number, end: number): Int32Array | BigInt64Array {
    const bytes = this.#read(byteWidth * start, byteWidth * (end - start));
    return byteWidth === 4
      ? new Int32Array(bytes.buffer, bytes.byteOffset, end - start)
      : new BigInt64Array(bytes.buffer, bytes.byteOffset, end - start);
  }

  /** Makes null texts empty and checks that text is UTF-8. */
  #text(field: StoredField, data: Data): Data {
    const offsets = data.valueOffsets as Int32Array;
    let column = data;
    if (data.nullCount > 0) {
      let isCompact = true;
      const rows = new Int32Array(data.length);
      for (let i = 0; i < data.length; i += 1) {
        const isNull = !hasBit(data.nullBitmap as Uint8Array, i);
        rows[i] = isNull ? -1 : i;
        if (isNull && offsets[i + 1]! > offsets[i]!) isCompact = false;
      }
      if (!isCompact) column = gather(data, rows, this.#context.budget);
    }
    if (field.isText && !isTextColumn(column)) this.#findInvalidText(column);
    return column;
  }

  #findInvalidText(column: Data): void {
    const offsets = column.valueOffsets as Int32Array;
    const bytes = column.values as Uint8Array;
    for (let row = 0; row < column.length; row += 1) {
      if (isUtf8(bytes.subarray(offsets[row]!, offsets[row + 1]!))) continue;
      if (this.#depth > 1) throw this.#damaged('expected UTF-8 text, found other bytes');
      this.#context.onInvalidText(row, this.#path[0]!);
    }
  }

  #viewBuffers(): number {
    const count = this.#body.layout.variadicCounts[this.#variadic];
    this.#variadic += 1;
    if (count === undefined) throw this.#damaged('has no count of view buffers');
    return count;
  }

  #views(shared: object, validity: Validity, start: number, end: number): Data {
    const views = this.#read(16 * start, 16 * (end - start));
    const firstBuffer = this.#buffer;
    const bufferCount = this.#viewBuffers();
    if (bufferCount > this.#body.layout.buffers.length)
      throw this.#damaged(`has ${bufferCount} view buffers`);
    this.#buffer += bufferCount;
    const { offsets, data } = joinViews(views, validity.nullBitmap, {
      bufferCount,
      read: (buffer, from, byteLength) =>
        this.#body.read(firstBuffer + buffer, from, byteLength, this.#what('values')),
      allocate: this.#body.allocate,
      budget: this.#context.budget,
      damaged: (row, what) => this.#damaged(`value ${start + row} ${what}`),
    });
    return makeData({ ...shared, valueOffsets: offsets, data } as never);
  }

  #listViews(field: StoredField, shared: object, validity: Validity, start: number, end: number): Data {
    const length = end - start;
    const begins = this.#integers(field.byteWidth, start, end);
    const sizes = this.#integers(field.byteWidth, start, end);
    const offsets = new Int32Array(length + 1);
    let [low, high, total] = [Number.POSITIVE_INFINITY, 0, 0];
    for (let i = 0; i < length; i += 1) {
      const isNull = validity.nullBitmap !== undefined && !hasBit(validity.nullBitmap, i);
      const begin = Number(begins[i]!);
      const size = isNull ? 0 : Number(sizes[i]!);
      if (begin < 0 || size < 0)
        throw this.#damaged(`list ${start + i} is said to be ${size} values at ${begin}`);
      total += size;
      if (total > maxExpanded) throw new OverBudget('the lists hold too many values');
      offsets[i + 1] = total;
      if (size === 0) continue;
      low = Math.min(low, begin);
      high = Math.max(high, begin + size);
    }
    if (total === 0) low = 0;
    const child = this.load(field.children[0]!, low, high);
    spend(this.#context.budget, 4 * total);
    const rows = new Int32Array(total);
    for (let i = 0; i < length; i += 1) {
      const shift = Number(begins[i]!) - low - offsets[i]!;
      for (let at = offsets[i]!; at < offsets[i + 1]!; at += 1) rows[at] = at + shift;
    }
    const items = gather(child, rows, this.#context.budget);
    return makeData({ ...shared, valueOffsets: offsets, child: items } as never);
  }

  #union(field: StoredField, nulls: number, start: number, end: number): Data {
    // Before version 5 a union had validity of its own; nobody is known to have written nulls into it.
    if (this.#body.layout.version < 4) {
      this.#buffer += 1;
      if (nulls > 0) throw this.#damaged('is a union with nulls of its own, of metadata version 4');
    }
    const length = end - start;
    const type = field.field.type as DataType & { typeIds: Int32Array };
    const bytes = this.#read(start, length);
    const typeIds = new Int8Array(bytes.buffer, bytes.byteOffset, length);
    const childOf = new Int8Array(256).fill(-1);
    for (const [child, id] of [...type.typeIds].entries()) childOf[id] = child;
    for (let i = 0; i < length; i += 1) {
      if (childOf[bytes[i]!]! < 0) throw this.#damaged(`value ${start + i} has type id ${typeIds[i]}`);
    }
    if (field.layout === 'sparseUnion') {
      const children = field.children.map((child) => this.load(child, start, end));
      return makeData({ type, length, typeIds, children } as never);
    }
    const stored = this.#integers(4, start, end) as Int32Array;
    const lows = new Float64Array(field.children.length).fill(Number.POSITIVE_INFINITY);
    const highs = new Float64Array(field.children.length);
    for (let i = 0; i < length; i += 1) {
      const child = childOf[bytes[i]!]!;
      const at = stored[i]!;
      if (at < 0) throw this.#damaged(`value ${start + i} lies at ${at}`);
      if (at < lows[child]!) lows[child] = at;
      if (at >= highs[child]!) highs[child] = at + 1;
    }
    const children = field.children.map((child, c) =>
      this.load(child, Math.min(lows[c]!, highs[c]!), highs[c]!),
    );
    const valueOffsets = Int32Array.from(stored, (at, i) => at - lows[childOf[bytes[i]!]!]!);
    return makeData({ type, length, typeIds, valueOffsets, children } as never);
  }

  #runEnds(field: StoredField, start: number, end: number): Data {
    const runs = this.#body.layout.nodes[2 * this.#node] ?? 0;
    if (runs > maxExpanded) throw this.#damaged(`has ${runs} runs`);
    const ends = this.load(field.children[0]!, 0, runs).values as Int32Array | BigInt64Array;
    const values = this.load(field.children[1]!, 0, runs);
    spend(this.#context.budget, 4 * (end - start));
    const rows = new Int32Array(end - start);
    let [run, row, before] = [0, start, 0];
    for (; run < runs; run += 1) {
      const runEnd = Number(ends[run]!);
      if (runEnd <= before) throw this.#damaged(`run ${run} ends at ${runEnd}, the one before at ${before}`);
      before = runEnd;
      for (; row < Math.min(runEnd, end); row += 1) rows[row - start] = run;
    }
    if (row < end) throw this.#damaged(`its runs end at ${before}, expected ${end}`);
    return gather(values, rows, this.#context.budget);
  }

  #dictionary(field: StoredField, nulls: number, start: number, end: number): Data {
    const { id, byteWidth, isSigned } = field.dictionary!;
    const { nullBitmap } = this.#validity(nulls, start, end);
    const length = end - start;
    const bytes = this.#read(byteWidth * start, byteWidth * length);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const found = this.#context.dictionary(id);
    const values = found ?? nullColumn(field.field.type as DataType, 0);
    spend(this.#context.budget, 4 * length);
    const rows = new Int32Array(length);
    for (let i = 0; i < length; i += 1) {
      if (nullBitmap !== undefined && !hasBit(nullBitmap, i)) {
        rows[i] = -1;
        continue;
      }
      const index = readIndex(view, i, byteWidth, isSigned);
      if (index < 0 || index >= values.length) {
        if (found === undefined) throw this.#damaged(`dictionary ${id} is missing`);
        throw this.#damaged(`value ${start + i} is entry ${index} of a dictionary of ${values.length}`);
      }
      rows[i] = index;
    }
    return gather(values, rows, this.#context.budget);
  }

  #what(part: string): string {
    return `column "${this.#path.join('.')}": ${part}`;
  }

  #damaged(what: string): Error {
    return this.#body.damaged(`column "${this.#path.join('.')}" ${what}`);
  }
}

/** Whether the bytes are UTF-8 as a whole and no row begins inside a character: then every row is UTF-8. */
function isTextColumn(column: Data): boolean {
  const offsets = column.valueOffsets as Int32Array;
  const bytes = column.values as Uint8Array;
  if (!isUtf8(bytes)) return false;
  for (let i = 0; i < column.length; i += 1) {
    if ((bytes[offsets[i]!]! & 0xc0) === 0x80) return false;
  }
  return true;
}
