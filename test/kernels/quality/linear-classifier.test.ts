import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createQualityKernel } from '../../../src/kernels/quality/kernel.ts';
import {
  FeatureSpool,
  type LinearModel,
  LinearTrainer,
  scoreLinear,
} from '../../../src/kernels/quality/linear-classifier.ts';
import { areaUnderCurve } from '../../../src/kernels/quality/roc.ts';
import { seeded } from '../../engine/support.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function weightsOf(bits: number, seed: number): LinearModel {
  const random = seeded(seed);
  return {
    kind: 'linear',
    bias: 0.25,
    weights: Float32Array.from({ length: 2 ** bits }, () => random() - 0.5),
  };
}

const text = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }).map(bytesOf),
  fc
    .array(fc.constantFrom('a', 'b', 'the', '.', '\n', '中'), { maxLength: 900 })
    .map((parts) => bytesOf(parts.join(' '))),
);

test('both twins give the same bits on any bytes, whatever was scored before', async () => {
  const models = [weightsOf(10, 1), weightsOf(16, 2), weightsOf(20, 3)];
  const simd = await createQualityKernel(models);
  const scalar = await createQualityKernel(models, 'scalar');
  const [a, b] = [new Float64Array(3), new Float64Array(3)];
  fc.assert(
    fc.property(text, (bytes) => {
      simd.score(bytes, 0, bytes.length, a);
      scalar.score(bytes, 0, bytes.length, b);
      expect(a).toEqual(b);
    }),
    { numRuns: 150 },
  );
});

test('the score is bias + sum of weight times log count over the sum of log counts', () => {
  const model: LinearModel = { kind: 'linear', bias: -1, weights: new Float32Array(1024) };
  model.weights[3] = 0.5;
  model.weights[1000] = -2;
  const score = scoreLinear(model);
  // Buckets are the upper ten bits: 3 twice, 1000 once, 7 once.
  score.take(Uint32Array.of(3 * 2 ** 22, 1000 * 2 ** 22 + 5, 3 * 2 ** 22 + 9, 7 * 2 ** 22));
  const norm = Math.log(3) + 2 * Math.log(2);
  expect(score.result()).toBeCloseTo(-1 + (0.5 * Math.log(3) - 2 * Math.log(2)) / norm, 12);
  expect(scoreLinear(model).result()).toBeNaN();
});

test('counts stop at 255 in both twins and in the spool', async () => {
  const bytes = bytesOf('word '.repeat(700));
  const model = weightsOf(12, 4);
  const into = new Float64Array(1);
  const kernel = await createQualityKernel([model]);
  const spool = new FeatureSpool(12);
  kernel.collect(bytes, 0, bytes.length, spool.take);
  spool.close(true);
  expect([...spool.entries(0)].map((entry) => entry & 255)).toEqual([255, 255]);
  kernel.score(bytes, 0, bytes.length, into);
  const mean = [...spool.entries(0)].reduce((sum, entry) => sum + model.weights[entry >>> 8]!, 0) / 2;
  expect(into[0]).toBeCloseTo(model.bias + mean, 12);
});

test('a spool holds each document as its buckets and counts, and leaves out the empty ones', () => {
  const features = fc.array(
    fc.nat(40).map((one) => one * 2 ** 20),
    { maxLength: 50 },
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(features, fc.boolean(), fc.boolean()), { maxLength: 30 }), (documents) => {
      const spool = new FeatureSpool(12);
      for (const [list, isPositive, isHeldOut] of documents) {
        // Handed over in two pieces.
        spool.take(Uint32Array.from(list.slice(0, 7)));
        spool.take(Uint32Array.from(list.slice(7)));
        expect(spool.close(isPositive, isHeldOut)).toBe(list.length > 0);
      }
      const kept = documents.filter(([list]) => list.length > 0);
      expect(spool.documents).toBe(kept.length);
      for (const [at, [list, isPositive, isHeldOut]] of kept.entries()) {
        const counts = new Map<number, number>();
        for (const one of list) counts.set(one >>> 20, (counts.get(one >>> 20) ?? 0) + 1);
        expect([...spool.entries(at)].map((entry) => [entry >>> 8, entry & 255])).toEqual([...counts]);
        expect([spool.isPositive(at), spool.isHeldOut(at)]).toEqual([isPositive, isHeldOut]);
      }
    }),
  );
});

