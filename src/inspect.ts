import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Batch } from './columns/batch.ts';
import type { ReadOptions } from './config.ts';
import { CurationError } from './errors.ts';
import { read } from './read.ts';
import type { Manifest, Report } from './report.ts';

export interface InspectOptions {
  /** What a run wrote: a directory with a manifest. */
  readonly directory: string;
  /** Only this reason. */
  readonly reason?: string;
  /** Documents shown for each reason; default 2. */
  readonly examples?: number;
  readonly signal?: AbortSignal;
}

/** A dropped document, as its ledger has it. */
export interface Example {
  readonly source: string;
  readonly row: number;
  readonly id: string | undefined;
  readonly statistic: number | undefined;
  readonly threshold: number | undefined;
  readonly detail: string | undefined;
  readonly twin: { readonly source: string; readonly row: number } | undefined;
  /** Undefined where neither `rejects/` nor the source has it any more. */
  readonly text: string | undefined;
}

/** Everything that was dropped for one reason. */
export interface InspectedReason {
  readonly reason: string;
  readonly documents: number;
  /** How the statistic is spread: counts in equal steps from the smallest to the largest value; undefined for a reason without numbers. */
  readonly spread:
    | { readonly least: number; readonly most: number; readonly counts: readonly number[] }
    | undefined;
  readonly examples: readonly Example[];
}

export interface Inspection {
  readonly report: Report;
  /** Most frequent first. */
  readonly reasons: readonly InspectedReason[];
}

const STEPS = 32;

/**
 * Reads the ledger of a run: how many documents each reason dropped, how far they were from the threshold, and a few of them with
 * their text. Examples are spread evenly over what was dropped where `rejects/` has the text; else they are the first ones,
 * whose text is read from the sources.
 * @throws CurationError `USAGE` when the directory holds no finished run.
 */
export async function inspect(options: InspectOptions): Promise<Inspection> {
  const { directory } = options;
  const manifest = (await readJson(join(directory, 'manifest.json'))) as Manifest;
  const report = (await readJson(join(directory, 'report.json'))) as Report;
  const names = Object.entries(report.documents.dropped)
    .filter(([name, count]) => count > 0 && (options.reason === undefined || name === options.reason))
    .toSorted(([, a], [, b]) => b - a);
  if (options.reason !== undefined && names.length === 0) {
    const known = Object.keys(report.documents.dropped).join(', ');
    throw new CurationError(
      'USAGE',
      `--reason ${options.reason}: nothing was dropped for it; reasons of this run are ${known}`,
    );
  }
  if (manifest.ledger.length === 0) return { report, reasons: [] };
  const rejects = manifest.rejects ?? [];
  const wanted = Math.max(0, options.examples ?? 2);
  const collectors = new Map(
    names.map(([name, count]) => {
      const every = rejects.length > 0 ? Math.max(1, Math.floor(count / Math.max(1, wanted))) : 1;
      return [name, new Collector(wanted, every)] as const;
    }),
  );
  let dropped = 0;
  for await (const batch of read(
    readOptions(
      manifest.ledger.map(({ path }) => join(directory, path)),
      options,
    ),
  )) {
    const columns = ledgerColumns(batch);
    for (let row = 0; row < batch.numRows; row++) {
      const reason = columns.reason(row);
      if (reason === undefined) continue;
      // Damaged rows have no text to keep.
      const position = reason === 'unreadable' ? -1 : dropped++;
      collectors.get(reason)?.add(columns.statistic(row), () => ({ found: columns.example(row), position }));
    }
  }
  const chosen = [...collectors.values()].flatMap(({ examples }) => examples);
  const texts =
    rejects.length > 0
      ? await textsAt(
          rejects.map(({ path }) => join(directory, path)),
          chosen.map(({ position }) => position),
          report,
          options,
        )
      : await textsFromSources(chosen, report, options);
  let next = 0;
  return {
    report,
    reasons: names.map(([reason, documents]) => {
      const collector = collectors.get(reason)!;
      const examples = collector.examples.map(({ found }) => ({ ...found, text: texts[next++] }));
      return { reason, documents, spread: collector.spread(), examples };
    }),
  };
}

/** An example whose text is still to be read. */
interface Found {
  readonly found: Omit<Example, 'text'>;
  /** Among all that was dropped, or -1 for a damaged row. */
  readonly position: number;
}

/** Keeps every so many-th example, and the statistics in a histogram that widens as they come. */
class Collector {
  readonly examples: Found[] = [];
  private seen = 0;
  private readonly values: number[] = [];
  private stride = 1;
  private readonly wanted: number;
  private readonly every: number;

