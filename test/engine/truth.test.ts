import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { dedup, read } from '../../src/index.ts';
import { collisionProbability } from '../../src/kernels/banding.ts';
import {
  gunzipped,
  hasSharedData,
  jsonLines,
  linesOf,
  sharedDocuments,
  type TestDocument,
  useFolder,
} from './support.ts';

if (!hasSharedData)
  process.stdout.write('no ../shared/data beside the project: the real truth sets are skipped\n');

const folder = useFolder();

interface Pair {
  readonly a: string;
  readonly b: string;
  readonly jaccard: number;
}

/** Reason by id, null for what was kept, in document order. */
async function judge(documents: readonly TestDocument[], seed: number): Promise<Map<string, string | null>> {
  await writeFile(folder('in.jsonl'), jsonLines(documents));
  await dedup({ input: folder('in.jsonl'), output: folder('out'), seed, threads: 2, overwrite: true });
  const reasons = new Map<string, string | null>();
  for await (const batch of read(folder('out', 'ledger'))) {
    for (const row of batch) reasons.set(row['id'] as string, row['reason'] as string | null);
  }
  return reasons;
}

/** Every pair with Jaccard at or above 0.5, as the truth set lists it. */
async function listedPairs(name: string): Promise<Pair[]> {
  return linesOf((await gunzipped(`neardup/${name}.pairs.tsv.gz`)).toString()).flatMap((line) => {
    const [a, b, jaccard] = line.split('\t');
    return Number.isFinite(Number(jaccard)) ? [{ a: a!, b: b!, jaccard: Number(jaccard) }] : [];
  });
}

/** Jaccard of every pair of documents at or above `least`, by an inverted index of shingle hashes of 53 bits; ordinals of (later, earlier). */
function allPairs(
  documents: readonly TestDocument[],
  least: number,
): { later: number; earlier: number; jaccard: number }[] {
  const ids = new Map<string, number>();
  const postings = new Map<number, number[]>();
  const sizes: number[] = [];
  const shared = new Uint32Array(documents.length);
  return documents.flatMap(({ text }, later) => {
    const words = (text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []).map((word) => {
      const id = ids.get(word) ?? ids.size + 1;
      ids.set(word, id);
      return id;
    });
    const shingles = new Set<number>();
    for (let i = 0; i < Math.max(1, words.length - 4); i++) shingles.add(hashOf(words, i));
    const met = new Set<number>();
    for (const shingle of shingles) {
      const holders = postings.get(shingle);
      if (holders === undefined) {
        postings.set(shingle, [later]);
      } else {
        for (const earlier of holders) if (shared[earlier]!++ === 0) met.add(earlier);
        holders.push(later);
      }
    }
    sizes.push(shingles.size);
    return [...met].flatMap((earlier) => {
      const count = shared[earlier]!;
      shared[earlier] = 0;
      const jaccard = count / (shingles.size + sizes[earlier]! - count);
      return jaccard >= least ? [{ later, earlier, jaccard }] : [];
    });
  });
}

/** Hash of up to five words from `start` on. */
function hashOf(ids: readonly number[], start: number): number {
  let high = 0;
  let low = 0;
  for (let i = start; i < Math.min(start + 5, ids.length); i++) {
    const id = ids[i]!;
    high = Math.imul(high ^ id, 0x9e3779b1);
    high ^= high >>> 15;
    low = Math.imul(low ^ id, 0x85ebca77);
    low ^= low >>> 13;
  }
  return (high >>> 0) * 2 ** 21 + (low >>> 11);
}

function groupByLater(pairs: ReturnType<typeof allPairs>): Map<number, ReturnType<typeof allPairs>> {
  const groups = new Map<number, ReturnType<typeof allPairs>>();
  for (const pair of pairs) {
    const group = groups.get(pair.later);
    if (group === undefined) groups.set(pair.later, [pair]);
    else group.push(pair);
  }
  return groups;
}

describe.skipIf(!hasSharedData)('on real documents with complete pair lists', () => {
  test.each(['kafka-docs', 'pep-revisions', 'react-native-docs', 'license-texts'])(
    '%s: of pairs with Jaccard >= 0.9 at most one in 200 survives whole',
    async (name) => {
      const reasons = await judge(await sharedDocuments(`neardup/${name}`), 0);
      const close = (await listedPairs(name)).filter(({ jaccard }) => jaccard >= 0.9);
      const both = close.filter(({ a, b }) => reasons.get(a) === null && reasons.get(b) === null);
      expect(close.length).toBeGreaterThan(1000);
      expect(both.length / close.length).toBeLessThanOrEqual(0.005);
    },
  );

  test('families dropped without a kept earlier document at Jaccard >= 0.5 are as many as the law of the bands gives', async () => {
    let documentCount = 0;
    let dropped = 0;
    let families = 0;
    let expected = 0;
    for (const name of ['kafka-docs', 'pep-revisions', 'react-native-docs']) {
      const documents = await sharedDocuments(`neardup/${name}`);
      const pairs = groupByLater(allPairs(documents, 0.2));
      for (const seed of [0, 1]) {
        const reasons = [...(await judge(documents, seed)).values()];
        documentCount += documents.length;
        const isStray = reasons.map(() => false);
        reasons.forEach((reason, later) => {
          const earlier = pairs.get(later) ?? [];
          const kept = earlier.filter((pair) => reasons[pair.earlier] === null);
          if (kept.some(({ jaccard }) => jaccard >= 0.5)) return;
          isStray[later] = reason === 'near-duplicate';
          if (isStray[later]) dropped++;
          // Where one revision of a page falls, all of them fall, for the same shared band: a family is one draw of the law.
          if (earlier.some((pair) => pair.jaccard >= 0.5 && isStray[pair.earlier])) return;
          expected +=
            1 - kept.reduce((none, { jaccard }) => none * (1 - collisionProbability(jaccard, 14, 8)), 1);
          if (isStray[later]) families++;
        });
      }
    }
    process.stdout.write(
      `without a kept earlier document at Jaccard >= 0.5: ${dropped} of ${documentCount} documents dropped, ${families} families; by the law ${expected.toFixed(1)} families\n`,
    );
    // Poisson, but for what families share among each other: 4 standard deviations.
    expect(Math.abs(families - expected)).toBeLessThan(4 * Math.sqrt(expected));
  }, 120_000);
});
