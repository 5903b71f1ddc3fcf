import { given } from '../../config.ts';
import { curate } from '../../curate.ts';
import type { CurateOptions } from '../../curation/options.ts';
import { CurationError } from '../../errors.ts';
import type { RecipeStep, WordRule } from '../../filters/filter.ts';
import { type PresetName, presets } from '../../presets.ts';
import type { OptionTable, OptionValues } from '../options.ts';
import { readRecipe } from '../recipe-verb.ts';
import { engine, inputAndOutput, judged, writeOptions } from '../shared-options.ts';
import { summarize } from '../summary.ts';
import { ABOUT_INPUTS, type LoadedVerb } from '../verb.ts';

const { 'text-column': textColumn, 'id-column': idColumn } = judged;

const budget: OptionTable = {
  tokens: { kind: 'number', value: 'N', help: 'tokens to write, repeats counted, such as 7e9' },
  keep: {
    kind: 'number',
    value: 'SHARE',
    help: 'the same as a share of the tokens that are read, such as 0.28',
  },
  'bytes-per-token': { kind: 'number', value: 'N', help: 'bytes of UTF-8 that count as a token; default 4' },
};

const filters: OptionTable = {
  preset: {
    kind: Object.keys(presets),
    value: 'NAME',
    help: `filters first, rule sets by name: ${Object.keys(presets).join(', ')}`,
  },
  recipe: { kind: 'path', value: 'FILE', help: 'filters first, as sluice run takes them, without dedup' },
  'quality-model': {
    kind: 'path',
    value: 'FILE',
    help: 'of sluice train-quality: which of similar documents is kept, and which fill the quotas; default the longest, and by chance',
  },
};

const duplicates: OptionTable = {
  'min-similarity': {
    kind: 'number',
    value: 'S',
    help: 'least estimated Jaccard similarity of near duplicates; default 0.7',
  },
  ngram: { kind: 'count', value: 'N', help: 'words in a shingle; default 5' },
  bands: { kind: 'count', value: 'N', help: 'bands of the LSH index; default 14' },
  rows: { kind: 'count', value: 'N', help: 'minima in a band; default 8' },
  redundancy: {
    kind: ['leaders', 'published', 'off'],
    help: 'documents that say what another of their concept says: compared with what is kept (default), as SemDeDup was published, or left',
  },
  'redundancy-threshold': {
    kind: 'number',
    value: 'COSINE',
    help: 'cosine from which two documents say the same; default measured on the data',
  },
};

const concepts: OptionTable = {
  encoder: {
    kind: ['lexical', 'static', 'column', 'onnx'],
    help: 'what documents are told apart by: words (default, nothing to download), a model2vec model, a column of vectors, an ONNX model',
  },
  'encoder-model': { kind: 'path', value: 'DIR', help: 'folder of the static or ONNX model' },
  'vector-column': { kind: 'text', value: 'NAME', help: 'column of vectors, for column' },
  concepts: {
    kind: 'count',
    value: 'N',
    help: 'concepts to look for; default the square root of the documents, at most 4096',
  },
};

const quotas: OptionTable = {
  quota: {
    kind: ['proportional', 'projection'],
    help: 'shares in proportion to what complexity asks for (default), or the projection of density-based pruning',
  },
  'size-exponent': {
    kind: 'number',
    value: 'A',
    help: 'concepts ask by their size to this power: 1 is as in the data, 0 all alike; default 0.7',
  },
  temperature: {
    kind: 'number',
    value: 'T',
    help: 'the lower, the more complex concepts get; default 1, at which complexity counts little',
  },
  floor: {
    kind: 'number',
    value: 'SHARE',
    help: 'least part of its even share that a concept gets; default 0.5',
  },
  'max-epochs': {
    kind: 'count',
    value: 'N',
    help: 'most times that a document is written; default as few as the budget needs, at most 4',
  },
  fill: {
    kind: ['quality', 'hard', 'easy', 'random'],
    help: 'which documents fill a quota: good ones more often (default), those far from the centre, near it, any',
  },
  'balance-by': { kind: 'text', value: 'source|COLUMN', help: 'share the budget out by it before concepts' },
  balance: {
    kind: ['unimax', 'temperature', 'natural'],
    help: 'how: alike as far as they reach (default), by size to a power, by size',
  },
  'balance-exponent': { kind: 'number', value: 'A', help: 'the power of temperature; default 0.3' },
};

