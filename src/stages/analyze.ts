import type { Placement } from '../columns/wire.ts';
import { CurationError } from '../errors.ts';
import { analysisConcurrency, type MemoryPlan } from '../flow/memory.ts';
import { orderedMap } from '../flow/ordered-map.ts';
import type { Slab, SlabRing } from '../flow/slab-ring.ts';
import type { Morsel, Source } from '../formats/format.ts';
import type { Pool } from '../parallel/pool.ts';
import type { Analysis } from '../parallel/tasks.ts';
import { formatBytes } from '../units.ts';

/** A decoded batch in its slab, with what the workers found out about it. */
export interface Analyzed extends Analysis {
  readonly placement: Placement;
  /** Which input, by position in `sources`. */
  readonly source: number;
  /** Held once for whoever takes this; released when no row of it is needed any more. */
  readonly slab: Slab;
}

export interface AnalyzeOptions {
  readonly pool: Pool;
  readonly ring: SlabRing;
  readonly plan: MemoryPlan;
  readonly morselBytes: number;
  readonly signal: AbortSignal;
  /** Columns to decode, where not all are needed; the job's schema has no others. */
  readonly columns?: readonly string[];
}

interface Piece {
  readonly source: number;
  readonly morsel: Morsel;
  readonly slabBytes: number;
}

/**
 * Reads every source in order, one morsel a worker: decode, hash, measure. Yields in input order.
 * A morsel that did not fit its slab goes on where it stopped; a row larger than a slab gets one of its own.
 */
export async function* analyze(
  sources: readonly Source[],
  options: AnalyzeOptions,
): AsyncGenerator<Analyzed, void, undefined> {
  const { pool, ring, plan, signal } = options;

  async function start(piece: Piece): Promise<Piece & { readonly analysis: Analysis; readonly slab: Slab }> {
    const slab = await ring.acquire(piece.slabBytes);
    try {
      const { morsel } = piece;
      const analysis = await pool.run(
        'analyze',
        { morsel, slab: slab.buffer },
        morsel.bytes === undefined ? [] : [morsel.bytes.buffer],
      );
      return { ...piece, analysis, slab };
    } catch (error) {
      slab.release();
      throw error;
    }
  }

  const results = orderedMap(pieces(sources, options), start, {
    concurrency: analysisConcurrency(pool.threads),
    remainder: ({ source, morsel, analysis }) => {
      const { rest } = analysis;
      if (rest === undefined) return undefined;
      return {
        source,
        morsel: rest,
        slabBytes: analysis.placement === undefined ? roomFor(analysis, morsel) : ring.slabBytes,
      };
    },
  });

  function roomFor(analysis: Analysis, morsel: Morsel): number {
    // A little more than asked for, because the decoder leaves room for alignment.
    const needed = analysis.slabBytes + 1024 * 1024;
    if (needed > plan.largestRowBytes) {
      throw new CurationError(
        'MEMORY',
        `${morsel.path}: a single row takes ${formatBytes(needed)}, and --memory leaves ${formatBytes(plan.largestRowBytes)} for one; raise --memory`,
      );
    }
    return needed;
  }

  for await (const { source, analysis, slab } of results) {
    const { placement } = analysis;
    if (placement === undefined) {
      slab.release();
      continue;
    }
    signal.throwIfAborted();
    yield { ...analysis, placement, source, slab };
  }
}

async function* pieces(
  sources: readonly Source[],
  options: AnalyzeOptions,
): AsyncGenerator<Piece, void, undefined> {
  const { morselBytes, signal, columns } = options;
  const asked = columns === undefined ? { morselBytes, signal } : { morselBytes, signal, columns };
  for (const [source, input] of sources.entries()) {
    for await (const morsel of input.morsels(asked)) {
      yield { source, morsel, slabBytes: options.ring.slabBytes };
    }
  }
}
