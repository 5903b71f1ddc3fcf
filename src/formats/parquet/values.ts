import { isUtf8 } from 'node:buffer';
import { Damage } from './damage.ts';
import { decodeDelta } from './delta.ts';
import { HybridReader } from './hybrid.ts';
import { ENCODING } from './page-header.ts';
import type { LeafColumn } from './shape.ts';
import { LeafSink } from './sink.ts';

/**
 * The values of one page that are there (nulls are not stored), read forwards. Appending writes them densely behind the
 * sink's last slot and moves `byteLength`; slots and nulls are the caller's.
 */
export interface Values {
  /** The page they are read from; may be replaced by an equal copy. */
  bytes: Uint8Array;
  /** True if all of them are known to be UTF-8. */
  readonly isText: boolean;
  skip(count: number): void;
  /** Goes back to the first value of the page. */
  rewind(): void;
  /** False, with `sink.byteLength` as it was, if the bytes in use would exceed `limit`; nothing is copied then. */
  append(sink: LeafSink, count: number, limit: number): boolean;
}

/** A dictionary page, decoded: its values are the slots of a sink. */
export interface Dictionary {
  readonly sink: LeafSink;
  readonly count: number;
  readonly isText: boolean;
}

/** Decodes the body of a dictionary page, always PLAIN. */
export function readDictionary(column: LeafColumn, bytes: Uint8Array, count: number): Dictionary {
  const sink = new LeafSink();
  sink.width = column.width;
  const values = plainValues(column, bytes, 0, count);
  values.append(sink, count, Number.POSITIVE_INFINITY);
  return { sink, count, isText: column.type.kind === 'utf8' && isTextRange(sink, 0, count) };
}

/** True if each slot from `from` to `to` is UTF-8: all bytes together are, and no value begins inside a character. */
export function isTextRange(sink: LeafSink, from: number, to: number): boolean {
  const { values, offsets } = sink;
  const start = offsets[from]!;
  const end = offsets[to]!;
  if (start === end) return true;
  if (!isUtf8(values.subarray(start, end))) return false;
  for (let i = from; i < to; i++) {
    const at = offsets[i]!;
    if (at < end && (values[at]! & 0xc0) === 0x80) return false;
  }
  return true;
}

/**
 * Opens the values of a data page.
 * @param start where they begin in `bytes`, which end with the page.
 * @param count values that are there, counted from the definition levels.
 */
export function openValues(
  column: LeafColumn,
  encoding: number,
  bytes: Uint8Array,
  start: number,
  count: number,
  dictionary: () => Dictionary,
): Values {
  // A page of nulls may have no body at all, not even an encoding's header.
  if (count === 0) return new FixedValues(bytes, start, column.width);
  switch (encoding) {
    case ENCODING.plain:
      return plainValues(column, bytes, start, count);
    case ENCODING.plainDictionary:
    case ENCODING.rleDictionary: {
      const bits = bytes[start];
      if (bits === undefined) throw new Damage('expected the bit width of dictionary indices, found the end');
      return new DictionaryValues(new HybridReader(bytes, start + 1, bytes.length, bits), dictionary());
    }
    case ENCODING.rle:
      if (column.physical !== 'BOOLEAN') break;
      return new RunValues(openPrefixed(bytes, start));
    case ENCODING.deltaBinaryPacked: {
      if (column.physical !== 'INT32' && column.physical !== 'INT64') break;
      const { words } = decodeDelta(bytes, start, count, column.width === 8);
      return new FixedValues(new Uint8Array(words.buffer), 0, column.width);
    }
    case ENCODING.deltaLengthByteArray:
      if (column.physical !== 'BYTE_ARRAY') break;
      return openDeltaLength(bytes, start, count);
    case ENCODING.deltaByteArray:
      if (column.physical !== 'BYTE_ARRAY' && column.physical !== 'FIXED_LEN_BYTE_ARRAY') break;
      return openDeltaBytes(bytes, start, count);
    case ENCODING.byteStreamSplit:
      if (column.width === 0 || column.physical === 'BOOLEAN' || column.physical === 'INT96') break;
      return new FixedValues(joinStreams(bytes, start, count, column.width), 0, column.width);
    default:
  }
  throw new Damage(`expected an encoding that fits ${column.physical}, found ${encoding}`);
}

