import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { densify } from '../../../src/kernels/signatures/densify.ts';
import { planSignatures } from '../../../src/kernels/signatures/plan.ts';
import type { SignatureParameters, Signatures } from '../../../src/kernels/signatures/signatures.ts';
import { createSigner } from '../../../src/kernels/signatures/signer.ts';
import { estimateJaccard, jaccardDeviation } from '../../../src/kernels/signatures/sketch.ts';
import { columnOf, makePairs, randomFrom } from './fixtures.ts';

const defaults = { ngram: 5, bands: 14, rows: 8, seed: 0 };
const BINS = 112;

/** The definition, in BigInt: minima of a text of words of a to z of at most 8 letters, single blanks between; undefined without any. */
function minimaOf(text: string, parameters: SignatureParameters): Uint32Array | undefined {
  const { constants, donors, bins } = planSignatures(parameters);
  const [s0, s1, base, , whiten] = new BigUint64Array(constants.slice().buffer) as unknown as bigint[];
  const cut = (x: bigint): bigint => BigInt.asUintN(64, x);
  const fold = (x: bigint): bigint => x ^ (x >> 32n);
  const words = text.split(' ').filter((word) => word !== '');
  if (words.length === 0) return undefined;
  const hashes = words.map((word) => {
    const bytes = new Uint8Array(8);
    bytes.set(Buffer.from(word));
    const head = Buffer.from(bytes).readBigUInt64LE();
    return fold(cut((s0! ^ head) * 0x9e3779b97f4a7c15n + s1! * 0xc2b2ae3d27d4eb4fn));
  });
  const length = Math.min(parameters.ngram, hashes.length);
  const minima = new Uint32Array(bins).fill(0xffffffff);
  for (let at = 0; at + length <= hashes.length; at++) {
    const sum = hashes.slice(at, at + length).reduce((total, hash) => cut(total * base! + hash), 0n);
    const shingle = fold(cut(fold(sum ^ whiten!) * 0xff51afd7ed558ccdn));
    const bin = Number(((shingle >> 32n) * BigInt(bins)) >> 32n);
    minima[bin] = Math.min(minima[bin]!, Number(shingle & 0xffffffffn));
  }
  densify(donors, minima, new Uint32Array(bins), 0xffffffff);
  return minima;
}

const words = fc.string({ unit: fc.constantFrom(...Array.from('abcdefghij')), minLength: 1, maxLength: 8 });
const texts = fc.array(
  fc.array(words, { maxLength: 200 }).map((list) => list.join(' ')),
  { maxLength: 5 },
);

describe.each(['simd', 'scalar'] as const)('sketches of the %s twin', (kernel) => {
  test.each([
    defaults,
    { ngram: 1, bands: 1, rows: 1, seed: 1 },
    { ngram: 3, bands: 9, rows: 13, seed: 2 },
    { ngram: 2, bands: 16, rows: 16, seed: 3 },
    { ngram: 2, bands: 93, rows: 3, seed: 4 },
  ])('are the lowest bytes of $bands times $rows minima, found from the definition', async (parameters) => {
    const signer = await createSigner({ ...parameters, sketches: true }, kernel);
    const bins = parameters.bands * parameters.rows;
    fc.assert(
      fc.property(texts, (rows) => {
        const { sketches } = signer.sign(columnOf(rows));
        expect(sketches).toHaveLength(rows.length * bins);
        rows.forEach((row, index) => {
          const minima = minimaOf(row, parameters) ?? new Uint32Array(bins);
          const found = sketches.slice(index * bins, (index + 1) * bins);
          expect([...found]).toEqual(Array.from(minima, (minimum) => minimum % 256));
        });
      }),
      { numRuns: 25, seed: 1 },
    );
  });

  test('change no key, hash or count, and are empty unless asked for', async () => {
    const random = randomFrom(4);
    const rows = Array.from({ length: 2500 }, () =>
      Array.from({ length: Math.floor(random() ** 3 * 150) }, () => Math.floor(random() * 999)).join(' '),
    );
    const column = columnOf(rows);
    const asked = (await createSigner({ ...defaults, sketches: true }, kernel)).sign(column);
    expect(asked.sketches).toHaveLength(BINS * 2500);
    for (const parameters of [defaults, { ...defaults, sketches: false }]) {
      const plain = (await createSigner(parameters, kernel)).sign(column);
      expect(plain.sketches).toHaveLength(0);
      expect({ ...asked, sketches: plain.sketches }).toEqual(plain);
    }
    expect((await createSigner(undefined, kernel)).sign(column).sketches).toHaveLength(0);
  });

  test('are zeros for a text without a token, even in memory that held something', async () => {
    const signer = await createSigner({ ...defaults, sketches: true }, kernel);
    const used = (byteLength: number): Uint8Array => new Uint8Array(byteLength).fill(0xaa);
    const { sketches } = signer.sign(columnOf(['one two', '', 'three', '...']), used);
    const zeros = new Uint8Array(BINS);
    expect([1, 3].map((row) => sketches.slice(row * BINS, (row + 1) * BINS))).toEqual([zeros, zeros]);
    expect(sketches.slice(0, BINS)).not.toEqual(zeros);
    expect(sketches.slice(2 * BINS, 3 * BINS)).not.toEqual(zeros);
    expect(signer.sign(columnOf([])).sketches).toHaveLength(0);
  });

  test('can be transferred batch after batch, as no two batches share an array', async () => {
    const signer = await createSigner(defaults, kernel);
    const buffers = [0, 1].map(() => signer.sign(columnOf(['a'])).sketches.buffer);
    expect(new Set(buffers).size).toBe(2);
  });
});

