import { CurationError } from '../errors.ts';
import { ExternalSort } from '../flow/external-sort.ts';
import { RecordReader, RecordWriter } from '../flow/record-spool.ts';
import type { Signatures } from '../kernels/signatures/signatures.ts';

/** What twins are sought by. */
export interface TwinSearchOptions {
  /** As the documents are signed. */
  readonly bands: number;
  /** The verdict of documents whose twin is sought; those with verdict 0 were kept, and may be one. */
  readonly sought: number;
  /** Exists, and nobody else writes to it. */
  readonly folder: string;
  /** Bound of the memory for sorts and buffers. */
  readonly memoryBytes: number;
}

/** Documents that ordinals of 32 bits can number. */
const MOST_DOCUMENTS = 2 ** 32 - 1;
/** Of memory, in parts: five for the keys of kept documents, two for those of sought ones, one for what is found. */
const PARTS = 8;
/** Records that a sort must have room for. */
const LEAST_SORTED = 64;

// Records. All numbers have their highest byte first, so that bytes sort as numbers do.
//
//     band    | key 8 | ordinal 4 |                     the band's number is in its key
//     pair    | sought ordinal 4 | kept ordinal 4 |
const BAND = 12;
const PAIR = 8;

/**
 * For every document that was dropped as a near duplicate in one pass the kept document it was dropped for: of all documents before it that
 * were kept and share a band key, the first. Bloom filters know that a key was seen, not from whom; here the keys of kept and of
 * dropped documents are written down, sorted and merged once the stream has ended. A document without a twin was dropped by an error of
 * the filters.
 *
 * The result depends on the documents and their order only: not on how they are cut into calls, nor on `memoryBytes`.
 *
 * Disk: 12 bytes a band of each document that was kept or is sought (for 14 bands 168), then 8 for each band that a sought document
 * shares with a kept one. Time: sorting.
 */
export class TwinSearch {
  private readonly bands: number;
  private readonly soughtVerdict: number;
  private readonly kept: ExternalSort;
  private readonly sought: ExternalSort;
  private readonly pairs: ExternalSort;
  private readonly keptWriter: RecordWriter;
  private readonly soughtWriter: RecordWriter;
  private readonly pairWriter: RecordWriter;
  private documents = 0;
  private soughtCount = 0;
  private namedCount = 0;
  /** What was found, once it has been asked for, and whether it is at a record. */
  private found: RecordReader | undefined;
  private hasPair = false;

  constructor({ bands, sought, folder, memoryBytes }: TwinSearchOptions) {
    this.bands = bands;
    this.soughtVerdict = sought;
    const part = Math.floor(memoryBytes / PARTS);
    const sort = (name: string, recordBytes: number, parts: number): ExternalSort => {
      const bytes = Math.max(parts * part - WRITER_BYTES, LEAST_SORTED * recordBytes);
      return new ExternalSort({ folder, name, recordBytes, keyBytes: recordBytes, memoryBytes: bytes });
    };
    this.kept = sort('kept', BAND, 5);
    this.sought = sort('sought', BAND, 2);
    this.pairs = sort('twins', PAIR, 1);
    this.keptWriter = new RecordWriter(this.kept, BAND, WRITER_BYTES, bands);
    this.soughtWriter = new RecordWriter(this.sought, BAND, WRITER_BYTES, bands);
    this.pairWriter = new RecordWriter(this.pairs, PAIR, WRITER_BYTES);
  }

  /** Bytes that so many documents take on disk at most, but for few. */
  static diskByteLength(documents: number, bands: number): number {
    return documents * BAND * bands;
  }

  /** Documents whose twin was asked for and that have one, and those that have none. */
  get counts(): { readonly named: number; readonly unnamed: number } {
    return { named: this.namedCount, unnamed: this.soughtCount - this.namedCount };
  }

