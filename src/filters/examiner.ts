import { type Data, Float32, makeData, type Schema } from 'apache-arrow';
import { type Batch, makeBatch } from '../columns/batch.ts';
import type { Allocate } from '../columns/memory.ts';
import { replaceText } from '../columns/replace-text.ts';
import { textColumn } from '../columns/text.ts';
import type { TextColumn } from '../columns/text-column.ts';
import { wordColumn } from '../columns/word-column.ts';
import type { Units } from '../kernels/line-units.ts';
import { createRuleKernel } from '../kernels/rules/kernel.ts';
import { type Chain, type ChainStep, createChain, type Outcomes } from './chain.ts';
import type { StepOptions, WordRule } from './filter.ts';
import { createUnitCutter } from './repeated-lines.ts';

/** What a thread is to do with the text of every batch. */
export interface Examination {
  readonly words: WordRule;
  /** Filters whose text and verdicts come before the hashing, and those after it. All of them are before where nothing is hashed. */
  readonly before: readonly ChainStep[];
  readonly after: readonly ChainStep[];
  /** Whether dropped rows keep the text they came with, for `--keep-rejects`. */
  readonly keepsDropped: boolean;
  /** Options of the count of repeated lines, which comes last. */
  readonly repeatedLines: StepOptions | undefined;
  /** Whether values that filters find are appended to the batch as columns. */
  readonly writesValues: boolean;
}

/** A batch after the filters. Text is valid until the next one. */
interface Examined {
  /** With edited text, and with columns of values if they are to be written. */
  readonly batch: Batch;
  /** The text as it is to be hashed: after the filters before, with nothing in the rows they dropped. */
  readonly hashed: TextColumn;
  /** The text in `batch`. */
  readonly text: TextColumn;
  /** Of the filters before, then of those after. */
  readonly outcomes: readonly [Outcomes, Outcomes];
  /** Lines or sentences of the rows that passed, if repeated ones are counted. */
  cutUnits(allocate: Allocate): Units | undefined;
}

/** Judges whole batches in a thread; not reentrant. */
export interface Examiner {
  /** @param original the text of the batch, as `textColumn` found it in column `textIndex`. */
  examine(batch: Batch, textIndex: number, original: TextColumn): Examined;
}

/** @param schema of the batches that come out; undefined where no values are written. */
export async function createExaminer(
  examination: Examination,
  schema: Schema | undefined,
): Promise<Examiner> {
  const { words, keepsDropped, writesValues } = examination;
  const kernel = await createRuleKernel(words);
  const options = { words, kernel, keepsDropped };
  const before = await createChain(examination.before, options);
  const after = await createChain(examination.after, options);
  const cutter = examination.repeatedLines && createUnitCutter(examination.repeatedLines);

  return {
    examine(batch, textIndex, original) {
      const columns = (index: number): TextColumn => textColumn(batch, index);
      const first = before.run(original, columns, undefined);
      const second = after.run(first.text, columns, first.outcomes.reasons);
      const outcomes = [first.outcomes, second.outcomes] as const;
      const edited = second.text === original ? batch : replaceText(batch, textIndex, second.text);
      const values = writesValues
        ? [...valueColumns(before, first.outcomes), ...valueColumns(after, second.outcomes)]
        : [];
      return {
        batch:
          values.length === 0
            ? edited
            : makeBatch(schema!, batch.numRows, [...edited.data.children, ...values]),
        hashed: first.text,
        text: second.text,
        outcomes,
        cutUnits: (allocate) => cutter?.cut(second.text, droppedBy(outcomes), allocate),
      };
    },
  };
}

/** 1 for each row that one of them dropped. */
function droppedBy([first, second]: Examined['outcomes']): Uint8Array {
  return first.reasons.map((reason, row) => (reason === 0 && second.reasons[row] === 0 ? 0 : 1));
}

function valueColumns({ columns }: Chain, { values }: Outcomes): Data[] {
  return columns.map(({ kind, labels }, i) =>
    kind === 'score' ? scoreData(values[i]!) : labelData(values[i]!, labels),
  );
}

/** NaN, where a document did not come that far, is null. */
function scoreData(values: Float32Array): Data {
  const validity = new Uint8Array((values.length + 7) >>> 3);
  let nullCount = 0;
  for (let row = 0; row < values.length; row++) {
    if (Number.isNaN(values[row]!)) nullCount++;
    else validity[row >> 3]! |= 1 << (row & 7);
  }
  return makeData({
    type: new Float32(),
    length: values.length,
    nullCount,
    nullBitmap: validity,
    data: values,
  });
}

/** A label is a position in the list; -1, where there is none, is null. */
function labelData(values: Float32Array, labels: readonly string[]): Data {
  const words = labels.map((label) => Buffer.from(label));
  return wordColumn(
    values.map((label) => label + 1),
    values.length,
    words,
  );
}
