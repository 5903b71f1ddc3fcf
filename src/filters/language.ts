import { fileURLToPath } from 'node:url';
import { CurationError } from '../errors.ts';
import { createFastText, type FastText, type FastTextResource, loadFastText } from './fasttext-resource.ts';
import type { Evidence, Filter, FilterDefinition, StepOptions } from './filter.ts';

/** The model that the package `fasttext.wasm.js` brings along: 176 languages, less than 1 MB. */
const OWN_MODEL = 'fasttext.wasm.js/dist/models/language-identification/assets/lid.176.ftz';
const MOST_LISTED = 12;

/**
 * Keeps documents in given languages, as datatrove's LanguageFilter: one of them must score above a threshold, or the best one
 * of all where none is given. The text goes to the model as one line, neither lowered nor stripped.
 */
export const language: FilterDefinition = {
  name: 'language',
  summary: 'keep documents whose language is one of those given, or certain at all (fastText)',
  options: {
    languages: {
      kind: 'texts',
      flag: 'language',
      value: 'en,fr',
      help: 'languages to keep, as the model names them; else all that are certain',
    },
    language_score: { kind: 'rate', default: 0.65, help: 'least score, which must be exceeded' },
    model: {
      kind: 'path',
      flag: 'language-model',
      help: 'fastText model, .bin or .ftz; else lid.176.ftz, which is installed',
    },
    text: {
      kind: ['raw', 'lower'],
      default: 'raw',
      flag: 'language-text',
      help: 'give the model the text as it is, or in lower case',
    },
    score_only: {
      kind: 'flag',
      default: false,
      flag: 'language-score-only',
      help: 'drop nothing, only find the language and its score',
    },
  },
  reasons: () => ['language'],
  columns: () => [
    { name: 'language', kind: 'label' },
    { name: 'language_score', kind: 'score' },
  ],
  async load(options) {
    const path = options['model'];
    const isOwn = typeof path !== 'string';
    const model = await loadFastText(isOwn ? fileURLToPath(import.meta.resolve(OWN_MODEL)) : path);
    checkLanguages(requestedOf(options), model.labels, isOwn ? 'the model lid.176' : path);
    return { model };
  },
  create: (options, { resources }) =>
    createFilter(createFastText(resources['model'] as FastTextResource), options),
};

function requestedOf(options: StepOptions): readonly string[] | undefined {
  const requested = options['languages'];
  return Array.isArray(requested) ? (requested as readonly string[]) : undefined;
}

function checkLanguages(
  requested: readonly string[] | undefined,
  labels: readonly string[],
  name: string,
): void {
  if (requested === undefined) return;
  const known = new Set(labels);
  const unknown = requested.find((label) => !known.has(label));
  if (unknown === undefined && requested.length > 0) return;
  const some = labels.slice(0, MOST_LISTED).join(', ');
  const more = labels.length > MOST_LISTED ? ` and ${labels.length - MOST_LISTED} more` : '';
  throw new CurationError(
    'USAGE',
    `language: expected labels of ${name}, found ${unknown === undefined ? 'none' : `"${unknown}"`}; it has ${some}${more}`,
  );
}

function createFilter(model: FastText, options: StepOptions): Filter {
  const threshold = options['language_score'] as number;
  const isLowered = options['text'] === 'lower';
  const dropsNothing = options['score_only'] === true;
  const requested = requestedOf(options)?.map((label) => model.labels.indexOf(label));
  const values = new Float64Array(2);
  const evidence: Evidence = { statistic: Number.NaN, threshold, detail: undefined };
  return {
    evidence,
    values,
    labels: model.labels,
    judge({ bytes, start, end }) {
      if (isLowered) {
        const lowered = lowerCase(bytes, start, end);
        model.read(lowered, 0, lowered.length);
      } else {
        model.read(bytes, start, end);
      }
      const best = model.best();
      const bestScore = best < 0 ? 0 : model.scoreOf(best);
      values[0] = best;
      values[1] = bestScore;
      if (dropsNothing) return 0;
      let score = requested === undefined ? bestScore : 0;
      for (const label of requested ?? []) score = Math.max(score, model.scoreOf(label));
      if (score > threshold) return 0;
      evidence.statistic = score;
      evidence.detail = best < 0 ? undefined : model.labels[best];
      return 1;
    },
  };
}

/** ASCII is lowered in place of a copy; other text goes by way of a string, whose lower case is that of Unicode. */
function lowerCase(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = Buffer.from(bytes.subarray(start, end));
  for (let at = 0; at < copy.length; at++) {
    const byte = copy[at]!;
    if (byte >= 0x80) return Buffer.from(copy.toString('utf8').toLowerCase());
    if (byte >= 0x41 && byte <= 0x5a) copy[at] = byte + 0x20;
  }
  return copy;
}
