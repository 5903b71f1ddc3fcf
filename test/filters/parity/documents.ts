import { BLANKS, boundaryDocuments, LINE_BREAKS, NO_BLANKS, type ParityDocument } from './boundaries.ts';
import { type Draws, draws } from './random.ts';
import { badwordDocuments, specialDocuments, URLS } from './traps.ts';

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
