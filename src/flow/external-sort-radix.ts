/** Ranges of at most this many items are sorted by insertion. */
const SMALL = 24;
/** More buckets than this and the scattered writes miss the caches that hold addresses of pages. */
const MAX_DIGIT_BITS = 11;
const MIN_DIGIT_BITS = 4;

/** The bytes of a word in reverse: what a little-endian load makes of four key bytes, as the number memcmp sees. */
export function bigEndian(word: number): number {
  return ((word >>> 24) | ((word >>> 8) & 0xff00) | ((word & 0xff00) << 8) | (word << 24)) >>> 0;
}

/**
 * A stable sort of items of `itemWords` words by their first `keyWords` words, compared as memcmp compares their bytes.
 * Most significant digit first (Knuth, The Art of Computer Programming, volume 3, section 5.2.5): two passes bring a
 * few millions of random keys into buckets of about two, which are then sorted by insertion.
 * Cost: at most one pass over the items for every 4 bits of key, two for random keys.
 * Memory of its own: at most 64 KiB for each key word, taken only where keys share long beginnings.
 */
export class RadixSort {
  readonly #itemWords: number;
  readonly #keyWords: number;
  /** Where each bucket ends, one table for each level of the recursion that was reached. */
  readonly #ends: Int32Array[] = [];
  readonly #held: Uint32Array;

  constructor(itemWords: number, keyWords: number) {
    this.#itemWords = itemWords;
    this.#keyWords = keyWords;
    this.#held = new Uint32Array(itemWords);
  }

  /** Sorts the items `start` to `end` in place. `scratch` is as long as `items`; the same range of it is written over. */
  sort(items: Uint32Array, scratch: Uint32Array, start: number, end: number): void {
    this.#sortRange(items, scratch, start * this.#itemWords, end * this.#itemWords, 0, 0, false);
  }

