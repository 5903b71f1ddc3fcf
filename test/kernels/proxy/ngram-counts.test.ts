import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CHUNK_ENTRY_BYTES, NgramCounts, RUN_ENTRY_BYTES } from '../../../src/kernels/proxy/ngram-counts.ts';
import {
  firstDifference,
  KeySorter,
  makeKeys,
  SORTER_BYTES,
  symbolAt,
} from '../../../src/kernels/proxy/ngram-keys.ts';
import { NgramMemory } from '../../../src/kernels/proxy/ngram-memory.ts';
import { DOCUMENT_END } from '../../../src/kernels/proxy/proxy.ts';

/** Windows as strings, last symbol first, and how often each occurs. */
function windowsOf(stream: readonly number[], order: number): Map<string, number> {
  const start = Array.from({ length: order }, () => DOCUMENT_END);
  const windows = new Map<string, number>();
  let window = start;
  for (const symbol of stream) {
    if (symbol === DOCUMENT_END && window === start) continue;
    window = [symbol, ...window].slice(0, order);
    const name = window.join(' ');
    windows.set(name, (windows.get(name) ?? 0) + 1);
    if (symbol === DOCUMENT_END) window = start;
  }
  return windows;
}

const orders = fc.integer({ min: 2, max: 6 });
const streams = fc.array(fc.oneof(fc.constantFrom(0, 1, 254, DOCUMENT_END), fc.nat(255)), {
  maxLength: 200,
  size: 'max',
});

test('windows of any stream are counted and ascend, whatever the chunk and the calls, and no array is forgotten', () => {
  fc.assert(
    fc.property(
      streams,
      orders,
      fc.integer({ min: 8, max: 70 }),
      fc.nat(200),
      fc.boolean(),
      (stream, order, chunk, cut, between) => {
        const memory = new NgramMemory(Number.POSITIVE_INFINITY);
        const counts = new NgramCounts(order, memory, chunk);
        const symbols = Uint8Array.from(stream);
        const place = Math.min(cut, stream.length);
        counts.add(symbols, 0, place);
        if (between) counts.merged();
        counts.add(symbols, place, symbols.length);
        const run = counts.merged();
        const expected = windowsOf(stream, order);
        const found = new Map<string, number>();
        let last = -1;
        for (let i = 0; i < (run?.lows.length ?? 0); i++) {
          const high = run!.highs[i]!;
          const low = run!.lows[i]!;
          expect(high * 2 ** 32 + low).toBeGreaterThan(last);
          last = high * 2 ** 32 + low;
          const symbolsOfKey = Array.from({ length: order }, (_, depth) =>
            symbolAt(high, low, depth + 1, order),
          );
          found.set(symbolsOfKey.join(' '), run!.counts[i]!);
        }
        expect(found).toEqual(expected);
        expect(memory.held).toBe(SORTER_BYTES + CHUNK_ENTRY_BYTES * chunk + RUN_ENTRY_BYTES * expected.size);
      },
    ),
    // Each sort clears tables of 256 KiB.
    { numRuns: 60 },
  );
});

test('keys of any order are sorted with their payloads, equal ones in the order they had', () => {
  fc.assert(
    fc.property(
      orders,
      fc.array(fc.tuple(fc.nat(3), fc.oneof(fc.nat(3), fc.nat(2 ** 32 - 1))), { maxLength: 100 }),
      (order, pairs) => {
        const memory = new NgramMemory(Number.POSITIVE_INFINITY);
        const keys = makeKeys(pairs.length, true, memory);
        const list = pairs.map(([high, low], payload) => ({
          high: order === 6 ? high * 16_383 : order === 5 ? high * 85 : 0,
          low: order < 4 ? low % 256 ** order : low,
          payload,
        }));
        for (const { high, low, payload } of list) {
          keys.highs[payload] = high;
          keys.lows[payload] = low;
          keys.payloads[payload] = payload;
        }
        new KeySorter(order, pairs.length, true, memory).sort(keys, pairs.length);
        const sorted = list.sort((a, b) => a.high - b.high || a.low - b.low || a.payload - b.payload);
        expect([...keys.payloads]).toEqual(sorted.map(({ payload }) => payload));
        expect([...keys.lows]).toEqual(sorted.map(({ low }) => low));
        expect([...keys.highs]).toEqual(sorted.map(({ high }) => high));
      },
    ),
  );
});

test('the first difference of two keys is the first symbol that differs', () => {
  // "abcdef" read from its end, and keys that differ from it in one symbol.
  const high = 0x6665;
  const low = 0x64636261;
  expect(Array.from({ length: 6 }, (_, i) => symbolAt(high, low, i + 1, 6))).toEqual([
    0x66, 0x65, 0x64, 0x63, 0x62, 0x61,
  ]);
  expect(firstDifference(high, low, high ^ 0x0100, low, 6)).toBe(1);
  expect(firstDifference(high, low, high ^ 0x0080, low ^ 1, 6)).toBe(2);
  expect(firstDifference(high, low, high, (low ^ 0x80000000) >>> 0, 6)).toBe(3);
  expect(firstDifference(high, low, high, low ^ 1, 6)).toBe(6);
  expect(firstDifference(0, 0x6261, 0, 0x6161, 2)).toBe(1);
});
