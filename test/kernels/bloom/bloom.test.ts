import bloomFilters from 'bloom-filters';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CurationError } from '../../../src/errors.ts';
import {
  BandedBloom,
  keysPerLineFor,
  lineFalsePositiveRate,
  planBloom,
  STAGED_ROWS,
} from '../../../src/kernels/bloom/bloom.ts';
import { fillWords, randomWords } from './keys.ts';

/** Five standard deviations of a count of rare events, and one for counts near zero: fails once in a million seeds. */
const tolerance = (expected: number): number => 5 * Math.sqrt(expected) + 1;

function filled(keys: number, rate: number, seed: number): BandedBloom {
  const bloom = new BandedBloom(planBloom(1, keys, rate));
  const words = fillWords(new Uint32Array(2 * keys), randomWords(seed));
  for (let row = 0; row < keys; row++) bloom.insert(words, keys, row);
  return bloom;
}

function countFound(bloom: BandedBloom, probes: number, seed: number): number {
  const next = randomWords(seed);
  let found = 0;
  for (let probe = 0; probe < probes; probe++) if (bloom.has(0, next(), next())) found++;
  return found;
}

describe('size', () => {
  test('a line with i keys in it errs with (1 - (31/32)^i)^16, averaged over Poisson loads', () => {
    // A second way to the same number: loads drawn one by one instead of summed.
    const next = randomWords(1);
    const load = 12;
    const draws = 200_000;
    let sum = 0;
    let squares = 0;
    for (let draw = 0; draw < draws; draw++) {
      let keys = 0;
      for (let product = next() / 2 ** 32; product > Math.exp(-load); product *= next() / 2 ** 32) keys++;
      const rate = (1 - (31 / 32) ** keys) ** 16;
      sum += rate;
      squares += rate * rate;
    }
    const mean = sum / draws;
    const deviation = Math.sqrt((squares / draws - mean * mean) / draws);
    expect(Math.abs(lineFalsePositiveRate(load) - mean)).toBeLessThan(5 * deviation);
  });

  test.each([
    [1e-4, 23.0],
    [1e-5, 30.2],
    [7.1e-7, 40.8],
  ])('a rate of %d takes %d bits a key', (rate, bits) => {
    expect(512 / keysPerLineFor(rate)).toBeCloseTo(bits, 1);
  });

  test('the rate at the size chosen for a rate is that rate', () => {
    fc.assert(
      fc.property(fc.double({ min: -30, max: -0.05, noNaN: true }), (exponent) => {
        const rate = Math.exp(exponent);
        expect(lineFalsePositiveRate(keysPerLineFor(rate)) / rate).toBeCloseTo(1, 6);
      }),
    );
  });

  test('memory is what the plan said, in whole pages', () => {
    for (const [bands, keys] of [
      [1, 1],
      [14, 1000],
      [3, 123_456],
    ] as const) {
      const plan = planBloom(bands, keys, 1e-4);
      const bloom = new BandedBloom(plan);
      expect(bloom.byteLength).toBe(plan.byteLength);
      expect(plan.byteLength % 65_536).toBe(0);
      // The filters and, behind them, key and line of the rows staged.
      expect(plan.byteLength - bands * (plan.linesPerBand * 64 + STAGED_ROWS * 12)).toBeLessThan(65_536);
    }
  });
});

