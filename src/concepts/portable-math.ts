// Math.exp and Math.log may differ in the last bit from one engine to another. What is here uses sums, products and quotients alone, which
// IEEE 754 fixes to the bit, so quotas and orders that depend on it are the same on every machine.

/** ln 2 in two parts: the first has 20 zero bits at its end, so that its product with an exponent is exact (as in fdlibm). */
const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;
/** Of the series of atanh; the next term is below 2^-56 of the sum for |z| <= 3 - 2 sqrt(2). */
const LAST_ODD = 21;
/** Of the series of exp; the next term is below 2^-57 for |r| <= ln(2) / 2. */
const LAST_POWER = 14;

const bits = new DataView(new ArrayBuffer(8));

/** Natural logarithm within 1e-15 of the true value, relatively, or 1e-15 where that is larger; -Infinity for 0, NaN below. */
export function ln(x: number): number {
  if (!(x > 0) || x === Infinity) return x === 0 ? -Infinity : x > 0 ? x : NaN;
  // Numbers below the normal ones are moved up by 2^54.
  const isTiny = x < 2 ** -1022;
  bits.setFloat64(0, isTiny ? x * 2 ** 54 : x);
  const upper = bits.getUint32(0);
  let exponent = (upper >>> 20) - 1023 - (isTiny ? 54 : 0);
  bits.setUint32(0, (upper & 0xfffff) | 0x3ff00000);
  let mantissa = bits.getFloat64(0);
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent++;
  }
  // ln m = 2 atanh((m - 1) / (m + 1)).
  const z = (mantissa - 1) / (mantissa + 1);
  const square = z * z;
  let series = 0;
  for (let odd = LAST_ODD; odd >= 1; odd -= 2) series = series * square + 2 / odd;
  return exponent * LN2_HIGH + (series * z + exponent * LN2_LOW);
}

/** e to the power of `x` within 1e-15 of the true value, relatively; Infinity or 0 where no number is that large or small. */
export function exp(x: number): number {
  if (!(x > -746)) return x === x ? 0 : NaN;
  if (x > 710) return Infinity;
  const exponent = Math.floor(x / Math.LN2 + 0.5);
  const rest = x - exponent * LN2_HIGH - exponent * LN2_LOW;
  let series = 1;
  for (let power = LAST_POWER; power >= 1; power--) series = 1 + (series * rest) / power;
  // In two steps, as 2^exponent itself may be no normal number where the result is one.
  const half = exponent >> 1;
  return series * powerOfTwo(half) * powerOfTwo(exponent - half);
}

/** 2^exponent for -1022 to 1023. */
function powerOfTwo(exponent: number): number {
  bits.setUint32(0, (exponent + 1023) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}
