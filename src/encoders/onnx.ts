import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CurationError } from '../errors.ts';
import { DIMENSION_STEP, MOST_DIMENSIONS, quantise } from '../kernels/vectors/vectors.ts';
import type { Encoder } from './encoder.ts';
import { openingOf } from './excerpts.ts';
import { createTokenizer, readTokenizer } from './tokenizer.ts';

/** The part of `onnxruntime-node` that is used; tests put their own in its place. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(path: string, options: object): Promise<OnnxSession>;
  };
  readonly Tensor: new (type: 'int64', data: BigInt64Array, dims: readonly number[]) => unknown;
}

/** A model that is ready to run. */
interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(
    feeds: Readonly<Record<string, unknown>>,
    fetches: readonly string[],
  ): Promise<Readonly<Record<string, OnnxOutput | undefined>>>;
}

/** What a model gives. */
export interface OnnxOutput {
  readonly type: string;
  readonly data: ArrayLike<unknown>;
  readonly dims: readonly number[];
}

/** Tokens of a text that are used, those before and behind it included; what models of BERT's kind take. */
const MOST_TOKENS = 512;
const INPUTS = ['input_ids', 'attention_mask', 'token_type_ids'];

/**
 * Vectors of a sentence model in ONNX, `model.onnx` with its `tokenizer.json`: its output `sentence_embedding`, else the mean over the tokens
 * of `last_hidden_state`. Of a text the first 512 tokens of its first 12 KiB count. Runs on `onnxruntime-node`, which the user installs.
 *
 * A text is run by itself, never padded beside others: so its vector cannot depend on its neighbours, and no work is done on padding. Still
 * results are those of one machine only: the runtime picks other kernels on other processors, whose sums differ in their last bits, and so may
 * components here and there by 1.
 * @param runtime in place of `onnxruntime-node`.
 * @throws CurationError `USAGE` without the folder or the runtime, `BAD_INPUT` or `UNSUPPORTED` for a model that it cannot use.
 */
export async function createOnnxEncoder(folder: string, runtime?: OnnxRuntime): Promise<Encoder> {
  const path = join(folder, 'model.onnx');
  await checkFolder(folder, path);
  const tokenizerPath = join(folder, 'tokenizer.json');
  const tokenizer = createTokenizer(await readTokenizer(tokenizerPath), tokenizerPath);
  const { InferenceSession, Tensor } = runtime ?? (await importRuntime());
  // Sluice has threads of its own; more of them in each would only wait for one another.
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1, executionProviders: ['cpu'] };
  const session = await InferenceSession.create(path, options).catch((cause: unknown) => {
    throw failed(path, 'a model that can be loaded', cause);
  });
  const stranger = session.inputNames.find((name) => !INPUTS.includes(name));
  if (stranger !== undefined) {
    throw new CurationError(
      'UNSUPPORTED',
      `${path}: expected inputs ${INPUTS.join(', ')}, found ${stranger}`,
    );
  }
  const output = ['sentence_embedding', 'last_hidden_state'].find((name) =>
    session.outputNames.includes(name),
  );
  if (output === undefined) {
    throw new CurationError(
      'UNSUPPORTED',
      `${path}: expected an output sentence_embedding or last_hidden_state, found ${session.outputNames.join(', ')}`,
    );
  }
  const room = MOST_TOKENS - tokenizer.before.length - tokenizer.behind.length;

  /** The vector of a text, as long as the model makes it. */
  const infer = async (ids: readonly number[]): Promise<Float64Array> => {
    const dims = [1, ids.length];
    const tensor = (data: BigInt64Array) => new Tensor('int64', data, dims);
    const inputs: Readonly<Record<string, () => unknown>> = {
      input_ids: () => tensor(BigInt64Array.from(ids, BigInt)),
      attention_mask: () => tensor(new BigInt64Array(ids.length).fill(1n)),
      token_type_ids: () => tensor(new BigInt64Array(ids.length)),
    };
    const feeds = Object.fromEntries(session.inputNames.map((name) => [name, inputs[name]!()]));
    const results = await session.run(feeds, [output]).catch((cause: unknown) => {
      throw failed(path, `a model that takes ${ids.length} tokens`, cause);
    });
    return meanOf(results[output], ids.length, path, output);
  };

  const idsOf = (bytes: Uint8Array, start: number, end: number): readonly number[] => {
    const ids = tokenizer.encode(openingOf(bytes, start, end));
    return ids.length === 0 ? ids : [...tokenizer.before, ...ids.slice(0, room), ...tokenizer.behind];
  };

  // What a model says of its shapes may have holes; what it gives has none.
  const width = (await infer([...tokenizer.before, 0, ...tokenizer.behind])).length;
  if (width < 1 || width > MOST_DIMENSIONS) {
    throw new CurationError(
      'UNSUPPORTED',
      `${path}: expected vectors of 1 to ${MOST_DIMENSIONS} numbers, found ${width}`,
    );
  }
  const dimensions = Math.ceil(width / DIMENSION_STEP) * DIMENSION_STEP;
  return {
    dimensions,
    async embed(_, { bytes, offsets, rowCount }) {
      const values = new Int8Array(rowCount * dimensions);
      const squares = new Uint32Array(rowCount);
      for (let row = 0; row < rowCount; row++) {
        const ids = idsOf(bytes, offsets[row]!, offsets[row + 1]!);
        if (ids.length > 0) squares[row] = quantise(await infer(ids), values, row * dimensions);
      }
      return { count: rowCount, dimensions, values, squares };
    },
  };
}

