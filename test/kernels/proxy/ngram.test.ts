import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { CurationError } from '../../../src/errors.ts';
import { createNgramProxy, type NgramProxyOptions, ngramBytes } from '../../../src/kernels/proxy/ngram.ts';
import { CHUNK } from '../../../src/kernels/proxy/ngram-counts.ts';
import { DOCUMENT_END, type Proxy } from '../../../src/kernels/proxy/proxy.ts';
import { bytesOf, heldOutOf, joined, KneserNeyOracle } from './ngram-oracle.ts';

function trained(stream: Uint8Array, options: NgramProxyOptions): Proxy {
  const proxy = createNgramProxy(options);
  proxy.train(stream, 0, stream.length);
  return proxy;
}

function bitsOf(proxy: Proxy, documents: number): number[] {
  const bits = new Float64Array(documents);
  proxy.score(bits);
  return [...bits];
}

function costs(order: number, training: string[], heldOut: string[]): number[] {
  return bitsOf(
    trained(joined(training.map(bytesOf)), { order, heldOut: heldOutOf(heldOut.map(bytesOf)) }),
    heldOut.length,
  );
}

/** Sums of up to some hundred logarithms, each of a probability that some dozens of roundings made: far below. */
const RELATIVE = 1e-9;

function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  for (const [i, bits] of expected.entries())
    expect(Math.abs(found[i]! - bits)).toBeLessThanOrEqual(RELATIVE * bits);
}

/** Random bytes of which many repeat, so that counts of counts are not all of ones. */
const symbol = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(97, 98, 99) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1, 127, 128, 254) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 254 }) },
);
const streams = fc
  .array(fc.oneof({ weight: 9, arbitrary: symbol }, { weight: 1, arbitrary: fc.constant(DOCUMENT_END) }), {
    maxLength: 300,
    size: 'max',
  })
  .map((symbols) => Uint8Array.from(symbols));
const documentLists = fc.array(fc.array(symbol, { maxLength: 40, size: 'max' }), { maxLength: 8 });
const orders = fc.integer({ min: 2, max: 6 });

describe('cases worked out by hand', () => {
  test('one document of two symbols', () => {
    // Order 2, "ab". Bigrams <s>a, ab, b</s> once each; a, b and </s> each after one other symbol. All discounts are fallbacks: D1 = 1/2.
    //   p(a) = p(b) = p(</s>) = (1 - 1/2) / 3 + (1/2 * 3 / 3) / 256     p(z) = 1/2 / 256
    //   p(a|<s>) = (1 - 1/2) / 1 + 1/2 p(a), and so p(b|a), p(</s>|b)
    //   "z": p(z|<s>) = 1/2 p(z); no history z, so p(</s>|z) = p(</s>)
    const unigram = 1 / 6 + 1 / 512;
    const bigram = 1 / 2 + unigram / 2;
    expectClose(costs(2, ['ab'], ['ab', 'z']), [
      -3 * Math.log2(bigram),
      -Math.log2(1 / 1024) - Math.log2(unigram),
    ]);
  });

  test('a count of two loses D2', () => {
    // Order 2, "aaa". <s>a 1, aa 2, a</s> 1; a after <s> and a: 2, </s> after a: 1. Fallbacks D1 = 1/2, D2 = 1.
    //   p(a) = (2 - 1) / 3 + (1/2 + 1) / 3 / 256    p(</s>) = (1 - 1/2) / 3 + (1/2 + 1) / 3 / 256
    //   p(a|a) = (2 - 1) / 3 + 1.5 / 3 p(a)         p(</s>|a) = (1 - 1/2) / 3 + 1.5 / 3 p(</s>)
    const a = 1 / 3 + 1 / 512;
    const end = 1 / 6 + 1 / 512;
    const first = 1 / 2 + a / 2;
    expectClose(costs(2, ['aaa'], ['aa']), [
      -Math.log2(first) - Math.log2(1 / 3 + a / 2) - Math.log2(1 / 6 + end / 2),
    ]);
  });

  test('in a lower order what starts a document keeps how often it occurs, the rest has how many stand before it', () => {
    // Order 3, "a" and "ab". Bigrams <s>a 2 (twice), ab 1, a</s> 1, b</s> 1; a 1 (after <s>), b 1, </s> 2 (after a, b). Fallbacks.
    //   p(a) = (1 - 1/2) / 4 + (1/2 + 1/2 + 1) / 4 / 256       p(a|<s>) = (2 - 1) / 2 + 1 / 2 p(a)
    //   p(</s>) = (2 - 1) / 4 + 1/2 / 256                       p(</s>|a) = (1 - 1/2) / 2 + (1/2 + 1/2) / 2 p(</s>)
    //   p(</s>|<s>a) = (1 - 1/2) / 2 + 1/2 p(</s>|a), for <s>a</s> 1, <s>ab 1
    const a = 1 / 8 + 1 / 512;
    const end = 1 / 4 + 1 / 512;
    const endAfterA = 1 / 4 + end / 2;
    expectClose(costs(3, ['a', 'ab'], ['a']), [-Math.log2(1 / 2 + a / 2) - Math.log2(1 / 4 + endAfterA / 2)]);
  });

  test('without training every symbol and the end cost 8 bits', () => {
    const proxy = createNgramProxy({ order: 5, heldOut: heldOutOf([[1, 2, 3], [], [254]]) });
    expect(bitsOf(proxy, 3)).toEqual([32, 0, 16]);
    expect(proxy.size).toBe(0);
  });
});

