import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLogLinearProxy, logLinearBytes } from '../../../src/kernels/proxy/log-linear.ts';
import { DOCUMENT_END, type HeldOut, type Proxy } from '../../../src/kernels/proxy/proxy.ts';
import { hasSharedData } from '../../engine/support.ts';

const END = String.fromCharCode(DOCUMENT_END);
/** Symbols of a text, one for each character. */
const symbolsOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** Documents as they stand; none is given an end. */
function heldOutOf(documents: readonly Uint8Array[]): HeldOut {
  const offsets = [0];
  for (const { length } of documents) offsets.push(offsets.at(-1)! + length);
  return { symbols: Buffer.concat(documents), offsets: Uint32Array.from(offsets) };
}

function scoresOf(proxy: Proxy, documents: number): Float64Array {
  const bits = new Float64Array(documents);
  proxy.score(bits);
  return bits;
}

/** Costs of documents after training on a stream. */
function costs(
  parameters: number,
  stream: Uint8Array,
  documents: readonly Uint8Array[],
  kernel: 'simd' | 'scalar' = 'simd',
): Float64Array {
  const proxy = createLogLinearProxy({ parameters, heldOut: heldOutOf(documents), kernel });
  proxy.train(stream, 0, stream.length);
  return scoresOf(proxy, documents.length);
}

/** Numbers from 0 to below 1 that look random: xorshift32 (Marsaglia 2003). */
function drawsFrom(seed: number): () => number {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}

const prose =
  'It is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want of a wife. ' +
  'Größe, Straße; 中文字; if (i < 10) { return x[i]; }\n';

