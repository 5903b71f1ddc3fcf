import type { Runs } from './runs.ts';

// Below this many bytes a loop is faster than `set`, whose call alone costs about 40 ns.
const SHORT = 32;

// From this many bytes on `fill` is faster than `set` where memory is shared: V8 copies shared memory byte by byte unless
// both sides are aligned alike (2 GB/s measured on 3 KB texts), Node's `fill` from an array of equal length is one memcpy
// (8 GB/s), but its call costs more.
const LONG_SHARED = 512;

/** Copies all of `source` to `target` from `at` on; the fast way also where either is shared memory. */
export function copyBytes(source: Uint8Array, target: Uint8Array, at: number): void {
  const isShared = isSharedMemory(source) || isSharedMemory(target);
  if (isShared && source.length >= LONG_SHARED) copyShared(source, target, at);
  else target.set(source, at);
}

function isSharedMemory(bytes: Uint8Array): boolean {
  return bytes.buffer instanceof SharedArrayBuffer;
}

function copyShared(source: Uint8Array, target: Uint8Array, at: number): void {
  Buffer.prototype.fill.call(target, source, at, at + source.length);
}

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
  const longShared = isSharedMemory(source) ? LONG_SHARED : Number.POSITIVE_INFINITY;
  let at = start;
  for (let i = 0; i < bounds.length; i += 2) {
    const begin = offsets[bounds[i]!]!;
    const end = offsets[bounds[i + 1]!]!;
    if (end - begin >= longShared) {
      copyShared(source.subarray(begin, end), target, at);
      at += end - begin;
    } else if (end - begin > SHORT) {
      target.set(source.subarray(begin, end), at);
      at += end - begin;
    } else {
      for (let k = begin; k < end; k++) target[at++] = source[k]!;
    }
  }
  return at;
}
