import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rightSingularVectors, type SparseRows } from '../../../src/kernels/lexical/latent.ts';
import { symmetricEigen } from '../../../src/kernels/lexical/symmetric-eigen.ts';

const entry = fc.double({ min: -10, max: 10, noNaN: true }).map((x) => Math.round(x * 64) / 64);

test('eigenvectors are orthonormal, values descend, and both together are the matrix again', () => {
  const matrix = fc
    .integer({ min: 1, max: 12 })
    .chain((size) =>
      fc
        .array(entry, { minLength: size * size, maxLength: size * size })
        .map((numbers) => ({ size, numbers })),
    );
  fc.assert(
    fc.property(matrix, ({ size, numbers }) => {
      const symmetric = Float64Array.from(numbers, (_, at) => {
        const [i, j] = [Math.floor(at / size), at % size];
        return i <= j ? numbers[i * size + j]! : numbers[j * size + i]!;
      });
      const { values, vectors } = symmetricEigen(symmetric.slice(), size);
      // Rounding: some tens of rotations of numbers up to 10 * size, each off by 2^-53 of that.
      const tolerance = 1e-11;
      for (let i = 0; i < size; i++) {
        if (i > 0) expect(values[i]!).toBeLessThanOrEqual(values[i - 1]!);
        for (let j = 0; j < size; j++) {
          let dot = 0;
          let again = 0;
          for (let k = 0; k < size; k++) {
            dot += vectors[i * size + k]! * vectors[j * size + k]!;
            again += values[k]! * vectors[k * size + i]! * vectors[k * size + j]!;
          }
          expect(Math.abs(dot - (i === j ? 1 : 0))).toBeLessThan(tolerance);
          expect(Math.abs(again - symmetric[i * size + j]!)).toBeLessThan(10 * size * tolerance);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('the eigenvalues of a matrix known by hand are found', () => {
  // 2 on the diagonal, 1 beside it: 2 + 2 cos(k pi / 4).
  const { values } = symmetricEigen(Float64Array.of(2, 1, 0, 1, 2, 1, 0, 1, 2), 3);
  for (const [at, value] of [2 + Math.SQRT2, 2, 2 - Math.SQRT2].entries()) {
    expect(values[at]).toBeCloseTo(value, 12);
  }
});

/** A sparse matrix of these rows. */
function sparse(rows: readonly (readonly number[])[], columnCount: number): SparseRows {
  const offsets = [0];
  const columns: number[] = [];
  const values: number[] = [];
  for (const row of rows) {
    for (const [column, value] of row.entries()) {
      if (value === 0) continue;
      columns.push(column);
      values.push(value);
    }
    offsets.push(columns.length);
  }
  return {
    columnCount,
    offsets: Uint32Array.from(offsets),
    columns: Uint32Array.from(columns),
    values: Float64Array.from(values),
  };
}

test('a matrix of no higher rank than asked for is projected onto itself', () => {
  const matrix = fc
    .tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 1, max: 9 }))
    .chain(([height, width]) =>
      fc
        .array(
          fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 9 })), {
            minLength: width,
            maxLength: width,
          }),
          {
            minLength: height,
            maxLength: height,
          },
        )
        .map((rows) => ({ rows, width })),
    );
  fc.assert(
    fc.property(matrix, fc.nat(), ({ rows, width }, seed) => {
      const rank = 8;
      const found = rightSingularVectors(sparse(rows, width), rank, seed);
      expect(found).toHaveLength(width * rank);
      for (const row of rows) {
        const projected = Array.from({ length: rank }, (_, k) =>
          row.reduce((sum, value, column) => sum + value * found[column * rank + k]!, 0),
        );
        for (const [column, value] of row.entries()) {
          const again = projected.reduce((sum, one, k) => sum + one * found[column * rank + k]!, 0);
          // Directions of singular values below 10^-6 of the largest, at most 9 * sqrt(63) < 72, are left out.
          expect(Math.abs(again - value)).toBeLessThan(1e-3);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('the leading directions of a larger matrix are those of all its singular vectors', () => {
  // Three blocks of documents, each with words of its own, of 40, 20 and 10 equal rows; and one row for each of 100 words more.
  const rows: number[][] = [40, 20, 10].flatMap((count, block) =>
    Array.from({ length: count }, () =>
      Array.from({ length: 130 }, (_, at) => (Math.floor(at / 10) === block ? 1 : 0)),
    ),
  );
  for (let word = 30; word < 130; word++)
    rows.push(Array.from({ length: 130 }, (_, at) => (at === word ? 0.1 : 0)));
  const found = rightSingularVectors(sparse(rows, 130), 16, 7);
  // Singular values 20, 14.1, 10 against 0.1: an iteration and a half leaves (0.1 / 10)^3 of the rest, times what randomness adds.
  for (const block of [0, 1, 2]) {
    for (let word = 0; word < 130; word++) {
      const expected = Math.floor(word / 10) === block ? Math.sqrt(0.1) : 0;
      expect(Math.abs(Math.abs(found[word * 16 + block]!) - expected)).toBeLessThan(1e-4);
    }
  }
});

test('with another seed other random directions lead to the same place', () => {
  const rows = Array.from({ length: 30 }, (_, i) =>
    Array.from({ length: 20 }, (_, j) => ((i * 7 + j * 3) % 11) / 10),
  );
  const matrix = sparse(rows, 20);
  const [one, same, other] = [1, 1, 2].map((seed) => rightSingularVectors(matrix, 16, seed));
  expect(same).toEqual(one);
  expect(other).not.toEqual(one);
  const cosine = (vectors: Float64Array, k: number, others: Float64Array): number =>
    Array.from({ length: 20 }, (_, j) => vectors[j * 16 + k]! * others[j * 16 + k]!).reduce(
      (a, b) => a + b,
      0,
    );
  expect(Math.abs(cosine(one!, 0, other!))).toBeCloseTo(1, 9);
});
