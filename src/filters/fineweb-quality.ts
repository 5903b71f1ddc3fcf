import type { Evidence, FilterDefinition } from './filter.ts';

const REASONS = ['empty', 'line_punct_ratio', 'short_line_ratio', 'char_dup_ratio', 'list_ratio'] as const;
const EMPTY = 1;
const LINE_PUNCT_RATIO = 2;
const SHORT_LINE_RATIO = 3;
const CHAR_DUP_RATIO = 4;
const LIST_RATIO = 5;

/**
 * The quality rules of FineWeb (Penedo et al. 2024, section 3.5) as datatrove applies them: lines are cut at line feeds and blank ones left
 * out; the first rule that fails gives the reason; each ratio is one division of whole numbers. Repeated lines are compared byte by
 * byte. Words are the kernel's tokens. A text that is empty, or nothing but white space, is dropped as `empty`.
 */
export const finewebQuality: FilterDefinition = {
  name: 'fineweb-quality',
  summary: 'FineWeb quality rules: lines without final punctuation, short lines, repeated lines, lists',
  options: {
    line_punct_thr: {
      kind: 'rate',
      default: 0.12,
      canBeOff: true,
      help: 'least share of lines that end in a terminal mark',
    },
    line_punct_exclude_zero: {
      kind: 'flag',
      default: false,
      help: 'pass documents where no line at all ends in one',
    },
    short_line_thr: {
      kind: 'rate',
      default: 0.67,
      canBeOff: true,
      help: 'greatest share of short lines',
    },
    short_line_length: {
      kind: 'count',
      default: 30,
      help: 'length up to which a line is short, in characters',
    },
    char_duplicates_ratio: {
      kind: 'rate',
      default: 0.01,
      canBeOff: true,
      help: 'greatest share of characters in repeated lines',
    },
    new_line_ratio: {
      kind: 'number',
      default: 0.3,
      least: 0,
      canBeOff: true,
      help: 'most line feeds for each word',
    },
  },
  reasons: () => REASONS,
  create: (options, { kernel }) => {
    const threshold = (name: string): number | null => options[name] as number | null;
    const minStopped = threshold('line_punct_thr');
    const passesNone = options['line_punct_exclude_zero'] === true;
    const maxShort = threshold('short_line_thr');
    const shortLength = options['short_line_length'] as number;
    const maxRepeated = threshold('char_duplicates_ratio');
    const maxFeeds = threshold('new_line_ratio');
    const evidence: Evidence = { statistic: Number.NaN, threshold: Number.NaN, detail: undefined };
    const drop = (verdict: number, statistic: number, limit: number): number => {
      evidence.statistic = statistic;
      evidence.threshold = limit;
      return verdict;
    };

    return {
      evidence,
      judge(document) {
        kernel.load(document);
        const { count, filled, stopped, codePoints } = kernel.lines();
        if (filled === 0) return drop(EMPTY, 0, 1);
        if (minStopped !== null) {
          const ratio = stopped / filled;
          if (ratio < minStopped && !(ratio === 0 && passesNone))
            return drop(LINE_PUNCT_RATIO, ratio, minStopped);
        }
        if (maxShort !== null) {
          const ratio = kernel.countShortLines(shortLength) / filled;
          if (ratio > maxShort) return drop(SHORT_LINE_RATIO, ratio, maxShort);
        }
        const feeds = count - 1;
        if (maxRepeated !== null) {
          const ratio = kernel.repeatedLineLength() / (codePoints - feeds);
          if (ratio > maxRepeated) return drop(CHAR_DUP_RATIO, ratio, maxRepeated);
        }
        // Without a line feed the ratio is 0, whatever the words.
        // Most texts are far below, and C4 has changed them: then they need no second scan.
        if (maxFeeds !== null && feeds > 0 && feeds / kernel.leastTokens() > maxFeeds) {
          const ratio = feeds / kernel.tokens().count;
          if (ratio > maxFeeds) return drop(LIST_RATIO, ratio, maxFeeds);
        }
        return 0;
      },
    };
  },
};
