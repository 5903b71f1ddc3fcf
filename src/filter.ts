import type { CurationOptions } from './config.ts';
import type { RecipeStep, WordRule } from './filters/filter.ts';
import { runRecipe } from './pipeline.ts';
import type { Report } from './report.ts';

export interface FilterOptions extends CurationOptions {
  /** What is done with every document, in this order; see `presets` for the known rule sets. */
  readonly steps: readonly RecipeStep[];
  /** How rules cut text into words; default `unicode`. */
  readonly words?: WordRule;
}

/**
 * Judges every document by the steps of a recipe, in one pass, in order: rule sets, language, learned quality, edits such as
 * masking, and deduplication where the recipe says so. What passes is written, edited or as it was.
 * @throws CurationError; see `ErrorCode`.
 */
export function filter(options: FilterOptions): Promise<Report> {
  const { steps, words = 'unicode' } = options;
  return runRecipe('filter', { version: 1, words, steps }, options);
}
