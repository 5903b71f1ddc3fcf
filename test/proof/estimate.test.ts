import { expect, test } from 'vitest';
import { estimate } from '../../src/proof/estimate.ts';
import type { Measurement, Measurements } from '../../src/proof/measurements.ts';
import type { Interval } from '../../src/proof/proof.ts';
import { BUDGETS, type Experiment, normals, type Planted, powerLaw, simulate } from './simulate.ts';

const PAIR = [{ arm: 'curated', against: 'baseline' }];
const LAST = BUDGETS.at(-1)!;

const holds = (interval: Interval, truth: number): boolean => interval.low <= truth && truth <= interval.high;

/** An arm that needs `times` fewer tokens than the baseline on every set. */
function armsOf(times: number): Planted[] {
  return [
    { name: 'baseline', loss: powerLaw() },
    { name: 'curated', loss: powerLaw(times) },
  ];
}

/** How many of `count` experiments with a known truth have it in their intervals. */
function coverage(
  count: number,
  times: number,
  seeds: number,
  more: Partial<Experiment> = {},
): { faster: number; better: number } {
  const documents = [60, 100, 80];
  const truth =
    documents.reduce((sum, _, set) => sum + powerLaw()(LAST, set) - powerLaw(times)(LAST, set), 0) /
    documents.length;
  let [faster, better] = [0, 0];
  for (let at = 0; at < count; at++) {
    const measured = simulate({
      random: normals(1000 * seeds + at),
      arms: armsOf(times),
      seeds,
      documents,
      ...more,
    });
    const [comparison] = estimate(measured, PAIR, { seed: at, replicates: 200 }).comparisons;
    faster += Number(holds(comparison!.faster, times));
    better += Number(holds(comparison!.better, truth));
  }
  return { faster: faster / count, better: better / count };
}

/** Four binomial errors below 95 %. Above there is no limit but 1: an arm's spread is scaled up by chance, too, never down. */
const leastOf = (count: number): number => 0.95 - 4 * Math.sqrt((0.95 * 0.05) / count);

test.each([2, 3, 5])(
  'of two equal arms with %i seeds the intervals hold 1 and 0 about as often as they say',
  (seeds) => {
    const found = coverage(200, 1, seeds);
    expect(found.faster).toBeGreaterThan(leastOf(200));
    expect(found.better).toBeGreaterThan(leastOf(200));
    expect(Math.max(found.faster, found.better)).toBeLessThan(1);
  },
);

test('the intervals hold what was planted where only seeds are left to chance, and where the arm is better or worse', () => {
  const noisy = { taste: 0, training: 0.01 };
  for (const found of [coverage(120, 1, 3, noisy), coverage(120, 2, 3), coverage(120, 0.5, 3)]) {
    expect(found.faster).toBeGreaterThan(leastOf(120));
    expect(found.better).toBeGreaterThan(leastOf(120));
  }
});

test('intervals are no wider than the truth demands', () => {
  const runs = Array.from({ length: 200 }, (_, at) => {
    const measured = simulate({ random: normals(at), arms: armsOf(2), seeds: 5, documents: [100, 100] });
    return estimate(measured, PAIR, { seed: at, replicates: 200 }).comparisons[0]!.better;
  });
  const mean = runs.reduce((sum, { value }) => sum + value, 0) / runs.length;
  const deviation = Math.sqrt(
    runs.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / (runs.length - 1),
  );
  const width = runs.reduce((sum, { low, high }) => sum + high - low, 0) / runs.length;
  // Of a normal number 2 * 1.96 deviations. That of 200 runs is known to 5 %; 8 degrees of freedom make it wider by at most 2.31 / 1.96,
  // and scaling up by chance adds at most sqrt(1.25) (mean of max(1, F) for two arms of 4 degrees of freedom, with room).
  const ratio = width / (2 * 1.96 * deviation);
  expect(ratio).toBeGreaterThan(1 - 4 * 0.05);
  expect(ratio).toBeLessThan((2.31 / 1.96) * Math.sqrt(1.25) * (1 + 4 * 0.05));
});

