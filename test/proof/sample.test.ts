import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashKey, highHash, lowHash } from '../../src/proof/document-hash.ts';
import { buildHeldOut, DocumentSample, type Sample, sampleBytes } from '../../src/proof/sample.ts';

const word = (value: bigint): bigint => value & 0xffff_ffffn;

/** The finalizer of MurmurHash3, written down a second time. */
function finalized(value: bigint): bigint {
  let x = word(value);
  x = word((x ^ (x >> 16n)) * 0x85ebca6bn);
  x = word((x ^ (x >> 13n)) * 0xc2b2ae35n);
  return x ^ (x >> 16n);
}

function hashOf(seed: number, stream: number, ordinal: number, copy: number): bigint {
  const seeded = [seed, stream].flatMap((one) => [BigInt(one), BigInt(one) >> 32n]);
  const [first, second, third, fourth] = [1n, 2n, 3n, 4n].map((number) =>
    seeded.reduce((state, one) => finalized(5n * state + one), number),
  );
  const half = (own: bigint, other: bigint): bigint => {
    const low = finalized(BigInt(ordinal) + own);
    const whole = finalized((low ^ other) + (BigInt(ordinal) >> 32n) * 0x9e3779b9n);
    return finalized(whole + BigInt(copy) * 0x9e3779b9n);
  };
  return (half(first!, second!) << 32n) | half(third!, fourth!);
}

interface Doc {
  readonly ordinal: number;
  readonly text: readonly number[];
  readonly copies: number;
}

/** All documents by ascending hash. */
function inOrder(documents: readonly Doc[], seed: number, stream: number): Doc[] {
  const all = documents
    .filter(({ text }) => text.length > 0)
    .flatMap((document) =>
      Array.from({ length: document.copies }, (_, copy) => ({
        document,
        hash: hashOf(seed, stream, document.ordinal, copy),
      })),
    );
  all.sort((a, b) =>
    a.hash === b.hash ? a.document.ordinal - b.document.ordinal : a.hash < b.hash ? -1 : 1,
  );
  return all.map(({ document }) => document);
}

const symbolsOf = (text: readonly number[]): number[] => [...text.map((byte) => Math.min(byte, 0xfe)), 0xff];

/** What the sample holds, by sorting everything. */
function naiveStream(documents: readonly Doc[], limit: number, seed: number, stream: number): number[] {
  return inOrder(documents, seed, stream)
    .flatMap(({ text }) => symbolsOf(text))
    .slice(0, limit);
}

function sampleOf(
  documents: readonly Doc[],
  limit: number,
  seed: number,
  stream: number,
  isWhole = false,
): Sample {
  const sample = new DocumentSample({ byteLimit: limit, seed, stream, isWhole });
  for (const { ordinal, text, copies } of documents) {
    // A view into something larger, whose surroundings must not be seen.
    const bytes = Uint8Array.from([0xff, 1, ...text, 0xff, 2]);
    sample.add(ordinal, bytes, 2, 2 + text.length, copies);
  }
  return sample.finish();
}

const streamOf = (sample: Sample, chunk?: number): number[] =>
  [...sample.chunks(chunk)].flatMap((piece) => [...piece]);

/** Documents of one length each, named by a byte. */
function plain(count: number, length: number): Doc[] {
  return Array.from({ length: count }, (_, ordinal) => ({
    ordinal,
    text: Array.from({ length }, () => ordinal % 251),
    copies: 1,
  }));
}

const anyDocuments = fc
  .uniqueArray(fc.oneof(fc.nat(5000), fc.integer({ min: 2 ** 32 - 50, max: 2 ** 53 - 1 })), {
    maxLength: 120,
    size: 'max',
  })
  .chain((ordinals) =>
    fc.tuple(
      ...ordinals.map((ordinal) =>
        fc.record({
          ordinal: fc.constant(ordinal),
          text: fc.array(fc.oneof(fc.nat(255), fc.constant(255)), { maxLength: 30 }),
          copies: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.integer({ min: 0, max: 5 })),
        }),
      ),
    ),
  );

