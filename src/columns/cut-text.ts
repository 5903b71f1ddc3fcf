import type { Cuts } from '../verdicts.ts';
import { copyBytes } from './copy.ts';
import type { TextColumn } from './text-column.ts';

/** The column without what is cut out of it, in memory of its own; other rows are copied as they are. */
export function cutText({ bytes, offsets, rowCount }: TextColumn, cuts: Cuts): TextColumn {
  const left = new Uint8Array(offsets[rowCount]! - offsets[0]!);
  const ends = new Int32Array(rowCount + 1);
  let at = 0;
  let from = offsets[0]!;
  const keepUpTo = (end: number): void => {
    copyBytes(bytes.subarray(from, end), left, at);
    at += end - from;
  };
  let cut = 0;
  let range = 0;
  for (let row = 0; row < rowCount; row++) {
    if (cuts.rows[cut] === row) {
      const start = offsets[row]!;
      for (let left = cuts.rangeCounts[cut]!; left > 0; left--, range++) {
        keepUpTo(start + cuts.starts[range]!);
        from = start + cuts.ends[range]!;
      }
      cut++;
    }
    // Bytes up to the end of this row that are not copied yet stay to be copied with those of the next ones.
    ends[row + 1] = at + offsets[row + 1]! - from;
  }
  keepUpTo(offsets[rowCount]!);
  return { bytes: left.subarray(0, at), offsets: ends, rowCount };
}
