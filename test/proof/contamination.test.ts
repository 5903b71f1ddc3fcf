import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Signatures } from '../../src/kernels/signatures/signatures.ts';
import { createSigner } from '../../src/kernels/signatures/signer.ts';
import { Contamination } from '../../src/proof/contamination.ts';
import { seeded } from '../engine/support.ts';

interface Signed {
  readonly content: readonly [number, number];
  readonly keys: readonly (readonly [number, number])[];
  readonly shingles: number;
}

function batchOf(documents: readonly Signed[], bands: number): Signatures {
  const rowCount = documents.length;
  const bandKeys = new Uint32Array(2 * bands * rowCount);
  for (const [row, { keys }] of documents.entries())
    for (const [band, key] of keys.entries()) bandKeys.set(key, 2 * (band * rowCount + row));
  return {
    rowCount,
    contentHashes: Uint32Array.from(documents.flatMap(({ content }) => content)),
    bandKeys,
    shingleCounts: Uint32Array.from(documents, ({ shingles }) => shingles),
    sketches: new Uint8Array(0),
  };
}

const equal = (a: readonly [number, number] | undefined, b: readonly [number, number] | undefined): boolean =>
  a![0] === b![0] && a![1] === b![1];

/** Few values, so that they meet; halves alone meet as well. */
const key = fc.tuple(
  fc.constantFrom(0, 1, 2, 0x80000000, 0xffffffff),
  fc.constantFrom(0, 1, 2, 3, 0xfffffffe, 0xffffffff),
);

const inputs = fc.integer({ min: 0, max: 4 }).chain((bands) => {
  const document = fc.record({
    content: key,
    keys: fc.array(key, { minLength: bands, maxLength: bands }),
    shingles: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.constant(0)),
  });
  return fc.record({
    bands: fc.constant(bands),
    heldOut: fc.array(document, { minLength: 1, maxLength: 30 }),
    training: fc.array(fc.array(document, { maxLength: 5 }), { maxLength: 4 }),
  });
});

test('marks what comparing every document with every other marks, however training documents are cut into batches', () => {
  fc.assert(
    fc.property(inputs, ({ bands, heldOut, training }) => {
      const contamination = new Contamination(batchOf(heldOut, bands));
      for (const batch of training) contamination.check(batchOf(batch, bands));
      const whole = new Contamination(batchOf(heldOut, bands));
      whole.check(batchOf(training.flat(), bands));
      for (const [i, document] of heldOut.entries()) {
        const isExact = training.flat().some(({ content }) => equal(content, document.content));
        const isNear = training
          .flat()
          .some(
            ({ keys, shingles }) =>
              shingles !== 0 &&
              document.shingles !== 0 &&
              keys.some((one, band) => equal(one, document.keys[band])),
          );
        expect([contamination.isExact(i), contamination.isNear(i)]).toEqual([isExact, isNear && !isExact]);
        expect([whole.isExact(i), whole.isNear(i)]).toEqual([isExact, isNear && !isExact]);
      }
    }),
    { numRuns: 500 },
  );
});

test('of many documents marks those that were planted and no others', () => {
  const random = seeded(1);
  const word = (): number => Math.floor(random() * 2 ** 32);
  const bands = 3;
  const fresh = (): Signed => ({
    content: [word(), word()],
    keys: Array.from({ length: bands }, () => [word(), word()] as const),
    shingles: 9,
  });
  const heldOut = Array.from({ length: 5000 }, fresh);
  const contamination = new Contamination(batchOf(heldOut, bands));
  const planted = Array.from({ length: 5000 }, fresh).map((document, i): Signed => {
    if (i % 100 === 0) return { ...document, content: heldOut[i]!.content };
    if (i % 100 === 1)
      return { ...document, keys: document.keys.with((i - 1) % bands, heldOut[i]!.keys[(i - 1) % bands]!) };
    // A key of one band in the place of another is no twin.
    if (i % 100 === 2) return { ...document, keys: document.keys.with(0, heldOut[i]!.keys[1]!) };
    return document;
  });
  for (let start = 0; start < planted.length; start += 999)
    contamination.check(batchOf(planted.slice(start, start + 999), bands));
  const numbers = heldOut.map((_, i) => i);
  expect(numbers.filter(contamination.isExact)).toEqual(numbers.filter((i) => i % 100 === 0));
  expect(numbers.filter(contamination.isNear)).toEqual(numbers.filter((i) => i % 100 === 1));
  // Four tables of 5,000 in 16,384 slots of 12 bytes, lists of 4 and 131,072 bits; 5,000 marks.
  expect(contamination.byteLength).toBe(4 * (16_384 * 12 + 5000 * 4 + 131_072 / 8) + 5000);
});

