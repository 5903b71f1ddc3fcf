import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TextColumn } from '../../src/columns/text-column.ts';
import { createUnitCutter, repeatedLines } from '../../src/filters/repeated-lines.ts';
import { splitSentences } from '../../src/kernels/rules/sentences.ts';
import {
  createRepeatedLines,
  REPEATED_EMPTY,
  REPEATED_TOO_FEW_SENTENCES,
  REPEATED_TOO_FEW_WORDS,
  type RepeatedLines,
  repeatedLinesByteLength,
} from '../../src/stages/repeated-lines.ts';
import { simplifiedText } from '../kernels/simplified/text.ts';

const defaults = Object.fromEntries(
  Object.entries(repeatedLines.options).map(([name, { default: value }]) => [name, value]),
);
type Options = Readonly<Record<string, number | string | null>>;
const small: Options = { expected_units: 2000, false_positive: 1e-9 };

interface Outcome {
  readonly verdict: number;
  /** What is left, if it passed. */
  readonly text: string | undefined;
  readonly statistic: number;
  readonly threshold: number;
}

function column(rows: readonly string[]): TextColumn {
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => {
    offsets[i + 1] = offsets[i]! + Buffer.byteLength(row);
  });
  return { bytes: Buffer.from(rows.join('')), offsets, rowCount: rows.length };
}

/** Runs both halves over batches of documents. */
function run(
  batches: readonly (readonly string[])[],
  options: Options,
  skips: readonly number[] = [],
): { outcomes: Outcome[]; lines: RepeatedLines } {
  const all = { ...defaults, ...small, ...options } as Record<string, number | string | null>;
  const cutter = createUnitCutter(all);
  const lines = createRepeatedLines(all);
  const outcomes: Outcome[] = [];
  for (const rows of batches) {
    const text = column(rows);
    const skip = Uint8Array.from(rows, (_, row) => (skips.includes(outcomes.length + row) ? 1 : 0));
    const { verdicts, statistics, thresholds, cuts } = lines.judge(cutter.cut(text, skip), skip);
    let next = 0;
    const left = [...rows];
    cuts.rows.forEach((row, i) => {
      expect(verdicts[row]).toBe(0);
      expect(cuts.rangeCounts[i]).toBeGreaterThan(0);
      const bytes = Buffer.from(rows[row]!);
      const kept: Buffer[] = [];
      let from = 0;
      for (let j = 0; j < cuts.rangeCounts[i]!; j++, next++) {
        // Apart from each other, not empty, inside the row.
        expect(cuts.starts[next]).toBeGreaterThanOrEqual(j === 0 ? 0 : from + 1);
        expect(cuts.ends[next]).toBeGreaterThan(cuts.starts[next]!);
        kept.push(bytes.subarray(from, cuts.starts[next]));
        from = cuts.ends[next]!;
      }
      expect(from).toBeLessThanOrEqual(bytes.length);
      left[row] = Buffer.concat([...kept, bytes.subarray(from)]).toString();
    });
    expect(cuts.starts).toHaveLength(next);
    rows.forEach((_, row) =>
      outcomes.push({
        verdict: verdicts[row]!,
        text: verdicts[row] === 0 ? left[row] : undefined,
        statistic: statistics[row]!,
        threshold: thresholds[row]!,
      }),
    );
  }
  return { outcomes, lines };
}

const anyLength: Options = { min_words: null, min_sentences: null };
const leftOf = (
  documents: readonly string[],
  options: Options,
  skips?: readonly number[],
): (string | undefined)[] =>
  run([documents], { ...anyLength, ...options }, skips).outcomes.map(({ text }) => text);

describe('lines', () => {
  test('a line stays as often as allowed and is then taken out, break and all', () => {
    const page = (i: number): string => `Home\nPage ${i} says this.\n  Home  \nContact us`;
    expect(leftOf([page(1), page(2), page(3)], { unit: 'lines', most: 2 })).toEqual([
      page(1),
      'Page 2 says this.\nContact us',
      'Page 3 says this.\n',
    ]);
  });

  test('by default fifteen stay', () => {
    const documents = Array.from({ length: 20 }, (_, i) => `Footer\nWord${i} here.`);
    const left = leftOf(documents, { unit: 'lines' });
    expect(left.slice(0, 15)).toEqual(documents.slice(0, 15));
    expect(left.slice(15)).toEqual(documents.slice(15).map((text) => text.slice(7)));
  });

  test('blank lines and rules are never taken out on their own account', () => {
    const documents = Array.from({ length: 5 }, (_, i) => `Text ${i}\n\n---\n\n`);
    expect(leftOf(documents, { unit: 'lines', most: 1 })).toEqual(documents);
  });

  test('a text that lost something loses the white space at its front too, and only then', () => {
    const documents = ['  Menu\n', ' Own 1\n', 'Menu\n\n\n   * * *\nOwn 2\n', '\n Own 3\nMenu\n'];
    expect(leftOf(documents, { unit: 'lines', most: 1 })).toEqual([
      '  Menu\n',
      ' Own 1\n',
      '* * *\nOwn 2\n',
      'Own 3\n',
    ]);
  });
});

