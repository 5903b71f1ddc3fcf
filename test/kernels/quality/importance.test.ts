import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  BUCKETS,
  BucketCounts,
  fitImportance,
  scoreImportance,
} from '../../../src/kernels/quality/importance.ts';
import { createQualityKernel } from '../../../src/kernels/quality/kernel.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Buckets of DSIR: words and pairs of NLTK's WordPunct tokens, lower-cased, by SHA-256 modulo 10,000. */
function dsirBuckets(text: string): number[] {
  const tokens = text.toLowerCase().match(/[\p{L}\p{N}_]+|[^\p{L}\p{N}_\s]+/gu) ?? [];
  const grams = [...tokens, ...tokens.slice(1).map((token, at) => `${tokens[at]} ${token}`)];
  return grams.map((gram) =>
    Number(BigInt(`0x${createHash('sha256').update(gram).digest('hex')}`) % 10_000n),
  );
}

/** A feature that falls into a bucket. */
const featureOf = (bucket: number): number => Math.ceil((bucket * 2 ** 32) / BUCKETS);

function countsOf(texts: readonly string[]): BucketCounts {
  const counts = new BucketCounts();
  for (const text of texts) counts.take(Uint32Array.from(dsirBuckets(text), featureOf));
  return counts;
}

const target = [
  'The cell is the basic unit of life.',
  'Photosynthesis turns light into sugar.',
  'A cell divides; life goes on.',
];
const raw = [
  'Click here to buy now!!!',
  'Buy cheap pills, click now.',
  'The best price of life...',
  'Log in | Sign up | Home',
];

test('on the buckets of DSIR itself the log ratios and the sum are its own', () => {
  const model = fitImportance(countsOf(target), countsOf(raw), 0);
  const frequencies = (texts: readonly string[]): Float64Array => {
    const found = new Float64Array(BUCKETS);
    const all = texts.flatMap(dsirBuckets);
    for (const bucket of all) found[bucket]! += 1 / all.length;
    return found;
  };
  const [p, q] = [frequencies(target), frequencies(raw)];
  for (const text of [...target, ...raw, 'Life is a cell: buy now!']) {
    const buckets = dsirBuckets(text);
    // logw = z . (log(p + 1e-8) - log(q + 1e-8)), as p-lambda/dsir has it.
    const sum = buckets.reduce(
      (total, one) => total + Math.log(p[one]! + 1e-8) - Math.log(q[one]! + 1e-8),
      0,
    );
    const score = scoreImportance(model);
    score.take(Uint32Array.from(buckets, featureOf));
    expect(score.result() * buckets.length).toBeCloseTo(sum, 3);
  }
});

test('a pseudo count of one is a document that holds every bucket once, on both sides', () => {
  const every = Uint32Array.from({ length: BUCKETS }, (_, bucket) => featureOf(bucket));
  const [a, b] = [countsOf(target), countsOf(raw)];
  const smoothed = fitImportance(a, b);
  a.take(every);
  b.take(every);
  expect(fitImportance(a, b, 0)).toEqual(smoothed);
});

test('counts of parts add up to those of the whole', () => {
  const merged = countsOf(target);
  merged.merge(countsOf(raw));
  const whole = countsOf([...target, ...raw]);
  expect([merged.counts, merged.total]).toEqual([whole.counts, whole.total]);
});

test('both twins give the same bits on any bytes', async () => {
  const model = fitImportance(countsOf(target), countsOf(raw));
  const simd = await createQualityKernel([model]);
  const scalar = await createQualityKernel([model], 'scalar');
  const [a, b] = [new Float64Array(1), new Float64Array(1)];
  const text = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.string({ unit: 'grapheme', maxLength: 300 }).map(bytesOf),
    fc
      .array(fc.constantFrom('cell', 'life', 'buy', '!', '\n', '中'), { maxLength: 900 })
      .map((one) => bytesOf(one.join(' '))),
  );
  fc.assert(
    fc.property(text, (bytes) => {
      simd.score(bytes, 0, bytes.length, a);
      scalar.score(bytes, 0, bytes.length, b);
      expect(a).toEqual(b);
    }),
    { numRuns: 150 },
  );
});

test('a text repeated scores like the text alone, as length does not count', async () => {
  const kernel = await createQualityKernel([]);
  const counts = (texts: readonly string[]): BucketCounts => {
    const found = new BucketCounts();
    for (const text of texts) kernel.collect(bytesOf(text), 0, bytesOf(text).length, found.take);
    return found;
  };
  const scorer = await createQualityKernel([fitImportance(counts(target), counts(raw))]);
  const scoreOf = (text: string): number => {
    const into = new Float64Array(1);
    scorer.score(bytesOf(text), 0, bytesOf(text).length, into);
    return into[0]!;
  };
  const text = 'The cell divides and life goes on; sugar is light.\n';
  // Only the pair across the seam is new.
  expect(scoreOf(text.repeat(50))).toBeCloseTo(scoreOf(text), 0);
  expect(scoreOf(text)).toBeGreaterThan(scoreOf('Click here now to buy cheap pills!!! Log in | Home'));
  expect(scoreOf('')).toBeNaN();
});
