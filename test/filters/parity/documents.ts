import { createRequire } from 'node:module';
import { BLANKS, boundaryDocuments, LINE_BREAKS, NO_BLANKS } from './boundaries.ts';
import { type Draws, draws } from './random.ts';

/** A document to be judged by both; `url` for those filters that read it. */
export interface ParityDocument {
  readonly id: string;
  readonly text: string;
  readonly url?: string;
}

/** Words of several scripts: few, so that they come again. */
const SCRIPTS: readonly (readonly string[])[] = [
  'the be to of and that have with a in is it for river stone lantern quiet garden window morning letter engine valley orchard harbour market bridge thunder copper winter village candle forest paper mountain silver'.split(
    ' ',
  ),
  'der die und nicht mit Straße für über größer Häuser schön Mädchen Übung weiß Fluß Gärten'.split(' '),
  'и в не на что с по это река камень окно утро письмо лес гора мост зима свеча'.split(' '),
  'في من على إلى هذا النهر حجر نافذة صباح رسالة غابة جبل جسر شتاء'.split(' '),
  'की के में है और नदी पत्थर खिड़की सुबह चिट्ठी जंगल पहाड़ पुल'.split(' '),
  '河流 石头 窗户 早晨 信 森林 山 桥 冬天 的 在 是 我们 学习'.split(' '),
  'แม่น้ำ หิน หน้าต่าง เช้า จดหมาย ป่า ภูเขา'.split(' '),
  '강 돌 창문 아침 편지 숲 산 다리 겨울 그리고'.split(' '),
  [
    'cafe\u0301',
    'e\u0301te\u0301',
    'n\u0303',
    'a\u030a',
    '\u0130stanbul',
    'ΟΔΟΣ',
    'ﬁne',
    'ǅungla',
    'ß',
    'ſtone',
    '\u212aelvin',
  ],
  [
    '👍',
    '👩‍👩‍👧',
    '🇩🇪',
    '\u{1f600}\u{1f600}',
    '\u{10428}\u{10429}',
    '\u{20000}\u{2a6d6}',
    '𝒳𝒴',
    '½',
    '²',
    'Ⅷ',
    '①',
  ],
];
const MARKS = [
  '.',
  '.',
  '.',
  '!',
  '?',
  '...',
  '…',
  '。',
  '！',
  '؟',
  '।',
  ',',
  ';',
  ':',
  '"',
  '."',
  ".'",
  '”',
  ')',
  '.)',
  '።',
  '᠃',
  '‼',
  '.\u200b',
];
const SYMBOLS = [
  '#',
  '##',
  '...',
  '…',
  '•',
  '-',
  '--',
  '* * *',
  '=====',
  '~~~',
  '|',
  '{',
  '}',
  '[1]',
  '[edit]',
  '[citation needed]',
  '_',
  '@',
  '\\',
  '$',
  '→',
  '■',
  '%',
  '&',
  '<br>',
  '——',
  '【】',
  '\u0301',
];
const PHRASES = [
  'lorem ipsum',
  'JavaScript',
  'javascript',
  'terms of use',
  'Privacy Policy',
  'cookie policy',
  'use cookies',
  'a@b.co',
  'mail first.last+tag@mail.example.org now',
  '8.8.8.8',
  '10.0.0.1',
  '192.168.0.1',
  '1.2.3.4.5',
  '255.255.255.255',
  '01.02.03.04',
  'http://www.example.com/x?y=z',
  'Mr. Smith',
  'e.g. this',
  'U.S.A.',
  '3.14',
  'word.Another',
];