  /**
   * Adds documents in the order of the stream, numbered from 0; await it before the next call.
   * @param signatures read, not kept, as all others. A document without shingles has no band keys.
   * @param skip rows (not 0) that somebody else has dropped: they get a number but take no part.
   */
  async add(signatures: Signatures, verdicts: Uint8Array, skip?: Uint8Array): Promise<void> {
    const { rowCount, shingleCounts, bandKeys } = signatures;
    const { bands } = this;
    checkLength('bandKeys', bandKeys.length, 2 * bands * rowCount);
    checkLength('shingleCounts', shingleCounts.length, rowCount);
    checkLength('verdicts', verdicts.length, rowCount);
    if (skip !== undefined) checkLength('skip', skip.length, rowCount);
    const first = this.documents;
    if (first + rowCount > MOST_DOCUMENTS) {
      throw new CurationError(
        'UNSUPPORTED',
        `--twins: expected at most ${MOST_DOCUMENTS} documents, found more; split the input into parts`,
      );
    }
    this.documents += rowCount;
    // Lengths were checked above, so every row has its entries.
    for (let row = 0; row < rowCount; row++) {
      const verdict = verdicts[row]!;
      if (verdict !== 0 && verdict !== this.soughtVerdict) continue;
      if (shingleCounts[row] === 0 || (skip !== undefined && skip[row] !== 0)) continue;
      if (verdict !== 0) this.soughtCount++;
      const writer = verdict === 0 ? this.keptWriter : this.soughtWriter;
      if (!writer.hasRoom(bands)) await writer.flush();
      for (let band = 0; band < bands; band++) {
        const pair = 2 * (band * rowCount + row);
        const at = writer.take();
        writer.view.setUint32(at, bandKeys[pair + 1]!);
        writer.view.setUint32(at + 4, bandKeys[pair]!);
        writer.view.setUint32(at + 8, first + row);
      }
    }
  }

  /**
   * The twins of documents whose verdict was `sought`, or -1; asked for when all have been added, each once.
   * @param ordinals ascending, also from call to call.
   */
  async twinsOf(ordinals: ArrayLike<number>): Promise<Float64Array> {
    if (this.found === undefined) {
      this.found = await this.solve();
      this.hasPair = await this.found.advance();
    }
    const { found } = this;
    const twins = new Float64Array(ordinals.length).fill(-1);
    for (let i = 0; i < ordinals.length; i++) {
      const ordinal = ordinals[i]!;
      // The first of the pairs of a document has the lowest twin; the others are passed over on the way to the next one.
      while (this.hasPair && found.view.getUint32(found.at) < ordinal) {
        this.hasPair = found.next() || (await found.advance());
      }
      if (!this.hasPair || found.view.getUint32(found.at) !== ordinal) continue;
      twins[i] = found.view.getUint32(found.at + 4);
      this.namedCount++;
    }
    return twins;
  }

  /** Removes its files, whatever has happened; safe twice. */
  async close(): Promise<void> {
    await this.found?.close();
    for (const sort of [this.kept, this.sought, this.pairs]) await sort.close();
  }

  /** Goes over both sorts side by side: of a key that both have, the first kept document is the twin. */
  private async solve(): Promise<RecordReader> {
    await this.keptWriter.flush();
    await this.soughtWriter.flush();
    const { pairWriter } = this;
    const kept = new RecordReader(this.kept.sorted(), BAND);
    const sought = new RecordReader(this.sought.sorted(), BAND);
    try {
      let hasKept = await kept.advance();
      let hasSought = await sought.advance();
      while (hasKept && hasSought) {
        const order = compareKeys(kept, sought);
        if (order < 0) {
          hasKept = kept.next() || (await kept.advance());
          continue;
        }
        const ordinal = sought.view.getUint32(sought.at + 8);
        const twin = kept.view.getUint32(kept.at + 8);
        if (order === 0 && twin < ordinal) {
          if (!pairWriter.hasRoom(1)) await pairWriter.flush();
          const at = pairWriter.take();
          pairWriter.view.setUint32(at, ordinal);
          pairWriter.view.setUint32(at + 4, twin);
        }
        hasSought = sought.next() || (await sought.advance());
      }
    } finally {
      await kept.close();
      await sought.close();
    }
    await pairWriter.flush();
    return new RecordReader(this.pairs.sorted(), PAIR);
  }
}

const WRITER_BYTES = 2 ** 16;

/** Negative where the key of the kept document comes first, 0 where they are equal. */
function compareKeys(kept: RecordReader, sought: RecordReader): number {
  const high = kept.view.getUint32(kept.at) - sought.view.getUint32(sought.at);
  return high === 0 ? kept.view.getUint32(kept.at + 4) - sought.view.getUint32(sought.at + 4) : high;
}

function checkLength(name: string, found: number, expected: number): void {
  if (found !== expected) throw new RangeError(`${name}: expected ${expected} elements, found ${found}`);
}
