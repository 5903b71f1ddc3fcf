import type { Recipe } from '../../filters/filter.ts';
import { dedupStep } from '../../steps.ts';
import type { OptionValues } from '../options.ts';
import { printing, recipeVerb } from '../recipe-verb.ts';
import { engine, inputAndOutput, judged } from '../shared-options.ts';
import { stepOptions, stepTable } from '../step-options.ts';
import { ABOUT_INPUTS, type LoadedVerb } from '../verb.ts';

export const dedupVerb: LoadedVerb = {
  options: {
    ...inputAndOutput,
    ...judged,
    ...stepTable(dedupStep),
    ...printing,
    ...engine,
  },
  about: ABOUT_INPUTS,
  examples: [
    'sluice dedup dump/*.parquet -o clean',
    'sluice dedup dump/ -o clean --format parquet --similarity 0.8 --memory 2GiB',
    'sluice dedup dump/ -o clean --mode cluster --min-similarity 0.8',
    'zstdcat crawl.jsonl.zst | sluice dedup - -o - --format jsonl | next',
  ],
  ...recipeVerb('dedup', recipeOf),
};

function recipeOf(values: OptionValues): Recipe {
  return { version: 1, words: 'unicode', steps: [{ use: 'dedup', ...stepOptions(dedupStep, values) }] };
}
