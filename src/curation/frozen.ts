import { unitOf } from '../concepts/draws.ts';
import { driftOf, type SeenConcepts } from '../concepts/drift.ts';
import { DISTANCE_BINS, distanceBin } from '../concepts/outliers.ts';
import type { CurationPlan } from '../concepts/plan-file.ts';
import { isBeforeCut } from '../concepts/plan-notes.ts';
import { priorityOf } from '../concepts/priority.ts';
import { engineConfig } from '../config.ts';
import type { EncoderPlan } from '../encoders/encoder.ts';
import { CurationError } from '../errors.ts';
import { type Inputs, openInputs } from '../open.ts';
import { filterVerb } from '../pipeline.ts';
import type { PlanReport, Report } from '../report.ts';
import { run, type Verb } from '../run.ts';
import type { Analyzed } from '../stages/analyze.ts';
import type { VerdictEvidence, Verdicts } from '../verdicts.ts';
import { CONCEPT } from './checks.ts';
import { type CurateOptions, checkPlanOptions } from './options.ts';
import { type LoadedPlan, loadPlan } from './plan.ts';
import { encoderBytes } from './sizes.ts';
import { qualityRank } from './solve.ts';

/** What the plan drops for, behind the reasons of filters and duplicates. */
const REASONS = ['outlier', 'over-quota'] as const;

/**
 * Applies what another curation has found out, in one pass that reads a stream as well as files: filters, exact and near duplicates where the first one
 * wins, then each document is given its concept and kept if it comes before the cut of that, by the same order as there.
 *
 * What comes out is approximate. No document is looked up among all others, so that:
 * - what other documents say in other words (semantic duplicates) stays;
 * - a document is written once at most, as copies would lie side by side; what the plan was to repeat is missing;
 * - concepts get what the plan gave them, whatever there is of them now. How far the dump has drifted from that of the plan is reported.
 * A concept that the plan has seen no document of is kept by chance, as much of it as of all.
 *
 * The ledger says of an outlier its distance and the bound, of a document over quota its priority and the cut, or its bytes and the limit: what
 * was too large for what a quota had room for then is left out now.
 * @throws CurationError; see `ErrorCode`.
 */
export async function curateByPlan(path: string, options: CurateOptions): Promise<Report> {
  const begunAt = performance.now();
  checkPlanOptions(options);
  const loaded = await loadPlan(path, options);
  const inputs = await openInputs(options);
  return run(await planVerb(path, loaded, inputs, options), options, begunAt);
}

async function planVerb(
  path: string,
  { plan, encoder, recipe }: LoadedPlan,
  inputs: Inputs,
  options: CurateOptions,
): Promise<Verb> {
  checkColumn(encoder, inputs, path);
  const { seed, signatures } = plan.rules;
  const dedup = { use: 'dedup', ...signatures, seed };
  const before = await filterVerb('curate', { ...recipe, steps: [...recipe.steps, dedup] }, inputs, options);
  const choice = new PlanChoice(plan, before.reasons.length);
  return {
    ...before,
    encoding: { by: encoder, cutoff: undefined, editCutoff: undefined, tree: plan.tree },
    reasons: [...before.reasons, ...REASONS],
    resourceBytes: before.resourceBytes + encoderBytes(encoder, plan.tree, engineConfig(options).threads),
    beside: { ...before.beside, noteColumns: [{ name: CONCEPT, words: undefined }] },
    recipe,
    createJudge(memory) {
      const judge = before.createJudge(memory);
      return {
        judge: async (analyzed, firstOrdinal) =>
          choice.choose(analyzed, await judge.judge(analyzed, firstOrdinal)),
        report: () => judge.report(),
      };
    },
    finish: (counted) => ({ report: { ...counted, plan: planReport(path, plan, choice, counted) } }),
  };
}

function checkColumn(encoder: EncoderPlan, { schema }: Inputs, path: string): void {
  if (encoder.kind !== 'column') return;
  const names = schema.fields.map(({ name }) => name);
  if (names.includes(encoder.column)) return;
  throw new CurationError(
    'USAGE',
    `--plan ${path}: expected a column "${encoder.column}" with vectors, found ${names.join(', ')}`,
  );
}

/** Decides about documents that are no duplicates, one after another, and counts them. */
class PlanChoice {
  readonly seen: SeenConcepts;
  private readonly plan: CurationPlan;
  private readonly outlier: number;
  private readonly overQuota: number;
  /** Of all that could be kept, what was. */
  private readonly keptShare: number;

