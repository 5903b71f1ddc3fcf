import type { OptionValue } from '../../../src/filters/filter.ts';
import type { Job } from './datatrove.ts';
import { inARow, type Judge, openJudge } from './judge.ts';
import { BADWORD_LANGUAGES, URL_LISTS } from './traps.ts';

/** One comparison: a filter of ours with options, and datatrove's with the options that mean the same. */
export interface Comparison {
  readonly name: string;
  readonly theirs: Job;
  readonly open: () => Promise<Judge>;
  /** The documents it is for. */
  readonly isFor: (id: string) => boolean;
}

type Options = Readonly<Record<string, OptionValue>>;

const isText = (id: string): boolean => !/^(?:url|badwords)\//.test(id);
/** Half of what was made for the filter, and a few of all others: options move thresholds, they make no new ones. */
const isForVariant =
  (filter: string) =>
  (id: string): boolean =>
    isText(id) && (id.startsWith(filter) ? sumOf(id) % 2 === 0 : sumOf(id) % 8 === 0);
const sumOf = (id: string): number =>
  Array.from(id).reduce((sum, character) => sum + character.charCodeAt(0), 0);

/**
 * A filter with options; those of datatrove have the same names, so they are written once. Where it means something else by them,
 * its own are given.
 */
function withOptions(
  filter: string,
  options: Options,
  theirs: Readonly<Record<string, unknown>> = options,
): Comparison {
  const words = Object.entries(options).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return {
    name: [filter, ...words].join(' '),
    theirs: { filter, options: theirs },
    open: () => openJudge(filter, options),
    isFor: words.length === 0 ? isText : isForVariant(filter),
  };
}

/** Where -1 switches a check off in datatrove, it is null here. */
const c4 = (options: Options): Comparison =>
  withOptions(
    'c4-quality',
    options,
    Object.fromEntries(Object.entries(options).map(([name, value]) => [name, value ?? -1])),
  );

/** Here each n-gram rule is an option; there they are two lists of pairs. */
function repetition(options: Readonly<Record<string, number | null>>): Comparison {
  const pairs = (
    pattern: RegExp,
    defaults: readonly (readonly [number, number])[],
  ): (readonly [number, number])[] =>
    defaults.flatMap(([n, threshold]) => {
      const given = Object.entries(options).find(([name]) => Number(pattern.exec(name)?.[1]) === n);
      if (given === undefined) return [[n, threshold] as const];
      return given[1] === null ? [] : [[n, given[1]] as const];
    });
  const others = Object.fromEntries(Object.entries(options).filter(([name]) => name.startsWith('dup_')));
  return withOptions('gopher-repetition', options, {
    ...others,
    top_n_grams: pairs(/^top_(\d+)_gram$/, [
      [2, 0.2],
      [3, 0.18],
      [4, 0.16],
    ]),
    dup_n_grams: pairs(/^duplicated_(\d+)_n_grams$/, [
      [5, 0.15],
      [6, 0.14],
      [7, 0.13],
      [8, 0.12],
      [9, 0.11],
      [10, 0.1],
    ]),
  });
}

/** Options of one value, by a pattern of their names. */
const all = (value: number | null, ...names: readonly string[]): Record<string, number | null> =>
  Object.fromEntries(names.map((name) => [name, value]));
const LINES = ['dup_para_frac', 'dup_para_char_frac', 'dup_line_frac', 'dup_line_char_frac'];
const TOPS = [2, 3, 4].map((n) => `top_${n}_gram`);
const DUPLICATES = [5, 6, 7, 8, 9, 10].map((n) => `duplicated_${n}_n_grams`);

/** Default options. */
const DEFAULTS: readonly Comparison[] = [
  withOptions('gopher-quality', {}),
  withOptions('gopher-repetition', {}),
  withOptions('c4-quality', {}),
  withOptions('c4-paragraph', {}),
  withOptions('c4-badwords', {}),
  withOptions('fineweb-quality', {}),
  withOptions('pii', {}),
  withOptions('symbol-lines', {}),
  {
    name: 'the chain of FineWeb',
    theirs: { filter: 'fineweb', options: {} },
    open: async () =>
      inARow([
        await openJudge('gopher-repetition'),
        await openJudge('gopher-quality'),
        await openJudge('c4-quality', { filter_no_terminal_punct: false }),
        await openJudge('fineweb-quality'),
      ]),
    isFor: isText,
  },
];

