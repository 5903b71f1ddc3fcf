import { mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Signatures } from '../../src/kernels/signatures/signatures.ts';
import { createSigner, type Signer } from '../../src/kernels/signatures/signer.ts';
import { estimateJaccard } from '../../src/kernels/signatures/sketch.ts';
import { EXACT_DUPLICATE, NEAR_DUPLICATE } from '../../src/stages/deduplicate.ts';
import { type ClusteredDocuments, DuplicateClusters } from '../../src/stages/duplicate-clusters.ts';
import { seeded } from '../engine/support.ts';
import { columnOf } from '../kernels/signatures/fixtures.ts';

const BANDS = 12;
const ROWS = 4;
const SKETCH = BANDS * ROWS;
const SMALL = 2 ** 16;
const LARGE = 2 ** 25;

interface Document {
  readonly text: string;
  readonly quality?: number;
  readonly isSkipped?: boolean;
}

interface Result {
  readonly verdicts: number[];
  readonly twins: number[];
  readonly sizes: number[];
  readonly clusters: number;
  readonly largest: number;
  readonly candidatePairs: number;
  readonly verifiedPairs: number;
}

const signer: Signer = await createSigner(
  { ngram: 2, bands: BANDS, rows: ROWS, seed: 0, sketches: true },
  'scalar',
);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-clusters-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function lengthsOf(documents: readonly Document[]): Uint32Array {
  return Uint32Array.from(documents, ({ text }) => Buffer.byteLength(text));
}

function sign(documents: readonly Document[]): Signatures {
  return signer.sign(columnOf(documents.map(({ text }) => text)));
}

async function addTo(clusters: DuplicateClusters, documents: readonly Document[]): Promise<void> {
  await clusters.add(
    sign(documents),
    lengthsOf(documents),
    documents.some(({ isSkipped }) => isSkipped)
      ? Uint8Array.from(documents, ({ isSkipped }) => (isSkipped === true ? 3 : 0))
      : undefined,
    documents.some(({ quality }) => quality !== undefined)
      ? Float64Array.from(documents, ({ quality }) => quality ?? 0)
      : undefined,
  );
}

async function cluster(
  documents: readonly Document[],
  similarity: number,
  {
    memoryBytes = LARGE,
    sizes = [documents.length],
  }: { memoryBytes?: number; sizes?: readonly number[] } = {},
): Promise<Result> {
  const clusters = new DuplicateClusters({ bands: BANDS, rows: ROWS, similarity, folder, memoryBytes });
  try {
    for (let start = 0, call = 0; start < documents.length; call++) {
      const end = start + sizes[call % sizes.length]!;
      await addTo(clusters, documents.slice(start, end));
      start = end;
    }
    return resultOf(await clusters.solve());
  } finally {
    await clusters.close();
    expect(await readdir(folder)).toEqual([]);
  }
}

function resultOf(found: ClusteredDocuments): Result {
  const ordinals = Array.from({ length: found.documents }, (_, ordinal) => ordinal);
  expect(found.byteLength).toBe(DuplicateClusters.byteLength(found.documents));
  expect(found.uncertain).toBe(0);
  const { clusters, largest, candidatePairs, verifiedPairs } = found;
  return {
    verdicts: ordinals.map((ordinal) => found.verdictOf(ordinal)),
    twins: ordinals.map((ordinal) => found.twinOf(ordinal)),
    sizes: ordinals.map((ordinal) => found.clusterSizeOf(ordinal)),
    clusters,
    largest,
    candidatePairs,
    verifiedPairs,
  };
}

