import { calibrateThreshold, conceptThresholds, nullPairs } from '../concepts/calibration.ts';
import { sumOf } from '../concepts/quotas.ts';
import { type ConceptTree, createRouter, shareTree } from '../concepts/tree.ts';
import type { EncoderPlan } from '../encoders/encoder.ts';
import type { Encoding } from '../encoders/encoding.ts';
import { loadStaticModel } from '../encoders/static.ts';
import { tripSignal } from '../flow/abort.ts';
import { ScoreSketch } from '../kernels/quality/quantile-sketch.ts';
import { cosine } from '../kernels/vectors/vectors.ts';
import { openPool } from '../parallel/pool.ts';
import { decodingJob, type Tasks } from '../parallel/tasks.ts';
import { documentsOf, type Measured } from './measure.ts';
import type { CurateConfig } from './options.ts';
import { type Sample, VectorSample, WordSample } from './sample.ts';
import { LEXICAL_SAMPLE, leavesFor, sampleBytes, sampleFor, WORD_SAMPLE_BYTES } from './sizes.ts';
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
  const { upperBits, qualities } = await surveyDocuments(measured);
  const representatives = sumOf(upperBits);
  const leaves = leavesFor(representatives, config);
  const trip = tripSignal(engine.signal);

  /** Runs a task in a thread of its own, which takes what it needed of memory with it when it ends. */
  async function runAlone<Name extends 'learn' | 'findConcepts'>(
    name: Name,
    input: Tasks[Name]['input'],
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Tasks[Name]['output']> {
    const pool = openPool(decodingJob, 1, trip.signal);
    try {
      return await pool.run(name, input, transfer);
    } finally {
      await pool.close();
    }
  }

  const setAside = sumOf(upperBits.subarray(0, measured.sample.cutoff + 1));
  // Where nearly all are duplicates, next to nothing of the sample is left.
  const isSampleThin = setAside < Math.min(representatives, sampleFor(leaves) / THIN_PART);
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

  async function take<Into extends Sample>(
    found: Into,
    most: number,
    asked: Pick<Encoding, 'by' | 'editCutoff'>,
    resourceBytes: number,
    doing: string,
  ): Promise<Into> {
    const encoding = { ...asked, cutoff: cutoffFor(most), tree: undefined };
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
        const doing = 'counting words of a sample';
        const counted = await take(new WordSample(), LEXICAL_SAMPLE, asked, WORD_SAMPLE_BYTES, doing);
        const features = counted.lists();
        const { offsets, buckets, counts } = features;
        const input = { features, options: { seed } };
        const model = await runAlone('learn', input, [offsets.buffer, buckets.buffer, counts.buffer]);
        return { kind: 'lexical', model };
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
    const found = await take(
      new VectorSample(),
      sampleFor(leaves),
      { by: encoder, editCutoff },
      sampleBytes(leaves, config),
      'reading a sample',
    );
    const vectors = found.vectors();
    const edits = withEdits ? found.edits() : undefined;
    const tree = shareTree(await runAlone('findConcepts', { sample: vectors, leaves, seed }));
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
  }
}

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
