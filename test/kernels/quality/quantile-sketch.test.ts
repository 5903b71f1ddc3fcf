import fc from 'fast-check';
import { expect, test } from 'vitest';
import { binFloor, ScoreSketch } from '../../../src/kernels/quality/quantile-sketch.ts';
import { seeded } from '../../engine/support.ts';

/** Everything a sketch can be asked. */
function answersOf(sketch: ScoreSketch): unknown {
  const shares = [0, 0.01, 0.25, 0.5, 0.9, 1];
  return {
    documents: sketch.documents,
    quantiles: Array.from({ length: sketch.scorers }, (_, at) => shares.map((q) => sketch.quantile(at, q))),
    ranks: Array.from({ length: sketch.scorers }, (_, at) =>
      [-1, 0, 0.5, 3].map((value) => sketch.rank(at, value)),
    ),
    combined: [0.01, 0.3, 1].map((share) => sketch.thresholdOfCombined(share)),
  };
}

interface Row {
  readonly hash: number;
  readonly scores: readonly number[];
}

function sketchOf(rows: readonly Row[], capacity?: number): ScoreSketch {
  const sketch = new ScoreSketch(2, capacity);
  for (const { hash, scores } of rows)
    sketch.add(hash, Math.imul(hash, 0x9e3779b1) >>> 0, Float64Array.from(scores));
  return sketch;
}

const score = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.float(),
  fc.double({ min: -5, max: 5 }),
);
// Few different hashes, so that equal ones meet at the rim of the sample.
const row = fc.record({ hash: fc.nat(12), scores: fc.tuple(score, score) });

test('any order and any split into merged parts give the same answers', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(row, fc.nat(3), fc.nat()), { maxLength: 80 }),
      fc.integer({ min: 1, max: 30 }),
      (rows, capacity) => {
        const whole = answersOf(
          sketchOf(
            rows.map(([one]) => one),
            capacity,
          ),
        );
        const shuffled = rows.toSorted((a, b) => a[2] - b[2]).map(([one]) => one);
        expect(answersOf(sketchOf(shuffled, capacity))).toEqual(whole);
        const merged = new ScoreSketch(2, capacity);
        for (const part of [2, 0, 3, 1]) {
          merged.merge(
            sketchOf(
              rows.filter(([, at]) => at === part).map(([one]) => one),
              capacity,
            ),
          );
        }
        expect(answersOf(merged)).toEqual(whole);
      },
    ),
    { numRuns: 200 },
  );
});

test('a sketch merged with itself counts all twice', () => {
  const sketch = sketchOf([
    { hash: 1, scores: [1, 2] },
    { hash: 2, scores: [3, 4] },
  ]);
  sketch.merge(sketch);
  expect(sketch.documents).toBe(4);
  expect(sketch.quantile(0, 0.5)).toEqual({ value: 3, rankError: 0.5 });
});

const draw = seeded(7);
const normal = (): number => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
const distributions: Readonly<Record<string, (at: number) => number>> = {
  constant: () => 0.1,
  'two points': (at) => (at % 10 === 0 ? 1 : -1),
  'heavy tail': () => Math.tan(Math.PI * (draw() - 0.5)),
  normal,
  'many magnitudes, negative': () => -Math.exp(40 * (draw() - 0.5)),
  'all within one bin': () => 1 + draw() * 2 ** -14,
  'minus zero among tiny ones': (at) => [-0, 0, 1e-44, -1e-44, 1e-38][at % 5]!,
  'infinities and NaN': (at) =>
    [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, normal()][at % 4]!,
};

test.each(Object.keys(distributions))('ranks of quantiles are as far off as is said: %s', (name) => {
  const values = Array.from({ length: 5000 }, (_, at) => Math.fround(distributions[name]!(at)));
  const sketch = new ScoreSketch(1);
  for (const [at, value] of values.entries())
    sketch.add(at, Math.imul(at, 0x9e3779b1) >>> 0, Float64Array.of(value));
  for (const q of [0, 0.001, 0.05, 0.1, 0.5, 0.9, 0.999, 1]) {
    const { value, rankError } = sketch.quantile(0, q);
    const below =
      values.filter((one) => (Number.isNaN(one) ? !Number.isNaN(value) : one < value)).length / 5000;
    expect(below).toBeLessThanOrEqual(q + 1e-9);
    expect(q - below).toBeLessThanOrEqual(rankError + 1e-9);
    // Who shares a bin with the value is what makes the error.
    const within = values.filter((one) => Object.is(binFloor(one), value)).length / 5000;
    expect(rankError).toBeCloseTo(within, 9);
  }
});

