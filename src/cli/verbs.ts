import type { ConvertOptions, DedupOptions } from '../config.ts';
import type { FormatName } from '../formats/format.ts';
import type { Report } from '../report.ts';
import type { OptionTable, OptionValues } from './options.ts';

/** A verb of the command line: its words in, a run of the library out. */
export interface CliVerb {
  readonly summary: string;
  readonly usage: string;
  readonly options: OptionTable;
  readonly examples: readonly string[];
  readonly run: (input: readonly string[], values: OptionValues, watch: Watch) => Promise<Report>;
}

/** What the command line adds to the options of a run. */
type Watch = Pick<ConvertOptions, 'signal' | 'onEvent'>;

const inputAndOutput: OptionTable = {
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

const engine: OptionTable = {
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

const duplicates: OptionTable = {
  'text-column': { kind: 'text', value: 'NAME', help: 'column that is judged; default text' },
  'id-column': {
    kind: 'text',
    value: 'NAME',
    help: 'column named in the ledger; default id when there is one',
  },
  'exact-only': { kind: 'flag', help: 'only exact duplicates; no MinHash' },
  similarity: {
    kind: 'rate',
    value: 'S',
    help: 'Jaccard similarity to aim at: chooses bands and rows (128 minima)',
  },
  ngram: { kind: 'count', value: 'N', help: 'words in a shingle; default 5' },
  bands: { kind: 'count', value: 'N', help: 'bands of the LSH index; default 14' },
  rows: { kind: 'count', value: 'N', help: 'minima in a band; default 8' },
  'false-positive': {
    kind: 'rate',
    value: 'P',
    help: 'chance that the index drops a new document; default 1e-5',
  },
  'expected-documents': { kind: 'count', value: 'N', help: 'size of the index when the inputs cannot tell' },
  seed: { kind: 'count', value: 'N', help: 'changes every hash; default 0' },
};

/** Each verb loads the engine when it runs, so that help and a wrong option answer at once. */
export const verbs: Readonly<Record<string, CliVerb>> = {
  dedup: {
    summary: 'remove exact and near duplicates in one pass, the first one wins',
    usage: 'sluice dedup IN... -o OUT [options]',
    options: { ...inputAndOutput, ...duplicates, ...engine },
    examples: [
      'sluice dedup dump/*.parquet -o clean',
      'sluice dedup dump/ -o clean --format parquet --similarity 0.8 --memory 2GiB',
      'zstdcat crawl.jsonl.zst | sluice dedup - -o - --format jsonl | next',
    ],
    run: async (input, values, watch) => {
      const { dedup } = await import('../dedup.ts');
      return dedup({ ...dedupOptions(input, values), ...watch });
    },
  },
  convert: {
    summary: 'any input to any output, every row and column',
    usage: 'sluice convert IN... -o OUT [options]',
    options: { ...inputAndOutput, ...engine },
    examples: [
      'sluice convert dump/*.parquet -o lines --format jsonl --compression zstd',
      'sluice convert clean/ledger -o - --format jsonl',
    ],
    run: async (input, values, watch) => {
      const { convert } = await import('../convert.ts');
      return convert({ ...sharedOptions(input, values), ...watch });
    },
  },
};

function sharedOptions(input: readonly string[], values: OptionValues): ConvertOptions {
  return given<ConvertOptions>({
    input,
    output: values['out'] as string,
    inputFormat: values['input-format'] as FormatName | undefined,
    onError: values['on-error'] as 'fail' | 'skip' | undefined,
    format: values['format'] as ConvertOptions['format'],
    compression: values['compression'] as ConvertOptions['compression'],
    partSize: values['part-size'] as number | undefined,
    overwrite: values['overwrite'] as boolean | undefined,
    threads: values['threads'] as number | undefined,
    memory: values['memory'] as number | undefined,
  });
}

function dedupOptions(input: readonly string[], values: OptionValues): DedupOptions {
  return given<DedupOptions>({
    ...sharedOptions(input, values),
    textColumn: values['text-column'] as string | undefined,
    idColumn: values['id-column'] as string | undefined,
    exactOnly: values['exact-only'] as boolean | undefined,
    similarity: values['similarity'] as number | undefined,
    ngram: values['ngram'] as number | undefined,
    bands: values['bands'] as number | undefined,
    rows: values['rows'] as number | undefined,
    falsePositive: values['false-positive'] as number | undefined,
    expectedDocuments: values['expected-documents'] as number | undefined,
    seed: values['seed'] as number | undefined,
  });
}

/** Leaves out what was not given, so that the library's defaults hold. */
function given<Options>(options: { readonly [Key in keyof Options]: Options[Key] | undefined }): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
}
