import { element, type Markup, typeset } from '../page/markup.ts';
import { htmlPage, section } from '../page/page.ts';
import { displayName, listOf, plural } from '../page/words.ts';
import { formatCount } from '../units.ts';
import { type Groups, groupBy, groupComparisons, proxyInfo } from './groups.ts';
import { learningChart, setsForest, sizeChart, smallLearningChart, stepsForest } from './page-charts.ts';
import { STYLE } from './page-style.ts';
import { armsTable, controlsTable, curvesTable, heldOutTable, setTable, stepsTable } from './page-tables.ts';
import type { Comparison, Proof } from './proof.ts';
import {
  confidenceText,
  type Figure,
  figuresOf,
  formatTokens,
  noneWorseText,
  scaleText,
  titleText,
  withArticle,
  worseText,
} from './words.ts';

/**
 * A proof as one page of HTML for people: what got worse, the three numbers, curves, controls, each held-out set, what was measured and what it
 * cannot show. It has no script and loads nothing; all names in it are escaped. Equal proofs give equal bytes.
 * @param version of the program, for the foot of the page.
 */
export function provePage(proof: Proof, version: string): string {
  const groups = groupComparisons(proof);
  const title = titleText(proof);
  const sections = [
    worseSection(proof),
    numbersSection(proof, groups),
    curvesSection(proof),
    sizesSection(proof),
    controlsSection(proof, groups),
    setsSection(proof, groups),
    stepsSection(proof, groups),
    measuredSection(proof),
    cautionsSection(proof),
    limitsSection(),
  ];
  return htmlPage({
    title: `${title}: proof of value`,
    heading: title,
    lead: typeset(
      `What a data set is worth, measured with small language models trained on equal amounts of it: ${scaleText(proof)}. ` +
        `Ranges are ${confidenceText(proof)} intervals.`,
    ),
    sections: sections.filter((section) => section !== undefined),
    footer: `Sluice ${version}. All numbers of this page, and more digits of them, are in prove.json.`,
    style: STYLE,
  });
}

function worseSection(proof: Proof): Markup {
  const { worse, comparisons, setup } = proof;
  const intervals = comparisons.reduce((sum, { sets }) => sum + sets.length, 0);
  const byChance = (intervals * (1 - setup.confidence)) / 2;
  const chance =
    intervals < 2
      ? ''
      : ` Of ${formatCount(intervals)} intervals at ${confidenceText(proof)}, about ${Number(byChance.toPrecision(2))} would lie wholly on the worse side by chance if nothing differed.`;
  return element(
    'section',
    { class: worse.length > 0 ? 'verdict bad' : 'verdict', 'aria-labelledby': 'worse' },
    element('h2', { id: 'worse' }, worse.length > 0 ? 'What got worse' : 'Nothing got worse'),
    worse.length > 0
      ? element(
          'ul',
          {},
          worse.map((entry) => element('li', {}, typeset(worseText(proof, [entry])))),
        )
      : element('p', {}, typeset(noneWorseText(proof))),
    element(
      'p',
      { class: 'note' },
      worse.length > 0
        ? typeset(`Held-out sets with a higher loss at equal tokens, the interval clear of 0.${chance}`)
        : typeset(chance.trim()),
    ),
  );
}

const KINDS: Readonly<Record<Figure['kind'], string>> = {
  faster: 'Faster',
  better: 'Better',
  smaller: 'Smaller',
};

function numbersSection(proof: Proof, { compared }: Groups): Markup {
  const groups = groupBy(compared, ({ arm, against }) => JSON.stringify([arm, against]));
  return section(
    'numbers',
    'Faster, better, smaller',
    element(
      'p',
      { class: 'note' },
      'Faster: how many times fewer tokens reach the same loss. Better: how much lower the loss is at equal tokens. Smaller: how many times smaller a model does the same. ' +
        'Each number is true under the small model that is named with it, and under no other.',
    ),
    groups.length === 0 ? element('p', {}, 'Nothing was compared with the baseline.') : '',
    groups.map(([, own]) => {
      const [{ arm, against }] = own as [Comparison];
      return element(
        'div',
        {},
        element('h3', {}, `${displayName(arm)} against ${displayName(against)}`),
        own.map((comparison) =>
          element('div', { class: 'trio' }, figuresOf(proof, comparison).map(figureBlock)),
        ),
      );
    }),
  );
}

function figureBlock({ kind, value, range, name, verdict, sign }: Figure): Markup {
  return element(
    'div',
    { class: sign },
    element('p', { class: 'kind' }, KINDS[kind]),
    element(
      'p',
      { class: 'number' },
      typeset(value),
      ' ',
      range === '' ? '' : element('small', {}, typeset(range)),
    ),
    element('p', { class: 'name' }, name),
    element('p', { class: 'says' }, verdict),
  );
}

function curvesSection(proof: Proof): Markup {
  return section(
    'curves',
    'How the loss falls',
    proxiesOf(proof).flatMap((proxy, at) => {
      const label = withArticle(displayName(proxyInfo(proof, proxy).label));
      // Four in rows of three would leave one alone.
      const columns = [2, 4].includes(proof.heldOut.length) ? 2 : 3;
      const small = proof.heldOut.flatMap(({ name }, index) =>
        present(smallLearningChart(proof, proxy, name, `set-${at}-${index}`, columns)),
      );
      return [
        ...present(learningChart(proof, proxy, `loss-${at}`)),
        ...(small.length === 0
          ? []
          : [
              element('h3', {}, `On each held-out set, under ${label}`),
              element('p', { class: 'note' }, 'Each chart has an axis of its own.'),
              element('div', { class: columns === 2 ? 'multiples two' : 'multiples' }, small),
            ]),
        ...present(curvesTable(proof, proxy)),
      ];
    }),
  );
}

