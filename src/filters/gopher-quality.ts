import type { Evidence, FilterDefinition } from './filter.ts';

const REASONS = [
  'gopher_short_doc',
  'gopher_long_doc',
  'gopher_below_avg_threshold',
  'gopher_above_avg_threshold',
  'gopher_too_many_hashes',
  'gopher_too_many_ellipsis',
  'gopher_too_many_bullets',
  'gopher_too_many_end_ellipsis',
  'gopher_below_alpha_threshold',
  'gopher_enough_stop_words',
] as const;

/** Verdict for a reason: its position from 1. */
const DROP = Object.fromEntries(REASONS.map((reason, i) => [reason, i + 1])) as Readonly<
  Record<(typeof REASONS)[number], number>
>;

/**
 * The quality rules of Gopher (Rae et al. 2021, appendix A1.1) as datatrove applies them: the first that fails gives the reason, and each
 * ratio is one division of whole numbers, so a text at a threshold is judged as there. Words are the kernel's tokens; those of symbols
 * alone do not count for the number of words and their mean length, but do for the ratios.
 *
 * A text without words is `gopher_short_doc`, unless `min_doc_words` is 0 or off; then it has no ratios, and only `min_stop_words` can
 * drop it. (There datatrove fails with a division by zero.)
 */
export const gopherQuality: FilterDefinition = {
  name: 'gopher-quality',
  summary: 'Gopher quality rules: length, mean word length, symbols, bullets, ellipses, letters, stop words',
  options: {
    min_doc_words: {
      kind: 'count',
      default: 50,
      canBeOff: true,
      help: 'fewest words with more than symbols',
    },
    max_doc_words: {
      kind: 'count',
      default: 100_000,
      canBeOff: true,
      help: 'most words with more than symbols',
    },
    min_avg_word_length: {
      kind: 'number',
      default: 3,
      least: 0,
      canBeOff: true,
      help: 'least mean length of these words, in characters',
    },
    max_avg_word_length: {
      kind: 'number',
      default: 10,
      least: 0,
      canBeOff: true,
      help: 'greatest mean length of these words, in characters',
    },
    max_symbol_word_ratio: {
      kind: 'number',
      default: 0.1,
      least: 0,
      canBeOff: true,
      help: 'most number signs, and most ellipses, for each word',
    },
    max_bullet_lines_ratio: {
      kind: 'rate',
      default: 0.9,
      canBeOff: true,
      help: 'greatest share of lines that begin with a bullet or a hyphen',
    },
    max_ellipsis_lines_ratio: {
      kind: 'rate',
      default: 0.3,
      canBeOff: true,
      help: 'greatest share of lines that end in an ellipsis',
    },
    max_non_alpha_words_ratio: {
      kind: 'rate',
      default: 0.8,
      canBeOff: true,
      help: 'least share of words with a letter, in spite of its name',
    },
    min_stop_words: {
      kind: 'count',
      default: 2,
      canBeOff: true,
      help: 'fewest different stop words',
    },
    stop_words: {
      kind: 'texts',
      default: ['the', 'be', 'to', 'of', 'and', 'that', 'have', 'with'],
      value: 'WORDS',
      help: 'the stop words, as they stand in a text',
    },
  },
  reasons: () => REASONS,
  create: (options, { kernel }) => {
    const threshold = (name: string): number | null => options[name] as number | null;
    const minWords = threshold('min_doc_words');
    const maxWords = threshold('max_doc_words');
    const minMean = threshold('min_avg_word_length');
    const maxMean = threshold('max_avg_word_length');
    const maxSymbols = threshold('max_symbol_word_ratio');
    const maxBullets = threshold('max_bullet_lines_ratio');
    const maxEllipses = threshold('max_ellipsis_lines_ratio');
    const minLetters = threshold('max_non_alpha_words_ratio');
    const minStopWords = threshold('min_stop_words');
    const stopWords = kernel.wordSet(options['stop_words'] as readonly string[]);
    const evidence: Evidence = { statistic: Number.NaN, threshold: Number.NaN, detail: undefined };

    /** Remembers what was compared; whether it goes below. A ratio of nothing (NaN) neither goes below nor above. */
    const isBelow = (statistic: number, limit: number | null): boolean => {
      if (limit === null || !(statistic < limit)) return false;
      evidence.statistic = statistic;
      evidence.threshold = limit;
      return true;
    };
    const isAbove = (statistic: number, limit: number | null): boolean => {
      if (limit === null || !(statistic > limit)) return false;
      evidence.statistic = statistic;
      evidence.threshold = limit;
      return true;
    };

    return {
      evidence,
      judge(document) {
        kernel.load(document);
        const { count, spokenCount, spokenLength, letterCount } = kernel.tokens();
        if (isBelow(spokenCount, minWords)) return DROP.gopher_short_doc;
        if (isAbove(spokenCount, maxWords)) return DROP.gopher_long_doc;
        const mean = spokenLength / spokenCount;
        if (isBelow(mean, minMean)) return DROP.gopher_below_avg_threshold;
        if (isAbove(mean, maxMean)) return DROP.gopher_above_avg_threshold;
        if (maxSymbols !== null || maxBullets !== null || maxEllipses !== null) {
          const { lines, bulletLines, ellipsisLines, numberSigns, ellipses } = kernel.layout();
          // Symbols without a word are infinitely many for each; datatrove has no verdict there.
          if (count > 0 && isAbove(numberSigns / count, maxSymbols)) return DROP.gopher_too_many_hashes;
          if (count > 0 && isAbove(ellipses / count, maxSymbols)) return DROP.gopher_too_many_ellipsis;
          if (isAbove(bulletLines / lines, maxBullets)) return DROP.gopher_too_many_bullets;
          if (isAbove(ellipsisLines / lines, maxEllipses)) return DROP.gopher_too_many_end_ellipsis;
        }
        if (isBelow(letterCount / count, minLetters)) return DROP.gopher_below_alpha_threshold;
        if (minStopWords !== null && minStopWords > 0) {
          const present = kernel.countPresent(stopWords, minStopWords);
          if (isBelow(present, minStopWords)) return DROP.gopher_enough_stop_words;
        }
        return 0;
      },
    };
  },
};
