/** A document to be judged by both; `url` for those filters that read it. */
export interface ParityDocument {
  readonly id: string;
  readonly text: string;
  readonly url?: string;
}

/** How the letters of made-up words look; every dress keeps the number of code points. */
interface Dress {
  readonly name: string;
  readonly letter: (letter: number) => string;
}

const alphabetFrom =
  (first: number): Dress['letter'] =>
  (letter) =>
    String.fromCodePoint(first + letter);

const DRESSES: readonly Dress[] = [
  { name: 'ascii', letter: alphabetFrom(0x61) },
  { name: 'latin', letter: alphabetFrom(0xe0) },
  { name: 'cyrillic', letter: alphabetFrom(0x430) },
  { name: 'han', letter: alphabetFrom(0x4e00) },
  { name: 'deseret', letter: alphabetFrom(0x10428) },
];

/** Everything Python's `splitlines` cuts at, one code point each, and CRLF. */
export const LINE_BREAKS: readonly string[] = [
  '\n',
  '\r',
  '\r\n',
  '\x0b',
  '\x0c',
  '\x1c',
  '\x1d',
  '\x1e',
  '\x85',
  '\u2028',
  '\u2029',
];
/** White space that ends no line. */
export const BLANKS: readonly string[] = [
  ' ',
  '\t',
  '\x1f',
  '\xa0',
  '\u1680',
  '\u2000',
  '\u200a',
  '\u202f',
  '\u205f',
  '\u3000',
];
/** Looks like white space and is none. */
export const NO_BLANKS: readonly string[] = ['\ufeff', '\u200b', '\u2060', '\u180e', '\0', '\x1b', '\x7f'];

const STOPS = ['the', 'be', 'to', 'of', 'and', 'that', 'have', 'with'];
const STEPS = [-1, 0, 1];

/** Different words for different numbers; as long as wanted, in code points, as long as the length can tell numbers apart. */
function wordsOf(dress: Dress): (number: number, length: number) => string {
  return (number, length) => {
    let rest = number;
    let word = '';
    for (let i = 0; i < length; i++) {
      word += dress.letter(rest % 24);
      rest = Math.floor(rest / 24);
    }
    return word;
  };
}

const lengthOf = (text: string): number => Array.from(text).length;
const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** Lines of so many words. */
function inLines(words: readonly string[], perLine: number, lineBreak = '\n', end = '.'): string {
  const lines = times(Math.ceil(words.length / perLine), (i) =>
    words.slice(i * perLine, (i + 1) * perLine).join(' '),
  );
  return lines.map((line) => line + end).join(lineBreak);
}

/**
 * Documents at every threshold of the rule sets, just below and just above it, with exact counts: in several scripts, because
 * a length is a number of code points.
 */
export function* boundaryDocuments(): Generator<ParityDocument, void, undefined> {
  for (const dress of DRESSES) {
    for (const [id, text] of gopherQuality(dress)) yield { id: `gopher-quality/${dress.name}/${id}`, text };
    for (const [id, text] of repetition(dress)) yield { id: `gopher-repetition/${dress.name}/${id}`, text };
    for (const [id, text] of fineweb(dress)) yield { id: `fineweb-quality/${dress.name}/${id}`, text };
    for (const [id, text] of c4(dress)) yield { id: `c4-quality/${dress.name}/${id}`, text };
    for (const [id, text] of paragraphs(dress)) yield { id: `c4-paragraph/${dress.name}/${id}`, text };
  }
  for (const [id, text] of longDocuments()) yield { id: `gopher-quality/long/${id}`, text };
}

type Pair = [id: string, text: string];

