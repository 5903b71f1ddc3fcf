import type { TextColumn } from '../../../src/columns/text-column.ts';

const encoder = new TextEncoder();

function encode(text: string): Uint8Array {
  return encoder.encode(text);
}

/** A column of the given rows, with bytes before and behind them that must not be read as text. */
export function columnOf(rows: readonly (Uint8Array | string)[], around = 'xé'): TextColumn {
  const parts = rows.map((row) => (typeof row === 'string' ? encode(row) : row));
  const front = encode(around);
  const offsets = new Int32Array(rows.length + 1);
  offsets[0] = front.length;
  parts.forEach((part, row) => {
    offsets[row + 1] = offsets[row]! + part.length;
  });
  return { bytes: Buffer.concat([front, ...parts, front]), offsets, rowCount: rows.length };
}

/** A generator of numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Band keys of one row, in order of the bands, as text. */
export function keysOf(bandKeys: Uint32Array, rowCount: number, row: number): string[] {
  const keys: string[] = [];
  for (let at = 2 * row; at < bandKeys.length; at += 2 * rowCount)
    keys.push(`${bandKeys[at]}:${bandKeys[at + 1]}`);
  return keys;
}

const pieces = Array.from({ length: 2 ** 16 }, (_, i) =>
  (Math.imul(i, 0x9e3779b1) >>> 0).toString(36).padStart(7, '0'),
);

/** Pairs of documents of `size` distinct words each, of which they share `shared`. */
export function makePairs(count: number, size: number, shared: number, seed: number): string[] {
  const random = randomFrom(seed);
  // Two of 2^16 pieces, because writing a number with letters takes longer than to hash it.
  const piece = (): string => pieces[Math.floor(random() * pieces.length)]!;
  const word = (): string => piece() + piece();
  const rows: string[] = [];
  for (let pair = 0; pair < count; pair++) {
    const common = Array.from({ length: shared }, word);
    for (let side = 0; side < 2; side++) {
      rows.push([...common, ...Array.from({ length: size - shared }, word)].join(' '));
    }
  }
  return rows;
}
