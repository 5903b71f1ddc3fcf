import { type Data, DataType, type Field } from 'apache-arrow';
import { CurationError } from '../../errors.ts';
import { bitAt, nullCountOf, validityOf } from '../encode-bits.ts';
import type { Leaf } from './encode-schema.ts';

/**
 * One stored column of a batch, shredded (Dremel, as in parquet-format's Nested Encoding). An entry is a value, or the
 * place where one ends early: null, or an empty list.
 */
export interface Shredded {
  readonly entryCount: number;
  /** Undefined: every entry is at the leaf's highest level. */
  readonly definition: Uint8Array | undefined;
  /** Undefined: nothing on the way repeats. */
  readonly repetition: Uint8Array | undefined;
  readonly valueCount: number;
  /** Row in `data` of each value; undefined: value `i` is row `i`. */
  readonly positions: Int32Array | undefined;
  readonly data: Data;
}

/** Where each entry stands while the walk goes down from the row to the leaf. */
interface Walk {
  entryCount: number;
  /** Definition level of the entries that go on. */
  level: number;
  /** Levels entry by entry; undefined: all at `level`. */
  definition: Uint8Array | undefined;
  repetition: Uint8Array | undefined;
  repetitionLevel: number;
  /** Row in the current column, -1 where the entry has ended; undefined: entry `i` is row `i`. */
  rows: Int32Array | undefined;
}

/** Shreds the leaf out of its column. Cost: the entries times the depth; a flat column without nulls costs nothing. */
export function shred(leaf: Leaf, fields: readonly Field[], columns: readonly Data[]): Shredded {
  const column = leaf.route[0]!;
  let data = columns[column]!;
  let field: Field = fields[column]!;
  let isNullable = field.nullable;
  const walk: Walk = {
    entryCount: data.length,
    level: 0,
    definition: undefined,
    repetition: undefined,
    repetitionLevel: 0,
    rows: undefined,
  };
  endAtNulls(walk, data, isNullable, leaf);
  for (let step = 1; step < leaf.route.length; step++) {
    const type: DataType = field.type;
    const child = leaf.route[step]!;
    const isMap = DataType.isMap(type);
    if (!DataType.isStruct(type)) goThroughItems(walk, data, leaf);
    data = data.children[child]!;
    field = type.children[child]!;
    isNullable = field.nullable;
    if (isMap) {
      // The entries of a map are the repeated group itself, and a key is never null.
      const member = leaf.route[++step]!;
      data = data.children[member]!;
      field = field.type.children[member]!;
      isNullable = member === 1 && field.nullable;
    }
    endAtNulls(walk, data, isNullable, leaf);
  }
  const positions = walk.rows === undefined ? undefined : compact(walk.rows);
  return {
    entryCount: walk.entryCount,
    definition: walk.definition,
    repetition: walk.repetition,
    valueCount: positions?.length ?? walk.entryCount,
    positions,
    data,
  };
}

function endAtNulls(walk: Walk, data: Data, isNullable: boolean, leaf: Leaf): void {
  const nullCount = nullCountOf(data);
  if (nullCount === 0) {
    if (!isNullable) return;
    walk.level++;
    raiseLive(walk);
    return;
  }
  const bits = DataType.isNull(data.type) ? undefined : validityOf(data);
  const rows = ownRows(walk);
  if (!isNullable) {
    for (let i = 0; i < walk.entryCount; i++) {
      const row = rows[i]!;
      if (row >= 0 && !(bits !== undefined && bitAt(bits, row))) {
        throw new CurationError(
          'BAD_INPUT',
          `parquet writer: column "${leaf.name}": expected no nulls (the schema says so), found one`,
        );
      }
    }
    return;
  }
  const definition = ownDefinition(walk);
  walk.level++;
  for (let i = 0; i < walk.entryCount; i++) {
    const row = rows[i]!;
    if (row < 0) continue;
    if (bits !== undefined && bitAt(bits, row)) definition[i] = walk.level;
    else rows[i] = -1;
  }
}

/** Lifts the entries that go on to the walk's level; those that ended stay where they ended. */
function raiseLive(walk: Walk): void {
  const { definition, rows, entryCount, level } = walk;
  if (definition === undefined) return;
  for (let i = 0; i < entryCount; i++) {
    if (rows === undefined || rows[i]! >= 0) definition[i] = level;
  }
}

function ownRows(walk: Walk): Int32Array {
  if (walk.rows === undefined) {
    walk.rows = new Int32Array(walk.entryCount);
    for (let i = 0; i < walk.entryCount; i++) walk.rows[i] = i;
  }
  return walk.rows;
}

function ownDefinition(walk: Walk): Uint8Array {
  walk.definition ??= new Uint8Array(walk.entryCount).fill(walk.level);
  return walk.definition;
}

/** Replaces each list by its items; an empty one remains as one entry that ends here. */
function goThroughItems(walk: Walk, data: Data, leaf: Leaf): void {
  const bounds = itemBounds(data, leaf);
  const { entryCount, rows, level, definition, repetition } = walk;
  let total = 0;
  for (let i = 0; i < entryCount; i++) {
    const row = rows === undefined ? i : rows[i]!;
    total += row < 0 ? 1 : Math.max(1, bounds.end(row) - bounds.start(row));
  }
  const nextRows = new Int32Array(total);
  const nextDefinition = new Uint8Array(total);
  const nextRepetition = new Uint8Array(total);
  const repetitionLevel = walk.repetitionLevel + 1;
  let at = 0;
  for (let i = 0; i < entryCount; i++) {
    const row = rows === undefined ? i : rows[i]!;
    const start = row < 0 ? 0 : bounds.start(row);
    const end = row < 0 ? 0 : bounds.end(row);
    nextRepetition[at] = repetition === undefined ? 0 : repetition[i]!;
    if (start === end) {
      nextRows[at] = -1;
      nextDefinition[at++] = definition === undefined ? level : definition[i]!;
      continue;
    }
    nextRows[at] = start;
    nextDefinition[at++] = level + 1;
    for (let item = start + 1; item < end; item++) {
      nextRows[at] = item;
      nextRepetition[at] = repetitionLevel;
      nextDefinition[at++] = level + 1;
    }
  }
  walk.entryCount = total;
  walk.rows = nextRows;
  walk.definition = nextDefinition;
  walk.repetition = nextRepetition;
  walk.repetitionLevel = repetitionLevel;
  walk.level = level + 1;
}

interface ItemBounds {
  start(row: number): number;
  end(row: number): number;
}

function itemBounds(data: Data, leaf: Leaf): ItemBounds {
  const type: DataType = data.type;
  const itemCount = data.children[0]!.length;
  if (DataType.isFixedSizeList(type)) {
    const size = type.listSize;
    return { start: (row) => row * size, end: (row) => row * size + size };
  }
  const offsets: Int32Array | BigInt64Array = data.valueOffsets;
  const check = (row: number): number => {
    const offset = Number(offsets[row]);
    if (offset < 0 || offset > itemCount || (row > 0 && offset < Number(offsets[row - 1]))) {
      throw new CurationError(
        'BAD_INPUT',
        `parquet writer: column "${leaf.name}": expected a list offset up to ${itemCount}, found ${offset}`,
      );
    }
    return offset;
  };
  return { start: (row) => Number(offsets[row]), end: (row) => check(row + 1) };
}

function compact(rows: Int32Array): Int32Array {
  let count = 0;
  const kept = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    if (rows[i]! >= 0) kept[count++] = rows[i]!;
  }
  return kept.subarray(0, count);
}
