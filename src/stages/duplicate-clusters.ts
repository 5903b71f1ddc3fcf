import { CurationError } from '../errors.ts';
import { ExternalSort } from '../flow/external-sort.ts';
import { RecordCursor, RecordSpool, RecordWriter } from '../flow/record-spool.ts';
import {
  BYTES_PER_DOCUMENT,
  type ClusteredDocuments,
  ClusterState,
  EXACT,
  LINKED,
  NEAR,
} from '../kernels/cluster-state.ts';
import { Leaders } from '../kernels/leaders.ts';
import type { Signatures } from '../kernels/signatures/signatures.ts';
import { estimateJaccard } from '../kernels/signatures/sketch.ts';
import { UnionFind } from '../kernels/union-find.ts';

export type { ClusteredDocuments } from '../kernels/cluster-state.ts';

/** What clusters are sought by. */
export interface ClusterOptions {
  /** As the documents are signed. */
  readonly bands: number;
  readonly rows: number;
  /** Least estimated Jaccard similarity of a dropped document to the one that stands for it: above 0, at most 1. */
  readonly similarity: number;
  /** Exists, and nobody else writes to it. */
  readonly folder: string;
  /** For sorts and buffers, besides what {@link DuplicateClusters.byteLength} says. */
  readonly memoryBytes: number;
}

/** Documents that ordinals of 32 bits can number, and one array hold. */
const MOST_DOCUMENTS = 2 ** 32 - 1;
/** Comparisons a document may have inside of its component: about a millisecond. */
const MOST_COMPARISONS = 4096;
/** Of memory, in parts: six at most are in use at the same time, besides buffers. */
const PARTS = 8;
/** Records that a sort must have room for. */
const LEAST_SORTED = 64;
/** One typed array. */
const MOST_TABLE = 2 ** 32 - 1;

// Records. All numbers have their highest byte first, so that bytes sort as numbers do. A rank is less for the better document: quality
// from the highest on, then length from the highest on, then ordinal.
//
//     copy        | content hash 8 | quality 8 | ordinal 4 |
//     band        | key 8 | ordinal 4 |                                  the band's number is in its key
//     document    | quality 8 | length 4 | ordinal 4 | sketch |
//     pair        | lower ordinal 4 | higher ordinal 4 |
//     half        | higher ordinal 4 | lower ordinal 4 | sketch of the lower |
//     member      | component 4 | quality 8 | length 4 | ordinal 4 | sketch |
//     left over   | comparisons 4 | ordinal 4 | sketch |
const COPY = 20;
const BAND = 12;
const DOCUMENT = 16;
const PAIR = 8;
const MEMBER = 20;

/**
 * Exact clusters of duplicates over a whole stream, in two passes: all documents are added, then solved.
 *
 * 1. Of documents with equal content hashes the best goes on: highest quality, then longest, then first.
 * 2. Documents with an equal band key are candidates: each with the first and the one before it in the order of the stream. Not all pairs,
 *    whose number would be quadratic; of a band that many unlike documents share, similar ones may miss each other and meet in another band.
 * 3. Candidates are linked if the similarity estimated from their sketches is at least `similarity`; links make components.
 * 4. The documents of a component are taken best first. Each joins the first leader that is similar enough, or becomes one. Leaders are
 *    kept and stand for those that joined. So every dropped document has a kept one at least that similar, and a chain is cut.
 *
 * The result depends on the documents and their order only: not on how they are cut into calls, nor on `memoryBytes`. A document without
 * shingles can be an exact duplicate only. Content hashes of 64 bits are taken for the text.
 *
 * Memory: {@link byteLength} and `memoryBytes`. Disk: 12 bytes a band, 36 and the sketch a document (for 14 bands of 8: 316), then as much
 * as candidates need. Time: sorting, and at most {@link MOST_COMPARISONS} comparisons a document in its component (leaders.ts); one that
 * has had them is kept. Where leaders do not fit, those that found none are read again once for every set of leaders that does.
 *
 * Source: as MinHash deduplication of datatrove (band keys, union-find), but verified, split by leaders and keeping the best.
 */
export class DuplicateClusters {
  private readonly options: ClusterOptions;
  private readonly sketchBytes: number;
  /** Of a sketch in a record: what is sorted has a length in fours. Nobody reads the bytes behind the sketch. */
  private readonly paddedBytes: number;
  /** Bytes of one part. */
  private readonly part: number;
  /** What has files, in the order of taking. */
  private readonly open = new Set<{ close(): Promise<void> }>();
  private readonly copies: ExternalSort;
  private readonly bands: ExternalSort;
  private readonly sketches: RecordSpool;
  private readonly copyWriter: RecordWriter;
  private readonly bandWriter: RecordWriter;
  private readonly sketchWriter: RecordWriter;
  private readonly qualityView = new DataView(new ArrayBuffer(8));
  private documents = 0;
  private isSolved = false;