test('an arm that does harm is slower and worse, and every set that says so clearly is listed, the worst first', () => {
  const arms: Planted[] = [
    { name: 'baseline', loss: powerLaw() },
    { name: 'curated', loss: (tokens, set) => powerLaw()(tokens, set) + [0, 0.1, -0.02, 0.3][set]! },
  ];
  const measured = simulate({ random: normals(2), arms, seeds: 3, documents: [200, 200, 200, 200] });
  const { comparisons, worse } = estimate(measured, PAIR, { seed: 1, replicates: 200 });
  const [comparison] = comparisons;
  expect(comparison!.faster.high).toBeLessThan(1);
  expect(comparison!.better.high).toBeLessThan(0);
  expect(worse.map(({ set }) => set)).toEqual(['set 3', 'set 1']);
  expect(worse[0]).toEqual({
    arm: 'curated',
    against: 'baseline',
    proxy: 'ngram',
    set: 'set 3',
    better: comparison!.sets[3]!.better,
  });
  // 0.3 worse, and better is the other's loss less its own.
  expect(comparison!.sets[3]!.better.value).toBeCloseTo(-0.3, 1);
  expect(comparison!.sets[3]!.lossAgainst.value - comparison!.sets[3]!.loss.value).toBeCloseTo(
    comparison!.sets[3]!.better.value,
    12,
  );
});

test('an arm that was there before the first budget is faster than a bound', () => {
  const measured = simulate({ random: normals(3), arms: armsOf(40), seeds: 3, documents: [200, 200] });
  const pairs = [...PAIR, { arm: 'baseline', against: 'curated' }];
  const [forward, backward] = estimate(measured, pairs, { seed: 1, replicates: 200 }).comparisons;
  expect(forward!.faster).toEqual({ value: 8, low: 8, high: 8, bound: 'above' });
  expect(backward!.faster).toEqual({ value: 1 / 8, low: 1 / 8, high: 1 / 8, bound: 'below' });
});

test('documents that are hard for both do not widen a comparison', () => {
  const arms = armsOf(1.3);
  const [calm, hard] = [0, 1].map((hardness) => {
    const measured = simulate({
      random: normals(4),
      arms,
      seeds: 3,
      documents: [200, 200],
      hardness,
      taste: 0.02,
    });
    return estimate(measured, PAIR, { seed: 1, replicates: 400 });
  });
  const width = ({ low, high }: Interval): number => high - low;
  const lossWidth = (found: typeof calm): number => width(found!.curves[0]!.points[3]!.loss);
  // Hardness is 50 times taste, so a loss is known that much less well; unpaired, a difference would be, too.
  expect(lossWidth(hard)).toBeGreaterThan(10 * lossWidth(calm));
  expect(width(hard!.comparisons[0]!.better)).toBeLessThan(0.2 * lossWidth(hard));
  expect(width(hard!.comparisons[0]!.better)).toBeLessThan(2 * width(calm!.comparisons[0]!.better));
});

test('n-gram models are compared by what they hold where the curves have the same loss', () => {
  const quiet = { hardness: 0, taste: 0, training: 0 };
  const measured = simulate({ random: normals(5), arms: armsOf(2), seeds: 2, documents: [50], ...quiet });
  const [comparison] = estimate(measured, PAIR, { seed: 1, replicates: 20 }).comparisons;
  // Half the tokens, and sizes grow as tokens^0.8.
  expect(comparison!.faster.value).toBeCloseTo(2, 5);
  expect(comparison!.smaller!.value).toBeCloseTo(2 ** 0.8, 4);
  expect(comparison!.smaller!.bound).toBe('none');
});

const SIZES = [1e4, 1e5, 1e6];

/** Log-linear models whose loss falls by a power of parameters, with `times` fewer on the curated arm; the third arm has the largest size alone. */
function sized(times: number, quiet: Partial<Experiment>): Measurements {
  const bySize = (k: number) => (tokens: number, set: number, parameters: number | undefined) =>
    powerLaw()(tokens, set) - 0.1 * Math.log10((k * parameters!) / 1e6);
  const arms = [
    { name: 'baseline', loss: bySize(1) },
    { name: 'curated', loss: bySize(times) },
    { name: 'other', loss: bySize(1.5) },
  ];
  const measured = simulate({
    random: normals(6),
    arms,
    seeds: 3,
    documents: [150, 150],
    proxy: 'log-linear',
    parameters: SIZES,
    ...quiet,
  });
  return {
    ...measured,
    models: measured.models.filter(({ arm, parameters }) => arm !== 'other' || parameters === 1e6),
  };
}

