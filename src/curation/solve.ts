import { complexities, interDistances } from '../concepts/complexity.ts';
import { unitOf } from '../concepts/draws.ts';
import { createFill } from '../concepts/fill.ts';
import { DISTANCE_BINS, distanceBin, outlierBins } from '../concepts/outliers.ts';
import type { PlanNotes } from '../concepts/plan-notes.ts';
import { priorityOf, readPriority, writePriority } from '../concepts/priority.ts';
import { largestRemainder } from '../concepts/quotas.ts';
import type { ConceptTree } from '../concepts/tree.ts';
import { KNOTS, rankAmong } from '../filters/quality-calibration.ts';
import type { ExternalSort } from '../flow/external-sort.ts';
import { RecordReader, RecordWriter } from '../flow/record-spool.ts';
import type { ScoreSketch } from '../kernels/quality/quantile-sketch.ts';
import { quantise, type Vectors } from '../kernels/vectors/vectors.ts';
import type { Assigned } from './assign.ts';
import type { Learned } from './concepts.ts';
import type { CurateConfig } from './options.ts';
import { shareOut } from './quotas.ts';
import { CANDIDATE, DECISION, MEMBER, NO_TWIN, OUTLIER, OVER_QUOTA, SEMANTIC_DUPLICATE } from './records.ts';
import { findRedundant } from './redundancy.ts';
import type { WorkFolder } from './work.ts';

const WRITER_BYTES = 2 ** 20;

/** What is known of each concept; arrays by its number, the last for documents that say nothing. */
interface ConceptFacts {
  /** No duplicates, exact or near. */
  readonly documents: Float64Array;
  readonly bytes: Float64Array;
  readonly semanticDuplicates: Float64Array;
  readonly outliers: Float64Array;
  readonly intra: Float64Array;
  readonly inter: Float64Array;
  readonly complexity: Float64Array;
  readonly shares: Float64Array;
  /** Bytes that it was given, and that it got; repeats counted. */
  readonly quotaBytes: Float64Array;
  readonly writtenBytes: Float64Array;
  readonly keptDocuments: Float64Array;
}

/** What was decided about every document that is no duplicate of another. */
export interface Solved {
  /** Records (`DECISION`) in the order of the spool, to be read once. */
  readonly decisions: ExternalSort;
  readonly facts: ConceptFacts;
  /** The cut of the first group, and how often a document is written at most. */
  readonly lambda: number;
  readonly mostEpochs: number;
}

/**
 * Takes out what says what another document says, then shares the budget out among groups and concepts and lets the documents of each
 * fill its quota.
 * @param notes takes what a plan is made of, where there is one group.
 */
