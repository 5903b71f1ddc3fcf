import { bootstrapLosses, type Losses } from './bootstrap.ts';
import { curveFitter, type Fit } from './curve.ts';
import { intervalOf } from './interval.ts';
import type { Measurement, Measurements } from './measurements.ts';
import { type Need, parametersNeeded, sizeAt, tokensNeeded } from './multipliers.ts';
import type { Comparison, Curve, Interval, Multiplier, Proof } from './proof.ts';

/** How sure the intervals are, and by how many replicates. */
export interface EstimateOptions {
  /** Of the random draws; a whole number. */
  readonly seed: number;
  /** Default 1000. */
  readonly replicates?: number;
  /** Share of intervals that hold the truth; default 0.95. */
  readonly confidence?: number;
  /** Names of arms that are samples of the same documents. */
  readonly alike?: readonly string[];
}

/** All models of one arm, proxy and size. */
interface Family {
  readonly arm: string;
  readonly proxy: string;
  readonly parameters: number | undefined;
  readonly isLargest: boolean;
  /** One for each seed. */
  readonly models: readonly Measurement[];
}

/** A family of the largest size, and its curve in every row of the losses. */
interface Learner {
  readonly group: number;
  readonly family: Family;
  readonly sizes: readonly number[];
  readonly fits: readonly Fit[];
}

/**
 * All numbers of a proof: losses, curves and comparisons with their intervals. What chance they allow for is said at {@link bootstrapLosses}, how an
 * interval is made at {@link intervalOf}, and how a multiplier at {@link tokensNeeded} and {@link parametersNeeded}.
 *
 * A loss on all sets is the mean of the losses on each, so no set rules by its size. Where a proxy has several sizes, curves, `faster` and `better` are those of the
 * largest; the smaller ones were needed at all tokens only. An arm not measured under a proxy has no comparison under it.
 *
 * `bound` tells of `value` only; `low` and `high` of a multiplier are themselves bounds when they lie at the ends of what was measured.
 * @param pairs what to compare, by names of arms. Comparisons come in their order, for each in the order of proxies: first those whose size follows from the data,
 *   then by name. Curves and sizes come by proxy, then by name of the arm. So nothing depends on the order of models.
 */
