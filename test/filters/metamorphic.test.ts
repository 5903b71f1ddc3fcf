import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { bytesOf, textOf } from './parity/bytes.ts';
import { mutated, proseOf } from './parity/documents.ts';
import { type Judge, type Outcome, openJudge } from './parity/judge.ts';
import { draws } from './parity/random.ts';
import {
  type Check,
  finewebChecks,
  gopherQualityChecks,
  pythonLines,
  pythonStrip,
  repetitionChecks,
} from './parity/slow-statistics.ts';

/** Documents by the seed they are made from, which is what a failure shows. */
const prose: fc.Arbitrary<string> = fc.nat().map((seed) => proseOf(draws(seed)));
/** The same, and some changed once or twice, into what nobody writes. */
const anything: fc.Arbitrary<string> = fc.nat().map((seed) => {
  const random = draws(seed);
  let text = proseOf(random);
  for (let changes = random.below(3); changes > 0; changes--) text = mutated(text, random);
  return textOf(bytesOf(text));
});
/** Lines without a blank one among them, and no line break but LF. */
const plainLines: fc.Arbitrary<string[]> = prose.map((text) =>
  pythonLines(text)
    .filter((line) => pythonStrip(line) !== '')
    .concat('The last line stays as it is.'),
);
const CLEAN =
  'The river and the garden have a bridge. Nobody was on it that morning. We went to look at the old mill. It is said to be empty. The key was with a neighbour.';

/** The text a document leaves with, or undefined. */
const textAfter = (judge: Judge, text: string): string | undefined => {
  const { reason, text: changed } = judge.judge(bytesOf(text));
  if (reason !== undefined) return undefined;
  return changed === undefined ? text : textOf(changed);
};
const verdictOf = (judge: Judge, text: string): Outcome => judge.judge(bytesOf(text));

const judges = new Map<string, Judge>();
const judgeOf = (name: string): Judge => judges.get(name)!;
const LINE_FILTERS = ['gopher-quality', 'fineweb-quality', 'c4-paragraph'];

beforeAll(async () => {
  const names = [...LINE_FILTERS, 'gopher-repetition', 'c4-quality', 'c4-badwords', 'pii', 'symbol-lines'];
  for (const name of names) judges.set(name, await openJudge(name));
});

describe('a second time', () => {
  test('C4 finds nothing more to change, where no citation was removed', () => {
    fc.assert(
      fc.property(anything, (text) => {
        // Words are counted before citations are removed, and removing one can make another: `[[1]]`.
        const once = textAfter(judgeOf('c4-quality'), text.replaceAll('[', '('));
        fc.pre(once !== undefined);
        expect(textAfter(judgeOf('c4-quality'), once!)).toBe(once);
      }),
      { numRuns: 400 },
    );
  });

  test('symbol lines finds nothing more, but for a last line break, which each time loses', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const once = textAfter(judgeOf('symbol-lines'), text)!;
        expect(textAfter(judgeOf('symbol-lines'), once)).toBe(once.replace(/\n$/, ''));
      }),
      { numRuns: 400 },
    );
  });

  test('PII finds nothing more, where addresses stand apart and each kind has one replacement', async () => {
    const judge = await openJudge('pii', {
      email_replacement: ['x@example.com'],
      ip_replacement: ['10.0.0.1'],
    });
    const piece = fc.constantFrom(
      'a@b.co',
      '8.8.8.8',
      'word',
      'É.Z@c.org',
      '1.2.3.4',
      '10.0.0.7',
      'end.',
      '3.14',
    );
    fc.assert(
      fc.property(fc.array(piece), fc.constantFrom(' ', '\n', ', '), (pieces, glue) => {
        const once = textAfter(judge, pieces.join(glue))!;
        expect(textAfter(judge, once)).toBe(once);
        expect(once).not.toMatch(/a@b|8\.8|1\.2\.3/);
      }),
    );
  });
});