function* gopherQuality(dress: Dress): Generator<Pair, void, undefined> {
  const word = wordsOf(dress);
  const prose = (count: number, length = 6): string[] => [
    ...STOPS.slice(0, 4),
    ...times(count - 4, (i) => word(i, length)),
  ];
  for (const count of [4, 5, 49, 50, 51]) {
    yield [`words ${count}`, inLines(prose(count), 10)];
    yield [`words ${count} and symbols`, `${inLines(prose(count), 10)} -- … , !? \u060c ।`];
  }
  yield* meanLengths(word);
  for (const count of [9, 10, 11]) {
    const marked = (mark: string): string[] =>
      prose(100).map((one, i) => (i >= 4 && i < count + 4 ? one + mark : one));
    yield [`hashes ${count}`, inLines(marked('#'), 10)];
    yield [`hashes ${count} as words`, inLines([...prose(100 - count), ...times(count, () => '#')], 10)];
    yield [`hash runs ${count}`, inLines([...prose(98), '#'.repeat(count - 1), '#x'], 10)];
    yield [`ellipses ${count}`, inLines(marked('...'), 10)];
    yield [`horizontal ellipses ${count}`, inLines(marked('…'), 10)];
    yield [`ellipses ${count} with four dots`, inLines(marked('....'), 10)];
    yield [`dots ${count * 3}`, inLines([...prose(99), '.'.repeat(count * 3)], 10, '\n', '')];
    yield [`dots ${count * 3 - 1}`, inLines([...prose(99), '.'.repeat(count * 3 - 1)], 10, '\n', '')];
  }
  const perLine = 8;
  for (const lineBreak of LINE_BREAKS) {
    for (const [lines, marked] of [
      [10, 8],
      [10, 9],
      [10, 10],
      [20, 18],
      [20, 19],
    ] as const) {
      const text = (mark: (line: string, i: number) => string): string =>
        inLines(prose(lines * perLine), perLine, '\n')
          .split('\n')
          .map((line, i) => (i < marked ? mark(line, i) : line))
          .join(lineBreak);
      const name = `${marked} of ${lines}, break ${escape(lineBreak)}`;
      yield [`bullets ${name}`, text((line, i) => `${i % 2 === 0 ? '-' : '•'}${line}`)];
      yield [`bullets ${name}, end of line`, text((line) => `\u00a0\t-${line}`) + lineBreak];
      yield [`bullets ${name}, blank line`, text((line) => `\ufeff•${line}`) + lineBreak + lineBreak];
    }
    for (const [lines, marked] of [
      [10, 3],
      [10, 4],
      [20, 6],
      [20, 7],
    ] as const) {
      const text = inLines(prose(lines * 12), 12, '\n')
        .split('\n')
        .map((line, i) => (i < marked ? `${line.slice(0, -1)}${i % 2 === 0 ? '...' : '…'}\u2003 ` : line))
        .join(lineBreak);
      yield [`ends in ellipsis ${marked} of ${lines}, break ${escape(lineBreak)}`, text];
    }
  }
  for (const count of [19, 20, 21]) {
    for (const plain of ['1234', '٣٤', '²³½', '_-_-', '\u0301\u0308', '\u{1f600}', 'ⅷⅷ']) {
      const words = [...prose(100 - count), ...times(count, () => plain)];
      yield [`no letters ${count} of ${plain}`, inLines(words, 10)];
    }
  }
  const stops = [
    '',
    'the',
    'the the',
    'the The',
    'THE OF',
    'the of',
    'the, of.',
    'with have',
    'the\u00a0of',
    'the\u200bof',
    'be that to',
  ];
  for (const stop of stops)
    yield [`stop words ${escape(stop)}`, inLines([...prose(100).slice(4), stop], 9, '\n', ' .')];
}

/** Means of exactly 3 and 10, and next to them; the stop words make up for themselves elsewhere. */
function* meanLengths(word: (number: number, length: number) => string): Generator<Pair, void, undefined> {
  for (const mean of [3, 10]) {
    for (const step of STEPS) {
      const stops = ['the', 'and', 'with'];
      const count = 60;
      const rest = count - stops.length;
      let total = mean * count + step - lengthOf(stops.join(''));
      const words = times(rest, (i) => {
        const length = Math.floor(total / (rest - i));
        total -= length;
        return word(i, length);
      });
      const all = [...stops, ...words];
      yield [`mean ${mean} ${step}`, all.join(' ')];
      yield [`mean ${mean} ${step} with symbols`, `${all.join(' \n ')} ----------- ...`];
    }
  }
}