describe('the stream', () => {
  test('is what sorting all documents and their copies by hash gives, cut at the limit', () => {
    fc.assert(
      fc.property(
        anyDocuments,
        fc.integer({ min: 1, max: 2000 }),
        fc.oneof(fc.nat(9), fc.maxSafeInteger().map(Math.abs)),
        fc.nat(9),
        fc.integer({ min: 1, max: 300 }),
        (documents, limit, seed, stream, chunk) => {
          const sample = sampleOf(documents, limit, seed, stream);
          const expected = naiveStream(documents, limit, seed, stream);
          expect(streamOf(sample, chunk)).toEqual(expected);
          expect(sample.symbols).toBe(expected.length);
          const filled = documents.filter(({ text }) => text.length > 0);
          expect(sample.documents).toBe(filled.reduce((sum, { copies }) => sum + copies, 0));
          expect(sample.bytes).toBe(filled.reduce((sum, { copies, text }) => sum + copies * text.length, 0));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('does not depend on the order in which documents came, however often some were dropped', () => {
    fc.assert(
      fc.property(anyDocuments, fc.integer({ min: 1, max: 400 }), fc.nat(), (documents, limit, shuffle) => {
        const other = inOrder(
          documents.map((one) => ({ ...one, copies: 1 })),
          shuffle,
          7,
        ).map(({ ordinal }) => documents.find((one) => one.ordinal === ordinal)!);
        expect(streamOf(sampleOf(other, limit, 1, 2))).toEqual(streamOf(sampleOf(documents, limit, 1, 2)));
        expect(streamOf(sampleOf(other.toReversed(), limit, 1, 2))).toEqual(
          streamOf(sampleOf(documents, limit, 1, 2)),
        );
      }),
      { numRuns: 200 },
    );
  });

  test('of a smaller limit is the beginning of that of a larger one', () => {
    const documents = plain(2000, 9);
    const long = streamOf(sampleOf(documents, 9999, 5, 0));
    for (const limit of [1, 9, 10, 11, 500, 5000, 9998])
      expect(streamOf(sampleOf(documents, limit, 5, 0))).toEqual(long.slice(0, limit));
  });

  test('of another seed or purpose holds documents that have nothing to do with those of the first', () => {
    const documents = plain(1000, 4);
    const keys = Array.from({ length: 20 }, (_, i) => [
      [i, 0],
      [0, i + 1],
      [(i + 1) * 2 ** 32, 0],
      [5, (i + 1) * 2 ** 32],
    ]).flat();
    const samples = keys.map(([seed, stream]) => {
      const sample = sampleOf(documents, 500, seed!, stream!);
      return new Set(Array.from({ length: 100 }, (_, i) => sample.ordinalOf(i)));
    });
    let deviations = 0;
    let pairs = 0;
    for (const [i, one] of samples.entries()) {
      for (const other of samples.slice(0, i)) {
        const common = [...one].filter((ordinal) => other.has(ordinal)).length;
        deviations += (common - 10) ** 2;
        pairs++;
      }
    }
    // 100 of 1000 twice: common ones are hypergeometric, mean 10, variance 100 * 0.1 * 0.9 * 900 / 999 = 8.11. The mean of 3160 squared
    // deviations over that is 1 with standard deviation sqrt(2 / 3160) = 0.025.
    expect(pairs).toBe(3160);
    expect(Math.abs(deviations / pairs / 8.108 - 1)).toBeLessThan(5 * 0.0252);
  });

  test('crosses pages: documents longer than one, cut and moved', () => {
    const documents: { ordinal: number; bytes: Uint8Array }[] = Array.from({ length: 40 }, (_, ordinal) => ({
      ordinal,
      bytes: new Uint8Array(50_000 + 20_011 * ordinal).map((_byte, at) => (at * (ordinal + 1)) >>> 3),
    }));
    const limit = 2_000_003;
    const sample = new DocumentSample({ byteLimit: limit, seed: 3, stream: 0 });
    for (const { ordinal, bytes } of documents) sample.add(ordinal, bytes, 0, bytes.length);
    const expected = Buffer.concat(
      documents
        .toSorted((a, b) => (hashOf(3, 0, a.ordinal, 0) < hashOf(3, 0, b.ordinal, 0) ? -1 : 1))
        .flatMap(({ bytes }) => [bytes.map((byte) => Math.min(byte, 0xfe)), Uint8Array.of(0xff)]),
    ).subarray(0, limit);
    const chunks = [...sample.finish().chunks()];
    expect(Buffer.concat(chunks).equals(expected)).toBe(true);
    expect(chunks.map(({ length }) => length)).toEqual([limit]);
  });

  test('reads shared memory', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(5000)).fill(7);
    shared[1500] = 0xff;
    const sample = new DocumentSample({ byteLimit: 10_000, seed: 0, stream: 0 });
    sample.add(0, shared, 1000, 4000);
    shared.fill(0);
    const expected = new Uint8Array(3001).fill(7);
    expected[500] = 0xfe;
    expected[3000] = 0xff;
    expect(streamOf(sample.finish())).toEqual([...expected]);
  });
});

test('hashes are what the second writing of them says, the mix what is published of it', () => {
  // SMHasher's fmix32.
  expect([0n, 1n, 2n].map(finalized)).toEqual([0n, 0x514e28b7n, 0x30f4c306n]);
  for (const [seed, purpose, ordinal, copy] of [
    [0, 0, 0, 0],
    [1, 2, 3, 4],
    [2 ** 53 - 1, 2 ** 32, 2 ** 53 - 1, 0xffffffff],
  ] as const) {
    const key = hashKey(seed, purpose);
    expect((BigInt(highHash(key, ordinal, copy)) << 32n) | BigInt(lowHash(key, ordinal, copy))).toBe(
      hashOf(seed, purpose, ordinal, copy),
    );
  }
});

describe('boundaries', () => {
  test('of nothing, of empty documents and of none of a document is nothing', () => {
    const sample = sampleOf(
      [
        { ordinal: 0, text: [], copies: 3 },
        { ordinal: 1, text: [1], copies: 0 },
      ],
      10,
      0,
      0,
    );
    expect([sample.documents, sample.bytes, sample.symbols, sample.count, sample.wholeCount]).toEqual([
      0, 0, 0, 0, 0,
    ]);
    expect([...sample.chunks()]).toEqual([]);
    expect(buildHeldOut([sample, sample])).toMatchObject({
      symbols: new Uint8Array(0),
      offsets: new Uint32Array(1),
    });
  });

  test.each([
    [29, 29, 3, 2],
    [30, 30, 3, 3],
    [31, 30, 3, 3],
    [11, 11, 2, 1],
    [10, 10, 1, 1],
    [9, 9, 1, 0],
    [1, 1, 1, 0],
  ])(
    'three documents of 10 symbols at a limit of %i are %i symbols of %i documents, %i of them whole',
    (limit, symbols, count, whole) => {
      const sample = sampleOf(plain(3, 9), limit, 0, 0);
      expect([sample.symbols, sample.count, sample.wholeCount]).toEqual([symbols, count, whole]);
      expect([...sample.wholeDocuments()].length).toBe(whole);
    },
  );

  test('refuses limits that mean nothing, documents after its end and indices beyond the last', () => {
    for (const byteLimit of [0, -1, 1.5, Number.NaN, 2 ** 32])
      expect(() => new DocumentSample({ byteLimit, seed: 0, stream: 0 })).toThrow(RangeError);
    const sample = new DocumentSample({ byteLimit: 1, seed: 0, stream: 0 });
    const result = sample.finish();
    expect(() => sample.add(0, Uint8Array.of(1), 0, 1)).toThrow(TypeError);
    expect(() => result.ordinalOf(0)).toThrow(RangeError);
  });
});

test('every document has the same chance: counts over seeds have the variance of a fair draw', () => {
  const documents = plain(400, 3);
  const seeds = 400;
  const counts = new Float64Array(documents.length);
  const first = new Float64Array(documents.length);
  for (let seed = 0; seed < seeds; seed++) {
    const sample = sampleOf(documents, 4 * 100, seed, 1);
    for (let i = 0; i < sample.count; i++) counts[sample.ordinalOf(i)]!++;
    first[sample.ordinalOf(0)]!++;
  }
  // Each of 400 is among 100 with probability 1/4. Sum of squared deviations over variance: chi-square with 399 degrees of freedom
  // (counts of a draw are tied by their sum), mean 399 and standard deviation sqrt(2 * 399) = 28.2; 5 of those are allowed.
  const variance = seeds * 0.25 * 0.75 * (documents.length / (documents.length - 1));
  const chi = counts.reduce((sum, count) => sum + (count - seeds / 4) ** 2 / variance, 0);
  expect(Math.abs(chi - 399)).toBeLessThan(5 * 28.3);
  // The first document of a stream: 400 draws over 400 cells, each expected once.
  const chiFirst = first.reduce((sum, count) => sum + (count - 1) ** 2, 0);
  expect(Math.abs(chiFirst - 399)).toBeLessThan(5 * 28.3);
});

test('long documents are chosen as often as short ones', () => {
  // Ordinals divisible by 10 are ten times as long; of the documents that stand first, a tenth should be of them.
  const documents = plain(5000, 4).map((one) =>
    one.ordinal % 10 === 0 ? { ...one, text: Array.from({ length: 40 }, () => 1) } : one,
  );
  const sample = sampleOf(documents, 8000, 9, 0);
  const long = Array.from({ length: sample.count }, (_, i) => sample.ordinalOf(i)).filter(
    (ordinal) => ordinal % 10 === 0,
  ).length;
  const deviation = Math.sqrt(sample.count * 0.1 * 0.9);
  // 4 and 40 bytes, and the ends: 8.6 symbols in the mean.
  expect(Math.abs(sample.count - 8000 / 8.6)).toBeLessThan((5 * deviation * 36) / 8.6);
  expect(Math.abs(long - sample.count / 10)).toBeLessThan(5 * deviation);
});

describe('copies', () => {
  test('stand at places of their own, as many as were asked for', () => {
    const documents = plain(50, 3).map((one) => ({ ...one, copies: 1 + (one.ordinal % 4) }));
    const sample = sampleOf(documents, 10_000, 0, 0);
    const ordinals = Array.from({ length: sample.count }, (_, i) => sample.ordinalOf(i));
    for (const { ordinal, copies } of documents)
      expect(ordinals.filter((one) => one === ordinal).length).toBe(copies);
    // Of 124 in random order a neighbour is a copy of the same with probability below 3/123 each: 2.0 are expected (Poisson).
    const neighbours = ordinals.filter((one, i) => one === ordinals[i + 1]).length;
    expect(neighbours).toBeLessThan(2 + 5 * Math.sqrt(2));
  });

  test('leave the order of the documents that have none as it was', () => {
    const documents = plain(100, 3);
    const single = sampleOf(documents, 10_000, 4, 0);
    const some = sampleOf(
      documents.map((one) => (one.ordinal < 50 ? { ...one, copies: 3 } : one)),
      10_000,
      4,
      0,
    );
    const rest = (sample: Sample): number[] =>
      Array.from({ length: sample.count }, (_, i) => sample.ordinalOf(i)).filter((ordinal) => ordinal >= 50);
    expect(rest(some)).toEqual(rest(single));
  });
});

describe('memory', () => {
  test('stays below its bound, whatever comes', () => {
    const limit = 200_000;
    const sample = new DocumentSample({ byteLimit: limit, seed: 0, stream: 0 });
    const bytes = new Uint8Array(limit).fill(65);
    let most = 0;
    let mostBytes = 0;
    let accepted = 0;
    for (let ordinal = 0; ordinal < 60_000; ordinal++) {
      if (sample.add(ordinal, bytes, 0, 100 + ((ordinal * 7919) % 400), 1 + (ordinal % 2))) accepted++;
      most = Math.max(most, sample.heldSymbols);
      mostBytes = Math.max(mostBytes, sample.byteLength);
    }
    expect(most).toBeGreaterThan(limit);
    expect(most).toBeLessThanOrEqual(1.5 * limit);
    expect(mostBytes).toBeLessThanOrEqual(sampleBytes(limit, 300));
    // 90,000 copies of 300.5 symbols in the mean are 135 times the limit: refused unread, but for about 666 * (1 + ln 135) = 3,930
    // records of a running bottom-k, and those that a threshold of the last drop lets in beside: less than half again.
    expect(accepted).toBeLessThan(1.5 * 3930);
    expect(sample.finish().symbols).toBe(limit);
  });

  test('holds one document more than that at most where documents are as long as the limit', () => {
    const limit = 1000;
    const sample = new DocumentSample({ byteLimit: limit, seed: 0, stream: 0 });
    const bytes = new Uint8Array(5000).fill(65);
    let most = 0;
    for (let ordinal = 0; ordinal < 500; ordinal++) {
      sample.add(ordinal, bytes, 0, 1 + ((ordinal * 7919) % 5000));
      most = Math.max(most, sample.heldSymbols);
    }
    expect(most).toBeLessThanOrEqual(2 * limit);
  });
});

describe('whole documents', () => {
  test('are those of the sorted list that fit one after another, those longer than the limit left out', () => {
    fc.assert(
      fc.property(anyDocuments, fc.integer({ min: 1, max: 500 }), (documents, limit) => {
        const sample = sampleOf(documents, limit, 1, 1, true);
        const expected: { ordinal: number; text: Uint8Array }[] = [];
        let rest = limit;
        for (const { ordinal, text } of inOrder(documents, 1, 1)) {
          if (text.length + 1 > limit) continue;
          rest -= text.length + 1;
          if (rest < 0) break;
          expected.push({ ordinal, text: Uint8Array.from(symbolsOf(text).slice(0, -1)) });
        }
        expect([...sample.wholeDocuments()]).toEqual(expected);
        expect(sample.wholeCount).toBe(expected.length);
      }),
      { numRuns: 300 },
    );
  });

  test('of several sets are laid one after another, less those that were removed', () => {
    const sets = [plain(30, 4), [], plain(20, 6)].map((documents, stream) =>
      sampleOf(documents, 120, 2, stream, true),
    );
    const count = sets.reduce((sum, { wholeCount }) => sum + wholeCount, 0);
    expect(sets.map(({ wholeCount }) => wholeCount)).toEqual([24, 0, 17]);
    const isRemoved = (document: number): boolean => document % 3 === 0 || document === count - 1;
    const heldOut = buildHeldOut(sets, isRemoved);
    let document = 0;
    const symbols: number[] = [];
    const offsets = [0];
    const setOf: number[] = [];
    const bytes: number[][] = [[], [], []];
    const ordinals: number[][] = [[], [], []];
    for (const [set, sample] of sets.entries()) {
      for (const { ordinal, text } of sample.wholeDocuments()) {
        if (isRemoved(document++)) continue;
        symbols.push(...text, 0xff);
        offsets.push(symbols.length);
        setOf.push(set);
        bytes[set]!.push(text.length);
        ordinals[set]!.push(ordinal);
      }
    }
    expect([...heldOut.symbols]).toEqual(symbols);
    expect([...heldOut.offsets]).toEqual(offsets);
    expect([...heldOut.setOf]).toEqual(setOf);
    expect(heldOut.sets.map((set) => [...set.bytes])).toEqual(bytes);
    expect(heldOut.sets.map((set) => [...set.ordinals])).toEqual(ordinals);
  });
});
