import type { Leaf } from './encode-schema.ts';
import { PHYSICAL } from './encode-types.ts';
import type { LeafValues } from './encode-values.ts';

/** A bound of a column in the order of its type: text by its bytes. */
export type Bound = number | bigint | Uint8Array;

/** Smallest and largest value; text is cut, and then the bound is not itself a value. */
export interface Range {
  readonly min: Bound;
  readonly max: Bound;
  readonly isMinExact: boolean;
  readonly isMaxExact: boolean;
}

/** Longer bounds of text are cut to this. */
const LONGEST_BOUND = 64;

/**
 * The range of a leaf, or undefined where it has none that every reader orders alike: booleans, decimals, raw fixed
 * bytes, and floating point with a NaN in it (readers disagree whether it is a value).
 */
export function rangeOf(leaf: Leaf, values: LeafValues): Range | undefined {
  if (values.count === 0) return undefined;
  if (values.kind === 'bytes') return textRange(values);
  if (values.kind === 'bool') return undefined;
  const { logical } = leaf.stored;
  const isUnsigned = logical?.kind === 'integer' && !logical.isSigned;
  switch (leaf.stored.physical) {
    case PHYSICAL.int32:
      return numberRange(isUnsigned ? wordsOf(values.bytes, Uint32Array) : wordsOf(values.bytes, Int32Array));
    case PHYSICAL.int64:
      return bigIntRange(
        isUnsigned ? wordsOf(values.bytes, BigUint64Array) : wordsOf(values.bytes, BigInt64Array),
      );
    case PHYSICAL.float:
      return floatRange(wordsOf(values.bytes, Float32Array));
    case PHYSICAL.double:
      return floatRange(wordsOf(values.bytes, Float64Array));
    default:
      return undefined;
  }
}

interface WordsConstructor<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

function wordsOf<T>(bytes: Uint8Array, Words: WordsConstructor<T>): T {
  const width = Words.BYTES_PER_ELEMENT;
  const aligned = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  return new Words(aligned.buffer, aligned.byteOffset, aligned.byteLength / width);
}

function numberRange(values: Int32Array | Uint32Array): Range {
  let min = values[0]!;
  let max = min;
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!;
    if (value < min) min = value;
    else if (value > max) max = value;
  }
  return { min, max, isMinExact: true, isMaxExact: true };
}

function bigIntRange(values: BigInt64Array | BigUint64Array): Range {
  let min = values[0]!;
  let max = min;
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!;
    if (value < min) min = value;
    else if (value > max) max = value;
  }
  return { min, max, isMinExact: true, isMaxExact: true };
}

function floatRange(values: Float32Array | Float64Array): Range | undefined {
  let min = Infinity;
  let max = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value !== value) return undefined;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  // parquet.thrift: a zero bound is written -0 below and +0 above, as both zeros may be among the values.
  return { min: min === 0 ? -0 : min, max: max === 0 ? 0 : max, isMinExact: true, isMaxExact: true };
}

function textRange(values: LeafValues & { readonly kind: 'bytes' }): Range | undefined {
  const { data, starts, ends } = values;
  let min = 0;
  let max = 0;
  for (let i = 1; i < values.count; i++) {
    if (compareSlices(data, starts[i]!, ends[i]!, starts[min]!, ends[min]!) < 0) min = i;
    else if (compareSlices(data, starts[i]!, ends[i]!, starts[max]!, ends[max]!) > 0) max = i;
  }
  const isMinExact = ends[min]! - starts[min]! <= LONGEST_BOUND;
  const least = data.slice(starts[min]!, isMinExact ? ends[min]! : cutAt(data, starts[min]!));
  if (ends[max]! - starts[max]! <= LONGEST_BOUND) {
    return { min: least, max: data.slice(starts[max]!, ends[max]!), isMinExact, isMaxExact: true };
  }
  const most = raised(data.slice(starts[max]!, cutAt(data, starts[max]!)));
  return most === undefined ? undefined : { min: least, max: most, isMinExact, isMaxExact: false };
}

/** A cut that leaves UTF-8 whole. */
function cutAt(data: Uint8Array, start: number): number {
  let end = start + LONGEST_BOUND;
  while (end > start + LONGEST_BOUND - 4 && (data[end]! & 0xc0) === 0x80) end--;
  return end;
}

/**
 * A bound above everything that begins with `prefix`: its last raisable byte raised by one, the rest dropped. An ASCII
 * letter and the last byte of a longer character can be raised and leave valid UTF-8; undefined where there is none.
 */
function raised(prefix: Uint8Array): Uint8Array | undefined {
  for (let i = prefix.length - 1; i >= 0; i--) {
    const byte = prefix[i]!;
    const isLastOfCharacter = i + 1 === prefix.length || (prefix[i + 1]! & 0xc0) !== 0x80;
    if (byte < 0x7f || (byte >= 0x80 && byte < 0xbf && isLastOfCharacter)) {
      const bound = prefix.slice(0, i + 1);
      bound[i]!++;
      return bound;
    }
  }
  return undefined;
}

function compareSlices(
  bytes: Uint8Array,
  start: number,
  end: number,
  otherStart: number,
  otherEnd: number,
): number {
  const shared = Math.min(end - start, otherEnd - otherStart);
  for (let i = 0; i < shared; i++) {
    const difference = bytes[start + i]! - bytes[otherStart + i]!;
    if (difference !== 0) return difference;
  }
  return end - start - (otherEnd - otherStart);
}

/** Joins the ranges of two batches; undefined where either is unknown. */
export function joinRanges(first: Range | undefined, second: Range | undefined): Range | undefined {
  if (first === undefined || second === undefined) return undefined;
  const low = isBelow(second.min, first.min) ? second : first;
  const high = isBelow(first.max, second.max) ? second : first;
  return { min: low.min, max: high.max, isMinExact: low.isMinExact, isMaxExact: high.isMaxExact };
}

function isBelow(left: Bound, right: Bound): boolean {
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right) < 0;
  return left < right || (Object.is(left, -0) && Object.is(right, 0));
}

/** A bound as the footer stores it: the PLAIN form of its physical type, text without its length. */
export function boundBytes(leaf: Leaf, bound: Bound): Uint8Array {
  if (bound instanceof Uint8Array) return bound;
  const { physical } = leaf.stored;
  const bytes = new Uint8Array(physical === PHYSICAL.int32 || physical === PHYSICAL.float ? 4 : 8);
  const view = new DataView(bytes.buffer);
  if (typeof bound === 'bigint') view.setBigUint64(0, BigInt.asUintN(64, bound), true);
  else if (physical === PHYSICAL.int32) view.setUint32(0, bound, true);
  else if (physical === PHYSICAL.float) view.setFloat32(0, bound, true);
  else view.setFloat64(0, bound, true);
  return bytes;
}
