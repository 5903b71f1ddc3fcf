import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareCodePoints, type NamedDocument, nameConcepts } from '../../src/concepts/names.ts';

const shared = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const hasShared = existsSync(shared);
if (!hasShared)
  process.stdout.write('skipped: names of concepts of real text, as ../shared/data is absent\n');

const of = (concept: number, ...texts: string[]): NamedDocument[] => texts.map((text) => ({ concept, text }));

/** What terms of one concept are called if another one says other things. */
const namesOf = (...texts: string[]): string[] =>
  nameConcepts([...of(0, ...texts), ...of(1, 'x1x', 'y2y')], 2)[0]!;

test('the terms that most documents of a concept have and few others come first', () => {
  const names = nameConcepts(
    [
      ...of(0, 'the kernel loads a driver', 'the kernel has the driver', 'the old kernel'),
      ...of(1, 'the recipe needs flour', 'the recipe needs an egg', 'an old recipe'),
    ],
    2,
  );
  // In all three documents, then in two of them and nowhere else; "the" is in most of the others, too.
  expect(names[0]!.slice(0, 2)).toEqual(['kernel', 'driver']);
  expect(names[1]!.slice(0, 3)).toEqual(['recipe', 'an', 'needs']);
});

test('the score is the share in the concept times the logarithm of its ratio to the share elsewhere', () => {
  // By hand, with a prior of one of 12 documents' worth: alpha 3/3 * ln(3.25 / 4 * 10 / 0.25) = 3.48, gamma, which is in fewer, 2/3 * ln(2.167 / 4 * 10 / 0.167)
  // = 2.32, and beta, which is elsewhere, too, 2/3 * ln(2.333 / 4 * 10 / 2.333) = 0.61.
  const others = Array.from({ length: 9 }, (_, at) => (at < 2 ? 'beta none' : 'none'));
  const texts = [...of(0, 'alpha beta gamma', 'alpha beta', 'alpha gamma'), ...of(1, ...others)];
  expect(nameConcepts(texts, 2)[0]).toEqual(['alpha', 'gamma', 'beta']);
});

test('a term must be in two documents of its concept, where it has two', () => {
  expect(namesOf('apple pear', 'apple plum')).toEqual(['apple']);
  expect(namesOf('apple apple pear')).toEqual(['apple', 'pear']);
  expect(namesOf('apple', 'pear')).toEqual([]);
});

test('terms are counted in lower case and shown as they are written most often', () => {
  expect(namesOf('PIN pin Apache', 'PIN apache', 'PIN apache')).toEqual(['apache', 'PIN']);
  // Both as often: the first by code points.
  expect(namesOf('iPhone Iphone', 'Iphone iPhone')).toEqual(['Iphone']);
  expect(namesOf('İstanbul', 'İstanbul')).toEqual(['İstanbul']);
});

test('numbers, single letters, underscores and what is too long to be a word are no names', () => {
  const key = 'k'.repeat(41);
  expect(namesOf(`2024 a 1 __ é ३४ ${key} b2b`, `2024 a 1 __ é ३४ ${key} b2b`)).toEqual(['b2b']);
  expect(namesOf(`${'k'.repeat(40)}`, `${'k'.repeat(40)}`)).toEqual(['k'.repeat(40)]);
});

test('a part of a better term is no name, nor is a better term with an ending', () => {
  const names = namesOf('coffee coffees offee bean', 'coffee coffees offee bean', 'coffee bean', 'coffee');
  expect(names).toEqual(['coffee', 'bean']);
});

test('words keep the marks of their vowels', () => {
  expect(namesOf('हिन्दी भाषा', 'हिन्दी भाषा')).toEqual(['भाषा', 'हिन्दी']);
  expect(namesOf('cafe\u0301 noir', 'cafe\u0301')).toEqual(['cafe\u0301']);
});

test('pairs of a script without spaces grow to what most documents have around them', () => {
  expect(namesOf('安装操作系统的方法', '这个操作系统很好', '操作系统和软件')).toEqual(['操作系统']);
  // Up to where the kind of character changes; Hiragana is no name.
  expect(namesOf('私はコンピュータを使います', 'このコンピュータは速いです')).toEqual(['コンピュータ']);
  expect(namesOf('ภาษาไทย', 'ภาษาไทย')).toHaveLength(1);
  expect(namesOf('\u{20000}\u{20001}', '\u{20000}\u{20001}')).toEqual(['\u{20000}\u{20001}']);
  expect(namesOf('字', '字')).toEqual([]);
});

test('no more terms are given than are asked for, and none of a concept without documents', () => {
  const texts = of(1, 'one two three four five six', 'one two three four five six');
  const documents = [...texts, ...of(0, 'other', 'other')];
  expect(nameConcepts(documents, 3).map((names) => names.length)).toEqual([1, 4, 0]);
  expect(nameConcepts(documents, 2, { terms: 5 })[1]).toEqual(['five', 'four', 'one', 'six', 'three']);
  expect(nameConcepts(documents, 2, { terms: 0 })).toEqual([[], []]);
  expect(nameConcepts([], 0)).toEqual([]);
  expect(nameConcepts(of(0, '', ''), 1)).toEqual([[]]);
  expect(() => nameConcepts(of(2, 'x'), 2)).toThrow(new RangeError('concept 2: expected a number below 2'));
});

test('where there is one concept, what most of its documents have comes first', () => {
  expect(nameConcepts(of(0, 'red blue', 'red blue', 'red'), 1)).toEqual([['red', 'blue']]);
});

