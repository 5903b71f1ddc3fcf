import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createQualityKernel } from '../../../src/kernels/quality/kernel.ts';
import {
  LONGEST_RUN,
  longestRun,
  type PerplexityModel,
  PerplexityTrainer,
  scorePerplexity,
} from '../../../src/kernels/quality/perplexity.ts';
import { seeded } from '../../engine/support.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const learned =
  'It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, it was the epoch of belief.';

function modelOf(texts: readonly string[], most?: number): PerplexityModel {
  const trainer = new PerplexityTrainer(most);
  for (const text of texts) trainer.add(bytesOf(text), 0, bytesOf(text).length);
  return trainer.model();
}

/** The law by maps and recursion: bits of a byte after a history, each order interpolated with the one below (Witten and Bell). */
function oracle(texts: readonly string[]): (history: string, byte: string) => number {
  const follow = new Map<string, Map<string, number>>();
  for (const text of texts) {
    const padded = `\n\n\n\n${text}`;
    for (let at = 4; at < padded.length; at++) {
      for (let order = 0; order <= 4; order++) {
        const history = padded.slice(at - order, at);
        const counts = follow.get(history) ?? new Map<string, number>();
        counts.set(padded[at]!, (counts.get(padded[at]!) ?? 0) + 1);
        follow.set(history, counts);
      }
    }
  }
  const chance = (history: string | undefined, byte: string): number => {
    if (history === undefined) return 1 / 256;
    const below = chance(history === '' ? undefined : history.slice(1), byte);
    const counts = follow.get(history);
    if (counts === undefined) return below;
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    return ((counts.get(byte) ?? 0) + counts.size * below) / (total + counts.size);
  };
  return (history, byte) => -Math.log2(chance(history, byte));
}

test('bits per byte are those of the law, but for rounding each cost to an eighth of a bit', () => {
  const texts = [learned, 'the age of belief', 'zzz'];
  const law = oracle(texts);
  const model = modelOf(texts);
  for (const text of [learned, 'it was the spring of hope', 'the the the', 'QQ##\u0001', 'a', 'zzzzzzz']) {
    const padded = `\n\n\n\n${text}`;
    for (let length = 1; length <= text.length; length++) {
      let bits = 0;
      for (let at = 4; at < 4 + length; at++) bits += law(padded.slice(at - 4, at), padded[at]!);
      const found = scorePerplexity(model, bytesOf(text), 0, length);
      // A byte that is backed off to pairs is the sum of four rounded numbers.
      expect(Math.abs(found - bits / length)).toBeLessThan(4 / 16);
    }
  }
});

test('the chances of all bytes after any history add up to one, but for rounding', () => {
  const model = modelOf([learned, learned.toUpperCase(), '1234 5678']);
  const padded = `\n\n\n\n${learned}`;
  for (const history of [
    'it w',
    'the ',
    '\n\n\n\n',
    'zzzz',
    'e of',
    'qthe',
    ...padded.slice(40, 60).match(/.{4}/g)!,
  ]) {
    let sum = 0;
    for (let byte = 0; byte < 256; byte++) {
      const text = Uint8Array.of(...bytesOf(history), byte);
      const whole = scorePerplexity(model, text, 0, 5) * 5;
      const front = scorePerplexity(model, text, 0, 4) * 4;
      sum += 2 ** (front - whole);
    }
    // Four numbers, each off by at most 1/16 of a bit.
    expect(Math.abs(Math.log2(sum))).toBeLessThan(4 / 16);
  }
});

test('both twins give the same bits on any bytes', async () => {
  const model = modelOf([learned]);
  const simd = await createQualityKernel([model]);
  const scalar = await createQualityKernel([model], 'scalar');
  const [a, b] = [new Float64Array(1), new Float64Array(1)];
  const text = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .array(fc.constantFrom('it was ', 'the ', 'age', '\n', 'é', 'x'), { maxLength: 100 })
      .map((one) => bytesOf(one.join(''))),
  );
  fc.assert(
    fc.property(text, fc.nat(3), (bytes, front) => {
      const start = Math.min(front, bytes.length);
      simd.score(bytes, start, bytes.length, a);
      scalar.score(bytes, start, bytes.length, b);
      expect(a).toEqual(b);
    }),
    { numRuns: 150 },
  );
});

test('text like that learned costs least, noise more than its eight bits a byte at most by little', () => {
  const model = modelOf([learned]);
  const random = seeded(3);
  const noise = Uint8Array.from({ length: 2000 }, () => Math.floor(random() * 256));
  const scoreOf = (bytes: Uint8Array): number => scorePerplexity(model, bytes, 0, bytes.length);
  expect(scoreOf(bytesOf(learned))).toBeLessThan(2);
  expect(scoreOf(bytesOf('the best of wisdom'))).toBeLessThan(scoreOf(bytesOf('quarterly fiscal report')));
  expect(scoreOf(noise)).toBeGreaterThan(8);
  expect(scoreOf(noise)).toBeLessThan(20);
  expect(scoreOf(new Uint8Array(0))).toBeNaN();
});

test('when there is no room for more n-grams the model stays a law of chances', () => {
  const random = seeded(5);
  const text = Array.from({ length: 4000 }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join(
    '',
  );
  for (const most of [1, 2, 3, 50, 1000]) {
    const model = modelOf([text], most);
    expect(model.entries.reduce((sum, entry) => sum + (entry === 0 ? 0 : 1), 0)).toBeLessThanOrEqual(most);
    expect(longestRun(model.entries)).toBeLessThanOrEqual(LONGEST_RUN);
    const bits = scorePerplexity(model, bytesOf(text), 0, text.length);
    expect(bits).toBeGreaterThan(3);
    expect(bits).toBeLessThan(6);
  }
});

test('equal texts in equal order give equal models', () => {
  expect(modelOf([learned, 'b'])).toEqual(modelOf([learned, 'b']));
  expect(modelOf([''])).toEqual(modelOf([]));
});

test('the longest run of full slots goes around the end', () => {
  expect(longestRun(Uint32Array.of(1, 0, 1, 1))).toBe(3);
  expect(longestRun(new Uint32Array(4))).toBe(0);
  expect(longestRun(new Uint32Array(4).fill(1))).toBe(4);
});
