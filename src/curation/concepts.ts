import { calibrateThreshold, conceptThresholds, nullPairs } from '../concepts/calibration.ts';
import { type ConceptTree, createRouter, shareTree } from '../concepts/tree.ts';
import type { EncoderPlan } from '../encoders/encoder.ts';
import type { EncodedRows, Encoding } from '../encoders/encoding.ts';
import { loadStaticModel } from '../encoders/static.ts';
import { CurationError } from '../errors.ts';
import { tripSignal } from '../flow/abort.ts';
import type { FeatureLists } from '../kernels/lexical/features.ts';
import { ScoreSketch } from '../kernels/quality/quantile-sketch.ts';
import { cosine, type Vectors } from '../kernels/vectors/vectors.ts';
import { openPool } from '../parallel/pool.ts';
import { decodingJob } from '../parallel/tasks.ts';
import {
  documentsOf,
  LEXICAL_SAMPLE,
  leavesFor,
  type Measured,
  type SpooledDocuments,
  sampleFor,
} from './measure.ts';
import type { CurateConfig } from './options.ts';
import { planVectors, readSpool, type Spool } from './spool.ts';

/** Documents of the sample whose edits are looked at, for each concept and at least. */
const EDITS_PER_CONCEPT = 16;
const LEAST_EDITS = 4096;
/** A sample of fewer documents than such a part of those that are wanted is taken anew, of all that wait. */
const THIN_PART = 4;
/** Pairs of documents that are looked at to learn how like they are by chance. */
const NULL_PAIRS = 2 ** 14;

/** What is learned from a sample before every document is given its concept. */
export interface Learned {
  readonly encoder: EncoderPlan;
  readonly tree: ConceptTree;
  /** Documents of the sample. */
  readonly sample: number;
  /** Cosine from which two documents say the same: the common one, and that of each concept. */
  readonly threshold: number;
  readonly thresholds: Float64Array;
  /** Qualities of the documents that are no duplicates. */
  readonly qualities: ScoreSketch;
}

/** Learns what documents are told apart by, and the concepts, from a sample of the documents that are no duplicates. */
export async function learnConcepts(
  spool: Spool,
  measured: Measured,
  config: CurateConfig,
): Promise<Learned> {
  const { engine, seed } = config;
  const leaves = leavesFor(spool.representatives, config);
  const { upperBits, qualities } = await surveyDocuments(measured);
  const trip = tripSignal(engine.signal);
  const pool = openPool(decodingJob, 1, trip.signal);

  const setAside = upperBits
    .subarray(0, measured.sample.cutoff + 1)
    .reduce((sum, documents) => sum + documents, 0);
  // Where nearly all are duplicates, next to nothing of the sample is left.
  const isSampleThin = setAside < Math.min(spool.representatives, sampleFor(leaves) / THIN_PART);
  const from = isSampleThin ? spool : spool.sample;
  const mostCutoff = isSampleThin ? upperBits.length - 1 : measured.sample.cutoff;

  /** The largest cutoff under which there are at most so many documents that are no duplicates; at least the lowest that has any. */
  function cutoffFor(most: number): number {
    let documents = 0;
    for (let bits = 0; bits <= mostCutoff; bits++) {
      const here = upperBits[bits]!;
      if (documents > 0 && documents + here > most) return bits - 1;
      documents += here;
    }
    return mostCutoff;
  }

  async function sample(
    most: number,
    asked: Pick<Encoding, 'by' | 'editCutoff'>,
    doing: string,
  ): Promise<Sample> {
    const encoding = { ...asked, cutoff: cutoffFor(most), tree: undefined };
    const found = new Sample();
    const resourceBytes = most * SAMPLE_BYTES;
    const reading = { of: from, encoding, withGroups: false, doing, resourceBytes };
    for await (const { analyzed, documents } of readSpool(spool, measured, config, reading)) {
      found.add(analyzed.encoded!, documents, measured);
    }
    return found;
  }

  async function planEncoder(): Promise<EncoderPlan> {
    switch (config.encoder) {
      case 'lexical': {
        const asked = { by: 'features', editCutoff: undefined } as const;
        const counted = await sample(LEXICAL_SAMPLE, asked, 'counting words of a sample');
        const input = { features: counted.features(), options: { seed } };
        return { kind: 'lexical', model: await pool.run('learn', input) };
      }
      case 'column':
        return planVectors(measured, config);
      case 'static':
        // Once, for all threads to share.
        return {
          kind: 'static',
          folder: config.encoderModel,
          model: await loadStaticModel(config.encoderModel),
        };
      case 'onnx':
        return { kind: 'onnx', folder: config.encoderModel };
    }
  }

  try {
    const encoder = await planEncoder();
    const withEdits = config.redundancy !== 'off' && encoder.kind !== 'column';
    const editCutoff = withEdits ? cutoffFor(Math.max(LEAST_EDITS, EDITS_PER_CONCEPT * leaves)) : undefined;
    const found = await sample(sampleFor(leaves), { by: encoder, editCutoff }, 'reading a sample');
    const vectors = found.vectors();
    const edits = withEdits ? found.edits() : undefined;
    const tree = shareTree(await pool.run('findConcepts', { sample: vectors, leaves, seed }));
    const { concepts } = createRouter(tree).route(vectors);
    const given = config.redundancyThreshold;
    const edited = Float64Array.from({ length: edits?.count ?? 0 }, (_, i) => cosine(vectors, i, edits!, i));
    const threshold =
      given ?? calibrateThreshold(edited, nullPairs(vectors, concepts, seed, NULL_PAIRS)).threshold;
    const thresholds =
      given === undefined
        ? conceptThresholds(vectors, concepts, tree.leaves + 1, edited, threshold)
        : new Float64Array(tree.leaves + 1).fill(given);
    return { encoder, tree, sample: vectors.count, threshold, thresholds, qualities };
  } catch (error) {
    trip.throwIfAborted();
    throw error;
  } finally {
    trip.end();
    await pool.close();
  }
}

