import type { Evidence, FilterDefinition } from './filter.ts';

/**
 * The paragraph rule of mC4 (Xue et al. 2021, section 3.1): a document passes that has `min_paragraphs` lines, cut at line feeds, of at
 * least `min_paragraph_len` characters each. The reason is datatrove's, and names `min_paragraphs`. An empty text is one empty line,
 * and so dropped unless an option says otherwise.
 */
export const c4Paragraph: FilterDefinition = {
  name: 'c4-paragraph',
  summary: 'mC4 paragraph rule: a number of long lines',
  options: {
    min_paragraphs: { kind: 'count', default: 3, help: 'fewest lines of that length' },
    min_paragraph_len: { kind: 'count', default: 200, help: 'least length of a paragraph, in characters' },
  },
  reasons: (options) => [`< ${String(options['min_paragraphs'])} paragraphs`],
  create: (options, { kernel }) => {
    const minParagraphs = options['min_paragraphs'] as number;
    const minLength = options['min_paragraph_len'] as number;
    const evidence: Evidence = { statistic: Number.NaN, threshold: minParagraphs, detail: undefined };
    return {
      evidence,
      judge(document) {
        kernel.load(document);
        const paragraphs = kernel.countLongLines(minLength);
        if (paragraphs >= minParagraphs) return 0;
        evidence.statistic = paragraphs;
        evidence.threshold = minParagraphs;
        return 1;
      },
    };
  },
};