describe('on text', () => {
  const random = seeded(2);
  const words = (count: number): string[] =>
    Array.from({ length: count }, () => `w${Math.floor(random() * 5000)}`);
  const encoder = new TextEncoder();

  async function signed(texts: readonly string[]): Promise<Signatures> {
    const { sign } = await createSigner({ ngram: 5, bands: 14, rows: 8, seed: 0 });
    const encoded = texts.map((text) => encoder.encode(text));
    const offsets = new Int32Array(texts.length + 1);
    for (const [i, { length }] of encoded.entries()) offsets[i + 1] = offsets[i]! + length;
    return sign({ bytes: Buffer.concat(encoded), offsets, rowCount: texts.length });
  }

  test('finds exact copies and copies with a word changed, and keeps documents of the same topic', async () => {
    const texts = Array.from({ length: 200 }, () => words(400));
    const contamination = new Contamination(await signed(texts.map((text) => text.join(' '))));
    const training = texts.map((text, i) => {
      if (i % 4 === 0) return text.join(' ');
      // One of 400 words: 5 of 396 shingles, Jaccard 391 / 401 = 0.975, missed by 14 bands of 8 with probability 5e-11.
      if (i % 4 === 1) return text.with(200, 'changed').join(' ');
      // A half in common: 1/3, found with probability 0.002 each.
      if (i % 4 === 2) return [...text.slice(200), ...words(200)].join(' ');
      return words(400).join(' ');
    });
    contamination.check(await signed(training));
    const numbers = texts.map((_, i) => i);
    expect(numbers.filter(contamination.isExact)).toEqual(numbers.filter((i) => i % 4 === 0));
    expect(numbers.filter(contamination.isNear)).toEqual(numbers.filter((i) => i % 4 === 1));
  });

  test('texts without a token are twins only if their bytes are equal', async () => {
    const contamination = new Contamination(await signed(['!!!', '???', '...']));
    contamination.check(await signed(['!!', '???', '']));
    expect([0, 1, 2].map(contamination.isExact)).toEqual([false, true, false]);
    expect([0, 1, 2].map(contamination.isNear)).toEqual([false, false, false]);
  });
});

describe('boundaries', () => {
  const document: Signed = { content: [1, 2], keys: [[3, 4]], shingles: 1 };

  test('nothing held out, and batches of nothing', () => {
    const none = new Contamination(batchOf([], 0));
    none.check(batchOf([document], 1));
    expect(none.byteLength).toBeGreaterThan(0);
    const one = new Contamination(batchOf([document], 1));
    one.check(batchOf([], 1));
    expect([one.isExact(0), one.isNear(0)]).toEqual([false, false]);
    one.check(batchOf([document], 1));
    expect([one.isExact(0), one.isNear(0)]).toEqual([true, false]);
  });

  test('another number of bands is refused, as their keys mean something else', () => {
    const contamination = new Contamination(batchOf([document], 1));
    expect(() => contamination.check(batchOf([{ ...document, keys: [] }], 0))).toThrow(
      'expected 1 bands, found 0',
    );
  });
});
