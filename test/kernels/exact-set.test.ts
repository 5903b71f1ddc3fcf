import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CurationError } from '../../src/errors.ts';
import { ExactSet, exactSetByteLength } from '../../src/kernels/exact-set.ts';
import { randomWords } from './bloom/keys.ts';

test('answers as a map does, for colliding and extreme hashes, whatever its size', () => {
  const word = fc.oneof(fc.constantFrom(0, 1, 0x80000000, 0xfffffffe, 0xffffffff), fc.nat(0xffffffff));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(word, word), { maxLength: 3000, size: 'max' }),
      fc.nat(5000),
      (pairs, expected) => {
        const set = new ExactSet(expected);
        const map = new Map<string, number>();
        pairs.forEach(([low, high], ordinal) => {
          const slot = set.find(low, high);
          const known = map.get(`${low},${high}`);
          if (known === undefined) {
            expect(slot).toBe(-1);
            map.set(`${low},${high}`, ordinal);
            set.add(low, high, ordinal);
          } else {
            expect(set.ordinalAt(slot)).toBe(known);
          }
        });
        expect(set.count).toBe(map.size);
      },
    ),
    { numRuns: 60 },
  );
});

test('grows by doubling past three quarters, and every hash keeps its first document', () => {
  const set = new ExactSet(0);
  const next = randomWords(1);
  const keys = Uint32Array.from({ length: 2 * 100_000 }, next);
  const planned = set.byteLength;
  expect(planned).toBe(exactSetByteLength(0));
  for (let row = 0; row < 768; row++) set.add(keys[2 * row]!, keys[2 * row + 1]!, row);
  expect(set.byteLength).toBe(planned);
  set.add(keys[2 * 768]!, keys[2 * 768 + 1]!, 768);
  expect(set.byteLength).toBe(2 * planned);
  for (let row = 769; row < 100_000; row++) set.add(keys[2 * row]!, keys[2 * row + 1]!, row);
  set.touch(keys, 0, 100_000);
  let wrong = 0;
  for (let row = 0; row < 100_000; row++) {
    const slot = set.find(keys[2 * row]!, keys[2 * row + 1]!);
    if (slot < 0 || set.ordinalAt(slot) !== row) wrong++;
  }
  expect(wrong).toBe(0);
});

test('holds the expected documents without growing, in 17.2 bytes each', () => {
  const set = new ExactSet(70_000);
  const next = randomWords(2);
  for (let row = 0; row < 70_000; row++) set.add(next(), next(), row);
  expect(set.byteLength).toBe(exactSetByteLength(70_000));
  expect(set.byteLength / 70_000).toBeLessThan(17.2);
});

test('an ordinal that a slot has no room for is unknown, but its hash is known', () => {
  const set = new ExactSet(10);
  set.add(1, 1, 2 ** 32 - 3);
  set.add(2, 2, 2 ** 32 - 2);
  set.add(3, 3, 2 ** 39);
  expect(set.ordinalAt(set.find(1, 1))).toBe(2 ** 32 - 3);
  expect(set.ordinalAt(set.find(2, 2))).toBe(-1);
  expect(set.ordinalAt(set.find(3, 3))).toBe(-1);
});

test('what no memory can hold is refused with words', () => {
  expect(() => new ExactSet(1e12)).toThrow(CurationError);
});
