import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CurationError } from '../errors.ts';
import { formatBytes } from '../units.ts';

/**
 * Looks whether a file system has room, before hours of work find out that it has not. What others write meanwhile is not known here.
 * @param folder where the bytes will lie; it need not exist yet.
 * @param bytes an estimate of the most that lies there at one time.
 * @param option what needs them, as the user spells it.
 * @throws CurationError `BAD_OUTPUT`: what is needed, what is free, how much is missing.
 */
export async function checkDisk(folder: string, bytes: number, option: string): Promise<void> {
  const free = await freeBytes(resolve(folder));
  if (free === undefined || bytes <= free) return;
  throw new CurationError(
    'BAD_OUTPUT',
    `${folder}: ${option} needs about ${formatBytes(bytes)} of disk there, and ${formatBytes(free)} are free, ${formatBytes(bytes - free)} too little; name a folder on another disk with --work-dir`,
  );
}

/** Bytes that this user may still write where `folder` is or will be made; undefined where the system does not tell. */
async function freeBytes(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    const parent = dirname(folder);
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT' && parent !== folder;
    // Whatever else is wrong with it, making the folder will say.
    return isMissing ? freeBytes(parent) : undefined;
  }
}
