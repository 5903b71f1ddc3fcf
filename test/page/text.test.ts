import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shorten, textWidth } from '../../src/page/text.ts';

test('a text too long loses its middle and fits', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc.integer({ min: 2, max: 30 }),
      (text, width) => {
        const shown = shorten(text, width);
        expect(textWidth(shown)).toBeLessThanOrEqual(width);
        if (textWidth(text) <= width) expect(shown).toBe(text);
        expect(shown).not.toMatch(/\p{Cs}/u);
      },
    ),
  );
  expect(shorten('/data/crawl/part-00000/filtered', 10)).toMatch(/^\/data.*….*ered$/);
});
