import { mkdtemp, readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ExternalSort, type ExternalSortOptions } from '../../src/flow/external-sort.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'external-sort-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function options(changes: Partial<ExternalSortOptions> = {}): ExternalSortOptions {
  return { folder, name: 'keys', recordBytes: 16, keyBytes: 8, memoryBytes: 1 << 20, ...changes };
}

/** Bytes of a linear congruential generator; with few `values`, keys are often equal or share their beginnings. */
function randomBytes(length: number, seed: number, values = 256): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = (state >>> 24) % values;
  }
  return bytes;
}

/** The oracle: Array.prototype.sort, which is stable, over the records by memcmp of their keys. */
function sortedByArray(bytes: Uint8Array, recordBytes: number, keyBytes: number): Uint8Array {
  const records: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += recordBytes) {
    records.push(Buffer.from(bytes.buffer, bytes.byteOffset + start, recordBytes));
  }
  records.sort((a, b) => Buffer.compare(a.subarray(0, keyBytes), b.subarray(0, keyBytes)));
  return Buffer.concat(records);
}

async function collect(sort: ExternalSort): Promise<Uint8Array> {
  const blocks: Uint8Array[] = [];
  for await (const block of sort.sorted()) blocks.push(Uint8Array.from(block));
  return Buffer.concat(blocks);
}

/** Adds `bytes` in parts of `partRecords`, from a buffer that is overwritten as soon as `add` has resolved. */
async function addAll(
  sort: ExternalSort,
  bytes: Uint8Array,
  recordBytes: number,
  partRecords: number,
): Promise<void> {
  const part = new Uint8Array(partRecords * recordBytes);
  for (let start = 0; start < bytes.length; start += part.length) {
    const piece = bytes.subarray(start, start + part.length);
    part.set(piece);
    await sort.add(part.subarray(0, piece.length));
    part.fill(0xee);
  }
}

async function expectSorted(
  bytes: Uint8Array,
  changes: Partial<ExternalSortOptions>,
  partRecords: number,
): Promise<void> {
  const all = options(changes);
  const sort = new ExternalSort(all);
  await addAll(sort, bytes, all.recordBytes, partRecords);
  expect(sort.count).toBe(bytes.length / all.recordBytes);
  const found = await collect(sort);
  expect(Buffer.compare(found, sortedByArray(bytes, all.recordBytes, all.keyBytes))).toBe(0);
  await sort.close();
  expect(await readdir(folder)).toEqual([]);
}

/** Records of 16 bytes: a key of 8 and the order of adding, so that a lost order of equal keys shows. */
function numbered(count: number, key: (record: number) => bigint): Uint8Array {
  const bytes = new Uint8Array(count * 16);
  const view = new DataView(bytes.buffer);
  for (let record = 0; record < count; record++) {
    view.setBigUint64(record * 16, key(record));
    view.setUint32(record * 16 + 8, record);
  }
  return bytes;
}

const SMALLEST = 64 * 16;

describe.each([
  ['in memory', 1 << 20],
  ['with one merge', 64 << 10],
  ['with several rounds of merging', SMALLEST],
])('%s', (_, memoryBytes) => {
  test.each([
    ['random keys', numbered(5_000, (i) => BigInt.asUintN(64, BigInt(i + 1) * 0x9e3779b97f4a7c15n))],
    ['keys that ascend', numbered(5_000, BigInt)],
    ['keys that descend', numbered(5_000, (i) => (1n << 64n) - 1n - BigInt(i))],
    ['equal keys', numbered(5_000, () => 0x0102030405060708n)],
    ['the largest key only', numbered(5_000, () => (1n << 64n) - 1n)],
    ['few different keys', numbered(5_000, (i) => BigInt((i * 7) % 5) << 56n)],
    [
      'keys that differ in the last byte only',
      numbered(5_000, (i) => 0xffffffffffffff00n | BigInt((i * 31) % 256)),
    ],
    ['nothing', numbered(0, BigInt)],
    ['one record', numbered(1, BigInt)],
  ])('sorts %s as a stable sort by memcmp does', async (_name, bytes) => {
    await expectSorted(bytes, { memoryBytes }, 77);
  });
});

test('any record size, key size, cut and memory give what a stable sort by memcmp gives', async () => {
  const sizes = fc.constantFrom(4, 8, 12, 16, 20, 32, 48, 52, 64, 160);
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        recordBytes: sizes,
        keyShare: fc.integer({ min: 1, max: 40 }),
        count: fc.integer({ min: 0, max: 2_000 }),
        part: fc.integer({ min: 1, max: 700 }),
        memory: fc.integer({ min: 64, max: 700 }),
        values: fc.constantFrom(1, 2, 5, 256),
        seed: fc.nat(),
      }),
      async ({ recordBytes, keyShare, count, part, memory, values, seed }) => {
        const keyBytes = Math.min(recordBytes, keyShare * 4);
        const bytes = randomBytes(count * recordBytes, seed, values);
        await expectSorted(bytes, { recordBytes, keyBytes, memoryBytes: memory * recordBytes }, part);
      },
    ),
    { numRuns: 120 },
  );
});