export function estimate(
  measurements: Measurements,
  pairs: readonly { readonly arm: string; readonly against: string }[],
  options: EstimateOptions,
): Pick<Proof, 'comparisons' | 'curves' | 'sizes' | 'worse'> {
  const { replicates = 1000, confidence = 0.95 } = options;
  if (!Number.isSafeInteger(replicates) || replicates < 1) throw new RangeError(`Replicates: ${replicates}.`);
  if (!(confidence > 0 && confidence < 1))
    throw new RangeError(`Confidence: ${confidence}, not between 0 and 1.`);
  check(measurements);
  const { budgets, sets } = measurements;
  const families = familiesOf(measurements.models);
  const names = [...new Set(families.map((family) => family.arm))].toSorted(byName);
  for (const name of pairs.flatMap((pair) => [pair.arm, pair.against])) {
    if (!names.includes(name)) throw new RangeError(`No model of arm "${name}" was measured.`);
  }

  const losses = bootstrapLosses(
    sets,
    families.map((family) => ({
      arm: names.indexOf(family.arm),
      pool: `${family.proxy} ${family.parameters}`,
      origin: options.alike?.includes(family.arm) === true ? 0 : undefined,
      bits: family.models.map(({ bits }) => (family.isLargest ? bits : bits.slice(-1))),
    })),
    { seed: options.seed, replicates },
  );
  const interval = (statistic: (row: number) => number): Interval =>
    intervalOf(
      Float64Array.from({ length: losses.rows }, (_, row) => statistic(row)),
      confidence,
    );
  const multiplier = (needs: readonly Need[], ratio: (need: Need) => number): Multiplier => ({
    ...interval((row) => ratio(needs[row]!)),
    bound: needs[0]!.bound,
  });

  const learners = learnersOf(families, losses, budgets);
  const last = budgets.length - 1;
  const all = [undefined, ...sets.keys()];
  const fit = curveFitter(budgets);
  const curves = learners.flatMap(({ group, family, sizes, fits }) =>
    all.map((set): Curve => {
      const points = budgets.map((tokens, budget) => ({
        tokens,
        loss: interval((row) => losses.at(row, group, budget, set)),
        size: sizes[budget]!,
      }));
      return {
        arm: family.arm,
        proxy: family.proxy,
        parameters: family.parameters,
        set: set === undefined ? undefined : sets[set]!.name,
        points,
        fit: set === undefined ? fits[0]! : fit(points.map((point) => point.loss.value)),
      };
    }),
  );

  const compare = (arm: Learner, against: Learner): Comparison => {
    const tokens = arm.fits.map((own, row) =>
      tokensNeeded(own, against.fits[row]!, budgets[0]!, budgets[last]!),
    );
    const better = (set?: number): Interval =>
      interval((row) => losses.at(row, against.group, last, set) - losses.at(row, arm.group, last, set));
    let smaller: Multiplier | undefined;
    if (arm.family.parameters === undefined) {
      const ngrams = multiplier(
        tokens,
        (need) => sizeAt(budgets, against.sizes, need.against) / sizeAt(budgets, arm.sizes, need.arm),
      );
      // A text that repeats itself has few n-grams: then a bound may not even tell which of the two is smaller.
      const saysNothing =
        (ngrams.bound === 'below' && ngrams.value >= 1) || (ngrams.bound === 'above' && ngrams.value <= 1);
      smaller = saysNothing ? undefined : ngrams;
    } else {
      const [own, other] = [sizesOf(families, arm.family), sizesOf(families, against.family)];
      if (own.length > 1 && other.length > 1) {
        const needs = Array.from({ length: losses.rows }, (_, row) =>
          parametersNeeded(
            lossesBySize(families, losses, own, row),
            lossesBySize(families, losses, other, row),
          ),
        );
        smaller = multiplier(needs, ratioOf);
      }
    }
    return {
      arm: arm.family.arm,
      against: against.family.arm,
      proxy: arm.family.proxy,
      faster: multiplier(tokens, ratioOf),
      better: better(),
      smaller,
      sets: sets.map(({ name }, set) => ({
        name,
        loss: interval((row) => losses.at(row, arm.group, last, set)),
        lossAgainst: interval((row) => losses.at(row, against.group, last, set)),
        better: better(set),
      })),
    };
  };
  const comparisons = pairs.flatMap((pair) =>
    learners
      .filter(({ family }) => family.arm === pair.arm)
      .flatMap((arm) => {
        const { proxy } = arm.family;
        const against = learners.find(({ family }) => family.arm === pair.against && family.proxy === proxy);
        return against ? [compare(arm, against)] : [];
      }),
  );

  const sizes = learners
    .filter(({ family }) => family.parameters !== undefined)
    .map(({ family }) => ({
      arm: family.arm,
      proxy: family.proxy,
      points: sizesOf(families, family).map((group) => ({
        parameters: families[group]!.parameters!,
        loss: interval((row) => lossAtEnd(families, losses, group, row)),
      })),
    }));
  return { comparisons, curves, sizes, worse: worseOf(comparisons) };
}

/** Held-out sets on which an arm is worse and its whole interval says so, the worst first. */
function worseOf(comparisons: readonly Comparison[]): Proof['worse'] {
  return comparisons
    .flatMap(({ arm, against, proxy, sets }) =>
      sets
        .filter(({ better }) => better.high < 0)
        .map(({ name, better }) => ({ arm, against, proxy, set: name, better })),
    )
    .toSorted((left, right) => left.better.value - right.better.value);
}

const ratioOf = (need: Need): number => need.against / need.arm;

/** By UTF-16 unit, the same in every place and language. */
const byName = (left: string, right: string): number => (left < right ? -1 : Number(left > right));

