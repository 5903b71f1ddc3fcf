import { LineCounter, parseDocument, stringify } from 'yaml';
import { CurationError } from './errors.ts';
import type { OptionSpec, Recipe, RecipeStep } from './filters/filter.ts';
import { describeValue, rangeOf, resolveOptions, stepDefinitions, stepNamed } from './steps.ts';

/**
 * Reads a recipe: YAML (or JSON, which is YAML).
 * @param path of the file, for messages.
 * @throws CurationError `USAGE` naming file, line, what was expected and what was found.
 */
export function parseRecipe(text: string, path: string): Recipe {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, maxAliasCount: 0 } as never);
  const at = (keys: readonly (string | number)[]): string => {
    // A key that is not there is looked for where it should be.
    for (let length = keys.length; length >= 0; length--) {
      const node = document.getIn(keys.slice(0, length), true) as { range?: readonly number[] } | undefined;
      if (node?.range !== undefined) return `${path}:${lines.linePos(node.range[0]!).line}`;
    }
    return path;
  };
  const [error] = document.errors;
  if (error !== undefined) {
    const line = error.linePos?.[0].line;
    const says = error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '');
    throw new CurationError('USAGE', `${path}${line === undefined ? '' : `:${line}`}: not YAML: ${says}`);
  }
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw new CurationError('USAGE', `${path}: aliases are not taken; write the value out`, { cause });
  }
  if (!isRecord(content))
    throw new CurationError('USAGE', `${path}: expected keys such as steps, found ${describe(content)}`);
  const { version = 1, words = 'unicode', steps, ...others } = content;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new CurationError(
      'USAGE',
      `${at([unknown])}: no key "${unknown}" in a recipe; there are version, words, steps`,
    );
  }
  if (version !== 1)
    throw new CurationError('USAGE', `${at(['version'])}: version: expected 1, found ${describe(version)}`);
  if (words !== 'unicode' && words !== 'whitespace') {
    throw new CurationError(
      'USAGE',
      `${at(['words'])}: words: expected unicode or whitespace, found ${describe(words)}`,
    );
  }
  if (!Array.isArray(steps) || steps.length === 0) {
    throw new CurationError(
      'USAGE',
      `${at(['steps'])}: steps: expected a list of steps, found ${describe(steps)}`,
    );
  }
  return {
    version,
    words,
    steps: steps.map((step: unknown, i) => parseStep(step, (...keys) => at(['steps', i, ...keys]))),
  };
}

function parseStep(step: unknown, at: (...keys: readonly string[]) => string): RecipeStep {
  // A step without options may be just its name.
  const given = typeof step === 'string' ? { use: step } : step;
  if (!isRecord(given) || typeof given['use'] !== 'string') {
    throw new CurationError(
      'USAGE',
      `${at()}: expected a step such as {use: gopher-quality}, found ${describe(step)}`,
    );
  }
  const { use } = given;
  const definition = stepNamed(use);
  if (definition === undefined) {
    throw new CurationError(
      'USAGE',
      `${at('use')}: no step "${use}"; there are ${stepDefinitions.map(({ name }) => name).join(', ')}`,
    );
  }
  resolveOptions(definition, given, (option) => `${at(option)}: ${use}, ${option}`);
  return given as RecipeStep;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

/** The recipe as YAML that {@link parseRecipe} reads back to the same. */
export function printRecipe({ version, words, steps }: Recipe): string {
  return stringify({ version, words, steps }, { lineWidth: 110 });
}

/** JSON Schema (draft 2020-12) of a recipe, for editors; made of the same descriptions as the options of the command line. */
export function recipeSchema(): object {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Sluice recipe',
    type: 'object',
    required: ['steps'],
    additionalProperties: false,
    properties: {
      version: { const: 1 },
      words: {
        enum: ['unicode', 'whitespace'],
        default: 'unicode',
        description: 'how rules cut text into words',
      },
      steps: {
        type: 'array',
        minItems: 1,
        items: {
          anyOf: [
            { enum: stepDefinitions.map(({ name }) => name) },
            ...stepDefinitions.map(({ name, summary, options }) => ({
              type: 'object',
              description: summary,
              required: ['use'],
              additionalProperties: false,
              properties: {
                use: { const: name },
                ...Object.fromEntries(
                  Object.entries(options).map(([option, spec]) => [option, optionSchema(spec)]),
                ),
              },
            })),
          ],
        },
      },
    },
  };
}

function optionSchema(spec: OptionSpec): object {
  const { help, canBeOff } = spec;
  const value = valueSchema(spec);
  return {
    description: `${help} (${describeValue(spec)})`,
    ...(canBeOff === true ? { anyOf: [value, { type: 'null' }] } : value),
    ...(spec.default === undefined ? {} : { default: spec.default }),
  };
}

function valueSchema(spec: OptionSpec): object {
  const { kind } = spec;
  if (typeof kind !== 'string') return { enum: [...kind] };
  switch (kind) {
    case 'flag':
      return { type: 'boolean' };
    case 'text':
    case 'path':
      return { type: 'string' };
    case 'texts':
    case 'paths':
      return { type: 'array', items: { type: 'string' } };
    default: {
      const { floor, ceiling } = rangeOf(spec);
      return {
        type: kind === 'count' ? 'integer' : 'number',
        ...(floor === undefined ? {} : { minimum: floor }),
        ...(ceiling === undefined ? {} : { maximum: ceiling }),
      };
    }
  }
}