describe('lines in another order', () => {
  const shuffledLines = fc.tuple(plainLines, fc.nat()).map(([lines, seed]) => ({
    text: lines.join('\n'),
    shuffled: draws(seed).shuffled(lines).join('\n'),
  }));

  test.each(LINE_FILTERS)('%s says the same, with the same statistic', (name) => {
    fc.assert(
      fc.property(shuffledLines, ({ text, shuffled }) => {
        expect(verdictOf(judgeOf(name), shuffled)).toStrictEqual(verdictOf(judgeOf(name), text));
      }),
      { numRuns: 200 },
    );
  });

  test('the shares of repeated lines stay the same', async () => {
    const off = Object.fromEntries(
      Object.keys(judgeOf('gopher-repetition').definition.options)
        .filter((option) => !option.includes('line'))
        .map((option) => [option, null]),
    );
    const judge = await openJudge('gopher-repetition', off);
    fc.assert(
      fc.property(shuffledLines, ({ text, shuffled }) => {
        expect(verdictOf(judge, shuffled)).toStrictEqual(verdictOf(judge, text));
      }),
      { numRuns: 200 },
    );
  });

  test('C4 and symbol lines keep the same lines', () => {
    fc.assert(
      fc.property(
        shuffledLines,
        fc.constantFrom('c4-quality', 'symbol-lines'),
        ({ text, shuffled }, name) => {
          const kept = textAfter(judgeOf(name), text);
          const keptOfShuffled = textAfter(judgeOf(name), shuffled);
          // C4 strips the text at the end, and a line may begin with a space where a citation was taken out.
          const linesOf = (found: string | undefined): string[] | undefined =>
            found
              ?.split('\n')
              .map((line) => line.trim())
              .toSorted();
          expect(linesOf(keptOfShuffled)).toStrictEqual(linesOf(kept));
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('other line breaks', () => {
  test.each(['gopher-quality', 'c4-quality', 'symbol-lines'])('make no difference to %s', (name) => {
    fc.assert(
      fc.property(plainLines, fc.constantFrom('\r\n', '\r', '\u2028', '\u0085', '\f'), (lines, lineBreak) => {
        const text = lines.join('\n');
        const other = lines.join(lineBreak);
        const { reason, statistic } = verdictOf(judgeOf(name), text);
        const outcome = verdictOf(judgeOf(name), other);
        expect({ reason: outcome.reason, statistic: outcome.statistic }).toStrictEqual({ reason, statistic });
        // Both edit lines, and put LF between them; gopher-quality edits nothing.
        if (name !== 'gopher-quality' && reason === undefined) {
          expect(textAfter(judgeOf(name), other)).toBe(textAfter(judgeOf(name), text));
        }
      }),
      { numRuns: 150 },
    );
  });

  test('FineWeb sees one line where LF is missing, and no final mark before CR', () => {
    const lines = Array.from(
      { length: 8 },
      (_, i) => `The ${i} river and the garden have a long bridge, as they say.`,
    );
    const reasonOf = (lineBreak: string): string | undefined =>
      verdictOf(judgeOf('fineweb-quality'), lines.join(lineBreak) + lineBreak).reason;
    expect([reasonOf('\n'), reasonOf('\r\n'), reasonOf('\u2028')]).toStrictEqual([
      undefined,
      'line_punct_ratio',
      'line_punct_ratio',
    ]);
  });
});

/** Options that are a threshold, with values from loose to tight. */
const LADDERS: readonly (readonly [filter: string, option: string, values: readonly (number | null)[]])[] = [
  ['gopher-quality', 'min_doc_words', [null, 0, 1, 20, 50, 200]],
  ['gopher-quality', 'max_doc_words', [null, 100_000, 300, 100, 10]],
  ['gopher-quality', 'min_avg_word_length', [null, 0, 2, 3, 4.5, 6]],
  ['gopher-quality', 'max_avg_word_length', [null, 20, 10, 6, 4.5]],
  ['gopher-quality', 'max_symbol_word_ratio', [null, 5, 0.1, 0.01, 0]],
  ['gopher-quality', 'max_bullet_lines_ratio', [null, 1, 0.9, 0.1, 0]],
  ['gopher-quality', 'max_ellipsis_lines_ratio', [null, 1, 0.3, 0.1, 0]],
  ['gopher-quality', 'max_non_alpha_words_ratio', [null, 0, 0.5, 0.8, 0.99, 1]],
  ['gopher-quality', 'min_stop_words', [null, 0, 1, 2, 5]],
  ['fineweb-quality', 'line_punct_thr', [null, 0, 0.12, 0.5, 1]],
  ['fineweb-quality', 'short_line_thr', [null, 1, 0.67, 0.3, 0]],
  ['fineweb-quality', 'short_line_length', [0, 10, 30, 100]],
  ['fineweb-quality', 'char_duplicates_ratio', [null, 1, 0.1, 0.01, 0]],
  ['fineweb-quality', 'new_line_ratio', [null, 1, 0.3, 0.1, 0]],
  ['c4-paragraph', 'min_paragraphs', [0, 1, 3, 8]],
  ['c4-paragraph', 'min_paragraph_len', [0, 20, 100, 200]],
  ['c4-quality', 'min_num_sentences', [null, 0, 3, 5, 12]],
];

describe('a tighter threshold only drops more, and a check that is off drops nothing', () => {
  const repetitionLadders = (): typeof LADDERS =>
    Object.keys(judgeOf('gopher-repetition').definition.options).map((option) => [
      'gopher-repetition',
      option,
      [null, 1, 0.5, 0.2, 0.1, 0.05],
    ]);

  test('holds for every threshold', async () => {
    // Few words, so that a document meets several thresholds.
    const texts = Array.from({ length: 150 }, (_, i) => {
      const random = draws(i);
      return i % 3 === 0 ? mutated(proseOf(random), random) : proseOf(random);
    }).concat(CLEAN, `${CLEAN} ${CLEAN}`.replaceAll('. ', '.\n'));
    for (const [name, option, values] of [...LADDERS, ...repetitionLadders()]) {
      const others = Object.entries(judgeOf(name).definition.options)
        .filter(([other, { canBeOff }]) => canBeOff === true && other !== option)
        .map(([other]) => [other, null] as const);
      // Once as it is, once with nothing else that drops.
      for (const base of [{}, Object.fromEntries(others)]) {
        const steps = await Promise.all(values.map((value) => openJudge(name, { ...base, [option]: value })));
        for (const text of texts) {
          const dropped = steps.map((judge) => (verdictOf(judge, text).reason === undefined ? 0 : 1));
          expect(dropped, `${name} ${option}, ${JSON.stringify(text)}`).toStrictEqual(
            dropped.toSorted((a, b) => a - b),
          );
        }
      }
    }
  });

  test('a line rule of C4 that is tighter keeps some of the lines, where no line drops the document', async () => {
    const rules = { filter_lorem_ipsum: false, filter_curly_bracket: false, min_num_sentences: null };
    const pairs = [
      [{ min_words_per_line: null }, { min_words_per_line: 3 }],
      [{ min_words_per_line: 3 }, { min_words_per_line: 8 }],
      [{ max_word_length: null }, { max_word_length: 10 }],
      [{ filter_no_terminal_punct: false }, { filter_no_terminal_punct: true }],
      [{ filter_javascript: false }, { filter_javascript: true }],
      [{ filter_policy: false }, { filter_policy: true }],
    ];
    for (const [loose, tight] of pairs) {
      const looser = await openJudge('c4-quality', { ...rules, ...loose });
      const tighter = await openJudge('c4-quality', { ...rules, ...tight });
      fc.assert(
        fc.property(anything, (text) => {
          const lines = textAfter(looser, text)!.split('\n');
          // Ends of the text are stripped, so the first and the last line may have lost blanks.
          const stripped = new Set([...lines, ''].map(pythonStrip));
          const missing = textAfter(tighter, text)!
            .split('\n')
            .filter((line) => !stripped.has(pythonStrip(line)));
          expect(missing).toStrictEqual([]);
        }),
        { numRuns: 60 },
      );
    }
  });
});

describe('the reason given is the first check that fails, and its statistic is right', () => {
  /** The terminal marks and symbols that the made-up documents have. */
  const isTerminal = (character: string): boolean => '.!?。！؟।።᠃‼'.includes(character);
  const isSymbol = (character: string): boolean =>
    isTerminal(character) || /[!-/:-@[-`{-~—”【】…]|[^\P{Cc}\t\n]/u.test(character);

  const cases: readonly (readonly [string, (bytes: Uint8Array) => Check[]])[] = [
    ['gopher-quality', (bytes) => gopherQualityChecks(bytes, isSymbol)],
    ['gopher-repetition', repetitionChecks],
    ['fineweb-quality', (bytes) => finewebChecks(bytes, isTerminal)],
  ];
  test.each(cases)('%s', (name, checksOf) => {
    const judge = judgeOf(name);
    const seen = new Set<string>();
    fc.assert(
      fc.property(anything, (text) => {
        // Long runs of one character aside, slow code takes its time.
        fc.pre(text.length > 0 && text.length < 6000);
        const bytes = bytesOf(text);
        const { reason, statistic, threshold } = judge.judge(bytes);
        const failed = checksOf(bytes).find(({ violated }) => violated);
        expect(reason).toBe(failed?.reason);
        if (failed === undefined || reason === 'empty') return;
        seen.add(failed.reason);
        expect(statistic).toBeCloseTo(failed.statistic, 12);
        expect(threshold).toBe(failed.threshold);
      }),
      { numRuns: 500 },
    );
    expect(seen.size).toBeGreaterThan(2);
  });
});

describe('a clean paragraph at the end', () => {
  test('leaves what C4 keeps kept, with the paragraph', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const alone = textAfter(judgeOf('c4-quality'), text);
        fc.pre(alone !== undefined);
        expect(textAfter(judgeOf('c4-quality'), `${text}\n${CLEAN}`)).toBe(`${alone}\n${CLEAN}`);
      }),
      { numRuns: 200 },
    );
  });

  test('is enough for C4 where only sentences were missing', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const { reason } = verdictOf(judgeOf('c4-quality'), text);
        const after = verdictOf(judgeOf('c4-quality'), `${text}\n${CLEAN}`).reason;
        expect(after).toBe(reason === 'too_few_sentences' ? undefined : reason);
      }),
      { numRuns: 200 },
    );
  });

  test('does not wash away a bad word, nor brings one', () => {
    const texts = fc
      .tuple(anything, fc.constantFrom('', 'sex', 'xsexx', 'ball gag'))
      .map(([text, word]) => `${text}\n${word}`);
    fc.assert(
      fc.property(texts, (text) => {
        const { reason, detail } = verdictOf(judgeOf('c4-badwords'), text);
        const after = verdictOf(judgeOf('c4-badwords'), `${text}\n${CLEAN}`);
        expect({ reason: after.reason, detail: after.detail }).toStrictEqual({ reason, detail });
        expect(
          verdictOf(
            judgeOf('c4-badwords'),
            text.replaceAll(/[a-z]/g, (letter) => letter.toUpperCase()),
          ).reason,
        ).toBe(reason);
      }),
      { numRuns: 200 },
    );
  });

  test('stays as it is when addresses and lines of symbols go', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const before = `${text}\nA line of words`;
        for (const name of ['pii', 'symbol-lines']) {
          expect(textAfter(judgeOf(name), `${before}\n${CLEAN}`)).toBe(
            `${textAfter(judgeOf(name), before)}\n${CLEAN}`,
          );
        }
      }),
      { numRuns: 200 },
    );
  });
});
