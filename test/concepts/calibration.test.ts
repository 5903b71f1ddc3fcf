import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  calibrateThreshold,
  conceptThresholds,
  editText,
  LEAST_EDITED_WORDS,
  nullPairs,
  PUBLISHED_THRESHOLD,
} from '../../src/concepts/calibration.ts';
import { cosine, quantise, type Vectors } from '../../src/kernels/vectors/vectors.ts';

/** `count` cosines from `low` on, in even steps up to `high`. */
const cosines = (count: number, low: number, high: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => low + ((high - low) * i) / Math.max(1, count - 1));

const ascending = (a: number, b: number): number => a - b;

const none = new Float64Array(0);

describe('the threshold', () => {
  test('is what 95 % of the edits reach, rounded up to three digits', () => {
    // Places 0 to 99; place 5 is the least of the upper 95.
    const edits = cosines(100, 0.95, 0.99);
    expect(edits[5]).toBeCloseTo(0.95202, 5);
    expect(calibrateThreshold(edits, cosines(1000, 0, 0.5))).toMatchObject({
      threshold: 0.953,
      by: 'edits',
      edits: edits[5],
    });
  });

  test('does not rise for pairs that are alike where there are edits', () => {
    expect(calibrateThreshold(cosines(100, 0.96, 0.96), cosines(200, 0.97, 1))).toMatchObject({
      threshold: 0.96,
      by: 'edits',
    });
  });

  test('is above what 99 % of the pairs reach where there are no edits', () => {
    const pairs = cosines(200, 0, 0.995);
    expect(calibrateThreshold(none, pairs)).toMatchObject({
      threshold: Math.ceil(pairs[197]! * 1000) / 1000,
      by: 'pairs',
      pairs: pairs[197],
    });
    pairs.fill(0.6).fill(1, 198);
    expect(calibrateThreshold(none, pairs)).toMatchObject({ threshold: 0.95, by: 'published' });
    pairs.fill(1, 197);
    expect(calibrateThreshold(none, pairs)).toMatchObject({ threshold: 0.999, by: 'limits' });
  });

  test('is never below 0.9 nor above 0.999', () => {
    expect(calibrateThreshold(cosines(20, 0.3, 0.4), none)).toMatchObject({ threshold: 0.9, by: 'limits' });
    expect(calibrateThreshold(cosines(20, 1, 1), none)).toMatchObject({ threshold: 0.999, by: 'limits' });
  });

  test('is the published one without enough edits, or above it where pairs ask for that', () => {
    expect(calibrateThreshold(none, none)).toEqual({
      threshold: PUBLISHED_THRESHOLD,
      by: 'published',
      edits: Number.NaN,
      pairs: Number.NaN,
    });
    expect(calibrateThreshold(cosines(19, 0.99, 0.99), none).by).toBe('published');
    expect(calibrateThreshold(cosines(20, 0.99, 0.99), none).by).toBe('edits');
    expect(calibrateThreshold(none, cosines(1, 0.97, 0.97))).toMatchObject({ threshold: 0.97, by: 'pairs' });
  });

  test('takes no notice of documents without an edit, nor of any order', () => {
    const values = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 60 });
    fc.assert(
      fc.property(values, values, (edits, pairs) => {
        const found = calibrateThreshold(Float64Array.from(edits), Float64Array.from(pairs));
        const without = edits.filter((value) => value > 0).reverse();
        expect(found).toEqual(
          calibrateThreshold(Float64Array.from(without), Float64Array.from(pairs).reverse()),
        );
        expect(found.threshold >= 0.9 && found.threshold <= 0.999).toBe(true);
        expect(Number(found.threshold.toFixed(3))).toBe(found.threshold);
      }),
    );
  });
});

