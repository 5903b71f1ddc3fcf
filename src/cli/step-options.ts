import type { OptionValue, StepDefinition, OptionSpec as StepOptionSpec } from '../filters/filter.ts';
import { flagOf } from '../steps.ts';
import type { OptionSpec, OptionTable, OptionValues } from './options.ts';

/** The options of a step as the command line takes them, under a heading if there is one. */
export function stepTable({ options }: StepDefinition, section?: string): OptionTable {
  return Object.fromEntries(
    Object.entries(options).map(([name, spec]) => [flagOf(name, spec), optionOf(spec, section)]),
  );
}

function optionOf(
  { kind, value, help, canBeOff, default: usual }: StepOptionSpec,
  section?: string,
): OptionSpec {
  // A flag that is on by itself needs a word to be switched off.
  const isSwitch = kind === 'flag' && usual === true;
  return {
    kind: isSwitch ? SWITCH : kind,
    help: usual === undefined || usual === false ? help : `${help}; default ${shown(usual)}`,
    ...(value === undefined ? {} : { value }),
    ...(canBeOff === undefined ? {} : { canBeOff }),
    ...(section === undefined ? {} : { section }),
  };
}

const SWITCH = ['on', 'off'] as const;

function shown(value: OptionValue): string {
  if (value === null) return 'off';
  if (value === true) return 'on';
  return (Array.isArray(value) ? value.join(',') : String(value)) || 'none';
}

/** What of a step's options was given on the command line. */
export function stepOptions({ options }: StepDefinition, values: OptionValues): Record<string, OptionValue> {
  const given: Record<string, OptionValue> = {};
  for (const [name, spec] of Object.entries(options)) {
    const value = values[flagOf(name, spec)];
    if (value === undefined) continue;
    given[name] = spec.kind === 'flag' && typeof value === 'string' ? value === 'on' : value;
  }
  return given;
}
