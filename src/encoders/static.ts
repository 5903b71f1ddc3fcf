import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CurationError } from '../errors.ts';
import { DIMENSION_STEP, MOST_DIMENSIONS, quantise } from '../kernels/vectors/vectors.ts';
import type { Encoder, StaticModel } from './encoder.ts';
import { excerptsOf } from './excerpts.ts';
import { openTensors, type TensorFile } from './safetensors.ts';
import { createTokenizer, readTokenizer, type Tokenizer } from './tokenizer.ts';

/** So that the start of a row is a 32-bit number; a table of as many takes 8 GiB. */
const MOST_ELEMENTS = 0x7fffffff;
/** Tokens of a window; what model2vec takes of a text. */
const WINDOW = 512;

/**
 * Reads a static model: a folder as model2vec saves it, with `model.safetensors` and `tokenizer.json`. The tensors are `embeddings` (as
 * sentence-transformers writes it: `embedding.weight`), a row for each token; with a quantised vocabulary also `mapping`, the row of each
 * token, and `weights`, a factor for each token. Tables are in shared memory: threads that are given the model share them.
 * @throws CurationError `USAGE` without such a folder, `BAD_INPUT` or `UNSUPPORTED` for what is in it.
 */
export async function loadStaticModel(folder: string): Promise<StaticModel> {
  await checkFolder(folder);
  const path = join(folder, 'model.safetensors');
  const tokenizer = await readTokenizer(join(folder, 'tokenizer.json'));
  const { size, highest } = createTokenizer(tokenizer, join(folder, 'tokenizer.json'));
  const file = await openTensors(path);
  try {
    return await readTables(file, path, tokenizer, { size, highest });
  } finally {
    await file.close();
  }
}

async function checkFolder(folder: string): Promise<void> {
  const about = await stat(folder).catch(() => undefined);
  if (about?.isDirectory()) return;
  const found = about === undefined ? 'nothing' : 'a file';
  throw new CurationError(
    'USAGE',
    `${folder}: expected the folder of a static model, found ${found}; to get one: hf download minishlab/potion-base-8M --local-dir ${folder}`,
  );
}

async function readTables(
  file: TensorFile,
  path: string,
  tokenizer: Uint8Array<SharedArrayBuffer>,
  { size, highest }: Pick<Tokenizer, 'size' | 'highest'>,
): Promise<StaticModel> {
  const place = file.tensors.get('embeddings') ?? file.tensors.get('embedding.weight');
  const [rows, width, more] = place?.shape ?? [];
  if (place === undefined || rows === undefined || width === undefined || more !== undefined) {
    const names = [...file.tensors].map(([name, { shape }]) => `${name} [${shape.join(', ')}]`);
    const found = names.slice(0, 5).join(', ') || 'no tensor';
    throw new CurationError('BAD_INPUT', `${path}: expected a table "embeddings", found ${found}`);
  }
  if (width < 1 || width > MOST_DIMENSIONS) {
    throw new CurationError(
      'UNSUPPORTED',
      `${path}: expected rows of 1 to ${MOST_DIMENSIONS} numbers, found ${width}`,
    );
  }
  if (place.length > MOST_ELEMENTS) {
    throw new CurationError(
      'UNSUPPORTED',
      `${path}: expected a table of at most ${MOST_ELEMENTS} numbers, found ${place.length}`,
    );
  }
  const mappingPlace = file.tensors.get('mapping');
  const weightsPlace = file.tensors.get('weights');
  const mapping = mappingPlace && (await file.readIndexes(mappingPlace));
  const weights = weightsPlace && (await file.readFloats(weightsPlace));
  // As in model2vec; without it the table may be another tokenizer's.
  if (mapping === undefined && rows !== size) {
    throw new CurationError(
      'BAD_INPUT',
      `${path}: expected a row for each of the ${size} tokens of tokenizer.json, found ${rows}; are both of one model?`,
    );
  }
  const shortest = Math.min(mapping?.length ?? rows, weights?.length ?? Infinity);
  if (shortest <= highest) {
    throw new CurationError(
      'BAD_INPUT',
      `${path}: expected entries for tokens up to ${highest}, found ${shortest}; are tokenizer.json and it of one model?`,
    );
  }
  const beyond = mapping?.find((row) => row >= rows);
  if (beyond !== undefined) {
    throw new CurationError(
      'BAD_INPUT',
      `${path}: expected a mapping to the ${rows} rows, found row ${beyond}`,
    );
  }
  return { width, table: await file.readFloats(place), mapping, weights, tokenizer };
}

