import { createReadStream } from 'node:fs';
import { CurationError } from '../errors.ts';

/** A line longer than this is no entry of a list, but a file that is no list. */
const LONGEST_LINE = 65_536;

/**
 * Reads a list, one entry a line, and hands each line as it is to `take`, without its line break (LF, CRLF or CR). A file of any size: it is never
 * in memory as a whole.
 * @throws CurationError `BAD_INPUT` naming the file and the line, for a file that cannot be read, is not UTF-8, or has an overlong line.
 */
export async function readPhraseFile(path: string, take: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let lineNumber = 0;
  let rest = '';
  const takeAll = (text: string): void => {
    // A CR at the end of a piece may be the first half of a CRLF: it waits for the next piece.
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop()!;
    for (const line of lines) {
      lineNumber++;
      check(line);
      take(line);
    }
    check(rest);
  };
  const check = (line: string): void => {
    if (line.length > LONGEST_LINE)
      throw new CurationError(
        'BAD_INPUT',
        `${path}: line ${lineNumber}: expected a list with one entry a line, found a line of more than ${LONGEST_LINE} characters`,
      );
  };
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 }))
      takeAll(rest + decoder.decode(piece as Buffer, { stream: true }));
    takeAll(rest + decoder.decode());
  } catch (cause) {
    if (cause instanceof CurationError) throw cause;
    const said =
      cause instanceof TypeError
        ? `after line ${lineNumber}: expected UTF-8, found other bytes`
        : `cannot be read: ${(cause as Error).message}`;
    throw new CurationError('BAD_INPUT', `${path}: ${said}`, { cause });
  }
  if (rest !== '') take(rest.endsWith('\r') ? rest.slice(0, -1) : rest);
}

/** Phrases that are looked for inside a text cost 30 bytes a character; a list beyond this size was meant for something else. */
const MOST_CHARACTERS = 4_000_000;

/**
 * The entries of a list as `entryOf` makes them of lines, each once; where it makes an empty one, none.
 * @throws CurationError `BAD_INPUT` as {@link readPhraseFile}, or for a list of more than four million characters.
 */
export async function readPhrases(path: string, entryOf: (line: string) => string): Promise<string[]> {
  const entries = new Set<string>();
  let characters = 0;
  await readPhraseFile(path, (line) => {
    const entry = entryOf(line);
    if (entry === '' || entries.has(entry)) return;
    entries.add(entry);
    characters += entry.length;
    if (characters > MOST_CHARACTERS)
      throw new CurationError(
        'BAD_INPUT',
        `${path}: expected a list of at most ${MOST_CHARACTERS} characters, found more; phrases that are looked for inside texts are held in memory`,
      );
  });
  return [...entries];
}

/** Without white space at its ends, as Python's `strip` takes it off: U+001C to U+001F and U+0085 count, U+FEFF does not. Linear. */
export function strip(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text, start)) start++;
  while (end > start && isBlank(text, end - 1)) end--;
  return text.slice(start, end);
}

function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return (code >= 0x1c && code <= 0x20) || code === 0x85 || (code !== 0xfeff && /\s/.test(text[at]!));
}
