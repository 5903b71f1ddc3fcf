import { writeFile } from 'node:fs/promises';
import { Schema } from 'apache-arrow';
import { beforeEach, describe, expect, test } from 'vitest';
import { makeBatch } from '../../src/columns/batch.ts';
import { createStaticEncoder, loadStaticModel } from '../../src/encoders/static.ts';
import type { Vectors } from '../../src/kernels/vectors/vectors.ts';
import { useFolder } from '../engine/support.ts';
import {
  bytesOf,
  columnOf,
  element,
  floats,
  oracle,
  repeat,
  tableOf,
  toHalves,
  tokenizerOf,
  vocabulary,
  WIDTH,
  writeModel,
} from './static-models.ts';

const at = useFolder();
const batch = makeBatch(new Schema([]), 0, []);
let folder = '';
beforeEach(() => {
  folder = at('model');
});

async function embed(texts: readonly string[]): Promise<Vectors> {
  return createStaticEncoder(await loadStaticModel(folder), folder).embed(batch, columnOf(texts));
}

const vectorOf = ({ values, dimensions }: Vectors, row: number) => [
  ...values.subarray(row * dimensions, (row + 1) * dimensions),
];

const rows = vocabulary.length;
const quantised = {
  embeddings: floats(tableOf(7), [7, WIDTH]),
  mapping: {
    dtype: 'I64',
    shape: [rows],
    bytes: bytesOf(BigInt64Array.from({ length: rows }, (_, i) => BigInt(i % 7))),
  },
  weights: floats(
    Float32Array.from({ length: rows }, (_, i) => ((i % 5) + 1) / 4),
    [rows],
  ),
};

describe('gives the vectors that model2vec gives', () => {
  const models = {
    plain: { embeddings: floats(tableOf(rows), [rows, WIDTH]) },
    half: { embeddings: { dtype: 'F16', shape: [rows, WIDTH], bytes: bytesOf(toHalves(tableOf(rows))) } },
    quantised,
  };
  test.each(['plain', 'half', 'quantised'] as const)('of a %s table', async (name) => {
    await writeModel(folder, { tensors: models[name] });
    const vectors = await embed(oracle.texts);
    expect(vectors).toMatchObject({ count: oracle.texts.length, dimensions: 32 });
    oracle.vectors[name].forEach((expected, row) => {
      const found = vectorOf(vectors, row);
      const most = Math.max(...expected.map(Math.abs));
      // Half a step of rounding to whole numbers. The oracle adds: its six decimals, and the error of its sums, in halves those
      // of 400 rows of which none is above 1, so below 400 * 2^-11 relative to a mean that is exact.
      const slack = name === 'half' ? 0.7 : 0.501;
      for (let i = 0; i < WIDTH; i++) {
        const wanted = most === 0 ? 0 : (expected[i]! * 127) / most;
        expect(Math.abs(found[i]! - wanted), `text ${row}, component ${i}`).toBeLessThanOrEqual(slack);
      }
      expect(found.slice(WIDTH)).toEqual(repeat(12, 0));
      expect(vectors.squares[row]).toBe(found.reduce((sum, x) => sum + x * x, 0));
    });
  });
});

test('a text of unknown words, of blanks or of nothing says nothing', async () => {
  await writeModel(folder);
  const vectors = await embed(['', '  \n', 'xyzzy [UNK]', 'sea']);
  expect([...vectors.squares].map((square) => square > 0)).toEqual([false, false, false, true]);
});

test('a document has the vector it has alone, wherever it stands', async () => {
  await writeModel(folder);
  const together = await embed(oracle.texts);
  const encoder = createStaticEncoder(await loadStaticModel(folder), folder);
  for (const [row, text] of [...oracle.texts.entries()].reverse()) {
    expect(vectorOf(await encoder.embed(batch, columnOf([text])), 0)).toEqual(vectorOf(together, row));
  }
});