/** All that is signed of rows `start` to `end`, in a form that does not depend on where they lie. */
function rowsOf(signed: Signatures, start: number, end: number): string[] {
  return Array.from({ length: end - start }, (_, index) => {
    const at = (start + index) * BINS;
    return Buffer.from(signed.sketches.subarray(at, at + BINS)).toString('hex');
  });
}

test('sketches do not depend on how rows are cut into batches', async () => {
  const signer = await createSigner({ ...defaults, sketches: true });
  const random = randomFrom(5);
  const rows = Array.from({ length: 3000 }, () =>
    Array.from({ length: Math.floor(random() ** 4 * 800) }, () => Math.floor(random() * 999)).join(' '),
  );
  const whole = rowsOf(signer.sign(columnOf(rows)), 0, 3000);
  for (const size of [1, 7, 999, 1000, 1001]) {
    const parts: string[] = [];
    for (let start = 0; start < (size === 1 ? 50 : 3000); start += size) {
      const part = columnOf(rows.slice(start, start + size), '文');
      parts.push(...rowsOf(signer.sign(part), 0, part.rowCount));
    }
    expect(parts.join() === whole.slice(0, parts.length).join(), `batches of ${size}`).toBe(true);
  }
});

describe('the estimate', () => {
  test('is its definition at any place and length', () => {
    const byte = fc.constantFrom(0, 1, 127, 128, 255);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(byte, byte), { minLength: 1, maxLength: 130 }),
        fc.nat(9),
        fc.nat(9),
        (pairs, aStart, bStart) => {
          const a = new Uint8Array([...Array(aStart).fill(7), ...pairs.map(([x]) => x), 9, 9, 9, 9]);
          const b = new Uint8Array([...Array(bStart).fill(7), ...pairs.map(([, y]) => y), 9, 9, 9, 9]);
          const share = pairs.filter(([x, y]) => x === y).length / pairs.length;
          const expected = Math.max(0, (share - 1 / 256) / (1 - 1 / 256));
          expect(estimateJaccard(a, aStart, b, bStart, pairs.length)).toBeCloseTo(expected, 12);
        },
      ),
      { seed: 6 },
    );
  });

  test('is 1 for all equal, never below 0, and tells each value of a byte from each other', () => {
    const all = Uint8Array.from({ length: 256 }, (_, value) => value);
    expect(estimateJaccard(all, 0, all, 0, 256)).toBe(1);
    expect(estimateJaccard(all, 0, all, 0, 1)).toBe(1);
    for (let value = 1; value < 256; value++) expect(estimateJaccard(all, 0, all, value, 1)).toBe(0);
    // One of 256 equal is what chance gives.
    expect(estimateJaccard(all, 0, all.slice().reverse().fill(5, 5, 6), 0, 256)).toBeCloseTo(0, 12);
  });

  test('has the deviation of the paper, by hand', () => {
    expect(jaccardDeviation(1, 112)).toBe(0);
    expect(jaccardDeviation(0, 255)).toBeCloseTo(1 / 255, 12);
    // P (1 - P) / k / (1 - 2^-b)^2 with P = 2^-b + (1 - 2^-b) s
    const p = 1 / 256 + (255 / 256) * 0.8;
    expect(jaccardDeviation(0.8, 112)).toBeCloseTo(Math.sqrt((p * (1 - p)) / 112) / (255 / 256), 12);
  });
});

