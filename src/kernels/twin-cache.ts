/**
 * Remembers which kept document brought a band key, so that a near duplicate can name its twin. Bloom filters know that a
 * key was seen, not from whom.
 *
 * A direct-mapped table of constant size, whatever the memory limit, because names are output and output must not depend
 * on memory. A later key overwrites an earlier one, so an entry from `d` kept documents ago, of `b` bands each, is still
 * there with probability exp(-d * b / 2^21): with 14 bands half of the entries last 104,000 documents, and a twin is
 * found if any of the bands it shares lasts. A wrong name needs 45 equal bits of different keys: 6e-8 a lookup.
 *
 *     entry = | ordinal, low 32 bits | tag, 24 bits; ordinal, high 8 bits |      0, 0 = free
 */
export class TwinCache {
  private readonly words: Uint32Array<ArrayBuffer> = new Uint32Array(2 * ENTRIES);

  get byteLength(): number {
    return this.words.byteLength;
  }

  /** Remembers a kept document, 0 <= ordinal < 2^40 - 1, under the key of each band; rows as in `Signatures.bandKeys`. */
  remember(keys: Uint32Array, bands: number, rowCount: number, row: number, ordinal: number): void {
    const { words } = this;
    const low = (ordinal + 1) >>> 0;
    const high = Math.floor((ordinal + 1) / 2 ** 32);
    for (let band = 0, pair = 2 * row; band < bands; band++, pair += 2 * rowCount) {
      const entry = entryOf(keys[pair]!, band);
      words[entry] = low;
      words[entry + 1] = (keys[pair + 1]! & TAG_MASK) | high;
    }
  }

  /** The ordinal of a kept document that shares the first band it can be told from, or -1. */
  recall(keys: Uint32Array, bands: number, rowCount: number, row: number): number {
    const { words } = this;
    for (let band = 0, pair = 2 * row; band < bands; band++, pair += 2 * rowCount) {
      const entry = entryOf(keys[pair]!, band);
      const low = words[entry]!;
      const high = words[entry + 1]!;
      if ((low | high) !== 0 && ((high ^ keys[pair + 1]!) & TAG_MASK) === 0)
        return (high & 0xff) * 2 ** 32 + low - 1;
    }
    return -1;
  }
}

const ENTRY_BITS = 21;
const ENTRIES = 2 ** ENTRY_BITS;
const TAG_MASK = 0xffff_ff00 | 0;

/** Bytes of a {@link TwinCache}: 16 MiB. */
export const twinCacheByteLength: number = 8 * ENTRIES;

/** Word index of the entry of a key. The band goes in so that equal keys of different bands do not answer for each other. */
function entryOf(low: number, band: number): number {
  return ((low + Math.imul(band, 0x9e3779b1)) >>> (32 - ENTRY_BITS)) << 1;
}
