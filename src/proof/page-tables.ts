import { type Child, element, type Markup, typeset } from '../page/markup.ts';
import { column, groupHead, NUMBER, rowHead, table } from '../page/table.ts';
import { displayName } from '../page/words.ts';
import { formatCount } from '../units.ts';
import { baselineName, curvesOf, groupBy, proxyInfo } from './groups.ts';
import { multiplierText } from './page-charts.ts';
import type { ArmInfo, Comparison, HeldOutInfo, Interval, Proof } from './proof.ts';
import {
  budgetReach,
  confidenceText,
  decimalsOf,
  figuresOf,
  formatDecimal,
  formatRange,
  formatTokens,
  signOf,
  sizeUnit,
  withArticle,
} from './words.ts';

/** A number above its interval. */
function intervalLines(interval: Interval, decimals: number): readonly Child[] {
  return [
    typeset(formatDecimal(interval.value, decimals)),
    element('small', { class: 'range' }, typeset(formatRange(interval, decimals))),
  ];
}

/** The same for a difference, which stands out where it is surely worse. */
function signedLines(better: Interval, decimals: number): readonly Child[] {
  const [number, range] = intervalLines(better, decimals);
  return [signOf(better, 0) === 'bad' ? element('strong', { class: 'bad' }, number!) : number!, range!];
}

/** Controls: what they should be, and what they are. */
export function controlsTable(proof: Proof, controls: readonly Comparison[]): Markup {
  const roles = new Map(proof.arms.map(({ name, role }) => [name, role]));
  const reach = budgetReach(proof);
  const decimals = decimalsOf(controls.map(({ better }) => better));
  const bodies = groupBy(controls, ({ proxy }) => proxy).map(([proxy, own]) =>
    element(
      'tbody',
      {},
      groupHead(`Under ${withArticle(displayName(proxyInfo(proof, proxy).label))}`, 4),
      own.map(({ arm, against, faster, better }) => {
        const is = faster.low <= 1 && faster.high >= 1;
        const [value, range] = multiplierText(faster, reach).split(' (');
        return element(
          'tr',
          {},
          rowHead(
            displayName(arm),
            element(
              'small',
              {},
              roles.get(arm) === 'random'
                ? `documents of ${displayName(against)} chosen by hash alone`
                : `documents of ${displayName(against)} repeated as in curation, but by hash`,
            ),
          ),
          element('td', NUMBER, value!, element('small', { class: 'range' }, range!.slice(0, -1))),
          element('td', NUMBER, ...intervalLines(better, decimals)),
          element('td', {}, is ? 'covers 1' : element('strong', { class: 'bad' }, 'does not cover 1')),
        );
      }),
    ),
  );
  return table(
    typeset(`Controls, with ${confidenceText(proof)} intervals`),
    [
      column('Control'),
      column('Compute multiplier, should be 1', true),
      column('Bits per byte lower, should be 0', true),
      column('Verdict'),
    ],
    ...bodies,
  );
}

/** Loss of each arm on one held-out set, and how it differs from what it was compared with. */
export function setTable(proof: Proof, set: string): Markup {
  const baseline = baselineName(proof);
  const entries = proof.comparisons.flatMap((comparison) =>
    comparison.sets.filter(({ name }) => name === set).map((entry) => ({ ...entry, comparison })),
  );
  const decimals = decimalsOf(entries.map(({ better }) => better));
  const lossDecimals = decimalsOf(entries.flatMap(({ loss, lossAgainst }) => [loss, lossAgainst]));
  const bodies = groupBy(entries, ({ comparison }) => comparison.proxy).map(([proxy, own]) =>
    element(
      'tbody',
      {},
      groupHead(`Under ${withArticle(displayName(proxyInfo(proof, proxy).label))}`, 3),
      proof.arms.flatMap(({ name }) => {
        const differences = own.filter(({ comparison }) => comparison.arm === name);
        const loss =
          differences[0]?.loss ?? own.find(({ comparison }) => comparison.against === name)?.lossAgainst;
        if (loss === undefined) return [];
        const lossCell = element('td', NUMBER, ...intervalLines(loss, lossDecimals));
        if (differences.length === 0) {
          return [element('tr', {}, rowHead(displayName(name)), lossCell, element('td', {}))];
        }
        return differences.map(({ better, comparison: { against } }, at) =>
          element(
            'tr',
            {},
            rowHead(`${displayName(name)}${against === baseline ? '' : ` against ${displayName(against)}`}`),
            at === 0 ? lossCell : element('td', {}),
            element('td', NUMBER, ...signedLines(better, decimals)),
          ),
        );
      }),
    ),
  );
  return table(
    displayName(set),
    [
      column('Data set'),
      column('Loss, bits per byte', true),
      column(
        `Lower than ${baseline === undefined ? 'what it was compared with' : displayName(baseline)} by`,
        true,
      ),
    ],
    ...bodies,
  );
}

