import { add, high, multiply } from '../lanes.ts';
import { asciiTable, kindOf, unicodeTables } from '../unicode.ts';
import { Constant } from './plan.ts';

/**
 * Returns a function that cuts `bytes[start .. end)` into tokens and hands the 64-bit hash of each, in order, to `take`.
 * A token is a maximal run of word characters, lower-cased, or one character of a script without spaces (see unicode.ts);
 * a byte that is not part of well-formed UTF-8 separates. Hash: state s0, 16 bytes a step, `(h ^ first 8) * P1 + (s1 ^ last 8) * P2`,
 * then `h ^ (h >> 32)`; the last step is zero-padded, which no token can contain.
 */
export function readWords(
  constants: Uint32Array,
  take: (low: number, high: number) => void,
): (bytes: Uint8Array, start: number, end: number) => void {
  const tables = unicodeTables();
  const ascii = asciiTable(tables);
  const s0Low = constants[Constant.s0]!;
  const s0High = constants[Constant.s0 + 1]!;
  const s1Low = constants[Constant.s1]!;
  const s1High = constants[Constant.s1 + 1]!;
  /** Up to 16 bytes of the open token, in four words. */
  const step = new Uint32Array(4);
  let filled = 0;
  let low = s0Low;
  let upper = s0High;

  function mix(): void {
    const tailLow = multiply(s1Low ^ step[2]!, s1High ^ step[3]!, 0x27d4eb4f, 0xc2b2ae3d);
    const tailHigh = high;
    const headLow = multiply(low ^ step[0]!, upper ^ step[1]!, 0x7f4a7c15, 0x9e3779b9);
    low = add(headLow, high, tailLow, tailHigh);
    upper = high;
    low = (low ^ upper) >>> 0;
    step.fill(0);
    filled = 0;
  }

  function push(byte: number): void {
    if (filled === 16) mix();
    step[filled >> 2]! |= byte << ((filled & 3) << 3);
    filled++;
  }

  function pushCodePoint(code: number): void {
    if (code < 0x80) push(code);
    else if (code < 0x800) {
      push(0xc0 | (code >> 6));
      push(0x80 | (code & 63));
    } else {
      if (code < 0x10000) push(0xe0 | (code >> 12));
      else {
        push(0xf0 | (code >> 18));
        push(0x80 | ((code >> 12) & 63));
      }
      push(0x80 | ((code >> 6) & 63));
      push(0x80 | (code & 63));
    }
  }

  function close(): void {
    if (filled === 0) return;
    mix();
    take(low, upper);
    low = s0Low;
    upper = s0High;
  }

  return (bytes, start, end) => {
    for (let p = start; p < end; ) {
      // p < end; what lies from `end` on counts as missing.
      const first = bytes[p]!;
      if (first < 0x80) {
        const lowered = ascii[first]!;
        if (lowered === 0) close();
        else push(lowered);
        p++;
        continue;
      }
      const code = decode(bytes, p, end);
      const kind = code < 0 ? 0 : kindOf(tables, code);
      if (kind === 0) close();
      else if (kind === 2) {
        close();
        pushCodePoint(code);
        close();
      } else pushCodePoint(code + tables.deltas[kind]!);
      p += code < 0 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    }
    close();
  };
}

/** The code point (from 0x80) that begins at `p`, or -1 where the bytes are not well-formed UTF-8. */
function decode(bytes: Uint8Array, p: number, end: number): number {
  const first = bytes[p]!;
  const width = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (width === 0 || p + width > end) return -1;
  let code = first & (0x7f >> width);
  for (let at = p + 1; at < p + width; at++) {
    // p + width <= end
    const byte = bytes[at]!;
    if ((byte & 0xc0) !== 0x80) return -1;
    code = (code << 6) | (byte & 63);
  }
  if (width === 3 && (code < 0x800 || (code >= 0xd800 && code < 0xe000))) return -1;
  if (width === 4 && (code < 0x10000 || code > 0x10ffff)) return -1;
  return code;
}
