import { dropSpace, isSuspicious, LineCounts, skipSpace } from '../kernels/rules/line-counts.ts';
import type { Filter, FilterDefinition, StepOptions } from './filter.ts';
import { createTextBuffer } from './text-buffer.ts';

const LF = 0x0a;
const SPACE = '[\\t-\\r\\u001c- \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const OTHER = '[^\\p{L}\\p{N}_]';
/** "3 likes", "1.2k views"; of a line in small letters. */
const COUNTER = new RegExp(
  `^${OTHER}*\\p{Nd}[,.\\p{Nd}]*[kmb]?${SPACE}+(?:likes|shares|comments|retweets|reposts|quotes|bookmarks|upvotes|downvotes|downloads|views|followers)${OTHER}*$`,
  'u',
);
/** What a counter has at most: one letter behind the number and those of the longest word. */
const COUNTER_LETTERS = 10;
/** What is taken out of short lines. The three characters behind "read more" are dots in a pattern, so any will do. */
const PHRASES: readonly RegExp[] = [
  new RegExp(`${SPACE}?[iıİ]tems [iıİ]n cart`, 'giu'),
  new RegExp(`${SPACE}?read more[^\\n]{3}$`, 'iu'),
  new RegExp(`^s[iıİ]gn-[iıİ]n${SPACE}?`, 'iu'),
];
/** Most words of such a line. */
const PHRASE_WORDS = 10;

const UPPER = 1;
const NUMERIC = 2;
const COUNTS = 4;
const SHORT = 8;
/** A few words, and perhaps one of the phrases. */
const PHRASE = 16;
/** A few words or none, and not empty. */
const BRIEF = 32;

/**
 * The line edits of RefinedWeb as DCLM-Baseline applies them (mlfoundations/dclm, baselines_configs/dclm_baseline_refinedweb.yaml): lines, which
 * end at LF, are left out in four rounds, after each of the first three the text is stripped; then phrases go. A document is dropped when more
 * than a share of its words went, or nothing is left, or it had no words; words are fastText's that begin with a letter or number.
 */
export const refinedwebLines: FilterDefinition = {
  name: 'refinedweb-lines',
  summary: 'leave out lines of capitals, numbers, counters and single words, drop documents that lose much',
  options: {
    max_uppercase_ratio: {
      kind: 'rate',
      default: 0.5,
      canBeOff: true,
      help: 'leave out lines with a larger share of capitals among their characters',
    },
    max_numeric_ratio: {
      kind: 'rate',
      default: 0.999999,
      canBeOff: true,
      help: 'leave out lines with a larger share of digits among their characters',
    },
    remove_counters: { kind: 'flag', default: true, help: 'leave out counters such as "3 likes"' },
    min_words_per_line: {
      flag: 'refinedweb-min-words-per-line',
      kind: 'count',
      default: 2,
      least: 0,
      canBeOff: true,
      help: 'leave out lines with fewer words; empty ones stay',
    },
    remove_phrases: {
      kind: 'flag',
      default: true,
      help: 'take "items in cart", "Read more..." and "Sign-in" out of lines of up to 10 words',
    },
    max_words_removed: {
      kind: 'rate',
      default: 0.05,
      canBeOff: true,
      help: 'drop documents that lose a larger share of their words',
    },
  },
  reasons: () => ['refinedweb_words_removed'],
  create(options): Filter {
    const editor = new Editor(options);
    const buffer = createTextBuffer();
    const most = numberOf(options['max_words_removed'], undefined);
    const evidence = { statistic: Number.NaN, threshold: most ?? Number.NaN, detail: undefined };
    return {
      evidence,
      judge(document) {
        const { bytes, start, end } = document;
        const before = editor.read(bytes, start, end);
        const isEmpty = !editor.edit();
        if (most !== undefined) {
          const share = (before - editor.tokens()) / before;
          if (isEmpty || before === 0 || share > most) {
            // No words are no share.
            evidence.statistic = before === 0 ? Number.NaN : share;
            return 1;
          }
        }
        editor.write(document, buffer.reserve(editor.byteLength()));
        return 0;
      },
    };
  },
};

const numberOf = <Off>(value: StepOptions[string], off: Off): number | Off =>
  typeof value === 'number' ? value : off;

