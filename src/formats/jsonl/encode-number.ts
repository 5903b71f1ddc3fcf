import { type ByteSink } from '../byte-sink.ts';
import { writeAscii } from './encode-text.ts';

const LARGEST_EXACT = Number.MAX_SAFE_INTEGER;

/** Writes an integer of at most 53 bits in digits. */
export function writeInteger(out: ByteSink, value: number): void {
  out.reserve(20);
  const { bytes } = out;
  let rest = value;
  if (rest < 0) {
    bytes[out.at++] = 0x2d;
    rest = -rest;
  }
  let end = out.at + 1;
  for (let limit = 10; rest >= limit; limit *= 10) end++;
  out.at = end;
  while (rest > 0x7fffffff) {
    const next = Math.floor(rest / 10);
    bytes[--end] = 0x30 + (rest - next * 10);
    rest = next;
  }
  let small = rest | 0;
  do {
    const next = (small / 10) | 0;
    bytes[--end] = 0x30 + (small - next * 10);
    small = next;
  } while (small > 0);
}

/** Writes a 64-bit integer in digits, without a detour over floating point where it is not exact. */
export function writeBigInteger(out: ByteSink, value: bigint): void {
  if (value >= -LARGEST_EXACT && value <= LARGEST_EXACT) writeInteger(out, Number(value));
  else writeAscii(out, value.toString());
}

/**
 * Writes a double as the shortest number that reads back equal; a whole one keeps `.0`, so that a reader that infers
 * types sees a floating-point column. JSON has no NaN and no infinity: these are null.
 */
export function writeDouble(out: ByteSink, value: number): void {
  writeDecimalText(out, value, String(value));
}

/** Writes a 32-bit float as the shortest number that reads back as the same float, not as the double it widens to. */
export function writeFloat(out: ByteSink, value: number): void {
  let text = String(value);
  for (let digits = 6; digits <= 9 && text.length > digits; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) {
      text = String(shorter);
      break;
    }
  }
  writeDecimalText(out, value, text);
}

function writeDecimalText(out: ByteSink, value: number, text: string): void {
  if (!Number.isFinite(value)) writeAscii(out, 'null');
  else if (Object.is(value, -0)) writeAscii(out, '-0.0');
  else if (Number.isInteger(value) && !text.includes('e')) writeAscii(out, `${text}.0`);
  else writeAscii(out, text);
}

/** The little-endian two's complement integer in `width` bytes from `start`. */
export function readSigned(bytes: Uint8Array, start: number, width: number): bigint {
  let value = 0n;
  for (let i = width - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[start + i]!);
  return BigInt.asIntN(width * 8, value);
}

/** A decimal in plain notation: `formatDecimal(-5n, 2)` is `-0.05`, `formatDecimal(5n, -2)` is `500`. */
export function formatDecimal(unscaled: bigint, scale: number): string {
  const sign = unscaled < 0n ? '-' : '';
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString();
  if (scale <= 0) return unscaled === 0n ? '0' : `${sign}${digits}${'0'.repeat(-scale)}`;
  const padded = digits.padStart(scale + 1, '0');
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}