describe('sentences', () => {
  const three = 'The cat sat here. It had 3 mice. They ran away.';
  test('three in a row that came before are taken out, and runs merge', () => {
    const documents = [
      `${three} And more.`,
      `First one. the CAT sat here! It had 12 mice. They ran away. Last one.`,
      `${three} And more. Really.`,
    ];
    expect(leftOf(documents, { unit: 'sentences' })).toEqual([
      documents[0],
      'First one. Last one.',
      'Really.',
    ]);
  });

  test('two in a row are no reason', () => {
    const documents = [three, 'The cat sat here. It had 3 mice. They stayed.'];
    expect(leftOf(documents, { unit: 'sentences' })).toEqual(documents);
  });

  test('within one document the first occurrence stays', () => {
    expect(leftOf(['Buy now. Buy now. Buy now. Buy now. The end.'], { unit: 'sentences' })).toEqual([
      'Buy now. The end.',
    ]);
  });
});

describe('what is left', () => {
  const words = (count: number): string => Array.from({ length: count }, (_, i) => `w${i}`).join(' ');
  const pair = (rest: string): string[] => [
    'Boilerplate of ten words is here for all to see.\n',
    `Boilerplate of ten words is here for all to see.\n${rest}`,
  ];

  test('needs fifty words', () => {
    const options = { unit: 'lines', most: 1, min_sentences: null };
    expect(run([pair(words(50))], options).outcomes[1]).toMatchObject({ verdict: 0, text: words(50) });
    expect(run([pair(words(49))], options).outcomes[1]).toEqual({
      verdict: REPEATED_TOO_FEW_WORDS,
      text: undefined,
      statistic: 49,
      threshold: 50,
    });
    expect(run([pair(words(49))], { ...options, min_words: 49 }).outcomes[1]!.verdict).toBe(0);
    expect(run([pair(words(1))], { ...options, min_words: null }).outcomes[1]!.verdict).toBe(0);
  });

  test.each(['lines', 'sentences'])('needs three sentences, counted by %s', (unit) => {
    const rest = (count: number): string =>
      Array.from({ length: count }, (_, i) => `Sentence ${'x'.repeat(i + 1)} is here.`).join(' ');
    const front = 'Some one is here. Some two is there. Some three is gone.\n';
    const options = { unit, most: 1, min_words: null };
    expect(run([[front, front + rest(3)]], options).outcomes[1]).toMatchObject({ verdict: 0, text: rest(3) });
    expect(run([[front, front + rest(2)]], options).outcomes[1]).toEqual({
      verdict: REPEATED_TOO_FEW_SENTENCES,
      text: undefined,
      statistic: 2,
      threshold: 3,
    });
    expect(run([[front, front + rest(2)]], { ...options, min_sentences: 2 }).outcomes[1]!.verdict).toBe(0);
  });

  test('must be something, whatever is switched off', () => {
    const { outcomes } = run([['Menu\n', ' Menu\n\n', '', ' \n']], { ...anyLength, unit: 'lines', most: 1 });
    expect(outcomes.map(({ verdict }) => verdict)).toEqual([0, REPEATED_EMPTY, REPEATED_EMPTY, 0]);
    expect(outcomes[1]!.statistic).toBeNaN();
  });

  test('of a text that lost nothing may be short', () => {
    expect(run([['Short.']], { unit: 'lines' }).outcomes[0]!.text).toBe('Short.');
  });
});

test('rows that are dropped already count for nothing', () => {
  const documents = ['Menu\nOne', 'Menu\nTwo', 'Menu\nThree'];
  expect(leftOf(documents, { unit: 'lines', most: 1 }, [0])).toEqual(['Menu\nOne', 'Menu\nTwo', 'Three']);
  const all = { ...defaults, ...small, ...anyLength, unit: 'lines', most: 1 };
  // A row may still have units: another half decided after they were cut.
  const lines = createRepeatedLines(all);
  const units = createUnitCutter(all as never).cut(column(documents));
  expect(Array.from(lines.judge(units, Uint8Array.of(7, 0, 0)).cuts.rows)).toEqual([2]);
});