/** Models with a common arm, proxy and size; in an order that does not depend on theirs. */
function familiesOf(models: readonly Measurement[]): Family[] {
  const families = new Map<string, Measurement[]>();
  const largest = new Map<string, number>();
  for (const model of models) {
    const key = JSON.stringify([model.proxy, model.parameters, model.arm]);
    const others = families.get(key) ?? [];
    if (others.some(({ seed }) => seed === model.seed)) {
      throw new RangeError(`${nameOf(model)} was measured twice with seed ${model.seed}.`);
    }
    families.set(key, [...others, model]);
    largest.set(model.proxy, Math.max(largest.get(model.proxy) ?? 0, model.parameters ?? 0));
  }
  const sorted = [...families.values()].map((group): Family => {
    const { arm, proxy, parameters } = group[0]!;
    return {
      arm,
      proxy,
      parameters,
      isLargest: (parameters ?? 0) === largest.get(proxy),
      models: group.toSorted((left, right) => left.seed - right.seed),
    };
  });
  return sorted.toSorted(
    (left, right) =>
      Number(left.parameters !== undefined) - Number(right.parameters !== undefined) ||
      byName(left.proxy, right.proxy) ||
      byName(left.arm, right.arm) ||
      (left.parameters ?? 0) - (right.parameters ?? 0),
  );
}

function learnersOf(families: readonly Family[], losses: Losses, budgets: readonly number[]): Learner[] {
  const fit = curveFitter(budgets);
  return families.flatMap((family, group): Learner[] => {
    if (!family.isLargest) return [];
    const sizes = budgets.map(
      (_, budget) =>
        family.models.reduce((sum, model) => sum + model.sizes[budget]!, 0) / family.models.length,
    );
    const fits = Array.from({ length: losses.rows }, (_, row) =>
      fit(budgets.map((_tokens, budget) => losses.at(row, group, budget))),
    );
    return [{ group, family, sizes, fits }];
  });
}

/** Groups of an arm under a proxy, ascending in size. */
function sizesOf(families: readonly Family[], like: Family): number[] {
  return [...families.keys()].filter(
    (group) => families[group]!.arm === like.arm && families[group]!.proxy === like.proxy,
  );
}

function lossesBySize(
  families: readonly Family[],
  losses: Losses,
  groups: readonly number[],
  row: number,
): { sizes: number[]; losses: number[] } {
  return {
    sizes: groups.map((group) => families[group]!.parameters!),
    losses: groups.map((group) => lossAtEnd(families, losses, group, row)),
  };
}

/** Loss on all sets after all tokens. The smaller sizes are held at that budget alone. */
function lossAtEnd(families: readonly Family[], losses: Losses, group: number, row: number): number {
  const { isLargest, models } = families[group]!;
  return losses.at(row, group, isLargest ? models[0]!.bits.length - 1 : 0);
}

function check({ budgets, sets, models }: Measurements): void {
  if (budgets.some((tokens, at) => at > 0 && tokens <= budgets[at - 1]!)) {
    throw new RangeError(`Budgets are not ascending: ${budgets.join(', ')}.`);
  }
  if (sets.length === 0) throw new RangeError('No held-out set.');
  for (const { name, bytes } of sets) {
    if (!bytes.some((size) => size > 0)) throw new RangeError(`Held-out set "${name}" has no bytes.`);
  }
  const documents = sets.reduce((sum, { bytes }) => sum + bytes.length, 0);
  for (const model of models) {
    const { bits, sizes } = model;
    if (bits.length !== budgets.length || sizes.length !== budgets.length) {
      throw new RangeError(`${nameOf(model)} was not measured at each of ${budgets.length} budgets.`);
    }
    if (bits.some((costs) => costs.length !== documents)) {
      throw new RangeError(`${nameOf(model)} was not measured on each of ${documents} documents.`);
    }
    if (!bits.every((costs) => costs.every(Number.isFinite)) || !sizes.every((size) => size > 0)) {
      throw new RangeError(`${nameOf(model)}: bits are to be finite, and sizes above 0.`);
    }
  }
}

function nameOf({ arm, proxy, parameters }: Measurement): string {
  return `Arm "${arm}" under ${proxy}${parameters === undefined ? '' : ` of ${parameters} parameters`}`;
}
