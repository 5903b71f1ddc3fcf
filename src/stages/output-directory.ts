import { readdir, realpath, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CurationError } from '../errors.ts';
import { makeDirectory, writeWhole } from '../flow/atomic-file.ts';
import type { Manifest, Report } from '../report.ts';

/** The directory a run writes to, from claim to manifest. */
export interface OutputDirectory {
  readonly path: string;
  /** Writes `report.html` if there is a page, `report.json`, then `manifest.json`: the last file to appear. */
  complete(report: Report, manifest: Manifest, page?: string): Promise<void>;
  /** After a failure: takes away folders this run made, if nothing finished lies in them. */
  abandon(): Promise<void>;
}

/** Names Sluice gives to its own files; nothing else in a directory is ever removed. */
const OWN_FILE =
  /^(\.?part-\d{5,}\.(arrow|parquet|jsonl(\.gz|\.zst)?)(\.partial)?|\.?(report\.html|(report|manifest)\.json)(\.partial)?)$/;

/** Folders below the output directory in which such files lie. */
const OWN_FOLDERS = ['ledger', 'rejects'] as const;

/**
 * Makes the directory, or takes over one that exists: an empty one always, one with files only with `overwrite`, and then
 * removes what an earlier run left there, its manifest first.
 * @throws CurationError `BAD_OUTPUT` when it holds files, `USAGE` when an input lies in it.
 */
export async function claimDirectory(
  path: string,
  overwrite: boolean,
  inputs: readonly string[],
): Promise<OutputDirectory> {
  const found = await checkDirectory(path, overwrite, inputs);
  const isNew = found === undefined;
  if (isNew) {
    await makeDirectory(resolve(path)).catch((cause: Error) => {
      throw new CurationError('BAD_OUTPUT', `${path}: cannot make the directory: ${cause.message}`, {
        cause,
      });
    });
  } else await removeOwnFiles(path, found);
  return {
    path,
    async complete(report, manifest, page) {
      if (page !== undefined) await writeWhole(join(path, 'report.html'), page);
      await writeWhole(join(path, 'report.json'), `${JSON.stringify(report, undefined, 2)}\n`);
      await writeWhole(join(path, 'manifest.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
    },
    async abandon() {
      // rmdir refuses a folder with anything in it, which is what is wanted.
      for (const folder of OWN_FOLDERS) await rmdir(join(path, folder)).catch(() => {});
      if (isNew) await rmdir(path).catch(() => {});
    },
  };
}

/**
 * Looks whether {@link claimDirectory} would take a directory, and changes nothing.
 * @returns names of what lies in it; undefined if it is yet to be made.
 * @throws CurationError as that does.
 */
export async function checkDirectory(
  path: string,
  overwrite: boolean,
  inputs: readonly string[],
): Promise<readonly string[] | undefined> {
  let names: string[];
  try {
    names = await readdir(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'ENOTDIR') {
      throw new CurationError(
        'BAD_OUTPUT',
        `${path}: expected a directory to write to, found a file; choose another --out`,
      );
    }
    throw new CurationError('BAD_OUTPUT', `${path}: ${message}`, { cause: error });
  }
  if (names.length === 0) return names;
  if (!overwrite) {
    throw new CurationError(
      'BAD_OUTPUT',
      `${path}: holds files already (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', ...' : ''}); choose another --out, or --overwrite to replace what Sluice wrote there`,
    );
  }
  await refuseInputsIn(path, inputs);
  return names;
}

async function refuseInputsIn(directory: string, inputs: readonly string[]): Promise<void> {
  const own = await realpath(directory);
  for (const input of inputs) {
    if (input === '-') continue;
    if (dirname(await realpath(input)) === own) {
      throw new CurationError(
        'USAGE',
        `${input}: lies in the output directory ${directory}; choose another --out`,
      );
    }
  }
}

async function removeOwnFiles(directory: string, names: readonly string[]): Promise<void> {
  await rm(join(directory, 'manifest.json'), { force: true });
  for (const name of names) if (OWN_FILE.test(name)) await rm(join(directory, name), { force: true });
  for (const own of OWN_FOLDERS) {
    const folder = join(directory, own);
    for (const name of await readdir(folder).catch(() => [])) {
      if (OWN_FILE.test(name)) await rm(join(folder, name), { force: true });
    }
  }
}
