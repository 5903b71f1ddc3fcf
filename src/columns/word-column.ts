import { type Data, makeData, Utf8 } from 'apache-arrow';

/**
 * A column of few texts that come again and again, mostly many times in a row; laid run by run.
 * @param codes one a row: 0 is null, `i` is `words[i - 1]`. Read, not kept.
 */
export function wordColumn(
  codes: ArrayLike<number>,
  rowCount: number,
  words: readonly Uint8Array[],
): Data<Utf8> {
  const offsets = new Int32Array(rowCount + 1);
  const validity = new Uint8Array(Math.ceil(rowCount / 8));
  let nullCount = 0;
  let end = 0;
  for (let row = 0; row < rowCount; row++) {
    const code = codes[row]!;
    if (code === 0) {
      nullCount++;
    } else {
      end += words[code - 1]!.length;
      validity[row >> 3]! |= 1 << (row & 7);
    }
    offsets[row + 1] = end;
  }
  const bytes = new Uint8Array(end);
  for (let row = 0; row < rowCount; ) {
    let next = row + 1;
    while (next < rowCount && codes[next] === codes[row]) next++;
    if (codes[row] !== 0) repeat(words[codes[row]! - 1]!, bytes, offsets[row]!, offsets[next]!);
    row = next;
  }
  return makeData({
    type: new Utf8(),
    length: rowCount,
    nullCount,
    nullBitmap: validity,
    valueOffsets: offsets,
    data: bytes,
  });
}

/** Fills `start` to `end` of `target`, a multiple of its length, with copies of `word`; what is there already is doubled. */
function repeat(word: Uint8Array, target: Uint8Array, start: number, end: number): void {
  if (start === end) return;
  target.set(word, start);
  for (let done = start + word.length; done < end; ) {
    const length = Math.min(done - start, end - done);
    target.copyWithin(done, start, start + length);
    done += length;
  }
}
