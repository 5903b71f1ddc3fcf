import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { CurationError } from '../errors.ts';

/** One row of an evaluation set. */
export interface Question {
  /** Value of its field `task`, else the file's name without its extensions. */
  readonly name: string;
  /** Its texts, in the order of the fields. */
  readonly texts: readonly string[];
}

/** Evaluation sets are small; what is larger is a mistake or a bomb. */
const MAX_BYTES = 512 * 2 ** 20;
/** Levels of objects and arrays within a row that are looked into. */
const MAX_DEPTH = 32;
const MAX_NAME = 200;
const NAMES = /\.(jsonl|ndjson|json|txt)(\.gz)?$/i;

/**
 * Reads evaluation sets, file after file in the order given; those of a pattern by name.
 * @param paths files; `*` and `?` in the last part of a path stand for any characters and one.
 * @param fields whose texts to take of each row, in this order; undefined: all texts.
 * @throws CurationError `USAGE` for a path that names nothing, `BAD_INPUT` for what cannot be read as its name says.
 */
export async function* readQuestions(
  paths: readonly string[],
  fields: readonly string[] | undefined,
): AsyncGenerator<{ readonly path: string; readonly questions: readonly Question[] }> {
  for (const pattern of paths) {
    for (const path of await filesOf(pattern)) {
      const text = await readText(path);
      const name = basename(path).replace(NAMES, '').slice(0, MAX_NAME);
      yield { path, questions: questionsOf(path, text, name, fields) };
    }
  }
}

async function filesOf(pattern: string): Promise<readonly string[]> {
  const name = basename(pattern);
  if (!/[*?]/.test(name)) return [pattern];
  const folder = dirname(pattern);
  const found = (await readdir(folder).catch(() => [])).filter((each) => isMatch(each, name)).sort();
  if (found.length === 0) {
    throw new CurationError('USAGE', `decontaminate: expected files like ${pattern}, found none`);
  }
  return found.map((each) => join(folder, each));
}

/** Whether a name is like a pattern; in time of their product, as a regular expression of many stars would not be. */
function isMatch(name: string, pattern: string): boolean {
  let matches = Array.from({ length: name.length + 1 }, (_, i) => i === 0);
  for (const sign of pattern) {
    const next = Array.from(matches, () => false);
    // matches and next have an entry for each prefix of the name.
    for (let i = 0; i <= name.length; i++) {
      if (sign === '*') next[i] = matches[i]! || (i > 0 && next[i - 1]!);
      else next[i] = i > 0 && matches[i - 1]! && (sign === '?' || sign === name[i - 1]);
    }
    matches = next;
  }
  return matches[name.length]!;
}

async function readText(path: string): Promise<string> {
  if (!NAMES.test(path)) {
    throw new CurationError(
      'USAGE',
      `decontaminate: ${path}: expected a file named .jsonl, .ndjson, .json or .txt, or one of these with .gz, found another name; ` +
        'other formats can be turned into JSON lines with "sluice convert"',
    );
  }
  const refuse = (found: string, cause?: unknown): never => {
    throw new CurationError(
      'BAD_INPUT',
      `decontaminate: ${path}: expected an evaluation set of at most ${MAX_BYTES / 2 ** 20} MiB, found ${found}`,
      { cause },
    );
  };
  const { size } = await stat(path).catch((cause: Error) => refuse(cause.message, cause));
  if (size > MAX_BYTES) refuse(`${size} bytes`);
  let bytes = await readFile(path).catch((cause: Error) => refuse(cause.message, cause));
  // By content, as many tools name a plain file .gz and the other way round.
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    bytes = await promisify(gunzip)(bytes, { maxOutputLength: MAX_BYTES }).catch((cause: Error) =>
      refuse(`gzip that does not unpack (${cause.message})`, cause),
    );
  }
  return new TextDecoder().decode(bytes);
}

function questionsOf(
  path: string,
  text: string,
  name: string,
  fields: readonly string[] | undefined,
): Question[] {
  const questions: Question[] = [];
  const missing = new Set(fields);
  let sample: unknown;
  const add = (value: unknown, where: string): void => {
    sample ??= value;
    const record = isRecord(value) ? value : undefined;
    const task = record?.['task'];
    const texts: string[] = [];
    if (fields === undefined) collect(value, texts, `${path}: ${where}`, 0);
    else {
      for (const field of fields) {
        if (record === undefined || !Object.hasOwn(record, field)) continue;
        missing.delete(field);
        collect(record[field], texts, `${path}: ${where}`, 0);
      }
    }
    questions.push({
      name: typeof task === 'string' && task !== '' ? task.slice(0, MAX_NAME) : name,
      texts,
    });
  };

  if (/\.txt(\.gz)?$/i.test(path)) {
    for (const line of text.split(/\r?\n/)) if (line.trim() !== '') questions.push({ name, texts: [line] });
    return questions;
  }
  const whole = /\.json(\.gz)?$/i.test(path) ? parsed(text) : undefined;
  if (whole !== undefined) {
    const rows: readonly unknown[] = Array.isArray(whole) ? whole : [whole];
    rows.forEach((row, i) => add(row, `row ${i}`));
  } else {
    let number = 0;
    for (const line of text.split('\n')) {
      number++;
      if (line.trim() === '') continue;
      const row = parsed(line);
      if (row === undefined) {
        throw new CurationError(
          'BAD_INPUT',
          `decontaminate: ${path}: line ${number}: expected JSON, found ${JSON.stringify(line.slice(0, 40))}`,
        );
      }
      add(row, `line ${number}`);
    }
  }
  if (missing.size > 0) {
    const found = isRecord(sample) ? Object.keys(sample).slice(0, 20).join(', ') : typeof sample;
    throw new CurationError(
      'BAD_INPUT',
      `decontaminate: ${path}: expected a field "${[...missing].join('", "')}", found ${found}; name others with "fields"`,
    );
  }
  return questions;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** All texts in a value, in order. */
function collect(value: unknown, into: string[], where: string, depth: number): void {
  if (typeof value === 'string') into.push(value);
  if (typeof value !== 'object' || value === null) return;
  if (depth === MAX_DEPTH) {
    throw new CurationError(
      'BAD_INPUT',
      `decontaminate: ${where}: expected at most ${MAX_DEPTH} levels, found more`,
    );
  }
  for (const each of Object.values(value)) collect(each, into, where, depth + 1);
}
