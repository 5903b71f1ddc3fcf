import { tmpdir } from 'node:os';
import {
  type CurationOptions,
  type DuplicateOptions,
  duplicateConfig,
  type EngineConfig,
  engineConfig,
  wholeNumber,
} from '../config.ts';
import { CurationError } from '../errors.ts';
import type { Recipe, RecipeStep, WordRule } from '../filters/filter.ts';
import type { SignatureParameters } from '../kernels/signatures/signatures.ts';

export interface CurateOptions
  extends Omit<CurationOptions, 'keepRejects'>,
    Pick<DuplicateOptions, 'ngram' | 'bands' | 'rows' | 'minSimilarity' | 'workDirectory' | 'seed'> {
  /** Tokens to write, repeats counted. This or `keep`. */
  readonly tokens?: number;
  /** The same as a share of the tokens that are read, above 0. */
  readonly keep?: number;
  /** What a token is reckoned to be, in bytes of UTF-8; default 4. */
  readonly bytesPerToken?: number;
  /** Filters every document goes through first; default none. Deduplication is not one of them: it is done anyway. */
  readonly steps?: readonly RecipeStep[];
  /** How rules cut text into words; default `unicode`. */
  readonly words?: WordRule;
  /** A model of `sluice train-quality`: which of similar documents is kept, and which fill the quotas. Default: the longest, and by chance. */
  readonly qualityModel?: string;
  /** What documents are told apart by; default `lexical`, which learns from the documents themselves. */
  readonly encoder?: 'lexical' | 'static' | 'column' | 'onnx';
  /** Folder of the model of `static` or `onnx`. */
  readonly encoderModel?: string;
  /** Column of vectors, for `column`. */
  readonly vectorColumn?: string;
  /** Concepts to look for, 1 to 4096; default the square root of the documents, at most 4096. */
  readonly concepts?: number;
  /** Documents that say what another of their concept says: compared with what is kept (`leaders`, default), as SemDeDup was published, or left. */
  readonly redundancy?: 'leaders' | 'published' | 'off';
  /** Cosine from which two documents say the same, above 0 to 1; default measured on the data. */
  readonly redundancyThreshold?: number;
  /** How the budget is shared out among concepts; default `proportional`. */
  readonly quota?: 'proportional' | 'projection';
  /** Concepts ask for a part of the budget by their size to this power, 0 to 1: 1 is as in the data, 0 all alike. Default 0.7. */
  readonly sizeExponent?: number;
  /** Of the shares: the lower, the more complex concepts get. Default 1, at which complexity counts little. */
  readonly temperature?: number;
  /** Least part of its even share that a concept gets, 0 to 1; default 0.5. */
  readonly floor?: number;
  /** Most times that a document is written, 1 to 16; default as few as the budget needs, at most 4. */
  readonly maxEpochs?: number;
  /** Which documents of a concept fill its quota; default `quality`: by chance, good ones more often. */
  readonly fill?: 'quality' | 'hard' | 'easy' | 'random';
  /** Share the budget out by `source`, or by a column (a language, for example), before it is shared out by concepts. */
  readonly balanceBy?: string;
  /** How: all alike as far as they reach (`unimax`, default), by size to a power (`temperature`), or by size. */
  readonly balance?: 'unimax' | 'temperature' | 'natural';
  /** The power of `temperature`, 0 to 1; default 0.3. */
  readonly balanceExponent?: number;
  /** File to save what was found to, for later dumps; not with `balanceBy`. */
  readonly savePlan?: string;
  /**
   * A file of `savePlan`, applied in one pass in place of all that this would find out: approximate, and each document is written once at most. All it
   * says cannot be said again; but `encoderModel` and `qualityModel` may say where its models are now.
   */
  readonly plan?: string;
}

