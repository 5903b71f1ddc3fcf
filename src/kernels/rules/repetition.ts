import type { RuleKernel, RuleText } from './kernel.ts';

/** What is compared with a threshold, in this order. Check `i` of a judge is `repetitionChecks[i - 1]`. */
export const repetitionChecks = [
  'dup_para_frac',
  'dup_para_char_frac',
  'dup_line_frac',
  'dup_line_char_frac',
  'top_2_gram',
  'top_3_gram',
  'top_4_gram',
  'duplicated_5_n_grams',
  'duplicated_6_n_grams',
  'duplicated_7_n_grams',
  'duplicated_8_n_grams',
  'duplicated_9_n_grams',
  'duplicated_10_n_grams',
] as const;

/** Number of the check of bigrams, and smallest and largest n of n-grams. */
const FIRST_NGRAM_CHECK = 5;
const SHORTEST = 2;
const LONGEST = 10;

/** Functions of wasm/assembly/rules-repetition.ts. */
interface Exports {
  readonly lineFeedRuns: (text: number, end: number) => number;
  readonly elementRoom: (runs: number) => number;
  readonly judgeElements: (
    text: number,
    end: number,
    characters: number,
    runs: number,
    room: number,
    ...thresholds: readonly number[]
  ) => number;
  readonly boundRoom: (count: number) => number;
  readonly boundTop: (
    text: number,
    end: number,
    characters: number,
    hashes: number,
    lengths: number,
    folds: number,
    places: number,
    count: number,
    ...thresholds: readonly number[]
  ) => number;
  readonly boundDuplicates: (characters: number, room: number, ...thresholds: readonly number[]) => number;
  readonly countRoom: (open: number) => number;
  readonly countNGrams: (n: number, characters: number, room: number, threshold: number) => number;
  readonly repetitionShare: () => number;
}

/** Finds what a text repeats too much; keeps nothing of one text for the next but `share`. */
export interface RepetitionJudge {
  /**
   * The first check whose share is above its threshold, from 1, or 0. Shares are of all code points of the text; those of `dup_para_frac` and
   * `dup_line_frac` are of all paragraphs and lines. An empty text repeats nothing.
   */
  judge(text: RuleText): number;
  /** The share that was found too large. */
  readonly share: number;
}

/**
 * The repetition rules of Gopher (Rae et al. 2021, table A1) as datatrove 0.10 has them, on the tokens of a kernel:
 *
 * - paragraphs lie between runs of two line feeds and more, in the text without white space at its ends; lines between runs of line feeds, in
 *   the whole text. A duplicate is one that came before.
 * - a top n-gram (2 to 4 tokens) is the most frequent, of several the first. Its length, with a space between tokens, counts as often as it
 *   occurs, even if that is once.
 * - duplicate n-grams (5 to 10) are found from left to right, joined without spaces; behind a duplicate the search goes on at the next token.
 *
 * Equality is that of 64-bit hashes. Time is linear in the text, whatever it repeats; most texts are settled by bounds, see the assembly.
 * @param thresholds one for each of `repetitionChecks`; Infinity switches a check off. Copied.
 */
export function createRepetitionJudge(kernel: RuleKernel, thresholds: readonly number[]): RepetitionJudge {
  return new Judge(kernel, thresholds);
}

class Judge implements RepetitionJudge {
  share: number = Number.NaN;
  private readonly kernel: RuleKernel;
  private readonly elements: readonly number[];
  private readonly ngrams: readonly number[];
  private readonly asksForElements: boolean;
  private readonly asksForNGrams: boolean;

  constructor(kernel: RuleKernel, thresholds: readonly number[]) {
    this.kernel = kernel;
    this.elements = thresholds.slice(0, FIRST_NGRAM_CHECK - 1);
    this.ngrams = thresholds.slice(FIRST_NGRAM_CHECK - 1);
    this.asksForElements = this.elements.some(Number.isFinite);
    this.asksForNGrams = this.ngrams.some(Number.isFinite);
  }

  judge(document: RuleText): number {
    if (document.start === document.end) return 0;
    const { kernel } = this;
    kernel.load(document);
    const exports = kernel.exports as Exports;
    const characters = kernel.codePoints();
    let check = 0;
    if (this.asksForElements) check = this.judgeElements(exports, characters);
    if (check === 0 && this.asksForNGrams) check = this.judgeNGrams(exports, characters);
    if (check !== 0) this.share = exports.repetitionShare();
    return check;
  }

  private judgeElements(exports: Exports, characters: number): number {
    const { kernel, elements } = this;
    const { text, textEnd } = kernel;
    const runs = exports.lineFeedRuns(text, textEnd);
    if (runs === 0) return 0;
    const room = kernel.room(exports.elementRoom(runs));
    // There are as many as there are parameters.
    const [paragraphs, paragraphCharacters, lines, lineCharacters] = elements;
    return exports.judgeElements(
      text,
      textEnd,
      characters,
      runs,
      room,
      paragraphs!,
      paragraphCharacters!,
      lines!,
      lineCharacters!,
    );
  }

  private judgeNGrams(exports: Exports, characters: number): number {
    const { kernel, ngrams } = this;
    const { text, textEnd } = kernel;
    const { count, hashes, lengths, folds, places } = kernel.tokens();
    // There are as many as there are parameters.
    const [two, three, four, five, six, seven, eight, nine, ten] = ngrams;
    const top = exports.boundTop(
      text,
      textEnd,
      characters,
      hashes,
      lengths,
      folds,
      places,
      count,
      two!,
      three!,
      four!,
    );
    const check = this.count(exports, characters, top);
    if (check !== 0) return check;
    const duplicates = exports.boundDuplicates(
      characters,
      kernel.room(exports.boundRoom(count)),
      five!,
      six!,
      seven!,
      eight!,
      nine!,
      ten!,
    );
    return this.count(exports, characters, duplicates);
  }

  /** Counts what the bounds left open, bit n for n-grams of n tokens. */
  private count(exports: Exports, characters: number, open: number): number {
    if (open === 0) return 0;
    const room = this.kernel.room(exports.countRoom(open));
    for (let n = SHORTEST; n <= LONGEST; n++) {
      if ((open & (1 << n)) === 0) continue;
      if (exports.countNGrams(n, characters, room, this.ngrams[n - SHORTEST]!) !== 0)
        return n + FIRST_NGRAM_CHECK - SHORTEST;
    }
    return 0;
  }
}
