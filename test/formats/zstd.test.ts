import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compress, init } from '@bokuweb/zstd-wasm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ZSTDDecoder } from 'zstddec';
import { CurationError } from '../../src/errors.ts';
import { decodeZstdFrame } from '../../src/formats/zstd/zstd.ts';

const root = join(import.meta.dirname, '..', '..');
const encoder = new TextEncoder();

interface Libzstd {
  readonly memory: { readonly buffer: ArrayBuffer };
  malloc(byteLength: number): number;
  free(address: number): void;
  ZSTD_decompress(to: number, capacity: number, from: number, byteLength: number): number;
}
let libzstd: Libzstd;

// Frames are packed while tests are collected.
await init();
await new (class extends ZSTDDecoder {
  override _init(result: Parameters<ZSTDDecoder['_init']>[0]): void {
    super._init(result);
    libzstd = (result as { instance: { exports: unknown } }).instance.exports as Libzstd;
  }
})().init();

/** What libzstd makes of `input`: the bytes, or undefined for damage. */
function reference(input: Uint8Array, capacity: number): Uint8Array | undefined {
  const to = libzstd.malloc(input.length + capacity + 128);
  const from = to + capacity + 64;
  new Uint8Array(libzstd.memory.buffer).set(input, from);
  const found = libzstd.ZSTD_decompress(to, capacity, from, input.length);
  const bytes = found < 0 ? undefined : new Uint8Array(libzstd.memory.buffer, to, found).slice();
  libzstd.free(to);
  return bytes;
}

/** What the kernel makes of it; undefined for damage. */
function ours(input: Uint8Array, capacity: number): Uint8Array | undefined {
  try {
    const bytes = decodeZstdFrame(input, capacity);
    if (bytes === undefined) throw new Error('declined');
    return bytes.slice();
  } catch (error) {
    if (!(error instanceof CurationError) || error.code !== 'BAD_INPUT') throw error;
    return undefined;
  }
}

function expectSame(found: Uint8Array | undefined, expected: Uint8Array): void {
  expect(found === undefined ? 'damage' : Buffer.compare(found, expected)).toBe(0);
}

/** Deterministic numbers in [0, 1): mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Words drawn by Zipf's law, in the letters of `script`. */
function prose(length: number, seed: number, script = 'abcdefghijklmnopqrstuvwxyz'): Uint8Array {
  const next = random(seed);
  const letters = Array.from(script);
  const words = Array.from({ length: 4000 }, () =>
    Array.from(
      { length: 2 + Math.floor(next() * 8) },
      () => letters[Math.floor(next() ** 2 * letters.length)],
    ).join(''),
  );
  const parts: string[] = [];
  for (let bytes = 0; bytes < length; ) {
    const word = words[Math.floor(next() ** 3 * words.length)]!;
    parts.push(word);
    bytes += word.length + 1;
  }
  return encoder.encode(parts.join(' ')).subarray(0, length);
}

function bytesOf(length: number, value: (index: number) => number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => value(index));
}

const noise = random(7);
const inputs: Readonly<Record<string, Uint8Array>> = {
  'no bytes': new Uint8Array(0),
  'one byte': Uint8Array.of(65),
  'five bytes': encoder.encode('seven'),
  'a sentence': encoder.encode('the quick brown fox jumps over the lazy dog, and the quick dog over the fox'),
  'one byte 300000 times': new Uint8Array(300_000).fill(120),
  'random bytes': bytesOf(200_000, () => Math.floor(noise() * 256)),
  'bytes of few kinds': bytesOf(200_000, () => Math.floor(noise() ** 4 * 12)),
  'two kinds of bytes': bytesOf(70_000, () => (noise() < 0.98 ? 1 : 0)),
  'all 256 kinds, skewed': bytesOf(150_000, () => Math.floor(noise() ** 3 * 256)),
  'a ramp of 32-bit integers': new Uint8Array(Uint32Array.from({ length: 60_000 }, (_, i) => i * 7).buffer),
  'prose in Latin script': prose(400_000, 1),
  'prose in Greek script': prose(300_000, 2, 'αβγδεζηθικλμνξοπρστυφχψω'),
  'prose in Korean script': prose(300_000, 3, '가나다라마바사아자차카타파하거너더러머버서'),
  'prose cut at a block of 128 KiB': prose(131_072, 4),
  'prose one byte beyond': prose(131_073, 5),
  ...Object.fromEntries(
    Array.from({ length: 40 }, (_, period) => [
      `a period of ${period + 1}`,
      bytesOf(9000, (i) => (i % 1500 < 5 ? i : (i % (period + 1)) * 37)),
    ]),
  ),
};

