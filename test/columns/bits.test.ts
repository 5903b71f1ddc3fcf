import fc from 'fast-check';
import { expect, test } from 'vitest';
import { copyBits, countBits, isSet, setBits } from '../../src/columns/bits.ts';

const toBits = (bytes: Uint8Array) => Array.from({ length: bytes.length * 8 }, (_, i) => isSet(bytes, i));

test('copied bits are those of a loop over single bits, and all others stay', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 12 }),
      fc.uint8Array({ minLength: 1, maxLength: 12 }),
      fc.nat(95),
      fc.nat(95),
      fc.nat(96),
      (source, target, a, b, wanted) => {
        const from = a % (source.length * 8);
        const to = b % (target.length * 8);
        const count = Math.max(0, Math.min(wanted, source.length * 8 - from, target.length * 8 - to));
        const expected = toBits(target);
        const sourceBits = toBits(source);
        for (let i = 0; i < count; i++) expected[to + i] = sourceBits[from + i]!;
        copyBits(source, from, target, to, count);
        expect(toBits(target)).toEqual(expected);
      },
    ),
    { numRuns: 500 },
  );
});

test('set bits are those of the range and no others', () => {
  fc.assert(
    fc.property(fc.nat(64), fc.nat(64), (a, b) => {
      const bits = new Uint8Array(8);
      setBits(bits, Math.min(a, b), Math.abs(a - b));
      expect(toBits(bits)).toEqual(
        Array.from({ length: 64 }, (_, i) => i >= Math.min(a, b) && i < Math.max(a, b)),
      );
      expect(countBits(bits)).toBe(Math.abs(a - b));
    }),
  );
});
