import type { TextColumn } from '../columns/text-column.ts';
import type { RuleKernel } from '../kernels/rules/kernel.ts';
import type { Document, Filter, Resources, StepOptions, ValueColumn, WordRule } from './filter.ts';
import { filterNamed } from './filters.ts';
import { createTextWriter } from './text-writer.ts';

/** A filter of a run as it travels to a thread. */
export interface ChainStep {
  /** Name of its definition. */
  readonly use: string;
  readonly options: StepOptions;
  readonly resources: Resources;
  /** Position of the column it reads beside the text, or -1. */
  readonly columnIndex: number;
  /** Reason `i` of the filter is reason `reasonNumbers[i]` (from 1) of the run. */
  readonly reasonNumbers: readonly number[];
}

/** What filters decided about the rows of a batch. */
export interface Outcomes {
  /** One a row: 0 passed, else the number (from 1) of the reason in the run. Rows that were to be skipped have 0. */
  readonly reasons: Uint8Array;
  /** For dropped rows what was measured and what it was compared with; NaN where a reason has no number. */
  readonly statistics: Float64Array;
  readonly thresholds: Float64Array;
  /** For some dropped rows what was found, in words. */
  readonly details: ReadonlyMap<number, string>;
  /** 1 where a row passed with another text. */
  readonly edited: Uint8Array;
  /** One for each of `columns`, one entry a row; NaN (label: -1) where a row did not come that far. */
  readonly values: readonly Float32Array[];
}

/** Filters one after another over the documents of a batch. One for each thread; not reentrant. */
export interface Chain {
  /** Values the filters find, in the order of `Outcomes.values`. */
  readonly columns: readonly (ValueColumn & { readonly labels: readonly string[] })[];
  /**
   * Judges every row that is not to be skipped; the first filter that drops it ends its way.
   * @param columns the columns that steps named, by position; undefined where the chain has none.
   * @param skip rows (not 0) that are dropped already.
   * @returns the text as edited, valid until the next call: that of `text` itself if nothing changed. Rows that are dropped, or were
   * skipped, are empty unless the chain keeps what it drops.
   */
  run(
    text: TextColumn,
    columns: (index: number) => TextColumn,
    skip: Uint8Array | undefined,
  ): { readonly text: TextColumn; readonly outcomes: Outcomes };
}

export interface ChainOptions {
  readonly words: WordRule;
  readonly kernel: RuleKernel;
  /** Whether rows that are dropped keep the text they came with, because somebody wants to see it. */
  readonly keepsDropped: boolean;
}

export async function createChain(steps: readonly ChainStep[], options: ChainOptions): Promise<Chain> {
  const { words, kernel, keepsDropped } = options;
  const filters: Filter[] = [];
  const columns: (ValueColumn & { readonly labels: readonly string[] })[] = [];
  const firstValue: number[] = [];
  for (const { use, options: given, resources } of steps) {
    const definition = filterNamed(use);
    const filter = await definition.create(given, { resources, words, kernel });
    firstValue.push(columns.length);
    filters.push(filter);
    for (const column of definition.columns?.(given) ?? []) {
      columns.push({ ...column, labels: column.kind === 'label' ? (filter.labels ?? []) : [] });
    }
  }
  const document = new OpenDocument(kernel);
  const writer = createTextWriter();

  return {
    columns,
    run(text, columnAt, skip) {
      const { bytes, offsets, rowCount } = text;
      const reasons = new Uint8Array(rowCount);
      const statistics = new Float64Array(rowCount);
      const thresholds = new Float64Array(rowCount);
      const edited = new Uint8Array(rowCount);
      const details = new Map<number, string>();
      const values = columns.map(({ kind }) =>
        new Float32Array(rowCount).fill(kind === 'label' ? -1 : Number.NaN),
      );
      const read = steps.map(({ columnIndex }) => (columnIndex < 0 ? undefined : columnAt(columnIndex)));
      const outcomes = { reasons, statistics, thresholds, details, edited, values };
      if (filters.length === 0) return { text, outcomes };
      writer.begin(text);
      for (let row = 0; row < rowCount; row++) {
        if (skip !== undefined && skip[row] !== 0) {
          if (!keepsDropped) writer.replace(row, bytes, 0, 0);
          continue;
        }
        document.open(bytes, offsets[row]!, offsets[row + 1]!, row);
        for (let step = 0; step < filters.length; step++) {
          const filter = filters[step]!;
          document.beside = read[step];
          const verdict = filter.judge(document);
          const found = filter.values;
          if (found !== undefined) {
            for (let i = 0; i < found.length; i++) values[firstValue[step]! + i]![row] = found[i]!;
          }
          if (verdict === 0) continue;
          const { statistic, threshold, detail } = filter.evidence;
          reasons[row] = steps[step]!.reasonNumbers[verdict - 1]!;
          statistics[row] = statistic;
          thresholds[row] = threshold;
          if (detail !== undefined) details.set(row, detail);
          break;
        }
        if (reasons[row] !== 0) {
          if (!keepsDropped) writer.replace(row, bytes, 0, 0);
        } else if (document.isEdited) {
          edited[row] = 1;
          writer.replace(row, document.bytes, document.start, document.end);
        }
      }
      return { text: writer.end(), outcomes };
    },
  };
}

/** The one document of a chain, moved from row to row. */
class OpenDocument implements Document {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  isEdited = false;
  /** Column that the filter at work named. */
  beside: TextColumn | undefined;
  private row = 0;
  private readonly kernel: RuleKernel;

  constructor(kernel: RuleKernel) {
    this.kernel = kernel;
  }

  open(bytes: Uint8Array, start: number, end: number, row: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.row = row;
    this.isEdited = false;
    this.kernel.forget();
  }

  get column(): string | undefined {
    if (this.beside === undefined) return undefined;
    const { bytes, offsets } = this.beside;
    const value = bytes.subarray(offsets[this.row], offsets[this.row + 1]);
    return value.length === 0 ? undefined : decoder.decode(value);
  }

  replace(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.isEdited = true;
    this.kernel.forget();
  }
}

const decoder = new TextDecoder();

/** Bytes of what the steps have loaded for all threads together. */
export function resourceBytes(steps: readonly ChainStep[]): number {
  const buffers = new Set<SharedArrayBuffer>();
  const visit = (value: unknown): void => {
    if (value instanceof SharedArrayBuffer) buffers.add(value);
    else if (ArrayBuffer.isView(value)) visit(value.buffer);
    else if (value instanceof Map) for (const inner of value.values()) visit(inner);
    else if (typeof value === 'object' && value !== null)
      for (const inner of Object.values(value)) visit(inner);
  };
  for (const { resources } of steps) visit(resources);
  return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
}