/** Made-up prose with all that rules look at, more or less of it. */
export function proseOf(random: Draws): string {
  const vocabulary = random.chance(0.6)
    ? random.pick(SCRIPTS)
    : [...random.pick(SCRIPTS), ...random.pick(SCRIPTS)];
  const english = random.chance(0.5) ? SCRIPTS[0]!.slice(0, 8) : [];
  const lineBreak = random.chance(0.7) ? '\n' : random.pick(LINE_BREAKS);
  const rates = {
    mark: random.pick([0, 0.5, 0.9, 1]),
    symbol: random.pick([0, 0, 0.02, 0.15]),
    phrase: random.pick([0, 0, 0.01]),
  };
  const again = random.pick([0, 0, 0.05, 0.3]);
  const paragraph = random.pick([0, 0.2, 1]);
  const lines: string[] = [];
  const perLine = random.between(2, 40);
  for (let count = random.between(1, 25); count > 0; count--) {
    if (random.chance(again) && lines.length > 0) {
      lines.push(random.pick(lines));
      continue;
    }
    const words: string[] = [];
    for (let i = random.between(1, perLine); i > 0; i--) {
      if (random.chance(rates.symbol)) words.push(random.pick(SYMBOLS));
      else if (random.chance(rates.phrase)) words.push(random.pick(PHRASES));
      else words.push(random.pick(english.length > 0 && random.chance(0.4) ? english : vocabulary));
    }
    const blank = random.chance(0.97) ? ' ' : random.pick(BLANKS);
    const prefix = random.chance(0.08) ? random.pick(['- ', '• ', '* ', '  ', '\t', '\u00a0']) : '';
    lines.push(prefix + words.join(blank) + (random.chance(rates.mark) ? random.pick(MARKS) : ''));
  }
  return lines
    .map((line) => line + lineBreak.repeat(random.chance(paragraph) ? 2 : 1))
    .join('')
    .slice(0, -lineBreak.length);
}

/** One change that moves counts, lengths, lines or what a character is. Any document may come out, an empty one too. */
export function mutated(text: string, random: Draws): string {
  const points = Array.from(text);
  const at = random.below(points.length + 1);
  const insert = (piece: string): string => points.slice(0, at).join('') + piece + points.slice(at).join('');
  const lines = text.split('\n');
  switch (random.below(16)) {
    case 0:
      return points.slice(0, at).join('');
    case 1:
      return points.slice(at).join('');
    case 2:
      return random.shuffled(lines).join('\n');
    case 3:
      return `${text}\n${points.slice(0, at).join('')}`;
    case 4:
      return text.replaceAll('\n', '\r\n');
    case 5:
      return text.replaceAll('\n', random.pick(LINE_BREAKS));
    case 6:
      return insert(random.pick([...NO_BLANKS, ...BLANKS, ...LINE_BREAKS]));
    case 7:
      return text.replaceAll(' ', () => (random.chance(0.2) ? random.pick(SYMBOLS) : ' '));
    case 8:
      return insert(random.pick(PHRASES));
    case 9:
      return text.replaceAll(' ', random.pick([...BLANKS, '\n', '']));
    case 10:
      return random.chance(0.5) ? text.normalize('NFD') : text.toUpperCase();
    case 11:
      return lines.map((line) => (random.chance(0.4) ? random.pick(lines) : line)).join('\n');
    case 12:
      return text.replaceAll('\n', random.pick(['\n\n', '\n\n\n', ' ', '\n \n', '']));
    case 13:
      return text.replaceAll(/[.!?]/g, () => random.pick(MARKS));
    case 14:
      // Bytes that are not UTF-8: a continuation, a lead, an overlong form, half of an encoded surrogate.
      return insert(
        random.pick(['\udc80', '\udcff', '\udcc0\udc80', '\udced\udca0', '\udce2\udc82', '\udcf0\udc9f']),
      );
    default:
      return insert(
        random.pick(
          points.length > 0 ? [points[random.below(points.length)]!.repeat(random.between(1, 400))] : [''],
        ),
      );
  }
}

