import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSigner, type Signer } from '../../../src/kernels/signatures/signer.ts';
import { unicodeVersion } from '../../../src/kernels/unicode.ts';
import { columnOf } from './fixtures.ts';

const solo =
  /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Bopomofo}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}\p{scx=Tai_Le}\p{scx=New_Tai_Lue}\p{scx=Tai_Tham}\p{scx=Tai_Viet}]/gu;

/** The law as regular expressions, with the two documented exceptions of lower case. */
function tokensOf(text: string): string[] {
  const lower = text.replaceAll('İ', 'i').toLowerCase().replaceAll('ς', 'σ');
  const runs = lower.match(/[\p{L}\p{N}_]+/gu) ?? [];
  return runs.flatMap((run) =>
    run
      .replace(solo, (found) => (/\p{scx=Latin}/u.test(found) ? found : ` ${found} `))
      .split(' ')
      .filter((token) => token !== ''),
  );
}

/** Asserts that a text is signed like its tokens with a blank between. */
async function expectLaw(signer: Signer, texts: readonly (string | Uint8Array)[]): Promise<void> {
  const tokens = texts.map((text) =>
    tokensOf(typeof text === 'string' ? text : new TextDecoder().decode(text)),
  );
  const found = signer.sign(columnOf(texts));
  const plain = signer.sign(columnOf(tokens.map((list) => list.join(' '))));
  expect([...found.shingleCounts]).toEqual(tokens.map((list) => list.length));
  expect(found.bandKeys).toEqual(plain.bandKeys);
}

const parameters = { ngram: 1, bands: 14, rows: 8, seed: 0 };

describe.each(['simd', 'scalar'] as const)('tokens of the %s twin', (kernel) => {
  test('are runs of letters, digits and underscores of the lower-cased text, or single characters of unspaced scripts', async () => {
    await expectLaw(await createSigner(parameters, kernel), [
      'The quick, brown fox-jumps over_the lazy DOG 42 times.',
      'Straße ÉCOLE naïve Ünïcödé ΟΔΟΣ οδος Σίσυφος',
      'ПРИВЕТ, мир! Ёлка',
      '中文字符 mixed with English和中文, 1000元',
      'コーヒーを飲む ｶﾀｶﾅ 々〆',
      'ภาษาไทย ພາສາລາວ ភាសាខ្មែរ မြန်မာ',
      'ㄇㄚˊ ˊÀ maˇ',
      '한국어는 띄어 쓴다',
      'İstanbul ISPARTA ıssız ẞ K Å Ω Ⱥ Ⱦ ǅ',
      'हिन्दी में लिखा עברית العربية ٣٤٥',
      '𝒜𝒷 𐐀𐐨 𠀀𠮷 😀 ① ² ½ Ⅷ ⅷ',
      '',
      '.,; —',
    ]);
  });

  test('are cut by bytes that are no UTF-8', async () => {
    const texts = [
      [0x61, 0x80, 0x62],
      [0x61, 0xc0, 0xaf, 0x62],
      [0x61, 0xe0, 0x9f, 0xbf, 0x62],
      [0x61, 0xe4, 0xb8, 0x62],
      [0x61, 0xe4, 0xb8],
      [0x61, 0xed, 0xa0, 0x80, 0x62],
      [0x61, 0xf0, 0x8f, 0xbf, 0xbf, 0x62],
      [0x61, 0xf4, 0x90, 0x80, 0x80, 0x62],
      [0x61, 0xf0, 0xa0, 0x80, 0x62],
      [0xc3, 0xc3, 0xa9, 0xff],
    ];
    await expectLaw(
      await createSigner(parameters, kernel),
      texts.map((bytes) => Uint8Array.from(bytes)),
    );
  });

  test.runIf(process.versions['unicode'] === unicodeVersion)('follow the law on any string', async () => {
    const signer = await createSigner(parameters, kernel);
    const any = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.string({
        unit: fc.integer({ min: 0, max: 0x24ff }).map((code) => String.fromCodePoint(code)),
        maxLength: 200,
      }),
      fc.string({
        unit: fc.constantFrom('a', 'Б', '中', 'Σ', ' ', '’', 'é', '__', '😀', 'Z'),
        maxLength: 300,
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(any, { maxLength: 5 }), (texts) => expectLaw(signer, texts)),
      { numRuns: 200, seed: 3 },
    );
  });
});

test('both twins take each code point, before and behind a letter, for the same', async () => {
  const simd = await createSigner(parameters);
  const scalar = await createSigner(parameters, 'scalar');
  // All of one and two bytes and the first of three; then each 41st.
  const codes = Array.from({ length: 0x110000 }, (_, code) => code).filter(
    (code) => code < 0x1100 || (code % 41 === 0 && (code < 0xd800 || code > 0xdfff)),
  );
  // Few to a row, so that each token that differs changes keys of its row.
  const rows = Array.from({ length: Math.ceil(codes.length / 16) }, (_, row) =>
    codes
      .slice(16 * row, 16 * (row + 1))
      .map((code) => `${code.toString(36)}é${String.fromCodePoint(code)}é`)
      .join(' '),
  );
  const column = columnOf(rows);
  expect(
    Buffer.from(simd.sign(column).bandKeys.buffer).equals(Buffer.from(scalar.sign(column).bandKeys.buffer)),
  ).toBe(true);
});

test('fewer words than a shingle make one shingle, and none make none', async () => {
  const signer = await createSigner({ ngram: 5, bands: 14, rows: 8, seed: 0 });
  const texts = [
    '',
    '...',
    'one',
    'one two three four',
    'one two three four five',
    'one two three four five six',
    'One, two, three, four!',
  ];
  const { shingleCounts, bandKeys, rowCount } = signer.sign(columnOf(texts));
  expect([...shingleCounts]).toEqual([0, 0, 1, 1, 1, 2, 1]);
  const first = (row: number): string => `${bandKeys[2 * row]}:${bandKeys[2 * row + 1]}`;
  expect(first(6)).toBe(first(3));
  expect(new Set([0, 2, 3, 4, 5].map(first)).size).toBe(5);
  expect(Array.from(bandKeys.subarray(0, 4))).toEqual([0, 0, 0, 0]);
  expect(bandKeys).toHaveLength(2 * 14 * rowCount);
});

test('repeated shingles change nothing but the count', async () => {
  const signer = await createSigner({ ngram: 2, bands: 14, rows: 8, seed: 0 });
  const { bandKeys, shingleCounts } = signer.sign(columnOf(['a b a b a', 'b a b', 'b c a']));
  expect([...shingleCounts]).toEqual([4, 2, 2]);
  for (let band = 0; band < 14; band++) {
    expect(bandKeys.slice(6 * band, 6 * band + 2)).toEqual(bandKeys.slice(6 * band + 2, 6 * band + 4));
    expect(bandKeys.slice(6 * band, 6 * band + 2)).not.toEqual(bandKeys.slice(6 * band + 4, 6 * band + 6));
  }
});
