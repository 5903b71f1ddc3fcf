import { ByteSink } from '../byte-sink.ts';
import { bitWidthOf } from './encode-hybrid.ts';
import type { LeafValues } from './encode-values.ts';

/** Distinct values of a leaf and, for each value, which one it is. */
export interface LeafDictionary {
  readonly entryCount: number;
  /** The distinct values in order of first sight, written PLAIN. */
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly indices: Int32Array;
  readonly bitWidth: number;
}

/** Fewer values than this stay plain: they gain little, and batches without dictionaries can share a row group. */
const FEWEST_VALUES = 1024;
/** Longer values on average are documents, addresses and the like: seldom equal, dear to hash. */
const LONGEST_MEAN = 128;
const MOST_ENTRIES = 1 << 15;
const MOST_DICTIONARY_BYTES = 1 << 20;
/** The dictionary must save this share of the plain size. */
const WORTHWHILE = 0.75;

/**
 * Builds a dictionary where it pays, else gives undefined. The choice looks at nothing but the values, so a batch gives
 * the same bytes everywhere: after 1024 values at most half may be new, and in the end a quarter of the size is saved.
 */
export function buildDictionary(values: LeafValues): LeafDictionary | undefined {
  const { count } = values;
  if (values.kind === 'bool' || count < FEWEST_VALUES) return undefined;
  const plainLength = plainLengthOf(values);
  if (plainLength > count * LONGEST_MEAN) return undefined;
  const source = values.kind === 'bytes' ? values.data : values.bytes;
  const indices = new Int32Array(count);
  const slots = new Int32Array(MOST_ENTRIES * 2);
  const firstSeen: number[] = [];
  const mask = slots.length - 1;
  const width = values.kind === 'fixed' ? values.width : 0;
  let dictionaryLength = 0;
  for (let i = 0; i < count; i++) {
    const start = values.kind === 'bytes' ? values.starts[i]! : i * width;
    const end = values.kind === 'bytes' ? values.ends[i]! : start + width;
    let slot = hashBytes(source, start, end) & mask;
    let entry = slots[slot]!;
    // At most half of the slots are taken, so an empty one ends every search.
    while (entry !== 0) {
      const first = firstSeen[entry - 1]!;
      const firstStart = values.kind === 'bytes' ? values.starts[first]! : first * width;
      const firstEnd = values.kind === 'bytes' ? values.ends[first]! : firstStart + width;
      if (equalBytes(source, start, end, firstStart, firstEnd)) break;
      slot = (slot + 1) & mask;
      entry = slots[slot]!;
    }
    if (entry === 0) {
      dictionaryLength += end - start + (values.kind === 'bytes' ? 4 : 0);
      if (firstSeen.length === MOST_ENTRIES || dictionaryLength > MOST_DICTIONARY_BYTES) return undefined;
      entry = firstSeen.push(i);
      slots[slot] = entry;
    }
    indices[i] = entry - 1;
    if (i + 1 === FEWEST_VALUES && firstSeen.length * 2 > FEWEST_VALUES) return undefined;
  }
  const bitWidth = bitWidthOf(firstSeen.length - 1);
  if (dictionaryLength + (count * bitWidth) / 8 > plainLength * WORTHWHILE) return undefined;
  return { entryCount: firstSeen.length, plain: plainEntries(values, firstSeen), indices, bitWidth };
}

/** Bytes that the values take when written PLAIN. */
function plainLengthOf(values: LeafValues): number {
  if (values.kind === 'fixed') return values.bytes.length;
  if (values.kind === 'bool') return values.count / 8;
  let sum = values.count * 4;
  for (let i = 0; i < values.count; i++) sum += values.ends[i]! - values.starts[i]!;
  return sum;
}

function plainEntries(values: LeafValues, firstSeen: readonly number[]): Uint8Array<ArrayBuffer> {
  const sink = new ByteSink();
  for (const first of firstSeen) {
    if (values.kind === 'bytes') {
      sink.writeUint32(values.ends[first]! - values.starts[first]!);
      sink.write(values.data.subarray(values.starts[first]!, values.ends[first]!));
    } else if (values.kind === 'fixed') {
      sink.write(values.bytes.subarray(first * values.width, (first + 1) * values.width));
    }
  }
  return sink.take();
}

/** FNV-1a with a last mix, since its low bits alone are weak. */
function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash ^ (hash >>> 15);
}

function equalBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
  otherStart: number,
  otherEnd: number,
): boolean {
  if (end - start !== otherEnd - otherStart) return false;
  for (let i = start, k = otherStart; i < end; i++, k++) {
    if (bytes[i] !== bytes[k]) return false;
  }
  return true;
}
