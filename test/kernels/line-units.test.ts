import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TextColumn } from '../../src/columns/text-column.ts';
import { createUnitCutter, type Units } from '../../src/kernels/line-units.ts';
import { countSentences, splitSentences } from '../../src/kernels/rules/sentences.ts';
import { simplifiedText } from './simplified/text.ts';

interface Unit {
  readonly text: string;
  readonly lead: number;
  readonly words: number;
  readonly sentences: number;
  /** Undefined: not counted. */
  readonly hash: string | undefined;
}

function column(rows: readonly (string | Uint8Array)[]): TextColumn {
  const parts = rows.map((row) => Buffer.from(row));
  const offsets = new Int32Array(rows.length + 1);
  offsets[0] = 3;
  parts.forEach((part, i) => {
    offsets[i + 1] = offsets[i]! + part.length;
  });
  return {
    bytes: Buffer.concat([Buffer.from('---'), ...parts, Buffer.from('A')]),
    offsets,
    rowCount: rows.length,
  };
}

/** Units of each row, checked for what every cut must obey. */
function rowsOf(text: TextColumn, units: Units): Unit[][] {
  let at = 0;
  const rows = Array.from(units.counts, (count, row) => {
    let from = text.offsets[row]!;
    const list = Array.from({ length: count }, () => {
      const to = from + units.byteLengths[at]!;
      const low = units.hashes[2 * at]!;
      const high = units.hashes[2 * at + 1]!;
      const unit = {
        text: Buffer.from(text.bytes.subarray(from, to)).toString(),
        lead: units.leads[at]!,
        words: units.words[at]!,
        sentences: units.sentences[at]!,
        hash: low === 0 && high === 0 ? undefined : `${low}:${high}`,
      };
      expect(to).toBeGreaterThan(from);
      expect(unit.lead).toBeLessThanOrEqual(to - from);
      from = to;
      at++;
      return unit;
    });
    if (count > 0) expect(from).toBe(text.offsets[row + 1]);
    return list;
  });
  for (const { length } of [units.byteLengths, units.leads, units.words, units.sentences])
    expect(length).toBe(at);
  expect(units.hashes).toHaveLength(2 * at);
  return rows;
}

const lines = createUnitCutter({ unit: 'lines', enoughSentences: 3 });
const sentences = createUnitCutter({ unit: 'sentences', enoughSentences: 3 });
const linesOf = (text: string | Uint8Array): Unit[] => {
  const one = column([text]);
  return rowsOf(one, lines.cut(one))[0]!;
};
const sentencesOf = (text: string | Uint8Array): Unit[] => {
  const one = column([text]);
  return rowsOf(one, sentences.cut(one))[0]!;
};

test('a line is cut with its break, whichever of Python it is', () => {
  const breaks = ['\n', '\r', '\r\n', '\v', '\f', '\x1c', '\x1d', '\x1e', '\x85', '\u2028', '\u2029'];
  const text = `${breaks.map((end, i) => `l${i}${end}`).join('')}last\x1fone`;
  const units = linesOf(text);
  expect(units.map((unit) => unit.text)).toEqual([...breaks.map((end, i) => `l${i}${end}`), 'last\x1fone']);
  expect(units.map((unit) => unit.words)).toEqual([...breaks.map(() => 1), 2]);
});

test('lines without a letter or digit are not counted, and are one unit where they follow each other', () => {
  const units = linesOf('\n  \n---\nA line\n\n* * *\n\u3000\nanother');
  expect(units.map(({ text, lead, words }) => [text, lead, words])).toEqual([
    ['\n  \n---\n', 4, 1],
    ['A line\n', 0, 2],
    ['\n* * *\n\u3000\n', 1, 3],
    ['another', 0, 1],
  ]);
  expect(units.map(({ hash }) => hash === undefined)).toEqual([true, false, true, false]);
});