/** The definition, document by document: copies are not set aside but lie in the components like all others. */
function clusterNaively(documents: readonly Document[], similarity: number): Result {
  const { contentHashes, bandKeys, shingleCounts, sketches, rowCount } = sign(documents);
  const lengths = lengthsOf(documents);
  const present = documents.flatMap(({ isSkipped }, ordinal) => (isSkipped === true ? [] : [ordinal]));
  const hashOf = (ordinal: number): string =>
    `${contentHashes[2 * ordinal]}:${contentHashes[2 * ordinal + 1]}`;
  const qualityOf = (ordinal: number): number => {
    const quality = documents[ordinal]!.quality ?? 0;
    return Number.isNaN(quality) ? Number.NEGATIVE_INFINITY : quality;
  };
  const order = (a: number, b: number): number => {
    if (qualityOf(a) !== qualityOf(b)) return qualityOf(a) > qualityOf(b) ? -1 : 1;
    return lengths[b]! - lengths[a]! || a - b;
  };
  const estimate = (a: number, b: number): number =>
    estimateJaccard(sketches, a * SKETCH, sketches, b * SKETCH, SKETCH);
  const grouped = (members: readonly number[], keyOf: (ordinal: number) => string): number[][] => {
    const groups = new Map<string, number[]>();
    for (const ordinal of members) {
      const key = keyOf(ordinal);
      groups.set(key, [...(groups.get(key) ?? []), ordinal]);
    }
    return [...groups.values()];
  };
  const neighbours = documents.map(() => new Set<number>());
  const link = (a: number, b: number): void => {
    neighbours[a]!.add(b);
    neighbours[b]!.add(a);
  };
  const best: number[] = [];
  for (const group of grouped(present, hashOf)) {
    best.push(group.toSorted(order)[0]!);
    for (const ordinal of group) link(group[0]!, ordinal);
  }
  const candidates = new Set<string>();
  const banded = best.filter((ordinal) => shingleCounts[ordinal] !== 0).sort((a, b) => a - b);
  for (let band = 0; band < BANDS; band++) {
    const pair = (ordinal: number): number => 2 * (band * rowCount + ordinal);
    for (const run of grouped(
      banded,
      (ordinal) => `${bandKeys[pair(ordinal)]}:${bandKeys[pair(ordinal) + 1]}`,
    )) {
      for (let at = 1; at < run.length; at++) {
        candidates.add(`${run[0]}-${run[at]}`);
        candidates.add(`${run[at - 1]}-${run[at]}`);
      }
    }
  }
  const verified = [...candidates]
    .map((pair) => pair.split('-').map(Number) as [number, number])
    .filter(([a, b]) => estimate(a, b) >= similarity);
  for (const [a, b] of verified) link(a, b);

  const twins = documents.map(() => -1);
  const verdicts = documents.map(() => 0);
  const sizes = documents.map(() => 1);
  const seen = new Set<number>();
  for (const start of present) {
    if (seen.has(start)) continue;
    const component = new Set([start]);
    for (const ordinal of component) for (const other of neighbours[ordinal]!) component.add(other);
    const leaders: number[] = [];
    for (const ordinal of [...component].sort(order)) {
      seen.add(ordinal);
      const leader = leaders.find(
        (each) =>
          hashOf(each) === hashOf(ordinal) ||
          (shingleCounts[each] !== 0 &&
            shingleCounts[ordinal] !== 0 &&
            estimate(each, ordinal) >= similarity),
      );
      if (leader === undefined) leaders.push(ordinal);
      else {
        twins[ordinal] = leader;
        verdicts[ordinal] = hashOf(leader) === hashOf(ordinal) ? EXACT_DUPLICATE : NEAR_DUPLICATE;
        sizes[leader]!++;
      }
    }
  }
  const wide = sizes.filter((size) => size > 1);
  return {
    verdicts,
    twins,
    sizes: sizes.map((size, ordinal) => (twins[ordinal] === -1 ? size : sizes[twins[ordinal]!]!)),
    clusters: wide.length,
    largest: Math.max(0, ...wide),
    candidatePairs: candidates.size,
    verifiedPairs: verified.length,
  };
}

/** Words `start` to `end` of an endless text that never repeats itself. */
function stretch(start: number, end: number, name = 'w'): string {
  return Array.from({ length: end - start }, (_, at) => `${name}${start + at}`).join(' ');
}

