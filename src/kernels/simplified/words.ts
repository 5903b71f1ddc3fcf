import {
  DIGIT,
  DROPPED,
  decodeAt,
  lowerSigma,
  numberEnd,
  SEPARATOR,
  SIGMA,
  simplifiedCodePoint,
  simplifiedSequence,
  widthOf,
} from './characters.ts';

/** Words as they are read: entry `i` of each array belongs to one word. */
export interface WordArrays {
  /** A 64-bit hash of the simplified word in two halves. */
  readonly low: Int32Array;
  readonly high: Int32Array;
  /** Where the word begins in the bytes. */
  readonly starts: Int32Array;
}

/**
 * Cuts a text into simplified words (see simplified-characters.ts) without making strings: what is hashed is what `simplify_text` of
 * datatrove gives, cut at its spaces. A byte that is no part of UTF-8 is the character U+FFFD. Linear; one for each thread.
 */
export interface WordReader {
  /** Arrays to read into, of this reader; those of before are no longer valid. */
  allocate(length: number): WordArrays;
  /** Begins with `bytes[start .. end)`, below 2^31, which are read until {@link read} has given them all. */
  open(bytes: Uint8Array, start: number, end: number): void;
  /** Whether everything was read. */
  readonly isDone: boolean;
  /**
   * Reads words into entries from `from` up to `limit`, at least {@link LEAST_ROOM} of them, and returns the entry behind the last. It may
   * leave some free although there is more to read.
   */
  read(into: WordArrays, from: number, limit: number): number;
}

/** Entries that have to be free for a reader to go on. */
export const LEAST_ROOM = 64;

const BREAK = 0;
const NUMBER = 1;
const WIDE = 2;
const ZERO = 0x30;
/** BREAK, NUMBER, WIDE or the letter in lower case. */
const kinds: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return WIDE;
  if (byte >= 0x30 && byte <= 0x39) return NUMBER;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x7a ? letter : BREAK;
});

// The same numbers stand in wasm/assembly/simplified.ts. Any odd factors do whose bits look random: these are primes of XXH32 and XXH64.
const LOW_FACTOR = 0x9e3779b1 | 0;
const HIGH_FACTOR = 0x85ebca6b | 0;
const LOW_SEED = 0x165667b1;
const HIGH_SEED = 0x27d4eb2f;

/** Takes the characters of a word, one after another. */
type TakeCharacter = (code: number) => void;

/** The plain twin: the reference, and for words beyond ASCII the one that works. */
export class ScalarWords implements WordReader {
  private bytes: Uint8Array = new Uint8Array(0);
  private start = 0;
  private end = 0;
  /** Where the next word is looked for. */
  at = 0;
  private wordStart = -1;
  // Hash of the open word: its state, and up to eight bytes of its simplified UTF-8 that are not yet in it.
  private low = 0;
  private high = 0;
  private first = 0;
  private second = 0;
  private filled = 0;
  private readonly push: TakeCharacter = (code) => this.pushCharacter(code);

  allocate(length: number): WordArrays {
    return { low: new Int32Array(length), high: new Int32Array(length), starts: new Int32Array(length) };
  }

  open(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.at = start;
  }

  get isDone(): boolean {
    return this.at >= this.end;
  }

  read(into: WordArrays, from: number, limit: number): number {
    let count = from;
    while (count < limit && this.readWord(into, count)) count++;
    return count;
  }

  /** Reads the next word into entry `entry`; false if there is none. */
  readWord({ low, high, starts }: WordArrays, entry: number): boolean {
    this.low = LOW_SEED;
    this.high = HIGH_SEED;
    this.first = 0;
    this.second = 0;
    this.filled = 0;
    this.wordStart = -1;
    const { bytes, end } = this;
    let p = this.at;
    // A separator from 0x80 on may be all that a walk meets.
    while (p < end && this.wordStart < 0) {
      while (p < end && kinds[bytes[p]!] === BREAK) p++;
      p = this.walk(p, this.push);
    }
    this.at = p;
    if (this.wordStart < 0) return false;
    this.step();
    // Without this a sum of products of word hashes would know little of the upper bits of the letters.
    const a = Math.imul(this.low ^ (this.low >>> 15), 0x2c1b3c6d);
    const b = Math.imul(this.high ^ (this.high >>> 13), 0x297a2d39);
    low[entry] = a ^ (a >>> 16);
    high[entry] = b ^ (b >>> 16);
    starts[entry] = this.wordStart;
    return true;
  }

