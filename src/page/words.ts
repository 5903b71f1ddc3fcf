import { formatCount } from '../units.ts';

/**
 * A name from outside as people may read it: whatever would move the cursor, turn the direction of text or is no character is shown as
 * U+FFFD. It is not escaped.
 */
export function displayName(name: string): string {
  const shown = name.replace(
    /[\p{Cc}\p{Cs}\p{Bidi_Control}\p{Noncharacter_Code_Point}\u2028\u2029]/gu,
    '\uFFFD',
  );
  return shown.trim() === '' ? '(no name)' : shown;
}

/** "a", "a and b", "a, b and c". */
export function listOf(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** "1 seed", "3 seeds". */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

const SCALES: readonly (readonly [factor: number, prefix: string])[] = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];

/** A number in three digits with a decimal prefix: `32 M`, `1.05 M`, `640`. */
export function formatAmount(value: number): string {
  // What rounds to 1000 of a unit is 1 of the next.
  const rounded = Number(value.toPrecision(3));
  const [factor, prefix] = SCALES.find(([at]) => Math.abs(rounded) >= at) ?? [1, ''];
  return `${Number((rounded / factor).toPrecision(3))}${prefix === '' ? '' : ` ${prefix}`}`;
}