function* repetition(dress: Dress): Generator<Pair, void, undefined> {
  const word = wordsOf(dress);
  let used = 1000;
  const fresh = (length: number): string => word(used++, length);
  /** Words seen nowhere else, up to exactly so many code points; the last is as long as it must be. */
  const pad = (text: string, length: number, gap = ' '): string => {
    let padded = text;
    let left = length - lengthOf(text);
    while (left >= 16) {
      padded += gap + fresh(6);
      left -= 7;
    }
    return left === 0 ? padded : padded + gap + fresh(left - 1);
  };
  for (const [separator, name] of [
    ['\n', 'lines'],
    ['\n\n', 'paragraphs'],
    ['\n\n\n', 'wide paragraphs'],
    ['\r\n', 'crlf lines'],
    ['\n \n', 'blank lines'],
  ] as const) {
    for (const copies of [2, 3, 4]) {
      const lines = [
        ...times(copies + 1, () => `${word(1, 4)} ${word(2, 4)}`),
        ...times(9 - copies, () => times(8, () => fresh(7)).join(' ')),
      ];
      const spread = lines.map((_, i) => lines[(i * 3) % 10]!);
      yield [`${name} ${copies} of 10 again`, spread.join(separator)];
      yield [`${name} ${copies} of 10 again, and an end`, spread.join(separator) + separator];
      yield [`${name} ${copies} of 10 again, and a beginning`, separator + spread.join(separator)];
      yield [`${name} ${copies} of 10 again, blanks around`, ` \u2028${spread.join(separator)}\x1c `];
    }
    for (const step of [-2, -1, 0, 1, 2]) {
      const line = word(3, 20);
      const text = pad([line, fresh(5), line, fresh(5), fresh(5)].join(separator), 100 + step);
      yield [`characters of ${name} ${step}`, text];
    }
  }
  const tops = [
    ['aaaa bbbbb', 2, 100],
    ['aa bb ccc', 3, 100],
    ['ab c d e', 4, 100],
  ] as const;
  for (const [shape, n, total] of tops) {
    const phrase = shape.replaceAll(/[a-z]/g, (letter) => dress.letter(letter.charCodeAt(0) - 0x61));
    for (const step of STEPS) {
      yield [`top ${n}-gram ${step}`, pad([phrase, fresh(6), phrase].join(' '), total + step)];
      yield [
        `top ${n}-gram ${step}, other blanks`,
        pad(
          [phrase.replaceAll(' ', '\u3000'), fresh(6), phrase.replaceAll(' ', '\n')].join(' '),
          total + step,
        ),
      ];
    }
  }
  for (const step of STEPS)
    yield [`top 2-gram once ${step}`, times(2, () => fresh(5)).join(' ') + ' '.repeat(44 + step)];
  const short = `${fresh(2)} ${fresh(1)}`;
  const long = `${fresh(8)} ${fresh(9)}`;
  for (const [first, second, name] of [
    [short, long, 'short'],
    [long, short, 'long'],
  ] as const) {
    const text = [first, fresh(4), second, fresh(4), second, fresh(4), first].join(' ');
    yield [`top 2-grams of one count, ${name} one first`, pad(text, 140)];
  }
  const duplicates = [
    [5, 3, 200],
    [6, 7, 600],
    [7, 13, 1400],
    [8, 3, 400],
    [9, 11, 1800],
    [10, 1, 200],
  ] as const;
  for (const [n, blocks, total] of duplicates) {
    const made = times(blocks, (block) => times(n, (i) => word(100 + block * n + i, 2)).join(' '));
    const text = [...made, ...made].map((block) => `${block} ${fresh(3)}`).join(' ');
    for (const step of STEPS) {
      yield [`${n}-grams again ${step}`, pad(text, total + step)];
      yield [`${n}-grams again ${step}, in lines`, pad(text, total + step, '\n')];
    }
  }
  const [a, b, c] = [dress.letter(0), dress.letter(1), dress.letter(2)];
  const joins = [
    [a + b, c, a, b, c],
    [a, b + c, a, b, c],
    [a, b, c, a, b + c],
    [a, b, c, a + b, c],
  ];
  yield [
    'words that join to the same',
    pad(joins.map((words) => `${words.join(' ')} ${fresh(5)}`).join(' '), 120),
  ];
  yield ['one word over and over', times(60, () => word(7, 4)).join(' ')];
  yield ['one line over and over', times(60, () => times(8, (i) => word(i, 4)).join(' ')).join('\n')];
}

