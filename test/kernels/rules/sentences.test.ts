import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countSentences, splitSentences } from '../../../src/kernels/rules/sentences.ts';
import { hasSharedData } from '../../engine/support.ts';
import { realTexts } from '../../filters/judged.ts';
import { oracleSentences } from '../../filters/oracle-c4.ts';

function sentencesOf(text: string): string[] {
  // Bytes of others lie around it.
  const around = Buffer.from('End. A');
  const own = Buffer.from(text);
  const bytes = Buffer.concat([around, own, Buffer.from('. Z')]);
  const sentences: string[] = [];
  splitSentences(bytes, around.length, around.length + own.length, (start, end) => {
    sentences.push(bytes.toString('utf8', start, end));
  });
  return sentences;
}

describe('a sentence ends', () => {
  test.each<[string, string[]]>([
    ['', ['']],
    [' \n ', [' \n ']],
    ['One. Two! Three? Four', ['One.', ' Two!', ' Three?', ' Four']],
    ['He left. "Why?" she asked.', ['He left.', ' "Why?"', ' she asked.']],
    ['(He left.) (Then she.)', ['(He left.)', ' (Then she.)']],
    ['Wait... what? No.. yes… so', ['Wait... what?', ' No.. yes… so']],
    [
      'Mr. Smith, of St. Louis, e.g. at 5 p.m. in Jan. or so. Yes',
      ['Mr. Smith, of St. Louis, e.g. at 5 p.m. in Jan. or so.', ' Yes'],
    ],
    [
      'J. R. Smith of the U.S. Army, Ph.D. of NASA. Then',
      ['J. R. Smith of the U.S. Army, Ph.D. of NASA.', ' Then'],
    ],
    ['It grew 5%. In 1999. C++. <b>x</b>. So', ['It grew 5%.', ' In 1999.', ' C++.', ' <b>x</b>.', ' So']],
    [
      'the end.Next one at www.Site.com or me@x.Org/a.B',
      ['the end.', 'Next one at www.Site.com or me@x.Org/a.B'],
    ],
    ['if (a != null) ok', ['if (a != null) ok']],
    ['Done. - - (. . .) Go', ['Done. - - (. . .)', ' Go']],
    ['Done. "', ['Done. "']],
    ['你好。「再见。」是吗？好', ['你好。', '「再见。」', '是吗？', '好']],
    ['यह है। वह है॥ अब', ['यह है।', ' वह है॥', ' अब']],
    ['Ο λόγος. ΟΛΟΣ. Π. Σ. Ναι', ['Ο λόγος.', ' ΟΛΟΣ.', ' Π. Σ. Ναι']],
    ['Да. Нет. Е. П. Том', ['Да.', ' Нет.', ' Е. П. Том']],
    ['Really!!! Yes?! "Oh."', ['Really!!!', ' Yes?!', ' "Oh."']],
  ])('%j', (text, sentences) => {
    expect(sentencesOf(text)).toEqual(sentences);
    expect(oracleSentences(text)).toEqual(sentences);
  });
});

const pieces = [
  'word',
  'Word',
  'WORD',
  'Mr',
  'e.g',
  'p.m',
  'Ph.D',
  'www',
  'x',
  'É',
  'é',
  'ς',
  'Σ',
  'İ',
  'ß',
  'да',
  'Да',
  '好',
  'है',
  '5',
  '3.5',
  '%',
  '+',
  '>',
  '<',
  '=',
  '/',
  '@',
  '.',
  '.',
  '.',
  '. ',
  '..',
  '...',
  '…',
  '!',
  '?',
  ',',
  ';',
  ':',
  '"',
  "'",
  '”',
  '“',
  '(',
  ')',
  '[1]',
  '「',
  '」',
  '。',
  '！',
  '।',
  '؟',
  '-',
  '—',
  ' ',
  ' ',
  ' ',
  '  ',
  '\n',
  '\r\n',
  '\u00a0',
  '\u3000',
  '\u2028',
  '😀',
  '_',
  '`',
  '~',
  '\0',
  '\u0301',
];
const texts = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((all) => all.join(''));

describe('the rule', () => {
  test('is what regular expressions find', () => {
    fc.assert(
      fc.property(
        fc.oneof({ weight: 4, arbitrary: texts }, fc.string({ unit: 'binary', maxLength: 40 })),
        (text) => {
          const clean = Buffer.from(text).toString();
          expect(sentencesOf(clean)).toEqual(oracleSentences(clean));
        },
      ),
      { numRuns: 4000 },
    );
  });

  test.skipIf(!hasSharedData)('is what regular expressions find in real text', async () => {
    const documents = await realTexts(400);
    let count = 0;
    for (const document of documents)
      for (const line of document.split('\n').slice(0, 40)) {
        if (line.length > 3000) continue;
        const sentences = sentencesOf(line);
        expect(sentences).toEqual(oracleSentences(line));
        count += sentences.length;
      }
    expect(count).toBeGreaterThan(5000);
  });

  test('covers any bytes, each once and in order', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        let at = 0;
        let count = 0;
        splitSentences(bytes, 0, bytes.length, (start, end) => {
          expect(start).toBe(at);
          expect(end).toBeGreaterThan(bytes.length === 0 ? -1 : start);
          at = end;
          count++;
        });
        expect(at).toBe(bytes.length);
        expect(countSentences(bytes, 0, bytes.length)).toBe(count);
        expect(countSentences(bytes, 0, bytes.length, 2)).toBe(Math.min(count, 2));
      }),
    );
  });

  test('stops when it is told to', () => {
    const seen: number[] = [];
    splitSentences(Buffer.from('One. Two. Three.'), 0, 16, (start) => {
      seen.push(start);
      return seen.length < 2;
    });
    expect(seen).toEqual([0, 4]);
  });

  test('takes giant texts without an end, without a letter and of nothing but ends', () => {
    const megabyte = 1 << 20;
    const count = (unit: string): number => {
      const bytes = Buffer.from(unit.repeat(megabyte / Buffer.byteLength(unit)));
      return countSentences(bytes, 0, bytes.length);
    };
    expect(count('a')).toBe(1);
    expect(count('. ')).toBe(1);
    expect(count('a. ')).toBe(1);
    expect(count('no. ')).toBe(megabyte / 4);
    expect(count('no.N')).toBe(megabyte / 4 + 1);
    expect(count('x。')).toBe(megabyte / 4);
    expect(count('ok! - ')).toBe(Math.floor(megabyte / 6));
  });
});
