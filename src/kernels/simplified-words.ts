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
} from './simplified-characters.ts';

/** Words as they are read: entry `i` of each array belongs to one word. */
export interface WordArrays {
  /** A 64-bit hash of the simplified word in two halves. */
  readonly low: Int32Array;
  readonly high: Int32Array;
  /** Where the word begins in the bytes. */
  readonly starts: Int32Array;
}

/** Room for `length` words. */
export function allocateWordArrays(length: number): WordArrays {
  return { low: new Int32Array(length), high: new Int32Array(length), starts: new Int32Array(length) };
}

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

// Any odd numbers do whose bits look random: these are the first primes of XXH32 and XXH64.
const LOW_FACTOR = 0x9e3779b1 | 0;
const HIGH_FACTOR = 0x85ebca6b | 0;
const LOW_SEED = 0x165667b1;
const HIGH_SEED = 0x27d4eb2f;

/** Takes the characters of a word, one after another. */
type TakeCharacter = (code: number) => void;

/**
 * Cuts a text into simplified words (see simplified-characters.ts) without making strings: what is hashed is what `simplify_text` of
 * datatrove gives, cut at its spaces. A byte that is no part of UTF-8 is the character U+FFFD. Linear; one for each thread.
 */
export class SimplifiedWords {
  private bytes: Uint8Array = new Uint8Array(0);
  private start = 0;
  private end = 0;
  private at = 0;
  /** Of the word that is read by {@link walk}. */
  private low = 0;
  private high = 0;
  private wordStart = -1;
  private readonly mix: TakeCharacter = (code) => {
    this.low = Math.imul(this.low ^ code, LOW_FACTOR);
    this.high = Math.imul(((this.high << 7) | (this.high >>> 25)) ^ code, HIGH_FACTOR);
  };

  /** Begins with `bytes[start .. end)`, below 2^31, which are read until {@link read} has given them all. */
  open(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.at = start;
  }

  /** Whether everything was read. */
  get isDone(): boolean {
    return this.at >= this.end;
  }

  /**
   * Reads words into entries from `from` up to `limit` and returns the entry behind the last. Fewer than were asked for: there are no more.
   */
  read(into: WordArrays, from: number, limit: number): number {
    const { bytes, end } = this;
    const { low, high, starts } = into;
    let count = from;
    let p = this.at;
    let kind = 0;
    // p < end wherever a byte is read; kinds has an entry for every byte.
    while (count < limit) {
      while (p < end && (kind = kinds[bytes[p]!]!) === BREAK) p++;
      if (p >= end) break;
      const start = p;
      let a = LOW_SEED;
      let b = HIGH_SEED;
      while (kind > WIDE) {
        a = Math.imul(a ^ kind, LOW_FACTOR);
        b = Math.imul(((b << 7) | (b >>> 25)) ^ kind, HIGH_FACTOR);
        p++;
        if (p >= end) break;
        kind = kinds[bytes[p]!]!;
      }
      if (p < end && kind !== BREAK) {
        this.low = a;
        this.high = b;
        this.wordStart = p > start ? start : -1;
        p = this.walk(p, this.mix);
        if (this.wordStart < 0) continue;
        starts[count] = this.wordStart;
        a = this.low;
        b = this.high;
      } else starts[count] = start;
      // Without this a sum of products of word hashes would know little of the upper bits of the letters.
      a ^= a >>> 15;
      b ^= b >>> 13;
      low[count] = Math.imul(a, 0x2c1b3c6d);
      high[count] = Math.imul(b, 0x297a2d39);
      count++;
    }
    this.at = p;
    return count;
  }

  /** Hands the rest of a word to `take` and returns its end; `wordStart` is set if it was -1 and there was a word. */
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

  /**
   * The words from position `at` on, at most `most`, as text with a space between each two: what hashes cannot say. `bytes[start .. end)` is
   * the whole text, and `at` the start of a word.
   */
  spell(bytes: Uint8Array, start: number, end: number, at: number, most: number): string {
    this.open(bytes, start, end);
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