/** Families of texts, each but for a few words that of its family, and copies, empty texts, stretches of one long text. */
function corpusOf(seed: number, count: number, families: number): Document[] {
  const random = seeded(seed);
  const draw = (below: number): number => Math.floor(random() * below);
  const texts: string[] = [];
  return Array.from({ length: count }, () => {
    const kind = random();
    let text: string;
    if (kind < 0.1) text = ['', ' ', '...', ' \n'][draw(4)]!;
    else if (kind < 0.25 && texts.length > 0) text = texts[draw(texts.length)]!;
    else if (kind < 0.5) {
      const start = 4 * draw(3 * families);
      text = stretch(start, start + 40);
    } else {
      const words = stretch(0, 30 + draw(3), `f${draw(families)}x`).split(' ');
      for (let changes = draw(8); changes > 0; changes--) words[draw(words.length)] = `c${draw(1000)}`;
      text = words.join(' ');
    }
    texts.push(text);
    const quality = [0, -0, 1, 0.5, -2, Number.NaN, Number.NEGATIVE_INFINITY, 1e300][draw(8)]!;
    return { text, isSkipped: random() < 0.1, ...(seed % 2 === 0 ? { quality } : {}) };
  });
}

describe('clusters', () => {
  test('are those of the definition, however documents are cut into calls and whatever the memory', async () => {
    let [exact, near] = [0, 0];
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          seed: fc.nat(10_000),
          count: fc.integer({ min: 0, max: 160 }),
          families: fc.integer({ min: 1, max: 12 }),
          similarity: fc.constantFrom(0.2, 0.5, 0.7, 0.85, 1),
          sizes: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 }),
        }),
        async ({ seed, count, families, similarity, sizes }) => {
          const documents = corpusOf(seed, count, families);
          const expected = clusterNaively(documents, similarity);
          expect(await cluster(documents, similarity)).toEqual(expected);
          expect(await cluster(documents, similarity, { sizes, memoryBytes: SMALL })).toEqual(expected);
          exact += expected.verdicts.filter((verdict) => verdict === EXACT_DUPLICATE).length;
          near += expected.verdicts.filter((verdict) => verdict === NEAR_DUPLICATE).length;
        },
      ),
      { numRuns: 40 },
    );
    expect(exact).toBeGreaterThan(100);
    expect(near).toBeGreaterThan(100);
  });

  test('of more documents than a small memory holds are those of a large one', async () => {
    const documents = corpusOf(11, 3000, 150);
    const expected = clusterNaively(documents, 0.6);
    expect(expected.clusters).toBeGreaterThan(100);
    for (const memoryBytes of [SMALL, 4 * SMALL, LARGE]) {
      expect(await cluster(documents, 0.6, { memoryBytes, sizes: [7, 300] })).toEqual(expected);
    }
  });

  test('that are a chain are cut where the similarity to the best ends', async () => {
    // Shingles of two words: 79 each, 70 shared by neighbours (J = 70/88 = 0.80), 61 by the ends (J = 61/97 = 0.63).
    const documents = [0, 9, 18].map((start) => ({ text: stretch(start + 100, start + 180) }));
    const { sketches } = sign(documents);
    const [near, far] = [1, 2].map((other) => estimateJaccard(sketches, 0, sketches, other * SKETCH, SKETCH));
    expect(near).toBeGreaterThan(far!);
    expect((await cluster(documents, (near! + far!) / 2)).twins).toEqual([-1, 0, -1]);
    expect((await cluster(documents, far!)).twins).toEqual([-1, 0, 0]);
    const middle = documents.map(({ text }, at) => ({ text, quality: at === 1 ? 1 : 0 }));
    const least = estimateJaccard(sketches, SKETCH, sketches, 2 * SKETCH, SKETCH);
    const found = await cluster(middle, Math.min(near!, least));
    expect(found).toMatchObject({ twins: [1, -1, 1], sizes: [3, 3, 3], clusters: 1, largest: 3 });
  });

  test('of a chain of 2,000 are many, each around one that is kept, in any memory', async () => {
    const random = seeded(3);
    const documents = Array.from({ length: 2000 }, (_, at) => ({
      text: stretch(at * 4, at * 4 + 40),
      quality: Math.floor(random() * 1000),
    }));
    const expected = clusterNaively(documents, 0.5);
    const kept = expected.verdicts.filter((verdict) => verdict === 0).length;
    // More than have room in the least memory, so that leaders are taken in several sets.
    expect(kept).toBeGreaterThan(300);
    expect(kept).toBeLessThan(1500);
    expect(await cluster(documents, 0.5)).toEqual(expected);
    expect(await cluster(documents, 0.5, { memoryBytes: SMALL, sizes: [333] })).toEqual(expected);
  });
});