/**
 * Looks whether a model is there and what it runs on, without loading it.
 * @throws CurationError `USAGE` without the folder or the runtime, `BAD_INPUT` or `UNSUPPORTED` for a tokenizer that it cannot use.
 */
export async function checkOnnxModel(folder: string): Promise<void> {
  await checkFolder(folder, join(folder, 'model.onnx'));
  const tokenizerPath = join(folder, 'tokenizer.json');
  createTokenizer(await readTokenizer(tokenizerPath), tokenizerPath);
  await importRuntime();
}

async function checkFolder(folder: string, path: string): Promise<void> {
  const about = await stat(path).catch(() => undefined);
  if (about?.isFile()) return;
  throw new CurationError(
    'USAGE',
    `${folder}: expected a folder with model.onnx and tokenizer.json, found no model.onnx; optimum-cli export onnx writes such folders`,
  );
}

async function importRuntime(): Promise<OnnxRuntime> {
  try {
    const module = (await import('onnxruntime-node')) as OnnxRuntime & { readonly default?: OnnxRuntime };
    return module.InferenceSession === undefined && module.default !== undefined ? module.default : module;
  } catch (cause) {
    throw new CurationError(
      'USAGE',
      'expected the package onnxruntime-node for a model in ONNX, found none that loads; to get it: npm install onnxruntime-node',
      { cause },
    );
  }
}

/** The mean over the tokens, where there is a vector for each; in double arithmetic. */
function meanOf(
  result: OnnxOutput | undefined,
  tokenCount: number,
  path: string,
  output: string,
): Float64Array {
  const dims = result?.dims ?? [];
  const isWhole = dims.length === 2;
  const width = dims.at(-1) ?? 0;
  const count = isWhole ? 1 : tokenCount;
  const isExpected = result?.type === 'float32' && dims[0] === 1 && (isWhole || dims[1] === tokenCount);
  if (!isExpected || dims.length > 3 || result.data.length !== count * width) {
    const wanted = `${output} of float32 [1, n] or [1, ${tokenCount}, n]`;
    throw new CurationError(
      'UNSUPPORTED',
      `${path}: expected ${wanted}, found ${result?.type} [${dims.join(', ')}]`,
    );
  }
  const data = result.data as ArrayLike<number>;
  const mean = new Float64Array(width);
  for (let i = 0; i < data.length; i++) mean[i % width]! += data[i]! / count;
  if (mean.every(Number.isFinite)) return mean;
  throw new CurationError('BAD_INPUT', `${path}: expected finite numbers in ${output}, found others`);
}

function failed(path: string, expected: string, cause: unknown): CurationError {
  const found = cause instanceof Error ? cause.message : String(cause);
  return new CurationError('BAD_INPUT', `${path}: expected ${expected}, found: ${found}`, { cause });
}
