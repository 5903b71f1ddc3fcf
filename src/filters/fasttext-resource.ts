import { open } from 'node:fs/promises';
import { CurationError } from '../errors.ts';
import type { FastTextModel } from '../kernels/fasttext/model.ts';
import { parseFastText } from '../kernels/fasttext/parse.ts';

export { createFastText, type FastText } from '../kernels/fasttext/fasttext.ts';

/** A model that threads share: it goes to them by structured clone, and its tables stay where they are. */
export type FastTextResource = FastTextModel;

/**
 * Reads a model file, `.bin` or `.ftz`.
 * @throws CurationError `BAD_INPUT` when it cannot be read or is damaged, `UNSUPPORTED` when it cannot classify, `MEMORY`.
 */
export async function loadFastText(path: string): Promise<FastTextResource> {
  const file = await open(path).catch((cause: unknown) => {
    throw new CurationError('BAD_INPUT', `${path}: expected a fastText model, found no file to read`, {
      cause,
    });
  });
  try {
    const about = await file.stat();
    if (!about.isFile()) {
      throw new CurationError('BAD_INPUT', `${path}: expected a fastText model, found no regular file`);
    }
    return await parseFastText({
      path,
      byteLength: about.size,
      read: async (into, position) => (await file.read(into, 0, into.length, position)).bytesRead,
    });
  } finally {
    await file.close();
  }
}
