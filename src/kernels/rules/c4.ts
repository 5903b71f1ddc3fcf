import type { RuleKernel } from './kernel.ts';
import { countSentences, splitSentences } from './sentences.ts';

/** Rules for the lines of a text, see filters/c4-quality.ts. */
export interface C4Rules {
  /** Lines are those of `splitlines()`, else sentences. */
  readonly splitsLines: boolean;
  readonly removesCitations: boolean;
  readonly needsTerminal: boolean;
  readonly dropsLorem: boolean;
  readonly dropsScript: boolean;
  readonly dropsCurly: boolean;
  readonly dropsPolicy: boolean;
  /** Most code points of a word, or undefined. */
  readonly maxWordLength: number | undefined;
  /** Fewest words of a line, or undefined. */
  readonly minWords: number | undefined;
  /** Fewest sentences of a text, or undefined: they are not counted then. */
  readonly minSentences: number | undefined;
}

/** What became of a text. `start` and `end` are addresses in the memory of the kernel. */
interface C4Result {
  verdict: 'kept' | 'lorem' | 'curly' | 'short';
  /** Where kept, the text that remains. */
  start: number;
  end: number;
  /** Whether that is another text. */
  isChanged: boolean;
  /** Where kept or short, the sentences found: all where short, else at least as many as needed. */
  sentences: number;
}

/** Judges the text that the kernel holds. The result is overwritten by the next call. */
export type JudgeC4 = () => C4Result;

interface Exports {
  readonly c4Begin: (
    text: number,
    end: number,
    output: number,
    rules: number,
    maxWordLength: number,
    minWords: number,
    between: number,
  ) => void;
  readonly c4Lines: (text: number, end: number) => number;
  readonly c4Piece: (start: number, end: number) => number;
  readonly c4Kept: () => number;
  readonly c4Finish: () => number;
  readonly c4End: () => number;
  readonly skipSpace: (start: number, end: number) => number;
  readonly dropSpace: (start: number, end: number) => number;
}

/** Bits of the rules; the same numbers stand in wasm/assembly/rules-c4.ts. */
const CITATION = 1;
const TERMINAL = 2;
const LOREM = 4;
const SCRIPT = 8;
const CURLY = 16;
const POLICY = 32;

const OFF = 0xffffffff;
const LF = 0x0a;
const SPACE = 0x20;

/**
 * The line rules of C4 as datatrove has them (pipeline/filters/c4_filters.py), their order included, over bytes: lines and their words
 * come from bit masks of 64 bytes, phrases are looked for once in the whole text by pairs of letters that are rare. Sentences are counted
 * in what is kept, and only until there are enough; by the rule of sentences.ts.
 */
export function createC4Judge(kernel: RuleKernel, rules: C4Rules): JudgeC4 {
  const wanted =
    (rules.removesCitations ? CITATION : 0) |
    (rules.needsTerminal ? TERMINAL : 0) |
    (rules.dropsLorem ? LOREM : 0) |
    (rules.dropsScript ? SCRIPT : 0) |
    (rules.dropsCurly ? CURLY : 0) |
    (rules.dropsPolicy ? POLICY : 0);
  const { splitsLines, maxWordLength = OFF, minWords = 0, minSentences } = rules;
  const result: C4Result = { verdict: 'kept', start: 0, end: 0, isChanged: false, sentences: 0 };

  return () => {
    const { text, textEnd } = kernel;
    const byteLength = textEnd - text;
    // A sentence may end where no white space is, and gets a space behind it.
    const output = kernel.room((splitsLines ? 1 : 2) * byteLength);
    const exports = kernel.exports as Exports;
    exports.c4Begin(text, textEnd, output, wanted, maxWordLength, minWords, splitsLines ? LF : SPACE);
    const dropped = splitsLines ? exports.c4Lines(text, textEnd) : judgeSentences(kernel, exports);
    if (dropped !== 0) {
      result.verdict = dropped === 1 ? 'lorem' : 'curly';
      return result;
    }
    const start = exports.c4Finish();
    const end = exports.c4End();
    const kept = exports.c4Kept();
    // Each line is a sentence at least.
    let sentences = kept;
    if (minSentences !== undefined && kept > 0 && kept < minSentences && splitsLines) {
      sentences = countInLines(new Uint8Array(kernel.memory.buffer, start, end - start), minSentences);
    }
    result.sentences = sentences;
    if (minSentences !== undefined && sentences < minSentences) {
      result.verdict = 'short';
      return result;
    }
    result.verdict = 'kept';
    result.start = exports.skipSpace(start, end);
    result.end = exports.dropSpace(result.start, end);
    result.isChanged = result.start !== text || result.end !== textEnd;
    return result;
  };
}

/** Judges the sentences of the text one by one. */
function judgeSentences(kernel: RuleKernel, { c4Piece }: Exports): number {
  const { text, textEnd } = kernel;
  const bytes = new Uint8Array(kernel.memory.buffer);
  let dropped = 0;
  splitSentences(bytes, text, textEnd, (start, end) => {
    dropped = c4Piece(start, end);
    return dropped === 0;
  });
  return dropped;
}

/** Sentences of lines that are parted by LF, each counted by itself; no further than to `enough`. */
function countInLines(bytes: Uint8Array, enough: number): number {
  let count = 0;
  for (let start = 0; count < enough; ) {
    const feed = bytes.indexOf(LF, start);
    count += countSentences(bytes, start, feed < 0 ? bytes.length : feed, enough - count);
    if (feed < 0) break;
    start = feed + 1;
  }
  return count;
}
