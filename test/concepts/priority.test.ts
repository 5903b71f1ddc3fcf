import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unitOf } from '../../src/concepts/draws.ts';
import { priorityOf, readPriority, writePriority } from '../../src/concepts/priority.ts';

const facts = { unit: 0.25, quality: 0.5, distance: 0.3 };

test('hard keeps the farthest first, easy the nearest, and what has no distance comes last', () => {
  const order = (rule: 'hard' | 'easy'): number[] =>
    [0.3, NaN, 0.9, 0]
      .map((distance) => ({ distance, priority: priorityOf(rule, { ...facts, distance }) }))
      .sort((a, b) => a.priority - b.priority)
      .map(({ distance }) => distance);
  expect(order('hard')).toEqual([0.9, 0.3, 0, NaN]);
  expect(order('easy')).toEqual([0, 0.3, 0.9, NaN]);
});

test('random is the unit alone', () => {
  expect(priorityOf('random', facts)).toBe(0.25);
  expect(priorityOf('random', { unit: 0.25, quality: 1, distance: 2 })).toBe(0.25);
});

test('for quality the chance to be the first is in proportion to the rate', () => {
  const gain = 2;
  const qualities = [0, 0.5, 1];
  const rates = qualities.map((quality) => Math.exp((quality - 0.5) * gain));
  const all = rates.reduce((sum, rate) => sum + rate, 0);
  const races = 20_000;
  const wins = [0, 0, 0];
  /** How often the second to arrive is the third, given that the first is the first. */
  let second = 0;
  for (let race = 0; race < races; race++) {
    const times = qualities.map((quality, at) =>
      priorityOf('quality', { unit: unitOf(race, 'race', at, 0), quality, distance: 0 }, gain),
    );
    const winner = times.indexOf(Math.min(...times));
    wins[winner]!++;
    if (winner === 0 && times[2]! < times[1]!) second++;
  }
  for (const [at, rate] of rates.entries()) {
    const chance = rate / all;
    expect(Math.abs(wins[at]! / races - chance)).toBeLessThan(
      4.5 * Math.sqrt((chance * (1 - chance)) / races),
    );
  }
  const chance = rates[2]! / (rates[1]! + rates[2]!);
  const error = Math.sqrt((chance * (1 - chance)) / wins[0]!);
  expect(Math.abs(second / wins[0]! - chance)).toBeLessThan(4.5 * error);
});

test('a better document is kept earlier with the same luck, an unknown quality is the middle one, and no gain is no order', () => {
  const at = (quality: number, gain?: number): number => priorityOf('quality', { ...facts, quality }, gain);
  expect(at(0.9)).toBeLessThan(at(0.1));
  expect(at(NaN)).toBe(at(0.5));
  expect(at(0.9, 0)).toBe(at(0.1, 0));
  // An exponential time: -ln(0.75) for a rate of 1.
  expect(at(0.5)).toBeCloseTo(-Math.log(0.75), 14);
  expect(at(1)).toBeCloseTo(-Math.log(0.75) / Math.exp(0.5), 14);
  expect(priorityOf('quality', { ...facts, unit: 1 - 2 ** -53 })).toBeCloseTo(53 * Math.LN2, 12);
  expect(Math.abs(priorityOf('quality', { ...facts, unit: 0 }))).toBe(0);
});

test('written priorities sort as bytes the way the numbers do', () => {
  const bytesOf = (value: number): Buffer => {
    const bytes = Buffer.alloc(12);
    writePriority(value, new DataView(bytes.buffer, bytes.byteOffset), 4);
    expect(bytes.readUInt32BE(0)).toBe(0);
    return bytes;
  };
  const number = fc.oneof(
    fc.double({ noNaN: true }),
    fc.constantFrom(0, -0, Infinity, -Infinity, 5e-324, -5e-324, 1, 1 + 2 ** -52, -1, -1 - 2 ** -52),
  );
  fc.assert(
    fc.property(number, number, (a, b) => {
      expect(Buffer.compare(bytesOf(a), bytesOf(b))).toBe(a < b ? -1 : a > b ? 1 : 0);
    }),
    { numRuns: 1000 },
  );
});

test('a number that is read is the one that was written', () => {
  const bytes = new DataView(new ArrayBuffer(12));
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) => {
      writePriority(value, bytes, 3);
      expect(readPriority(bytes, 3)).toBe(value + 0);
    }),
  );
  for (const value of [0, -0, Infinity, -Infinity, Number.MIN_VALUE, -Number.MIN_VALUE]) {
    writePriority(value, bytes, 4);
    expect(readPriority(bytes, 4)).toBe(value + 0);
  }
});
