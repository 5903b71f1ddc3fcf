import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { compressFrameSync, compressSync, decompressFrameSync } from 'lz4-napi';
import { describe, expect, test } from 'vitest';
import { CurationError } from '../../src/errors.ts';
import {
  compressLz4Frame,
  decodeLz4Block,
  decodeLz4Frames,
  decodeLz4Hadoop,
} from '../../src/formats/lz4/lz4.ts';
import { lz4Frames } from './lz4-frames.ts';

const root = join(import.meta.dirname, '..', '..');

/** A plain decoder of a block, byte by byte: what the kernel must agree with. Undefined for damage. */
function decodePlainly(block: Uint8Array, capacity: number): Uint8Array | undefined {
  const output: number[] = [];
  let at = 0;
  const lengthFrom = (nibble: number): number => {
    let length = nibble;
    for (let more = nibble === 15 ? 255 : 0; more === 255; length += more) more = block[at++] ?? Number.NaN;
    return length;
  };
  for (;;) {
    const token = block[at++];
    if (token === undefined) return undefined;
    const literals = lengthFrom(token >>> 4);
    if (!(at + literals <= block.length && output.length + literals <= capacity)) return undefined;
    for (let i = 0; i < literals; i++) output.push(block[at++]!);
    if (at === block.length) return Uint8Array.from(output);
    const [low, high] = [block[at++]!, block[at++]];
    if (high === undefined) return undefined;
    const distance = low | (high << 8);
    const match = lengthFrom(token & 15) + 4;
    if (!(output.length + match <= capacity) || distance === 0 || distance > output.length) return undefined;
    for (let i = 0; i < match; i++) output.push(output[output.length - distance]!);
  }
}

/** XXH32 with seed 0, from the specification. */
function xxh32(bytes: Uint8Array): number {
  const [p1, p2, p3, p4, p5] = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1];
  const rotl = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lanes = [p1 + p2, p2, 0, -p1];
  let at = 0;
  for (; at + 16 <= bytes.length; at += 16) {
    for (const [i, lane] of lanes.entries()) {
      lanes[i] = Math.imul(rotl(lane + Math.imul(view.getUint32(at + 4 * i, true), p2), 13), p1);
    }
  }
  let hash =
    at === 0 ? p5 : [1, 7, 12, 18].reduce((sum, bits, i) => (sum + rotl(lanes[i]! | 0, bits)) | 0, 0);
  hash = (hash + bytes.length) | 0;
  for (; at + 4 <= bytes.length; at += 4) {
    hash = Math.imul(rotl((hash + Math.imul(view.getUint32(at, true), p3)) | 0, 17), p4);
  }
  for (; at < bytes.length; at++) hash = Math.imul(rotl((hash + Math.imul(bytes[at]!, p5)) | 0, 11), p1);
  hash = Math.imul(hash ^ (hash >>> 15), p2);
  hash = Math.imul(hash ^ (hash >>> 13), p3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function uint32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

const STORED = 0x80000000;

interface FrameParts {
  readonly flags?: number;
  readonly descriptor?: number;
  readonly contentSize?: number;
  readonly headerChecksum?: number;
  /** Blocks as they are stored, with the size field of each. */
  readonly blocks: readonly (readonly [size: number, bytes: Uint8Array])[];
  readonly content: Uint8Array;
  readonly end?: Uint8Array;
}

/** A frame by hand; checksums as the flags ask for them. */
function frame(parts: FrameParts): Uint8Array {
  const { flags = 0x60, descriptor = 0x40, contentSize, blocks, content, end = uint32(0) } = parts;
  const fields = Buffer.concat([
    Uint8Array.of(flags, descriptor),
    contentSize === undefined ? Buffer.of() : Buffer.concat([uint32(contentSize), uint32(0)]),
    (flags & 1) !== 0 ? uint32(7) : Buffer.of(),
  ]);
  return Buffer.concat([
    uint32(0x184d2204),
    fields,
    Uint8Array.of(parts.headerChecksum ?? xxh32(fields) >>> 8),
    ...blocks.flatMap(([size, bytes]) => [
      uint32(size),
      bytes,
      (flags & 0x10) !== 0 ? uint32(xxh32(bytes)) : Buffer.of(),
    ]),
    end,
    (flags & 4) !== 0 ? uint32(xxh32(content)) : Buffer.of(),
  ]);
}

/** The bytes of a length that its half of the token does not hold. */
function beyond(nibble: number, length: number): Uint8Array {
  if (length < nibble) return Buffer.of();
  return Buffer.concat([
    Buffer.alloc(Math.floor((length - nibble) / 255), 255),
    Buffer.of((length - nibble) % 255),
  ]);
}

/** A block of literals only. */
function literals(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(Math.min(15, bytes.length) << 4), beyond(15, bytes.length), bytes]);
}

