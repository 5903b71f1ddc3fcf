import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countZeros, hasBit, shiftBits } from '../../../src/formats/arrow/bits.ts';

test('shifted bits are the bits one by one, and nothing follows them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 12 }), fc.nat(), fc.nat(), (bytes, a, b) => {
      const start = a % (8 * bytes.length);
      const length = b % (8 * bytes.length - start + 1);
      const shifted = shiftBits(bytes, start, length);
      expect(shifted).toHaveLength(Math.ceil(length / 8));
      const bits = Array.from({ length: 8 * shifted.length }, (_, i) => hasBit(shifted, i));
      const expected = bits.map((_, i) => i < length && hasBit(bytes, start + i));
      expect(bits).toEqual(expected);
      expect(countZeros(shifted, length)).toBe(expected.slice(0, length).filter((bit) => !bit).length);
    }),
  );
});
