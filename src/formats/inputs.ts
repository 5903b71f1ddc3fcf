import { createReadStream } from 'node:fs';
import { open, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import { CurationError } from '../errors.ts';
import { detectFormat, headBytes, isDataName } from './detect.ts';
import type { FormatName, Source } from './format.ts';
import { glob, isGlob } from './glob.ts';
import { inflate, type Wrapping, wrappingOf } from './inflate.ts';
import { replay } from './replay.ts';

/**
 * Turns what the user named into files, in a stable order: patterns as given; inside one, names by their bytes. A
 * directory gives the data files under it (names with a leading `.` or `_` are left out), or, if Sluice wrote it, exactly
 * the parts its manifest lists. `-` is standard input. A file named twice is an error: its rows would all be duplicates.
 */
export async function resolveInputs(patterns: readonly string[]): Promise<string[]> {
  const paths: string[] = [];
  const seen = new Map<string, string>();
  for (const pattern of patterns) {
    const found = await resolvePattern(pattern);
    if (found.length === 0) {
      throw new CurationError('USAGE', `${pattern}: expected input files, found none`);
    }
    for (const path of found) {
      const real = path === '-' ? '-' : await realpath(path);
      const other = seen.get(real);
      if (other !== undefined) {
        const both = other === path ? `${path} is named twice` : `${path} and ${other} are the same file`;
        throw new CurationError('USAGE', `${both}; every row of it would be a duplicate`);
      }
      seen.set(real, path);
      paths.push(path);
    }
  }
  return paths;
}

async function resolvePattern(pattern: string): Promise<string[]> {
  if (pattern === '-') return ['-'];
  const stats = await stat(pattern).catch(() => undefined);
  if (stats?.isDirectory()) return listDirectory(pattern);
  if (stats !== undefined) return [pattern];
  if (!isGlob(pattern)) return [];
  const found: string[] = [];
  for (const path of await glob(pattern)) {
    const matched = await stat(path).catch(() => undefined);
    // Under `**` each file is found by its own name; directories would only give it again.
    if (matched?.isDirectory() && !pattern.endsWith('**')) found.push(...(await listDirectory(path)));
    else if (matched !== undefined && !matched.isDirectory()) found.push(path);
  }
  return [...new Set(found)].sort(byBytes);
}

async function listDirectory(directory: string): Promise<string[]> {
  const found: string[] = [];
  const visited = new Set<string>();
  const visit = async (path: string): Promise<void> => {
    // Links may lead back up; a directory is entered once, whatever it is called.
    const real = await realpath(path);
    if (visited.has(real)) return;
    visited.add(real);
    const parts = await manifestParts(path);
    if (parts !== undefined) {
      found.push(...parts);
      return;
    }
    for (const name of await readdir(path)) {
      if (name.startsWith('.') || name.startsWith('_')) continue;
      const child = join(path, name);
      const stats = await stat(child).catch(() => undefined);
      if (stats?.isDirectory()) await visit(child);
      else if (isDataName(name)) found.push(child);
    }
  };
  await visit(directory).catch((cause: unknown) => {
    throw cause instanceof CurationError ? cause : cannotRead(directory, cause);
  });
  return found.sort(byBytes);
}

/** The parts a Sluice manifest lists; undefined if the directory has none, or one of somebody else. */
async function manifestParts(directory: string): Promise<string[] | undefined> {
  const path = join(directory, 'manifest.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parts = (manifest as { parts?: unknown } | null)?.parts;
  if (!Array.isArray(parts)) return undefined;
  const names = parts.map((part: unknown) => (part as { path?: unknown } | null)?.path);
  if (!names.every((name) => typeof name === 'string')) return undefined;
  for (const name of names) {
    if (isAbsolute(name) || normalize(name).startsWith('..')) {
      throw new CurationError('BAD_INPUT', `${path}: part "${name}" lies outside of its directory`);
    }
    if ((await stat(join(directory, name)).catch(() => undefined))?.isFile() !== true) {
      throw new CurationError('BAD_INPUT', `${path}: part "${name}" is listed but missing`);
    }
  }
  return names.map((name) => join(directory, name));
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export interface OpenOptions {
  /** What the user says the format is; else it is told from the first bytes and the name. */
  readonly format?: FormatName;
  /** Read for `-`; default is the process's standard input. */
  readonly stdin?: AsyncIterable<Uint8Array>;
}

/** Opens one input with the reader of its format, loaded when first needed. @param path a file, or `-` */
export async function openSource(path: string, options: OpenOptions = {}): Promise<Source> {
  const isPiped = path === '-';
  const peeked = isPiped ? await peek(options.stdin ?? process.stdin) : undefined;
  const head = peeked?.head ?? (await headOf(path));
  const kind = wrappingOf(head);
  const inside =
    kind === 'none' || options.format !== undefined ? head : await insideOf(path, kind, head, isPiped);
  const { format } = detectFormat(path, inside, options.format);
  switch (format) {
    case 'parquet': {
      if (isPiped) {
        throw new CurationError(
          'USAGE',
          'standard input: Parquet cannot be read from a pipe, its index is at the end; give the file by its name',
        );
      }
      refuseWrapped(path, kind, 'Parquet');
      const { openParquet } = await import('./parquet/source.ts');
      return openParquet(path);
    }
    case 'arrow': {
      const { openArrow } = await import('./arrow/source.ts');
      if (kind === 'none') return openArrow(path, peeked?.input);
      return openArrow(path, inflate(peeked?.input ?? createReadStream(path), kind, path));
    }
    case 'jsonl': {
      const { openJsonLines } = await import('./jsonl/source.ts');
      return openJsonLines(path, peeked?.input, kind);
    }
    case 'json': {
      const { openJsonArray } = await import('./json/source.ts');
      return openJsonArray(path, peeked?.input, kind);
    }
  }
}

function refuseWrapped(path: string, kind: Wrapping, format: string): void {
  if (kind === 'none') return;
  throw new CurationError('UNSUPPORTED', `${path}: is ${format} inside ${kind}; decompress the file first`);
}

async function headOf(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path, 'r');
    try {
      const head = Buffer.alloc(headBytes);
      let filled = 0;
      for (;;) {
        const { bytesRead } = await file.read(head, filled, headBytes - filled, filled);
        filled += bytesRead;
        if (bytesRead === 0 || filled === headBytes) return head.subarray(0, filled);
      }
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw cannotRead(path, cause);
  }
}

function cannotRead(path: string, cause: unknown): CurationError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const plain: Record<string, string> = {
    ENOENT: 'no such file',
    EACCES: 'no permission to read it',
    EPERM: 'no permission to read it',
    EISDIR: 'expected a file, found a directory',
    ENOTDIR: 'no such file: a part of the path is not a directory',
    EMFILE: 'too many files are open',
  };
  return new CurationError('BAD_INPUT', `${path}: ${plain[code ?? ''] ?? message}`, { cause });
}

/** The first unwrapped bytes: of a file read from its start, of a pipe from the bytes already here. */
async function insideOf(
  path: string,
  kind: Wrapping,
  head: Uint8Array,
  isPiped: boolean,
): Promise<Uint8Array> {
  const input = isPiped ? once(head) : createReadStream(path);
  const chunks: Uint8Array[] = [];
  let byteLength = 0;
  try {
    for await (const chunk of inflate(input, kind, path)) {
      chunks.push(chunk);
      byteLength += chunk.byteLength;
      if (byteLength >= headBytes) break;
    }
  } catch (error) {
    // The head of a pipe ends in the middle; what came out before is what there is to see.
    if (!isPiped || byteLength === 0) throw error;
  }
  return Buffer.concat(chunks);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The first bytes of a stream, and the stream again with nothing missing. */
async function peek(
  stream: AsyncIterable<Uint8Array>,
): Promise<{ head: Uint8Array; input: AsyncIterable<Uint8Array> }> {
  const iterator = stream[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let head: Uint8Array = Buffer.alloc(0);
  while (!isTelling(head)) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    chunks.push(value);
    head = Buffer.concat([head, value]);
  }
  return { head, input: replay(chunks, iterator) };
}

/** Whether more bytes could not change the answer: magic is complete, and of text there is a whole line. */
function isTelling(head: Uint8Array): boolean {
  if (head.byteLength >= headBytes) return true;
  const isText =
    head.byteLength > 0 && wrappingOf(head) === 'none' && /[\s{[\xef]/.test(String.fromCharCode(head[0]!));
  if (!isText) return head.byteLength >= 4096 || (head.byteLength >= 8 && wrappingOf(head) === 'none');
  const first = Buffer.from(head)
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart();
  return first.startsWith('[') || first.includes('\n');
}
