import { deltas, stage1Base64, stage2Base64 } from './wasm/unicode.generated.ts';

export { unicodeVersion } from './wasm/unicode.generated.ts';

/**
 * What a token is made of, as two-stage tables of one committed Unicode version, the same on every Node.
 *
 * The kind of a code point is 0 for a separator, 1 for a word character (`\p{L}`, `\p{N}`, underscore), 2 for a character that is a token by
 * itself, and above 2 for a word character whose lower case lies `deltas[kind]` away. Kind 2 are the letters and digits of scripts written
 * without spaces, by Script_Extensions: Han, Hiragana, Katakana, Bopomofo, Thai, Lao, Khmer, Myanmar, Tai Le, New Tai Lue, Tai Tham, Tai Viet;
 * but for those that Latin uses too (tone marks of Bopomofo, an apostrophe of Thai). All lie from U+0800 on.
 *
 * Lower case is `String.prototype.toLowerCase` of the single code point, with two exceptions: final sigma (U+03C2) becomes sigma, so that
 * it does not matter where in a word a capital stood, and U+0130 becomes i, as a combining dot would cut the word.
 */
export interface UnicodeTables {
  /** Block number of `codePoint >> 7`, below 0x40000; no letter lies above. */
  readonly stage1: Uint8Array;
  /** Kind at `(block << 7) | (codePoint & 127)`. */
  readonly stage2: Uint8Array;
  /** Distance to the lower case, by kind. */
  readonly deltas: Int32Array;
}

/** Unpacks the tables; 33 KiB, fresh. */
export function unicodeTables(): UnicodeTables {
  return {
    stage1: new Uint8Array(Buffer.from(stage1Base64, 'base64')),
    stage2: new Uint8Array(Buffer.from(stage2Base64, 'base64')),
    deltas: Int32Array.from(deltas),
  };
}

/** Kind of a code point, see {@link UnicodeTables}. */
export function kindOf(tables: UnicodeTables, codePoint: number): number {
  if (codePoint >= 0x40000) return 0;
  return tables.stage2[(tables.stage1[codePoint >> 7]! << 7) | (codePoint & 127)]!;
}

/**
 * Each ASCII byte as it is hashed, 0 for a separator: with 0x20 set, which lower-cases letters, leaves digits, and makes the
 * underscore 0x7f, no word character itself. So a kernel may lower-case a whole word at once without looking at its bytes.
 */
export function asciiTable(tables: UnicodeTables): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, code) => (kindOf(tables, code) === 0 ? 0 : code | 0x20));
}