describe('twins', () => {
  const symbols = fc.oneof(
    fc.uint8Array({ maxLength: 600 }),
    fc
      .array(fc.constantFrom('the ', 'The', 'q', 'é', 'ß\n', '\0', 'þ', '[{`@', END, 'zZ', 'aaaa'), {
        maxLength: 200,
      })
      .map((parts) => symbolsOf(parts.join(''))),
  );

  test('give the same bits on any symbols, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(2 ** 12, 2 ** 13, 2 ** 16),
        fc.array(symbols, { minLength: 1, maxLength: 4 }),
        fc.array(symbols, { maxLength: 4 }),
        fc.nat(600),
        (parameters, stream, documents, cut) => {
          const heldOut = heldOutOf(documents);
          const simd = createLogLinearProxy({ parameters, heldOut });
          const scalar = createLogLinearProxy({ parameters, heldOut, kernel: 'scalar' });
          for (const part of stream) {
            simd.train(part, 0, part.length);
            const middle = Math.min(cut, part.length);
            scalar.train(part, 0, middle);
            scalar.train(part, middle, part.length);
            expect(scoresOf(simd, documents.length)).toEqual(scoresOf(scalar, documents.length));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('give the same bits where logits are cut off, after much of the same text', () => {
    const stream = symbolsOf((prose + END).repeat(400));
    const documents = [symbolsOf(prose + END), symbolsOf(`${prose.toUpperCase()}${END}`)];
    for (const parameters of [2 ** 12, 2 ** 16]) {
      expect(costs(parameters, stream, documents)).toEqual(costs(parameters, stream, documents, 'scalar'));
    }
  });
});

describe('by hand', () => {
  test('a model that has learned nothing gives every symbol 8 bits', () => {
    for (const kernel of ['simd', 'scalar'] as const) {
      const documents = [
        symbolsOf(prose),
        symbolsOf(END),
        new Uint8Array(0),
        Uint8Array.from({ length: 256 }, (_, at) => at),
      ];
      expect([...costs(4096, new Uint8Array(0), documents, kernel)]).toEqual([8 * prose.length, 8, 0, 2048]);
    }
  });

  test('one symbol moves each weight on its path to 1/2 / (3/2 + 1/4)', () => {
    const weight = 0.5 / 1.75;
    const logit = 6 * weight;
    const right = Math.log2(1 + Math.exp(-logit));
    const wrong = Math.log2(1 + Math.exp(logit));
    const documents = ['a', 'b', '\x80', `a${END}`, 'a`'].map(symbolsOf);
    const expected = [
      8 * right,
      // 0001 and 0010 part at the third bit; nothing is known of the fourth.
      6 * right + wrong + 1,
      // 0110 and 1000 part at the first bit.
      wrong + 7,
      // Behind the first symbol only the context of no bytes is one that was seen; it says 0 for the first bit.
      8 * right + Math.log2(1 + Math.exp(weight)) + 7,
      // `a` and the accent are 0110 0001 and 0110 0000: seven bits of eight were learned.
      8 * right + 7 * Math.log2(1 + Math.exp(-weight)) + Math.log2(1 + Math.exp(weight)),
    ];
    for (const kernel of ['simd', 'scalar'] as const) {
      const found = costs(2 ** 20, symbolsOf('a'), documents, kernel);
      // A logit is off by 16 roundings of 2^-24 and e^-logit by 1.1e-7 more, of at most 2; a decision costs at most their sum / ln 2.
      const slack = (16 * ((16 * 2 ** -24 + 1.1e-7) * 2)) / Math.LN2;
      for (const [at, bits] of expected.entries()) expect(Math.abs(found[at]! - bits)).toBeLessThan(slack);
    }
  });
});

describe('laws', () => {
  test('the probabilities of all 256 symbols sum to 1 after any history', () => {
    const stream = symbolsOf((prose + END).repeat(50));
    for (const history of ['', 'I', 'It is a tru', 'xyzzy', 'stra\xc3\x9fe']) {
      const documents = [
        symbolsOf(history),
        ...Array.from({ length: 256 }, (_, symbol) => symbolsOf(history + String.fromCharCode(symbol))),
      ];
      for (const parameters of [2 ** 12, 2 ** 18]) {
        const [before, ...bits] = costs(parameters, stream, documents);
        const sum = bits.reduce((all, cost) => all + 2 ** (before! - cost), 0);
        // Decisions sum to 1 without error. Sums of at most 12 costs of at most 127 bits are rounded by 2^-43 each.
        expect(Math.abs(sum - 1)).toBeLessThan(25 * 2 ** -43);
      }
    }
  });

  test('it does not matter how the stream is cut into calls', () => {
    const draw = drawsFrom(7);
    const stream = Uint8Array.from(
      { length: 40_000 },
      () => 97 + Math.floor(8 * draw() ** 2) + (draw() < 0.01 ? 158 : 0),
    );
    const documents = [stream.subarray(100, 2000), symbolsOf(prose)];
    const whole = costs(2 ** 16, stream, documents);
    for (const length of [1, 16_383, 16_384, 16_385]) {
      const proxy = createLogLinearProxy({ parameters: 2 ** 16, heldOut: heldOutOf(documents) });
      for (let at = 0; at < stream.length; at += length)
        proxy.train(stream, at, Math.min(stream.length, at + length));
      expect(scoresOf(proxy, 2)).toEqual(whole);
    }
  });

  test('a document costs what it costs alone, whatever stands before it and however long it is', () => {
    const stream = symbolsOf((prose + END).repeat(20));
    const documents = [prose, 'x', '', prose.repeat(120), prose].map((text) => symbolsOf(text + END));
    const all = costs(2 ** 14, stream, documents);
    for (const [at, document] of documents.entries())
      expect(costs(2 ** 14, stream, [document])[0]).toBe(all[at]);
    const open = documents.map((document) => document.subarray(0, -1));
    expect(costs(2 ** 14, stream, open)[4]).toBe(costs(2 ** 14, stream, [open[4]!])[0]);
  });

  test('what follows an end in the training stream is learned as the start of a document', () => {
    // One step makes a start 8 bits less 8 log2(1 + e^-1.71) = 6.1 cheaper; elsewhere the context of no bytes alone learns of it: 8 bits less
    // 8 log2(1 + e^-0.29) = 1.6.
    const gain = (before: string): number => {
      const [known, unknown] = [`${before}a`, before].map(
        (stream) => costs(2 ** 20, symbolsOf(stream), [symbolsOf('a')])[0]!,
      );
      return unknown! - known!;
    };
    expect(gain(`\x90${END}`)).toBeGreaterThan(5);
    expect(gain('\x90\x90')).toBeLessThan(3);
  });

  test('measuring changes nothing, not even in the middle of a document', () => {
    const stream = symbolsOf((prose + END).repeat(10));
    const documents = [symbolsOf(prose), symbolsOf(END)];
    const proxy = createLogLinearProxy({ parameters: 2 ** 16, heldOut: heldOutOf(documents) });
    for (let at = 0; at < stream.length; at += 97) {
      proxy.train(stream, at, Math.min(stream.length, at + 97));
      expect(scoresOf(proxy, 2)).toEqual(scoresOf(proxy, 2));
    }
    expect(scoresOf(proxy, 2)).toEqual(costs(2 ** 16, stream, documents));
  });

  test('two models do not know of each other', () => {
    const documents = [symbolsOf(prose)];
    const one = createLogLinearProxy({ parameters: 2 ** 14, heldOut: heldOutOf(documents) });
    const other = createLogLinearProxy({ parameters: 2 ** 14, heldOut: heldOutOf(documents) });
    one.train(symbolsOf(prose), 0, prose.length);
    expect(scoresOf(other, 1)[0]).toBe(8 * prose.length);
    expect(one.size).toBe(2 ** 14);
  });
});

describe('learning', () => {
  test('text that was repeated becomes cheap, other text does not', () => {
    const [known, unknown] = costs(2 ** 18, symbolsOf((prose + END).repeat(200)), [
      symbolsOf(prose + END),
      symbolsOf('The quick brown fox jumps over the lazy dog.'),
    ]);
    expect(known! / (prose.length + 1)).toBeLessThan(0.1);
    expect(unknown! / 44).toBeGreaterThan(3);
  });

  /** Four symbols; after each the same four probabilities in another order, so that each costs 1.75 bits in the mean; and now and then an end. */
  function markovStream(length: number, seed: number): { symbols: Uint8Array; bits: number } {
    const draw = drawsFrom(seed);
    const symbols = new Uint8Array(length);
    let bits = 0;
    let last = 0;
    for (let at = 0; at < length; at++) {
      if (at === length - 1 || draw() < 1 / 512) {
        symbols[at] = DOCUMENT_END;
        bits += 9;
        last = 0;
        continue;
      }
      const drawn = draw();
      const rank = drawn < 0.5 ? 0 : drawn < 0.75 ? 1 : drawn < 0.875 ? 2 : 3;
      bits += [1, 2, 3, 3][rank]! - Math.log2(511 / 512);
      last = (last + rank) % 4;
      symbols[at] = 0x61 + 2 * last;
    }
    return { symbols, bits };
  }

  test('it comes as near to the entropy of a Markov source as its number of parameters allows', () => {
    const length = 200_000;
    const heldOut = markovStream(50_000, 99);
    const documents: Uint8Array[] = [];
    for (let start = 0, end = 0; start < heldOut.symbols.length; start = end) {
      end = heldOut.symbols.indexOf(DOCUMENT_END, start) + 1;
      documents.push(heldOut.symbols.subarray(start, end));
    }
    const bits = costs(2 ** 18, markovStream(length, 5).symbols, documents).reduce(
      (sum, cost) => sum + cost,
      0,
    );
    // The source is the best there is: odds of k bits less by chance are 2^-k at most (Markov's inequality on the ratio of likelihoods).
    expect(bits - heldOut.bits).toBeGreaterThan(-40);
    // Contexts of order 0 to 4 have 341 states with three decisions that are open and one of the end. A learner pays log2(n) / 2 bits for each
    // parameter (Rissanen 1986) while it learns; afterwards it is no worse than in the mean.
    const allowed = (341 * 4 * Math.log2(length)) / 2 / length;
    expect((bits - heldOut.bits) / heldOut.symbols.length).toBeLessThan(allowed);
  });

  test('more parameters and more tokens make planted data cheaper', () => {
    // After each pair of sixteen symbols one of sixteen is likely: 256 states, 8 bits less than chance to know them all.
    const draw = drawsFrom(3);
    const likely = Uint8Array.from({ length: 256 }, () => 16 * draw());
    const stream = new Uint8Array(300_000);
    for (let at = 2; at < stream.length; at++) {
      const state = (stream[at - 2]! & 15) * 16 + (stream[at - 1]! & 15);
      stream[at] = 0x60 + (draw() < 0.75 ? likely[state]! : Math.floor(16 * draw()));
    }
    const document = stream.subarray(250_000);
    const by = [12, 14, 16, 18, 20].map(
      (bits) => costs(2 ** bits, stream.subarray(0, 250_000), [document])[0]!,
    );
    for (let at = 1; at < by.length; at++) expect(by[at]! / by[at - 1]!).toBeLessThan(1.01);
    expect(by.at(-1)! / by[0]!).toBeLessThan(0.8);
    const tokens = [31_250, 62_500, 125_000, 250_000].map(
      (end) => costs(2 ** 16, stream.subarray(0, end), [document])[0]!,
    );
    for (let at = 1; at < tokens.length; at++) expect(tokens[at]).toBeLessThan(tokens[at - 1]!);
  });

  test.skipIf(!hasSharedData)(
    'on real prose it is well below an interpolated order-3 model of the same text',
    () => {
      const file = new URL('../../../../shared/data/corpora/tinyshakespeare.txt.gz', import.meta.url);
      const text = gunzipSync(readFileSync(fileURLToPath(file)));
      const train = text.subarray(0, 900_000);
      const held = text.subarray(900_000, 1_000_000);
      const [bits] = costs(2 ** 20, train, [held]);
      expect(bits! / wittenBell(train, held, 3)).toBeLessThan(0.95);
    },
  );
});

/** Bits of a text under an interpolated model of this order (Witten and Bell 1991, method C) that learned from another. */
function wittenBell(train: Uint8Array, held: Uint8Array, order: number): number {
  const counts = Array.from({ length: order + 1 }, () => new Map<number, number>());
  const totals = counts.map(() => new Map<number, number>());
  const kinds = counts.map(() => new Map<number, number>());
  const keyOf = (bytes: Uint8Array, at: number, n: number): number => {
    let key = 0;
    for (let back = n; back > 0; back--) key = key * 256 + bytes[at - back]!;
    return key;
  };
  const add = (map: Map<number, number>, key: number): void => void map.set(key, (map.get(key) ?? 0) + 1);
  for (let at = order; at < train.length; at++) {
    for (let n = 0; n <= order; n++) {
      const context = keyOf(train, at, n);
      const key = context * 256 + train[at]!;
      if (!counts[n]!.has(key)) add(kinds[n]!, context);
      add(counts[n]!, key);
      add(totals[n]!, context);
    }
  }
  let bits = 0;
  for (let at = 0; at < held.length; at++) {
    let p = 1 / 256;
    for (let n = 0; n <= Math.min(order, at); n++) {
      const context = keyOf(held, at, n);
      const total = totals[n]!.get(context) ?? 0;
      const types = kinds[n]!.get(context) ?? 0;
      if (total > 0) p = ((counts[n]!.get(context * 256 + held[at]!) ?? 0) + types * p) / (total + types);
    }
    bits -= Math.log2(p);
  }
  return bits;
}

describe('options', () => {
  const heldOut = heldOutOf([]);

  test('parameters are a power of two from 2^12 to 2^24', () => {
    for (const parameters of [
      0,
      -4096,
      2 ** 11,
      4095,
      4097,
      5000,
      4096.5,
      2 ** 25,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ]) {
      for (const kernel of ['simd', 'scalar'] as const) {
        expect(() => createLogLinearProxy({ parameters, heldOut, kernel })).toThrow(
          expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(String(parameters)) }),
        );
      }
    }
    expect(createLogLinearProxy({ parameters: 2 ** 24, heldOut }).size).toBe(2 ** 24);
  });

  test('its bytes are eight for each parameter, the held-out symbols, and little more', () => {
    for (const parameters of [2 ** 12, 2 ** 20, 2 ** 24]) {
      const rest = logLinearBytes(parameters, 1000) - 8 * parameters - 1000;
      expect(rest).toBeGreaterThan(0);
      expect(rest).toBeLessThan(512 * 1024);
    }
  });

  test('without documents nothing is written', () => {
    const proxy = createLogLinearProxy({ parameters: 4096, heldOut });
    const bits = Float64Array.of(-1);
    proxy.score(bits);
    expect(bits[0]).toBe(-1);
  });
});