test('the order of documents changes nothing', () => {
  const word = fc.constantFrom(
    'Kernel',
    'kernel',
    'driver',
    'flour',
    'the',
    '操作系统',
    '系统',
    '42',
    'é',
    'コンピュータ',
  );
  const document = fc.record({ concept: fc.nat({ max: 3 }), words: fc.array(word, { maxLength: 8 }) });
  fc.assert(
    fc.property(fc.array(document, { maxLength: 20 }), fc.infiniteStream(fc.nat()), (drawn, keys) => {
      const documents = drawn.map(({ concept, words }) => ({ concept, text: words.join(' ') }));
      const shuffled = documents
        .map((one) => [keys.next().value, one] as const)
        .toSorted(([a], [b]) => a - b)
        .map(([, one]) => one);
      expect(nameConcepts(shuffled, 4)).toEqual(nameConcepts(documents, 4));
    }),
  );
});

test('no text breaks it, and every term is a piece of a document', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 60 }), { maxLength: 4 }), (texts) => {
      const names = nameConcepts(of(0, ...texts, ...texts), 1)[0]!;
      expect(names.filter((name) => !texts.some((text) => text.includes(name)))).toEqual([]);
    }),
    { numRuns: 30 },
  );
});

test('code points are in order above the surrogates, too', () => {
  const texts = ['a', 'ab', 'b', '\uE000', '\uFFFD', '\u{10000}', '\u{1F600}', ''];
  const byPoints = (a: string, b: string): number => {
    const [left, right] = [Array.from(a, (c) => c.codePointAt(0)!), Array.from(b, (c) => c.codePointAt(0)!)];
    const at = left.findIndex((code, index) => code !== right[index]);
    return at < 0 ? left.length - right.length : left[at]! - (right[at] ?? -1);
  };
  for (const a of texts) {
    for (const b of texts) expect(Math.sign(compareCodePoints(a, b))).toBe(Math.sign(byPoints(a, b)));
  }
});

interface Row {
  readonly text: string;
  readonly [field: string]: unknown;
}

function rows(name: string): Row[] {
  const lines = gunzipSync(readFileSync(`${shared}${name}.jsonl.gz`))
    .toString()
    .split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row);
}

/** A dozen documents, spread over those that are there, of each group. */
function dozens(groups: Readonly<Record<string, readonly Row[]>>): Record<string, string[]> {
  const keys = Object.keys(groups);
  const documents = keys.flatMap((key, concept) => {
    const own = groups[key]!;
    const every = Math.max(1, Math.floor(own.length / 12));
    return own
      .filter((_, at) => at % every === 0)
      .slice(0, 12)
      .map(({ text }) => ({ concept, text: text.slice(0, 1500) }));
  });
  const names = nameConcepts(documents, keys.length);
  return Object.fromEntries(keys.map((key, at) => [key, names[at]!.map((name) => name.toLowerCase())]));
}

describe.skipIf(!hasShared)('on real text', () => {
  test('corpora are called what they are about', () => {
    const names = dozens({
      movies: rows('corpora/movie-reviews'),
      coffee: rows('corpora/stackexchange-coffee'),
      speeches: rows('corpora/us-speeches'),
      anarchism: rows('corpora/anarchist-faq'),
      kafka: rows('neardup/kafka-docs.docs'),
    });
    expect(names['movies']!.join(' ')).toMatch(/film|movie/);
    expect(names['coffee']).toContain('coffee');
    expect(names['speeches']!.join(' ')).toMatch(/congress|president|nation/);
    expect(names['anarchism']!.join(' ')).toMatch(/anarch/);
    expect(names['kafka']).toContain('kafka');
    expect(Object.values(names).every((terms) => terms.length === 4)).toBe(true);
  });

  test('pages of one book are called by the words of their languages', () => {
    const pages = rows('corpora/debian-handbook').filter(({ page }) => !String(page).startsWith('index'));
    const languages = ['de-DE', 'en-US', 'fr-FR', 'ja-JP', 'ru-RU', 'zh-CN'];
    const names = dozens(
      Object.fromEntries(languages.map((code) => [code, pages.filter((row) => row['lang_dir'] === code)])),
    );
    const letters: Readonly<Record<string, RegExp>> = {
      'ja-JP': /\p{Script=Katakana}|\p{Script=Han}/u,
      'ru-RU': /\p{Script=Cyrillic}/u,
      'zh-CN': /\p{Script=Han}/u,
    };
    for (const [code, script] of Object.entries(letters)) {
      expect(names[code]!.filter((name) => script.test(name)).length).toBeGreaterThanOrEqual(3);
    }
    expect(names['de-DE']!.join(' ')).toMatch(/handbuch|weiter|zurück|und/);
    expect(names['fr-FR']!.join(' ')).toMatch(/les|suivant|précédent|cahier/);
  });

  test('questions are called by what is asked for', () => {
    const all = rows('clusters/banking77');
    const intents = [
      'age_limit',
      'apple_pay_or_google_pay',
      'change_pin',
      'exchange_rate',
      'passcode_forgotten',
    ];
    const names = dozens(Object.fromEntries(intents.map((i) => [i, all.filter(({ label }) => label === i)])));
    expect(names['apple_pay_or_google_pay']).toContain('apple');
    expect(names['change_pin']).toContain('pin');
    expect(names['exchange_rate']!.join(' ')).toMatch(/exchange/);
    expect(names['passcode_forgotten']!.join(' ')).toMatch(/passcode/);
  });
});
