import { type Child, element, type Markup, typeset } from '../page/markup.ts';
import { column, NUMBER, rowHead, table } from '../page/table.ts';
import { type Change, conceptName, formatNumber, formatRatio, formatShare, formatSize } from './words.ts';

const ARROWS: Readonly<Record<Change['direction'], string>> = { up: '▲', down: '▼', level: '●' };

/** Concepts with their numbers, each above what became of it. */
export function conceptsTable(caption: string, changes: readonly Change[]): Markup {
  const rows = changes.map((change) => {
    const { concept } = change;
    const cell = (value: string, says: string): Markup =>
      element('td', NUMBER, ...lines(typeset(value), typeset(says)));
    return element(
      'tr',
      {},
      rowHead(conceptName(concept), element('small', {}, `concept ${concept.concept}`)),
      cell(formatSize(concept.documents), `${formatSize(concept.keptDocuments)} kept`),
      cell(formatSize(concept.tokens), `${formatSize(concept.quotaTokens)} quota`),
      cell(formatNumber(concept.complexity), `${formatShare(concept.share)} asked`),
      cell(formatNumber(concept.epochs), `${ARROWS[change.direction]} ${formatRatio(change)}`),
    );
  });
  return element(
    'div',
    { class: 'concepts' },
    table(
      caption,
      [
        column('Concept'),
        column('Documents', true),
        column('Tokens', true),
        column('Complexity', true),
        column('Times seen', true),
      ],
      element('tbody', {}, rows),
    ),
  );
}

function lines(value: string, says: string): readonly Child[] {
  return [value, element('small', {}, says)];
}