function* fineweb(dress: Dress): Generator<Pair, void, undefined> {
  const word = wordsOf(dress);
  const line = (i: number, length: number): string => {
    const words = times(Math.floor(length / 7), (j) => word(i * 50 + j, 6)).join(' ');
    const left = length - lengthOf(words);
    return left === 0 ? words : `${words} ${word(i, left - 1)}`;
  };
  const marks = ['.', '?', '!', '。', '؟', '।', '\u{11238}', '‼', '…', '"', '”', ';', '. ', '.\r', '.\u200b'];
  for (const mark of marks) {
    for (const count of [0, 2, 3, 4]) {
      const lines = times(25, (i) => line(i, 50) + (i < count ? mark : ''));
      yield [`${count} of 25 end in ${escape(mark)}`, lines.join('\n')];
      yield [`${count} of 25 end in ${escape(mark)}, blank lines between`, lines.join('\n \t\n')];
    }
  }
  for (const count of [66, 67, 68]) {
    const lines = times(100, (i) => `${line(i, i < count ? 29 : 49)}.`);
    yield [`${count} of 100 short`, lines.join('\n')];
    const [longer, shorter] = [
      lines.map((one) => `${one.slice(0, -1)}x.`),
      lines.map((one) => `${Array.from(one).slice(0, -2).join('')}.`),
    ];
    yield [`${count} of 100 longer`, longer.join('\n')];
    yield [`${count} of 100 shorter`, shorter.join('\n')];
  }
  for (const length of [29, 30, 31])
    yield [`lines of ${length}`, times(10, (i) => `${line(i, length - 1)}.`).join('\n')];
  for (const step of [-2, -1, 0, 1, 2]) {
    const lines = times(39, (i) => `${line(i, 99)}.`);
    const twice = `${line(77, 19)}.`;
    const text = [twice, ...lines, twice, twice].join('\n');
    const missing = 4000 + step - lengthOf(text.replaceAll('\n', ''));
    yield [`characters again ${step}`, `${text}\n${line(90, missing - 1)}.`];
    yield [
      `characters again ${step}, blank lines`,
      `${text.replaceAll('\n', '\n\n')}\n\n\n${line(90, missing - 1)}.`,
    ];
  }
  for (const count of [29, 30, 31]) {
    const words = times(100, (i) => word(i, 12));
    const lines = times(10, (i) => `${words.slice(i * 10, i * 10 + 10).join(' ')}.`);
    const text = lines.join('\n');
    yield [`${count} line ends for 100 words`, text + '\n'.repeat(count - 9)];
    yield [`${count} line ends for 100 words, before`, '\n'.repeat(count - 9) + text];
    yield [`${count} line ends for 100 words, among`, lines.join('\n'.repeat(3)) + '\n'.repeat(count - 27)];
  }
  for (const blank of ['', ' ', '\n', '\r\n', '\u3000\n\n', '\ufeff', '\x1c\n\x85', '\u2028'])
    yield [`nothing but ${escape(blank)}`, blank];
}