const words = Buffer.from('the quick brown fox jumps over the lazy dog, and then once more ');

function repeated(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => words[(i + (i >>> 12)) % words.length]!);
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

function noise(length: number, seed = 1): Uint8Array {
  const next = random(seed);
  return Uint8Array.from({ length }, () => Math.floor(next() * 256));
}

/** Words of random letters, some drawn much oftener; the same on every machine, as products are and powers may not be. */
function prose(length: number, seed = 1): Uint8Array {
  const next = random(seed);
  const skewed = (count: number): number => {
    const draw = next();
    return Math.floor(draw * draw * draw * count);
  };
  const list = Array.from({ length: 3000 }, () =>
    String.fromCharCode(...Array.from({ length: 2 + Math.floor(next() * 8) }, () => 97 + skewed(26))),
  );
  const parts: string[] = [];
  for (let bytes = 0; bytes < length; bytes += parts.at(-1)!.length + 1) {
    parts.push(list[skewed(list.length)]!);
  }
  return Buffer.from(parts.join(' ')).subarray(0, length);
}

/** lz4-napi puts the decoded length before the block. */
function foreignBlock(bytes: Uint8Array): Uint8Array {
  return compressSync(Buffer.from(bytes)).subarray(4);
}

function expectSame(found: Uint8Array | undefined, expected: Uint8Array): void {
  expect(found === undefined ? 'damage' : Buffer.compare(found, expected)).toBe(0);
}

function fails(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof CurationError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'no failure';
}

/** Any bytes: noise, few letters, and short pieces many times, whose copies overlap. */
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc.uint8Array({ maxLength: 3000, max: 2 }),
  fc
    .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 60 })), {
      maxLength: 12,
    })
    .map((pieces) =>
      Buffer.concat(pieces.flatMap(([bytes, times]) => Array.from({ length: times }, () => bytes))),
    ),
);