  /** @param reasons those that come before the plan's own. */
  constructor(plan: CurationPlan, reasons: number) {
    const { documents, keptShares } = plan.concepts;
    this.plan = plan;
    this.outlier = reasons + 1;
    this.overQuota = reasons + 2;
    this.seen = {
      documents: new Float64Array(documents.length),
      distances: new Float64Array(documents.length),
    };
    let kept = 0;
    let all = 0;
    for (const [concept, share] of keptShares.entries()) {
      if (Number.isNaN(share)) continue;
      kept += documents[concept]! * share;
      all += documents[concept]!;
    }
    this.keptShare = all === 0 ? 0 : kept / all;
  }

  /** Adds its own verdicts to those of filters and duplicates, in place. */
  choose(analyzed: Analyzed, decided: Verdicts): Verdicts {
    const { rowCount } = analyzed;
    const { concepts, similarities } = analyzed.encoded!.places!;
    const { contentHashes } = analyzed.signatures!;
    const { knots, rules } = this.plan;
    const { outlierBins } = this.plan.concepts;
    // The model comes last among the filters, and they all come before the duplicates.
    const qualities = knots && analyzed.outcomes[0]!.values.at(-1);
    const evidence = decided.evidence ?? noEvidence(rowCount);
    const { verdicts } = decided;
    const notes = new Uint32Array(rowCount);

    const details = new Map(evidence.details);
    const drop = (row: number, verdict: number, statistic: number, threshold: number): void => {
      verdicts[row] = verdict;
      evidence.isMeasured[row] = 1;
      evidence.statistics[row] = statistic;
      evidence.thresholds[row] = threshold;
      // Nothing that is dropped was changed.
      evidence.edited[row] = 0;
    };

    for (let row = 0; row < rowCount; row++) {
      if (verdicts[row] !== 0) continue;
      const concept = concepts[row]!;
      const distance = 1 - similarities[row]!;
      notes[row] = concept;
      this.seen.documents[concept]!++;
      this.seen.distances[concept]! += distance;
      const outermost = outlierBins[concept]!;
      if (distanceBin(distance) >= outermost) {
        drop(row, this.outlier, distance, outermost / DISTANCE_BINS);
        continue;
      }
      const low = contentHashes[2 * row]!;
      const high = contentHashes[2 * row + 1]!;
      const unit = unitOf(rules.seed, 'fill', low, high);
      if (Number.isNaN(this.plan.concepts.keptShares[concept]!)) {
        if (unit >= this.keptShare) drop(row, this.overQuota, unit, this.keptShare);
        continue;
      }
      const score = qualities?.[row] ?? Number.NaN;
      const quality = qualityRank(knots, score);
      const priority = priorityOf(rules.fill, { unit, quality, distance });
      if (!isBeforeCut(this.plan.concepts, concept, priority, low, high)) {
        drop(row, this.overQuota, priority, this.plan.concepts.cutPriorities[concept]!);
        continue;
      }
      const bytes = analyzed.writtenLengths[row]!;
      const limit = this.plan.concepts.sizeLimits[concept]!;
      if (bytes < limit) continue;
      drop(row, this.overQuota, bytes, limit);
      details.set(row, 'bytes');
    }
    return { ...decided, evidence: { ...evidence, details }, notes: [notes] };
  }
}

function noEvidence(rowCount: number): VerdictEvidence {
  return {
    statistics: new Float64Array(rowCount),
    thresholds: new Float64Array(rowCount),
    isMeasured: new Uint8Array(rowCount),
    details: new Map(),
    edited: new Uint8Array(rowCount),
  };
}

function planReport(
  path: string,
  { concepts, rules }: CurationPlan,
  { seen }: PlanChoice,
  counted: Report,
): PlanReport {
  const { bytes } = counted;
  const { readBytes, writtenBytes, repeatBytes, expectedBytes, bytesPerToken } = rules;
  const part = (some: number, of: number): number => (of === 0 ? 0 : some / of);
  return {
    path,
    isApproximate: true,
    budget: {
      plannedShare: part(writtenBytes, readBytes),
      repeatShare: part(repeatBytes, readBytes),
      expectedShare: part(expectedBytes, readBytes),
      keptShare: part(bytes.textKept, bytes.text),
      writtenTokens: Math.round(bytes.textKept / bytesPerToken),
    },
    drift: driftOf(concepts, seen),
  };
}
