import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { createRuleKernel, type RuleKernel, type WordRule } from '../../../src/kernels/rules/kernel.ts';
import { kindOf, unicodeTables } from '../../../src/kernels/unicode.ts';
import { blocksBase64, classesBase64, classFlags } from '../../../src/kernels/wasm/characters.generated.ts';
import {
  isBlankText,
  isSymbol,
  isTerminal,
  lengthOf,
  splitLines,
  stripEnd,
  stripStart,
  tokensOf,
} from './oracle.ts';
import { anyBytes, anyText, textOf } from './texts.ts';

const RULES: readonly WordRule[] = ['unicode', 'whitespace'];
const kernels = new Map<WordRule, RuleKernel>();
beforeAll(async () => {
  for (const words of RULES) kernels.set(words, await createRuleKernel(words));
});

/** A loaded kernel. The text lies between other bytes, which are none of its business. */
function loaded(bytes: Uint8Array, words: WordRule = 'unicode'): RuleKernel {
  const kernel = kernels.get(words)!;
  const around = Buffer.concat([Buffer.from('a.\n\r'), bytes, Buffer.from('\x82\xacz...')]);
  kernel.forget();
  kernel.load({ bytes: around, start: 4, end: 4 + bytes.length });
  return kernel;
}

function numbersAt(kernel: RuleKernel, address: number, count: number): number[] {
  return [...new Uint32Array(kernel.memory.buffer, address, count)];
}

/** What the kernel says of a text, and what the oracle does. */
function facts(kernel: RuleKernel): unknown {
  const tokens = kernel.tokens();
  const hashes = new BigUint64Array(kernel.memory.buffer, tokens.hashes, tokens.count);
  const { hashes: _, lengths, folds: _folds, places: _places, ...counts } = tokens;
  const lines = kernel.lines();
  return {
    tokens: counts,
    lengths: numbersAt(kernel, lengths, tokens.count),
    firstOfItsKind: firsts([...hashes]),
    layout: { ...kernel.layout() },
    lines: { count: lines.count, filled: lines.filled, stopped: lines.stopped },
    lineStarts: numbersAt(kernel, lines.starts, lines.count).map((start) => start - kernel.text),
    lineLengths: numbersAt(kernel, lines.lengths, lines.count),
    codePoints: lines.codePoints,
    short: [0, 1, 7, 30].map((limit) => kernel.countShortLines(limit)),
    long: [0, 1, 7, 30].map((limit) => kernel.countLongLines(limit)),
    repeated: kernel.repeatedLineLength(),
  };
}

/** Exclusive or of the bytes, each at its place modulo 8. */
function foldOf(bytes: Uint8Array): bigint {
  let fold = 0n;
  for (const [at, byte] of bytes.entries()) fold ^= BigInt(byte) << BigInt(8 * (at % 8));
  return fold;
}

/** For each element the position of the first that equals it. */
const firsts = (elements: readonly unknown[]): number[] => {
  const seen = new Map<unknown, number>();
  return elements.map((element, i) => {
    if (!seen.has(element)) seen.set(element, i);
    return seen.get(element)!;
  });
};