describe('blocks', () => {
  test('of a foreign compressor come back, at every length and period where copies change their way', () => {
    for (let length = 1; length < 80; length++) {
      for (const plain of [repeated(length), noise(length), new Uint8Array(length)]) {
        expectSame(decodeLz4Block(foreignBlock(plain), length), plain);
      }
    }
    for (let period = 1; period <= 70; period++) {
      const plain = Uint8Array.from({ length: 900 }, (_, i) => (i % 300 < 5 ? i : (i % period) * 37));
      expectSame(decodeLz4Block(foreignBlock(plain), plain.length), plain);
    }
    for (const plain of [prose(300_000), noise(300_000), repeated(300_000)]) {
      expectSame(decodeLz4Block(foreignBlock(plain), plain.length), plain);
    }
  });

  test('copy a match from every distance at every length, with any room behind it', () => {
    const start = noise(64);
    for (let distance = 1; distance <= 64; distance++) {
      for (const length of [4, 15, 16, 17, 18, 19, 20, 31, 32, 33, 34, 48, 273, 274, 275, 600]) {
        const token = (15 << 4) | Math.min(15, length - 4);
        for (const tail of [0, 5, 40]) {
          const block = Buffer.concat([
            Uint8Array.of(token, 49),
            start,
            Buffer.of(distance, 0),
            beyond(19, length),
            literals(start.subarray(0, tail)),
          ]);
          const expected = decodePlainly(block, 2000)!;
          expect(expected.length).toBe(64 + length + tail);
          expectSame(decodeLz4Block(block, expected.length), expected);
          expect(fails(() => decodeLz4Block(block, expected.length - 1))).toMatch(/^BAD_INPUT .*too much/);
        }
      }
    }
  });

  test('give back any bytes', () => {
    fc.assert(
      fc.property(anyBytes, (plain) => {
        if (plain.length > 0) expectSame(decodeLz4Block(foreignBlock(plain), plain.length), plain);
        expectSame(decodeLz4Block(literals(plain), plain.length), plain);
      }),
      { numRuns: 300 },
    );
  });

  test('that are damaged decode as a plain decoder says, to the same bytes or to an error', () => {
    const next = random(3);
    const blocks = [prose(400), repeated(500), noise(60), prose(3000, 2)].map(foreignBlock);
    for (let round = 0; round < 6000; round++) {
      const source = blocks[round % blocks.length]!;
      const cut = next() < 0.2 ? Math.floor(next() * source.length) : source.length;
      const block = Uint8Array.from(source.subarray(0, cut));
      for (let flips = Math.floor(next() * 4); flips > 0 && cut > 0; flips--) {
        block[Math.floor(next() * cut)] = next() < 0.3 ? 255 : Math.floor(next() * 256);
      }
      const capacity = Math.floor(next() * 3500);
      let found: Uint8Array | undefined;
      const failure = fails(() => {
        found = decodeLz4Block(block, capacity).slice();
      });
      const expected = decodePlainly(block, capacity);
      if (expected === undefined) expect(failure).toMatch(/^BAD_INPUT lz4: expected compressed data/);
      else expectSame(found, expected);
    }
  });

  test('of any bytes at all decode as a plain decoder says', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(2000), (block, capacity) => {
        let found: Uint8Array | undefined;
        fails(() => {
          found = decodeLz4Block(block, capacity).slice();
        });
        expect(found ?? 'damage').toEqual(decodePlainly(block, capacity) ?? 'damage');
      }),
      { numRuns: 3000 },
    );
  });

  test('name what is wrong with them', () => {
    const failure = (block: number[], capacity = 100): string =>
      fails(() => decodeLz4Block(Uint8Array.from(block), capacity));
    expect(failure([])).toMatch(/^BAD_INPUT .*cut off/);
    expect(failure([0x20, 65])).toMatch(/cut off/);
    expect(failure([0xf0])).toMatch(/cut off/);
    expect(failure([0x10, 65, 1])).toMatch(/cut off/);
    expect(failure([0x10, 65, 1, 0])).toMatch(/cut off/);
    expect(failure([0x1f, 65, 1, 0])).toMatch(/cut off/);
    expect(failure([0x10, 65, 0, 0, 0])).toMatch(/before the start/);
    expect(failure([0x10, 65, 2, 0, 0])).toMatch(/before the start/);
    expect(failure([0x1f, 65, 1, 0, 255, 255, 0, 0])).toMatch(/too much output/);
    expect(failure([0x10, 65], 0)).toMatch(/too much output/);
    expect(failure([0x10, 65, 1, 0, 0], 5)).toBe('no failure');
  });

  test('with a run of lengths that no 32 bits hold are damage, not a short match', () => {
    const block = new Uint8Array(17_000_000).fill(255);
    block.set([0x1f, 65, 1, 0]);
    expect(fails(() => decodeLz4Block(block, 1000))).toMatch(/^BAD_INPUT .*too much output/);
    block.set([0xff, 255]);
    expect(fails(() => decodeLz4Block(block, 1000))).toMatch(/^BAD_INPUT .*too much output/);
  });

  test('that promise more than they can hold cost no memory', () => {
    expect(decodeLz4Block(Uint8Array.of(0x10, 65), 2 ** 30)).toEqual(Uint8Array.of(65));
  });
});

