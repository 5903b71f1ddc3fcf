import { CurationError } from '../errors.ts';

/** Thresholds that a pass over the input has measured; lists have one entry for each model. */
export interface Calibration {
  /** Least score of the one model that judges, or least of the greatest ranks; null where no share was asked for. */
  readonly threshold: number | null;
  /** Scores at evenly spaced quantiles, ascending; null for a perplexity model. */
  readonly knots: readonly (Float32Array | null)[];
  /** Lowest and highest bits per byte to keep, for perplexity models; the second names a bin, which is kept as a whole. */
  readonly bands: readonly (readonly [number, number] | null)[];
}

/** Quantiles in a table of ranks. */
export const KNOTS = 1024;

/**
 * Rank of a score, 0 to 1, by linear interpolation between the quantiles: ascending, and within 1 / 1,024 and the ties of the share of
 * documents that are not better. -1 for NaN.
 */
export function rankAmong(knots: Float32Array | null, score: number): number {
  if (knots === null || Number.isNaN(score)) return -1;
  let low = 0;
  let high = knots.length;
  // Below `low` no knot is above the score, from `high` on all are.
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (knots[middle]! <= score) low = middle + 1;
    else high = middle;
  }
  if (low === 0 || low === knots.length) return low / knots.length;
  const from = knots[low - 1]!;
  const step = knots[low]! - from;
  const part = Number.isFinite(step) && step > 0 ? (score - from) / step : 0;
  return (low - 1 + part) / (knots.length - 1);
}

/** As text, for a report or a recipe: JSON, tables in base64. */
export function serializeCalibration({ threshold, knots, bands }: Calibration): string {
  return JSON.stringify({
    threshold,
    knots: knots.map((table) =>
      table === null
        ? null
        : Buffer.from(table.buffer, table.byteOffset, table.byteLength).toString('base64'),
    ),
    bands: bands.map((band) => band?.map((value) => (Number.isFinite(value) ? value : null)) ?? null),
  });
}

/** @throws CurationError `USAGE` for a text that {@link serializeCalibration} did not write, or of other models. */
export function parseCalibration(text: string, models: number): Calibration {
  const refuse = (): never => {
    throw new CurationError(
      'USAGE',
      `quality: "calibration": expected what a run with ${models} model${models === 1 ? '' : 's'} reported, found another text; leave it out to measure again`,
    );
  };
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    refuse();
  }
  const { threshold, knots, bands } = (found ?? {}) as Partial<Record<keyof Calibration, unknown>>;
  if (threshold !== null && !Number.isFinite(threshold)) refuse();
  if (!Array.isArray(knots) || !Array.isArray(bands) || knots.length !== models || bands.length !== models) {
    return refuse();
  }
  return {
    threshold: threshold as number | null,
    knots: knots.map((table) => (table === null ? null : (parseKnots(table) ?? refuse()))),
    bands: bands.map((band) => (band === null ? null : (parseBand(band) ?? refuse()))),
  };
}

function parseKnots(text: unknown): Float32Array | undefined {
  if (typeof text !== 'string') return undefined;
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  if (bytes.length !== 4 * KNOTS) return undefined;
  const knots = new Float32Array(bytes.buffer);
  const ascends = knots.every((value, at) => at === 0 || value >= knots[at - 1]!);
  return ascends && !Number.isNaN(knots[0]) ? knots : undefined;
}

function parseBand(band: unknown): readonly [number, number] | undefined {
  if (!Array.isArray(band) || band.length !== 2) return undefined;
  const [low, high] = band as readonly unknown[];
  if (!(low === null || Number.isFinite(low)) || !(high === null || Number.isFinite(high))) return undefined;
  return [(low ?? Number.NEGATIVE_INFINITY) as number, (high ?? Number.POSITIVE_INFINITY) as number];
}
