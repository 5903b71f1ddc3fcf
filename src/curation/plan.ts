import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { outlierBins } from '../concepts/outliers.ts';
import {
  type CurationPlan,
  MOST_PLAN_BYTES,
  type PlanConcepts,
  type PlanEncoder,
  parsePlan,
  serializePlan,
} from '../concepts/plan-file.ts';
import type { PlanNotes } from '../concepts/plan-notes.ts';
import type { EncoderPlan } from '../encoders/encoder.ts';
import { loadStaticModel } from '../encoders/static.ts';
import { CurationError } from '../errors.ts';
import type { OptionValue, Recipe, RecipeStep } from '../filters/filter.ts';
import { explainWriteError, makeDirectory, writeWhole } from '../flow/atomic-file.ts';
import { parseRecipe } from '../recipe.ts';
import type { Report } from '../report.ts';
import { stepNamed } from '../steps.ts';
import type { CurateOptions } from './options.ts';
import type { Curation } from './report.ts';
import { knotsOf } from './solve.ts';

/** That a plan cannot be written is said before hours of work. Nothing is made here, as an abort leaves nothing. */
export async function checkPlanPath(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory() === true)
    throw new CurationError('BAD_OUTPUT', `${path}: expected a file to save the plan to, found a directory`);
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    const found = await stat(folder).catch((error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? undefined : explainWriteError(path)(error),
    );
    if (found === undefined) continue;
    if (!found.isDirectory())
      throw new CurationError('BAD_OUTPUT', `${path}: expected a directory at ${folder}, found a file`);
    await access(folder, constants.W_OK | constants.X_OK).catch(explainWriteError(path));
    return;
  }
}

/** Saves what a curation has found out; the file appears whole or not at all. */
export async function savePlan(
  path: string,
  curation: Curation,
  notes: PlanNotes,
  report: Report,
): Promise<void> {
  const { config, measured, learned, assigned, settled } = curation;
  const recipe = withWholePaths(measured.report.recipe ?? config.recipe);
  const modelPath = config.hasQuality ? lastModel(recipe) : undefined;
  const { documents, distances, candidateBytes, keptBytes, repeatedBytes, ...cuts } = notes.concepts;
  const keptShares = keptBytes.map((kept, concept) => kept / candidateBytes[concept]!);
  const names = new Map(report.curation!.concepts.map(({ concept, names: of }) => [concept, of]));
  const concepts: PlanConcepts = {
    names: Array.from(documents, (_, concept) => names.get(concept) ?? []),
    documents,
    distances: distances.map((sum, concept) => sum / Math.max(1, documents[concept]!)),
    keptShares,
    cutPriorities: cuts.cutPriorities,
    cutHashes: cuts.cutHashes,
    sizeLimits: cuts.sizeLimits,
    outlierBins: outlierBins(assigned.distances),
  };
  const { ngram, bands, rows } = config.signatures;
  const plan: CurationPlan = {
    encoder: await planEncoder(learned.encoder),
    tree: learned.tree,
    concepts,
    knots: knotsOf(learned.qualities),
    rules: {
      seed: config.seed,
      fill: config.fill,
      bytesPerToken: config.bytesPerToken,
      signatures: { ngram, bands, rows },
      recipe,
      qualityModel:
        modelPath === undefined ? undefined : { path: modelPath, sha256: await digestOf([modelPath]) },
      readBytes: measured.report.bytes.text,
      writtenBytes: settled.written.bytes,
      repeatBytes: settled.written.bytes - keptBytes.reduce((sum, kept) => sum + kept, 0),
      expectedBytes: keptBytes.reduce(
        (sum, kept, concept) => sum + kept + (keptShares[concept]! || 0) * repeatedBytes[concept]!,
        0,
      ),
    },
  };
  await makeDirectory(dirname(resolve(path))).catch(explainWriteError(path));
  await writeWhole(path, serializePlan(plan));
}

/** A plan, and what stands behind its names. */
export interface LoadedPlan {
  readonly plan: CurationPlan;
  readonly encoder: EncoderPlan;
  readonly recipe: Recipe;
}

/**
 * Reads a plan and what it names. Models may have moved, if the options say where to; they must be the same, byte for byte.
 * @throws CurationError `BAD_INPUT` for a file that is no plan, or damaged, and for another model; `USAGE` for a recipe that cannot be run.
 */
