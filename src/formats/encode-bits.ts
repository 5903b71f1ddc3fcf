import { type Data, DataType } from 'apache-arrow';

/** Bits in Arrow order (least significant first); bit `i` of the column is bit `offset + i` of `bytes`. */
export interface BitRange {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

/**
 * Where a column's validity lies, or undefined where no row is null.
 * In apache-arrow a slice moves `values` and `valueOffsets` themselves; `Data.offset` holds for bitmaps only.
 * A column of type Null has no bitmap: ask `nullCountOf` first.
 */
export function validityOf(data: Data): BitRange | undefined {
  const bytes: Uint8Array | undefined = data.nullBitmap;
  if (bytes === undefined || bytes.length === 0 || data.nullCount <= 0) return undefined;
  return { bytes, offset: data.offset };
}

/** Rows that are null; a sliced column of type Null does not know it itself. */
export function nullCountOf(data: Data): number {
  if (DataType.isNull(data.type)) return data.length;
  return validityOf(data) === undefined ? 0 : data.nullCount;
}

export function bitAt(bits: BitRange, index: number): boolean {
  const at = bits.offset + index;
  return (((bits.bytes[at >>> 3] ?? 0) >>> (at & 7)) & 1) === 1;
}

/** Copies `length` bits to the front of a new array; bits behind the last one are 0, so equal columns give equal bytes. */
export function copyBits(bits: BitRange, length: number): Uint8Array<ArrayBuffer> {
  const byteLength = (length + 7) >>> 3;
  const copy = new Uint8Array(byteLength);
  const first = bits.offset >>> 3;
  const shift = bits.offset & 7;
  if (shift === 0) {
    copy.set(bits.bytes.subarray(first, first + byteLength));
  } else {
    for (let i = 0; i < byteLength; i++) {
      const low = bits.bytes[first + i] ?? 0;
      const high = bits.bytes[first + i + 1] ?? 0;
      copy[i] = (low >>> shift) | (high << (8 - shift));
    }
  }
  const tail = length & 7;
  if (tail !== 0) copy[byteLength - 1]! &= (1 << tail) - 1;
  return copy;
}
