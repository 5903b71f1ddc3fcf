import type { PlanConcepts } from './plan-file.ts';
import { sumOf } from './quotas.ts';

/** How a dump differs from the one that a plan was made of. Documents are those that are no duplicates, exact or near. */
export interface DriftReport {
  readonly documentsThen: number;
  readonly documentsNow: number;
  /** Mean distance (1 - cosine) of documents to the centres of their concepts; those that say nothing count as 1. */
  readonly meanDistanceThen: number;
  readonly meanDistanceNow: number;
  /** Half the sum of what the shares of concepts differ by (total variation): 0 if all are the same, 1 if none is in both. */
  readonly shareDistance: number;
  /** What it would be on average if both dumps were drawn from one and the same source. */
  readonly shareDistanceByChance: number;
  /** Concepts with documents then or now, and those whose share differs by more than 4 standard deviations of chance. */
  readonly concepts: number;
  readonly changedConcepts: number;
  /** Those whose share differs most of them, at most 10. */
  readonly mostChanged: readonly ConceptChange[];
  /** Why concepts should be learned again; empty where they need not. See {@link driftOf}. */
  readonly staleBy: readonly ('distance' | 'shares')[];
}

export interface ConceptChange {
  readonly concept: number;
  readonly names: readonly string[];
  /** Shares of documents, 0 to 1. */
  readonly shareThen: number;
  readonly shareNow: number;
}

/** Documents of a later dump by concept, as they come. */
export interface SeenConcepts {
  readonly documents: Float64Array;
  /** Sum of their distances. */
  readonly distances: Float64Array;
}

const MOST_LISTED = 10;
/** As many standard deviations as chance passes in one of 16,000 cases, so that few of thousands of concepts are listed for nothing. */
const DEVIATIONS = 4;
/** What the mean distance may rise by, and what the shares may differ by more than by chance. */
const MOST_RISE = 1.1;
const MOST_MOVED = 0.25;

/**
 * Compares a dump with that of a plan; undefined where no document came through. Concepts should be learned again if the mean distance has risen by more
 * than a tenth, or if more than a quarter of the documents, beyond what chance does, are in other concepts. The distance alone does not
 * tell: of text that the encoder knows little of only few words count, so it may lie nearer to some centre than what the centres were learned
 * from. Licences did, measured against concepts of manuals and reviews: distance 0.18, was 0.19; 94 % were in other concepts.
 */
export function driftOf(then: PlanConcepts, now: SeenConcepts): DriftReport | undefined {
  const documentsThen = sumOf(then.documents);
  const documentsNow = sumOf(now.documents);
  if (documentsThen === 0 || documentsNow === 0) return undefined;
  const changes: ConceptChange[] = [];
  let concepts = 0;
  let difference = 0;
  let chance = 0;
  let distancesThen = 0;
  for (const [concept, before] of then.documents.entries()) {
    const after = now.documents[concept]!;
    if (before + after === 0) continue;
    concepts++;
    distancesThen += before * then.distances[concept]!;
    const change = {
      concept,
      names: then.names[concept]!,
      shareThen: before / documentsThen,
      shareNow: after / documentsNow,
    };
    const by = sizeOf(change);
    const pooled = (before + after) / (documentsThen + documentsNow);
    const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / documentsThen + 1 / documentsNow));
    difference += by;
    // The mean of what a normal variable differs from its own mean by.
    chance += deviation * Math.sqrt(2 / Math.PI);
    if (by > DEVIATIONS * deviation) changes.push(change);
  }
  const meanDistanceThen = distancesThen / documentsThen;
  const meanDistanceNow = sumOf(now.distances) / documentsNow;
  return {
    documentsThen,
    documentsNow,
    meanDistanceThen,
    meanDistanceNow,
    shareDistance: difference / 2,
    shareDistanceByChance: chance / 2,
    concepts,
    changedConcepts: changes.length,
    mostChanged: changes.sort((a, b) => sizeOf(b) - sizeOf(a) || a.concept - b.concept).slice(0, MOST_LISTED),
    staleBy: [
      ...(meanDistanceNow > MOST_RISE * meanDistanceThen ? (['distance'] as const) : []),
      ...(difference / 2 > chance / 2 + MOST_MOVED ? (['shares'] as const) : []),
    ],
  };
}

const sizeOf = ({ shareThen, shareNow }: ConceptChange): number => Math.abs(shareNow - shareThen);