export async function solve(
  assigned: Assigned,
  learned: Learned,
  config: CurateConfig,
  budgetBytes: number,
  groupCount: number,
  folder: WorkFolder,
  sortBytes: number,
  notes?: PlanNotes,
): Promise<Solved> {
  const { tree, qualities, thresholds } = learned;
  const concepts = tree.leaves + 1;
  const sort = (name: string, { recordBytes, keyBytes }: typeof CANDIDATE | typeof DECISION): ExternalSort =>
    folder.sort({ name, recordBytes, keyBytes, memoryBytes: Math.floor(sortBytes / 2) });
  const decisions = sort('decisions', DECISION);
  const decide = new DecisionWriter(decisions);
  const candidates = sort('candidates', CANDIDATE);
  try {
    const facts = createFacts(concepts);
    const cellBytes = await gatherCandidates(assigned, config, { qualities, facts, decide }, candidates);
    settleFacts(facts, tree);
    const shared = shareOut(facts.complexity, cellBytes, budgetBytes, groupCount, config);
    const { epochs } = shared;
    facts.shares.set(shared.shares);
    const targets = largestRemainder(
      epochs.map((times, cell) => times * cellBytes[cell]!),
      Math.round(epochs.reduce((sum, times, cell) => sum + times * cellBytes[cell]!, 0)),
    );
    for (const [cell, target] of targets.entries()) facts.quotaBytes[cell % concepts]! += target;
    await fillQuotas(candidates, targets, cellBytes, facts, decide);
    await decide.flush();
    return { decisions, facts, lambda: shared.lambda, mostEpochs: shared.mostEpochs };
  } catch (error) {
    await decisions.close();
    throw error;
  } finally {
    await candidates.close();
    await assigned.members.close();
  }

  async function gatherCandidates(
    from: Assigned,
    { fill, seed }: CurateConfig,
    known: { qualities: ScoreSketch; facts: ConceptFacts; decide: DecisionWriter },
    to: ExternalSort,
  ): Promise<Float64Array> {
    const { memberBytes } = from;
    const { facts: of } = known;
    const cellBytes = new Float64Array(groupCount * concepts);
    const outermost = outlierBins(from.distances);
    const knots = knotsOf(known.qualities);
    const distances = new Float64Array(concepts);
    const measured = new Float64Array(concepts);
    const writer = new RecordWriter(to, CANDIDATE.recordBytes, WRITER_BYTES);
    for await (const { concept, count, records, twins, similarities } of findRedundant(
      from,
      config,
      thresholds,
    )) {
      for (let i = 0; i < count; i++) {
        const at = i * memberBytes;
        const index = records.getUint32(at + MEMBER.index);
        const bytes = ~records.getUint32(at + MEMBER.bytes) >>> 0;
        of.documents[concept]!++;
        of.bytes[concept]! += bytes;
        const twin = twins[i]!;
        const distance = 1 - records.getFloat64(at + MEMBER.similarity, true);
        const isOutlier = distanceBin(distance) >= outermost[concept]!;
        notes?.document(concept, distance);
        if (twin >= 0) {
          if (!isOutlier) notes?.repeated(concept, bytes);
          of.semanticDuplicates[concept]!++;
          const standsFor = records.getUint32(twin * memberBytes + MEMBER.ordinal, true);
          await decide.write(
            index,
            SEMANTIC_DUPLICATE,
            0,
            concept,
            standsFor,
            similarities[i]!,
            thresholds[concept]!,
          );
          continue;
        }
        const saysSomething = records.getUint32(at + MEMBER.square, true) > 0;
        if (saysSomething) {
          distances[concept]! += distance;
          measured[concept]!++;
        }
        if (isOutlier) {
          of.outliers[concept]!++;
          await decide.write(
            index,
            OUTLIER,
            0,
            concept,
            NO_TWIN,
            distance,
            outermost[concept]! / DISTANCE_BINS,
          );
          continue;
        }
        const low = records.getUint32(at + MEMBER.hashLow, true);
        const high = records.getUint32(at + MEMBER.hashHigh, true);
        const score = records.getFloat32(at + MEMBER.score, true);
        const cell = records.getUint32(at + MEMBER.group, true) * concepts + concept;
        const facts = {
          unit: unitOf(seed, 'fill', low, high),
          quality: qualityRank(knots, score),
          distance,
        };
        cellBytes[cell]! += bytes;
        if (!writer.hasRoom(1)) await writer.flush();
        const place = writer.take();
        const { view } = writer;
        view.setUint32(place + CANDIDATE.cell, cell);
        writePriority(priorityOf(fill, facts), view, place + CANDIDATE.priority);
        view.setUint32(place + CANDIDATE.hashHigh, high);
        view.setUint32(place + CANDIDATE.hashLow, low);
        view.setUint32(place + CANDIDATE.index, index);
        view.setUint32(place + CANDIDATE.bytes, bytes, true);
      }
    }
    await writer.flush();
    for (let concept = 0; concept < concepts; concept++) {
      of.intra[concept] = distances[concept]! / measured[concept]!;
    }
    return cellBytes;
  }

  async function fillQuotas(
    from: ExternalSort,
    targets: Float64Array,
    cellBytes: Float64Array,
    facts: ConceptFacts,
    to: DecisionWriter,
  ): Promise<void> {
    const fill = createFill({ targets, unique: cellBytes });
    const reader = new RecordReader(from.sorted(), CANDIDATE.recordBytes);
    let cell = -1;
    let before = 0;
    // Cells without documents have a turn, too: what they miss goes on.
    const beginUpTo = (next: number): void => {
      for (; cell < next; before = 0) fill.begin(++cell);
    };
    for (;;) {
      if (!reader.next() && !(await reader.advance())) break;
      const { view, at } = reader;
      beginUpTo(view.getUint32(at + CANDIDATE.cell));
      const concept = cell % concepts;
      const bytes = view.getUint32(at + CANDIDATE.bytes, true);
      const copies = fill.take(bytes);
      const index = view.getUint32(at + CANDIDATE.index);
      const all = cellBytes[cell]!;
      notes?.candidate(
        concept,
        bytes,
        readPriority(view, at + CANDIDATE.priority),
        view.getUint32(at + CANDIDATE.hashLow),
        view.getUint32(at + CANDIDATE.hashHigh),
        copies > 0,
      );
      if (copies === 0) {
        await to.write(index, OVER_QUOTA, 0, concept, NO_TWIN, before / all, targets[cell]! / all);
      } else {
        facts.keptDocuments[concept]!++;
        facts.writtenBytes[concept]! += copies * bytes;
        await to.write(index, 0, copies, concept, NO_TWIN, Number.NaN, Number.NaN);
      }
      before += bytes;
    }
  }
}

