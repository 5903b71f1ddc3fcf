import { copyBytes } from '../../columns/copy.ts';
import { compileKernel, instantiateKernel, reserve } from '../instance.ts';
import { simplifiedWasmBase64 } from '../wasm/simplified-wasm.generated.ts';
import { LEAST_ROOM, ScalarWords, type WordArrays, type WordReader } from './words.ts';

/** What `wasm/assembly/simplified.ts` exports; addresses are bytes. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly configure: (low: number, high: number, starts: number) => void;
  readonly read: (p: number, end: number, count: number, limit: number, offset: number) => number;
  readonly scan: (
    words: number,
    count: number,
    ngram: number,
    base: number,
    filter: number,
    shift: number,
    into: number,
  ) => number;
}

/** Of the kernel: a word that is not of ASCII alone comes next. */
const STOPPED_WIDE = 2;
/** Text handed over at a time: it and what is read from it stay in the caches. */
const TEXT_BYTES = 1 << 15;
/** The kernel reads, and ignores, 64 bytes behind the text. */
const SLACK = 64;
const TEXT = 64;
const FREE: number = TEXT + TEXT_BYTES + SLACK;

let compiled: object | undefined;

/**
 * The WebAssembly SIMD twin: ASCII, 64 bytes at a time, in an instance of its own, all other words by {@link ScalarWords}.
 *
 *   0  why reading stopped | 64  text | arrays of words | tables of others, as placed
 */
export class SimdWords implements WordReader {
  readonly exports: Exports;
  private readonly scalar = new ScalarWords();
  private bytes: Uint8Array = new Uint8Array(0);
  private end = 0;
  private at = 0;
  /** Where in the bytes the part begins and ends that lies in the kernel's memory; equal if none does. */
  private partStart = 0;
  private partEnd = 0;
  /** Words before this place are read by the plain twin: there is no white space to cut at. */
  private scalarUntil = 0;
  private next = FREE;
  private text: Uint8Array;
  private stops: Uint32Array;

  /** @throws where the processor has no 128-bit vectors: see {@link createWordReader}. */
  constructor() {
    compiled ??= compileKernel(simplifiedWasmBase64);
    this.exports = instantiateKernel(compiled) as Exports;
    this.text = new Uint8Array(0);
    this.stops = new Uint32Array(0);
    this.place(0);
  }

  /** Room in the kernel's memory, 64-byte aligned; views of before are no longer valid. */
  place(byteLength: number): number {
    const address = (this.next + 63) & ~63;
    this.next = address + byteLength;
    reserve(
      this.exports.memory,
      this.next,
      'simplified words: too many of them for the memory; split the document',
    );
    const { buffer } = this.exports.memory;
    this.text = new Uint8Array(buffer, TEXT, TEXT_BYTES + SLACK);
    this.stops = new Uint32Array(buffer, 0, 2);
    return address;
  }

  allocate(length: number): WordArrays {
    const address = this.place(12 * length);
    const { buffer } = this.exports.memory;
    const array = (i: number): Int32Array => new Int32Array(buffer, address + 4 * length * i, length);
    const words = { low: array(0), high: array(1), starts: array(2) };
    this.exports.configure(words.low.byteOffset, words.high.byteOffset, words.starts.byteOffset);
    return words;
  }

  open(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.end = end;
    this.at = start;
    this.partStart = start;
    this.partEnd = start;
    this.scalarUntil = start;
    this.scalar.open(bytes, start, end);
  }

  get isDone(): boolean {
    return this.at >= this.end;
  }

  read(into: WordArrays, from: number, limit: number): number {
    let count = from;
    while (this.at < this.end && limit - count >= LEAST_ROOM) {
      if (this.at < this.scalarUntil) {
        count = this.readScalar(into, count, limit, this.scalarUntil);
        continue;
      }
      if (this.at >= this.partEnd && !this.handOver()) continue;
      const { partStart, partEnd, at } = this;
      const shift = TEXT - partStart;
      count = this.exports.read(at + shift, partEnd + shift, count, limit, -shift);
      this.at = this.stops[0]! - shift;
      if (this.stops[1] === STOPPED_WIDE) count = this.readScalar(into, count, limit, 0);
    }
    return count;
  }

  /** Copies the next part of the text to the kernel; false if it is one for the plain twin. */
  private handOver(): boolean {
    const { bytes, at } = this;
    let to = this.end;
    if (to - at > TEXT_BYTES) {
      to = at + TEXT_BYTES;
      // Neither words nor numbers nor what decides about the lower case of a letter go across white space.
      while (to > at && bytes[to - 1]! > 0x20) to--;
      if (to === at) {
        to = at + TEXT_BYTES;
        while (to < this.end && bytes[to]! > 0x20) to++;
        this.scalarUntil = to;
        return false;
      }
    }
    copyBytes(bytes.subarray(at, to), this.text, 0);
    this.partStart = at;
    this.partEnd = to;
    return true;
  }

  /** Reads at least one word, and on while bytes beyond ASCII are near or `until` is not reached. */
  private readScalar(into: WordArrays, from: number, limit: number, until: number): number {
    const { scalar, bytes, end } = this;
    let count = from;
    scalar.at = this.at;
    while (count < limit && scalar.readWord(into, count)) {
      count++;
      const { at } = scalar;
      if (at < until) continue;
      let near = at;
      const far = Math.min(at + 8, end);
      while (near < far && bytes[near]! < 0x80) near++;
      if (near === far) break;
    }
    this.at = scalar.at;
    return count;
  }
}

/** The reader that is fastest here. */
export function createWordReader(): WordReader {
  try {
    return new SimdWords();
  } catch {
    return new ScalarWords();
  }
}
