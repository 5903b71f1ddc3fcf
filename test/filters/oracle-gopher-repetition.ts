import { lengthOf, stripEnd, stripStart, tokensOf } from '../kernels/rules/oracle.ts';

/** A check that failed, by the name of its option, and what it found; undefined for a text that passes. */
export interface Repetition {
  readonly reason: string;
  readonly share: number;
}

export const thresholds: Readonly<Record<string, number | null>> = {
  dup_para_frac: 0.3,
  dup_para_char_frac: 0.2,
  dup_line_frac: 0.3,
  dup_line_char_frac: 0.2,
  top_2_gram: 0.2,
  top_3_gram: 0.18,
  top_4_gram: 0.16,
  duplicated_5_n_grams: 0.15,
  duplicated_6_n_grams: 0.14,
  duplicated_7_n_grams: 0.13,
  duplicated_8_n_grams: 0.12,
  duplicated_9_n_grams: 0.11,
  duplicated_10_n_grams: 0.1,
};

/** Every share, on strings, without a bound and without a hash; in the order of the checks. */
export function sharesOf(text: string, words: 'unicode' | 'whitespace'): ReadonlyMap<string, number> {
  const all = lengthOf(text);
  const tokens = tokensOf(text, words);
  const shares = new Map<string, number>();
  const paragraphs = stripEnd(stripStart(text)).split(/\n{2,}/);
  const lines = text.split(/\n+/);
  for (const [name, elements] of [
    ['para', paragraphs],
    ['line', lines],
  ] as const) {
    const seen = new Set<string>();
    const copies = elements.filter((element) => seen.size === seen.add(element).size);
    shares.set(`dup_${name}_frac`, copies.length / elements.length);
    shares.set(`dup_${name}_char_frac`, lengthOf(copies.join('')) / all);
  }
  for (let n = 2; n <= 4; n++) {
    if (tokens.length >= n) shares.set(`top_${n}_gram`, topLength(tokens, n) / all);
  }
  for (let n = 5; n <= 10; n++) shares.set(`duplicated_${n}_n_grams`, duplicateLength(tokens, n) / all);
  return shares;
}

/** The first check whose share is above its threshold. */
export function repetitionOf(
  text: string,
  words: 'unicode' | 'whitespace',
  given: Readonly<Record<string, number | null>> = {},
): Repetition | undefined {
  if (text === '') return undefined;
  const limits = { ...thresholds, ...given };
  for (const [reason, share] of sharesOf(text, words)) {
    const limit = limits[reason];
    if (typeof limit === 'number' && share > limit) return { reason, share };
  }
  return undefined;
}

function topLength(tokens: readonly string[], n: number): number {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= tokens.length; i++) {
    const ngram = tokens.slice(i, i + n).join(' ');
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  let top = '';
  for (const [ngram, count] of counts) {
    if (count > (counts.get(top) ?? 0)) top = ngram;
  }
  return lengthOf(top) * counts.get(top)!;
}

function duplicateLength(tokens: readonly string[], n: number): number {
  const seen = new Set<string>();
  let length = 0;
  for (let i = 0; i + n <= tokens.length; ) {
    const ngram = tokens.slice(i, i + n).join('');
    if (seen.has(ngram)) {
      length += lengthOf(ngram);
      i += n;
    } else {
      seen.add(ngram);
      i++;
    }
  }
  return length;
}
