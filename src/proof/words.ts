import { displayName, formatAmount, listOf, plural } from '../page/words.ts';
import { baselineName, curvesOf, proxyInfo } from './groups.ts';
import type { Comparison, Interval, Multiplier, Proof, ProxyInfo } from './proof.ts';

/** Whether an interval lies on the good side, on the bad side, or on both. */
export type Sign = 'good' | 'bad' | 'level';

/** One number of a comparison, as it is said: what it is, under which proxy, how large, how sure, and what that means. */
export interface Figure {
  readonly kind: 'faster' | 'better' | 'smaller';
  /** "2.31", "> 8", "0.084". */
  readonly value: string;
  /** "2.10 to 2.55". */
  readonly range: string;
  /** "compute multiplier under a byte 5-gram": the name of the proxy is part of it. */
  readonly name: string;
  /** "needs 2.31 times fewer tokens to reach the same loss". */
  readonly verdict: string;
  readonly sign: Sign;
}

/** "a byte 5-gram", "an n-gram". */
export function withArticle(label: string): string {
  return `${/^([aeiou]|n-)/i.test(label) ? 'an' : 'a'} ${label}`;
}

/** Bytes that are tokens: `32 MiB` where that is exact, else `32.5 MB` in three digits. */
export function formatTokens(tokens: number): string {
  const power = binaryPower(tokens);
  if (power > 0) return `${tokens / 1024 ** power} ${'KMGT'[power - 1]}iB`;
  const amount = formatAmount(tokens);
  return /[a-z]$/i.test(amount) ? `${amount}B` : `${amount} B`;
}

/** Whether {@link formatTokens} leaves nothing out and needs few digits, so that it may name a place of an axis. */
export function isRoundAmount(tokens: number): boolean {
  return binaryPower(tokens) > 0 || Number(tokens.toPrecision(2)) === tokens;
}

/** Of 1024, the largest power that is not above a size and divides it; 0 where it is none. */
function binaryPower(size: number): number {
  for (let power = 4; power > 0; power--) {
    if (size >= 1024 ** power) return size % 1024 ** power === 0 ? power : 0;
  }
  return 0;
}

/** Fewest decimals in which each of the intervals is 3 units wide or more; at least 3 and at most 6. */
export function decimalsOf(intervals: readonly Interval[]): number {
  const needed = intervals.map(({ low, high }) => {
    const width = high - low;
    return width > 0 ? Math.ceil(Math.log10(3 / width)) : 0;
  });
  return Math.min(6, Math.max(3, ...needed));
}

/** A number with so many decimals, and never "-0.000". */
export function formatDecimal(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return 'unknown';
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace('-', '') : text;
}

/** "0.071 to 0.098". */
export function formatRange({ low, high }: Interval, decimals: number): string {
  return `${formatDecimal(low, decimals)} to ${formatDecimal(high, decimals)}`;
}

/** "0.084 (0.071 to 0.098)". */
export function formatInterval(interval: Interval, decimals: number = decimalsOf([interval])): string {
  return `${formatDecimal(interval.value, decimals)} (${formatRange(interval, decimals)})`;
}

/** How much higher a loss is, of how much lower it is. */
function negated({ value, low, high }: Interval): Interval {
  return { value: -value, low: -high, high: -low };
}

/** "2.31", "> 8", "< 0.125". */
export function formatMultiplier(multiplier: Multiplier): string {
  if (multiplier.bound === 'above') return `> ${formatBound(multiplier.value)}`;
  if (multiplier.bound === 'below') return `< ${formatBound(multiplier.value)}`;
  return formatDecimal(multiplier.value, ratioDecimals(multiplier));
}

/** What a ratio may be at most and at least, beyond which nothing was measured. */
export interface Reach {
  readonly least: number;
  readonly most: number;
}

const BOUNDLESS: Reach = { least: 0, most: Number.POSITIVE_INFINITY };

