import { availableParallelism, tmpdir, totalmem } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { CurationError } from './errors.ts';
import { defaultCompression, type OutputFormat } from './formats/encoders.ts';
import type { Compression, FormatName } from './formats/format.ts';
import { chooseBands } from './kernels/banding.ts';
import type { SignatureParameters } from './kernels/signatures/signatures.ts';
import type { RunEvent } from './report.ts';

/** Where rows come from and how they are understood. */
export interface InputOptions {
  /** Files, directories, globs, or `-` for standard input. */
  readonly input: string | readonly string[];
  /** Told from magic bytes, else from the name, when absent. */
  readonly inputFormat?: FormatName;
  /** What `-` reads; default `process.stdin`. */
  readonly stdin?: Readable;
  /** `fail` (default) stops at the first damaged row; `skip` counts it as dropped, reason `unreadable`. */
  readonly onError?: 'fail' | 'skip';
}

/** How hard to work, how to stop, how to watch. */
export interface EngineOptions {
  /** Worker threads; default all cores. The result never depends on it. */
  readonly threads?: number;
  /** Bytes the process may hold resident; default half of the machine's memory. The result never depends on it. */
  readonly memory?: number;
  /** Decoded bytes in a unit of work; default 6 MiB. The result never depends on it. */
  readonly morselBytes?: number;
  readonly signal?: AbortSignal;
  /** Called on the main thread with what happens; progress comes at most ten times a second. */
  readonly onEvent?: (event: RunEvent) => void;
}

export interface OutputOptions {
  /** A directory, `-` for `stdout`, or a Writable. */
  readonly output: string | Writable;
  /** Default `arrow`. */
  readonly format?: OutputFormat['format'];
  /** Default: Arrow `none`, Parquet `zstd`, JSON lines `none`. */
  readonly compression?: Compression;
  /** A part ends with the batch that brings it to this many bytes; default 1 GiB. */
  readonly partSize?: number;
  /** Replace an output directory that holds files already. Default false. */
  readonly overwrite?: boolean;
}

export interface ConvertOptions extends InputOptions, EngineOptions, OutputOptions {}

export interface ReadOptions extends InputOptions, EngineOptions {}

/** Which documents count as duplicates. */
export interface DuplicateOptions {
  /**
   * `first` (default): one pass, the first of similar documents wins. `cluster`: two passes over files; similar documents are brought together, and
   * the longest of each cluster is kept, with the size of its cluster as a column.
   */
  readonly mode?: 'first' | 'cluster';
  /** With `cluster`: least estimated Jaccard similarity of a dropped document to the one that is kept for it; default 0.7. */
  readonly minSimilarity?: number;
  /**
   * With `first`: name the first kept twin of every near duplicate in the ledger, however long ago it was; default false, which names those of
   * the last few hundred thousand documents. Exact duplicates have their twin named always.
   */
  readonly twins?: boolean;
  /**
   * With `cluster` and with `twins`: where hashes lie meanwhile, about 360 and 200 bytes a document; default the folder for temporary files.
   */
  readonly workDirectory?: string;
  /** Only exact duplicates (equal bytes); no MinHash. Default false. */
  readonly exactOnly?: boolean;
  /** Words in a shingle; default 5. */
  readonly ngram?: number;
  /** Bands of the LSH index; default 14. */
  readonly bands?: number;
  /** Minima in a band; default 8. */
  readonly rows?: number;
  /** Jaccard similarity to aim at, 0 to 1: chooses `bands` and `rows` out of 128 minima. Not together with them. */
  readonly similarity?: number;
  /** Probability that the whole Bloom index calls a new document a duplicate; default 1e-5. */
  readonly falsePositive?: number;
  /** Documents the index is sized for when the inputs cannot tell; it grows in layers when there are more. */
  readonly expectedDocuments?: number;
  /** Changes every hash; default 0. */
  readonly seed?: number;
}

/** What every verb that judges documents takes. */
export interface CurationOptions extends ConvertOptions {
  /** Column that is judged; default `text`. */
  readonly textColumn?: string;
  /** Column named in the ledger; default `id` when there is one. */
  readonly idColumn?: string;
  /** Write what is dropped to `rejects/` in the output directory, with the reason as a column. Default false. */
  readonly keepRejects?: boolean;
}

export interface DedupOptions extends CurationOptions, DuplicateOptions {}

export interface DedupStreamOptions
  extends Omit<DuplicateOptions, 'mode' | 'minSimilarity' | 'twins' | 'workDirectory'>,
    Pick<CurationOptions, 'textColumn'>,
    Pick<EngineOptions, 'threads' | 'signal' | 'onEvent'> {}

/** Documents the index is sized for when nobody knows; it grows in layers. */
export const UNKNOWN_DOCUMENTS = 1_000_000;

const GIBIBYTE = 2 ** 30;

/** Leaves out what was not given, so that the library's defaults hold. */
export function given<Options>(
  options: { readonly [Key in keyof Options]: Options[Key] | undefined },
): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
}

/** Engine options with every default filled in. */
export interface EngineConfig {
  readonly threads: number;
  readonly memoryBytes: number;
  readonly morselBytes: number;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: ((event: RunEvent) => void) | undefined;
}

/** @throws CurationError `USAGE` for a value out of range. */
export function engineConfig(options: EngineOptions): EngineConfig {
  const { signal, onEvent } = options;
  return {
    threads: wholeNumber('--threads', options.threads ?? availableParallelism(), 1, 256),
    memoryBytes: wholeNumber(
      '--memory',
      options.memory ?? Math.floor(machineMemory() / 2),
      1,
      Number.MAX_SAFE_INTEGER,
    ),
    morselBytes: wholeNumber('morselBytes', options.morselBytes ?? 6 * 2 ** 20, 64 * 1024, GIBIBYTE),
    signal,
    onEvent,
  };
}

