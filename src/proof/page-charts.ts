import { element, type Markup, typeset } from '../page/markup.ts';
import { SERIES_COLOURS } from '../page/style.ts';
import { displayName, formatAmount, listOf, plural } from '../page/words.ts';
import {
  type ForestChart,
  type ForestRow,
  forestChart,
  type LineChart,
  lineChart,
  type Marker,
  type Style,
} from './chart.ts';
import { curvesOf, isControl, proxyInfo } from './groups.ts';
import type { Comparison, Curve, Multiplier, Proof } from './proof.ts';
import {
  budgetReach,
  confidenceText,
  decimalsOf,
  formatDecimal,
  formatInterval,
  formatMultiplier,
  formatMultiplierRange,
  formatTokens,
  isRoundAmount,
  type Reach,
  sizeUnit,
  withArticle,
} from './words.ts';

/** Widths of the drawings, in units of which 12 make a letter: beside text on a screen or on paper, on a phone, and three or two in a row. */
const WIDE = 820;
const NARROW = 360;
const SMALL = 320;
const HALF = 430;

const MARKERS: readonly Marker[] = [
  'square',
  'triangle',
  'diamond',
  'drop',
  'plus',
  'cross',
  'star',
  'circle',
];

/**
 * How each arm is drawn, the same in every chart: the baseline in the colour of the text, controls dashed with open markers, all others in
 * colours and markers of their own. 56 of them come before a pair is used again.
 */
function armStyles(proof: Proof): ReadonlyMap<string, Style> {
  let number = 0;
  return new Map(
    proof.arms.map((arm): [string, Style] => {
      if (arm.role === 'baseline') return [arm.name, { classes: 'baseline', marker: 'circle' }];
      if (isControl(arm)) {
        return [
          arm.name,
          { classes: `control ${arm.role}`, marker: arm.role === 'random' ? 'ring' : 'diamond' },
        ];
      }
      const at = number++;
      return [arm.name, { classes: `s${at % SERIES_COLOURS.length}`, marker: MARKERS[at % MARKERS.length]! }];
    }),
  );
}

const UNKNOWN: Style = { classes: '', marker: 'circle' };

/** Loss over tokens under a proxy, the mean over all held-out sets; undefined where there is none. */
export function learningChart(proof: Proof, proxy: string, id: string): Markup | undefined {
  const curves = curvesOf(proof, proxy, undefined);
  if (curves.length === 0) return undefined;
  const { label, parameters } = proxyInfo(proof, proxy);
  const model = withArticle(displayName(label));
  const ofSize = parameters.length > 1 ? ` of ${formatAmount(curves[0]!.parameters ?? 0)} parameters` : '';
  const chart = curveChart(proof, curves, id, `Loss over training bytes under ${model}${ofSize}`);
  return bothSizes(chart, 400, 340, [
    element('b', {}, `Loss over training bytes under ${model}${ofSize}.`),
    typeset(
      ` Mean over ${plural(proof.heldOut.length, 'held-out set')} and ${plural(proof.setup.seeds, 'seed')}; lower is better. ` +
        `Points have their ${confidenceText(proof)} intervals and stand side by side so that these can be seen; lines are L(T) = E + B T`,
    ),
    element('sup', {}, '−β'),
    ', fitted to the points. These intervals say how sure a loss is by itself. Differences are surer, because all arms are measured on the same documents.',
  ]);
}

/** The same for one held-out set, small enough that two or three fit in a row. */
export function smallLearningChart(
  proof: Proof,
  proxy: string,
  set: string,
  id: string,
  columns: 2 | 3,
): Markup | undefined {
  const curves = curvesOf(proof, proxy, set);
  if (curves.length === 0) return undefined;
  const model = withArticle(displayName(proxyInfo(proof, proxy).label));
  const name = displayName(set);
  const chart = curveChart(proof, curves, id, `Loss on ${name} over training bytes under ${model}`);
  return element(
    'figure',
    {},
    element('figcaption', {}, element('b', {}, name)),
    columns === 2 ? lineChart(chart, HALF, 260) : lineChart(chart, SMALL, 230),
  );
}

