import fc from 'fast-check';
import { expect, test } from 'vitest';
import { copiesOf, unitOf } from '../../src/concepts/draws.ts';
import { add, finish, high } from '../../src/kernels/lanes.ts';

const COUNT = 40_000;

/** Counters in the low half, in the high half, and hashes as documents have them. */
const HASHES: readonly (readonly [string, (index: number) => readonly [number, number]])[] = [
  ['counters', (index) => [index, 0]],
  ['counters in the high half', (index) => [0, index]],
  [
    'hashes',
    (index) => {
      const low = finish(add(index, 77, 0x85ebca6b, 0x9e3779b9), high);
      return [low, high];
    },
  ],
];

const units = (
  seed: number,
  purpose: string | number,
  hash: (index: number) => readonly [number, number],
): Float64Array => Float64Array.from({ length: COUNT }, (_, index) => unitOf(seed, purpose, ...hash(index)));

test.each(HASHES)('units of %s are as even in their upper and in their lower bits', (_, hash) => {
  const found = units(7, 'copies', hash);
  for (const scale of [1, 2 ** 21, 2 ** 40]) {
    const counts = new Float64Array(256);
    for (const unit of found) counts[Math.floor(unit * scale * 256) % 256]!++;
    const mean = COUNT / 256;
    const chiSquare = counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    // Chi-square of 255 degrees of freedom: within 4.5 of its standard deviations.
    expect(Math.abs(chiSquare - 255)).toBeLessThan(4.5 * Math.sqrt(2 * 255));
  }
  expect(found.every((unit) => unit >= 0 && unit < 1)).toBe(true);
  // A permutation of 64 bits, of which 53 are kept: no two alike among so few.
  expect(new Set(found).size).toBe(COUNT);
});

test.each(HASHES)('units of %s for other seeds and purposes are unrelated, and neighbours too', (_, hash) => {
  const first = units(0, 'copies', hash);
  const others = [
    units(1, 'copies', hash),
    units(2 ** 32, 'copies', hash),
    units(0, 'order', hash),
    units(0, 'copiet', hash),
    units(0, '', hash),
    units(0, 0, hash),
    units(0, 1, hash),
    Float64Array.from(first, (__, index) => first[(index + 1) % COUNT]!),
  ];
  const center = (unit: number): number => (unit - 0.5) * Math.sqrt(12);
  for (const other of others) {
    for (const scale of [1, 2 ** 16]) {
      const product = first.reduce(
        (sum, unit, at) => sum + center((unit * scale) % 1) * center((other[at]! * scale) % 1),
        0,
      );
      // A correlation of unrelated numbers has a standard error of 1 / sqrt(n).
      expect(Math.abs(product / COUNT)).toBeLessThan(4.5 / Math.sqrt(COUNT));
    }
  }
});

test('each bit of a document turns each bit of the unit with a chance of one half', () => {
  const rounds = 400;
  let worst = 0;
  for (let bit = 0; bit < 64; bit++) {
    const turned = new Float64Array(53);
    for (let index = 0; index < rounds; index++) {
      const flipped =
        bit < 32 ? unitOf(3, 1, index ^ (1 << bit), 5) : unitOf(3, 1, index, 5 ^ (1 << (bit - 32)));
      let [a, b] = [unitOf(3, 1, index, 5), flipped];
      for (let at = 0; at < 53; at++) {
        [a, b] = [(a * 2) % 2 || 0, (b * 2) % 2 || 0];
        if (Math.floor(a) !== Math.floor(b)) turned[at]!++;
        [a, b] = [a % 1, b % 1];
      }
    }
    for (const count of turned) worst = Math.max(worst, Math.abs(count / rounds - 0.5));
  }
  // The largest of 3392 deviations of 400 fair coins: 5 standard errors.
  expect(worst).toBeLessThan((5 * 0.5) / Math.sqrt(rounds));
});

test('a unit is a constant of its seed, purpose and document', () => {
  const found = unitOf(42, 'order', 0x12345678, 0x9abcdef0);
  expect(found).toBe(unitOf(42, 'order', 0x12345678, 0x9abcdef0));
  // Halves may come signed or unsigned.
  expect(found).toBe(unitOf(42, 'order', 0x12345678, 0x9abcdef0 | 0));
  // A change of this number changes what every run with this seed writes.
  expect(found).toBe(0.8084600639750643);
});

test('copies have the weight as their mean, and a higher weight never means fewer', () => {
  const weight = 2.3;
  let sum = 0;
  for (let index = 0; index < COUNT; index++) sum += copiesOf(weight, unitOf(1, 'copies', index, 0));
  expect(Math.abs(sum / COUNT - weight)).toBeLessThan(4.5 * Math.sqrt((0.3 * 0.7) / COUNT));
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 20, noNaN: true }),
      fc.double({ min: 0, max: 5, noNaN: true }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (least, more, unit) => {
        const copies = copiesOf(least, unit);
        expect(copiesOf(least + more, unit)).toBeGreaterThanOrEqual(copies);
        expect([Math.floor(least), Math.ceil(least)]).toContain(copies);
      },
    ),
  );
  expect([copiesOf(0, 0), copiesOf(3, 0), copiesOf(0.5, 0.5), copiesOf(0.5, 0.49)]).toEqual([0, 3, 0, 1]);
});
