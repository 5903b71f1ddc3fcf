import type { RecipeStep } from './filters/filter.ts';

export type PresetName = 'gopher' | 'c4' | 'fineweb' | 'dclm';

/** Rule sets by the names of whoever published them. */
export const presets: Readonly<Record<PresetName, readonly RecipeStep[]>> = {
  /** Rae et al. 2021 (Gopher), appendix A.1.1, as datatrove has it. */
  gopher: [{ use: 'gopher-repetition' }, { use: 'gopher-quality' }],
  /** Raffel et al. 2020 (T5), section 2.2, with the lines datatrove's reference adds, and the list of bad words. */
  c4: [{ use: 'c4-quality' }, { use: 'c4-badwords' }],
  /** Penedo et al. 2024 (FineWeb): language, Gopher, C4 without the rule on terminal punctuation, and its own. */
  fineweb: [
    { use: 'language', languages: ['en'] },
    { use: 'gopher-repetition' },
    { use: 'gopher-quality' },
    { use: 'c4-quality', filter_no_terminal_punct: false },
    { use: 'fineweb-quality' },
  ],
  /** Li et al. 2024 (DCLM): the heuristics of RefinedWeb; its classifier is a model of the user's (`--quality-model`). */
  dclm: [
    { use: 'language', languages: ['en'] },
    { use: 'gopher-repetition' },
    { use: 'gopher-quality' },
    { use: 'refinedweb-lines' },
  ],
};

/** Rule sets that `--rules` can name. */
export const ruleSets: readonly string[] = [
  'gopher-quality',
  'gopher-repetition',
  'c4-quality',
  'c4-paragraph',
  'c4-badwords',
  'fineweb-quality',
  'url',
  'symbol-lines',
  'refinedweb-lines',
];
