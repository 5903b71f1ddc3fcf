import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { CurationError } from '../../../src/errors.ts';
import { openArrow } from '../../../src/formats/arrow/source.ts';
import { pyarrowFile, pyarrowFiles } from './read-pyarrow-files.ts';
import { arrowTesting, chunked, hasArrowTesting, readRows } from './read-values.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-arrow-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** mulberry32: the same damage in every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const interesting = [0, 1, 0x7f, 0x80, 0xff];

function damage(bytes: Buffer, random: () => number): Buffer {
  const copy = Buffer.from(bytes);
  const flips = 1 + Math.floor(random() * 4);
  for (let i = 0; i < flips; i += 1) {
    const at = Math.floor(random() * copy.length);
    const value = random() < 0.5 ? Math.floor(random() * 256) : interesting[Math.floor(random() * 5)]!;
    copy[at] = value;
    // Four bytes at once make lengths and offsets that a single byte seldom makes.
    if (random() < 0.2) copy.fill(value, at, Math.min(at + 4, copy.length));
  }
  return copy;
}

const files = hasArrowTesting
  ? ['1.0.0-littleendian', '2.0.0-compression'].flatMap((name) =>
      readdirSync(arrowTesting + name)
        .filter((file) => !file.endsWith('.json.gz'))
        .map((file) => `${name}/${file}`),
    )
  : [];

/** Reads damaged bytes every way; the only way to fail is with an error that the user can act on. */
async function outcomes(path: string, bytes: Buffer): Promise<string[]> {
  writeFileSync(path, bytes);
  const seen: string[] = [];
  for (const input of [undefined, chunked(bytes, [4096])]) {
    for (const onError of ['fail', 'skip'] as const) {
      if (input !== undefined && onError === 'skip') continue;
      try {
        const { rows } = await readRows(await openArrow(path, input), { onError, byteLimit: 2 ** 20 });
        seen.push(`${rows.length >= 0 ? 'rows' : ''}`);
      } catch (error) {
        const isTold = error instanceof CurationError && /BAD_INPUT|UNSUPPORTED/.test(error.code);
        if (!isTold || !error.message.startsWith(path)) throw error;
        seen.push(error.code);
      }
    }
  }
  return seen;
}

const originals: [string, () => Buffer][] = [
  ...files.map((file): [string, () => Buffer] => [file, () => readFileSync(arrowTesting + file)]),
  ...pyarrowFiles.map((name): [string, () => Buffer] => [`${name} of pyarrow`, () => pyarrowFile(name)]),
];

test.each(originals)('byte flips in %s give rows or an error that says where', async (_, original) => {
  const bytes = original();
  const seed = Number(process.env['ARROW_FUZZ_SEED'] ?? 1);
  const random = randomFrom(seed);
  const rounds = Number(process.env['ARROW_FUZZ_ROUNDS'] ?? 25);
  const path = join(folder, 'flipped');
  for (let round = 0; round < rounds; round += 1) {
    const damaged = damage(bytes, random);
    const seen = await outcomes(path, damaged).catch((cause: unknown) => {
      throw new Error(`seed ${seed}, round ${round}: ${String(cause)}`, { cause });
    });
    expect(seen).toHaveLength(3);
  }
});

test.skipIf(!hasArrowTesting)(
  'a stream or file cut off anywhere gives rows so far or an error that says where',
  async () => {
    const path = join(folder, 'cut');
    for (const file of ['generated_dictionary.stream', 'generated_nested.arrow_file']) {
      const bytes = readFileSync(`${arrowTesting}1.0.0-littleendian/${file}`);
      for (let length = 0; length < bytes.length; length += 37) {
        const seen = await outcomes(path, bytes.subarray(0, length));
        // A file without its footer is never read as if it were whole.
        if (file.endsWith('_file')) expect(seen[0]).not.toBe('rows');
        else expect(seen).toHaveLength(3);
      }
    }
  },
);
