import { type Bar, type BarChart, type BarRow, barChart } from '../page/bars.ts';
import type { LegendEntry } from '../page/drawing.ts';
import { element, type Markup, typeset } from '../page/markup.ts';
import { type ScatterChart, scatterChart } from '../page/scatter.ts';
import { displayName } from '../page/words.ts';
import type { CurationReport, Distribution } from './curation.ts';
import {
  type Change,
  conceptName,
  FUNNEL_WORDS,
  formatNumber,
  formatRatio,
  formatShare,
  formatSize,
  snippet,
  sortChanges,
} from './words.ts';

/** Widths of the drawings, in units of which 12 make a letter: beside text on a screen or on paper, and on a phone. */
const WIDE = 820;
const NARROW = 360;

const BEFORE_AND_AFTER: readonly LegendEntry[] = [
  { classes: 'before', kind: 'dot', text: 'share of the tokens before' },
  { classes: 'after', kind: 'dot', text: 'share of the tokens written' },
];

/** What was left after each step, in documents and in tokens. */
export function funnelChart({ funnel }: CurationReport): Markup {
  const first = funnel[0];
  const bar = (classes: string, value: number, whole: number | undefined, unit: string): Bar => ({
    classes,
    value: share(value, whole),
    says: typeset(`${formatSize(value)} ${unit}, ${formatShare(share(value, whole))}`),
  });
  return bars(
    {
      id: 'funnel-chart',
      title: 'What was left after each step',
      legend: [
        { classes: 'before', kind: 'dot', text: 'documents' },
        { classes: 'after', kind: 'dot', text: 'tokens' },
      ],
      rows: funnel.map(({ step, documents, tokens }) => ({
        label: Object.hasOwn(FUNNEL_WORDS, step) ? FUNNEL_WORDS[step] : displayName(step),
        bars: [
          bar('before', documents, first?.documents, 'documents'),
          bar('after', tokens, first?.tokens, 'tokens'),
        ],
      })),
    },
    'Shares are of what was read. A document may be written more than once, so the last step may be more than the one before.',
  );
}

function share(value: number, whole: number | undefined): number {
  return whole !== undefined && whole > 0 ? value / whole : value > 0 ? Number.NaN : 0;
}

/** All concepts: tokens before and tokens written, both as logarithms. */
export function mapChart(curation: CurationReport, changes: readonly Change[]): Markup {
  const tokens = changes.reduce((sum, { concept }) => sum + concept.tokens, 0);
  const slope = tokens > 0 ? curation.writtenTokens / tokens : 0;
  return scatter(
    changes,
    {
      id: 'map-chart',
      title: 'Tokens of each concept before and after',
      description: describe(changes),
      xTitle: 'tokens before',
      yTitle: 'tokens written',
      axes: 'logarithmic',
      formatX: formatSize,
      formatY: formatSize,
      guides: slope > 0 ? [{ slope }] : [],
    },
    ({ concept }) => [concept.tokens, concept.writtenTokens],
    'on the line: the same share before and after',
    'A dot is a concept, the larger the more documents it has. Above the line it makes up more of what was written than of what there was, below the line less.',
  );
}

/** All concepts: how complex each is, and how often its documents are seen. */
export function ruleChart(curation: CurationReport, changes: readonly Change[]): Markup {
  const tokens = changes.reduce((sum, { concept }) => sum + concept.tokens, 0);
  return scatter(
    changes,
    {
      id: 'rule-chart',
      title: 'What the rule made of complexity',
      description: 'Each concept by its complexity and by how often its documents are seen on average.',
      xTitle: 'complexity',
      yTitle: 'times seen',
      axes: 'straight',
      formatX: formatNumber,
      formatY: formatNumber,
      guides: tokens > 0 ? [{ level: curation.writtenTokens / tokens }] : [],
    },
    ({ concept }) => [concept.complexity, concept.epochs],
    'on the line: as often as all are on average',
    'A dot is a concept, the larger the more documents it has. Below 1 it is seen in part, above 1 it is repeated.',
  );
}

function describe(changes: readonly Change[]): string {
  const count = (direction: Change['direction']): number =>
    changes.filter((change) => change.direction === direction).length;
  const most = sortChanges(changes, 'change').slice(0, 5);
  const named = most.map((change) => `${conceptName(change.concept)}: ${formatRatio(change)}.`);
  return `${count('up')} concepts went up, ${count('down')} went down. Changed most: ${named.join(' ')}`;
}

