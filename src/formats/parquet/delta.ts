import { Damage } from './damage.ts';
import { readBits } from './hybrid.ts';

/** Values a page of this encoding may hold: they are decoded all at once, and equal steps take next to no bytes. */
const MAX_VALUES = 1 << 24;

export interface DeltaResult {
  /** Low words, or (low, high) pairs of words. */
  readonly words: Int32Array;
  /** Where the encoded block ends. */
  readonly end: number;
}

/**
 * Decodes DELTA_BINARY_PACKED (Encodings.md; after Lemire and Boytsov 2015). Sums wrap at 64 bits, so the low word is
 * right for 32-bit columns too.
 * @param count values there must be.
 * @param isWide true for pairs of words, false for the low words alone.
 */
export function decodeDelta(bytes: Uint8Array, start: number, count: number, isWide: boolean): DeltaResult {
  let at = start;
  const varint = (): { low: number; high: number } => {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Damage('delta encoding: expected an integer, found the end');
      const part = byte & 0x7f;
      if (shift < 32) low |= part << shift;
      if (shift > 31) high |= part << (shift - 32);
      else if (shift === 28) high |= part >>> 4;
      if (byte < 0x80) return { low, high };
    }
    throw new Damage('delta encoding: expected an integer of at most 10 bytes, found a longer one');
  };
  const zigzag = (): { low: number; high: number } => {
    const { low, high } = varint();
    const sign = -(low & 1);
    return { low: ((low >>> 1) | (high << 31)) ^ sign, high: (high >>> 1) ^ sign };
  };
  const size = (what: string): number => {
    const { low, high } = varint();
    if (high !== 0 || low < 0)
      throw new Damage(`delta encoding: expected a sound ${what}, found one beyond 31 bits`);
    return low;
  };
  const blockSize = size('block size');
  const miniblocks = size('number of miniblocks');
  const total = size('count');
  if (total !== count) throw new Damage(`delta encoding: expected ${count} values, found ${total}`);
  if (count > MAX_VALUES)
    throw new Damage(`delta encoding: expected at most ${MAX_VALUES} values in a page, found ${count}`);
  const perMini = blockSize / miniblocks;
  if (!(miniblocks > 0 && perMini > 0 && perMini % 8 === 0 && miniblocks <= 4096)) {
    throw new Damage(
      `delta encoding: expected miniblocks of a multiple of 8, found ${miniblocks} in ${blockSize}`,
    );
  }
  let { low, high } = zigzag();
  const words = new Int32Array(isWide ? count * 2 : count);
  const store = (i: number): void => {
    if (isWide) {
      words[2 * i] = low;
      words[2 * i + 1] = high;
    } else {
      words[i] = low;
    }
  };
  if (count > 0) store(0);
  for (let i = 1; i < count; ) {
    const step = zigzag();
    const widths = at;
    at += miniblocks;
    if (at > bytes.length) throw new Damage('delta encoding: expected bit widths, found the end');
    for (let m = 0; m < miniblocks && i < count; m++) {
      const bits = bytes[widths + m]!;
      if (bits > 64) throw new Damage(`delta encoding: expected at most 64 bits, found ${bits}`);
      const n = Math.min(perMini, count - i);
      // The last miniblock may be cut off after the values that count.
      if (at + Math.ceil((n * bits) / 8) > bytes.length)
        throw new Damage('delta encoding: expected a whole miniblock, found the end');
      for (let k = 0, bit = 0; k < n; k++, i++, bit += bits) {
        const byte = at + Math.floor(bit / 8);
        const lowPart = readBits(bytes, byte, bit & 7, Math.min(bits, 32));
        const sum = (low >>> 0) + (step.low >>> 0) + (lowPart >>> 0);
        if (isWide) {
          const highPart = bits > 32 ? readBits(bytes, byte + 4, bit & 7, bits - 32) : 0;
          high = (high + step.high + highPart + Math.floor(sum / 0x1_0000_0000)) | 0;
        }
        low = sum | 0;
        store(i);
      }
      at = Math.min(bytes.length, at + (perMini * bits) / 8);
    }
  }
  return { words, end: at };
}