/** Options of curate with defaults filled in, checked. */
export interface CurateConfig {
  readonly engine: EngineConfig;
  readonly budget: { readonly tokens: number } | { readonly share: number };
  readonly bytesPerToken: number;
  readonly recipe: Recipe;
  /** Whether the last step of the recipe finds the quality of every document. */
  readonly hasQuality: boolean;
  readonly signatures: SignatureParameters & { readonly sketches: true };
  readonly minSimilarity: number;
  readonly workDirectory: string;
  readonly encoder: 'lexical' | 'static' | 'column' | 'onnx';
  readonly encoderModel: string;
  readonly vectorColumn: string;
  readonly concepts: number | undefined;
  readonly redundancy: 'leaders' | 'published' | 'off';
  readonly redundancyThreshold: number | undefined;
  readonly quota: 'proportional' | 'projection';
  readonly sizeExponent: number;
  readonly temperature: number;
  readonly floor: number;
  /** Undefined: as few as the budget needs. */
  readonly mostEpochs: number | undefined;
  readonly fill: 'quality' | 'hard' | 'easy' | 'random';
  readonly balanceBy: string | undefined;
  readonly balance: 'unimax' | 'temperature' | 'natural';
  readonly balanceExponent: number;
  readonly seed: number;
  readonly savePlan: string | undefined;
}

export const MOST_CONCEPTS = 4096;
const MOST_EPOCHS = 16;

/** @throws CurationError `USAGE` for a value out of range or options that contradict each other. */
export function curateConfig(options: CurateOptions): CurateConfig {
  const { tokens, keep, encoder = 'lexical', redundancy = 'leaders', steps = [], qualityModel } = options;
  if ((tokens === undefined) === (keep === undefined)) {
    throw new CurationError(
      'USAGE',
      'curate needs a budget: --tokens (a number of tokens, such as 7e9) or --keep (a share, such as 0.28), and not both',
    );
  }
  const budget =
    keep === undefined
      ? { tokens: within('--tokens', tokens!, 1, Number.MAX_SAFE_INTEGER) }
      : { share: within('--keep', keep, Number.MIN_VALUE, MOST_EPOCHS) };
  const { ngram, bands, rows, minSimilarity, workDirectory, seed } = options;
  const duplicates = duplicateConfig({
    mode: 'cluster',
    ...(ngram === undefined ? {} : { ngram }),
    ...(bands === undefined ? {} : { bands }),
    ...(rows === undefined ? {} : { rows }),
    ...(minSimilarity === undefined ? {} : { minSimilarity }),
    ...(seed === undefined ? {} : { seed }),
  });
  const forbidden = steps.find(({ use }) => use === 'dedup' || use === 'repeated-lines');
  if (forbidden !== undefined) {
    throw new CurationError(
      'USAGE',
      forbidden.use === 'dedup'
        ? 'curate: the recipe has a step "dedup"; leave it out, curate keeps the best of similar documents by itself'
        : 'curate: the recipe has a step "repeated-lines", which must follow deduplication; run it on what curate wrote',
    );
  }
  needsEach(encoder, options);
  if (options.savePlan !== undefined && options.balanceBy !== undefined) {
    throw new CurationError(
      'USAGE',
      '--save-plan has no meaning with --balance-by: a plan knows concepts, not groups; leave one of them out',
    );
  }
  if (redundancy === 'off' && options.redundancyThreshold !== undefined) {
    throw new CurationError('USAGE', '--redundancy-threshold has no meaning with --redundancy off');
  }
  for (const name of ['balance', 'balanceExponent'] as const) {
    if (options[name] !== undefined && options.balanceBy === undefined) {
      throw new CurationError('USAGE', `--${flag(name)} has a meaning only with --balance-by`);
    }
  }
  if (options.balanceExponent !== undefined && options.balance !== 'temperature') {
    throw new CurationError('USAGE', '--balance-exponent has a meaning only with --balance temperature');
  }
  const quality: readonly RecipeStep[] =
    qualityModel === undefined ? [] : [{ use: 'quality', models: [qualityModel], score_only: true }];
  return {
    engine: engineConfig(options),
    budget,
    bytesPerToken: within('--bytes-per-token', options.bytesPerToken ?? 4, 0.25, 64),
    recipe: { version: 1, words: options.words ?? 'unicode', steps: [...steps, ...quality] },
    hasQuality: qualityModel !== undefined,
    signatures: { ...duplicates.parameters!, sketches: true },
    minSimilarity: duplicates.clusters!.minSimilarity,
    workDirectory: workDirectory ?? tmpdir(),
    encoder,
    encoderModel: options.encoderModel ?? '',
    vectorColumn: options.vectorColumn ?? '',
    concepts:
      options.concepts === undefined
        ? undefined
        : wholeNumber('--concepts', options.concepts, 1, MOST_CONCEPTS),
    redundancy,
    redundancyThreshold:
      options.redundancyThreshold === undefined
        ? undefined
        : within('--redundancy-threshold', options.redundancyThreshold, 0.01, 1),
    quota: options.quota ?? 'proportional',
    sizeExponent: within('--size-exponent', options.sizeExponent ?? 0.7, 0, 1),
    temperature: within('--temperature', options.temperature ?? 1, 0.001, 1000),
    floor: within('--floor', options.floor ?? 0.5, 0, 1),
    mostEpochs:
      options.maxEpochs === undefined
        ? undefined
        : wholeNumber('--max-epochs', options.maxEpochs, 1, MOST_EPOCHS),
    fill: options.fill ?? 'quality',
    balanceBy: options.balanceBy,
    balance: options.balance ?? 'unimax',
    balanceExponent: within('--balance-exponent', options.balanceExponent ?? 0.3, 0, 1),
    seed: duplicates.parameters!.seed,
    savePlan: options.savePlan,
  };
}

