// Records of curate on their way through sorts. In keys numbers have their highest byte first, behind them their lowest.

/** A document with its concept and direction, sorted by concept, second concept, and then the best first. */
//
//     concept 2 | second 2 | quality 4 | bytes 4 | index 4 |  ordinal 4 | hash 8 | quality 4 | group 4 | square 4 | similarity 8 | vector
export const MEMBER = {
  keyBytes: 16,
  concept: 0,
  second: 2,
  quality: 4,
  bytes: 8,
  index: 12,
  ordinal: 16,
  hashLow: 20,
  hashHigh: 24,
  score: 28,
  group: 32,
  square: 36,
  similarity: 40,
  vector: 48,
} as const;

/** A document that may fill a quota, sorted by cell and priority. */
//
//     cell 4 | priority 8 | hash 8 | index 4 |  bytes 4
export const CANDIDATE = {
  keyBytes: 24,
  recordBytes: 28,
  cell: 0,
  priority: 4,
  hashHigh: 12,
  hashLow: 16,
  index: 20,
  bytes: 24,
} as const;

/** What was decided about a document, sorted by its place in the spool. */
//
//     index 4 |  reason 1 | copies 1 | concept 2 | twin 4 | statistic 8 | threshold 8 | cluster size 4
export const DECISION = {
  keyBytes: 4,
  recordBytes: 32,
  index: 0,
  reason: 4,
  copies: 5,
  concept: 6,
  twin: 8,
  statistic: 12,
  threshold: 20,
  clusterSize: 28,
} as const;

/** Reasons for which curate drops a document that passed the filters; reason `i` of a decision is `DECISION_REASONS[i - 1]`, 0 is kept. */
export const DECISION_REASONS = [
  'exact-duplicate',
  'near-duplicate',
  'semantic-duplicate',
  'outlier',
  'over-quota',
] as const;
export const EXACT_DUPLICATE = 1;
export const NEAR_DUPLICATE = 2;
export const SEMANTIC_DUPLICATE = 3;
export const OUTLIER = 4;
export const OVER_QUOTA = 5;
/** In place of the number of a concept, or of a twin: none. */
export const NO_CONCEPT = 0xffff;
export const NO_TWIN = 0xffff_ffff;

/** 32 bits that are less for a higher quality; NaN comes last. */
export function qualityKey(quality: number): number {
  if (Number.isNaN(quality)) return 0xffff_ffff;
  floats[0] = quality + 0;
  const bits = words[0]!;
  // What ascends with the number, turned over.
  return bits >>> 31 === 1 ? bits : ~(bits | 0x8000_0000) >>> 0;
}

const floats = new Float32Array(1);
const words = new Uint32Array(floats.buffer);
