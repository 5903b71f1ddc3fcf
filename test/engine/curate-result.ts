import { type CurateOptions, type CurationReport, curate, type Report, read } from '../../src/index.ts';

/** A row of the ledger of a curation. */
export interface LedgerRow {
  readonly source: string;
  readonly row: number;
  readonly id: string | null;
  readonly decision: 'kept' | 'dropped';
  readonly reason: string | null;
  readonly statistic: number | null;
  readonly threshold: number | null;
  readonly twin_source: string | null;
  readonly twin_row: number | null;
  readonly concept: number | null;
  readonly copies: number;
}

export type Row = Readonly<Record<string, unknown>>;

export interface Curated {
  readonly report: Report;
  readonly curation: CurationReport;
  /** What was written, in its order. */
  readonly written: readonly Row[];
  readonly ledger: readonly LedgerRow[];
}

/** Rows of files as plain values. */
export async function rowsOf<T>(path: string): Promise<T[]> {
  const rows: T[] = [];
  for await (const batch of read({ input: path, threads: 1 })) {
    for (const row of batch) {
      rows.push(
        JSON.parse(
          JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)),
        ) as T,
      );
    }
  }
  return rows;
}

/** Curates into a folder and reads back what was written there. */
export async function curateTo(output: string, options: Omit<CurateOptions, 'output'>): Promise<Curated> {
  const report = await curate({ threads: 1, ...options, output });
  const curation = report.curation!;
  const written = report.documents.kept === 0 ? [] : await rowsOf<Row>(output);
  return { report, curation, written, ledger: await rowsOf<LedgerRow>(`${output}/ledger`) };
}

export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** How often each value occurs. */
export function counted<T>(values: readonly T[]): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
