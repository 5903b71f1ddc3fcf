import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { dedup } from '../../src/index.ts';
import { collisionProbability } from '../../src/kernels/banding.ts';
import { rowsIn } from './rows.ts';
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

interface Judged {
  readonly documents: readonly TestDocument[];
  /** Reason by id, null for what was kept, in document order. */
  readonly reasons: ReadonlyMap<string, string | null>;
}

/** What was judged already, by truth set, seed and number of documents: tests ask for the same. */
const judged = new Map<string, Judged>();

/** Deduplicates the first `most` documents of a truth set. */
async function judge(name: string, seed: number, most = Number.POSITIVE_INFINITY): Promise<Judged> {
  const key = `${name} ${seed} ${most}`;
  const known = judged.get(key);
  if (known !== undefined) return known;
  const documents = (await sharedDocuments(`neardup/${name}`)).slice(0, most);
  await writeFile(folder('in.jsonl'), jsonLines(documents));
  await dedup({ input: folder('in.jsonl'), output: folder('out'), seed, threads: 2, overwrite: true });
  const ledger = await rowsIn(folder('out', 'ledger'));
  const reasons = new Map(ledger.map((row) => [row['id'] as string, row['reason'] as string | null]));
  const result = { documents, reasons };
  judged.set(key, result);
  return result;
}

/** Every pair with Jaccard at or above 0.5, as the truth set lists it. */
async function listedPairs(name: string): Promise<Pair[]> {
  return linesOf((await gunzipped(`neardup/${name}.pairs.tsv.gz`)).toString()).flatMap((line) => {
    const [a, b, jaccard] = line.split('\t');
    return Number.isFinite(Number(jaccard)) ? [{ a: a!, b: b!, jaccard: Number(jaccard) }] : [];
  });
}

/** The set of shingles of each document, every shingle by a number of its own that counts from 0. */
function shinglesOf(documents: readonly TestDocument[]): Uint32Array[] {
  const words = new Map<string, number>();
  const texts = documents.map(({ text }) =>
    (text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []).map((word) => {
      const id = words.get(word) ?? words.size + 1;
      words.set(word, id);
      return id;
    }),
  );
  // Open addressing, at most half full: a Map of millions of numbers takes ten times as long. 0 is no hash of these.
  const most = texts.reduce((sum, { length }) => sum + length + 1, 0);
  const mask = 2 ** Math.ceil(Math.log2(2 * most)) - 1;
  const hashes = new Float64Array(mask + 1);
  const numbers = new Uint32Array(mask + 1);
  const lastHolder = new Int32Array(most).fill(-1);
  let count = 0;
  return texts.map((ids, document) => {
    const own: number[] = [];
    for (let i = 0; i < Math.max(1, ids.length - 4); i++) {
      const hash = hashOf(ids, i);
      let slot = Math.floor(hash / 2 ** 21) & mask;
      while (hashes[slot] !== 0 && hashes[slot] !== hash) slot = (slot + 1) & mask;
      if (hashes[slot] === 0) {
        hashes[slot] = hash;
        numbers[slot] = count++;
      }
      const number = numbers[slot]!;
      if (lastHolder[number] === document) continue;
      lastHolder[number] = document;
      own.push(number);
    }
    return Uint32Array.from(own);
  });
}

interface Neighbour {
  /** Position in the input. */
  readonly earlier: number;
  readonly jaccard: number;
}

/** Finds every document that was added and is like another, by an inverted index of shingles. */
class Neighbours {
  private readonly shingles: readonly Uint32Array[];
  private readonly holders: number[][] = [];
  private readonly shared: Uint32Array;

  constructor(shingles: readonly Uint32Array[]) {
    this.shingles = shingles;
    this.shared = new Uint32Array(shingles.length);
  }

  add(document: number): void {
    for (const shingle of this.shingles[document]!) (this.holders[shingle] ??= []).push(document);
  }

  /** Documents with a Jaccard similarity of at least `least`. */
  of(document: number, least: number): Neighbour[] {
    const { shingles, holders, shared } = this;
    const own = shingles[document]!;
    const met: number[] = [];
    for (const shingle of own)
      for (const earlier of holders[shingle] ?? []) if (shared[earlier]!++ === 0) met.push(earlier);
    return met.flatMap((earlier) => {
      const count = shared[earlier]!;
      shared[earlier] = 0;
      const jaccard = count / (own.length + shingles[earlier]!.length - count);
      return jaccard >= least ? [{ earlier, jaccard }] : [];
    });
  }
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
  return (high >>> 0) * 2 ** 21 + (low >>> 11) + 1;
}

describe.skipIf(!hasSharedData)('on real documents with complete pair lists', () => {
  test.each(['kafka-docs', 'pep-revisions', 'react-native-docs', 'license-texts'])(
    '%s: of pairs with Jaccard >= 0.9 at most one in 200 survives whole',
    async (name) => {
      const { reasons } = await judge(name, 0);
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
    // Where near misses are many, and so are draws of the law; more seeds cost less than more text.
    for (const [name, most, seeds] of [
      ['pep-revisions', 1000, 2],
      ['react-native-docs', Number.POSITIVE_INFINITY, 4],
    ] as const) {
      let shingles: readonly Uint32Array[] | undefined;
      for (let seed = 0; seed < seeds; seed++) {
        const { documents, reasons: reasonOf } = await judge(name, seed, most);
        const reasons = [...reasonOf.values()];
        shingles ??= shinglesOf(documents);
        documentCount += documents.length;
        // Only of what was kept, and of strays: the rest of a family falls by them, and is most of all pairs.
        const neighbours = new Neighbours(shingles);
        reasons.forEach((reason, later) => {
          const earlier = neighbours.of(later, 0.2);
          const kept = earlier.filter((pair) => reasons[pair.earlier] === null);
          const isLikeKept = kept.some(({ jaccard }) => jaccard >= 0.5);
          const isStray = !isLikeKept && reason === 'near-duplicate';
          if (reason === null || isStray) neighbours.add(later);
          if (isLikeKept) return;
          if (isStray) dropped++;
          // Where one revision of a page falls, all of them fall, for the same shared band: a family is one draw of the law.
          if (earlier.some((pair) => pair.jaccard >= 0.5 && reasons[pair.earlier] !== null)) return;
          expected +=
            1 - kept.reduce((none, { jaccard }) => none * (1 - collisionProbability(jaccard, 14, 8)), 1);
          if (isStray) families++;
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
