import type { Recipe } from '../../filters/filter.ts';
import { runRecipe, spellOut } from '../../pipeline.ts';
import { dedupStep } from '../../steps.ts';
import type { OptionValues } from '../options.ts';
import { curationOptions, engine, inputAndOutput, judged } from '../shared-options.ts';
import { stepOptions, stepTable } from '../step-options.ts';
import { summarize } from '../summary.ts';
import { ABOUT_INPUTS, type LoadedVerb } from '../verb.ts';

export const dedupVerb: LoadedVerb = {
  options: {
    ...inputAndOutput,
    ...judged,
    ...stepTable(dedupStep),
    'print-recipe': { kind: 'flag', help: 'print the recipe this stands for, and stop' },
    ...engine,
  },
  about: ABOUT_INPUTS,
  examples: [
    'sluice dedup dump/*.parquet -o clean',
    'sluice dedup dump/ -o clean --format parquet --similarity 0.8 --memory 2GiB',
    'zstdcat crawl.jsonl.zst | sluice dedup - -o - --format jsonl | next',
  ],
  needs: { input: true, out: true },
  print: async (_, values) => {
    if (values['print-recipe'] !== true) return undefined;
    const { printRecipe } = await import('../../recipe.ts');
    return printRecipe(spellOut(recipeOf(values)));
  },
  run: async (input, values, watch) => {
    const options = { ...curationOptions(input, values), ...watch };
    return summarize(await runRecipe('dedup', recipeOf(values), options), values['out'] as string);
  },
};

function recipeOf(values: OptionValues): Recipe {
  return { version: 1, words: 'unicode', steps: [{ use: 'dedup', ...stepOptions(dedupStep, values) }] };
}
