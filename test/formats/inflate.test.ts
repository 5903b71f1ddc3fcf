import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CurationError } from '../../src/errors.ts';
import { inflate, type Wrapping, wrappingOf } from '../../src/formats/inflate.ts';

async function* chunksOf(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.slice(at, at + chunkBytes);
}

async function unwrap(bytes: Uint8Array, kind: Wrapping, chunkBytes = 1000): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of inflate(chunksOf(bytes, chunkBytes), kind, 'x.jsonl')) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function failure(bytes: Uint8Array, kind: Wrapping, chunkBytes?: number): Promise<string> {
  const error: unknown = await unwrap(bytes, kind, chunkBytes).catch((thrown: unknown) => thrown);
  if (!(error instanceof CurationError)) throw new Error('expected a CurationError', { cause: error });
  return `${error.code} ${error.message}`;
}

/** A frame of stored blocks (RFC 8878): written here by hand, so that no other library is asked for it. */
function storedFrame(content: Uint8Array, windowDescriptor = 0x58): Buffer {
  const parts = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, windowDescriptor])];
  const blockBytes = 128 * 1024;
  for (let at = 0; at === 0 || at < content.length; at += blockBytes) {
    const block = content.subarray(at, at + blockBytes);
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | (at + blockBytes >= content.length ? 1 : 0), 0, 3);
    parts.push(header, Buffer.from(block));
  }
  return Buffer.concat(parts);
}

/** An RLE block: one byte said `count` times, so that a small input makes a large output. */
function repeatedFrame(byte: number, count: number): Buffer {
  const parts = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58])];
  for (let left = count; left > 0; left -= 128 * 1024) {
    const block = Buffer.alloc(4, byte);
    block.writeUIntLE((Math.min(left, 128 * 1024) << 3) | 2 | (left <= 128 * 1024 ? 1 : 0), 0, 3);
    parts.push(block);
  }
  return Buffer.concat(parts);
}

const skippable = Buffer.concat([Buffer.from([0x53, 0x2a, 0x4d, 0x18, 5, 0, 0, 0]), Buffer.from('hello')]);

