import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { symbolLines } from '../../src/filters/symbol-lines.ts';
import { hasSharedData } from '../engine/support.ts';
import { judgeWith, realTexts } from './judged.ts';
import { splitLines, strip } from './oracle-c4.ts';

const plain = await judgeWith(symbolLines);
const dashed = await judgeWith(symbolLines, { replace_char: '--' });

// datatrove's PUNCTUATION and what of its terminal marks these tests use.
const SYMBOLS =
  '!/—”:％１〈&(、━\\【#%「」，】；+^]~“《„\';’{|∶´[=-`*．（–？！：$～«〉,><》)?）。…@_."}►»' + '।॥؟۔։‼⁇᠃𑁇𖬷';

/** Second implementation over strings. */
function oracle(text: string, replacement = ''): string {
  const isSymbol = (character: string): boolean => {
    const code = character.codePointAt(0)!;
    const isControl = code < 0xa0 && (code < 0x20 || code >= 0x7f) && code !== 9 && code !== 10;
    return character === ' ' || isControl || SYMBOLS.includes(character);
  };
  const lines: string[] = [];
  let isRemoving = false;
  for (const line of splitLines(text)) {
    if (strip(line) === '' || !Array.from(line).every(isSymbol)) {
      lines.push(line);
      isRemoving = false;
    } else {
      if (!isRemoving && replacement !== '') lines.push(replacement);
      isRemoving = true;
    }
  }
  return lines.join('\n');
}

const pieces = [
  'word',
  'é',
  '好',
  '-',
  '***',
  '...',
  '—',
  '。',
  '…',
  '।',
  '•',
  '𑁇',
  ' ',
  '  ',
  '\t',
  '\u00a0',
  '\x1f',
  '\x7f',
  '\0',
  '\n',
  '\n',
  '\n',
  '\r\n',
  '\r',
  '\x85',
  '\u2028',
  '\v',
];
const texts = fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((all) => all.join(''));

describe('lines of symbols', () => {
  test.each<[string, string, string]>([
    ['go, and the text closes up', 'a\n---\nb', 'a\nb'],
    ['go at the beginning and the end', '***\na\n- - -', 'a'],
    ['go when there is nothing else', '---', ''],
    ['go with marks of other scripts', 'a\n。、！\n।।\nb', 'a\nb'],
    ['stay with a letter, a bullet or a tab', 'a\n-x-\n•\n-\t-', 'a\n-x-\n•\n-\t-'],
    ['are not lines of white space', 'a\n\n \n\u00a0\nb', 'a\n\n \n\u00a0\nb'],
    ['are not lines of a unit separator, which is white space', 'a\n\x1f\nb', 'a\n\x1f\nb'],
    ['are lines of controls', 'a\n\0\x7f\nb', 'a\nb'],
    ['leave LF where another break was', 'a\r\nb\u2028c\x85d\ve', 'a\nb\nc\nd\ne'],
    ['or not, a break at the end goes', 'a\n', 'a'],
  ])('%s', (_, text, left) => {
    expect(plain(text).text).toBe(left);
    expect(oracle(text)).toBe(left);
  });

  test('have one line in their place for each run', () => {
    expect(dashed('a\n**\n##\nb\n##\n\n##\n').text).toBe('a\n--\nb\n--\n\n--');
    expect(dashed('**\n##').text).toBe('--');
  });

  test('change nothing where there are none', () => {
    expect(plain('a\nb\n\nc').replaced).toBeUndefined();
    expect(plain('').replaced).toBeUndefined();
    expect(dashed('a').replaced).toBeUndefined();
  });
});

describe('laws', () => {
  test('strings say the same', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const found = plain(text);
        expect(found.verdict).toBe(0);
        expect(found.text).toBe(oracle(text));
        expect(found.replaced === undefined).toBe(found.text === text);
        expect(dashed(text).text).toBe(oracle(text, '--'));
      }),
      { numRuns: 2000 },
    );
  });

  test.skipIf(!hasSharedData)('strings say the same of real documents', async () => {
    const documents = await realTexts(400);
    let changed = 0;
    for (const text of documents) {
      const found = plain(text);
      expect(found.text).toBe(oracle(text));
      if (found.replaced !== undefined) changed++;
    }
    expect(changed).toBeGreaterThan(30);
  });

  test('a second time changes nothing but a line break at the end', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const { text: once } = plain(text);
        expect(plain(once).text).toBe(once.replace(/\n$/u, ''));
        const { text: onceDashed } = dashed(text);
        expect(dashed(onceDashed).text).toBe(onceDashed.replace(/\n$/u, ''));
      }),
    );
  });

  test('any bytes pass, and what is left of them is theirs', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const { replaced } = plain(bytes);
        expect((replaced ?? bytes).length).toBeLessThanOrEqual(bytes.length);
      }),
    );
    expect([...plain(Buffer.from([0x2d, 0xff, 0x0a, 0x2d])).replaced!]).toEqual([0x2d, 0xff]);
  });

  test('giant documents take a moment', () => {
    const size = 10 << 20;
    expect(plain('-'.repeat(size)).text).toBe('');
    expect(plain(`${'-'.repeat(size / 4)}a`).replaced).toBeUndefined();
    expect(plain('-\n'.repeat(size / 8)).text).toBe('');
    expect(dashed('a\n-\n'.repeat(size / 16)).text.length).toBe((size / 16) * 5 - 1);
  });
});
