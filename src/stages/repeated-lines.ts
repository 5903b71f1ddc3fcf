import {
  CountingBloom,
  type CountingBloomPlan,
  overcountRate,
  planCountingBloom,
} from '../kernels/bloom/counting.ts';
import { DEFAULT_MOST, type Units } from '../kernels/line-units.ts';
import type { RepeatedLinesReport } from '../report.ts';
import type { Cuts } from '../verdicts.ts';

/** What was decided about a batch. */
interface RepeatedLinesVerdicts {
  /** One a row: 0 passes, perhaps with cuts; `i` is reason `i - 1` of the step. */
  readonly verdicts: Uint8Array;
  /** For a dropped row the words or sentences that were left, and how many it should have had; NaN where it is empty. */
  readonly statistics: Float64Array;
  readonly thresholds: Float64Array;
  readonly cuts: Cuts;
}

/** Verdicts: nothing but white space is left, or came; fewer words, or sentences, are left than allowed. */
export const REPEATED_EMPTY = 1;
export const REPEATED_TOO_FEW_WORDS = 2;
export const REPEATED_TOO_FEW_SENTENCES = 3;

/** Options of the step by name, as in filters/repeated-lines.ts. */
export type RepeatedLinesOptions = Readonly<Record<string, unknown>>;

/** Counts units over a whole stream and removes what was seen too often. In document order, on one thread. */
export interface RepeatedLines {
  /** Bytes held, all of them from the start. */
  readonly byteLength: number;
  /**
   * Decides about the next documents, one after the other and unit by unit, so batch borders cannot show. Each unit with a hash is counted,
   * whether it stays or not and whatever becomes of its document; one that was counted `most` times before is removed: of lines itself, of
   * sentences itself and the two behind. A text that lost something loses the white space at its front as well, and is dropped if too
   * little is left; one that lost nothing passes, unless it is empty.
   * @param units read, not kept.
   * @param skip rows with a value other than 0 are neither counted nor judged.
   */
  judge(units: Units, skip?: Uint8Array): RepeatedLinesVerdicts;
  report(): RepeatedLinesReport;
}

/** Bytes that {@link createRepeatedLines} will take, without taking them. */
export function repeatedLinesByteLength(options: RepeatedLinesOptions): number {
  return planOf(options).byteLength;
}

/**
 * A counter that has seen nothing.
 * @throws CurationError `MEMORY` if the system does not give what the expected units need.
 */
export function createRepeatedLines(options: RepeatedLinesOptions): RepeatedLines {
  return new OrderedLines(options);
}

function planOf(options: RepeatedLinesOptions): CountingBloomPlan {
  const unit = options['unit'] as 'lines' | 'sentences';
  const most = (options['most'] as number | null | undefined) ?? DEFAULT_MOST[unit];
  return planCountingBloom(most, options['expected_units'] as number, options['false_positive'] as number);
}

/** Units whose counters are asked for together; as many lines of the cache as stay in its first level. */
const TOUCHED = 64;

class OrderedLines implements RepeatedLines {
  private readonly counters: CountingBloom;
  /** Units that go with the first. */
  private readonly reach: number;
  private readonly minWords: number;
  private readonly minSentences: number;
  private counted = 0;
  private removed = 0;

  constructor(options: RepeatedLinesOptions) {
    this.counters = new CountingBloom(planOf(options));
    this.reach = options['unit'] === 'sentences' ? 3 : 1;
    this.minWords = (options['min_words'] as number | null) ?? 0;
    this.minSentences = (options['min_sentences'] as number | null) ?? 0;
  }

  get byteLength(): number {
    return this.counters.byteLength;
  }

  judge(units: Units, skip?: Uint8Array): RepeatedLinesVerdicts {
    const { counts } = units;
    const rowCount = counts.length;
    const verdicts = new Uint8Array(rowCount);
    const statistics = new Float64Array(rowCount).fill(Number.NaN);
    const thresholds = new Float64Array(rowCount).fill(Number.NaN);
    const cuts = new CutList();
    const isRemoved = this.count(units, skip);
    for (let row = 0, first = 0; row < rowCount; row++) {
      const end = first + counts[row]!;
      if (skip === undefined || skip[row] === 0) {
        const found = this.judgeRow(units, isRemoved, first, end, row, cuts);
        verdicts[row] = found;
        if (found === REPEATED_TOO_FEW_WORDS) {
          statistics[row] = this.wordsLeft;
          thresholds[row] = this.minWords;
        } else if (found === REPEATED_TOO_FEW_SENTENCES) {
          statistics[row] = this.sentencesLeft;
          thresholds[row] = this.minSentences;
        }
      }
      first = end;
    }
    return { verdicts, statistics, thresholds, cuts: cuts.finish() };
  }