/**
 * Vectors by model2vec's rule: the mean of the rows of a text's tokens, those of unknown words left out, each times its weight.
 *
 * A text of up to 512 tokens is encoded as model2vec does; of a longer one, where model2vec takes the first 512, the first, the middle and
 * the last 512 are taken, and the directions of the three added up. Two things differ: model2vec also cuts a text at 512 times
 * the median length of its tokens in letters, which drops tokens it would have had room for, and a text above 12 KiB is represented by its
 * first, middle and last 4 KiB, which bounds the cost of a document. All sums are of doubles in the order of the text: every machine agrees.
 * @param folder of the model, for messages.
 */
export function createStaticEncoder(model: StaticModel, folder: string): Encoder {
  const { width, table, mapping, weights } = model;
  const tokenizer = createTokenizer(model.tokenizer, join(folder, 'tokenizer.json'));
  const { unknown } = tokenizer;
  const dimensions = Math.ceil(width / DIMENSION_STEP) * DIMENSION_STEP;
  const direction = new Float64Array(width);
  const sum = new Float64Array(width);

  const starts = new Int32Array(WINDOW);
  const factors = new Float64Array(WINDOW);

  /** Adds the direction of up to 512 tokens, scaled to length 1. */
  const addWindow = (ids: readonly number[], start: number, end: number): void => {
    let count = 0;
    for (let i = start; i < end; i++) {
      const id = ids[i]!;
      if (id === unknown) continue;
      starts[count] = (mapping === undefined ? id : mapping[id]!) * width;
      factors[count++] = weights === undefined ? 1 : weights[id]!;
    }
    sumRows(count);
    let square = 0;
    for (const component of sum) square += component * component;
    if (square === 0) return;
    const scale = 1 / Math.sqrt(square);
    for (let d = 0; d < width; d++) direction[d]! += sum[d]! * scale;
  };

  /** Sums rows in their order, four at a time, since each reading and writing of a sum costs more than an addition. */
  const sumRows = (count: number): void => {
    sum.fill(0);
    let i = 0;
    // A row lies inside the table: loading checked every id's. i + 3 < count <= 512.
    for (; i + 4 <= count; i += 4) {
      const a = starts[i]!;
      const b = starts[i + 1]!;
      const c = starts[i + 2]!;
      const d = starts[i + 3]!;
      const p = factors[i]!;
      const q = factors[i + 1]!;
      const r = factors[i + 2]!;
      const s = factors[i + 3]!;
      for (let k = 0; k < width; k++) {
        sum[k] = sum[k]! + table[a + k]! * p + table[b + k]! * q + table[c + k]! * r + table[d + k]! * s;
      }
    }
    for (; i < count; i++) {
      const a = starts[i]!;
      const p = factors[i]!;
      for (let k = 0; k < width; k++) sum[k]! += table[a + k]! * p;
    }
  };

  const addText = (bytes: Uint8Array, start: number, end: number): void => {
    const excerpts = excerptsOf(bytes, start, end);
    const first = tokenizer.encode(excerpts[0]!);
    if (excerpts.length === 1 && first.length <= WINDOW) return addWindow(first, 0, first.length);
    for (let i = 0; i < 3; i++) {
      const ids = i === 0 || excerpts.length === 1 ? first : tokenizer.encode(excerpts[i]!);
      const count = Math.min(WINDOW, ids.length);
      // The first of the first excerpt, the middle of the middle one, the last of the last one.
      const from = Math.floor(((ids.length - count) * i) / 2);
      addWindow(ids, from, from + count);
    }
  };

  return {
    dimensions,
    async embed(_, { bytes, offsets, rowCount }) {
      const values = new Int8Array(rowCount * dimensions);
      const squares = new Uint32Array(rowCount);
      for (let row = 0; row < rowCount; row++) {
        direction.fill(0);
        addText(bytes, offsets[row]!, offsets[row + 1]!);
        // What is beyond the width stays 0, which changes no cosine.
        squares[row] = quantise(direction, values, row * dimensions);
      }
      return { count: rowCount, dimensions, values, squares };
    },
  };
}
