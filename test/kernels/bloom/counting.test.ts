import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CountingBloom, overcountRate, planCountingBloom } from '../../../src/kernels/bloom/counting.ts';

/** Well mixed keys from a seed (SplitMix32). */
function keysFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
}

describe.each([1, 2, 3, 4, 15, 16, 255])('a limit of %i', (limit) => {
  test('is counted up to and stays', () => {
    const counters = new CountingBloom(planCountingBloom(limit, 100, 1e-6));
    for (let i = 0; i < limit + 5; i++) expect(counters.add(12345, 0x80000001)).toBe(Math.min(i, limit));
    expect(counters.distinct).toBe(1);
  });

  test('no count is too low, and no more are too high than the rate says', () => {
    const capacity = 20_000;
    const rate = 1e-3;
    const counters = new CountingBloom(planCountingBloom(limit, capacity, rate));
    const next = keysFrom(limit);
    const keys = Array.from({ length: capacity }, () => [next(), next()] as const);
    // Most keys come once, a few very often, as lines do.
    const times = keys.map((_, i) => (i % 50 === 0 ? 300 : 1 + (i % 3)));
    const seen = new Uint32Array(capacity);
    let tooLow = 0;
    let tooHigh = 0;
    for (let round = 0; round < 300; round++) {
      for (let i = 0; i < capacity; i++) {
        if (round >= times[i]!) continue;
        const [low, high] = keys[i]!;
        const found = counters.add(low, high);
        const truth = Math.min(seen[i]!, limit);
        if (found < truth) tooLow++;
        if (round === times[i]! - 1 && found > truth) tooHigh++;
        seen[i]!++;
      }
    }
    expect(tooLow).toBe(0);
    // At most capacity * rate = 20 expected, less as the filter fills only towards the end; 20 + 5 standard deviations.
    expect(tooHigh).toBeLessThanOrEqual(43);
    expect(counters.distinct).toBeGreaterThanOrEqual(capacity - 43);
    expect(counters.distinct).toBeLessThanOrEqual(capacity);
  });
});

test('at its capacity the rate of new keys is near the one planned', () => {
  const next = keysFrom(7);
  const capacity = 300_000;
  const counters = new CountingBloom(planCountingBloom(1, capacity, 1e-2));
  for (let i = 0; i < capacity; i++) counters.add(next(), next());
  let found = 0;
  const probes = 10_000;
  for (let i = 0; i < probes; i++) if (counters.add(next(), next()) > 0) found++;
  // 100 expected, and a seventh more as probes are counted too and fill the filter by another 3 %; 5 standard deviations.
  expect(found).toBeGreaterThan(50);
  expect(found).toBeLessThan(165);
});

test('bytes are what the plan says, and the fewest bits that hold the limit are taken', () => {
  expect([1, 2, 3, 4, 15, 16, 255].map((limit) => planCountingBloom(limit, 1, 0.01).bits)).toEqual([
    1, 2, 2, 4, 4, 8, 8,
  ]);
  for (const limit of [1, 3, 15, 255]) {
    const plan = planCountingBloom(limit, 50_000, 1e-4);
    expect(new CountingBloom(plan).byteLength).toBe(plan.byteLength);
    expect(overcountRate(plan.bits, plan.capacity / plan.lines)).toBeLessThanOrEqual(1e-4);
    expect(overcountRate(plan.bits, (1.01 * plan.capacity) / plan.lines)).toBeGreaterThan(0.9e-4);
  }
  // As the documentation of the module says, bytes a key at 1e-4.
  const perKey = [1, 3, 15, 255].map((limit) => (planCountingBloom(limit, 1e7, 1e-4).lines * 64) / 1e7);
  expect(perKey.map((bytes) => Number(bytes.toPrecision(2)))).toEqual([3, 6.6, 16, 49]);
});

test('what cannot be planned is refused', () => {
  expect(() => planCountingBloom(0, 1, 0.1)).toThrow(/limit: expected an integer from 1 to 255, found 0/);
  expect(() => planCountingBloom(256, 1, 0.1)).toThrow(RangeError);
  expect(() => planCountingBloom(1.5, 1, 0.1)).toThrow(RangeError);
  expect(() => planCountingBloom(1, 1, 0)).toThrow(/rate/);
  expect(() => planCountingBloom(1, 1, 1)).toThrow(/rate/);
  expect(() => new CountingBloom(planCountingBloom(255, 1e12, 1e-6))).toThrow(/at most 128 GiB of counters/);
});

test('touching keys changes nothing', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { minLength: 2, maxLength: 40 }),
      (list) => {
        const keys = Uint32Array.from(list.length % 2 === 0 ? list : list.slice(1));
        const one = new CountingBloom(planCountingBloom(3, 10, 0.1));
        const two = new CountingBloom(planCountingBloom(3, 10, 0.1));
        two.touch(keys, 0, keys.length / 2);
        for (let i = 0; i < keys.length; i += 2) {
          expect(two.add(keys[i]!, keys[i + 1]!)).toBe(one.add(keys[i]!, keys[i + 1]!));
        }
      },
    ),
    { numRuns: 50 },
  );
});
