import { describe, expect, test } from 'vitest';
import { createSigner } from '../../../src/kernels/signatures/signer.ts';
import { columnOf, makePairs } from './fixtures.ts';

const BANDS = 14;
const ROWS = 8;

/** Shared band keys of each pair of rows (0, 1), (2, 3), ... */
async function matches(rows: readonly string[], bands: number, bandRows: number): Promise<number[]> {
  const signer = await createSigner({ ngram: 1, bands, rows: bandRows, seed: 1 });
  const { bandKeys, rowCount } = signer.sign(columnOf(rows));
  return Array.from({ length: rowCount / 2 }, (_, pair) => {
    let count = 0;
    for (let band = 0; band < bands; band++) {
      const at = 2 * (band * rowCount + 2 * pair);
      if (bandKeys[at] === bandKeys[at + 2] && bandKeys[at + 1] === bandKeys[at + 3]) count++;
    }
    return count;
  });
}

describe.each([
  { size: 20, pairs: 2000 },
  { size: 50, pairs: 2000 },
  { size: 100, pairs: 2000 },
  { size: 300, pairs: 1000 },
  { size: 5000, pairs: 100 },
])('documents of $size shingles', ({ size, pairs }) => {
  test.each([0.3, 0.5, 0.7, 0.8, 0.9])(
    'share a band as often as the law says at Jaccard %f',
    async (target) => {
      const shared = Math.round((2 * size * target) / (1 + target));
      const jaccard = shared / (2 * size - shared);
      const rows = makePairs(pairs, size, shared, size + 1);
      const law = 1 - (1 - jaccard ** ROWS) ** BANDS;
      const found = (await matches(rows, BANDS, ROWS)).filter((count) => count > 0).length / pairs;
      // Four standard deviations of the binomial law. Twenty shingles fill 18 of 112 bins, so minima repeat, their spread is a fifth
      // wider than that of independent ones, and the curve a little flatter: 0.43 becomes 0.437, 0.957 becomes 0.953.
      const tolerance = 4 * Math.sqrt((law * (1 - law)) / pairs) + 1 / pairs + (size < 100 ? 0.015 : 0);
      expect(Math.abs(found - law)).toBeLessThanOrEqual(tolerance);
    },
  );

  test('have minima that agree as often as their Jaccard similarity says', async () => {
    const shared = Math.round(size * 0.75);
    const jaccard = shared / (2 * size - shared);
    const shares = (await matches(makePairs(pairs, size, shared, size), BANDS * ROWS, 1)).map(
      (count) => count / 112,
    );
    const mean = shares.reduce((sum, share) => sum + share, 0) / pairs;
    const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / (pairs - 1);
    const classic = (jaccard * (1 - jaccard)) / 112;
    expect(Math.abs(mean - jaccard)).toBeLessThanOrEqual(4 * Math.sqrt(variance / pairs));
    // Rotation would be at more than ten times the variance of independent minima here; the sample's own spread is sqrt(2 / pairs).
    expect(variance / classic).toBeLessThan(1.3 + 4 * Math.sqrt(2 / pairs));
  });
});

test('more minima than a byte counts follow the law as well', async () => {
  const shared = 30;
  const jaccard = shared / (2 * 40 - shared);
  const rows = makePairs(2000, 40, shared, 3);
  const law = 1 - (1 - jaccard ** 5) ** 60;
  const found = (await matches(rows, 60, 5)).filter((count) => count > 0).length / 2000;
  expect(Math.abs(found - law)).toBeLessThanOrEqual(4 * Math.sqrt((law * (1 - law)) / 2000) + 0.015);
});