/** The texts, and for each a changed one or more. */
export function* withMutations(
  texts: Iterable<ParityDocument>,
  seed: number,
  each: number,
): Generator<ParityDocument, void, undefined> {
  const random = draws(seed);
  for (const document of texts) {
    yield document;
    let { text } = document;
    for (let i = 1; i <= each; i++) {
      // Sometimes several changes on top of each other.
      text = mutated(random.chance(0.3) ? text : document.text, random);
      yield { ...document, id: `${document.id} ~${i}`, text };
    }
  }
}

/** Everything that is made here: the same documents for the same seed, on any machine. */
export function* generatedDocuments(seed: number, count: number): Generator<ParityDocument, void, undefined> {
  yield* boundaryDocuments();
  yield* specialDocuments();
  yield* badwordDocuments();
  for (const url of URLS) yield { id: `url/${url}`, text: 'A text.', url };
  const random = draws(seed);
  const prose = function* (): Generator<ParityDocument, void, undefined> {
    for (let i = 0; i < count; i++) yield { id: `prose ${seed}/${i}`, text: proseOf(random) };
  };
  yield* withMutations(prose(), seed + 1, 2);
}

const E_MAILS = [
  'a@b.co',
  'a@b',
  'a.b@c.d.e',
  '.a@b.co',
  'a.@b.co',
  'a..b@c.co',
  'a@b..co',
  'a@-b.co',
  'a@b-.co',
  'a@b-c.co',
  'a@b.c-',
  'a@b.c-d',
  'a@b_c.co',
  'é@b.co',
  'éa@b.co',
  'a@é.co',
  'aé@b.co',
  'x.é.a@b.co',
  'émile.zola@b.co',
  '日本a@b.co',
  '日本 a@b.co',
  '_a@b.co',
  '-a@b.co',
  '+a@b.co',
  '!a@b.co',
  "'a'@b.co",
  '{a}@b.co',
  '`a@b.co`',
  '<a@b.co>',
  '(a@b.co)',
  '"a"@b.co',
  'a@b.co.',
  'a@b.co,',
  'a@b.co...',
  'mailto:a@b.co?x=y',
  'a@[1.2.3.4]',
  'a@[256.2.3.4]',
  'a@[1.2.3.x:]',
  'a@[1.2.3.a-b:]',
  'a@[1.2.3.-b:]',
  'a@[1.2.3.4',
  'a@[01.002.3.4]',
  'a@[1.2.3.b:x]',
  'a@1.2.3.4',
  'a@8.8.8.8',
  'email@example@example.com',
  'a@b@c@d.e',
  'a@b.co@c.d',
  '@b.co',
  'a@',
  '@',
  '@@',
  'a@.co',
  'a@b.c',
  'A@B.CO',
  '1@2.3',
  '1@2',
  'a%b@c.d',
  'a/b@c.d',
  'a=b@c.d',
  'a@b.co\u0301',
  'a\u0301@b.co',
  '\u0301a@b.co',
  'ſ@b.co',
  '\u212a@b.co',
  'a@b.\u212ao',
  'a@b.co\0',
  'a\0@b.co',
  'a@b.co\udc80',
  '\udc80a@b.co',
  '²a@b.co',
  '½a@b.co',
  '٣a@b.co',
  '\u{1f600}a@b.co',
  '\u{10428}a@b.co',
  `${'a.'.repeat(50)}a@${'b.'.repeat(50)}c`,
  `${'a'.repeat(300)}@b.co`,
  `a@${'b-'.repeat(40)}c.d`,
  `a@${'b-'.repeat(40)}.d`,
  'a@b.co a@b.co a@b.co',
  'a@b.co;c@d.ef',
  'a@b.coc@d.ef',
  '~a@b.co',
  '#a@b.co',
  'a#b@c.d',
  'a@b.c#d',
  'x-a@b.co',
  'é-a@b.co',
  'é.a@b.co',
  'é_a@b.co',
  'é!a@b.co',
];
const ADDRESSES = [
  '1.2.3.4',
  '8.8.8.8',
  '8.8.8.8888',
  '1238.8.8.8',
  '.3.3.3.0',
  '256.1.1.1',
  '1.256.1.1',
  '1.1.1.256',
  '1.2.3',
  '1.2.3.',
  '1.2.3.4.',
  '1.2.3.4.5',
  '1.2.3.4.5.6.7.8',
  '01.2.3.4',
  '1.2.3.04',
  '001.002.003.004',
  '0.0.0.0',
  '0.1.2.3',
  '00.1.1.1',
  '10.0.0.0',
  '10.255.255.255',
  '11.0.0.0',
  '9.255.255.255',
  '100.63.255.255',
  '100.64.0.0',
  '100.127.255.255',
  '100.128.0.0',
  '127.0.0.1',
  '126.255.255.255',
  '128.0.0.0',
  '169.253.255.255',
  '169.254.0.0',
  '169.254.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.16.0.0',
  '172.31.255.255',
  '172.32.0.0',
  '191.255.255.255',
  '192.0.0.0',
  '192.0.0.7',
  '192.0.0.8',
  '192.0.0.9',
  '192.0.0.10',
  '192.0.0.169',
  '192.0.0.170',
  '192.0.0.171',
  '192.0.0.172',
  '192.0.0.255',
  '192.0.1.0',
  '192.0.1.255',
  '192.0.2.0',
  '192.0.2.255',
  '192.0.3.0',
  '192.31.196.1',
  '192.52.193.1',
  '192.88.99.1',
  '192.167.255.255',
  '192.168.0.0',
  '192.168.255.255',
  '192.169.0.0',
  '192.175.48.1',
  '198.17.255.255',
  '198.18.0.0',
  '198.19.255.255',
  '198.20.0.0',
  '198.51.99.255',
  '198.51.100.0',
  '198.51.100.255',
  '198.51.101.0',
  '203.0.112.255',
  '203.0.113.0',
  '203.0.113.255',
  '203.0.114.0',
  '223.255.255.255',
  '224.0.0.0',
  '239.255.255.255',
  '240.0.0.0',
  '255.255.255.254',
  '255.255.255.255',
  '8.8.8.8 8.8.4.4 9.9.9.9 1.1.1.1 1.0.0.1 4.4.4.4 5.5.5.5 6.6.6.6',
  '٨.8.8.8',
  '8.8.8.٨',
  '8\u20248.8.8',
  'a8.8.8.8b',
  'é8.8.8.8',
  '8.8.8.8é',
  '8.8.8.8:80',
  'v8.8.8.8',
  '25.25.25.25',
  '250.250.250.250',
  '299.9.9.9',
  '2.5.5.2555',
  '1.2.3.1000',
  '1..2.3.4',
  '1.2.3.4\0',
  '٣1.2.3.4',
  '22.214.171.124',
  '8.8.8.8@b.co',
  'a@8.8.8.8',
  '00000.1.1.1',
  '1.1.1.00001',
];
const SYMBOL_LINES = [
  '---',
  '- - -',
  '-\t-',
  ' --- ',
  '\t---',
  '\u00a0---',
  '\u3000。\u3000',
  '...',
  '…',
  '!!!',
  '=',
  '#',
  '|||',
  '"',
  "'",
  '“”',
  '‘’',
  '’',
  '•',
  '·',
  '■',
  '_',
  '\\',
  '@',
  '€',
  '$',
  '£',
  '©',
  '®',
  '°',
  '+',
  '^',
  '~',
  '{}',
  '[]',
  '<>',
  '()',
  '«»',
  '‹›',
  '→',
  '1',
  '１',
  '٪',
  '％',
  'a',
  '-a-',
  '。',
  '।',
  '؟',
  '፧',
  '\u{11238}',
  '𝪈',
  '‼',
  '\0',
  '\x01\x02',
  '\x7f',
  '\x80',
  '\ufeff',
  '\u200b',
  '\u0301',
  '--\u0301',
  '\udcff',
  '\udc80--',
  '–',
  '—',
  '─',
  '━',
  '―',
  '、',
  '〈〉',
  '《》',
  '「」',
  '『』',
  '【】',
  '〔〕',
  '１',
  '∶',
  '´',
  '`',
  '¨',
  '…\u2009…',
  '  ',
  '\t',
  '',
  '\x1f',
  '--\x1f--',
  '¡',
  '¿',
  '§',
  '¶',
  '†',
  '‡',
  '※',
  '＿',
  '～',
  '～～',
  '〜',
  '᠉',
  '՞',
  '։',
  '܀',
  '\u061d',
  '\u1b7d',
  '\u{11f43}',
  '\u{1f600}',
];

