/**
 * Snappy block compression (format: google/snappy, format_description.txt). The matcher is the plain one of that
 * description: one hash table of last positions for each 64 KiB block. The table starts empty with each block, so the
 * bytes depend on the input alone; the WASM compressor at hand keeps its table between calls and they do not.
 */

const BLOCK_LENGTH = 1 << 16;
const TABLE_BITS = 14;
/** A match may be looked for only where this many bytes follow, so 4-byte loads stay inside the block. */
const MARGIN = 15;
const table = new Uint16Array(1 << TABLE_BITS);

/** Both arrays, and the same memory for loads and stores of four bytes. */
interface Memory {
  readonly input: Uint8Array;
  readonly output: Uint8Array;
  readonly inputWords: DataView;
  readonly outputWords: DataView;
}

/** Most bytes a compressed block of `byteLength` can take. */
function compressBound(byteLength: number): number {
  return 32 + byteLength + Math.floor(byteLength / 6);
}

/** Compresses `input` to `[length varint][elements]`; the result owns its ArrayBuffer. */
export function compressSnappy(input: Uint8Array): Uint8Array<ArrayBuffer> {
  const output = new Uint8Array(compressBound(input.length));
  let at = 0;
  let rest = input.length;
  while (rest > 0x7f) {
    output[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  output[at++] = rest;
  const memory: Memory = {
    input,
    output,
    inputWords: new DataView(input.buffer, input.byteOffset, input.byteLength),
    outputWords: new DataView(output.buffer),
  };
  for (let start = 0; start < input.length; start += BLOCK_LENGTH) {
    at = compressBlock(memory, start, Math.min(start + BLOCK_LENGTH, input.length), at);
  }
  return output.slice(0, at);
}

// Every index below is inside `input` (start <= i < end - 4) or `output` (sized by compressBound).
function compressBlock(memory: Memory, start: number, end: number, outputStart: number): number {
  const { inputWords, output } = memory;
  let at = outputStart;
  let literalStart = start;
  const limit = end - MARGIN;
  table.fill(0);
  let position = start + 1;
  // After 32 misses in a row every second position is tried, then every third: incompressible data passes quickly.
  let skip = 32;
  while (position <= limit) {
    const word = inputWords.getInt32(position, true);
    const slot = slotOf(word);
    const candidate = start + table[slot]!;
    table[slot] = position - start;
    if (inputWords.getInt32(candidate, true) !== word) {
      position += skip++ >>> 5;
      continue;
    }
    at = writeLiteral(memory, literalStart, position, at);
    const length = matchLength(inputWords, candidate, position, end);
    at = writeCopy(position - candidate, length, output, at);
    position += length;
    literalStart = position;
    skip = 32;
    if (position <= limit) table[slotOf(inputWords.getInt32(position - 1, true))] = position - 1 - start;
  }
  return literalStart < end ? writeLiteral(memory, literalStart, end, at) : at;
}

function slotOf(word: number): number {
  return Math.imul(word, 0x1e35a7bd) >>> (32 - TABLE_BITS);
}

/** How far two places with four equal bytes agree; `end` bounds the later one. */
function matchLength(view: DataView, candidate: number, position: number, end: number): number {
  let length = 4;
  while (position + length + 4 <= end) {
    const difference = view.getInt32(candidate + length, true) ^ view.getInt32(position + length, true);
    if (difference !== 0) return length + ((31 - Math.clz32(difference & -difference)) >>> 3);
    length += 4;
  }
  while (position + length < end && view.getUint8(candidate + length) === view.getUint8(position + length))
    length++;
  return length;
}

function writeLiteral(memory: Memory, start: number, end: number, outputStart: number): number {
  const { input, output, inputWords, outputWords } = memory;
  let at = outputStart;
  const last = end - start - 1;
  if (last < 0) return at;
  if (last < 60) {
    output[at++] = last << 2;
  } else if (last < 256) {
    output[at++] = 60 << 2;
    output[at++] = last;
  } else {
    output[at++] = 61 << 2;
    output[at++] = last;
    output[at++] = last >>> 8;
  }
  if (last < 48 && end + 4 <= input.length) {
    // Up to three bytes too many are written; what comes next overwrites them.
    for (let i = 0; i <= last; i += 4)
      outputWords.setInt32(at + i, inputWords.getInt32(start + i, true), true);
  } else {
    output.set(input.subarray(start, end), at);
  }
  return at + last + 1;
}

function writeCopy(offset: number, matchLength: number, output: Uint8Array, outputStart: number): number {
  let at = outputStart;
  let length = matchLength;
  // 60, not 64, while more than 67 are left: the remainder is then at least 4 and can be a short copy.
  while (length >= 68) {
    at = writeLongCopy(offset, 64, output, at);
    length -= 64;
  }
  if (length > 64) {
    at = writeLongCopy(offset, 60, output, at);
    length -= 60;
  }
  if (length >= 12 || offset >= 2048) return writeLongCopy(offset, length, output, at);
  output[at++] = 1 | ((length - 4) << 2) | ((offset >>> 8) << 5);
  output[at++] = offset;
  return at;
}

function writeLongCopy(offset: number, length: number, output: Uint8Array, at: number): number {
  output[at] = 2 | ((length - 1) << 2);
  output[at + 1] = offset;
  output[at + 2] = offset >>> 8;
  return at + 3;
}
