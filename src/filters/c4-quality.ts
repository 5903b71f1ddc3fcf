import { createC4Judge } from '../kernels/rules/c4.ts';
import type { Filter, FilterDefinition, StepOptions } from './filter.ts';
import { createTextBuffer } from './text-buffer.ts';

const REASONS = ['lorem_ipsum', 'curly_bracket', 'too_few_sentences'] as const;
const VERDICTS = { kept: 0, lorem: 1, curly: 2, short: 3 } as const;

/**
 * The quality rules of C4 (Raffel et al. 2020, https://jmlr.org/papers/volume21/20-074/20-074.pdf) as datatrove 0.10 applies them: lines
 * that are no prose are left out of the text, and documents with little prose, with code or with filler text are dropped. Words are those of
 * `str.split()` whatever the rule for words is; sentences are those of kernels/rules/sentences.ts.
 *
 * The text changes only where the document is kept. What citations leave behind is not looked at again, so that a second run can find
 * another ("[[1]]" becomes "[]", which is one) or a line that now ends in white space; without citations C4(C4(x)) = C4(x).
 */
export const c4Quality: FilterDefinition = {
  name: 'c4-quality',
  summary: 'keep lines of prose, drop documents with few sentences, code or filler text (C4)',
  options: {
    split_paragraph: {
      kind: 'flag',
      default: true,
      help: 'judge lines; else sentences, which are joined by a space',
    },
    remove_citations: {
      kind: 'flag',
      default: true,
      help: 'take "[1]", "[edit]" and "[citation needed]" out of lines',
    },
    filter_no_terminal_punct: {
      kind: 'flag',
      default: true,
      help: 'leave out lines that do not end in one of . ? ! " \' or end in ...',
    },
    min_num_sentences: {
      kind: 'count',
      default: 5,
      least: 0,
      canBeOff: true,
      help: 'fewest sentences of the lines that are left',
    },
    min_words_per_line: {
      kind: 'count',
      default: 3,
      least: 0,
      canBeOff: true,
      help: 'leave out lines with fewer words',
    },
    max_word_length: {
      kind: 'count',
      default: 1000,
      least: 0,
      canBeOff: true,
      help: 'leave out lines with a word of more characters',
    },
    filter_lorem_ipsum: { kind: 'flag', default: true, help: 'drop documents with "lorem ipsum" in a line' },
    filter_javascript: { kind: 'flag', default: true, help: 'leave out lines with "javascript"' },
    filter_curly_bracket: { kind: 'flag', default: true, help: 'drop documents with "{" in a line' },
    filter_policy: {
      kind: 'flag',
      default: true,
      help: 'leave out lines that speak of terms of use, privacy policy or cookies',
    },
  },
  reasons: () => REASONS,
  create(options, { kernel }): Filter {
    const minSentences = limit(options, 'min_num_sentences');
    const judgeText = createC4Judge(kernel, {
      splitsLines: options['split_paragraph'] === true,
      removesCitations: options['remove_citations'] === true,
      needsTerminal: options['filter_no_terminal_punct'] === true,
      dropsLorem: options['filter_lorem_ipsum'] === true,
      dropsScript: options['filter_javascript'] === true,
      dropsCurly: options['filter_curly_bracket'] === true,
      dropsPolicy: options['filter_policy'] === true,
      maxWordLength: limit(options, 'max_word_length'),
      minWords: limit(options, 'min_words_per_line'),
      minSentences,
    });
    const buffer = createTextBuffer();
    const evidence = {
      statistic: Number.NaN,
      threshold: Number.NaN,
      detail: undefined as string | undefined,
    };
    return {
      evidence,
      judge(document) {
        kernel.load(document);
        const { verdict, start, end, isChanged, sentences } = judgeText();
        if (verdict === 'kept') {
          if (isChanged) {
            const bytes = buffer.reserve(end - start);
            bytes.set(new Uint8Array(kernel.memory.buffer, start, end - start));
            document.replace(bytes, 0, end - start);
          }
          return 0;
        }
        const isShort = verdict === 'short';
        evidence.statistic = isShort ? sentences : Number.NaN;
        evidence.threshold = isShort && minSentences !== undefined ? minSentences : Number.NaN;
        return VERDICTS[verdict];
      },
    };
  },
};

/** A number, or undefined where the check is off. */
function limit(options: StepOptions, name: string): number | undefined {
  const value = options[name];
  return typeof value === 'number' ? value : undefined;
}
