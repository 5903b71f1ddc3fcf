/** How a MinHash signature is cut: `bands` groups of `rows` minima. */
export interface Banding {
  readonly bands: number;
  readonly rows: number;
}

/** A point of the recall curve. */
export interface RecallPoint {
  /** Jaccard similarity of the shingle sets of two documents. */
  readonly similarity: number;
  /** Chance that they share a band. */
  readonly probability: number;
}

/** Chance that two documents of Jaccard similarity `similarity` share at least one band: 1 - (1 - s^rows)^bands. */
export function collisionProbability(similarity: number, bands: number, rows: number): number {
  // By logarithms, because 1 - (1 - x)^n loses all digits of a small x.
  return -Math.expm1(bands * Math.log1p(-(similarity ** rows)));
}

/**
 * Rate at which one band may err so that `bands` of them together err at `total`: 1 - (1 - total)^(1 / bands).
 */
export function bandFalsePositiveRate(total: number, bands: number): number {
  return -Math.expm1(Math.log1p(-total) / bands);
}

/**
 * The recall curve as a report shows it: every 0.05 from 0.5 to 1.
 */
export function recallCurve(bands: number, rows: number): RecallPoint[] {
  return Array.from({ length: 11 }, (_, step) => {
    const similarity = (50 + 5 * step) / 100;
    return { similarity, probability: collisionProbability(similarity, bands, rows) };
  });
}

/**
 * The banding of at most `permutations` minima whose collision curve is closest to a step at `similarity`: least sum of
 * half the area above it to the left (dissimilar pairs that meet) and half the area missing to the right (similar pairs
 * that do not). The first of equals, fewest bands first, wins. This is datasketch's `_optimal_param` with its default
 * weights, so both libraries cut alike.
 */
export function chooseBands(similarity: number, permutations: number): Banding {
  let best: Banding = { bands: 1, rows: 1 };
  let leastError = Number.POSITIVE_INFINITY;
  for (let bands = 1; bands <= permutations; bands++) {
    for (let rows = 1; rows <= Math.floor(permutations / bands); rows++) {
      const falsePositives = integrate((s) => collisionProbability(s, bands, rows), 0, similarity);
      const falseNegatives = integrate((s) => 1 - collisionProbability(s, bands, rows), similarity, 1);
      const error = 0.5 * falsePositives + 0.5 * falseNegatives;
      if (error < leastError) {
        leastError = error;
        best = { bands, rows };
      }
    }
  }
  return best;
}

/** Simpson's rule over 256 intervals: the curves are smooth, and the error stays far below the gap between two bandings. */
function integrate(curve: (at: number) => number, start: number, end: number): number {
  const intervals = 256;
  const step = (end - start) / intervals;
  let sum = curve(start) + curve(end);
  for (let index = 1; index < intervals; index++)
    sum += (index % 2 === 1 ? 4 : 2) * curve(start + index * step);
  return (sum * step) / 3;
}
