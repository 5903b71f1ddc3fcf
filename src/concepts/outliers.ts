/** Bins of each concept, of equal width over distances from 0 to 1. */
export const DISTANCE_BINS = 1024;

/** Of a hundred documents of a concept, at most one is an outlier. */
const DOCUMENTS_AN_OUTLIER = 100;

/** Bin of a distance (1 - cosine) from a centre; the last one also takes those above 1, of documents that point away from it. */
export function distanceBin(distance: number): number {
  return Math.min(DISTANCE_BINS - 1, Math.max(0, Math.floor(distance * DISTANCE_BINS)));
}

/**
 * How far the documents of each concept lie from its centre: a histogram for each, 4 KiB, whatever the number of documents. Made in parts, which
 * are then added up; neither the parts nor their order show.
 */
export class DistanceHistograms {
  /** `concepts * DISTANCE_BINS` counts. */
  readonly counts: Uint32Array;

  /** @param counts what `counts` of others was, kept as it is; all 0 if it is new. */
  constructor(counts: Uint32Array) {
    if (counts.length % DISTANCE_BINS !== 0) {
      throw new RangeError(`counts: expected ${DISTANCE_BINS} for each concept, found ${counts.length}`);
    }
    this.counts = counts;
  }

  /** Adds a document. */
  add(concept: number, distance: number): void {
    const at = concept * DISTANCE_BINS + distanceBin(distance);
    this.counts[at] = this.counts[at]! + 1;
  }

  /** Adds the documents of another part. */
  merge(other: DistanceHistograms): void {
    for (const [at, count] of other.counts.entries()) this.counts[at]! += count;
  }
}

/**
 * Bin of each concept from which on documents are outliers; `DISTANCE_BINS` where there are none. These are the outermost 1 % of a concept in
 * whole bins: the bin that the mark lies in is kept whole. So never more than 1 % are outliers, documents at one distance are treated alike, and a
 * concept of fewer than 100 documents has none.
 */
export function outlierBins({ counts }: DistanceHistograms): Uint16Array {
  const bins = new Uint16Array(counts.length / DISTANCE_BINS);
  for (let concept = 0; concept < bins.length; concept++) {
    const histogram = counts.subarray(concept * DISTANCE_BINS, (concept + 1) * DISTANCE_BINS);
    const documents = histogram.reduce((sum, count) => sum + count, 0);
    let left = Math.floor(documents / DOCUMENTS_AN_OUTLIER);
    let bin = DISTANCE_BINS;
    for (; bin > 0 && histogram[bin - 1]! <= left; bin--) left -= histogram[bin - 1]!;
    bins[concept] = documents < DOCUMENTS_AN_OUTLIER ? DISTANCE_BINS : bin;
  }
  return bins;
}