test('a blank text is one unit that is all white space, and an empty one none', () => {
  expect(linesOf(' \n\t\u00a0\r\n ')).toEqual([
    { text: ' \n\t\u00a0\r\n ', lead: 8, words: 0, sentences: 0, hash: undefined },
  ]);
  expect(sentencesOf(' \n ')).toEqual([{ text: ' \n ', lead: 3, words: 0, sentences: 1, hash: undefined }]);
  expect(linesOf('')).toEqual([]);
  expect(sentencesOf('')).toEqual([]);
});

test('lines are the same whatever white space is around them, and nothing else is', () => {
  const [a, b, c, d, e] = linesOf('Home page\n\t Home page \r\nhome page\nHome  page\nHome page\u3000');
  expect(b!.hash).toBe(a!.hash);
  expect(e!.hash).toBe(a!.hash);
  expect(new Set([a, c, d].map((unit) => unit!.hash)).size).toBe(3);
  expect([a, b, c].map((unit) => unit!.lead)).toEqual([0, 2, 0]);
});

test('sentences of a line are counted as far as asked for', () => {
  const text = 'One is here. Two is here. Three is here. Four is here.\nNo end\n';
  expect(linesOf(text).map((unit) => unit.sentences)).toEqual([3, 1]);
  const one = column([text]);
  const none = createUnitCutter({ unit: 'lines', enoughSentences: 0 }).cut(one);
  expect(Array.from(none.sentences)).toEqual([0, 0]);
});

test('three sentences in a row are counted as one, simplified, wherever they stand', () => {
  const [a, b, c, d] = sentencesOf('The cat sat. It had 3 mice.  They ran! Nobody came.');
  expect([a, b, c, d].map((unit) => unit!.text)).toEqual([
    'The cat sat.',
    ' It had 3 mice.',
    '  They ran!',
    ' Nobody came.',
  ]);
  expect([a, b, c, d].map((unit) => unit!.lead)).toEqual([0, 1, 2, 1]);
  expect([a, b, c, d].map((unit) => unit!.words)).toEqual([3, 4, 2, 2]);
  expect([c!.hash, d!.hash]).toEqual([undefined, undefined]);
  const other = sentencesOf('Why? THE CAT, “sat”! It had 17 mice.\nThey ran? Somebody came.');
  expect(other[1]!.hash).toBe(a!.hash);
  expect(new Set([a, b].map((unit) => unit!.hash)).size).toBe(2);
  expect(sentencesOf('The cat sat. It had 3 mice.').map((unit) => unit.hash)).toEqual([undefined, undefined]);
});

test('rows to skip have no units, and rows know nothing of each other', () => {
  const text = column(['One line\nand more', 'skipped', '', 'One line']);
  const rows = rowsOf(text, lines.cut(text, Uint8Array.of(0, 2, 0, 0)));
  expect(rows.map((row) => row.length)).toEqual([2, 0, 0, 1]);
  expect(rows[3]![0]!.hash).toBe(rows[0]![0]!.hash);
  const three = column(['A bee. A cat. A dog.', 'An elk. A fox. A gnu.']);
  const windows = rowsOf(three, sentences.cut(three));
  expect(windows.map((row) => row.map((unit) => unit.hash !== undefined))).toEqual([
    [true, false, false],
    [true, false, false],
  ]);
});

const characters = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...Array.from('aB c. E! ?\n\r\t-,1')) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\u2028', '\x85', '\u00a0', 'é', '中', '。', '\u0301', '😀', '\x1c', '\ufeff'),
  },
);
const texts = fc.array(characters, { maxLength: 60 }).map((each) => each.join(''));
const BREAKS = '\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029';
const SPACE = `[${BREAKS}\t\x1f \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]`;
const wordsOf = (text: string): string[] => text.split(new RegExp(`${SPACE}+`)).filter(Boolean);