  /** @throws RangeError for a similarity that all documents have, or none. */
  constructor(options: ClusterOptions) {
    const { bands, rows, memoryBytes } = options;
    this.options = options;
    this.sketchBytes = bands * rows;
    this.paddedBytes = 4 * Math.ceil(this.sketchBytes / 4);
    this.part = Math.floor(memoryBytes / PARTS);
    // Says no to a similarity out of range before anything is written.
    this.createLeaders(0);
    this.copies = this.sort('copies', COPY, COPY, 1);
    this.bands = this.sort('bands', BAND, BAND, 4);
    this.sketches = this.spool('sketches', DOCUMENT + this.paddedBytes);
    const buffer = Math.floor(this.part / 4);
    this.copyWriter = new RecordWriter(this.copies, COPY, buffer);
    this.bandWriter = new RecordWriter(this.bands, BAND, buffer, bands);
    this.sketchWriter = new RecordWriter(this.sketches, DOCUMENT + this.paddedBytes, buffer);
  }

  /** Bytes that so many documents take on disk, about: what is said above, and 40 bytes a document for candidates. */
  static diskByteLength(documents: number, { bands, rows }: Pick<ClusterOptions, 'bands' | 'rows'>): number {
    return documents * (BAND * bands + COPY + DOCUMENT + 4 * Math.ceil((bands * rows) / 4) + 5 * PAIR);
  }

  /** Bytes of arrays that {@link solve} takes for so many documents, and that its result holds. */
  static byteLength(documents: number): number {
    return BYTES_PER_DOCUMENT * documents;
  }

  /**
   * Adds documents in the order of the stream; await it before the next call.
   * @param signatures with sketches; read, not kept, as all others.
   * @param lengths bytes of each text.
   * @param skip rows (not 0) that somebody else has dropped: they get a number but take no part.
   * @param quality of each row, higher is better; NaN is the lowest. Without it all are alike.
   */
  async add(
    signatures: Signatures,
    lengths: Uint32Array,
    skip?: Uint8Array,
    quality?: Float64Array | Float32Array,
  ): Promise<void> {
    const { rowCount, contentHashes, shingleCounts } = signatures;
    const { bands } = this.options;
    checkLength('contentHashes', contentHashes.length, 2 * rowCount);
    checkLength('bandKeys', signatures.bandKeys.length, 2 * bands * rowCount);
    checkLength('shingleCounts', shingleCounts.length, rowCount);
    checkLength('sketches', signatures.sketches.length, this.sketchBytes * rowCount);
    checkLength('lengths', lengths.length, rowCount);
    if (skip !== undefined) checkLength('skip', skip.length, rowCount);
    if (quality !== undefined) checkLength('quality', quality.length, rowCount);
    const first = this.documents;
    if (first + rowCount > MOST_DOCUMENTS) {
      throw new CurationError(
        'UNSUPPORTED',
        `clusters: expected at most ${MOST_DOCUMENTS} documents, found more; split the input into parts`,
      );
    }
    this.documents += rowCount;
    // Lengths were checked above, so every row has its entries.
    for (let row = 0; row < rowCount; row++) {
      if (skip !== undefined && skip[row] !== 0) continue;
      const ordinal = first + row;
      this.setQuality(quality === undefined ? 0 : quality[row]!);
      if (!this.copyWriter.hasRoom(1)) await this.copyWriter.flush();
      this.writeCopy(contentHashes[2 * row]!, contentHashes[2 * row + 1]!, ordinal);
      if (shingleCounts[row] === 0) continue;
      if (!this.bandWriter.hasRoom(bands)) await this.bandWriter.flush();
      this.writeBands(signatures, row, ordinal);
      if (!this.sketchWriter.hasRoom(1)) await this.sketchWriter.flush();
      this.writeSketch(signatures, row, lengths[row]!, ordinal);
    }
  }