/**
 * "2.10 to 2.55", "6.20 to > 8". An end that lies where the measurement ends is written as a bound; where both do, it is said once.
 */
export function formatMultiplierRange(multiplier: Multiplier, reach: Reach = BOUNDLESS): string {
  const { value, low, high, bound } = multiplier;
  const decimals = ratioDecimals(multiplier);
  // The ends and the reach are quotients of the same numbers, but maybe not in the same order: equal up to rounding.
  const isAbove = (at: number): boolean =>
    at >= reach.most * (1 - 1e-9) || (bound === 'above' && at >= value);
  const isBelow = (at: number): boolean =>
    at <= reach.least * (1 + 1e-9) || (bound === 'below' && at <= value);
  const end = (at: number): string => {
    if (isAbove(at)) return `> ${formatBound(at)}`;
    return isBelow(at) ? `< ${formatBound(at)}` : formatDecimal(at, decimals);
  };
  return end(low) === end(high) && (isAbove(low) || isBelow(low)) ? end(low) : `${end(low)} to ${end(high)}`;
}

function formatBound(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : 'unknown';
}

function ratioDecimals({ value, low, high }: Multiplier): number {
  const size = Math.abs(value);
  const width = high - low;
  // 1.004 (1.001 to 1.007) would be 1.00 (1.00 to 1.01).
  const fine = width > 0 && width < 0.02 ? 3 : 2;
  return size < 0.1 ? 3 : size < 10 ? fine : size < 100 ? 1 : 0;
}

/** "95 %". */
export function confidenceText({ setup }: Proof): string {
  return `${Number((100 * setup.confidence).toPrecision(6))} %`;
}

/** Where an interval lies, seen from what no difference would give. A number that is not known lies nowhere. */
export function signOf({ low, high }: Interval, none: number): Sign {
  if (low > none) return 'good';
  if (high < none) return 'bad';
  return 'level';
}

/** What the size of a proxy is counted in. */
export function sizeUnit(proxy: ProxyInfo): string {
  return proxy.parameters.length === 0 ? 'n-grams' : 'parameters';
}

/** Between which ratios a compute multiplier can be measured: those of the smallest and the largest budget. */
export function budgetReach({ setup }: Proof): Reach {
  return reachOf(setup.budgets, setup.budgets);
}

/** Between which ratios a size multiplier can be measured. */
function sizeReach(proof: Proof, { arm, against, proxy }: Comparison): Reach {
  const { parameters } = proxyInfo(proof, proxy);
  if (parameters.length > 0) return reachOf(parameters, parameters);
  const sizesOf = (name: string): number[] =>
    curvesOf(proof, proxy, undefined)
      .filter((curve) => curve.arm === name)
      .flatMap(({ points }) => points.map(({ size }) => size));
  return reachOf(sizesOf(arm), sizesOf(against));
}

/** Quotients of the ends of two ascending lists. */
function reachOf(arm: readonly number[], against: readonly number[]): Reach {
  const [armFirst, armLast, againstFirst, againstLast] = [arm[0], arm.at(-1), against[0], against.at(-1)];
  return armFirst !== undefined &&
    armLast !== undefined &&
    againstFirst !== undefined &&
    againstLast !== undefined &&
    armFirst < armLast
    ? { least: againstFirst / armLast, most: againstLast / armFirst }
    : BOUNDLESS;
}

