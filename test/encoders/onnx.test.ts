import { writeFile } from 'node:fs/promises';
import { Schema } from 'apache-arrow';
import { beforeEach, describe, expect, test } from 'vitest';
import { makeBatch } from '../../src/columns/batch.ts';
import { createOnnxEncoder, type OnnxOutput, type OnnxRuntime } from '../../src/encoders/onnx.ts';
import type { Vectors } from '../../src/kernels/vectors/vectors.ts';
import { useFolder } from '../engine/support.ts';
import { columnOf, element, repeat, tokenizerOf, vocabulary, WIDTH, writeModel } from './static-models.ts';

const at = useFolder();
const batch = makeBatch(new Schema([]), 0, []);
let folder = '';
beforeEach(async () => {
  const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const single = [special('[PAD]'), { Sequence: { id: 'A', type_id: 0 } }, special('[UNK]')];
  const post = { type: 'TemplateProcessing', single, pair: [], special_tokens: {} };
  folder = await writeModel(at('model'), { tokenizer: tokenizerOf(vocabulary, { post_processor: post }) });
  await writeFile(at('model', 'model.onnx'), 'a model');
});

interface Feed {
  readonly type: string;
  readonly data: BigInt64Array;
  readonly dims: readonly number[];
}

/** A runtime whose model gives each token the row of a table; it keeps what it was fed. */
function runtimeOf({
  inputs = ['input_ids', 'attention_mask'],
  outputs = ['last_hidden_state'],
  give = statesOf,
}: {
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly give?: (ids: readonly number[]) => OnnxOutput;
} = {}) {
  const fed: Readonly<Record<string, Feed>>[] = [];
  const runtime: OnnxRuntime = {
    Tensor: class {
      readonly type: string;
      readonly data: BigInt64Array;
      readonly dims: readonly number[];
      constructor(type: 'int64', data: BigInt64Array, dims: readonly number[]) {
        this.type = type;
        this.data = data;
        this.dims = dims;
      }
    },
    InferenceSession: {
      create: async () => ({
        inputNames: inputs,
        outputNames: outputs,
        run: async (feeds, fetches) => {
          fed.push(feeds as Readonly<Record<string, Feed>>);
          const ids = [...(feeds['input_ids'] as Feed).data].map(Number);
          return Object.fromEntries(fetches.map((name) => [name, give(ids)]));
        },
      }),
    },
  };
  return { runtime, fed };
}

function statesOf(ids: readonly number[]): OnnxOutput {
  const data = Float32Array.from({ length: ids.length * WIDTH }, (_, i) => {
    return element(ids[Math.floor(i / WIDTH)]!, i % WIDTH);
  });
  return { type: 'float32', data, dims: [1, ids.length, WIDTH] };
}

/** Rows and their mean in doubles, scaled; all numbers of the table are whole 64ths, so sums are exact. */
function expectVector(vectors: Vectors, row: number, ids: readonly number[]): void {
  const sum = Array.from({ length: WIDTH }, (_, i) => ids.reduce((total, id) => total + element(id, i), 0));
  const most = Math.max(...sum.map(Math.abs));
  for (let i = 0; i < WIDTH; i++) {
    // Half a step, and the last bits of a mean whose parts were divided one by one.
    const wanted = (sum[i]! * 127) / most;
    expect(Math.abs(vectors.values[row * 32 + i]! - wanted)).toBeLessThanOrEqual(0.5 + 1e-9);
  }
}

test('gives the mean of the hidden states over the tokens, those around the text included', async () => {
  const { runtime, fed } = runtimeOf();
  const encoder = await createOnnxEncoder(folder, runtime);
  const vectors = await encoder.embed(batch, columnOf(['the river', '', 'unknown sea', ' \n']));
  expect(vectors).toMatchObject({ count: 4, dimensions: 32 });
  expectVector(vectors, 0, [0, 2, 3, 1]);
  expectVector(vectors, 2, [0, 1, 7, 1]);
  expect([...vectors.squares].map((square) => square > 0)).toEqual([true, false, true, false]);
  // One to find the width, and one for each text that says something.
  expect(fed).toHaveLength(3);
  expect(fed[1]).toEqual({
    input_ids: { type: 'int64', data: BigInt64Array.of(0n, 2n, 3n, 1n), dims: [1, 4] },
    attention_mask: { type: 'int64', data: BigInt64Array.of(1n, 1n, 1n, 1n), dims: [1, 4] },
  });
});

