import { readFile } from 'node:fs/promises';
import { CurationError } from '../errors.ts';
import type { Recipe } from '../filters/filter.ts';
import { runRecipe, spellOut } from '../pipeline.ts';
import type { Report } from '../report.ts';
import type { OptionTable, OptionValues } from './options.ts';
import { curationOptions } from './shared-options.ts';
import { summarize } from './summary.ts';
import type { LoadedVerb } from './verb.ts';

export const printing: OptionTable = {
  'print-recipe': {
    kind: 'flag',
    help: 'print the recipe this stands for, every option spelled out, and stop',
  },
};

/** What verbs do that stand for a recipe: run it, or print it. */
export function recipeVerb(
  name: Report['verb'],
  recipeOf: (values: OptionValues) => Recipe,
): Pick<LoadedVerb, 'needs' | 'print' | 'run'> {
  return {
    needs: { input: true, out: true },
    async print(_, values) {
      if (values['print-recipe'] !== true) return undefined;
      // Loaded here, because few runs need it.
      const { printRecipe } = await import('../recipe.ts');
      return printRecipe(spellOut(recipeOf(values)));
    },
    async run(input, values, watch) {
      const options = { ...curationOptions(input, values), ...watch };
      return summarize(await runRecipe(name, recipeOf(values), options), values['out'] as string);
    },
  };
}

/** Reads a recipe file. */
export async function readRecipe(path: string | undefined): Promise<Recipe> {
  if (path === undefined) throw new CurationError('USAGE', 'expected a recipe; see sluice run --help');
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new CurationError('USAGE', `${path}: cannot read the recipe: ${cause.message}`, { cause });
  });
  const { parseRecipe } = await import('../recipe.ts');
  return parseRecipe(text, path);
}
