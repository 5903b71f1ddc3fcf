import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFastText } from '../../../src/kernels/fasttext/fasttext.ts';
import { createModelTables } from '../../../src/kernels/fasttext/memory.ts';
import type { FastTextModel } from '../../../src/kernels/fasttext/model.ts';
import { parseFastText } from '../../../src/kernels/fasttext/parse.ts';
import { createScalarReader } from '../../../src/kernels/fasttext/scalar.ts';
import { createSimdReader } from '../../../src/kernels/fasttext/simd.ts';
import { expectations, fileOf, modelBytes, parseBytes } from './models.ts';

const models = await Promise.all(
  expectations.flatMap(({ model }) =>
    [1 << 26, 0].map(async (unpackedBytes) => ({
      name: `${model}, unpacked up to ${unpackedBytes} bytes`,
      model: await parseBytes(modelBytes(model), unpackedBytes),
    })),
  ),
);

/** Characters of one to four bytes, separators, brackets, and bytes that are not UTF-8. */
const pieces = [
  'a',
  'b',
  'ce',
  'di',
  'ba',
  'x',
  '<',
  '>',
  '_',
  '__label__',
  '__label__lat',
  '</s',
  '1',
  '22',
  'é',
  'ß',
  'ö',
  'да',
  'не',
  'пра',
  'ко',
  '天',
  '地',
  '人',
  '山水火',
  '😀',
  '\u0301',
  '\u00a0',
  '\u2003',
].map((text) => Buffer.from(text));
const rareBytes = [0x80, 0xbf, 0xc3, 0xe5, 0xf0, 0xff].map((byte) => Buffer.from([byte]));
const separators = [' ', '\n', '\t', '\v', '\f', '\r', '\0', '  '].map((text) => Buffer.from(text));
const someText = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...pieces) },
      { weight: 1, arbitrary: fc.constantFrom(...rareBytes) },
      { weight: 2, arbitrary: fc.constantFrom(...separators) },
      {
        weight: 1,
        arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => Buffer.from(text)),
      },
    ),
    { maxLength: 120 },
  )
  .map((parts) => Buffer.concat(parts));

function expectSame(model: FastTextModel, texts: readonly Uint8Array[]): void {
  const scalar = createScalarReader(model);
  const simd = createSimdReader(model)!;
  const expected = new Float64Array(model.dim);
  const found = new Float64Array(model.dim);
  // Twice, so that words come from the cache of the one.
  for (const text of [...texts, ...texts]) {
    const count = scalar.read(text, 0, text.length, expected);
    expect(simd.read(text, 0, text.length, found), 'rows').toBe(count);
    for (let i = 0; i < model.dim; i++) {
      // Scores are made of the mean of the rows. The kernel adds in 32 bits: up to 10,000 sums, each off by 2^-24 of what is there.
      expect(Math.abs(found[i]! - expected[i]!) / (count + 1)).toBeLessThan(1e-5);
    }
  }
}

describe('the twins', () => {
  for (const { name, model } of models) {
    test(`${name}: find the same rows in any bytes`, () => {
      fc.assert(
        fc.property(fc.array(someText, { minLength: 1, maxLength: 4 }), (texts) => {
          expectSame(model, texts);
        }),
        { numRuns: 60 },
      );
    });
  }

  const withParts = models[2]!.model;

  test('agree at the lengths where the kernel goes another way', () => {
    const lengths = [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 200, 1000];
    for (const letter of ['a', 'é', '天', '😀', 'aé', '天a', 'é天']) {
      expectSame(
        withParts,
        lengths.map((length) => Buffer.from(`${letter.repeat(length)} x`)),
      );
    }
  });

  test('agree where a text is longer than what the kernel takes at a time', () => {
    const words = Buffer.from('ba ce пра 天地人 di fo gu_la '.repeat(6000));
    const cuts = [65_534, 65_535, 65_536, 65_537, 131_072, words.length];
    expectSame(
      withParts,
      cuts.map((cut) => words.subarray(0, cut)),
    );
  });

  test('agree on a word longer than what the kernel takes at a time', () => {
    expectSame(withParts, [
      Buffer.from(`ba ${'天'.repeat(70_000)} ce`),
      Buffer.from('x'.repeat(65_536)),
      Buffer.alloc(200_000, 0x80),
    ]);
  });
});

describe('a text', () => {
  test('has the same scores whatever was read before it', async () => {
    const bytes = modelBytes('hs-parts-ngrams.bin');
    const fresh = createFastText(await parseBytes(bytes));
    const used = createFastText(await parseBytes(bytes));
    const text = Buffer.from('balame не ко 天地人 ézzö 22 __label__x');
    // More words than the cache has places, so that some of the text's find theirs taken.
    for (let word = 0; word < 100_000; word++) used.read(Buffer.from(`w${word % 60_000}`), 0, 6);
    fresh.read(text, 0, text.length);
    used.read(text, 0, text.length);
    expect(fresh.labels.map((_, label) => fresh.scoreOf(label))).toEqual(
      used.labels.map((_, label) => used.scoreOf(label)),
    );
  });

  test('is read where it lies, and nothing around it', async () => {
    const fastText = createFastText(await parseBytes(modelBytes('softmax-parts.bin')));
    const text = Buffer.from('ba ce di');
    const around = Buffer.concat([Buffer.from('не'), text, Buffer.from('ко ли')]);
    fastText.read(text, 0, text.length);
    const alone = fastText.labels.map((_, label) => fastText.scoreOf(label));
    fastText.read(around, 4, 4 + text.length);
    expect(fastText.labels.map((_, label) => fastText.scoreOf(label))).toEqual(alone);
  });

  test('is the same with line feeds for spaces', async () => {
    const fastText = createFastText(await parseBytes(modelBytes('hs.ftz')));
    const scores = ['ba ce\n\nди', 'ba ce  ди'].map((text) => {
      fastText.read(Buffer.from(text), 0, Buffer.byteLength(text));
      return fastText.labels.map((_, label) => fastText.scoreOf(label));
    });
    expect(scores[0]).toEqual(scores[1]);
  });
});

test('a model too large for the memory of a kernel is read by the plain twin', async () => {
  const bytes = modelBytes('softmax-parts.bin');
  const model = await parseFastText(fileOf(bytes), createModelTables(10_000));
  expect(model.memory).toBeUndefined();
  expect(createSimdReader(model)).toBeUndefined();
  const plain = createFastText(model);
  const other = createFastText(await parseBytes(bytes));
  const text = Buffer.from('ba ce ди');
  plain.read(text, 0, text.length);
  other.read(text, 0, text.length);
  for (const label of plain.labels.keys()) expect(plain.scoreOf(label)).toBeCloseTo(other.scoreOf(label), 6);
});