test('what is held is what was said, and the report says what was counted', () => {
  const options = { ...defaults, unit: 'lines', expected_units: 100_000 };
  const lines = createRepeatedLines(options);
  expect(lines.byteLength).toBe(repeatedLinesByteLength(options));
  const result = run([['Menu\nOne', 'Menu\nTwo\n---', 'Menu\nThree']], {
    ...anyLength,
    unit: 'lines',
    most: 1,
  });
  expect(result.lines.report()).toMatchObject({ counted: 6, removed: 2, distinct: 4 });
  expect(result.lines.report().falsePositiveRate).toBeLessThan(1e-9);
  expect(createRepeatedLines(options).report().falsePositiveRate).toBe(0);
});

test('reasons are those of the verdicts, in order', () => {
  const reasons = repeatedLines.reasons(defaults as never);
  expect(reasons[REPEATED_EMPTY - 1]).toBe('repeated_lines_empty');
  expect(reasons[REPEATED_TOO_FEW_WORDS - 1]).toBe('repeated_lines_too_few_words');
  expect(reasons[REPEATED_TOO_FEW_SENTENCES - 1]).toBe('repeated_lines_too_few_sentences');
});

const lineDocuments = fc.array(
  fc
    .array(fc.constantFrom('Menu', ' Menu', 'Home', 'a b c', 'd. e? f!', '', '--', '  '), { maxLength: 6 })
    .map((lines) => lines.join('\n')),
  { maxLength: 12 },
);
const sentenceDocuments = fc.array(
  fc
    .array(fc.constantFrom('One cat.', 'Two dogs!', 'Cat 3?', 'Cat 44?', '…', 'No, one cat.'), {
      maxLength: 8,
    })
    .map((all) => all.join(' ')),
  { maxLength: 12 },
);

/** The definition: exact counts in a map, texts in strings. */
function plainly(documents: readonly string[], unit: string, most: number): (string | undefined)[] {
  const counts = new Map<string, number>();
  return documents.map((text) => {
    if (text === '') return undefined;
    const pieces: string[] = [];
    if (unit === 'lines') pieces.push(...text.split(/(?<=\n)/));
    else {
      const bytes = Buffer.from(text);
      splitSentences(bytes, 0, bytes.length, (from, to) => pieces.push(bytes.subarray(from, to).toString()));
    }
    const gone = new Set<number>();
    pieces.forEach((piece, i) => {
      let key = piece.trim();
      if (unit === 'lines') {
        if (!/\w/.test(key)) return;
      } else {
        key = simplifiedText(pieces.slice(i, i + 3).join(' '));
        if (i + 3 > pieces.length || key === '') return;
      }
      const count = counts.get(key) ?? 0;
      counts.set(key, count + 1);
      if (count < most) return;
      for (let j = i; j < i + (unit === 'lines' ? 1 : 3); j++) gone.add(j);
    });
    if (gone.size === 0) return text;
    const left = pieces
      .filter((_, i) => !gone.has(i))
      .join('')
      .trimStart();
    return left === '' ? undefined : left;
  });
}

test.each(['lines', 'sentences'])('%s are taken out as by a plain count, however batches are cut', (unit) => {
  fc.assert(
    fc.property(
      unit === 'lines' ? lineDocuments : sentenceDocuments,
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 6 }),
      (documents, most, sizes) => {
        const batches: string[][] = [];
        let from = 0;
        for (const size of sizes) {
          batches.push(documents.slice(from, from + size));
          from += size;
        }
        batches.push(documents.slice(from));
        const options = { ...anyLength, unit, most };
        const expected = plainly(documents, unit, most);
        expect(run([documents], options).outcomes.map(({ text }) => text)).toEqual(expected);
        expect(run(batches, options).outcomes.map(({ text }) => text)).toEqual(expected);
      },
    ),
    { numRuns: 100 },
  );
});

test('many units at once are counted as one after the other', () => {
  const documents = Array.from({ length: 50 }, (_, i) =>
    Array.from({ length: 90 }, (__, j) => `Line ${(i * j) % 400}`).join('\n'),
  );
  const left = leftOf(documents, { unit: 'lines', most: 3, expected_units: 5000 });
  expect(left).toEqual(plainly(documents, 'lines', 3));
});
