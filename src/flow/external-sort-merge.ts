import { CurationError } from '../errors.ts';
import { bigEndian } from './external-sort-radix.ts';

/** Where the blocks of a merge come from. */
export interface BlockReader {
  readonly path: string;
  /** Fills `block` with the next whole records of a run; returns the number of bytes, 0 at its end. */
  read(block: Uint8Array): Promise<number>;
}

/**
 * Merges ascending runs of records by a tree of losers (Knuth, The Art of Computer Programming, volume 3, section
 * 5.4.1): log2(runs) comparisons a record, each of two numbers made of the first 52 bits of the keys. Stable: among
 * equal keys, the run with the smaller number comes first.
 */
export class Merge {
  readonly #readers: readonly BlockReader[];
  readonly #recordWords: number;
  readonly #keyWords: number;
  readonly #blockWords: number;
  /** One block of `#blockWords` for each run, one after another. */
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  /** Of each run: the word where its first record lies, and the word where its block ends. */
  readonly #heads: Uint32Array;
  readonly #ends: Uint32Array;
  /** Of each run: the beginning of the key of its first record; infinite when the run is over. */
  readonly #prefixes: Float64Array;
  /** At 0 the winner; at inner nodes the run that lost there. Run r comes in at leaf `runs + r`. */
  readonly #losers: Int32Array;
  #isStarted = false;

  /** @param memory holds the blocks, an equal share for each run; each has room for at least one record. */
  constructor(readers: readonly BlockReader[], memory: Uint8Array, recordWords: number, keyWords: number) {
    const runs = readers.length;
    const words = new Uint32Array(memory.buffer, memory.byteOffset, memory.byteLength >>> 2);
    this.#readers = readers;
    this.#recordWords = recordWords;
    this.#keyWords = keyWords;
    this.#blockWords = Math.floor(words.length / runs / recordWords) * recordWords;
    this.#words = words;
    this.#bytes = memory;
    this.#heads = new Uint32Array(runs);
    this.#ends = new Uint32Array(runs);
    this.#prefixes = new Float64Array(runs);
    this.#losers = new Int32Array(runs).fill(-1);
  }

  /** Fills `out` (room for whole records) with the next records; returns the number of words, 0 at the end. */
  async fill(out: Uint32Array): Promise<number> {
    if (!this.#isStarted) {
      this.#isStarted = true;
      for (let run = 0; run < this.#readers.length; run++) {
        await this.#refill(run);
        this.#enter(run);
      }
    }
    let filled = 0;
    while (filled < out.length && this.#prefixes[this.#losers[0]!] !== Number.POSITIVE_INFINITY) {
      filled = this.#take(out, filled);
      const winner = this.#losers[0]!;
      if (this.#heads[winner] === this.#ends[winner]) {
        await this.#refill(winner);
        this.#replay(winner);
      }
    }
    return filled;
  }

  /** Takes records until `out` is full or the winner's block is used up, which the caller must then refill and replay. */
  #take(out: Uint32Array, start: number): number {
    const words = this.#words;
    const recordWords = this.#recordWords;
    const heads = this.#heads;
    const ends = this.#ends;
    const losers = this.#losers;
    let filled = start;
    // Run numbers in the tree are below the number of runs. The winner is not over, and a block that is used up is
    // refilled before its run plays again; so every head is the start of a record inside its run's block.
    while (filled < out.length) {
      const winner = losers[0]!;
      const head = heads[winner]!;
      for (let word = 0; word < recordWords; word++) out[filled + word] = words[head + word]!;
      filled += recordWords;
      heads[winner] = head + recordWords;
      if (head + recordWords === ends[winner]) return filled;
      this.#advance(winner, this.#prefixAt(head + recordWords));
      this.#replay(winner);
    }
    return filled;
  }

  /** Plays the matches of a run with a new first record, from its leaf to the root. */
  #replay(run: number): void {
    const losers = this.#losers;
    const prefixes = this.#prefixes;
    let winner = run;
    let prefix = prefixes[run]!;
    // Nodes are 1 to runs - 1; every loser is the number of a run.
    for (let node = (run + losers.length) >>> 1; node > 0; node >>>= 1) {
      const other = losers[node]!;
      const otherPrefix = prefixes[other]!;
      if (otherPrefix < prefix || (otherPrefix === prefix && this.#isBefore(other, winner))) {
        losers[node] = winner;
        winner = other;
        prefix = otherPrefix;
      }
    }
    losers[0] = winner;
  }

  /** Brings a run into the tree as it is built: it waits at the first node where nobody waits yet. */
  #enter(run: number): void {
    let winner = run;
    for (let node = (run + this.#losers.length) >>> 1; node > 0; node >>>= 1) {
      const other = this.#losers[node]!;
      if (other < 0) {
        this.#losers[node] = winner;
        return;
      }
      if (this.#isBefore(other, winner)) {
        this.#losers[node] = winner;
        winner = other;
      }
    }
    this.#losers[0] = winner;
  }

  /** Whether the first record of one run comes before that of another. */
  #isBefore(left: number, right: number): boolean {
    const leftPrefix = this.#prefixes[left]!;
    const rightPrefix = this.#prefixes[right]!;
    if (leftPrefix !== rightPrefix) return leftPrefix < rightPrefix;
    if (leftPrefix === Number.POSITIVE_INFINITY) return left < right;
    const words = this.#words;
    const leftHead = this.#heads[left]!;
    const rightHead = this.#heads[right]!;
    // Neither run is over, so both heads are starts of whole records. The first word is part of the prefix.
    for (let word = 1; word < this.#keyWords; word++) {
      const leftWord = words[leftHead + word]!;
      const rightWord = words[rightHead + word]!;
      if (leftWord !== rightWord) return bigEndian(leftWord) < bigEndian(rightWord);
    }
    return left < right;
  }

  /** The first 52 bits of the key at a word, as a number; what is not of the key counts as zero. */
  #prefixAt(word: number): number {
    const first = bigEndian(this.#words[word]!) * 2 ** 20;
    return this.#keyWords === 1 ? first : first + (bigEndian(this.#words[word + 1]!) >>> 12);
  }

  async #refill(run: number): Promise<void> {
    const start = run * this.#blockWords;
    const block = this.#bytes.subarray(start * 4, (start + this.#blockWords) * 4);
    const byteLength = await this.#readers[run]!.read(block);
    this.#heads[run] = start;
    this.#ends[run] = start + byteLength / 4;
    this.#advance(run, byteLength === 0 ? Number.POSITIVE_INFINITY : this.#prefixAt(start));
  }

  /** Notes the key of a run's next record. A run that goes down was changed by somebody; its order cannot be trusted. */
  #advance(run: number, prefix: number): void {
    if (prefix < this.#prefixes[run]!) {
      throw new CurationError(
        'BAD_INPUT',
        `${this.#readers[run]!.path}: the records are not in ascending order; the file was changed while it was in use`,
      );
    }
    this.#prefixes[run] = prefix;
  }
}