describe("Hadoop's framing", () => {
  const bigEndian = (value: number): Uint8Array => uint32(value).reverse();

  test('joins parts, and blocks of one part, as its stream of blocks writes large input', () => {
    const [one, two] = [prose(2000, 4), repeated(999)];
    const [first, second] = [foreignBlock(one), foreignBlock(two)];
    const both = Buffer.concat([one, two]);
    const parts = Buffer.concat([
      bigEndian(one.length),
      bigEndian(first.length),
      first,
      bigEndian(two.length),
      bigEndian(second.length),
      second,
    ]);
    expectSame(decodeLz4Hadoop(parts, both.length), both);
    const together = Buffer.concat([
      bigEndian(both.length),
      bigEndian(first.length),
      first,
      bigEndian(second.length),
      second,
    ]);
    expectSame(decodeLz4Hadoop(together, both.length), both);
    expectSame(decodeLz4Hadoop(Buffer.of(), 0), Buffer.of());
    for (let cut = 1; cut < together.length; cut += 7) {
      expect(fails(() => decodeLz4Hadoop(together.subarray(0, cut), both.length))).toMatch(/^BAD_INPUT/);
    }
    expect(fails(() => decodeLz4Hadoop(together, both.length - 1))).toMatch(/too much output/);
  });

  test('does not let a block refer to the one before', () => {
    const block = Uint8Array.of(0x10, 65, 1, 0, 0);
    const reaching = Uint8Array.of(0x10, 65, 2, 0, 0);
    const framed = (second: Uint8Array): Uint8Array =>
      Buffer.concat([bigEndian(10), bigEndian(5), block, bigEndian(5), second]);
    expect(Buffer.from(decodeLz4Hadoop(framed(block), 10)).toString()).toBe('AAAAAAAAAA');
    expect(fails(() => decodeLz4Hadoop(framed(reaching), 10))).toMatch(/before the start/);
  });
});

