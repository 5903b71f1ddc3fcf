import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SignatureParameters } from '../../../src/kernels/signatures/signatures.ts';
import { createSigner } from '../../../src/kernels/signatures/signer.ts';
import { columnOf, randomFrom } from './fixtures.ts';

const settings: readonly SignatureParameters[] = [
  { ngram: 5, bands: 14, rows: 8, seed: 0 },
  { ngram: 1, bands: 1, rows: 1, seed: 1 },
  { ngram: 3, bands: 20, rows: 5, seed: 2 ** 40 + 7 },
  { ngram: 13, bands: 9, rows: 13, seed: 3 },
  { ngram: 2, bands: 16, rows: 16, seed: 4 },
  { ngram: 5, bands: 93, rows: 15, seed: 5 },
  { ngram: 2, bands: 450, rows: 20, seed: 6 },
].map((parameters) => ({ ...parameters, sketches: true }));

/** Pieces that sit at the edges of what the kernel distinguishes. */
const pieces = [
  'word Word X _ 9 . ’ @ [ ` { / : é É ß ẞ İ ı Σ ς Привет мир Ⱥ K Å 中 文字 コーヒー ไทย 한국어 𝒳 𐐀 𠀀 😀'.split(
    ' ',
  ),
  'abcdefgh abcdefghijklmnop ABCDEFGHIJKLMNOPQ'.split(' '),
  [' ', '  ', '\n', '\0', '\x7f', 'x'.repeat(63), 'y'.repeat(64), 'Ж'.repeat(33), ' '.repeat(60)],
].flat();
const invalid = [
  [0x80],
  [0xc0, 0x80],
  [0xc3],
  [0xe0, 0x80, 0x80],
  [0xe4, 0xb8],
  [0xed, 0xa0, 0x80],
  [0xf0, 0x9d],
  [0xf4, 0x90, 0x80, 0x80],
  [0xff],
  [0xf5, 0x80, 0x80, 0x80],
];

const row = fc.oneof(
  fc
    .string({
      unit: fc.integer({ min: 0x20, max: 0x2fff }).map((code) => String.fromCodePoint(code)),
      maxLength: 200,
    })
    .map((text) => new Uint8Array(Buffer.from(text))),
  fc.uint8Array({ maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 100 }).map((text) => new Uint8Array(Buffer.from(text))),
  fc
    .array(
      fc.oneof(
        { arbitrary: fc.constantFrom(...pieces).map((piece) => Buffer.from(piece)), weight: 8 },
        { arbitrary: fc.constantFrom(...invalid).map((bytes) => Buffer.from(bytes)), weight: 1 },
      ),
      { maxLength: 60 },
    )
    .map((parts) => new Uint8Array(Buffer.concat(parts))),
);

describe('SIMD and scalar twin', () => {
  test.each(settings)(
    'agree on any bytes with $bands bands of $rows and $ngram words',
    async (parameters) => {
      const simd = await createSigner(parameters, 'simd');
      const scalar = await createSigner(parameters, 'scalar');
      fc.assert(
        fc.property(fc.array(row, { maxLength: 6 }), (rows) => {
          const column = columnOf(rows);
          expect(simd.sign(column)).toEqual(scalar.sign(column));
        }),
        { numRuns: parameters.bands > 20 ? 20 : 150, seed: 7 },
      );
    },
  );

  test('agree on all lengths around the edges of a block', async () => {
    const random = randomFrom(11);
    const rows = Array.from({ length: 200 }, (_, length) =>
      Uint8Array.from({ length }, () => 'abcdeXYZ019__  .'.charCodeAt(Math.floor(random() * 16))),
    );
    const column = columnOf(rows);
    const simd = await createSigner(settings[0]);
    const scalar = await createSigner(settings[0], 'scalar');
    expect(simd.sign(column)).toEqual(scalar.sign(column));
  });

  test('agree on words longer than the line they are gathered in', async () => {
    const rows = [
      'a'.repeat(3),
      'A'.repeat(5000),
      'Ж'.repeat(9000),
      `${'b'.repeat(4093)} ${'c'.repeat(70)}é d`,
      'Ⱥ'.repeat(20_000),
    ];
    const shifted = Array.from(
      { length: 40 },
      (_, shift) => `${' '.repeat(shift)}${'q'.repeat(8200)} ${'r'.repeat(shift)}`,
    );
    const column = columnOf([...rows, ...shifted]);
    const simd = await createSigner(settings[2]);
    const scalar = await createSigner(settings[2], 'scalar');
    expect(simd.sign(column)).toEqual(scalar.sign(column));
  });

  test('agree on content hashes alone, with no keys and no shingles', async () => {
    const column = columnOf(['', 'a', 'one two three', 'z'.repeat(1000)]);
    const simd = (await createSigner(undefined)).sign(column);
    expect(simd).toEqual((await createSigner(undefined, 'scalar')).sign(column));
    expect(simd.bandKeys).toHaveLength(0);
    expect([...simd.shingleCounts]).toEqual([0, 0, 0, 0]);
  });

  test('give each row the same whatever rows share its batch', async () => {
    const signer = await createSigner(settings[0]);
    const random = randomFrom(5);
    const rows = Array.from({ length: 9000 }, () =>
      pieces.slice(0, 1 + Math.floor(random() * pieces.length)).join(random() < 0.5 ? ' ' : ''),
    );
    const whole = signer.sign(columnOf(rows));
    for (const [start, end] of [
      [0, 1],
      [1, 700],
      [700, 5000],
      [5000, 9000],
    ] as const) {
      const part = signer.sign(columnOf(rows.slice(start, end), '文'));
      expect(part.contentHashes).toEqual(whole.contentHashes.slice(2 * start, 2 * end));
      expect(part.shingleCounts).toEqual(whole.shingleCounts.slice(start, end));
      for (let band = 0; band < 14; band++) {
        const size = end - start;
        expect(part.bandKeys.slice(2 * band * size, 2 * (band + 1) * size)).toEqual(
          whole.bandKeys.slice(2 * (band * 9000 + start), 2 * (band * 9000 + end)),
        );
      }
    }
  });
});
