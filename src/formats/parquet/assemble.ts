import { type Data, List, Map_, Struct } from 'apache-arrow';
import { makeColumn } from '../../columns/buffers.ts';
import { convertValues } from './convert.ts';
import { arrowField, arrowLeafType } from './leaf-type.ts';
import { type LeafColumn, type LeafShape, leavesOf, type Shape } from './shape.ts';
import type { LeafSink } from './sink.ts';

/** A leaf with what was read of it. */
export interface FilledLeaf {
  readonly column: LeafColumn;
  readonly sink: LeafSink;
}

/** Places of a node: how many, which are there, and, for lists, where their elements lie. */
interface Places {
  readonly count: number;
  readonly nullCount: number;
  readonly validity: Uint8Array | undefined;
  readonly offsets: Int32Array | undefined;
}

/** Builds the Arrow column of a shape from its leaves; buffers of values are the sinks' own, the others are new. */
export function assemble(shape: Shape, leaves: ReadonlyMap<number, FilledLeaf>): Data {
  if (shape.kind === 'leaf') return assembleLeaf(shape, leaves.get(shape.leaf)!);
  const first = leaves.get(leavesOf(shape)[0]!.leaf)!;
  const isList = shape.kind !== 'struct';
  const { count, nullCount, validity, offsets } = readPlaces(shape, first, isList);
  if (shape.kind === 'struct') {
    const children = shape.children.map((child) => assemble(child, leaves));
    return makeColumn(new Struct(shape.children.map(arrowField)), count, nullCount, { validity }, children);
  }
  const field = arrowField(shape.child);
  const type = shape.kind === 'map' ? new Map_(field as never) : new List(field);
  const bytes = offsets && new Uint8Array(offsets.buffer, 0, offsets.byteLength);
  return makeColumn(type, count, nullCount, { validity, offsets: bytes }, [assemble(shape.child, leaves)]);
}

function assembleLeaf(shape: LeafShape, { column, sink }: FilledLeaf): Data {
  const { slots, width } = sink;
  const type = arrowLeafType(shape.type);
  if (shape.type.kind === 'null') return makeColumn(type, slots, slots, {});
  const { nullCount, validity } = readPlaces(shape, { column, sink }, false);
  const values = convertValues(column, sink);
  if (width !== 0 || shape.type.kind === 'decimal')
    return makeColumn(type, slots, nullCount, { validity, values });
  if (slots === 0) sink.offsets[0] = 0;
  const offsets = new Uint8Array(sink.offsets.buffer, 0, 4 * (slots + 1));
  return makeColumn(type, slots, nullCount, { validity, offsets, values });
}

/**
 * Reads the places of a node off the levels of one leaf below it (Parquet's Dremel levels, inverted): an entry opens a
 * place if it repeats nothing below the node and the lists above hold an element there.
 */
function readPlaces(shape: Shape, { column, sink }: FilledLeaf, isList: boolean): Places {
  // No levels: nothing here can be null or repeat.
  if (column.maxDefinition === 0)
    return { count: sink.slots, nullCount: 0, validity: undefined, offsets: undefined };
  const { entries, defs, reps } = sink;
  const { definition, place, repetition, nullable } = shape;
  const isRepeated = column.maxRepetition > 0;
  const offsets = isList ? new Int32Array(entries + 1) : undefined;
  const validity = nullable ? new Uint8Array((entries + 7) >>> 3) : undefined;
  let count = 0;
  let valid = 0;
  let elements = 0;
  for (let i = 0; i < entries; i++) {
    const level = defs[i]!;
    const repeat = isRepeated ? reps[i]! : 0;
    if (repeat <= repetition) {
      if (level < place) continue;
      if (offsets !== undefined) offsets[count] = elements;
      if (level >= definition) {
        valid++;
        if (validity !== undefined) validity[count >>> 3]! |= 1 << (count & 7);
      }
      count++;
    } else if (repeat > repetition + 1) {
      continue;
    }
    if (level > definition) elements++;
  }
  if (offsets !== undefined) offsets[count] = elements;
  const nullCount = nullable ? count - valid : 0;
  return {
    count,
    nullCount,
    validity: nullCount > 0 ? validity!.subarray(0, (count + 7) >>> 3) : undefined,
    offsets: offsets?.subarray(0, count + 1),
  };
}

/**
 * The first pair of leaves that disagree on what is above both, described; undefined if all agree. Each leaf of a nested
 * column repeats the shape of its parents, and damage can make them differ.
 * @param starts entries of each leaf, by leaf, from which to compare.
 */
export function findDisagreement(
  shape: Shape,
  leaves: ReadonlyMap<number, FilledLeaf>,
  starts: ReadonlyMap<number, number>,
): string | undefined {
  if (shape.kind === 'leaf') return undefined;
  if (shape.kind !== 'struct') return findDisagreement(shape.child, leaves, starts);
  const firsts = shape.children.map((child) => leavesOf(child)[0]!.leaf);
  for (const leaf of firsts.slice(1)) {
    if (
      !agree(shape, leaves.get(firsts[0]!)!, starts.get(firsts[0]!)!, leaves.get(leaf)!, starts.get(leaf)!)
    ) {
      return `columns "${leaves.get(firsts[0]!)!.column.path}" and "${leaves.get(leaf)!.column.path}" disagree on their parents`;
    }
  }
  for (const child of shape.children) {
    const found = findDisagreement(child, leaves, starts);
    if (found !== undefined) return found;
  }
  return undefined;
}

function agree(shape: Shape, a: FilledLeaf, aStart: number, b: FilledLeaf, bStart: number): boolean {
  const { definition, repetition } = shape;
  let i = aStart;
  let k = bStart;
  for (;;) {
    i = nextPlace(a, i, repetition);
    k = nextPlace(b, k, repetition);
    const aEnds = i >= entryCount(a);
    if (aEnds || k >= entryCount(b)) return aEnds === k >= entryCount(b);
    const repeatA = a.column.maxRepetition > 0 ? a.sink.reps[i] : 0;
    const repeatB = b.column.maxRepetition > 0 ? b.sink.reps[k] : 0;
    const levelA = Math.min(definition, a.column.maxDefinition > 0 ? a.sink.defs[i]! : 0);
    const levelB = Math.min(definition, b.column.maxDefinition > 0 ? b.sink.defs[k]! : 0);
    if (repeatA !== repeatB || levelA !== levelB) return false;
    i++;
    k++;
  }
}

/** A leaf without levels has a slot an entry. */
function entryCount({ column, sink }: FilledLeaf): number {
  return column.maxDefinition > 0 ? sink.entries : sink.slots;
}

function nextPlace({ column, sink }: FilledLeaf, at: number, repetition: number): number {
  if (column.maxRepetition === 0) return at;
  let i = at;
  while (i < sink.entries && sink.reps[i]! > repetition) i++;
  return i;
}
