import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { dedup, read } from '../../src/index.ts';
import { gunzipped, hasSharedData, jsonLines, linesOf, sharedDocuments, useFolder } from './support.ts';

const folder = useFolder();

interface Judged {
  readonly reasons: Map<string, string | null>;
  /** Jaccard similarity by pair of ids, for every pair at or above 0.5. */
  readonly pairs: { readonly a: string; readonly b: string; readonly jaccard: number }[];
}

async function judge(name: string, seed: number): Promise<Judged> {
  const documents = await sharedDocuments(`neardup/${name}`);
  const input = folder(`${name}.jsonl`);
  await writeFile(input, jsonLines(documents));
  const output = folder(`${name}-${seed}`);
  await dedup({ input, output, seed, threads: 2 });
  const reasons = new Map<string, string | null>();
  for await (const batch of read(folder(`${name}-${seed}`, 'ledger'))) {
    for (const row of batch) reasons.set(row['id'] as string, row['reason'] as string | null);
  }
  const pairs = linesOf((await gunzipped(`neardup/${name}.pairs.tsv.gz`)).toString()).flatMap((line) => {
    const [a, b, jaccard] = line.split('\t');
    return Number.isFinite(Number(jaccard)) ? [{ a: a!, b: b!, jaccard: Number(jaccard) }] : [];
  });
  return { reasons, pairs };
}

describe.skipIf(!hasSharedData)('on real documents with complete pair lists', () => {
  test.each(['kafka-docs', 'pep-revisions', 'react-native-docs', 'license-texts'])(
    '%s: of pairs with Jaccard >= 0.9 at least 99.5 %% do not both survive',
    async (name) => {
      const { reasons, pairs } = await judge(name, 0);
      const close = pairs.filter(({ jaccard }) => jaccard >= 0.9);
      const both = close.filter(({ a, b }) => reasons.get(a) === null && reasons.get(b) === null);
      expect(close.length).toBeGreaterThan(1000);
      expect(both.length / close.length).toBeLessThanOrEqual(0.005);
    },
  );

  test.each(['kafka-docs', 'pep-revisions', 'react-native-docs'])(
    '%s: at most 1 in 1,000 documents is dropped as near duplicate without a kept earlier document at Jaccard >= 0.5',
    async (name) => {
      const { reasons, pairs } = await judge(name, 0);
      const order = new Map([...reasons.keys()].map((id, i) => [id, i]));
      const justified = new Set<string>();
      for (const { a, b } of pairs) {
        const [first, second] = order.get(a)! < order.get(b)! ? [a, b] : [b, a];
        if (reasons.get(first) === null) justified.add(second);
      }
      const near = [...reasons].flatMap(([id, reason]) => (reason === 'near-duplicate' ? [id] : []));
      expect(near.length).toBeGreaterThan(100);
      expect(near.filter((id) => !justified.has(id)).length).toBeLessThanOrEqual(reasons.size / 1000);
    },
  );
});
