import { CurationError } from '../../errors.ts';
import { runRecipe, spellOut } from '../../pipeline.ts';
import { printRecipe, recipeSchema } from '../../recipe.ts';
import { printing, readRecipe } from '../recipe-verb.ts';
import { curationOptions, engine, inputAndOutput, judged } from '../shared-options.ts';
import { summarize } from '../summary.ts';
import { ABOUT_INPUTS, type LoadedVerb } from '../verb.ts';

export const runVerb: LoadedVerb = {
  options: {
    ...inputAndOutput,
    ...judged,
    ...printing,
    'print-schema': { kind: 'flag', help: 'print the JSON schema of recipes, and stop' },
    ...engine,
  },
  about: `RECIPE: a YAML file with a list of steps, see --print-schema; sluice filter ... --print-recipe writes one.\n${ABOUT_INPUTS}`,
  examples: [
    'sluice filter --preset fineweb --dedup --print-recipe > recipe.yaml',
    'sluice run recipe.yaml dump/*.parquet -o clean',
  ],
  needs: { input: true, out: true },
  print: async ([path], values) => {
    if (values['print-schema'] === true) return `${JSON.stringify(recipeSchema(), undefined, 2)}\n`;
    return values['print-recipe'] === true ? printRecipe(spellOut(await readRecipe(path))) : undefined;
  },
  run: async ([path, ...input], values, watch) => {
    const recipe = await readRecipe(path);
    if (input.length === 0) {
      throw new CurationError('USAGE', `expected inputs behind the recipe ${path}; see sluice run --help`);
    }
    const options = { ...curationOptions(input, values), ...watch };
    return summarize(await runRecipe('run', recipe, options), values['out'] as string);
  },
};
