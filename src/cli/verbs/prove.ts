import { basename } from 'node:path';
import { given } from '../../config.ts';
import { CurationError } from '../../errors.ts';
import { summarizeProof } from '../../proof/summary.ts';
import { prove } from '../../prove.ts';
import type { ProveOptions } from '../../prove-options.ts';
import { readRecipe } from '../recipe-verb.ts';
import { engine, readOptions } from '../shared-options.ts';
import type { LoadedVerb } from '../verb.ts';

const DEFAULT_OUTPUT = 'proof';

export const proveVerb: LoadedVerb = {
  options: {
    baseline: { kind: 'paths', help: 'what there was before: files, directories or globs (required)' },
    curated: { kind: 'paths', help: 'what curation made of it' },
    arm: {
      kind: 'texts',
      value: 'NAME=PATH',
      help: 'another set to compare with the baseline; any number of them',
    },
    heldout: {
      kind: 'texts',
      value: '[NAME=]PATH',
      help: 'documents to measure on, each path a set of its own, three or more of different kind (required); ./a=b is a path with =',
    },
    recipe: { kind: 'path', help: 'run this recipe over the baseline, and compare what it makes' },
    'leave-one-out': {
      kind: 'flag',
      help: 'run the recipe also without each of its steps: what each is worth',
    },
    out: {
      kind: 'path',
      short: 'o',
      value: 'DIR',
      help: 'directory for prove.json and prove.html; default proof',
    },
    overwrite: { kind: 'flag', help: 'replace a proof that is there' },
    tokens: {
      kind: 'count',
      help: 'bytes each model is trained on; default the smallest arm, at most 32 MiB',
    },
    seeds: { kind: 'count', help: 'samples of each arm; default 3' },
    seed: { kind: 'count', help: 'number of the first sample, the others follow it; default 0' },
    proxy: { kind: ['ngram', 'log-linear', 'both'], help: 'which models; default both' },
    order: { kind: 'count', help: 'bytes of an n-gram, 2 to 6; default 5' },
    parameters: { kind: 'count', help: 'of the largest log-linear model, a power of two; default 1048576' },
    'heldout-bytes': { kind: 'bytes', help: 'text measured of each held-out set at most; default 2MiB' },
    replicates: { kind: 'count', help: 'resamples of the bootstrap; default 1000' },
    'text-column': { kind: 'text', value: 'NAME', help: 'column with the text; default text' },
    'input-format': {
      kind: ['parquet', 'jsonl', 'json', 'arrow'],
      help: 'default: by the first bytes, else by the name',
    },
    'on-error': { kind: ['fail', 'skip'], help: 'at a damaged row: stop (default), or leave it out' },
    'work-dir': {
      kind: 'path',
      value: 'DIR',
      help: 'for samples, and what recipes make, meanwhile; default the folder for temporary files',
    },
    ...engine,
  },
  about: `Trains small language models on equal amounts of each set and compares them on documents none of them has: how many times fewer
tokens curated data needs (faster), how much lower its loss is (better), how much smaller a model may be (smaller). Held-out documents
that a set holds, exactly or nearly, are not measured. Two controls of random documents show how far chance reaches.`,
  examples: [
    'sluice prove --baseline raw/ --curated clean/ --heldout wiki.jsonl news.jsonl rare=tail.jsonl',
    'sluice prove --baseline raw/ --arm dedup=a/ --arm all=b/ --heldout eval/*.jsonl -o proof',
    'sluice prove --baseline raw/ --recipe recipe.yaml --leave-one-out --heldout eval/*.jsonl',
  ],
  needs: { input: false, out: false },
  whenInterrupted: 'nothing was written',
  async run(positionals, values, watch) {
    if (positionals.length > 0) {
      throw new CurationError(
        'USAGE',
        `expected options only, found "${positionals[0]}"; name inputs with --baseline, --curated, --arm and --heldout`,
      );
    }
    const { baseline } = values;
    if (!Array.isArray(baseline))
      throw new CurationError('USAGE', 'expected --baseline, what there was before; see sluice prove --help');
    const recipe = values['recipe'];
    const output = (values['out'] as string | undefined) ?? DEFAULT_OUTPUT;
    const proof = await prove({
      ...readOptions(values),
      ...given<Partial<ProveOptions>>({
        curated: values['curated'] as readonly string[] | undefined,
        arms: namedArms(values['arm'] as readonly string[] | undefined),
        recipe: recipe === undefined ? undefined : await readRecipe(recipe as string),
        leaveOneOut: values['leave-one-out'] as boolean | undefined,
        overwrite: values['overwrite'] as boolean | undefined,
        tokens: values['tokens'] as number | undefined,
        seeds: values['seeds'] as number | undefined,
        seed: values['seed'] as number | undefined,
        proxy: values['proxy'] as ProveOptions['proxy'],
        order: values['order'] as number | undefined,
        parameters: values['parameters'] as number | undefined,
        heldOutBytes: values['heldout-bytes'] as number | undefined,
        replicates: values['replicates'] as number | undefined,
        textColumn: values['text-column'] as string | undefined,
        workDirectory: values['work-dir'] as string | undefined,
      }),
      baseline: baseline as readonly string[],
      heldOut: namedSets((values['heldout'] ?? []) as readonly string[]),
      output,
      ...watch,
    });
    return summarizeProof(proof, output);
  },
};

/** `name=path` each; one name several times is one arm of several paths. */
function namedArms(words: readonly string[] | undefined): Record<string, string[]> | undefined {
  if (words === undefined) return undefined;
  const arms: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const word of words) {
    const [, name, path] = /^([^=/]+)=(.+)$/s.exec(word) ?? [];
    if (name === undefined || path === undefined)
      throw new CurationError('USAGE', `--arm: expected NAME=PATH, found "${word}"`);
    arms[name] = [...(arms[name] ?? []), path];
  }
  return arms;
}

/** `name=path`, or a path whose file name is the name. */
function namedSets(words: readonly string[]): Record<string, string[]> {
  const sets: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const word of words) {
    const [, given, rest] = /^([^=/]+)=(.+)$/s.exec(word) ?? [];
    const path = rest ?? word;
    const name = given ?? basename(path).replace(/\.(jsonl|json|parquet|arrow)(\.gz|\.zst)?$/, '');
    if (given === undefined && sets[name] !== undefined) {
      throw new CurationError('USAGE', `--heldout: two sets would be called "${name}"; name them: NAME=PATH`);
    }
    sets[name] = [...(sets[name] ?? []), path];
  }
  return sets;
}
