import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createExamples, type Example, type Examples, typicalOf } from '../../src/concepts/examples.ts';

const utf8 = new TextEncoder();
const textOf = ({ bytes }: Example): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

interface Given {
  readonly concept: number;
  readonly low: number;
  readonly high: number;
  readonly similarity: number;
  readonly source: number;
  readonly row: number;
  readonly text: string;
}

function add(examples: Examples, one: Given): void {
  // Somewhere within a larger buffer, as the text of a batch is.
  const bytes = utf8.encode(`before${one.text}after`);
  examples.add(
    one.concept,
    one.low,
    one.high,
    one.similarity,
    one.source,
    one.row,
    bytes,
    6,
    bytes.length - 5,
  );
}

const given: fc.Arbitrary<Given> = fc.record({
  concept: fc.nat({ max: 2 }),
  low: fc.oneof(fc.nat({ max: 3 }), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  high: fc.oneof(fc.nat({ max: 1 }), fc.constant(2 ** 32 - 1)),
  similarity: fc.double({ min: 0, max: 1, noNaN: true }),
  source: fc.nat({ max: 1 }),
  row: fc.nat({ max: 2 ** 40 }),
  text: fc.string({ unit: 'grapheme', maxLength: 30 }),
});
const unique = { selector: ({ row }: Given): number => row, maxLength: 40 };

const plain = ({ hashLow, hashHigh, similarity, source, row, bytes }: Example): unknown[] => [
  hashHigh,
  hashLow,
  source,
  row,
  similarity,
  [...bytes],
];

test('the documents of the lowest hash are kept, in whatever order they come', () => {
  fc.assert(
    fc.property(fc.uniqueArray(given, unique), fc.integer({ min: 1, max: 12 }), (all, size) => {
      const [there, back] = [createExamples(3, size, 8), createExamples(3, size, 8)];
      for (const one of all) add(there, one);
      for (const one of all.toReversed()) add(back, one);
      for (const concept of [0, 1, 2]) {
        const lowest = all
          .filter((one) => one.concept === concept)
          .toSorted((a, b) => a.high - b.high || a.low - b.low || a.source - b.source || a.row - b.row)
          .slice(0, size);
        const kept = there.of(concept);
        expect(kept.map(({ row }) => row)).toEqual(lowest.map(({ row }) => row));
        for (const [at, one] of kept.entries()) {
          const { low, high, similarity, source, text } = lowest[at]!;
          expect(one).toMatchObject({ hashLow: low, hashHigh: high, similarity, source });
          expect(text.startsWith(textOf(one))).toBe(true);
        }
        expect(back.of(concept).map(plain)).toEqual(kept.map(plain));
      }
    }),
  );
});

test('what threads have is brought together by adding what each has to one', () => {
  fc.assert(
    fc.property(fc.uniqueArray(given, unique), (all) => {
      const [whole, left, right, merged] = [0, 1, 2, 3].map(() => createExamples(3, 4, 8));
      for (const one of all) {
        add(whole!, one);
        add(one.row % 2 === 0 ? left! : right!, one);
      }
      for (const part of [right!, left!]) {
        for (const concept of [0, 1, 2]) {
          for (const { hashLow, hashHigh, similarity, source, row, bytes } of part.of(concept)) {
            merged!.add(concept, hashLow, hashHigh, similarity, source, row, bytes, 0, bytes.length);
          }
        }
      }
      for (const concept of [0, 1, 2]) {
        expect(merged!.of(concept).map(plain)).toEqual(whole!.of(concept).map(plain));
      }
    }),
  );
});

test.each([
  ['abcdefgh', 8, 'abcdefgh'],
  ['abcdefghi', 8, 'abcdefgh'],
  ['abcdefgé', 8, 'abcdefg'],
  ['abcdefé', 8, 'abcdefé'],
  ['abcde\u{1F600}', 8, 'abcde'],
  ['abcd\u{1F600}', 8, 'abcd\u{1F600}'],
  ['\u{1F600}', 3, ''],
  ['日本語', 7, '日本'],
  ['', 4, ''],
])('of %j the first %d bytes are %j, cut between code points', (text, most, expected) => {
  const examples = createExamples(1, 1, most);
  add(examples, { concept: 0, low: 0, high: 0, similarity: 0, source: 0, row: 0, text });
  expect(textOf(examples.of(0)[0]!)).toBe(expected);
});

test('damaged text is cut where there is no more room', () => {
  const examples = createExamples(1, 1, 4);
  examples.add(0, 0, 0, 0, 0, 0, new Uint8Array(9).fill(0x80), 1, 9);
  expect([...examples.of(0)[0]!.bytes]).toEqual([0x80, 0x80, 0x80, 0x80]);
});

test('the source is read once: what happens to its bytes afterwards changes nothing', () => {
  const examples = createExamples(1, 2, 8);
  const bytes = utf8.encode('abc');
  examples.add(0, 1, 0, 0.5, 0, 0, bytes, 0, 3);
  bytes.fill(0);
  expect(examples.of(0).map(textOf)).toEqual(['abc']);
});

test('the typical ones are those nearest to the centre, equals in the order of their hash', () => {
  const examples = createExamples(1, 5, 8);
  for (const [low, similarity] of [0.2, 0.9, 0.5, 0.9, 0.1].entries()) {
    add(examples, { concept: 0, low, high: 0, similarity, source: 0, row: low, text: 't' });
  }
  expect(typicalOf(examples.of(0)).map(({ row }) => row)).toEqual([1, 3, 2]);
  expect(typicalOf(examples.of(0), 9).map(({ row }) => row)).toEqual([1, 3, 2, 0, 4]);
  expect(typicalOf([])).toEqual([]);
});

test('a concept or a size that is none is refused', () => {
  const examples = createExamples(2, 1, 8);
  expect(() => examples.add(2, 0, 0, 0, 0, 0, new Uint8Array(), 0, 0)).toThrow(RangeError);
  expect(() => examples.add(Number.NaN, 0, 0, 0, 0, 0, new Uint8Array(), 0, 0)).toThrow(RangeError);
  expect(examples.of(1)).toEqual([]);
  expect(() => createExamples(2, 0, 8)).toThrow('perConcept: expected a whole number above 0, found 0');
});