describe('membership', () => {
  test('an empty filter has nothing', () => {
    expect(countFound(new BandedBloom(planBloom(1, 1000, 1e-3)), 10_000, 2)).toBe(0);
  });

  test('finds every row inserted, in each of its bands, whatever the keys', () => {
    const word = fc.oneof(fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff), fc.nat(0xffffffff));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 60 }),
        (bands, pairs) => {
          const rowCount = pairs.length;
          const keys = new Uint32Array(2 * bands * rowCount);
          for (let at = 0; at < bands * rowCount; at++) keys.set(pairs[at % rowCount]!, 2 * at);
          const bloom = new BandedBloom(planBloom(bands, 10, 0.01));
          for (let row = 0; row < rowCount; row++) {
            bloom.insert(keys, rowCount, row);
            for (let earlier = 0; earlier <= row; earlier++) {
              expect(bloom.find(keys, rowCount, earlier)).toBe(0);
              for (let band = 0; band < bands; band++) expect(bloom.has(band, ...pairs[earlier]!)).toBe(true);
            }
          }
          expect(bloom.count).toBe(rowCount);
        },
      ),
    );
  });

  test('bands do not see the keys of each other', () => {
    const bloom = new BandedBloom(planBloom(3, 1000, 1e-6));
    // Three bands of two rows; row 1 shares with row 0 only the key of band 2.
    const keys = fillWords(new Uint32Array(12), randomWords(3));
    keys.set(keys.subarray(8, 10), 10);
    bloom.insert(keys, 2, 0);
    expect(bloom.find(keys, 2, 1)).toBe(2);
    expect(bloom.has(0, keys[8]!, keys[9]!)).toBe(false);
    expect(bloom.has(2, keys[8]!, keys[9]!)).toBe(true);
  });

  test('agrees with an exact set on one stream, up to the stated rate; bloom-filters has all that was inserted too', () => {
    const planned = 20_000;
    const rate = 1e-3;
    const bloom = new BandedBloom(planBloom(1, planned, rate));
    const oracle = bloomFilters.BloomFilter.create(2000, rate);
    const exact = new Set<string>();
    const next = randomWords(4);
    const keys = new Uint32Array(2);
    let wrong = 0;
    let missing = 0;
    for (let step = 0; step < 40_000; step++) {
      // Half of the stream repeats: 20,000 different keys come twice on average.
      keys[0] = next() % 20_000;
      keys[1] = Math.imul(keys[0], 0x9e3779b1);
      keys[0] = Math.imul(keys[0] ^ 0x5bd1e995, 0x85ebca6b);
      const name = `${keys[0]},${keys[1]}`;
      const found = bloom.find(keys, 1, 0) === 0;
      if (found && !exact.has(name)) wrong++;
      if (!found && exact.has(name)) missing++;
      exact.add(name);
      bloom.insert(keys, 1, 0);
      if (exact.size <= 2000) {
        oracle.add(name);
        if (!oracle.has(name) || !bloom.has(0, keys[0], keys[1])) missing++;
      }
    }
    expect(missing).toBe(0);
    expect(wrong).toBeLessThanOrEqual(2 * rate * exact.size + tolerance(2 * rate * exact.size));
  });
});

describe('rate of false positives', () => {
  test.each([
    [1e-2, 400_000],
    [1e-3, 1_000_000],
    [1e-5, 6_000_000],
  ])('is %d at the planned number of keys, by plan, by the bits set and by %d probes', (rate, probes) => {
    const bloom = filled(40_000, rate, 5);
    const measured = bloom.measure().falsePositiveRate;
    expect(measured / rate).toBeGreaterThan(0.85);
    expect(measured / rate).toBeLessThan(1.15);
    const found = countFound(bloom, probes, 6);
    expect(Math.abs(found - measured * probes)).toBeLessThanOrEqual(tolerance(measured * probes));
  });

  test('twice the planned keys are reported as they are, not as planned', () => {
    const bloom = new BandedBloom(planBloom(1, 10_000, 1e-3));
    const keys = fillWords(new Uint32Array(40_000), randomWords(7));
    for (let row = 0; row < 20_000; row++) bloom.insert(keys, 20_000, row);
    const measured = bloom.measure().falsePositiveRate;
    expect(measured).toBeGreaterThan(0.01);
    const found = countFound(bloom, 200_000, 8);
    expect(Math.abs(found - measured * 200_000)).toBeLessThanOrEqual(tolerance(measured * 200_000));
  });

  test('one key in one line: its 16 bits, and 32^-16 for any other', () => {
    const bloom = new BandedBloom(planBloom(1, 1, 0.1));
    bloom.insert(Uint32Array.of(123, 456), 1, 0);
    expect(bloom.plan.linesPerBand).toBe(1);
    expect(bloom.measure().fill).toBe(16 / 512);
    // 1 - (1 - x) of 2^-80 is 0 in a double.
    expect(bloom.measure().falsePositiveRate).toBeLessThan(1e-15);
  });

  test('bands add up: 1 - (1 - p)^bands', () => {
    const bands = 5;
    const keys = 20_000;
    const bloom = new BandedBloom(planBloom(bands, keys, 1e-3));
    const words = fillWords(new Uint32Array(2 * bands * keys), randomWords(9));
    for (let row = 0; row < keys; row++) bloom.insert(words, keys, row);
    expect(bloom.measure().falsePositiveRate).toBeCloseTo(1 - (1 - 1e-3) ** bands, 3);
    const fresh = fillWords(new Uint32Array(2 * bands * keys), randomWords(10));
    let found = 0;
    for (let row = 0; row < keys; row++) if (bloom.find(fresh, keys, row) >= 0) found++;
    expect(Math.abs(found - 0.005 * keys)).toBeLessThanOrEqual(tolerance(0.005 * keys));
  });
});