  /** Counts all units and marks those to remove. */
  private count(units: Units, skip: Uint8Array | undefined): Uint8Array {
    const { counts, hashes, byteLengths } = units;
    const { counters, reach } = this;
    const { limit } = counters.plan;
    const isRemoved = new Uint8Array(byteLengths.length + reach);
    let touched = 0;
    let counted = 0;
    for (let row = 0, unit = 0; row < counts.length; row++) {
      const end = unit + counts[row]!;
      if (skip !== undefined && skip[row] !== 0) {
        unit = end;
        continue;
      }
      // hashes has two entries for each unit.
      for (; unit < end; unit++) {
        if (unit >= touched) {
          touched = Math.min(unit + TOUCHED, byteLengths.length);
          counters.touch(hashes, unit, touched);
        }
        const low = hashes[2 * unit]!;
        const high = hashes[2 * unit + 1]!;
        if (low === 0 && high === 0) continue;
        counted++;
        // Whoever cut the units gave no hash to the last two sentences, so this stays in the row.
        if (counters.add(low, high) >= limit) isRemoved.fill(1, unit, unit + reach);
      }
    }
    this.counted += counted;
    return isRemoved;
  }

  private wordsLeft = 0;
  private sentencesLeft = 0;

  private judgeRow(
    { byteLengths, leads, words, sentences }: Units,
    isRemoved: Uint8Array,
    first: number,
    end: number,
    row: number,
    cuts: CutList,
  ): number {
    if (first === end) return REPEATED_EMPTY;
    let removed = 0;
    for (let unit = first; unit < end; unit++) removed += isRemoved[unit]!;
    if (removed === 0) return 0;
    this.removed += removed;
    let wordsLeft = 0;
    let sentencesLeft = 0;
    for (let unit = first; unit < end; unit++) {
      if (isRemoved[unit] !== 0) continue;
      wordsLeft += words[unit]!;
      sentencesLeft += sentences[unit]!;
    }
    this.wordsLeft = wordsLeft;
    this.sentencesLeft = sentencesLeft;
    if (wordsLeft === 0) return REPEATED_EMPTY;
    if (wordsLeft < this.minWords) return REPEATED_TOO_FEW_WORDS;
    if (sentencesLeft < this.minSentences) return REPEATED_TOO_FEW_SENTENCES;
    cuts.open(row);
    let at = 0;
    let isFront = true;
    for (let unit = first; unit < end; unit++) {
      const size = byteLengths[unit]!;
      if (isRemoved[unit] !== 0) cuts.add(at, at + size);
      else if (isFront) {
        const lead = leads[unit]!;
        if (lead > 0) cuts.add(at, at + lead);
        isFront = lead === size;
      }
      at += size;
    }
    return 0;
  }

  report(): RepeatedLinesReport {
    const { plan, distinct, byteLength } = this.counters;
    return {
      counted: this.counted,
      removed: this.removed,
      distinct,
      counterBytes: byteLength,
      falsePositiveRate: distinct === 0 ? 0 : overcountRate(plan.bits, distinct / plan.lines),
    };
  }
}

/** Ranges of one row after another; those that touch become one. */
class CutList {
  private readonly rows: number[] = [];
  private readonly rangeCounts: number[] = [];
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];

  open(row: number): void {
    this.rows.push(row);
    this.rangeCounts.push(0);
  }

  add(start: number, end: number): void {
    const last = this.rangeCounts.length - 1;
    if (this.rangeCounts[last]! > 0 && this.ends.at(-1) === start) {
      this.ends[this.ends.length - 1] = end;
      return;
    }
    this.rangeCounts[last]!++;
    this.starts.push(start);
    this.ends.push(end);
  }

  finish(): Cuts {
    return {
      rows: Uint32Array.from(this.rows),
      rangeCounts: Uint32Array.from(this.rangeCounts),
      starts: Uint32Array.from(this.starts),
      ends: Uint32Array.from(this.ends),
    };
  }
}