describe('the one that is kept', () => {
  const text = stretch(0, 60);
  const longer = `${text} and`;

  test('is that of the highest quality; not a number is the lowest', async () => {
    const qualities = [Number.NaN, -1, 2, 2, Number.POSITIVE_INFINITY, 3];
    const of = (chosen: readonly number[]): Document[] =>
      chosen.map((quality, at) => ({ text: at % 2 === 0 ? text : longer, quality }));
    expect((await cluster(of(qualities), 0.7)).twins).toEqual([4, 4, 4, 4, -1, 4]);
    expect((await cluster(of(qualities.slice(0, 2)), 0.7)).twins).toEqual([1, -1]);
    expect((await cluster(of([-1, -2]), 0.7)).twins).toEqual([-1, 0]);
  });

  test('is the longest of equal quality, 0 and -0 among them, and the first of equal length', async () => {
    const documents = [text, longer, text, longer].map((each, at) => ({
      text: each,
      quality: at < 2 ? -0 : 0,
    }));
    const found = await cluster(documents, 0.7);
    expect(found.twins).toEqual([1, -1, 1, 1]);
    expect(found.verdicts).toEqual([NEAR_DUPLICATE, 0, NEAR_DUPLICATE, EXACT_DUPLICATE]);
    expect((await cluster([{ text: `${text} x` }, { text: `${text} y` }], 0.7)).twins).toEqual([-1, 0]);
  });

  test('can be a late copy, and all copies of a dropped one go to the same twin', async () => {
    const documents = [
      { text, quality: 1 },
      { text: longer, quality: 0 },
      { text, quality: 5 },
      { text: longer, quality: 4 },
    ];
    expect(await cluster(documents, 0.7)).toMatchObject({
      twins: [2, 2, -1, 2],
      verdicts: [EXACT_DUPLICATE, NEAR_DUPLICATE, 0, NEAR_DUPLICATE],
      sizes: [4, 4, 4, 4],
      candidatePairs: 1,
      verifiedPairs: 1,
    });
  });
});

test('texts without shingles are exact duplicates of their like only', async () => {
  const documents = ['', ' ', '', '...', ' ', ''].map((text) => ({ text }));
  expect(await cluster(documents, 0.1)).toEqual({
    verdicts: [0, 0, EXACT_DUPLICATE, 0, EXACT_DUPLICATE, EXACT_DUPLICATE],
    twins: [-1, -1, 0, -1, 1, 0],
    sizes: [3, 2, 3, 1, 2, 3],
    clusters: 2,
    largest: 3,
    candidatePairs: 0,
    verifiedPairs: 0,
  });
});

test('a skipped document has a number, and neither stands for another nor is dropped', async () => {
  const text = stretch(0, 30);
  const documents = [{ text, isSkipped: true }, { text }, { text, isSkipped: true }, { text }];
  expect(await cluster(documents, 0.5)).toMatchObject({ twins: [-1, -1, -1, 1], sizes: [1, 2, 1, 2] });
  expect(await cluster([{ text, isSkipped: true }], 0.5)).toMatchObject({
    twins: [-1],
    clusters: 0,
    largest: 0,
  });
});