test('sorts long keys that share their beginning by what comes after it', async () => {
  const bytes = randomBytes(3_000 * 160, 5);
  for (let record = 0; record < 3_000; record++)
    bytes.fill(9, record * 160, record * 160 + 130 + (record % 2) * 10);
  await expectSorted(bytes, { recordBytes: 160, keyBytes: 160, memoryBytes: 1 << 20 }, 100);
  await expectSorted(bytes, { recordBytes: 160, keyBytes: 144, memoryBytes: 64 * 160 }, 100);
  await expectSorted(
    bytes.subarray(0, 48 * 10_000),
    { recordBytes: 48, keyBytes: 48, memoryBytes: 64 * 48 },
    100,
  );
});

test('sorts many random keys by more than two digits', async () => {
  await expectSorted(randomBytes(16 * 120_000, 11), { memoryBytes: 16 << 20 }, 10_000);
  await expectSorted(randomBytes(16 * 120_000, 12), { memoryBytes: 1 << 20 }, 10_000);
});

test('does not touch the disk as long as the records fit, and does with one more', async () => {
  const sort = new ExternalSort(options({ memoryBytes: SMALLEST }));
  await sort.add(randomBytes(32 * 16, 1));
  expect(await readdir(folder)).toEqual([]);
  await sort.add(randomBytes(16, 2));
  expect(await readdir(folder)).toEqual(['.keys.run-0']);
  expect((await stat(join(folder, '.keys.run-0'))).size).toBe(32 * 16);
  await sort.close();
});

test('copies records at once, also where a run is written in the middle of them', async () => {
  const bytes = numbered(500, (i) => BigInt((i * 37) % 500));
  const sort = new ExternalSort(options({ memoryBytes: SMALLEST }));
  const given = Uint8Array.from(bytes);
  const added = sort.add(given);
  given.fill(0xee);
  await added;
  expect(Buffer.compare(await collect(sort), sortedByArray(bytes, 16, 8))).toBe(0);
});

test('two sorts of one folder do not meet', async () => {
  const first = new ExternalSort(options({ name: 'a', memoryBytes: SMALLEST }));
  const second = new ExternalSort(options({ name: 'b', memoryBytes: SMALLEST }));
  const bytes = [randomBytes(16 * 200, 1), randomBytes(16 * 200, 2)] as const;
  await first.add(bytes[0]);
  await second.add(bytes[1]);
  expect(await collect(first)).toEqual(sortedByArray(bytes[0], 16, 8));
  expect(await collect(second)).toEqual(sortedByArray(bytes[1], 16, 8));
});

describe('files are gone', () => {
  async function withRuns(): Promise<ExternalSort> {
    const sort = new ExternalSort(options({ memoryBytes: SMALLEST }));
    await sort.add(randomBytes(16 * 3_000, 3));
    expect((await readdir(folder)).length).toBeGreaterThan(64);
    return sort;
  }

  test('after close, however often it is called', async () => {
    const sort = await withRuns();
    await sort.close();
    await sort.close();
    expect(await readdir(folder)).toEqual([]);
    await expect(sort.add(randomBytes(16, 1))).rejects.toThrow('the external sort was closed');
    await expect(sort.sorted().next()).rejects.toThrow('the external sort was closed');
  });

  test('after a loop was broken off', async () => {
    const sort = await withRuns();
    for await (const block of sort.sorted()) {
      expect(block.length).toBeGreaterThan(0);
      break;
    }
    expect(await readdir(folder)).toEqual([]);
    await sort.close();
  });

  test('after close in the middle of a loop, which then fails', async () => {
    const sort = await withRuns();
    const blocks = sort.sorted();
    await blocks.next();
    await sort.close();
    expect(await readdir(folder)).toEqual([]);
    await expect(blocks.next()).rejects.toThrow('the external sort was closed');
  });

  test('after close while a run is written or runs are merged', async () => {
    const adding = new ExternalSort(options({ memoryBytes: SMALLEST }));
    const added = adding.add(randomBytes(16 * 3_000, 3)).then(
      () => 'added',
      (error: Error) => error.message,
    );
    await adding.close();
    expect(await added).toBe('the external sort was closed');
    const sort = await withRuns();
    const first = sort.sorted().next();
    const outcome = first.then(
      () => 'sorted',
      (error: Error) => error.message,
    );
    await sort.close();
    expect(await outcome).toBe('the external sort was closed');
    expect(await readdir(folder)).toEqual([]);
  });

  test('after a failed write, which is a plain sentence', async () => {
    // Every write to /dev/full fails with ENOSPC.
    await symlink('/dev/full', join(folder, '.keys.run-1'));
    const sort = new ExternalSort(options({ memoryBytes: SMALLEST }));
    const failure = {
      code: 'BAD_OUTPUT',
      message: `${join(folder, '.keys.run-1')}: no space is left on the disk`,
    };
    await expect(sort.add(randomBytes(16 * 100, 3))).rejects.toMatchObject(failure);
    await expect(sort.add(randomBytes(16, 3))).rejects.toMatchObject(failure);
    await expect(sort.sorted().next()).rejects.toMatchObject(failure);
    await sort.close();
    expect(await readdir(folder)).toEqual([]);
  });

  test('after a failed write of merged runs', async () => {
    const sort = await withRuns();
    const runs = (await readdir(folder)).length;
    // One more run is written of what is buffered; the next file is that of the first merge.
    await symlink('/dev/full', join(folder, `.keys.run-${runs + 1}`));
    await expect(collect(sort)).rejects.toMatchObject({ code: 'BAD_OUTPUT' });
    expect(await readdir(folder)).toEqual([]);
  });
});

