import { decodeArrow } from './arrow/decode.ts';
import type { ArrowMorsel } from './arrow/morsel.ts';
import type { Decoded, DecodeOptions, Morsel } from './format.ts';
import { decodeJsonLines } from './jsonl/decode.ts';
import type { JsonLinesMorsel } from './jsonl/line-types.ts';
import { decodeParquet } from './parquet/decode.ts';

/** Decodes a morsel of any format. Runs in a worker; each format names its own morsels, so the name tells the shape. */
export async function decode(morsel: Morsel, options: DecodeOptions): Promise<Decoded> {
  switch (morsel.format) {
    case 'parquet':
      return decodeParquet(morsel as Parameters<typeof decodeParquet>[0], options);
    case 'arrow':
      return decodeArrow(morsel as ArrowMorsel, options);
    case 'jsonl':
    case 'json':
      return decodeJsonLines(morsel as JsonLinesMorsel, options);
  }
}