  private pushCharacter(code: number): void {
    if (code < 0x80) {
      this.pushByte(code);
      return;
    }
    if (code < 0x800) this.pushByte(0xc0 | (code >> 6));
    else {
      if (code < 0x10000) this.pushByte(0xe0 | (code >> 12));
      else {
        this.pushByte(0xf0 | (code >> 18));
        this.pushByte(0x80 | ((code >> 12) & 63));
      }
      this.pushByte(0x80 | ((code >> 6) & 63));
    }
    this.pushByte(0x80 | (code & 63));
  }

  private pushByte(byte: number): void {
    if (this.filled === 8) {
      this.step();
      this.first = 0;
      this.second = 0;
      this.filled = 0;
    }
    if (this.filled < 4) this.first |= byte << (8 * this.filled);
    else this.second |= byte << (8 * this.filled - 32);
    this.filled++;
  }

  /** Words of at most eight bytes never share a hash: each line can be undone. */
  private step(): void {
    let a = Math.imul(this.low ^ this.first, LOW_FACTOR);
    let b = Math.imul(this.high ^ this.second, HIGH_FACTOR);
    a ^= b >>> 16;
    b ^= a >>> 15;
    a = (((a << 13) | (a >>> 19)) + b) | 0;
    this.low = a;
    this.high = b;
  }

  /** Hands a word to `take` and returns its end; `wordStart` says where it began, or stays -1 if there was none before the first break. */
  private walk(from: number, take: TakeCharacter): number {
    const { bytes, start, end } = this;
    let p = from;
    while (p < end) {
      const kind = kinds[bytes[p]!]!;
      if (kind === BREAK) return p;
      const at = p;
      let code = kind;
      if (kind === NUMBER) code = DIGIT;
      else if (kind === WIDE) {
        const decoded = decodeAt(bytes, p, end);
        if (decoded < 0) {
          code = 0xfffd;
          p++;
        } else {
          code = simplifiedCodePoint(decoded);
          p += widthOf(decoded);
        }
      } else p++;
      if (code === SEPARATOR) {
        if (this.wordStart >= 0) return p;
        continue;
      }
      if (code === DROPPED) continue;
      if (this.wordStart < 0) this.wordStart = at;
      if (code === DIGIT) {
        take(ZERO);
        p = numberEnd(bytes, at, end);
      } else if (code === SIGMA) take(lowerSigma(bytes, start, end, at));
      else if (code > 0) take(code);
      else for (const each of simplifiedSequence(-code)) take(each);
    }
    return p;
  }

  /** The words from position `at` on, at most `most`, with a space between each two. */
  spell(at: number, most: number): string {
    const { bytes, end } = this;
    const words: string[] = [];
    let p = at;
    while (p < end && words.length < most) {
      if (kinds[bytes[p]!] === BREAK) {
        p++;
        continue;
      }
      let word = '';
      this.wordStart = -1;
      p = this.walk(p, (code) => {
        word += String.fromCodePoint(code);
      });
      if (word !== '') words.push(word);
    }
    return words.join(' ');
  }
}

/**
 * The simplified words from position `at` on, where one begins, at most `most`, with a space between each two: what hashes cannot say.
 * `bytes[start .. end)` is the whole text, as the lower case of a character may depend on what is around it.
 */
export function spellWords(bytes: Uint8Array, start: number, end: number, at: number, most: number): string {
  const words = new ScalarWords();
  words.open(bytes, start, end);
  return words.spell(at, most);
}