/** The three numbers of a comparison, in their order: faster, better, smaller. */
export function figuresOf(proof: Proof, comparison: Comparison): readonly [Figure, Figure, Figure] {
  const proxy = proxyInfo(proof, comparison.proxy);
  const under = `under ${withArticle(displayName(proxy.label))}`;
  const { faster, better, smaller } = comparison;
  const unit = sizeUnit(proxy);
  const size = {
    kind: 'smaller',
    name: `model size multiplier (${unit}) ${under}`,
  } as const;
  return [
    {
      kind: 'faster',
      value: formatMultiplier(faster),
      range: formatMultiplierRange(faster, budgetReach(proof)),
      name: `compute multiplier ${under}`,
      verdict: multiplierVerdict(faster, 'tokens', 'to reach the same loss'),
      sign: signOf(faster, 1),
    },
    {
      kind: 'better',
      value: formatDecimal(better.value, decimalsOf([better])),
      range: formatRange(better, decimalsOf([better])),
      name: `bits per byte lower at equal tokens ${under}`,
      verdict: differenceVerdict(better),
      sign: signOf(better, 0),
    },
    smaller === undefined
      ? {
          ...size,
          ...(proxy.parameters.length === 0
            ? { value: 'not known', verdict: 'only a bound was found, which does not tell the smaller one' }
            : { value: 'not measured', verdict: 'needs models of two sizes or more' }),
          range: '',
          sign: 'level',
        }
      : {
          ...size,
          value: formatMultiplier(smaller),
          range: formatMultiplierRange(smaller, sizeReach(proof, comparison)),
          verdict: multiplierVerdict(smaller, unit, 'at the same loss'),
          sign: signOf(smaller, 1),
        },
  ];
}

function multiplierVerdict(multiplier: Multiplier, what: string, where: string): string {
  const { value, low, high, bound } = multiplier;
  if (![value, low, high].every(Number.isFinite)) return 'is not known';
  const sign = signOf(multiplier, 1);
  if (sign === 'level') return 'cannot be told from 1';
  const times = (ratio: number): string =>
    bound === 'none' ? formatDecimal(ratio, ratioDecimals(multiplier)) : `more than ${formatBound(ratio)}`;
  return sign === 'good'
    ? `needs ${times(value)} times fewer ${what} ${where}`
    : `needs ${times(1 / value)} times as many ${what} ${where}`;
}

function differenceVerdict(better: Interval): string {
  if (![better.value, better.low, better.high].every(Number.isFinite)) return 'is not known';
  const sign = signOf(better, 0);
  if (sign === 'level') return 'cannot be told from 0';
  const size = formatDecimal(Math.abs(better.value), decimalsOf([better]));
  return `its loss is ${sign === 'good' ? 'lower' : 'higher'} by ${size} bits per byte at equal tokens`;
}

/** Sets on which one arm got worse under one proxy: "clean is worse than raw under a byte 5-gram: on forums by 0.021 bits per byte (0.012 to 0.030)". */
export function worseText(proof: Proof, entries: Proof['worse']): string {
  const [{ arm, against, proxy }] = entries as [Proof['worse'][number]];
  const label = displayName(proxyInfo(proof, proxy).label);
  const sets = entries.map(({ set, better }) => {
    const [value, range] = formatInterval(negated(better)).split(' (');
    return `on ${displayName(set)} by ${value} bits per byte (${range}`;
  });
  return `${displayName(arm)} is worse than ${displayName(against)} under ${withArticle(label)}: ${listOf(sets)}`;
}

/** Said where nothing got worse. */
export function noneWorseText(proof: Proof): string {
  return proof.comparisons.length === 0
    ? 'Nothing was compared.'
    : `On no held-out set is a data set worse than what it was compared with, its ${confidenceText(proof)} interval clear of 0.`;
}

/** What was compared with what: "clean against raw". */
export function titleText(proof: Proof): string {
  const baseline = baselineName(proof);
  const arms = proof.arms.filter(({ role }) => role === 'curated' || role === 'arm' || role === 'recipe');
  const names = arms.map(({ name }) => displayName(name));
  const all = names.length > 3 ? `${names.length} data sets` : listOf(names);
  if (baseline === undefined) return all;
  return all === '' ? displayName(baseline) : `${all} against ${displayName(baseline)}`;
}

/** How much was measured: "32 MB of each, 3 seeds, 4 held-out sets". */
export function scaleText({ setup, heldOut }: Proof): string {
  return `${formatTokens(setup.tokens)} of each, ${plural(setup.seeds, 'seed')}, ${plural(heldOut.length, 'held-out set')}`;
}
