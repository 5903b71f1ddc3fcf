import type { LeafColumn } from './shape.ts';
import type { LeafSink } from './sink.ts';

/** Values of a leaf as Arrow lays them out: the sink's own bytes where these are the same, else new ones. */
export function convertValues(column: LeafColumn, sink: LeafSink): Uint8Array {
  const { type, physical } = column;
  const { slots, width } = sink;
  const stored = sink.values.subarray(0, sink.byteLength);
  switch (type.kind) {
    case 'bool':
      return packBits(stored, slots);
    case 'int':
      return type.bits < 32 ? narrow(stored, slots, type.bits / 8) : stored;
    case 'timestamp':
      return physical === 'INT96' ? toNanoseconds(stored, slots) : stored;
    case 'decimal':
      return widen(column, sink, slots, width, type.bits / 8);
    default:
      return stored;
  }
}

function packBits(bytes: Uint8Array, count: number): Uint8Array {
  const bits = new Uint8Array((count + 7) >>> 3);
  for (let i = 0; i < count; i++) bits[i >>> 3]! |= bytes[i]! << (i & 7);
  return bits;
}

/** The low bytes of little-endian 32-bit values. */
function narrow(bytes: Uint8Array, count: number, width: number): Uint8Array {
  const low = new Uint8Array(count * width);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < width; k++) low[i * width + k] = bytes[4 * i + k]!;
  }
  return low;
}

const EPOCH_JULIAN_DAY = 2_440_588;
const DAY_NS = 86_400_000_000_000n;

/** INT96: nanoseconds of the day, then the Julian day. Instants beyond the years 1677 to 2262 wrap, as in other readers. */
function toNanoseconds(bytes: Uint8Array, count: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const result = new BigInt64Array(count);
  for (let i = 0; i < count; i++) {
    // The slot of a null is all zeros, which would be a day in 4713 BC.
    const day = view.getInt32(12 * i + 8, true);
    const ns = view.getBigInt64(12 * i, true);
    result[i] = day === 0 && ns === 0n ? 0n : BigInt.asIntN(64, BigInt(day - EPOCH_JULIAN_DAY) * DAY_NS + ns);
  }
  return new Uint8Array(result.buffer);
}

/** Decimals, sign-extended to little-endian values of `target` bytes. Bytes and fixed bytes are stored big-endian. */
function widen(column: LeafColumn, sink: LeafSink, slots: number, width: number, target: number): Uint8Array {
  const { values, offsets } = sink;
  const result = new Uint8Array(slots * target);
  const isLittle = column.physical === 'INT32' || column.physical === 'INT64';
  for (let i = 0; i < slots; i++) {
    const start = width === 0 ? offsets[i]! : i * width;
    const length = width === 0 ? offsets[i + 1]! - start : width;
    if (length === 0) continue;
    const at = i * target;
    const used = Math.min(length, target);
    const top = isLittle ? start + length - 1 : start;
    for (let k = 0; k < used; k++) result[at + k] = values[isLittle ? start + k : start + length - 1 - k]!;
    if (values[top]! >= 0x80) result.fill(0xff, at + used, at + target);
  }
  return result;
}
