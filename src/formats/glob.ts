import { readdir, stat } from 'node:fs/promises';
import { CurationError } from '../errors.ts';

/** Most patterns that braces may unfold to. */
const maxAlternatives = 1024;

/** Whether a path is a pattern: holds `*`, `?`, `[` or `{` that no backslash takes the meaning of. */
export function isGlob(path: string): boolean {
  return /(^|[^\\])[*?[{]/.test(path);
}

/**
 * Paths that match a pattern, each once, in no particular order: `*` and `?` inside one name, `**` any directories,
 * `[a-z]`, `[!a-z]`, `{a,b}`, `\` before a character that means itself. Names that begin with a dot match only a dot.
 * Written here because Node 20 has `fs.glob` as an experiment only.
 */
export async function glob(pattern: string): Promise<string[]> {
  const found = new Set<string>();
  for (const alternative of expandBraces(pattern)) {
    const isAbsolute = alternative.startsWith('/');
    const names = alternative.split('/').filter((name) => name !== '');
    await walk(isAbsolute ? '/' : '', names, found);
  }
  return [...found];
}

async function walk(base: string, names: readonly string[], found: Set<string>): Promise<void> {
  const [name, ...rest] = names;
  if (name === undefined) {
    if (base !== '') found.add(base);
    return;
  }
  if (name === '**') {
    await walk(base, rest.length === 0 ? ['*'] : rest, found);
    for (const directory of await list(base)) {
      // A link to a directory is not followed under `**`: it may lead back up.
      if (directory.isDirectory() && !directory.name.startsWith('.')) {
        await walk(join(base, directory.name), names, found);
      }
    }
    return;
  }
  if (!isGlob(name)) {
    const path = join(base, name.replaceAll(/\\(.)/g, '$1'));
    if (await exists(path)) await walk(path, rest, found);
    return;
  }
  for (const entry of await list(base)) {
    if (matchName(name, entry.name)) {
      const path = join(base, entry.name);
      if (rest.length === 0 || (await isDirectory(path))) await walk(path, rest, found);
    }
  }
}

async function list(directory: string): Promise<Awaited<ReturnType<typeof listAll>>> {
  try {
    return await listAll(directory);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw new CurationError('BAD_INPUT', `${directory || '.'}: cannot be listed (${code})`, { cause });
  }
}

function listAll(directory: string) {
  return readdir(directory === '' ? '.' : directory, { withFileTypes: true });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

function join(base: string, name: string): string {
  return base === '' || base.endsWith('/') ? base + name : `${base}/${name}`;
}

/**
 * Whether one name matches one part of a pattern. Only the last star is ever tried again, so the time is at most the
 * product of both lengths, whatever the pattern.
 */
export function matchName(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  const tokens = tokenize(pattern);
  const characters = Array.from(name);
  let [token, at, starToken, starAt] = [0, 0, -1, 0];
  while (at < characters.length) {
    const current = tokens[token];
    if (current === '*') {
      starToken = token;
      starAt = at;
      token += 1;
    } else if (typeof current === 'function' && current(characters[at]!)) {
      token += 1;
      at += 1;
    } else if (starToken >= 0) {
      starAt += 1;
      at = starAt;
      token = starToken + 1;
    } else {
      return false;
    }
  }
  while (tokens[token] === '*') token += 1;
  return token === tokens.length;
}

type Token = '*' | ((character: string) => boolean);

function tokenize(pattern: string): Token[] {
  const characters = Array.from(pattern);
  const tokens: Token[] = [];
  for (let i = 0; i < characters.length; i += 1) {
    const character = characters[i]!;
    if (character === '*') tokens.push('*');
    else if (character === '?') tokens.push(() => true);
    else if (character === '[') {
      const end = characters.indexOf(']', i + (characters[i + 1] === '!' ? 3 : 2));
      if (end < 0) tokens.push((other) => other === '[');
      else {
        tokens.push(oneOf(characters.slice(i + 1, end)));
        i = end;
      }
    } else {
      const literal = character === '\\' && i + 1 < characters.length ? characters[++i]! : character;
      tokens.push((other) => other === literal);
    }
  }
  return tokens;
}

function oneOf(set: readonly string[]): Token {
  const isNot = set[0] === '!';
  const ranges: [string, string][] = [];
  for (let i = isNot ? 1 : 0; i < set.length; i += 1) {
    if (set[i + 1] === '-' && i + 2 < set.length) {
      ranges.push([set[i]!, set[i + 2]!]);
      i += 2;
    } else ranges.push([set[i]!, set[i]!]);
  }
  return (character) => ranges.some(([low, high]) => low <= character && character <= high) !== isNot;
}

/** Unfolds `{a,b}`, also nested; braces without a comma mean themselves. */
export function expandBraces(pattern: string): string[] {
  const done: string[] = [];
  const open = [pattern];
  while (open.length > 0) {
    const next = open.pop()!;
    const group = findGroup(next);
    if (group === undefined) done.push(next);
    else {
      const { start, end, parts } = group;
      for (const part of parts.toReversed()) open.push(next.slice(0, start) + part + next.slice(end + 1));
    }
    if (done.length + open.length > maxAlternatives) {
      throw new CurationError(
        'USAGE',
        `${pattern}: its braces unfold to more than ${maxAlternatives} patterns`,
      );
    }
  }
  return done;
}

/** The first brace group that has a comma of its own. */
function findGroup(pattern: string): { start: number; end: number; parts: string[] } | undefined {
  const stack: { start: number; commas: number[] }[] = [];
  let first: { start: number; end: number; parts: string[] } | undefined;
  for (let i = 0; i < pattern.length; i += 1) {
    const character = pattern[i];
    if (character === '\\') i += 1;
    else if (character === '{') stack.push({ start: i, commas: [] });
    else if (character === ',') stack.at(-1)?.commas.push(i);
    else if (character === '}') {
      const group = stack.pop();
      if (group === undefined || group.commas.length === 0) continue;
      if (first !== undefined && first.start < group.start) continue;
      const cuts = [group.start, ...group.commas, i];
      const parts = cuts.slice(1).map((cut, part) => pattern.slice(cuts[part]! + 1, cut));
      first = { start: group.start, end: i, parts };
    }
  }
  return first;
}