/** Documents for the filters that change texts or look for words: one for each trap. */
function* specialDocuments(): Generator<ParityDocument, void, undefined> {
  const random = draws(7);
  for (const [kind, pieces] of [
    ['e-mail', E_MAILS],
    ['address', ADDRESSES],
  ] as const) {
    for (const [i, piece] of pieces.entries()) {
      yield { id: `pii/${kind} ${i}`, text: piece };
      yield {
        id: `pii/${kind} ${i} among words`,
        text: `Write to ${piece} today, or to ${piece}.\nOr ${random.pick(pieces)}${random.pick(['', ' ', ',', '-', 'é', '\n'])}${random.pick(pieces)}`,
      };
    }
    for (let i = 0; i < 60; i++) {
      const glue = random.pick(['', ' ', '.', '@', '-', '_', '\n', 'é', '1', '\u0301']);
      yield {
        id: `pii/${kind} joined ${i}`,
        text: Array.from({ length: random.between(2, 6) }, () => random.pick(pieces)).join(glue),
      };
    }
  }
  for (const [i, line] of SYMBOL_LINES.entries()) {
    for (const lineBreak of i < 12 ? LINE_BREAKS : ['\n']) {
      yield { id: `symbol-lines/${i} alone`, text: line + lineBreak };
      yield {
        id: `symbol-lines/${i} among lines`,
        text: ['a line', line, 'another', line, line, '', line, 'last', line].join(lineBreak),
      };
    }
  }
  for (let i = 0; i < 60; i++) {
    const lines = Array.from({ length: random.between(1, 12) }, () =>
      random.chance(0.3) ? 'words here' : random.pick(SYMBOL_LINES),
    );
    yield {
      id: `symbol-lines/mixed ${i}`,
      text: lines.join(random.pick(['\n', '\n\n', '\r\n', ...LINE_BREAKS])),
    };
  }
  for (const code of allOfASort()) {
    const character = String.fromCodePoint(code);
    const name = `U+${code.toString(16)}`;
    yield { id: `character/${name}`, text: characterProbe(character) };
  }
}

