import * as flags from '../kernels/rules/character-flags.ts';
import { decodeAt, widthOf } from '../kernels/simplified/characters.ts';
import type { Filter, FilterDefinition } from './filter.ts';
import { createTextBuffer } from './text-buffer.ts';

const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;

/** Of each byte: 1 if a line break can begin with it. */
const breaks: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  (byte >= 0x0a && byte <= 0x0d) || (byte >= 0x1c && byte <= 0x1e) || byte === 0xc2 || byte === 0xe2 ? 1 : 0,
);

const ascii: Uint16Array = Uint16Array.from({ length: 128 }, (_, code) => flags.flagsOf(code));

/**
 * datatrove's SymbolLinesFormatter: leaves out lines, as `splitlines()` has them, of nothing but punctuation (its set of symbols and
 * terminal marks) and spaces; lines of white space stay. What parts the lines that stay becomes one LF, and a line break at the end goes,
 * so a text that ends in several loses one each time; else symbol-lines(symbol-lines(x)) = symbol-lines(x).
 */
export const symbolLines: FilterDefinition = {
  name: 'symbol-lines',
  summary: 'leave out lines of nothing but symbols',
  options: {
    replace_char: {
      kind: 'text',
      default: '',
      value: 'TEXT',
      help: 'a line that stands for each run of lines left out; none if empty',
    },
  },
  reasons: () => [],
  create(options): Filter {
    const replacement = Buffer.from(String(options['replace_char'] ?? ''));
    const buffer = createTextBuffer();
    return {
      evidence: { statistic: Number.NaN, threshold: Number.NaN, detail: undefined },
      judge(document) {
        const { bytes, start, end } = document;
        let output = buffer.reserve(0);
        let used = 0;
        let isWritten = false;
        // Lines that follow each other as they will in the result are one stretch of the text; copied where something differs.
        let stretchStart = -1;
        let stretchEnd = -1;
        let isRemoving = false;

        const write = (from: Uint8Array, first: number, last: number): void => {
          output = buffer.extend(used, used + last - first + 1);
          if (isWritten) output[used++] = LF;
          output.set(from.subarray(first, last), used);
          used += last - first;
          isWritten = true;
        };
        const flush = (): void => {
          if (stretchStart >= 0) write(bytes, stretchStart, stretchEnd);
          stretchStart = -1;
        };

        for (let line = start; line < end; ) {
          const body = symbolsEnd(bytes, line, end);
          const lineEnd = nextBreak(bytes, body < 0 ? ~body : body, end);
          if (body < 0 && lineEnd === ~body) {
            if (!isRemoving && replacement.length > 0) {
              flush();
              write(replacement, 0, replacement.length);
            }
            isRemoving = true;
          } else {
            isRemoving = false;
            if (stretchStart >= 0 && line === stretchEnd + 1 && bytes[stretchEnd] === LF)
              stretchEnd = lineEnd;
            else {
              flush();
              stretchStart = line;
              stretchEnd = lineEnd;
            }
          }
          line = lineEnd + breakLength(bytes, lineEnd, end);
        }

        if (!isWritten) {
          if (stretchStart === start && stretchEnd === end) return 0;
          if (stretchStart >= 0) document.replace(bytes, stretchStart, stretchEnd);
          else if (end > start) document.replace(output, 0, 0);
          return 0;
        }
        flush();
        document.replace(output, 0, used);
        return 0;
      },
    };
  },
};

/**
 * How far the line at `at` is symbols and spaces. Negative, `~position`, if among them is one that is no white space: then the line is one of
 * symbols if it ends there.
 */
function symbolsEnd(bytes: Uint8Array, at: number, end: number): number {
  let isSolid = false;
  while (at < end && breakLength(bytes, at, end) === 0) {
    const code = decodeAt(bytes, at, end);
    const found = code < 0 ? 0 : code < 0x80 ? ascii[code]! : flags.flagsOf(code);
    if (!(found & flags.SYMBOL) && code !== BLANK) break;
    if (!(found & flags.SPACE)) isSolid = true;
    at += widthOf(code);
  }
  return isSolid ? ~at : at;
}

/** First line break at `at` or behind, or `end`. */
function nextBreak(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && (breaks[bytes[at]!] === 0 || breakLength(bytes, at, end) === 0)) at++;
  return at;
}

/** Bytes of the line break at `at`; 0 if there is none. */
function breakLength(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return 0;
  const first = bytes[at]!;
  if (breaks[first] === 0) return 0;
  if (first === CR) return at + 1 < end && bytes[at + 1] === LF ? 2 : 1;
  if (first < 0x80) return 1;
  const second = at + 1 < end ? bytes[at + 1]! : 0;
  if (first === 0xc2) return second === 0x85 ? 2 : 0;
  const third = at + 2 < end ? bytes[at + 2]! : 0;
  return second === 0x80 && (third === 0xa8 || third === 0xa9) ? 3 : 0;
}
