import { CurationError } from '../errors.ts';
import type { FormatName } from './format.ts';
import { type Wrapping, wrappingOf } from './inflate.ts';

/** What a file is, from its first bytes and its name. */
export interface Detected {
  readonly format: FormatName;
  /** How the bytes are wrapped. Of wrapped bytes the format is what the name says: look inside to know it. */
  readonly kind: Wrapping;
}

/** Bytes to show `detectFormat` where a file has as many: the first line of pretty-printed JSON is far shorter. */
export const headBytes: number = 65536;

/** File names that hold rows, by extension, before an optional `.gz` or `.zst`. */
const formatOfExtension: ReadonlyMap<string, FormatName> = new Map([
  ['parquet', 'parquet'],
  ['arrow', 'arrow'],
  ['arrows', 'arrow'],
  ['feather', 'arrow'],
  ['ipc', 'arrow'],
  ['jsonl', 'jsonl'],
  ['ndjson', 'jsonl'],
  ['json', 'json'],
]);

/**
 * Tells the format of a file: by magic bytes, else by its name. Magic goes first because names lie more often.
 * @param head first bytes of the file, unwrapped if they can be; empty for an empty file.
 * @param forced what the user says; then only the wrapping is looked for.
 */
export function detectFormat(path: string, head: Uint8Array, forced?: FormatName): Detected {
  const kind = wrappingOf(head);
  if (forced !== undefined) return { format: forced, kind };
  const format = (kind === 'none' ? formatOfBytes(path, head) : undefined) ?? formatOfName(path);
  // Nothing, piped in or in a file of JSON, is no lines and no rows; to the reader of arrays it would be damage.
  if (head.byteLength === 0 && (path === '-' || format === 'json')) return { format: 'jsonl', kind };
  if (format !== undefined) return { format, kind };
  const shown = Buffer.from(head.subarray(0, 8)).toString('hex');
  throw new CurationError(
    'BAD_INPUT',
    `${path}: cannot tell the format from ${head.byteLength === 0 ? 'an empty file' : `its first bytes (${shown})`} or its name; name it with --input-format parquet, arrow, jsonl or json`,
  );
}

/** The format that a name promises, `.gz` and `.zst` put aside; undefined if it promises none. */
function formatOfName(path: string): FormatName | undefined {
  return formatOfExtension.get(extensionOf(path.replace(/\.(gz|zst)$/i, '')));
}

/** Whether a directory listing takes a file for data: only text is read when wrapped. */
export function isDataName(path: string): boolean {
  const format = formatOfName(path);
  const isWrapped = /\.(gz|zst)$/i.test(path);
  return format !== undefined && (!isWrapped || format === 'jsonl' || format === 'json');
}

function extensionOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot + 1).toLowerCase();
}

function formatOfBytes(path: string, head: Uint8Array): FormatName | undefined {
  const magic = Buffer.from(head.subarray(0, 6)).toString('latin1');
  if (magic.startsWith('PAR1') || magic.startsWith('PARE')) return 'parquet';
  if (magic === 'ARROW1' || magic.startsWith('\xff\xff\xff\xff')) return 'arrow';
  if (magic.startsWith('FEA1')) {
    throw new CurationError(
      'UNSUPPORTED',
      `${path}: is a Feather file of version 1, which Sluice does not read; write it as Arrow IPC (Feather version 2)`,
    );
  }
  if (magic.startsWith('\xff\xfe') || magic.startsWith('\xfe\xff')) {
    throw new CurationError('UNSUPPORTED', `${path}: expected UTF-8 text, found UTF-16; convert it first`);
  }
  const start = startOfText(head);
  if (head[start] === 0x5b) return 'json';
  if (head[start] === 0x7b) return isFirstLineWhole(path, head.subarray(start)) ? 'jsonl' : 'json';
  return undefined;
}

/** Where text begins behind a byte order mark and white space. */
function startOfText(head: Uint8Array): number {
  let at = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  while (head[at] === 0x20 || head[at] === 0x09 || head[at] === 0x0a || head[at] === 0x0d) at += 1;
  return at;
}

/**
 * Lines, or one object printed over several lines? A first line that is an object is one of many. A name that says
 * lines is believed, so that a damaged first line is reported as such.
 */
function isFirstLineWhole(path: string, text: Uint8Array): boolean {
  if (formatOfName(path) === 'jsonl') return true;
  const end = text.indexOf(0x0a);
  if (end < 0) return true;
  try {
    JSON.parse(Buffer.from(text.subarray(0, end)).toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