  /** Sorts a range (of words, here and below) of `from` by the key bits after `bit`; leaves it there, or in `to`. */
  #sortRange(
    from: Uint32Array,
    to: Uint32Array,
    start: number,
    end: number,
    bit: number,
    level: number,
    moved: boolean,
  ): void {
    const keyBits = this.#keyWords * 32;
    const small = SMALL * this.#itemWords;
    let position = bit;
    while (end - start > small && position < keyBits) {
      const width = digitBits((end - start) / this.#itemWords, 32 - (position & 31));
      const ends = this.#scatter(from, to, start, end, position, width, level);
      position += width;
      // All items share this digit: nothing was moved.
      if (ends === undefined) continue;
      let first = start;
      for (let bucket = 0; bucket < 1 << width; bucket++) {
        const last = ends[bucket]!;
        if (last - first > small) this.#sortRange(to, from, first, last, position, level + 1, !moved);
        else if (last !== first) this.#finish(to, from, first, last, position, !moved);
        first = last;
      }
      return;
    }
    this.#finish(from, to, start, end, position, moved);
  }

  /** Sorts a small range, or one whose keys are all used up, and puts it where it belongs. */
  #finish(from: Uint32Array, to: Uint32Array, start: number, end: number, bit: number, moved: boolean): void {
    if (end - start > this.#itemWords && bit < this.#keyWords * 32)
      this.#insertionSort(from, start, end, bit >>> 5);
    if (moved) copyItems(from, to, start, end);
  }

  /** Distributes a range by one digit. Returns where each bucket ends, or `undefined` when one bucket would hold all. */
  #scatter(
    from: Uint32Array,
    to: Uint32Array,
    start: number,
    end: number,
    bit: number,
    width: number,
    level: number,
  ): Int32Array | undefined {
    const itemWords = this.#itemWords;
    const shift = 32 - (bit & 31) - width;
    const mask = (1 << width) - 1;
    const buckets = 1 << width;
    while (this.#ends.length <= level) this.#ends.push(new Int32Array(1 << MAX_DIGIT_BITS));
    const table = this.#ends[level]!;
    table.fill(0, 0, buckets);
    // All indexes below are inside: `read` runs over whole items of the range, digits are masked to the table.
    const firstKey = start + (bit >>> 5);
    for (let read = firstKey; read < end; read += itemWords) {
      table[(bigEndian(from[read]!) >>> shift) & mask]!++;
    }
    const firstDigit = (bigEndian(from[firstKey]!) >>> shift) & mask;
    if (table[firstDigit]! * itemWords === end - start) return undefined;
    let sum = start;
    for (let bucket = 0; bucket < buckets; bucket++) {
      const size = table[bucket]!;
      table[bucket] = sum;
      sum += size * itemWords;
    }
    // The table now says where each bucket starts; every item moves its bucket's entry on, so it ends as the end.
    const keyWord = bit >>> 5;
    if (itemWords === 4) {
      for (let read = start; read < end; read += 4) {
        const digit = (bigEndian(from[read + keyWord]!) >>> shift) & mask;
        const write = table[digit]!;
        table[digit] = write + 4;
        to[write] = from[read]!;
        to[write + 1] = from[read + 1]!;
        to[write + 2] = from[read + 2]!;
        to[write + 3] = from[read + 3]!;
      }
    } else if (itemWords === 3) {
      for (let read = start; read < end; read += 3) {
        const digit = (bigEndian(from[read + keyWord]!) >>> shift) & mask;
        const write = table[digit]!;
        table[digit] = write + 3;
        to[write] = from[read]!;
        to[write + 1] = from[read + 1]!;
        to[write + 2] = from[read + 2]!;
      }
    } else {
      for (let read = start; read < end; read += itemWords) {
        const digit = (bigEndian(from[read + keyWord]!) >>> shift) & mask;
        const write = table[digit]!;
        table[digit] = write + itemWords;
        for (let word = 0; word < itemWords; word++) to[write + word] = from[read + word]!;
      }
    }
    return table;
  }

  /** Sorts a range whose keys are equal before the word `firstWord`. */
  #insertionSort(items: Uint32Array, start: number, end: number, firstWord: number): void {
    const itemWords = this.#itemWords;
    const held = this.#held;
    // `next` and `hole` are starts of items of the range; `hole` is above `start` where the item before it is read.
    for (let next = start + itemWords; next < end; next += itemWords) {
      const key = bigEndian(items[next + firstWord]!);
      let hole = next;
      while (hole > start) {
        const before = bigEndian(items[hole - itemWords + firstWord]!);
        if (before < key || (before === key && !this.#isBefore(items, next, hole - itemWords, firstWord + 1)))
          break;
        hole -= itemWords;
      }
      if (hole === next) continue;
      if (itemWords === 4) {
        const first = items[next]!;
        const second = items[next + 1]!;
        const third = items[next + 2]!;
        const fourth = items[next + 3]!;
        for (let item = next; item > hole; item -= 4) {
          items[item] = items[item - 4]!;
          items[item + 1] = items[item - 3]!;
          items[item + 2] = items[item - 2]!;
          items[item + 3] = items[item - 1]!;
        }
        items[hole] = first;
        items[hole + 1] = second;
        items[hole + 2] = third;
        items[hole + 3] = fourth;
        continue;
      }
      for (let word = 0; word < itemWords; word++) held[word] = items[next + word]!;
      for (let word = next - 1; word >= hole; word--) items[word + itemWords] = items[word]!;
      for (let word = 0; word < itemWords; word++) items[hole + word] = held[word]!;
    }
  }

  #isBefore(items: Uint32Array, left: number, right: number, firstWord: number): boolean {
    for (let word = firstWord; word < this.#keyWords; word++) {
      const leftWord = items[left + word]!;
      const rightWord = items[right + word]!;
      if (leftWord !== rightWord) return bigEndian(leftWord) < bigEndian(rightWord);
    }
    return false;
  }
}

/** Digits of equal width whose passes leave about two random keys in a bucket; never over the end of a key word. */
function digitBits(count: number, bitsOfWord: number): number {
  const bits = 30 - Math.clz32(count);
  const passes = Math.ceil(bits / MAX_DIGIT_BITS);
  return Math.min(bitsOfWord, Math.max(MIN_DIGIT_BITS, Math.ceil(bits / passes)));
}

function copyItems(from: Uint32Array, to: Uint32Array, start: number, end: number): void {
  // Long ranges by memcpy; a call of it costs more than a short range does.
  if (end - start > 256) to.set(from.subarray(start, end), start);
  else for (let word = start; word < end; word++) to[word] = from[word]!;
}
