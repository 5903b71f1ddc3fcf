import { element, type Markup, typeset } from '../page/markup.ts';
import { htmlPage, section } from '../page/page.ts';
import { plural } from '../page/words.ts';
import { formatCount } from '../units.ts';
import type { CurationReport, FunnelName, FunnelStep } from './curation.ts';
import { changedChart, distributionChart, funnelChart, mapChart, ruleChart } from './page-charts.ts';
import { STYLE } from './page-style.ts';
import { conceptsTable } from './page-tables.ts';
import {
  type Change,
  changesOf,
  conceptName,
  formatAll,
  formatRatio,
  formatShare,
  formatSize,
  inputsText,
  methodSentences,
  ruleSentences,
  snippet,
  sortChanges,
} from './words.ts';

/** What the page needs of a report. */
export interface CuratedReport {
  readonly curation: CurationReport;
  readonly inputs: readonly { readonly path: string }[];
}

const TABLE_ROWS = 50;
const SNIPPET = 360;

/**
 * The report of a curation as one page of HTML for people: the funnel, the map of concepts, what changed most, examples, sources before and after, and
 * how it was decided. It has no script and loads nothing; all text in it is escaped and cut to length. About 100 KB and 35 bytes a concept, so 4096
 * concepts stay far below a megabyte. Equal reports give equal bytes.
 * @param version of the program, for the foot of the page.
 */
export function curationPage({ curation, inputs }: CuratedReport, version: string): string {
  const changes = changesOf(curation);
  const title = `${formatSize(curation.writtenTokens)} tokens of ${plural(changes.length, 'concept')}`;
  return htmlPage({
    title: `${title}: curation`,
    heading: title,
    lead: typeset(
      `What was chosen from ${inputsText(inputs)}, concept by concept: how much of each there was, how complex it is, and how much of it was kept.`,
    ),
    sections: [
      tiles(curation, changes),
      section('funnel', 'What was left after each step', funnelChart(curation)),
      mapSection(curation, changes),
      changedSection(changes),
      examplesSection(changes),
      distributionsSection(curation),
      section('method', 'How concepts were found', sentences(methodSentences(curation))),
      section(
        'rule',
        'How much of each was kept',
        sentences(ruleSentences(curation)),
        changes.length === 0 ? '' : ruleChart(curation, changes),
      ),
    ].filter((part) => part !== undefined),
    footer: `Sluice ${version}. All numbers of this page, and all concepts, are in report.json; sluice concepts lists them.`,
    style: STYLE,
  });
}

function sentences(texts: readonly string[]): Markup {
  return element(
    'ul',
    {},
    texts.map((text) => element('li', {}, typeset(text))),
  );
}

function tiles(curation: CurationReport, changes: readonly Change[]): Markup {
  const { budgetTokens, writtenTokens, funnel } = curation;
  const find = (name: FunnelName): FunnelStep | undefined => funnel.find(({ step }) => step === name);
  const [read, chosen, written] = [funnel[0], find('quotas'), find('repeats')];
  const count = (direction: Change['direction']): string =>
    formatCount(changes.filter((change) => change.direction === direction).length);
  const tile = (kind: string, number: string, says: string): Markup =>
    element(
      'div',
      {},
      element('p', { class: 'kind' }, kind),
      element('p', { class: 'number' }, typeset(number)),
      element('p', { class: 'says' }, typeset(says)),
    );
  return element(
    'div',
    { class: 'tiles' },
    tile(
      'Tokens written',
      formatSize(writtenTokens),
      `${formatShare(budgetTokens > 0 ? writtenTokens / budgetTokens : 0)} of the ${formatSize(budgetTokens)} that were asked for`,
    ),
    tile(
      'Documents kept',
      formatSize(chosen?.documents ?? 0),
      `${formatShare(read !== undefined && read.documents > 0 ? (chosen?.documents ?? 0) / read.documents : 0)} of ${formatAll(read?.documents ?? 0)} read`,
    ),
    tile('Concepts', formatCount(changes.length), `${count('up')} went up, ${count('down')} went down`),
    tile(
      'Written more than once',
      formatSize(Math.max(0, (written?.documents ?? 0) - (chosen?.documents ?? 0))),
      'repeats of documents, each counted',
    ),
  );
}

function mapSection(curation: CurationReport, changes: readonly Change[]): Markup {
  if (changes.length === 0) return section('map', 'Concepts', element('p', {}, 'There are none.'));
  const bySize = sortChanges(changes, 'size').slice(0, TABLE_ROWS);
  return section(
    'map',
    'Concepts',
    mapChart(curation, changes),
    element(
      'p',
      { class: 'note' },
      'Documents and tokens are those that are no exact or near duplicate. The last column says how often they are seen on average, and how much larger or smaller the share of the concept is in what was written.',
    ),
    element(
      'details',
      {},
      element(
        'summary',
        {},
        bySize.length < changes.length
          ? `The ${formatCount(bySize.length)} largest of ${plural(changes.length, 'concept')}`
          : 'All concepts, the largest first',
      ),
      conceptsTable('The largest concepts', bySize),
    ),
  );
}

function changedSection(changes: readonly Change[]): Markup | undefined {
  const charts = (['up', 'down'] as const).flatMap((direction) => {
    const chart = changedChart(changes, direction);
    return chart === undefined ? [] : [chart];
  });
  if (charts.length === 0) return undefined;
  const most = sortChanges(changes, 'change')
    .filter(({ direction }) => direction !== 'level')
    .slice(0, TABLE_ROWS);
  return section(
    'changed',
    'What was changed most',
    charts,
    element(
      'details',
      {},
      element('summary', {}, `Numbers of the ${plural(most.length, 'concept')} that changed most`),
      conceptsTable('Concepts by how much of the whole they gained or lost', most),
    ),
  );
}

/** A few concepts of each kind, each once. */
function examplesSection(changes: readonly Change[]): Markup | undefined {
  const byChange = sortChanges(changes, 'change');
  const chosen = new Set([
    ...byChange.filter(({ direction }) => direction === 'up').slice(0, 3),
    ...byChange.filter(({ direction }) => direction === 'down').slice(0, 3),
    ...sortChanges(changes, 'size').slice(0, 3),
  ]);
  const shown = [...chosen].filter(({ concept }) => concept.examples.length > 0);
  if (shown.length === 0) return undefined;
  return section(
    'examples',
    'A look into a few of them',
    element('p', { class: 'note' }, 'Beginnings of documents near the centre of each concept.'),
    shown.map((change) =>
      element(
        'div',
        {},
        element('h3', {}, conceptName(change.concept)),
        element(
          'p',
          { class: 'note' },
          typeset(
            `${formatShare(change.before)} of the tokens before, ${formatShare(change.after)} after (${formatRatio(change)})`,
          ),
        ),
        change.concept.examples
          .slice(0, 3)
          .map(({ source, row, text }) =>
            element(
              'blockquote',
              {},
              element('p', {}, snippet(text, SNIPPET)),
              element('p', { class: 'from' }, `${snippet(source, 120)}, row ${formatAll(row)}`),
            ),
          ),
      ),
    ),
  );
}

function distributionsSection({ distributions }: CurationReport): Markup | undefined {
  const shown = distributions.filter(({ groups }) => groups.length > 0);
  return shown.length === 0
    ? undefined
    : section(
        'distributions',
        'Where it came from',
        shown.map((one, at) => distributionChart(one, `distribution-${at}`)),
      );
}
