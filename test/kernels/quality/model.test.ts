import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CurationError } from '../../../src/errors.ts';
import {
  isQualityModel,
  parseModel,
  type QualityModel,
  serializeModel,
} from '../../../src/kernels/quality/model.ts';
import { PAIR_BYTES, PerplexityTrainer } from '../../../src/kernels/quality/perplexity.ts';
import { xxh64 } from '../../../src/kernels/xxh64.ts';

const trainer = new PerplexityTrainer();
trainer.add(new TextEncoder().encode('some text to learn'), 0, 18);
const models: Readonly<Record<string, QualityModel>> = {
  linear: {
    kind: 'linear',
    bias: -0.1,
    weights: Float32Array.from({ length: 1024 }, (_, at) => Math.sin(at)),
  },
  importance: { kind: 'importance', ratios: Float32Array.from({ length: 77 }, (_, at) => at / 7 - 3) },
  perplexity: trainer.model(),
};
const notes = { kind: 'x', positives: 3, 'a "quoted" word': 'é' };

/** Writes the checksum anew after a change, so that what comes after it is looked at. */
function sealed(bytes: Uint8Array): Uint8Array {
  const hashes = new Uint32Array(4);
  xxh64(bytes, 32, bytes.length, hashes, 0);
  const both = Uint8Array.of(...bytes.subarray(0, 24), ...new Uint8Array(hashes.buffer, 0, 8));
  xxh64(both, 0, 32, hashes, 2);
  bytes.set(new Uint8Array(hashes.buffer, 8, 8), 24);
  return bytes;
}

/** A file with another header of the same or another length. */
function withHeader(file: Uint8Array, change: (header: Record<string, unknown>) => unknown): Uint8Array {
  const length = new DataView(file.buffer).getUint32(16, true);
  const header = JSON.parse(new TextDecoder().decode(file.subarray(32, 32 + length))) as Record<
    string,
    unknown
  >;
  const text = new TextEncoder().encode(JSON.stringify(change(header)));
  const changed = new Uint8Array(32 + text.length + file.length - 32 - length);
  changed.set(file.subarray(0, 32));
  changed.set(text, 32);
  changed.set(file.subarray(32 + length), 32 + text.length);
  new DataView(changed.buffer).setUint32(16, text.length, true);
  return sealed(changed);
}

describe.each(Object.entries(models))('a %s model', (_, model) => {
  const file = serializeModel(model, notes);

  test('is read as it was written, on shared memory', () => {
    const parsed = parseModel(file, 'x.model');
    expect(parsed).toEqual({ model, notes });
    const arrays = Object.values(parsed.model).filter((value) => ArrayBuffer.isView(value));
    expect(arrays.every(({ buffer }) => buffer instanceof SharedArrayBuffer)).toBe(true);
    expect(serializeModel(parsed.model, parsed.notes)).toEqual(file);
    expect(isQualityModel(file)).toBe(true);
  });

  test('that is cut or has a flipped bit is refused with a plain sentence', () => {
    const refused = /^x\.model: .*: expected .*, found .*; train the model again$/;
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(7), (at, bit) => {
        const damaged = file.slice();
        damaged[at]! ^= 1 << bit;
        expect(() => parseModel(damaged, 'x.model')).toThrow(refused);
        expect(() => parseModel(file.slice(0, at), 'x.model')).toThrow(refused);
      }),
      { numRuns: 25 },
    );
    const longer = new Uint8Array(file.length + 1);
    longer.set(file);
    expect(() => parseModel(longer, 'x.model')).toThrow(refused);
  });

  test.each([
    [
      'other features',
      (header: Record<string, unknown>) => ({ ...header, features: 'other' }),
      /features: expected/,
    ],
    ['no header', () => null, /header: expected/],
    [
      'a bias that is no number',
      (header: Record<string, unknown>) => ({ ...header, bias: '1' }),
      /header: expected/,
    ],
    [
      'a length below 0',
      (header: Record<string, unknown>) => ({ ...header, lengths: [-4] }),
      /header: expected/,
    ],
    [
      'a giant length',
      (header: Record<string, unknown>) => ({ ...header, lengths: [2 ** 40] }),
      /header: expected/,
    ],
    [
      'too many arrays',
      (header: Record<string, unknown>) => ({ ...header, lengths: [1, 1, 1] }),
      /arrays: expected/,
    ],
    [
      'another length',
      (header: Record<string, unknown>) => ({
        ...header,
        lengths: (header['lengths'] as number[]).map((one) => one + 1),
      }),
      /arrays: expected/,
    ],
  ])('whose checksum holds but that has %s is refused', (__, change, message) => {
    expect(() => parseModel(withHeader(file, change), 'x')).toThrow(message);
    expect(() => parseModel(withHeader(file, change), 'x')).toThrow(CurationError);
  });

  test('of another version or kind is refused', () => {
    for (const [at, value, message] of [
      [8, 2, /version: expected 1, found 2/],
      [12, 9, /kind: expected 1 to 3, found 9/],
      [16, 2 ** 31, /length of the header/],
    ] as const) {
      const changed = file.slice();
      new DataView(changed.buffer).setUint32(at, value, true);
      expect(() => parseModel(sealed(changed), 'x')).toThrow(message);
    }
  });
});

test('numbers that would make a kernel hang or leave its tables are refused', () => {
  const full = new Uint32Array(1024).fill(0x10000);
  const inRow = new Uint32Array(1024).fill(0x10000, 0, 257);
  const pairs = new Uint8Array(PAIR_BYTES);
  const cases: [QualityModel, RegExp][] = [
    [{ kind: 'perplexity', pairs, entries: full }, /at most 256 full slots in a row, found 1024/],
    [{ kind: 'perplexity', pairs, entries: inRow }, /at most 256 full slots in a row, found 257/],
    [{ kind: 'perplexity', pairs, entries: new Uint32Array(1000) }, /entries: expected a power of two/],
    [
      { kind: 'perplexity', pairs: new Uint8Array(9), entries: new Uint32Array(1024) },
      /pairs: expected 131072, found 9/,
    ],
    [{ kind: 'linear', bias: 0, weights: new Float32Array(1000) }, /weights: expected a power of two/],
    [{ kind: 'linear', bias: 0, weights: new Float32Array(512) }, /weights: expected a power of two/],
    [
      { kind: 'linear', bias: 0, weights: new Float32Array(1024).fill(Number.NaN) },
      /numbers: expected finite/,
    ],
    [{ kind: 'importance', ratios: new Float32Array(0) }, /buckets: expected 1 to/],
  ];
  for (const [model, message] of cases)
    expect(() => parseModel(serializeModel(model, {}), 'x')).toThrow(message);
  expect(() =>
    parseModel(serializeModel({ kind: 'perplexity', pairs, entries: inRow.fill(0, 256) }, {}), 'x'),
  ).not.toThrow();
});

test('a file that is no model is refused, whatever it is', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      expect(() => parseModel(bytes, 'x')).toThrow(CurationError);
      expect(isQualityModel(bytes)).toBe(false);
    }),
  );
  const magic = new TextEncoder().encode('SLUICEQM');
  expect(() => parseModel(magic, 'x')).toThrow('x: file: expected at least 32 bytes, found 8');
});