/** Comparisons of recipes with a step left out, in numbers. */
export function stepsTable(
  proof: Proof,
  caption: string,
  steps: readonly Comparison[],
  named: 'arm' | 'against',
): Markup {
  const bodies = groupBy(steps, ({ proxy }) => proxy).map(([proxy, own]) => {
    const info = proxyInfo(proof, proxy);
    return element(
      'tbody',
      {},
      groupHead(`Under ${withArticle(displayName(info.label))} (size in ${sizeUnit(info)})`, 4),
      own.map((comparison) =>
        element(
          'tr',
          {},
          rowHead(displayName(comparison[named])),
          figuresOf(proof, comparison).map(({ value, range, sign }) =>
            element(
              'td',
              NUMBER,
              element(
                sign === 'bad' ? 'strong' : 'span',
                { class: sign === 'bad' ? 'bad' : undefined },
                typeset(value),
              ),
              element('small', { class: 'range' }, typeset(range)),
            ),
          ),
        ),
      ),
    );
  });
  return table(
    caption,
    [
      column(named === 'against' ? 'Against' : 'Data set'),
      column('Compute multiplier', true),
      column('Bits per byte lower', true),
      column('Model size multiplier', true),
    ],
    ...bodies,
  );
}

const ROLES: Readonly<Record<ArmInfo['role'], string>> = {
  baseline: 'baseline',
  curated: 'curated set',
  arm: 'another set',
  recipe: 'made of the baseline by the recipe',
  without: 'made of the baseline by the recipe less one step',
  random: 'control: documents of the baseline, chosen by hash alone',
  shuffled: 'control: documents of the baseline, repeated as in curation, but by hash',
};

/** What models were trained on. */
export function armsTable(proof: Proof): Markup {
  return table(
    'What models were trained on',
    [column('Data set'), column('Documents', true), column('UTF-8 bytes', true)],
    element(
      'tbody',
      {},
      proof.arms.map(({ name, role, documents, bytes, input }) =>
        element(
          'tr',
          {},
          rowHead(displayName(name), element('small', {}, `${ROLES[role]}; ${fromText(input)}`)),
          element('td', NUMBER, formatCount(documents)),
          element('td', NUMBER, formatCount(bytes)),
        ),
      ),
    ),
  );
}

/** What models were measured on, and what was left out of it. */
export function heldOutTable(proof: Proof): Markup {
  const removed = ({ removed: { exact, near }, unused }: HeldOutInfo): Markup =>
    element(
      'td',
      NUMBER,
      `${formatCount(exact)} exact, ${formatCount(near)} near`,
      unused > 0 ? element('small', {}, `${formatCount(unused)} more were not needed`) : '',
    );
  return table(
    'What they were measured on',
    [
      column('Held-out set'),
      column('Documents', true),
      column('UTF-8 bytes', true),
      column('Removed as copies of training documents', true),
    ],
    element(
      'tbody',
      {},
      proof.heldOut.map((set) =>
        element(
          'tr',
          {},
          rowHead(displayName(set.name), element('small', {}, fromText(set.input))),
          element('td', NUMBER, formatCount(set.documents)),
          element('td', NUMBER, formatCount(set.bytes)),
          removed(set),
        ),
      ),
    ),
  );
}

const MOST_PATHS = 3;

function fromText(paths: readonly string[]): string {
  const shown = paths.slice(0, MOST_PATHS).map(displayName).join(', ');
  const more = paths.length - MOST_PATHS;
  return paths.length === 0 ? 'no input' : `from ${shown}${more > 0 ? ` and ${formatCount(more)} more` : ''}`;
}

/** Every point of the curves of a proxy that are the mean over all held-out sets. */
export function curvesTable(proof: Proof, proxy: string): Markup | undefined {
  const info = proxyInfo(proof, proxy);
  const drawn = curvesOf(proof, proxy, undefined);
  if (drawn.length === 0) return undefined;
  const all = proof.curves.filter((one) => one.proxy === proxy && one.set === undefined);
  const decimals = decimalsOf(all.flatMap(({ points }) => points.map(({ loss }) => loss)));
  const several = new Set(all.map(({ parameters }) => parameters)).size > 1;
  const bodies = all.map(({ arm, parameters, fit, points }) =>
    element(
      'tbody',
      {},
      groupHead(
        `${displayName(arm)}${several && parameters !== undefined ? `, ${formatCount(parameters)} parameters` : ''}: ` +
          typeset(`E ${digits(fit.E)}, B ${digits(fit.B)}, β ${digits(fit.beta)}`),
        3,
      ),
      points.map(({ tokens, loss, size }) =>
        element(
          'tr',
          {},
          rowHead(formatTokens(tokens)),
          element('td', NUMBER, ...intervalLines(loss, decimals)),
          element('td', NUMBER, formatCount(size)),
        ),
      ),
    ),
  );
  return element(
    'details',
    {},
    element('summary', {}, `Numbers of the curves under ${withArticle(displayName(info.label))}`),
    table(
      `Loss under ${withArticle(displayName(info.label))}, mean over all held-out sets, and the constants of each fitted curve`,
      [column('Trained on'), column('Bits per byte', true), column(`${sizeUnit(info)} held`, true)],
      ...bodies,
    ),
  );
}

/** A constant of a curve in four digits. */
function digits(value: number): string {
  return Number.isFinite(value) ? value.toPrecision(4) : 'unknown';
}