const MOST_LABELS = 16;

function scatter(
  changes: readonly Change[],
  chart: Omit<ScatterChart, 'dots' | 'labels' | 'legend'>,
  place: (change: Change) => readonly [number, number],
  guide: string,
  caption: string,
): Markup {
  const most = changes.reduce((largest, { concept }) => Math.max(largest, concept.documents || 0), 1);
  const numbers = new Map(changes.map((change, at) => [change, at]));
  const whole: ScatterChart = {
    ...chart,
    dots: changes.map((change) => {
      const [x, y] = place(change);
      return { x, y, size: change.concept.documents / most, classes: change.direction };
    }),
    labels: sortChanges(changes, 'change')
      .slice(0, MOST_LABELS)
      .map((change) => ({ dot: numbers.get(change)!, text: conceptName(change.concept, 2) })),
    legend: [
      { classes: 'up', kind: 'dot', text: 'up' },
      { classes: 'down', kind: 'dot', text: 'down' },
      { classes: 'level', kind: 'dot', text: 'as before' },
      ...(chart.guides.length > 0 ? [{ classes: '', kind: 'line', text: guide } as const] : []),
    ],
  };
  return bothSizes(
    chart.title,
    caption,
    scatterChart({ ...whole, id: `${chart.id}-wide` }, WIDE, 520),
    scatterChart({ ...whole, id: `${chart.id}-narrow` }, NARROW, 400),
  );
}

/** Those that gained most of the whole, or lost most of it. */
export function changedChart(changes: readonly Change[], direction: 'up' | 'down'): Markup | undefined {
  const own = sortChanges(
    changes.filter((change) => change.direction === direction),
    'change',
  ).slice(0, 12);
  if (own.length === 0) return undefined;
  return bars(
    {
      id: `${direction}-chart`,
      title: direction === 'up' ? 'Concepts that gained most' : 'Concepts that lost most',
      legend: BEFORE_AND_AFTER,
      rows: own.map((change): BarRow => {
        const after = `${formatShare(change.after)} (${formatRatio(change)})`;
        return pairRow(conceptName(change.concept), change.before, change.after, after);
      }),
    },
    direction === 'up'
      ? 'By how much more of the whole they are now than before.'
      : 'By how much less of the whole they are now than before.',
  );
}

/** Groups of documents, before and after. */
export function distributionChart(distribution: Distribution, id: string): Markup {
  const { groups } = distribution;
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + (value || 0), 0);
  const tokens = sum(groups.map((group) => group.tokens));
  const written = sum(groups.map((group) => group.writtenTokens));
  return bars(
    {
      id,
      title: `Tokens by ${snippet(distribution.of, 60)}, before and after`,
      legend: BEFORE_AND_AFTER,
      rows: groups.map((group) => {
        const [before, after] = [share(group.tokens, tokens), share(group.writtenTokens, written)];
        return pairRow(displayName(group.name), before, after, formatShare(after));
      }),
    },
    `${formatSize(tokens)} tokens before, ${formatSize(written)} written, repeats counted.`,
  );
}

function pairRow(label: string, before: number, after: number, says: string): BarRow {
  return {
    label: label.length > MOST_LABEL ? `${label.slice(0, MOST_LABEL)}…` : label,
    bars: [
      { classes: 'before', value: before, says: typeset(formatShare(before)) },
      { classes: 'after', value: after, says: typeset(says) },
    ],
  };
}

/** A name may be a whole text: what does not fit is kept as a title, and a page has room for so much of that. In UTF-16 units. */
const MOST_LABEL = 120;

function bars(chart: Omit<BarChart, 'description'>, caption: string): Markup {
  const description = chart.rows
    .map((row) => `${row.label}: ${row.bars.map(({ says }) => says).join(', ')}.`)
    .join(' ');
  const whole = { ...chart, description };
  return bothSizes(
    chart.title,
    caption,
    barChart({ ...whole, id: `${chart.id}-wide` }, WIDE, false),
    barChart({ ...whole, id: `${chart.id}-narrow` }, NARROW, true),
  );
}

function bothSizes(title: string, caption: string, wide: Markup, narrow: Markup): Markup {
  return element(
    'figure',
    {},
    element('div', { class: 'wide' }, wide),
    element('div', { class: 'narrow' }, narrow),
    element('figcaption', {}, element('b', {}, `${title}.`), ` ${typeset(caption)}`),
  );
}