test('lines agree with a second implementation on strings', () => {
  const hashes = new Map<string, string>();
  fc.assert(
    fc.property(texts, (text) => {
      const pieces = text.match(new RegExp(`[^${BREAKS}]*(?:\r\n|[${BREAKS}]|$)`, 'g')) ?? [];
      const expected: { text: string; words: number; key: string | undefined }[] = [];
      for (const piece of pieces.filter(Boolean)) {
        const isCounted = /[\p{L}\p{N}\u{1f600}\ufeff]/u.test(piece);
        const last = expected.at(-1);
        const words = wordsOf(piece);
        if (!isCounted && last !== undefined && last.key === undefined) {
          last.text += piece;
          last.words += words.length;
        } else {
          const key = piece.replace(new RegExp(`^${SPACE}+|${SPACE}+$`, 'g'), '');
          expected.push({ text: piece, words: words.length, key: isCounted ? key : undefined });
        }
      }
      const found = linesOf(text);
      expect(found.map((unit) => [unit.text, unit.words])).toEqual(
        expected.map((unit) => [unit.text, unit.words]),
      );
      found.forEach((unit, i) => {
        const { key } = expected[i]!;
        expect(unit.hash === undefined).toBe(key === undefined);
        expect(unit.lead).toBe(Buffer.byteLength(new RegExp(`^${SPACE}*`).exec(unit.text)![0]));
        if (key === undefined) return;
        expect(hashes.get(key) ?? unit.hash).toBe(unit.hash);
        hashes.set(key, unit.hash!);
        const bytes = Buffer.from(key);
        expect(unit.sentences).toBe(countSentences(bytes, 0, bytes.length, 3));
      });
    }),
    { numRuns: 1000 },
  );
  expect(new Set(hashes.values()).size).toBe(hashes.size);
});

test('sentences agree with a second implementation on strings', () => {
  const hashes = new Map<string, string>();
  fc.assert(
    fc.property(texts, (text) => {
      const bytes = Buffer.from(text);
      const pieces: string[] = [];
      if (text !== '') {
        splitSentences(bytes, 0, bytes.length, (from, to) =>
          pieces.push(bytes.subarray(from, to).toString()),
        );
      }
      const found = sentencesOf(text);
      expect(found.map((unit) => [unit.text, unit.words, unit.sentences])).toEqual(
        pieces.map((piece) => [piece, wordsOf(piece).length, 1]),
      );
      found.forEach((unit, i) => {
        const window = pieces
          .slice(i, i + 3)
          .map((piece) => simplifiedText(piece))
          .join(' ');
        const key = window.split(' ').filter(Boolean).join(' ');
        expect(unit.hash === undefined).toBe(i + 3 > pieces.length || key === '');
        if (unit.hash === undefined) return;
        expect(hashes.get(key) ?? unit.hash).toBe(unit.hash);
        hashes.set(key, unit.hash);
      });
    }),
    { numRuns: 1000, examples: [['! \ufeff. \u0301']] },
  );
  expect(new Set(hashes.values()).size).toBe(hashes.size);
});

test('any bytes are cut, and a giant line too', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (bytes) => {
      linesOf(bytes);
      sentencesOf(bytes);
    }),
  );
  expect(linesOf(`${'word '.repeat(400_000)}end`)[0]!.words).toBe(400_001);
  expect(sentencesOf('A bee. '.repeat(20_000))).toHaveLength(20_000);
});

test('hashes of lines that differ little are spread over all 64 bits', () => {
  const seen = new Set<string>();
  const text = Array.from(
    { length: 30_000 },
    (_, i) => `x${i}\nItem ${i} of 30000\n${'a'.repeat(1 + (i % 100))}${i}`,
  ).join('\n');
  const units = lines.cut(column([text]));
  const halves = [new Set<number>(), new Set<number>()];
  for (let i = 0; i < units.words.length; i++) {
    seen.add(`${units.hashes[2 * i]}:${units.hashes[2 * i + 1]}`);
    halves[0]!.add(units.hashes[2 * i]!);
    halves[1]!.add(units.hashes[2 * i + 1]!);
  }
  expect(seen.size).toBe(90_000);
  // 90,000 random 32-bit numbers have 0.94 pairs alike on average.
  for (const half of halves) expect(half.size).toBeGreaterThan(89_990);
});
