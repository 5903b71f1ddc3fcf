import type { StepOptions } from '../../src/filters/filter.ts';
import type { WordRule } from '../../src/kernels/rules/kernel.ts';
import { isSymbol, lengthOf, splitLines, stripEnd, stripStart, tokensOf } from '../kernels/rules/oracle.ts';
import type { Ruling } from './rulings.ts';

/** The quality rules of Gopher, on strings: what the filter must say of a text. */
export function gopherQualityOf(text: string, options: StepOptions, words: WordRule): Ruling {
  const tokens = tokensOf(text, words);
  const spoken = tokens.filter((token) => Array.from(token).some((character) => !isSymbol(character)));
  const lines = splitLines(text);
  const occurrences = (part: string): number => text.split(part).length - 1;
  const share = (elements: readonly string[], law: (element: string) => boolean): number =>
    elements.filter(law).length / elements.length;
  const stopWords = new Set(options['stop_words'] as readonly string[]);
  const present = new Set(tokens.filter((token) => stopWords.has(token)));
  const meanLength = lengthOf(spoken.join('')) / spoken.length;
  // Without a word there is nothing to divide by, and no rule of symbols.
  const forEach = (count: number): number => (tokens.length === 0 ? Number.NaN : count / tokens.length);

  const rules: [reason: string, statistic: number, isWrong: '<' | '>', option: string][] = [
    ['gopher_short_doc', spoken.length, '<', 'min_doc_words'],
    ['gopher_long_doc', spoken.length, '>', 'max_doc_words'],
    ['gopher_below_avg_threshold', meanLength, '<', 'min_avg_word_length'],
    ['gopher_above_avg_threshold', meanLength, '>', 'max_avg_word_length'],
    ['gopher_too_many_hashes', forEach(occurrences('#')), '>', 'max_symbol_word_ratio'],
    [
      'gopher_too_many_ellipsis',
      forEach(occurrences('...') + occurrences('\u2026')),
      '>',
      'max_symbol_word_ratio',
    ],
    [
      'gopher_too_many_bullets',
      share(lines, (line) => ['\u2022', '-'].includes(stripStart(line)[0] ?? '')),
      '>',
      'max_bullet_lines_ratio',
    ],
    [
      'gopher_too_many_end_ellipsis',
      share(lines, (line) => stripEnd(line).endsWith('...') || stripEnd(line).endsWith('\u2026')),
      '>',
      'max_ellipsis_lines_ratio',
    ],
    [
      'gopher_below_alpha_threshold',
      share(tokens, (token) => /\p{L}/u.test(token)),
      '<',
      'max_non_alpha_words_ratio',
    ],
    ['gopher_enough_stop_words', present.size, '<', 'min_stop_words'],
  ];
  for (const [reason, statistic, isWrong, option] of rules) {
    const threshold = options[option] as number | null;
    if (threshold === null) continue;
    if (isWrong === '<' ? statistic < threshold : statistic > threshold)
      return { reason, statistic, threshold };
  }
  return undefined;
}
