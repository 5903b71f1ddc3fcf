import fc from 'fast-check';
import { expect, test } from 'vitest';
import { c4Paragraph } from '../../src/filters/c4-paragraph.ts';
import { hasSharedData } from '../engine/support.ts';
import { lengthOf } from '../kernels/rules/oracle.ts';
import { anyBytes, anyText, textOf } from '../kernels/rules/texts.ts';
import { type Ruling, realDocuments, ruleOf } from './rulings.ts';

/** As mC4 says it: enough lines, and the longest of them long enough. */
function paragraphsOf(text: string, minParagraphs: number, minLength: number): Ruling {
  const lengths = text.split('\n').map(lengthOf);
  const longest = lengths.toSorted((a, b) => b - a).slice(0, minParagraphs);
  if (longest.length === minParagraphs && longest.every((length) => length >= minLength)) return undefined;
  const statistic = lengths.filter((length) => length >= minLength).length;
  return { reason: `< ${minParagraphs} paragraphs`, statistic, threshold: minParagraphs };
}

test.each([
  [3, 200],
  [3, 4],
  [2, 10],
  [5, 0],
  [0, 10],
  [1, 1],
])(
  'any text gets the ruling of the oracle: %i lines of %i characters',
  async (min_paragraphs, min_paragraph_len) => {
    const rule = await ruleOf(c4Paragraph, { min_paragraphs, min_paragraph_len });
    fc.assert(
      fc.property(fc.oneof(anyText, anyBytes), (text) => {
        const read = typeof text === 'string' ? text : textOf(text);
        expect(rule(text)).toEqual(paragraphsOf(read, min_paragraphs, min_paragraph_len));
      }),
      { numRuns: 100 },
    );
  },
);

test.runIf(hasSharedData)('and so does every real document', async () => {
  const rule = await ruleOf(c4Paragraph);
  const texts = await realDocuments();
  expect(texts.map(rule)).toEqual(texts.map((text) => paragraphsOf(text, 3, 200)));
});

test('three lines of 200 characters pass; one character or one line less is dropped', async () => {
  const rule = await ruleOf(c4Paragraph);
  const text = (...lengths: number[]): string =>
    lengths.map((length) => '\u{1f600}'.repeat(length)).join('\n');
  expect(rule(text(200, 200, 200))).toBeUndefined();
  expect(rule(text(0, 200, 3, 200, 5, 200, 0))).toBeUndefined();
  const dropped = { reason: '< 3 paragraphs', statistic: 2, threshold: 3 };
  expect(rule(text(200, 199, 200))).toEqual(dropped);
  expect(rule(text(900, 900))).toEqual(dropped);
  expect(rule(`${text(200, 199, 200)}\r\n${text(1)}`)).toEqual(dropped);
});

test('white space counts as characters of a line, as in datatrove', async () => {
  const rule = await ruleOf(c4Paragraph);
  expect(rule([1, 2, 3].map(() => ' '.repeat(200)).join('\n'))).toBeUndefined();
  expect(rule('')).toEqual({ reason: '< 3 paragraphs', statistic: 0, threshold: 3 });
});
