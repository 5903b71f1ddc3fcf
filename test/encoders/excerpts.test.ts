import fc from 'fast-check';
import { expect, test } from 'vitest';
import { excerptsOf, openingOf } from '../../src/encoders/excerpts.ts';

const KIB = 1024;

test('a text of up to 12 KiB is whole, one byte more makes three excerpts', () => {
  for (const length of [0, 1, 12 * KIB]) {
    const bytes = Buffer.from(`<${'a'.repeat(length)}>`);
    expect(excerptsOf(bytes, 1, length + 1)).toEqual(['a'.repeat(length)]);
    expect(openingOf(bytes, 1, length + 1)).toBe('a'.repeat(length));
  }
  const text = 'a'.repeat(4 * KIB) + 'b'.repeat(4 * KIB + 1) + 'c'.repeat(4 * KIB);
  const bytes = Buffer.from(`<${text}>`);
  expect(excerptsOf(bytes, 1, text.length + 1)).toEqual(
    ['a', 'b', 'c'].map((letter) => letter.repeat(4 * KIB)),
  );
  expect(openingOf(bytes, 1, text.length + 1)).toBe(text.slice(0, 12 * KIB));
});

test('excerpts are pieces of the text and cut no character', () => {
  const character = fc.constantFrom('a', 'é', '漢', '\u{20000}');
  fc.assert(
    fc.property(
      fc.array(character, { minLength: 1, maxLength: 12 }),
      fc.nat(7),
      fc.nat(20),
      (some, extra, before) => {
        const unit = some.join('');
        const text = unit.repeat(Math.ceil((12 * KIB) / Buffer.byteLength(unit)) + 1 + extra);
        const bytes = Buffer.from('x'.repeat(before) + text);
        const [first, middle, last] = excerptsOf(bytes, before, bytes.length);
        expect(text.startsWith(first!) && text.includes(middle!) && text.endsWith(last!)).toBe(true);
        for (const excerpt of [first, middle, last]) {
          // A cut moves by three bytes at most.
          expect(Math.abs(Buffer.byteLength(excerpt!) - 4 * KIB)).toBeLessThanOrEqual(3);
        }
        const opening = openingOf(bytes, before, bytes.length);
        expect(text.startsWith(opening)).toBe(true);
        expect(Buffer.byteLength(opening) - 12 * KIB).toBeLessThanOrEqual(3);
      },
    ),
  );
});

test('bytes that are no characters end an excerpt too', () => {
  const bytes = Buffer.alloc(20 * KIB, 0x80);
  const excerpts = excerptsOf(bytes, 0, bytes.length);
  expect(excerpts).toHaveLength(3);
  for (const excerpt of excerpts) expect(excerpt).toMatch(/^\ufffd+$/);
});
