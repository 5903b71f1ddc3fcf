import { CurationError } from '../errors.ts';

/**
 * The content hashes of kept documents, each with the ordinal of the document that brought it.
 *
 * Open addressing with linear probing; a slot is three words, so a probe is nearly always one cache line:
 *
 *     | hash low | hash high | ordinal + 1, 0 = free |      slot = floor(high * slots / 2^32)
 *
 * At the planned number of documents 7 slots of 10 are taken: 17.1 bytes a document. Past 3/4 the table doubles, and
 * while it moves both halves are held. A slot's order is its hash's order, so moving reads and writes both tables in
 * sequence. Answers do not depend on the size.
 */
export class ExactSet {
  private words: Uint32Array<ArrayBuffer>;
  private slots: number;
  private scale: number;
  private limit: number;
  /** Hashes held. */
  count = 0;
  /** What {@link touch} read last: means nothing, but unless it goes somewhere the reads may be optimised away. */
  touched = 0;

  constructor(expectedDocuments: number) {
    this.slots = plannedSlots(expectedDocuments);
    this.words = allocateSlots(this.slots);
    this.scale = this.slots / 2 ** 32;
    this.limit = growthLimit(this.slots);
  }

  get byteLength(): number {
    return this.words.byteLength;
  }

  /** Reads the first slot of rows `start` to `end` so that their cache misses overlap; `hashes` are (low, high) pairs. */
  touch(hashes: Uint32Array, start: number, end: number): void {
    const { words, scale } = this;
    let sum = 0;
    for (let row = start; row < end; row++) sum |= words[3 * Math.floor(hashes[2 * row + 1]! * scale)]!;
    this.touched = sum;
  }

  /** The slot that holds a hash, or -1. Valid until the next {@link add}. */
  find(low: number, high: number): number {
    const { words, slots } = this;
    // Ends: at least a quarter of the slots is free.
    for (let slot = Math.floor(high * this.scale); ; ) {
      const at = 3 * slot;
      if (words[at + 2]! === 0) return -1;
      if (words[at]! === low && words[at + 1]! === high) return slot;
      slot++;
      if (slot === slots) slot = 0;
    }
  }

  /** The ordinal stored with a slot that {@link find} gave; -1 if it was 2^32 - 2 or more, which a slot has no room for. */
  ordinalAt(slot: number): number {
    const stored = this.words[3 * slot + 2]!;
    return stored === UNKNOWN_ORDINAL ? -1 : stored - 1;
  }

  /** Adds a hash that {@link find} has just not found. */
  add(low: number, high: number, ordinal: number): void {
    if (this.count >= this.limit) this.grow();
    place(this.words, this.slots, this.scale, low, high, Math.min(ordinal + 1, UNKNOWN_ORDINAL));
    this.count++;
  }

  private grow(): void {
    const { words, slots } = this;
    this.slots = 2 * slots;
    this.words = allocateSlots(this.slots);
    this.scale = this.slots / 2 ** 32;
    this.limit = growthLimit(this.slots);
    for (let at = 0; at < words.length; at += 3) {
      const stored = words[at + 2]!;
      if (stored !== 0) place(this.words, this.slots, this.scale, words[at]!, words[at + 1]!, stored);
    }
  }
}

const UNKNOWN_ORDINAL = 0xffff_ffff;
const BYTES_PER_SLOT = 12;
const MIN_SLOTS = 1024;

/** Bytes of an {@link ExactSet} for `expectedDocuments`, before it grows. */
export function exactSetByteLength(expectedDocuments: number): number {
  return plannedSlots(expectedDocuments) * BYTES_PER_SLOT;
}

function plannedSlots(expectedDocuments: number): number {
  return Math.max(MIN_SLOTS, Math.ceil(expectedDocuments / 0.7));
}

function growthLimit(slots: number): number {
  return Math.floor(slots * 0.75);
}

function place(
  words: Uint32Array,
  slots: number,
  scale: number,
  low: number,
  high: number,
  stored: number,
): void {
  let slot = Math.floor(high * scale);
  while (words[3 * slot + 2]! !== 0) {
    slot++;
    if (slot === slots) slot = 0;
  }
  words[3 * slot] = low;
  words[3 * slot + 1] = high;
  words[3 * slot + 2] = stored;
}

function allocateSlots(slots: number): Uint32Array<ArrayBuffer> {
  try {
    return new Uint32Array(3 * slots);
  } catch (cause) {
    throw new CurationError(
      'MEMORY',
      `exact-duplicate set: expected ${Math.ceil((slots * BYTES_PER_SLOT) / 2 ** 20)} MiB for the hashes of kept documents, ` +
        'found that the system does not give it; split the input into parts',
      { cause },
    );
  }
}