/** Text whose verdicts depend on whether the character is white space, line break, letter, symbol or terminal. */
function characterProbe(character: string): string {
  const lines = Array.from(
    { length: 8 },
    (_, i) =>
      `The river of ${character}stone${i}${character}number ${'abcdefgh'[i]}${character}x and that ends${character}`,
  );
  return `${lines.join('\n')}\n${character}\n${character}8.8.8.8 ${character}a@b.co${character} ${character}sex${character}\n-${character}-\n${character.repeat(3)}`;
}

/** Code points at the edges of classes: controls, blanks, format characters, marks, terminals of scripts, ends of planes. */
function* allOfASort(): Generator<number, void, undefined> {
  for (let code = 0; code < 0x100; code++) yield code;
  for (let code = 0x2000; code < 0x2070; code++) yield code;
  yield* [
    0x130, 0x131, 0x17f, 0x1c5, 0x2b0, 0x300, 0x345, 0x37e, 0x387, 0x3a3, 0x3c2, 0x488, 0x589, 0x5be, 0x60c,
    0x61b, 0x61d, 0x61f, 0x640, 0x660, 0x66b, 0x6d4, 0x700, 0x903, 0x93e, 0x964, 0x965, 0x966, 0xe3f, 0xe46,
    0x1160, 0x1362,
  ];
  yield* [
    0x1680, 0x166e, 0x1735, 0x1803, 0x180e, 0x1b7d, 0x1e9e, 0x1fbc, 0x2126, 0x212a, 0x2160, 0x2170, 0x2180,
    0x2460, 0x24b6, 0x2c00, 0x2e2f, 0x2e53, 0x3000, 0x3001, 0x3002, 0x3005, 0x3007, 0x3021, 0x3041, 0x3099,
    0x309b, 0x30fc, 0x3131, 0x3250, 0x4e00, 0x9fff, 0xa015, 0xa4ff,
  ];
  yield* [
    0xa60e, 0xa640, 0xa66f, 0xac00, 0xd7a3, 0xe000, 0xf8ff, 0xf900, 0xfb00, 0xfb1e, 0xfb29, 0xfdfa, 0xfe00,
    0xfe0f, 0xfe52, 0xfeff, 0xff01, 0xff0e, 0xff10, 0xff11, 0xff1f, 0xff21, 0xff41, 0xff5e, 0xff61, 0xffa0,
    0xfffc, 0xfffd, 0xfffe, 0xffff,
  ];
  yield* [
    0x10000, 0x10107, 0x10140, 0x1018a, 0x10280, 0x10400, 0x10a56, 0x10fff, 0x11038, 0x11047, 0x11238,
    0x11f43, 0x12400, 0x16a6e, 0x1bc9f, 0x1d165, 0x1d400, 0x1d7ce, 0x1da88, 0x1e900, 0x1f100, 0x1f600,
    0x1fbf0, 0x20000, 0x2a6d6, 0x2f800, 0x30000, 0x3134a, 0x40000, 0xe0001, 0xe0100, 0xf0000, 0x10ffff,
  ];
}

