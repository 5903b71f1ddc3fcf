import type { ArrowMorsel } from './arrow/morsel.ts';
import type { Decoded, DecodeOptions, Morsel } from './format.ts';
import type { JsonLinesMorsel } from './jsonl/line-types.ts';
import type { ParquetMorsel } from './parquet/morsel.ts';

/**
 * Decodes a morsel of any format. Runs in a worker; each format names its own morsels, so the name tells the shape. A
 * decoder is loaded when the first morsel of its format comes: a thread that never sees one does not pay for it.
 */
export async function decode(morsel: Morsel, options: DecodeOptions): Promise<Decoded> {
  switch (morsel.format) {
    case 'parquet': {
      const { decodeParquet } = await import('./parquet/decode.ts');
      return decodeParquet(morsel as ParquetMorsel, options);
    }
    case 'arrow': {
      const { decodeArrow } = await import('./arrow/decode.ts');
      return decodeArrow(morsel as ArrowMorsel, options);
    }
    case 'jsonl':
    case 'json': {
      const { decodeJsonLines } = await import('./jsonl/decode.ts');
      return decodeJsonLines(morsel as JsonLinesMorsel, options);
    }
  }
}
