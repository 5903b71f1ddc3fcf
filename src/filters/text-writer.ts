import { copyBytes } from '../columns/copy.ts';
import type { TextColumn } from '../columns/text-column.ts';

/** Makes a text column out of another one and a few rows that changed. Memory is used again and again. */
export interface TextWriter {
  begin(from: TextColumn): void;
  /** Row `row` becomes these bytes; rows ascend. The bytes are copied. */
  replace(row: number, bytes: Uint8Array, start: number, end: number): void;
  /** The column, valid until the next `begin`; the very one of `begin` if no row was replaced. */
  end(): TextColumn;
}

export function createTextWriter(): TextWriter {
  let from: TextColumn = { bytes: new Uint8Array(0), offsets: new Int32Array(1), rowCount: 0 };
  let memory = new Uint8Array(0);
  let offsets = new Int32Array(0);
  /** Rows written so far, and where the next one begins. */
  let rows = 0;
  let at = 0;

  function reserve(byteLength: number): void {
    if (at + byteLength <= memory.length) return;
    const grown = new Uint8Array(
      Math.max(at + byteLength, Math.min(2 * memory.length, memory.length + 2 ** 24)),
    );
    grown.set(memory.subarray(0, at));
    memory = grown;
  }

  /** Copies the rows before `row` as they are. */
  function catchUp(row: number): void {
    if (row === rows) return;
    const start = from.offsets[rows]!;
    const end = from.offsets[row]!;
    reserve(end - start);
    copyBytes(from.bytes.subarray(start, end), memory, at);
    const shift = at - start;
    for (; rows < row; rows++) offsets[rows + 1] = from.offsets[rows + 1]! + shift;
    at += end - start;
  }

  return {
    begin(column) {
      from = column;
      rows = 0;
      at = 0;
    },
    replace(row, bytes, start, end) {
      if (rows === 0 && offsets.length <= from.rowCount) offsets = new Int32Array(from.rowCount + 1);
      catchUp(row);
      reserve(end - start);
      copyBytes(bytes.subarray(start, end), memory, at);
      at += end - start;
      offsets[++rows] = at;
    },
    end() {
      if (rows === 0) return from;
      catchUp(from.rowCount);
      return {
        bytes: memory.subarray(0, at),
        offsets: offsets.subarray(0, from.rowCount + 1),
        rowCount: from.rowCount,
      };
    },
  };
}