test('models of chosen sizes are compared by the parameters they need, where both have several sizes', () => {
  const pairs = [...PAIR, { arm: 'other', against: 'baseline' }];
  const exact = estimate(sized(4, { hardness: 0, taste: 0, training: 0 }), pairs, {
    seed: 1,
    replicates: 20,
  });
  expect(exact.comparisons[0]!.smaller!.value).toBeCloseTo(4, 6);
  const noisy = estimate(sized(4, { training: 0.002, taste: 0.02 }), pairs, { seed: 1, replicates: 200 });
  const { smaller } = noisy.comparisons[0]!;
  expect(holds(smaller!, 4)).toBe(true);
  expect(smaller!.low).toBeGreaterThan(1);
  expect(noisy.comparisons[1]!.smaller).toBeUndefined();
  expect(noisy.comparisons[1]!.faster.value).toBeGreaterThan(1);
  expect(noisy.sizes.map(({ arm, points }) => [arm, points.map((point) => point.parameters)])).toEqual([
    ['baseline', SIZES],
    ['curated', SIZES],
    ['other', [1e6]],
  ]);
  // Curves are those of the largest size, and their end is the loss of that size.
  expect(new Set(noisy.curves.map((curve) => curve.parameters))).toEqual(new Set([1e6]));
  expect(noisy.sizes[1]!.points[2]!.loss).toEqual(
    noisy.curves.find((curve) => curve.arm === 'curated' && curve.set === undefined)!.points[3]!.loss,
  );
});

test('a smallest size that is good enough already bounds how much smaller a model may be', () => {
  const { comparisons } = estimate(sized(1000, {}), PAIR, { seed: 1, replicates: 20 });
  expect(comparisons[0]!.smaller).toEqual({ value: 100, low: 100, high: 100, bound: 'above' });
});

test('there is a curve for each arm, proxy and set, and for all sets together', () => {
  const measured = simulate({ random: normals(7), arms: armsOf(2), seeds: 2, documents: [30, 40] });
  const { curves, sizes } = estimate(measured, PAIR, { seed: 1, replicates: 20 });
  expect(curves.map(({ arm, set }) => [arm, set])).toEqual([
    ['baseline', undefined],
    ['baseline', 'set 0'],
    ['baseline', 'set 1'],
    ['curated', undefined],
    ['curated', 'set 0'],
    ['curated', 'set 1'],
  ]);
  expect(sizes).toEqual([]);
  for (const curve of curves) {
    expect(curve.points.map(({ tokens }) => tokens)).toEqual(BUDGETS);
    expect(curve.points[0]!.size).toBe(Math.round(10 * 1e6 ** 0.8));
    for (const { loss } of curve.points) {
      expect(loss.low).toBeLessThan(loss.value);
      expect(loss.high).toBeGreaterThan(loss.value);
    }
  }
  const [all, first, second] = curves;
  expect(all!.points[1]!.loss.value).toBeCloseTo(
    (first!.points[1]!.loss.value + second!.points[1]!.loss.value) / 2,
    12,
  );
});

test('a set does not rule by its size', () => {
  const loss = (better: number) => (tokens: number, set: number) =>
    powerLaw()(tokens, 0) - (set === 0 ? better : 0);
  const arms = [
    { name: 'baseline', loss: loss(0) },
    { name: 'curated', loss: loss(0.2) },
  ];
  const quiet = { hardness: 0, taste: 0, training: 0 };
  const measured = simulate({ random: normals(8), arms, seeds: 2, documents: [10, 1000], ...quiet });
  const [comparison] = estimate(measured, PAIR, { seed: 1, replicates: 20 }).comparisons;
  expect(comparison!.better.value).toBeCloseTo(0.1, 10);
});

/** Two proxies and three arms. */
function rich(): Measurements {
  const arms = [...armsOf(1.5), { name: 'a third', loss: powerLaw(0.8) }];
  const options = { arms, seeds: 3, documents: [60, 80] };
  const ngram = simulate({ random: normals(9), ...options });
  const linear = simulate({ random: normals(9), ...options, proxy: 'log-linear', parameters: [1e4, 1e5] });
  return { ...ngram, models: [...linear.models, ...ngram.models] };
}

const PAIRS = [...PAIR, { arm: 'a third', against: 'baseline' }];

test('the same measurements and seed give the same numbers, in whatever order the models came', () => {
  const measured = rich();
  const expected = estimate(measured, PAIRS, { seed: 5, replicates: 50 });
  for (const models of [
    measured.models,
    measured.models.toReversed(),
    measured.models.toSorted((left, right) => left.seed - right.seed),
  ]) {
    expect(estimate({ ...measured, models }, PAIRS, { seed: 5, replicates: 50 })).toEqual(expected);
  }
  expect(expected.comparisons.map(({ arm, proxy }) => [arm, proxy])).toEqual([
    ['curated', 'ngram'],
    ['curated', 'log-linear'],
    ['a third', 'ngram'],
    ['a third', 'log-linear'],
  ]);
  const other = estimate(measured, PAIRS, { seed: 6, replicates: 50 });
  expect(other.comparisons[0]!.better.value).toBe(expected.comparisons[0]!.better.value);
  expect(other.comparisons[0]!.better.low).not.toBe(expected.comparisons[0]!.better.low);
});