describe('pairs of different documents', () => {
  /** Vectors with cosines of their own: angles that no two pairs share. */
  function fan(count: number, nothing: readonly number[] = []): Vectors {
    const vectors = {
      count,
      dimensions: 16,
      values: new Int8Array(count * 16),
      squares: new Uint32Array(count),
    };
    for (let i = 0; i < count; i++) {
      const angle = 0.9 * Math.sqrt(i / count);
      const vector = Float64Array.from({ length: 16 }, (_, at) =>
        nothing.includes(i) ? 0 : at === 0 ? Math.cos(angle) : at === 1 ? Math.sin(angle) : 0,
      );
      vectors.squares[i] = quantise(vector, vectors.values, i * 16);
    }
    return vectors;
  }

  const allPairs = (vectors: Vectors, concepts: Uint32Array): number[] =>
    Array.from({ length: vectors.count }, (_, j) =>
      Array.from({ length: j }, (__, i) => [i, j] as const)
        .filter(([i]) => concepts[i] === concepts[j] && vectors.squares[i]! * vectors.squares[j]! > 0)
        .map(([i]) => cosine(vectors, i, vectors, j)),
    ).flat();

  test('are all of them if there are few, each once', () => {
    const concepts = Uint32Array.of(7, 2, 7, 7, 2, 0, 7);
    const vectors = fan(7, [6]);
    const expected = allPairs(vectors, concepts).sort(ascending);
    expect(expected).toHaveLength(4);
    expect([...nullPairs(vectors, concepts, 1, 4)].sort(ascending)).toEqual(expected);
    expect([...nullPairs(vectors, concepts, 1, 100)].sort(ascending)).toEqual(expected);
  });

  test('are none where no concept has two documents', () => {
    expect(nullPairs(fan(0), new Uint32Array(0), 1, 10)).toHaveLength(0);
    expect(nullPairs(fan(3), Uint32Array.of(0, 1, 2), 1, 10)).toHaveLength(0);
    expect(nullPairs(fan(2), new Uint32Array(2), 1, 0)).toHaveLength(0);
  });

  test('are drawn with equal chances, by the seed alone', () => {
    const concepts = Uint32Array.from({ length: 30 }, (_, i) => i % 3);
    const vectors = fan(30);
    const all = allPairs(vectors, concepts);
    expect(new Set(all).size).toBe(135);
    const draws = 134;
    const counts = new Map(all.map((value) => [value, 0]));
    const seeds = 200;
    for (let seed = 0; seed < seeds; seed++) {
      const drawn = nullPairs(vectors, concepts, seed, draws);
      expect(drawn).toHaveLength(draws);
      for (const value of drawn) counts.set(value, counts.get(value)! + 1);
    }
    expect(counts.size).toBe(135);
    // Chi-square with 134 degrees of freedom: mean 134, standard deviation sqrt(268); five of them.
    const expected = (draws * seeds) / 135;
    const square = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(Math.abs(square - 134)).toBeLessThan(5 * Math.sqrt(268));
    expect(nullPairs(vectors, concepts, 5, draws)).toEqual(nullPairs(vectors, concepts, 5, draws));
    expect(nullPairs(vectors, concepts, 5, draws)).not.toEqual(nullPairs(vectors, concepts, 6, draws));
  });
});

describe('thresholds of concepts', () => {
  /** Documents at these angles, in a plane of its own for each concept. */
  function documentsAt(angles: readonly (readonly number[])[]): { vectors: Vectors; concepts: Uint16Array } {
    const all = angles.flatMap((each, concept) => each.map((angle) => ({ concept, angle })));
    const vectors = {
      count: all.length,
      dimensions: 16,
      values: new Int8Array(all.length * 16),
      squares: new Uint32Array(all.length),
    };
    for (const [i, { concept, angle }] of all.entries()) {
      const vector = new Float64Array(16);
      vector[2 * concept] = Math.cos(angle);
      vector[2 * concept + 1] = Math.sin(angle);
      vectors.squares[i] = quantise(vector, vectors.values, i * 16);
    }
    return { vectors, concepts: Uint16Array.from(all, ({ concept }) => concept) };
  }

  const apart = (count: number, step = 0.4): number[] => Array.from({ length: count }, (_, i) => i * step);
  const thresholdsOf = (angles: readonly (readonly number[])[], edits: Float64Array): number[] => {
    const { vectors, concepts } = documentsAt(angles);
    return [...conceptThresholds(vectors, concepts, angles.length, edits, 0.95)];
  };

  test('are the common one without documents, or with too few to tell', () => {
    expect(thresholdsOf([[], [0], apart(7, 0.0001)], new Float64Array(8).fill(0.99))).toEqual([
      0.95, 0.95, 0.95,
    ]);
  });

  test('are what 95 % of the edits of the concept reach, if that is more', () => {
    const edits = Float64Array.of(
      ...cosines(8, 0.9821, 0.99),
      ...cosines(8, 0.5, 0.99),
      ...cosines(7, 0.99, 0.99),
      0,
    );
    expect(thresholdsOf([apart(8), apart(8), apart(8)], edits)).toEqual([0.983, 0.95, 0.95]);
  });

  test('are 1 where more than a quarter of the pairs are alike', () => {
    // Of 16 documents, 120 pairs: 8 in one place make 28 of them, 9 make 36.
    const inOnePlace = (count: number): number[] => [
      ...apart(16 - count),
      ...apart(count, 0).map(() => 1.4 * Math.PI),
    ];
    expect(thresholdsOf([inOnePlace(8), inOnePlace(9)], none)).toEqual([0.95, 1]);
  });

  test('tell near documents from edits where an encoder knows little', () => {
    // All cosines of the concept are above the common threshold, and below those of its edits.
    const near = apart(8, 0.1);
    expect(Math.cos(0.1)).toBeGreaterThan(0.99);
    expect(thresholdsOf([near], none)).toEqual([1]);
    expect(thresholdsOf([near], cosines(8, 0.9985, 0.9999))).toEqual([0.999]);
  });

  test('take no notice of documents that say nothing', () => {
    const { vectors, concepts } = documentsAt([apart(8, 0), apart(8)]);
    vectors.values.fill(0, 0, 16);
    vectors.squares[0] = 0;
    expect([...conceptThresholds(vectors, concepts, 2, none, 0.95)]).toEqual([0.95, 0.95]);
  });
});