/** The lines of a document, as far as they are left. */
class Editor {
  private readonly maxUpper: number;
  private readonly maxNumeric: number;
  private readonly minWords: number;
  private readonly removesCounters: boolean;
  private readonly removesPhrases: boolean;
  private readonly counts = new LineCounts();
  private bytes: Uint8Array = new Uint8Array(0);
  private start = 0;
  private end = 0;
  private lineCount = 0;
  private starts = new Uint32Array(64);
  private ends = new Uint32Array(64);
  private found = new Uint8Array(64);
  private tokenCounts = new Uint32Array(64);
  /** New text of lines that lost a phrase, by the place they began at. */
  private readonly changed = new Map<number, Uint8Array>();

  constructor(options: StepOptions) {
    this.maxUpper = numberOf(options['max_uppercase_ratio'], Number.POSITIVE_INFINITY);
    this.maxNumeric = numberOf(options['max_numeric_ratio'], Number.POSITIVE_INFINITY);
    this.minWords = numberOf(options['min_words_per_line'], 0);
    this.removesCounters = options['remove_counters'] === true;
    this.removesPhrases = options['remove_phrases'] === true;
  }

  /** Cuts a text into lines; returns its words. */
  read(bytes: Uint8Array, start: number, end: number): number {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.lineCount = 0;
    this.changed.clear();
    let tokens = 0;
    const own = bytes.subarray(start, end);
    for (let line = start; line <= end; ) {
      const feed = own.indexOf(LF, line - start);
      const lineEnd = feed < 0 ? end : start + feed;
      if (this.lineCount === this.starts.length) this.grow();
      const index = this.lineCount++;
      this.starts[index] = line;
      this.ends[index] = lineEnd;
      this.look(index);
      tokens += this.tokenCounts[index]!;
      line = lineEnd + 1;
    }
    return tokens;
  }

  private grow(): void {
    const wider = (from: Uint32Array): Uint32Array<ArrayBuffer> => {
      const to = new Uint32Array(2 * from.length);
      to.set(from);
      return to;
    };
    this.starts = wider(this.starts);
    this.ends = wider(this.ends);
    this.tokenCounts = wider(this.tokenCounts);
    const found = new Uint8Array(2 * this.found.length);
    found.set(this.found);
    this.found = found;
  }

  /** Finds what the rules say of a line. */
  private look(index: number): void {
    const { counts } = this;
    const start = this.starts[index]!;
    const end = this.ends[index]!;
    const own = this.changed.get(start);
    const bytes = own ?? this.bytes;
    const first = own === undefined ? start : 0;
    const last = own === undefined ? end : own.length;
    counts.count(bytes, first, last);
    const { length, words } = counts;
    this.tokenCounts[index] = counts.tokens;
    let found = 0;
    if (length > 0) {
      if (counts.upper / length > this.maxUpper) found |= UPPER;
      if (counts.digits / length > this.maxNumeric) found |= NUMERIC;
      if (words < this.minWords) found |= SHORT;
      if (words <= PHRASE_WORDS && this.removesPhrases) {
        found |= isSuspicious(bytes, first, last) ? BRIEF | PHRASE : BRIEF;
      }
      if (
        this.removesCounters &&
        counts.letters <= COUNTER_LETTERS &&
        counts.digits > 0 &&
        words > 1 &&
        COUNTER.test(this.text(index).toLowerCase())
      ) {
        found |= COUNTS;
      }
    }
    this.found[index] = found;
  }

  private text(index: number): string {
    const start = this.starts[index]!;
    return decoder.decode(this.changed.get(start) ?? this.bytes.subarray(start, this.ends[index]));
  }

  /** Runs the rounds; false if nothing is left. */
  edit(): boolean {
    for (const rule of [UPPER, NUMERIC, COUNTS]) {
      const isOn =
        rule === UPPER ? this.maxUpper <= 1 : rule === NUMERIC ? this.maxNumeric <= 1 : this.removesCounters;
      if (!isOn) continue;
      this.leaveOut(rule);
      if (!this.strip()) return false;
    }
    this.leaveOut(SHORT);
    if (this.isEmpty()) return false;
    if (this.removesPhrases) {
      for (const phrase of PHRASES) {
        this.remove(phrase);
        if (!this.strip()) return false;
      }
    }
    return true;
  }

  private leaveOut(rule: number): void {
    let kept = 0;
    for (let i = 0; i < this.lineCount; i++) if (!(this.found[i]! & rule)) this.move(i, kept++);
    this.lineCount = kept;
  }

