import { CurationError } from '../../errors.ts';
import type { OptionValue, Recipe, RecipeStep, StepDefinition, WordRule } from '../../filters/filter.ts';
import { type PresetName, presets, ruleSets } from '../../presets.ts';
import { dedupStep, flagOf, stepDefinitions } from '../../steps.ts';
import type { OptionTable, OptionValues } from '../options.ts';
import { printing, recipeVerb } from '../recipe-verb.ts';
import { engine, inputAndOutput, judged } from '../shared-options.ts';
import { stepOptions, stepTable } from '../step-options.ts';
import { ABOUT_INPUTS, type LoadedVerb } from '../verb.ts';

const isRuleSet = ({ name }: StepDefinition): boolean => ruleSets.includes(name);

/** Steps that need nothing but to be asked for; the others that are no rule sets are switched on by an option of their own. */
const SWITCHES: readonly string[] = ['pii', 'dedup'];

const options: OptionTable = {
  preset: {
    kind: Object.keys(presets),
    value: 'NAME',
    help: `rule sets by name: ${Object.keys(presets).join(', ')}`,
  },
  rules: { kind: 'texts', value: 'A,B', help: `single rule sets: ${ruleSets.join(', ')}` },
  words: {
    kind: ['unicode', 'whitespace'],
    help: 'how rules cut text into words: fast and close to spaCy (default), or white space alone',
  },
  ...inputAndOutput,
  ...judged,
  ...printing,
  ...engine,
  ...Object.assign(
    {},
    ...stepDefinitions.map((definition): OptionTable => {
      const section = `${definition.name}: ${definition.summary}`;
      const own = SWITCHES.includes(definition.name)
        ? { [definition.name]: { kind: 'flag' as const, help: 'switch it on', section } }
        : {};
      return { ...own, ...stepTable(definition, section) };
    }),
  ),
};

export const filterVerb: LoadedVerb = {
  options,
  about: `${ABOUT_INPUTS}\nSteps run in the order in which their options are listed; sluice run takes a recipe with any order.`,
  examples: [
    'sluice filter dump/*.parquet -o clean --preset fineweb',
    'sluice filter dump/ -o clean --preset gopher --min-doc-words 30 --dedup',
    'sluice filter dump/ -o clean --rules gopher-quality,c4-quality --words whitespace --keep-rejects',
  ],
  ...recipeVerb('filter', recipeOf),
};

/** The steps that the options name, in the order of `stepDefinitions`. */
function recipeOf(values: OptionValues): Recipe {
  const preset = values['preset'] as PresetName | undefined;
  const rules = (values['rules'] ?? []) as readonly string[];
  const unknown = rules.find((name) => !ruleSets.includes(name));
  if (unknown !== undefined) {
    throw new CurationError('USAGE', `--rules: no rule set "${unknown}"; there are ${ruleSets.join(', ')}`);
  }
  const base = new Map<string, RecipeStep>(rules.map((use) => [use, { use }]));
  for (const step of preset === undefined ? [] : presets[preset]) base.set(step.use, step);
  const steps: RecipeStep[] = [];
  for (const definition of stepDefinitions) {
    const given = stepOptions(definition, values);
    if (isOff(definition, given)) continue;
    const step = base.get(definition.name);
    const [first] = Object.keys(given);
    if (step === undefined && first !== undefined && isRuleSet(definition)) {
      const flag = flagOf(first, definition.options[first]!);
      throw new CurationError(
        'USAGE',
        `--${flag} belongs to ${definition.name}, which is not asked for; add --rules ${definition.name} or a --preset with it`,
      );
    }
    const isSwitchedOn = values[definition.name] === true;
    if (step !== undefined || first !== undefined || isSwitchedOn) {
      steps.push({ use: definition.name, ...step, ...given });
    }
  }
  if (steps.every(({ use }) => use === dedupStep.name)) {
    throw new CurationError(
      'USAGE',
      `expected something to judge by: --preset ${Object.keys(presets).join('|')}, --rules, or an option of a step; see sluice filter --help`,
    );
  }
  return { version: 1, words: (values['words'] ?? 'unicode') as WordRule, steps };
}

/** `--language off` takes a step out of a preset. */
function isOff({ options: specs }: StepDefinition, given: Readonly<Record<string, OptionValue>>): boolean {
  const [first] = Object.keys(specs);
  const value = first === undefined ? undefined : given[first];
  return Array.isArray(value) && value.length === 1 && value[0] === 'off';
}
