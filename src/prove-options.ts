import {
  type EngineConfig,
  type EngineOptions,
  engineConfig,
  type InputOptions,
  wholeNumber,
} from './config.ts';
import { CurationError } from './errors.ts';
import type { Recipe } from './filters/filter.ts';
import type { ProxyPlan } from './kernels/proxy/create.ts';

/** Files, directories or globs. */
export type Paths = string | readonly string[];

/** What is compared with what, and under which models. */
export interface ProveOptions extends Pick<InputOptions, 'inputFormat' | 'onError'>, EngineOptions {
  /** What there was before curation. */
  readonly baseline: Paths;
  /** What curation made of it. */
  readonly curated?: Paths;
  /** More sets to compare with the baseline, by name. */
  readonly arms?: Readonly<Record<string, Paths>>;
  /** Run over the baseline; what it makes is an arm named `recipe`. */
  readonly recipe?: Recipe;
  /** Run the recipe once more without each of its steps, and compare the whole with each. Default false. */
  readonly leaveOneOut?: boolean;
  /** Documents to measure on, by name; at least three sets of different kind, or the proof says that there are too few. */
  readonly heldOut: Readonly<Record<string, Paths>>;
  /** Directory for `prove.json` and `prove.html`; nothing is written without. */
  readonly output?: string;
  /** Replace a proof that is there. Default false. */
  readonly overwrite?: boolean;
  /** Column with the text, in every input; default `text`. */
  readonly textColumn?: string;
  /** T: symbols that each model is trained on, bytes of text and ends of documents. Default the smallest arm, at most 32 MiB. */
  readonly tokens?: number;
  /** Samples of each arm; default 3. */
  readonly seeds?: number;
  /**
   * Number of the first sample of each arm, default 0; the others have the numbers after it. So two proofs have samples in common unless their
   * numbers are `seeds` or more apart.
   */
  readonly seed?: number;
  /** Which models; default both. */
  readonly proxy?: 'ngram' | 'log-linear' | 'both';
  /** Symbols of an n-gram, 2 to 6; default 5. */
  readonly order?: number;
  /** Parameters of the largest log-linear model, a power of two from 2^12 to 2^24; default 2^20. Smaller ones have 1/4, 1/16, 1/64 of them. */
  readonly parameters?: number;
  /** Text measured of each held-out set at most, in bytes; default 2 MiB. */
  readonly heldOutBytes?: number;
  /** Resamples of the bootstrap; default 1000. */
  readonly replicates?: number;
  /** Where samples, and all that recipes make, lie meanwhile; default the system's folder for such files. */
  readonly workDirectory?: string;
}

export const MOST_TOKENS: number = 32 * 2 ** 20;
/** Each budget is twice the one before; the smallest is a T/8. */
export const BUDGETS = 4;
/** Fewer symbols tell nothing. */
export const LEAST_TOKENS: number = 64 * 1024;
/** Every size is a fourth of the one before. */
const SIZES = 4;
const LEAST_PARAMETERS = 2 ** 12;

/** Options with every default filled in. */
export interface ProveConfig {
  readonly engine: EngineConfig;
  readonly onError: 'fail' | 'skip';
  readonly textColumn: string;
  /** Undefined: as many as the smallest arm has, up to {@link MOST_TOKENS}. */
  readonly tokens: number | undefined;
  readonly seeds: number;
  readonly seed: number;
  /** The first of each family is the one that all arms are compared under. */
  readonly ngram: ProxyPlan | undefined;
  /** Largest first; empty without this family. */
  readonly logLinear: readonly (ProxyPlan & { readonly family: 'log-linear' })[];
  readonly heldOutBytes: number;
  readonly replicates: number;
}

/** @throws CurationError `USAGE` for a value out of range, or arms that are missing or named twice. */
export function proveConfig(options: ProveOptions): ProveConfig {
  const { proxy = 'both', parameters = 2 ** 20, order = 5 } = options;
  checkArms(options);
  const exponent = Math.log2(parameters);
  if (!Number.isInteger(exponent) || exponent < 12 || exponent > 24) {
    throw new CurationError(
      'USAGE',
      `--parameters: expected a power of two from 4096 to 16777216, found ${parameters}`,
    );
  }
  const sizes = Array.from({ length: SIZES }, (_, i) => parameters / 4 ** i).filter(
    (size) => size >= LEAST_PARAMETERS,
  );
  return {
    engine: engineConfig(options),
    onError: options.onError ?? 'fail',
    textColumn: options.textColumn ?? 'text',
    tokens:
      options.tokens === undefined
        ? undefined
        : wholeNumber('--tokens', options.tokens, LEAST_TOKENS, 2 ** 32 - 1),
    seeds: wholeNumber('--seeds', options.seeds ?? 3, 1, 100),
    seed: wholeNumber('--seed', options.seed ?? 0, 0, 2 ** 32 - 1),
    ngram:
      proxy === 'log-linear' ? undefined : { family: 'ngram', order: wholeNumber('--order', order, 2, 6) },
    logLinear:
      proxy === 'ngram' ? [] : sizes.map((size) => ({ family: 'log-linear', parameters: size }) as const),
    heldOutBytes: heldOutBytes(options),
    replicates: wholeNumber('--replicates', options.replicates ?? 1000, 100, 100_000),
  };
}

/** Bytes of each held-out set, and of all of them together, that are still resampled in a reasonable time. */
const MOST_HELD_OUT = 64 * 2 ** 20;
const MOST_HELD_OUT_IN_ALL = 512 * 2 ** 20;

function heldOutBytes({ heldOutBytes: given, heldOut }: ProveOptions): number {
  const bytes = wholeNumber('--heldout-bytes', given ?? 2 * 2 ** 20, 1024, MOST_HELD_OUT);
  const sets = Object.keys(heldOut).length;
  if (sets * bytes <= MOST_HELD_OUT_IN_ALL) return bytes;
  throw new CurationError(
    'USAGE',
    `--heldout-bytes: ${sets} held-out sets of ${bytes} bytes each are more than ${MOST_HELD_OUT_IN_ALL} bytes; give fewer sets, or less of each`,
  );
}

function checkArms({ baseline, curated, arms = {}, recipe, leaveOneOut, heldOut }: ProveOptions): void {
  if (curated === undefined && recipe === undefined && Object.keys(arms).length === 0) {
    throw new CurationError(
      'USAGE',
      'nothing to compare with the baseline: expected --curated, --arm or --recipe',
    );
  }
  if (leaveOneOut === true && recipe === undefined)
    throw new CurationError('USAGE', '--leave-one-out leaves out steps of a recipe; give --recipe');
  if (Object.keys(heldOut).length === 0)
    throw new CurationError('USAGE', 'nothing to measure on: expected --heldout');
  // A recipe reads the baseline, of which samples are taken later.
  const inputs = [
    baseline,
    ...(recipe === undefined ? [] : [baseline]),
    curated ?? [],
    ...Object.values(arms),
    ...Object.values(heldOut),
  ];
  if (inputs.flat().filter((path) => path === '-').length > 1) {
    throw new CurationError(
      'USAGE',
      `standard input can be read once, and ${recipe !== undefined && [baseline].flat().includes('-') ? 'a recipe needs the baseline twice' : '- is named more than once'}; give files instead`,
    );
  }
  for (const name of Object.keys(arms)) {
    if (RESERVED.test(name))
      throw new CurationError('USAGE', `--arm: the name "${name}" is taken; choose another`);
  }
}

const RESERVED = /^(baseline|curated|recipe|without .*|random|shuffled)$/;
