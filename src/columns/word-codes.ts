import type { Data } from 'apache-arrow';
import { isSet } from './bits.ts';
import { bytesOf, offsetsOf, validityOf } from './buffers.ts';

/** Words that come again and again, each with a number from 1 on; 0 is no word. */
export class WordTable {
  /** The word of code `i` is `words[i - 1]`, as {@link wordColumn} takes them. */
  readonly words: Uint8Array[] = [];
  private readonly codes = new Map<string, number>();

  codeOf(word: string): number {
    let code = this.codes.get(word);
    if (code === undefined) {
      code = this.words.push(Buffer.from(word));
      this.codes.set(word, code);
    }
    return code;
  }
}

/**
 * The inverse of {@link wordColumn}: for each row of a text column the code of its word. A word that is that of the row before
 * costs a comparison of its bytes, any other one a look into the table.
 * @param codes receives a code a row, 0 for null.
 */
export function wordCodes(
  data: Data,
  table: WordTable,
  codes: Uint16Array | Uint32Array,
  name: string,
): void {
  const bytes = bytesOf(data.values as Uint8Array | undefined);
  const offsets = offsetsOf(data, bytes.length, name);
  const validity = validityOf(data, name);
  let lastStart = 0;
  let lastLength = -1;
  let lastCode = 0;
  // Offsets were checked to lie in `bytes`, one more than rows.
  for (let row = 0; row < data.length; row++) {
    if (validity !== undefined && !isSet(validity, data.offset + row)) {
      codes[row] = 0;
      continue;
    }
    const start = offsets[row]!;
    const length = offsets[row + 1]! - start;
    if (length !== lastLength || !areEqual(bytes, start, lastStart, length)) {
      lastLength = length;
      lastCode = table.codeOf(textOf(bytes, start, start + length));
    }
    lastStart = start;
    codes[row] = lastCode;
  }
}

function areEqual(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false;
  return true;
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();
}
