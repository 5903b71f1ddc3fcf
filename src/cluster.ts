import { rm } from 'node:fs/promises';
import type { ClusterConfig, CurationOptions, DuplicateConfig } from './config.ts';
import { engineConfig } from './config.ts';
import { CurationError } from './errors.ts';
import { type ChainStep, resourceBytes } from './filters/chain.ts';
import type { WordRule } from './filters/filter.ts';
import { makeWorkFolder } from './flow/atomic-file.ts';
import { recallCurve } from './kernels/banding.ts';
import type { SignatureParameters } from './kernels/signatures/signatures.ts';
import { jaccardDeviation } from './kernels/signatures/sketch.ts';
import { openInputs, refuseStandardInput } from './open.ts';
import type { ClusterReport } from './report.ts';
import { passingOf, scan } from './scan.ts';
import { type ClusteredDocuments, DuplicateClusters } from './stages/duplicate-clusters.ts';
import { createTally } from './stages/tally.ts';
import { formatBytes } from './units.ts';
import type { Origin } from './verdicts.ts';

const PROGRESS_MS = 100;
const MEBIBYTE = 2 ** 20;
/** Sorting with less would be many rounds. */
const LEAST_SORT_BYTES = 32 * MEBIBYTE;
const MOST_SORT_BYTES = 1024 * MEBIBYTE;

/** What a pass before the run has found out about every document. */
export interface FoundClusters {
  readonly documents: ClusteredDocuments;
  readonly report: ClusterReport;
  readonly locate: (ordinal: number) => Origin;
}

/**
 * Reads the inputs once before the run and brings similar documents together. Documents that a filter before the deduplicator drops take no part.
 * @throws CurationError `USAGE` for standard input, which cannot be read twice; `MEMORY` where documents are too many.
 */
export async function findClusters(
  parameters: SignatureParameters,
  { minSimilarity, workDirectory }: ClusterConfig,
  before: readonly ChainStep[],
  words: WordRule,
  textIndex: number,
  options: CurationOptions,
): Promise<FoundClusters> {
  const config = engineConfig(options);
  const inputs = await openInputs(options);
  refuseStandardInput(inputs, { needs: '--mode cluster', instead: 'leave the mode out' });
  const sortBytes = Math.min(MOST_SORT_BYTES, Math.max(LEAST_SORT_BYTES, Math.floor(config.memoryBytes / 6)));
  const { bands, rows, ngram } = parameters;
  const folder = await makeWorkFolder(workDirectory, 'sluice-clusters');
  let clusters: DuplicateClusters | undefined;
  try {
    clusters = new DuplicateClusters({
      bands,
      rows,
      similarity: minSimilarity,
      folder,
      memoryBytes: sortBytes,
    });
    const tally = createTally({
      sources: inputs.sources,
      reasons: [],
      documentsExpected: inputs.documents,
      bytesWritten: () => 0,
      startedAt: performance.now(),
    });
    const request = {
      onError: options.onError ?? 'fail',
      textIndex,
      textOnly: before.length === 0,
      signatures: { ...parameters, sketches: true },
      examination: passingOf(before, words),
      resourceBytes: resourceBytes(before) + sortBytes + DuplicateClusters.byteLength(inputs.documents ?? 0),
    };
    config.onEvent?.({ type: 'cluster', documentsExpected: inputs.documents });
    let reportedAt = 0;
    for await (const analyzed of scan(inputs, request, config)) {
      const { signatures, writtenLengths, outcomes, rowCount } = analyzed;
      await clusters.add(signatures!, writtenLengths, outcomes[0]?.reasons);
      tally.add(analyzed.source, analyzed, { verdicts: new Uint8Array(rowCount), ...UNDECIDED });
      const now = performance.now();
      if (now - reportedAt < PROGRESS_MS) continue;
      reportedAt = now;
      config.onEvent?.({ type: 'progress', progress: tally.progress() });
    }
    const needed = DuplicateClusters.byteLength(tally.nextOrdinal) + sortBytes;
    if (needed > config.memoryBytes) {
      throw new CurationError(
        'MEMORY',
        `--mode cluster: ${tally.nextOrdinal} documents need ${formatBytes(needed)}, and --memory is ${formatBytes(config.memoryBytes)}; raise --memory`,
      );
    }
    const documents = await clusters.solve();
    config.signal?.throwIfAborted();
    const { candidatePairs, verifiedPairs, largest, uncertain } = documents;
    const report = {
      bands,
      rows,
      ngram,
      minSimilarity,
      deviation: jaccardDeviation(minSimilarity, bands * rows),
      recall: recallCurve(bands, rows),
      clusters: documents.clusters,
      largest,
      candidatePairs,
      verifiedPairs,
      uncertain,
    };
    return { documents, report, locate: (ordinal) => tally.locate(ordinal) };
  } finally {
    await clusters?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const UNDECIDED = { twins: undefined, evidence: undefined, cuts: undefined } as const;

/** What `DuplicateConfig` gives where clusters are asked for. */
export function isClustered(
  config: DuplicateConfig,
): config is DuplicateConfig & { parameters: SignatureParameters; clusters: ClusterConfig } {
  return config.clusters !== undefined && config.parameters !== undefined;
}
