import { asciiTable, kindOf, type UnicodeTables, unicodeTables } from '../unicode.ts';

/** Fixed addresses; the same numbers stand in wasm/assembly/layout.ts, with what each place holds. */
const CONSTANTS = 0;
const MASKS = 64;
const ASCII = 512;
const TWO_BYTE = 5376;
const DELTAS = 13568;
const STAGE1 = 14592;
const STAGE2 = 16640;

/** First address behind the tables. */
export const FREE = 49408;
/** A kernel that cuts words reads, and ignores, up to this many bytes behind the text. */
export const TEXT_SLACK = 80;

/** Writes what `wasm/assembly/words.ts` looks up, and the constants of the hashes, to the front of a kernel's memory. */
export function writeWordTables(
  memory: ArrayBuffer,
  constants: Uint32Array,
  tables: UnicodeTables = unicodeTables(),
): void {
  const bytes = new Uint8Array(memory);
  new Uint32Array(memory).set(constants, CONSTANTS / 4);
  for (let length = 0; length <= 16; length++) {
    bytes.fill(0xff, MASKS + 16 * length, MASKS + 17 * length);
  }
  bytes.set(asciiTable(tables), ASCII);
  new Uint32Array(memory).set(twoByteTable(tables), TWO_BYTE / 4);
  new Int32Array(memory).set(tables.deltas, DELTAS / 4);
  bytes.set(tables.stage1, STAGE1);
  bytes.set(tables.stage2, STAGE2);
}

/** For code points below 0x800: 0 for a separator, else the lower case in UTF-8 (lowest byte first) and its length in the top byte. */
function twoByteTable(tables: UnicodeTables): Uint32Array {
  const encoder = new TextEncoder();
  return Uint32Array.from({ length: 0x800 }, (_, code) => {
    const kind = kindOf(tables, code);
    if (code < 0x80 || kind === 0) return 0;
    const lower = encoder.encode(String.fromCodePoint(code + tables.deltas[kind]!));
    return lower[0]! | ((lower[1] ?? 0) << 8) | ((lower[2] ?? 0) << 16) | (lower.length << 24);
  });
}