/** Documents of 60 words out of 500; those of one class favour a hundred of them. */
function plantedSpool(seed: number, strength: number): FeatureSpool {
  const random = seeded(seed);
  const spool = new FeatureSpool(14);
  for (let at = 0; at < 400; at++) {
    const isPositive = at % 4 === 0;
    const words = Array.from({ length: 60 }, () =>
      Math.floor(random() * (isPositive && random() < strength ? 100 : 500)),
    );
    spool.take(Uint32Array.from(words, (word) => Math.imul(word + 1, 0x9e3779b1)));
    spool.close(isPositive);
  }
  return spool;
}

function aucOf(strength: number): number {
  const trainer = new LinearTrainer({ bits: 14, seed: 1, positives: 100, negatives: 300 });
  const spool = plantedSpool(1, strength);
  for (let round = 0; round < 5; round++) trainer.train(spool, round);
  const model = trainer.model();
  const test = plantedSpool(2, strength);
  const scores: [number[], number[]] = [[], []];
  for (let at = 0; at < test.documents; at++) {
    const score = scoreLinear(model);
    for (const entry of test.entries(at)) {
      score.take(new Uint32Array(entry & 255).fill((entry >>> 8) << 18));
    }
    scores[test.isPositive(at) ? 1 : 0].push(score.result());
  }
  return areaUnderCurve(Float64Array.from(scores[1]), Float64Array.from(scores[0])).auc;
}

test('a planted difference is found in other documents, and none is found where there is none', () => {
  expect(aucOf(0.4)).toBeGreaterThan(0.95);
  // Under no difference the AUC of 100 and 300 has a standard deviation of sqrt(401 / (12 * 30,000)) = 0.033; four of them.
  expect(Math.abs(aucOf(0) - 0.5)).toBeLessThan(0.134);
});

test('training depends on seed and documents alone', () => {
  const train = (seed: number): LinearModel => {
    const trainer = new LinearTrainer({ bits: 14, seed, positives: 100, negatives: 300 });
    trainer.train(plantedSpool(1, 0.3), 0);
    return trainer.model();
  };
  expect(train(5)).toEqual(train(5));
  expect(train(6)).not.toEqual(train(5));
});

test('documents that are held out are not learned from', () => {
  const train = (withHeldOut: boolean): LinearModel => {
    const spool = new FeatureSpool(10);
    for (let at = 0; at < 20; at++) {
      spool.take(Uint32Array.of((at % 2) * 2 ** 22));
      spool.close(at % 2 === 0);
    }
    if (withHeldOut) {
      spool.take(Uint32Array.of(99 * 2 ** 22));
      spool.close(true, true);
    }
    const trainer = new LinearTrainer({ bits: 10, seed: 0, positives: 10, negatives: 10, holdsOut: true });
    trainer.train(spool, 0);
    return trainer.model();
  };
  expect(train(true).weights[99]).toBe(0);
  expect(train(true).weights[0]).toBeGreaterThan(0);
  expect(train(true).weights[1]).toBeLessThan(0);
});

test('the area under the curve is the share of pairs in order, and its interval that of DeLong', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(20), { minLength: 2, maxLength: 30 }),
      fc.array(fc.nat(20), { minLength: 2, maxLength: 30 }),
      (positives, negatives) => {
        const kernel = (a: number, b: number): number => (a > b ? 1 : a === b ? 0.5 : 0);
        const rows = positives.map(
          (a) => negatives.reduce((sum, b) => sum + kernel(a, b), 0) / negatives.length,
        );
        const columns = negatives.map(
          (b) => positives.reduce((sum, a) => sum + kernel(a, b), 0) / positives.length,
        );
        const mean = (list: number[]): number => list.reduce((sum, one) => sum + one, 0) / list.length;
        const variance = (list: number[]): number =>
          list.reduce((sum, one) => sum + (one - mean(list)) ** 2, 0) / (list.length - 1);
        const { auc, low, high } = areaUnderCurve(Float64Array.from(positives), Float64Array.from(negatives));
        const half = 1.96 * Math.sqrt(variance(rows) / rows.length + variance(columns) / columns.length);
        expect(auc).toBeCloseTo(mean(rows), 10);
        expect(low).toBeCloseTo(Math.max(0, auc - half), 10);
        expect(high).toBeCloseTo(Math.min(1, auc + half), 10);
      },
    ),
  );
  expect(areaUnderCurve(Float64Array.of(1, Number.NaN), Float64Array.of(-5, 0)).auc).toBe(0.5);
});