describe('gzip', () => {
  test('joins members and takes zeros behind them for padding', async () => {
    const bytes = Buffer.concat([gzipSync('one '), gzipSync(''), gzipSync('two'), Buffer.alloc(100)]);
    for (const chunkBytes of [1, 7, 30, 1000]) {
      expect((await unwrap(bytes, 'gzip', chunkBytes)).toString()).toBe('one two');
    }
  });

  test('is the inverse of gzip for any chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 5000 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 9000 }),
        async (parts, chunkBytes) => {
          const bytes = Buffer.concat(parts.map((part) => gzipSync(part)));
          expect(await unwrap(bytes, 'gzip', chunkBytes)).toEqual(Buffer.concat(parts));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('tells where the file ends too early, is corrupt, or goes on with something else', async () => {
    const bytes = gzipSync(
      Buffer.from(Array.from({ length: 9000 }, (_, at) => Math.imul(at * at, 0x9e3779b1) >>> 24)),
    );
    expect(await failure(bytes.subarray(0, 500), 'gzip')).toMatch(
      /^BAD_INPUT x\.jsonl: byte 500 of the compressed file: .*end of the file in the middle of a gzip member/,
    );
    const flipped = Buffer.from(bytes);
    flipped[flipped.length - 6]! ^= 1;
    expect(await failure(flipped, 'gzip')).toMatch(
      /^BAD_INPUT x\.jsonl: near byte \d+ .*incorrect data check/,
    );
    expect(await failure(Buffer.concat([gzipSync('a'), Buffer.from('rubbish')]), 'gzip')).toMatch(
      /incorrect header/,
    );
    const padded = Buffer.concat([gzipSync('a'), Buffer.alloc(30), gzipSync('b')]);
    const byte = gzipSync('a').length + 30;
    for (const chunkBytes of [4, 40, 1000]) {
      expect(await failure(padded, 'gzip', chunkBytes)).toContain(`byte ${byte} of the compressed file`);
    }
    expect(await failure(Buffer.alloc(0), 'gzip')).toMatch(/^BAD_INPUT x\.jsonl: byte 0/);
  });
});

describe('zstd', () => {
  const text = Buffer.from('line of text, again and again\n'.repeat(40_000));

  test('reads frames of another writer one after another, and skippable frames between them', async () => {
    const frame = storedFrame(text);
    const bytes = Buffer.concat([
      skippable,
      frame,
      skippable,
      storedFrame(Buffer.alloc(0)),
      frame,
      skippable,
    ]);
    for (const chunkBytes of [777, 100_000, bytes.length]) {
      expect((await unwrap(bytes, 'zstd', chunkBytes)).equals(Buffer.concat([text, text]))).toBe(true);
    }
  });

  test('gives a huge frame in small pieces', async () => {
    let total = 0;
    let largest = 0;
    const bytes = repeatedFrame(0x61, 64 * 1024 * 1024);
    for await (const chunk of inflate(chunksOf(bytes, 64), 'zstd', 'x.zst')) {
      total += chunk.length;
      largest = Math.max(largest, chunk.length);
    }
    expect([total, largest <= 256 * 1024]).toEqual([64 * 1024 * 1024, true]);
  });

  test.skipIf(!hasZstd())('reads what the zstd tool wrote', async () => {
    const bytes = execFileSync('zstd', ['-19', '-c'], { input: text });
    expect((await unwrap(bytes, 'zstd', 64)).equals(text)).toBe(true);
    const flipped = Buffer.from(bytes);
    flipped[flipped.length - 2]! ^= 1;
    expect(await failure(flipped, 'zstd')).toMatch(/^BAD_INPUT x\.jsonl: near byte \d+ .*checksum/);
  });

  test('tells where the file ends too early, is corrupt, or asks for too large a window', async () => {
    const frame = storedFrame(text);
    for (const length of [1, 5, 1000, frame.length - 1]) {
      expect(await failure(frame.subarray(0, length), 'zstd')).toMatch(
        new RegExp(
          `^BAD_INPUT x\\.jsonl: byte ${length} of the compressed file: .*middle of a Zstandard frame`,
        ),
      );
    }
    expect(await failure(Buffer.concat([frame, Buffer.from('rubbish')]), 'zstd')).toMatch(
      /start no Zstandard frame/,
    );
    expect(await failure(Buffer.concat([frame, skippable.subarray(0, 10)]), 'zstd')).toMatch(
      /end of the file/,
    );
    // Window descriptors count in powers of two from 1 KiB: 0x88 is 128 MiB, 0x90 is 256 MiB.
    expect(await unwrap(storedFrame(Buffer.from('x'), 0x88), 'zstd')).toEqual(Buffer.from('x'));
    expect(await failure(storedFrame(text, 0x90), 'zstd')).toMatch(
      /^UNSUPPORTED x\.jsonl: .*at most 128 MiB/,
    );
    expect(await failure(Buffer.alloc(0), 'zstd')).toMatch(/^BAD_INPUT/);
  });

  test('a flipped bit gives an error or bytes, never anything else', async () => {
    const bytes = Buffer.concat([storedFrame(Buffer.from('abc'.repeat(50))), skippable]);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
        const flipped = Buffer.from(bytes);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        const outcome: unknown = await unwrap(flipped, 'zstd', 50).catch((error: unknown) => error);
        expect(outcome instanceof CurationError || Buffer.isBuffer(outcome)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

function hasZstd(): boolean {
  try {
    execFileSync('zstd', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    process.stdout.write('zstd is not installed: files of the zstd tool are not tested\n');
    return false;
  }
}

test('tells the wrapping from the first bytes', () => {
  const kinds = [
    gzipSync('x'),
    storedFrame(Buffer.from('x')),
    skippable,
    Buffer.from('{"a":1}'),
    Buffer.alloc(0),
  ];
  expect(kinds.map(wrappingOf)).toEqual(['gzip', 'zstd', 'zstd', 'none', 'none']);
});

test('closes the input when the consumer stops early, and passes on its errors', async () => {
  for (const [kind, bytes] of [
    ['gzip', gzipSync(Buffer.alloc(2_000_000))],
    ['zstd', repeatedFrame(1, 2_000_000)],
  ] as const) {
    let isClosed = false;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield bytes;
      } finally {
        isClosed = true;
      }
    };
    for await (const chunk of inflate(endless(), kind, 'x')) if (chunk.length > 0) break;
    expect(isClosed).toBe(true);
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes;
      throw new Error('the disk is gone');
    };
    const reading = async (): Promise<void> => {
      for await (const chunk of inflate(failing(), kind, 'x')) if (chunk.length === 0) return;
    };
    await expect(reading()).rejects.toThrow('the disk is gone');
  }
});