const WORD_LISTS = createRequire(import.meta.url)('naughty-words') as Readonly<
  Record<string, readonly string[]>
>;
/** Every language that has a list. */
export const BADWORD_LANGUAGES: readonly string[] = Object.keys(WORD_LISTS).toSorted();
/** Beside a phrase: the first four let it be found, the others make it part of a word, or do not, by what Python's `\\w` is. */
const FLANKS = [
  ' ',
  '',
  '\n',
  '.',
  'x',
  '_',
  '1',
  'é',
  '\u0301',
  '\u0940',
  '字',
  'ー',
  '²',
  '\u200b',
  '-',
  '\u{10428}',
  '\u{1f600}',
  '\udc80',
  '\0',
  '\u0345',
  '\u2160',
  '\u24b6',
  '٣',
];

/** Phrases of the lists, alone and beside all kinds of characters, in other cases, and nearly. */
function* badwordDocuments(): Generator<ParityDocument, void, undefined> {
  const random = draws(11);
  for (const language of BADWORD_LANGUAGES) {
    const phrases = WORD_LISTS[language]!;
    const made: string[] = ['', 'nothing of the kind', 'グロ', '女の子', '性', 'sm', 'SM'];
    for (const phrase of language === 'en' ? phrases : random.shuffled(phrases).slice(0, 30)) {
      const [before, after] = [random.pick(FLANKS), random.pick(FLANKS)];
      made.push(`${before}${phrase}${after}`, `a word ${phrase}${after}`, `${before}${phrase} and more`);
      const points = Array.from(phrase);
      const at = random.below(points.length + 1);
      made.push(
        `${phrase}${random.pick(phrases)}`,
        `one ${points.toSpliced(at, 1).join('')} two`,
        `one ${points.toSpliced(at, 0, random.pick(FLANKS)).join('')} two`,
        `one ${phrase.toUpperCase()} two`,
        `one ${phrase.replaceAll(' ', random.pick(['\u00a0', '  ', '\n', '-', '\t']))} two`,
        `one ${phrase.normalize('NFD')} two`,
        `one ${random.pick(phrases)}${random.pick([' ', '', '-'])}${phrase}${random.pick(FLANKS)}`,
      );
    }
    for (const [i, text] of made.entries()) yield { id: `badwords/${language}/${i}`, text };
  }
}

