import { readFileSync } from 'node:fs';
import { createModelTables } from '../../../src/kernels/fasttext/memory.ts';
import type { FastTextModel } from '../../../src/kernels/fasttext/model.ts';
import { parseFastText } from '../../../src/kernels/fasttext/parse.ts';
import type { ModelFile } from '../../../src/kernels/fasttext/reader.ts';

const folder = new URL('fixtures/', import.meta.url);

/** What fastText itself said, greatest score first; made by fixtures/make-fasttext-models.py. */
export interface Expected {
  readonly model: string;
  readonly predictions: readonly {
    readonly text: string;
    readonly best: readonly (readonly [label: string, score: number])[];
  }[];
}

export const expectations = JSON.parse(
  readFileSync(new URL('fasttext-predictions.json', folder), 'utf8'),
) as readonly Expected[];

export const modelBytes = (name: string): Buffer => readFileSync(new URL(name, folder));

/** Bytes as a file, of which a read gives at most `most` at a time. */
export function fileOf(bytes: Uint8Array, most: number = 1 << 20): ModelFile {
  return {
    path: 'some.bin',
    byteLength: bytes.length,
    read: (into, position) => {
      const part = bytes.subarray(position, position + Math.min(into.length, most));
      into.set(part);
      return Promise.resolve(part.length);
    },
  };
}

export const parseBytes = (bytes: Uint8Array, unpackedBytes: number = 1 << 26): Promise<FastTextModel> =>
  parseFastText(fileOf(bytes), createModelTables(), { unpackedBytes });