export async function loadPlan(path: string, options: CurateOptions): Promise<LoadedPlan> {
  const plan = parsePlan(await readPlan(path), path);
  const { recipe: saved, qualityModel } = plan.rules;
  const recipe = checkRecipe(saved, path);
  const { encoderModel, qualityModel: movedTo } = options;
  if (qualityModel === undefined) {
    if (movedTo !== undefined) throw useless('quality-model', path, 'was made without a model of quality');
    return { plan, encoder: await findEncoder(plan.encoder, encoderModel, path), recipe };
  }
  const model = movedTo ?? qualityModel.path;
  await checkModel(model, [model], qualityModel.sha256, '--quality-model');
  const steps = recipe.steps.map(
    (step, at): RecipeStep => (at === recipe.steps.length - 1 ? { ...step, models: [model] } : step),
  );
  return {
    plan,
    encoder: await findEncoder(plan.encoder, encoderModel, path),
    recipe: { ...recipe, steps },
  };
}

async function readPlan(path: string): Promise<Uint8Array> {
  const file = await open(path).catch((cause: unknown) => {
    throw new CurationError('BAD_INPUT', `${path}: expected a plan of sluice curate, found no file to read`, {
      cause,
    });
  });
  try {
    const about = await file.stat();
    if (!about.isFile() || about.size > MOST_PLAN_BYTES) {
      throw new CurationError(
        'BAD_INPUT',
        `${path}: expected a plan of sluice curate, found ${about.isFile() ? `a file of ${about.size} bytes` : 'no regular file'}`,
      );
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** The recipe of a plan, checked as one of a file is. */
function checkRecipe(saved: object, path: string): Recipe {
  const { steps, words } = saved as Partial<Recipe>;
  const hasSteps = !Array.isArray(steps) || steps.length > 0;
  if (hasSteps) return parseRecipe(JSON.stringify(saved), path);
  return { version: 1, words: words === 'whitespace' ? 'whitespace' : 'unicode', steps: [] };
}

async function planEncoder(encoder: EncoderPlan): Promise<PlanEncoder> {
  switch (encoder.kind) {
    case 'lexical':
    case 'column':
      return encoder;
    default: {
      const { kind } = encoder;
      const folder = resolve(encoder.folder);
      return { kind, folder, sha256: await digestOf(modelFiles(kind, folder)) };
    }
  }
}

async function findEncoder(
  encoder: PlanEncoder,
  movedTo: string | undefined,
  path: string,
): Promise<EncoderPlan> {
  switch (encoder.kind) {
    case 'lexical':
    case 'column':
      if (movedTo !== undefined)
        throw useless('encoder-model', path, `was made with --encoder ${encoder.kind}`);
      return encoder;
    default: {
      const { kind, sha256 } = encoder;
      const folder = movedTo ?? encoder.folder;
      await checkModel(folder, modelFiles(kind, folder), sha256, '--encoder-model');
      return kind === 'onnx' ? { kind, folder } : { kind, folder, model: await loadStaticModel(folder) };
    }
  }
}

function useless(flag: string, path: string, because: string): CurationError {
  return new CurationError('USAGE', `--${flag} has no meaning with this plan: ${path} ${because}`);
}

const modelFiles = (kind: 'static' | 'onnx', folder: string): string[] =>
  [kind === 'static' ? 'model.safetensors' : 'model.onnx', 'tokenizer.json'].map((name) =>
    join(folder, name),
  );

async function checkModel(
  where: string,
  files: readonly string[],
  sha256: string,
  flag: string,
): Promise<void> {
  const found = await digestOf(files);
  if (found === sha256) return;
  throw new CurationError(
    'BAD_INPUT',
    `${where}: expected the model that the plan was made with (SHA-256 ${sha256}), found another (${found}); name the folder or file it has moved to with ${flag}`,
  );
}

/** SHA-256 of files, one behind the other, as hexadecimal digits. */
async function digestOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    try {
      for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
    } catch (cause) {
      throw new CurationError('BAD_INPUT', `${path}: expected a model, found no file to read`, { cause });
    }
  }
  return hash.digest('hex');
}

/** The recipe with paths that mean the same wherever it is read. */
function withWholePaths(recipe: Recipe): Recipe {
  const steps = recipe.steps.map((step): RecipeStep => {
    const kinds = stepNamed(step.use)!.options;
    const options = Object.entries(step).map(([name, value]): [string, OptionValue | undefined] => {
      const kind = kinds[name]?.kind;
      if (kind === 'path' && typeof value === 'string') return [name, resolve(value)];
      if (kind === 'paths' && Array.isArray(value))
        return [name, (value as readonly string[]).map((one) => resolve(one))];
      return [name, value];
    });
    return Object.fromEntries(options) as unknown as RecipeStep;
  });
  return { ...recipe, steps };
}

function lastModel({ steps }: Recipe): string {
  return (steps.at(-1)!['models'] as readonly string[])[0]!;
}
