import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { CurationError } from '../errors.ts';
import { createQualityKernel } from '../kernels/quality/kernel.ts';
import { isQualityModel, parseModel, type QualityModel } from '../kernels/quality/model.ts';
import { binFloor } from '../kernels/quality/quantile-sketch.ts';
import { createFastText, type FastTextResource, loadFastText } from './fasttext-resource.ts';
import type { Evidence, Filter, FilterDefinition, Resources, StepOptions } from './filter.ts';
import { type Calibration, parseCalibration, rankAmong } from './quality-calibration.ts';

/** Verdicts. */
const QUALITY = 1;
const PERPLEXITY = 2;
/** Larger than any model that can be written. */
const MOST_MODEL_BYTES = 64 << 20;
/** Labels that stand for a good document, in models that peers publish. */
const GOOD_LABELS: readonly string[] = ['hq', '1'];

/** A model as threads get it. */
export type LoadedModel =
  | { readonly name: string; readonly own: QualityModel }
  | { readonly name: string; readonly fastText: FastTextResource; readonly label: number };

/**
 * Judges documents with learned models: ours, of `sluice train-quality`, or fastText classifiers, told apart by their first bytes.
 *
 * A linear, importance or fastText model says how good a document is. `keep_top` keeps that share of the input; with several models
 * a document counts as good as the best of its ranks (the maximum, as in Nemotron-CC: classifiers agree little, and each finds good ones
 * that the others miss). A perplexity model does not say what is good: text that is too easy is boilerplate and what is
 * too hard is noise, so it takes a `band` of quantiles and both ends are cut. Shares and quantiles are measured over the input before,
 * see `calibrate`. A document without a word or a byte cannot be judged and is dropped wherever something is.
 */
export const quality: FilterDefinition = {
  name: 'quality',
  summary: 'keep what learned models find good: linear, importance (DSIR), perplexity band, fastText',
  options: {
    models: {
      kind: 'paths',
      flag: 'quality-model',
      value: 'FILES',
      help: 'models to judge with: of train-quality, or fastText (.bin, .ftz)',
    },
    keep_top: { kind: 'rate', value: 'X', help: 'share of the documents to keep, the best ones' },
    threshold: {
      kind: 'number',
      flag: 'quality-threshold',
      help: 'least score to keep instead of a share, for a single model',
    },
    band: {
      kind: 'texts',
      flag: 'perplexity-band',
      value: 'LOW,HIGH',
      help: 'quantiles of perplexity to keep between, such as 0.05,0.95',
    },
    label: {
      kind: 'text',
      flag: 'quality-label',
      help: 'label of a fastText model that stands for good; else hq, 1, or the first of two',
    },
    score_only: { kind: 'flag', default: false, help: 'drop nothing, only find the scores' },
    calibration: {
      kind: 'text',
      flag: 'quality-calibration',
      help: 'thresholds of an earlier run as its report has them, instead of measuring again',
    },
  },
  reasons: () => ['quality', 'perplexity'],
  columns: (options) => {
    const scores = namesOf(options).map((name) => ({ name: `quality_${name}`, kind: 'score' as const }));
    return typeof options['calibration'] === 'string' && options['score_only'] !== true
      ? [...scores, { name: 'quality', kind: 'score' }]
      : scores;
  },
  async load(options) {
    checkOptions(options);
    const names = namesOf(options);
    const models: LoadedModel[] = [];
    // As many names as paths.
    for (const [at, path] of pathsOf(options).entries())
      models.push(await loadModel(path, names[at]!, options));
    checkTogether(options, models);
    return { models, calibration: calibrationOf(options, models) };
  },
  create: createFilter,
};

const pathsOf = (options: StepOptions): readonly string[] => (options['models'] ?? []) as readonly string[];

