import { access, constants, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type CurationOptions, given } from './config.ts';
import { CurationError } from './errors.ts';
import type { Recipe } from './filters/filter.ts';
import { explainWriteError, makeDirectory, makeWorkFolder, writeWhole } from './flow/atomic-file.ts';
import { runRecipe } from './pipeline.ts';
import { estimate } from './proof/estimate.ts';
import { provePage } from './proof/page.ts';
import type { ArmInfo, Proof, ProxyInfo } from './proof/proof.ts';
import { type ArmSource, checkMemory, type ProofData, readProofData, type SampledArm } from './prove-arms.ts';
import { trainModels } from './prove-models.ts';
import {
  BUDGETS,
  LEAST_TOKENS,
  MOST_TOKENS,
  type Paths,
  type ProveConfig,
  type ProveOptions,
  proveConfig,
} from './prove-options.ts';
import { sluiceVersion } from './version.ts';

const CONFIDENCE = 0.95;
/** Held-out sets of different kind that a claim should rest on. */
const ENOUGH_SETS = 3;
/** Documents of a held-out set below which its interval says little. */
const ENOUGH_DOCUMENTS = 30;

/**
 * Measures what curation is worth: trains small language models on samples of equal size of what there was before and of what curation
 * made of it, and compares their losses on documents that neither has. Two families of models, several samples of each arm, and two
 * controls that must show nothing. The same inputs, options and seed give the same numbers for any number of threads.
 *
 * Numbers are those of small proxies: they rank data sets, and promise nothing of large models.
 * @throws CurationError; see `ErrorCode`. Nothing is left behind but a finished proof.
 */
export async function prove(options: ProveOptions): Promise<Proof> {
  const config = proveConfig(options);
  const { signal } = config.engine;
  signal?.throwIfAborted();
  await refuseOverwriting(options);
  await checkWritable(options);
  checkMemory(config);
  const folder = await makeWorkFolder(options.workDirectory ?? tmpdir(), 'sluice-prove');
  try {
    const sources = await armsOf(options, folder);
    const data = await readProofData(sources, options, config, folder);
    const budgets = budgetsOf(data.arms, config);
    const models = await trainModels(
      data.arms.map(({ info, paths }) => ({ arm: info.name, paths, allSizes: SIZED.has(info.role) })),
      data.heldOut,
      budgets,
      config,
    );
    const sets = data.heldOutInfo.map(({ name }, i) => ({ name, bytes: data.heldOut.sets[i]!.bytes }));
    const { seeds, seed, replicates } = config;
    // One stretch of work on this thread: whoever watches should not take it for a hang.
    config.engine.onEvent?.({
      type: 'work',
      work: {
        doing: `resampling held-out documents ${replicates} times`,
        share: undefined,
        bytes: 0,
        seconds: 0,
      },
    });
    const estimates = estimate({ budgets, seeds, sets, models }, pairsOf(data.arms), {
      seed,
      replicates,
      confidence: CONFIDENCE,
      alike: data.arms.filter(({ info }) => OF_BASELINE.has(info.role)).map(({ info }) => info.name),
    });
    signal?.throwIfAborted();
    const proof: Proof = {
      version: 1,
      verb: 'prove',
      setup: { tokens: budgets.at(-1)!, budgets, seeds, seed, confidence: CONFIDENCE, replicates },
      proxies: proxiesOf(config),
      arms: data.arms.map(({ info }) => info),
      heldOut: data.heldOutInfo,
      ...estimates,
      cautions: cautionsOf(data, config, estimates),
    };
    await write(proof, options.output);
    return proof;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Arms that are samples of the baseline. Copies can only make `shuffled` spread more, and then the intervals of all three are wider. */
const OF_BASELINE: ReadonlySet<ArmInfo['role']> = new Set(['baseline', 'random', 'shuffled']);

/** Arms that are measured at every size; of the others the learning curve is enough. */
const SIZED: ReadonlySet<ArmInfo['role']> = new Set(['baseline', 'curated', 'arm', 'recipe']);

async function refuseOverwriting({ output, overwrite }: ProveOptions): Promise<void> {
  if (output === undefined || overwrite === true) return;
  for (const name of FILES) {
    const path = join(output, name);
    if ((await stat(path).catch(() => undefined)) === undefined) continue;
    throw new CurationError(
      'BAD_OUTPUT',
      `${path}: is there already; choose another --out, or --overwrite to replace it`,
    );
  }
}

const FILES = ['prove.json', 'prove.html'] as const;

/** The output is made when all is measured; that it cannot be made is said before. Nothing is made here, as an abort leaves nothing. */
async function checkWritable({ output }: ProveOptions): Promise<void> {
  if (output === undefined) return;
  let folder = resolve(output);
  for (;;) {
    const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
      return error.code === 'ENOENT' ? undefined : explainWriteError(output)(error);
    });
    if (found?.isDirectory() === false)
      throw new CurationError('BAD_OUTPUT', `${output}: expected a directory, found a file at ${folder}`);
    if (found !== undefined) break;
    folder = dirname(folder);
  }
  await access(folder, constants.W_OK | constants.X_OK).catch(explainWriteError(output));
}