function plainValues(column: LeafColumn, bytes: Uint8Array, start: number, count: number): Values {
  const { width } = column;
  if (column.physical === 'BOOLEAN') {
    expectBytes(bytes, start, Math.ceil(count / 8));
    return new BitValues(bytes, start);
  }
  if (width === 0) {
    expectBytes(bytes, start, count * 4);
    return new PlainBytes(bytes, start);
  }
  expectBytes(bytes, start, count * width);
  return new FixedValues(bytes, start, width);
}

function expectBytes(bytes: Uint8Array, start: number, needed: number): void {
  if (bytes.length - start < needed)
    throw new Damage(`expected ${needed} bytes of values, found ${bytes.length - start}`);
}

/** Runs with their length before them, as levels of version 1 and RLE booleans have it. */
export function openPrefixed(bytes: Uint8Array, start: number, bits = 1): HybridReader {
  const end = prefixedEnd(bytes, start);
  return new HybridReader(bytes, start + 4, end, bits);
}

/** Where a part with its length before it ends. */
export function prefixedEnd(bytes: Uint8Array, start: number): number {
  if (start + 4 > bytes.length) throw new Damage('expected the length of levels, found the end');
  const length = readInt32(bytes, start);
  if (length < 0 || length > bytes.length - start - 4) {
    throw new Damage(`expected at most ${bytes.length - start - 4} bytes of levels, found ${length}`);
  }
  return start + 4 + length;
}

function readInt32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** True if `count` more values of fixed width fit; then there is room for them. */
function makeRoom(sink: LeafSink, count: number, limit: number): boolean {
  const needed = sink.byteLength + count * sink.width;
  if (needed > limit) return false;
  sink.reserve(needed);
  return true;
}

class FixedValues implements Values {
  bytes: Uint8Array;
  readonly isText = false;
  readonly #width: number;
  readonly #start: number;
  #at: number;

  constructor(bytes: Uint8Array, start: number, width: number) {
    this.bytes = bytes;
    this.#start = start;
    this.#at = start;
    this.#width = width;
  }

  rewind(): void {
    this.#at = this.#start;
  }

  skip(count: number): void {
    this.#at += count * this.#width;
  }