test('a value is known to a part in 2^13, and bins start at the value they are named by', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true }), (value) => {
      const floor = binFloor(value);
      expect(floor).toBeLessThanOrEqual(value);
      expect(binFloor(floor)).toBe(floor);
      if (Number.isFinite(value) && Math.abs(value) > 1e-37) {
        expect(Math.abs(value - floor)).toBeLessThanOrEqual(Math.abs(floor) * 2 ** -13);
      }
    }),
  );
  expect(binFloor(Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
  expect(binFloor(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  expect(binFloor(-0)).toBe(0);
  expect(binFloor(Number.NaN)).toBeNaN();
});

test('rank ascends with the value, from 0 to 1, and NaN is below all', () => {
  fc.assert(
    fc.property(fc.array(score, { minLength: 1, maxLength: 60 }), (values) => {
      const sketch = new ScoreSketch(1);
      for (const [at, value] of values.entries()) sketch.add(at, at, Float64Array.of(value));
      const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
      const ranks = [Number.NaN, ...sorted].map((value) => sketch.rank(0, value));
      for (const [at, rank] of ranks.entries()) {
        expect(rank).toBeGreaterThanOrEqual(at === 0 ? 0 : ranks[at - 1]!);
        expect(rank).toBeLessThanOrEqual(1);
      }
    }),
  );
});

test('a document counts as good as its best rank; the share that reaches the threshold is the one asked for', () => {
  const sketch = new ScoreSketch(2);
  const rows = Array.from({ length: 2000 }, (_, at) => [normal(), at % 7 === 0 ? normal() : -10]);
  for (const [at, scores] of rows.entries())
    sketch.add(at, Math.imul(at, 0x9e3779b1) >>> 0, Float64Array.from(scores));
  for (const share of [0.02, 0.1, 0.5]) {
    const { value, error } = sketch.thresholdOfCombined(share);
    const kept = rows.filter(
      (scores) => Math.max(...scores.map((one, at) => sketch.rank(at, one))) >= value,
    ).length;
    expect(Math.abs(kept / 2000 - share)).toBeLessThanOrEqual(error);
    expect(error).toBeLessThan(0.02);
  }
});

test('a sample of 65,536 finds the threshold of 200,000 documents within the error it states', () => {
  const sketch = new ScoreSketch(1);
  const random = seeded(11);
  for (let at = 0; at < 200_000; at++) {
    sketch.add(Math.floor(random() * 2 ** 32), Math.floor(random() * 2 ** 32), Float64Array.of(random()));
  }
  expect(sketch.isSampleComplete).toBe(false);
  const { value, error } = sketch.thresholdOfCombined(0.1, (_, one) => one);
  // Ranks are the scores here, so the share above the value is 1 - value but for the noise of 200,000 draws, whose sd is 0.0007.
  expect(error).toBeGreaterThan(0.006);
  expect(error).toBeLessThan(0.007);
  expect(Math.abs(1 - value - 0.1)).toBeLessThan(error + 0.003);
});

test('without documents there are no quantiles, and shapes have to fit', () => {
  const sketch = new ScoreSketch(1);
  expect(sketch.quantile(0, 0.5)).toEqual({ value: Number.NaN, rankError: 1 });
  expect(sketch.thresholdOfCombined(0.5)).toEqual({ value: Number.NaN, error: 1 });
  expect(() => new ScoreSketch(0)).toThrow(RangeError);
  expect(() => sketch.merge(new ScoreSketch(2))).toThrow(RangeError);
  expect(() => sketch.quantile(1, 0.5)).toThrow(RangeError);
});