/** What dedup needs to know of the hashes, checked. */
export interface DuplicateConfig {
  readonly parameters: SignatureParameters | undefined;
  readonly falsePositiveRate: number;
  readonly expectedDocuments: number | undefined;
  /** Undefined: the first one wins. */
  readonly clusters: ClusterConfig | undefined;
  /** Undefined: near duplicates have those twins named that a cache remembers. */
  readonly twins: TwinsConfig | undefined;
}

export interface ClusterConfig {
  readonly minSimilarity: number;
  readonly workDirectory: string;
}

export interface TwinsConfig {
  readonly workDirectory: string;
}

/** @throws CurationError `USAGE` for a value out of range or options that contradict each other. */
export function duplicateConfig(options: DuplicateOptions): DuplicateConfig {
  const falsePositiveRate = options.falsePositive ?? 1e-5;
  if (!(falsePositiveRate >= 1e-9 && falsePositiveRate <= 0.1)) {
    throw new CurationError(
      'USAGE',
      `--false-positive: expected a rate from 1e-9 to 0.1, found ${falsePositiveRate}`,
    );
  }
  const expectedDocuments =
    options.expectedDocuments === undefined
      ? undefined
      : wholeNumber('--expected-documents', options.expectedDocuments, 1, 1e12);
  const clusters = clusterConfig(options);
  const twins = options.twins === true ? { workDirectory: options.workDirectory ?? tmpdir() } : undefined;
  const shared = { falsePositiveRate, expectedDocuments, clusters, twins };
  const { exactOnly, similarity, ngram, bands, rows, seed } = options;
  if (exactOnly === true) {
    const meaningless = {
      similarity,
      ngram,
      bands,
      rows,
      seed,
      'false-positive': options.falsePositive,
      'min-similarity': options.minSimilarity,
      twins: options.twins === true ? options.twins : undefined,
    };
    for (const [name, value] of Object.entries(meaningless)) {
      if (value !== undefined) {
        throw new CurationError('USAGE', `--${name} has no meaning with --exact-only; leave one of them out`);
      }
    }
    return { ...shared, parameters: undefined };
  }
  if (similarity !== undefined && (bands !== undefined || rows !== undefined)) {
    throw new CurationError('USAGE', '--similarity chooses --bands and --rows; give either it or them');
  }
  if (similarity !== undefined && !(similarity > 0 && similarity < 1)) {
    throw new CurationError('USAGE', `--similarity: expected a number between 0 and 1, found ${similarity}`);
  }
  const chosen = similarity === undefined ? { bands: 14, rows: 8 } : chooseBands(similarity, 128);
  const parameters = {
    ngram: wholeNumber('--ngram', ngram ?? 5, 1, 64),
    bands: wholeNumber('--bands', bands ?? chosen.bands, 1, 512),
    rows: wholeNumber('--rows', rows ?? chosen.rows, 1, 128),
    seed: wholeNumber('--seed', seed ?? 0, 0, 2 ** 32 - 1),
  };
  if (parameters.bands * parameters.rows > 4096) {
    throw new CurationError(
      'USAGE',
      `--bands x --rows: at most 4096 minima, found ${parameters.bands * parameters.rows}`,
    );
  }
  return { ...shared, parameters };
}

function clusterConfig(options: DuplicateOptions): ClusterConfig | undefined {
  const {
    mode = 'first',
    minSimilarity,
    workDirectory,
    falsePositive,
    expectedDocuments,
    exactOnly,
    twins,
  } = options;
  const has = {
    'min-similarity': minSimilarity,
    'work-dir': twins === true ? undefined : workDirectory,
  };
  const hasNot = {
    twins: twins === true ? twins : undefined,
    'false-positive': falsePositive,
    'expected-documents': expectedDocuments,
    'exact-only': exactOnly === true ? exactOnly : undefined,
  };
  for (const [name, value] of Object.entries(mode === 'cluster' ? hasNot : has)) {
    if (value === undefined) continue;
    const says = mode === 'cluster' ? 'has no meaning with' : 'has a meaning only with';
    const others = name === 'work-dir' ? ' or --twins' : '';
    throw new CurationError('USAGE', `--${name} ${says} --mode cluster${others}; leave one of them out`);
  }
  if (mode === 'first') return undefined;
  const least = minSimilarity ?? 0.7;
  if (!(least > 0 && least <= 1)) {
    throw new CurationError(
      'USAGE',
      `--min-similarity: expected a number above 0, at most 1, found ${least}`,
    );
  }
  return { minSimilarity: least, workDirectory: workDirectory ?? tmpdir() };
}

/** Output format with its default compression. */
export function outputFormat(options: OutputOptions): OutputFormat {
  const format = options.format ?? 'arrow';
  return { format, compression: options.compression ?? defaultCompression(format) };
}

export function partBytes(options: OutputOptions): number {
  return wholeNumber('--part-size', options.partSize ?? GIBIBYTE, 1, Number.MAX_SAFE_INTEGER);
}

/** @throws CurationError `USAGE` for a value that is no whole number or out of range. */
export function wholeNumber(option: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new CurationError(
    'USAGE',
    `${option}: expected a whole number from ${least} to ${most}, found ${value}`,
  );
}

/** Memory of the machine, or of the container when it allows less. */
function machineMemory(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
