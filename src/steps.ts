import { CurationError } from './errors.ts';
import type { OptionSpec, OptionValue, StepDefinition, StepOptions } from './filters/filter.ts';
import { filters } from './filters/filters.ts';
import { repeatedLines } from './filters/repeated-lines.ts';
import { duplicateReasons } from './stages/deduplicate.ts';

/** Deduplication as a step. What its numbers mean together is checked by `duplicateConfig`. */
export const dedupStep: StepDefinition = {
  name: 'dedup',
  summary: 'exact and near duplicates, the first one wins or the best of each cluster',
  options: {
    mode: {
      kind: ['first', 'cluster'],
      help: 'first: one pass, the first one wins (default); cluster: two passes, the longest of each cluster',
    },
    min_similarity: {
      kind: 'rate',
      value: 'S',
      help: 'with cluster: least estimated similarity to what is kept; default 0.7',
    },
    work_directory: {
      kind: 'path',
      flag: 'work-dir',
      value: 'DIR',
      help: 'with cluster and twins: for hashes meanwhile, 360 and 200 bytes a document; default the temporary folder',
    },
    twins: {
      kind: 'flag',
      help: 'with first: name the twin of every near duplicate in the ledger, however long ago it was',
    },
    exact_only: { kind: 'flag', help: 'only exact duplicates; no MinHash' },
    similarity: {
      kind: 'rate',
      value: 'S',
      help: 'Jaccard similarity to aim at: chooses bands and rows (128 minima)',
    },
    ngram: { kind: 'count', least: 1, most: 64, help: 'words in a shingle; default 5' },
    bands: { kind: 'count', least: 1, most: 512, help: 'bands of the LSH index; default 14' },
    rows: { kind: 'count', least: 1, most: 128, help: 'minima in a band; default 8' },
    false_positive: {
      kind: 'rate',
      value: 'P',
      help: 'chance that the index drops a new document; default 1e-5',
    },
    expected_documents: {
      kind: 'count',
      least: 1,
      most: 1e12,
      help: 'size of the index when the inputs cannot tell',
    },
    seed: { kind: 'count', least: 0, most: 2 ** 32 - 1, help: 'changes every hash; default 0' },
  },
  reasons: () => duplicateReasons,
};

/** A step of a recipe, its options checked and complete. */
export interface PlannedStep {
  readonly definition: StepDefinition;
  readonly options: StepOptions;
}

/** Every step a recipe can name, in the order in which `sluice filter` runs them. */
export const stepDefinitions: readonly StepDefinition[] = [...filters, dedupStep, repeatedLines];

/** Undefined for a name that no step has. */
export function stepNamed(name: string): StepDefinition | undefined {
  return stepDefinitions.find((definition) => definition.name === name);
}

/** Name of an option on the command line, without dashes. */
export function flagOf(name: string, { flag }: OptionSpec): string {
  return flag ?? name.replaceAll('_', '-');
}

/**
 * Options of a step with defaults filled in.
 * @param nameOf how messages name an option.
 * @throws CurationError `USAGE` for an option the step does not have, or a value it cannot take.
 */
export function resolveOptions(
  definition: StepDefinition,
  given: Readonly<Record<string, unknown>>,
  nameOf: (option: string) => string,
): StepOptions {
  const known = Object.keys(definition.options);
  for (const name of Object.keys(given)) {
    if (name === 'use' || known.includes(name)) continue;
    throw new CurationError(
      'USAGE',
      `${nameOf(name)}: the step ${definition.name} has no such option; it has ${known.join(', ')}`,
    );
  }
  const resolved: Record<string, OptionValue> = {};
  for (const [name, spec] of Object.entries(definition.options)) {
    const value = given[name];
    if (value !== undefined) resolved[name] = checkValue(spec, value, nameOf(name));
    else if (spec.default !== undefined) resolved[name] = spec.default;
  }
  return resolved;
}

function checkValue(spec: OptionSpec, value: unknown, name: string): OptionValue {
  const { kind } = spec;
  if (value === null && spec.canBeOff === true) return null;
  const isFitting =
    typeof kind !== 'string'
      ? typeof value === 'string' && kind.includes(value)
      : kind === 'flag'
        ? typeof value === 'boolean'
        : kind === 'text' || kind === 'path'
          ? typeof value === 'string'
          : kind === 'texts' || kind === 'paths'
            ? Array.isArray(value) && value.every((item) => typeof item === 'string')
            : typeof value === 'number' && isInRange(spec, value);
  if (isFitting) return value as OptionValue;
  throw new CurationError(
    'USAGE',
    `${name}: expected ${describeValue(spec)}, found ${JSON.stringify(value)}`,
  );
}

/** What a number of this option lies between; undefined is unbounded. */
export function rangeOf({ kind, least, most }: OptionSpec): {
  readonly floor: number | undefined;
  readonly ceiling: number | undefined;
} {
  return {
    floor: least ?? (kind === 'number' ? undefined : 0),
    ceiling: most ?? (kind === 'rate' ? 1 : undefined),
  };
}

function isInRange(spec: OptionSpec, value: number): boolean {
  if (!Number.isFinite(value) || (spec.kind === 'count' && !Number.isInteger(value))) return false;
  const { floor = value, ceiling = value } = rangeOf(spec);
  return value >= floor && value <= ceiling;
}

/** What a value of this option is, in words. */
export function describeValue(spec: OptionSpec): string {
  const { kind, canBeOff } = spec;
  const off = canBeOff === true ? ', or off (null in a recipe)' : '';
  if (typeof kind !== 'string') return `one of ${kind.join(', ')}${off}`;
  switch (kind) {
    case 'flag':
      return `true or false${off}`;
    case 'text':
      return `text${off}`;
    case 'path':
      return `a path${off}`;
    case 'texts':
      return `a list of texts${off}`;
    case 'paths':
      return `a list of paths${off}`;
    default: {
      const { floor, ceiling } = rangeOf(spec);
      const noun = kind === 'count' ? 'a whole number' : 'a number';
      const range =
        floor === undefined
          ? ceiling === undefined
            ? ''
            : ` of at most ${ceiling}`
          : ceiling === undefined
            ? ` of at least ${floor}`
            : ` from ${floor} to ${ceiling}`;
      return `${noun}${range}${off}`;
    }
  }
}
