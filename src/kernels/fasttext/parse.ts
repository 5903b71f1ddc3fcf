import { CurationError } from '../../errors.ts';
import { parseDictionary } from './dictionary.ts';
import { parseMatrix, type RowOptions } from './matrix.ts';
import { createModelTables, type ModelTables } from './memory.ts';
import type { FastTextModel } from './model.ts';
import { type ModelFile, ModelReader } from './reader.ts';

const MAGIC = 793712314;
const LOSSES: Readonly<Record<number, FastTextModel['loss'] | 'ns'>> = {
  1: 'hs',
  2: 'ns',
  3: 'softmax',
  4: 'ova',
};
const SUPERVISED = 3;
/** Time grows with these two for each byte of a text; models in use have 6 and 5. */
const MOST_NGRAM = 64;
const MOST_DIM = 1 << 16;
/** Pruned models have a bit for each. */
const MOST_BUCKETS = 1 << 28;

interface Header {
  readonly dim: number;
  readonly wordNgrams: number;
  readonly loss: FastTextModel['loss'];
  readonly bucket: number;
  readonly minn: number;
  readonly maxn: number;
}

/**
 * Reads a model as fastText saves it: `.bin` with 32-bit floats or `.ftz` with a product quantization, versions 11 and 12.
 * Every size is checked against the length of the file before memory is taken. Written after the format in fastText's
 * sources (Meta, MIT).
 * @throws CurationError `BAD_INPUT` for a file that is no such model, `UNSUPPORTED` for a model that cannot classify.
 */
export async function parseFastText(
  file: ModelFile,
  tables: ModelTables = createModelTables(),
  options: RowOptions = { unpackedBytes: 64 << 20 },
): Promise<FastTextModel> {
  const reader = new ModelReader(file);
  const header = await parseHeader(file, reader);
  const { dim, bucket } = header;
  const entries = await parseDictionary(reader, bucket, tables);
  const { dictionary, labels, counts, order } = entries;
  const hasBuckets = header.maxn > 0 || header.wordNgrams > 1;
  if (hasBuckets && bucket < 1) throw reader.damaged('header: bucket', 'at least 1 for n-grams', bucket);

  await reader.ensure(1, 'input matrix');
  const isQuantized = reader.takeByte() !== 0;
  if (!isQuantized && dictionary.isPruned) {
    throw reader.damaged('input matrix', 'quantized rows for a pruned dictionary', '32-bit floats');
  }
  const input = await parseMatrix(reader, 'input matrix', isQuantized, dim, order, tables, options);
  const leastRows = order?.length ?? dictionary.wordCount + (hasBuckets ? bucket : 0);
  if (input.rowCount < leastRows) {
    throw reader.damaged('input matrix', `at least ${leastRows} rows`, input.rowCount);
  }
  await reader.ensure(1, 'output matrix');
  const isOutputQuantized = reader.takeByte() !== 0 && isQuantized;
  const output = await parseMatrix(
    reader,
    'output matrix',
    isOutputQuantized,
    dim,
    undefined,
    tables,
    options,
  );
  if (output.rowCount !== labels.length) {
    throw reader.damaged('output matrix', `${labels.length} rows, one for each label`, output.rowCount);
  }
  const tree = header.loss === 'hs' ? buildTree(counts) : [];
  const children = tables.ints(tree.length);
  children.set(tree);
  return { memory: tables.memory(), ...header, dictionary, labels, input, output, children };
}

async function parseHeader(file: ModelFile, reader: ModelReader): Promise<Header> {
  await reader.ensure(64, 'header');
  const magic = reader.takeInt32();
  if (magic !== MAGIC) throw reader.damaged('header', `the number ${MAGIC}`, magic);
  const version = reader.takeInt32();
  if (version !== 11 && version !== 12) throw reader.damaged('header', 'version 11 or 12', version);
  const dim = reader.takeInt32();
  // Window, epochs, least count and negatives matter to training alone.
  reader.skip(16);
  const wordNgrams = reader.takeInt32();
  const loss = LOSSES[reader.takeInt32()];
  const model = reader.takeInt32();
  const bucket = reader.takeInt32();
  const minn = reader.takeInt32();
  // Supervised models of version 11 have no parts of words, whatever they say.
  const maxn = reader.takeInt32() * (version === 11 ? 0 : 1);
  reader.skip(12);
  if (dim < 1 || dim > MOST_DIM) throw reader.damaged('header: dim', `1 to ${MOST_DIM}`, dim);
  if (bucket < 0 || bucket > MOST_BUCKETS)
    throw reader.damaged('header: bucket', `0 to ${MOST_BUCKETS}`, bucket);
  if (maxn < 0) throw reader.damaged('header: maxn', 'at least 0', maxn);
  if (loss === undefined) throw reader.damaged('header: loss', '1 to 4', 'another number');
  if (model !== SUPERVISED) {
    throw new CurationError(
      'UNSUPPORTED',
      `${file.path}: header: expected a supervised model, found one of word vectors; train it with "fasttext supervised"`,
    );
  }
  if (loss === 'ns') {
    throw new CurationError(
      'UNSUPPORTED',
      `${file.path}: header: expected the loss hs, softmax or ova, found ns; train it with one of them`,
    );
  }
  if (wordNgrams > MOST_NGRAM || maxn > MOST_NGRAM) {
    throw new CurationError(
      'UNSUPPORTED',
      `${file.path}: header: expected n-grams of at most ${MOST_NGRAM}, found wordNgrams ${wordNgrams} and maxn ${maxn}`,
    );
  }
  return { dim, wordNgrams: Math.max(1, wordNgrams), loss, bucket, minn, maxn };
}

/**
 * The Huffman tree of labels as fastText grows it: counts fall, so two queues merge (the labels from the last on, and the
 * inner nodes as they were made). Which of two equal ones comes first decides which row of the output is whose.
 */
function buildTree(counts: readonly number[]): number[] {
  const leafCount = counts.length;
  const total = new Float64Array(2 * leafCount - 1).fill(1e15);
  total.set(counts);
  const children: number[] = [];
  let leaf = leafCount - 1;
  let node = leafCount;
  // Before the i-th merge 2 i nodes of at least leafCount + i are taken, so `node` is one that was made.
  for (let parent = leafCount; parent < 2 * leafCount - 1; parent++) {
    let sum = 0;
    for (let side = 0; side < 2; side++) {
      const next = leaf >= 0 && total[leaf]! < total[node]! ? leaf-- : node++;
      children.push(next);
      sum += total[next]!;
    }
    total[parent] = sum;
  }
  return children;
}
