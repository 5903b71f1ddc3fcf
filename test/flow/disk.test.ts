import { mkdtemp, readdir, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkDisk } from '../../src/flow/disk.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-disk-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('what fits is not refused, and nothing is written to find out', async () => {
  await expect(checkDisk(folder, 0, '--twins')).resolves.toBeUndefined();
  const { bavail, bsize } = await statfs(folder);
  // Others write to it meanwhile: half of what is free.
  await expect(checkDisk(folder, (bavail * bsize) / 2, '--twins')).resolves.toBeUndefined();
  expect(await readdir(folder)).toEqual([]);
});

test('what does not fit is refused with what is needed, what is free and what is missing', async () => {
  const refused = checkDisk(folder, 2 ** 70, '--mode cluster');
  await expect(refused).rejects.toMatchObject({ code: 'BAD_OUTPUT' });
  await expect(refused).rejects.toThrow(
    /: --mode cluster needs about .+B of disk there, and .+B are free, .+B too little; name a folder on another disk with --work-dir$/,
  );
});

test('of a folder that is still to be made the disk is that of the folder it will lie in', async () => {
  const later = join(folder, 'not', 'yet');
  await expect(checkDisk(later, 2 ** 70, '--twins')).rejects.toThrow(`${later}: --twins needs about`);
  await expect(checkDisk(later, 1, '--twins')).resolves.toBeUndefined();
});

test('a path that cannot be a folder is left to whoever makes it', async () => {
  await expect(checkDisk(`${folder}/\0`, 2 ** 70, '--twins')).resolves.toBeUndefined();
});