test('no documents, and one, are solved', async () => {
  expect(await cluster([], 0.5)).toMatchObject({ twins: [], clusters: 0, largest: 0 });
  expect(await cluster([{ text: 'a b c' }], 0.5)).toMatchObject({ twins: [-1], sizes: [1] });
});

describe('files', () => {
  const options = { bands: BANDS, rows: ROWS, similarity: 0.5, memoryBytes: SMALL };

  test('are gone after close, at whatever moment, and close is safe twice', async () => {
    const documents = corpusOf(2, 2000, 20);
    for (const batches of [0, 1, 3]) {
      const clusters = new DuplicateClusters({ ...options, folder });
      for (let batch = 0; batch < batches; batch++) await addTo(clusters, documents);
      if (batches > 0) expect(await readdir(folder)).not.toEqual([]);
      await clusters.close();
      expect(await readdir(folder)).toEqual([]);
      await clusters.close();
    }
  });

  test('take what was said before: all of it but what candidates may need and what buffers hold', async () => {
    const documents = Array.from({ length: 3000 }, (_, i) => ({ text: stretch(40 * i, 40 * i + 30) }));
    const clusters = new DuplicateClusters({
      bands: BANDS,
      rows: ROWS,
      similarity: 0.5,
      folder,
      memoryBytes: SMALL,
    });
    try {
      await addTo(clusters, documents);
      let bytes = 0;
      for (const name of await readdir(folder)) bytes += (await stat(join(folder, name))).size;
      const said = DuplicateClusters.diskByteLength(documents.length, { bands: BANDS, rows: ROWS });
      expect(bytes).toBeLessThanOrEqual(said);
      expect(bytes).toBeGreaterThanOrEqual(said - 40 * documents.length - 2 * SMALL);
    } finally {
      await clusters.close();
    }
  });

  test('are gone when the work failed, and the failure says where', async () => {
    const documents = corpusOf(2, 2000, 20);
    const clusters = new DuplicateClusters({ ...options, folder: join(folder, 'missing') });
    await expect(addTo(clusters, documents)).rejects.toMatchObject({
      code: 'BAD_OUTPUT',
      message: expect.stringContaining('missing'),
    });
    await clusters.close();
    expect(await readdir(folder)).toEqual([]);
  });

  test('are gone when one was cut by somebody else before it was read back', async () => {
    const clusters = new DuplicateClusters({ ...options, folder });
    await addTo(clusters, corpusOf(2, 2000, 20));
    const name = (await readdir(folder)).find((each) => each.endsWith('.spool'))!;
    await truncate(join(folder, name), 1000);
    await expect(clusters.solve()).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining(name),
    });
    await clusters.close();
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('arguments', () => {
  const options = { bands: BANDS, rows: ROWS, memoryBytes: LARGE };

  test('a similarity that all documents have, or none, is refused', () => {
    for (const similarity of [0, 1.5, Number.NaN]) {
      expect(() => new DuplicateClusters({ ...options, similarity, folder })).toThrow(RangeError);
    }
  });

  test('columns of another length, and signatures without sketches, are refused', async () => {
    const clusters = new DuplicateClusters({ ...options, similarity: 0.5, folder });
    const signatures = sign([{ text: 'a b' }]);
    const lengths = Uint32Array.of(3);
    await expect(clusters.add(signatures, new Uint32Array(2))).rejects.toThrow(/^lengths: expected 1 /);
    await expect(clusters.add(signatures, lengths, new Uint8Array(2))).rejects.toThrow(/^skip: /);
    await expect(clusters.add(signatures, lengths, undefined, new Float32Array(0))).rejects.toThrow(
      /^quality: /,
    );
    const bare = { ...signatures, sketches: new Uint8Array(0) };
    await expect(clusters.add(bare, lengths)).rejects.toThrow(/^sketches: /);
    await clusters.solve();
    await expect(clusters.solve()).rejects.toThrow(/once/);
    await clusters.close();
  });
});
