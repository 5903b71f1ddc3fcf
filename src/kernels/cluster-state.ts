import { CurationError } from '../errors.ts';

/** Verdicts, as in every deduplicator: 0 is kept. */
export const EXACT = 1;
export const NEAR = 2;
/** Beside the verdict while clusters are sought: the document is in a pair. */
export const LINKED = 4;
/** Bytes that a {@link ClusterState} holds for a document. */
export const BYTES_PER_DOCUMENT = 9;

/** What was decided about all documents; ordinals are below `documents`. */
export interface ClusteredDocuments {
  readonly documents: number;
  /** Bytes held. */
  readonly byteLength: number;
  /** 0 is kept (or skipped), 1 an exact duplicate of its twin, 2 a near duplicate of it. */
  verdictOf(ordinal: number): 0 | 1 | 2;
  /** The kept document that stands for a dropped one, or -1. */
  twinOf(ordinal: number): number;
  /** A kept document and those that it stands for, 1 if there are none; of a dropped one, that of its twin. */
  clusterSizeOf(ordinal: number): number;
  /** Clusters of two documents or more. */
  readonly clusters: number;
  /** Documents of the largest of them; 0 without any. */
  readonly largest: number;
  /** Pairs of documents of different text whose sketches were compared because they share a band, and those that were similar enough. */
  readonly candidatePairs: number;
  readonly verifiedPairs: number;
  /** Documents kept because they had as many comparisons as one may have; 0 but for enormous clusters. */
  readonly uncertain: number;
}

/** What is known of each document, from the first step to the result. */
export class ClusterState implements ClusteredDocuments {
  readonly documents: number;
  /** Who stands for each; itself if it is kept. */
  readonly stands: Uint32Array;
  /** First of the union-find, then sizes of clusters by their kept document. */
  readonly words: Uint32Array;
  readonly verdicts: Uint8Array;
  clusters = 0;
  largest = 0;
  candidatePairs = 0;
  verifiedPairs = 0;
  uncertain = 0;

  /** @throws CurationError `MEMORY` if the system does not give its {@link BYTES_PER_DOCUMENT}. */
  constructor(documents: number) {
    this.documents = documents;
    try {
      this.stands = new Uint32Array(documents);
      this.words = new Uint32Array(documents);
      this.verdicts = new Uint8Array(documents);
    } catch (cause) {
      throw new CurationError(
        'MEMORY',
        `clusters: expected ${Math.ceil((documents * BYTES_PER_DOCUMENT) / 2 ** 20)} MiB for ${documents} documents, ` +
          'found that the system does not give it; split the input into parts',
        { cause },
      );
    }
    for (let ordinal = 0; ordinal < documents; ordinal++) this.stands[ordinal] = ordinal;
  }

  get byteLength(): number {
    return this.stands.byteLength + this.words.byteLength + this.verdicts.byteLength;
  }

  verdictOf(ordinal: number): 0 | 1 | 2 {
    return this.verdicts[ordinal] as 0 | 1 | 2;
  }

  twinOf(ordinal: number): number {
    return this.verdicts[ordinal] === 0 ? -1 : this.stands[ordinal]!;
  }

  clusterSizeOf(ordinal: number): number {
    return this.words[this.stands[ordinal]!]!;
  }

  /** Copies of a document that was dropped go where it went; then clusters are counted. */
  finish(): void {
    const { documents, stands, words, verdicts } = this;
    words.fill(0);
    // Ordinals and who stands for them are below `documents`. One step is enough: a leader is kept.
    for (let ordinal = 0; ordinal < documents; ordinal++) {
      verdicts[ordinal]! &= ~LINKED;
      const best = stands[ordinal]!;
      if (verdicts[ordinal] === EXACT && stands[best] !== best) {
        stands[ordinal] = stands[best]!;
        verdicts[ordinal] = NEAR;
      }
      words[stands[ordinal]!]!++;
    }
    for (let ordinal = 0; ordinal < documents; ordinal++) {
      const size = words[ordinal]!;
      if (size < 2) continue;
      this.clusters++;
      this.largest = Math.max(this.largest, size);
    }
  }
}
