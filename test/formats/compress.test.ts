import { gunzipSync } from 'node:zlib';
import { init as initZstd, decompress as unzstd } from '@bokuweb/zstd-wasm';
import fc from 'fast-check';
import { snappyUncompress } from 'hysnappy';
import { decompressFrameSync } from 'lz4-napi';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Codec, compress, compressReady } from '../../src/formats/compress.ts';

const OPEN: Record<Codec, (bytes: Uint8Array, length: number) => Uint8Array> = {
  none: (bytes) => bytes,
  gzip: (bytes) => gunzipSync(bytes),
  zstd: (bytes) => unzstd(bytes),
  lz4_frame: (bytes) => decompressFrameSync(Buffer.from(bytes)),
  snappy: (bytes, length) => snappyUncompress(bytes, length),
};
const CODECS = Object.keys(OPEN) as Codec[];

function repetitive(length: number): Uint8Array {
  const words = Buffer.from('the quick brown fox jumps over the lazy dog, and then once more ');
  return Uint8Array.from({ length }, (_, i) => words[(i + ((i >>> 7) & 3)) % words.length]!);
}

/** Bytes of a linear congruential generator: nothing to compress. */
function noise(length: number): Uint8Array {
  let state = 12345;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 24;
  });
}

beforeAll(async () => {
  await Promise.all([compressReady(), initZstd()]);
});

describe.each(CODECS)('%s', (codec) => {
  test('opens again in a foreign decoder at every length around its block edges', () => {
    const lengths = [0, 1, 3, 4, 14, 15, 16, 59, 60, 61, 255, 256, 257, 65_535, 65_536, 65_537, 200_000];
    for (const length of lengths) {
      for (const input of [repetitive(length), noise(length), new Uint8Array(length)]) {
        expect(Buffer.compare(OPEN[codec](compress(codec, input), length), input)).toBe(0);
      }
    }
  });

  test('gives any bytes back', () => {
    const runs = fc.array(
      fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 60 })),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(runs, (pieces) => {
        const input = Buffer.concat(
          pieces.flatMap(([bytes, times]) => Array.from({ length: times }, () => bytes)),
        );
        expect(Buffer.compare(OPEN[codec](compress(codec, input), input.length), input)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test('gives the same bytes whatever was compressed before', () => {
    const input = repetitive(100_000);
    const first = compress(codec, input);
    compress(codec, noise(70_000));
    compress(codec, repetitive(3));
    expect(Buffer.compare(compress(codec, input), first)).toBe(0);
  });

  test('gives bytes that own their memory and reads the input where a view says', () => {
    const whole = repetitive(5000);
    const result = compress(codec, whole.subarray(100, 4000));
    expect(result.byteOffset).toBe(0);
    expect(result.buffer.byteLength).toBe(result.byteLength);
    expect(structuredClone(result, { transfer: [result.buffer] }).length).toBeGreaterThan(0);
    expect(
      Buffer.compare(compress(codec, whole.slice(100, 4000)), compress(codec, whole.subarray(100, 4000))),
    ).toBe(0);
  });
});

test('shrinks text with every codec', () => {
  const input = repetitive(300_000);
  for (const codec of CODECS.filter((name) => name !== 'none')) {
    expect(compress(codec, input).length).toBeLessThan(input.length / 5);
  }
});

test('gives input back that is longer than one block of an lz4 frame, text and noise', () => {
  for (const input of [repetitive(4_194_305), noise(8_400_000)]) {
    expect(Buffer.compare(OPEN.lz4_frame(compress('lz4_frame', input), input.length), input)).toBe(0);
  }
});

test('reads shared memory too', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(50_000));
  shared.set(repetitive(50_000));
  for (const codec of CODECS) {
    expect(Buffer.compare(OPEN[codec](compress(codec, shared), shared.length), shared)).toBe(0);
  }
});

test('writes no time and no operating system into a gzip header', () => {
  const header = compress('gzip', repetitive(100)).subarray(0, 10);
  expect([...header.subarray(0, 8)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
  expect(header[9]).toBe(255);
});

test('writes lz4 frames with independent blocks', () => {
  const frame = compress('lz4_frame', repetitive(100_000));
  expect([...frame.subarray(0, 4)]).toEqual([0x04, 0x22, 0x4d, 0x18]);
  expect(frame[4]! & 0b0010_0000).not.toBe(0);
});
