import { parseArgs } from 'node:util';
import { CurationError } from '../errors.ts';
import { parseBytes } from '../units.ts';

/** How an option's text becomes a value, and what `--help` says of it. A list of words is a choice, `texts` are comma separated. */
export interface OptionSpec {
  readonly kind:
    | 'text'
    | 'texts'
    | 'path'
    | 'paths'
    | 'count'
    | 'number'
    | 'rate'
    | 'bytes'
    | 'flag'
    | readonly string[];
  readonly short?: string;
  /** What stands for the value in `--help`. */
  readonly value?: string;
  readonly help: string;
  /** Whether `off` is a value: it becomes null. */
  readonly canBeOff?: boolean;
  /** Heading in `--help`; those without one come first. */
  readonly section?: string;
}

export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** Option values by name without dashes; absent when not given. */
export type OptionValues = Readonly<
  Record<string, string | number | boolean | readonly string[] | null | undefined>
>;

export interface CommandLine {
  readonly values: OptionValues;
  readonly positionals: readonly string[];
}

/**
 * Reads the words after the verb.
 * @param takesInput whether words without an option are inputs; else they belong to the list option before them, so that
 * `--heldout wiki.jsonl news.jsonl` and what a shell makes of `--baseline dump/*.parquet` are what they seem.
 * @throws CurationError `USAGE` naming the option, what was expected and what was found.
 */
export function parseOptions(
  verb: string,
  table: OptionTable,
  words: readonly string[],
  takesInput = true,
): CommandLine {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, { kind, short }]) => [
      name,
      {
        type: kind === 'flag' ? ('boolean' as const) : ('string' as const),
        // A shell opens `eval/*.jsonl` only after a space: both `--paths a --paths b` and `--paths a,b` are taken.
        ...(isList(kind) ? { multiple: true } : {}),
        ...(short === undefined ? {} : { short }),
      },
    ]),
  );
  let parsed: ReturnType<typeof parseArgs>;
  try {
    const args = joinNegatives(takesInput ? words : joinLists(words, table));
    parsed = parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    const [sentence] = (error as Error).message.split('. ');
    throw new CurationError('USAGE', `${sentence}; see sluice ${verb} --help`, { cause: error });
  }
  const values: Record<string, OptionValues[string]> = {};
  for (const [name, given] of Object.entries(parsed.values)) {
    const spec = table[name]!;
    if (typeof given === 'boolean') values[name] = given;
    else if (Array.isArray(given)) {
      const items = given.flatMap((text) => String(text).split(',')).filter((text) => text !== '');
      values[name] = spec.canBeOff === true && items.length === 1 && items[0] === 'off' ? null : items;
    } else values[name] = valueOf(name, spec, given as string);
  }
  return { values, positionals: parsed.positionals };
}

/** `--threshold -1.5`: parseArgs takes a negative number after an option for another option, unless they are one word. */
function joinNegatives(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (const word of words) {
    const last = joined.at(-1);
    if (last?.startsWith('--') && !last.includes('=') && /^-\.?\d/.test(word))
      joined[joined.length - 1] = `${last}=${word}`;
    else joined.push(word);
  }
  return joined;
}

/** `--heldout a b` as `--heldout a --heldout b`. */
function joinLists(words: readonly string[], table: OptionTable): string[] {
  const joined: string[] = [];
  let list: string | undefined;
  for (const [at, word] of words.entries()) {
    if (word.startsWith('-') && word !== '-') {
      const spec = table[word.replace(/^--/, '')];
      list = spec !== undefined && isList(spec.kind) ? word : undefined;
    } else if (list !== undefined && words[at - 1] !== list) joined.push(list);
    joined.push(word);
  }
  return joined;
}

function isList(kind: OptionSpec['kind']): boolean {
  return kind === 'texts' || kind === 'paths';
}

function valueOf(name: string, { kind, canBeOff }: OptionSpec, text: string): string | number | null {
  if (canBeOff === true && text === 'off') return null;
  if (kind === 'bytes') return parseBytes(text, `--${name}`);
  if (kind === 'count' || kind === 'rate' || kind === 'number') {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isFinite(value)) return value;
    throw new CurationError(
      'USAGE',
      `--${name}: expected a number${canBeOff === true ? ' or off' : ''}, found "${text}"`,
    );
  }
  if (typeof kind !== 'string' && !kind.includes(text)) {
    throw new CurationError('USAGE', `--${name}: expected one of ${kind.join(', ')}, found "${text}"`);
  }
  return text;
}

/** The options of a verb, one a line, aligned, under their headings. */
export function describeOptions(table: OptionTable): string {
  const rows = Object.entries(table).map(([name, spec]) => {
    const { kind, short, help } = spec;
    const argument = kind === 'flag' ? '' : ` ${placeholder(spec)}`;
    const left = `  ${short === undefined ? '    ' : `-${short}, `}--${name}${argument}`;
    return { section: spec.section ?? '', left, help };
  });
  const width = Math.min(36, Math.max(...rows.map(({ left }) => left.length)));
  const sections = [...new Set(rows.map(({ section }) => section))].sort((a, b) => +(a !== '') - +(b !== ''));
  return sections
    .map((section) => {
      const lines = rows
        .filter((row) => row.section === section)
        .map(({ left, help }) =>
          left.length > width ? `${left}\n${' '.repeat(width)}  ${help}` : `${left.padEnd(width)}  ${help}`,
        );
      return (section === '' ? lines : ['', `${section}:`, ...lines]).join('\n');
    })
    .join('\n');
}

function placeholder({ kind, value, canBeOff }: OptionSpec): string {
  const usual =
    typeof kind === 'string'
      ? ({ texts: 'A,B', paths: 'FILES', path: 'FILE', text: 'TEXT', bytes: 'SIZE', rate: 'X' }[
          kind as string
        ] ?? 'N')
      : kind.join('|');
  return `${value ?? usual}${canBeOff === true ? '|off' : ''}`;
}