test('the order of documents moves no value, and its interval by no more than other draws do', () => {
  const measured = rich();
  const order = [...measured.sets[0]!.bytes.keys()].toReversed();
  const count = order.length;
  const turned: Measurements = {
    ...measured,
    sets: [{ ...measured.sets[0]!, bytes: measured.sets[0]!.bytes.toReversed() }, measured.sets[1]!],
    models: measured.models.map((model) => ({
      ...model,
      bits: model.bits.map((bits) =>
        Float64Array.from([...bits.subarray(0, count).toReversed(), ...bits.subarray(count)]),
      ),
    })),
  };
  const [first, second] = [measured, turned].map(
    (each) => estimate(each, PAIRS, { seed: 5, replicates: 1000 }).comparisons[0]!,
  );
  for (const name of ['faster', 'better', 'smaller'] as const) {
    const [one, other] = [first![name]!, second![name]!];
    expect(other.value).toBeCloseTo(one.value, 6);
    // The 2.5 % quantile of 1000 draws has a standard error of sqrt(0.025 * 0.975 / 1000) / density(1.96) = 0.085 deviations,
    // and the interval is 3.9 of these wide; 4 errors of a difference of two. Tails of Student have a little more: twice.
    const room = (2 * 4 * Math.SQRT2 * 0.085 * (one.high - one.low)) / 3.9;
    expect(Math.abs(other.low - one.low)).toBeLessThan(room);
    expect(Math.abs(other.high - one.high)).toBeLessThan(room);
  }
});

test('every interval holds its value, and is wider at a higher confidence', () => {
  const measured = rich();
  const [narrow, wide] = [0.5, 0.99].map((confidence) =>
    estimate(measured, PAIRS, { seed: 5, replicates: 200, confidence }),
  );
  const intervals = (of: typeof narrow): Interval[] =>
    of!.comparisons.flatMap((one) => [
      one.faster,
      one.better,
      one.smaller!,
      ...one.sets.flatMap((set) => [set.loss, set.better]),
    ]);
  for (const [at, inner] of intervals(narrow).entries()) {
    const outer = intervals(wide)[at]!;
    expect(inner.low).toBeLessThanOrEqual(inner.value);
    expect(inner.high).toBeGreaterThanOrEqual(inner.value);
    expect(outer.low).toBeLessThanOrEqual(inner.low);
    expect(outer.high).toBeGreaterThanOrEqual(inner.high);
  }
  expect(wide!.comparisons[0]!.better.high).toBeGreaterThan(narrow!.comparisons[0]!.better.high);
});

test('an arm that was not measured under a proxy has no comparison under it', () => {
  const measured = rich();
  const models = measured.models.filter(({ arm, proxy }) => arm !== 'a third' || proxy === 'ngram');
  const { comparisons } = estimate({ ...measured, models }, PAIRS, { seed: 5, replicates: 20 });
  expect(comparisons.map(({ arm, proxy }) => [arm, proxy])).toEqual([
    ['curated', 'ngram'],
    ['curated', 'log-linear'],
    ['a third', 'ngram'],
  ]);
});

test('refuses what is no measurement, and says of whom', () => {
  const measured = simulate({ random: normals(1), arms: armsOf(1), seeds: 2, documents: [5] });
  const [first, ...others] = measured.models as [Measurement, ...Measurement[]];
  const run = (change: Partial<Measurements>, options = {}): unknown =>
    estimate({ ...measured, ...change }, PAIR, { seed: 1, replicates: 2, ...options });
  const broken = (change: Partial<Measurement>): unknown =>
    run({ models: [{ ...first, ...change }, ...others] });
  expect(() => broken({ bits: first.bits.slice(1) })).toThrow(
    'Arm "baseline" under ngram was not measured at each of 4 budgets.',
  );
  expect(() => broken({ bits: first.bits.map((bits) => bits.slice(1)) })).toThrow('on each of 5 documents');
  expect(() => broken({ bits: first.bits.map((bits) => bits.with(0, Infinity)) })).toThrow('finite');
  expect(() => broken({ sizes: [0, 1, 2, 3] })).toThrow('above 0');
  expect(() => broken({ seed: 1 })).toThrow('measured twice with seed 1');
  expect(() => run({ budgets: [1, 2, 2, 3] })).toThrow('ascending');
  expect(() => run({ sets: [] })).toThrow('No held-out set');
  expect(() => run({ sets: [{ name: 'void', bytes: new Uint32Array(5) }] })).toThrow('"void" has no bytes');
  expect(() => run({ models: others.filter(({ arm }) => arm === 'baseline') })).toThrow(
    'No model of arm "curated"',
  );
  expect(() => run({}, { replicates: 0 })).toThrow('Replicates: 0');
  expect(() => run({}, { confidence: 95 })).toThrow('Confidence: 95');
});