function createFacts(concepts: number): ConceptFacts {
  const array = (): Float64Array => new Float64Array(concepts);
  return {
    documents: array(),
    bytes: array(),
    semanticDuplicates: array(),
    outliers: array(),
    intra: array(),
    inter: array(),
    complexity: array(),
    shares: array(),
    quotaBytes: array(),
    writtenBytes: array(),
    keptDocuments: array(),
  };
}

/** Fills in what follows from the documents that are left. */
function settleFacts(facts: ConceptFacts, tree: ConceptTree): void {
  const { documents, semanticDuplicates, intra } = facts;
  const left = documents.map((count, concept) => count - semanticDuplicates[concept]!);
  facts.inter.fill(Number.NaN).set(interDistances(centersOf(tree)));
  facts.complexity.set(complexities(intra, facts.inter, left));
}

/** Centres of the concepts as directions. */
function centersOf({ leaves, dimensions, leafCenters }: ConceptTree): Vectors {
  const values = new Int8Array(leaves * dimensions);
  const squares = new Uint32Array(leaves);
  for (let leaf = 0; leaf < leaves; leaf++) {
    const center = Float64Array.from(leafCenters.subarray(leaf * dimensions, (leaf + 1) * dimensions));
    squares[leaf] = quantise(center, values, leaf * dimensions);
  }
  return { count: leaves, dimensions, values, squares };
}

/** Quantiles of the qualities, or undefined where nothing is known of them. */
export function knotsOf(qualities: ScoreSketch): Float32Array | undefined {
  const knots = Float32Array.from(
    { length: KNOTS },
    (_, at) => qualities.quantile(0, at / (KNOTS - 1)).value,
  );
  return knots.some((knot) => Number.isNaN(knot)) ? undefined : knots;
}

/** Rank of a score among the qualities, 0 to 1; NaN where one of them is not known. */
export function qualityRank(knots: Float32Array | undefined, score: number): number {
  return knots === undefined || Number.isNaN(score) ? Number.NaN : rankAmong(knots, score);
}

/** Writes decisions, as they are made, to where they are sorted. */
class DecisionWriter {
  private readonly writer: RecordWriter;

  constructor(sort: ExternalSort) {
    this.writer = new RecordWriter(sort, DECISION.recordBytes, WRITER_BYTES);
  }

  async write(
    index: number,
    reason: number,
    copies: number,
    concept: number,
    twin: number,
    statistic: number,
    threshold: number,
  ): Promise<void> {
    const { writer } = this;
    if (!writer.hasRoom(1)) await writer.flush();
    const at = writer.take();
    const { view } = writer;
    view.setUint32(at + DECISION.index, index);
    view.setUint8(at + DECISION.reason, reason);
    view.setUint8(at + DECISION.copies, copies);
    view.setUint16(at + DECISION.concept, concept, true);
    view.setUint32(at + DECISION.twin, twin, true);
    view.setFloat64(at + DECISION.statistic, statistic, true);
    view.setFloat64(at + DECISION.threshold, threshold, true);
  }

  flush(): Promise<void> {
    return this.writer.flush();
  }
}
