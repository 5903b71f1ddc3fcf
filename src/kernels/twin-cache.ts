/**
 * Remembers which kept document brought a band key, so that a near duplicate can name its twin. Bloom filters know that a
 * key was seen, not from whom.
 *
 * A direct-mapped table of constant size, whatever the memory limit, because names are output and output must not depend
 * on memory. Only the first six bands are remembered: each costs a store to a random line, 14 of them a quarter of a whole
 * commit, and true duplicates share most bands. A twin still in the table is named with probability
 * (1 - (1 - s^rows)^6) / (1 - (1 - s^rows)^bands) at similarity s: 0.72, 0.97 and 1.00 at 0.8, 0.9 and 0.95 for 14 bands of
 * 8. Later keys overwrite earlier ones: an entry of `d` kept documents ago is left with probability exp(-6 * d / 2^21), so
 * half of them last 242,000 documents. A wrong name needs 45 equal bits of two different keys: below 6e-8 a lookup.
 *
 *     entry = | ordinal + 1, low 32 bits | tag, 24 bits of the key; ordinal + 1, high 8 bits |      0, 0 = free
 */
export class TwinCache {
  private readonly words: Uint32Array<ArrayBuffer> = new Uint32Array(2 * ENTRIES);

  get byteLength(): number {
    return this.words.byteLength;
  }

  /** Remembers a kept document, 0 <= ordinal < 2^40 - 1, under its keys of the first bands; rows as in `Signatures.bandKeys`. */
  remember(keys: Uint32Array, bands: number, rowCount: number, row: number, ordinal: number): void {
    const { words } = this;
    const low = (ordinal + 1) >>> 0;
    const high = Math.floor((ordinal + 1) / 2 ** 32);
    const named = Math.min(bands, NAMED_BANDS);
    // Entries are below 2 * ENTRIES by their shift; pairs below 2 * bands * rowCount.
    for (let band = 0, pair = 2 * row; band < named; band++, pair += 2 * rowCount) {
      const entry = entryOf(keys[pair]!, band);
      words[entry] = low;
      words[entry + 1] = (keys[pair + 1]! & TAG_MASK) | high;
    }
  }

  /** The ordinal of a kept document that shares a band with a row: the first band of which the table knows; -1 if of none. */
  recall(keys: Uint32Array, bands: number, rowCount: number, row: number): number {
    const { words } = this;
    const named = Math.min(bands, NAMED_BANDS);
    for (let band = 0, pair = 2 * row; band < named; band++, pair += 2 * rowCount) {
      const entry = entryOf(keys[pair]!, band);
      const low = words[entry]!;
      const high = words[entry + 1]!;
      const isTaken = low !== 0 || (high & ORDINAL_MASK) !== 0;
      if (isTaken && ((high ^ keys[pair + 1]!) & TAG_MASK) === 0)
        return (high & ORDINAL_MASK) * 2 ** 32 + low - 1;
    }
    return -1;
  }
}

const NAMED_BANDS = 6;
const ENTRY_BITS = 21;
const ENTRIES = 2 ** ENTRY_BITS;
const ORDINAL_MASK = 0xff;
const TAG_MASK = ~ORDINAL_MASK;

/** Bytes of a {@link TwinCache}: 16 MiB. */
export const twinCacheByteLength: number = 8 * ENTRIES;

/** Word index of the entry of a key. The band goes in so that equal keys of different bands do not answer for each other. */
function entryOf(low: number, band: number): number {
  return ((low + Math.imul(band, 0x9e3779b1)) >>> (32 - ENTRY_BITS)) << 1;
}