const VARIANTS: readonly Comparison[] = [
  withOptions('gopher-quality', {
    min_doc_words: 10,
    max_doc_words: 80,
    min_avg_word_length: 4,
    max_avg_word_length: 6.5,
  }),
  withOptions('gopher-quality', {
    min_doc_words: null,
    max_doc_words: null,
    min_avg_word_length: null,
    max_avg_word_length: null,
    min_stop_words: null,
  }),
  withOptions('gopher-quality', {
    min_doc_words: null,
    min_avg_word_length: null,
    max_avg_word_length: null,
    max_symbol_word_ratio: 0.02,
    max_bullet_lines_ratio: 0.05,
    max_ellipsis_lines_ratio: 0.1,
    max_non_alpha_words_ratio: 0.95,
    min_stop_words: 4,
  }),
  withOptions('gopher-quality', {
    max_symbol_word_ratio: null,
    max_bullet_lines_ratio: null,
    max_ellipsis_lines_ratio: null,
    max_non_alpha_words_ratio: null,
    min_doc_words: 3,
    min_stop_words: 1,
    stop_words: ['и', 'the', '在', 'में', '\u{20000}\u{2a6d6}', 'и'],
  }),
  repetition({ ...all(null, ...TOPS, ...DUPLICATES) }),
  repetition({ ...all(null, ...LINES, ...TOPS) }),
  repetition({ ...all(null, ...LINES, ...DUPLICATES), top_4_gram: 0.05 }),
  repetition({ ...all(null, ...LINES, ...TOPS), ...all(0.02, ...DUPLICATES) }),
  repetition({ ...all(null, ...LINES, ...TOPS), ...all(null, ...DUPLICATES), duplicated_9_n_grams: 0 }),
  repetition({ ...all(0.6, ...TOPS), ...all(0.05, ...LINES), ...all(0.5, ...DUPLICATES) }),
  repetition({
    ...all(null, ...LINES),
    ...all(0.4, 'top_2_gram', 'top_4_gram'),
    top_3_gram: null,
    duplicated_7_n_grams: 0.01,
  }),
  c4({ filter_no_terminal_punct: false }),
  c4({
    filter_no_terminal_punct: false,
    min_words_per_line: null,
    max_word_length: null,
    min_num_sentences: null,
    remove_citations: false,
    filter_javascript: false,
    filter_lorem_ipsum: false,
    filter_curly_bracket: false,
    filter_policy: false,
  }),
  c4({ split_paragraph: false, min_num_sentences: 3 }),
  c4({
    split_paragraph: false,
    filter_no_terminal_punct: false,
    min_num_sentences: null,
    min_words_per_line: 1,
  }),
  c4({ min_num_sentences: null, min_words_per_line: 6, max_word_length: 7 }),
  c4({ min_num_sentences: 12, remove_citations: false, filter_curly_bracket: false }),
  c4({
    min_num_sentences: 1,
    filter_no_terminal_punct: false,
    min_words_per_line: null,
    filter_lorem_ipsum: false,
    filter_javascript: false,
  }),
  withOptions('fineweb-quality', { line_punct_exclude_zero: true, line_punct_thr: 0.5, short_line_thr: 1 }),
  withOptions('fineweb-quality', {
    line_punct_thr: 0,
    short_line_thr: 1,
    char_duplicates_ratio: 0.2,
    new_line_ratio: 0.1,
  }),
  withOptions('fineweb-quality', {
    line_punct_thr: 0,
    short_line_thr: 0.3,
    short_line_length: 60,
    char_duplicates_ratio: 0,
  }),
  withOptions('fineweb-quality', {
    line_punct_thr: 0,
    short_line_length: 0,
    char_duplicates_ratio: 1,
    new_line_ratio: 0.02,
  }),
  withOptions('symbol-lines', { replace_char: '***' }),
  withOptions('symbol-lines', { replace_char: '\n' }),
  withOptions('pii', { remove_emails: false }),
  withOptions('pii', { remove_ips: false, email_replacement: ['<e-mail>'] }),
  withOptions('pii', {
    only_remove_public_ips: false,
    ip_replacement: ['', 'é'],
    email_replacement: ['a', '', '\u{1f600}'],
  }),
];

const badwords = (language: string): Comparison => ({
  ...withOptions('c4-badwords', { default_language: language }),
  isFor: (id) => id.startsWith(`badwords/${language}/`),
});

const urls: Comparison = {
  name: 'url',
  theirs: { filter: 'url', options: URL_LISTS },
  open: () => openJudge('url', URL_LISTS),
  isFor: (id) => id.startsWith('url/'),
};

/** Those for any text. */
export const TEXT_COMPARISONS: readonly Comparison[] = [...DEFAULTS, ...VARIANTS];

/** All of them, with those for documents that were made for them alone. */
export const COMPARISONS: readonly Comparison[] = [
  ...TEXT_COMPARISONS,
  ...BADWORD_LANGUAGES.map(badwords),
  urls,
];