describe('against the formulas on maps', () => {
  test('any bytes, any order, any vocabulary: the same bits and size', () => {
    fc.assert(
      fc.property(
        streams,
        documentLists,
        orders,
        fc.constantFrom(256, 64, 1000),
        (stream, documents, order, vocabulary) => {
          const heldOut = heldOutOf(documents);
          const oracle = new KneserNeyOracle(stream, order, vocabulary);
          const proxy = trained(stream, { order, heldOut, vocabulary });
          expectClose(bitsOf(proxy, documents.length), oracle.bits(heldOut));
          expect(proxy.size).toBe(oracle.size);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('any cut into calls, measured between them: each time the bits of what was read so far', () => {
    fc.assert(
      fc.property(
        streams,
        documentLists,
        orders,
        fc.array(fc.nat(300), { maxLength: 4 }),
        (stream, documents, order, cuts) => {
          const heldOut = heldOutOf(documents);
          const proxy = createNgramProxy({ order, heldOut });
          const places = [
            ...cuts.map((cut) => Math.min(cut, stream.length)).sort((a, b) => a - b),
            stream.length,
          ];
          let at = 0;
          for (const place of places) {
            proxy.train(stream, at, place);
            at = place;
            const oracle = new KneserNeyOracle(stream.subarray(0, place), order);
            expectClose(bitsOf(proxy, documents.length), oracle.bits(heldOut));
            expect(proxy.size).toBe(oracle.size);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a document that is trained on and measured costs less than one of the same symbols in another order', () => {
    const [known, other] = costs(4, ['to be or not to be'], ['to be or not to be', 'eb ot ton ro eb ot']);
    expect(known!).toBeLessThan(other! / 2);
  });
});

describe('laws', () => {
  const text = bytesOf('the water finds the gate and the gate finds the water');

  test('held-out documents do not change what others cost, nor does their order', () => {
    const stream = joined([text, text.slice(5, 30)]);
    const documents = [text.slice(0, 9), [], text.slice(3), [1, 2], text.slice(0, 9)];
    const together = bitsOf(trained(stream, { order: 5, heldOut: heldOutOf(documents) }), 5);
    const alone = documents.map(
      (document) => bitsOf(trained(stream, { order: 5, heldOut: heldOutOf([document]) }), 1)[0]!,
    );
    expect(together).toEqual(alone);
  });

  test('training documents are not joined: their order does not matter, and empty ones do not count', () => {
    const heldOut = heldOutOf([text]);
    const parts = [text.slice(0, 20), text.slice(20, 31), text.slice(31)];
    const bits = bitsOf(trained(joined(parts), { order: 5, heldOut }), 1);
    expect(bitsOf(trained(joined([...parts].reverse()), { order: 5, heldOut }), 1)).toEqual(bits);
    expect(
      bitsOf(trained(joined([[], ...parts.flatMap((part) => [part, [], []])]), { order: 5, heldOut }), 1),
    ).toEqual(bits);
    expect(bitsOf(trained(joined([text]), { order: 5, heldOut }), 1)).not.toEqual(bits);
  });

  test('a stream of several chunks gives the same however it is measured on the way', () => {
    // Numbers of a linear congruential generator, few enough that windows repeat; more than two chunks.
    const stream = new Uint8Array(2 * CHUNK + 12_345);
    let state = 1;
    for (let i = 0; i < stream.length; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      stream[i] = state >>> 24 > 250 ? DOCUMENT_END : 97 + ((state >>> 28) & 7);
    }
    const heldOut = heldOutOf([[...stream.subarray(0, 50)].filter((each) => each !== DOCUMENT_END), text]);
    const once = trained(stream, { order: 4, heldOut });
    const often = createNgramProxy({ order: 4, heldOut });
    for (let at = 0; at < stream.length; ) {
      const next = Math.min(stream.length, at + 500_009);
      often.train(stream, at, next);
      bitsOf(often, 2);
      at = next;
    }
    expect(bitsOf(often, 2)).toEqual(bitsOf(once, 2));
    expect(often.size).toBe(once.size);
  });

  test('measuring twice gives the same, and leaves the rest of the array as it was', () => {
    const proxy = trained(joined([text]), { order: 3, heldOut: heldOutOf([text]) });
    const bits = new Float64Array([0, 7]);
    proxy.score(bits);
    expect(bits[1]).toBe(7);
    expect(bitsOf(proxy, 1)).toEqual([bits[0]]);
  });
});

describe('memory', () => {
  /** Distinct windows as far as the order allows. */
  function distinct(length: number): Uint8Array {
    const stream = new Uint8Array(length);
    let state = 7;
    for (let i = 0; i < length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      stream[i] = (state >>> 0) % 255;
    }
    stream[length - 1] = DOCUMENT_END;
    return stream;
  }

  /** Bytes of all typed arrays of more than 4 KiB that `action` makes. */
  function allocated(action: () => void): number {
    let bytes = 0;
    const names = ['Uint8Array', 'Uint16Array', 'Uint32Array', 'Float64Array'] as const;
    for (const name of names) {
      const Original = globalThis[name];
      vi.stubGlobal(
        name,
        new Proxy(Original, {
          construct(target, words) {
            const array = Reflect.construct(target, words);
            if (typeof words[0] === 'number' && array.byteLength > 4096) bytes += array.byteLength;
            return array;
          },
        }),
      );
    }
    try {
      action();
    } finally {
      vi.unstubAllGlobals();
    }
    return bytes;
  }

  test.each([2, 3, 4, 5, 6])(
    'what a model of order %d takes on symbols that hardly repeat stays within the bound',
    (order) => {
      const training = distinct(2 * CHUNK + 5);
      const held = distinct(200_000);
      const proxy = createNgramProxy({
        order,
        heldOut: { symbols: held, offsets: Uint32Array.of(0, held.length) },
      });
      for (const end of [CHUNK / 2, training.length]) {
        proxy.train(training, end === training.length ? CHUNK / 2 : 0, end);
        bitsOf(proxy, 1);
      }
      const bound = ngramBytes(order, training.length, held.length);
      expect(proxy.peakBytes).toBeLessThanOrEqual(bound);
      // Where nothing repeats the bound is near: it would not refuse what fits twice over.
      if (order >= 4) expect(proxy.peakBytes).toBeGreaterThan(bound / 2);
    },
  );

  test('every array of any size is counted', () => {
    const training = distinct(300_000);
    const held = distinct(50_000);
    let total = 0;
    const bytes = allocated(() => {
      const proxy = createNgramProxy({
        order: 5,
        heldOut: { symbols: held, offsets: Uint32Array.of(0, held.length) },
      });
      for (const [start, end] of [
        [0, 100_000],
        [100_000, 300_000],
      ] as const) {
        proxy.train(training, start, end);
        proxy.score(new Float64Array(1));
      }
      total = proxy.allocatedBytes;
    });
    expect(bytes).toBeGreaterThan(0);
    // Arrays that are not counted are of a few words for each order; some that are counted are as small, and so were left out here.
    expect(Math.abs(total - bytes)).toBeLessThan(64 * 1024);
  });

  test('a model stops with MEMORY before it takes more than it was given, at the start or in training', () => {
    const held = heldOutOf([[1, 2, 3]]);
    const training = distinct(CHUNK);
    expect(() => createNgramProxy({ order: 5, heldOut: held, memoryBytes: 1000 })).toThrow(
      expect.objectContaining({
        code: 'MEMORY',
        message: expect.stringMatching(/was given 1000 B; measure with fewer tokens .* --memory/),
      }),
    );
    const memoryBytes = 16 * 2 ** 20;
    const proxy = createNgramProxy({ order: 5, heldOut: held, memoryBytes });
    expect(() => {
      proxy.train(training, 0, training.length);
      bitsOf(proxy, 1);
    }).toThrow(CurationError);
    expect(proxy.peakBytes).toBeLessThanOrEqual(memoryBytes);
  });

  test('a model that is given its bound never stops', () => {
    const training = distinct(CHUNK + 1000);
    const held = distinct(10_000);
    const proxy = trained(training, {
      order: 6,
      heldOut: { symbols: held, offsets: Uint32Array.of(0, held.length) },
      memoryBytes: ngramBytes(6, training.length, held.length),
    });
    expect(bitsOf(proxy, 1)[0]).toBeGreaterThan(0);
  });
});

describe('what is refused', () => {
  const heldOut = heldOutOf([[1]]);

  test.each([1, 7, 2.5, Number.NaN])('an order of %d', (order) => {
    expect(() => createNgramProxy({ order, heldOut })).toThrow(RangeError);
  });

  test('held-out documents without their end, or with one inside', () => {
    const make = (symbols: number[]) => () =>
      createNgramProxy({
        order: 3,
        heldOut: { symbols: Uint8Array.from(symbols), offsets: Uint32Array.of(0, symbols.length) },
      });
    expect(make([1, 2])).toThrow(/expected one DOCUMENT_END/);
    expect(make([1, DOCUMENT_END, 2, DOCUMENT_END])).toThrow(/expected one DOCUMENT_END/);
    expect(make([1, 2, DOCUMENT_END])).not.toThrow();
  });

  test('an array too short for the bits, symbols past the end of their array', () => {
    const proxy = createNgramProxy({ order: 3, heldOut });
    expect(() => proxy.score(new Float64Array(0))).toThrow(RangeError);
    expect(() => proxy.train(new Uint8Array(3), 0, 4)).toThrow(RangeError);
  });

  test('no held-out documents at all are none to measure', () => {
    const none = createNgramProxy({
      order: 3,
      heldOut: { symbols: new Uint8Array(0), offsets: new Uint32Array(1) },
    });
    none.train(Uint8Array.of(1, 2, DOCUMENT_END), 0, 3);
    none.score(new Float64Array(0));
    expect(none.size).toBe(3 + 3 + 2);
  });
});
