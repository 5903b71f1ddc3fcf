import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { OptionSpec, OptionValue, Recipe } from '../src/filters/filter.ts';
import { spellOut } from '../src/pipeline.ts';
import { presets, ruleSets } from '../src/presets.ts';
import { parseRecipe, printRecipe, recipeSchema } from '../src/recipe.ts';
import { flagOf, stepDefinitions, stepNamed } from '../src/steps.ts';

const validate = new Ajv2020({ allowUnionTypes: true }).compile(recipeSchema());

/** Values that an option takes. */
function fitting({ kind, least, most, canBeOff }: OptionSpec): fc.Arbitrary<OptionValue> {
  const value: fc.Arbitrary<OptionValue> =
    typeof kind !== 'string'
      ? fc.constantFrom(...kind)
      : kind === 'flag'
        ? fc.boolean()
        : kind === 'text' || kind === 'path'
          ? fc.string()
          : kind === 'texts' || kind === 'paths'
            ? fc.array(fc.string(), { maxLength: 3 })
            : kind === 'count'
              ? fc.integer({ min: least ?? 0, max: Math.min(most ?? 1e6, 1e6) })
              : fc.double({
                  min: least ?? (kind === 'number' ? -1e6 : 0),
                  max: most ?? (kind === 'rate' ? 1 : 1e6),
                  noNaN: true,
                });
  return canBeOff === true ? fc.oneof(fc.constant(null), value) : value;
}

/** Anything an option might be given by mistake. */
const anything = fc.oneof(
  fc.boolean(),
  fc.string(),
  fc.integer({ min: -2, max: 2 }),
  fc.double({ min: -2, max: 2, noNaN: true }),
  fc.constant(null),
  fc.array(fc.string(), { maxLength: 2 }),
  fc.array(fc.integer(), { minLength: 1, maxLength: 2 }),
  fc.constant({}),
);

const step = fc.constantFrom(...stepDefinitions).chain((definition) => {
  const { name, options } = definition;
  const entries = Object.entries(options).map(([option, spec]) => [option, fitting(spec)] as const);
  return fc
    .record(Object.fromEntries(entries), { requiredKeys: [] })
    .map((given) => ({ use: name, ...given }));
});

test('a recipe that is printed is read back the same, and the schema takes it', () => {
  fc.assert(
    fc.property(
      fc.record({
        version: fc.constant(1 as const),
        words: fc.constantFrom('unicode' as const, 'whitespace' as const),
        steps: fc.array(step, { minLength: 1, maxLength: 4 }),
      }),
      (recipe) => {
        const printed = printRecipe(recipe as Recipe);
        expect(parseRecipe(printed, 'r.yaml')).toEqual(recipe);
        expect(validate(recipe), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

test('what the schema refuses is refused with the line, and what it takes is taken', () => {
  const wrong = step.chain((good) => {
    const names = Object.keys(stepNamed(good.use)!.options);
    return fc.tuple(fc.constantFrom(...names, 'no_such_option'), anything).map(([name, value]) => ({
      ...good,
      [name]: value,
    }));
  });
  fc.assert(
    fc.property(wrong, (one) => {
      const recipe = { version: 1, words: 'unicode', steps: [one] } as unknown as Recipe;
      const text = printRecipe(recipe);
      if (validate(recipe)) expect(parseRecipe(text, 'r.yaml')).toEqual(recipe);
      else expect(() => parseRecipe(text, 'r.yaml')).toThrow(/^r\.yaml:\d+: /);
    }),
    { numRuns: 500 },
  );
});

test('an error names file, line, what was expected and what was found', () => {
  const says = (text: string): string => {
    try {
      parseRecipe(text, 'r.yaml');
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(says('steps:\n  - use: dedup\n    bands: lots\n')).toBe(
    'r.yaml:3: dedup, bands: expected a whole number from 1 to 512, found "lots"',
  );
  expect(says('steps:\n  - use: gopher\n')).toMatch(
    /^r\.yaml:2: no step "gopher"; there are .*gopher-quality/,
  );
  expect(says('steps:\n  - use: dedup\n    band: 3\n')).toMatch(
    /^r\.yaml:3: dedup, band: the step dedup has no such option; it has mode, .*exact_only/,
  );
  expect(says('stages: []\n')).toMatch(/^r\.yaml:1: no key "stages"/);
  expect(says('version: 2\nsteps: [dedup]\n')).toBe('r.yaml:1: version: expected 1, found 2');
  expect(says('steps: []\n')).toMatch(/^r\.yaml:1: steps: expected a list of steps, found \[\]/);
  expect(says('steps: [dedup\n')).toMatch(/^r\.yaml:\d: not YAML: /);
  expect(says('just words')).toMatch(/expected keys such as steps/);
  expect(says('')).toMatch(/expected keys such as steps/);
  expect(says('a: &a [1]\nsteps: [*a]\n')).toMatch(/^r\.yaml: aliases are not taken/);
});

test('a step without options may be its name alone', () => {
  expect(parseRecipe('steps: [dedup]', 'r.yaml').steps).toEqual([{ use: 'dedup' }]);
});

test('presets and rule sets name steps that exist, and spell out to what is read back', () => {
  for (const [name, steps] of Object.entries(presets)) {
    const spelled = spellOut({ version: 1, words: 'unicode', steps });
    expect(parseRecipe(printRecipe(spelled), name)).toEqual(spelled);
    expect(spellOut(spelled)).toEqual(spelled);
  }
  for (const name of ruleSets) expect(stepNamed(name)?.name).toBe(name);
});

test('every option has a name of its own on the command line', () => {
  const flags = stepDefinitions.flatMap(({ options }) =>
    Object.entries(options).map(([name, spec]) => flagOf(name, spec)),
  );
  expect(flags.filter((flag, i) => flags.indexOf(flag) !== i)).toEqual([]);
});

test('defaults are values their option takes, and every reason has one spelling', () => {
  for (const { name, options } of stepDefinitions) {
    const defaults = Object.fromEntries(
      Object.entries(options).flatMap(([option, spec]) =>
        spec.default === undefined ? [] : [[option, spec.default]],
      ),
    );
    expect(
      validate({ steps: [{ use: name, ...defaults }] }),
      `${name} ${JSON.stringify(validate.errors)}`,
    ).toBe(true);
  }
});
