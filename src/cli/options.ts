import { parseArgs } from 'node:util';
import { CurationError } from '../errors.ts';
import { parseBytes } from '../units.ts';

/** How an option's text becomes a value, and what `--help` says of it. */
interface OptionSpec {
  readonly kind: 'text' | 'count' | 'rate' | 'bytes' | 'flag' | readonly string[];
  readonly short?: string;
  /** What stands for the value in `--help`. */
  readonly value?: string;
  readonly help: string;
}

export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** Option values by name without dashes; absent when not given. */
export type OptionValues = Readonly<Record<string, string | number | boolean | undefined>>;

export interface CommandLine {
  readonly values: OptionValues;
  readonly positionals: readonly string[];
}

/**
 * Reads the words after the verb.
 * @throws CurationError `USAGE` naming the option, what was expected and what was found.
 */
export function parseOptions(verb: string, table: OptionTable, words: readonly string[]): CommandLine {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, { kind, short }]) => [
      name,
      {
        type: kind === 'flag' ? ('boolean' as const) : ('string' as const),
        ...(short === undefined ? {} : { short }),
      },
    ]),
  );
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
  } catch (error) {
    const [sentence] = (error as Error).message.split('. ');
    throw new CurationError('USAGE', `${sentence}; see sluice ${verb} --help`, { cause: error });
  }
  const values: Record<string, string | number | boolean | undefined> = {};
  for (const [name, given] of Object.entries(parsed.values)) {
    values[name] = typeof given === 'string' ? valueOf(name, table[name]!, given) : (given as boolean);
  }
  return { values, positionals: parsed.positionals };
}

function valueOf(name: string, { kind }: OptionSpec, text: string): string | number {
  if (kind === 'bytes') return parseBytes(text, `--${name}`);
  if (kind === 'count' || kind === 'rate') {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isFinite(value)) return value;
    throw new CurationError('USAGE', `--${name}: expected a number, found "${text}"`);
  }
  if (typeof kind !== 'string' && !kind.includes(text)) {
    throw new CurationError('USAGE', `--${name}: expected one of ${kind.join(', ')}, found "${text}"`);
  }
  return text;
}

/** The options of a verb, one a line, aligned. */
export function describeOptions(table: OptionTable): string {
  const rows = Object.entries(table).map(([name, { kind, short, value, help }]) => {
    const argument = kind === 'flag' ? '' : ` ${value ?? (typeof kind === 'string' ? 'N' : kind.join('|'))}`;
    return [`  ${short === undefined ? '    ' : `-${short}, `}--${name}${argument}`, help] as const;
  });
  const width = Math.min(36, Math.max(...rows.map(([left]) => left.length)));
  return rows
    .map(([left, help]) =>
      left.length > width ? `${left}\n${' '.repeat(width)}  ${help}` : `${left.padEnd(width)}  ${help}`,
    )
    .join('\n');
}
