import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { CurationReport } from './concepts/curation.ts';
import { snippet } from './concepts/words.ts';
import { CurationError } from './errors.ts';
import type { Report } from './report.ts';
import { formatBytes } from './units.ts';

/** Larger reports are not read: a hundred thousand concepts with names and examples take less. */
const MOST_BYTES = 2 ** 28;

/**
 * Reads what a curation found, from `report.json` in the directory that it wrote.
 * @throws CurationError `USAGE` where the directory holds no report, or that of a run that looked for no concepts; `BAD_INPUT` where it is damaged.
 */
export async function conceptsOf(directory: string): Promise<CurationReport> {
  const path = join(directory, 'report.json');
  const report = parse(await readBounded(path), path);
  const curation = report?.curation;
  if (curation === undefined) {
    const run = report?.plan === undefined ? '' : ' --plan';
    const verb = typeof report?.verb === 'string' ? `sluice ${report.verb}${run}` : 'something else';
    throw new CurationError(
      'USAGE',
      `${path}: expected the report of sluice curate, found one of ${verb}, which looks for no concepts`,
    );
  }
  if (!isCuration(curation)) {
    throw new CurationError(
      'BAD_INPUT',
      `${path}: expected what sluice curate writes under "curation", found something else`,
    );
  }
  return curation;
}

async function readBounded(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > MOST_BYTES) {
        throw new CurationError(
          'BAD_INPUT',
          `${path}: expected a report of at most ${formatBytes(MOST_BYTES)}, found ${formatBytes(size)}`,
        );
      }
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof CurationError) throw cause;
    throw new CurationError(
      'USAGE',
      `${path}: expected what a finished run of sluice curate wrote, found ${(cause as Error).message}`,
      { cause },
    );
  }
}

function parse(text: string, path: string): Partial<Report> | null {
  try {
    return JSON.parse(text) as Partial<Report> | null;
  } catch (cause) {
    throw new CurationError(
      'BAD_INPUT',
      `${path}: expected JSON, found ${snippet((cause as Error).message, 200)}`,
      {
        cause,
      },
    );
  }
}

const NUMBERS = ['documents', 'keptDocuments', 'tokens', 'writtenTokens', 'complexity', 'epochs'] as const;

/** Whether all is there that lists of concepts show; numbers that are none are null in JSON. */
function isCuration(value: unknown): value is CurationReport {
  if (!isObject(value) || !Array.isArray(value['concepts'])) return false;
  return value['concepts'].every(
    (one: unknown) =>
      isObject(one) &&
      Number.isSafeInteger(one['concept']) &&
      NUMBERS.every((name) => typeof one[name] === 'number' || one[name] === null) &&
      Array.isArray(one['names']) &&
      one['names'].every((name) => typeof name === 'string'),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