test('a folder that does not exist is a plain error', async () => {
  const sort = new ExternalSort(options({ folder: join(folder, 'none'), memoryBytes: SMALLEST }));
  await expect(sort.add(randomBytes(16 * 100, 3))).rejects.toMatchObject({ code: 'BAD_OUTPUT' });
  await sort.close();
});

describe('a damaged run file is an error, not a wrong order', () => {
  const path = (): string => join(folder, '.keys.run-2');

  async function damaged(count: number, memoryBytes: number, damage: () => Promise<void>): Promise<unknown> {
    const sort = new ExternalSort(options({ memoryBytes }));
    await sort.add(randomBytes(16 * count, 3));
    await damage();
    const outcome = await collect(sort).catch((error: unknown) => error);
    expect(await readdir(folder)).toEqual([]);
    return outcome;
  }

  test.each([
    ['one merge', 200],
    ['several rounds', 3_000],
  ])('when it was cut before the merge, %s', async (_, count) => {
    for (const length of [0, 100, 160, 511]) {
      expect(await damaged(count, SMALLEST, () => truncate(path(), length))).toMatchObject({
        code: 'BAD_INPUT',
        message: `${path()}: expected 512 bytes of sorted records, found ${length}; the file was cut while it was in use`,
      });
    }
  });

  test('when it was removed', async () => {
    expect(await damaged(200, SMALLEST, () => rm(path()))).toMatchObject({ code: 'BAD_OUTPUT' });
  });

  test('when it was overwritten by bytes of the same length in another order', async () => {
    const other = numbered(32, (i) => BigInt(100 - i) << 40n);
    expect(await damaged(200, SMALLEST, () => writeFile(path(), other))).toMatchObject({ code: 'BAD_INPUT' });
  });

  test('when it is cut after the first block was given out', async () => {
    const sort = new ExternalSort(options({ memoryBytes: 256 << 10 }));
    await sort.add(randomBytes(16 * 60_000, 3));
    const blocks = sort.sorted();
    expect((await blocks.next()).done).toBe(false);
    await truncate(path(), 80 << 10);
    const rest = async (): Promise<void> => {
      while ((await blocks.next()).done !== true);
    };
    await expect(rest()).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect(await readdir(folder)).toEqual([]);
  });
});

test.each([
  ['moved records', 16, 8],
  ['entries that stand for records', 160, 8],
])('holds no more than its memory and the stated constant, %s', async (_, recordBytes, keyBytes) => {
  const memoryBytes = 8 << 20;
  const part = randomBytes(recordBytes * 6_000, 17);
  const sort = new ExternalSort(options({ recordBytes, keyBytes, memoryBytes }));
  const held = (): number => process.memoryUsage().arrayBuffers;
  const before = held();
  let most = 0;
  for (let bytes = 0; bytes < 40 << 20; bytes += part.length) {
    await sort.add(part);
    most = Math.max(most, held() - before);
  }
  let bytes = 0;
  for await (const block of sort.sorted()) {
    most = Math.max(most, held() - before);
    bytes += block.length;
  }
  expect(bytes).toBe(sort.count * recordBytes);
  expect(most).toBeLessThanOrEqual(memoryBytes + (1 << 20) + (64 << 10) * (keyBytes / 4));
});

test('says what is wrong with its options and calls', async () => {
  expect(() => new ExternalSort(options({ keyBytes: 6 }))).toThrow(
    'keyBytes: expected a positive multiple of 4',
  );
  expect(() => new ExternalSort(options({ keyBytes: 0 }))).toThrow(
    'keyBytes: expected a positive multiple of 4',
  );
  expect(() => new ExternalSort(options({ recordBytes: 18 }))).toThrow(
    'recordBytes: expected a multiple of 4',
  );
  expect(() => new ExternalSort(options({ recordBytes: 4 }))).toThrow(
    'recordBytes: expected a multiple of 4',
  );
  expect(() => new ExternalSort(options({ memoryBytes: SMALLEST - 1 }))).toThrow(
    'expected room for 64 records',
  );
  expect(() => new ExternalSort(options({ name: 'a/b' }))).toThrow('name: expected a part of a file name');
  const sort = new ExternalSort(options());
  await expect(sort.add(new Uint8Array(17))).rejects.toThrow('expected whole records of 16 bytes, found 17');
  const other = new ExternalSort(options());
  const first = other.add(new Uint8Array(16));
  await expect(other.add(new Uint8Array(16))).rejects.toThrow('still busy');
  await first;
  expect((await collect(other)).length).toBe(16);
  await expect(other.sorted().next()).rejects.toThrow('the external sort was closed');
});