/** URLs for the URL filter, each with its trap. */
export const URLS: readonly string[] = [
  'http://bad.com/',
  'https://www.bad.com/x',
  'http://a.b.bad.com',
  'http://BAD.com/',
  'http://bad.com:8080/x',
  'http://user:pw@bad.com/',
  'http://user@sub.host.org/',
  'http://sub.host.org/',
  'http://x.sub.host.org/',
  'http://host.org/',
  'bad.com',
  'bad.com/path',
  '//bad.com/x',
  'ftp://bad.com',
  'http://bad.com.',
  'http://notbad.com',
  'http://bad.com.evil.net',
  'http://bad.co.uk',
  'http://foo.bad.co.uk/',
  'http://co.uk/',
  'http://blog.github.io/',
  'http://github.io/',
  'http://1.2.3.4/',
  'http://1.2.3.4:80/x',
  'http://[::1]/',
  'http://localhost/',
  'http://localhost:3000/bad.com',
  'http://münchen.de/',
  'http://xn--mnchen-3ya.de/',
  'http://bücher.example/',
  'http://ok.net/page',
  'http://ok.net/page/',
  'http://OK.net/page',
  'http://ok.net/page?x=1',
  'http://ok.net/page#y',
  'http://ok.net/hard/x',
  'http://ok.net/Hard/x',
  'http://ok.net/hardly',
  'http://ok.net/x-hard-y',
  'http://ok.net/hard',
  'http://hard.net/',
  'http://ok.net/xhard',
  'http://ok.net/soft/mild',
  'http://ok.net/soft/soft',
  'http://ok.net/soft',
  'http://ok.net/soft-mild-weak',
  'http://ok.net/SOFT/mild',
  'http://ok.net/softmild',
  'http://ok.net/sub-word/',
  'http://ok.net/xSUBWORDx',
  'http://ok.net/sub/w/ord',
  'http://ok.net/subwor',
  'http://subword.net',
  'http://ok.net/s.u.b.w.o.r.d',
  'https://ok.net/https',
  'http://ok.net/é-hard-é',
  'http://ok.net/éhard',
  'http://ok.net/%68ard',
  'mailto:x@bad.com',
  'http://',
  'http:///x',
  '?',
  'x',
  ' http://bad.com/ ',
  'http://bad.com\\@ok.net/',
  'http://ok.net@bad.com/',
  'http://bad。com/',
  'http://a.b.c.d.e.f/',
  'http://bad.com?x',
  'http://bad.com#x',
  'http://bad_host.bad.com/',
  'http://-.bad.com/',
  'http://www.ck/',
  'http://foo.ck/',
  'http://foo.bar.ck/',
  'http://city.kawasaki.jp/',
  'http://a.b.kawasaki.jp/',
  'http://bad.com/\u0000',
  'http://127.0.0.1.bad.com/',
  'http://0x7f.1/',
  'HTTP://Sub.Host.Org/',
  'http://1.2.3/',
  'http://1.2.3.4.5/',
  'http://256.1.1.1/',
  'http://bad.com/a b',
  'javascript:void(0)',
  'data:text/html,hard',
];

/** Options of the URL filter that those URLs are made for. */
export const URL_LISTS: Readonly<Record<string, readonly string[]>> = {
  extra_domains: ['bad.com', 'sub.host.org', 'bad.co.uk', 'münchen.de', '# comment', ' spaced.com '],
  extra_urls: ['http://ok.net/page', '#http://ok.net/no', 'http://ok.net/listed '],
  banned_words: ['hard', 'Up-Per', '#soft'],
  banned_subwords: ['sub-word'],
  soft_banned_words: ['soft', 'mild', 'weak'],
};