/** Words at the borders of fields and bytes, and any others. */
const anyWord = fc.oneof(
  fc.constantFrom(0, 1, 31, 32, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff),
  fc.nat(0xffffffff),
);

/** The words of all lines; what is staged lies behind them. */
function filterWords(bloom: BandedBloom): Uint32Array {
  const segments = (bloom as unknown as { segments: Uint32Array[] }).segments;
  return segments[0]!.slice(0, 16 * bloom.plan.bands * bloom.plan.linesPerBand);
}

/** High halves of keys that a double rounds up to the next line of a filter; the inverse of an odd number modulo 2^32 finds them. */
function roundedHalves(linesPerBand: number): number[] {
  let inverse = linesPerBand;
  for (let step = 0; step < 5; step++) inverse = Math.imul(inverse, 2 - Math.imul(linesPerBand, inverse));
  return Array.from({ length: 16 }, (_, below) => Math.imul(-below, inverse) >>> 0).filter(
    (high) =>
      Math.floor((high * linesPerBand) / 2 ** 32) !== Number((BigInt(high) * BigInt(linesPerBand)) >> 32n),
  );
}

/** One row after the other asked and, unless found, inserted; what was found. */
function takeStaged(bloom: BandedBloom, keys: Uint32Array, rowCount: number, step: number): boolean[] {
  const found: boolean[] = [];
  for (let start = 0; start < rowCount; start += step) {
    const end = Math.min(rowCount, start + step);
    bloom.stage(keys, rowCount, start, end);
    for (let staged = 0; staged < end - start; staged++) {
      found.push(bloom.hasStaged(staged));
      if (!found.at(-1)) bloom.insertStaged(staged);
    }
  }
  return found;
}

/** The law without stages: `find` and `insert` of the plain code, row by row. */
function takePlainly(bloom: BandedBloom, keys: Uint32Array, rowCount: number): boolean[] {
  return Array.from({ length: rowCount }, (_, row) => {
    const found = bloom.find(keys, rowCount, row) >= 0;
    if (!found) bloom.insert(keys, rowCount, row);
    return found;
  });
}