function curveChart(proof: Proof, curves: readonly Curve[], id: string, title: string): LineChart {
  const styles = armStyles(proof);
  return {
    id,
    title,
    description: curves
      .map(({ arm, points }) => {
        const decimals = decimalsOf(points.map(({ loss }) => loss));
        const losses = points.map(
          ({ tokens, loss }) => `${formatDecimal(loss.value, decimals)} at ${formatTokens(tokens)}`,
        );
        return `${displayName(arm)}: ${listOf(losses)}.`;
      })
      .join(' '),
    xTitle: 'training bytes',
    yTitle: 'bits per byte',
    ticks: proof.setup.budgets.every(isRoundAmount) ? proof.setup.budgets : undefined,
    formatX: formatTokens,
    series: controlsFirst(proof, curves).map(({ arm, points, fit }) => ({
      name: displayName(arm),
      style: styles.get(arm) ?? UNKNOWN,
      points: points.map(({ tokens, loss }) => ({ x: tokens, y: loss })),
      fit: (tokens: number) => fit.E + fit.B * tokens ** -fit.beta,
    })),
  };
}

/**
 * Loss over the size of the model: at all tokens over the parameters of models that were trained in several sizes, or over the n-grams a
 * model held as it read on.
 */
export function sizeChart(proof: Proof, proxy: string, id: string): Markup | undefined {
  const info = proxyInfo(proof, proxy);
  const model = withArticle(displayName(info.label));
  const unit = sizeUnit(info);
  const chosen = unit === 'parameters';
  const lines = chosen
    ? proof.sizes
        .filter((entry) => entry.proxy === proxy)
        .map(({ arm, points }) => ({
          arm,
          points: points.map(({ parameters, loss }) => ({ x: parameters, y: loss })),
        }))
    : curvesOf(proof, proxy, undefined).map(({ arm, points }) => ({
        arm,
        points: points.map(({ size, loss }) => ({ x: size, y: loss })),
      }));
  const drawn = lines.filter(({ points }) => points.length > 0 && points.every(({ x }) => x > 0));
  if (drawn.length === 0) return undefined;
  const styles = armStyles(proof);
  const title = `Loss over ${chosen ? 'parameters' : 'n-grams held'} under ${model}`;
  const chart: LineChart = {
    id,
    title,
    description: drawn
      .map(({ arm, points }) => {
        const decimals = decimalsOf(points.map(({ y }) => y));
        const losses = points.map(
          ({ x, y }) => `${formatDecimal(y.value, decimals)} with ${formatAmount(x)} ${unit}`,
        );
        return `${displayName(arm)}: ${listOf(losses)}.`;
      })
      .join(' '),
    xTitle: chosen ? 'parameters' : 'distinct n-grams held',
    yTitle: 'bits per byte',
    ticks: undefined,
    formatX: formatAmount,
    series: controlsFirst(proof, drawn).map(({ arm, points }) => ({
      name: displayName(arm),
      style: styles.get(arm) ?? UNKNOWN,
      points,
      fit: undefined,
    })),
  };
  return bothSizes(chart, 400, 340, [
    element('b', {}, `${title}.`),
    chosen
      ? ` Every model was trained on ${formatTokens(proof.setup.tokens)}. Where a line reaches a loss further to the left, a smaller model does the same.`
      : ` One point for each budget. Where a line reaches a loss further to the left, fewer n-grams do the same.`,
  ]);
}

/** What is drawn first lies beneath. */
function controlsFirst<T extends { readonly arm: string }>(proof: Proof, lines: readonly T[]): T[] {
  const controls = new Set(proof.arms.filter(isControl).map(({ name }) => name));
  return lines.toSorted((a, b) => Number(controls.has(b.arm)) - Number(controls.has(a.arm)));
}

function bothSizes(
  chart: LineChart,
  height: number,
  narrowHeight: number,
  caption: readonly (string | Markup)[],
): Markup {
  return element(
    'figure',
    {},
    element('div', { class: 'wide' }, lineChart({ ...chart, id: `${chart.id}-wide` }, WIDE, height)),
    element(
      'div',
      { class: 'narrow' },
      lineChart({ ...chart, id: `${chart.id}-narrow` }, NARROW, narrowHeight),
    ),
    element('figcaption', {}, ...caption),
  );
}

