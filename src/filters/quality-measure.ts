import { ScoreSketch } from '../kernels/quality/quantile-sketch.ts';
import type { Resources, StepOptions } from './filter.ts';
import { bandOf, isJudge, type LoadedModel } from './quality.ts';
import { KNOTS, rankAmong, serializeCalibration } from './quality-calibration.ts';

/** Whether the step has to see the scores of the whole input before it can drop anything. */
export function needsCalibration(options: StepOptions): boolean {
  const isAsked = options['keep_top'] !== undefined || options['band'] !== undefined;
  return isAsked && options['calibration'] === undefined && options['score_only'] !== true;
}

/** The options for the measuring pass: the same scores, nothing dropped. */
export function measuringOptions(options: StepOptions): StepOptions {
  return { ...options, score_only: true };
}

/** An empty sketch for the scores of the step, one for each of its columns in a measuring pass. */
export function sketchFor(options: StepOptions): ScoreSketch {
  return new ScoreSketch((options['models'] as readonly string[]).length);
}

/** What a measuring pass found. */
export interface Calibrated {
  /** The options with concrete thresholds: a step with them needs no other document to judge one. `load` it again. */
  readonly options: StepOptions;
  /** How far the share that is kept may be from what was asked for: ties, and for several models the error of the sample (99 %). */
  readonly error: number;
}

/**
 * Turns shares and quantiles into thresholds. The result depends on the set of documents in the sketch, not on their order. At least the
 * share is kept: documents that tie with the last are kept too.
 * @param resources of the step, as `load` gave them.
 */
export function calibrate(options: StepOptions, sketch: ScoreSketch, resources: Resources): Calibrated {
  const models = resources['models'] as readonly LoadedModel[];
  const knots = models.map((model, at) => (isJudge(model) ? knotsOf(sketch, at) : null));
  const band = bandOf(options);
  let error = 0;
  const bands = models.map((model, at) => {
    if (band === undefined || isJudge(model)) return null;
    const low = sketch.quantile(at, band[0]);
    const high = sketch.quantile(at, band[1]);
    error = Math.max(error, low.rankError + high.rankError);
    return [
      band[0] === 0 || Number.isNaN(low.value) ? Number.NEGATIVE_INFINITY : low.value,
      band[1] === 1 || Number.isNaN(high.value) ? Number.POSITIVE_INFINITY : high.value,
    ] as const;
  });
  const keepTop = options['keep_top'] as number | undefined;
  let threshold: number | null = null;
  if (keepTop !== undefined) {
    const found = thresholdFor(keepTop, sketch, knots);
    threshold = Number.isFinite(found.value) ? found.value : -Number.MAX_VALUE;
    error = Math.max(error, found.error);
  }
  return { options: { ...options, calibration: serializeCalibration({ threshold, knots, bands }) }, error };
}

function thresholdFor(
  keepTop: number,
  sketch: ScoreSketch,
  knots: readonly (Float32Array | null)[],
): { readonly value: number; readonly error: number } {
  const judges = knots.flatMap((table, at) => (table === null ? [] : [at]));
  if (judges.length > 1)
    return sketch.thresholdOfCombined(keepTop, (at, value) => rankAmong(knots[at] ?? null, value));
  // A share was asked for, so there is a model that judges.
  const { value, rankError } = sketch.quantile(judges[0]!, 1 - keepTop);
  return { value, error: rankError };
}

function knotsOf(sketch: ScoreSketch, scorer: number): Float32Array {
  return Float32Array.from({ length: KNOTS }, (_, at) => {
    const { value } = sketch.quantile(scorer, at / (KNOTS - 1));
    return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
  });
}