describe('the kernel and its plain twin', () => {
  test('give the same answers and the same bits, whatever the keys, bands, fill and stages', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom(1, 10, 100, 5000),
        fc.integer({ min: 1, max: STAGED_ROWS }),
        fc.array(fc.tuple(anyWord, anyWord), { minLength: 1, maxLength: 200 }),
        fc.nat(1000),
        (bands, capacity, step, pairs, seed) => {
          const rowCount = 3 * pairs.length;
          // Some keys come from the list, again and again; the others are new, so that some rows are kept.
          const next = randomWords(seed);
          const keys = fillWords(new Uint32Array(2 * bands * rowCount), next);
          for (let at = 0; at < bands * rowCount; at += 1 + (next() % (4 * bands)))
            keys.set(pairs[next() % pairs.length]!, 2 * at);
          const plan = planBloom(bands, capacity, 0.01);
          const [kernel, twin, plain] = [
            new BandedBloom(plan),
            new BandedBloom(plan, false),
            new BandedBloom(plan),
          ];
          const found = takePlainly(plain, keys, rowCount);
          expect(takeStaged(kernel, keys, rowCount, step)).toEqual(found);
          expect(takeStaged(twin, keys, rowCount, step)).toEqual(found);
          expect([kernel.count, twin.count]).toEqual([plain.count, plain.count]);
          expect(kernel.measure()).toEqual(plain.measure());
          expect(twin.measure()).toEqual(plain.measure());
          for (const one of [kernel, twin]) expect(filterWords(one)).toEqual(filterWords(plain));
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each([2 ** 21 - 1, 2 ** 21, 2 ** 21 + 1, 20_000_003])(
    'meet in the same lines where a band has %d of them',
    (linesPerBand) => {
      const bands = 2;
      const byteLength = Math.ceil((bands * (linesPerBand * 64 + STAGED_ROWS * 12)) / 65_536) * 65_536;
      const plan = { bands, capacity: 1e9, bandFalsePositiveRate: 1e-6, linesPerBand, byteLength };
      const bloom = new BandedBloom(plan);
      const rowCount = 2000;
      const keys = fillWords(new Uint32Array(2 * bands * rowCount), randomWords(12));
      const rounded = roundedHalves(linesPerBand);
      expect(rounded.length > 0).toBe(linesPerBand === 20_000_003);
      rounded.forEach((high, row) => {
        keys[2 * row + 1] = high;
      });
      expect(takeStaged(bloom, keys, rowCount, STAGED_ROWS)).not.toContain(true);
      for (let row = 0; row < rowCount; row++) {
        const pair = 2 * row;
        expect(bloom.has(0, keys[pair]!, keys[pair + 1]!)).toBe(true);
        expect(bloom.has(1, keys[pair + 2 * rowCount]!, keys[pair + 2 * rowCount + 1]!)).toBe(true);
      }
    },
  );

  test('more rows than can be staged are refused', () => {
    const bloom = new BandedBloom(planBloom(1, 10, 0.01));
    const keys = new Uint32Array(2 * (STAGED_ROWS + 1));
    expect(() => bloom.stage(keys, STAGED_ROWS + 1, 0, STAGED_ROWS + 1)).toThrow(RangeError);
  });
});

describe('large filters', () => {
  test('beyond 4 GiB, bands lie across segments and every line can be reached', () => {
    // Address space only: the system gives pages when they are written, and 200 keys write few.
    const linesPerBand = 30_000_001;
    const bands = 3;
    const byteLength = Math.ceil((bands * linesPerBand * 64) / 65_536) * 65_536;
    expect(byteLength).toBeGreaterThan(5 * 2 ** 30);
    const plan = { bands, capacity: 1e9, bandFalsePositiveRate: 1e-6, linesPerBand, byteLength };
    const bloom = new BandedBloom(plan);
    expect(bloom.byteLength).toBe(byteLength);
    const rowCount = 200;
    const keys = fillWords(new Uint32Array(2 * bands * rowCount), randomWords(11));
    for (let band = 0; band < bands; band++) {
      keys[2 * band * rowCount + 1] = 0;
      keys[2 * band * rowCount + 3] = 0xffffffff;
    }
    for (let start = 0; start < rowCount; start += 50) {
      bloom.stage(keys, rowCount, start, start + 50);
      for (let staged = 0; staged < 50; staged += 2) bloom.insertStaged(staged);
      expect([bloom.hasStaged(48), bloom.hasStaged(49)]).toEqual([true, false]);
    }
    bloom.insert(keys, rowCount, 1);
    for (let row = 0; row < rowCount; row++) {
      expect(bloom.find(keys, rowCount, row)).toBe(row % 2 === 0 || row === 1 ? 0 : -1);
      for (let band = 1; band < bands; band++) {
        const pair = 2 * (band * rowCount + row);
        expect(bloom.has(band, keys[pair]!, keys[pair + 1]!)).toBe(row % 2 === 0 || row === 1);
      }
    }
  });

  test('what no memory can hold is refused with words', () => {
    expect(() => new BandedBloom(planBloom(14, 1e12, 1e-6))).toThrow(CurationError);
    expect(() => new BandedBloom(planBloom(14, 1e12, 1e-6))).toThrow(/at most 128 GiB of filters/);
  });
});
