import { CurationError } from '../errors.ts';
import { NgramFinder, NgramSetBuilder, type NgramTables } from '../kernels/simplified/ngram-set.ts';
import { readQuestions } from './decontaminate-files.ts';
import type { FilterDefinition, StepOptions } from './filter.ts';

/** What `load` gives beside the tables, to be told to the user. */
interface DecontaminateResources {
  readonly tables: NgramTables;
  /** Rows read, and of those how many were too short to be looked for. */
  readonly rows: number;
  readonly tooShort: number;
}

/**
 * Drops documents that hold an n-gram of an evaluation set, at the first in text order; evidence is the name of the set and the
 * n-gram. Words are those of datatrove's `simplify_text`, cut at white space: case, punctuation, accents and the value of numbers
 * make no difference. Unlike datatrove's, the set is exact (a hash that is found is compared in full), question and answer are
 * looked for alike, an n-gram of two sets names the first, n-grams of mostly numbers do not count, and a row of short texts is looked
 * for by its longest as a whole.
 */
export const decontaminate: FilterDefinition = {
  name: 'decontaminate',
  summary: 'drop documents that hold an n-gram of an evaluation set',
  options: {
    against: {
      kind: 'paths',
      flag: 'decontaminate',
      value: 'FILES',
      help: 'evaluation sets: JSON lines, JSON or plain text, gzipped or not; * and ? in the file name',
    },
    fields: {
      kind: 'texts',
      flag: 'decontaminate-fields',
      value: 'NAMES',
      help: 'fields of a row to look for; all texts in it unless given',
    },
    ngram: {
      kind: 'count',
      default: 13,
      least: 2,
      most: 1000,
      flag: 'decontaminate-ngram',
      help: 'words that have to agree, one after another',
    },
    min_tokens: {
      kind: 'count',
      default: 8,
      least: 1,
      most: 1000,
      canBeOff: true,
      flag: 'decontaminate-min-tokens',
      help: 'a row of texts shorter than an n-gram is looked for by its longest, if that has so many words',
    },
  },
  reasons: () => ['contaminated'],
  load: async (options) => {
    const ngram = options['ngram'] as number;
    const builder = new NgramSetBuilder(ngram, options['min_tokens'] as number | null);
    let rows = 0;
    for await (const { path, questions } of readQuestions(pathsOf(options), fieldsOf(options))) {
      const countBefore = builder.entryCount;
      for (const { name, texts } of questions) builder.add(name, texts);
      rows += questions.length;
      if (builder.entryCount === countBefore) {
        throw new CurationError(
          'BAD_INPUT',
          `${path}: expected at least one text of ${ngram} words, found none in ${questions.length} rows; ` +
            'lower "ngram" or "min_tokens", or name other fields',
        );
      }
    }
    const resources: DecontaminateResources = { tables: builder.finish(), rows, tooShort: builder.tooShort };
    return { ...resources };
  },
  create: (_, { resources }) => {
    const finder = new NgramFinder(resources['tables'] as NgramTables);
    const evidence = {
      statistic: Number.NaN,
      threshold: Number.NaN,
      detail: undefined as string | undefined,
    };
    return {
      evidence,
      judge: ({ bytes, start, end }) => {
        const match = finder.find(bytes, start, end);
        if (match === undefined) return 0;
        evidence.detail = `${match.group}: ${match.text}`;
        return 1;
      },
    };
  },
};

function pathsOf(options: StepOptions): readonly string[] {
  const paths = (options['against'] ?? []) as readonly string[];
  if (paths.length === 0) {
    throw new CurationError(
      'USAGE',
      'decontaminate: expected "against", the files of evaluation sets, found none',
    );
  }
  return paths;
}

function fieldsOf(options: StepOptions): readonly string[] | undefined {
  const fields = options['fields'] as readonly string[] | null | undefined;
  return fields === null || fields === undefined || fields.length === 0 ? undefined : fields;
}
