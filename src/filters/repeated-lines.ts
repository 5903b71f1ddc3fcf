import { createUnitCutter as cutterOf, DEFAULT_MOST, type UnitCutter } from '../kernels/line-units.ts';
import type { FilterDefinition, StepOptions } from './filter.ts';

/**
 * Removes lines, or runs of three sentences, that were seen too often in the dump. It remembers what came before, so it is no filter of
 * one document: threads cut texts into units ({@link createUnitCutter}), the main thread counts them in document order (stages/repeated-lines.ts).
 */
export const repeatedLines: Omit<FilterDefinition, 'create'> = {
  name: 'repeated-lines',
  summary: 'remove lines or runs of three sentences that were seen too often in the whole input',
  options: {
    unit: {
      kind: ['lines', 'sentences'],
      default: 'lines',
      flag: 'repeated',
      help: 'what is counted: lines, byte for byte, or three simplified sentences in a row (the rule of C4)',
    },
    most: {
      kind: 'count',
      least: 1,
      most: 255,
      flag: 'repeated-most',
      help: `occurrences that stay; ${DEFAULT_MOST.lines} for lines and ${DEFAULT_MOST.sentences} for sentences unless given`,
    },
    min_words: {
      kind: 'count',
      default: 50,
      canBeOff: true,
      flag: 'repeated-min-words',
      help: 'fewest words of a text that lost some',
    },
    min_sentences: {
      kind: 'count',
      default: 3,
      canBeOff: true,
      flag: 'repeated-min-sentences',
      help: 'fewest sentences of a text that lost some',
    },
    false_positive: {
      kind: 'rate',
      default: 1e-4,
      flag: 'repeated-false-positive',
      help: 'chance that a unit is counted too high, up to the number expected',
    },
    expected_units: {
      kind: 'count',
      default: 20_000_000,
      least: 1,
      flag: 'repeated-expected',
      help: 'different lines or sentences for which memory is taken: 16 or 3 bytes each with the defaults',
    },
  },
  // The order of stages/repeated-lines.ts.
  reasons: () => ['repeated_lines_empty', 'repeated_lines_too_few_words', 'repeated_lines_too_few_sentences'],
};

/** The half of a worker thread. */
export function createUnitCutter(options: StepOptions): UnitCutter {
  return cutterOf({
    unit: options['unit'] as 'lines' | 'sentences',
    enoughSentences: (options['min_sentences'] as number | null) ?? 0,
  });
}
