import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CopyCounts, type CopyHistogram, copiesOf } from '../../src/proof/copies.ts';
import { seeded } from '../engine/support.ts';

/** A histogram by counting everything. */
function naive(pairs: readonly (readonly [number, number])[]): CopyHistogram {
  const counts = new Map<string, number>();
  for (const [low, high] of pairs) counts.set(`${low},${high}`, (counts.get(`${low},${high}`) ?? 0) + 1);
  const all = [...counts.values()].toSorted((a, b) => a - b);
  const copies = [...new Set(all)];
  return { copies, shares: copies.map((count) => all.filter((one) => one <= count).length / all.length) };
}

function countsOf(pairs: readonly (readonly [number, number])[]): CopyCounts {
  const counts = new CopyCounts();
  counts.add(Uint32Array.from(pairs.flat()));
  return counts;
}

describe('counts', () => {
  test('are those of counting everything, for colliding and extreme hashes', () => {
    const word = fc.constantFrom(0, 1, 2, 0x80000000, 0xffffffff);
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word), { maxLength: 200, size: 'max' }), (pairs) => {
        expect(countsOf(pairs).histogram()).toEqual(naive(pairs));
      }),
      { numRuns: 100 },
    );
  });

  test('of nothing are an empty histogram, and then every document has one copy', () => {
    const histogram = countsOf([]).histogram();
    expect(histogram).toEqual({ copies: [], shares: [] });
    expect(copiesOf(0, 0, histogram)).toBe(1);
  });

  test('are exact up to 65,536 distinct documents, and of about a half from one more on', () => {
    const random = seeded(3);
    const pairs = Array.from(
      { length: 65_536 },
      () => [Math.floor(random() * 2 ** 32), Math.floor(random() * 2 ** 32)] as const,
    );
    const counts = countsOf(pairs);
    counts.add(Uint32Array.from(pairs.slice(0, 16_384).flat()));
    expect(counts.held).toBe(65_536);
    expect(counts.histogram()).toEqual({ copies: [1, 2], shares: [0.75, 1] });
    counts.add(Uint32Array.of(5, 5));
    // Binomial, standard deviation 128.
    expect(Math.abs(counts.held - 32_768)).toBeLessThan(5 * 128);
    expect(Math.abs(counts.histogram().shares[0]! - 0.75)).toBeLessThan(
      5 * Math.sqrt((0.75 * 0.25) / 32_768),
    );
  });

  test('of more documents than are held are near the truth, whatever the order and the cuts', () => {
    const random = seeded(4);
    const shares = [0.5, 0.75, 0.9, 1];
    const documents = Array.from({ length: 150_000 }, () => {
      const draw = random();
      return {
        hash: [Math.floor(random() * 2 ** 32), Math.floor(random() * 2 ** 32)],
        copies: 2 ** shares.findIndex((share) => draw < share),
      };
    });
    const stream = documents.flatMap(({ hash, copies }) => Array.from({ length: copies }, () => hash));
    const counts = new CopyCounts();
    for (let start = 0; start < stream.length; start += 10_007)
      counts.add(Uint32Array.from(stream.slice(start, start + 10_007).flat()));
    const backwards = new CopyCounts();
    backwards.add(Uint32Array.from(stream.toReversed().flat()));
    const histogram = counts.histogram();
    expect(backwards.histogram()).toEqual(histogram);
    expect(histogram.copies).toEqual([1, 2, 4, 8]);
    // 150,000 / 4 are held.
    expect(Math.abs(counts.held - 37_500)).toBeLessThan(5 * Math.sqrt(37_500));
    for (const [i, share] of shares.entries())
      expect(Math.abs(histogram.shares[i]! - share)).toBeLessThanOrEqual(
        5 * Math.sqrt((share * (1 - share)) / 37_000),
      );
  });
});

describe('copies drawn', () => {
  const histogram: CopyHistogram = { copies: [1, 2, 3, 50], shares: [0.6, 0.85, 0.99, 1] };

  test('come as often as the histogram says, and by seed and ordinal alone', () => {
    const documents = 40_000;
    const drawn = Array.from({ length: documents }, (_, ordinal) => copiesOf(7, ordinal, histogram));
    let below = 0;
    for (const [i, copies] of histogram.copies.entries()) {
      const share = histogram.shares[i]! - below;
      below = histogram.shares[i]!;
      const found = drawn.filter((one) => one === copies).length;
      const deviation = Math.sqrt(documents * share * (1 - share));
      expect(Math.abs(found - documents * share)).toBeLessThan(5 * deviation);
    }
    expect(Array.from({ length: 100 }, (_, i) => copiesOf(7, 39_900 + i, histogram))).toEqual(
      drawn.slice(-100),
    );
    const other = Array.from({ length: documents }, (_, ordinal) => copiesOf(8, ordinal, histogram));
    // Equal by chance with probability 0.6^2 + 0.25^2 + 0.14^2 + 0.01^2 = 0.4422.
    const same = other.filter((copies, i) => copies === drawn[i]).length;
    expect(Math.abs(same - documents * 0.4422)).toBeLessThan(5 * Math.sqrt(documents * 0.4422 * 0.5578));
  });

  test('are the only number there is, also for ordinals beyond 32 bits', () => {
    for (const ordinal of [0, 2 ** 32, 2 ** 53 - 1])
      expect(copiesOf(0, ordinal, { copies: [3], shares: [1] })).toBe(3);
  });
});
