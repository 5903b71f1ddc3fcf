import { textOf } from './bytes.ts';

/** What a check measures and what it compares that with; `violated` is its verdict. */
export interface Check {
  readonly reason: string;
  readonly statistic: number;
  readonly threshold: number;
  readonly violated: boolean;
}

/** What Python's `str.split()` cuts at, and what `splitlines()` does. */
const SPACE = String.raw`[\t-\r\u{1c}-\u{20}\u{85}\u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}]+`;
const LINE_BREAK = String.raw`\r\n|[\n-\r\u{1c}-\u{1e}\u{85}\u{2028}\u{2029}]`;
const spaces = new RegExp(SPACE, 'u');
const lineBreaks = new RegExp(LINE_BREAK, 'u');
const bullet = new RegExp(`^(?:${SPACE})?[•-]`, 'u');
const ellipsis = new RegExp(`(?:\\.\\.\\.|…)(?:${SPACE})?$`, 'u');
const ends = new RegExp(`^${SPACE}|${SPACE}$`, 'gu');

const pythonWords = (text: string): string[] => text.split(spaces).filter((word) => word !== '');
export const pythonStrip = (text: string): string => text.replace(ends, '');
export function pythonLines(text: string): string[] {
  const lines = text.split(lineBreaks);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

const lengthOf = (text: string): number => Array.from(text).length;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const count = (text: string, part: string): number => text.split(part).length - 1;
const share = <T>(values: readonly T[], test: (value: T) => boolean): number =>
  values.filter(test).length / values.length;

const atMost = (reason: string, statistic: number, threshold: number): Check => ({
  reason,
  statistic,
  threshold,
  violated: statistic > threshold,
});
const atLeast = (reason: string, statistic: number, threshold: number): Check => ({
  reason,
  statistic,
  threshold,
  violated: statistic < threshold,
});

/** Elements that came before: how many, and their characters. */
function again(elements: readonly string[]): readonly [number, number] {
  const repeated = elements.filter((element, i) => elements.indexOf(element) < i);
  return [repeated.length, sum(repeated.map(lengthOf))];
}

const STOPS = ['the', 'be', 'to', 'of', 'and', 'that', 'have', 'with'];

/**
 * The checks of `gopher-quality` in order, default options, words cut at white space.
 * @param isSymbol whether a character is of the set of punctuation.
 */
export function gopherQualityChecks(bytes: Uint8Array, isSymbol: (character: string) => boolean): Check[] {
  const text = textOf(bytes);
  const words = pythonWords(text);
  const spoken = words.filter((word) => Array.from(word).some((character) => !isSymbol(character)));
  const mean = sum(spoken.map(lengthOf)) / spoken.length;
  const lines = pythonLines(text);
  return [
    atLeast('gopher_short_doc', spoken.length, 50),
    atMost('gopher_long_doc', spoken.length, 100_000),
    atLeast('gopher_below_avg_threshold', mean, 3),
    atMost('gopher_above_avg_threshold', mean, 10),
    atMost('gopher_too_many_hashes', count(text, '#') / words.length, 0.1),
    atMost('gopher_too_many_ellipsis', (count(text, '...') + count(text, '…')) / words.length, 0.1),
    atMost(
      'gopher_too_many_bullets',
      share(lines, (line) => bullet.test(line)),
      0.9,
    ),
    atMost(
      'gopher_too_many_end_ellipsis',
      share(lines, (line) => ellipsis.test(line)),
      0.3,
    ),
    atLeast(
      'gopher_below_alpha_threshold',
      share(words, (word) => /\p{L}/u.test(word)),
      0.8,
    ),
    atLeast('gopher_enough_stop_words', STOPS.filter((stop) => words.includes(stop)).length, 2),
  ];
}

const TOP = [
  [2, 0.2],
  [3, 0.18],
  [4, 0.16],
] as const;
const DUPLICATED = [
  [5, 0.15],
  [6, 0.14],
  [7, 0.13],
  [8, 0.12],
  [9, 0.11],
  [10, 0.1],
] as const;

/** The checks of `gopher-repetition` in order, default options, words cut at white space. */
export function repetitionChecks(bytes: Uint8Array): Check[] {
  const text = textOf(bytes);
  const length = lengthOf(text);
  const words = pythonWords(text);
  const paragraphs = pythonStrip(text).split(/\n{2,}/);
  const lines = text.split(/\n+/);
  const [paragraphsAgain, paragraphCharacters] = again(paragraphs);
  const [linesAgain, lineCharacters] = again(lines);
  return [
    atMost('dup_para_frac', paragraphsAgain / paragraphs.length, 0.3),
    atMost('dup_para_char_frac', paragraphCharacters / length, 0.2),
    atMost('dup_line_frac', linesAgain / lines.length, 0.3),
    atMost('dup_line_char_frac', lineCharacters / length, 0.2),
    ...TOP.map(([n, most]) => atMost(`top_${n}_gram`, topCharacters(words, n) / length, most)),
    ...DUPLICATED.map(([n, most]) => atMost(`duplicated_${n}_n_grams`, duplicated(words, n) / length, most)),
  ];
}

function topCharacters(words: readonly string[], n: number): number {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= words.length; i++) {
    const gram = words.slice(i, i + n).join(' ');
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  const most = Math.max(0, ...counts.values());
  const first = [...counts].find(([, times]) => times === most);
  return first === undefined ? 0 : lengthOf(first[0]) * most;
}

function duplicated(words: readonly string[], n: number): number {
  const seen = new Set<string>();
  let characters = 0;
  for (let i = 0; i + n <= words.length; ) {
    const gram = words.slice(i, i + n).join('');
    const isSeen = seen.has(gram);
    if (isSeen) characters += lengthOf(gram);
    else seen.add(gram);
    i += isSeen ? n : 1;
  }
  return characters;
}

/**
 * The checks of `fineweb-quality` in order, default options, words cut at white space.
 * @param isTerminal whether a line that ends in this character ends like a sentence.
 */
export function finewebChecks(bytes: Uint8Array, isTerminal: (character: string) => boolean): Check[] {
  const text = textOf(bytes);
  const lines = text.split('\n').filter((line) => pythonStrip(line) !== '');
  if (lines.length === 0) return [{ reason: 'empty', statistic: 0, threshold: 0, violated: true }];
  return [
    atLeast(
      'line_punct_ratio',
      share(lines, (line) => isTerminal(Array.from(line).at(-1)!)),
      0.12,
    ),
    atMost(
      'short_line_ratio',
      share(lines, (line) => lengthOf(line) <= 30),
      0.67,
    ),
    atMost('char_dup_ratio', again(lines)[1] / lengthOf(text.replaceAll('\n', '')), 0.01),
    atMost('list_ratio', count(text, '\n') / pythonWords(text).length, 0.3),
  ];
}
