/** Units in one second and digits of the fraction, by Arrow's TimeUnit (second, milli, micro, nano). */
const PER_SECOND = [1n, 1_000n, 1_000_000n, 1_000_000_000n] as const;
const FRACTION_DIGITS = [0, 3, 6, 9] as const;
const SECONDS_A_DAY = 86_400n;

/** Rounds towards minus infinity, so that times before 1970 fall on the right day. */
function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

/**
 * `YYYY-MM-DD` of a day counted from 1970-01-01 in the proleptic Gregorian calendar; years outside 0 to 9999 with a
 * sign and six digits or more, as ISO 8601 extends them. (Algorithm: Howard Hinnant, chrono-compatible date algorithms.)
 */
export function formatDay(day: number): string {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${formatYear(year)}-${two(month)}-${two(dayOfMonth)}`;
}

function formatYear(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0');
  return (year < 0 ? '-' : '+') + String(Math.abs(year)).padStart(6, '0');
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** `HH:MM:SS` with the fraction its unit has; `unit` is Arrow's TimeUnit. */
export function formatTime(value: bigint, unit: number): string {
  const perSecond = PER_SECOND[unit]!;
  const seconds = Number(value / perSecond);
  const text = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return unit === 0 ? text : `${text}.${formatFraction(value % perSecond, unit)}`;
}

function formatFraction(value: bigint, unit: number): string {
  return value.toString().padStart(FRACTION_DIGITS[unit]!, '0');
}

/** `YYYY-MM-DDTHH:MM:SS.fff`, with `Z` behind it where the column has a time zone (its values are UTC then). */
export function formatTimestamp(value: bigint, unit: number, isUtc: boolean): string {
  const perDay = PER_SECOND[unit]! * SECONDS_A_DAY;
  const day = floorDivide(value, perDay);
  return `${formatDay(Number(day))}T${formatTime(value - day * perDay, unit)}${isUtc ? 'Z' : ''}`;
}

/** An ISO 8601 duration in seconds: `PT1.500S`, `-PT3S`. */
export function formatDuration(value: bigint, unit: number): string {
  const sign = value < 0n ? '-' : '';
  const size = value < 0n ? -value : value;
  const perSecond = PER_SECOND[unit]!;
  const fraction = unit === 0 ? '' : `.${formatFraction(size % perSecond, unit)}`;
  return `${sign}PT${size / perSecond}${fraction}S`;
}

/** An ISO 8601 duration of calendar parts: `P14M3DT0.000000005S`; each part carries its own sign, as Arrow's does. */
export function formatInterval(months: number, days: number, nanoseconds: bigint): string {
  const monthPart = months === 0 ? '' : `${months}M`;
  const dayPart = days === 0 ? '' : `${days}D`;
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const seconds = `${nanoseconds < 0n ? '-' : ''}${size / 1_000_000_000n}`;
  const fraction = size % 1_000_000_000n === 0n ? '' : `.${formatFraction(size % 1_000_000_000n, 3)}`;
  const timePart = nanoseconds === 0n ? '' : `T${seconds}${fraction}S`;
  const parts = monthPart + dayPart + timePart;
  return parts === '' ? 'PT0S' : `P${parts}`;
}