test('feeds token types to a model that asks for them', async () => {
  const { runtime, fed } = runtimeOf({ inputs: ['input_ids', 'token_type_ids', 'attention_mask'] });
  await (await createOnnxEncoder(folder, runtime)).embed(batch, columnOf(['sea']));
  expect(fed[1]!['token_type_ids']).toEqual({ type: 'int64', data: new BigInt64Array(3), dims: [1, 3] });
});

test('takes the embedding that a model makes of the whole text', async () => {
  const give = (ids: readonly number[]) => ({
    type: 'float32',
    data: Float32Array.of(ids.length, -1, 0),
    dims: [1, 3],
  });
  const { runtime } = runtimeOf({ outputs: ['last_hidden_state', 'sentence_embedding'], give });
  const vectors = await (await createOnnxEncoder(folder, runtime)).embed(batch, columnOf(['the sea']));
  expect([...vectors.values]).toEqual([127, -32, ...repeat(14, 0)]);
});

test('of a text above 512 tokens the first count, and what stands behind stays', async () => {
  const { runtime, fed } = runtimeOf();
  const encoder = await createOnnxEncoder(folder, runtime);
  await encoder.embed(batch, columnOf([510, 511, 9000].map((count) => 'sea '.repeat(count))));
  for (const feed of fed.slice(1)) {
    const ids = [...feed['input_ids']!.data].map(Number);
    expect(ids).toEqual([0, ...repeat(510, 7), 1]);
  }
  expect(fed).toHaveLength(4);
});

describe('refuses', () => {
  const create = (options: Parameters<typeof runtimeOf>[0]) =>
    createOnnxEncoder(folder, runtimeOf(options).runtime);
  const output =
    (dims: readonly number[], length: number, type = 'float32') =>
    () => ({
      type,
      data: new Float32Array(length),
      dims,
    });

  test('a model with inputs or outputs of another kind', async () => {
    await expect(create({ inputs: ['input_ids', 'pixels'] })).rejects.toThrow(/found pixels/);
    await expect(create({ outputs: ['logits'] })).rejects.toThrow(/found logits/);
  });

  test('results of another shape or type, too wide, or not finite', async () => {
    for (const [give, message] of [
      [output([1, 2, 4], 8), /found float32 \[1, 2, 4\]/],
      [output([1, 3, 4], 11), /found float32 \[1, 3, 4\]/],
      [output([2, 4], 8), /found float32 \[2, 4\]/],
      [output([1, 4], 4, 'float16'), /found float16/],
      [output([1, 1025], 1025), /1 to 1024 numbers, found 1025/],
      [output([1, 0], 0), /1 to 1024 numbers, found 0/],
      [() => ({ type: 'float32', data: Float32Array.of(NaN), dims: [1, 1] }), /expected finite numbers/],
    ] as const) {
      await expect(create({ give })).rejects.toThrow(message);
    }
  });

  test('a model that cannot be loaded or run, with the reason', async () => {
    const broken: OnnxRuntime = {
      ...runtimeOf().runtime,
      InferenceSession: { create: () => Promise.reject(new Error('protobuf parsing failed')) },
    };
    await expect(createOnnxEncoder(folder, broken)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringMatching(/model\.onnx: expected a model that can be loaded, found: protobuf/),
    });
    const give = () => {
      throw new Error('no such position');
    };
    await expect(create({ give })).rejects.toThrow(/a model that takes 3 tokens, found: no such position/);
  });

  test('a folder without a model', async () => {
    await expect(createOnnxEncoder(at('other'), runtimeOf().runtime)).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  test('to go on without the runtime, and says how to get it', async () => {
    await expect(createOnnxEncoder(folder)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/npm install onnxruntime-node/),
    });
  });
});
