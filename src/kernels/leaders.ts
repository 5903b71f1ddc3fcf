import { estimateJaccard } from './signatures/sketch.ts';

/** What leaders are planned for. */
export interface LeadersOptions {
  /** Bytes of a sketch, 1 or more. */
  readonly sketchBytes: number;
  /** Least estimated Jaccard similarity of a follower to its leader: above 0, at most 1. */
  readonly similarity: number;
  /** About what may be taken; there is always room for {@link LEAST_CAPACITY} leaders. */
  readonly memoryBytes: number;
  /** Most leaders a document is compared with. */
  readonly mostComparisons: number;
}

/** Leaders that there is room for in any memory. */
export const LEAST_CAPACITY = 64;
/** And in the largest: more would make links overflow 31 bits. */
const MOST_CAPACITY = 2 ** 20;
const MOST_LINKS = 2 ** 30;
/** Up to here comparing with all is faster than asking the index. At most {@link LEAST_CAPACITY}. */
const UNINDEXED = 32;
/** Past every leader. */
const NONE = 0x7fff_ffff;

/**
 * Leader clustering (Hartigan 1975, chapter 3) of documents that come in a fixed order: each asks for the first leader that is as similar
 * as demanded, and is added as one where there is none.
 *
 * Not every leader is compared. Sketches of n bytes that are similar enough differ in at most m of them, so of m + 1 blocks one is equal
 * in both (pigeonhole, as in Manku, Jain and Das Sarma 2007 for bits). Leaders are listed by their blocks; a document is compared with those
 * that share one with it, in order, until one fits. At 112 bytes and similarity 0.8 there are 23 blocks of 4 or 5 bytes.
 * Who is found does not depend on the memory: a document carries the number of its comparisons from one set of leaders to the next.
 *
 *     table[hash of block] -> last link of a ring; next[last] is the first, by leader        link = leader * blocks + block
 *
 * Cost of a document: at most `mostComparisons` comparisons of `sketchBytes`, each with a look at all blocks.
 */
export class Leaders {
  /** Leaders there is room for. */
  readonly capacity: number;
  /** Leaders held. */
  count = 0;
  /** Comparisons that the document of the last {@link find} has behind it; meaningful where nothing was found and all room is taken. */
  compared = 0;
  private readonly sketchBytes: number;
  private readonly similarity: number;
  private readonly mostComparisons: number;
  private readonly blocks: number;
  /** Where blocks start in a sketch, and the end of the last. */
  private readonly starts: Uint32Array;
  private readonly sketches: Uint8Array;
  private readonly ordinals: Uint32Array;
  /** Link + 1, 0 is none. */
  private readonly table: Uint32Array;
  private readonly next: Uint32Array;
  /** Leaders that are in the table: the first ones. */
  private indexed = 0;
  /** For each block of the document that asks: its link, the last of that ring, and the leader of the link. */
  private readonly links: Uint32Array;
  private readonly lasts: Uint32Array;
  private readonly candidates: Uint32Array;

  /** @throws RangeError for a similarity that all documents have, or none. */
  constructor({ sketchBytes, similarity, memoryBytes, mostComparisons }: LeadersOptions) {
    this.sketchBytes = sketchBytes;
    this.similarity = similarity;
    this.mostComparisons = mostComparisons;
    const blocks = sketchBytes - leastEqual(sketchBytes, similarity) + 1;
    this.blocks = blocks;
    this.starts = Uint32Array.from({ length: blocks + 1 }, (_, block) =>
      Math.floor((block * sketchBytes) / blocks),
    );
    // The table has up to two words for each link, the ring one.
    const room = Math.min(
      Math.floor(memoryBytes / (sketchBytes + 4 + 12 * blocks)),
      Math.floor(MOST_LINKS / Math.max(blocks, sketchBytes)),
    );
    this.capacity = Math.min(Math.max(room, LEAST_CAPACITY), MOST_CAPACITY);
    this.sketches = new Uint8Array(this.capacity * sketchBytes);
    this.ordinals = new Uint32Array(this.capacity);
    this.table = new Uint32Array(2 ** Math.ceil(Math.log2(this.capacity * blocks)));
    this.next = new Uint32Array(this.capacity * blocks);
    this.links = new Uint32Array(blocks);
    this.lasts = new Uint32Array(blocks);
    this.candidates = new Uint32Array(blocks);
  }

  get byteLength(): number {
    const { sketches, ordinals, table, next } = this;
    return sketches.byteLength + ordinals.byteLength + table.byteLength + next.byteLength;
  }

  get isFull(): boolean {
    return this.count === this.capacity;
  }

  /** The ordinal that leader `index` was added with. */
  ordinalAt(index: number): number {
    return this.ordinals[index]!;
  }

  /** Forgets all leaders; costs as much as they did. */
  clear(): void {
    for (let leader = 0; leader < this.indexed; leader++) {
      for (let block = 0; block < this.blocks; block++) {
        this.table[this.slotOf(block, this.sketches, leader * this.sketchBytes)] = 0;
      }
    }
    this.indexed = 0;
    this.count = 0;
  }