  /**
   * Decides about all documents that were added; once.
   * @throws CurationError `MEMORY` if the system does not give what {@link byteLength} says.
   */
  async solve(): Promise<ClusteredDocuments> {
    if (this.isSolved) throw new Error('clusters: expected to be solved once, found a second call');
    this.isSolved = true;
    for (const writer of [this.copyWriter, this.bandWriter, this.sketchWriter]) await writer.flush();
    const state = new ClusterState(this.documents);
    await this.standForCopies(state);
    const candidates = await this.findCandidates(state);
    const components = new UnionFind(state.words);
    const link = (a: number, b: number): void => {
      components.union(a, b);
      state.verdicts[a]! |= LINKED;
      state.verdicts[b]! |= LINKED;
      state.verifiedPairs++;
    };
    const tableBytes = this.documents * this.sketchBytes;
    if (tableBytes <= Math.min(4 * this.part, MOST_TABLE)) await this.verifyByTable(candidates, state, link);
    else await this.verifyByJoin(candidates, state, link);
    await this.release(candidates);
    await this.lead(components, state);
    state.finish();
    return state;
  }

  /** Removes its files, whatever has happened; safe twice. */
  async close(): Promise<void> {
    const closing = [...this.open].reverse();
    this.open.clear();
    const failed = (await Promise.allSettled(closing.map((each) => each.close()))).find(
      ({ status }) => status === 'rejected',
    );
    if (failed?.status === 'rejected') throw failed.reason;
  }

  private sort(name: string, recordBytes: number, keyBytes: number, parts: number): ExternalSort {
    const memoryBytes = Math.max(parts * this.part, LEAST_SORTED * recordBytes);
    return this.track(
      new ExternalSort({ folder: this.options.folder, name, recordBytes, keyBytes, memoryBytes }),
    );
  }

  private spool(name: string, recordBytes: number): RecordSpool {
    const memoryBytes = Math.floor(this.part / 4);
    return this.track(new RecordSpool({ folder: this.options.folder, name, recordBytes, memoryBytes }));
  }

  private track<T extends { close(): Promise<void> }>(taken: T): T {
    this.open.add(taken);
    return taken;
  }

  private async release(taken: { close(): Promise<void> }): Promise<void> {
    await taken.close();
    this.open.delete(taken);
  }

  private createLeaders(memoryBytes: number): Leaders {
    const { sketchBytes } = this;
    const { similarity } = this.options;
    return new Leaders({ sketchBytes, similarity, memoryBytes, mostComparisons: MOST_COMPARISONS });
  }

  /** Leaves 8 bytes that are less for a higher quality: of a positive double all bits but the sign are turned over, a negative one is as it is. */
  private setQuality(quality: number): void {
    const { qualityView } = this;
    // The sum makes 0 of -0.
    qualityView.setFloat64(0, Number.isNaN(quality) ? Number.NEGATIVE_INFINITY : quality + 0);
    const high = qualityView.getUint32(0);
    if (high >= 0x8000_0000) return;
    qualityView.setUint32(0, ~high & 0x7fff_ffff);
    qualityView.setUint32(4, ~qualityView.getUint32(4));
  }

  private writeQuality(view: DataView, at: number): void {
    view.setUint32(at, this.qualityView.getUint32(0));
    view.setUint32(at + 4, this.qualityView.getUint32(4));
  }

  private writeCopy(low: number, high: number, ordinal: number): void {
    const { view } = this.copyWriter;
    const at = this.copyWriter.take();
    view.setUint32(at, high);
    view.setUint32(at + 4, low);
    this.writeQuality(view, at + 8);
    view.setUint32(at + 16, ordinal);
  }

  private writeBands({ rowCount, bandKeys }: Signatures, row: number, ordinal: number): void {
    const { bands } = this.options;
    const { view } = this.bandWriter;
    for (let band = 0; band < bands; band++) {
      const pair = 2 * (band * rowCount + row);
      const at = this.bandWriter.take();
      view.setUint32(at, bandKeys[pair + 1]!);
      view.setUint32(at + 4, bandKeys[pair]!);
      view.setUint32(at + 8, ordinal);
    }
  }

  private writeSketch({ sketches }: Signatures, row: number, length: number, ordinal: number): void {
    const { view, bytes } = this.sketchWriter;
    const at = this.sketchWriter.take();
    this.writeQuality(view, at);
    view.setUint32(at + 8, ~length);
    view.setUint32(at + 12, ordinal);
    const start = row * this.sketchBytes;
    bytes.set(sketches.subarray(start, start + this.sketchBytes), at + DOCUMENT);
  }

  /** Step 1: the first of the equal hashes is the best. */
  private async standForCopies({ stands, verdicts }: ClusterState): Promise<void> {
    let high = -1;
    let low = -1;
    let best = 0;
    for await (const block of this.copies.sorted()) {
      const view = viewOf(block);
      for (let at = 0; at < block.length; at += COPY) {
        const ordinal = view.getUint32(at + 16);
        if (view.getUint32(at) === high && view.getUint32(at + 4) === low) {
          stands[ordinal] = best;
          verdicts[ordinal] = EXACT;
        } else {
          high = view.getUint32(at);
          low = view.getUint32(at + 4);
          best = ordinal;
        }
      }
    }
    await this.release(this.copies);
  }