/** The baseline and what is compared with it; what recipes make of it lies in `folder`. */
async function armsOf(options: ProveOptions, folder: string): Promise<readonly ArmSource[]> {
  const { baseline, curated, arms = {}, recipe, leaveOneOut } = options;
  const sources: ArmSource[] = [{ name: 'baseline', role: 'baseline', input: baseline }];
  if (curated !== undefined) sources.push({ name: 'curated', role: 'curated', input: curated });
  if (recipe !== undefined) {
    const input = await makeArm(recipe, options, join(folder, 'recipe'));
    sources.push({ name: 'recipe', role: 'recipe', input });
    for (const [i, step] of leaveOneOut === true ? recipe.steps.entries() : []) {
      const others = { ...recipe, steps: recipe.steps.filter((other) => other !== step) };
      const input = await makeArm(others, options, join(folder, `without-${i}`));
      sources.push({ name: withoutName(recipe, i), role: 'without', input });
    }
  }
  for (const [name, input] of Object.entries(arms)) sources.push({ name, role: 'arm', input });
  return sources;
}

/** A step by its name; by its place, too, if there are several of that name. */
function withoutName({ steps }: Recipe, i: number): string {
  const { use } = steps[i]!;
  const isAlone = steps.filter((step) => step.use === use).length === 1;
  return `without ${use}${isAlone ? '' : ` (step ${i + 1})`}`;
}

async function makeArm(recipe: Recipe, options: ProveOptions, output: string): Promise<Paths> {
  // Of a recipe of one step nothing is left without it.
  if (recipe.steps.length === 0) return options.baseline;
  const {
    baseline: input,
    inputFormat,
    onError,
    textColumn,
    threads,
    memory,
    morselBytes,
    signal,
    onEvent,
  } = options;
  const shared = { inputFormat, onError, textColumn, threads, memory, morselBytes, signal, onEvent };
  await runRecipe('run', recipe, {
    ...given<Partial<CurationOptions>>(shared),
    input,
    output,
    compression: 'lz4',
  });
  return output;
}

/**
 * T/8, T/4, T/2 and T.
 * @throws CurationError `USAGE` if an arm has less than was asked for, `BAD_INPUT` if one has too little to learn from.
 */
function budgetsOf(arms: readonly SampledArm[], { tokens }: ProveConfig): readonly number[] {
  const smallest = arms.reduce((least, arm) => (arm.symbols < least.symbols ? arm : least));
  if (tokens !== undefined && smallest.symbols < tokens) {
    throw new CurationError(
      'USAGE',
      `--tokens ${tokens}: the arm "${smallest.info.name}" has only ${smallest.symbols}, and every arm is trained on as many; ask for fewer`,
    );
  }
  if (smallest.symbols < LEAST_TOKENS) {
    throw new CurationError(
      'BAD_INPUT',
      `the arm "${smallest.info.name}" (${smallest.info.input.join(', ')}): expected at least ${LEAST_TOKENS} bytes of text to learn from, found ${smallest.symbols}; give more`,
    );
  }
  const all = Math.min(tokens ?? MOST_TOKENS, smallest.symbols);
  return Array.from({ length: BUDGETS }, (_, i) => Math.floor(all / 2 ** (BUDGETS - 1 - i)));
}

