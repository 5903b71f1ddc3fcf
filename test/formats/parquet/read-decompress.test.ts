import { brotliCompressSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { snappyCompress, snappyUncompress } from 'hysnappy';
import { compressSync } from 'lz4-napi';
import { beforeAll, describe, expect, test } from 'vitest';
import { CurationError } from '../../../src/errors.ts';
import { compress, compressReady } from '../../../src/formats/compress.ts';
import { decompress, type PageCodec } from '../../../src/formats/decompress.ts';

beforeAll(async () => {
  await compressReady();
});

const text = Buffer.from('to be or not to be, that is the question; '.repeat(300) + 'x'.repeat(500));

/** lz4-napi puts the length before the block; Parquet does not. */
function lz4Block(bytes: Uint8Array): Uint8Array {
  return compressSync(Buffer.from(bytes)).subarray(4);
}

function hadoop(...parts: Uint8Array[]): Uint8Array {
  return Buffer.concat(
    parts.flatMap((part) => {
      const block = lz4Block(part);
      const lengths = Buffer.alloc(8);
      lengths.writeUInt32BE(part.length, 0);
      lengths.writeUInt32BE(block.length, 4);
      return [lengths, block];
    }),
  );
}

const encoders: Readonly<Record<PageCodec, (bytes: Uint8Array) => Uint8Array>> = {
  none: (bytes) => bytes,
  snappy: (bytes) => compress('snappy', bytes),
  gzip: (bytes) => gzipSync(bytes),
  brotli: (bytes) => brotliCompressSync(bytes),
  zstd: (bytes) => compress('zstd', bytes),
  lz4_raw: lz4Block,
  lz4_hadoop: (bytes) => hadoop(bytes),
};

describe.each(Object.entries(encoders))('%s', (name, encode) => {
  const codec = name as PageCodec;

  test('gives back what was compressed', () => {
    expect(Buffer.compare(decompress(codec, encode(text), text.length), text)).toBe(0);
  });

  test('any other length is an error', () => {
    for (const length of [0, 1, text.length - 1, text.length + 1, 400_000_000]) {
      expect(() => decompress(codec, encode(text), length)).toThrow(CurationError);
    }
    expect(() => decompress(codec, encode(text), 2 ** 31)).toThrow(/at most 536870912 bytes/);
    expect(() => decompress(codec, encode(text), -1)).toThrow(CurationError);
  });

  test('damage is a CurationError or as many bytes as were asked for', () => {
    const bytes = encode(text);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = Uint8Array.from(bytes);
        damaged[at]! ^= flip;
        try {
          expect(decompress(codec, damaged, text.length).length).toBe(text.length);
        } catch (error) {
          expect(error).toBeInstanceOf(CurationError);
        }
      }),
      { numRuns: 150, seed: 20_261_122 },
    );
  });
});

test('several gzip members, zstd frames and Hadoop blocks are one page', () => {
  const twice = Buffer.concat([text, text]);
  for (const codec of ['gzip', 'zstd'] as const) {
    const input = Buffer.concat([encoders[codec](text), encoders[codec](text)]);
    expect(Buffer.compare(decompress(codec, input, twice.length), twice)).toBe(0);
  }
  expect(Buffer.compare(decompress('lz4_hadoop', hadoop(text, text), twice.length), twice)).toBe(0);
});

test('a zstd page that asks for a dictionary is damage, so that its rows can be skipped', () => {
  const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x21, 7, 1, 9, 0, 0, 65);
  expect(() => decompress('zstd', frame, 1)).toThrow(
    expect.objectContaining({ code: 'BAD_INPUT', message: expect.stringContaining('a dictionary') }),
  );
});

test('an LZ4 page without the framing of Hadoop is read as a bare block', () => {
  expect(Buffer.compare(decompress('lz4_hadoop', lz4Block(text), text.length), text)).toBe(0);
});

test('the snappy decoder agrees with hysnappy on blocks of either encoder', () => {
  // Few letters make long copies at short distances, which overlap; many make literals.
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }),
    fc.uint8Array({ maxLength: 3000, max: 2 }),
    fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.nat(400))
      .map(([part, times]) => Uint8Array.from(Array.from({ length: times }, () => [...part]).flat())),
  );
  fc.assert(
    fc.property(bytes, (plain) => {
      for (const block of [compress('snappy', plain), snappyCompress(plain)]) {
        if (plain.length > 0) expect(Buffer.compare(snappyUncompress(block, plain.length), plain)).toBe(0);
        expect(Buffer.compare(decompress('snappy', block, plain.length), plain)).toBe(0);
      }
    }),
    { numRuns: 200, seed: 20_261_122 },
  );
});
