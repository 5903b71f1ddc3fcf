import {
  createRepetitionJudge,
  type RepetitionJudge,
  repetitionChecks,
} from '../kernels/rules/repetition.ts';
import type { Document, Evidence, Filter, FilterDefinition, OptionSpec, StepOptions } from './filter.ts';

function share(threshold: number, help: string): OptionSpec {
  return { kind: 'rate', default: threshold, canBeOff: true, help };
}

function duplicated(n: number, threshold: number): OptionSpec {
  return share(threshold, `largest share of characters in repeated ${n}-grams`);
}

function top(n: number, threshold: number): OptionSpec {
  return share(threshold, `largest share of characters in the most frequent ${n}-gram`);
}

/** Every option is the check of the same name, in the order in which they are made. */
const options: Readonly<Record<(typeof repetitionChecks)[number], OptionSpec>> = {
  dup_para_frac: share(0.3, 'largest share of paragraphs that came before'),
  dup_para_char_frac: share(0.2, 'largest share of characters in paragraphs that came before'),
  dup_line_frac: share(0.3, 'largest share of lines that came before'),
  dup_line_char_frac: share(0.2, 'largest share of characters in lines that came before'),
  top_2_gram: top(2, 0.2),
  top_3_gram: top(3, 0.18),
  top_4_gram: top(4, 0.16),
  duplicated_5_n_grams: duplicated(5, 0.15),
  duplicated_6_n_grams: duplicated(6, 0.14),
  duplicated_7_n_grams: duplicated(7, 0.13),
  duplicated_8_n_grams: duplicated(8, 0.12),
  duplicated_9_n_grams: duplicated(9, 0.11),
  duplicated_10_n_grams: duplicated(10, 0.1),
};

/** The repetition filter of Gopher (Rae et al. 2021, table A1), verdict for verdict that of datatrove 0.10 on the same tokens. */
export const gopherRepetition: FilterDefinition = {
  name: 'gopher-repetition',
  summary: 'drops documents that repeat lines, paragraphs or n-grams, as Gopher did',
  options,
  reasons: (given) => activeChecks(given).map((check) => repetitionChecks[check - 1]!),
  create: (given, { kernel }) => {
    const active = activeChecks(given);
    const thresholds = repetitionChecks.map((name) => given[name] ?? Number.POSITIVE_INFINITY) as number[];
    return new GopherRepetition(createRepetitionJudge(kernel, thresholds), thresholds, active);
  },
};

/** Numbers of the checks that are not off, as the judge has them. */
function activeChecks(given: StepOptions): number[] {
  return repetitionChecks.flatMap((name, i) => (typeof given[name] === 'number' ? [i + 1] : []));
}

/** An empty text passes: nothing is repeated in it. datatrove divides by its length, and fails. */
class GopherRepetition implements Filter {
  readonly evidence: Evidence = { statistic: Number.NaN, threshold: Number.NaN, detail: undefined };
  private readonly judgeOf: RepetitionJudge;
  private readonly thresholds: readonly number[];
  private readonly active: readonly number[];

  constructor(judgeOf: RepetitionJudge, thresholds: readonly number[], active: readonly number[]) {
    this.judgeOf = judgeOf;
    this.thresholds = thresholds;
    this.active = active;
  }

  judge(document: Document): number {
    const check = this.judgeOf.judge(document);
    if (check === 0) return 0;
    this.evidence.statistic = this.judgeOf.share;
    this.evidence.threshold = this.thresholds[check - 1]!;
    return this.active.indexOf(check) + 1;
  }
}