function expected(text: string, words: WordRule): unknown {
  const tokens = tokensOf(text, words);
  const spoken = tokens.filter((token) => Array.from(token).some((character) => !isSymbol(character)));
  const lines = splitLines(text);
  const cut = text.split('\n');
  const filled = cut.filter((line) => !isBlankText(line));
  const lengths = cut.map(lengthOf);
  const seen = new Set<string>();
  let repeated = 0;
  for (const line of filled) {
    if (seen.has(line)) repeated += lengthOf(line);
    seen.add(line);
  }
  const isStopped = (line: string): boolean => isTerminal(Array.from(line).at(-1)!);
  const flags = (line: string): number => {
    if (isBlankText(line)) return 2 ** 31;
    return isStopped(line) ? 2 ** 30 : 0;
  };
  let start = 0;
  return {
    tokens: {
      count: tokens.length,
      spokenCount: spoken.length,
      spokenLength: lengthOf(spoken.join('')),
      letterCount: tokens.filter((token) => /\p{L}/u.test(token)).length,
    },
    lengths: tokens.map(lengthOf),
    firstOfItsKind: firsts(tokens),
    layout: {
      lines: lines.length,
      bulletLines: lines.filter((line) => /^[\u2022-]/u.test(stripStart(line))).length,
      ellipsisLines: lines.filter((line) => /(?:\.\.\.|\u2026)$/u.test(stripEnd(line))).length,
      numberSigns: text.split('#').length - 1,
      ellipses: text.split('...').length + text.split('\u2026').length - 2,
    },
    lines: { count: cut.length, filled: filled.length, stopped: filled.filter(isStopped).length },
    lineStarts: cut.map((line) => {
      const own = start;
      start += byteLength(line) + 1;
      return own;
    }),
    lineLengths: cut.map((line, i) => lengths[i]! + flags(line)),
    codePoints: lengthOf(text),
    short: [0, 1, 7, 30].map((limit) => filled.filter((line) => lengthOf(line) <= limit).length),
    long: [0, 1, 7, 30].map((limit) => lengths.filter((length) => length >= limit).length),
    repeated,
  };
}

/** In bytes, where a lone surrogate stands for one byte. */
function byteLength(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    bytes += code >= 0xd800 && code < 0xe000 ? 1 : Buffer.byteLength(character);
  }
  return bytes;
}

describe.each(RULES)('what is before tokens of rule %s', (words) => {
  test('is folded and counted without white space, so that tokens in a row fold as one string', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const kernel = loaded(Buffer.from(text), words);
        const { count, folds, places } = kernel.tokens();
        const tokens = tokensOf(text, words).map((token) => Buffer.from(token));
        const before = Array.from({ length: count + 1 }, (_, i) => Buffer.concat(tokens.slice(0, i)));
        const found = [...new BigUint64Array(kernel.memory.buffer, folds, count + 1)];
        expect(numbersAt(kernel, places, count + 1)).toStrictEqual(before.map(({ length }) => length));
        expect(found).toStrictEqual(before.map(foldOf));
        const turn = BigInt(8 * (before[count >> 1]!.length % 8));
        const part = found[count >> 1]! ^ found[count]!;
        const turned = BigInt.asUintN(64, (part >> turn) | (part << (64n - turn)));
        expect(turned).toBe(foldOf(Buffer.concat(tokens.slice(count >> 1))));
      }),
      { numRuns: 300 },
    );
  });
});

describe.each(RULES)('words cut by %s', (words) => {
  test('every statistic of any text is what the oracle finds', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(facts(loaded(Buffer.from(text), words))).toEqual(expected(text, words));
      }),
      { numRuns: 1500 },
    );
  });

  test('and so of any bytes, each that is no part of UTF-8 being a character without properties', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(facts(loaded(bytes, words))).toEqual(expected(textOf(bytes), words));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['nothing', ''],
    ['a block', 'ab cd ef '.repeat(8).slice(0, 64)],
    ['a block and a byte', 'x'.repeat(65)],
    ['a word over blocks', ' '.repeat(60) + 'x'.repeat(200)],
    ['a word that ends with a block', 'x'.repeat(64)],
    ['symbols over blocks', '-'.repeat(130)],
    ['full stops over blocks', `${'.'.repeat(64)}a${'.'.repeat(128)}`],
    ['underscores over blocks', `${'_'.repeat(63)} ${'_'.repeat(70)}a`],
    ['an apostrophe at the end of a block', `${'x'.repeat(63)}'s`],
    ['an apostrophe there before other letters', `${'x'.repeat(63)}'\u00e9`],
    ['a comma there between digits', `${'1'.repeat(63)},2 ${'1'.repeat(62)},x`],
    ['CRLF over blocks', `${'x'.repeat(63)}\r\n${'y'.repeat(63)}\n\r`],
    ['an ellipsis over blocks', `${'x'.repeat(62)}\u2026${'y'.repeat(62)}...`],
    ['a paragraph separator over blocks', `${'x'.repeat(62)}\u2029-${'y'.repeat(62)}\x85\u2022`],
  ])('nothing is lost at the edges: %s', (_, text) => {
    for (let before = 0; before < 4; before++) {
      const moved = ' '.repeat(before) + text;
      expect(facts(loaded(Buffer.from(moved), words))).toEqual(expected(moved, words));
    }
  });

  test.each([
    ['one word', 'x'.repeat(3_000_000)],
    ['one character', '\u00e9'.repeat(1_000_000)],
    ['white space', ' \t'.repeat(1_500_000)],
    ['line feeds', '\n'.repeat(1_000_000)],
    ['full stops', '.'.repeat(3_000_000)],
    ['NUL', '\0'.repeat(1_000_000)],
  ])('a giant document of %s is judged, and the memory it took is given back', (_, text) => {
    const bytes = Buffer.from(text);
    const kernel = loaded(bytes, words);
    expect(kernel.codePoints()).toBe(text.length);
    expect(kernel.lines().codePoints).toBe(text.length);
    expect(kernel.layout().ellipses).toBe(text[0] === '.' ? 1_000_000 : 0);
    const isOne = !isBlankText(text[0]!);
    expect(kernel.tokens().count).toBe(isOne ? 1 : 0);
    expect(loaded(Buffer.from('a b'), words).tokens().count).toBe(2);
    expect(kernel.memory.buffer.byteLength).toBeLessThanOrEqual(16 << 20);
  });
});