/** What a document of a sample may take: its vector, that of its edit, and its features. */
const SAMPLE_BYTES = 4096;

/** Counts documents that are no duplicates by the upper 16 bits of their hashes, and notes their qualities. */
async function surveyDocuments(
  measured: Measured,
): Promise<{ readonly upperBits: Float64Array; readonly qualities: ScoreSketch }> {
  const upperBits = new Float64Array(2 ** 16);
  const qualities = new ScoreSketch(1);
  const score = new Float32Array(1);
  for await (const { count, ordinals, hashes, qualities: found } of documentsOf(measured)) {
    for (let i = 0; i < count; i++) {
      if (measured.clusters.verdictOf(ordinals[i]!) !== 0) continue;
      upperBits[hashes[2 * i + 1]! >>> 16]!++;
      score[0] = found[i]!;
      if (!Number.isNaN(score[0])) qualities.add(hashes[2 * i]!, hashes[2 * i + 1]!, score);
    }
  }
  return { upperBits, qualities };
}

/** Documents chosen by hash, each with what was made of it; those that are duplicates are left out. */
class Sample {
  readonly #hashes: number[] = [];
  readonly #rows: { readonly from: EncodedRows; readonly at: number }[] = [];

  add(from: EncodedRows, { hashes, ordinals }: SpooledDocuments, { clusters }: Measured): void {
    for (const [at, row] of from.rows!.entries()) {
      if (clusters.verdictOf(ordinals[row]!) !== 0) continue;
      this.#hashes.push(hashes[2 * row + 1]! * 2 ** 32 + hashes[2 * row]!);
      this.#rows.push({ from, at });
    }
  }

  vectors(): Vectors {
    return joinVectors(this.#sorted().map(({ from, at }) => ({ vectors: from.vectors!, at })));
  }

  edits(): Vectors {
    return joinVectors(this.#sorted().map(({ from, at }) => ({ vectors: from.edits!, at })));
  }

  features(): FeatureLists {
    const rows = this.#sorted();
    const offsets = new Uint32Array(rows.length + 1);
    for (const [i, { from, at }] of rows.entries()) {
      const own = from.features!.offsets;
      offsets[i + 1] = offsets[i]! + own[at + 1]! - own[at]!;
    }
    const buckets = new Uint32Array(offsets[rows.length]!);
    const counts = new Uint16Array(offsets[rows.length]!);
    for (const [i, { from, at }] of rows.entries()) {
      const { offsets: own, buckets: ownBuckets, counts: ownCounts } = from.features!;
      buckets.set(ownBuckets.subarray(own[at], own[at + 1]), offsets[i]);
      counts.set(ownCounts.subarray(own[at], own[at + 1]), offsets[i]);
    }
    return { offsets, buckets, counts };
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
