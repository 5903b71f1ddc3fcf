import type { Wrapping } from '../inflate.ts';
import {
  type LineFormat,
  type LineSource,
  openLineFile,
  openLineStream,
  openPath,
} from '../jsonl/line-source.ts';
import { elementsAsLines } from './elements.ts';

const JSON_ARRAY: LineFormat = { format: 'json', firstLine: 0, toLines: elementsAsLines };

/**
 * Opens a JSON array of objects of any size, each element a row; a single object is one row. stream-json reads it on the main
 * thread, and the elements go as lines to the workers, which decode them as JSON lines.
 * @param path names the file; with `input`, only names it in messages.
 * @param input is read instead of a file. Its morsels can be asked for once.
 * @param kind is how the bytes are wrapped; left out, the first bytes tell.
 */
export async function openJsonArray(
  path: string,
  input?: AsyncIterable<Uint8Array>,
  kind?: Wrapping,
): Promise<LineSource> {
  if (input !== undefined) return await openLineStream(path, JSON_ARRAY, input, kind);
  return await openPath(path, JSON_ARRAY, kind, async ({ wrapping, byteLength }) => {
    return await openLineFile(path, JSON_ARRAY, wrapping, byteLength);
  });
}
