import { type Inferred, inferLayout } from './infer.ts';
import { PADDING } from './line-types.ts';
import { LINE_BYTES_LIMIT, tooLong } from './split.ts';

/** Bytes at the head of a source that its schema is made from, whatever the morsels; a longer first line comes whole. */
export const SAMPLE_BYTES: number = 8 * 1024 * 1024;

/** The head of a source. */
export interface Sample extends Inferred {
  /** Bytes of whole lines it was made from. */
  readonly byteLength: number;
  /** Chunks taken from the input, all of them, in order. */
  readonly chunks: readonly Uint8Array[];
  /** True if the input ended within the sample. */
  readonly isWhole: boolean;
}

/**
 * Takes the first `SAMPLE_BYTES` from the input, cut after the last whole line, and infers the layout from them. How the
 * input is chunked makes no difference to the layout. The iterator stays open behind `chunks`, whose bytes are kept.
 */
export async function takeSample(input: AsyncIterator<Uint8Array>, path: string): Promise<Sample> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  let isWhole = false;
  let firstFeed = -1;
  while (total < SAMPLE_BYTES || firstFeed < 0) {
    if (total > LINE_BYTES_LIMIT) throw tooLong(path, 'line 1', LINE_BYTES_LIMIT);
    const { value, done } = await input.next();
    if (done === true) {
      isWhole = true;
      break;
    }
    if (firstFeed < 0) {
      const at = value.indexOf(10);
      if (at >= 0) firstFeed = total + at;
    }
    chunks.push(value);
    total += value.length;
  }
  const { bytes, end } = joinLines(chunks, total, isWhole, firstFeed);
  return { ...inferLayout(bytes, end), byteLength: end, chunks, isWhole: isWhole && total <= SAMPLE_BYTES };
}

function joinLines(
  chunks: readonly Uint8Array[],
  total: number,
  isWhole: boolean,
  firstFeed: number,
): { bytes: Buffer; end: number } {
  const length = Math.min(total, Math.max(SAMPLE_BYTES, firstFeed + 1));
  const takesAll = isWhole && length === total;
  const bytes = Buffer.alloc(length + 1 + PADDING);
  let at = 0;
  for (const chunk of chunks) {
    const taken = Math.min(chunk.length, length - at);
    bytes.set(chunk.subarray(0, taken), at);
    at += taken;
  }
  // A whole input's last line needs no line feed of its own; one cut off by the sample's end is left out.
  if (!takesAll) return { bytes, end: bytes.subarray(0, length).lastIndexOf(10) + 1 };
  if (length === 0 || bytes[length - 1] === 10) return { bytes, end: length };
  bytes[length] = 10;
  return { bytes, end: length + 1 };
}