  constructor(wanted: number, every: number) {
    this.wanted = wanted;
    this.every = every;
  }

  add(statistic: number | undefined, example: () => Found): void {
    if (this.examples.length < this.wanted && this.seen % this.every === 0) this.examples.push(example());
    // At most 65,536 values: then every second one is let go, and only every second one is taken.
    if (statistic !== undefined && this.seen % this.stride === 0) {
      this.values.push(statistic);
      if (this.values.length === 65_536) {
        for (let i = 0; i < 32_768; i++) this.values[i] = this.values[2 * i]!;
        this.values.length = 32_768;
        this.stride *= 2;
      }
    }
    this.seen++;
  }

  spread(): InspectedReason['spread'] {
    const values = this.values.filter(Number.isFinite);
    if (values.length === 0) return undefined;
    let least = values[0]!;
    let most = values[0]!;
    for (const value of values) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    const counts = Array.from({ length: STEPS }, () => 0);
    for (const value of values) {
      const step = most === least ? 0 : Math.floor(((value - least) / (most - least)) * STEPS);
      counts[Math.min(STEPS - 1, step)]!++;
    }
    return { least, most, counts };
  }
}

interface LedgerColumns {
  reason(row: number): string | undefined;
  statistic(row: number): number | undefined;
  example(row: number): Omit<Example, 'text'>;
}

function ledgerColumns(batch: Batch): LedgerColumns {
  const column = (name: string): ((row: number) => unknown) => {
    const vector = batch.getChild(name);
    return (row) => vector?.get(row) ?? undefined;
  };
  const text = (name: string) => column(name) as (row: number) => string | undefined;
  const number = (name: string) => column(name) as (row: number) => number | undefined;
  const [source, reason, id, detail, twinSource] = ['source', 'reason', 'id', 'detail', 'twin_source'].map(
    text,
  );
  const [statistic, threshold] = ['statistic', 'threshold'].map(number);
  const [at, twinRow] = ['row', 'twin_row'].map(column);
  return {
    reason: reason!,
    statistic: statistic!,
    example(row) {
      const twin = twinSource!(row);
      return {
        source: source!(row)!,
        row: Number(at!(row)),
        id: id!(row),
        statistic: statistic!(row),
        threshold: threshold!(row),
        detail: detail!(row),
        twin: twin === undefined ? undefined : { source: twin, row: Number(twinRow!(row)) },
      };
    },
  };
}

/** Texts at these positions (any order) of the files as one sequence. */
async function textsAt(
  paths: readonly string[],
  positions: readonly number[],
  report: Report,
  options: InspectOptions,
): Promise<(string | undefined)[]> {
  const texts: (string | undefined)[] = positions.map(() => undefined);
  const order = [...positions.keys()]
    .filter((i) => positions[i]! >= 0)
    .sort((a, b) => positions[a]! - positions[b]!);
  let first = 0;
  for await (const batch of read(readOptions(paths, options))) {
    const text = batch.getChild(report.textColumn ?? 'text');
    while (order.length > 0 && positions[order[0]!]! < first + batch.numRows) {
      const i = order.shift()!;
      texts[i] = asText(text?.get(positions[i]! - first));
    }
    if (order.length === 0) break;
    first += batch.numRows;
  }
  return texts;
}

async function textsFromSources(
  chosen: readonly Found[],
  report: Report,
  options: InspectOptions,
): Promise<(string | undefined)[]> {
  const texts: (string | undefined)[] = chosen.map(() => undefined);
  for (const source of new Set(chosen.map(({ found }) => found.source))) {
    const own = [...chosen.keys()].filter((i) => chosen[i]!.found.source === source);
    // Rows are counted with the damaged ones, which reading leaves out; and a source may be gone or a stream.
    if (source === '-' || report.unreadable.length > 0) continue;
    const found = await textsAt(
      [source],
      own.map((i) => chosen[i]!.found.row),
      report,
      options,
    ).catch((error: unknown) => {
      if (error instanceof CurationError) return [];
      throw error;
    });
    own.forEach((i, k) => {
      texts[i] = found[k];
    });
  }
  return texts;
}

function asText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : undefined;
}

function readOptions(input: readonly string[], { signal }: InspectOptions): ReadOptions {
  return { input, threads: 1, ...(signal === undefined ? {} : { signal }) };
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (cause) {
    throw new CurationError(
      'USAGE',
      `${path}: expected what a finished run of sluice wrote, found ${(cause as Error).message}`,
      { cause },
    );
  }
}