  /** Step 2: pairs, some of them more than once. */
  private async findCandidates({ verdicts }: ClusterState): Promise<ExternalSort> {
    const candidates = this.sort('candidates', PAIR, PAIR, 2);
    const writer = new RecordWriter(candidates, PAIR, Math.floor(this.part / 4), 2);
    const { view } = writer;
    const write = (lower: number, higher: number): void => {
      const at = writer.take();
      view.setUint32(at, lower);
      view.setUint32(at + 4, higher);
    };
    let high = -1;
    let low = -1;
    let first = 0;
    let previous = 0;
    for await (const block of this.bands.sorted()) {
      const bands = viewOf(block);
      for (let at = 0; at < block.length; at += BAND) {
        const ordinal = bands.getUint32(at + 8);
        if (verdicts[ordinal] === EXACT) continue;
        if (bands.getUint32(at) !== high || bands.getUint32(at + 4) !== low) {
          high = bands.getUint32(at);
          low = bands.getUint32(at + 4);
          first = ordinal;
        } else if (ordinal !== previous) {
          if (!writer.hasRoom(2)) await writer.flush();
          write(first, ordinal);
          if (previous !== first) write(previous, ordinal);
        }
        previous = ordinal;
      }
    }
    await writer.flush();
    await this.release(this.bands);
    return candidates;
  }

  /** Step 3 where all sketches fit in memory. */
  private async verifyByTable(candidates: ExternalSort, state: ClusterState, link: Link): Promise<void> {
    const { sketchBytes, paddedBytes } = this;
    const { similarity } = this.options;
    const table = new Uint8Array(this.documents * sketchBytes);
    for await (const block of this.sketches.read()) {
      const view = viewOf(block);
      for (let at = 0; at < block.length; at += DOCUMENT + paddedBytes) {
        const sketch = block.subarray(at + DOCUMENT, at + DOCUMENT + sketchBytes);
        table.set(sketch, view.getUint32(at + 12) * sketchBytes);
      }
    }
    const pairs = new PairReader();
    for await (const block of candidates.sorted()) {
      for (pairs.open(block); pairs.next(); ) {
        const { lower, higher } = pairs;
        state.candidatePairs++;
        const estimate = estimateJaccard(
          table,
          lower * sketchBytes,
          table,
          higher * sketchBytes,
          sketchBytes,
        );
        if (estimate >= similarity) link(lower, higher);
      }
    }
  }

  /** Step 3 by two merge joins, so that sketches are read in sequence only. */
  private async verifyByJoin(candidates: ExternalSort, state: ClusterState, link: Link): Promise<void> {
    const { sketchBytes, paddedBytes } = this;
    const { similarity } = this.options;
    const halfBytes = PAIR + paddedBytes;
    const halves = this.sort('halves', halfBytes, PAIR, 4);
    const writer = new RecordWriter(halves, halfBytes, Math.floor(this.part / 4));
    const pairs = new PairReader();
    const lowers = new RecordCursor(this.sketches, DOCUMENT - 4);
    try {
      for await (const block of candidates.sorted()) {
        for (pairs.open(block); pairs.next(); ) {
          const { lower, higher } = pairs;
          state.candidatePairs++;
          while (!lowers.seek(lower)) await lowers.advance();
          if (!writer.hasRoom(1)) await writer.flush();
          const at = writer.take();
          writer.view.setUint32(at, higher);
          writer.view.setUint32(at + 4, lower);
          writer.bytes.set(
            lowers.block.subarray(lowers.at + DOCUMENT, lowers.at + DOCUMENT + sketchBytes),
            at + PAIR,
          );
        }
      }
      await writer.flush();
    } finally {
      await lowers.close();
    }
    const highers = new RecordCursor(this.sketches, DOCUMENT - 4);
    try {
      for await (const block of halves.sorted()) {
        const view = viewOf(block);
        for (let at = 0; at < block.length; at += halfBytes) {
          const higher = view.getUint32(at);
          while (!highers.seek(higher)) await highers.advance();
          const estimate = estimateJaccard(
            block,
            at + PAIR,
            highers.block,
            highers.at + DOCUMENT,
            sketchBytes,
          );
          if (estimate >= similarity) link(view.getUint32(at + 4), higher);
        }
      }
    } finally {
      await highers.close();
    }
    await this.release(halves);
  }