function sizesSection(proof: Proof): Markup | undefined {
  const charts = proxiesOf(proof).flatMap((proxy, at) => present(sizeChart(proof, proxy, `size-${at}`)));
  return charts.length === 0 ? undefined : section('sizes', 'How large a model has to be', charts);
}

function controlsSection(proof: Proof, { controls }: Groups): Markup {
  return section(
    'controls',
    'Controls',
    element(
      'p',
      {},
      controls.length === 0
        ? 'There are none: nothing shows what the measurement says where there is no difference.'
        : 'A control is made of the baseline without looking at what is in a document, so it must be worth what the baseline is worth. Where its interval does not cover 1, neither are the other intervals to be trusted.',
    ),
    controls.length === 0 ? [] : controlsTable(proof, controls),
  );
}

function setsSection(proof: Proof, { compared }: Groups): Markup | undefined {
  if (proof.heldOut.length === 0) return undefined;
  return section(
    'sets',
    'Each held-out set',
    element(
      'p',
      { class: 'note' },
      `Loss after ${formatTokens(proof.setup.tokens)}. A difference above 0 is better, one below 0 is worse; where the interval is clear of 0 and below, it is set in bold.`,
    ),
    proxiesOf(proof).flatMap((proxy, at) => present(setsForest(proof, compared, proxy, `differences-${at}`))),
    proof.heldOut.map(({ name }) => setTable(proof, name)),
  );
}

function stepsSection(proof: Proof, { steps, without }: Groups): Markup | undefined {
  if (steps.length === 0 && without.length === 0) return undefined;
  const recipe = listOf([...new Set(steps.map(({ arm }) => displayName(arm)))]);
  return section(
    'steps',
    'What each step is worth',
    element(
      'p',
      {},
      'The whole recipe against the same recipe with one step left out, all else equal. A step is worth what is lost without it.',
    ),
    proxiesOf(proof).flatMap((proxy, at) => [
      ...present(stepsForest(proof, steps, proxy, 'better', `steps-better-${at}`)),
      ...present(stepsForest(proof, steps, proxy, 'faster', `steps-faster-${at}`)),
    ]),
    steps.length === 0
      ? []
      : stepsTable(
          proof,
          `${recipe} against itself less one step, with ${confidenceText(proof)} intervals`,
          steps,
          'against',
        ),
    without.length === 0
      ? []
      : stepsTable(
          proof,
          `Less one step, against ${listOf([...new Set(without.map(({ against }) => displayName(against)))])}`,
          without,
          'arm',
        ),
  );
}

function measuredSection(proof: Proof): Markup {
  const { setup, proxies } = proof;
  const facts: readonly (readonly [string, string])[] = [
    [
      'Tokens of each',
      `${formatTokens(setup.tokens)} (${formatCount(setup.tokens)} bytes; a byte is a token)`,
    ],
    ['Budgets', setup.budgets.map(formatTokens).join(', ')],
    ['Repetitions', `${plural(setup.seeds, 'seed')}, counted from ${setup.seed}`],
    [
      'Intervals',
      `${confidenceText(proof)}, from ${formatCount(setup.replicates)} bootstrap resamples of documents and seeds`,
    ],
    ...proxies.map(({ label, parameters }): [string, string] => [
      'Proxy',
      `${displayName(label)}${parameters.length === 0 ? '; its size follows from the data' : ` of ${listOf(parameters.map(formatCount))} parameters`}`,
    ]),
  ];
  return section(
    'measured',
    'What was measured',
    element(
      'dl',
      {},
      facts.flatMap(([term, says]) => [element('dt', {}, term), element('dd', {}, typeset(says))]),
    ),
    armsTable(proof),
    heldOutTable(proof),
    element(
      'p',
      { class: 'note' },
      'Held-out documents are left out where a training document has the same bytes (exact) or shares a band of its MinHash signature (near).',
    ),
  );
}

function cautionsSection({ cautions }: Proof): Markup | undefined {
  if (cautions.length === 0) return undefined;
  return section(
    'cautions',
    'Cautions',
    element(
      'ul',
      {},
      cautions.map((caution) => element('li', {}, displayName(caution))),
    ),
  );
}

const LIMITS: readonly string[] = [
  'Models over short runs of bytes reward text that shares words and phrases with the held-out sets, and reward the removal of duplicates.',
  'They are blind to reasoning, to facts that need more than a phrase, and to structure over long distances.',
  'With few tokens they punish diversity: what is rare costs more than it teaches until there is enough of it.',
  'Likelihood at a small scale puts two data sets in the order that large models find in about 80 % of pairs (DataDecide, arXiv 2504.11393). It says which is better, not how good either is.',
  'No number here can be compared with a multiplier that was published for large models, nor with one under another proxy.',
];

function limitsSection(): Markup {
  return section(
    'limits',
    'What these numbers cannot show',
    element(
      'ul',
      {},
      LIMITS.map((limit) => element('li', {}, typeset(limit))),
    ),
  );
}

/** Proxies in their order, with those that only comparisons or curves name. */
function proxiesOf(proof: Proof): string[] {
  return [...new Set([...proof.proxies.map(({ name }) => name), ...proof.curves.map(({ proxy }) => proxy)])];
}

function present(markup: Markup | undefined): Markup[] {
  return markup === undefined ? [] : [markup];
}