const plans: OptionTable = {
  'save-plan': {
    kind: 'path',
    value: 'FILE',
    help: 'save what was found, for the next dump; not with --balance-by',
  },
  plan: {
    kind: 'path',
    value: 'FILE',
    help: 'apply a saved plan in one pass, in place of budget, filters and all the rest: approximate, no semantic duplicates, each document once at most; --encoder-model and --quality-model say where its models are now',
  },
};

export const curateVerb: LoadedVerb = {
  options: {
    ...inputAndOutput,
    'text-column': textColumn!,
    'id-column': idColumn!,
    'work-dir': {
      kind: 'path',
      value: 'DIR',
      help: 'where documents wait meanwhile, packed; default the temporary folder',
    },
    seed: { kind: 'count', value: 'N', help: 'changes every hash and draw; default 0' },
    ...engine,
    ...inSection(budget, 'budget'),
    ...inSection(filters, 'filters'),
    ...inSection(duplicates, 'what is said twice'),
    ...inSection(concepts, 'concepts'),
    ...inSection(quotas, 'quotas'),
    ...inSection(plans, 'from dump to dump'),
  },
  about: `${ABOUT_INPUTS}\nWrites rows with the columns cluster_size and concept, a ledger, report.json and report.html; sluice concepts OUT lists the concepts.`,
  examples: [
    'sluice curate dump/*.parquet -o clean --tokens 7e9',
    'sluice curate dump/ -o clean --keep 0.28 --preset gopher --balance-by source',
    'zstdcat dump.jsonl.zst | sluice curate - -o clean --keep 0.5 --work-dir /mnt/scratch',
    'sluice curate january/ -o clean --keep 0.28 --save-plan january.plan',
    'sluice curate february/ -o clean-february --plan january.plan',
  ],
  needs: { input: true, out: true },
  run: async (input, values, watch) =>
    summarize(await curate({ ...(await optionsOf(input, values)), ...watch }), values['out'] as string),
};

function inSection(table: OptionTable, section: string): OptionTable {
  return Object.fromEntries(Object.entries(table).map(([name, spec]) => [name, { ...spec, section }]));
}

async function optionsOf(input: readonly string[], values: OptionValues): Promise<CurateOptions> {
  const number = (name: string): number | undefined => values[name] as number | undefined;
  const text = (name: string): string | undefined => values[name] as string | undefined;
  return given<CurateOptions>({
    ...writeOptions(input, values),
    ...(await filtersOf(values)),
    textColumn: text('text-column'),
    idColumn: text('id-column'),
    workDirectory: text('work-dir'),
    seed: number('seed'),
    tokens: number('tokens'),
    keep: number('keep'),
    bytesPerToken: number('bytes-per-token'),
    qualityModel: text('quality-model'),
    minSimilarity: number('min-similarity'),
    ngram: number('ngram'),
    bands: number('bands'),
    rows: number('rows'),
    redundancy: text('redundancy') as CurateOptions['redundancy'],
    redundancyThreshold: number('redundancy-threshold'),
    encoder: text('encoder') as CurateOptions['encoder'],
    encoderModel: text('encoder-model'),
    vectorColumn: text('vector-column'),
    concepts: number('concepts'),
    quota: text('quota') as CurateOptions['quota'],
    sizeExponent: number('size-exponent'),
    temperature: number('temperature'),
    floor: number('floor'),
    maxEpochs: number('max-epochs'),
    fill: text('fill') as CurateOptions['fill'],
    balanceBy: text('balance-by'),
    balance: text('balance') as CurateOptions['balance'],
    balanceExponent: number('balance-exponent'),
    savePlan: text('save-plan'),
    plan: text('plan'),
  });
}

async function filtersOf(
  values: OptionValues,
): Promise<{ readonly steps?: readonly RecipeStep[]; readonly words?: WordRule }> {
  const preset = values['preset'] as PresetName | undefined;
  const recipe = values['recipe'] as string | undefined;
  if (preset !== undefined && recipe !== undefined) {
    throw new CurationError(
      'USAGE',
      'expected --preset or --recipe, found both; put the steps into one recipe',
    );
  }
  if (recipe === undefined) return preset === undefined ? {} : { steps: presets[preset] };
  const { steps, words } = await readRecipe(recipe);
  return { steps, words };
}
