import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createSigner } from '../../../src/kernels/signatures/signer.ts';
import { columnOf } from './fixtures.ts';

const folder = '../shared/data/neardup';
const BANDS = 14;
const ROWS = 8;
const SEEDS = 32;
const strata = [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 1.000001] as const;

function lines(path: string): string[] {
  return gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n');
}

function openSet(name: string): { texts: string[]; pairs: { a: number; b: number; jaccard: number }[] } {
  const rows = lines(`${folder}/${name}.docs.jsonl.gz`).map(
    (line) => JSON.parse(line) as { id: string; text: string },
  );
  const rowOf = new Map(rows.map(({ id }, row) => [id, row]));
  const pairs = lines(`${folder}/${name}.pairs.tsv.gz`)
    .map((line) => line.split('\t'))
    .filter(([a, b]) => rowOf.has(a!) && rowOf.has(b!))
    .map(([a, b, jaccard]) => ({ a: rowOf.get(a!)!, b: rowOf.get(b!)!, jaccard: Number(jaccard) }));
  return { texts: rows.map(({ text }) => text), pairs };
}

const present = existsSync(`${folder}/kafka-docs.docs.jsonl.gz`);
if (!present)
  process.stdout.write(`skipped: signatures against real near-duplicates, as ${folder} is absent\n`);

test.runIf(present).each(['react-native-docs', 'kafka-docs'])(
  'real near-duplicates of %s share a band as often as the law says of their exact Jaccard similarities',
  { timeout: 120_000 },
  async (name) => {
    const { texts, pairs } = openSet(name);
    const column = columnOf(texts);
    expect(pairs.length).toBeGreaterThan(8000);
    const found = strata.slice(1).map(() => new Float64Array(SEEDS));
    for (let seed = 0; seed < SEEDS; seed++) {
      const signer = await createSigner({ ngram: 5, bands: BANDS, rows: ROWS, seed });
      const { bandKeys, rowCount } = signer.sign(column);
      for (const { a, b, jaccard } of pairs) {
        let shares = false;
        for (let band = 0; band < BANDS && !shares; band++) {
          const at = 2 * (band * rowCount + a);
          const other = 2 * (band * rowCount + b);
          shares = bandKeys[at] === bandKeys[other] && bandKeys[at + 1] === bandKeys[other + 1];
        }
        if (shares) found[strata.findIndex((_, i) => jaccard < strata[i + 1]!)]![seed]! += 1;
      }
    }
    found.forEach((counts, index) => {
      const inside = pairs.filter(({ jaccard }) => jaccard >= strata[index]! && jaccard < strata[index + 1]!);
      const law =
        inside.reduce((sum, { jaccard }) => sum + 1 - (1 - jaccard ** ROWS) ** BANDS, 0) / inside.length;
      const shares = [...counts].map((count) => count / inside.length);
      const mean = shares.reduce((sum, share) => sum + share, 0) / SEEDS;
      const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / (SEEDS - 1);
      // Pairs of one cluster are dependent, so the spread is taken between independent seeds: 5 standard errors (Student, 31 degrees of
      // freedom: one stratum in 40,000 by chance), and 0.01 for the flatter curve of the many pairs of under 100 shingles.
      const tolerance = 5 * Math.sqrt(variance / SEEDS) + 0.01;
      expect(
        Math.abs(mean - law),
        `${strata[index]}: law ${law.toFixed(3)}, found ${mean.toFixed(3)}, tolerance ${tolerance.toFixed(3)}`,
      ).toBeLessThan(tolerance);
    });
  },
);