describe('frames', () => {
  const plain = repeated(140_000);
  const { '-l': legacy, ...written } = lz4Frames;

  test.each(Object.entries(written))('of lz4 %s come back', (_, base64) => {
    expectSame(decodeLz4Frames(Buffer.from(base64, 'base64'), plain.length), plain);
  });

  test('of lz4-napi come back, of any bytes', () => {
    for (const input of [prose(300_000), noise(200_000), Buffer.of(), Buffer.of(1)]) {
      expectSame(decodeLz4Frames(compressFrameSync(Buffer.from(input)), input.length), input);
    }
    fc.assert(
      fc.property(anyBytes, (input) => {
        expectSame(decodeLz4Frames(compressFrameSync(Buffer.from(input)), input.length), input);
      }),
      { numRuns: 100 },
    );
  });

  test('stand one behind the other, with skippable ones between them', () => {
    const skippable = Buffer.concat([uint32(0x184d2a5f), uint32(3), Buffer.from('any')]);
    const parts = Object.values(written).map((base64) => Buffer.from(base64, 'base64'));
    const joined = Buffer.concat(parts.flatMap((part) => [skippable, part]));
    const expected = Buffer.concat(parts.map(() => plain));
    expectSame(decodeLz4Frames(joined, expected.length), expected);
    expectSame(decodeLz4Frames(skippable, 0), Buffer.of());
    expect(fails(() => decodeLz4Frames(skippable.subarray(0, 10), 100))).toMatch(/cut off/);
  });

  const text = Buffer.from('forty-two bytes of text, and not one byte more');
  const blocks = [[text.length | STORED, text] as const];

  test('carry what their flags say: sizes, checksums, stored and empty blocks', () => {
    for (const flags of [0x60, 0x40, 0x70, 0x64, 0x68, 0x7c, 0x5c]) {
      const contentSize = (flags & 8) !== 0 ? { contentSize: 2 * text.length } : {};
      const packed = literals(text);
      const mixed = [...blocks, [STORED, Buffer.of()] as const, [packed.length, packed] as const];
      const content = Buffer.concat([text, text]);
      for (const descriptor of [0x40, 0x50, 0x60, 0x70]) {
        const bytes = frame({ flags, descriptor, blocks: mixed, content, ...contentSize });
        expectSame(decodeLz4Frames(bytes, 1000), content);
        for (let cut = 0; cut < bytes.length; cut++) {
          const failure = fails(() => decodeLz4Frames(bytes.subarray(0, cut), 1000));
          expect(failure).toMatch(cut === 0 ? /^no failure/ : /^BAD_INPUT .*cut off/);
        }
      }
    }
  });

  test('refer to the block before if they are linked, and only then', () => {
    const reaching = Uint8Array.of(0x0f, text.length, 0, text.length - 19, 0);
    const both = [...blocks, [reaching.length, reaching] as const];
    const content = Buffer.concat([text, text]);
    expectSame(decodeLz4Frames(frame({ flags: 0x44, blocks: both, content }), 1000), content);
    expect(fails(() => decodeLz4Frames(frame({ flags: 0x64, blocks: both, content }), 1000))).toMatch(
      /before the start/,
    );
    // A frame never refers to the frame before.
    const second = frame({ flags: 0x40, blocks: [both[1]!], content });
    expect(fails(() => decodeLz4Frames(Buffer.concat([frame({ blocks, content }), second]), 1000))).toMatch(
      /before the start/,
    );
  });

  test('name what is wrong with them', () => {
    const failure = (parts: Partial<FrameParts>, capacity = 1000): string =>
      fails(() => decodeLz4Frames(frame({ blocks, content: text, ...parts }), capacity));
    expect(failure({})).toBe('no failure');
    expect(failure({ flags: 0x61 })).toMatch(/^BAD_INPUT .*dictionary/);
    expect(failure({ flags: 0xa0 })).toMatch(/no valid frame/);
    expect(failure({ flags: 0x62 })).toMatch(/no valid frame/);
    expect(failure({ descriptor: 0x30 })).toMatch(/no valid frame/);
    expect(failure({ descriptor: 0xc0 })).toMatch(/no valid frame/);
    expect(failure({ descriptor: 0x41 })).toMatch(/no valid frame/);
    expect(failure({ headerChecksum: 0 })).toMatch(/no valid frame/);
    expect(failure({ flags: 0x64, content: Buffer.of(1) })).toMatch(/wrong checksum/);
    expect(failure({ flags: 0x68, contentSize: text.length - 1 })).toMatch(/too much output/);
    expect(failure({ flags: 0x68, contentSize: text.length + 1 })).toMatch(/another length than it claims/);
    expect(failure({}, text.length - 1)).toMatch(/too much output/);
    const long = noise(65_537);
    expect(failure({ blocks: [[long.length | STORED, long]] }, 100_000)).toMatch(/invalid block/);
    const swollen = Buffer.concat([Uint8Array.of(0x1f, 65, 1, 0), Buffer.alloc(300, 255), Buffer.of(0, 0)]);
    expect(failure({ blocks: [[swollen.length, swollen]] }, 100_000)).toMatch(/too much output/);
    expect(fails(() => decodeLz4Frames(Buffer.from(legacy!, 'base64'), 1000))).toMatch(/no valid frame/);
    expect(fails(() => decodeLz4Frames(Buffer.from('no frame at all'), 1000))).toMatch(/no valid frame/);
    const behind = Buffer.concat([frame({ blocks, content: text }), Buffer.alloc(8)]);
    expect(fails(() => decodeLz4Frames(behind, 1000))).toMatch(/no valid frame/);
    const flipped = frame({ flags: 0x70, blocks, content: text });
    flipped[20]! ^= 1;
    expect(fails(() => decodeLz4Frames(flipped, 1000))).toMatch(/wrong checksum/);
  });

  test('that are damaged anywhere are an error, or no longer than asked for', () => {
    const next = random(5);
    const sources = Object.values(written).map((base64) => Buffer.from(base64, 'base64'));
    let refused = 0;
    for (let round = 0; round < 1500; round++) {
      const bytes = Uint8Array.from(sources[round % sources.length]!);
      for (let flips = 1 + Math.floor(next() * 3); flips > 0; flips--) {
        bytes[Math.floor(next() ** 3 * bytes.length)] = Math.floor(next() * 256);
      }
      const failure = fails(() => {
        expect(decodeLz4Frames(bytes, plain.length).length).toBeLessThanOrEqual(plain.length);
      });
      if (failure.startsWith('BAD_INPUT')) refused++;
    }
    expect(refused).toBeGreaterThan(700);
  });

  test('that grow to far more than was promised stop there, and those that claim it cost nothing', () => {
    const bomb = Buffer.concat([
      Uint8Array.of(0x1f, 65, 1, 0),
      Buffer.alloc(16_000, 255),
      Uint8Array.of(0, 0),
    ]);
    const blocks = Array.from({ length: 60 }, () => [bomb.length, bomb] as const);
    const bytes = frame({ descriptor: 0x70, blocks, content: text });
    expect(fails(() => decodeLz4Frames(bytes, 1000))).toMatch(/^BAD_INPUT .*too much output/);
    const claim = frame({ flags: 0x68, contentSize: 2 ** 31 - 1, blocks: [], content: text });
    expect(fails(() => decodeLz4Frames(claim, 2 ** 30))).toMatch(/another length than it claims/);
  });
});