/** Differences on each held-out set under a proxy. */
export function setsForest(
  proof: Proof,
  comparisons: readonly Comparison[],
  proxy: string,
  id: string,
): Markup | undefined {
  const styles = armStyles(proof);
  const own = comparisons.filter((comparison) => comparison.proxy === proxy);
  const decimals = decimalsOf(own.flatMap(({ sets }) => sets.map(({ better }) => better)));
  const several = new Set(own.map(({ arm }) => arm)).size > 1;
  const rows = proof.heldOut.flatMap((set) =>
    own.flatMap(({ arm, sets }) =>
      sets
        .filter(({ name }) => name === set.name)
        .map(
          ({ better }): ForestRow => ({
            label: several ? `${displayName(set.name)}: ${displayName(arm)}` : displayName(set.name),
            style: styles.get(arm) ?? UNKNOWN,
            interval: better,
            bound: 'none',
            says: typeset(formatInterval(better, decimals)),
          }),
        ),
    ),
  );
  if (rows.length === 0) return undefined;
  const model = withArticle(displayName(proxyInfo(proof, proxy).label));
  const against = listOf([...new Set(own.map((one) => displayName(one.against)))]);
  return forest(
    {
      id,
      title: `How much lower the loss is than on ${against}, on each held-out set, under ${model}`,
      rows,
      axisTitle: 'bits per byte lower: right of 0 is better',
      none: 0,
    },
    typeset(`Bits per byte at equal tokens, with ${confidenceText(proof)} intervals.`),
  );
}

/** What each step is worth under a proxy, by one of the two numbers. */
export function stepsForest(
  proof: Proof,
  steps: readonly Comparison[],
  proxy: string,
  kind: 'better' | 'faster',
  id: string,
): Markup | undefined {
  const styles = armStyles(proof);
  const own = steps.filter((comparison) => comparison.proxy === proxy);
  if (own.length === 0) return undefined;
  const decimals = decimalsOf(own.map(({ better }) => better));
  const reach = budgetReach(proof);
  const rows = own.map(({ against, better, faster }): ForestRow => {
    const common = { label: displayName(against), style: styles.get(against) ?? UNKNOWN };
    return kind === 'better'
      ? { ...common, interval: better, bound: 'none', says: typeset(formatInterval(better, decimals)) }
      : { ...common, interval: faster, bound: faster.bound, says: multiplierText(faster, reach) };
  });
  const model = withArticle(displayName(proxyInfo(proof, proxy).label));
  const recipe = listOf([...new Set(own.map(({ arm }) => displayName(arm)))]);
  return forest(
    {
      id,
      title:
        kind === 'better'
          ? `What each step of ${recipe} is worth at equal tokens, under ${model}`
          : `What each step of ${recipe} is worth in tokens: compute multiplier under ${model}`,
      rows,
      axisTitle: kind === 'better' ? 'bits per byte lower with the step' : 'compute multiplier of the step',
      none: kind === 'better' ? 0 : 1,
    },
    typeset(`With ${confidenceText(proof)} intervals.`),
  );
}

function forest(chart: Omit<ForestChart, 'description'>, caption: string): Markup {
  const described = {
    ...chart,
    description: chart.rows.map(({ label, says }) => `${label}: ${says}.`).join(' '),
  };
  return element(
    'figure',
    { class: 'forest' },
    element('div', { class: 'wide' }, forestChart({ ...described, id: `${chart.id}-wide` }, WIDE, false)),
    element(
      'div',
      { class: 'narrow' },
      forestChart({ ...described, id: `${chart.id}-narrow` }, NARROW, true),
    ),
    element('figcaption', {}, element('b', {}, `${chart.title}.`), ` ${caption}`),
  );
}

/** "2.31 (2.10 to 2.55)". */
export function multiplierText(multiplier: Multiplier, reach: Reach): string {
  return `${formatMultiplier(multiplier)} (${formatMultiplierRange(multiplier, reach)})`;
}