  private move(from: number, to: number): void {
    this.starts[to] = this.starts[from]!;
    this.ends[to] = this.ends[from]!;
    this.found[to] = this.found[from]!;
    this.tokenCounts[to] = this.tokenCounts[from]!;
  }

  /** Takes a phrase out of the lines of a few words; such a line that is blank then, or was, goes. */
  private remove(phrase: RegExp): void {
    let kept = 0;
    for (let i = 0; i < this.lineCount; i++) {
      const found = this.found[i]!;
      if (found & BRIEF) {
        if (found & PHRASE) {
          const text = this.text(i);
          const left = text.replace(phrase, '');
          if (isBlank(left)) continue;
          // A line that is not UTF-8 stays as it is.
          if (left !== text && encoder.encode(text).length === this.length(i)) {
            this.changed.set(this.starts[i]!, encoder.encode(left));
            this.look(i);
          }
        } else if (this.isBlankLine(i)) continue;
      }
      this.move(i, kept++);
    }
    this.lineCount = kept;
  }

  private isBlankLine(index: number): boolean {
    const end = this.ends[index]!;
    return skipSpace(this.bytes, this.starts[index]!, end) === end;
  }

  private isEmpty(): boolean {
    return this.lineCount === 0 || (this.lineCount === 1 && this.length(0) === 0);
  }

  private length(index: number): number {
    const start = this.starts[index]!;
    return this.changed.get(start)?.length ?? this.ends[index]! - start;
  }

  /** Strips the text that is left, which may change its first and last line; false if nothing is left. */
  private strip(): boolean {
    while (this.lineCount > 0 && this.stripLine(this.lineCount - 1, false)) this.lineCount--;
    let blank = 0;
    while (blank < this.lineCount && this.stripLine(blank, true)) blank++;
    if (blank > 0) {
      for (let i = blank; i < this.lineCount; i++) this.move(i, i - blank);
      this.lineCount -= blank;
    }
    return !this.isEmpty();
  }

  /** Strips the front or the end of a line; true if it is blank. */
  private stripLine(index: number, atFront: boolean): boolean {
    const start = this.starts[index]!;
    const own = this.changed.get(start);
    const bytes = own ?? this.bytes;
    const first = own === undefined ? start : 0;
    const last = own === undefined ? this.ends[index]! : own.length;
    const from = atFront ? skipSpace(bytes, first, last) : first;
    const to = atFront ? last : dropSpace(bytes, first, last);
    if (from === to) return true;
    if (from === first && to === last) return false;
    if (own === undefined) {
      this.starts[index] = from;
      this.ends[index] = to;
    } else this.changed.set(start, own.slice(from, to));
    this.look(index);
    return false;
  }

  /** Words of what is left. */
  tokens(): number {
    let tokens = 0;
    for (let i = 0; i < this.lineCount; i++) tokens += this.tokenCounts[i]!;
    return tokens;
  }

  /** Bytes of what is left. */
  byteLength(): number {
    let byteLength = Math.max(0, this.lineCount - 1);
    for (let i = 0; i < this.lineCount; i++) byteLength += this.length(i);
    return byteLength;
  }

  /** Gives the document what is left of it, laid in `output` if it is not one stretch of it. */
  write(
    document: { replace(bytes: Uint8Array, start: number, end: number): void },
    output: Uint8Array,
  ): void {
    const { bytes, lineCount } = this;
    if (this.changed.size === 0 && lineCount > 0) {
      let i = 1;
      while (i < lineCount && this.starts[i] === this.ends[i - 1]! + 1) i++;
      if (i === lineCount) {
        const start = this.starts[0]!;
        const end = this.ends[lineCount - 1]!;
        if (start !== this.start || end !== this.end) document.replace(bytes, start, end);
        return;
      }
    }
    if (lineCount === 0 && this.start === this.end) return;
    let used = 0;
    for (let i = 0; i < lineCount; i++) {
      const start = this.starts[i]!;
      const line = this.changed.get(start) ?? bytes.subarray(start, this.ends[i]);
      if (i > 0) output[used++] = LF;
      output.set(line, used);
      used += line.length;
    }
    document.replace(output, 0, used);
  }
}

// A byte order mark is a character as any other.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();
const blank = new RegExp(`^${SPACE}*$`, 'u');
const isBlank = (text: string): boolean => blank.test(text);
