import { mkdir, mkdtemp, open, rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CurationError } from '../errors.ts';

/** Writes a small file so that it appears complete or not at all. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const hiddenPath = hiddenPathOf(path);
  const file = await open(hiddenPath, 'w').catch(explainWriteError(hiddenPath));
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(hiddenPath, path).catch(explainWriteError(path));
  await syncDirectory(dirname(path));
}

/** Makes a rename durable. Some systems cannot sync a directory; there the rename is as durable as they make it. */
export async function syncDirectory(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  if (handle === undefined) return;
  await handle.sync().catch(() => {});
  await handle.close();
}

/**
 * Makes a directory and those above it. Not by the `recursive` of `mkdir`, which never returns where a directory exists
 * but nothing can be made in it (`/proc`).
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    await mkdir(path);
  }
}

/**
 * A folder of its own for what lies on disk meanwhile, in `directory`, which is made if it is not there. The caller removes it.
 * @param name what its name begins with.
 */
export async function makeWorkFolder(directory: string, name: string): Promise<string> {
  await makeDirectory(directory).catch(explainWriteError(directory));
  return mkdtemp(join(directory, `${name}-`)).catch(explainWriteError(directory));
}

/** Where a file is written until it is complete; hidden, so that no reader takes it for data. */
export function hiddenPathOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.partial`);
}

/** For `.catch`: turns a failed write into a plain sentence. */
export function explainWriteError(path: string): (error: unknown) => never {
  return (error) => {
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Readonly<Record<string, string>> = {
      ENOSPC: 'no space is left on the disk',
      EACCES: 'no permission to write there',
      EROFS: 'the file system is read-only',
      ENOTDIR: 'a part of the path is a file, not a directory',
    };
    throw new CurationError('BAD_OUTPUT', `${path}: ${reasons[code ?? ''] ?? message}`, { cause: error });
  };
}