/** Options that a plan does not say, or that say where its models are now. */
const BESIDE_PLAN: ReadonlySet<string> = new Set<keyof CurateOptions>([
  'input',
  'inputFormat',
  'stdin',
  'onError',
  'threads',
  'memory',
  'morselBytes',
  'signal',
  'onEvent',
  'output',
  'format',
  'compression',
  'partSize',
  'overwrite',
  'textColumn',
  'idColumn',
  'plan',
  'encoderModel',
  'qualityModel',
]);

/** @throws CurationError `USAGE` for an option that a plan has already answered. */
export function checkPlanOptions(options: CurateOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || BESIDE_PLAN.has(name)) continue;
    const given =
      name === 'steps' || name === 'words' ? '--preset or --recipe' : `--${OPTION_FLAGS[name] ?? flag(name)}`;
    throw new CurationError(
      'USAGE',
      `${given} has no meaning with --plan, which says it already; leave one of them out`,
    );
  }
}

/** Where it is not the name with dashes. */
const OPTION_FLAGS: Readonly<Record<string, string>> = { workDirectory: 'work-dir' };

/** Options that one encoder needs and the others have no use for. */
const ENCODER_NEEDS = {
  encoderModel: ['static', 'onnx'],
  vectorColumn: ['column'],
} as const;

function needsEach(encoder: CurateConfig['encoder'], options: CurateOptions): void {
  for (const [name, encoders] of Object.entries(ENCODER_NEEDS)) {
    const value = options[name as keyof typeof ENCODER_NEEDS];
    const isNeeded = (encoders as readonly string[]).includes(encoder);
    if (isNeeded === (value !== undefined)) continue;
    throw new CurationError(
      'USAGE',
      isNeeded
        ? `--encoder ${encoder} needs --${flag(name)}`
        : `--${flag(name)} has a meaning only with --encoder ${encoders.join(' or ')}`,
    );
  }
}

function flag(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function within(option: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  const range = least === Number.MIN_VALUE ? `above 0, at most ${most}` : `from ${least} to ${most}`;
  throw new CurationError('USAGE', `${option}: expected a number ${range}, found ${value}`);
}