/** Estimates for `count` pairs of documents of `size` shingles that share `shared`. */
async function estimates(count: number, size: number, shared: number): Promise<number[]> {
  const signer = await createSigner({ ngram: 1, bands: 14, rows: 8, seed: 1, sketches: true });
  const { sketches } = signer.sign(columnOf(makePairs(count, size, shared, size + shared)));
  return Array.from({ length: count }, (_, pair) =>
    estimateJaccard(sketches, 2 * pair * BINS, sketches, (2 * pair + 1) * BINS, BINS),
  );
}

function meanAndDeviation(values: readonly number[]): [mean: number, deviation: number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return [mean, Math.sqrt(squares / (values.length - 1))];
}

// Few shingles fill few bins, whose values are then repeated; of some hundred no two bins hold the same one, which is better than drawing
// with replacement. What the spread was found to be in units of the law, as the comment of jaccardDeviation says.
describe.each([
  { size: 2, pairs: 3000, ratio: 1.38, targets: [0.33] },
  { size: 5, pairs: 3000, ratio: 1.21, targets: [0.43, 0.67] },
  { size: 20, pairs: 2000, ratio: 1.11, targets: [0.3, 0.5, 0.7, 0.8, 0.9] },
  { size: 50, pairs: 2000, ratio: 1.05, targets: [0.3, 0.5, 0.7, 0.8, 0.9] },
  { size: 300, pairs: 1000, ratio: 0.89, targets: [0.3, 0.5, 0.7, 0.8, 0.9] },
  { size: 4000, pairs: 100, ratio: 1, targets: [0.8] },
])('sketches of $size shingles', ({ size, pairs, ratio, targets }) => {
  test.each(targets)(
    'estimate Jaccard %f without bias and with the spread that is stated',
    async (target) => {
      const shared = Math.round((2 * size * target) / (1 + target));
      const jaccard = shared / (2 * size - shared);
      const [mean, deviation] = meanAndDeviation(await estimates(pairs, size, shared));
      expect(Math.abs(mean - jaccard)).toBeLessThanOrEqual((4 * deviation) / Math.sqrt(pairs));
      // Four standard errors of a deviation found from so many, relative to it, for estimates that are about normal.
      const found = deviation / jaccardDeviation(jaccard, BINS);
      expect(Math.abs(found / ratio - 1)).toBeLessThanOrEqual(4 / Math.sqrt(2 * pairs));
    },
  );
});

test('of documents that share nothing the estimate is what chance leaves above 0', async () => {
  // The mean of max(0, estimate) where equal bytes are binomial.
  let expected = 0;
  let probability = (255 / 256) ** BINS;
  for (let equal = 0; equal <= BINS; equal++) {
    expected += probability * Math.max(0, (equal / BINS - 1 / 256) / (255 / 256));
    probability *= (BINS - equal) / (equal + 1) / 255;
  }
  expect(expected).toBeCloseTo(0.00253, 5);
  const [mean, deviation] = meanAndDeviation(await estimates(1000, 300, 0));
  expect(Math.abs(mean - expected)).toBeLessThanOrEqual((4 * deviation) / Math.sqrt(1000));
});

test('two different documents of one shingle each look equal with probability 1/256, else wholly different', async () => {
  const pairs = 10_000;
  const found = await estimates(pairs, 1, 0);
  expect(found.filter((value) => value !== 0 && value !== 1)).toEqual([]);
  const equal = found.filter((value) => value === 1).length;
  const law = pairs / 256;
  expect(Math.abs(equal - law)).toBeLessThanOrEqual(4 * Math.sqrt(law * (255 / 256)));
});
