import type { EncodedRows } from '../encoders/encoding.ts';
import { CurationError } from '../errors.ts';
import type { FeatureLists } from '../kernels/lexical/features.ts';
import type { Vectors } from '../kernels/vectors/vectors.ts';
import type { Measured, SpooledDocuments } from './measure.ts';
import { MOST_FEATURES } from './sizes.ts';

/** What is kept of chosen documents, batch by batch; those that are duplicates are left out. */
export interface Sample {
  add(from: EncodedRows, documents: SpooledDocuments, measured: Measured): void;
}

/** Calls back for documents that are no duplicates: with 53 bits of the hash, by which samples are ordered, and the place among what was encoded. */
function eachChosen(
  { rows }: EncodedRows,
  { hashes, ordinals }: SpooledDocuments,
  { clusters }: Measured,
  take: (hash: number, at: number) => void,
): void {
  for (const [at, row] of rows!.entries()) {
    if (clusters.verdictOf(ordinals[row]!) !== 0) continue;
    take(hashes[2 * row + 1]! * 2 ** 32 + hashes[2 * row]!, at);
  }
}

/** Words of documents, of those of the lowest hashes as many as there is room for: what is held does not grow with the length of documents. */
export class WordSample implements Sample {
  readonly #mostFeatures: number;
  #documents: { readonly hash: number; readonly buckets: Uint32Array; readonly counts: Uint16Array }[] = [];
  #held = 0;
  /** From this hash on there is no room. */
  #bound = Infinity;

  constructor(mostFeatures: number = MOST_FEATURES) {
    this.#mostFeatures = mostFeatures;
  }

  add(from: EncodedRows, documents: SpooledDocuments, measured: Measured): void {
    const { offsets, buckets, counts } = from.features!;
    eachChosen(from, documents, measured, (hash, at) => {
      if (hash >= this.#bound) return;
      const own = [offsets[at]!, offsets[at + 1]!] as const;
      // Copied, as one document would else hold the words of its whole batch.
      this.#documents.push({ hash, buckets: buckets.slice(...own), counts: counts.slice(...own) });
      this.#held += own[1] - own[0];
      if (this.#held > 2 * this.#mostFeatures) this.#cut();
    });
  }

  /** By hash: what is learned does not depend on the order of the inputs. */
  lists(): FeatureLists & Record<keyof FeatureLists, { readonly buffer: ArrayBuffer }> {
    this.#cut();
    const offsets = new Uint32Array(this.#documents.length + 1);
    const buckets = new Uint32Array(this.#held);
    const counts = new Uint16Array(this.#held);
    for (const [i, document] of this.#documents.entries()) {
      buckets.set(document.buckets, offsets[i]);
      counts.set(document.counts, offsets[i]);
      offsets[i + 1] = offsets[i]! + document.buckets.length;
    }
    return { offsets, buckets, counts };
  }

  /** Leaves the first by hash, one at least. What goes now would go whatever comes later, and so would all of higher hashes. */
  #cut(): void {
    this.#documents.sort((a, b) => a.hash - b.hash);
    let held = 0;
    let count = 0;
    for (const { buckets } of this.#documents) {
      if (count > 0 && held + buckets.length > this.#mostFeatures) break;
      held += buckets.length;
      count++;
    }
    this.#bound = this.#documents[count]?.hash ?? this.#bound;
    this.#documents.length = count;
    this.#held = held;
  }
}

/** Directions of documents, and of their edited copies. */
export class VectorSample implements Sample {
  readonly #hashes: number[] = [];
  readonly #rows: { readonly from: EncodedRows; readonly at: number }[] = [];

  add(from: EncodedRows, documents: SpooledDocuments, measured: Measured): void {
    eachChosen(from, documents, measured, (hash, at) => {
      this.#hashes.push(hash);
      this.#rows.push({ from, at });
    });
  }

  vectors(): Vectors {
    return joinVectors(this.#sorted().map(({ from, at }) => ({ vectors: from.vectors!, at })));
  }

  edits(): Vectors {
    return joinVectors(this.#sorted().map(({ from, at }) => ({ vectors: from.edits!, at })));
  }

  /** By hash: what is learned does not depend on the order of the inputs. Hashes are unlike, as equal texts are duplicates. */
  #sorted(): { readonly from: EncodedRows; readonly at: number }[] {
    // 53 of the 64 bits order them; where those are equal, the order of the inputs does.
    const order = Uint32Array.from(this.#hashes.keys()).sort((a, b) => this.#hashes[a]! - this.#hashes[b]!);
    return Array.from(order, (at) => this.#rows[at]!);
  }
}

function joinVectors(rows: readonly { readonly vectors: Vectors; readonly at: number }[]): Vectors {
  const dimensions = rows[0]?.vectors.dimensions;
  if (dimensions === undefined) {
    throw new CurationError('BAD_INPUT', 'curate: expected documents to find concepts in, found none');
  }
  const values = new Int8Array(rows.length * dimensions);
  const squares = new Uint32Array(rows.length);
  for (const [i, { vectors, at }] of rows.entries()) {
    values.set(vectors.values.subarray(at * dimensions, (at + 1) * dimensions), i * dimensions);
    squares[i] = vectors.squares[at]!;
  }
  return { count: rows.length, dimensions, values, squares };
}