const cut = (text: string): string[] => {
  const kernel = loaded(Buffer.from(text));
  const { count, lengths } = kernel.tokens();
  const characters = Array.from(text.replaceAll(' ', ''));
  return numbersAt(kernel, lengths, count).map((length) => characters.splice(0, length).join(''));
};

test.each([
  ["don't stop", ['don', "'t", 'stop']],
  ['he\u2019ll I\u2019m. O\u2019Brien', ['he', '\u2019ll', 'I', '\u2019m', '.', 'O\u2019Brien']],
  [
    "Y'ALL'D'VE 1990's l'or it's\u2014x\u00e9's a'se",
    ["Y'ALL", "'D", "'VE", '1990', "'s", "l'or", 'it', "'s", '\u2014', 'x\u00e9', "'s", "a'se"],
  ],
  ["'tis rock'n'roll'", ["'", 'tis', "rock'n'roll", "'"]],
  ["a''b", ['a', "''", 'b']],
  ['U.S. 3.14 1,234 a,b 1,b', ['U.S', '.', '3.14', '1,234', 'a', ',', 'b', '1', ',', 'b']],
  ['well-known snake_case', ['well', '-', 'known', 'snake_case']],
  ['9/11 9:25 1990-95 B-7 1/a :1', ['9/11', '9:25', '1990-95', 'B', '-', '7', '1', '/', 'a', ':', '1']],
  ['wait... (--- ==)', ['wait', '...', '(', '---', '==', ')']],
  ['\u65e5\u672c\u8a9e and x', ['\u65e5', '\u672c', '\u8a9e', 'and', 'x']],
  ['caf\u00e9 cafe\u0301', ['caf\u00e9', 'cafe\u0301']],
  ['\u0e01\u0e31\u0e19', ['\u0e01\u0e31', '\u0e19']],
  ['\u{1f44d}\u{1f3fd}\u{1f44d}', ['\u{1f44d}', '\u{1f3fd}', '\u{1f44d}']],
  ['\u{1f469}\u200d\u{1f4bb}', ['\u{1f469}\u200d', '\u{1f4bb}']],
])('words of %j', (text, tokens) => {
  expect(cut(text)).toEqual(tokens);
});

test('a set of words is counted without repeats, case-sensitively, and no further than asked', () => {
  const kernel = kernels.get('unicode')!;
  const stopWords = kernel.wordSet(['the', 'of', 'and', 'na\u00efve', 'the', 'not here', 'a-b']);
  const count = (text: string, enough: number): number =>
    loaded(Buffer.from(text)).countPresent(stopWords, enough);
  expect(count('the the The of', 10)).toBe(2);
  expect(count('the of and na\u00efve', 10)).toBe(4);
  expect(count('the of and na\u00efve', 2)).toBe(2);
  expect(count('not here a-b', 10)).toBe(0);
  expect(count('', 10)).toBe(0);
});