  /** Adds a leader behind the others; there must be room. Its sketch, in `bytes` from `at`, is copied. */
  add(bytes: Uint8Array, at: number, ordinal: number): void {
    this.sketches.set(bytes.subarray(at, at + this.sketchBytes), this.count * this.sketchBytes);
    this.ordinals[this.count++] = ordinal;
  }

  /**
   * The first leader that the document whose sketch is in `bytes` from `at` is similar to, or -1.
   * @param compared comparisons it has had with leaders that were held before: 0, or what {@link compared} was.
   */
  find(bytes: Uint8Array, at: number, compared = 0): number {
    this.compared = compared;
    // The limit counts leaders that share a block; here it cannot be reached, and as there is room left nobody will ask for the count.
    if (this.count <= UNINDEXED && compared + this.count <= this.mostComparisons) {
      for (let leader = 0; leader < this.count; leader++) if (this.isNear(bytes, at, leader)) return leader;
      return -1;
    }
    this.index();
    const { blocks, table, next, links, lasts, candidates } = this;
    for (let block = 0; block < blocks; block++) {
      const last = table[this.slotOf(block, bytes, at)]!;
      if (last === 0) candidates[block] = NONE;
      else {
        lasts[block] = last - 1;
        this.seek(block, next[last - 1]!, bytes, at);
      }
    }
    for (;;) {
      let leader = NONE;
      for (let block = 0; block < blocks; block++) leader = Math.min(leader, candidates[block]!);
      if (leader === NONE || this.compared >= this.mostComparisons) return -1;
      this.compared++;
      if (this.isNear(bytes, at, leader)) return leader;
      for (let block = 0; block < blocks; block++) {
        if (candidates[block] !== leader) continue;
        if (links[block] === lasts[block]) candidates[block] = NONE;
        else this.seek(block, next[links[block]!]!, bytes, at);
      }
    }
  }

  private isNear(bytes: Uint8Array, at: number, leader: number): boolean {
    const { sketches, sketchBytes, similarity } = this;
    return estimateJaccard(bytes, at, sketches, leader * sketchBytes, sketchBytes) >= similarity;
  }

  /** Goes on in a ring from `first` (included) to the next leader that has the same block in the same place. */
  private seek(block: number, first: number, bytes: Uint8Array, at: number): void {
    const { blocks, next } = this;
    const last = this.lasts[block]!;
    for (let link = first; ; link = next[link]!) {
      if (link % blocks === block && this.isEqual(block, Math.floor(link / blocks), bytes, at)) {
        this.links[block] = link;
        this.candidates[block] = Math.floor(link / blocks);
        return;
      }
      if (link === last) break;
    }
    this.candidates[block] = NONE;
  }

  private isEqual(block: number, leader: number, bytes: Uint8Array, at: number): boolean {
    const { sketches, starts } = this;
    const base = leader * this.sketchBytes;
    const end = starts[block + 1]!;
    for (let byte = starts[block]!; byte < end; byte++) {
      if (sketches[base + byte] !== bytes[at + byte]) return false;
    }
    return true;
  }

  /** Lists the leaders that are not listed yet. */
  private index(): void {
    const { blocks, table, next } = this;
    for (; this.indexed < this.count; this.indexed++) {
      for (let block = 0; block < blocks; block++) {
        const slot = this.slotOf(block, this.sketches, this.indexed * this.sketchBytes);
        const link = this.indexed * blocks + block;
        const last = table[slot]!;
        if (last === 0) next[link] = link;
        else {
          next[link] = next[last - 1]!;
          next[last - 1] = link;
        }
        table[slot] = link + 1;
      }
    }
  }

  /** FNV-1a over a block and its number, then mixed, as the low bits of FNV know little of the last byte. */
  private slotOf(block: number, bytes: Uint8Array, at: number): number {
    const end = at + this.starts[block + 1]!;
    let hash = Math.imul(block + 1, 0x9e3779b1);
    for (let byte = at + this.starts[block]!; byte < end; byte++) {
      hash = Math.imul(hash ^ bytes[byte]!, 0x01000193);
    }
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    return ((hash ^ (hash >>> 12)) >>> 0) & (this.table.length - 1);
  }
}

/** Equal bytes with which two sketches are as similar as demanded. */
function leastEqual(sketchBytes: number, similarity: number): number {
  const zeros = new Uint8Array(sketchBytes);
  const ones = new Uint8Array(sketchBytes).fill(1);
  let low = 0;
  let high = sketchBytes + 1;
  // The estimate grows with the equal bytes: below `low` it is too small, from `high` it is enough.
  while (low < high) {
    const equal = (low + high) >>> 1;
    ones.fill(0, 0, equal).fill(1, equal);
    if (equal > sketchBytes || estimateJaccard(zeros, 0, ones, 0, sketchBytes) >= similarity) {
      high = equal;
    } else low = equal + 1;
  }
  if (low === 0 || low > sketchBytes) {
    throw new RangeError(`similarity: expected above 0 and at most 1, found ${similarity}`);
  }
  return low;
}
