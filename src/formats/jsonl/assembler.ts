import type { Assembler, Encoded } from '../format.ts';

/** Lays encoded lines one behind the other: JSON Lines, gzip members and zstd frames have neither head nor foot. */
export function createJsonlAssembler(): Assembler {
  return {
    start: (): Uint8Array[] => [],
    append: (encoded: Encoded): Uint8Array[] => [...encoded.chunks],
    finish: (): Uint8Array[] => [],
  };
}
