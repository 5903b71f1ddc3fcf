import { DataType, type Field, type Schema } from 'apache-arrow';
import { CurationError } from '../errors.ts';
import { createArrowAssembler } from './arrow/assembler.ts';
import type { BatchBuffers } from './arrow/encode.ts';
import { compressReady } from './compress.ts';
import type { Assembler, Compression, Encode } from './format.ts';
import { createJsonlAssembler } from './jsonl/assembler.ts';
import { createParquetAssembler } from './parquet/assembler.ts';
import { planParquet } from './parquet/encode-schema.ts';

/** What is written, and how it is packed. */
export interface OutputFormat {
  readonly format: 'arrow' | 'parquet' | 'jsonl';
  readonly compression: Compression;
}

const COMPRESSIONS = {
  arrow: ['none', 'lz4', 'zstd'],
  parquet: ['none', 'snappy', 'zstd', 'gzip'],
  jsonl: ['none', 'gzip', 'zstd'],
} as const satisfies Record<OutputFormat['format'], readonly Compression[]>;

/** What a format is packed with where the user does not say. */
export function defaultCompression(format: OutputFormat['format']): Compression {
  return format === 'parquet' ? 'zstd' : 'none';
}

/** The ending of a file's name, without a dot in front; lines say there how they are packed, the others inside. */
export function fileExtension(output: OutputFormat): string {
  if (output.format !== 'jsonl') return output.format;
  if (output.compression === 'gzip') return 'jsonl.gz';
  return output.compression === 'zstd' ? 'jsonl.zst' : 'jsonl';
}

/**
 * Refuses, before any row is read, what cannot be written: a compression that the format lacks (`USAGE`) or a column
 * whose type it has no place for (`UNSUPPORTED`, naming the column).
 */
export function checkOutput(output: OutputFormat, schema: Schema): void {
  allowedCompression(output.format, output.compression);
  for (const field of schema.fields) checkField(output.format, field, field.name);
  if (output.format === 'parquet') planParquet(schema);
  if (output.format === 'jsonl') checkNames(schema.fields, '');
}

function allowedCompression<F extends OutputFormat['format']>(
  format: F,
  compression: Compression,
): (typeof COMPRESSIONS)[F][number] {
  const allowed: readonly Compression[] = COMPRESSIONS[format];
  if (!allowed.includes(compression)) {
    throw new CurationError(
      'USAGE',
      `output: ${format} with compression "${compression}": expected one of ${allowed.join(', ')}`,
    );
  }
  return compression as (typeof COMPRESSIONS)[F][number];
}

function checkField(format: string, field: Field, path: string): void {
  const type: DataType = field.type;
  if (DataType.isDictionary(type)) {
    throw new CurationError(
      'UNSUPPORTED',
      `${format} writer: column "${path}": expected plain values, found a dictionary-encoded column; decode it first`,
    );
  }
  for (const child of (type.children ?? []) as Field[]) checkField(format, child, `${path}.${child.name}`);
}

/** An object with two members of one name loses one of them in almost every reader. */
function checkNames(fields: readonly Field[], path: string): void {
  const names = new Set<string>();
  for (const field of fields) {
    if (names.has(field.name)) {
      throw new CurationError(
        'UNSUPPORTED',
        `jsonl writer: column "${path}${field.name}": expected each name once, found it twice; rename one, or write Parquet or Arrow`,
      );
    }
    names.add(field.name);
    const type: DataType = field.type;
    if (DataType.isStruct(type)) checkNames(type.children, `${path}${field.name}.`);
    else for (const child of (type.children ?? []) as Field[]) checkNames([child], `${path}${field.name}.`);
  }
}

/**
 * Makes the worker's half of a writer: loads it and its codec, which neither the main thread nor other outputs need.
 * @param schema that of every batch it will get.
 * @param buffers `take` lets the Arrow writer hand large buffers of a batch over instead of copying them: for batches
 * made to be written. `copy` for a decoder's batches, whose memory is used again. Other formats always copy.
 */
export async function createEncoder(
  output: OutputFormat,
  schema: Schema,
  buffers: BatchBuffers = 'take',
): Promise<Encode> {
  checkOutput(output, schema);
  await compressReady(output.compression);
  switch (output.format) {
    case 'arrow': {
      const { createArrowEncoder } = await import('./arrow/encode.ts');
      return createArrowEncoder(schema, allowedCompression('arrow', output.compression), buffers);
    }
    case 'parquet': {
      const { createParquetEncoder } = await import('./parquet/encode.ts');
      return createParquetEncoder(schema, allowedCompression('parquet', output.compression));
    }
    case 'jsonl': {
      const { createJsonlEncoder } = await import('./jsonl/encode.ts');
      return createJsonlEncoder(schema, allowedCompression('jsonl', output.compression));
    }
  }
}

/**
 * Makes the main thread's half of a writer.
 * @param kind `stream` is for standard output: Arrow then has no footer; Parquet and lines are the same either way.
 */
export function createAssembler(output: OutputFormat, schema: Schema, kind: 'file' | 'stream'): Assembler {
  checkOutput(output, schema);
  switch (output.format) {
    case 'arrow':
      return createArrowAssembler(schema, kind);
    case 'parquet':
      return createParquetAssembler(schema, allowedCompression('parquet', output.compression));
    case 'jsonl':
      return createJsonlAssembler();
  }
}