function* c4(dress: Dress): Generator<Pair, void, undefined> {
  const word = wordsOf(dress);
  let used = 0;
  const sentence = (count = 5, end = '.'): string => times(count, () => word(used++, 6)).join(' ') + end;
  const clean = (count: number): string[] => times(count, () => sentence());
  for (const count of [3, 4, 5, 6]) {
    for (const lineBreak of LINE_BREAKS)
      yield [`${count} sentences, break ${escape(lineBreak)}`, clean(count).join(lineBreak)];
    yield [`${count} sentences in one line`, clean(count).join(' ')];
    yield [`${count} questions in one line`, times(count, () => sentence(4, '?!')).join(' ')];
    yield [`${count} sentences, quotes`, times(count, () => sentence(4, '."')).join(' ')];
    yield [
      `${count} sentences, wide marks`,
      `${times(count, () => sentence(4, '。')).join('')} ${sentence()}`,
    ];
  }
  const ends = [
    '.',
    '?',
    '!',
    '"',
    "'",
    '...',
    '....',
    '…',
    '”',
    '。',
    ' .',
    '. ',
    '.\u00a0',
    '.\ufeff',
    ';',
    '',
  ];
  for (const end of ends)
    yield [`ends in ${escape(end)}`, [...clean(5), sentence(5, end), sentence()].join('\n')];
  for (const count of [1, 2, 3, 4]) {
    for (const blank of BLANKS)
      yield [
        `${count} words, blank ${escape(blank)}`,
        [...clean(5), sentence(count).replaceAll(' ', blank)].join('\n'),
      ];
    for (const blank of NO_BLANKS)
      yield [
        `${count} words, no blank ${escape(blank)}`,
        [...clean(5), sentence(count).replaceAll(' ', blank)].join('\n'),
      ];
  }
  for (const length of [999, 1000, 1001]) {
    yield [`a word of ${length}`, [...clean(5), `${sentence(4, ' ')}${word(5, length)} end.`].join('\n')];
    yield [
      `a word of ${length} with its point`,
      [...clean(5), `${sentence(4, ' ')}${word(5, length - 1)}.`].join('\n'),
    ];
  }
  const citations = [
    '[1]',
    '[]',
    '[edit]',
    '[citation needed]',
    '[Edit]',
    '[12',
    '[[3]]',
    '[٣]',
    '[1][2].',
    '[1] ',
    ' [1]',
    '[a]',
    '[²]',
    '[1 2]',
  ];
  for (const citation of citations) {
    yield [`citation ${citation} after`, [...clean(5), sentence(5) + citation].join('\n')];
    yield [`citation ${citation} before`, [...clean(5), `${sentence(3, citation)}.`].join('\n')];
    yield [`citation ${citation} instead`, [...clean(5), `${citation} ${citation} ${citation}.`].join('\n')];
    yield [`citation ${citation} first`, [`${citation}${sentence()}`, ...clean(5)].join('\n')];
  }
  const phrases = [
    'lorem ipsum',
    'Lorem Ipsum',
    'LOREM IPSUM',
    'lorem  ipsum',
    'loremipsum',
    'lorem \u0130psum',
    'floRem ipsums',
    'javascript',
    'JavaScript',
    'JAVASCR\u0130PT',
    'java script',
    'xjavascriptx',
    'javascr\u0131pt',
    'java\u017fcript',
    '{',
    '}',
    '\uff5b',
    'a{b}',
    'terms of use',
    'Terms Of Use',
    'terms of user',
    'privacy policy',
    'PRIVACY POLICY',
    'cookie policy',
    'uses cookies',
    'use of cookies',
    'use cookies',
    'use coo\u212aies',
    'use  cookies',
    'use\u00a0cookies',
    'reuse cookies',
  ];
  for (const phrase of phrases) {
    yield [
      `says ${phrase}`,
      [...clean(4), `${sentence(3, '')} ${phrase} ${sentence(2)}`, ...clean(2)].join('\n'),
    ];
    yield [
      `says ${phrase}, no mark`,
      [...clean(5), `${sentence(3, '')} ${phrase} ${sentence(2, '')}`].join('\n'),
    ];
    yield [`says ${phrase} first`, [`${phrase} ${sentence(2)}`, ...clean(4)].join('\n')];
    yield [`says ${phrase} last`, [...clean(5), `${sentence(2, ' ')}${phrase}`].join('\n')];
    yield [
      `says ${phrase} over two lines`,
      [...clean(5), `${sentence(3, '')} ${phrase.replace(' ', '\n')} ${sentence(3)}`].join('\n'),
    ];
  }
}

function* paragraphs(dress: Dress): Generator<Pair, void, undefined> {
  const word = wordsOf(dress);
  for (const length of [199, 200, 201]) {
    for (const [count, others] of [
      [2, 1],
      [3, 0],
      [3, 4],
      [4, 2],
    ] as const) {
      const lines = [
        ...times(count, (i) => word(i, i === 1 ? length : 250)),
        ...times(others, (i) => word(i, 150)),
      ];
      yield [`${count} of ${length}, ${others} shorter`, lines.join('\n')];
      yield [`${count} of ${length}, ${others} shorter, crlf`, lines.join('\r\n')];
      yield [`${count} of ${length}, ${others} shorter, line separators`, lines.join('\u2028')];
    }
  }
}

function* longDocuments(): Generator<Pair, void, undefined> {
  const word = wordsOf(DRESSES[0]!);
  for (const count of [99_999, 100_000, 100_001]) {
    yield [
      `${count} words`,
      inLines(
        times(count, (i) => STOPS[i % 100] ?? word(i, 4)),
        12,
      ),
    ];
  }
}

const escape = (text: string): string =>
  JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(/[^ -~]/gu, (one) => `U+${one.codePointAt(0)!.toString(16)}`);