  /** Step 4: brings the documents of each component together, best first, and lets them find their leaders. */
  private async lead(components: UnionFind, state: ClusterState): Promise<void> {
    const { sketchBytes, paddedBytes } = this;
    const memberBytes = MEMBER + paddedBytes;
    const members = this.sort('members', memberBytes, MEMBER, 4);
    const writer = new RecordWriter(members, memberBytes, Math.floor(this.part / 4));
    for await (const block of this.sketches.read()) {
      const view = viewOf(block);
      for (let at = 0; at < block.length; at += DOCUMENT + paddedBytes) {
        const ordinal = view.getUint32(at + 12);
        if ((state.verdicts[ordinal]! & LINKED) === 0) continue;
        if (!writer.hasRoom(1)) await writer.flush();
        const to = writer.take();
        writer.view.setUint32(to, components.find(ordinal));
        writer.bytes.set(block.subarray(at, at + DOCUMENT + sketchBytes), to + 4);
      }
    }
    await writer.flush();
    await this.release(this.sketches);
    const leaders = this.createLeaders(2 * this.part);
    let component = -1;
    const leftBytes = PAIR + sketchBytes;
    let left = this.spool('left-over-0', leftBytes);
    let spare = this.spool('left-over-1', leftBytes);
    const leaving = new RecordWriter(left, leftBytes, Math.floor(this.part / 4));
    /** Gives a document its leader, or makes it one; false if there is no room for that. */
    const place = (bytes: Uint8Array, at: number, ordinal: number, compared: number): boolean => {
      const leader = leaders.find(bytes, at, compared);
      if (leader >= 0) {
        state.stands[ordinal] = leaders.ordinalAt(leader);
        state.verdicts[ordinal] = NEAR;
        return true;
      }
      if (leaders.isFull) return false;
      if (leaders.compared >= MOST_COMPARISONS) state.uncertain++;
      leaders.add(bytes, at, ordinal);
      return true;
    };
    /** Keeps a document for the next set of leaders. */
    const leave = async (bytes: Uint8Array, from: number, ordinal: number): Promise<void> => {
      const { compared } = leaders;
      if (!leaving.hasRoom(1)) await leaving.flush();
      const at = leaving.take();
      leaving.view.setUint32(at, compared);
      leaving.view.setUint32(at + 4, ordinal);
      leaving.bytes.set(bytes.subarray(from, from + sketchBytes), at + PAIR);
    };
    /** Those that found no leader look for one among themselves, as often as it takes. */
    const settle = async (): Promise<void> => {
      for (;;) {
        await leaving.flush();
        leaders.clear();
        if (left.count === 0) return;
        leaving.sink = spare;
        for await (const block of left.read()) {
          const view = viewOf(block);
          for (let at = 0; at < block.length; at += leftBytes) {
            const ordinal = view.getUint32(at + 4);
            if (!place(block, at + PAIR, ordinal, view.getUint32(at))) await leave(block, at + PAIR, ordinal);
          }
        }
        await left.close();
        [left, spare] = [spare, left];
      }
    };
    for await (const block of members.sorted()) {
      const view = viewOf(block);
      for (let at = 0; at < block.length; at += memberBytes) {
        const root = view.getUint32(at);
        if (root !== component) await settle();
        component = root;
        const ordinal = view.getUint32(at + 16);
        if (!place(block, at + MEMBER, ordinal, 0)) await leave(block, at + MEMBER, ordinal);
      }
    }
    await settle();
    for (const taken of [members, left, spare]) await this.release(taken);
  }
}

type Link = (a: number, b: number) => void;

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function checkLength(name: string, found: number, expected: number): void {
  if (found !== expected) throw new RangeError(`${name}: expected ${expected} elements, found ${found}`);
}

/** Goes over sorted pairs, each once. */
class PairReader {
  lower = -1;
  higher = -1;
  private view: DataView = new DataView(new ArrayBuffer(0));
  private at = 0;

  open(block: Uint8Array): void {
    this.view = viewOf(block);
    this.at = 0;
  }

  /** Moves on to a pair that is not the one before, also not that of the last block; false at the end of the block. */
  next(): boolean {
    const { view } = this;
    for (; this.at < view.byteLength; this.at += PAIR) {
      const lower = view.getUint32(this.at);
      const higher = view.getUint32(this.at + 4);
      if (lower === this.lower && higher === this.higher) continue;
      this.lower = lower;
      this.higher = higher;
      return true;
    }
    return false;
  }
}