/** Every arm against the baseline, but recipes without a step: the whole recipe against those. */
function pairsOf(arms: readonly SampledArm[]): readonly { readonly arm: string; readonly against: string }[] {
  const [baseline, ...others] = arms;
  return others.map(({ info: { name, role } }) =>
    role === 'without' ? { arm: 'recipe', against: name } : { arm: name, against: baseline!.info.name },
  );
}

function proxiesOf({ ngram, logLinear }: ProveConfig): readonly ProxyInfo[] {
  const ngrams = {
    name: 'ngram',
    label: `byte ${ngram?.family === 'ngram' ? ngram.order : 0}-gram`,
    parameters: [],
  };
  const parameters = logLinear.map((plan) => plan.parameters).toReversed();
  const hashed = { name: 'log-linear', label: 'hashed log-linear byte model', parameters };
  return [...(ngram === undefined ? [] : [ngrams]), ...(parameters.length === 0 ? [] : [hashed])];
}

/** What is to be known before a number is believed. */
function cautionsOf(
  { arms, heldOutInfo }: ProofData,
  config: ProveConfig,
  { comparisons, curves }: Pick<Proof, 'comparisons' | 'curves'>,
): readonly string[] {
  const cautions: string[] = [];
  const labels = new Map(proxiesOf(config).map(({ name, label }) => [name, label]));
  for (const { arm, proxy, faster } of comparisons) {
    const control = arms.find(
      ({ info: { name, role } }) => name === arm && (role === 'random' || role === 'shuffled'),
    );
    if (control === undefined || (faster.low <= 1 && faster.high >= 1)) continue;
    cautions.push(
      `The control "${arm}" should show nothing, and its compute multiplier under a ${labels.get(proxy)} is ${faster.value.toFixed(3)} (${faster.low.toFixed(3)} to ${faster.high.toFixed(3)}): take differences of that size for noise.`,
    );
  }
  for (const { arm, proxy, set, fit } of curves) {
    if (set !== undefined || fit.B > 0) continue;
    cautions.push(
      `The loss of "${arm}" under a ${labels.get(proxy)} does not fall with more tokens; what is said of how much faster it is, or others are, is rough.`,
    );
  }
  if (heldOutInfo.length < ENOUGH_SETS) {
    cautions.push(
      `Measured on ${heldOutInfo.length} held-out ${heldOutInfo.length === 1 ? 'set' : 'sets'}; a claim should rest on at least ${ENOUGH_SETS} of different kind, one of them of rare documents.`,
    );
  }
  for (const { name, documents, removed } of heldOutInfo) {
    const gone = removed.exact + removed.near;
    if (gone > (documents + gone) / 10) {
      cautions.push(
        `Of the held-out set "${name}" ${gone} of ${documents + gone} documents were left out, because an arm has them: the set is close to what was trained on.`,
      );
    }
    if (documents < ENOUGH_DOCUMENTS)
      cautions.push(`The held-out set "${name}" has ${documents} documents: its interval is rough.`);
  }
  if (config.seeds === 1) {
    cautions.push(
      'One sample of each arm: intervals do not hold how much another sample would change. Take at least three seeds.',
    );
  }
  return cautions;
}

async function write(proof: Proof, output: string | undefined): Promise<void> {
  if (output === undefined) return;
  await makeDirectory(output).catch(explainWriteError(output));
  await writeWhole(join(output, 'prove.html'), provePage(proof, sluiceVersion()));
  // The last file to appear, as manifest.json is of a run.
  await writeWhole(join(output, 'prove.json'), `${JSON.stringify(proof, undefined, 2)}\n`);
}
