/** Rounds over all pairs; a matrix of a few hundred rows needs about ten. */
const MOST_SWEEPS = 40;

export interface SymmetricEigen {
  /** Descending. */
  readonly values: Float64Array;
  /** `size * size`: the vector of value `k` is row `k`. */
  readonly vectors: Float64Array;
}

/**
 * Eigenvalues and unit eigenvectors of a symmetric matrix by cyclic Jacobi rotations (Golub and Van Loan, Matrix Computations, section 8.5).
 * Only sums, products, quotients and roots, in a fixed order: the same bits on every machine. Cost: about 40 * size^3.
 * @param matrix `size * size`; overwritten.
 */
export function symmetricEigen(matrix: Float64Array, size: number): SymmetricEigen {
  const a = matrix;
  const v = new Float64Array(size * size);
  for (let i = 0; i < size; i++) v[i * size + i] = 1;
  let trace = 0;
  for (let i = 0; i < size; i++) trace += Math.abs(a[i * size + i]!);
  // Rows and columns below are less than `size`.
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let off = 0;
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) off += Math.abs(a[p * size + q]!);
    if (off <= 1e-14 * trace) break;
    // Early rounds leave small entries alone: they are changed again anyway.
    const least = sweep < 3 ? (0.2 * off) / (size * size) : 0;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        const entry = a[p * size + q]!;
        if (entry === 0 || Math.abs(entry) < least) continue;
        const theta = (a[q * size + q]! - a[p * size + p]!) / (2 * entry);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        rotateRows(a, size, p, q, c, s);
        for (let k = 0; k < size; k++) {
          const x = a[k * size + p]!;
          const y = a[k * size + q]!;
          a[k * size + p] = c * x - s * y;
          a[k * size + q] = s * x + c * y;
        }
        rotateRows(v, size, p, q, c, s);
      }
    }
  }
  const order = Array.from({ length: size }, (_, i) => i).sort(
    (i, j) => a[j * size + j]! - a[i * size + i]! || i - j,
  );
  const vectors = new Float64Array(size * size);
  for (const [k, i] of order.entries()) vectors.set(v.subarray(i * size, (i + 1) * size), k * size);
  return { values: Float64Array.from(order, (i) => a[i * size + i]!), vectors };
}

function rotateRows(matrix: Float64Array, size: number, p: number, q: number, c: number, s: number): void {
  for (let i = p * size, j = q * size, end = i + size; i < end; i++, j++) {
    const x = matrix[i]!;
    const y = matrix[j]!;
    matrix[i] = c * x - s * y;
    matrix[j] = s * x + c * y;
  }
}
