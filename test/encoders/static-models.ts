import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TextColumn } from '../../src/columns/text-column.ts';

/** What the script beside it wrote with model2vec and Hugging Face's tokenizers. */
interface Oracle {
  readonly texts: readonly string[];
  readonly vocabulary: readonly string[];
  readonly ids: readonly (readonly number[])[];
  readonly vectors: Readonly<Record<'plain' | 'quantised' | 'half', readonly (readonly number[])[]>>;
}

export const oracle: Oracle = JSON.parse(
  await readFile(new URL('./fixtures/model2vec-vectors.json', import.meta.url), 'utf8'),
);
export const vocabulary: readonly string[] = oracle.vocabulary;
export const WIDTH = 20;

/** A number that a half holds exactly; the same as in the script. */
export function element(row: number, column: number): number {
  return (((row * 31 + column * 17 + row * column) % 97) - 48) / 64;
}

/** A table of so many rows, as 32-bit floats. */
export function tableOf(rows: number, width: number = WIDTH): Float32Array {
  return Float32Array.from({ length: rows * width }, (_, i) => element(Math.floor(i / width), i % width));
}

/** As BERT's: `[PAD]` and `[UNK]` added, nothing before or behind unless `post_processor` says so. */
export function tokenizerOf(
  words: readonly string[] = vocabulary,
  changes: object = {},
): Record<string, unknown> {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: ['[PAD]', '[UNK]'].map((content) => ({ id: words.indexOf(content), content, ...flags })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: null,
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(words.map((word, i) => [word, i])),
    },
    ...changes,
  };
}

export interface TensorSource {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A safetensors file with the tensors in this order. */
export function safetensorsOf(tensors: Readonly<Record<string, TensorSource>>): Buffer {
  let end = 0;
  const entries = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
    const start = end;
    end += bytes.length;
    return [name, { dtype, shape, data_offsets: [start, end] }];
  });
  const header = { __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) };
  return withHeader(JSON.stringify(header), ...Object.values(tensors).map(({ bytes }) => bytes));
}

/** A file with any header. */
export function withHeader(header: string, ...bodies: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.from(header);
  const start = Buffer.alloc(8);
  start.writeUInt32LE(bytes.length);
  return Buffer.concat([start, bytes, ...bodies]);
}

export function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** 32-bit floats as halves; each must be exact in one. */
export function toHalves(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, (value) => {
    if (value === 0) return 0;
    const exponent = Math.floor(Math.log2(Math.abs(value)));
    const fraction = (Math.abs(value) / 2 ** exponent - 1) * 1024;
    return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | fraction;
  });
}

/** Writes a model's folder; without `tensors` the plain table of the vocabulary. */
export async function writeModel(
  folder: string,
  {
    tensors = { embeddings: floats(tableOf(vocabulary.length), [vocabulary.length, WIDTH]) },
    tokenizer = tokenizerOf(),
  }: {
    readonly tensors?: Readonly<Record<string, TensorSource>>;
    readonly tokenizer?: object;
  } = {},
): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'model.safetensors'), safetensorsOf(tensors));
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  return folder;
}

export function floats(values: Float32Array, shape: readonly number[]): TensorSource {
  return { dtype: 'F32', shape, bytes: bytesOf(values) };
}

/** Texts as a column, some bytes in so that its offsets do not start at 0. */
export function columnOf(texts: readonly string[]): TextColumn {
  const encoded = texts.map((text) => Buffer.from(text));
  const offsets = new Int32Array(texts.length + 1);
  offsets[0] = 3;
  encoded.forEach((bytes, i) => {
    offsets[i + 1] = offsets[i]! + bytes.length;
  });
  return { bytes: Buffer.concat([Buffer.from('abc'), ...encoded]), offsets, rowCount: texts.length };
}

/** A list of one thing. */
export function repeat<T>(count: number, each: T): T[] {
  return Array.from({ length: count }, () => each);
}
