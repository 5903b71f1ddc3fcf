import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UnionFind } from '../../src/kernels/union-find.ts';

const SIZE = 40;
const pairs = fc.array(fc.tuple(fc.nat(SIZE - 1), fc.nat(SIZE - 1)), { maxLength: 60 });

/** Labels spread along the pairs until nothing changes. */
function leastOfEach(joined: readonly (readonly [number, number])[]): number[] {
  const labels = Array.from({ length: SIZE }, (_, number) => number);
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const [a, b] of joined) {
      const least = Math.min(labels[a]!, labels[b]!);
      isChanged ||= labels[a] !== least || labels[b] !== least;
      labels[a] = least;
      labels[b] = least;
    }
  }
  return labels;
}

function roots(joined: readonly (readonly [number, number])[]): number[] {
  const sets = new UnionFind(new Uint32Array(SIZE));
  for (const [a, b] of joined) sets.union(a, b);
  return Array.from({ length: SIZE }, (_, number) => sets.find(number));
}

test('the root of a set is its least number, as spreading labels finds it, in whatever order sets are joined', () => {
  fc.assert(
    fc.property(
      pairs.chain((joined) =>
        fc.tuple(
          fc.constant(joined),
          fc.shuffledSubarray(joined, { minLength: joined.length, maxLength: joined.length }),
        ),
      ),
      ([joined, shuffled]) => {
        const expected = leastOfEach(joined);
        expect(roots(joined)).toEqual(expected);
        expect(roots(shuffled)).toEqual(expected);
        expect(roots(joined.map(([a, b]) => [b, a]))).toEqual(expected);
      },
    ),
  );
});

test('numbers are by themselves at first, whatever the memory held, and after being joined with themselves', () => {
  const sets = new UnionFind(Uint32Array.of(7, 7, 7));
  sets.union(1, 1);
  expect([0, 1, 2].map((number) => sets.find(number))).toEqual([0, 1, 2]);
  expect(() => new UnionFind(new Uint32Array(0))).not.toThrow();
});

test('a long chain joined from its end has one root', () => {
  const length = 100_000;
  const sets = new UnionFind(new Uint32Array(length));
  for (let number = length - 1; number > 0; number--) sets.union(number, number - 1);
  expect([0, 1, length >>> 1, length - 1].map((number) => sets.find(number))).toEqual([0, 0, 0, 0]);
});