describe('decodes what libzstd packs', () => {
  for (const [name, plain] of Object.entries(inputs)) {
    test(`${name}, at fast, usual and high levels`, () => {
      const levels = name.startsWith('a period')
        ? [1, 19]
        : plain.length > 100_000
          ? [-7, 1, 3, 9, 17]
          : [-7, 1, 3, 6, 9, 13, 19, 22];
      for (const level of levels) expectSame(ours(compress(Buffer.from(plain), level), plain.length), plain);
    });
  }

  test('any bytes, as libzstd decodes them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 60 })), {
          maxLength: 60,
        }),
        fc.integer({ min: -5, max: 19 }),
        (pieces, level) => {
          const plain = Buffer.concat(
            pieces.flatMap(([bytes, times]) => Array<Uint8Array>(times).fill(bytes)),
          );
          expectSame(ours(compress(plain, level), plain.length), plain);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('frames', () => {
  const text = prose(50_000, 9);
  const packed = compress(Buffer.from(text), 3);
  const skipped = Uint8Array.of(0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3);

  test('follow each other, with skippable ones between', () => {
    const twice = Buffer.concat([text, text]);
    expectSame(ours(Buffer.concat([skipped, packed, skipped, packed, skipped]), twice.length), twice);
    expectSame(ours(new Uint8Array(0), 0), new Uint8Array(0));
    expectSame(ours(skipped, 10), new Uint8Array(0));
  });

  test('may hold less than the caller allows, not more', () => {
    expectSame(ours(packed, text.length + 5000), text);
    expect(() => decodeZstdFrame(packed, text.length - 1)).toThrow(/zstd: .*too much output/);
  });

  test('with a dictionary are declined', () => {
    expect(
      decodeZstdFrame(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x21, 7, 1, 9, 0, 0, 65), 1),
    ).toBeUndefined();
  });

  // RFC 8878: header, then raw and RLE blocks written by hand; XXH64 of "abc" is 44bc2cf5ad770999.
  test('carry a checksum that is compared', () => {
    const frame = [0x28, 0xb5, 0x2f, 0xfd, 0x24, 3, 25, 0, 0, 97, 98, 99, 0x99, 0x09, 0x77, 0xad];
    expectSame(ours(Uint8Array.from(frame), 3), encoder.encode('abc'));
    frame[12] = 0x98;
    expect(() => decodeZstdFrame(Uint8Array.from(frame), 3)).toThrow(/a wrong checksum/);
  });

  test('without a length decode too', () => {
    const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 0x18, 0, 0, 1, 2, 3, 0x23, 0, 0, 9);
    expectSame(ours(frame, 7), Uint8Array.of(1, 2, 3, 9, 9, 9, 9));
  });

  test('that only claim to be large cost no memory', () => {
    const lie = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x20, 1, 0, 0);
    expect(() => decodeZstdFrame(lie, 2 ** 29)).toThrow(/another length than it claims/);
  });

  test('beyond 96 MiB are decoded, and small ones after them', () => {
    const large = new Uint8Array(101 * 1024 * 1024).fill(5);
    large.set(text, 1000);
    const found = decodeZstdFrame(compress(Buffer.from(large), 1), large.length)!;
    expect(found.length).toBe(large.length);
    expect(Buffer.compare(found, large)).toBe(0);
    expectSame(ours(packed, text.length), text);
    expect(decodeZstdFrame(packed, text.length)!.buffer.byteLength).toBeLessThan(2 ** 20);
  });
});

describe('damage', () => {
  const next = random(11);
  const plains = [
    inputs['a sentence']!,
    inputs['bytes of few kinds']!.subarray(0, 5000),
    prose(20_000, 12),
    prose(140_000, 13),
  ];
  const frames = plains.flatMap((plain) => [1, 6, 19].map((level) => compress(Buffer.from(plain), level)));

  test('is told as bad input when a frame ends early', () => {
    for (const frame of frames) {
      const step = Math.max(1, Math.floor(frame.length / 60));
      for (let length = 1; length < frame.length; length += step) {
        expect(ours(frame.subarray(0, length), 150_000)).toBeUndefined();
      }
    }
  });

  test('of any bit is told, or decodes as libzstd decodes it', () => {
    let told = 0;
    for (const frame of frames) {
      for (let round = 0; round < 150; round++) {
        const damaged = frame.slice();
        // Half of the flips hit headers and tables, where they do most.
        const reach = round % 2 === 0 ? Math.min(200, damaged.length) : damaged.length;
        for (let flips = 1 + Math.floor(next() * 3); flips > 0; flips--) {
          const at = 4 + Math.floor(next() * (reach - 4));
          damaged[at] = damaged[at]! ^ (1 << Math.floor(next() * 8));
        }
        let found: Uint8Array | undefined;
        try {
          found = ours(damaged, 150_000);
        } catch (error) {
          expect((error as Error).message).toBe('declined');
          continue;
        }
        if (found === undefined) {
          told++;
          continue;
        }
        expectSame(reference(damaged, 150_000), found);
      }
    }
    expect(told).toBeGreaterThan(frames.length);
  });

  test('of bytes that never were a frame is told', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), (bytes) => {
        const frame = Buffer.concat([Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58), bytes]);
        // One compressed block that is the last, of all bytes.
        const head = 5 + bytes.length * 8;
        const block = Uint8Array.of(head & 255, (head >> 8) & 255, 0);
        const input = Buffer.concat([frame.subarray(0, 6), block, bytes]);
        let found: Uint8Array | undefined;
        try {
          found = ours(input, 131_072);
        } catch (error) {
          return (error as Error).message === 'declined';
        }
        return found === undefined || Buffer.compare(reference(input, 131_072) ?? Buffer.of(), found) === 0;
      }),
      { numRuns: 1500 },
    );
    expect(() => decodeZstdFrame(Uint8Array.of(1, 2, 3, 4, 5, 6), 10)).toThrow(/no valid frame/);
  });
});

test('the committed WebAssembly is what its source compiles to', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-zstd-'));
  try {
    const room = join(root, 'src', 'formats', 'zstd');
    expect(existsSync(join(room, 'zstd.as'))).toBe(true);
    execFileSync(process.execPath, [join(room, 'build.mjs'), folder]);
    const name = 'zstd-wasm.generated.ts';
    expect(readFileSync(join(folder, name), 'utf8')).toBe(readFileSync(join(room, name), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
