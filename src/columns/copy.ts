import type { Runs } from './runs.ts';

// Below this many bytes a loop is faster than `set`, whose call alone costs about 60 ns.
const SHORT = 48;

/**
 * Copies the chosen rows of fixed-width values, back to back, to `target` from `start` on.
 * @param source `byteWidth` bytes a row; every row of `runs` lies inside.
 */
export function copyFixed(
  source: Uint8Array,
  runs: Runs,
  byteWidth: number,
  target: Uint8Array,
  start: number,
): void {
  const unit = unitOf(byteWidth, source.byteOffset, target.byteOffset + start);
  const from = unitsOf(source, unit);
  const to = unitsOf(target, unit);
  const perRow = byteWidth / unit;
  const short = SHORT / unit;
  const { bounds } = runs;
  let at = start / unit;
  for (let i = 0; i < bounds.length; i += 2) {
    const begin = bounds[i]! * perRow;
    const end = bounds[i + 1]! * perRow;
    if (end - begin > short) {
      to.set(from.subarray(begin, end), at);
      at += end - begin;
    } else {
      for (let k = begin; k < end; k++) to[at++] = from[k]!;
    }
  }
}

/** Largest of 4, 2, 1 that divides the width and both places. */
function unitOf(byteWidth: number, from: number, to: number): 4 | 2 | 1 {
  const bits = byteWidth | from | to;
  if ((bits & 3) === 0) return 4;
  return (bits & 1) === 0 ? 2 : 1;
}

function unitsOf(bytes: Uint8Array, unit: 4 | 2 | 1): Uint32Array | Uint16Array | Uint8Array {
  if (unit === 1) return bytes;
  const length = Math.floor(bytes.byteLength / unit);
  return unit === 4
    ? new Uint32Array(bytes.buffer, bytes.byteOffset, length)
    : new Uint16Array(bytes.buffer, bytes.byteOffset, length);
}

/**
 * Copies the bytes of the chosen rows, back to back, to `target` from `start` on; neighbouring rows in one piece.
 * @param offsets row `i` is `source[offsets[i] .. offsets[i + 1])`; checked by the caller.
 * @returns the position after the last byte written.
 */
export function copyRanges(
  source: Uint8Array,
  offsets: Int32Array | Float64Array,
  runs: Runs,
  target: Uint8Array,
  start: number,
): number {
  const { bounds } = runs;
  let at = start;
  for (let i = 0; i < bounds.length; i += 2) {
    const begin = offsets[bounds[i]!]!;
    const end = offsets[bounds[i + 1]!]!;
    if (end - begin > SHORT) {
      target.set(source.subarray(begin, end), at);
      at += end - begin;
    } else {
      for (let k = begin; k < end; k++) target[at++] = source[k]!;
    }
  }
  return at;
}