/** The blocks of a frame that `compressLz4Frame` wrote. */
function blocksOf(frame: Uint8Array): { isStored: boolean; bytes: Uint8Array }[] {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const blocks: { isStored: boolean; bytes: Uint8Array }[] = [];
  let at = 7;
  for (let head = view.getUint32(at, true); head !== 0; head = view.getUint32(at, true)) {
    const end = at + 4 + (head & ~STORED);
    blocks.push({ isStored: head >= STORED, bytes: frame.subarray(at + 4, end) });
    at = end;
  }
  expect(at + 4).toBe(frame.length);
  return blocks;
}

/** The rules for the end of a block that let any decoder read it; `blockLength` is that of the decoded block. */
function expectRulesKept(block: Uint8Array, blockLength: number): void {
  let [at, output, lastMatch, literalsAtEnd] = [0, 0, -1, 0];
  const lengthFrom = (nibble: number): number => {
    let length = nibble;
    for (let more = nibble === 15 ? 255 : 0; more === 255; length += more) more = block[at++]!;
    return length;
  };
  for (;;) {
    const token = block[at++]!;
    literalsAtEnd = lengthFrom(token >>> 4);
    at += literalsAtEnd;
    output += literalsAtEnd;
    if (at >= block.length) break;
    at += 2;
    lastMatch = output;
    output += lengthFrom(token & 15) + 4;
  }
  expect([at, output]).toEqual([block.length, blockLength]);
  if (lastMatch >= 0) {
    expect(literalsAtEnd).toBeGreaterThanOrEqual(5);
    expect(lastMatch).toBeLessThanOrEqual(blockLength - 12);
  }
}

function expectReadable(plain: Uint8Array): void {
  const frame = compressLz4Frame(plain);
  if (plain.length > 0) expectSame(decompressFrameSync(Buffer.from(frame)), plain);
  expectSame(decodeLz4Frames(frame, plain.length), plain);
  for (const [index, { isStored, bytes }] of blocksOf(frame).entries()) {
    const length = Math.min(BLOCK, plain.length - index * BLOCK);
    if (isStored) expect(bytes.length).toBe(length);
    else {
      expect(bytes.length).toBeLessThan(length);
      expectRulesKept(bytes, length);
    }
  }
}

