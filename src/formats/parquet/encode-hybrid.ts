import type { ByteSink } from '../byte-sink.ts';

const GROUP = 8;

/** Bits that hold every value from 0 to `largest`. */
export function bitWidthOf(largest: number): number {
  return 32 - Math.clz32(largest);
}

/**
 * Writes `values` from `start` to `end` in Parquet's hybrid of runs and bit-packed groups of eight (parquet-format,
 * Encodings.md, "RLE"): a run wherever a value stands eight times or more at a group's edge.
 * @param values each below 2^bitWidth.
 */
export function writeHybrid(
  out: ByteSink,
  values: Uint8Array | Int32Array,
  start: number,
  end: number,
  bitWidth: number,
): void {
  let packedStart = start;
  let at = start;
  while (at < end) {
    const value = values[at]!;
    let runEnd = at + 1;
    while (runEnd < end && values[runEnd] === value) runEnd++;
    // A packed group is full before a run may follow it; the run lends what is missing.
    const lent = (GROUP - ((at - packedStart) % GROUP)) % GROUP;
    if (runEnd - at - lent >= GROUP) {
      writePacked(out, values, packedStart, at + lent, bitWidth);
      writeRun(out, value, runEnd - at - lent, bitWidth);
      packedStart = runEnd;
    }
    at = runEnd;
  }
  writePacked(out, values, packedStart, end, bitWidth);
}

/** Writes `count` times the same value. */
export function writeRun(out: ByteSink, value: number, count: number, bitWidth: number): void {
  if (count === 0) return;
  out.writeVarint(count * 2);
  for (let shift = 0; shift < bitWidth; shift += 8) out.writeByte(value >>> shift);
}

function writePacked(
  out: ByteSink,
  values: Uint8Array | Int32Array,
  start: number,
  end: number,
  bitWidth: number,
): void {
  if (start === end) return;
  const groupCount = Math.ceil((end - start) / GROUP);
  out.writeVarint(groupCount * 2 + 1);
  packBits(out, values, start, end, bitWidth);
  // The last group is filled up with zeros; the reader knows how many values there are.
  const padding = groupCount * bitWidth - Math.ceil(((end - start) * bitWidth) / 8);
  for (let i = 0; i < padding; i++) out.writeByte(0);
}

/** Writes values of `bitWidth` bits one behind the other, least significant bit first; the last byte is filled with zeros. */
export function packBits(
  out: ByteSink,
  values: Uint8Array | Int32Array,
  start: number,
  end: number,
  bitWidth: number,
): void {
  out.reserve(Math.ceil(((end - start) * bitWidth) / 8) + 8);
  const { bytes } = out;
  let { at } = out;
  let held = 0;
  let bitCount = 0;
  for (let i = start; i < end; i++) {
    // At most 7 bits are held and bitWidth is at most 24 here (a dictionary has far fewer entries), so 31 bits suffice.
    held |= values[i]! << bitCount;
    bitCount += bitWidth;
    while (bitCount >= 8) {
      bytes[at++] = held;
      held >>>= 8;
      bitCount -= 8;
    }
  }
  if (bitCount > 0) bytes[at++] = held;
  out.at = at;
}