test('a large set of words finds each of them', () => {
  const words = Array.from({ length: 3000 }, (_, i) => `w${i}`);
  const kernel = kernels.get('whitespace')!;
  const set = kernel.wordSet(words);
  const text = words.map((word, i) => (i % 3 === 0 ? word : `${word}x`)).join('\n');
  expect(loaded(Buffer.from(text), 'whitespace').countPresent(set, 1e6)).toBe(1000);
});

test('a text is loaded once, until it is forgotten', () => {
  const kernel = loaded(Buffer.from('one two'));
  const other = Buffer.from('one two three');
  kernel.load({ bytes: other, start: 0, end: other.length });
  expect(kernel.tokens().count).toBe(2);
  kernel.forget();
  kernel.load({ bytes: other, start: 0, end: other.length });
  expect(kernel.tokens().count).toBe(3);
  expect(kernel.codePoints()).toBe(13);
});

test('room does not overlap with what was found', () => {
  const kernel = loaded(Buffer.from('a b c\nd'));
  const { lengths, count } = kernel.tokens();
  const room = kernel.room(100);
  const second = kernel.room(1 << 20);
  new Uint8Array(kernel.memory.buffer).fill(255, room, room + 100);
  new Uint8Array(kernel.memory.buffer).fill(255, second, second + (1 << 20));
  expect(room % 64).toBe(0);
  expect(second - room).toBe(128);
  expect(numbersAt(kernel, lengths, count)).toEqual([1, 1, 1, 1]);
  expect(kernel.lines().count).toBe(2);
});

test('what does not fit is an error that says so', () => {
  const kernel = loaded(Buffer.from('a'));
  expect(() => kernel.room(2 ** 33)).toThrow(/rule kernel: a document of 1 bytes does not fit/);
  expect(loaded(Buffer.from('a b')).tokens().count).toBe(2);
});

test('the table of characters agrees with the running Node, and with the one of the signatures', () => {
  const blocks = Buffer.from(blocksBase64, 'base64');
  const classes = Buffer.from(classesBase64, 'base64');
  const tables = unicodeTables();
  const expectations: [number, RegExp][] = [
    [1, /^\p{L}$/u],
    [4, /^[\p{M}\p{Cf}]$/u],
    [8, /^\p{Nd}$/u],
    [256, /^\p{P}$/u],
  ];
  const wrong: string[] = [];
  for (let code = 0; code < 0x110000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const flags = classFlags[classes[(blocks[code >> 7]! << 7) | (code & 127)]!]!;
    const character = String.fromCodePoint(code);
    if (/^\p{Cn}$/u.test(character)) continue;
    const isRight =
      expectations.every(([flag, law]) => law.test(character) === ((flags & flag) !== 0)) &&
      isBlankText(character) === ((flags & 16) !== 0) &&
      isSymbol(character) === ((flags & 32) !== 0) &&
      isTerminal(character) === ((flags & 64) !== 0) &&
      (kindOf(tables, code) === 2) === ((flags & 512) !== 0) &&
      (/^[\p{L}\p{M}\p{N}\p{Cf}_]$/u.test(character) && (flags & 512) === 0) === ((flags & 2) !== 0);
    if (!isRight) wrong.push(code.toString(16));
  }
  expect(wrong).toEqual([]);
});

test('before a scan there are never said to be more tokens than there are', () => {
  const seen = { equal: 0, below: 0 };
  fc.assert(
    fc.property(
      fc.oneof(
        anyBytes,
        anyText.map((text) => new Uint8Array(Buffer.from(text))),
      ),
      fc.constantFrom(...RULES),
      (bytes, words) => {
        const kernel = loaded(bytes, words);
        const least = kernel.leastTokens();
        const { count } = kernel.tokens();
        expect(least).toBeLessThanOrEqual(count);
        expect(kernel.leastTokens()).toBe(count);
        seen[least === count ? 'equal' : 'below']++;
      },
    ),
    { numRuns: 500 },
  );
  expect(loaded(Buffer.from('All of it is plain.\nSo be it.'), 'whitespace').leastTokens()).toBe(8);
  expect(Math.min(seen.equal, seen.below)).toBeGreaterThan(0);
});