  append(sink: LeafSink, count: number, limit: number): boolean {
    if (count === 0) return true;
    if (!makeRoom(sink, count, limit)) return false;
    const end = this.#at + count * this.#width;
    sink.values.set(this.bytes.subarray(this.#at, end), sink.byteLength);
    sink.byteLength += end - this.#at;
    this.#at = end;
    return true;
  }
}

class BitValues implements Values {
  bytes: Uint8Array;
  readonly isText = false;
  readonly #start: number;
  #bit = 0;

  constructor(bytes: Uint8Array, start: number) {
    this.bytes = bytes;
    this.#start = start;
  }

  rewind(): void {
    this.#bit = 0;
  }

  skip(count: number): void {
    this.#bit += count;
  }

  append(sink: LeafSink, count: number, limit: number): boolean {
    if (!makeRoom(sink, count, limit)) return false;
    const { bytes } = this;
    const { values, byteLength } = sink;
    for (let i = 0; i < count; i++, this.#bit++) {
      values[byteLength + i] = (bytes[this.#start + (this.#bit >>> 3)]! >>> (this.#bit & 7)) & 1;
    }
    sink.byteLength += count;
    return true;
  }
}

class RunValues implements Values {
  readonly isText = false;
  readonly #runs: HybridReader;

  constructor(runs: HybridReader) {
    this.#runs = runs;
  }

  get bytes(): Uint8Array {
    return this.#runs.bytes;
  }

  set bytes(bytes: Uint8Array) {
    this.#runs.bytes = bytes;
  }

  rewind(): void {
    this.#runs.rewind();
  }

  skip(count: number): void {
    skipRuns(this.#runs, count);
  }

  append(sink: LeafSink, count: number, limit: number): boolean {
    if (!makeRoom(sink, count, limit)) return false;
    this.#runs.take(sink.values, sink.byteLength, count);
    sink.byteLength += count;
    return true;
  }
}

const BLOCK = 4096;
const indices = new Int32Array(BLOCK);

function skipRuns(runs: HybridReader, count: number): void {
  for (let left = count; left > 0; left -= BLOCK) runs.take(indices, 0, Math.min(BLOCK, left));
}

class DictionaryValues implements Values {
  readonly isText: boolean;
  readonly #runs: HybridReader;
  readonly #dictionary: Dictionary;

  constructor(runs: HybridReader, dictionary: Dictionary) {
    this.#runs = runs;
    this.#dictionary = dictionary;
    this.isText = dictionary.isText;
  }

  get bytes(): Uint8Array {
    return this.#runs.bytes;
  }

  set bytes(bytes: Uint8Array) {
    this.#runs.bytes = bytes;
  }

  rewind(): void {
    this.#runs.rewind();
  }

  skip(count: number): void {
    skipRuns(this.#runs, count);
  }

  append(sink: LeafSink, count: number, limit: number): boolean {
    const before = sink.byteLength;
    const { width } = sink;
    if (width > 0 && !makeRoom(sink, count, limit)) return false;
    if (width === 0) sink.reserveOffsets(sink.slots + count);
    for (let done = 0; done < count; done += BLOCK) {
      const n = Math.min(BLOCK, count - done);
      this.#runs.take(indices, 0, n);
      this.#check(n);
      if (width === 4 || width === 8) this.#gatherWords(sink, n);
      else if (width > 0) this.#gatherFixed(sink, n);
      else if (!this.#gatherBytes(sink, sink.slots + done, n, limit)) {
        sink.byteLength = before;
        return false;
      }
    }
    return true;
  }

  #check(count: number): void {
    const size = this.#dictionary.count;
    for (let i = 0; i < count; i++) {
      if (indices[i]! >>> 0 >= size) {
        throw new Damage(
          `expected an index below ${size} (the dictionary's size), found ${indices[i]! >>> 0}`,
        );
      }
    }
  }

  /** Widths 4 and 8: a sink's bytes are aligned, because they only ever hold values of one width. */
  #gatherWords(sink: LeafSink, count: number): void {
    const source = wordsOf(this.#dictionary.sink);
    const target = wordsOf(sink);
    let at = sink.byteLength >>> 2;
    if (sink.width === 4) {
      for (let i = 0; i < count; i++) target[at++] = source[indices[i]!]!;
    } else {
      for (let i = 0; i < count; i++) {
        const from = 2 * indices[i]!;
        target[at++] = source[from]!;
        target[at++] = source[from + 1]!;
      }
    }
    sink.byteLength = at * 4;
  }

  #gatherFixed(sink: LeafSink, count: number): void {
    const { width, values } = sink;
    const source = this.#dictionary.sink.values;
    let at = sink.byteLength;
    for (let i = 0; i < count; i++) {
      const from = indices[i]! * width;
      for (let k = 0; k < width; k++) values[at++] = source[from + k]!;
    }
    sink.byteLength = at;
  }

  #gatherBytes(sink: LeafSink, slot: number, count: number, limit: number): boolean {
    const { values: source, offsets: starts } = this.#dictionary.sink;
    const { offsets } = sink;
    let end = sink.byteLength;
    for (let i = 0; i < count; i++) {
      const index = indices[i]!;
      end += starts[index + 1]! - starts[index]!;
      // Looked at before anything is copied: a few bytes of indices may name a long value a million times.
      if (end > limit) return false;
      offsets[slot + i + 1] = end;
    }
    sink.reserve(end);
    const { values } = sink;
    let at = sink.byteLength;
    for (let i = 0; i < count; i++) {
      const from = starts[indices[i]!]!;
      const next = offsets[slot + i + 1]!;
      if (next - at <= SHORT) for (let k = from; at < next; ) values[at++] = source[k++]!;
      else values.set(source.subarray(from, from + next - at), at);
      at = next;
    }
    sink.byteLength = end;
    return true;
  }
}

function wordsOf(sink: LeafSink): Int32Array {
  return new Int32Array(sink.values.buffer, 0, sink.values.length >>> 2);
}

/** Up to here a loop over bytes beats the call that copies a range. */
const SHORT = 48;

/** PLAIN byte arrays: each value behind its length in four bytes. The hot path of a text column. */
class PlainBytes implements Values {
  bytes: Uint8Array;
  readonly isText = false;
  readonly #start: number;
  #at: number;

  constructor(bytes: Uint8Array, start: number) {
    this.bytes = bytes;
    this.#start = start;
    this.#at = start;
  }

  rewind(): void {
    this.#at = this.#start;
  }

  skip(count: number): void {
    const { bytes } = this;
    let at = this.#at;
    for (let i = 0; i < count; i++) at += 4 + lengthAt(bytes, at);
    this.#at = at;
  }

  append(sink: LeafSink, count: number, limit: number): boolean {
    const { bytes } = this;
    const first = sink.slots;
    sink.reserveOffsets(first + count);
    const { offsets } = sink;
    let at = this.#at;
    let end = sink.byteLength;
    for (let i = 1; i <= count; i++) {
      const length = lengthAt(bytes, at);
      at += 4 + length;
      end += length;
      if (end > limit) return false;
      offsets[first + i] = end;
    }
    sink.reserve(end);
    const { values } = sink;
    let from = this.#at;
    let to = sink.byteLength;
    for (let i = 1; i <= count; i++) {
      const next = offsets[first + i]!;
      const length = next - to;
      from += 4;
      if (length <= SHORT) {
        for (let k = 0; k < length; k++) values[to + k] = bytes[from + k]!;
      } else {
        values.set(bytes.subarray(from, from + length), to);
      }
      from += length;
      to = next;
    }
    this.#at = at;
    sink.byteLength = end;
    return true;
  }
}

function lengthAt(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length) throw new Damage('expected the length of a value, found the end of the page');
  const length = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  if (length < 0 || length > bytes.length - at - 4) {
    throw new Damage(
      `expected a value of at most ${bytes.length - at - 4} bytes, found length ${length >>> 0}`,
    );
  }
  return length;
}

function openDeltaLength(bytes: Uint8Array, start: number, count: number): Values {
  const { words, end } = decodeDelta(bytes, start, count, false);
  checkLengths(words, bytes.length - end);
  return new LengthBytes(bytes, end, words);
}

/** All lengths are sound and fit in `available` bytes. */
function checkLengths(lengths: Int32Array, available: number): void {
  let total = 0;
  for (const length of lengths) {
    if (length < 0) throw new Damage(`expected a length, found ${length}`);
    total += length;
  }
  if (total > available) throw new Damage(`expected ${total} bytes of values, found ${available}`);
}

/** DELTA_LENGTH_BYTE_ARRAY: lengths first, then the bytes of all values without a gap. */
class LengthBytes implements Values {
  bytes: Uint8Array;
  readonly isText = false;
  readonly #lengths: Int32Array;
  readonly #start: number;
  #index = 0;
  #at: number;

  constructor(bytes: Uint8Array, start: number, lengths: Int32Array) {
    this.bytes = bytes;
    this.#start = start;
    this.#at = start;
    this.#lengths = lengths;
  }

  rewind(): void {
    this.#index = 0;
    this.#at = this.#start;
  }

  skip(count: number): void {
    for (let i = 0; i < count; i++) this.#at += this.#lengths[this.#index++]!;
  }

  append(sink: LeafSink, count: number, limit: number): boolean {
    const first = sink.slots;
    sink.reserveOffsets(first + count);
    const { offsets } = sink;
    let end = sink.byteLength;
    for (let i = 0; i < count; i++) {
      end += this.#lengths[this.#index + i]!;
      if (end > limit) return false;
      offsets[first + i + 1] = end;
    }
    sink.reserve(end);
    const to = this.#at + end - sink.byteLength;
    sink.values.set(this.bytes.subarray(this.#at, to), sink.byteLength);
    this.#at = to;
    this.#index += count;
    sink.byteLength = end;
    return true;
  }
}

function openDeltaBytes(bytes: Uint8Array, start: number, count: number): Values {
  const prefixes = decodeDelta(bytes, start, count, false);
  const suffixes = decodeDelta(bytes, prefixes.end, count, false);
  checkLengths(suffixes.words, bytes.length - suffixes.end);
  let length = 0;
  for (let i = 0; i < count; i++) {
    const prefix = prefixes.words[i]!;
    if (prefix < 0 || prefix > length)
      throw new Damage(`expected a shared prefix of at most ${length} bytes, found ${prefix}`);
    length = prefix + suffixes.words[i]!;
  }
  return new PrefixBytes(bytes, suffixes.end, prefixes.words, suffixes.words);
}

/** DELTA_BYTE_ARRAY: each value is a prefix of the one before it and a suffix of its own. */
class PrefixBytes implements Values {
  bytes: Uint8Array;
  readonly isText = false;
  readonly #prefixes: Int32Array;
  readonly #suffixes: Int32Array;
  readonly #start: number;
  #index = 0;
  #at: number;
  /** The value before, as far as later ones may share it. */
  #last: Uint8Array<ArrayBuffer> = new Uint8Array(256);

  constructor(bytes: Uint8Array, start: number, prefixes: Int32Array, suffixes: Int32Array) {
    this.bytes = bytes;
    this.#start = start;
    this.#at = start;
    this.#prefixes = prefixes;
    this.#suffixes = suffixes;
  }

  rewind(): void {
    this.#index = 0;
    this.#at = this.#start;
  }

  skip(count: number): void {
    for (let i = 0; i < count; i++) this.#next();
  }

  append(sink: LeafSink, count: number, limit: number): boolean {
    const first = sink.slots;
    const { width } = sink;
    if (width === 0) sink.reserveOffsets(first + count);
    let end = sink.byteLength;
    for (let i = 0; i < count; i++) {
      const length = this.#prefixes[this.#index + i]! + this.#suffixes[this.#index + i]!;
      if (width > 0 && length !== width)
        throw new Damage(`expected values of ${width} bytes, found ${length}`);
      end += length;
      if (end > limit) return false;
      if (width === 0) sink.offsets[first + i + 1] = end;
    }
    sink.reserve(end);
    let at = sink.byteLength;
    for (let i = 0; i < count; i++) {
      const length = this.#next();
      if (length <= SHORT) for (let k = 0; k < length; k++) sink.values[at + k] = this.#last[k]!;
      else sink.values.set(this.#last.subarray(0, length), at);
      at += length;
    }
    sink.byteLength = end;
    return true;
  }

  /** Builds the next value in `#last`; its length. */
  #next(): number {
    const prefix = this.#prefixes[this.#index]!;
    const suffix = this.#suffixes[this.#index++]!;
    const length = prefix + suffix;
    if (length > this.#last.length) {
      const grown = new Uint8Array(length * 2);
      grown.set(this.#last.subarray(0, prefix));
      this.#last = grown;
    }
    if (suffix <= SHORT) for (let k = 0; k < suffix; k++) this.#last[prefix + k] = this.bytes[this.#at + k]!;
    else this.#last.set(this.bytes.subarray(this.#at, this.#at + suffix), prefix);
    this.#at += suffix;
    return length;
  }
}

/** BYTE_STREAM_SPLIT: byte `k` of all values lies together, stream after stream. */
function joinStreams(bytes: Uint8Array, start: number, count: number, width: number): Uint8Array {
  if (bytes.length - start !== count * width) {
    throw new Damage(`expected ${count * width} bytes of split streams, found ${bytes.length - start}`);
  }
  const joined = new Uint8Array(count * width);
  for (let k = 0; k < width; k++) {
    const stream = start + k * count;
    for (let i = 0, at = k; i < count; i++, at += width) joined[at] = bytes[stream + i]!;
  }
  return joined;
}
