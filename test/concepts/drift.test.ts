import { expect, test } from 'vitest';
import { unitOf } from '../../src/concepts/draws.ts';
import { driftOf } from '../../src/concepts/drift.ts';
import type { PlanConcepts } from '../../src/concepts/plan-file.ts';

function planned(documents: readonly number[], distance = 0.4): PlanConcepts {
  const zeros = new Float64Array(documents.length);
  return {
    names: documents.map((_, concept) => [`name ${concept}`]),
    documents: Float64Array.from(documents),
    distances: zeros.map(() => distance),
    keptShares: zeros,
    cutPriorities: zeros,
    sizeLimits: zeros,
    cutHashes: new Uint32Array(2 * documents.length),
    outlierBins: new Uint16Array(documents.length),
  };
}

const seen = (documents: readonly number[], distance = 0.4) => ({
  documents: Float64Array.from(documents),
  distances: Float64Array.from(documents, (count) => count * distance),
});

test('the same documents have not drifted', () => {
  const drift = driftOf(planned([300, 0, 100]), seen([300, 0, 100]))!;
  expect(drift).toMatchObject({ documentsThen: 400, documentsNow: 400, shareDistance: 0, concepts: 2 });
  expect(drift.meanDistanceNow).toBeCloseTo(drift.meanDistanceThen, 12);
  expect(drift).toMatchObject({ changedConcepts: 0, mostChanged: [], staleBy: [] });
});

test('shares are compared, not numbers, and what has changed most comes first', () => {
  const drift = driftOf(planned([600, 300, 100, 0]), seen([60, 60, 20, 60]))!;
  // Shares: 0.6, 0.3, 0.1, 0 and 0.3, 0.3, 0.1, 0.3.
  expect(drift.shareDistance).toBeCloseTo(0.3, 12);
  expect(drift.mostChanged.map(({ concept }) => concept)).toEqual([0, 3]);
  expect(drift.mostChanged[1]).toEqual({ concept: 3, names: ['name 3'], shareThen: 0, shareNow: 0.3 });
  expect(drift.staleBy).toEqual(['shares']);
});

test('a mean distance that has risen by more than a tenth is a sign, one that has fallen or risen by less is none', () => {
  const documents = [500, 500];
  expect(driftOf(planned(documents), seen(documents, 0.45))!.staleBy).toEqual(['distance']);
  expect(driftOf(planned(documents), seen(documents, 0.43))!.staleBy).toEqual([]);
  expect(driftOf(planned(documents), seen(documents, 0.1))!.staleBy).toEqual([]);
});

test('nothing is said of no documents, and ten concepts at most are listed', () => {
  expect(driftOf(planned([1, 2]), seen([0, 0]))).toBeUndefined();
  expect(driftOf(planned([0, 0]), seen([1, 0]))).toBeUndefined();
  const before = Array.from({ length: 40 }, (_, concept) => (concept < 20 ? 1000 : 0));
  const drift = driftOf(planned(before), seen(before.toReversed()))!;
  expect(drift.changedConcepts).toBe(40);
  expect(drift.mostChanged).toHaveLength(10);
  expect(drift.shareDistance).toBeCloseTo(1, 12);
});

test('what is said of chance is what two draws from one source come to', () => {
  const concepts = 30;
  const [then, now] = [2000, 700];
  const runs = 60;
  /** Documents of concepts whose chances are in proportion to 1, 2, 3 and so on. */
  const draw = (count: number, run: number): number[] => {
    const documents = Array.from({ length: concepts }, () => 0);
    const all = (concepts * (concepts + 1)) / 2;
    for (let i = 0; i < count; i++) {
      const at = unitOf(run, 'drift', i, count) * all;
      documents[Math.ceil((Math.sqrt(1 + 8 * at) - 1) / 2) - 1]!++;
    }
    return documents;
  };
  let found = 0;
  let square = 0;
  let said = 0;
  let changed = 0;
  for (let run = 0; run < runs; run++) {
    const drift = driftOf(planned(draw(then, run)), seen(draw(now, run)))!;
    found += drift.shareDistance / runs;
    square += drift.shareDistance ** 2 / runs;
    said += drift.shareDistanceByChance / runs;
    changed += drift.changedConcepts;
  }
  const error = Math.sqrt((square - found ** 2) / runs);
  // Four standard errors of the mean found, and 2 % for the counts being no normal variables.
  expect(Math.abs(found - said)).toBeLessThan(4 * error + 0.02 * said);
  // Each of 1800 is listed with a chance of 1 in 16,000.
  expect(changed).toBeLessThanOrEqual(2);
});