describe('of a long text three windows count', () => {
  const direction = (counts: Readonly<Record<string, number>>): number[] => {
    const sum = repeat(WIDTH, 0);
    for (const [word, count] of Object.entries(counts)) {
      const row = vocabulary.indexOf(word);
      for (let i = 0; i < WIDTH; i++) sum[i]! += element(row, i) * count;
    }
    const length = Math.hypot(...sum);
    return sum.map((x) => x / length);
  };
  const expectSum = async (text: string, windows: readonly Readonly<Record<string, number>>[]) => {
    await writeModel(folder);
    const found = vectorOf(await embed([text]), 0);
    const sum = windows.map(direction).reduce((a, b) => a.map((x, i) => x + b[i]!));
    const most = Math.max(...sum.map(Math.abs));
    sum.forEach((x, i) => {
      // Half a step, and the last bits of doubles.
      expect(Math.abs(found[i]! - (x * 127) / most)).toBeLessThanOrEqual(0.5 + 1e-9);
    });
  };

  test('512 tokens are one window', () =>
    expectSum([...repeat(511, 'sea'), 'river'].join(' '), [{ sea: 511, river: 1 }]));

  test('with 513 the middle one starts at the first token', () =>
    expectSum(['lake', ...repeat(511, 'sea'), 'river'].join(' '), [
      { lake: 1, sea: 511 },
      { lake: 1, sea: 511 },
      { sea: 511, river: 1 },
    ]));

  test('with 3 times 512 each has tokens of its own', () =>
    expectSum([...repeat(512, 'sea'), ...repeat(512, 'lake'), ...repeat(512, 'run')].join(' '), [
      { sea: 512 },
      { lake: 512 },
      { run: 512 },
    ]));

  test('above 12 KiB it is those of the first, the middle and the last 4 KiB', () => {
    // By its tokens the middle would be `sea`; by its bytes it is words that nobody knows, which say nothing.
    const unknown = 'x'.repeat(199);
    const text = [...repeat(1500, 'sea'), ...repeat(40, unknown), ...repeat(600, 'run')].join(' ');
    expect(text).toHaveLength(16_399);
    return expectSum(text, [{ sea: 512 }, { run: 512 }]);
  });

  test('a text of 12 KiB is still read whole', () => {
    const text = [...repeat(1500, 'sea'), ...repeat(19, 'x'.repeat(199)), ...repeat(622, 'run')].join(' ');
    return expectSum(`${text} `.padEnd(3 * 4096, ' '), [{ sea: 512 }, { sea: 512 }, { run: 512 }]);
  });

  test('a cut inside a character leaves it out', async () => {
    await writeModel(folder);
    // Three bytes each, so that cuts at 4096 bytes from either end fall inside one.
    const text = '漢'.repeat(6000);
    const vectors = await embed([text, '漢']);
    expect(vectorOf(vectors, 0)).toEqual(vectorOf(vectors, 1));
  });
});

test('bytes that are no text are left out', async () => {
  await writeModel(folder);
  const encoder = createStaticEncoder(await loadStaticModel(folder), folder);
  const bytes = Buffer.concat([Buffer.from('sea '), Buffer.of(0xff, 0xc3), Buffer.from(' lake')]);
  const broken = await encoder.embed(batch, { bytes, offsets: Int32Array.of(0, bytes.length), rowCount: 1 });
  expect(vectorOf(broken, 0)).toEqual(vectorOf(await encoder.embed(batch, columnOf(['sea lake'])), 0));
});

test("a table of sentence-transformers' name is taken, and one of 16 wide needs no padding", async () => {
  await writeModel(folder, { tensors: { 'embedding.weight': floats(tableOf(rows, 16), [rows, 16]) } });
  expect(await embed(['sea'])).toMatchObject({ dimensions: 16 });
});

describe('what is missing or of another model is refused', () => {
  test('no folder, with a way to get one', async () => {
    await expect(loadStaticModel(folder)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/found nothing; to get one: hf download .*--local-dir/),
    });
    await writeFile(folder, '');
    await expect(loadStaticModel(folder)).rejects.toMatchObject({ code: 'USAGE' });
  });

  const cases: readonly (readonly [string, Parameters<typeof writeModel>[1] & object, RegExp])[] = [
    ['no table', { tensors: { x: floats(tableOf(1), [WIDTH]) } }, /a table "embeddings", found x \[20\]/],
    [
      'a table of one dimension',
      { tensors: { embeddings: floats(tableOf(1), [WIDTH]) } },
      /found embeddings \[20\]/,
    ],
    [
      'a table too wide',
      { tensors: { embeddings: floats(tableOf(1, 1025), [1, 1025]) } },
      /1 to 1024 numbers, found 1025/,
    ],
    [
      'a row too few',
      { tensors: { embeddings: floats(tableOf(rows - 1), [rows - 1, WIDTH]) } },
      /each of the 26 tokens.*found 25/,
    ],
    [
      'a mapping too short',
      { tensors: { ...quantised, mapping: { dtype: 'I32', shape: [2], bytes: new Uint8Array(8) } } },
      /tokens up to 25, found 2/,
    ],
    [
      'weights too short',
      { tensors: { ...quantised, weights: floats(new Float32Array(3), [3]) } },
      /tokens up to 25, found 3/,
    ],
    [
      'a mapping beyond the table',
      { tensors: { ...quantised, embeddings: floats(tableOf(6), [6, WIDTH]) } },
      /the 6 rows, found row 6/,
    ],
    [
      'a token beyond the table',
      {
        tokenizer: tokenizerOf(
          vocabulary.map((word, i) => (i === 5 ? 'jog' : word)),
          { added_tokens: [{ id: 99, content: 'x' }] },
        ),
      },
      /expected/,
    ],
  ];
  test.each(cases)('%s', async (_, model, message) => {
    await writeModel(folder, model);
    await expect(loadStaticModel(folder)).rejects.toThrow(message);
  });
});
