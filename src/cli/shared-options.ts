import {
  type ConvertOptions,
  type CurationOptions,
  type EngineOptions,
  given,
  type InputOptions,
} from '../config.ts';
import type { FormatName } from '../formats/format.ts';
import type { OptionTable, OptionValues } from './options.ts';

// Options that several verbs share, and what they mean to the library.

export const inputAndOutput: OptionTable = {
  out: {
    kind: 'text',
    short: 'o',
    value: 'DIR|-',
    help: 'directory to write to, or - for standard output (required)',
  },
  format: { kind: ['arrow', 'parquet', 'jsonl'], help: 'output format; default arrow' },
  compression: {
    kind: ['none', 'lz4', 'zstd', 'snappy', 'gzip'],
    value: 'CODEC',
    help: 'arrow: none (default), lz4, zstd; parquet: zstd (default), snappy, gzip, none; jsonl: none (default), gzip, zstd',
  },
  'part-size': {
    kind: 'bytes',
    value: 'SIZE',
    help: 'a part ends with the batch that reaches this; default 1GiB',
  },
  overwrite: { kind: 'flag', help: 'replace what Sluice wrote to the directory before' },
  'input-format': {
    kind: ['parquet', 'jsonl', 'json', 'arrow'],
    help: 'default: by the first bytes, else by the name',
  },
  'on-error': { kind: ['fail', 'skip'], help: 'at a damaged row: stop (default), or count it as unreadable' },
};

export const engine: OptionTable = {
  threads: {
    kind: 'count',
    value: 'N',
    help: 'worker threads; default all cores; the result does not depend on it',
  },
  memory: { kind: 'bytes', value: 'SIZE', help: 'most resident memory; default half of the machine' },
  progress: {
    kind: ['auto', 'plain', 'none'],
    help: 'status line on a terminal (auto), or a line every 10 s',
  },
  help: { kind: 'flag', short: 'h', help: 'this text' },
};

export const judged: OptionTable = {
  'text-column': { kind: 'text', value: 'NAME', help: 'column that is judged; default text' },
  'id-column': {
    kind: 'text',
    value: 'NAME',
    help: 'column named in the ledger; default id when there is one',
  },
  'keep-rejects': { kind: 'flag', help: 'write what is dropped to OUT/rejects, with the reason' },
};

export function readOptions(values: OptionValues): Omit<InputOptions, 'input'> & EngineOptions {
  return given<Omit<InputOptions, 'input'> & EngineOptions>({
    inputFormat: values['input-format'] as FormatName | undefined,
    onError: values['on-error'] as 'fail' | 'skip' | undefined,
    threads: values['threads'] as number | undefined,
    memory: values['memory'] as number | undefined,
  });
}

export function writeOptions(input: readonly string[], values: OptionValues): ConvertOptions {
  return given<ConvertOptions>({
    ...readOptions(values),
    input,
    output: values['out'] as string,
    format: values['format'] as ConvertOptions['format'],
    compression: values['compression'] as ConvertOptions['compression'],
    partSize: values['part-size'] as number | undefined,
    overwrite: values['overwrite'] as boolean | undefined,
  });
}

export function curationOptions(input: readonly string[], values: OptionValues): CurationOptions {
  return given<CurationOptions>({
    ...writeOptions(input, values),
    textColumn: values['text-column'] as string | undefined,
    idColumn: values['id-column'] as string | undefined,
    keepRejects: values['keep-rejects'] as boolean | undefined,
  });
}
