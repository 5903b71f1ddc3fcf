import type { CliVerb } from './verb.ts';

/** Each verb loads its options and the engine when it is called, so that help and a wrong word answer at once. */
export const verbs: Readonly<Record<string, CliVerb>> = {
  filter: {
    summary: 'judge every document: rule sets, language, learned quality, masking',
    usage: 'sluice filter IN... -o OUT [--preset NAME] [options]',
    load: async () => (await import('./verbs/filter.ts')).filterVerb,
  },
  dedup: {
    summary: 'remove exact and near duplicates: the first one wins, or the best of each cluster',
    usage: 'sluice dedup IN... -o OUT [options]',
    load: async () => (await import('./verbs/dedup.ts')).dedupVerb,
  },
  run: {
    summary: 'run the steps of a recipe in one pass',
    usage: 'sluice run RECIPE IN... -o OUT [options]',
    load: async () => (await import('./verbs/run.ts')).runVerb,
  },
  curate: {
    summary: 'make the best of a token budget: deduplicate, find concepts, rebalance',
    usage: 'sluice curate IN... -o OUT --tokens N | --keep SHARE [options]',
    load: async () => (await import('./verbs/curate.ts')).curateVerb,
  },
  'train-quality': {
    summary: 'learn what good documents are, for filter --quality-model',
    usage: 'sluice train-quality --positive FILES --negative FILES -o MODEL [options]',
    load: async () => (await import('./verbs/train-quality.ts')).trainQualityVerb,
  },
  prove: {
    summary: 'measure what curation is worth: faster, better, smaller',
    usage: 'sluice prove --baseline FILES --curated FILES --heldout FILES [options]',
    load: async () => (await import('./verbs/prove.ts')).proveVerb,
  },
  inspect: {
    summary: 'show what a run dropped, why, and examples',
    usage: 'sluice inspect DIR [options]',
    load: async () => (await import('./verbs/inspect.ts')).inspectVerb,
  },
  concepts: {
    summary: 'list what a curation found and how much of it was kept',
    usage: 'sluice concepts DIR [--sort BY] [--top N] [--json]',
    load: async () => (await import('./verbs/concepts.ts')).conceptsVerb,
  },
  convert: {
    summary: 'any input to any output, every row and column',
    usage: 'sluice convert IN... -o OUT [options]',
    load: async () => (await import('./verbs/convert.ts')).convertVerb,
  },
};
