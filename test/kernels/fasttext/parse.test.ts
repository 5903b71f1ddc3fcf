import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CurationError } from '../../../src/errors.ts';
import { createFastText } from '../../../src/kernels/fasttext/fasttext.ts';
import { createModelTables } from '../../../src/kernels/fasttext/memory.ts';
import { parseFastText } from '../../../src/kernels/fasttext/parse.ts';
import { expectations, fileOf, modelBytes, parseBytes } from './models.ts';

const VERSION = 4;
const DIM = 8;
const WORD_NGRAMS = 28;
const LOSS = 32;
const MODEL = 36;
const BUCKET = 40;
const MAXN = 48;
const SIZE = 64;
const WORDS = 68;
const LABELS = 72;
const PRUNED = 84;

/** A model with 32-bit numbers of its beginning replaced. */
function withNumbers(name: string, offset: number, ...values: readonly number[]): Buffer {
  const bytes = Buffer.from(modelBytes(name));
  for (const [i, value] of values.entries()) bytes.writeInt32LE(value, offset + 4 * i);
  return bytes;
}

async function failureOf(bytes: Uint8Array): Promise<CurationError> {
  const failure = await parseBytes(bytes).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(CurationError);
  return failure as CurationError;
}

describe('a file that is no model', () => {
  for (const { model } of expectations) {
    test(`${model}, cut off anywhere, is refused by name`, async () => {
      const bytes = modelBytes(model);
      const step = Math.ceil(bytes.length / 60);
      for (let length = 0; length < bytes.length; length += length < 120 ? 1 : step) {
        const failure = await failureOf(bytes.subarray(0, length));
        expect([failure.code, failure.message.startsWith('some.bin: ')]).toEqual(['BAD_INPUT', true]);
      }
    });

    test(`${model}, with any bytes changed, is refused or can be used`, async () => {
      const original = modelBytes(model);
      // Where the numbers stand: the beginning, and the first bytes of the matrices' sizes are met often enough.
      const change = fc.tuple(
        fc.oneof(fc.nat({ max: 100 }), fc.nat({ max: original.length - 1 })),
        fc.integer({ min: 0, max: 255 }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
          const bytes = Buffer.from(original);
          for (const [offset, value] of changes) bytes[offset] = value;
          const parsed = await parseBytes(bytes).catch((error: unknown) => error);
          if (parsed instanceof CurationError) return;
          expect(parsed).not.toBeInstanceOf(Error);
          const fastText = createFastText(parsed as Awaited<ReturnType<typeof parseBytes>>);
          const text = Buffer.from('ba ce пра 天地人 zz');
          fastText.read(text, 0, text.length);
          expect(fastText.best()).toBeLessThan(fastText.labels.length);
        }),
        { numRuns: 60 },
      );
    });
  }

  test('random bytes are refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect((await failureOf(bytes)).code).toBe('BAD_INPUT');
      }),
      { numRuns: 50 },
    );
  });

  const damages: readonly (readonly [what: string, bytes: () => Buffer, says: RegExp])[] = [
    ['another beginning', () => withNumbers('softmax.bin', 0, 1), /header: expected the number 793712314/],
    ['a version to come', () => withNumbers('softmax.bin', VERSION, 13), /version 11 or 12, found 13/],
    ['no columns', () => withNumbers('softmax.bin', DIM, 0), /dim: expected 1 to 65536, found 0/],
    ['other columns', () => withNumbers('softmax.bin', DIM, 5), /input matrix: expected 5 columns, found 4/],
    ['a loss that is none', () => withNumbers('softmax.bin', LOSS, 9), /loss: expected 1 to 4/],
    ['no buckets', () => withNumbers('softmax-parts.bin', BUCKET, 0), /bucket: expected at least 1/],
    ['more buckets than rows', () => withNumbers('softmax-parts.bin', BUCKET, 301), /at least \d+ rows/],
    ['parts without rows', () => withNumbers('softmax.bin', MAXN, 3), /bucket: expected at least 1/],
    ['more entries than bytes', () => withNumbers('softmax.bin', SIZE, 2 ** 31 - 1), /dictionary: expected/],
    [
      'more words than entries',
      () => withNumbers('softmax.bin', WORDS, 2 ** 30),
      /dictionary: expected words/,
    ],
    ['no labels', () => withNumbers('softmax.bin', LABELS, 0), /at least one label/],
    ['pruned without codes', () => withNumbers('softmax.bin', PRUNED, 0, 0), /quantized rows/],
  ];
  for (const [what, bytes, says] of damages) {
    test(`${what}: the message says where`, async () => {
      const failure = await failureOf(bytes());
      expect(failure.code).toBe('BAD_INPUT');
      expect(failure.message).toMatch(says);
    });
  }

  test('a number that is not finite is found', async () => {
    const bytes = Buffer.from(modelBytes('softmax.bin'));
    bytes.writeFloatLE(Number.NaN, bytes.length - 8);
    expect((await failureOf(bytes)).message).toMatch(/output matrix: expected finite numbers, found NaN/);
  });
});

describe('a model that cannot classify is unsupported', () => {
  const kinds: readonly (readonly [what: string, bytes: () => Buffer, says: RegExp])[] = [
    ['word vectors', () => withNumbers('softmax.bin', MODEL, 2), /supervised model/],
    ['the loss ns', () => withNumbers('softmax.bin', LOSS, 2), /hs, softmax or ova, found ns/],
    ['n-grams of 65 words', () => withNumbers('ova-ngrams.bin', WORD_NGRAMS, 65), /at most 64/],
  ];
  for (const [what, bytes, says] of kinds) {
    test(what, async () => {
      const failure = await failureOf(bytes());
      expect(failure.code).toBe('UNSUPPORTED');
      expect(failure.message).toMatch(says);
    });
  }
});

test('version 11 has no parts of words, whatever it says', async () => {
  const model = await parseBytes(withNumbers('softmax-parts.bin', VERSION, 11));
  expect(model.maxn).toBe(0);
});

test('a file that gives few bytes at a time is read to its end', async () => {
  const bytes = modelBytes('ova-pruned.ftz');
  const slow = await parseFastText(fileOf(bytes, 7), createModelTables());
  const fast = await parseBytes(bytes);
  expect(slow.input).toEqual(fast.input);
  expect(slow.dictionary).toEqual(fast.dictionary);
});

test('a file that ends before its length is refused', async () => {
  const bytes = modelBytes('softmax.bin');
  const file = { ...fileOf(bytes.subarray(0, 9000)), byteLength: bytes.length };
  await expect(parseFastText(file)).rejects.toThrow(/the end of the file/);
});