const BLOCK = 4 * 1024 * 1024;

describe('the compressor', () => {
  test('writes what others read, at every small length', () => {
    const wholes = [repeated(400), prose(400), noise(400), new Uint8Array(400)];
    for (let length = 0; length < 400; length += length < 60 || length > 260 ? 1 : 5) {
      for (const whole of wholes) {
        expectReadable(whole.subarray(0, length));
      }
    }
  });

  test('writes what others read around its chunks, the reach of a match and its blocks', () => {
    const long = prose(BLOCK + 300);
    for (const around of [1024, 65_536]) {
      for (const more of [-12, -5, -1, 0, 1, 5, 12, 13, 200]) {
        expectReadable(long.subarray(0, around + more));
      }
    }
    for (const more of [-1, 0, 1, 13, 300]) expectReadable(long.subarray(0, BLOCK + more));
    expectReadable(new Uint8Array(2 * BLOCK + 1));
    expectReadable(noise(BLOCK + 1));
  });

  test('refers as far back as 65535 bytes, and never further', () => {
    const phrase = noise(400, 9);
    const text = prose(140_000, 10);
    const lengthWith = (distance: number): number => {
      const plain = Uint8Array.from(text);
      plain.set(phrase);
      plain.set(phrase, distance);
      expectReadable(plain);
      return compressLz4Frame(plain).length;
    };
    // Only every second position is looked at: of two distances, one has both phrases on the same.
    const near = Math.min(lengthWith(65_534), lengthWith(65_535));
    // At 65536 the lower 16 bits of the address are the same: the candidate seems to be the place itself.
    const far = [65_536, 65_537, 65_538, 65_539, 131_070, 131_071, 131_072].map(lengthWith);
    expect(Math.min(...far) - near).toBeGreaterThan(200);
  });

  test('gives back any bytes', () => {
    fc.assert(
      fc.property(fc.array(anyBytes, { maxLength: 4 }), (parts) => expectReadable(Buffer.concat(parts))),
      { numRuns: 400 },
    );
  });

  test('shrinks text about as much as the foreign one, and leaves noise as it is', () => {
    const text = prose(500_000, 6);
    expect(compressLz4Frame(text).length).toBeLessThan(1.1 * compressFrameSync(Buffer.from(text)).length);
    expect(compressLz4Frame(noise(100_000)).length).toBe(100_000 + 15);
    // Noise before it does not spoil what comes after.
    const late = Buffer.concat([noise(100_000), text]);
    expect(compressLz4Frame(late).length).toBeLessThan(100_000 + 1.02 * compressLz4Frame(text).length);
  });

  test('gives the same bytes on every machine, whatever was compressed before', () => {
    const plain = prose(200_000, 12);
    const first = compressLz4Frame(plain);
    for (const before of [noise(300_000), new Uint8Array(100_000), prose(5_000_000), Buffer.of()]) {
      compressLz4Frame(before);
      expectSame(compressLz4Frame(plain), first);
      for (const length of [14, 200, 3000]) {
        const short = compressLz4Frame(plain.subarray(0, length));
        compressLz4Frame(before);
        expectSame(compressLz4Frame(plain.subarray(0, length)), short);
      }
    }
    expect(xxh32(first)).toBe(3_841_540_387);
  });

  test('leaves what the decoder gave last where it is', () => {
    const text = prose(3000);
    const view = decodeLz4Frames(compressLz4Frame(text), text.length);
    compressLz4Frame(noise(200_000));
    expectSame(view, text);
  });
});

test('the committed WebAssembly is what its source compiles to', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-lz4-'));
  try {
    const room = join(root, 'src', 'formats', 'lz4');
    expect(existsSync(join(room, 'lz4.as'))).toBe(true);
    execFileSync(process.execPath, [join(room, 'build.mjs'), folder]);
    const name = 'lz4-wasm.generated.ts';
    expect(readFileSync(join(folder, name), 'utf8')).toBe(readFileSync(join(room, name), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