/** Base names of the models, numbered where two are the same. */
function namesOf(options: StepOptions): string[] {
  const seen = new Map<string, number>();
  return pathsOf(options).map((path) => {
    const name = basename(path).replace(/\.[^.]*$/, '');
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name}_${count}`;
  });
}

function usage(message: string): CurationError {
  return new CurationError('USAGE', `quality: ${message}`);
}

/** What options say without the models. */
function checkOptions(options: StepOptions): void {
  const { keep_top: keepTop, threshold, band, score_only: scoreOnly } = options;
  if (pathsOf(options).length === 0) {
    throw usage(
      'expected models to judge with, found none; train one with train-quality and name it in "models"',
    );
  }
  if (keepTop === undefined && threshold === undefined && band === undefined && scoreOnly !== true) {
    throw usage(
      'expected what to keep, found nothing; add "keep_top" (a share), "threshold" (a score), "band" (for perplexity), or "score_only"',
    );
  }
  if (keepTop !== undefined && threshold !== undefined) {
    throw usage('"keep_top" and "threshold" both say what to keep; leave one of them out');
  }
  if (keepTop === 0) throw usage('"keep_top": expected a share above 0, found 0, which keeps nothing');
  bandOf(options);
}

/** The quantiles of the band, checked. */
export function bandOf(options: StepOptions): readonly [number, number] | undefined {
  const band = options['band'] as readonly string[] | undefined;
  if (band === undefined) return undefined;
  const [low, high] = band.map((text) => (text.trim() === '' ? Number.NaN : Number(text)));
  if (band.length === 2 && low! >= 0 && low! < high! && high! <= 1) return [low!, high!];
  throw usage(
    `"band": expected two quantiles from 0 to 1 that ascend, such as 0.05,0.95, found ${band.join(',')}`,
  );
}

/** Whether a model says what is good; a perplexity model does not. */
export const isJudge = (model: LoadedModel): boolean => !('own' in model && model.own.kind === 'perplexity');

/** What options say of models of these kinds. */
function checkTogether(options: StepOptions, models: readonly LoadedModel[]): void {
  const judges = models.filter(isJudge);
  const { keep_top: keepTop, threshold, band, score_only: scoreOnly } = options;
  if (band !== undefined && judges.length === models.length) {
    throw usage('"band" is for perplexity models, found none; leave it out or add one');
  }
  if (scoreOnly === true) return;
  if (band === undefined && judges.length < models.length) {
    const { name } = models.find((model) => !isJudge(model))!;
    throw usage(`${name} is a perplexity model, which only cuts both ends; add "band", such as 0.05,0.95`);
  }
  if ((keepTop !== undefined || threshold !== undefined) && judges.length === 0) {
    throw usage(
      `"${keepTop === undefined ? 'threshold' : 'keep_top'}" needs a model that says what is good, found perplexity alone; add one or leave it out`,
    );
  }
  if (threshold !== undefined && judges.length > 1) {
    throw usage(
      `"threshold" is for one model, found ${judges.length}, whose scores do not compare; use "keep_top"`,
    );
  }
}

async function loadModel(path: string, name: string, options: StepOptions): Promise<LoadedModel> {
  const file = await open(path).catch((cause: unknown) => {
    throw new CurationError('BAD_INPUT', `${path}: expected a quality model, found no file to read`, {
      cause,
    });
  });
  try {
    const about = await file.stat();
    if (!about.isFile()) {
      throw new CurationError('BAD_INPUT', `${path}: expected a quality model, found no regular file`);
    }
    const { buffer, bytesRead } = await file.read(new Uint8Array(8), 0, 8, 0);
    if (bytesRead === 8 && isQualityModel(buffer)) {
      if (about.size > MOST_MODEL_BYTES) {
        throw new CurationError(
          'BAD_INPUT',
          `${path}: expected a quality model of at most ${MOST_MODEL_BYTES} bytes, found ${about.size}`,
        );
      }
      return { name, own: parseModel(await file.readFile(), path).model };
    }
  } finally {
    await file.close();
  }
  const fastText = await loadFastText(path);
  return { name, fastText, label: goodLabel(path, fastText.labels, options['label'] as string | undefined) };
}

function goodLabel(path: string, labels: readonly string[], asked: string | undefined): number {
  const wanted = asked === undefined ? GOOD_LABELS : [asked.replace(/^__label__/, '')];
  const found = wanted.map((label) => labels.indexOf(label)).find((label) => label >= 0);
  if (found !== undefined) return found;
  if (asked === undefined && labels.length === 2) return 0;
  const some = labels.slice(0, 12).join(', ');
  throw usage(
    `${path}: expected ${asked === undefined ? 'two labels, or one named hq or 1' : `the label "${asked}"`}, found ${some}` +
      `${labels.length > 12 ? ` and ${labels.length - 12} more` : ''}; name the one that stands for good in "label"`,
  );
}

function calibrationOf(options: StepOptions, models: readonly LoadedModel[]): Calibration | undefined {
  const text = options['calibration'];
  return typeof text === 'string' ? parseCalibration(text, models.length) : undefined;
}

type Score = (bytes: Uint8Array, start: number, end: number, into: Float64Array) => void;

async function createFilter(
  options: StepOptions,
  { resources }: { readonly resources: Resources },
): Promise<Filter> {
  const models = resources['models'] as readonly LoadedModel[];
  const calibration = resources['calibration'] as Calibration | undefined;
  const dropsNothing = options['score_only'] === true;
  if (!dropsNothing && calibration === undefined && (options['keep_top'] ?? options['band']) !== undefined) {
    throw new TypeError('quality: a share or a band has to be calibrated first');
  }
  const score = await createScorer(models);
  const hasRank = calibration !== undefined && !dropsNothing;
  const scores = new Float64Array(models.length);
  const values = new Float64Array(models.length + (hasRank ? 1 : 0));
  const evidence: Evidence = { statistic: Number.NaN, threshold: Number.NaN, detail: undefined };
  const judges = models.flatMap((model, at) => (isJudge(model) ? [at] : []));
  const single = judges.length === 1 ? judges[0] : undefined;
  const keepsShare = options['keep_top'] !== undefined;
  const least =
    (keepsShare ? calibration?.threshold : (options['threshold'] as number | undefined)) ?? undefined;
  const details = models.map(({ name }) =>
    single === undefined ? `greatest rank of all models, that of ${name}` : name,
  );

  function drop(verdict: number, statistic: number, threshold: number, detail: string | undefined): number {
    evidence.statistic = statistic;
    evidence.threshold = threshold;
    evidence.detail = detail;
    return verdict;
  }

  function judge(): number {
    for (const [at, cut] of (calibration?.bands ?? []).entries()) {
      if (cut === null) continue;
      // As many bands as models.
      const value = scores[at]!;
      if (!(value >= cut[0])) return drop(PERPLEXITY, value, cut[0], models[at]!.name);
      if (!(binFloor(value) <= cut[1])) return drop(PERPLEXITY, value, cut[1], models[at]!.name);
    }
    let best = -1;
    let rank = Number.NaN;
    if (calibration !== undefined) {
      for (const at of judges) {
        const found = rankAmong(calibration.knots[at]!, scores[at]!);
        if (found >= 0 && !(found <= rank)) {
          rank = found;
          best = at;
        }
      }
      values[models.length] = rank;
    }
    if (least === undefined) return 0;
    const statistic = single === undefined ? rank : scores[single]!;
    if (statistic >= least) return 0;
    return drop(QUALITY, statistic, least, details[single ?? best]);
  }

  return {
    evidence,
    values,
    judge({ bytes, start, end }) {
      score(bytes, start, end, scores);
      // Columns and sketch have 32-bit floats, so thresholds are compared with those.
      for (let at = 0; at < scores.length; at++) values[at] = scores[at] = Math.fround(scores[at]!);
      return dropsNothing ? 0 : judge();
    },
  };
}

/** One function for models of ours, which share a scan of the text, and of fastText. */
async function createScorer(models: readonly LoadedModel[]): Promise<Score> {
  const own = models.flatMap((model, at) => ('own' in model ? [{ model: model.own, at }] : []));
  const kernel = await createQualityKernel(own.map(({ model }) => model));
  const found = new Float64Array(own.length);
  const others = models.flatMap((model, at) =>
    'own' in model ? [] : [{ at, label: model.label, fastText: createFastText(model.fastText) }],
  );
  return (bytes, start, end, into) => {
    if (own.length > 0) kernel.score(bytes, start, end, found);
    for (const [place, { at }] of own.entries()) into[at] = found[place]!;
    for (const { at, label, fastText } of others) {
      into[at] = fastText.read(bytes, start, end) ? fastText.scoreOf(label) : Number.NaN;
    }
  };
}