describe('an edit', () => {
  const edited = (text: string): string => {
    const bytes = Buffer.from(text);
    return Buffer.from(editText(bytes, 0, bytes.length)).toString();
  };
  const words = (count: number): string[] => Array.from({ length: count }, (_, i) => `w${i}`);

  test('leaves out one of each five words, and keeps the others in order', () => {
    for (const count of [LEAST_EDITED_WORDS, 35, 100]) {
      const all = words(count);
      const left = edited(all.join(' ')).trim().split(' ');
      expect(left).toEqual(all.filter((word) => left.includes(word)));
      for (let group = 0; group + 5 <= count; group += 5) {
        expect(all.slice(group, group + 5).filter((word) => !left.includes(word))).toHaveLength(1);
      }
    }
  });

  test('is none of a text that is too short', () => {
    expect(edited('')).toBe('');
    expect(edited(words(LEAST_EDITED_WORDS - 1).join(' '))).toBe('');
    expect(edited(`${' '.repeat(500)}`)).toBe('');
  });

  test('leaves out words at other places of another text', () => {
    const gaps = (count: number): string => {
      const left = edited(`${words(40).join(' ')}${' '.repeat(count)}`)
        .trim()
        .split(' ');
      return words(40)
        .filter((word) => !left.includes(word))
        .join(' ');
    };
    const found = Array.from({ length: 20 }, (_, i) => gaps(i));
    // 5^8 choices for each: two of twenty are the same in one of 2000 draws.
    expect(new Set(found).size).toBe(20);
    const places = found.flatMap((each) => each.split(' ').map((word) => Number(word.slice(1)) % 5));
    expect(new Set(places)).toEqual(new Set([0, 1, 2, 3, 4]));
  });

  test('leaves out stretches where there are no spaces', () => {
    const text = Array.from({ length: 160 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join('');
    const left = edited(text);
    expect(left).toHaveLength(128);
    for (let at = 0; at < 160; at += 20) {
      const stretches = [0, 4, 8, 12, 16].map((from) => text.slice(at + from, at + from + 4));
      expect(stretches.filter((stretch) => left.includes(stretch))).toHaveLength(4);
    }
    // Three characters fewer than 32 words of four.
    expect(edited(text.slice(0, 124))).toBe('');
    expect(edited(text.slice(0, 125))).not.toBe('');
  });

  test('ends words between scripts and behind the ideographic space', () => {
    const text = 'GPT模型，。'.repeat(16);
    // "GPT", "模型", and punctuation with the letters after it.
    expect(edited(text)).not.toBe('');
    expect(edited('아\u3000'.repeat(32))).not.toBe('');
    expect(edited('아\u3000'.repeat(31))).toBe('');
  });

  test('reads only its part, and leaves it as it is', () => {
    const part = Buffer.from(words(50).join(' '));
    const whole = Buffer.concat([Buffer.from('x y z '), part, Buffer.from(' x y z')]);
    const before = Buffer.from(whole);
    expect(editText(whole, 6, 6 + part.length)).toEqual(editText(part, 0, part.length));
    expect(whole).toEqual(before);
  });

  test('is a part of the text in its order, whatever the text is', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', minLength: 40, maxLength: 200 }).map((value) => Buffer.from(value)),
      fc.uint8Array({ minLength: 40, maxLength: 300 }),
      fc
        .array(fc.constantFrom('the ', 'ไทย', '日本語', ' ', '\n', '한국 ', 'x', '、'), {
          minLength: 80,
          maxLength: 200,
        })
        .map((parts) => Buffer.from(parts.join(''))),
    );
    fc.assert(
      fc.property(text, (bytes) => {
        const edit = editText(bytes, 0, bytes.length);
        let at = 0;
        for (const byte of edit) {
          while (at < bytes.length && bytes[at] !== byte) at++;
          at++;
        }
        expect(at).toBeLessThanOrEqual(bytes.length);
        expect(edit.length).toBeLessThan(bytes.length);
      }),
      { numRuns: 50 },
    );
  });

  test('never cuts a character in two', () => {
    const text = fc
      .array(fc.constantFrom('é', '日本', '😀', 'ไ', ' ', 'ß ', '𠮷'), { minLength: 150, maxLength: 300 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (value) => {
        expect(edited(value)).not.toContain('\ufffd');
      }),
    );
  });
});
