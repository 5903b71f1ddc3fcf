import type { StepOptions } from '../../src/filters/filter.ts';
import type { WordRule } from '../../src/kernels/rules/kernel.ts';
import { isBlankText, isTerminal, lengthOf, tokensOf } from '../kernels/rules/oracle.ts';
import type { Ruling } from './rulings.ts';

/** The quality rules of FineWeb, on strings: what the filter must say of a text. */
export function finewebQualityOf(text: string, options: StepOptions, words: WordRule): Ruling {
  const threshold = (name: string): number | null => options[name] as number | null;
  const lines = text.split('\n').filter((line) => !isBlankText(line));
  if (lines.length === 0) return { reason: 'empty', statistic: 0, threshold: 1 };

  const minStopped = threshold('line_punct_thr');
  const stopped = lines.filter((line) => isTerminal(Array.from(line).at(-1)!)).length / lines.length;
  const isLetThrough = stopped === 0 && options['line_punct_exclude_zero'] === true;
  if (minStopped !== null && stopped < minStopped && !isLetThrough)
    return { reason: 'line_punct_ratio', statistic: stopped, threshold: minStopped };

  const maxShort = threshold('short_line_thr');
  const limit = options['short_line_length'] as number;
  const short = lines.filter((line) => lengthOf(line) <= limit).length / lines.length;
  if (maxShort !== null && short > maxShort)
    return { reason: 'short_line_ratio', statistic: short, threshold: maxShort };

  const maxRepeated = threshold('char_duplicates_ratio');
  const firstAt = new Map(lines.map((line, i) => [line, i] as const).toReversed());
  const repeated = lines.filter((line, i) => firstAt.get(line)! < i);
  const repeatedShare = lengthOf(repeated.join('')) / lengthOf(text.replaceAll('\n', ''));
  if (maxRepeated !== null && repeatedShare > maxRepeated)
    return { reason: 'char_dup_ratio', statistic: repeatedShare, threshold: maxRepeated };

  const maxFeeds = threshold('new_line_ratio');
  const feeds = (text.split('\n').length - 1) / tokensOf(text, words).length;
  if (maxFeeds !== null && feeds > maxFeeds)
    return { reason: 'list_ratio', statistic: feeds, threshold: maxFeeds };
  return undefined;
}
